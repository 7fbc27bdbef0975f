//go:build unix

package proof_test

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"midgard/internal/app/apptest"
	"midgard/internal/filter"
)

// operands gives values that rows have in a field, as filters write them: each once, in the order of the rows.
func (c *collection) operands(field *filter.Field) []string {
	var texts []string
	add := func(text string) {
		if !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
	}
	for _, row := range c.rows {
		for _, value := range several(c.read(row, field.Name)) {
			attributes, _ := value.(map[string]any)
			for _, name := range slices.Sorted(maps.Keys(attributes)) {
				for _, element := range several(attributes[name]) {
					add(name + "=" + plainText(element))
				}
			}
			if attributes == nil {
				add(plainText(value))
			}
		}
	}
	return texts
}

// probes gives some of a field's values; every version of an operation takes others: the first, the last, one in between or
// the one that is hardest to write. A field that no row has a value in must be registered as empty; it is asked for something
// all the same.
func (c *collection) probes(t *testing.T, field *filter.Field) []string {
	all := c.operands(field)
	if empty := slices.Contains(c.list.empty, field.Name); empty != (len(all) == 0) {
		t.Errorf("%s: the field %s is registered as empty: %v; the rows have %d values of it", c.path, field.Name, empty, len(all))
	}
	if len(all) == 0 {
		return []string{something[field.Type], something[field.Type]}
	}
	picked := []string{all[0], all[len(all)/2], slices.MaxFunc(all, func(a, b string) int { return order(oddness(a), oddness(b)) }), all[len(all)-1]}
	n := c.version % len(picked)
	return append(picked[n:n+1], picked[(n+1)%len(picked)])
}

// oddness counts the characters of a text that are more than letters and digits.
func oddness(text string) int {
	return len(text) - len(strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf && (r == ' ' || r == '-' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z') {
			return r
		}
		return -1
	}, text))
}

// something is a value of a type.
var something = map[filter.Type]string{
	filter.String: "nothing has this", filter.ID: unknownID, filter.Bool: "true", filter.Time: "2018-12-18T23:05:55Z", filter.Number: "4711",
	filter.Collection: "nothing has this", filter.Attribute: "nothing=this",
}

// forms gives the ways in which an operand of a type can be written that mean the same, or nearly so.
func forms(field *filter.Field, text string) []string {
	switch field.Type {
	case filter.ID:
		return []string{text, strings.ToUpper(text), strings.ReplaceAll(text, "-", "")}
	case filter.Bool:
		return []string{text}
	case filter.Number:
		return []string{text, text + ".0", text + ".5"}
	case filter.Time:
		at := mustTime(text)
		return []string{text, at.Format("2006-01-02T15:04:05Z"), at.Format("2006-01-02T15:04Z"), at.Format("2006-01-02"), at.Format("2006"),
			at.Add(2*3600e9).Format("2006-01-02T15:04:05.000") + "+02:00"}
	}
	return []string{text, strings.ToUpper(text), text + " "}
}

// pieces gives parts of a value for the operators that look for them: its beginning for sw, and also its middle for co.
func pieces(op filter.Op, text string) []string {
	runes := []rune(text)
	third := (len(runes) + 2) / 3
	list := []string{text, strings.ToUpper(string(runes[:third])), string(runes[:min(third*2, len(runes))])}
	if op == filter.Co {
		list = append(list, string(runes[third:]), strings.ToUpper(string(runes[third:min(2*third, len(runes))])))
	}
	return slices.DeleteFunc(list, func(s string) bool { return s == "" })
}

// systematic gives the expressions that try one operator of one field.
func (c *collection) systematic(field *filter.Field, op filter.Op, probes []string) []*expression {
	switch op {
	case filter.Pr, filter.IsNull:
		return []*expression{compare(field, op), not(compare(field, op))}
	case filter.In, filter.Ca:
		list := append(slices.Clone(probes), something[field.Type])
		return []*expression{compare(field, op, probes[0]), compare(field, op, list...), not(compare(field, op, probes[1]))}
	}
	variants := forms(field, probes[0])
	if op == filter.Sw || op == filter.Co {
		variants = append(pieces(op, probes[0]), forms(field, something[field.Type])...)
	}
	var all []*expression
	for i, variant := range append(variants, probes[1], something[field.Type]) {
		e := compare(field, op, variant)
		e.bare = (i+c.version)%2 == 0
		all = append(all, e)
	}
	return append(all, not(compare(field, op, probes[0])))
}

// testFilters asks for every field with every operator that it has.
func (c *collection) testFilters(t *testing.T) {
	for i := range c.op.Filters {
		field := &c.op.Filters[i]
		probes := c.probes(t, field)
		for _, op := range field.Ops {
			for _, e := range c.systematic(field, op, probes) {
				c.holds(t, e, "")
			}
		}
	}
}

