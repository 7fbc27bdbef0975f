package governance

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// TargetType says what a mapping writes.
type TargetType string

// The targets of the contract (seed 002).
const (
	TargetAccount       TargetType = "ACCOUNT"        // an attribute of the machine account
	TargetIdentity      TargetType = "IDENTITY"       // an attribute of its machine identity, or which one it belongs to
	TargetOwnerIdentity TargetType = "OWNER_IDENTITY" // its owner, by an attribute of a person
	TargetOwnerAccount  TargetType = "OWNER_ACCOUNT"  // its owner, by an attribute of a person's account on another source
)

// The attribute names that mean more than a custom attribute of their target.
const (
	AttributeSubtype             = "subtype"
	AttributeDescription         = "description"
	AttributeEnvironment         = "environment"
	AttributeName                = "name"
	AttributeNativeIdentity      = "nativeIdentity"
	AttributeBusinessApplication = "businessApplication" // what v2024 and v2025 call the native identity
)

// Limits of mappings; ours, the contract is silent.
const (
	MaxMappings    = 100  // of a source
	MaxMappedValue = 4096 // characters of a custom attribute
)

// MappingTarget is where a mapping's value goes. SourceID is needed for OWNER_ACCOUNT, where it names the source of the
// person's account; for the others it may name a source and has no effect.
type MappingTarget struct {
	Type          TargetType `json:"type"`
	AttributeName string     `json:"attributeName"`
	SourceID      string     `json:"sourceId,omitempty"`
}

// AttributeMapping computes one value of every machine account of a source with a transform.
type AttributeMapping struct {
	Target              MappingTarget   `json:"target"`
	TransformDefinition json.RawMessage `json:"transformDefinition"` // a JSON object
}

// MappingSet is all mappings of a source. Their order counts for owners: the first that finds a person wins. Revision
// grows whenever the outcome may have changed: with the mappings, with a transform that they use, with the subtypes.
type MappingSet struct {
	SourceID string             `json:"sourceId"`
	Mappings []AttributeMapping `json:"mappings"`
	Revision int64              `json:"-"`
	Created  time.Time          `json:"created,omitzero"`
	Modified time.Time          `json:"modified,omitzero"`
}

// Validate checks the targets of a set as the contract has them; whether their sources exist and their transforms are
// sound is for others to see. path gives the name of a mapping's part in the request, for errors.
func (s *MappingSet) Validate(path func(i int, part string) string) error {
	if len(s.Mappings) > MaxMappings {
		return Fail(Limit, "", "A source may have %d mappings; these are %d.", MaxMappings, len(s.Mappings))
	}
	seen := map[MappingTarget]bool{}
	for i := range s.Mappings {
		m := &s.Mappings[i]
		at := func(part string) string { return path(i, part) }
		if err := m.Target.validate(at); err != nil {
			return err
		}
		key := m.Target.key()
		if seen[key] {
			return Fail(Illegal, at("target"), "Field '%s' names a target that another mapping has already: %s.", at("target"), m.Target)
		}
		seen[key] = true
	}
	return nil
}

// String names the target for people.
func (t MappingTarget) String() string { return string(t.Type) + " " + t.AttributeName }

// key is equal for targets that mean the same.
func (t MappingTarget) key() MappingTarget {
	if t.Type != TargetOwnerAccount {
		t.SourceID = ""
	}
	if t.CorrelatesIdentity() {
		t.AttributeName = AttributeNativeIdentity
	}
	return t
}

// CorrelatesIdentity says whether the target decides which machine identity an account belongs to.
func (t MappingTarget) CorrelatesIdentity() bool {
	return t.Type == TargetIdentity && (t.AttributeName == AttributeNativeIdentity || t.AttributeName == AttributeBusinessApplication)
}

// reserved are attributes that a mapping must not write: they come from the source or from Midgard itself.
var reserved = map[TargetType][]string{
	TargetAccount: {"id", "name", "nativeIdentity", "uuid", "created", "modified", "source", "sourceId", "machineIdentity", "ownerIdentity",
		"classificationMethod", "accessType", "attributes", "connectorAttributes", "manuallyCorrelated", "manuallyEdited", "locked", "enabled", "hasEntitlements"},
	TargetIdentity: {"id", "uuid", "created", "modified", "source", "sourceId", "datasetId", "owners", "attributes", "connectorAttributes",
		"manuallyCreated", "manuallyEdited", "existsOnSource", "userEntitlements"},
}

var ownerAttributes = []string{"uid", "name", "email"}

func (t MappingTarget) validate(at func(string) string) error {
	if err := filled(at("target.type"), string(t.Type)); err != nil {
		return err
	}
	field := at("target.attributeName")
	if err := filled(field, t.AttributeName); err != nil {
		return err
	}
	if err := atMost(field, t.AttributeName, MaxName); err != nil {
		return err
	}
	switch t.Type {
	case TargetAccount, TargetIdentity:
		if slices.Contains(reserved[t.Type], t.AttributeName) {
			return Fail(Illegal, field, "Illegal value %q for field %q: this attribute cannot be mapped.", t.AttributeName, field)
		}
	case TargetOwnerIdentity:
		if !slices.Contains(ownerAttributes, t.AttributeName) {
			return Fail(Illegal, field, "Illegal value %q for field %q: an owner is found by uid, name or email.", t.AttributeName, field)
		}
	case TargetOwnerAccount:
		return filled(at("target.sourceId"), t.SourceID)
	default:
		return Fail(Illegal, at("target.type"), "Illegal value %q for field %q: use ACCOUNT, IDENTITY, OWNER_ACCOUNT or OWNER_IDENTITY.", t.Type, at("target.type"))
	}
	return nil
}

func filled(field, value string) error {
	if strings.TrimSpace(value) == "" {
		return required(field)
	}
	return nil
}

// Merge puts mappings into the set: each replaces the one with the same target, or comes last.
func (s *MappingSet) Merge(more []AttributeMapping) {
	for _, m := range more {
		i := slices.IndexFunc(s.Mappings, func(old AttributeMapping) bool { return old.Target.key() == m.Target.key() })
		if i < 0 {
			s.Mappings = append(s.Mappings, m)
			continue
		}
		s.Mappings[i] = m
	}
}

// Lookup is an attribute of a source's accounts by which owners are looked for.
type Lookup struct {
	SourceID  string
	Attribute string
}

// Lookups gives what the set's OWNER_ACCOUNT targets look for, each once, in their order.
func (s *MappingSet) Lookups() []Lookup {
	var all []Lookup
	for _, m := range s.Mappings {
		l := Lookup{m.Target.SourceID, m.Target.AttributeName}
		if m.Target.Type == TargetOwnerAccount && !slices.Contains(all, l) {
			all = append(all, l)
		}
	}
	return all
}
