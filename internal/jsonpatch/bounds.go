package jsonpatch

import (
	"encoding/json"
	"slices"

	"midgard/internal/jsondoc"
)

const (
	// maxCopied is how much text copy operations may add to a document. Each may double it, so without a bound forty of
	// them ask for a terabyte.
	maxCopied = 1 << 20
	// maxDepth keeps a result readable by the same rules as its source.
	maxDepth = jsondoc.DefaultDepth
	// valueWeight stands for the punctuation and the memory of one value.
	valueWeight = 8
)

// weigh returns what is left of an allowance after paying for a value, and stops soon after it is used up.
func weigh(value any, allowance int) int {
	allowance -= valueWeight
	switch value := value.(type) {
	case string:
		return allowance - len(value)
	case json.Number:
		return allowance - len(value)
	case []any:
		for i := 0; i < len(value) && allowance >= 0; i++ {
			allowance = weigh(value[i], allowance)
		}
	case map[string]any:
		for key, member := range value {
			if allowance -= len(key); allowance < 0 {
				break
			}
			allowance = weigh(member, allowance)
		}
	}
	return allowance
}

// deeper says whether a value has more than limit arrays and objects inside of each other. It looks no further down.
func deeper(value any, limit int) bool {
	switch value := value.(type) {
	case []any:
		return limit <= 0 || slices.ContainsFunc(value, func(element any) bool { return deeper(element, limit-1) })
	case map[string]any:
		if limit <= 0 {
			return true
		}
		for _, member := range value {
			if deeper(member, limit-1) {
				return true
			}
		}
	}
	return limit < 0
}