// testRefusals asks for what a list does not offer: other operators, other fields, other sorters. strangers are fields that
// other lists have.
func (c *collection) testRefusals(t *testing.T, strangers []string) {
	for i := range c.op.Filters {
		field := &c.op.Filters[i]
		for _, op := range allOperators {
			if !slices.Contains(field.Ops, op) {
				c.refused(t, "filters", compare(field, op, something[field.Type]).text(), strconv.Quote(string(op)))
			}
		}
		c.refused(t, "filters", strings.ToUpper(field.Name[:1])+field.Name[1:]+"X eq 1", "unknown field")
	}
	for _, name := range strangers {
		if _, known := c.op.Filters.Field(name); !known && len(c.op.Filters) > 0 {
			c.refused(t, "filters", name+` eq "x"`, strconv.Quote(name))
		}
		if !slices.Contains(c.op.Sorters, name) && len(c.op.Sorters) > 0 {
			c.refused(t, "sorters", "-"+name, strconv.Quote("-"+name))
		}
	}
}

func (c *collection) refused(t *testing.T, param, text, part string) {
	t.Helper()
	a := c.ask(t, &question{method: "GET", path: withQuery(c.path, param, text), token: bearer(c.Admin.Token), experimental: "true", operation: c.op})
	code, reason := a.failure()
	if a.status != 400 || code != "400.1.3 Illegal value" || !strings.Contains(reason, param) || !strings.Contains(reason, part) {
		t.Errorf("%s %s=%s: %d %s", c.path, param, text, a.status, a.body)
	}
}

// testSorters asks for every order, up and down, alone and before another one. Without any it is that of the ids.
func (c *collection) testSorters(t *testing.T) {
	c.holds(t, nil, "")
	if !slices.IsSortedFunc(c.rows, func(a, b apptest.Row) int { return order(c.id(a), c.id(b)) }) {
		t.Errorf("%s is not in the order of the ids", c.path)
	}
	for i, sorter := range c.op.Sorters {
		next := c.op.Sorters[(i+1)%len(c.op.Sorters)]
		for _, sorters := range []string{sorter, "-" + sorter, sorter + ",-" + next} {
			if sorter != next || !strings.Contains(sorters, ",") {
				c.holds(t, nil, sorters)
			}
		}
	}
}

// testPages goes through the list in steps, to its end and beyond.
func (c *collection) testPages(t *testing.T) {
	if !c.op.List {
		return
	}
	c.pages(t, nil, "", max(1, len(c.rows)/3))
	if len(c.rows) > 0 {
		c.pages(t, nil, "", len(c.rows)) // an exact fit: clients ask for one page more
	}
	for _, wrong := range []string{"-1", "x", "1.5", strconv.Itoa(c.op.MaxLimit + 1)} {
		c.refusedParam(t, "limit", wrong)
	}
	c.refusedParam(t, "offset", "-1")
	if c.op.Count {
		c.refusedParam(t, "count", "maybe")
	}
}

// pages reads a selection page by page. Every page but the last is full, and every one tells the same total.
func (c *collection) pages(t failer, e *expression, sorters string, limit int) {
	t.Helper()
	filters := ""
	if e != nil {
		filters = e.text()
	}
	want := c.selection(e, sorters)
	total, always := -1, -1
	if c.op.Count || c.wrapped() {
		total = len(want)
	}
	if c.wrapped() {
		always = total
	}
	var got []int
	for offset := 0; offset <= len(want)+limit; offset += limit {
		rows, counted := c.page(t, filters, sorters, limit, offset, true)
		if counted != total {
			t.Errorf("%s filters=%s: the total is %d, want %d", c.path, filters, counted, total)
		}
		if full := min(limit, max(0, len(want)-offset)); len(rows) != full {
			t.Errorf("%s filters=%s limit=%d offset=%d: %d rows, want %d", c.path, filters, limit, offset, len(rows), full)
		}
		got = append(got, rows...)
	}
	c.same(t, filters, sorters, want, got)
	whole, counted := c.page(t, filters, sorters, -1, -1, false)
	if len(want) <= c.op.DefaultLimit && !slices.Equal(whole, got) {
		t.Errorf("%s filters=%s sorters=%s: pages of %d are in another order than the whole", c.path, filters, sorters, limit)
	}
	if counted != always {
		t.Errorf("%s filters=%s: the total is %d, which nobody asked for", c.path, filters, counted)
	}
	if rows, counted := c.page(t, filters, sorters, 0, -1, true); len(rows) != 0 || counted != total {
		t.Errorf("%s filters=%s: the count alone is %d with %d rows, want %d", c.path, filters, counted, len(rows), total)
	}
}

func (c *collection) refusedParam(t *testing.T, name, value string) {
	t.Helper()
	a := c.ask(t, &question{method: "GET", path: withQuery(c.path, name, value), token: bearer(c.Admin.Token), experimental: "true", operation: c.op})
	if _, reason := a.failure(); a.status != 400 || !strings.Contains(reason, name) {
		t.Errorf("%s: %s", fmt.Sprint(c.path, " ", name, "=", value), a.body)
	}
}
