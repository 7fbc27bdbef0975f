package javadate

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Named gives the codec of a well-known name, which is written in capitals:
//
//	ISO8601           2024-01-31T12:00:00.000Z; reads a date alone, and a time of day without seconds or zone, too
//	LDAP              20240131120000.0Z, the generalized time of directories; reads it without minutes or seconds, too
//	PEOPLE_SOFT       01/31/2024
//	EPOCH_TIME_JAVA   milliseconds since 1970
//	EPOCH_TIME_WIN32  tenths of microseconds since 1601
func Named(name string) (Codec, bool) {
	codec, known := named[name]
	return codec, known
}

var named = map[string]Codec{
	"ISO8601": layouts{"ISO8601", "2006-01-02T15:04:05.000Z", []string{
		"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05Z07", "2006-01-02T15:04:05",
		"2006-01-02T15:04Z07:00", "2006-01-02T15:04", "2006-01-02",
	}},
	"LDAP": layouts{"LDAP", "20060102150405.0Z", []string{
		"20060102150405Z0700", "20060102150405Z07", "20060102150405.Z0700", "200601021504Z0700", "2006010215Z0700", "20060102150405",
	}},
	"PEOPLE_SOFT":      peopleSoft(),
	"EPOCH_TIME_JAVA":  javaEpoch{},
	"EPOCH_TIME_WIN32": windowsEpoch{},
}

// peopleSoft is a pattern with a full year, so that it does not matter when it is compiled.
func peopleSoft() *Format {
	f, err := compileAt("MM/dd/yyyy", time.Unix(0, 0))
	if err != nil {
		panic(err)
	}
	return f
}

// layouts is a codec that writes one form and reads several, by the layouts of package time. A fraction of seconds may
// follow the seconds in each.
type layouts struct {
	name  string
	write string
	read  []string
}

func (l layouts) Parse(text string) (time.Time, error) {
	for _, layout := range l.read {
		if t, err := time.Parse(layout, strings.TrimSpace(text)); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is not a date of the form %s", shorten(text), l.name)
}

func (l layouts) Append(dst []byte, t time.Time) []byte { return t.UTC().AppendFormat(dst, l.write) }

type javaEpoch struct{}

func (javaEpoch) Parse(text string) (time.Time, error) {
	n, err := count(text, "milliseconds since 1970")
	if err != nil {
		return time.Time{}, err
	}
	return checkYear(time.UnixMilli(n).UTC(), text)
}

func (javaEpoch) Append(dst []byte, t time.Time) []byte {
	return strconv.AppendInt(dst, t.UnixMilli(), 10)
}

// windowsEpoch counts tenths of microseconds. It writes the nearest that it can count, which is the year 30828 or so.
type windowsEpoch struct{}

const (
	ticksPerSecond = 10_000_000
	since1601      = 11_644_473_600 // seconds from 1601 to 1970
)

func (windowsEpoch) Parse(text string) (time.Time, error) {
	n, err := count(text, "tenths of microseconds since 1601")
	if err != nil {
		return time.Time{}, err
	}
	return time.Unix(n/ticksPerSecond-since1601, n%ticksPerSecond*100).UTC(), nil
}

func (windowsEpoch) Append(dst []byte, t time.Time) []byte {
	const most = math.MaxInt64 / ticksPerSecond
	seconds := t.Unix() + since1601
	if seconds > most {
		return strconv.AppendInt(dst, math.MaxInt64, 10)
	}
	ticks := max(seconds, -most) * ticksPerSecond
	return strconv.AppendInt(dst, ticks+min(int64(t.Nanosecond()/100), math.MaxInt64-max(ticks, 0)), 10)
}

func count(text, unit string) (int64, error) {
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is not a whole number of %s", shorten(text), unit)
	}
	return n, nil
}
