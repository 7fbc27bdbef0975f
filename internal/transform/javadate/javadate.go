// Package javadate reads and writes times the way transforms describe them: by the patterns of Java's SimpleDateFormat, by
// well-known names (ISO8601, EPOCH_TIME_JAVA, …) and by date expressions such as now-5d/d. Names are English, weeks begin
// on Sunday and the week with the first of January is week 1, as in Java's American locale. Days are those of the Gregorian
// calendar at all times; Java uses the Julian one before October 1582.
//
// It knows nothing of transforms and uses the standard library only.
package javadate

import (
	"fmt"
	"strings"
	"time"
)

// Codec turns text into a time and a time into text. It may be used by several goroutines at once.
type Codec interface {
	// Parse reads a text; a text without a zone is in UTC, and so is the time that it returns. The error shows the text,
	// shortened, and says what was expected.
	Parse(text string) (time.Time, error)
	// Append adds the text of the time, in UTC, to dst and returns the longer slice.
	Append(dst []byte, t time.Time) []byte
}

// MaxPattern is the greatest length of a pattern in bytes.
const MaxPattern = 256

// maxYear bounds the years of what is read, before and after the epoch. The last instant that Windows can count lies in
// the year 30828.
const maxYear = 99999

// Format is a compiled pattern. It is a Codec.
type Format struct {
	pattern string
	parts   []part
	century int // the year with which the hundred years begin that a year of two digits belongs to
	start   time.Time
}

// part is one piece of a pattern: a letter repeated count times, or a text when the letter is 0.
type part struct {
	letter byte
	count  int
	text   string
	exact  bool // a number takes exactly count characters, since another number follows at once
}

// isNumber says whether the part is read as a number.
func (p part) isNumber() bool {
	_, named := p.vocabulary()
	return p.letter != 0 && !named && strings.IndexByte("zZX", p.letter) < 0
}

// String is the part as it stands in the pattern.
func (p part) String() string { return strings.Repeat(string(p.letter), p.count) }

const letters = "GyYMLwWDdFEuaHkKhmsSzZX"

// Compile reads a pattern. A year that is written with two digits is taken to lie within 80 years before and 20 years after
// the moment of this call, as Java does it. The error names the letter at fault.
func Compile(pattern string) (*Format, error) { return compileAt(pattern, time.Now()) }

func compileAt(pattern string, now time.Time) (*Format, error) {
	if pattern == "" || len(pattern) > MaxPattern {
		return nil, fmt.Errorf("a date pattern must have 1 to %d characters", MaxPattern)
	}
	parts, err := split(pattern)
	if err != nil {
		return nil, fmt.Errorf("date pattern %q: %w", pattern, err)
	}
	for i := range parts[:len(parts)-1] {
		parts[i].exact = parts[i+1].isNumber()
	}
	start := now.UTC().AddDate(-80, 0, 0)
	return &Format{pattern: pattern, parts: parts, century: start.Year(), start: start}, nil
}

func split(pattern string) ([]part, error) {
	var parts []part
	for rest := pattern; rest != ""; {
		p, size, err := first(rest)
		if err != nil {
			return nil, err
		}
		rest = rest[size:]
		if n := len(parts); n > 0 && p.letter == 0 && parts[n-1].letter == 0 {
			parts[n-1].text += p.text
			continue
		}
		parts = append(parts, p)
	}
	return parts, nil
}

// first cuts the first part off a pattern and returns its length there too.
func first(pattern string) (part, int, error) {
	c := pattern[0]
	switch {
	case c == '\'':
		return quoted(pattern)
	case !isLetter(c):
		return part{text: pattern[:1]}, 1, nil
	case strings.IndexByte(letters, c) < 0:
		return part{}, 0, fmt.Errorf("%q is no pattern letter; put text between quotes (')", c)
	}
	count := len(pattern) - len(strings.TrimLeft(pattern, pattern[:1]))
	if c == 'X' && count > 3 {
		return part{}, 0, fmt.Errorf("X stands at most three times in a row")
	}
	return part{letter: c, count: count}, count, nil
}

// quoted reads a text between quotes. Two quotes in a row are one quote, inside and outside.
func quoted(pattern string) (part, int, error) {
	if strings.HasPrefix(pattern, "''") {
		return part{text: "'"}, 2, nil
	}
	var text strings.Builder
	for i := 1; i < len(pattern); i++ {
		switch {
		case pattern[i] != '\'':
			text.WriteByte(pattern[i])
		case strings.HasPrefix(pattern[i:], "''"):
			text.WriteByte('\'')
			i++
		default:
			return part{text: text.String()}, i + 1, nil
		}
	}
	return part{}, 0, fmt.Errorf("a quote (') is not closed")
}

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }

// shorten makes a text fit into an error.
func shorten(text string) string {
	const most = 64
	if len(text) > most {
		return strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}
