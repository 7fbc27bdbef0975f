package jsonpatch

import (
	"fmt"

	"midgard/internal/jsondoc"
)

// Apply returns the document with all operations carried out, or an *Error for the first that failed. The document is
// a tree of map[string]any, []any, string, bool, json.Number (or float64, int, int64) and nil. It is never modified;
// the result shares with it, and with the values of the patch, whatever did not change, so treat both as read-only.
//
// Copies may let the document grow by 1 MiB of text in total, and no value may come to nest deeper than
// jsondoc.DefaultDepth: a short patch can otherwise ask for any amount of memory.
func (p Patch) Apply(doc any) (any, error) {
	allowance := maxCopied
	for i, operation := range p {
		changed, at, err := operation.apply(doc, &allowance)
		if err != nil {
			return nil, operation.failed(i, at, err)
		}
		doc = changed
	}
	return doc, nil
}

// ApplyJSON applies the patch to a document given as text. The result is in canonical form: keys sorted, no white
// space, numbers spelled as they came. A document that is no strict JSON gives a *jsondoc.Error.
func (p Patch) ApplyJSON(doc []byte) ([]byte, error) {
	var tree any
	if err := jsondoc.Decode(doc, &tree); err != nil {
		return nil, fmt.Errorf("read the document: %w", err)
	}
	changed, err := p.Apply(tree)
	if err != nil {
		return nil, err
	}
	return jsondoc.AppendCanonical(nil, changed)
}

func (o Operation) failed(position int, at string, reason error) *Error {
	if o.position > 0 {
		position = o.Index() // the place the client counts from, also when only a part of the patch is applied
	}
	return &Error{Index: position, Op: o.Op, Path: at, Reason: reason.Error(), Test: o.Op == "test"}
}

// apply returns the changed document, or the pointer at fault with an error.
func (o Operation) apply(doc any, allowance *int) (changed any, at string, err error) {
	target, err := tokens(o.Path)
	if err != nil {
		return nil, o.Path, err
	}
	switch o.Op {
	case "add":
		changed, err = add(doc, target, o.Value)
	case "remove":
		changed, err = remove(doc, target)
	case "replace":
		changed, err = replace(doc, target, o.Value)
	case "test":
		changed, err = doc, test(doc, target, o.Value)
	case "move":
		return o.move(doc, target)
	case "copy":
		return o.duplicate(doc, target, allowance)
	default:
		err = errUnknownOp
	}
	return changed, o.Path, err
}

func (o Operation) move(doc any, target []string) (changed any, at string, err error) {
	source, value, err := o.source(doc)
	if err != nil {
		return nil, o.From, err
	}
	if o.From == o.Path {
		return doc, "", nil // no effect, also on the whole document, which could not be removed
	}
	if err := o.checkMove(); err != nil {
		return nil, o.Path, err
	}
	if doc, err = remove(doc, source); err != nil {
		return nil, o.From, err
	}
	changed, err = add(doc, target, value)
	return changed, o.Path, err
}

func (o Operation) duplicate(doc any, target []string, allowance *int) (changed any, at string, err error) {
	_, value, err := o.source(doc)
	if err != nil {
		return nil, o.From, err
	}
	if *allowance = weigh(value, *allowance); *allowance < 0 {
		return nil, o.Path, errTooMuch
	}
	changed, err = add(doc, target, value)
	return changed, o.Path, err
}

// source finds what is to be moved or copied.
func (o Operation) source(doc any) (place []string, value any, err error) {
	if place, err = tokens(o.From); err != nil {
		return nil, nil, err
	}
	value, err = find(doc, place)
	return place, value, err
}

func add(doc any, target []string, value any) (any, error) {
	if deeper(value, maxDepth-len(target)) {
		return nil, errTooDeep
	}
	if len(target) == 0 {
		return value, nil
	}
	return edit(doc, target, func(parent any, token string) (any, error) { return inserted(parent, token, value) })
}

func replace(doc any, target []string, value any) (any, error) {
	if deeper(value, maxDepth-len(target)) {
		return nil, errTooDeep
	}
	if len(target) == 0 {
		return value, nil
	}
	return edit(doc, target, func(parent any, token string) (any, error) { return replaced(parent, token, value) })
}

func remove(doc any, target []string) (any, error) {
	if len(target) == 0 {
		return nil, errWholeRemoved
	}
	return edit(doc, target, removed)
}

func test(doc any, target []string, want any) error {
	got, err := find(doc, target)
	if err != nil {
		return err
	}
	if !equal(got, want) {
		return errDifferent
	}
	return nil
}
