package governance

import (
	"encoding/json"
	"fmt"
	"slices"
)

// FormCondition changes the form while all (AND) or any (OR) of its rules hold.
type FormCondition struct {
	RuleOperator string       `json:"ruleOperator,omitempty"` // AND or OR; AND when empty
	Rules        []FormRule   `json:"rules,omitempty"`
	Effects      []FormEffect `json:"effects,omitempty"`
}

// FormRule compares the value of an input or an element, the source, with another value.
type FormRule struct {
	SourceType string          `json:"sourceType,omitempty"` // INPUT or ELEMENT
	Source     string          `json:"source,omitempty"`
	Operator   string          `json:"operator,omitempty"`
	ValueType  string          `json:"valueType,omitempty"`
	Value      json.RawMessage `json:"value,omitempty"` // a JSON text, a list of texts or a truth value
}

// FormEffect is what a condition does.
type FormEffect struct {
	Type   string            `json:"effectType,omitempty"`
	Config *FormEffectConfig `json:"config,omitempty"`
}

// FormEffectConfig says to which element something is done.
type FormEffectConfig struct {
	DefaultValueLabel string `json:"defaultValueLabel,omitempty"` // the value that SET_DEFAULT_VALUE gives
	Element           string `json:"element,omitempty"`           // by its id or key
}

// The operators of rules of the contract. Each but EM (empty) compares with a value.
var ruleOperators = []string{"EQ", "NE", "CO", "NOT_CO", "IN", "NOT_IN", "EM", "NOT_EM", "SW", "NOT_SW", "EW", "NOT_EW"}

var ruleValueTypes = []string{"STRING", "STRING_LIST", "INPUT", "ELEMENT", "LIST", "BOOLEAN"}

// The effects of the contract. The two that tell something at submission concern no element.
const (
	EffectHide               = "HIDE"
	EffectShow               = "SHOW"
	EffectDisable            = "DISABLE"
	EffectEnable             = "ENABLE"
	EffectRequire            = "REQUIRE"
	EffectOptional           = "OPTIONAL"
	EffectSubmitMessage      = "SUBMIT_MESSAGE"
	EffectSubmitNotification = "SUBMIT_NOTIFICATION"
	EffectSetDefault         = "SET_DEFAULT_VALUE"
)

var effectTypes = []string{
	EffectHide, EffectShow, EffectDisable, EffectEnable, EffectRequire, EffectOptional, EffectSubmitMessage, EffectSubmitNotification, EffectSetDefault,
}

func (f *FormDefinition) checkConditions(placed []PlacedElement) error {
	for i := range f.Conditions {
		c, path := &f.Conditions[i], fmt.Sprintf("formConditions[%d]", i)
		if c.RuleOperator != "" {
			if err := oneOf(path+".ruleOperator", c.RuleOperator, "AND", "OR"); err != nil {
				return err
			}
		}
		for j := range c.Rules {
			if err := f.checkRule(&c.Rules[j], fmt.Sprintf("%s.rules[%d]", path, j), placed); err != nil {
				return err
			}
		}
		for j := range c.Effects {
			if err := c.Effects[j].check(fmt.Sprintf("%s.effects[%d]", path, j), placed); err != nil {
				return err
			}
		}
	}
	return nil
}

func (f *FormDefinition) checkRule(r *FormRule, path string, placed []PlacedElement) error {
	if err := oneOf(path+".sourceType", r.SourceType, "INPUT", "ELEMENT"); err != nil {
		return err
	}
	if err := f.checkNamed(path+".source", r.SourceType, r.Source, placed); err != nil {
		return err
	}
	if err := oneOf(path+".operator", r.Operator, ruleOperators...); err != nil {
		return err
	}
	if r.Operator == "EM" || r.Operator == "NOT_EM" {
		return nil
	}
	if err := oneOf(path+".valueType", r.ValueType, ruleValueTypes...); err != nil {
		return err
	}
	if !r.valueFits() {
		return Fail(Illegal, path+".value", "Field '%s.value' must be a text, a list of texts or a truth value.", path)
	}
	if r.ValueType == "INPUT" || r.ValueType == "ELEMENT" {
		var name string
		if json.Unmarshal(r.Value, &name) != nil {
			name = ""
		}
		return f.checkNamed(path+".value", r.ValueType, name, placed)
	}
	return nil
}

func (r *FormRule) valueFits() bool {
	var value any
	if len(r.Value) == 0 || json.Unmarshal(r.Value, &value) != nil {
		return len(r.Value) == 0
	}
	switch value := value.(type) {
	case nil, string, bool:
		return true
	case []any:
		return !slices.ContainsFunc(value, func(v any) bool { _, text := v.(string); return !text })
	}
	return false
}

// checkNamed sees to it that what a condition names exists.
func (f *FormDefinition) checkNamed(field, kind, name string, placed []PlacedElement) error {
	found := kind == "ELEMENT" && elementNamed(placed, name) ||
		kind == "INPUT" && slices.ContainsFunc(f.Inputs, func(i FormInput) bool { return i.Named(name) })
	switch {
	case name == "":
		return required(field)
	case !found && kind == "INPUT":
		return Fail(Illegal, field, "Illegal value %q for field %q: the form has no input with this id or label.", name, field)
	case !found:
		return Fail(Illegal, field, "Illegal value %q for field %q: the form has no element with this key or id.", name, field)
	}
	return nil
}

// Named says whether a condition that says this name means the input.
func (i *FormInput) Named(name string) bool { return name != "" && (i.ID == name || i.Label == name) }

func (e *FormEffect) check(path string, placed []PlacedElement) error {
	if err := oneOf(path+".effectType", e.Type, effectTypes...); err != nil {
		return err
	}
	if e.Type == EffectSubmitMessage || e.Type == EffectSubmitNotification {
		return nil
	}
	field := path + ".config.element"
	if e.Config == nil || e.Config.Element == "" {
		return required(field)
	}
	if !elementNamed(placed, e.Config.Element) {
		return Fail(Illegal, field, "Illegal value %q for field %q: the form has no element with this key or id.", e.Config.Element, field)
	}
	return nil
}
