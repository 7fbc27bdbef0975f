package filter

import (
	"fmt"
	"slices"
)

// check holds a tree against the fields of a list and completes it in place.
// It reports the first fault in the order of the text.
func check(e Expr, fields Fields) error {
	switch e := e.(type) {
	case *And:
		return checkAll(e.Terms, fields)
	case *Or:
		return checkAll(e.Terms, fields)
	case *Not:
		return check(e.Term, fields)
	case *Compare:
		return e.check(fields)
	}
	return nil
}

func checkAll(terms []Expr, fields Fields) error {
	for _, term := range terms {
		if err := check(term, fields); err != nil {
			return err
		}
	}
	return nil
}

func (e *Compare) check(fields Fields) error {
	field, known := fields.Field(e.Field)
	if !known {
		return &Error{Param: ParamFilters, Token: shorten(e.Field), Pos: e.Pos, Reason: unknownField(fields)}
	}
	if !slices.Contains(field.Ops, e.Op) {
		reason := fmt.Sprintf("field %q does not allow this operator; allowed: %s", e.Field, joinOps(field.Ops))
		return &Error{Param: ParamFilters, Token: string(e.Op), Pos: e.OpPos, Reason: reason}
	}
	e.Type, e.CaseSensitive = field.Type, field.CaseSensitive
	for i := range e.Values {
		if err := e.Values[i].read(e.Type, e.Op); err != nil {
			reason := fmt.Sprintf("field %q %s", e.Field, err)
			return &Error{Param: ParamFilters, Token: e.Values[i].token(), Pos: e.Values[i].Pos, Reason: reason}
		}
	}
	return nil
}

func unknownField(fields Fields) string {
	if len(fields) == 0 {
		return "unknown field; this list has no filters"
	}
	return "unknown field; allowed: " + fields.names()
}
