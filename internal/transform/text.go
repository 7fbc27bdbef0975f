package transform

import (
	"strings"
	"unicode/utf8"
)

// textual is a type that makes a text of its input; null stays null.
type textual func(text string) string

func (f textual) apply(_ *run, in Value) (Value, error) {
	if !in.Valid {
		return in, nil
	}
	return Text(f(in.Text)), nil
}

func buildLower(*attributes) operation { return textual(strings.ToLower) }
func buildUpper(*attributes) operation { return textual(strings.ToUpper) }

// buildTrim cuts off what Java's trim does: everything up to U+0020.
func buildTrim(*attributes) operation {
	return textual(func(text string) string {
		return strings.TrimFunc(text, func(char rune) bool { return char <= ' ' })
	})
}

// position is the byte at which character n begins, or the length of the text when it has no more than n.
func position(text string, n int) int {
	if n <= 0 {
		return 0
	}
	for at := range text {
		if n == 0 {
			return at
		}
		n--
	}
	return len(text)
}

// beginning is the first n characters of a text.
func beginning(text string, n int) string { return text[:position(text, n)] }

func length(text string) int { return utf8.RuneCountInString(text) }
