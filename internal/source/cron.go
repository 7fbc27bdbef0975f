package source

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/robfig/cron/v3"

	"midgard/internal/governance"
)

// Cron is a Quartz cron expression: seconds, minutes, hours, day of month, month, day of week and perhaps year, divided
// by blanks and read in UTC. Each is a list of numbers, names (JAN, SUN), ranges and steps ("0/15"), or * for all; the
// days may be ? as well. Sunday is 1. At least one of the two days must be * or ?. L, W and # are not supported.
type Cron struct {
	schedule cron.Schedule
	years    []int // sorted; nil for every year
}

// maxCron bounds the length of an expression in bytes.
const maxCron = 256

// cronField describes one field of an expression.
type cronField struct {
	name      string
	low, high int
	names     []string // of low, low+1, …
	shift     int      // what Quartz counts more than the library does
	day       bool
}

var cronFields = []cronField{
	{name: "seconds", high: 59},
	{name: "minutes", high: 59},
	{name: "hours", high: 23},
	{name: "day of month", low: 1, high: 31, day: true},
	{name: "month", low: 1, high: 12, names: []string{"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"}},
	{name: "day of week", low: 1, high: 7, names: []string{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}, shift: 1, day: true},
	{name: "year", low: 1970, high: 2099},
}

var cronParser = cron.NewParser(cron.Second | cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow)

// ParseCron reads an expression. The error is Illegal, about the field cronExpression, and says what is wrong where.
func ParseCron(expression string) (Cron, error) {
	c, err := parseCron(expression)
	if err != nil {
		return Cron{}, governance.Fail(governance.Illegal, "cronExpression", "Illegal value %q for field \"cronExpression\": %s.", shorten(expression), err)
	}
	return c, nil
}

func shorten(text string) string {
	if len(text) > maxCron {
		return strings.ToValidUTF8(text[:maxCron], "") + "…"
	}
	return text
}

func parseCron(expression string) (Cron, error) {
	texts := strings.Fields(expression)
	if len(expression) > maxCron || len(texts) < 6 || len(texts) > 7 {
		return Cron{}, fmt.Errorf("it must have six or seven fields (%s) and at most %d bytes", fieldNames(), maxCron)
	}
	spans := make([][]span, len(texts))
	for i, text := range texts {
		var err error
		if spans[i], err = cronFields[i].parse(strings.ToUpper(text)); err != nil {
			return Cron{}, fmt.Errorf("%s %q: %w", cronFields[i].name, text, err)
		}
	}
	if !all(spans[3]) && !all(spans[5]) {
		return Cron{}, fmt.Errorf("day of month or day of week must be ?: both together are not supported")
	}
	schedule, err := cronParser.Parse(standard(spans[:6]))
	if err != nil {
		return Cron{}, err
	}
	c := Cron{schedule: schedule}
	if len(spans) == 7 && !all(spans[6]) {
		c.years = expand(spans[6])
	}
	return c, nil
}

func fieldNames() string {
	names := make([]string, len(cronFields))
	for i, f := range cronFields {
		names[i] = f.name
	}
	return strings.Join(names, ", ")
}

// span is a part of a field: every step-th value of a range.
type span struct {
	from, to, step int
	star           bool // written as * or ?
}

func (f cronField) parse(text string) ([]span, error) {
	var spans []span
	for part := range strings.SplitSeq(text, ",") {
		s, err := f.parsePart(part)
		if err != nil {
			return nil, err
		}
		spans = append(spans, s)
	}
	return spans, nil
}

func (f cronField) parsePart(part string) (span, error) {
	if f.day && part == "?" {
		return span{f.low - f.shift, f.high - f.shift, 1, true}, nil
	}
	values, step, stepped := strings.Cut(part, "/")
	s, err := f.parseRange(values, stepped)
	if err != nil {
		return span{}, err
	}
	if !stepped {
		return s, nil
	}
	s.step, err = strconv.Atoi(step)
	if err != nil || s.step < 1 || s.step > f.high {
		return span{}, fmt.Errorf("the step %q must be a number from 1 to %d", step, f.high)
	}
	s.star = s.star && s.step == 1
	return s, nil
}

// parseRange reads what stands before a step. A single value with a step begins a range that ends with the last value.
func (f cronField) parseRange(text string, stepped bool) (span, error) {
	if text == "*" {
		return span{f.low - f.shift, f.high - f.shift, 1, true}, nil
	}
	first, last, ranged := strings.Cut(text, "-")
	from, err := f.value(first)
	if err != nil {
		return span{}, err
	}
	to := from
	switch {
	case ranged:
		if to, err = f.value(last); err != nil {
			return span{}, err
		}
	case stepped:
		to = f.high - f.shift
	}
	if from > to {
		return span{}, fmt.Errorf("the range %s runs backwards; write two ranges", text)
	}
	return span{from, to, 1, false}, nil
}

func (f cronField) value(text string) (int, error) {
	if i := slices.Index(f.names, text); i >= 0 {
		return f.low + i - f.shift, nil
	}
	n, err := strconv.Atoi(text)
	switch {
	case err == nil && n >= f.low && n <= f.high:
		return n - f.shift, nil
	case f.day && strings.ContainsAny(text, "LW#"):
		return 0, fmt.Errorf("L, W and # are not supported")
	case len(f.names) > 0:
		return 0, fmt.Errorf("%q is neither a number from %d to %d nor a name such as %s", text, f.low, f.high, f.names[0])
	}
	return 0, fmt.Errorf("%q is not a number from %d to %d", text, f.low, f.high)
}

func all(spans []span) bool { return len(spans) == 1 && spans[0].star }

// standard writes the fields in the library's own spelling.
func standard(fields [][]span) string {
	texts := make([]string, len(fields))
	for i, spans := range fields {
		parts := make([]string, len(spans))
		for j, s := range spans {
			if parts[j] = fmt.Sprintf("%d-%d/%d", s.from, s.to, s.step); s.star {
				parts[j] = "*"
			}
		}
		texts[i] = strings.Join(parts, ",")
	}
	return strings.Join(texts, " ")
}

func expand(spans []span) []int {
	var values []int
	for _, s := range spans {
		for v := s.from; v <= s.to; v += s.step {
			values = append(values, v)
		}
	}
	slices.Sort(values)
	return slices.Compact(values)
}

// Next gives the first time after the given one, in UTC with whole seconds; zero when there is none.
func (c Cron) Next(after time.Time) time.Time {
	if c.years == nil {
		return c.schedule.Next(after.UTC())
	}
	after = after.UTC()
	for _, year := range c.years {
		if year < after.Year() {
			continue
		}
		begin := time.Date(year, time.January, 1, 0, 0, 0, 0, time.UTC).Add(-time.Nanosecond)
		if begin.Before(after) {
			begin = after
		}
		if at := c.schedule.Next(begin); at.Year() == year {
			return at
		}
	}
	return time.Time{}
}
