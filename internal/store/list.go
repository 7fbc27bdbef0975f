package store

import (
	"context"
	"fmt"
	"strings"

	"midgard/internal/filter"
	"midgard/internal/governance"
)

// listing says how one resource is listed: which rows there are, which columns stand behind the contract's fields, and
// how a row is read.
type listing[T any] struct {
	from    string // the table that is filtered and sorted, with its alias
	id      string // its key
	base    string // a condition that always holds, "" for none; its %s stand for arguments that list gets
	columns map[string]column
	sel     string // the columns to read
	join    string // what they need beyond from, "" for nothing
	scan    func(row, *T) error
	// administered limits the rows to the sources that a person administers; %s stands for the person's placeholder.
	administered string
}

// column is what stands behind a field of the contract.
type column struct {
	// expr is compared: a _key column for texts, the column itself for ids, times, numbers and booleans.
	expr string
	// in wraps the comparison when expr belongs to another table: "a.source_id in (select id from source where %s)".
	in string
	// sort is the expression to sort by where it is not expr.
	sort string
	// isNull is the test for absence where it is not "expr is null"; with in it must be given.
	isNull string
	// plain means that a text is compared as it is: states and other words that Midgard itself writes.
	plain bool
	// negated means that the boolean column says the opposite of the field: enabled is "not disabled".
	negated bool
	// constant means that every row has the same value, so that sorting by it leaves every order as it is.
	constant bool
}

// deepOffset is where reading only keys up to the page, and then the page's rows, gets cheaper than reading every row.
const deepOffset = 500

// sourcesOf is the condition of a source sub-administrator: the sources whose management group the person belongs to.
func sourcesOf(expr string) string {
	return expr + " in (select s0.id from source s0 join workgroup_member w0 on w0.workgroup_id = s0.management_workgroup_id where w0.identity_id = %s)"
}

