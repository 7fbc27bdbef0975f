package transform

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode/utf8"

	"midgard/internal/governance"
)

// pattern is a regular expression of Java's dialect, as far as a machine can run it that needs linear time.
type pattern struct {
	expression   *regexp.Regexp
	literal      string // what the expression stands for when it is nothing but a text
	instructions int
}

// pattern compiles the expression of an attribute.
func (a *attributes) pattern(path, text string) *pattern {
	p, err := newPattern(text)
	if err != nil {
		a.wrong(governance.Fail(governance.Illegal, path, "Illegal value for field '%s': the regular expression %s %v.", path, shown(Text(text)), err))
		return nil
	}
	if a.c.programs += p.instructions; p.instructions > MaxProgram || a.c.programs > MaxPrograms {
		a.wrong(governance.Fail(governance.Limit, path, "The regular expression at '%s' is too large: one may have %d instructions, and all together %d.", path, MaxProgram, MaxPrograms))
	}
	return p
}

func newPattern(text string) (*pattern, error) {
	if len(text) > MaxPattern {
		return nil, fmt.Errorf("has %d bytes; at most %d are allowed", len(text), MaxPattern)
	}
	translated, err := translate(text)
	if err != nil {
		return nil, err
	}
	parsed, err := syntax.Parse(translated, syntax.Perl)
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %w", reason(err))
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return nil, fmt.Errorf("cannot be compiled: %w", err)
	}
	p := &pattern{instructions: len(program.Inst)}
	if p.instructions > MaxProgram {
		return p, nil // refused by the caller
	}
	if p.expression, err = regexp.Compile(translated); err != nil {
		return nil, fmt.Errorf("cannot be compiled: %w", err)
	}
	if p.expression.NumSubexp() > MaxGroups {
		return nil, fmt.Errorf("has %d groups; at most %d are allowed", p.expression.NumSubexp(), MaxGroups)
	}
	if prefix, complete := p.expression.LiteralPrefix(); complete {
		p.literal = prefix
	}
	return p, nil
}

// reason is the error without the expression, which is shown anyway.
func reason(err error) error {
	var e *syntax.Error
	if errors.As(err, &e) {
		return fmt.Errorf("%s: %s", e.Code, shown(Text(e.Expr)))
	}
	return err
}

// translate turns Java's syntax into that of Go where both differ, and refuses what only a backtracking engine can do.
func translate(text string) (string, error) {
	if !utf8.ValidString(text) {
		return "", errors.New("is not valid UTF-8")
	}
	t := translator{rest: text}
	for t.rest != "" && t.err == nil {
		t.step()
	}
	return t.done.String(), t.err
}

type translator struct {
	rest  string
	done  strings.Builder
	class bool // inside of [ ]
	fresh bool // right after the opening of a class, where ] is a character
	err   error
}

func (t *translator) step() {
	fresh := t.fresh
	t.fresh = false
	switch {
	case t.rest[0] == '\\':
		t.escape()
	case t.class:
		t.inClass(fresh)
	case strings.HasPrefix(t.rest, "(?"):
		t.group()
	case t.rest[0] == '[':
		t.open()
	default:
		t.copy(1)
	}
}

func (t *translator) copy(n int) {
	t.done.WriteString(t.rest[:n])
	t.rest = t.rest[n:]
}

func (t *translator) replace(n int, by string) {
	t.done.WriteString(by)
	t.rest = t.rest[n:]
}

func (t *translator) refuse(format string, args ...any) { t.err = fmt.Errorf(format, args...) }

// open begins a class; a caret belongs to the opening.
func (t *translator) open() {
	t.class, t.fresh = true, true
	if strings.HasPrefix(t.rest, "[^") {
		t.copy(2)
		return
	}
	t.copy(1)
}

func (t *translator) inClass(fresh bool) {
	switch {
	case t.rest[0] == '[':
		t.refuse("has a class inside of a class, which is not supported; write \\[ for the character")
	case strings.HasPrefix(t.rest, "&&"):
		t.refuse("has an intersection of classes (&&), which is not supported")
	case t.rest[0] == ']' && !fresh:
		t.class = false
		t.copy(1)
	default:
		t.copy(1)
	}
}

// group refuses lookarounds and the like by their names.
func (t *translator) group() {
	const unsupported = ", which is not supported: expressions run in linear time, without going back"
	for _, form := range []struct{ opening, what string }{
		{"(?=", "a lookahead"}, {"(?!", "a lookahead"}, {"(?<=", "a lookbehind"}, {"(?<!", "a lookbehind"}, {"(?>", "an atomic group"},
	} {
		if strings.HasPrefix(t.rest, form.opening) {
			t.refuse("has %s%s", form.what, unsupported)
			return
		}
	}
	end := strings.IndexAny(t.rest, ":)<")
	if end > 0 && strings.ContainsAny(t.rest[2:end], "duxU") {
		t.refuse("has a flag other than i, m and s")
		return
	}
	t.copy(2)
}

