package api

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"

	"midgard/internal/filter"
	"midgard/internal/governance"
	"midgard/internal/jsondoc"
)

type machineIdentityStore interface {
	MachineIdentities(ctx context.Context, q filter.Query) (filter.Page[governance.MachineIdentity], error)
	MachineIdentity(ctx context.Context, id, administeredBy string) (governance.MachineIdentity, error)
	CreateMachineIdentity(ctx context.Context, actor governance.Actor, m governance.MachineIdentity) (governance.MachineIdentity, error)
	UpdateMachineIdentity(ctx context.Context, actor governance.Actor, id string, edit func(*governance.MachineIdentity) error) (governance.MachineIdentity, error)
	DeleteMachineIdentity(ctx context.Context, actor governance.Actor, id string) error
	UserEntitlements(ctx context.Context, q filter.Query) (filter.Page[governance.UserEntitlementRow], error)
}

func (s *server) machineIdentityHandlers() map[string]handler {
	return map[string]handler{
		"listMachineIdentities":               s.listMachineIdentities,
		"createMachineIdentity":               s.createMachineIdentity,
		"getMachineIdentity":                  s.getMachineIdentity,
		"updateMachineIdentity":               s.updateMachineIdentity,
		"deleteMachineIdentity":               s.deleteMachineIdentity,
		"listMachineIdentityUserEntitlements": listed(s.Store.UserEntitlements, appendUserEntitlementRow),
	}
}

func (s *server) listMachineIdentities(w http.ResponseWriter, r *http.Request) error {
	q, err := listQuery(r)
	if err != nil {
		return err
	}
	page, err := s.Store.MachineIdentities(r.Context(), q)
	if err != nil {
		return err
	}
	return writePage(w, r, page, machineIdentityEncoder(r))
}

func (s *server) getMachineIdentity(w http.ResponseWriter, r *http.Request) error {
	m, err := s.Store.MachineIdentity(r.Context(), pathID(r, "id"), administeredBy(r))
	if err != nil {
		return err
	}
	return writeOne(w, r, &m, machineIdentityEncoder(r))
}

func (s *server) createMachineIdentity(w http.ResponseWriter, r *http.Request) error {
	version := callOf(r).op.Version
	form, err := decode[machineIdentityForm](w, r)
	if err != nil {
		return err
	}
	if err := refuseFields(r, form.foreign(version)); err != nil {
		return err
	}
	if err := form.require(requiredOf[version]); err != nil {
		return err
	}
	m := governance.MachineIdentity{ManuallyCreated: true, ExistsOnSource: governance.ExistsNotApplicable}
	if err := form.write(version, newFieldsOf[version], &m); err != nil {
		return err
	}
	m, err = s.Store.CreateMachineIdentity(r.Context(), actor(r), m)
	if err != nil {
		return err
	}
	return writeOne(w, r, &m, machineIdentityEncoder(r))
}

func (s *server) updateMachineIdentity(w http.ResponseWriter, r *http.Request) error {
	version := callOf(r).op.Version
	apply := patch[machineIdentityForm](w, r, fieldsOf[version])
	m, err := s.Store.UpdateMachineIdentity(r.Context(), actor(r), pathID(r, "id"), func(m *governance.MachineIdentity) error {
		form, touched, err := apply(machineIdentityFormOf(version, m))
		if err != nil {
			return err
		}
		return form.change(version, touched, m)
	})
	if err != nil {
		return err
	}
	return writeOne(w, r, &m, machineIdentityEncoder(r))
}

func (s *server) deleteMachineIdentity(w http.ResponseWriter, r *http.Request) error {
	if err := s.Store.DeleteMachineIdentity(r.Context(), actor(r), pathID(r, "id")); err != nil {
		return err
	}
	return done(w, r)
}

func appendUserEntitlementRow(b []byte, u *governance.UserEntitlementRow) []byte {
	b = jsondoc.AppendStringField(append(b, '{'), "id", u.ID)
	b = jsondoc.AppendStringField(b, "machineIdentityId", u.MachineIdentity.ID)
	b = appendRef(b, "source", typeSource, u.Source)
	b = appendRef(b, "entitlement", typeEntitlement, u.Entitlement)
	return append(jsondoc.AppendTimeField(b, "created", u.Created), '}')
}

// machineIdentityEncoder gives the body of the version that the request came through.
func machineIdentityEncoder(r *http.Request) func([]byte, *governance.MachineIdentity) []byte {
	switch callOf(r).op.Version {
	case "v2024":
		return appendMachineIdentityV2024
	case "v2025":
		return appendMachineIdentityV2025
	case "v2026":
		return appendMachineIdentityV2026
	case "v2":
		return appendMachineIdentityV2
	}
	return appendMachineIdentityV1
}

// appendMachineIdentityHead writes what every version begins with.
func appendMachineIdentityHead(b []byte, m *governance.MachineIdentity) []byte {
	b = jsondoc.AppendStringField(append(b, '{'), "id", m.ID)
	b = jsondoc.AppendStringField(b, "name", m.Name)
	b = jsondoc.AppendTimeField(b, "created", m.Created)
	b = jsondoc.AppendTimeField(b, "modified", m.Modified)
	b = jsondoc.AppendStringField(b, "description", m.Description)
	b = appendObject(b, "attributes", m.Attributes)
	return jsondoc.AppendBool(b, "manuallyEdited", m.ManuallyEdited)
}

