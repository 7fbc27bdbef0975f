package jsonpatch

import (
	"errors"
	"maps"
	"slices"
)

// The functions of this file never write to a container: each change copies the containers between the root and the
// place, and only those. That keeps the caller's document whole, makes a failed patch cost nothing to take back, and
// lets a copied value be shared.

// find returns the value at a place.
func find(doc any, target []string) (any, error) {
	for i, token := range target {
		value, err := child(doc, token)
		if err != nil {
			return nil, orNoParent(err, i == len(target)-1)
		}
		doc = value
	}
	return doc, nil
}

// edit returns a document in which change has been made to the container that holds the target.
func edit(doc any, target []string, change func(parent any, token string) (any, error)) (any, error) {
	token, rest := target[0], target[1:]
	if len(rest) == 0 {
		return change(doc, token)
	}
	value, err := child(doc, token)
	if err != nil {
		return nil, orNoParent(err, false)
	}
	if value, err = edit(value, rest, change); err != nil {
		return nil, err
	}
	return replaced(doc, token, value)
}

// orNoParent tells a target that is missing from one that has no place to be.
func orNoParent(err error, last bool) error {
	if !last && errors.Is(err, errNoTarget) {
		return errNoParent
	}
	return err
}

func child(parent any, token string) (any, error) {
	switch parent := parent.(type) {
	case map[string]any:
		value, ok := parent[token]
		if !ok {
			return nil, errNoTarget
		}
		return value, nil
	case []any:
		index, err := arrayIndex(token, len(parent))
		if err != nil {
			return nil, err
		}
		return parent[index], nil
	default:
		return nil, errNoContainer
	}
}

// replaced returns the container with another value in an existing place.
func replaced(parent any, token string, value any) (any, error) {
	switch parent := parent.(type) {
	case map[string]any:
		if _, ok := parent[token]; !ok {
			return nil, errNoTarget
		}
		return withMember(parent, token, value), nil
	case []any:
		index, err := arrayIndex(token, len(parent))
		if err != nil {
			return nil, err
		}
		changed := slices.Clone(parent)
		changed[index] = value
		return changed, nil
	default:
		return nil, errNoContainer
	}
}

// inserted returns the container with one value more; an object's member of that name gives way.
func inserted(parent any, token string, value any) (any, error) {
	switch parent := parent.(type) {
	case map[string]any:
		return withMember(parent, token, value), nil
	case []any:
		if token == "-" {
			return append(slices.Clip(parent), value), nil
		}
		index, err := arrayIndex(token, len(parent)+1)
		if err != nil {
			return nil, err
		}
		return slices.Concat(parent[:index], []any{value}, parent[index:]), nil
	default:
		return nil, errNoContainer
	}
}

// removed returns the container without one of its values.
func removed(parent any, token string) (any, error) {
	switch parent := parent.(type) {
	case map[string]any:
		if _, ok := parent[token]; !ok {
			return nil, errNoTarget
		}
		changed := maps.Clone(parent)
		delete(changed, token)
		return changed, nil
	case []any:
		index, err := arrayIndex(token, len(parent))
		if err != nil {
			return nil, err
		}
		// Concat would make the last removal a nil slice, which is null in JSON.
		return append(append(make([]any, 0, len(parent)-1), parent[:index]...), parent[index+1:]...), nil
	default:
		return nil, errNoContainer
	}
}

func withMember(object map[string]any, name string, value any) map[string]any {
	changed := make(map[string]any, len(object)+1) // not maps.Clone, which keeps a nil map nil
	maps.Copy(changed, object)
	changed[name] = value
	return changed
}
