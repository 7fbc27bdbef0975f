package javadate

import (
	"fmt"
	"strings"
	"time"
)

// readZone reads an offset as X has it, or as z and Z: these take +hhmm, a name, and GMT with an offset of its own form.
func (r *reader) readZone(p part) error {
	distance, size := offset(r.rest(), p.count > 1, p.count == 3, false)
	if p.letter != 'X' {
		distance, size = namedOffset(r.rest())
	} else if r.rest()[0] == 'Z' {
		distance, size = 0, 1
	}
	if size == 0 {
		return fmt.Errorf("%q at character %d is not a time zone", shorten(r.rest()), r.at+1)
	}
	r.fields.zone = distance
	r.at += size
	return nil
}

// namedOffset gives the length of what it read, 0 when the text does not begin with a zone.
func namedOffset(text string) (time.Duration, int) {
	if isSign(text[0]) {
		return offset(text, true, false, false)
	}
	const gmt = len("GMT")
	if len(text) > gmt && strings.EqualFold(text[:gmt], "GMT") && isSign(text[gmt]) {
		distance, size := offset(text[gmt:], true, true, true)
		if size > 0 {
			size += gmt
		}
		return distance, size
	}
	i, size := longest(zoneNames, text)
	return time.Duration(zoneMinutes[i]) * time.Minute, size
}

func isSign(c byte) bool { return c == '+' || c == '-' }

// offset reads a sign, two digits of hours – or one, when short allows it – and perhaps minutes, after a colon or not. It
// gives the length of what it read, 0 when the text does not begin with an offset.
func offset(text string, withMinutes, colon, short bool) (time.Duration, int) {
	if !isSign(text[0]) {
		return 0, 0
	}
	hours, size := twoDigits(text, 1, 24)
	if size == 0 && short && len(text) > 1 && isDigit(text[1]) {
		hours, size = int(text[1]-'0'), 2
	}
	minutes := 0
	if withMinutes && size > 0 {
		if colon && strings.HasPrefix(text[size:], ":") {
			size++
		} else if colon {
			return 0, 0
		}
		minutes, size = twoDigits(text, size, 60)
	}
	distance := time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute
	if text[0] == '-' {
		distance = -distance
	}
	return distance, size
}

// twoDigits reads a number below a limit and gives the place after it, 0 when there is none.
func twoDigits(text string, at, limit int) (n, end int) {
	if len(text) < at+2 || !isDigit(text[at]) || !isDigit(text[at+1]) {
		return 0, 0
	}
	if n = int(text[at]-'0')*10 + int(text[at+1]-'0'); n >= limit {
		return 0, 0
	}
	return n, at + 2
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
