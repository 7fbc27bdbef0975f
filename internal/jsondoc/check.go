package jsondoc

import "strconv"

// DefaultDepth is how deep arrays and objects may nest when no other limit is given.
const DefaultDepth = 64

// Limits bounds what a document may ask of its reader. The size in bytes is the business of whoever reads the body.
type Limits struct {
	// Depth is how many arrays and objects may be open at once; 0 stands for DefaultDepth.
	Depth int
}

// Check reports the first thing that keeps data from being one strict JSON value, as an *Error, or nil. Strict means:
// the grammar of RFC 8259, valid UTF-8 also behind escapes, no key twice in an object (compared after unescaping),
// nothing but white space after the value, and the limits. The character U+0000 is refused, too: PostgreSQL cannot hold it
// in a text, and what one database engine takes the other must take as well. So are numbers beyond the range of a double.
// It reads the bytes once and allocates only for objects of more than 16 keys, for keys with escapes and for the error.
func Check(data []byte, limits Limits) error {
	s := newScanner(data, limits)
	defer s.release()
	return s.document(nil)
}

func tooDeep(limit int) string {
	return "nested deeper than " + strconv.Itoa(limit) + " levels"
}
