//go:build unix

package proof_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"midgard/internal/app/apptest"
	"midgard/internal/contract"
)

// collection is one list under one path, whose rows the test knows completely, so that it can say what the list must
// answer.
type collection struct {
	*prover
	op      *contract.Operation
	list    *list
	path    string
	version int // counts the paths of the operation
	rows    []apptest.Row
	index   map[string]int // of a row by its text
}

// newCollection reads all rows of a list, holding every page against the schema, and joins to them what the list filters by
// and does not show.
func newCollection(t *testing.T, w *world, op *contract.Operation, version int) *collection {
	t.Helper()
	c := &collection{prover: w.prover, op: op, list: lists[op.ID], path: w.fill(t, op), version: version, index: map[string]int{}}
	for offset := 0; ; offset += op.MaxLimit {
		path := c.path
		if op.List {
			path = withQuery(c.path, "limit", strconv.Itoa(op.MaxLimit), "offset", strconv.Itoa(offset))
		}
		a := w.Admin.Get(t, path).Want(t, http.StatusOK)
		texts, _, err := rowsOf([]byte(a.Text))
		if err != nil {
			t.Fatal(err)
		}
		for i, row := range a.Rows(t) {
			c.index[string(texts[i])] = len(c.rows)
			c.rows = append(c.rows, row)
		}
		if len(texts) < op.MaxLimit || !op.List {
			break
		}
	}
	if c.list.join != nil {
		c.list.join(t, w, c.rows)
	}
	return c
}

// read gives what a row has in a field of filters or sorters.
func (c *collection) read(row apptest.Row, field string) any {
	if reading := c.list.fields[field]; reading != nil {
		return reading(row)
	}
	return row.Field(field)
}

// sortable is what rows are ordered by.
func (c *collection) sortable(row apptest.Row, sorter string) any {
	if reading := c.list.sorters[sorter]; reading != nil {
		return reading(row)
	}
	return c.read(row, sorter)
}

// selection gives the rows that a list must answer, in order.
func (c *collection) selection(e *expression, sorters string) []int {
	var selected []int
	for i, row := range c.rows {
		if e == nil || e.holds(row, c.read) {
			selected = append(selected, i)
		}
	}
	slices.SortStableFunc(selected, func(a, b int) int { return c.compareRows(c.rows[a], c.rows[b], sorters) })
	return selected
}

// compareRows orders by the sorters.
func (c *collection) compareRows(a, b apptest.Row, sorters string) int {
	for sorter := range strings.FieldsFuncSeq(sorters, func(r rune) bool { return r == ',' }) {
		name, descending := strings.CutPrefix(sorter, "-")
		if sign := compareValues(c.sortable(a, name), c.sortable(b, name)); sign != 0 && descending {
			return -sign
		} else if sign != 0 {
			return sign
		}
	}
	return 0
}

// id tells rows apart; "" where they have no id.
func (c *collection) id(row apptest.Row) string {
	if c.list.id != "" {
		return row.Text(c.list.id)
	}
	return row.Text("id")
}

// compareValues orders null below every value, false below true, numbers by size and texts without case. Times are texts of
// one form, which are in the order of the times.
func compareValues(a, b any) int {
	switch x := a.(type) {
	case nil:
		return order(0, truth(b != nil))
	case bool:
		if y, ok := b.(bool); ok {
			return order(truth(x), truth(y))
		}
	case float64:
		if y, ok := b.(float64); ok {
			return order(x, y)
		}
	case string:
		if y, ok := b.(string); ok {
			return order(lower(x), lower(y))
		}
	}
	if b == nil {
		return 1
	}
	panic(fmt.Sprintf("cannot order %T and %T", a, b))
}

// page asks for a page and gives its rows and the total of the header, -1 for none. Every row must be one of those that the
// whole list shows, to the letter.
func (c *collection) page(t failer, filters, sorters string, limit, offset int, count bool) (rows []int, total int) {
	number := func(n int) string {
		if n < 0 {
			return ""
		}
		return strconv.Itoa(n)
	}
	params := []string{"filters", filters, "sorters", sorters, "limit", number(limit), "offset", number(offset)}
	if count {
		params = append(params, "count", "true")
	}
	q := &question{method: http.MethodGet, path: withQuery(c.path, params...), token: bearer(c.Admin.Token), experimental: "true", operation: c.op}
	a := c.ask(t, q)
	texts, total, err := rowsOf(a.body)
	if a.status != http.StatusOK || err != nil {
		t.Errorf("%s filters=%s sorters=%s: %d %.500s", c.path, filters, sorters, a.status, a.body)
		return nil, -1
	}
	for _, text := range texts {
		i, known := c.index[string(text)]
		if !known {
			t.Errorf("%s filters=%s sorters=%s shows a row that the whole list does not: %s", c.path, filters, sorters, text)
		}
		rows = append(rows, i)
	}
	if counted, err := strconv.Atoi(a.header.Get("X-Total-Count")); err == nil {
		return rows, counted
	}
	return rows, total
}

// rowsOf takes a list apart. One is wrapped into an object, with the number of all rows; of others that is -1.
func rowsOf(body []byte) (rows []json.RawMessage, total int, err error) {
	if !bytes.HasPrefix(body, []byte("{")) {
		return rows, -1, json.Unmarshal(body, &rows)
	}
	wrapped := struct {
		Results []json.RawMessage
		Count   int
	}{Count: -1}
	err = json.Unmarshal(body, &wrapped)
	return wrapped.Results, wrapped.Count, err
}

// wrapped says that the list is one that always tells the number of all rows.
func (c *collection) wrapped() bool { return !strings.HasPrefix(c.op.Response, "[]") }

// holds asks for everything that an expression selects, and compares. The answer is one page, unless it is full.
func (c *collection) holds(t failer, e *expression, sorters string) {
	t.Helper()
	filters := ""
	if e != nil {
		filters = e.text()
	}
	want := c.selection(e, sorters)
	got, _ := c.page(t, filters, sorters, -1, -1, false)
	if c.op.List {
		want = want[:min(len(want), c.op.DefaultLimit)]
	}
	c.same(t, filters, sorters, want, got)
}

// same compares the rows of an answer with those that it must have. Rows that the sorters leave equal may be in any order,
// but without sorters they are in that of the whole list.
func (c *collection) same(t failer, filters, sorters string, want, got []int) {
	t.Helper()
	what := fmt.Sprintf("%s filters=%s sorters=%s", c.path, filters, sorters)
	if !slices.Equal(slices.Sorted(slices.Values(want)), slices.Sorted(slices.Values(got))) {
		t.Errorf("%s\n got %d rows: %s\nwant %d rows: %s", what, len(got), c.show(got), len(want), c.show(want))
		return
	}
	for i := range want {
		a, b := c.rows[want[i]], c.rows[got[i]]
		if c.compareRows(a, b, sorters) != 0 || sorters == "" && want[i] != got[i] {
			t.Errorf("%s: row %d is %s, want one like %s", what, i, c.show(got[i:i+1]), c.show(want[i:i+1]))
			return
		}
	}
}

// show names rows by their ids, up to a number that can be read.
func (c *collection) show(rows []int) string {
	const most = 10
	var ids []string
	for _, i := range rows[:min(most, len(rows))] {
		ids = append(ids, c.id(c.rows[i]))
	}
	return strings.Join(ids, " ")
}
