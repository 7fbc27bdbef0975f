package transform

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"midgard/internal/governance"
)

// attributes reads the attributes of one transform for its builder. The first thing that is wrong is kept in err, and
// what is read after that is of no use; this spares each builder a test for each of its attributes.
type attributes struct {
	c       *compiler
	at      place  // the transform
	path    string // of the attributes themselves
	id      json.RawMessage
	members map[string]json.RawMessage // nil when there is no object
	err     error
}

// attributes opens the attributes of a document.
func (c *compiler) attributes(document map[string]json.RawMessage, path, kind string) (*attributes, error) {
	a := &attributes{c: c, path: below(path, "attributes"), id: document["id"], at: place{transform: c.inside(), path: path, kind: kind}}
	if raw := document["requiresPeriodicRefresh"]; !isNull(raw) {
		if _, ok := truth(raw); !ok {
			return nil, wrongType(below(path, "requiresPeriodicRefresh"), "true or false")
		}
	}
	raw := document["attributes"]
	if isNull(raw) {
		return a, nil
	}
	var err error
	if a.members, err = object(raw, a.path); err != nil {
		return nil, err
	}
	a.boolean("requiresPeriodicRefresh", false)
	return a, a.err
}

func (a *attributes) field(name string) string { return below(a.path, name) }

// has tells whether there is a value that is not null.
func (a *attributes) has(name string) bool { return !isNull(a.members[name]) }

// wrong keeps the first error.
func (a *attributes) wrong(err error) {
	if a.err == nil {
		a.err = err
	}
}

// illegal keeps an error about one attribute.
func (a *attributes) illegal(name, format string, args ...any) {
	a.illegalAt(a.field(name), format, args...)
}

func (a *attributes) illegalAt(path, format string, args ...any) {
	a.wrong(governance.Fail(governance.Illegal, path, "Illegal value for field '%s': %s.", path, fmt.Sprintf(format, args...)))
}

// need reads an attribute that must be there.
func (a *attributes) need(name string) (json.RawMessage, bool) {
	if !a.has(name) {
		a.wrong(missing(a.field(name)))
		return nil, false
	}
	return a.members[name], true
}

// text reads a string that must be there and not be empty.
func (a *attributes) text(name string) string {
	raw, ok := a.need(name)
	if !ok {
		return ""
	}
	text := a.plain(a.field(name), raw)
	if text == "" {
		a.wrong(missing(a.field(name)))
	}
	return text
}

// textOr reads a string, which may be empty; without one it is otherwise.
func (a *attributes) textOr(name, otherwise string) string {
	if !a.has(name) {
		return otherwise
	}
	return a.plain(a.field(name), a.members[name])
}

func (a *attributes) plain(path string, raw json.RawMessage) string {
	text, ok := stringOf(raw)
	if !ok {
		a.wrong(wrongType(path, "a string"))
	}
	return text
}

// boolean reads a truth value, which may be written as a string.
func (a *attributes) boolean(name string, otherwise bool) bool {
	if !a.has(name) {
		return otherwise
	}
	value, ok := truth(a.members[name])
	if !ok {
		a.wrong(wrongType(a.field(name), "true or false"))
	}
	return value
}

func truth(raw json.RawMessage) (value, ok bool) {
	text, ok := scalar(raw)
	value = strings.EqualFold(text.Text, "true")
	return value, ok && (value || strings.EqualFold(text.Text, "false"))
}

// operand reads a value that must be there: a string, a number, a truth value or a transform.
func (a *attributes) operand(name string) operand {
	raw, ok := a.need(name)
	if !ok {
		return operand{}
	}
	return a.operandAt(raw, a.field(name))
}

func (a *attributes) operandOr(name, otherwise string) operand {
	if !a.has(name) {
		return operand{literal: Text(otherwise)}
	}
	return a.operand(name)
}

// operandAt reads a value, or null.
func (a *attributes) operandAt(raw json.RawMessage, path string) operand {
	if a.err != nil {
		return operand{}
	}
	if opens(raw, '{') {
		return operand{node: a.nested(raw, path)}
	}
	a.wrong(a.c.count(path))
	value, ok := scalar(raw)
	if !ok {
		a.wrong(wrongType(path, "a string, a number, true, false or a transform"))
	}
	return operand{literal: value}
}

func (a *attributes) nested(raw json.RawMessage, path string) *node {
	document, err := object(raw, path)
	if err != nil {
		a.wrong(err)
		return nil
	}
	n, err := a.c.node(document, path)
	if err != nil {
		a.wrong(err)
	}
	return n
}

// elements reads a list that must be there and have elements.
func (a *attributes) elements(name string) []json.RawMessage {
	raw, ok := a.need(name)
	if !ok {
		return nil
	}
	var list []json.RawMessage
	if !opens(raw, '[') || json.Unmarshal(raw, &list) != nil {
		a.wrong(wrongType(a.field(name), "a list"))
		return nil
	}
	if len(list) == 0 {
		a.wrong(missing(a.field(name)))
	}
	return list
}

// operands reads a list of values.
func (a *attributes) operands(name string) []operand {
	list := a.elements(name)
	values := make([]operand, 0, min(len(list), MaxNodes))
	for i, raw := range list {
		if a.err != nil {
			return nil
		}
		values = append(values, a.operandAt(raw, element(a.field(name), i)))
	}
	return values
}

// whole reads a whole number between two bounds that is fixed in the definition.
func (a *attributes) whole(name string, least, most int) int {
	raw, ok := a.need(name)
	if !ok {
		return 0
	}
	value, _ := scalar(raw) // anything else is no number either
	n, err := strconv.Atoi(value.Text)
	switch {
	case err != nil:
		a.wrong(wrongType(a.field(name), "a whole number"))
	case n > most:
		a.wrong(governance.Fail(governance.Limit, a.field(name), "Field '%s' is %d; at most %d is allowed.", a.field(name), n, most))
	case n < least:
		a.illegal(name, "%d is less than %d", n, least)
	}
	return n
}

func (a *attributes) wholeOr(name string, otherwise, least, most int) int {
	if !a.has(name) {
		return otherwise
	}
	return a.whole(name, least, most)
}

// number reads a whole number that may also be the outcome of a transform.
func (a *attributes) number(name string, least, most int) number {
	n := number{operand: a.operand(name), name: name, least: least, most: most}
	if a.err == nil && n.operand.node == nil {
		n.literal = a.whole(name, least, most)
	}
	return n
}

func (a *attributes) numberOr(name string, otherwise, least, most int) number {
	if !a.has(name) {
		return number{literal: otherwise}
	}
	return a.number(name, least, most)
}

// number is a whole number of a definition: a constant, or what a transform gives for the row.
type number struct {
	operand     operand
	literal     int
	name        string
	least, most int
}

func (n number) of(r *run, in Value) (int, error) {
	if n.operand.node == nil {
		return n.literal, nil
	}
	value, err := r.value(n.operand, in)
	if err != nil {
		return 0, err
	}
	given, err := strconv.Atoi(strings.TrimSpace(value.Text))
	if err != nil || given < n.least || given > n.most {
		return 0, fail("%s is %s, not a whole number from %d to %d", n.name, shown(value), n.least, n.most)
	}
	return given, nil
}
