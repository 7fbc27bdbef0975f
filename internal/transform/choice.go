package transform

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"

	"midgard/internal/governance"
)

// reference runs a stored transform with its own input or the one that comes in.
type reference struct{ target *node }

// buildReference takes the name from attributes.id, or from the member "id" beside the type, where mappings have it.
func buildReference(a *attributes) operation {
	name, path := "", a.field("id")
	if a.has("id") {
		name = a.text("id")
	} else if !isNull(a.id) {
		path = below(a.at.path, "id")
		name = a.plain(path, a.id)
	}
	if name == "" {
		a.wrong(missing(path))
	}
	if a.err != nil {
		return nil
	}
	target, err := a.c.referred(name, path)
	if err != nil {
		a.wrong(err)
	}
	return reference{target}
}

func (t reference) apply(r *run, in Value) (Value, error) { return r.eval(t.target, in) }

// firstValid is the first of its values that is not null.
type firstValid struct {
	values       []operand
	ignoreErrors bool
}

func buildFirstValid(a *attributes) operation {
	return &firstValid{a.operands("values"), a.boolean("ignoreErrors", false)}
}

func (t *firstValid) apply(r *run, in Value) (Value, error) {
	for _, o := range t.values {
		value, err := r.value(o, in)
		if err != nil && !(t.ignoreErrors && aboutTheRow(err)) {
			return Null(), err
		}
		if err == nil && value.Valid {
			return value, nil
		}
	}
	return Null(), nil
}

// aboutTheRow tells the failures that another row would not have from limits and from a source or database that is away.
func aboutTheRow(err error) bool {
	switch governance.KindOf(err) {
	case governance.Illegal, governance.Invalid, governance.Required, governance.NotFound, governance.UnknownRef:
		return true
	}
	return false
}

// conditional compares two texts.
type conditional struct {
	left, right        template
	positive, negative oneOf
}

func buildConditional(a *attributes) operation {
	expression := a.text("expression")
	left, right, ok := equation(expression)
	if a.err == nil && !ok {
		a.illegal("expression", "%s is not of the form \"A eq B\", and eq is the only operator", shown(Text(expression)))
	}
	own, path := map[string]operand{}, a.field("expression")
	return &conditional{
		left: a.template(path, left, own), right: a.template(path, right, own),
		positive: a.outcome("positiveCondition", own), negative: a.outcome("negativeCondition", own),
	}
}

// equation splits "A eq B" at its only eq.
func equation(expression string) (left, right string, ok bool) {
	left, right, ok = strings.Cut(expression, " eq ")
	left, right = strings.TrimSpace(left), strings.TrimSpace(right)
	return left, right, ok && left != "" && right != "" && !strings.Contains(right, " eq ")
}

func (t *conditional) apply(r *run, in Value) (Value, error) {
	left, err := side(&t.left, r, in)
	if err != nil {
		return Null(), err
	}
	right, err := side(&t.right, r, in)
	if err != nil {
		return Null(), err
	}
	if left == right {
		return t.positive.of(r, in)
	}
	return t.negative.of(r, in)
}

// side is the text of an operand, whose variables must not be null.
func side(t *template, r *run, in Value) (Value, error) {
	value, err := t.demand(r, in)
	if none := (*noValue)(nil); errors.As(err, &none) {
		return Null(), fail("an operand of the expression is null: %v", none)
	}
	return value, err
}

// lookup finds its input in a table.
type lookup struct{ table map[string]Value }

func buildLookup(a *attributes) operation {
	t := &lookup{table: map[string]Value{}}
	if _, ok := a.need("table"); !ok {
		return nil
	}
	for _, entry := range a.table("table") {
		t.table[entry.name] = entry.value
	}
	if len(t.table) == 0 {
		a.wrong(missing(a.field("table")))
	}
	return t
}

func (t *lookup) apply(_ *run, in Value) (Value, error) {
	if in.Valid {
		if value, found := t.table[in.Text]; found {
			return value, nil
		}
	}
	if value, found := t.table["default"]; found {
		return value, nil
	}
	return Null(), fail("the table has no entry for %s and no default", shown(in))
}

// table reads an object of texts in the order in which it was written. It may be absent.
func (a *attributes) table(name string) []namedValue {
	if !a.has(name) {
		return nil
	}
	raw, path := a.members[name], a.field(name)
	if !opens(raw, '{') {
		a.wrong(wrongType(path, "an object"))
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	_, _ = decoder.Token() // the bracket; the document is known to be well-formed
	var entries []namedValue
	for decoder.More() {
		key, _ := decoder.Token()
		var member json.RawMessage
		_ = decoder.Decode(&member)
		text, _ := key.(string)
		value, ok := scalar(member)
		if !ok {
			a.wrong(wrongType(entryPath(path, text), "a string"))
		}
		entries = append(entries, namedValue{text, value})
	}
	return entries
}

// entryPath is the path of an entry of a table, whose name may be an expression of any length.
func entryPath(path, name string) string {
	const most = 60 // characters
	if length(name) > most {
		name = beginning(name, most) + "…"
	}
	return below(path, name)
}
