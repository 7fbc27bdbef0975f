package jsondoc

import (
	"math/bits"
	"unicode/utf8"
)

// plainLength counts the leading bytes of s that stand for themselves inside a JSON string and need no second look: all
// of ASCII but control characters, quote and backslash. Most text is plain from end to end, hence eight bytes at a time.
func plainLength[T string | []byte](s T) int {
	i := 0
	for ; i+8 <= len(s); i += 8 {
		p := s[i : i+8] // one bounds check, then the compiler makes one load of it
		w := uint64(p[0]) | uint64(p[1])<<8 | uint64(p[2])<<16 | uint64(p[3])<<24 |
			uint64(p[4])<<32 | uint64(p[5])<<40 | uint64(p[6])<<48 | uint64(p[7])<<56
		if marks := special(w); marks != 0 {
			return i + bits.TrailingZeros64(marks)/8
		}
	}
	for ; i < len(s); i++ {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			break
		}
	}
	return i
}

// special sets the high bit of the first byte of w that is not plain; bits above it mean nothing. Subtracting borrows
// from the next byte only where the present one is smaller, that is special, so the lowest mark is exact.
func special(w uint64) uint64 {
	const (
		each  = 0x0101010101010101
		highs = 0x80 * each
	)
	control := w - ' '*each
	quote := (w ^ '"'*each) - each
	backslash := (w ^ '\\'*each) - each
	return (w | control | quote | backslash) & highs
}
