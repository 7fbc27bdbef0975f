package api

import (
	"encoding/json"
	"slices"
	"strings"

	"midgard/internal/filter"
	"midgard/internal/governance"
)

// machineIdentityForm is the writable part of a machine identity, in all versions: create reads it, patch edits it. Which
// fields count depends on the version.
type machineIdentityForm struct {
	Name                    *string               `json:"name,omitempty"`
	BusinessApplication     *string               `json:"businessApplication,omitempty"`
	NativeIdentity          *string               `json:"nativeIdentity,omitempty"`
	Subtype                 *string               `json:"subtype,omitempty"`
	Description             *string               `json:"description,omitempty"`
	Environment             *string               `json:"environment,omitempty"`
	Attributes              json.RawMessage       `json:"attributes,omitempty"`
	Owners                  *ownersForm           `json:"owners,omitempty"`
	SourceID                *string               `json:"sourceId,omitempty"`
	UUID                    *string               `json:"uuid,omitempty"`
	UserEntitlements        []userEntitlementForm `json:"userEntitlements"`
	ManuallyEdited          *bool                 `json:"manuallyEdited,omitempty"`
	BusinessApplicationRefs json.RawMessage       `json:"businessApplicationRefs,omitempty"`
}

// ownersForm holds the owners in both spellings: primaryIdentity and secondaryIdentities until v1, primary and secondary
// in v2. An empty list is there, so that a patch can add to it.
type ownersForm struct {
	PrimaryIdentity     *refBody  `json:"primaryIdentity,omitempty"`
	SecondaryIdentities []refBody `json:"secondaryIdentities,omitzero"`
	Primary             *refBody  `json:"primary,omitempty"`
	Secondary           []refBody `json:"secondary,omitzero"`
}

type userEntitlementForm struct {
	EntitlementID string `json:"entitlementId"`
	SourceID      string `json:"sourceId"`
}

// fieldsOf lists the fields that a version lets clients change.
var fieldsOf = map[string]patchable{
	"v2024": {"name", "businessApplication", "description", "attributes", "manuallyEdited"},
	"v2025": {"name", "businessApplication", "nativeIdentity", "subtype", "description", "attributes", "owners", "sourceId", "uuid", "userEntitlements", "manuallyEdited"},
	"v1":    {"name", "nativeIdentity", "subtype", "description", "attributes", "owners", "sourceId", "uuid", "userEntitlements", "manuallyEdited"},
	"v2026": {"name", "nativeIdentity", "subtype", "description", "attributes", "owners", "sourceId", "uuid", "userEntitlements", "manuallyEdited", "businessApplicationRefs"},
	"v2":    {"name", "nativeIdentity", "subtype", "description", "environment", "attributes", "owners", "userEntitlements", "manuallyEdited", "businessApplicationRefs"},
}

// newFieldsOf lists the fields that a version takes when a machine identity is made.
var newFieldsOf = map[string]patchable{
	"v2024": fieldsOf["v2024"],
	"v2025": {"name", "businessApplication", "nativeIdentity", "subtype", "description", "attributes", "owners", "sourceId", "uuid", "userEntitlements"},
	"v1":    {"name", "nativeIdentity", "subtype", "description", "attributes", "owners", "sourceId", "uuid", "userEntitlements"},
	"v2026": {"name", "nativeIdentity", "subtype", "description", "attributes", "owners", "sourceId", "uuid", "userEntitlements", "businessApplicationRefs"},
	"v2":    append(patchable{"sourceId", "uuid"}, fieldsOf["v2"]...),
}

func has(list []string, s string) bool { return slices.Contains(list, s) }

// machineIdentityFormOf is what a JSON Patch of a version sees.
func machineIdentityFormOf(version string, m *governance.MachineIdentity) machineIdentityForm {
	f := machineIdentityForm{
		Name: &m.Name, BusinessApplication: &m.BusinessApplication, NativeIdentity: &m.NativeIdentity, Subtype: &m.Subtype,
		Description: &m.Description, Environment: &m.Environment, Attributes: objectOf(m.Attributes), Owners: &ownersForm{},
		UUID: &m.UUID, UserEntitlements: []userEntitlementForm{}, ManuallyEdited: &m.ManuallyEdited,
	}
	if m.Source.Set() {
		f.SourceID = &m.Source.ID
	}
	for _, u := range m.UserEntitlements {
		f.UserEntitlements = append(f.UserEntitlements, userEntitlementForm{u.Entitlement.ID, u.Source.ID})
	}
	f.Owners.show(version, m.Owners)
	return f
}

