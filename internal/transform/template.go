package transform

import (
	"fmt"
	"strconv"
	"strings"

	"midgard/internal/transform/velocity"
)

// template is a text with variables. Its variables are the other attributes of its transform, values or transforms, and
// then those of the context.
type template struct {
	text     *velocity.Template // nil for a text without variables
	constant string
	single   string // the name of the variable, with dots, when the template is nothing else
	own      map[string]operand
}

// template compiles the text of an attribute. Only the variables that it names are compiled.
func (a *attributes) template(path, text string, own map[string]operand) template {
	if !strings.ContainsAny(text, `$#\`) {
		return template{constant: text}
	}
	compiled, err := velocity.Compile(text)
	if err != nil {
		a.illegalAt(path, "%v", err)
		return template{}
	}
	for _, name := range compiled.Variables() {
		a.variable(name, own)
	}
	return template{text: compiled, single: onlyVariable(text), own: own}
}

// variable compiles the attribute that a variable stands for, once. Without such an attribute it is the context's.
func (a *attributes) variable(name string, own map[string]operand) {
	name, _, _ = strings.Cut(name, ".")
	if _, known := own[name]; known || !a.has(name) {
		return
	}
	own[name] = a.operand(name)
}

// onlyVariable is the name in a template that is nothing but $name or ${name}.
func onlyVariable(text string) string {
	name, ok := strings.CutPrefix(text, "$")
	if inner, braced := strings.CutPrefix(name, "{"); braced {
		name, braced = strings.CutSuffix(inner, "}")
		ok = ok && braced
	}
	for part := range strings.SplitSeq(name, ".") {
		ok = ok && isName(part)
	}
	if !ok {
		return ""
	}
	return name
}

func isName(text string) bool {
	for i, char := range []byte(text) {
		letter := char|0x20 >= 'a' && char|0x20 <= 'z' || char == '_'
		if !letter && (i == 0 || char < '0' || char > '9') {
			return false
		}
	}
	return text != ""
}

// fill gives the text with its variables. A template that is one variable gives its value, so null stays null; a null
// inside of other text is shown by its name, as Velocity does.
func (t *template) fill(r *run, in Value) (Value, error) {
	if t.text == nil {
		return Text(t.constant), nil
	}
	f := filling{run: r, in: in, own: t.own}
	return f.single(t)
}

// demand is fill for a place where each variable must have a value.
func (t *template) demand(r *run, in Value) (Value, error) {
	if t.text == nil {
		return Text(t.constant), nil
	}
	f := filling{run: r, in: in, own: t.own}
	value, err := f.single(t)
	if err == nil && f.missing != "" {
		err = &noValue{f.missing}
	}
	return value, err
}

// noValue is a variable without a value where one is demanded.
type noValue struct{ name string }

func (e *noValue) Error() string { return fmt.Sprintf("variable $%s has no value", e.name) }

// filling is one rendering of a template.
type filling struct {
	run     *run
	in      Value
	own     map[string]operand
	extra   namedValue   // a variable that goes before all others
	values  []namedValue // the own variables so far: each is evaluated once, since it may be random
	missing string       // the first variable without a value
	err     error
}

type namedValue struct {
	name  string
	value Value
}

// single renders a template, the short way when it is one variable.
func (f *filling) single(t *template) (Value, error) {
	if t.single == "" {
		return f.render(t)
	}
	value, known := f.variable(t.single)
	switch {
	case f.err != nil:
		return Null(), f.err
	case !known:
		return f.render(t)
	case !value.Valid:
		f.missing = t.single
	}
	return value, nil
}

func (f *filling) render(t *template) (Value, error) {
	if err := f.run.spend(TemplateWork); err != nil {
		return Null(), err
	}
	text, err := t.text.Render(f.lookup, MaxText)
	if f.err != nil {
		return Null(), f.err
	}
	if err != nil {
		return Null(), fail("%v", err)
	}
	return Text(text), nil
}

// lookup finds a variable for the template.
func (f *filling) lookup(name string) (any, bool) {
	value, found := f.find(name)
	if !found && f.missing == "" {
		f.missing = name
	}
	return value, found
}

func (f *filling) find(name string) (any, bool) {
	if name == f.extra.name {
		return f.extra.value.Text, true
	}
	if o, found := f.own[name]; found {
		value := f.evaluate(name, o)
		return value.Text, value.Valid
	}
	value, found := f.run.Variables[name]
	return value, found && value != nil
}

func (f *filling) evaluate(name string, o operand) Value {
	if o.node == nil {
		return o.literal
	}
	for _, known := range f.values {
		if known.name == name {
			return known.value
		}
	}
	if f.err != nil {
		return Null()
	}
	var value Value
	value, f.err = f.run.value(o, f.in)
	f.values = append(f.values, namedValue{name, value})
	return value
}

// variable is the value of a name, perhaps with dots. It is not known when nobody has defined its first part, or when it
// is no value but a map.
func (f *filling) variable(name string) (value Value, known bool) {
	if o, found := f.own[name]; found {
		return f.evaluate(name, o), true
	}
	first, rest, _ := strings.Cut(name, ".")
	found, known := f.run.Variables[first]
	if _, hidden := f.own[first]; hidden || !known {
		return Null(), false
	}
	for rest != "" {
		members, ok := found.(map[string]any)
		if !ok {
			return Null(), found == nil
		}
		first, rest, _ = strings.Cut(rest, ".")
		found = members[first]
	}
	return plainValue(found)
}

// plainValue is the text of a variable of the context.
func plainValue(v any) (Value, bool) {
	switch v := v.(type) {
	case nil:
		return Null(), true
	case string:
		return Text(v), true
	case bool:
		return Text(strconv.FormatBool(v)), true
	case int64:
		return Text(strconv.FormatInt(v, 10)), true
	}
	return Null(), false
}

// static is a text, mostly with variables.
type static struct{ template }

func buildStatic(a *attributes) operation {
	name := "value"
	if !a.has(name) && a.has("values") {
		name = "values" // so the contract's schema calls it, unlike its documentation
	}
	raw, ok := a.need(name)
	if !ok {
		return nil
	}
	value, ok := scalar(raw)
	if !ok {
		a.wrong(wrongType(a.field(name), "a string"))
		return nil
	}
	return &static{a.template(a.field(name), value.Text, map[string]operand{})}
}

func (t *static) apply(r *run, in Value) (Value, error) { return t.fill(r, in) }

// oneOf is an outcome that a definition gives as a text with variables or as a transform.
type oneOf struct {
	node *node
	text template
}

func (a *attributes) outcome(name string, own map[string]operand) oneOf {
	raw, ok := a.need(name)
	if !ok {
		return oneOf{}
	}
	value := a.operandAt(raw, a.field(name))
	if value.node != nil {
		return oneOf{node: value.node}
	}
	return oneOf{text: a.template(a.field(name), value.literal.Text, own)}
}

func (o *oneOf) of(r *run, in Value) (Value, error) {
	if o.node != nil {
		return r.eval(o.node, in)
	}
	return o.text.fill(r, in)
}
