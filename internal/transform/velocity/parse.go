package velocity

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// parser goes through a template once. Errors count characters from 1.
type parser struct {
	text  string
	at    int
	depth int
	names *[]string // shared with the parsers of texts within the template
}

func (p *parser) rest() string { return p.text[p.at:] }

func (p *parser) fail(format string, args ...any) error {
	return fmt.Errorf("template, character %d: %w", utf8.RuneCountInString(p.text[:p.at])+1, fmt.Errorf(format, args...))
}

// deeper guards against nesting beyond all bounds; the caller takes the level back.
func (p *parser) deeper() error {
	if p.depth++; p.depth > maxDepth {
		return p.fail("the template is nested deeper than %d levels", maxDepth)
	}
	return nil
}

// refused are the directives that Velocity has and this package does not.
var refused = []string{"foreach", "macro", "include", "parse", "evaluate", "define", "stop", "break", "literal"}

var directives = append([]string{"set", "if", "elseif", "else", "end"}, refused...)

// nodes reads to the end or to the directive that ends a branch of an #if, and gives that directive's name.
func (p *parser) nodes() (nodes []node, word string, err error) {
	var plain strings.Builder
	flush := func() {
		if plain.Len() > 0 {
			nodes = append(nodes, textNode(plain.String()))
			plain.Reset()
		}
	}
	for p.at < len(p.text) {
		plain.WriteString(p.plain())
		word := p.directive()
		switch {
		case word == "elseif" || word == "else" || word == "end":
			flush()
			return nodes, word, nil
		case word == "" && !isReference(p.rest()):
			continue
		}
		if word == "set" && strings.Trim(plain.String(), " \t") == "" {
			plain.Reset() // blanks that only indent a #set are not output
		}
		flush()
		next, err := p.node(word)
		if err != nil {
			return nil, "", err
		}
		nodes = append(nodes, next)
	}
	flush()
	return nodes, "", nil
}

// plain reads text up to the next reference or directive, or to the end. Comments vanish. A backslash before a reference
// or a directive takes its meaning, two stand for one.
func (p *parser) plain() string {
	var text strings.Builder
	for p.at < len(p.text) {
		rest := p.rest()
		stop := strings.IndexAny(rest, `\$#`)
		switch {
		case stop < 0:
			stop = len(rest)
		case stop > 0:
		case p.comment():
			continue
		case isReference(rest) || directiveName(rest) != "":
			return text.String()
		case rest[0] == '\\':
			text.WriteString(p.escape())
			continue
		default:
			stop = 1
		}
		text.WriteString(rest[:stop])
		p.at += stop
	}
	return text.String()
}

