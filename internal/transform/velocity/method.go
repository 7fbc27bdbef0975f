package velocity

import (
	"fmt"
	"slices"
	"strings"
)

// method is what may be called on a value: on any value, or on one that has a text.
type method struct {
	least, most int  // arguments
	pattern     bool // the first argument is a regular expression
	any         func(r *run, receiver any, args arguments) (any, error)
	text        func(r *run, receiver string, args arguments) (any, error)
}

func (m method) arity() string {
	switch {
	case m.least != m.most:
		return fmt.Sprintf("%d or %d arguments", m.least, m.most)
	case m.most == 1:
		return "1 argument"
	}
	return fmt.Sprintf("%d arguments", m.most)
}

// methods are those of Java's texts, lists and maps. Indexes count characters from 0.
var methods = map[string]method{
	"charAt":           {least: 1, most: 1, text: charAt},
	"concat":           {least: 1, most: 1, text: concat},
	"contains":         {least: 1, most: 1, any: contains},
	"containsKey":      {least: 1, most: 1, any: containsKey},
	"endsWith":         {least: 1, most: 1, text: holds(strings.HasSuffix)},
	"equals":           {least: 1, most: 1, any: equals},
	"equalsIgnoreCase": {least: 1, most: 1, text: equalsIgnoreCase},
	"get":              {least: 1, most: 1, any: get},
	"indexOf":          {least: 1, most: 2, text: indexOf},
	"isEmpty":          {any: isEmpty},
	"lastIndexOf":      {least: 1, most: 1, text: lastIndexOf},
	"length":           {text: length},
	"matches":          {least: 1, most: 1, pattern: true, text: matches},
	"replace":          {least: 2, most: 2, text: replace},
	"replaceAll":       {least: 2, most: 2, pattern: true, text: replaceAll},
	"replaceFirst":     {least: 2, most: 2, pattern: true, text: replaceFirst},
	"size":             {any: size},
	"split":            {least: 1, most: 2, pattern: true, text: split},
	"startsWith":       {least: 1, most: 1, text: holds(strings.HasPrefix)},
	"substring":        {least: 1, most: 2, text: substring},
	"toLowerCase":      {text: changed(strings.ToLower)},
	"toString":         {any: toString},
	"toUpperCase":      {text: changed(strings.ToUpper)},
	"trim":             {text: changed(strings.TrimSpace)},
}

// call is a method with its arguments.
type call struct {
	name   string
	method method
	args   []expression
	fixed  *pattern // compiled in advance, when the pattern is written out
}

func (c *call) from(r *run, receiver any) (any, error) {
	args := arguments{fixed: c.fixed}
	bytes := weight(receiver)
	for _, arg := range c.args {
		value, err := arg.eval(r)
		if err != nil {
			return nil, err
		}
		args.values = append(args.values, value)
		bytes += weight(value)
	}
	if err := r.spend(bytes); err != nil {
		return nil, err
	}
	value, err := c.on(r, receiver, args)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.name, err)
	}
	return value, nil
}

// weight is about how many bytes of a value a method may look at.
func weight(value any) int {
	switch value := value.(type) {
	case string:
		return len(value)
	case []string:
		total := 0
		for _, text := range value {
			total += len(text) + 1
		}
		return total
	}
	return 0
}

// on calls the method. Methods of texts exist for numbers and truth values too; lists and maps have none of them, so that
// there is no value.
func (c *call) on(r *run, receiver any, args arguments) (any, error) {
	if c.method.any != nil {
		return c.method.any(r, receiver, args)
	}
	switch receiver.(type) {
	case []string, map[string]any:
		return nil, nil
	}
	text, err := r.text(receiver)
	if err != nil {
		return nil, err
	}
	return c.method.text(r, text, args)
}

// arguments are the values of a call's arguments.
type arguments struct {
	values []any
	fixed  *pattern
}

func (a arguments) text(i int) (string, error) {
	if a.values[i] == nil {
		return "", fmt.Errorf("argument %d has no value", i+1)
	}
	return textOf(a.values[i]), nil
}

// number gives a whole number, or the other one when there is no such argument.
func (a arguments) number(i, otherwise int) (int, error) {
	if i >= len(a.values) {
		return otherwise, nil
	}
	n, whole := a.values[i].(int64)
	if !whole || n != int64(int32(n)) {
		return 0, fmt.Errorf("argument %d must be a whole number", i+1)
	}
	return int(n), nil
}

func isEmpty(_ *run, receiver any, _ arguments) (any, error) {
	n, counted := count(receiver)
	if !counted {
		return textOf(receiver) == "", nil
	}
	return n == 0, nil
}

func size(_ *run, receiver any, _ arguments) (any, error) {
	if n, counted := count(receiver); counted {
		return n, nil
	}
	return nil, nil
}

func count(value any) (int64, bool) {
	switch value := value.(type) {
	case []string:
		return int64(len(value)), true
	case map[string]any:
		return int64(len(value)), true
	}
	return 0, false
}

func get(_ *run, receiver any, args arguments) (any, error) { return element(receiver, args.values[0]) }

func contains(_ *run, receiver any, args arguments) (any, error) {
	text, err := args.text(0)
	if err != nil {
		return nil, err
	}
	if list, ok := receiver.([]string); ok {
		return slices.Contains(list, text), nil
	}
	return strings.Contains(textOf(receiver), text), nil
}

func containsKey(_ *run, receiver any, args arguments) (any, error) {
	object, _ := receiver.(map[string]any)
	name, _ := args.values[0].(string)
	_, found := object[name]
	return found, nil
}

func equals(r *run, receiver any, args arguments) (any, error) {
	return r.equal(receiver, args.values[0])
}

func toString(r *run, receiver any, _ arguments) (any, error) { return r.text(receiver) }
