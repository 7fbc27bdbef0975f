// Package filter turns the texts of the list parameters "filters" and
// "sorters" into checked, typed values. It knows the language and nothing of
// storage or HTTP: the store compiles the tree to SQL, the API turns an *Error
// into a response.
//
// # Language
//
//	expression = and { "or" and }
//	and        = unary { "and" unary }
//	unary      = "not" unary | "(" expression ")" | presence | comparison
//	presence   = ( "pr" | "isnull" ) field | field ( "pr" | "isnull" )
//	comparison = field operator value
//	           | field ( "in" | "ca" ) "(" value { "," value } ")"
//	value      = quoted text | word
//
// Operators and connectives are lower case and are reserved words: as a value
// they need quotes. A quoted text knows the escapes \" and \\ only. A word ends
// at a blank, a parenthesis, a comma or a quote. Quotes merely delimit: the type
// of the field, not the quoting, decides how a value is read. Texts are
// limited, see [MaxTextBytes] and its neighbours.
//
// # Meaning
//
// Every evaluator of a tree, [Match] and SQL alike, follows these rules. The
// logic has two values; unlike SQL's it knows no "unknown".
//
//   - A field is null when it has no value. A field with several values is null
//     when it has none of them. The empty string is a value.
//   - "isnull" is true for null and "pr" is its opposite.
//   - "ne" is the negation of "eq" and therefore true for null. Every other
//     comparison with a null field is false.
//   - "not" flips the result. Hence "not name eq x" holds where name is null,
//     and SQL has to keep NULL out of its conditions, for example with
//     "column IS NOT NULL AND column = ?".
//   - A field with several values satisfies a comparison when one of the values
//     does; "ne" holds when none is equal, "ca" when each listed value is equal
//     to one of them.
//   - Texts are compared as [Fold] leaves them, byte by byte, unless the field
//     is case-sensitive. Ids are compared as [NormalizeID] leaves them.
//   - Times are instants with the precision of a millisecond; both sides are
//     cut, not rounded, to it. "co" and "sw" look at a time's text in
//     [TimeLayout], in UTC, folded like any text.
//   - An attribute comparison is about the one attribute that it names, by its
//     exact name; an attribute that is absent is not equal to anything.
package filter

import (
	"fmt"
	"unicode/utf8"
)

// Limits of one text. They keep the work for one request small whatever a
// client sends, and keep the SQL made from it below the limits of the engines.
const (
	// MaxTextBytes is the greatest length in bytes of a text.
	MaxTextBytes = 8 << 10
	// MaxDepth is how deep parentheses and "not" may be nested, together.
	MaxDepth = 32
	// MaxTerms is how many comparisons one text may have.
	MaxTerms = 200
	// MaxListValues is how many values one list of "in" or "ca" may have.
	MaxListValues = 500
)

// Values of Error.Param.
const (
	ParamFilters = "filters"
	ParamSorters = "sorters"
)

// Query is one request for a page of a list.
type Query struct {
	// Where is the condition; nil selects everything.
	Where Expr
	// Sort is the order, most significant field first. An empty one leaves the
	// order to the store, which keeps it total and stable either way.
	Sort []Sort
	// Limit is the greatest number of items to return; zero returns none, which
	// together with Count asks for the total alone.
	Limit int
	// Offset is how many items to pass over, counted in items and not in pages.
	Offset int
	// Count asks for the size of the whole selection.
	Count bool
	// AdministeredBy is the id of the identity of a source sub-administrator and
	// restricts the selection to that person's sources; empty does not restrict.
	AdministeredBy string
}

// Page is a part of a list.
type Page[T any] struct {
	Items []T
	// Total is the size of the whole selection, ignoring limit and offset, or -1
	// when the query did not ask for it.
	Total int
}

// Error says what is wrong with a text, for the person who wrote it. All errors
// of Parse, Compile and CompileSorters are of this type.
type Error struct {
	// Param is the name of the parameter: ParamFilters or ParamSorters.
	Param string
	// Token is the offending part of the text, shortened when it is long; empty
	// when the text ends too early or is refused as a whole.
	Token string
	// Pos is the position of Token, counted in characters from 1; zero when
	// Token is empty.
	Pos int
	// Reason is what is wrong and, where that helps, what would be right.
	Reason string
}

// Error returns one line that names the parameter, the token and its position.
func (e *Error) Error() string {
	if e.Pos == 0 {
		return fmt.Sprintf("%s: %s", e.Param, e.Reason)
	}
	return fmt.Sprintf("%s: %q at position %d: %s", e.Param, e.Token, e.Pos, e.Reason)
}

// Compile parses a text and checks it against the fields of a list. The tree it
// returns is complete: every comparison carries the type of its field and typed
// values. A blank text gives a nil tree, which selects everything.
func Compile(text string, fields Fields) (Expr, error) {
	tree, err := Parse(text)
	if err != nil {
		return nil, err
	}
	if err := check(tree, fields); err != nil {
		return nil, err
	}
	return tree, nil
}

// admit refuses texts that no later step should have to think about. U+0000 is
// refused because PostgreSQL cannot hold it in a text.
func admit(param, text string) error {
	if len(text) > MaxTextBytes {
		return &Error{Param: param, Reason: fmt.Sprintf("the text is longer than %d bytes", MaxTextBytes)}
	}
	pos := 0
	for i, r := range text {
		pos++
		if r == 0 {
			return &Error{Param: param, Token: "\x00", Pos: pos, Reason: "the character U+0000 is not allowed"}
		}
		if r != utf8.RuneError {
			continue
		}
		if _, size := utf8.DecodeRuneInString(text[i:]); size == 1 {
			return &Error{Param: param, Token: text[i : i+1], Pos: pos, Reason: "the text is not valid UTF-8"}
		}
	}
	return nil
}

// maxTokenRunes keeps an error readable when the token is a page of text.
const maxTokenRunes = 60

func shorten(token string) string {
	runes := 0
	for i := range token {
		if runes == maxTokenRunes {
			return token[:i] + "…"
		}
		runes++
	}
	return token
}
