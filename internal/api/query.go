package api

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"midgard/internal/filter"
	"midgard/internal/governance"
)

// listQuery reads and checks the collection parameters of the operation.
func listQuery(r *http.Request) (filter.Query, error) {
	c := callOf(r)
	params, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return filter.Query{}, governance.Because(err, governance.Invalid, "", "The query string is not well formed.")
	}
	q := filter.Query{AdministeredBy: administeredBy(r)}
	if q.Limit, err = bounded(params, "limit", c.op.DefaultLimit, c.op.MaxLimit); err != nil {
		return q, err
	}
	if q.Offset, err = bounded(params, "offset", 0, maxOffset); err != nil {
		return q, err
	}
	if q.Count, err = flag(params, "count"); err != nil {
		return q, err
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
	return q, refuseUnknownParams(r, params)
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
	known := []string{"limit", "offset", "count"}
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
