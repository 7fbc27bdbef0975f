package jsondoc

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// maxShownPath bounds how much of a pointer an error text repeats: a key may be as long as the whole body.
const maxShownPath = 200

// Error says what is wrong with a document, and where.
type Error struct {
	Offset int    // how many bytes come before the place
	Line   int    // from 1; 0 when the value did not come from text
	Column int    // from 1, in characters; 0 when the value did not come from text
	Path   string // JSON Pointer of the place, "" for the whole document
	Reason string // what is wrong, to be read after the path: "duplicate key", "must be a string, not a number"
}

// Error gives path, reason and position in one line.
func (e *Error) Error() string {
	var text strings.Builder
	if e.Path != "" {
		text.WriteString(shorten(e.Path))
		text.WriteString(": ")
	}
	text.WriteString(e.Reason)
	if e.Line > 0 {
		fmt.Fprintf(&text, " (line %d, column %d)", e.Line, e.Column)
	}
	return text.String()
}

func shorten(path string) string {
	if len(path) <= maxShownPath {
		return path
	}
	cut := maxShownPath
	for !utf8.RuneStart(path[cut]) {
		cut--
	}
	return path[:cut] + "…"
}

// appendToken adds one reference token to a JSON Pointer.
func appendToken(pointer []byte, token string) []byte {
	pointer = append(pointer, '/')
	for i := range len(token) {
		switch token[i] {
		case '~':
			pointer = append(pointer, "~0"...)
		case '/':
			pointer = append(pointer, "~1"...)
		default:
			pointer = append(pointer, token[i])
		}
	}
	return pointer
}
