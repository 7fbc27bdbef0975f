package jsondoc

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"sync"
	"unicode/utf8"
)

// Canonical encodes an attribute map so that equal maps give equal bytes; see AppendCanonical. A nil map is {}.
func Canonical(v map[string]any) ([]byte, error) {
	return AppendCanonical(nil, v)
}

// AppendCanonical adds v without white space and with the keys of every object in the order of their bytes. The values
// may be string, bool, int, int64, float64, json.Number, []string, []any, map[string]any and nil; nil maps are {} and nil
// slices []. A json.Number keeps its spelling, so 1 and 1.0 give different bytes. An *Error names the first value that
// cannot be encoded: another type, a float that is no number, a number or key that is malformed, nesting deeper than
// DefaultDepth.
//
// Stored rows are compared by a hash of these bytes: a change of the form makes every row look changed once.
func AppendCanonical(b []byte, v any) ([]byte, error) {
	c := encoders.Get().(*encoder)
	defer c.release()
	b, wrong := c.value(b, v, 0)
	if wrong != nil {
		return nil, wrong
	}
	return b, nil
}

// encoder keeps the stack of sorted keys between documents.
type encoder struct{ keys []string }

// maxKeptKeys is how large a stack is worth keeping.
const maxKeptKeys = 1024

var encoders = sync.Pool{New: func() any { return new(encoder) }}

func (c *encoder) release() {
	if cap(c.keys) > maxKeptKeys {
		return
	}
	clear(c.keys[:cap(c.keys)])
	c.keys = c.keys[:0]
	encoders.Put(c)
}

func (c *encoder) value(b []byte, v any, depth int) ([]byte, *Error) {
	switch v := v.(type) {
	case string:
		return AppendString(b, v), nil
	case []string, map[string]any, []any:
		return c.container(b, v, depth)
	default:
		return appendScalar(b, v)
	}
}

func (c *encoder) container(b []byte, v any, depth int) ([]byte, *Error) {
	if depth == DefaultDepth {
		return nil, &Error{Reason: tooDeep(DefaultDepth)}
	}
	switch v := v.(type) {
	case map[string]any:
		return c.object(b, v, depth)
	case []any:
		return c.array(b, v, depth)
	case []string:
		return appendStrings(b, v), nil
	default:
		return appendScalar(b, v)
	}
}

func appendScalar(b []byte, v any) ([]byte, *Error) {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...), nil
	case bool:
		return strconv.AppendBool(b, v), nil
	case int:
		return strconv.AppendInt(b, int64(v), 10), nil
	case int64:
		return strconv.AppendInt(b, v, 10), nil
	case float64:
		return appendFloat(b, v)
	case json.Number:
		return appendNumber(b, v)
	default:
		return nil, &Error{Reason: fmt.Sprintf("a value of type %T cannot be encoded", v)}
	}
}

func (c *encoder) object(b []byte, members map[string]any, depth int) ([]byte, *Error) {
	base := len(c.keys)
	for key := range members {
		c.keys = append(c.keys, key)
	}
	// Nested objects push behind these keys, and if the stack moves for that, this slice keeps the old one alive.
	keys := c.keys[base:]
	slices.Sort(keys)
	b = append(b, '{')
	for i, key := range keys {
		var wrong *Error
		if b, wrong = c.member(b, i, key, members[key], depth); wrong != nil {
			return nil, wrong.below(key)
		}
	}
	c.keys = c.keys[:base]
	return append(b, '}'), nil
}

func (c *encoder) member(b []byte, i int, key string, v any, depth int) ([]byte, *Error) {
	if !utf8.ValidString(key) {
		// Replacing bad bytes could make two keys of one object equal.
		return nil, &Error{Reason: "the key is not valid UTF-8"}
	}
	if i > 0 {
		b = append(b, ',')
	}
	b = append(AppendString(b, key), ':')
	return c.value(b, v, depth+1)
}

func (c *encoder) array(b []byte, elements []any, depth int) ([]byte, *Error) {
	b = append(b, '[')
	for i, v := range elements {
		if i > 0 {
			b = append(b, ',')
		}
		var wrong *Error
		if b, wrong = c.value(b, v, depth+1); wrong != nil {
			return nil, wrong.below(strconv.Itoa(i))
		}
	}
	return append(b, ']'), nil
}

func appendStrings(b []byte, elements []string) []byte {
	b = append(b, '[')
	for i, s := range elements {
		if i > 0 {
			b = append(b, ',')
		}
		b = AppendString(b, s)
	}
	return append(b, ']')
}

// appendFloat writes the shortest text that reads back as the same number, in the plain form where that is not long.
func appendFloat(b []byte, v float64) ([]byte, *Error) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil, &Error{Reason: "a number that is infinite or undefined cannot be encoded"}
	}
	format := byte('f')
	if size := math.Abs(v); size != 0 && (size < 1e-6 || size >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(b, v, format, -1, 64), nil
}

func appendNumber(b []byte, v json.Number) ([]byte, *Error) {
	s := scanner{data: []byte(v)}
	if s.number() != nil || s.at < len(s.data) {
		return nil, &Error{Reason: fmt.Sprintf("%q is not a number", string(v))}
	}
	return append(b, v...), nil
}

// below moves the place of the error one level down, on its way up from there.
func (e *Error) below(token string) *Error {
	e.Path = string(appendToken(nil, token)) + e.Path
	return e
}
