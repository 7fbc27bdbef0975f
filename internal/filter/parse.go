package filter

import (
	"slices"
	"strings"
)

// Parse reads the syntax of a text. It knows no fields: any name passes, every
// comparison has type String and of its values only Text and Pos are set. A
// blank text gives a nil tree.
func Parse(text string) (Expr, error) {
	if err := admit(ParamFilters, text); err != nil {
		return nil, err
	}
	p := parser{lexer: lexer{rest: text, pos: 1}}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.tok.kind == endToken {
		return nil, nil
	}
	tree, err := p.or()
	if err != nil {
		return nil, err
	}
	if p.tok.kind != endToken {
		return nil, p.unexpected(`expected "and", "or" or the end`)
	}
	return tree, nil
}

// parser descends recursively through the grammar with one token of lookahead.
type parser struct {
	lexer lexer
	tok   token // the first token not yet used
	depth int
	terms int
}

func (p *parser) advance() (err error) {
	p.tok, err = p.lexer.next()
	return err
}

// unexpected refuses the current token. A writer of "EQ" or "AND" deserves to
// hear about the case rather than about the grammar.
func (p *parser) unexpected(expected string) error {
	if p.tok.kind == wordToken && isShouted(p.tok.text) {
		return p.tok.fail("operators are lower case: write %q", strings.ToLower(p.tok.text))
	}
	return p.tok.fail("%s", expected)
}

func (p *parser) or() (Expr, error) {
	terms, err := p.chain("or", p.and)
	if err != nil {
		return nil, err
	}
	if len(terms) == 1 {
		return terms[0], nil
	}
	return &Or{Terms: terms}, nil
}

func (p *parser) and() (Expr, error) {
	terms, err := p.chain("and", p.unary)
	if err != nil {
		return nil, err
	}
	if len(terms) == 1 {
		return terms[0], nil
	}
	return &And{Terms: terms}, nil
}

func (p *parser) chain(word string, operand func() (Expr, error)) ([]Expr, error) {
	var terms []Expr
	for {
		term, err := operand()
		if err != nil {
			return nil, err
		}
		terms = append(terms, term)
		if !p.tok.is(word) {
			return terms, nil
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
}

func (p *parser) unary() (Expr, error) {
	switch {
	case p.tok.is("not"):
		return p.not()
	case p.tok.kind == openToken:
		return p.group()
	case p.tok.is(string(Pr)), p.tok.is(string(IsNull)):
		return p.presence()
	}
	return p.comparison()
}

// enter uses the token that begins a nested expression.
func (p *parser) enter() error {
	p.depth++
	if p.depth > MaxDepth {
		return p.tok.fail(`parentheses and "not" are nested more than %d deep`, MaxDepth)
	}
	return p.advance()
}

func (p *parser) not() (Expr, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	term, err := p.unary()
	if err != nil {
		return nil, err
	}
	p.depth--
	return &Not{Term: term}, nil
}

func (p *parser) group() (Expr, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	inner, err := p.or()
	if err != nil {
		return nil, err
	}
	if p.tok.kind != closeToken {
		return nil, p.unexpected(`expected "and", "or" or ")"`)
	}
	p.depth--
	return inner, p.advance()
}

// presence reads the prefix form of "pr" and "isnull".
func (p *parser) presence() (Expr, error) {
	op, pos := Op(p.tok.text), p.tok.pos
	if err := p.advance(); err != nil {
		return nil, err
	}
	c, err := p.field()
	if err != nil {
		return nil, err
	}
	c.Op, c.OpPos = op, pos
	return c, nil
}

func (p *parser) comparison() (Expr, error) {
	c, err := p.field()
	if err != nil {
		return nil, err
	}
	if err := p.operator(c); err != nil {
		return nil, err
	}
	switch c.Op {
	case Pr, IsNull:
		return c, nil
	case In, Ca:
		err = p.list(c)
	default:
		err = p.value(c)
	}
	if err != nil {
		return nil, err
	}
	return c, nil
}

func (p *parser) field() (*Compare, error) {
	if p.tok.kind != wordToken || isReserved(p.tok.text) || isShouted(p.tok.text) {
		return nil, p.unexpected("expected the name of a field")
	}
	p.terms++
	if p.terms > MaxTerms {
		return nil, p.tok.fail("more than %d comparisons", MaxTerms)
	}
	c := &Compare{Field: p.tok.text, Pos: p.tok.pos}
	return c, p.advance()
}

func (p *parser) operator(c *Compare) error {
	op := Op(p.tok.text)
	if p.tok.kind != wordToken || !slices.Contains(operators, op) {
		return p.unexpected("expected an operator: " + joinOps(operators))
	}
	c.Op, c.OpPos = op, p.tok.pos
	return p.advance()
}

// list reads the parenthesised values of "in" and "ca".
func (p *parser) list(c *Compare) error {
	if p.tok.kind != openToken {
		return p.tok.fail(`expected "(" and a list of values after %q`, c.Op)
	}
	if err := p.advance(); err != nil {
		return err
	}
	if p.tok.kind == closeToken {
		return p.tok.fail("the list of values is empty")
	}
	for {
		if err := p.value(c); err != nil {
			return err
		}
		if p.tok.kind == closeToken {
			return p.advance()
		}
		if p.tok.kind != commaToken {
			return p.tok.fail(`expected "," or ")"`)
		}
		if err := p.advance(); err != nil {
			return err
		}
	}
}

func (p *parser) value(c *Compare) error {
	switch {
	case p.tok.kind == wordToken && isReserved(p.tok.text):
		return p.tok.fail("expected a value; write operators that are values in quotes")
	case p.tok.kind != wordToken && p.tok.kind != quotedToken:
		return p.tok.fail("expected a value")
	case len(c.Values) == MaxListValues:
		return p.tok.fail("more than %d values in a list", MaxListValues)
	}
	c.Values = append(c.Values, Value{Text: p.tok.text, Pos: p.tok.pos})
	return p.advance()
}

func joinOps(ops []Op) string {
	words := make([]string, len(ops))
	for i, op := range ops {
		words[i] = string(op)
	}
	return strings.Join(words, ", ")
}
