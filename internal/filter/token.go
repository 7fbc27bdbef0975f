package filter

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

type tokenKind int

const (
	endToken tokenKind = iota
	wordToken
	quotedToken
	openToken
	closeToken
	commaToken
)

type token struct {
	kind tokenKind
	text string // what it says: of a quoted text the content, else the same as raw
	raw  string // how it is written
	pos  int    // position of its first character, from 1; zero at the end
}

// is says whether the token is this connective or operator.
func (t token) is(word string) bool { return t.kind == wordToken && t.text == word }

// fail makes an error about the token. At the end of the text there is no token
// to show, and the reason says where the text broke off.
func (t token) fail(format string, args ...any) error {
	reason := fmt.Sprintf(format, args...)
	if t.kind == endToken {
		return &Error{Param: ParamFilters, Reason: "the text ends too early: " + reason}
	}
	return &Error{Param: ParamFilters, Token: shorten(t.raw), Pos: t.pos, Reason: reason}
}

// isReserved says whether a word is an operator or a connective.
func isReserved(word string) bool {
	switch word {
	case "and", "or", "not":
		return true
	}
	return slices.Contains(operators, Op(word))
}

// isShouted says whether a word would be reserved if it were lower case.
func isShouted(word string) bool {
	lower := strings.ToLower(word)
	return lower != word && isReserved(lower)
}

// lexer cuts a text that admit has let pass into tokens.
type lexer struct {
	rest string
	pos  int // position of the first character of rest
}

func (l *lexer) next() (token, error) {
	l.skip(len(l.rest) - len(strings.TrimLeftFunc(l.rest, unicode.IsSpace)))
	if l.rest == "" {
		return token{kind: endToken}, nil
	}
	switch l.rest[0] {
	case '(':
		return l.take(openToken, 1), nil
	case ')':
		return l.take(closeToken, 1), nil
	case ',':
		return l.take(commaToken, 1), nil
	case '"':
		return l.quoted()
	}
	return l.take(wordToken, wordLength(l.rest)), nil
}

func (l *lexer) skip(bytes int) {
	l.pos += utf8.RuneCountInString(l.rest[:bytes])
	l.rest = l.rest[bytes:]
}

func (l *lexer) take(kind tokenKind, bytes int) token {
	raw := l.rest[:bytes]
	t := token{kind: kind, text: raw, raw: raw, pos: l.pos}
	l.skip(bytes)
	return t
}

func (l *lexer) quoted() (token, error) {
	for i := 1; i < len(l.rest); i++ {
		switch l.rest[i] {
		case '"':
			t := l.take(quotedToken, i+1)
			t.text = unescaper.Replace(t.raw[1 : len(t.raw)-1])
			return t, nil
		case '\\':
			i++
			if i < len(l.rest) && l.rest[i] != '"' && l.rest[i] != '\\' {
				l.skip(i - 1)
				_, size := utf8.DecodeRuneInString(l.rest[1:])
				return token{}, l.take(wordToken, 1+size).fail(`unknown escape; only \" and \\ exist`)
			}
		}
	}
	return token{}, l.take(quotedToken, len(l.rest)).fail("the quoted text has no closing quote")
}

// The lexer has checked the escapes before it uses unescaper, so that every
// backslash it meets begins one of the two.
var (
	unescaper = strings.NewReplacer(`\"`, `"`, `\\`, `\`)
	escaper   = strings.NewReplacer(`"`, `\"`, `\`, `\\`)
)

// wordLength is the length in bytes of the word that begins the text.
func wordLength(text string) int {
	end := strings.IndexFunc(text, func(r rune) bool {
		return r == '(' || r == ')' || r == ',' || r == '"' || unicode.IsSpace(r)
	})
	if end < 0 {
		return len(text)
	}
	return end
}
