package javadate

import "time"

// field is a component of a date that a pattern sets.
type field int

const (
	era field = iota // 0 before, 1 after Christ
	year
	weekYear
	month // from 0
	yearWeek
	monthWeek
	yearDay
	day
	weekdayInMonth
	weekday // Sunday is 0
	half    // 0 before, 1 after noon
	halfHour
	hour
	minute
	second
	millisecond
	fieldCount
)

// numbered are the fields of the letters that stand for numbers.
var numbered = map[byte]field{
	'y': year, 'Y': weekYear, 'M': month, 'L': month, 'w': yearWeek, 'W': monthWeek, 'D': yearDay, 'd': day, 'F': weekdayInMonth,
	'u': weekday, 'H': hour, 'k': hour, 'K': halfHour, 'h': halfHour, 'm': minute, 's': second, 'S': millisecond,
}

// fields collects what a text sets. Where fields contradict each other those set last decide, so it keeps the turn in which
// each was set; 0 means never.
type fields struct {
	value  [fieldCount]int
	turn   [fieldCount]int
	zone   time.Duration // east of Greenwich
	atTurn bool          // the year was completed to the one with which the hundred years begin
}

func (f *fields) set(which field, value, turn int) { f.value[which], f.turn[which] = value, turn }

// setNumber turns a number as it is written into the value of its field.
func (f *fields) setNumber(letter byte, n, turn int) {
	switch {
	case letter == 'M' || letter == 'L':
		n--
	case letter == 'k' && n == 24, letter == 'h' && n == 12:
		n = 0
	case letter == 'u' && n >= 1 && n <= 7:
		n %= 7
	case letter == 'u':
		n = ((n-1)%7 + 7) % 7 // Java takes what is no day by its other count, in which Sunday is 1
	}
	f.set(numbered[letter], n, turn)
}

// both gives the later turn of two fields, 0 when one was never set.
func (f *fields) both(a, b field) int {
	if f.turn[a] == 0 || f.turn[b] == 0 {
		return 0
	}
	return max(f.turn[a], f.turn[b])
}

// time finds the instant that the fields say. The parts of the day are added up, whatever their size.
func (f *fields) time() time.Time {
	t := f.date()
	hours := f.value[hour]
	if f.both(half, halfHour) > f.turn[hour] || f.turn[hour] == 0 {
		hours = f.value[halfHour] + 12*f.value[half]
	}
	for _, step := range []struct {
		count int
		unit  time.Duration
	}{{hours, time.Hour}, {f.value[minute], time.Minute}, {f.value[second], time.Second}, {f.value[millisecond], time.Millisecond}} {
		t = addUnits(t, step.count, step.unit)
	}
	return t.Add(-f.zone)
}

// addUnits adds a count that may be too large for a duration.
func addUnits(t time.Time, count int, unit time.Duration) time.Time {
	perDay := int(24 * time.Hour / unit)
	return t.AddDate(0, 0, count/perDay).Add(time.Duration(count%perDay) * unit)
}

// date finds the day. Of the ways to name one – day of month, week and weekday, day of year – the one set last counts.
func (f *fields) date() time.Time {
	if f.turn[weekYear] > f.turn[year] {
		return f.byWeek(f.value[weekYear], f.oneUnlessSet(yearWeek), time.Weekday(f.value[weekday]))
	}
	first := newYear(f.theYear())
	switch f.way() {
	case yearDay:
		return first.AddDate(0, 0, f.value[yearDay]-1)
	case yearWeek:
		return f.byWeek(f.theYear(), f.value[yearWeek], time.Weekday(f.value[weekday]))
	case monthWeek:
		return inWeek(f.firstOfMonth(), f.value[monthWeek], time.Weekday(f.value[weekday]))
	case weekdayInMonth:
		return f.nthWeekday(f.firstOfMonth(), f.oneUnlessSet(weekdayInMonth))
	}
	return f.firstOfMonth().AddDate(0, 0, f.oneUnlessSet(day)-1)
}

func newYear(y int) time.Time { return time.Date(y, time.January, 1, 0, 0, 0, 0, time.UTC) }

func (f *fields) firstOfMonth() time.Time {
	return newYear(f.theYear()).AddDate(0, f.value[month], 0)
}

func (f *fields) theYear() int {
	switch {
	case f.turn[year] == 0:
		return 1970
	case f.turn[era] > 0 && f.value[era] == 0:
		return 1 - f.value[year]
	}
	return f.value[year]
}

func (f *fields) oneUnlessSet(which field) int {
	if f.turn[which] == 0 {
		return 1
	}
	return f.value[which]
}

// way is the field that, with the weekday where it is one of a week, decides the day.
func (f *fields) way() field {
	ways := []struct {
		which    field
		complete int
	}{
		{day, f.turn[day]},
		{monthWeek, f.both(monthWeek, weekday)},
		{weekdayInMonth, f.both(weekdayInMonth, weekday)},
		{yearDay, f.turn[yearDay]},
		{yearWeek, f.both(yearWeek, weekday)},
	}
	best := ways[0]
	for _, w := range ways[1:] {
		if w.complete > best.complete {
			best = w
		}
	}
	if best.complete > 0 {
		return f.prefer(best.which, best.complete)
	}
	return f.lone()
}

// prefer settles ties, which come from the weekday being set last: the kind of week that was set last belongs to it.
func (f *fields) prefer(best field, turn int) field {
	for _, w := range []field{monthWeek, weekdayInMonth, yearWeek} {
		if f.both(w, weekday) == turn && f.turn[w] > f.turn[best] {
			best = w
		}
	}
	return best
}

// lone decides when no way is complete: a week without a weekday, a weekday without a week, or neither.
func (f *fields) lone() field {
	alone := max(f.turn[monthWeek], f.turn[weekdayInMonth], f.turn[weekday], f.turn[yearWeek])
	switch {
	case alone == 0:
		return day
	case f.turn[monthWeek] == alone:
		return monthWeek
	case f.turn[yearWeek] == alone:
		return yearWeek
	}
	return weekdayInMonth
}

// byWeek finds a weekday in a week of a year.
func (f *fields) byWeek(y, number int, weekday time.Weekday) time.Time {
	return inWeek(newYear(y), number, weekday)
}

// inWeek finds a weekday in a week that is counted from the one with this first day.
func inWeek(first time.Time, number int, weekday time.Weekday) time.Time {
	return first.AddDate(0, 0, int(weekday-first.Weekday())+7*(number-1))
}

// nthWeekday finds the nth such weekday of a month, from its end when n is negative.
func (f *fields) nthWeekday(first time.Time, n int) time.Time {
	wanted := time.Weekday(f.value[weekday])
	last := first.AddDate(0, 0, 7*n-1)
	if n < 0 {
		last = first.AddDate(0, 1, 7*(n+1)-1)
	}
	return last.AddDate(0, 0, -((int(last.Weekday()-wanted) + 7) % 7))
}
