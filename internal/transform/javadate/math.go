package javadate

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

const (
	maxSteps  = 32
	maxAmount = 100_000 // in one step, so that the years stay within what time.Time computes
)

// Math is a compiled date expression, such as now-5d/d: perhaps the word now, then steps that add (+), subtract (-) or
// round (/) by y, M, w, d, h, m or s.
type Math struct {
	now     bool
	roundUp bool
	steps   []step
}

type step struct {
	round  bool
	amount int // to add
	unit   byte
}

// CompileMath reads an expression. Rounding cuts off what is smaller than the unit and, with roundUp, adds one unit to
// what is left, also when nothing was cut off. Weeks cannot be rounded. The error shows the expression and its fault.
func CompileMath(expression string, roundUp bool) (*Math, error) {
	m := &Math{roundUp: roundUp}
	rest, now := strings.CutPrefix(strings.TrimSpace(expression), "now")
	m.now = now
	if rest == "" && !now {
		return nil, fmt.Errorf("a date expression must have a step such as +3M or begin with now")
	}
	for rest != "" {
		s, size, err := firstStep(rest)
		if err == nil && len(m.steps) == maxSteps {
			err = fmt.Errorf("it has more than %d steps", maxSteps)
		}
		if err != nil {
			return nil, fmt.Errorf("date expression %q: %w", shorten(expression), err)
		}
		m.steps = append(m.steps, s)
		rest = rest[size:]
	}
	return m, nil
}

// firstStep reads a step and its length. An amount of one may be left out.
func firstStep(text string) (step, int, error) {
	operator := text[0]
	if !strings.ContainsRune("+-/", rune(operator)) {
		return step{}, 0, fmt.Errorf("%q should be +, - or /", shorten(text))
	}
	digits := text[1 : len(text)-len(strings.TrimLeft(text[1:], "0123456789"))]
	unit := text[1+len(digits):]
	if unit == "" || !strings.Contains("yMwdhms", unit[:1]) {
		return step{}, 0, fmt.Errorf("%q lacks its unit, which is one of y, M, w, d, h, m and s", shorten(text))
	}
	amount, err := parseAmount(operator, digits, unit[0])
	return step{round: operator == '/', amount: amount, unit: unit[0]}, 2 + len(digits), err
}

func parseAmount(operator byte, digits string, unit byte) (int, error) {
	switch {
	case operator == '/' && digits != "":
		return 0, fmt.Errorf("/ takes a unit and no number")
	case operator == '/' && unit == 'w':
		return 0, fmt.Errorf("weeks cannot be rounded")
	case operator == '/':
		return 0, nil
	case digits == "":
		digits = "1"
	}
	n, err := strconv.Atoi(digits)
	if err != nil || n > maxAmount {
		return 0, fmt.Errorf("%s is more than %d", shorten(digits), maxAmount)
	}
	if operator == '-' {
		n = -n
	}
	return n, nil
}

// StartsAtNow says whether the expression begins at the present; its input does not matter then.
func (m *Math) StartsAtNow() bool { return m.now }

// Apply computes the expression from the input, or from now when it begins there. The result is in UTC. Where a day does not
// exist in the month that was reached, it is the last one of that month.
func (m *Math) Apply(input, now time.Time) time.Time {
	t := input.UTC()
	if m.now {
		t = now.UTC()
	}
	for _, s := range m.steps {
		t = s.apply(t, m.roundUp)
	}
	return t
}

func (s step) apply(t time.Time, roundUp bool) time.Time {
	if !s.round {
		return add(t, s.amount, s.unit)
	}
	t = truncate(t, s.unit)
	if roundUp {
		t = add(t, 1, s.unit)
	}
	return t
}

func add(t time.Time, n int, unit byte) time.Time {
	switch unit {
	case 'y':
		return addMonths(t, 12*n)
	case 'M':
		return addMonths(t, n)
	case 'w':
		return t.AddDate(0, 0, 7*n)
	case 'd':
		return t.AddDate(0, 0, n)
	}
	return t.Add(time.Duration(n) * clock[unit])
}

var clock = map[byte]time.Duration{'h': time.Hour, 'm': time.Minute, 's': time.Second}

func addMonths(t time.Time, n int) time.Time {
	first := t.AddDate(0, n, 1-t.Day())
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(t.Day(), last)-1)
}

func truncate(t time.Time, unit byte) time.Time {
	switch unit {
	case 'y':
		return time.Date(t.Year(), time.January, 1, 0, 0, 0, 0, time.UTC)
	case 'M':
		return time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC)
	case 'd':
		return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
	}
	return t.Truncate(clock[unit])
}
