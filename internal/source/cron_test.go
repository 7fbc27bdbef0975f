package source_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"midgard/internal/governance"
	"midgard/internal/source"
)

func TestCronNext(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ expression, after, want string }{
		{"0 0 5,13,21 * * ?", "2026-03-01T05:00:00Z", "2026-03-01T13:00:00Z"},
		{"0 0 5,13,21 * * ?", "2026-03-01T21:00:00Z", "2026-03-02T05:00:00Z"},
		{"0 0 6 * * ?", "2026-03-01T05:59:59.999Z", "2026-03-01T06:00:00Z"},
		{"0 0 6 * * ?", "2026-03-01T07:59:59+02:00", "2026-03-01T06:00:00Z"},
		{"* * * * * ?", "2026-03-01T05:00:00.5Z", "2026-03-01T05:00:01Z"},
		{"0 0/15 * * * ?", "2026-03-01T05:16:00Z", "2026-03-01T05:30:00Z"},
		{"0 5/20 * * * ?", "2026-03-01T05:46:00Z", "2026-03-01T06:05:00Z"},
		{"0 0 8-18/4 * * ?", "2026-03-01T12:30:00Z", "2026-03-01T16:00:00Z"},
		{"10 0 0 * * *", "2026-03-01T00:00:10Z", "2026-03-02T00:00:10Z"},
		// Sunday is 1; 1 March 2026 was one
		{"0 0 0 ? * 1", "2026-02-28T00:00:00Z", "2026-03-01T00:00:00Z"},
		{"0 0 0 ? * 2-6", "2026-02-28T00:00:00Z", "2026-03-02T00:00:00Z"},
		{"0 0 0 ? * 7", "2026-03-01T00:00:00Z", "2026-03-07T00:00:00Z"},
		{"0 0 0 ? * 1/3", "2026-03-01T00:00:00Z", "2026-03-04T00:00:00Z"},
		{"0 0 0 ? * mon-fri", "2026-03-06T00:00:00Z", "2026-03-09T00:00:00Z"},
		{"0 0 0 ? * SAT,SUN", "2026-03-02T00:00:00Z", "2026-03-07T00:00:00Z"},
		{"0 0 0 15 * ?", "2026-03-15T00:00:00Z", "2026-04-15T00:00:00Z"},
		{"0 0 0 31 * ?", "2026-03-31T00:00:00Z", "2026-05-31T00:00:00Z"},
		{"0 0 0 1 jan,JUL ?", "2026-03-01T00:00:00Z", "2026-07-01T00:00:00Z"},
		{"0 0 0 29 2 ?", "2026-03-01T00:00:00Z", "2028-02-29T00:00:00Z"},
		{"0 0 0 1 1 ? 2030", "2026-03-01T00:00:00Z", "2030-01-01T00:00:00Z"},
		{"0 0 0 1 1 ? 2026-2028/2", "2026-03-01T00:00:00Z", "2028-01-01T00:00:00Z"},
		{"0 0 0 1 1 ? *", "2026-03-01T00:00:00Z", "2027-01-01T00:00:00Z"},
		{"0 0 0 29 2 ? 2097,2096", "2026-03-01T00:00:00Z", "2096-02-29T00:00:00Z"},
		{"0 0 0 1 1 ? 2026", "2026-03-01T00:00:00Z", ""},
		{"0 0 0 30 2 ?", "2026-03-01T00:00:00Z", ""},
	} {
		t.Run(test.expression+" after "+test.after, func(t *testing.T) {
			t.Parallel()
			c, err := source.ParseCron(test.expression)
			if err != nil {
				t.Fatal(err)
			}
			after, err := time.Parse(time.RFC3339, test.after)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			if next := c.Next(after); !next.IsZero() {
				got = next.Format(time.RFC3339)
			}
			if got != test.want {
				t.Errorf("next is %s, want %s", got, test.want)
			}
		})
	}
}

func TestParseCronRefuses(t *testing.T) {
	t.Parallel()
	for expression, part := range map[string]string{
		"":                               "six or seven fields",
		"0 0 6 * *":                      "six or seven fields",
		"0 0 6 * * ? * *":                "six or seven fields",
		strings.Repeat("0 ", 200):        "six or seven fields",
		"@daily":                         "six or seven fields",
		"TZ=Europe/Berlin 0 0 6 * * ?":   `seconds "TZ=Europe/Berlin"`,
		"60 0 6 * * ?":                   `seconds "60": "60" is not a number from 0 to 59`,
		"0 60 6 * * ?":                   "minutes",
		"0 0 24 * * ?":                   "hours",
		"0 0 6 0 * ?":                    "day of month",
		"0 0 6 32 * ?":                   "day of month",
		"0 0 6 ? 13 *":                   `month "13": "13" is neither a number from 1 to 12 nor a name such as JAN`,
		"0 0 6 ? FOO *":                  "month",
		"0 0 6 ? * 0":                    "day of week",
		"0 0 6 ? * 8":                    "day of week",
		"0 0 6 * * ? 1969":               "year",
		"0 0 6 * * ? 2100":               "year",
		"0 0 6 L * ?":                    "L, W and # are not supported",
		"0 0 6 15W * ?":                  "L, W and # are not supported",
		"0 0 6 LW * ?":                   "L, W and # are not supported",
		"0 0 6 ? * 6L":                   "L, W and # are not supported",
		"0 0 6 ? * 6#3":                  "L, W and # are not supported",
		"0 0 6 1 * MON":                  "both together are not supported",
		"? 0 6 * * ?":                    "seconds",
		"0 0 ? * * ?":                    "hours",
		"0 0 22-2 * * ?":                 "the range 22-2 runs backwards",
		"0 0 1-2-3 * * ?":                "hours",
		"0 0/0 6 * * ?":                  `the step "0" must be a number from 1 to 59`,
		"0 0/x 6 * * ?":                  "the step",
		"0 0/99 6 * * ?":                 "the step",
		"0 0/5/5 6 * * ?":                "the step",
		"0 1, 6 * * ?":                   "minutes",
		"0 -1 6 * * ?":                   "minutes",
		"0 99999999999999999999 6 * * ?": "minutes",
	} {
		_, err := source.ParseCron(expression)
		if err == nil || governance.KindOf(err) != governance.Illegal || !strings.Contains(err.Error(), part) {
			t.Errorf("%q gives %v, want an Illegal with %q", expression, err, part)
		}
	}
}

// TestCronHoldsItsOwnTimes compares Next with the plain meaning of the fields, read second by second around it.
func TestCronHoldsItsOwnTimes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		second, minute, hour := rapid.IntRange(0, 59).Draw(t, "second"), rapid.IntRange(0, 59).Draw(t, "minute"), rapid.IntRange(0, 23).Draw(t, "hour")
		weekday := rapid.IntRange(1, 7).Draw(t, "weekday")
		after := time.Unix(rapid.Int64Range(0, 4_000_000_000).Draw(t, "after"), 0).UTC()
		c, err := source.ParseCron(strings.Join([]string{strconv.Itoa(second), strconv.Itoa(minute), strconv.Itoa(hour), "?", "*", strconv.Itoa(weekday)}, " "))
		if err != nil {
			t.Fatal(err)
		}
		want := time.Date(after.Year(), after.Month(), after.Day(), hour, minute, second, 0, time.UTC)
		for !want.After(after) || int(want.Weekday())+1 != weekday {
			want = want.AddDate(0, 0, 1)
		}
		if got := c.Next(after); !got.Equal(want) {
			t.Errorf("next after %v is %v, want %v", after, got, want)
		}
	})
}
