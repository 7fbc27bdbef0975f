// Package jsonpatch reads and applies JSON Patch documents (RFC 6902), which address places by JSON Pointer (RFC 6901).
//
// It works on decoded trees as encoding/json makes them with UseNumber. It differs from lenient implementations where
// leniency would hide a mistake of the caller: an absent value is not null, array indices have one spelling, repeated
// members are refused, and numbers are compared by value at any precision.
package jsonpatch

import (
	"fmt"

	"midgard/internal/jsondoc"
)

// MaxOperations is how many operations one patch may have.
const MaxOperations = 100

// Patch is a list of operations that are applied in order, all or none.
type Patch []Operation

// Operation is one change or test.
type Operation struct {
	Op    string // add, remove, replace, move, copy or test
	Path  string // JSON Pointer of the target
	From  string // JSON Pointer of the source, for move and copy
	Value any    // for add, replace and test

	position int // place in the patch it was read from, counted from 1; 0 for one made by hand
}

// needs tells which members each operation must have besides op and path.
var needs = map[string]struct{ value, from bool }{
	"add":     {value: true},
	"remove":  {},
	"replace": {value: true},
	"move":    {from: true},
	"copy":    {from: true},
	"test":    {value: true},
}

// Parse reads a patch document. It returns a *jsondoc.Error when data is no strict JSON and an *Error when it is no
// patch: not an array of at most MaxOperations objects, an unknown op, a member that is missing or of the wrong type, a
// malformed pointer, a move into itself. Members that the RFC does not know are ignored, as it demands.
func Parse(data []byte) (Patch, error) {
	var document any
	if err := jsondoc.Decode(data, &document); err != nil {
		return nil, err
	}
	elements, ok := document.([]any)
	if !ok {
		return nil, &Error{Index: -1, Reason: "a patch must be an array of operations"}
	}
	if len(elements) > MaxOperations {
		return nil, &Error{Index: -1, Reason: fmt.Sprintf("a patch may have at most %d operations, this one has %d", MaxOperations, len(elements))}
	}
	patch := make(Patch, len(elements))
	for i, element := range elements {
		operation, err := parseOperation(element)
		if err != nil {
			return nil, &Error{Index: i, Op: operation.Op, Path: operation.Path, Reason: err.Error()}
		}
		operation.position = i + 1
		patch[i] = operation
	}
	return patch, nil
}

// parseOperation returns with an error what it could read so far.
func parseOperation(element any) (op Operation, err error) {
	members, ok := element.(map[string]any)
	if !ok {
		return op, errNotObject
	}
	if op.Op, err = stringMember(members, "op"); err != nil {
		return op, err
	}
	need, known := needs[op.Op]
	if !known {
		return op, fmt.Errorf("unknown operation %.40q", op.Op)
	}
	if op.Path, err = pointerMember(members, "path"); err != nil {
		return op, err
	}
	if need.from {
		if op.From, err = pointerMember(members, "from"); err != nil {
			return op, err
		}
	}
	value, present := members["value"]
	if need.value {
		op.Value = value
		if !present {
			return op, missing("value")
		}
	}
	return op, op.checkMove()
}

func pointerMember(members map[string]any, name string) (string, error) {
	pointer, err := stringMember(members, name)
	if err != nil {
		return "", err
	}
	if _, err := tokens(pointer); err != nil {
		return pointer, fmt.Errorf("%q %w", name, err)
	}
	return pointer, nil
}

func stringMember(members map[string]any, name string) (string, error) {
	value, present := members[name]
	if !present {
		return "", missing(name)
	}
	text, ok := value.(string)
	if !ok {
		return "", fmt.Errorf("%q must be a string", name)
	}
	return text, nil
}

// checkMove refuses what cannot have a meaning: a value cannot become a part of itself.
func (o Operation) checkMove() error {
	if o.Op == "move" && len(o.Path) > len(o.From) && o.Path[:len(o.From)] == o.From && o.Path[len(o.From)] == '/' {
		return errIntoItself
	}
	return nil
}

// Root is the first reference token of the path, unescaped: the field of an object that the operation is about. It is
// "" for the whole document, of which Path == "" is the sure sign.
func (o Operation) Root() string { return root(o.Path) }

// Roots lists the fields that the operation changes: the root of the path and, for move, that of the source as well,
// each once. A test changes nothing and has none.
func (o Operation) Roots() []string {
	if o.Op == "test" {
		return nil
	}
	roots := []string{o.Root()}
	if source := root(o.From); o.Op == "move" && source != roots[0] {
		roots = append(roots, source)
	}
	return roots
}

// Index is the operation's place, from 0, in the patch that it was read from, and -1 for one made by hand.
func (o Operation) Index() int { return o.position - 1 }
