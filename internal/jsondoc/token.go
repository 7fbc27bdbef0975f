package jsondoc

import (
	"bytes"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// text reads a string and returns what stands between its quotes, as it is spelled.
func (s *scanner) text() (raw []byte, escaped bool, err error) {
	s.at++
	start := s.at
	for {
		s.at += plainLength(s.data[s.at:])
		switch s.peek() {
		case '"':
			raw = s.data[start:s.at]
			s.at++
			return raw, escaped, nil
		case '\\':
			escaped = true
			err = s.escape()
		default:
			err = s.unusual()
		}
		if err != nil {
			return nil, false, err
		}
	}
}

// unusual reads a character outside ASCII, the only thing besides quote and backslash that may follow plain bytes.
func (s *scanner) unusual() error {
	if s.at == len(s.data) {
		return s.unexpected()
	}
	if s.data[s.at] < ' ' {
		return s.fail("control character in a string")
	}
	char, size := utf8.DecodeRune(s.data[s.at:])
	if char == utf8.RuneError && size == 1 {
		return s.unexpected()
	}
	s.at += size
	return nil
}

func (s *scanner) escape() error {
	rest := s.data[s.at+1:]
	if len(rest) == 0 {
		s.at++
		return s.unexpected()
	}
	if rest[0] == 'u' {
		return s.unicodeEscape()
	}
	if strings.IndexByte(`"\/bfnrt`, rest[0]) < 0 {
		return s.fail("unknown escape in a string")
	}
	s.at += 2
	return nil
}

// unicodeEscape reads \uXXXX, and its second half when the first is a surrogate.
func (s *scanner) unicodeEscape() error {
	first, ok := codeUnit(s.data[s.at:])
	if !ok {
		return s.fail(`malformed \u escape`)
	}
	if first == 0 {
		return s.fail("the character U+0000 is not allowed")
	}
	if !utf16.IsSurrogate(first) {
		s.at += unitLength
		return nil
	}
	second, _ := codeUnit(s.data[s.at+unitLength:])
	if utf16.DecodeRune(first, second) == unicode.ReplacementChar {
		return s.fail("lone surrogate")
	}
	s.at += 2 * unitLength
	return nil
}

// unitLength is the length of a \uXXXX escape.
const unitLength = 6

// codeUnit reads the four digits of a \uXXXX escape.
func codeUnit(data []byte) (rune, bool) {
	if len(data) < unitLength || data[0] != '\\' || data[1] != 'u' {
		return 0, false
	}
	var unit rune
	for _, c := range data[2:unitLength] {
		digit := strings.IndexByte("0123456789abcdef", lower(c))
		if digit < 0 {
			return 0, false
		}
		unit = unit<<4 | rune(digit)
	}
	return unit, true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

func (s *scanner) literal(word string) error {
	for i := range len(word) {
		if !s.accept(word[i]) {
			return s.unexpected()
		}
	}
	return nil
}

// maxFloatDigits is the length up to which digits alone are in the range of a double.
const maxFloatDigits = 308

// number reads a number. One beyond the range of a double is refused: whoever decodes it, as clients in Go do, would fail
// on everything that came with it.
func (s *scanner) number() error {
	start := s.at
	if err := s.numeral(); err != nil {
		return err
	}
	numeral := s.data[start:s.at]
	if len(numeral) <= maxFloatDigits && bytes.IndexByte(numeral, 'e') < 0 && bytes.IndexByte(numeral, 'E') < 0 {
		return nil
	}
	if _, err := strconv.ParseFloat(string(numeral), 64); err != nil {
		s.at = start
		return s.fail("the number is too large")
	}
	return nil
}

func (s *scanner) numeral() error {
	s.accept('-')
	if !s.accept('0') && !s.digits() {
		return s.unexpected()
	}
	if s.accept('.') && !s.digits() {
		return s.unexpected()
	}
	if !s.accept('e') && !s.accept('E') {
		return nil
	}
	if !s.accept('+') {
		s.accept('-')
	}
	if !s.digits() {
		return s.unexpected()
	}
	return nil
}

// accept reads the byte when it comes next.
func (s *scanner) accept(c byte) bool {
	if s.peek() != c {
		return false
	}
	s.at++
	return true
}

// digits reads as many digits as come, and says whether there was one.
func (s *scanner) digits() bool {
	start := s.at
	for c := s.peek(); '0' <= c && c <= '9'; c = s.peek() {
		s.at++
	}
	return s.at > start
}