func appendMachineIdentityV2024(b []byte, m *governance.MachineIdentity) []byte {
	b = appendMachineIdentityHead(b, m)
	return append(jsondoc.AppendStringField(b, "businessApplication", m.BusinessApplication), '}')
}

func appendMachineIdentityV2025(b []byte, m *governance.MachineIdentity) []byte {
	b = appendMachineIdentityBody(b, m)
	return append(jsondoc.AppendStringField(b, "businessApplication", m.BusinessApplication), '}')
}

func appendMachineIdentityV1(b []byte, m *governance.MachineIdentity) []byte {
	return append(appendMachineIdentityBody(b, m), '}')
}

// appendMachineIdentityV2026 adds the business application fields, which are null where that feature is off.
func appendMachineIdentityV2026(b []byte, m *governance.MachineIdentity) []byte {
	return append(appendMachineIdentityBody(b, m), `,"businessApplicationRefs":null,"effectiveSanctionedStatus":null}`...)
}

// appendMachineIdentityBody writes what v2025, v2026 and v1 share. The owners need a primary one to be written at all:
// clients refuse them otherwise.
func appendMachineIdentityBody(b []byte, m *governance.MachineIdentity) []byte {
	b = appendMachineIdentityHead(b, m)
	b = jsondoc.AppendStringField(b, "nativeIdentity", m.NativeIdentity)
	b = jsondoc.AppendStringField(b, "subtype", m.Subtype)
	if m.Owners.Primary.Set() {
		b = append(jsondoc.AppendKey(b, "owners"), '{')
		b = appendRef(b, "primaryIdentity", typeIdentity, m.Owners.Primary)
		b = append(appendRefs(b, "secondaryIdentities", typeIdentity, m.Owners.Secondary), '}')
	}
	b = jsondoc.AppendBool(b, "manuallyCreated", m.ManuallyCreated)
	return appendMachineIdentitySource(b, m)
}

func appendRefs(b []byte, key, kind string, refs []governance.Reference) []byte {
	b = append(jsondoc.AppendKey(b, key), '[')
	for _, ref := range refs {
		b = appendBareRef(jsondoc.AppendComma(b), kind, ref)
	}
	return append(b, ']')
}

// appendMachineIdentitySource writes where it comes from and who may use it; absent texts are left out, since the contract
// does not allow them to be null.
func appendMachineIdentitySource(b []byte, m *governance.MachineIdentity) []byte {
	if m.Source.Set() {
		b = jsondoc.AppendStringField(b, "sourceId", m.Source.ID)
		b = appendRef(b, "source", typeSource, m.Source)
	}
	if m.UUID != "" {
		b = jsondoc.AppendStringField(b, "uuid", m.UUID)
	}
	if m.DatasetID != "" {
		b = jsondoc.AppendStringField(b, "datasetId", m.DatasetID)
	}
	b = append(jsondoc.AppendKey(b, "userEntitlements"), '[')
	for i := range m.UserEntitlements {
		u := &m.UserEntitlements[i]
		b = append(jsondoc.AppendComma(b), '{')
		b = jsondoc.AppendStringField(b, "sourceId", u.Source.ID)
		b = jsondoc.AppendStringField(b, "entitlementId", u.Entitlement.ID)
		b = jsondoc.AppendStringField(b, "displayName", u.Entitlement.Name)
		b = append(appendRef(b, "source", typeSource, u.Source), '}')
	}
	return append(b, ']')
}

func appendMachineIdentityV2(b []byte, m *governance.MachineIdentity) []byte {
	b = appendMachineIdentityHead(b, m)
	b = appendObject(b, "connectorAttributes", m.ConnectorAttributes)
	b = jsondoc.AppendBool(b, "manuallyCreated", m.ManuallyCreated)
	b = append(jsondoc.AppendKey(b, "owners"), '{')
	if m.Owners.Primary.Set() {
		b = appendRef(b, "primary", typeIdentity, m.Owners.Primary)
	}
	if m.Owners.Group.Set() {
		b = appendRefs(b, "secondary", typeGroup, []governance.Reference{m.Owners.Group})
	} else {
		b = appendRefs(b, "secondary", typeIdentity, m.Owners.Secondary)
	}
	b = append(b, '}')
	b = jsondoc.AppendStringField(b, "subtype", m.Subtype)
	b = jsondoc.AppendStringField(b, "nativeIdentity", m.NativeIdentity)
	b = jsondoc.AppendStringField(b, "environment", m.Environment)
	b = jsondoc.AppendStringField(b, "existsOnSource", m.ExistsOnSource)
	b = jsondoc.AppendNullableString(b, "status", statusAttribute(m.Attributes))
	b = appendMachineIdentitySource(b, m)
	return append(b, `,"businessApplicationRefs":null,"effectiveSanctionedStatus":null}`...)
}

// statusAttribute reads attributes.status, which v2 shows as a field of its own.
func statusAttribute(attributes json.RawMessage) string {
	if !bytes.Contains(attributes, []byte(`"status"`)) {
		return ""
	}
	var a struct {
		Status string `json:"status"`
	}
	json.Unmarshal(attributes, &a) //nolint:errcheck // a status that is no text is none
	return a.Status
}
