package javadate_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"midgard/internal/transform/javadate"
)

// The expected texts were written by Java 17 in its American locale.
func TestAppend(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern string
		milli   int64
		want    string
	}{
		{"G y yy yyy yyyyy Y M MM MMM MMMM L LLLL w W D d dd F E EEEE u", 1709164800000, "AD 2024 24 2024 02024 2024 2 02 Feb February 2 February 9 5 60 29 29 5 Thu Thursday 4"},
		{"a H HH k kk K h hh m mm s ss S SSS SSSSS", 1706744705007, "PM 23 23 23 23 11 11 11 45 45 5 05 7 007 00007"},
		{"z zzzz Z X XX XXX", 1706744705007, "UTC Coordinated Universal Time +0000 Z Z Z"},
		{"a k K h", 1706659200000, "AM 24 0 12"},
		{"a k K h", 1706702400000, "PM 12 0 12"},
		{"YYYY-ww yyyy", 1735516800000, "2025-01 2024"},
		{"YYYY ww", 1704067200000, "2024 01"},
		{"yyyy.MM.dd G 'at' HH:mm:ss z", 994147736789, "2001.07.03 AD at 08:08:56 UTC"},
		{"EEE, MMM d, ''yy", 994147736789, "Tue, Jul 3, '01"},
		{"yyyyy.MMMMM.dd GGG hh:mm aaa", 994147736789, "02001.July.03 AD 08:08 AM"},
		{"YYYY-'W'ww-u", 994147736789, "2001-W27-2"},
		{"yyyy-MM-dd", 253402300800000, "10000-01-01"},
		{"h 'o''clock' 'ü'", 994147736789, "8 o'clock ü"},
		{"G y", -63000000000000, "BC 28"},
	} {
		f, err := javadate.Compile(c.pattern)
		if err != nil {
			t.Errorf("Compile(%q): %v", c.pattern, err)
			continue
		}
		local := time.UnixMilli(c.milli).In(time.FixedZone("", 7200))
		if got := string(f.Append(nil, local)); got != c.want {
			t.Errorf("%q of %d is\n%s, want\n%s", c.pattern, c.milli, got, c.want)
		}
	}
}

// A pattern that holds every part of an instant reads back what it wrote, whatever stands between its parts.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	one := func(choices ...string) *rapid.Generator[string] { return rapid.SampledFrom(choices) }
	rapid.Check(t, func(t *rapid.T) {
		gap := one("-", "/", ", ", " ", "'T'", "''")
		day := one("yyyy'.'MM'.'dd", "yyyy'.'MMMM'.'d", "d'.'MMM'.'y", "yyyyMMdd", "yyyy'.'DDD", "YYYY'.'ww'.'u", "yyyy'.'MM'.'W'.'E", "yyyy'.'L'.'F'.'EEEE").Draw(t, "day")
		clock := one("HH:mm:ss.SSS", "k:m:s.S", "hh:mm:ss.SSS a", "K:mm:ss.SSS a", "HHmmssSSS").Draw(t, "clock")
		pattern := day + gap.Draw(t, "first gap") + clock + gap.Draw(t, "second gap") + one("z", "Z", "X", "XXX").Draw(t, "zone")
		f, err := javadate.Compile(pattern)
		if err != nil {
			t.Fatal(err)
		}
		at := time.UnixMilli(rapid.Int64Range(-59_000_000_000_000, 253_000_000_000_000).Draw(t, "milli")).UTC()
		text := string(f.Append(nil, at))
		if got, err := f.Parse(text); err != nil || !got.Equal(at) {
			t.Fatalf("%q wrote %s as %q and read it as %s, %v", pattern, at, text, got, err)
		}
	})
}

func FuzzFormat(f *testing.F) {
	for _, c := range parsed {
		f.Add(c.pattern, c.text)
	}
	f.Fuzz(func(t *testing.T, pattern, text string) {
		format, err := javadate.Compile(pattern)
		if err != nil {
			return
		}
		at, err := format.Parse(text)
		if err != nil {
			return
		}
		if written := format.Append(nil, at); len(written) > 40*len(pattern) {
			t.Errorf("%q writes %d bytes", pattern, len(written))
		}
	})
}

func BenchmarkFormat(b *testing.B) {
	f, err := javadate.Compile("EEE, dd MMM yyyy HH:mm:ss Z")
	if err != nil {
		b.Fatal(err)
	}
	text := f.Append(nil, time.UnixMilli(994147736789))
	b.ReportAllocs()
	for b.Loop() {
		at, err := f.Parse(string(text))
		if err != nil {
			b.Fatal(err)
		}
		text = f.Append(text[:0], at)
	}
}
