package filter

import (
	"cmp"
	"strings"
	"time"
)

// Match evaluates a tree of Compile in memory by the rules of the package. It
// is the yardstick for other evaluators and is not made for speed. A nil tree
// is true, as is an And without terms; an Or without terms is false.
//
// get returns the value of a field: nil for null, otherwise string for String
// and ID, bool for Bool, time.Time for Time, float64 for Number, []string for
// Collection and map[string]string for Attribute. String and ID may have
// several values as []string. Match panics when it gets another Go type.
func Match(e Expr, get func(field string) any) bool {
	switch e := e.(type) {
	case *And:
		for _, term := range e.Terms {
			if !Match(term, get) {
				return false
			}
		}
		return true
	case *Or:
		for _, term := range e.Terms {
			if Match(term, get) {
				return true
			}
		}
		return false
	case *Not:
		return !Match(e.Term, get)
	case *Compare:
		return e.match(elements(get(e.Field)))
	}
	return true
}

// elements makes one shape of null, one value and several values.
func elements(data any) []any {
	switch data := data.(type) {
	case nil:
		return nil
	case []string:
		all := make([]any, len(data))
		for i, s := range data {
			all[i] = s
		}
		return all
	}
	return []any{data}
}

func (e *Compare) match(data []any) bool {
	switch e.Op {
	case IsNull:
		return len(data) == 0
	case Pr:
		return len(data) > 0
	case Ne:
		return !e.some(data, Eq, e.Values[0])
	case In:
		for _, v := range e.Values {
			if e.some(data, Eq, v) {
				return true
			}
		}
		return false
	case Ca:
		for _, v := range e.Values {
			if !e.some(data, Eq, v) {
				return false
			}
		}
		return true
	}
	return e.some(data, e.Op, e.Values[0])
}

func (e *Compare) some(data []any, op Op, v Value) bool {
	for _, d := range data {
		if e.holds(d, op, v) {
			return true
		}
	}
	return false
}

// holds decides a comparison of one value that is not null.
func (e *Compare) holds(data any, op Op, v Value) bool {
	switch e.Type {
	case ID:
		return holdsText(op, NormalizeID(data.(string)), v.Text)
	case Bool:
		return data.(bool) == v.Bool
	case Time:
		return holdsTime(op, cut(data.(time.Time)), v)
	case Number:
		return holdsOrder(op, cmp.Compare(data.(float64), v.Number))
	case Attribute:
		value, present := data.(map[string]string)[v.Name]
		return present && holdsText(op, e.fold(value), e.fold(v.Text))
	}
	return holdsText(op, e.fold(data.(string)), e.fold(v.Text))
}

func (e *Compare) fold(s string) string {
	if e.CaseSensitive {
		return s
	}
	return Fold(s)
}

func holdsTime(op Op, t time.Time, v Value) bool {
	if isTextual(op) {
		return holdsText(op, Fold(t.Format(TimeLayout)), Fold(v.Text))
	}
	return holdsOrder(op, t.Compare(v.Time))
}

func holdsText(op Op, text, operand string) bool {
	switch op {
	case Co:
		return strings.Contains(text, operand)
	case Sw:
		return strings.HasPrefix(text, operand)
	}
	return holdsOrder(op, strings.Compare(text, operand))
}

func holdsOrder(op Op, order int) bool {
	switch op {
	case Gt:
		return order > 0
	case Ge:
		return order >= 0
	case Lt:
		return order < 0
	case Le:
		return order <= 0
	}
	return order == 0
}
