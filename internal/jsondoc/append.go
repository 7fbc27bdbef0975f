package jsondoc

import (
	"encoding/json"
	"strconv"
	"time"
	"unicode/utf8"
)

// AppendComma adds a comma unless b ends where a first element belongs: at its start, after an opening bracket or after
// a colon.
func AppendComma(b []byte) []byte {
	if len(b) == 0 {
		return b
	}
	switch b[len(b)-1] {
	case '{', '[', ':':
		return b
	}
	return append(b, ',')
}

// AppendKey adds a member's name and colon, and the comma before them when the object is not empty so far.
func AppendKey(b []byte, name string) []byte {
	return append(AppendString(AppendComma(b), name), ':')
}

// AppendRaw adds a member whose value is JSON already; an empty one stands for null. The value is not looked at.
func AppendRaw(b []byte, key string, raw json.RawMessage) []byte {
	b = AppendKey(b, key)
	if len(raw) == 0 {
		return append(b, "null"...)
	}
	return append(b, raw...)
}

// AppendStringField adds a member with a string.
func AppendStringField(b []byte, key, s string) []byte {
	return AppendString(AppendKey(b, key), s)
}

// AppendNullableString adds a member with a string, or null for the empty one.
func AppendNullableString(b []byte, key, s string) []byte {
	if s == "" {
		return append(AppendKey(b, key), "null"...)
	}
	return AppendStringField(b, key, s)
}

// AppendBool adds a member with a boolean.
func AppendBool(b []byte, key string, v bool) []byte {
	return strconv.AppendBool(AppendKey(b, key), v)
}

// AppendInt adds a member with a whole number.
func AppendInt(b []byte, key string, v int64) []byte {
	return strconv.AppendInt(AppendKey(b, key), v, 10)
}

// AppendTimeField adds a member with a time in the form of AppendTime.
func AppendTimeField(b []byte, key string, t time.Time) []byte {
	return AppendTime(AppendKey(b, key), t)
}

// AppendNullableTime adds a member with a time, or null for the zero time.
func AppendNullableTime(b []byte, key string, t time.Time) []byte {
	if t.IsZero() {
		return append(AppendKey(b, key), "null"...)
	}
	return AppendTimeField(b, key, t)
}

// AppendTime adds a time as the contract writes it: quoted RFC 3339 in UTC with milliseconds, cut off and not rounded,
// so that a time never seems later than it was.
func AppendTime(b []byte, t time.Time) []byte {
	b = append(b, '"')
	// The standard library has a fast path for RFC3339, but not for layouts with exactly three digits.
	b = t.UTC().AppendFormat(b, time.RFC3339)
	ms := t.Nanosecond() / int(time.Millisecond)
	return append(b[:len(b)-1], '.', '0'+byte(ms/100), '0'+byte(ms/10%10), '0'+byte(ms%10), 'Z', '"')
}

// AppendString adds a quoted string. Only what JSON demands is escaped, so text stays readable and short; every byte that
// is not UTF-8 becomes U+FFFD.
func AppendString(b []byte, s string) []byte {
	b = append(b, '"')
	for {
		plain := plainLength(s)
		b = append(b, s[:plain]...)
		if plain == len(s) {
			return append(b, '"')
		}
		s = s[plain:]
		size := 1
		if s[0] < utf8.RuneSelf {
			b = appendEscape(b, s[0])
		} else {
			var char rune // U+FFFD when the bytes are none
			char, size = utf8.DecodeRuneInString(s)
			b = utf8.AppendRune(b, char)
		}
		s = s[size:]
	}
}

func appendEscape(b []byte, c byte) []byte {
	const hex = "0123456789abcdef"
	switch c {
	case '"', '\\':
		return append(b, '\\', c)
	case '\b':
		return append(b, '\\', 'b')
	case '\f':
		return append(b, '\\', 'f')
	case '\n':
		return append(b, '\\', 'n')
	case '\r':
		return append(b, '\\', 'r')
	case '\t':
		return append(b, '\\', 't')
	}
	return append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&0xf])
}
