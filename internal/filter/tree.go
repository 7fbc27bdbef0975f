package filter

import "strings"

// Expr is a node of a tree: *And, *Or, *Not or *Compare, and nothing else. The
// text that String returns parses to the same tree, positions apart; it can be
// longer than the text the tree was made from.
type Expr interface {
	String() string
	// appendTo seals the interface and prints without a new string per node.
	appendTo(b *strings.Builder)
}

// And is true when all of its terms are. Parse gives it two terms or more.
type And struct{ Terms []Expr }

// Or is true when one of its terms is. Parse gives it two terms or more.
type Or struct{ Terms []Expr }

// Not is true when its term is false.
type Not struct{ Term Expr }

// Compare is a comparison of one field.
type Compare struct {
	Field string
	// Type is the type of the field. Parse, which knows no fields, leaves it
	// String.
	Type Type
	Op   Op
	// Values has one value, or none for Pr and IsNull, or one and more for In
	// and Ca.
	Values []Value
	// CaseSensitive is the setting of the field.
	CaseSensitive bool
	// Pos and OpPos are the positions of the field and of the operator in the
	// text, counted in characters from 1.
	Pos, OpPos int
}

// String returns the expression as text.
func (e *And) String() string { return printed(e) }

// String returns the expression as text.
func (e *Or) String() string { return printed(e) }

// String returns the expression as text.
func (e *Not) String() string { return printed(e) }

// String returns the expression as text.
func (e *Compare) String() string { return printed(e) }

func printed(e Expr) string {
	var b strings.Builder
	e.appendTo(&b)
	return b.String()
}

func (e *And) appendTo(b *strings.Builder) { appendTerms(b, e.Terms, " and ", isGroup) }

func (e *Or) appendTo(b *strings.Builder) { appendTerms(b, e.Terms, " or ", isOr) }

func (e *Not) appendTo(b *strings.Builder) {
	b.WriteString("not ")
	appendTerm(b, e.Term, isGroup(e.Term))
}

func (e *Compare) appendTo(b *strings.Builder) {
	if e.Op == Pr {
		b.WriteString("pr " + e.Field)
		return
	}
	b.WriteString(e.Field + " " + string(e.Op))
	switch e.Op {
	case IsNull:
	case In, Ca:
		b.WriteString(" (")
		appendValues(b, e.Values, e.Type)
		b.WriteByte(')')
	default:
		b.WriteByte(' ')
		appendValues(b, e.Values, e.Type)
	}
}

func appendTerms(b *strings.Builder, terms []Expr, word string, needsParentheses func(Expr) bool) {
	for i, term := range terms {
		if i > 0 {
			b.WriteString(word)
		}
		appendTerm(b, term, needsParentheses(term))
	}
}

func appendTerm(b *strings.Builder, term Expr, parentheses bool) {
	if !parentheses {
		term.appendTo(b)
		return
	}
	b.WriteByte('(')
	term.appendTo(b)
	b.WriteByte(')')
}

// An Or inside an Or keeps its parentheses, as an And inside an And does: they
// are part of the tree.
func isOr(e Expr) bool {
	_, or := e.(*Or)
	return or
}

func isGroup(e Expr) bool {
	_, and := e.(*And)
	return and || isOr(e)
}

func appendValues(b *strings.Builder, values []Value, t Type) {
	for i, v := range values {
		if i > 0 {
			b.WriteString(", ")
		}
		appendValue(b, v, t)
	}
}

func appendValue(b *strings.Builder, v Value, t Type) {
	written := v.Text
	if t == Attribute {
		written = v.Name + "=" + v.Text
	}
	if bare(t) && isPlainWord(written) {
		b.WriteString(written)
		return
	}
	b.WriteByte('"')
	b.WriteString(escaper.Replace(written))
	b.WriteByte('"')
}

// bare says whether values of a type are customarily written without quotes.
func bare(t Type) bool { return t == Bool || t == Time || t == Number }

func isPlainWord(text string) bool {
	return text != "" && wordLength(text) == len(text) && !isReserved(text)
}
