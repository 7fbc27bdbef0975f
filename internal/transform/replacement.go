package transform

import (
	"fmt"
	"strings"
)

// replacement is what is put in place of a match: texts and groups of the match in turn.
type replacement []replacementPart

// replacementPart is a text, or a group when group is not negative.
type replacementPart struct {
	text  string
	group int
}

// newReplacement reads Java's syntax: $1 and ${name} are groups, a backslash takes its meaning from the next character.
func newReplacement(text string, p *pattern) (replacement, error) {
	var parts replacement
	var plain strings.Builder
	for text != "" {
		switch text[0] {
		case '\\':
			if len(text) == 1 {
				return nil, fmt.Errorf("the replacement ends with a backslash")
			}
			plain.WriteByte(text[1])
			text = text[2:]
		case '$':
			group, rest, err := groupOf(text, p)
			if err != nil {
				return nil, err
			}
			parts = append(parts, replacementPart{plain.String(), -1}, replacementPart{"", group})
			plain.Reset()
			text = rest
		default:
			plain.WriteByte(text[0])
			text = text[1:]
		}
	}
	return append(parts, replacementPart{plain.String(), -1}), nil
}

// groupOf reads a reference to a group at the beginning of text.
func groupOf(text string, p *pattern) (group int, rest string, err error) {
	if inner, braced := strings.CutPrefix(text, "${"); braced {
		name, rest, closed := strings.Cut(inner, "}")
		group = p.expression.SubexpIndex(name)
		if !closed || group < 0 {
			return 0, "", fmt.Errorf("the replacement refers to group %q, which the expression does not have", name)
		}
		return group, rest, nil
	}
	if len(text) < 2 || text[1] < '0' || text[1] > '9' {
		return 0, "", fmt.Errorf("the replacement has a $ that no group follows; write \\$ for the character")
	}
	group, rest = int(text[1]-'0'), text[2:]
	if group > p.expression.NumSubexp() {
		return 0, "", fmt.Errorf("the replacement refers to group %d, but the expression has %d", group, p.expression.NumSubexp())
	}
	for rest != "" && rest[0] >= '0' && rest[0] <= '9' && group*10+int(rest[0]-'0') <= p.expression.NumSubexp() {
		group, rest = group*10+int(rest[0]-'0'), rest[1:]
	}
	return group, rest, nil
}

// constant is the replacement when it has no groups.
func (t replacement) constant() (string, bool) {
	if len(t) != 1 {
		return "", false
	}
	return t[0].text, true
}

// append adds what one match becomes; match has the bounds of the groups in text.
func (t replacement) append(b []byte, text string, match []int) []byte {
	for _, part := range t {
		if part.group < 0 {
			b = append(b, part.text...)
		} else if from := match[2*part.group]; from >= 0 { // else the group took no part
			b = append(b, text[from:match[2*part.group+1]]...)
		}
	}
	return b
}
