package transform

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

func buildDecomposeDiacriticalMarks(*attributes) operation { return textual(decompose) }

// decompose takes letters apart (NFKD) and leaves the marks out.
func decompose(text string) string {
	if isASCII(text) {
		return text
	}
	return strings.Map(withoutMark, norm.NFKD.String(text))
}

func withoutMark(char rune) rune {
	if char >= 0x300 && char <= 0x36f { // the block of combining diacritical marks
		return -1
	}
	return char
}

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func buildNormalizeNames(*attributes) operation { return textual(normalizeNames) }

// normalizeNames gives each word of a name its usual case. Words end at a blank, a hyphen or an apostrophe.
func normalizeNames(text string) string {
	b := make([]byte, 0, len(text)+4)
	for text != "" {
		end := strings.IndexFunc(text, endsWord)
		if end < 0 {
			end = len(text)
		}
		b = append(b, normalWord(strings.ToLower(text[:end]), len(b) == 0)...)
		_, size := utf8.DecodeRuneInString(text[end:])
		b = append(b, text[end:end+size]...)
		text = text[end+size:]
	}
	return string(b)
}

func endsWord(char rune) bool {
	return char == '-' || char == '\'' || char == '’' || unicode.IsSpace(char)
}

// particles stay small, and generations, behind a name, are Roman numerals.
var (
	particles   = []string{"von", "del", "of", "de", "la", "y"}
	generations = []string{"ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x"}
	// notPatronymic are names that only look as if they began with Mac.
	notPatronymic = []string{"macchia", "macedo", "maceda", "machado", "machin", "macias", "maciel", "mackey", "mackie", "macklin"}
)

// normalWord takes a word in lower case.
func normalWord(word string, first bool) string {
	switch {
	case slices.Contains(particles, word):
		return word
	case !first && slices.Contains(generations, word):
		return strings.ToUpper(word)
	case strings.HasPrefix(word, "mc"):
		return "Mc" + capital(word[2:])
	case strings.HasPrefix(word, "mac") && len(word) > 5 && !slices.Contains(notPatronymic, word):
		return "Mac" + capital(word[3:])
	}
	return capital(word)
}

func capital(word string) string {
	char, size := utf8.DecodeRuneInString(word)
	if size == 0 || char == utf8.RuneError {
		return word
	}
	return string(unicode.ToTitle(char)) + word[size:]
}

// displayName is the preferred or else the given name, and the family name.
type displayName struct{}

// The names of the identity's attributes that a display name is made of.
const (
	preferredName = "preferredName"
	givenName     = "firstname"
	familyName    = "lastname"
)

func buildDisplayName(a *attributes) operation {
	if a.members == nil {
		a.wrong(missing(a.path))
	}
	for _, name := range []string{preferredName, givenName, familyName} {
		a.c.needs.addIdentityAttribute(name)
	}
	return displayName{}
}

func (displayName) apply(r *run, _ Value) (Value, error) {
	first, err := r.identityAttribute(preferredName)
	if err == nil && strings.TrimSpace(first.Text) == "" {
		first, err = r.identityAttribute(givenName)
	}
	if err != nil {
		return Null(), err
	}
	last, err := r.identityAttribute(familyName)
	if err != nil {
		return Null(), err
	}
	whole := strings.TrimSpace(strings.TrimSpace(first.Text) + " " + strings.TrimSpace(last.Text))
	return Value{whole, whole != ""}, nil
}