func (f *ownersForm) show(version string, o governance.Owners) {
	var primary *refBody
	if o.Primary.Set() {
		primary = &refBody{typeIdentity, o.Primary.ID, o.Primary.Name}
	}
	secondary := []refBody{}
	for _, s := range o.Secondary {
		secondary = append(secondary, refBody{typeIdentity, s.ID, s.Name})
	}
	if version != "v2" {
		f.PrimaryIdentity, f.SecondaryIdentities = primary, secondary
		return
	}
	if o.Group.Set() {
		secondary = append(secondary, refBody{typeGroup, o.Group.ID, o.Group.Name})
	}
	f.Primary, f.Secondary = primary, secondary
}

// write takes those fields of the form over into m and validates the outcome. The others keep their values.
func (f *machineIdentityForm) write(version string, fields patchable, m *governance.MachineIdentity) error {
	oneName := m.BusinessApplication == m.NativeIdentity
	set := func(name string, from *string, to *string) {
		if has(fields, name) {
			*to = deref(from)
		}
	}
	set("name", f.Name, &m.Name)
	set("businessApplication", f.BusinessApplication, &m.BusinessApplication)
	set("nativeIdentity", f.NativeIdentity, &m.NativeIdentity)
	set("subtype", f.Subtype, &m.Subtype)
	set("description", f.Description, &m.Description)
	set("environment", f.Environment, &m.Environment)
	set("uuid", f.UUID, &m.UUID)
	if err := f.writeSource(fields, m); err != nil {
		return err
	}
	if err := checkMaps(map[string]json.RawMessage{"attributes": f.Attributes}); err != nil {
		return err
	}
	m.Attributes = mapOf(f.Attributes)
	if has(fields, "manuallyEdited") {
		m.ManuallyEdited = f.ManuallyEdited != nil && *f.ManuallyEdited
	}
	if has(fields, "owners") {
		if err := f.Owners.write(version, &m.Owners); err != nil {
			return err
		}
	}
	if has(fields, "userEntitlements") {
		if err := f.writeUserEntitlements(m); err != nil {
			return err
		}
	}
	if err := m.Validate(); err != nil { // names the field that the version has; what follows from it is filled in later
		return err
	}
	fillNames(fields, m, oneName)
	return nil
}

func (f *machineIdentityForm) writeSource(fields patchable, m *governance.MachineIdentity) error {
	if refs := mapOf(f.BusinessApplicationRefs); has(fields, "businessApplicationRefs") && len(refs) > 0 && string(refs) != "[]" {
		return governance.Fail(governance.Illegal, "businessApplicationRefs", "Field 'businessApplicationRefs' cannot be set: business applications are not enabled.")
	}
	if id := filter.NormalizeID(deref(f.SourceID)); has(fields, "sourceId") && id != m.Source.ID {
		m.Source = governance.Reference{ID: id}
	}
	return nil
}