func (p *parser) escape() string {
	after := strings.TrimLeft(p.rest(), `\`)
	count := len(p.rest()) - len(after)
	p.at += count
	if !isReference(after) && directiveName(after) == "" {
		return p.text[p.at-count : p.at]
	}
	text := strings.Repeat(`\`, count/2)
	if count%2 == 1 {
		text += after[:1]
		p.at++
	}
	return text
}

// comment skips a comment; one that is not closed goes to the end.
func (p *parser) comment() bool {
	end := ""
	switch rest := p.rest(); {
	case strings.HasPrefix(rest, "##"):
		end = "\n"
	case strings.HasPrefix(rest, "#*"):
		end = "*#"
	default:
		return false
	}
	if i := strings.Index(p.text[p.at+2:], end); i >= 0 {
		p.at += 2 + i + len(end)
	} else {
		p.at = len(p.text)
	}
	return true
}

// directive reads the name of a directive, "" when none is here.
func (p *parser) directive() string {
	name := directiveName(p.rest())
	if name == "" {
		return ""
	}
	p.at += len("#") + len(name)
	if p.text[p.at-len(name)] == '{' {
		p.at += len("{}")
	}
	if name == "else" || name == "end" {
		p.endLine()
	}
	return name
}

// directiveName is the directive that a text begins with, written #name or #{name}; a longer word is none.
func directiveName(text string) string {
	inner, found := strings.CutPrefix(text, "#")
	if !found {
		return ""
	}
	inner, braced := strings.CutPrefix(inner, "{")
	name := inner[:wordLength(inner)]
	if braced && !strings.HasPrefix(inner[len(name):], "}") || !slices.Contains(directives, name) {
		return ""
	}
	return name
}

// isReference says whether a text begins with a reference: $x, ${x}, $!x or $!{x}.
func isReference(text string) bool {
	text, found := strings.CutPrefix(text, "$")
	text = strings.TrimPrefix(strings.TrimPrefix(text, "!"), "{")
	return found && wordLength(text) > 0
}

// wordLength is the length of the identifier that begins the text, 0 when none does. Unlike Velocity 1.7 an identifier has
// no hyphens, so that $first-$last means two variables.
func wordLength(text string) int {
	for i := range len(text) {
		c := text[i]
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_'
		if !letter && (i == 0 || !isDigit(c)) {
			return i
		}
	}
	return len(text)
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// endLine skips the rest of a line that has nothing more on it.
func (p *parser) endLine() {
	after := strings.TrimLeft(p.rest(), " \t")
	for _, end := range []string{"\r\n", "\n", "\r"} {
		if strings.HasPrefix(after, end) {
			p.at = len(p.text) - len(after) + len(end)
			return
		}
	}
}

// node reads what a directive governs, after its name, or the reference that is here.
func (p *parser) node(directive string) (node, error) {
	switch directive {
	case "":
		return p.referenceNode()
	case "set":
		return p.setNode()
	case "if":
		return p.ifNode()
	}
	return nil, p.fail("#%s is not supported", directive)
}

func (p *parser) referenceNode() (node, error) {
	start := p.at
	ref, err := p.reference()
	if err != nil {
		return nil, err
	}
	source := p.text[start:p.at]
	return &referenceNode{ref: ref, source: source, quiet: strings.HasPrefix(source, "$!")}, nil
}

func (p *parser) setNode() (node, error) {
	if !p.accept("(") || !p.accept("$") {
		return nil, p.fail("#set must be followed by ($name = value)")
	}
	braced := p.accept("{")
	name := p.word()
	if name == "" || braced && !p.accept("}") || !p.accept("=") {
		return nil, p.fail("#set takes the name of a variable and =")
	}
	value, err := p.expression()
	if err != nil {
		return nil, err
	}
	if !p.accept(")") {
		return nil, p.fail("#set lacks its closing parenthesis")
	}
	p.endLine()
	return &setNode{name: name, value: value}, nil
}

func (p *parser) ifNode() (node, error) {
	if err := p.deeper(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	result := &ifNode{}
	for word := "if"; word != "end"; {
		next := branch{condition: literal{true}}
		var err error
		if word != "else" {
			next.condition, err = p.condition(word)
		}
		if err == nil {
			next.body, word, err = p.branchBody(word)
		}
		if err != nil {
			return nil, err
		}
		result.branches = append(result.branches, next)
	}
	return result, nil
}

// branchBody reads what stands between a directive of an #if and the next one, whose name it gives.
func (p *parser) branchBody(after string) ([]node, string, error) {
	body, word, err := p.nodes()
	switch {
	case err != nil:
	case word == "":
		err = p.fail("#if is not closed with #end")
	case after == "else" && word != "end":
		err = p.fail("#%s follows #else", word)
	}
	return body, word, err
}

func (p *parser) condition(word string) (expression, error) {
	if !p.accept("(") {
		return nil, p.fail("#%s must be followed by a condition in parentheses", word)
	}
	condition, err := p.expression()
	if err != nil {
		return nil, err
	}
	if !p.accept(")") {
		return nil, p.fail("the condition of #%s lacks its closing parenthesis", word)
	}
	p.endLine()
	return condition, nil
}
