package governance

import (
	"fmt"
	"strings"
	"time"
)

// ClassificationMethod says how it was decided that an account is a machine's.
type ClassificationMethod string

// The methods of the contract. A manual decision may also say that an account is not a machine's.
const (
	BySource    ClassificationMethod = "SOURCE"
	ByCriteria  ClassificationMethod = "CRITERIA"
	ByDiscovery ClassificationMethod = "DISCOVERY"
	ByHand      ClassificationMethod = "MANUAL"
)

// ClassificationMode says which decisions a classification may take.
type ClassificationMode string

// The modes of the contract.
const (
	ModeDefault      ClassificationMode = "default"      // criteria; manual decisions stay
	ModeIgnoreManual ClassificationMode = "ignoreManual" // criteria, over manual decisions too
	ModeForceMachine ClassificationMode = "forceMachine"
	ModeForceHuman   ClassificationMode = "forceHuman"
)

// ModeDeclassify makes every account of a source a person's again and forgets how it was decided. It is not one of the
// contract's values of a parameter: declassification is an operation of its own there.
const ModeDeclassify ClassificationMode = "declassify"

// ParseClassificationMode reads the query parameter; empty is the default mode.
func ParseClassificationMode(s string) (ClassificationMode, error) {
	switch m := ClassificationMode(s); m {
	case "":
		return ModeDefault, nil
	case ModeDefault, ModeIgnoreManual, ModeForceMachine, ModeForceHuman:
		return m, nil
	}
	return "", Fail(Illegal, "classificationMode", "Illegal value %q for field \"classificationMode\": use default, ignoreManual, forceMachine or forceHuman.", s)
}

// ClassificationConfig says how a source's accounts are classified. With BySource every account is a machine's.
type ClassificationConfig struct {
	SourceID string               `json:"-"`
	Enabled  bool                 `json:"enabled"`
	Method   ClassificationMethod `json:"classificationMethod,omitempty"` // BySource or ByCriteria
	Criteria *Criteria            `json:"criteria,omitempty"`
	Created  time.Time            `json:"created"`
	Modified time.Time            `json:"modified,omitzero"`
}

// Criteria is a node of the condition tree: AND and OR have children, every other operation compares one attribute.
type Criteria struct {
	Operation     string     `json:"operation"`
	CaseSensitive bool       `json:"caseSensitive"`
	DataType      string     `json:"dataType,omitempty"`
	Attribute     string     `json:"attribute,omitempty"`
	Value         string     `json:"value,omitempty"`
	Children      []Criteria `json:"children,omitempty"`
}

// maxCriteriaLevels is the depth of the contract's criteria tree.
const maxCriteriaLevels = 3

// Validate checks the method and the shape of the tree, naming the place that is wrong.
func (c *ClassificationConfig) Validate() error {
	switch c.Method {
	case BySource:
		return nil
	case ByCriteria:
	case "":
		return Fail(Required, "classificationMethod", "Required field 'classificationMethod' was missing or empty.")
	default:
		return Fail(Illegal, "classificationMethod", "Illegal value %q for field \"classificationMethod\": use SOURCE or CRITERIA.", c.Method)
	}
	if c.Criteria == nil {
		return Fail(Required, "criteria", "Field 'criteria' is required when 'classificationMethod' is CRITERIA.")
	}
	return c.Criteria.validate("criteria", 1)
}

