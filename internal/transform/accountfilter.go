package transform

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// AccountFilter is a compiled accountFilter or accountPropertyFilter: comparisons such as status == "active" and calls such
// as memberOf.contains("admin"), joined by &&, || and !, with parentheses. It may be used by several goroutines at once.
type AccountFilter struct {
	text  string
	names []string
	match condition
}

// condition decides about one account, whose properties it is given.
type condition func(property func(name string) []string) bool

// Matches tells whether an account passes; property gives the values of one of its properties, none for null. A nil filter
// lets everything pass.
func (f *AccountFilter) Matches(property func(name string) []string) bool {
	return f == nil || f.match(property)
}

// String is the filter as it was written.
func (f *AccountFilter) String() string {
	if f == nil {
		return ""
	}
	return f.text
}

const (
	maxAccountFilter = 4096 // bytes
	maxFilterDepth   = 32   // parentheses and negations inside of each other
)

// newAccountFilter compiles a filter. Its errors name the position, counted from 1.
func newAccountFilter(text string) (*AccountFilter, error) {
	if len(text) > maxAccountFilter {
		return nil, fmt.Errorf("the filter has %d bytes; at most %d are allowed", len(text), maxAccountFilter)
	}
	p := filterParser{text: text}
	match, err := p.either()
	if err == nil && p.skip() < len(text) {
		err = fmt.Errorf("the filter should end")
	}
	if err != nil {
		return nil, fmt.Errorf("at position %d: %w", p.at+1, err)
	}
	return &AccountFilter{text, p.names, match}, nil
}

type filterParser struct {
	text  string
	at    int
	depth int
	names []string
}

// skip passes over blanks.
func (p *filterParser) skip() int {
	p.at += len(p.text[p.at:]) - len(strings.TrimLeft(p.text[p.at:], " \t\r\n"))
	return p.at
}

// take passes over a sign when it is next.
func (p *filterParser) take(sign string) bool {
	if !strings.HasPrefix(p.text[p.skip():], sign) {
		return false
	}
	p.at += len(sign)
	return true
}

func (p *filterParser) either() (condition, error) {
	return p.sequence("||", p.both, func(parts []condition) condition {
		return func(property func(string) []string) bool {
			return slices.ContainsFunc(parts, func(part condition) bool { return part(property) })
		}
	})
}

func (p *filterParser) both() (condition, error) {
	return p.sequence("&&", p.single, func(parts []condition) condition {
		return func(property func(string) []string) bool {
			return !slices.ContainsFunc(parts, func(part condition) bool { return !part(property) })
		}
	})
}

func (p *filterParser) sequence(sign string, next func() (condition, error), join func([]condition) condition) (condition, error) {
	var parts []condition
	for {
		part, err := next()
		if err != nil {
			return nil, err
		}
		if parts = append(parts, part); !p.take(sign) {
			break
		}
	}
	if len(parts) == 1 {
		return parts[0], nil
	}
	return join(parts), nil
}

func (p *filterParser) single() (condition, error) {
	if p.depth++; p.depth > maxFilterDepth {
		return nil, fmt.Errorf("the filter is nested deeper than %d levels", maxFilterDepth)
	}
	defer func() { p.depth-- }()
	if p.take("!") {
		inner, err := p.single()
		return func(property func(string) []string) bool { return !inner(property) }, err
	}
	if !p.take("(") {
		return p.comparison()
	}
	inner, err := p.either()
	if err == nil && !p.take(")") {
		err = errors.New("a ) is missing")
	}
	return inner, err
}

// comparison is a property with an operator and a literal, or with a call.
func (p *filterParser) comparison() (condition, error) {
	path := p.word()
	if path == "" {
		return nil, errors.New("the name of an attribute should stand here")
	}
	for _, operator := range filterOperators {
		if !p.take(operator.sign) {
			continue
		}
		wanted, isNull, err := p.literal()
		if err != nil {
			return nil, err
		}
		return operator.condition(p.named(path), wanted, isNull)
	}
	dot := strings.LastIndexByte(path, '.')
	if dot <= 0 || !p.take("(") {
		return nil, fmt.Errorf("one of ==, !=, <, <=, >, >= or a call should follow %q", path)
	}
	return p.call(p.named(path[:dot]), path[dot+1:])
}

// named notes the name of a property.
func (p *filterParser) named(name string) string {
	if !slices.Contains(p.names, name) {
		p.names = append(p.names, name)
	}
	return name
}

// word reads a name with dots.
func (p *filterParser) word() string {
	from := p.skip()
	for p.at < len(p.text) && !strings.ContainsRune(" \t\r\n()!=<>&|\"{},", rune(p.text[p.at])) {
		p.at++
	}
	return p.text[from:p.at]
}

// literal reads a text in quotes, a number, a truth value or null.
func (p *filterParser) literal() (text string, isNull bool, err error) {
	if !p.take(`"`) {
		text = p.word()
		if _, err := strconv.ParseFloat(text, 64); err == nil || text == "true" || text == "false" || text == "null" {
			return text, text == "null", nil
		}
		return "", false, errors.New("a text in double quotes, a number, true, false or null should stand here")
	}
	var b strings.Builder
	for ; p.at < len(p.text); p.at++ {
		switch char := p.text[p.at]; {
		case char == '"':
			p.at++
			return b.String(), false, nil
		case char == '\\' && p.at+1 < len(p.text):
			p.at++
			b.WriteByte(p.text[p.at])
		default:
			b.WriteByte(char)
		}
	}
	return "", false, errors.New("a closing quote is missing")
}

// list reads literals between braces.
func (p *filterParser) list() ([]string, error) {
	if !p.take("{") {
		return nil, errors.New("a list in braces should stand here")
	}
	var list []string
	for !p.take("}") {
		text, _, err := p.literal()
		if err != nil {
			return nil, err
		}
		list = append(list, text)
		if !p.take(",") && !strings.HasPrefix(p.text[p.skip():], "}") {
			return nil, errors.New("a comma or a closing brace is missing")
		}
	}
	return list, nil
}

// compareTexts orders numbers by their value and everything else as text.
func compareTexts(a, b string) int {
	left, err := strconv.ParseFloat(a, 64)
	right, otherErr := strconv.ParseFloat(b, 64)
	if err == nil && otherErr == nil {
		return cmp.Compare(left, right)
	}
	return strings.Compare(a, b)
}
