package transform

import (
	"errors"
	"fmt"
	"time"

	"midgard/internal/governance"
)

// node is one transform of a definition, ready to run.
type node struct {
	op    operation
	input *operand // what replaces the implicit input, or nil
	at    place
}

// operation is what a type does.
type operation interface {
	apply(r *run, in Value) (Value, error)
}

// operand is a place of a definition where a value stands: a constant or a transform.
type operand struct {
	node    *node
	literal Value
}

// place is where a node stands: the path in its definition, and the name of the stored transform when that is not the
// definition which was compiled.
type place struct{ transform, path, kind string }

// run is one evaluation.
type run struct {
	*Context
	work int
	now  time.Time
}

// eval runs a node: its own input first when it has one, then its operation.
func (r *run) eval(n *node, in Value) (Value, error) {
	if n.input != nil {
		given, err := r.value(*n.input, in)
		if err != nil {
			return Null(), err
		}
		in = given
	}
	if err := r.spend(1 + len(in.Text)/64); err != nil {
		return Null(), n.at.blame(err)
	}
	out, err := n.op.apply(r, in)
	if err == nil && len(out.Text) > MaxText {
		err = tooLong()
	}
	if err == nil {
		err = r.spend(len(out.Text) / 64)
	}
	if err != nil {
		return Null(), n.at.blame(err)
	}
	return out, nil
}

// value is eval for a place that may hold a constant.
func (r *run) value(o operand, in Value) (Value, error) {
	if o.node == nil {
		return o.literal, nil
	}
	return r.eval(o.node, in)
}

func (r *run) spend(work int) error {
	if r.work -= work; r.work < 0 {
		return &fault{governance.Limit, "the evaluation takes more work than is allowed for one value"}
	}
	return nil
}

// moment is the one that "now" stands for, the same during the whole evaluation.
func (r *run) moment() time.Time {
	if r.now.IsZero() {
		r.now = r.Now
	}
	if r.now.IsZero() {
		r.now = time.Now()
	}
	return r.now
}

// fault is a failure of an operation before the node that runs it has told where it stands.
type fault struct {
	kind governance.Kind
	text string
}

func (f *fault) Error() string { return f.text }

func fail(format string, args ...any) error {
	return &fault{governance.Illegal, fmt.Sprintf(format, args...)}
}

func tooLong() error {
	return &fault{governance.Limit, fmt.Sprintf("the value would have more than %d bytes", MaxText)}
}

// notOffered is the failure of a type that needs a function which the context does not have.
func notOffered(what string) error { return fail("%s cannot be used here", what) }

// blame gives a fault its place. What has a place already and what comes from outside keep what they have.
func (p place) blame(err error) error {
	var f *fault
	if !errors.As(err, &f) {
		return err
	}
	field := p.path
	if p.transform != "" {
		field = "" // the path is one of another document
	}
	return governance.Fail(f.kind, field, "%s: %s.", p, f.text)
}

func (p place) String() string {
	text := "Transform of type " + p.kind
	if p.path != "" {
		text += " at " + p.path
	}
	if p.transform != "" {
		text += fmt.Sprintf(" in transform %q", p.transform)
	}
	return text
}

// shown is a value for an error text: quoted, and cut when it is long.
func shown(v Value) string {
	const most = 60
	if !v.Valid {
		return "null"
	}
	if len(v.Text) <= most {
		return fmt.Sprintf("%q", v.Text)
	}
	cut := most
	for cut > 0 && v.Text[cut]&0xc0 == 0x80 {
		cut--
	}
	return fmt.Sprintf("%q…", v.Text[:cut])
}