// foreign gives pointers to what a request says that the version does not know although another does.
func (f *machineIdentityForm) foreign(version string) []string {
	given := map[string]bool{
		"businessApplication": f.BusinessApplication != nil, "nativeIdentity": f.NativeIdentity != nil, "subtype": f.Subtype != nil,
		"environment": f.Environment != nil, "owners": f.Owners != nil, "sourceId": f.SourceID != nil, "uuid": f.UUID != nil,
		"userEntitlements": f.UserEntitlements != nil, "manuallyEdited": f.ManuallyEdited != nil, "businessApplicationRefs": f.BusinessApplicationRefs != nil,
	}
	var list []string
	for name, there := range given {
		if there && !has(newFieldsOf[version], name) {
			list = append(list, "/"+name)
		}
	}
	if f.Owners != nil && version == "v2" && (f.Owners.PrimaryIdentity != nil || f.Owners.SecondaryIdentities != nil) ||
		f.Owners != nil && version != "v2" && (f.Owners.Primary != nil || f.Owners.Secondary != nil) {
		list = append(list, "/owners")
	}
	slices.Sort(list)
	return list
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// requiredOf lists the fields that a machine identity must have in a version.
var requiredOf = map[string][]string{
	"v2024": {"name", "businessApplication"}, "v2025": {"name", "businessApplication", "subtype"},
	"v2026": {"name", "nativeIdentity", "subtype"}, "v1": {"name", "nativeIdentity", "subtype"}, "v2": {"name"},
}

// require refuses a form in which one of the fields is missing or empty.
func (f *machineIdentityForm) require(fields []string) error {
	values := map[string]*string{"name": f.Name, "businessApplication": f.BusinessApplication, "nativeIdentity": f.NativeIdentity, "subtype": f.Subtype}
	for _, name := range fields {
		if strings.TrimSpace(deref(values[name])) == "" {
			return governance.Fail(governance.Required, name, "Required field '%s' was missing or empty.", name)
		}
	}
	return nil
}

// change takes a patched form over. What a person sets is protected from aggregation, unless the patch itself says
// otherwise.
func (f *machineIdentityForm) change(version string, touched []string, m *governance.MachineIdentity) error {
	untouched := func(field string) bool { return !has(touched, field) }
	if err := f.require(slices.DeleteFunc(slices.Clone(requiredOf[version]), untouched)); err != nil {
		return err
	}
	if err := f.write(version, fieldsOf[version], m); err != nil {
		return err
	}
	if !has(touched, "manuallyEdited") {
		m.ManuallyEdited = true
	}
	return nil
}

func (f *ownersForm) write(version string, o *governance.Owners) error {
	*o = governance.Owners{}
	if f == nil {
		return nil
	}
	primary, secondary, field := f.PrimaryIdentity, f.SecondaryIdentities, "owners.primaryIdentity"
	if version == "v2" {
		primary, secondary, field = f.Primary, f.Secondary, "owners.primary"
	}
	var err error
	if o.Primary, err = referenceOf(primary, field, typeIdentity); err != nil {
		return err
	}
	if err := addSecondary(o, secondary, version == "v2"); err != nil {
		return err
	}
	if version != "v2" && !o.Primary.Set() && len(o.Secondary) > 0 {
		return governance.Fail(governance.Required, field, "Required field '%s' was missing or empty.", field)
	}
	return nil
}

// addSecondary takes the secondary owners over: people, or in v2 exactly one governance group.
func addSecondary(o *governance.Owners, secondary []refBody, groups bool) error {
	for i := range secondary {
		ref := &secondary[i]
		if ref.ID == "" {
			return governance.Fail(governance.Required, "owners", "A secondary owner in field 'owners' has no id.")
		}
		if groups && ref.Type == typeGroup {
			if o.Group.Set() {
				return governance.Fail(governance.Illegal, "owners", "Field 'owners' names more than one governance group; only one is allowed.")
			}
			o.Group = governance.Reference{ID: filter.NormalizeID(ref.ID)}
			continue
		}
		if err := wantType(ref, "owners", typeIdentity); err != nil {
			return err
		}
		o.Secondary = append(o.Secondary, governance.Reference{ID: filter.NormalizeID(ref.ID)})
	}
	return nil
}

// wantType checks a reference's type; clients may leave it out.
func wantType(ref *refBody, field, want string) error {
	if ref.Type == "" || ref.Type == want {
		return nil
	}
	return governance.Fail(governance.Illegal, field, "Illegal value %q for the type of a reference in field \"%s\": use %s.", ref.Type, field, want)
}

func (f *machineIdentityForm) writeUserEntitlements(m *governance.MachineIdentity) error {
	known := map[string]governance.UserEntitlement{}
	for _, u := range m.UserEntitlements {
		known[u.Entitlement.ID] = u
	}
	m.UserEntitlements = nil
	for _, u := range f.UserEntitlements {
		id := filter.NormalizeID(u.EntitlementID)
		switch {
		case id == "":
			return governance.Fail(governance.Required, "userEntitlements", "Required field 'userEntitlements.entitlementId' was missing or empty.")
		case u.SourceID == "":
			return governance.Fail(governance.Required, "userEntitlements", "Required field 'userEntitlements.sourceId' was missing or empty.")
		}
		entry := known[id]
		entry.Entitlement.ID, entry.Source.ID = id, filter.NormalizeID(u.SourceID)
		m.UserEntitlements = append(m.UserEntitlements, entry)
	}
	return nil
}

// fillNames keeps the two names of a machine identity's key together. v2024 and v2025 call it businessApplication, later
// versions nativeIdentity; while nobody has made them differ, a change of one is a change of both.
func fillNames(fields patchable, m *governance.MachineIdentity, oneName bool) {
	native, business := has(fields, "nativeIdentity"), has(fields, "businessApplication")
	switch {
	case oneName && !native, native && business && m.NativeIdentity == "":
		m.NativeIdentity = m.BusinessApplication
	case oneName && !business:
		m.BusinessApplication = m.NativeIdentity
	}
	if m.Subtype == "" {
		m.Subtype = governance.SubtypeApplication
	}
}