// escape reads a backslash and what belongs to it.
func (t *translator) escape() {
	if len(t.rest) == 1 {
		t.refuse("ends with a backslash")
		return
	}
	char, size := utf8.DecodeRuneInString(t.rest[1:])
	switch {
	case char >= '1' && char <= '9', char == 'k':
		t.refuse("refers back to a group, which is not supported: expressions run in linear time, without going back")
	case char == 'Q':
		t.quoted()
	case char == 'p' || char == 'P':
		t.property()
	case char == 'u':
		t.hexadecimal()
	case char >= utf8.RuneSelf:
		t.replace(1+size, t.rest[1:1+size])
	default:
		t.simple(string(char))
	}
}

// spaces are Java's sets behind one letter, as members of a class and as complement.
var spaces = map[string]string{
	"s": `\t\n\x0B\f\r `, "h": `\t \x{A0}\x{1680}\x{180E}\x{2000}-\x{200A}\x{202F}\x{205F}\x{3000}`, "v": `\n\x0B\f\r\x{85}\x{2028}\x{2029}`,
}

// simple is an escape of one letter.
func (t *translator) simple(letter string) {
	set, positive := spaces[letter]
	if !positive && letter != strings.ToLower(letter) {
		set = spaces[strings.ToLower(letter)]
	}
	switch {
	case set != "" && positive && t.class:
		t.replace(2, set)
	case set != "" && positive:
		t.replace(2, "["+set+"]")
	case set != "" && !t.class:
		t.replace(2, "[^"+set+"]")
	case set != "" && letter != "S":
		t.refuse("has \\%s inside of a class, which is not supported", letter)
	case letter == "e":
		t.replace(2, `\x1B`)
	case letter == "R" && !t.class:
		t.replace(2, `(?:\r\n|[\n\x0B\f\r\x{85}\x{2028}\x{2029}])`)
	case letter == "Z" && !t.class:
		t.replace(2, `(?:\n?\z)`)
	default:
		t.copy(2)
	}
}

// quoted copies what stands between \Q and \E as it is.
func (t *translator) quoted() {
	text, rest, _ := strings.Cut(t.rest[2:], `\E`)
	t.done.WriteString(regexp.QuoteMeta(text))
	t.rest = rest
}

// hexadecimal is \uXXXX.
func (t *translator) hexadecimal() {
	if len(t.rest) < 6 {
		t.refuse("has \\u without four hexadecimal digits")
		return
	}
	t.replace(6, `\x{`+t.rest[2:6]+`}`)
}

// properties are Java's names of character sets that Go writes in another way, as members of a class.
var properties = map[string]string{
	"Lower": "[:lower:]", "Upper": "[:upper:]", "ASCII": "[:ascii:]", "Alpha": "[:alpha:]", "Digit": "[:digit:]", "Alnum": "[:alnum:]",
	"Punct": "[:punct:]", "Graph": "[:graph:]", "Print": "[:print:]", "Blank": "[:blank:]", "Cntrl": "[:cntrl:]", "XDigit": "[:xdigit:]",
	"Space": "[:space:]", "IsAlphabetic": `\p{L}`, "IsLetter": `\p{L}`, "IsDigit": `\p{Nd}`, "IsUppercase": `\p{Lu}`,
	"IsLowercase": `\p{Ll}`, "IsPunctuation": `\p{P}`, "javaLowerCase": `\p{Ll}`, "javaUpperCase": `\p{Lu}`, "IsWhite_Space": `\s\x{85}\p{Z}`,
	"InCombiningDiacriticalMarks": `\x{300}-\x{36F}`, "InCOMBINING_DIACRITICAL_MARKS": `\x{300}-\x{36F}`,
}

// property is \p{Name} or \P{Name}. Names of categories and scripts are the same in Go, but for the prefix Is.
func (t *translator) property() {
	if len(t.rest) < 3 || t.rest[2] != '{' {
		t.copy(2) // \pL
		return
	}
	name, rest, closed := strings.Cut(t.rest[3:], "}")
	if !closed {
		t.refuse("has %s without a closing brace", t.rest[:3])
		return
	}
	negative := t.rest[1] == 'P'
	t.rest = rest
	set, special := properties[name]
	switch {
	case !special:
		t.done.WriteString(map[bool]string{false: `\p{`, true: `\P{`}[negative] + strings.TrimPrefix(name, "Is") + "}")
	case !t.class:
		t.done.WriteString(map[bool]string{false: "[", true: "[^"}[negative] + set + "]")
	case negative:
		t.refuse("has \\P{%s} inside of a class, which is not supported", name)
	default:
		t.done.WriteString(set)
	}
}
