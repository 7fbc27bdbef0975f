package jsonpatch

import (
	"strconv"
	"strings"
)

// tokens splits a JSON Pointer into unescaped reference tokens; the empty pointer, the whole document, has none.
func tokens(pointer string) ([]string, error) {
	if pointer == "" {
		return nil, nil
	}
	if pointer[0] != '/' {
		return nil, errBadPointer
	}
	parts := strings.Split(pointer[1:], "/")
	for i, part := range parts {
		if badEscape(part) {
			return nil, errBadEscape
		}
		parts[i] = unescape(part)
	}
	return parts, nil
}

// badEscape finds a ~ that is none of ~0 and ~1.
func badEscape(token string) bool {
	tildes := strings.Count(token, "~")
	return tildes > 0 && tildes != strings.Count(token, "~0")+strings.Count(token, "~1")
}

// unescape replaces ~1 before ~0, so that ~01 becomes ~1 and not a slash.
func unescape(token string) string {
	return strings.ReplaceAll(strings.ReplaceAll(token, "~1", "/"), "~0", "~")
}

// root is the first token of a pointer, "" when there is none.
func root(pointer string) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(pointer, "/"), "/")
	return unescape(first)
}

// arrayIndex reads the token of an existing element.
func arrayIndex(token string, length int) (int, error) {
	if token == "-" {
		return 0, errAppendOnly
	}
	if !isIndex(token) {
		return 0, errBadIndex
	}
	index, err := strconv.Atoi(token)
	if err != nil || index >= length {
		return 0, errBeyondEnd
	}
	return index, nil
}

// isIndex accepts the one spelling that RFC 6901 gives each index.
func isIndex(token string) bool {
	if token == "" || (token[0] == '0' && token != "0") {
		return false
	}
	return strings.Trim(token, "0123456789") == ""
}
