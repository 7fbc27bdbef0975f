package filter

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Sort is one key of an order. Nulls are below every value: they come first in
// ascending and last in descending order. Texts are ordered as Fold leaves
// them.
type Sort struct {
	Field      string
	Descending bool
}

// CompileSorters reads a list of fields divided by commas, most significant
// first, each with "-" before it for descending order. Blanks around an entry
// do not matter. Empty entries, fields that are not allowed and fields that
// occur twice are errors; a blank text gives no keys.
func CompileSorters(text string, allowed []string) ([]Sort, error) {
	if err := admit(ParamSorters, text); err != nil {
		return nil, err
	}
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	var keys []Sort
	rest, pos := text, 1
	for more := true; more; {
		var entry string
		entry, rest, more = strings.Cut(rest, ",")
		key, err := sortKey(entry, pos, more, allowed)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(keys, func(k Sort) bool { return k.Field == key.Field }) {
			return nil, refuseEntry(entry, pos, fmt.Sprintf("field %q occurs twice", key.Field))
		}
		keys = append(keys, key)
		pos += utf8.RuneCountInString(entry) + 1
	}
	return keys, nil
}

// sortKey reads the entry that begins at pos; followed says that a comma ends
// it, rather than the end of the text.
func sortKey(entry string, pos int, followed bool, allowed []string) (Sort, error) {
	word := strings.TrimSpace(entry)
	name, descending := strings.CutPrefix(word, "-")
	switch {
	case word == "" && followed:
		comma := pos + utf8.RuneCountInString(entry)
		return Sort{}, &Error{Param: ParamSorters, Token: ",", Pos: comma, Reason: "expected the name of a field"}
	case word == "":
		return Sort{}, &Error{Param: ParamSorters, Reason: "the text ends too early: expected the name of a field"}
	case name == "":
		return Sort{}, refuseEntry(entry, pos, `expected the name of a field after "-"`)
	case len(allowed) == 0:
		return Sort{}, refuseEntry(entry, pos, "unknown field; this list has no sorters")
	case !slices.Contains(allowed, name):
		return Sort{}, refuseEntry(entry, pos, "unknown field; allowed: "+strings.Join(allowed, ", "))
	}
	return Sort{Field: name, Descending: descending}, nil
}

// refuseEntry makes an error about an entry that is not blank and begins at pos.
func refuseEntry(entry string, pos int, reason string) error {
	word := strings.TrimLeftFunc(entry, unicode.IsSpace)
	pos += utf8.RuneCountInString(entry[:len(entry)-len(word)])
	return &Error{Param: ParamSorters, Token: shorten(strings.TrimSpace(word)), Pos: pos, Reason: reason}
}
