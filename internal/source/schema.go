package source

import (
	"encoding/json"

	"midgard/internal/connector"
	"midgard/internal/governance"
)

// firstSchemas are the schemas of a new source, as its connector proposes them. An attribute that holds groups refers to
// the group schema.
func (s *Service) firstSchemas(spec connector.Spec) []governance.Schema {
	account := s.newSchema(spec.Account)
	if spec.Group == nil {
		return []governance.Schema{account}
	}
	group := s.newSchema(*spec.Group)
	for i := range account.Attributes {
		if account.Attributes[i].IsGroup {
			account.Attributes[i].Schema = schemaRef(group)
		}
	}
	return []governance.Schema{account, group}
}

func (s *Service) newSchema(c connector.Schema) governance.Schema {
	schema := governance.Schema{
		ID: s.NewID(), Name: c.ObjectType, NativeObjectType: c.NativeObjectType, IdentityAttribute: c.IdentityAttribute,
		DisplayAttribute: c.DisplayAttribute, HierarchyAttribute: c.HierarchyAttribute,
		Attributes: make([]governance.SchemaAttribute, len(c.Attributes)),
	}
	for i, a := range c.Attributes {
		schema.Attributes[i] = governance.SchemaAttribute{
			Name: a.Name, Type: a.Type, Description: a.Description, IsMulti: a.Multi, IsEntitlement: a.Entitlement, IsGroup: a.Group,
		}
	}
	return schema
}

func schemaRef(s governance.Schema) json.RawMessage {
	ref, err := json.Marshal(struct {
		Type string `json:"type"`
		ID   string `json:"id"`
		Name string `json:"name"`
	}{"CONNECTOR_SCHEMA", s.ID, s.Name})
	if err != nil {
		panic(err) // texts can always be encoded
	}
	return ref
}

// ConnectorSchema turns a kept schema into what connectors are asked with.
func ConnectorSchema(s governance.Schema) connector.Schema {
	c := connector.Schema{
		ObjectType: s.Name, NativeObjectType: s.NativeObjectType, IdentityAttribute: s.IdentityAttribute,
		DisplayAttribute: s.DisplayAttribute, HierarchyAttribute: s.HierarchyAttribute,
		Attributes: make([]connector.SchemaAttribute, len(s.Attributes)),
	}
	for i, a := range s.Attributes {
		c.Attributes[i] = connector.SchemaAttribute{
			Name: a.Name, Type: a.Type, Description: a.Description, Multi: a.IsMulti, Entitlement: a.IsEntitlement, Group: a.IsGroup,
		}
	}
	return c
}

// SchemaOf finds the schema of an object type ("account", "group") among those of a source.
func SchemaOf(schemas []governance.Schema, objectType string) (governance.Schema, bool) {
	for _, s := range schemas {
		if s.Name == objectType {
			return s, true
		}
	}
	return governance.Schema{}, false
}
