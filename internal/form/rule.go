package form

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"midgard/internal/governance"
)

// holds says whether a condition holds. One without rules never does.
func (s *state) holds(c *governance.FormCondition) bool {
	for i := range c.Rules {
		if s.ruleHolds(&c.Rules[i]) == (c.RuleOperator == "OR") {
			return c.RuleOperator == "OR"
		}
	}
	return len(c.Rules) > 0 && c.RuleOperator != "OR"
}

// ruleHolds compares as the contract says: with regard to case. A source with several values satisfies a comparison when
// one of them does.
func (s *state) ruleHolds(r *governance.FormRule) bool {
	operator, negated := strings.CutPrefix(r.Operator, "NOT_")
	if operator == "NE" {
		operator, negated = "EQ", true
	}
	source := textsOf(s.named(r.SourceType, r.Source))
	if operator == "EM" {
		return (len(source) == 0) != negated
	}
	target := s.target(r)
	found := slices.ContainsFunc(source, func(text string) bool {
		return slices.ContainsFunc(target, func(other string) bool { return compare(operator, text, other) })
	})
	return found != negated
}

func compare(operator, text, other string) bool {
	switch operator {
	case "CO":
		return strings.Contains(text, other)
	case "SW":
		return strings.HasPrefix(text, other)
	case "EW":
		return strings.HasSuffix(text, other)
	}
	return text == other // EQ and IN, which differ in how many values there are
}

// target gives the values that a rule compares with.
func (s *state) target(r *governance.FormRule) []string {
	var value any
	json.Unmarshal(r.Value, &value) //nolint:errcheck // Validate has read it
	switch r.ValueType {
	case "INPUT", "ELEMENT":
		return textsOf(s.named(r.ValueType, fmt.Sprint(value)))
	case "STRING_LIST", "LIST":
		return listOf(value)
	}
	return textsOf(value)
}

// listOf gives the values of a list. The contract has a text for them: a JSON list, or values between commas.
func listOf(value any) []string {
	text, isText := value.(string)
	if !isText {
		return textsOf(value)
	}
	var list []string
	if json.Unmarshal([]byte(text), &list) == nil {
		return list
	}
	for part := range strings.SplitSeq(text, ",") {
		list = append(list, strings.TrimSpace(part))
	}
	return list
}

// named gives the value of an input or element that a rule names.
func (s *state) named(kind, name string) any {
	if kind == "INPUT" {
		for i := range s.form.Inputs {
			if input := &s.form.Inputs[i]; input.Named(name) {
				return firstSet(s.values[input.ID], s.values[input.Label])
			}
		}
		return nil
	}
	for i := range s.elements {
		if e := &s.elements[i]; e.Named(name) {
			return s.values[e.Key]
		}
	}
	return nil
}

func firstSet(a, b any) any {
	if a != nil {
		return a
	}
	return b
}

// empty says whether a value counts as none.
func empty(value any) bool { return len(textsOf(value)) == 0 }

// textsOf gives the texts of a value, none for an empty one.
func textsOf(value any) []string {
	switch value := value.(type) {
	case nil:
		return nil
	case string:
		if strings.TrimSpace(value) == "" {
			return nil
		}
		return []string{value}
	case []string:
		return value
	case []any:
		var texts []string
		for _, part := range value {
			texts = append(texts, textsOf(part)...)
		}
		return texts
	}
	return []string{textOf(value)}
}

func textOf(value any) string { return fmt.Sprint(value) }
