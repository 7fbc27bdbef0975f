package api

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"midgard/internal/contract"
	"midgard/internal/filter"
	"midgard/internal/governance"
)

// listQuery reads and checks the collection parameters of the operation.
func listQuery(r *http.Request) (filter.Query, error) {
	c := callOf(r)
	params, err := parameters(r)
	if err != nil {
		return filter.Query{}, err
	}
	q := filter.Query{AdministeredBy: administeredBy(r)}
	if q.Limit, err = bounded(params, "limit", c.op.DefaultLimit, c.op.MaxLimit); err != nil {
		return q, err
	}
	if q.Offset, err = bounded(params, "offset", 0, maxOffset); err != nil {
		return q, err
	}
	if c.op.Count {
		if q.Count, err = flag(params, "count"); err != nil {
			return q, err
		}
	}
	if len(c.op.Filters) > 0 {
		if q.Where, err = filter.Compile(params.Get("filters"), c.op.Filters); err != nil {
			return q, err
		}
	}
	if len(c.op.Sorters) > 0 {
		if q.Sort, err = filter.CompileSorters(params.Get("sorters"), c.op.Sorters); err != nil {
			return q, err
		}
	}
	return q, nil
}

// parameters reads the query and holds it against the operation's line of the contract: values outside an enumeration and
// what is no truth value or whole number where one belongs are refused, and unknown parameters when the call is strict.
// Every list is read through it.
func parameters(r *http.Request) (url.Values, error) {
	params, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, governance.Because(err, governance.Invalid, "", "The query string is not well formed.")
	}
	op := callOf(r).op
	for i := range op.Query {
		if err := checkParam(params, &op.Query[i]); err != nil {
			return nil, err
		}
	}
	return params, refuseUnknownParams(r, params)
}

func checkParam(params url.Values, p *contract.Param) error {
	text := params.Get(p.Name)
	switch {
	case text == "" && p.Required:
		return governance.Fail(governance.Required, p.Name, "Required field '%s' was missing or empty.", p.Name)
	case text == "":
		return nil
	case len(p.Enum) > 0 && !slices.Contains(p.Enum, text):
		return governance.Fail(governance.Illegal, p.Name, "Illegal value %q for field %q: use %s.", text, p.Name, strings.Join(p.Enum, " or "))
	case p.Type == string(contract.Boolean):
		_, err := flag(params, p.Name)
		return err
	case p.Type == string(contract.Integer):
		_, err := strconv.Atoi(text)
		if err != nil {
			return governance.Fail(governance.Illegal, p.Name, "Illegal value %q for field %q: use a whole number.", text, p.Name)
		}
	}
	return nil
}

// maxOffset is the contract's int32.
const maxOffset = 1<<31 - 1

func bounded(params url.Values, name string, otherwise, limit int) (int, error) {
	text := params.Get(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, governance.Fail(governance.Illegal, name, "Illegal value %q for field %q: use a whole number from 0 to %d.", text, name, limit)
	}
	if n > limit {
		return 0, governance.Fail(governance.Limit, name, "Field '%s' is %d; at most %d is allowed.", name, n, limit)
	}
	return n, nil
}

// flag reads a boolean as strconv.ParseBool does, which is what the reference platform's services use.
func flag(params url.Values, name string) (bool, error) {
	text := params.Get(name)
	if text == "" {
		return false, nil
	}
	b, err := strconv.ParseBool(text)
	if err != nil {
		return false, governance.Fail(governance.Illegal, name, "Illegal value %q for field %q: use true or false.", text, name)
	}
	return b, nil
}

// refuseUnknownParams names parameters that the operation does not have, when the call is strict.
func refuseUnknownParams(r *http.Request, params url.Values) error {
	c := callOf(r)
	if !c.strict {
		return nil
	}
	known := []string{"limit", "offset"}
	if c.op.Count {
		known = append(known, "count")
	}
	if len(c.op.Filters) > 0 {
		known = append(known, "filters")
	}
	if len(c.op.Sorters) > 0 {
		known = append(known, "sorters")
	}
	for _, p := range c.op.Query {
		known = append(known, p.Name)
	}
	var unknown []string
	for name := range params {
		if !slices.Contains(known, name) {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	slices.Sort(unknown)
	return governance.Fail(governance.Invalid, unknown[0], "The query has parameters that are unknown here: %s.", strings.Join(unknown, ", "))
}
