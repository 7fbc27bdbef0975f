package javadate

import (
	"strconv"
	"time"
)

// Append writes the time, in UTC, by the pattern.
func (f *Format) Append(dst []byte, t time.Time) []byte {
	t = t.UTC()
	for _, p := range f.parts {
		dst = p.append(dst, t)
	}
	return dst
}

func (p part) append(dst []byte, t time.Time) []byte {
	switch p.letter {
	case 0:
		return append(dst, p.text...)
	case 'y', 'Y':
		return p.appendYear(dst, t)
	case 'G', 'M', 'L', 'E', 'a':
		return p.appendName(dst, t)
	case 'z', 'Z', 'X':
		return p.appendZone(dst)
	}
	return appendNumber(dst, p.number(t), p.count)
}

// number is what a letter that only ever stands for a number shows of a time.
func (p part) number(t time.Time) int {
	switch p.letter {
	case 'w':
		_, week := weekDate(t)
		return week
	case 'W':
		return week(t.Day(), t.Weekday())
	case 'D':
		return t.YearDay()
	case 'd':
		return t.Day()
	case 'F':
		return (t.Day()-1)/7 + 1
	case 'u':
		return (int(t.Weekday())+6)%7 + 1
	case 'H':
		return t.Hour()
	case 'k':
		return (t.Hour()+23)%24 + 1
	case 'K':
		return t.Hour() % 12
	case 'h':
		return (t.Hour()+11)%12 + 1
	case 'm':
		return t.Minute()
	case 's':
		return t.Second()
	}
	return t.Nanosecond() / int(time.Millisecond)
}

// week counts the weeks, from Sunday to Saturday, from the one with day 1 to the one with this day.
func week(day int, weekday time.Weekday) int { return (day+5-int(weekday))/7 + 1 }

// weekDate gives the year that the week of a day belongs to, and the number of the week in it. The week with the first of
// January belongs to the new year.
func weekDate(t time.Time) (year, number int) {
	saturday := t.AddDate(0, 0, int(time.Saturday-t.Weekday()))
	if saturday.Year() != t.Year() {
		return saturday.Year(), 1
	}
	return t.Year(), week(t.YearDay(), t.Weekday())
}

func (p part) appendYear(dst []byte, t time.Time) []byte {
	year := t.Year()
	if p.letter == 'Y' {
		year, _ = weekDate(t)
	} else if year <= 0 {
		year = 1 - year // the year of the era before Christ
	}
	if p.count == 2 {
		return appendNumber(dst, (year%100+100)%100, 2)
	}
	return appendNumber(dst, year, p.count)
}

func (p part) appendName(dst []byte, t time.Time) []byte {
	switch {
	case p.letter == 'G' && t.Year() > 0:
		return append(dst, eras[1]...)
	case p.letter == 'G':
		return append(dst, eras[0]...)
	case p.letter == 'a':
		return append(dst, halves[t.Hour()/12]...)
	case p.letter == 'E':
		return appendShort(dst, t.Weekday().String(), p.count)
	case p.count < 3:
		return appendNumber(dst, int(t.Month()), p.count)
	}
	return appendShort(dst, t.Month().String(), p.count)
}

// appendShort writes three letters of a name, or all of it for four pattern letters and more.
func appendShort(dst []byte, name string, count int) []byte {
	if count < 4 {
		name = name[:3]
	}
	return append(dst, name...)
}

func (p part) appendZone(dst []byte) []byte {
	switch {
	case p.letter == 'X':
		return append(dst, 'Z')
	case p.letter == 'Z':
		return append(dst, "+0000"...)
	case p.count >= 4:
		return append(dst, "Coordinated Universal Time"...)
	}
	return append(dst, "UTC"...)
}

// appendNumber writes a number with at least so many digits.
func appendNumber(dst []byte, n, digits int) []byte {
	if n < 0 {
		dst, n = append(dst, '-'), -n
	}
	var room [20]byte
	text := strconv.AppendInt(room[:0], int64(n), 10)
	for i := len(text); i < digits; i++ {
		dst = append(dst, '0')
	}
	return append(dst, text...)
}
