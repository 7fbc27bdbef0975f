package jsondoc

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"sync"
	"unicode/utf8"
)

// scanner reads one document from the first byte to the last. Between calls, at stands on the next byte to be read.
type scanner struct {
	data  []byte
	at    int
	limit int      // greatest depth
	depth int      // open arrays and objects
	path  []step   // where at is
	keys  [][]byte // keys of all open objects, the innermost object's last

	unknown  []span   // keys that the shape does not know
	pointers []string // the same as JSON Pointers, when listing
	listing  bool
	judging  bool // compare every value with its shape
}

// step is one reference token of a path: a key, or an index when key is nil.
type step struct {
	key   []byte
	index int
}

// span is a range of bytes of the document.
type span struct{ start, end int }

var scanners = sync.Pool{New: func() any { return new(scanner) }}

func newScanner(data []byte, limits Limits) *scanner {
	s := scanners.Get().(*scanner)
	s.data = data
	s.limit = limits.Depth
	if s.limit == 0 {
		s.limit = DefaultDepth
	}
	return s
}

// release gives the scanner back without keeping the document alive.
func (s *scanner) release() {
	clear(s.path[:cap(s.path)])
	clear(s.keys[:cap(s.keys)])
	*s = scanner{path: s.path[:0], keys: s.keys[:0], unknown: s.unknown[:0]}
	scanners.Put(s)
}

// document reads the whole text as one value of the given shape; a nil shape takes everything.
func (s *scanner) document(t *shape) error {
	s.space()
	if s.at == len(s.data) {
		return s.fail("the body is empty")
	}
	start := s.at
	if err := s.value(t); err != nil {
		return err
	}
	s.space()
	if s.at < len(s.data) {
		return s.fail("unexpected data after the value")
	}
	if t.isContainer() && s.data[start] == 'n' {
		s.at = start
		return s.fail(mustBe(t.bracketed(), s.data[start:]))
	}
	return nil
}

func (s *scanner) value(t *shape) error {
	start := s.at
	if err := s.anyValue(t); err != nil {
		return err
	}
	if !s.judging || t == nil {
		return nil
	}
	if reason := t.misfit(s.data[start:s.at]); reason != "" {
		s.at = start
		return s.fail(reason)
	}
	return nil
}

func (s *scanner) anyValue(t *shape) error {
	switch s.peek() {
	case '{':
		return s.object(t)
	case '[':
		return s.array(t)
	case '"':
		_, _, err := s.text()
		return err
	case 't':
		return s.literal("true")
	case 'f':
		return s.literal("false")
	case 'n':
		return s.literal("null")
	default:
		return s.number()
	}
}

func (s *scanner) array(t *shape) error {
	more, err := s.open(']')
	elem := t.element()
	for index := 0; more && err == nil; index++ {
		s.path = append(s.path, step{index: index})
		if err := s.value(elem); err != nil {
			return err
		}
		s.path = s.path[:len(s.path)-1]
		more, err = s.next(']')
	}
	s.depth--
	return err
}

func (s *scanner) object(t *shape) error {
	seen := keySet{base: len(s.keys)}
	more, err := s.open('}')
	for more && err == nil {
		if err := s.member(t, &seen); err != nil {
			return err
		}
		more, err = s.next('}')
	}
	s.keys = s.keys[:seen.base]
	s.depth--
	return err
}

func (s *scanner) member(t *shape, seen *keySet) error {
	start := s.at
	key, err := s.key()
	if err != nil {
		return err
	}
	s.path = append(s.path, step{key: key})
	if s.repeats(key, seen) {
		s.at = start
		return s.fail("duplicate key")
	}
	value, known := t.member(key)
	if !known {
		s.note(span{start, s.at})
	}
	s.space()
	if s.peek() != ':' {
		return s.unexpected()
	}
	s.at++
	s.space()
	if err := s.value(value); err != nil {
		return err
	}
	s.path = s.path[:len(s.path)-1]
	return nil
}

// open reads the opening bracket and says whether a first element follows; otherwise it reads the closing one too.
func (s *scanner) open(closing byte) (more bool, err error) {
	if s.depth == s.limit {
		return false, s.fail(tooDeep(s.limit))
	}
	s.depth++
	s.at++
	s.space()
	if s.peek() != closing {
		return true, nil
	}
	s.at++
	return false, nil
}

// next reads what follows an element: a comma, when more elements come, or the closing bracket.
func (s *scanner) next(closing byte) (more bool, err error) {
	s.space()
	switch s.peek() {
	case closing:
		s.at++
		return false, nil
	case ',':
		s.at++
		s.space()
		return true, nil
	default:
		return false, s.unexpected()
	}
}

// key reads an object key and returns it unescaped.
func (s *scanner) key() ([]byte, error) {
	if s.peek() != '"' {
		return nil, s.unexpected()
	}
	start := s.at
	raw, escaped, err := s.text()
	if err != nil || !escaped {
		return raw, err
	}
	var key string
	if err := json.Unmarshal(s.data[start:s.at], &key); err != nil {
		return nil, fmt.Errorf("unescape key at byte %d: %w", start, err)
	}
	return []byte(key), nil
}

// peek is the next byte, or 0 at the end. A 0 byte is legal nowhere, so the two need no telling apart.
func (s *scanner) peek() byte {
	if s.at == len(s.data) {
		return 0
	}
	return s.data[s.at]
}

func (s *scanner) space() {
	for s.at < len(s.data) {
		switch s.data[s.at] {
		case ' ', '\n', '\t', '\r':
			s.at++
		default:
			return
		}
	}
}

// unexpected is the error for a byte that the grammar does not allow at this place.
func (s *scanner) unexpected() error {
	if s.at == len(s.data) {
		return s.fail("unexpected end")
	}
	char, size := utf8.DecodeRune(s.data[s.at:])
	if char == utf8.RuneError && size == 1 {
		return s.fail(fmt.Sprintf("byte 0x%02x is not valid UTF-8", s.data[s.at]))
	}
	return s.fail(fmt.Sprintf("unexpected character %q", char))
}

// fail is the error for the present place.
func (s *scanner) fail(reason string) error {
	before := s.data[:s.at]
	return &Error{
		Offset: s.at,
		Line:   1 + bytes.Count(before, []byte{'\n'}),
		Column: 1 + utf8.RuneCount(before[1+bytes.LastIndexByte(before, '\n'):]),
		Path:   s.pointer(),
		Reason: reason,
	}
}

// pointer is the present place as a JSON Pointer.
func (s *scanner) pointer() string {
	var pointer []byte
	for _, step := range s.path {
		if step.key == nil {
			pointer = strconv.AppendInt(append(pointer, '/'), int64(step.index), 10)
			continue
		}
		pointer = appendToken(pointer, string(step.key))
	}
	return string(pointer)
}
