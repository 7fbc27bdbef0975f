package store

import (
	"crypto/sha256"
	"encoding/hex"

	"midgard/internal/filter"
)

// maxKey bounds a key in bytes: PostgreSQL refuses index entries over a third of a page. maxPrefix is the longest operand
// of a prefix filter: what of a long text its key still holds.
const (
	maxKey    = 900
	maxPrefix = maxKey - 2*sha256.Size
)

// Key is the form in which texts are compared and sorted: folded, so that comparisons ignore case on both engines alike,
// and bounded. A text that is too long keeps its beginning, for prefixes and order, and ends in a hash of the whole, so
// that equality stays exact.
func Key(s string) string { return bounded(filter.Fold(s)) }

// attributeKey is the form in which the names of attributes are compared: as they are, but bounded too.
func attributeKey(name string) string { return bounded(name) }

func bounded(k string) string {
	if len(k) <= maxKey {
		return k
	}
	sum := sha256.Sum256([]byte(k))
	return k[:maxPrefix] + hex.EncodeToString(sum[:])
}

// nullKey is Key, or NULL for an empty text: absent values count as null in filters and sort below all others.
func nullKey(s string) any {
	if s == "" {
		return nil
	}
	return Key(s)
}

// prefixEnd gives the least key that is greater than every key with the prefix; ok is false when there is none.
func prefixEnd(prefix string) (end string, ok bool) {
	b := []byte(prefix)
	for i := len(b) - 1; i >= 0; i-- {
		if b[i] < 0xff {
			b[i]++
			return string(b[:i+1]), true
		}
	}
	return "", false
}
