package velocity

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
)

const (
	maxPattern = 1000 // bytes
	maxGroups  = 20
	maxMatches = 100_000 // divided by the number of groups
)

// pattern is a regular expression and how much work a byte of text is for it.
type pattern struct {
	*regexp.Regexp
	cost int
}

func compilePattern(text string) (*pattern, error) {
	if len(text) > maxPattern {
		return nil, fmt.Errorf("the pattern has more than %d bytes", maxPattern)
	}
	tree, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return nil, fmt.Errorf("the pattern %q is wrong: %w", text, err)
	}
	program, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return nil, fmt.Errorf("the pattern %q is wrong: %w", text, err)
	}
	if tree.MaxCap() > maxGroups {
		return nil, fmt.Errorf("the pattern %q has more than %d groups", text, maxGroups)
	}
	compiled, err := regexp.Compile(text)
	if err != nil {
		return nil, fmt.Errorf("the pattern %q is wrong: %w", text, err)
	}
	return &pattern{Regexp: compiled, cost: 1 + len(program.Inst)/2}, nil
}

// pattern gives the first argument as a pattern and counts the work of trying it on the text.
func (a arguments) pattern(r *run, text string) (*pattern, error) {
	compiled := a.fixed
	if compiled == nil {
		written, err := a.text(0)
		if err != nil {
			return nil, err
		}
		if compiled, err = compilePattern(written); err != nil {
			return nil, err
		}
	}
	return compiled, r.spend((len(text) + maxPattern) * compiled.cost)
}

// matches says whether the whole text fits the pattern.
func matches(r *run, text string, args arguments) (any, error) {
	p, err := args.pattern(r, text)
	if err != nil {
		return nil, err
	}
	longest := p.Copy()
	longest.Longest()
	found := longest.FindStringIndex(text)
	return found != nil && found[0] == 0 && found[1] == len(text), nil
}

func replaceAll(r *run, text string, args arguments) (any, error) { return r.replaced(text, args, -1) }

func replaceFirst(r *run, text string, args arguments) (any, error) { return r.replaced(text, args, 1) }

// replaced puts the second argument, with the groups it refers to, in place of so many matches of the first, -1 for all.
func (r *run) replaced(text string, args arguments, count int) (any, error) {
	p, err := args.pattern(r, text)
	if err != nil {
		return nil, err
	}
	written, err := args.text(1)
	if err != nil {
		return nil, err
	}
	template, err := replacement(written, p.NumSubexp())
	if err != nil {
		return nil, err
	}
	matches, err := p.matches(text, count)
	if err != nil {
		return nil, err
	}
	var made []byte
	end := 0
	for _, match := range matches {
		made = append(made, text[end:match[0]]...)
		made = p.ExpandString(made, template, text, match)
		if end = match[1]; len(made) > r.limit {
			return nil, r.tooLong()
		}
	}
	return r.made(string(made) + text[end:])
}

// matches finds at most count matches, -1 for all, and what their groups matched.
func (p *pattern) matches(text string, count int) ([][]int, error) {
	most := maxMatches / (1 + p.NumSubexp())
	if count >= 0 {
		return p.FindAllStringSubmatchIndex(text, count), nil
	}
	found := p.FindAllStringSubmatchIndex(text, most+1)
	if len(found) > most {
		return nil, fmt.Errorf("the pattern has more than %d matches", most)
	}
	return found, nil
}

// replacement turns the replacement text of Java into that of Go: a backslash takes the meaning of what follows, and $12 is
// group 12 when there is one, else group 1 and a 2.
func replacement(text string, groups int) (string, error) {
	var template strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && i+1 == len(text):
			return "", fmt.Errorf(`the replacement %q ends with a single \`, text)
		case c == '\\':
			i++
			template.WriteString(strings.ReplaceAll(text[i:i+1], "$", "$$"))
		case c != '$':
			template.WriteByte(c)
		case i+1 == len(text) || !isDigit(text[i+1]) || int(text[i+1]-'0') > groups:
			return "", fmt.Errorf("the replacement %q refers to a group that the pattern lacks", text)
		default:
			group := int(text[i+1] - '0')
			for i++; i+1 < len(text) && isDigit(text[i+1]) && group*10+int(text[i+1]-'0') <= groups; i++ {
				group = group*10 + int(text[i+1]-'0')
			}
			fmt.Fprintf(&template, "${%d}", group)
		}
	}
	return template.String(), nil
}

// split cuts a text at the matches of a pattern. Empty parts at the end are dropped, unless a number of parts is asked for.
func split(r *run, text string, args arguments) (any, error) {
	p, err := args.pattern(r, text)
	if err != nil {
		return nil, err
	}
	most, err := args.number(1, 0)
	if err != nil {
		return nil, err
	}
	count := most
	if most <= 0 || most > maxMatches {
		count = maxMatches + 1
	}
	parts := p.Split(text, count)
	if len(parts) > maxMatches {
		return nil, fmt.Errorf("the text has more than %d parts", maxMatches)
	}
	for most == 0 && len(parts) > 1 && parts[len(parts)-1] == "" {
		parts = parts[:len(parts)-1]
	}
	if text == "" {
		parts = []string{""}
	}
	return parts, r.spend(16 * len(parts))
}
