package governance

import (
	"slices"
	"strings"
)

// sourceFeatures are the contract's values of a source's and a schema's features.
var sourceFeatures = []string{
	"AUTHENTICATE", "COMPOSITE", "DIRECT_PERMISSIONS", "DISCOVER_SCHEMA", "ENABLE", "MANAGER_LOOKUP", "NO_RANDOM_ACCESS", "PROXY",
	"SEARCH", "TEMPLATE", "UNLOCK", "UNSTRUCTURED_TARGETS", "SHAREPOINT_TARGET", "PROVISIONING", "GROUP_PROVISIONING",
	"SYNC_PROVISIONING", "PASSWORD", "CURRENT_PASSWORD", "ACCOUNT_ONLY_REQUEST", "ADDITIONAL_ACCOUNT_REQUEST", "NO_AGGREGATION",
	"GROUPS_HAVE_MEMBERS", "NO_PERMISSIONS_PROVISIONING", "NO_GROUP_PERMISSIONS_PROVISIONING",
	"NO_UNSTRUCTURED_TARGETS_PROVISIONING", "NO_DIRECT_PERMISSIONS_PROVISIONING", "PREFER_UUID", "ARM_SECURITY_EXTRACT",
	"ARM_UTILIZATION_EXTRACT", "ARM_CHANGELOG_EXTRACT", "USES_UUID", "APPLICATION_DISCOVERY", "DELETE",
}

// schemaTypes are the contract's types of schema attributes.
var schemaTypes = []string{"STRING", "LONG", "INT", "BOOLEAN", "DATE"}

// maxSchemaAttributes bounds a schema: each attribute costs on every account.
const maxSchemaAttributes = 1000

// Validate checks what every source must keep, whatever its connector. The connector's own attributes are not looked at.
func (s *Source) Validate() error {
	if strings.TrimSpace(s.Name) == "" {
		return required("name")
	}
	if !s.Owner.Set() {
		return required("owner")
	}
	if err := atMost("name", s.Name, MaxName); err != nil {
		return err
	}
	if err := atMost("description", s.Description, MaxDescription); err != nil {
		return err
	}
	if err := atMost("category", s.Category, MaxName); err != nil {
		return err
	}
	if s.DeleteThreshold < 0 || s.DeleteThreshold > 100 {
		return Fail(Illegal, "deleteThreshold", "Illegal value %d for field \"deleteThreshold\": use a percentage from 0 to 100.", s.DeleteThreshold)
	}
	return checkFeatures(s.Features)
}

// CheckUnchanged refuses, by name, a change of what is fixed when a source is made.
func (s *Source) CheckUnchanged(old *Source) error {
	for _, fixed := range []struct {
		field string
		same  bool
	}{
		{"id", s.ID == old.ID},
		{"type", s.Type == old.Type},
		{"authoritative", s.Authoritative == old.Authoritative},
		{"connector", s.Connector == old.Connector},
		{"connectorClass", s.ConnectorClass == old.ConnectorClass},
		{"passwordPolicies", string(s.Refs.PasswordPolicies) == string(old.Refs.PasswordPolicies)},
	} {
		if !fixed.same {
			return Fail(Illegal, fixed.field, "Field '%s' cannot be changed.", fixed.field)
		}
	}
	return nil
}

// Validate checks what every schema must keep: a name, attributes with different names and known types, and an identity
// attribute among them, since accounts are told apart by its value.
func (s *Schema) Validate() error {
	if strings.TrimSpace(s.Name) == "" {
		return required("name")
	}
	if err := atMost("name", s.Name, MaxName); err != nil {
		return err
	}
	if len(s.Attributes) > maxSchemaAttributes {
		return Fail(Limit, "attributes", "Field 'attributes' holds %d entries; at most %d are allowed.", len(s.Attributes), maxSchemaAttributes)
	}
	names := make(map[string]bool, len(s.Attributes))
	for _, a := range s.Attributes {
		if err := a.validate(names[a.Name]); err != nil {
			return err
		}
		names[a.Name] = true
	}
	if s.IdentityAttribute == "" {
		return required("identityAttribute")
	}
	if !names[s.IdentityAttribute] {
		return notAnAttribute("identityAttribute", s.IdentityAttribute)
	}
	if s.DisplayAttribute != "" && !names[s.DisplayAttribute] {
		return notAnAttribute("displayAttribute", s.DisplayAttribute)
	}
	return checkFeatures(s.Features)
}

func (a SchemaAttribute) validate(twice bool) error {
	if a.Name == "" {
		return required("attributes.name")
	}
	if twice {
		return Fail(Illegal, "attributes", "Field 'attributes' holds the name %q twice.", a.Name)
	}
	if !slices.Contains(schemaTypes, a.Type) {
		return Fail(Illegal, "attributes", "Illegal value %q for field \"type\" of attribute %q: use %s.", a.Type, a.Name, strings.Join(schemaTypes, ", "))
	}
	return atMost("attributes.name", a.Name, MaxName)
}

// CheckUnchanged refuses, by name, a change of what identifies a schema.
func (s *Schema) CheckUnchanged(old *Schema) error {
	if s.ID != old.ID {
		return Fail(Illegal, "id", "Field 'id' cannot be changed.")
	}
	if s.Name != old.Name {
		return Fail(Illegal, "name", "Field 'name' cannot be changed.")
	}
	return nil
}

// ScheduleTypes lists the types of schedules of the contract.
func ScheduleTypes() []string { return []string{ScheduleAccounts, ScheduleGroups} }

func checkFeatures(features []string) error {
	for _, f := range features {
		if !slices.Contains(sourceFeatures, f) {
			return Fail(Illegal, "features", "Illegal value %q for field \"features\".", f)
		}
	}
	return nil
}

func notAnAttribute(field, name string) error {
	return Fail(Illegal, field, "Illegal value %q for field \"%s\": the schema has no such attribute.", name, field)
}

func required(field string) error {
	return Fail(Required, field, "Required field '%s' was missing or empty.", field)
}
