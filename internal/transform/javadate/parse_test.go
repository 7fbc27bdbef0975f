package javadate_test

import (
	"strings"
	"testing"
	"time"

	"midgard/internal/transform/javadate"
)

// The expected times were computed with Java 17 in its American locale.
var parsed = []struct{ pattern, text, want string }{
	{"yyyy-MM-dd", "2024-02-29", "2024-02-29T00:00:00Z"},
	{"yyyy-MM-dd", "2024-2-9", "2024-02-09T00:00:00Z"},
	{"yyyy-MM-dd", "2024-13-32", "2025-02-01T00:00:00Z"},
	{"yyyy-MM-dd", "2024-01-31T10:00 and more", "2024-01-31T00:00:00Z"},
	{"yyyyMMdd", "20240131", "2024-01-31T00:00:00Z"},
	{"yyyyMMdd", "2024131", "2025-01-01T00:00:00Z"},
	{"HHmmss", "010203", "1970-01-01T01:02:03Z"},
	{"dd MMM yyyy", "31 jan 2024", "2024-01-31T00:00:00Z"},
	{"dd MMMM yyyy", "31 January 2024", "2024-01-31T00:00:00Z"},
	{"dd MMMM yyyy", "31 Jan 2024", "2024-01-31T00:00:00Z"},
	{"EEE, dd MMM yyyy HH:mm:ss Z", "Wed, 31 Jan 2024 12:30:15 -0800", "2024-01-31T20:30:15Z"},
	{"EEEE d LLLL y", "Thursday 1 February 2024", "2024-02-01T00:00:00Z"},
	{"yyyy-MM-dd'T'HH:mm:ss.SSSX", "2024-01-31T12:30:15.250Z", "2024-01-31T12:30:15.25Z"},
	{"yyyy-MM-dd'T'HH:mm:ss.SSSX", "2024-01-31T12:30:15.250+02", "2024-01-31T10:30:15.25Z"},
	{"yyyy-MM-dd'T'HH:mm:ssXX", "2024-01-31T12:30:15+0230", "2024-01-31T10:00:15Z"},
	{"yyyy-MM-dd'T'HH:mm:ssXXX", "2024-01-31T12:30:15-02:30", "2024-01-31T15:00:15Z"},
	{"yyyy-MM-dd HH:mm z", "2024-01-31 12:30 PST", "2024-01-31T20:30:00Z"},
	{"yyyy-MM-dd HH:mm z", "2024-01-31 12:30 GMT+1:30", "2024-01-31T11:00:00Z"},
	{"yyyy-MM-dd HH:mm z", "2024-01-31 12:30 Pacific Daylight Time", "2024-01-31T19:30:00Z"},
	{"s.S", "1.5", "1970-01-01T00:00:01.005Z"},
	{"s.S", "1.1500", "1970-01-01T00:00:02.5Z"},
	{"hh:mm a", "12:05 AM", "1970-01-01T00:05:00Z"},
	{"hh:mm a", "12:05 pm", "1970-01-01T12:05:00Z"},
	{"kk:mm", "24:10", "1970-01-01T00:10:00Z"},
	{"KK:mm a", "11:10 PM", "1970-01-01T23:10:00Z"},
	{"yyyy DDD", "2024 60", "2024-02-29T00:00:00Z"},
	{"yyyy-'W'ww-u", "2024-W05-3", "2024-01-31T00:00:00Z"},
	{"YYYY-ww-u", "2025-01-1", "2024-12-30T00:00:00Z"},
	{"yyyy-MM W u", "2024-02 2 5", "2024-02-09T00:00:00Z"},
	{"yyyy-MM F E", "2024-02 3 Fri", "2024-02-16T00:00:00Z"},
	{"yyyy-MM F E", "2024-02 -1 Fri", "2024-02-23T00:00:00Z"},
	{"MMMM yyyy", "March 2024", "2024-03-01T00:00:00Z"},
	{"yyyy-MM-dd", "1969-07-20", "1969-07-20T00:00:00Z"},
	{"h 'o''clock' a", "7 o'clock PM", "1970-01-01T19:00:00Z"},
	{"dd-MM", "-1-03", "1970-02-27T00:00:00Z"},
	{"yyyy MM dd", "  2024   3  4", "2024-03-04T00:00:00Z"},
	{"E", "Tue", "1970-01-06T00:00:00Z"},
	{"w", "3", "1970-01-11T00:00:00Z"},
	{"W", "2", "1970-01-04T00:00:00Z"},
	{"yyyyMMddHHmmss", "99991231235959", "9999-12-31T23:59:59Z"},
	// Java counts the days of such years by the Julian calendar.
	{"yyyy-MM-dd", "24-01-31", "0024-01-31T00:00:00Z"},
	{"yyyy G", "0044 BC", "-0043-01-01T00:00:00Z"},
}

