package velocity

import "fmt"

// run is one rendering.
type run struct {
	value func(name string) (any, bool)
	own   map[string]any // what #set gave
	limit int
	work  int
	out   []byte
}

// node is a piece of a template.
type node interface {
	render(r *run) error
}

// expression is something that has a value; nil stands for none.
type expression interface {
	eval(r *run) (any, error)
}

func (r *run) all(nodes []node) error {
	for _, n := range nodes {
		if err := n.render(r); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) write(text string) error {
	if len(r.out)+len(text) > r.limit {
		return r.tooLong()
	}
	r.out = append(r.out, text...)
	return nil
}

func (r *run) tooLong() error {
	return fmt.Errorf("the template makes a text of more than %d bytes", r.limit)
}

// spend counts work against its bound.
func (r *run) spend(bytes int) error {
	if r.work += bytes + 1; r.work > maxWork || r.work < 0 {
		return fmt.Errorf("the template works through more than %d bytes", maxWork)
	}
	return nil
}

// made lets a text that was made pass, unless it is too long.
func (r *run) made(text string) (any, error) {
	if len(text) > r.limit {
		return nil, r.tooLong()
	}
	return text, r.spend(len(text))
}

// lookup finds the value of a variable: the one that the template set, else the caller's.
func (r *run) lookup(name string) (any, error) {
	if value, found := r.own[name]; found {
		return value, nil
	}
	value, found := r.value(name)
	if !found {
		return nil, nil
	}
	known, err := accepted(value)
	if err != nil {
		return nil, fmt.Errorf("variable %q: %w", name, err)
	}
	return known, nil
}

type textNode string

func (n textNode) render(r *run) error { return r.write(string(n)) }

// referenceNode is a reference in the text around expressions.
type referenceNode struct {
	ref    *reference
	source string
	quiet  bool
}

func (n *referenceNode) render(r *run) error {
	value, err := n.ref.eval(r)
	switch {
	case err != nil:
		return err
	case value != nil:
		text, err := r.text(value)
		if err != nil {
			return err
		}
		return r.write(text)
	case n.quiet:
		return nil
	}
	return r.write(n.source)
}

type setNode struct {
	name  string
	value expression
}

// render sets the variable, unless the expression has no value: then it keeps the one it had.
func (n *setNode) render(r *run) error {
	value, err := n.value.eval(r)
	if err != nil || value == nil {
		return err
	}
	if r.own == nil {
		r.own = map[string]any{}
	}
	r.own[n.name] = value
	return nil
}

type ifNode struct {
	branches []branch
}

type branch struct {
	condition expression
	body      []node
}

func (n *ifNode) render(r *run) error {
	for _, b := range n.branches {
		value, err := b.condition.eval(r)
		if err != nil {
			return err
		}
		if truth(value) {
			return r.all(b.body)
		}
	}
	return nil
}

// truth is that of Velocity 1.7: everything but false and a missing value is true, an empty text too.
func truth(value any) bool {
	if b, ok := value.(bool); ok {
		return b
	}
	return value != nil
}
