package jsondoc

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// maxUnknown bounds how many pointers Unknown lists: the first ones tell a caller enough, and the list must not grow
// with a hostile body.
const maxUnknown = 100

// Decode checks data like Check with the default limits and then fills into, a pointer, as encoding/json does, with
// these differences: a name in the document must be spelled exactly as the field's (others are ignored, see Unknown),
// numbers become json.Number where the Go type is any, null is no document where an object or array is wanted, and a
// value of the wrong type is an *Error that names its place. Any other error means that into is no pointer. After an
// error the content of into is undefined.
//
// The cost over encoding/json alone is one scan of the bytes with one table lookup for each key of a struct, and one
// copy of the bytes when there are names to ignore.
func Decode(data []byte, into any) error {
	t := shapeOf(reflect.TypeOf(into))
	s := newScanner(data, Limits{})
	defer s.release()
	if err := s.document(t); err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(s.masked()))
	decoder.UseNumber()
	if err := decoder.Decode(into); err != nil {
		return explain(data, t, err)
	}
	return nil
}

// Unknown lists JSON Pointers of the object keys in data for which the Go type of into has no field of exactly that
// name, sorted, at most 100. The keys of maps and everything below a field of type any or json.RawMessage, or with its
// own way of decoding, count as known. What follows a defect in data is not looked at: use it on data that Decode took.
func Unknown(data []byte, into any) []string {
	s := newScanner(data, Limits{})
	defer s.release()
	s.listing = true
	_ = s.document(shapeOf(reflect.TypeOf(into))) // a defect ends the list, as promised
	slices.Sort(s.pointers)
	return s.pointers
}

// note remembers the key just read as one that no field takes.
func (s *scanner) note(key span) {
	s.unknown = append(s.unknown, key)
	if s.listing && len(s.pointers) < maxUnknown {
		s.pointers = append(s.pointers, s.pointer())
	}
}

// masked returns the document with the unknown keys made unrecognisable, so that encoding/json cannot match them to a
// field without regard to case. DEL may stand in a JSON string but not in the name of a field. Every byte stays where
// it was.
func (s *scanner) masked() []byte {
	if len(s.unknown) == 0 {
		return s.data
	}
	masked := bytes.Clone(s.data)
	for _, key := range s.unknown {
		for i := key.start + 1; i < key.end-1; i++ {
			masked[i] = 0x7f
		}
	}
	return masked
}

// explain finds the value that encoding/json could not store, and tells it in the words of the document instead of
// those of the Go type. Only failed requests pay for this second scan.
func explain(data []byte, t *shape, cause error) error {
	s := newScanner(data, Limits{})
	defer s.release()
	s.judging = true
	if err := s.document(t); err != nil {
		return err
	}
	var misuse *json.InvalidUnmarshalError
	if errors.As(cause, &misuse) {
		return fmt.Errorf("decode document: %w", cause)
	}
	// What a value on its own does not show: numbers inside of strings, keys of a map that should be numbers.
	return &Error{Reason: strings.TrimPrefix(cause.Error(), "json: ")}
}
