package ldap

import (
	"fmt"
	"strconv"
	"strings"

	"midgard/internal/connector"
)

// attributes reads configuration values and keeps the first error, so that a list of reads stays a list.
type attributes struct {
	values map[string]any
	err    error
}

func (a *attributes) fail(name, reason string, args ...any) {
	if a.err == nil {
		a.err = &connector.ConfigError{Field: name, Reason: fmt.Sprintf(reason, args...)}
	}
}

func (a *attributes) text(name, absent string) string {
	switch value := a.values[name].(type) {
	case nil:
		return absent
	case string:
		if value = strings.TrimSpace(value); value == "" {
			return absent
		}
		return value
	}
	a.fail(name, "must be a text")
	return absent
}

// flag accepts the texts "true" and "false" too: exported configurations hold them.
func (a *attributes) flag(name string, absent bool) bool {
	switch value := a.values[name].(type) {
	case nil:
		return absent
	case bool:
		return value
	case string:
		if value == "" {
			return absent
		}
		if parsed, err := strconv.ParseBool(value); err == nil {
			return parsed
		}
	}
	a.fail(name, "must be true or false")
	return absent
}

// number accepts a whole number within the bounds, also as a text: exported configurations hold ports so.
func (a *attributes) number(name string, absent, least, most int) int {
	var number float64
	switch value := a.values[name].(type) {
	case nil:
		return absent
	case float64:
		number = value
	case string:
		if value == "" {
			return absent
		}
		parsed, err := strconv.Atoi(value)
		if err != nil {
			a.fail(name, "must be a whole number")
			return absent
		}
		number = float64(parsed)
	default:
		a.fail(name, "must be a whole number")
		return absent
	}
	if number != float64(int(number)) || int(number) < least || int(number) > most {
		a.fail(name, "must be a whole number from %d to %d", least, most)
		return absent
	}
	return int(number)
}

// choice accepts one of the options in any case; the first is the default.
func (a *attributes) choice(name string, options ...string) string {
	value := a.text(name, options[0])
	for _, option := range options {
		if strings.EqualFold(value, option) {
			return option
		}
	}
	a.fail(name, "must be one of %s", strings.Join(options, ", "))
	return options[0]
}

// list accepts one text with commas in place of a list.
func (a *attributes) list(name string) []string {
	var list []string
	add := func(text string) {
		if text = strings.TrimSpace(text); text != "" {
			list = append(list, text)
		}
	}
	switch value := a.values[name].(type) {
	case nil:
	case string:
		for part := range strings.SplitSeq(value, ",") {
			add(part)
		}
	case []any:
		for _, element := range value {
			text, ok := element.(string)
			if !ok {
				a.fail(name, "must be a list of texts")
				return nil
			}
			add(text)
		}
	default:
		a.fail(name, "must be a list of texts")
	}
	return list
}

// tables accepts a list of objects; a text in place of an object is its key "searchDN".
func (a *attributes) tables(name string) []map[string]any {
	value := a.values[name]
	if value == nil {
		return nil
	}
	list, ok := value.([]any)
	if !ok {
		a.fail(name, "must be a list of objects")
		return nil
	}
	tables := make([]map[string]any, 0, len(list))
	for _, element := range list {
		switch element := element.(type) {
		case map[string]any:
			tables = append(tables, element)
		case string:
			tables = append(tables, map[string]any{"searchDN": element})
		default:
			a.fail(name, "must be a list of objects")
			return nil
		}
	}
	return tables
}