// list runs a checked query. Beyond the last row it gives an empty page; the total is counted only when asked for. within
// are the arguments of the placeholders (%s) in the listing's base condition.
func list[T any](ctx context.Context, s *Store, l *listing[T], q filter.Query, within ...any) (filter.Page[T], error) {
	page := filter.Page[T]{Items: []T{}, Total: -1}
	c := compiler{dialect: s.dialect, columns: l.columns}
	where := c.where(c.bind(l.base, within), l.administered, q)
	if c.err != nil {
		return page, c.err
	}
	if q.Count {
		text := "select count(*) from " + l.from + where
		if err := s.reader().QueryRowContext(ctx, text, c.args...).Scan(&page.Total); err != nil {
			return page, fmt.Errorf("count: %w", err)
		}
	}
	if q.Limit == 0 {
		return page, nil
	}
	text, err := c.page(l.from, l.id, l.sel, l.join, where, q)
	if err != nil {
		return page, err
	}
	page.Items = make([]T, 0, min(q.Limit, 250))
	rows, err := s.reader().QueryContext(ctx, text, c.args...)
	if err != nil {
		return page, fmt.Errorf("list: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		page.Items = append(page.Items, *new(T))
		if err := l.scan(rows, &page.Items[len(page.Items)-1]); err != nil {
			return page, fmt.Errorf("list: %w", err)
		}
	}
	return page, rows.Err()
}

// compiler turns a query into SQL. It numbers placeholders in order of use and keeps the first error.
type compiler struct {
	dialect dialect
	columns map[string]column
	args    []any
	err     error
}

func (c *compiler) arg(v any) string {
	c.args = append(c.args, v)
	return fmt.Sprintf("$%d", len(c.args))
}

// bind puts placeholders for the arguments into a condition.
func (c *compiler) bind(condition string, within []any) string {
	for _, v := range within {
		condition = strings.Replace(condition, "%s", c.arg(v), 1)
	}
	return condition
}

func (c *compiler) where(base, administered string, q filter.Query) string {
	var terms []string
	if base != "" {
		terms = append(terms, base)
	}
	if q.AdministeredBy != "" {
		terms = append(terms, fmt.Sprintf(administered, c.arg(q.AdministeredBy)))
	}
	if q.Where != nil {
		terms = append(terms, c.expr(q.Where, false))
	}
	if len(terms) == 0 {
		return ""
	}
	return " where " + strings.Join(terms, " and ")
}

func (c *compiler) page(from, id, sel, join, where string, q filter.Query) (string, error) {
	order, err := c.order(id, q.Sort)
	if err != nil {
		return "", err
	}
	limit := fmt.Sprintf(" order by %s limit %s", order, c.arg(q.Limit))
	if q.Offset > 0 {
		limit += " offset " + c.arg(q.Offset)
	}
	if q.Offset < deepOffset {
		return "select " + sel + " from " + from + join + where + limit, nil
	}
	return "select " + sel + " from (select " + id + " as page_id from " + from + where + limit + ") page join " + from +
		" on " + id + " = page.page_id" + join + " order by " + order, nil
}

// order sorts by the fields asked for, nulls below every value, and by the key at last, so that pages never overlap. The
// key follows the first field's direction: then one index serves both directions.
func (c *compiler) order(id string, sorts []filter.Sort) (string, error) {
	var terms []string
	for _, s := range sorts {
		col, ok := c.columns[s.Field]
		if !ok {
			return "", fmt.Errorf("no column stands behind the sorter %q", s.Field)
		}
		if col.constant {
			continue
		}
		expr := col.expr
		if col.sort != "" {
			expr = col.sort
		}
		if s.Descending != col.negated {
			terms = append(terms, expr+" desc nulls last")
		} else {
			terms = append(terms, expr+" asc nulls first")
		}
	}
	if len(sorts) > 0 && sorts[0].Descending != c.columns[sorts[0].Field].negated {
		return strings.Join(append(terms, id+" desc"), ", "), nil
	}
	return strings.Join(append(terms, id), ", "), nil
}

// expr compiles a node. negated is true below an odd number of nots: there, SQL's "unknown" for a null must become false
// before it is negated, since the list language has two truth values.
func (c *compiler) expr(e filter.Expr, negated bool) string {
	switch e := e.(type) {
	case *filter.And:
		return c.join(e.Terms, " and ", negated)
	case *filter.Or:
		return c.join(e.Terms, " or ", negated)
	case *filter.Not:
		return "not (" + c.expr(e.Term, !negated) + ")"
	case *filter.Compare:
		text := c.compare(e)
		if negated {
			return "coalesce(" + text + ", false)"
		}
		return text
	}
	c.err = fmt.Errorf("unknown filter node %T", e)
	return "false"
}

func (c *compiler) join(terms []filter.Expr, operator string, negated bool) string {
	parts := make([]string, len(terms))
	for i, t := range terms {
		parts[i] = c.expr(t, negated)
	}
	return "(" + strings.Join(parts, operator) + ")"
}

func (c *compiler) compare(e *filter.Compare) string {
	col, ok := c.columns[e.Field]
	if !ok {
		c.err = fmt.Errorf("no column stands behind the field %q", e.Field)
		return "false"
	}
	absent := col.isNull
	if absent == "" {
		absent = col.expr + " is null"
	}
	switch e.Op {
	case filter.IsNull:
		return absent
	case filter.Pr:
		return "not (" + absent + ")"
	case filter.Ne:
		// an absent value differs from every value
		return "(not coalesce(" + c.wrap(col, c.test(col, e, filter.Eq)) + ", false))"
	}
	return c.wrap(col, c.test(col, e, e.Op))
}

func (c *compiler) wrap(col column, test string) string {
	if col.in == "" {
		return test
	}
	return fmt.Sprintf(col.in, test)
}

// test compares col.expr with the operands.
func (c *compiler) test(col column, e *filter.Compare, op filter.Op) string {
	switch e.Type {
	case filter.Attribute:
		v := e.Values[0]
		return "name = " + c.arg(attributeKey(v.Name)) + " and value_key = " + c.arg(Key(v.Text))
	case filter.Collection:
		return c.collection(col, e)
	}
	switch op {
	case filter.In:
		return col.expr + " in (" + c.operands(col, e) + ")"
	case filter.Sw:
		if e.Type == filter.Time {
			return c.place(c.dialect.timeText(col.expr), e) + " = 1"
		}
		return c.prefix(col, e)
	case filter.Co:
		if e.Type == filter.Time {
			return c.place(c.dialect.timeText(col.expr), e) + " > 0"
		}
		return c.place(col.expr, e) + " > 0"
	}
	return col.expr + " " + comparison[op] + " " + c.arg(operand(col, e.Type, e.Values[0]))
}

// place gives where the operand is in a text, 0 when it is not there.
func (c *compiler) place(text string, e *filter.Compare) string {
	return c.dialect.contains + "(" + text + ", " + c.arg(filter.Fold(e.Values[0].Text)) + ")"
}

var comparison = map[filter.Op]string{filter.Eq: "=", filter.Gt: ">", filter.Ge: ">=", filter.Lt: "<", filter.Le: "<="}

func (c *compiler) operands(col column, e *filter.Compare) string {
	list := make([]string, len(e.Values))
	for i, v := range e.Values {
		list[i] = c.arg(operand(col, e.Type, v))
	}
	return strings.Join(list, ", ")
}

// prefix is a range, which an index serves; LIKE would not be.
func (c *compiler) prefix(col column, e *filter.Compare) string {
	from := filter.Fold(e.Values[0].Text)
	if e.Type == filter.ID {
		from = filter.NormalizeIDPrefix(e.Values[0].Text)
	}
	if len(from) > maxPrefix {
		c.err = governance.Fail(governance.Limit, "filters", "Field 'filters' asks for a prefix of %q with %d bytes; at most %d are compared.", e.Field, len(from), maxPrefix)
	}
	end, ok := prefixEnd(from)
	if !ok {
		return col.expr + " >= " + c.arg(from)
	}
	return "(" + col.expr + " >= " + c.arg(from) + " and " + col.expr + " < " + c.arg(end) + ")"
}

// collection tests a column that holds a folded JSON array of texts. Such columns are on small tables only.
func (c *compiler) collection(col column, e *filter.Compare) string {
	var tests []string
	for _, v := range e.Values {
		needle := jsonText(filter.Fold(v.Text))
		if e.Op == filter.Co {
			needle = strings.Trim(needle, `"`)
		}
		tests = append(tests, c.dialect.contains+"("+col.expr+", "+c.arg(needle)+") > 0")
	}
	return "(" + strings.Join(tests, " and ") + ")"
}

func operand(col column, t filter.Type, v filter.Value) any {
	switch t {
	case filter.ID:
		return filter.NormalizeID(v.Text)
	case filter.Bool:
		return v.Bool != col.negated
	case filter.Time:
		return v.Time.UnixMilli()
	case filter.Number:
		return v.Number
	}
	if col.plain {
		return v.Text
	}
	return Key(v.Text)
}