func (c *Criteria) validate(path string, level int) error {
	if level > maxCriteriaLevels {
		return Fail(Limit, path, "The criteria tree is deeper than %d levels at '%s'.", maxCriteriaLevels, path)
	}
	switch c.Operation {
	case "AND", "OR":
		return c.validateChildren(path, level)
	case "EQUALS", "NOT_EQUALS", "STARTS_WITH", "ENDS_WITH", "CONTAINS":
	case "":
		return Fail(Required, path+".operation", "Required field '%s.operation' was missing or empty.", path)
	default:
		return Fail(Illegal, path+".operation", "Illegal value %q for field \"%s.operation\".", c.Operation, path)
	}
	if c.Attribute == "" {
		return Fail(Required, path+".attribute", "Required field '%s.attribute' was missing or empty.", path)
	}
	if err := atMost(path+".attribute", c.Attribute, MaxName); err != nil {
		return err
	}
	if err := atMost(path+".value", c.Value, MaxNativeIdentity); err != nil {
		return err
	}
	if len(c.Children) > 0 {
		return Fail(Illegal, path+".children", "Field '%s.children' must be empty for the operation %s.", path, c.Operation)
	}
	return nil
}

func (c *Criteria) validateChildren(path string, level int) error {
	if len(c.Children) == 0 {
		return Fail(Required, path+".children", "Field '%s.children' must not be empty for the operation %s.", path, c.Operation)
	}
	for i := range c.Children {
		if err := c.Children[i].validate(fmt.Sprintf("%s.children[%d]", path, i), level+1); err != nil {
			return err
		}
	}
	return nil
}

// Match evaluates the tree. values gives every value of an attribute as text, none when the account has no such
// attribute. A comparison holds when any value satisfies it; NOT_EQUALS holds when no value is equal, so also for an
// absent attribute.
func (c *Criteria) Match(values func(attribute string) []string) bool {
	switch c.Operation {
	case "AND":
		for i := range c.Children {
			if !c.Children[i].Match(values) {
				return false
			}
		}
		return true
	case "OR":
		for i := range c.Children {
			if c.Children[i].Match(values) {
				return true
			}
		}
		return false
	case "NOT_EQUALS":
		return !c.any(values, func(v, w string) bool { return v == w })
	}
	return c.any(values, comparisons[c.Operation])
}

var comparisons = map[string]func(value, want string) bool{
	"EQUALS":      func(v, w string) bool { return v == w },
	"STARTS_WITH": strings.HasPrefix,
	"ENDS_WITH":   strings.HasSuffix,
	"CONTAINS":    strings.Contains,
}

func (c *Criteria) any(values func(string) []string, holds func(v, w string) bool) bool {
	want := c.fold(c.Value)
	for _, v := range values(c.Attribute) {
		if holds(c.fold(v), want) {
			return true
		}
	}
	return false
}

func (c *Criteria) fold(s string) string {
	if c.CaseSensitive {
		return s
	}
	return strings.ToLower(s)
}

// Classify decides whether an account is a machine's. changed is false when the mode leaves the account as it is: a
// manual decision in the default mode, or no enabled configuration.
func (c *ClassificationConfig) Classify(mode ClassificationMode, a *Account, values func(string) []string) (machine bool, method ClassificationMethod, changed bool) {
	switch mode {
	case ModeForceMachine:
		return true, ByHand, true
	case ModeForceHuman:
		return false, ByHand, true
	case ModeDeclassify:
		return false, "", true
	case ModeDefault:
		if a.Method == ByHand {
			return a.Machine, a.Method, false
		}
	}
	if c == nil || !c.Enabled {
		return a.Machine, a.Method, false
	}
	if c.Method == BySource {
		return true, BySource, true
	}
	if c.Criteria.Match(values) {
		return true, ByCriteria, true
	}
	return false, "", true
}

// The states of a source's classification run.
const (
	RunStarted    = "STARTED"
	RunCollected  = "COLLECTED"
	RunCompleted  = "COMPLETED"
	RunCancelled  = "CANCELLED"
	RunTerminated = "TERMINATED"
)

// ClassificationRun is the progress of classifying or declassifying a whole source; the newest run of a source is kept.
type ClassificationRun struct {
	SourceID  string
	TaskID    string
	Mode      ClassificationMode
	Status    string
	Started   time.Time
	Updated   time.Time
	Expected  int64
	Received  int64
	Completed int64
}
