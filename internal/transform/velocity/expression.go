package velocity

import (
	"slices"
	"strconv"
	"strings"
)

// accept skips blanks and then the text, if it is here.
func (p *parser) accept(text string) bool {
	after := strings.TrimLeft(p.rest(), " \t\r\n")
	if !strings.HasPrefix(after, text) {
		return false
	}
	p.at = len(p.text) - len(after) + len(text)
	return true
}

// word reads an identifier, "" when none is here.
func (p *parser) word() string {
	word := p.rest()[:wordLength(p.rest())]
	p.at += len(word)
	return word
}

// operators are those between two values, with those that bind weakest first. Longer ones precede those that begin them.
var operators = [][]string{{"||", "or"}, {"&&", "and"}, {"==", "!=", "eq", "ne"}, {"<=", ">=", "<", ">", "le", "ge", "lt", "gt"}, {"+", "-"}, {"*", "/", "%"}}

// spelled are the operators that can be written as words.
var spelled = map[string]string{"or": "||", "and": "&&", "eq": "==", "ne": "!=", "le": "<=", "ge": ">=", "lt": "<", "gt": ">"}

func (p *parser) expression() (expression, error) {
	if err := p.deeper(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	return p.chain(0)
}

// chain reads values between operators of one strength, from left to right.
func (p *parser) chain(strength int) (expression, error) {
	if strength == len(operators) {
		return p.negation()
	}
	left, err := p.chain(strength + 1)
	for err == nil {
		operator := p.operator(operators[strength])
		if operator == "" {
			return left, nil
		}
		var right expression
		right, err = p.chain(strength + 1)
		left = &binary{operator: operator, left: left, right: right}
	}
	return nil, err
}

// operator reads one of the operators, "" when none of them is here.
func (p *parser) operator(choices []string) string {
	start := p.at
	p.accept("")
	word := p.rest()[:wordLength(p.rest())]
	for _, choice := range choices {
		if symbol := spelled[choice]; symbol != "" && word == choice {
			p.at += len(word)
			return symbol
		} else if symbol == "" && p.accept(choice) {
			return choice
		}
	}
	p.at = start
	return ""
}

func (p *parser) negation() (expression, error) {
	count := 0
	for p.accept("!") || p.operator([]string{"not"}) != "" {
		count++
	}
	value, err := p.primary()
	if err != nil || count == 0 {
		return value, err
	}
	return &negation{value: value, odd: count%2 == 1}, nil
}

func (p *parser) primary() (expression, error) {
	p.accept("")
	rest := p.rest()
	switch {
	case strings.HasPrefix(rest, "("):
		return p.group()
	case strings.HasPrefix(rest, "'"), strings.HasPrefix(rest, `"`):
		return p.quoted(rest[0])
	case isReference(rest):
		return p.reference()
	}
	start := p.at
	if word := p.word(); word == "true" || word == "false" {
		return literal{word == "true"}, nil
	}
	p.at = start
	return p.number()
}

func (p *parser) group() (expression, error) {
	p.accept("(")
	inner, err := p.expression()
	if err == nil && !p.accept(")") {
		err = p.fail("a parenthesis is not closed")
	}
	return inner, err
}

// quoted reads a text. A doubled quote stands for one. References between double quotes are replaced.
func (p *parser) quoted(quote byte) (expression, error) {
	mark := string(quote)
	var text strings.Builder
	for start := p.at + 1; ; {
		length := strings.Index(p.text[start:], mark)
		if length < 0 {
			return nil, p.fail("a quoted text is not closed")
		}
		text.WriteString(p.text[start : start+length])
		start += length + 1
		if !strings.HasPrefix(p.text[start:], mark) {
			p.at = start
			break
		}
		text.WriteString(mark)
		start++
	}
	if quote == '\'' || !strings.ContainsAny(text.String(), `$#\`) {
		return literal{text.String()}, nil
	}
	return p.interpolated(text.String())
}

func (p *parser) interpolated(text string) (expression, error) {
	if err := p.deeper(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	inner := &parser{text: text, depth: p.depth, names: p.names}
	nodes, word, err := inner.nodes()
	if err == nil && word != "" {
		err = inner.fail("#%s has no #if", word)
	}
	if err != nil {
		return nil, p.fail("in the text before this place: %w", err)
	}
	return &interpolation{nodes: nodes}, nil
}

func (p *parser) number() (expression, error) {
	rest := p.rest()
	text := rest[:len(rest)-len(strings.TrimLeft(strings.TrimPrefix(rest, "-"), "0123456789."))]
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		p.at += len(text)
		return literal{n}, nil
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return nil, p.fail("a value must be here: a reference, a quoted text, a number, true or false")
	}
	p.at += len(text)
	return literal{n}, nil
}

// reference reads a reference with all that follows it: properties, methods and indexes.
func (p *parser) reference() (*reference, error) {
	p.accept("$")
	p.at += len(p.rest()) - len(strings.TrimPrefix(p.rest(), "!"))
	braced := strings.HasPrefix(p.rest(), "{")
	if braced {
		p.at++
	}
	ref := &reference{name: p.word()}
	if !slices.Contains(*p.names, ref.name) {
		*p.names = append(*p.names, ref.name)
	}
	for {
		next, err := p.access()
		if err != nil {
			return nil, err
		}
		if next == nil {
			break
		}
		if ref.path = append(ref.path, next); len(ref.path) > maxDepth {
			return nil, p.fail("a reference has more than %d parts", maxDepth)
		}
	}
	if braced && !strings.HasPrefix(p.rest(), "}") {
		return nil, p.fail("the reference ${%s is not closed with }", ref.name)
	}
	if braced {
		p.at++
	}
	return ref, nil
}

// access reads one step of a reference's path; nil when the reference ends here.
func (p *parser) access() (access, error) {
	rest := p.rest()
	switch {
	case strings.HasPrefix(rest, "["):
		p.at++
		key, err := p.expression()
		if err == nil && !p.accept("]") {
			err = p.fail("an index is not closed with ]")
		}
		return &index{key: key}, err
	case !strings.HasPrefix(rest, ".") || wordLength(rest[1:]) == 0:
		return nil, nil
	}
	p.at++
	name := p.word()
	if strings.HasPrefix(p.rest(), "(") {
		return p.call(name)
	}
	return property(name), nil
}

func (p *parser) call(name string) (access, error) {
	m, known := methods[name]
	if !known {
		return nil, p.fail("the method %s is not supported", name)
	}
	p.at++
	args, err := p.arguments()
	if err != nil {
		return nil, err
	}
	if len(args) < m.least || len(args) > m.most {
		return nil, p.fail("%s takes %s, not %d", name, m.arity(), len(args))
	}
	c := &call{name: name, method: m, args: args}
	if text, fixed := fixedText(args); fixed && m.pattern {
		if c.fixed, err = compilePattern(text); err != nil {
			return nil, p.fail("%s: %w", name, err)
		}
	}
	return c, nil
}

// fixedText is the first argument when it is a text without references.
func fixedText(args []expression) (string, bool) {
	if len(args) == 0 {
		return "", false
	}
	first, _ := args[0].(literal)
	text, fixed := first.value.(string)
	return text, fixed
}

func (p *parser) arguments() ([]expression, error) {
	var args []expression
	for !p.accept(")") {
		if len(args) > 0 && !p.accept(",") {
			return nil, p.fail("arguments lack a comma or their closing parenthesis")
		}
		arg, err := p.expression()
		if err != nil {
			return nil, err
		}
		args = append(args, arg)
	}
	return args, nil
}
