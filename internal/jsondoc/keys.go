package jsondoc

import "bytes"

// smallObject is up to how many keys comparing each with each beats a hash table.
const smallObject = 16

// keySet knows the keys of one open object: a range of the scanner's key stack, and a table once there are many, so
// that a hostile object costs linear time.
type keySet struct {
	base  int
	table map[string]struct{}
}

// repeats says whether the object had the key before, and remembers it.
func (s *scanner) repeats(key []byte, seen *keySet) bool {
	if seen.table != nil {
		before := len(seen.table)
		seen.table[string(key)] = struct{}{}
		return len(seen.table) == before
	}
	for _, earlier := range s.keys[seen.base:] {
		if bytes.Equal(earlier, key) {
			return true
		}
	}
	s.keys = append(s.keys, key)
	if len(s.keys)-seen.base > smallObject {
		seen.fill(s.keys[seen.base:])
	}
	return false
}

func (seen *keySet) fill(keys [][]byte) {
	seen.table = make(map[string]struct{}, 4*smallObject)
	for _, key := range keys {
		seen.table[string(key)] = struct{}{}
	}
}
