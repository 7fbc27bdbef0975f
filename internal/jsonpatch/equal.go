package jsonpatch

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// equal compares as RFC 6902 section 4.6 demands: by type and value, objects without regard to order, numbers by what
// they are worth.
func equal(a, b any) bool {
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		return ok && maps.EqualFunc(a, b, equal)
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, equal)
	case nil, bool, string:
		return a == b
	default:
		return equalNumbers(a, b)
	}
}

func equalNumbers(a, b any) bool {
	textA, okA := numberText(a)
	textB, okB := numberText(b)
	if !okA || !okB {
		return false
	}
	decimalA, okA := parseDecimal(textA)
	decimalB, okB := parseDecimal(textB)
	if !okA || !okB {
		return textA == textB
	}
	return decimalA == decimalB
}

func numberText(v any) (string, bool) {
	switch v := v.(type) {
	case json.Number:
		return v.String(), true
	case float64:
		return strconv.FormatFloat(v, 'e', -1, 64), true
	case int:
		return strconv.Itoa(v), true
	case int64:
		return strconv.FormatInt(v, 10), true
	default:
		return "", false
	}
}

// decimal is a number as sign, digits without zeros at either end, and power of ten: equal numbers have equal fields.
// Floating point would take different large numbers for equal, and big.Rat would write out the zeros of 1e999999999.
type decimal struct {
	negative bool
	digits   string
	exponent int64
}

// parseDecimal takes a number of JSON. It gives up on powers of ten beyond an int64.
func parseDecimal(text string) (decimal, bool) {
	text, negative := strings.CutPrefix(text, "-")
	mantissa, power, _ := strings.Cut(strings.ToLower(text), "e")
	whole, fraction, _ := strings.Cut(mantissa, ".")
	all := strings.TrimLeft(whole+fraction, "0")
	digits := strings.TrimRight(all, "0")
	if digits == "" {
		return decimal{}, true
	}
	exponent := int64(0)
	if power != "" {
		const half = 62 // bits: what the lengths below add cannot overflow then
		parsed, err := strconv.ParseInt(power, 10, half)
		if err != nil {
			return decimal{}, false
		}
		exponent = parsed
	}
	exponent += int64(len(all) - len(digits) - len(fraction))
	return decimal{negative, digits, exponent}, true
}
