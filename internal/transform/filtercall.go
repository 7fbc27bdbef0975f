package transform

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// filterOperator is a sign between a property and a literal. A property with several values fits when one of them does.
type filterOperator struct {
	sign  string
	holds func(order int) bool
}

// filterOperators are in the order in which they are tried: longer signs before their beginnings.
var filterOperators = []filterOperator{
	{"==", func(order int) bool { return order == 0 }}, {"!=", nil}, {"<=", comparisons["LTE"]}, {">=", comparisons["GTE"]},
	{"<", comparisons["LT"]}, {">", comparisons["GT"]},
}

func (o filterOperator) condition(name, wanted string, isNull bool) (condition, error) {
	equal := func(property func(string) []string) bool { return slices.Contains(property(name), wanted) }
	if isNull {
		equal = func(property func(string) []string) bool { return len(property(name)) == 0 }
	}
	switch {
	case o.sign == "==":
		return equal, nil
	case o.sign == "!=":
		return func(property func(string) []string) bool { return !equal(property) }, nil
	case isNull:
		return nil, fmt.Errorf("null has no order for %s", o.sign)
	}
	return some(name, func(value string) bool { return o.holds(compareTexts(value, wanted)) }), nil
}

// some holds when one of the values of a property fits.
func some(name string, fits func(value string) bool) condition {
	return func(property func(string) []string) bool { return slices.ContainsFunc(property(name), fits) }
}

// textCalls are the calls with one text.
var textCalls = map[string]func(value, wanted string) bool{
	"startsWith": strings.HasPrefix, "endsWith": strings.HasSuffix, "contains": strings.Contains, "equals": equalTexts,
}

func equalTexts(a, b string) bool { return a == b }

// call reads the arguments of a call and its closing parenthesis.
func (p *filterParser) call(name, method string) (condition, error) {
	match, err := p.arguments(name, method)
	if err == nil && !p.take(")") {
		err = errors.New("a ) is missing")
	}
	return match, err
}

func (p *filterParser) arguments(name, method string) (condition, error) {
	switch method {
	case "isNull", "isEmpty":
		return func(property func(string) []string) bool { return len(property(name)) == 0 }, nil
	case "notNull":
		return func(property func(string) []string) bool { return len(property(name)) > 0 }, nil
	}
	method, ignoreCase := strings.CutSuffix(method, "IgnoreCase")
	fold := func(text string) string { return text }
	if ignoreCase {
		fold = strings.ToLower
	}
	if method == "in" || method == "containsAll" {
		return p.listCall(name, method == "containsAll", fold)
	}
	compare := textCalls[method]
	if compare == nil {
		return nil, fmt.Errorf("there is no call %q", method)
	}
	wanted, isNull, err := p.literal()
	if err == nil && isNull {
		err = errors.New("a text should stand here, not null")
	}
	wanted = fold(wanted)
	return some(name, func(value string) bool { return compare(fold(value), wanted) }), err
}

// listCall holds when one of the property's values is in the list, or when the property has all of the list.
func (p *filterParser) listCall(name string, all bool, fold func(string) string) (condition, error) {
	list, err := p.list()
	for i := range list {
		list[i] = fold(list[i])
	}
	if !all {
		return some(name, func(value string) bool { return slices.Contains(list, fold(value)) }), err
	}
	return func(property func(string) []string) bool {
		values := property(name)
		return !slices.ContainsFunc(list, func(wanted string) bool {
			return !slices.ContainsFunc(values, func(value string) bool { return fold(value) == wanted })
		})
	}, err
}
