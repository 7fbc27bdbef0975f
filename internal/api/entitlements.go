package api

import (
	"context"
	"net/http"
	"slices"

	"midgard/internal/filter"
	"midgard/internal/governance"
	"midgard/internal/jsondoc"
)

type entitlementStore interface {
	Entitlements(ctx context.Context, q filter.Query) (filter.Page[governance.Entitlement], error)
	Entitlement(ctx context.Context, id, administeredBy string) (governance.Entitlement, error)
	UpdateEntitlement(ctx context.Context, actor governance.Actor, id string, edit func(*governance.Entitlement) error) (governance.Entitlement, error)
}

func (s *server) entitlementHandlers() map[string]handler {
	return map[string]handler{
		"listEntitlements": listed(s.Store.Entitlements, appendEntitlement),
		"getEntitlement":   shownWithin("id", s.Store.Entitlement, appendEntitlement),
		"patchEntitlement": s.patchEntitlement,
	}
}

// entitlementForm is what a JSON Patch sees of an entitlement.
type entitlementForm struct {
	Name        string   `json:"name"`
	Description string   `json:"description"`
	Requestable bool     `json:"requestable"`
	Owner       *refBody `json:"owner"`
}

var entitlementPatchable = patchable{"name", "description", "requestable", "owner"}

func (s *server) patchEntitlement(w http.ResponseWriter, r *http.Request) error {
	apply := patch[entitlementForm](w, r, entitlementPatchable)
	e, err := s.Store.UpdateEntitlement(r.Context(), actor(r), pathID(r, "id"), func(e *governance.Entitlement) error {
		form := entitlementForm{Name: e.Name, Description: e.Description, Requestable: e.Requestable, Owner: refForm(typeIdentity, e.Owner)}
		form, touched, err := apply(form)
		if err != nil {
			return err
		}
		return form.write(e, touched)
	})
	if err != nil {
		return err
	}
	return writeOne(w, r, &e, appendEntitlement)
}

func (f *entitlementForm) write(e *governance.Entitlement, touched []string) error {
	owner, err := referenceOf(f.Owner, "owner", typeIdentity)
	if err != nil {
		return err
	}
	e.Name, e.Description, e.Requestable, e.Owner = f.Name, f.Description, f.Requestable, owner
	// what a person has worded is kept by aggregation
	e.Edited = e.Edited || slices.Contains(touched, "name") || slices.Contains(touched, "description")
	return e.Validate()
}

// appendEntitlementCore writes what an entitlement shows wherever it is listed; the object stays open.
func appendEntitlementCore(b []byte, e *governance.Entitlement) []byte {
	b = jsondoc.AppendStringField(append(b, '{'), "id", e.ID)
	b = jsondoc.AppendStringField(b, "name", e.Name)
	b = jsondoc.AppendTimeField(b, "created", e.Created)
	b = jsondoc.AppendTimeField(b, "modified", e.Modified)
	b = jsondoc.AppendStringField(b, "attribute", e.Attribute)
	b = jsondoc.AppendStringField(b, "value", e.Value)
	b = jsondoc.AppendStringField(b, "sourceSchemaObjectType", e.Type)
	b = jsondoc.AppendNullableString(b, "description", e.Description)
	b = jsondoc.AppendBool(b, "cloudGoverned", false)
	b = jsondoc.AppendBool(b, "requestable", e.Requestable)
	b = appendNullableRef(b, "owner", typeIdentity, e.Owner)
	b = appendRef(b, "source", typeSource, e.Source)
	return appendObject(b, "attributes", e.Attributes)
}

func appendAccountEntitlement(b []byte, e *governance.Entitlement) []byte {
	return append(jsondoc.AppendBool(appendEntitlementCore(b, e), "privileged", e.Privileged), '}')
}

// appendEntitlement writes the contract's Entitlement. Its privilege level is what the connector says: one of two.
func appendEntitlement(b []byte, e *governance.Entitlement) []byte {
	level := "NONE"
	if e.Privileged {
		level = "HIGH"
	}
	b = append(jsondoc.AppendKey(appendEntitlementCore(b, e), "privilegeLevel"), '{')
	b = jsondoc.AppendStringField(b, "direct", level)
	b = jsondoc.AppendStringField(b, "setBy", "connector")
	b = jsondoc.AppendStringField(b, "setByType", "CONNECTOR_CRITERIA")
	b = jsondoc.AppendStringField(b, "effective", level)
	return append(b, `},"tags":[]}`...)
}
