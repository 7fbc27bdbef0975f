package javadate_test

import (
	"strings"
	"testing"
	"time"

	"midgard/internal/transform/javadate"
)

func TestMath(t *testing.T) {
	t.Parallel()
	input := time.Date(2024, time.January, 31, 12, 30, 15, 250, time.UTC)
	now := time.Date(2023, time.August, 15, 22, 45, 59, 0, time.FixedZone("", 7200))
	for _, c := range []struct {
		expression string
		roundUp    bool
		want       string
	}{
		{"+1M", false, "2024-02-29T12:30:15.00000025Z"},
		{"-11M", false, "2023-02-28T12:30:15.00000025Z"},
		{"+1y+1M", false, "2025-02-28T12:30:15.00000025Z"},
		{"+3d-2h", false, "2024-02-03T10:30:15.00000025Z"},
		{"-1w", false, "2024-01-24T12:30:15.00000025Z"},
		{"+d", false, "2024-02-01T12:30:15.00000025Z"},
		{"+0d", false, "2024-01-31T12:30:15.00000025Z"},
		{"/d", false, "2024-01-31T00:00:00Z"},
		{"/d", true, "2024-02-01T00:00:00Z"},
		{"/y", true, "2025-01-01T00:00:00Z"},
		{"/M", true, "2024-02-01T00:00:00Z"},
		{"/h/h", true, "2024-01-31T14:00:00Z"},
		{"+12h/s", false, "2024-02-01T00:30:15Z"},
		{"+29m/m", false, "2024-01-31T12:59:00Z"},
		{"now", false, "2023-08-15T20:45:59Z"},
		{" now-5d/d ", false, "2023-08-10T00:00:00Z"},
		{"now/h", true, "2023-08-15T21:00:00Z"},
		{"now+45s", false, "2023-08-15T20:46:44Z"},
	} {
		m, err := javadate.CompileMath(c.expression, c.roundUp)
		if err != nil {
			t.Errorf("%s: %v", c.expression, err)
			continue
		}
		if got := m.Apply(input, now).Format(time.RFC3339Nano); got != c.want {
			t.Errorf("%s (up %v) = %s, want %s", c.expression, c.roundUp, got, c.want)
		}
		if m.StartsAtNow() != strings.Contains(c.expression, "now") {
			t.Errorf("%s starts at now: %v", c.expression, m.StartsAtNow())
		}
	}
}

func TestCompileMathRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ expression, want string }{
		{"", "must have a step"},
		{"tomorrow", `"tomorrow" should be +, - or /`},
		{"now 1d", `" 1d" should be +, - or /`},
		{"now+", "lacks its unit"},
		{"+5", "lacks its unit"},
		{"+5D", "one of y, M, w, d, h, m and s"},
		{"/w", "weeks cannot be rounded"},
		{"/2d", "/ takes a unit and no number"},
		{"+100001d", "100001 is more than 100000"},
		{"+99999999999999999999d", "is more than 100000"},
		{strings.Repeat("+1d", 33), "more than 32 steps"},
	} {
		if _, err := javadate.CompileMath(c.expression, false); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want an error with %s", c.expression, err, c.want)
		}
	}
}

func FuzzMath(f *testing.F) {
	for _, text := range []string{"now", "now-5d/d", "+12h/s", "-1y+100000M/m", "/w"} {
		f.Add(text, true)
	}
	f.Fuzz(func(t *testing.T, expression string, roundUp bool) {
		m, err := javadate.CompileMath(expression, roundUp)
		if err != nil {
			return
		}
		at := m.Apply(time.Unix(0, 0), time.Unix(0, 0))
		if at.Location() != time.UTC || at.Year() > 4_000_000 || at.Year() < -4_000_000 {
			t.Errorf("%q gives %s", expression, at)
		}
	})
}