func TestParse(t *testing.T) {
	t.Parallel()
	for _, c := range parsed {
		f, err := javadate.Compile(c.pattern)
		if err != nil {
			t.Errorf("Compile(%q): %v", c.pattern, err)
			continue
		}
		got, err := f.Parse(c.text)
		if err != nil {
			t.Errorf("Parse(%q, %q): %v", c.pattern, c.text, err)
		} else if text := got.Format(time.RFC3339Nano); text != c.want {
			t.Errorf("Parse(%q, %q) = %s, want %s", c.pattern, c.text, text, c.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ pattern, text, want string }{
		{"yyyy-MM-dd", "", "ends before yyyy"},
		{"yyyy-MM-dd", "2024/01/31", `"-" is missing at character 5`},
		{"yyyy-MM-dd", "January", `"January" at character 1 is not a number`},
		{"dd MMM", "31 Foo", `"Foo" at character 4 is not one of January, February`},
		{"yyyyMMM", "2024 Jan", `" Jan" at character 5 is not one of January`},
		{"yyyyMMdd", "2024", "ends before MM"},
		{"HH z", "12 Nowhere", `"Nowhere" at character 4 is not a time zone`},
		{"HHX", "12+25", "is not a time zone"},
		{"HHXX", "12+02", "is not a time zone"},
		{"HHXXX", "12+0200", "is not a time zone"},
		{"HH z", "12 GMT+1", "is not a time zone"},
		{"s", "99999999999999999999", "too large a number"},
		{"yyyy", "100000", "beyond the year 99999"},
		{"G", "Christ", "not one of BC, AD"},
		{"yyyy", strings.Repeat("x", 500), strings.Repeat("x", 64) + "…"},
	} {
		f, err := javadate.Compile(c.pattern)
		if err != nil {
			t.Fatalf("Compile(%q): %v", c.pattern, err)
		}
		if got, err := f.Parse(c.text); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Parse(%q, %q) = %v, %v; want an error with %s", c.pattern, c.text, got, err, c.want)
		}
	}
}

func TestCompileRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ pattern, want string }{
		{"", "1 to 256 characters"},
		{strings.Repeat("y", 257), "1 to 256 characters"},
		{"yyyy-MM-ddThh", "'T' is no pattern letter"},
		{"yyyy 'at", "a quote (') is not closed"},
		{"HHXXXX", "X stands at most three times"},
		{"b", "'b' is no pattern letter"},
	} {
		if _, err := javadate.Compile(c.pattern); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Compile(%q): %v, want an error with %s", c.pattern, err, c.want)
		}
	}
}

// A year of two digits lies within 80 years before and 20 years after the day on which the pattern was compiled.
func TestTwoDigitYears(t *testing.T) {
	t.Parallel()
	f, err := javadate.CompileAt("dd.MM.yy", time.Date(1997, time.June, 15, 12, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]int{
		"11.01.12": 2012, "04.05.64": 1964, "14.06.17": 2017, "16.06.17": 1917, "01.01.18": 1918, "01.01.16": 2016,
		"01.01.3": 3, "01.01.003": 3, "01.01.1998": 1998,
	} {
		if got, err := f.Parse(text); err != nil || got.Year() != want {
			t.Errorf("%s is in %d, %v; want %d", text, got.Year(), err, want)
		}
	}
}
