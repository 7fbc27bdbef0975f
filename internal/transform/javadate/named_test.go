package javadate_test

import (
	"strings"
	"testing"
	"time"

	"midgard/internal/transform/javadate"
)

func TestNamed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, want, again string }{
		{"ISO8601", "2024-01-31T12:30:15.250Z", "2024-01-31T12:30:15.25Z", "2024-01-31T12:30:15.250Z"},
		{"ISO8601", "2024-01-31T12:30:15+02:00", "2024-01-31T10:30:15Z", "2024-01-31T10:30:15.000Z"},
		{"ISO8601", "2024-01-31T12:30:15.123456-0800", "2024-01-31T20:30:15.123456Z", "2024-01-31T20:30:15.123Z"},
		{"ISO8601", "2024-01-31T12:30", "2024-01-31T12:30:00Z", "2024-01-31T12:30:00.000Z"},
		{"ISO8601", " 2024-01-31 ", "2024-01-31T00:00:00Z", "2024-01-31T00:00:00.000Z"},
		{"LDAP", "20240131123015.0Z", "2024-01-31T12:30:15Z", "20240131123015.0Z"},
		{"LDAP", "20240131123015.Z", "2024-01-31T12:30:15Z", "20240131123015.0Z"},
		{"LDAP", "20240131123015.250+0130", "2024-01-31T11:00:15.25Z", "20240131110015.2Z"},
		{"LDAP", "2024013112Z", "2024-01-31T12:00:00Z", "20240131120000.0Z"},
		{"PEOPLE_SOFT", "01/31/2024", "2024-01-31T00:00:00Z", "01/31/2024"},
		{"EPOCH_TIME_JAVA", "1706704215250", "2024-01-31T12:30:15.25Z", "1706704215250"},
		{"EPOCH_TIME_JAVA", "-1", "1969-12-31T23:59:59.999Z", "-1"},
		{"EPOCH_TIME_WIN32", "0", "1601-01-01T00:00:00Z", "0"},
		{"EPOCH_TIME_WIN32", "133511778152500000", "2024-01-31T12:30:15.25Z", "133511778152500000"},
		{"EPOCH_TIME_WIN32", "9223372036854775807", "30828-09-14T02:48:05.4775807Z", "9223372036854775807"},
	} {
		codec, known := javadate.Named(c.name)
		if !known {
			t.Fatalf("%s is unknown", c.name)
		}
		at, err := codec.Parse(c.text)
		if err != nil || at.Format(time.RFC3339Nano) != c.want {
			t.Errorf("%s reads %s as %s, %v; want %s", c.name, c.text, at.Format(time.RFC3339Nano), err, c.want)
		}
		if again := string(codec.Append(nil, at)); again != c.again {
			t.Errorf("%s writes %s as %s, want %s", c.name, at, again, c.again)
		}
	}
}

func TestNamedRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, want string }{
		{"ISO8601", "31.1.2024", `"31.1.2024" is not a date of the form ISO8601`},
		{"ISO8601", "2024-02-30", "form ISO8601"},
		{"LDAP", "2024", "form LDAP"},
		{"PEOPLE_SOFT", "2024-01-31", `"/" is missing`},
		{"EPOCH_TIME_JAVA", "1.5", "not a whole number of milliseconds"},
		{"EPOCH_TIME_JAVA", "9223372036854775807", "beyond the year"},
		{"EPOCH_TIME_WIN32", "never", "tenths of microseconds"},
	} {
		codec, _ := javadate.Named(c.name)
		if at, err := codec.Parse(c.text); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s reads %s as %s, %v; want an error with %s", c.name, c.text, at, err, c.want)
		}
	}
	if _, known := javadate.Named("iso8601"); known {
		t.Error("names are written in capitals")
	}
}

// What Windows cannot count becomes the nearest that it can.
func TestWindowsSaturates(t *testing.T) {
	t.Parallel()
	codec, _ := javadate.Named("EPOCH_TIME_WIN32")
	got := string(codec.Append(nil, time.Date(99999, 1, 1, 0, 0, 0, 0, time.UTC)))
	if got != "9223372036854775807" {
		t.Errorf("the far future is %s", got)
	}
}
