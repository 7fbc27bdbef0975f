package velocity

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// accepted turns a value of the caller into one of the kinds that templates know: string, bool, int64, float64, []string,
// map[string]any and nil.
func accepted(value any) (any, error) {
	switch value := value.(type) {
	case nil, string, bool, int64, float64, []string, map[string]any:
		return value, nil
	case int:
		return int64(value), nil
	case []any:
		return texts(value)
	}
	return nil, fmt.Errorf("a template cannot use a value of the type %T", value)
}

func texts(values []any) (any, error) {
	list := make([]string, len(values))
	for i, value := range values {
		known, err := accepted(value)
		if err != nil {
			return nil, err
		}
		list[i] = textOf(known)
	}
	return list, nil
}

func toFloat(value any) (float64, bool) {
	switch value := value.(type) {
	case int64:
		return float64(value), true
	case float64:
		return value, true
	}
	return 0, false
}

// text writes a value, as Java would.
func (r *run) text(value any) (string, error) {
	text := textOf(value)
	_, err := r.made(text)
	return text, err
}

func textOf(value any) string {
	switch value := value.(type) {
	case string:
		return value
	case bool:
		return strconv.FormatBool(value)
	case int64:
		return strconv.FormatInt(value, 10)
	case float64:
		return decimal(value)
	case []string:
		return "[" + strings.Join(value, ", ") + "]"
	case map[string]any:
		return object(value)
	}
	return "null"
}

func decimal(n float64) string {
	text := strconv.FormatFloat(n, 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text
}

func object(members map[string]any) string {
	parts := make([]string, 0, len(members))
	for _, name := range slices.Sorted(maps.Keys(members)) {
		known, err := accepted(members[name])
		if err != nil {
			known = nil
		}
		parts = append(parts, name+"="+textOf(known))
	}
	return "{" + strings.Join(parts, ", ") + "}"
}
