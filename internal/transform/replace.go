package transform

import (
	"fmt"
	"strings"

	"midgard/internal/governance"
)

// substitution replaces every match of a pattern.
type substitution struct {
	pattern *pattern
	by      replacement
}

// substitution compiles a pair of expression and replacement; both are named for errors.
func (a *attributes) substitution(path, expression, byPath, by string) substitution {
	s := substitution{pattern: a.pattern(path, expression)}
	if a.err != nil {
		return s
	}
	var err error
	if s.by, err = newReplacement(by, s.pattern); err != nil {
		a.illegalAt(byPath, "%v", err)
	}
	return s
}

func (s *substitution) apply(r *run, text string) (string, error) {
	if by, ok := s.by.constant(); ok && s.pattern.literal != "" {
		return replaceText(text, s.pattern.literal, by)
	}
	_, plain := s.by.constant()
	matches, err := s.pattern.matches(r, text, !plain)
	if err != nil || len(matches) == 0 {
		return text, err
	}
	b, at := make([]byte, 0, len(text)+16), 0
	for _, match := range matches {
		b = append(b, text[at:match[0]]...)
		b = s.by.append(b, text, match)
		at = match[1]
		if len(b) > MaxText {
			return "", tooLong()
		}
	}
	return string(append(b, text[at:]...)), nil
}

func replaceText(text, old, by string) (string, error) {
	if !strings.Contains(text, old) {
		return text, nil
	}
	if len(by) > len(old) && len(text)+strings.Count(text, old)*(len(by)-len(old)) > MaxText {
		return "", tooLong()
	}
	return strings.ReplaceAll(text, old, by), nil
}

// matches finds where a pattern fits, perhaps with its groups.
func (p *pattern) matches(r *run, text string, groups bool) ([][]int, error) {
	if err := r.spend((1 + len(text)/64) * (1 + p.instructions/2)); err != nil {
		return nil, err
	}
	find := p.expression.FindAllStringIndex
	if groups {
		find = p.expression.FindAllStringSubmatchIndex
	}
	matches := find(text, MaxMatches+1)
	if len(matches) > MaxMatches {
		return nil, &fault{governance.Limit, fmt.Sprintf("the regular expression matches more than %d times", MaxMatches)}
	}
	return matches, nil
}

// replaceAll makes substitutions one after the other.
type replaceAll []substitution

func buildReplace(a *attributes) operation {
	expression := a.text("regex")
	if _, ok := a.need("replacement"); !ok {
		return nil
	}
	by := a.textOr("replacement", "")
	if a.err != nil {
		return nil
	}
	return replaceAll{a.substitution(a.field("regex"), expression, a.field("replacement"), by)}
}

func buildReplaceAll(a *attributes) operation {
	var t replaceAll
	for _, entry := range a.table("table") {
		if a.err != nil {
			return nil
		}
		a.wrong(a.c.count(a.field("table")))
		path := entryPath(a.field("table"), entry.name)
		t = append(t, a.substitution(path, entry.name, path, entry.value.Text))
	}
	return t
}

func (t replaceAll) apply(r *run, in Value) (Value, error) {
	if !in.Valid {
		return in, nil
	}
	text := in.Text
	for i := range t {
		var err error
		if text, err = t[i].apply(r, text); err != nil {
			return Null(), err
		}
	}
	return Text(text), nil
}

// split cuts its input at a pattern and takes one of the pieces.
type split struct {
	delimiter *pattern
	index     number
	throws    bool
}

func buildSplit(a *attributes) operation {
	t := &split{index: a.number("index", 0, MaxText), throws: a.boolean("throws", true)}
	expression, _ := stringOf(a.members["delimiter"])
	if expression == "" {
		expression = a.text("delimiter") // tells what is wrong
	}
	if a.err == nil {
		t.delimiter = a.pattern(a.field("delimiter"), expression)
	}
	return t
}

func (t *split) apply(r *run, in Value) (Value, error) {
	if !in.Valid {
		return in, nil
	}
	index, err := t.index.of(r, in)
	if err != nil {
		return Null(), err
	}
	pieces, err := t.delimiter.split(r, in.Text)
	if err != nil {
		return Null(), err
	}
	if index < len(pieces) {
		return Text(pieces[index]), nil
	}
	if t.throws {
		return Null(), fail("index %d is out of range: %s has %d parts", index, shown(in), len(pieces))
	}
	return Null(), nil
}

// split cuts a text as Java does: a match of nothing at the beginning makes no piece, empty pieces at the end are left
// out, and a text without any match is the only piece.
func (p *pattern) split(r *run, text string) ([]string, error) {
	var pieces []string
	if p.literal != "" {
		pieces = strings.Split(text, p.literal)
	} else {
		matches, err := p.matches(r, text, false)
		if err != nil {
			return nil, err
		}
		pieces = cut(text, matches)
	}
	if len(pieces) == 1 {
		return pieces, nil
	}
	for len(pieces) > 0 && pieces[len(pieces)-1] == "" {
		pieces = pieces[:len(pieces)-1]
	}
	return pieces, nil
}

func cut(text string, matches [][]int) []string {
	pieces, at := make([]string, 0, len(matches)+1), 0
	for _, match := range matches {
		if match[1] == 0 || match[0] == len(text) && match[0] == match[1] {
			continue
		}
		pieces = append(pieces, text[at:match[0]])
		at = match[1]
	}
	return append(pieces, text[at:])
}
