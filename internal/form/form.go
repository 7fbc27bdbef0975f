// Package form holds the values that somebody gives against a form: it applies the form's conditions and checks what they
// leave in force. It keeps nothing.
package form

import (
	"maps"
	"slices"

	"midgard/internal/governance"
)

// Problem says what is wrong with the value under a key. An element without a key of its own never has one.
type Problem struct {
	Key    string
	Reason string
}

// Check holds an input, values by the keys of elements and the ids or labels of form inputs, against a form. The problems
// come in the order of the form's elements, those of unknown keys last. The input that it gives back is what counts:
// defaults are filled in; hidden and disabled elements have their default or are left out, whatever was given for them.
//
// Values are texts and truth values, lists of texts where several may be selected, as encoding/json reads them into any.
// The error is that of a form that breaks the rules of its Validate.
func Check(f *governance.FormDefinition, input map[string]any) (effective map[string]any, problems []Problem, err error) {
	placed, err := f.Placed()
	if err != nil {
		return nil, nil, err
	}
	s := newState(f, placed, input)
	s.settle()
	for i := range s.elements {
		if e := &s.elements[i]; e.Type.HoldsValue() && !e.off() {
			problems = append(problems, s.problems(e)...)
		}
	}
	return s.effective(), append(problems, s.unknown()...), nil
}

// effective is the input as it counts.
func (s *state) effective() map[string]any {
	values := maps.Clone(s.values)
	for i := range s.elements {
		e := &s.elements[i]
		if !e.off() {
			continue
		}
		delete(values, e.Key)
		if e.initial != nil {
			values[e.Key] = e.initial
		}
	}
	return values
}

// unknown tells the keys that the form does not have.
func (s *state) unknown() []Problem {
	var problems []Problem
	for _, key := range slices.Sorted(maps.Keys(s.given)) {
		element := slices.ContainsFunc(s.elements, func(e element) bool { return e.Type.HoldsValue() && e.Key == key })
		input := slices.ContainsFunc(s.form.Inputs, func(i governance.FormInput) bool { return i.Named(key) })
		if !element && !input {
			problems = append(problems, Problem{key, "the form has no such key"})
		}
	}
	return problems
}
