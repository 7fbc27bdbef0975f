package form

import (
	"encoding/json"
	"maps"

	"midgard/internal/governance"
)

// state is a form with values while conditions are applied to it.
type state struct {
	form     *governance.FormDefinition
	elements []element
	given    map[string]any // by whoever fills the form in
	values   map[string]any // given ones and defaults
}

// element is an element with what the conditions have made of it.
type element struct {
	governance.PlacedElement
	config   config
	initial  any // the default, nil for none
	hidden   bool
	disabled bool
	required bool
}

// off says that no value of the element counts but its default.
func (e *element) off() bool { return e.hidden || e.disabled }

// config is what Midgard reads of an element's configuration.
type config struct {
	Default     any  `json:"default"`
	Required    any  `json:"required"`
	ForceSelect any  `json:"forceSelect"`
	Maximum     any  `json:"maximum"`
	DataSource  data `json:"dataSource"`
}

type data struct {
	Type   string `json:"dataSourceType"`
	Config struct {
		Options []struct {
			Value any `json:"value"`
			Label any `json:"label"`
		} `json:"options"`
	} `json:"config"`
}

func newState(f *governance.FormDefinition, placed []governance.PlacedElement, given map[string]any) *state {
	s := &state{form: f, given: given, elements: make([]element, len(placed))}
	for i := range placed {
		e := element{PlacedElement: placed[i]}
		json.Unmarshal(e.Config, &e.config) //nolint:errcheck // members of other shapes are for those who draw the form
		s.elements[i] = e
	}
	return s
}

// settle applies the conditions. A default that a condition sets may make another one hold, so it goes on until nothing
// changes, at most once for each condition and once more.
func (s *state) settle() {
	s.apply(nil)
	for range len(s.form.Conditions) + 1 {
		before := s.values
		s.apply(s.holding())
		if sameTexts(before, s.values) {
			return
		}
	}
}

func sameTexts(a, b map[string]any) bool {
	return maps.EqualFunc(a, b, func(x, y any) bool { return textOf(x) == textOf(y) })
}

// holding gives the conditions that hold with the values as they are.
func (s *state) holding() []*governance.FormCondition {
	var holding []*governance.FormCondition
	for i := range s.form.Conditions {
		if c := &s.form.Conditions[i]; s.holds(c) {
			holding = append(holding, c)
		}
	}
	return holding
}

// apply starts from the elements as they are declared and lets the conditions that hold work on them, in their order.
func (s *state) apply(holding []*governance.FormCondition) {
	for i := range s.elements {
		s.elements[i].reset(s.form.Conditions)
	}
	for _, c := range holding {
		for i := range c.Effects {
			s.effect(&c.Effects[i])
		}
	}
	s.values = maps.Clone(s.given)
	if s.values == nil {
		s.values = map[string]any{}
	}
	for i := range s.elements {
		e := &s.elements[i]
		s.inherit(e)
		if _, given := s.values[e.Key]; !given && e.initial != nil && e.Type.HoldsValue() {
			s.values[e.Key] = e.initial
		}
	}
}

// reset makes an element what it is while no condition holds. One that a condition shows is hidden until then, and one
// that a condition enables disabled: else these effects would do nothing.
func (e *element) reset(conditions []governance.FormCondition) {
	e.initial = e.typed(e.config.Default)
	e.required = e.config.Required == true || e.config.Required == "true" || e.demands(governance.ValidateRequired)
	e.hidden, e.disabled = false, false
	for i := range conditions {
		for _, effect := range conditions[i].Effects {
			if effect.Config != nil && e.Named(effect.Config.Element) {
				e.hidden = e.hidden || effect.Type == governance.EffectShow
				e.disabled = e.disabled || effect.Type == governance.EffectEnable
			}
		}
	}
}

func (e *element) demands(validation string) bool {
	for i := range e.Validations {
		if e.Validations[i].Type == validation {
			return true
		}
	}
	return false
}

// typed turns a default, which may be written as a text, into a value of the element; empty is none.
func (e *element) typed(value any) any {
	switch {
	case empty(value):
		return nil
	case e.Type == governance.ElementToggle && value == "true":
		return true
	case e.Type == governance.ElementToggle && value == "false":
		return false
	}
	return value
}

func (s *state) effect(effect *governance.FormEffect) {
	if effect.Config == nil {
		return
	}
	for i := range s.elements {
		if e := &s.elements[i]; e.Named(effect.Config.Element) {
			e.take(effect)
		}
	}
}

func (e *element) take(effect *governance.FormEffect) {
	switch effect.Type {
	case governance.EffectHide:
		e.hidden = true
	case governance.EffectShow:
		e.hidden = false
	case governance.EffectDisable:
		e.disabled = true
	case governance.EffectEnable:
		e.disabled = false
	case governance.EffectRequire:
		e.required = true
	case governance.EffectOptional:
		e.required = false
	case governance.EffectSetDefault:
		e.initial = e.typed(effect.Config.DefaultValueLabel)
	}
}

// inherit takes over what hides or disables the section or column set that an element is inside of, which comes before it.
func (s *state) inherit(e *element) {
	if e.Parent >= 0 {
		parent := &s.elements[e.Parent]
		e.hidden, e.disabled = e.hidden || parent.hidden, e.disabled || parent.disabled
	}
}
