package javadate

import (
	"fmt"
	"strings"
	"time"
)

// Parse reads the beginning of a text by the pattern; what follows is ignored. Numbers may have fewer or more digits than
// the pattern has letters, except where two fields touch, and may lie outside of their range, in which case they count on:
// the 32nd of January is the 1st of February. Fields that the pattern lacks are those of 1970-01-01T00:00Z.
func (f *Format) Parse(text string) (time.Time, error) {
	r := reader{text: text, format: f}
	for i, p := range f.parts {
		r.turn = i + 1
		if err := r.read(p); err != nil {
			return time.Time{}, fmt.Errorf("date %q does not match the pattern %q: %w", shorten(text), f.pattern, err)
		}
	}
	t, err := checkYear(f.settle(&r.fields), text)
	return t, err
}

// settle finds the time that the fields say. When the year of two digits is the one with which the hundred years begin,
// the day decides whether they have begun.
func (f *Format) settle(fields *fields) time.Time {
	t := fields.time()
	if fields.atTurn && t.Before(f.start) {
		fields.value[year] += 100
		fields.value[weekYear] += 100
		return fields.time()
	}
	return t
}

func checkYear(t time.Time, text string) (time.Time, error) {
	if t.Year() > maxYear || t.Year() < -maxYear {
		return time.Time{}, fmt.Errorf("date %q is beyond the year %d", shorten(text), maxYear)
	}
	return t, nil
}

// reader goes through a text by a pattern.
type reader struct {
	text   string
	at     int
	turn   int // number of the part being read, from 1
	format *Format
	fields fields
}

func (r *reader) rest() string { return r.text[r.at:] }

func (r *reader) read(p part) error {
	if p.letter == 0 {
		if !strings.HasPrefix(r.rest(), p.text) {
			return fmt.Errorf("%q is missing at character %d", p.text, r.at+1)
		}
		r.at += len(p.text)
		return nil
	}
	if words, named := p.vocabulary(); named {
		return r.readName(words)
	}
	start := r.at
	r.at += len(r.rest()) - len(strings.TrimLeft(r.rest(), " \t"))
	if r.rest() == "" {
		return fmt.Errorf("the text ends before %s", p)
	}
	if p.isNumber() {
		return r.readNumber(p, start)
	}
	return r.readZone(p)
}

// readName sets a field to the position of a name in its table. No blanks may precede it.
func (r *reader) readName(words vocabulary) error {
	for _, names := range words.names {
		if i, size := longest(names, r.rest()); size > 0 {
			r.fields.set(words.field, i, r.turn)
			r.at += size
			return nil
		}
	}
	return fmt.Errorf("%q at character %d is not one of %s", shorten(r.rest()), r.at+1, strings.Join(words.names[0], ", "))
}

// readNumber sets a field to a number. Start is where the part began, before blanks, since these count as its width.
func (r *reader) readNumber(p part, start int) error {
	end := len(r.text)
	if p.exact {
		end = start + p.count
	}
	if end > len(r.text) || end < r.at {
		return fmt.Errorf("the text ends before %s", p)
	}
	n, size, err := number(r.text[r.at:end])
	if err != nil {
		return fmt.Errorf("%q at character %d %w", shorten(r.rest()), r.at+1, err)
	}
	digits := r.text[r.at : r.at+size]
	r.at += size
	if (p.letter == 'y' || p.letter == 'Y') && p.count <= 2 && len(digits) == 2 && n >= 0 {
		n = r.complete(n)
	}
	r.fields.setNumber(p.letter, n, r.turn)
	return nil
}

// complete puts a year of two digits into the hundred years of the format.
func (r *reader) complete(n int) int {
	begin := r.format.century % 100
	r.fields.atTurn = n == begin
	n += r.format.century - begin
	if n < r.format.century {
		n += 100
	}
	return n
}

// number reads the number with which a text begins, and its length. A sign may precede it.
func number(text string) (n, size int, err error) {
	negative := strings.HasPrefix(text, "-")
	if negative {
		size = 1
	}
	begin := size
	for ; size < len(text) && isDigit(text[size]); size++ {
		if n = n*10 + int(text[size]-'0'); n > 1<<31-1 {
			return 0, 0, fmt.Errorf("is too large a number")
		}
	}
	if size == begin {
		return 0, 0, fmt.Errorf("is not a number")
	}
	if negative {
		n = -n
	}
	return n, size, nil
}
