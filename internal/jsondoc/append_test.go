package jsondoc_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"midgard/internal/jsondoc"
)

var sampleTime = time.Date(2026, 1, 31, 9, 5, 7, 42_999_999, time.FixedZone("CET", 3600))

func TestAppendMembers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		add  func(b []byte) []byte
		want string
	}{
		{"key", func(b []byte) []byte { return jsondoc.AppendKey(b, `a"b`) }, `"a\"b":`},
		{"raw", func(b []byte) []byte { return jsondoc.AppendRaw(b, "k", json.RawMessage(`{"x":1}`)) }, `"k":{"x":1}`},
		{"no raw", func(b []byte) []byte { return jsondoc.AppendRaw(b, "k", nil) }, `"k":null`},
		{"string", func(b []byte) []byte { return jsondoc.AppendStringField(b, "k", "v") }, `"k":"v"`},
		{"empty string", func(b []byte) []byte { return jsondoc.AppendStringField(b, "k", "") }, `"k":""`},
		{"nullable string", func(b []byte) []byte { return jsondoc.AppendNullableString(b, "k", "v") }, `"k":"v"`},
		{"no string", func(b []byte) []byte { return jsondoc.AppendNullableString(b, "k", "") }, `"k":null`},
		{"true", func(b []byte) []byte { return jsondoc.AppendBool(b, "k", true) }, `"k":true`},
		{"false", func(b []byte) []byte { return jsondoc.AppendBool(b, "k", false) }, `"k":false`},
		{"int", func(b []byte) []byte { return jsondoc.AppendInt(b, "k", -42) }, `"k":-42`},
		{"time", func(b []byte) []byte { return jsondoc.AppendTimeField(b, "k", sampleTime) }, `"k":"2026-01-31T08:05:07.042Z"`},
		{"nullable time", func(b []byte) []byte { return jsondoc.AppendNullableTime(b, "k", sampleTime) }, `"k":"2026-01-31T08:05:07.042Z"`},
		{"no time", func(b []byte) []byte { return jsondoc.AppendNullableTime(b, "k", time.Time{}) }, `"k":null`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := string(test.add([]byte(`{`))); got != `{`+test.want {
				t.Errorf("first member: got %s", got)
			}
			if got := string(test.add([]byte(`{"a":{}`))); got != `{"a":{},`+test.want {
				t.Errorf("second member: got %s", got)
			}
		})
	}
}

func TestAppendComma(t *testing.T) {
	t.Parallel()
	for before, want := range map[string]string{"": "", "[": "[", "{": "{", `{"a":`: `{"a":`, "[1": "[1,", "[{}": "[{},", `["{"`: `["{",`} {
		if got := string(jsondoc.AppendComma([]byte(before))); got != want {
			t.Errorf("after %q: got %q, want %q", before, got, want)
		}
	}
}

func TestAppendString(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, want string }{
		{"", `""`},
		{"plain <b>&'text/", `"plain <b>&'text/"`},
		{"\"\\\b\f\n\r\t", `"\"\\\b\f\n\r\t"`},
		{"\x00\x1f\x7f", `"\u0000\u001f` + "\x7f\""},
		{"Müller 😀\u2028", "\"Müller 😀\u2028\""},
		{"a\xffb\xe2\x82", "\"a\ufffdb\ufffd\ufffd\""},
		{"\ufffd", "\"\ufffd\""},
	}
	for _, test := range tests {
		if got := string(jsondoc.AppendString(nil, test.in)); got != test.want {
			t.Errorf("%q: got %s, want %s", test.in, got, test.want)
		}
	}
}

func TestAppendTime(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in   time.Time
		want string
	}{
		{time.Unix(0, 0), `"1970-01-01T00:00:00.000Z"`},
		{time.Time{}, `"0001-01-01T00:00:00.000Z"`},
		{time.Date(2026, 12, 31, 23, 59, 59, 999_999_999, time.UTC), `"2026-12-31T23:59:59.999Z"`},
		{time.Date(2026, 3, 1, 0, 30, 0, 5e6, time.FixedZone("", -3600)), `"2026-03-01T01:30:00.005Z"`},
		{time.Unix(-1, 5e8), `"1969-12-31T23:59:59.500Z"`},
	}
	for _, test := range tests {
		if got := string(jsondoc.AppendTime(nil, test.in)); got != test.want {
			t.Errorf("%v: got %s, want %s", test.in, got, test.want)
		}
	}
}

func FuzzAppendString(f *testing.F) {
	f.Add("a\"\\\x00é\xff")
	f.Fuzz(func(t *testing.T, s string) {
		s = strings.ReplaceAll(s, "\x00", "") // reading refuses it
		encoded := jsondoc.AppendString(nil, s)
		if err := jsondoc.Check(encoded, jsondoc.Limits{}); err != nil {
			t.Fatal(err)
		}
		var got, want string
		if err := json.Unmarshal(encoded, &got); err != nil {
			t.Fatal(err)
		}
		for _, char := range s { // ranging gives one U+FFFD for each bad byte
			want = string(utf8.AppendRune([]byte(want), char))
		}
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

// TestAppendAllocatesNothing must not run beside others: they would be counted.
func TestAppendAllocatesNothing(t *testing.T) {
	b := make([]byte, 0, 4096)
	raw := json.RawMessage(`{}`)
	if count := testing.AllocsPerRun(100, func() { b = appendRecord(b[:0], raw) }); count != 0 {
		t.Errorf("%v allocations for one record", count)
	}
}

func appendRecord(b []byte, raw json.RawMessage) []byte {
	b = append(b, '{')
	b = jsondoc.AppendStringField(b, "id", "0198f0c2-7d2e-7a64-9a53-2f1d6c0b7e11")
	b = jsondoc.AppendStringField(b, "name", "Prüf-\"Roboter\"\n\xff")
	b = jsondoc.AppendNullableString(b, "description", "Nightly copies of the finance share, run by the storage team")
	b = jsondoc.AppendTimeField(b, "created", sampleTime)
	b = jsondoc.AppendNullableTime(b, "modified", sampleTime)
	b = jsondoc.AppendNullableTime(b, "deleted", time.Time{})
	b = jsondoc.AppendBool(b, "manuallyEdited", true)
	b = jsondoc.AppendInt(b, "accounts", 12)
	b = jsondoc.AppendRaw(b, "attributes", raw)
	return append(b, '}')
}

func BenchmarkAppendRecord(b *testing.B) {
	buffer := make([]byte, 0, 4096)
	raw := json.RawMessage(`{}`)
	b.ReportAllocs()
	for b.Loop() {
		buffer = appendRecord(buffer[:0], raw)
	}
}

func BenchmarkAppendTime(b *testing.B) {
	buffer := make([]byte, 0, 64)
	b.ReportAllocs()
	for b.Loop() {
		buffer = jsondoc.AppendTime(buffer[:0], sampleTime)
	}
}

func BenchmarkAppendString(b *testing.B) {
	buffer := make([]byte, 0, 4096)
	text := strings.Repeat("plain text ", 20)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		buffer = jsondoc.AppendString(buffer[:0], text)
	}
}
