package api

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"

	"midgard/internal/filter"
	"midgard/internal/governance"
	"midgard/internal/jsondoc"
)

type machineAccountStore interface {
	MachineAccounts(ctx context.Context, q filter.Query) (filter.Page[governance.Account], error)
	MachineAccount(ctx context.Context, id, administeredBy string) (governance.Account, error)
	UpdateAccount(ctx context.Context, actor governance.Actor, id, administeredBy string, edit func(*governance.Account) error) (governance.Account, error)
	UpdateAccounts(ctx context.Context, actor governance.Actor, ids []string, v governance.Reach, edit func(*governance.Account) error) ([]governance.Outcome, error)
}

func (s *server) machineAccountHandlers() map[string]handler {
	return map[string]handler{
		"listMachineAccounts":  listed(s.Store.MachineAccounts, appendMachineAccount),
		"getMachineAccount":    shownWithin("id", s.Store.MachineAccount, appendMachineAccount),
		"updateMachineAccount": s.updateMachineAccount,

		"updateMachineAccountsInBulk": s.updateMachineAccountsInBulk,
	}
}

// appendMachineAccount writes the contract's MachineAccount. The maps go from the row to the answer as they are.
func appendMachineAccount(b []byte, a *governance.Account) []byte {
	b = jsondoc.AppendStringField(append(b, '{'), "id", a.ID)
	b = jsondoc.AppendStringField(b, "name", a.Name)
	b = jsondoc.AppendTimeField(b, "created", a.Created)
	b = jsondoc.AppendTimeField(b, "modified", a.Modified)
	b = jsondoc.AppendNullableString(b, "description", a.Description)
	b = jsondoc.AppendStringField(b, "nativeIdentity", a.NativeIdentity)
	b = jsondoc.AppendNullableString(b, "uuid", a.UUID)
	b = jsondoc.AppendStringField(b, "classificationMethod", string(a.Method))
	b = appendNullableRef(b, "machineIdentity", typeMachineIdentity, a.MachineIdentity)
	b = appendNullableRef(b, "ownerIdentity", typeIdentity, a.Owner)
	b = jsondoc.AppendStringField(b, "accessType", a.AccessType)
	b = jsondoc.AppendNullableString(b, "subtype", a.Subtype)
	b = jsondoc.AppendNullableString(b, "environment", a.Environment)
	b = appendObject(b, "attributes", a.Attributes)
	b = appendObject(b, "connectorAttributes", a.ConnectorAttributes)
	b = jsondoc.AppendBool(b, "manuallyCorrelated", a.ManuallyCorrelated)
	b = jsondoc.AppendBool(b, "manuallyEdited", a.ManuallyEdited)
	b = jsondoc.AppendBool(b, "locked", a.Locked)
	b = jsondoc.AppendBool(b, "enabled", !a.Disabled)
	b = jsondoc.AppendBool(b, "hasEntitlements", a.HasEntitlements)
	return append(appendRef(b, "source", typeSource, a.Source), '}')
}

// machineAccountForm is what a JSON Patch sees of a machine account. The contract spells subtype with a capital T in its
// list of patchable fields and without in the body; both work.
type machineAccountForm struct {
	Description          string                          `json:"description"`
	OwnerIdentity        *refBody                        `json:"ownerIdentity"`
	Subtype              string                          `json:"subtype"`
	SubType              string                          `json:"subType"`
	AccessType           string                          `json:"accessType"`
	Environment          string                          `json:"environment"`
	Attributes           json.RawMessage                 `json:"attributes"`
	ClassificationMethod governance.ClassificationMethod `json:"classificationMethod"`
	ManuallyEdited       bool                            `json:"manuallyEdited"`
	NativeIdentity       string                          `json:"nativeIdentity"`
	UUID                 string                          `json:"uuid"`
	Source               refBody                         `json:"source"`
	ManuallyCorrelated   bool                            `json:"manuallyCorrelated"`
	Enabled              bool                            `json:"enabled"`
	Locked               bool                            `json:"locked"`
	HasEntitlements      bool                            `json:"hasEntitlements"`
	ConnectorAttributes  json.RawMessage                 `json:"connectorAttributes"`
}

var machineAccountPatchable = patchable{
	"description", "ownerIdentity", "subtype", "subType", "accessType", "environment", "attributes", "classificationMethod", "manuallyEdited",
	"nativeIdentity", "uuid", "source", "manuallyCorrelated", "enabled", "locked", "hasEntitlements", "connectorAttributes",
}

func machineAccountFormOf(a *governance.Account) machineAccountForm {
	return machineAccountForm{
		Description: a.Description, Subtype: a.Subtype, SubType: a.Subtype, AccessType: a.AccessType, Environment: a.Environment,
		Attributes: objectOf(a.Attributes), ClassificationMethod: a.Method, ManuallyEdited: a.ManuallyEdited, NativeIdentity: a.NativeIdentity,
		UUID: a.UUID, Source: refBody{typeSource, a.Source.ID, a.Source.Name}, ManuallyCorrelated: a.ManuallyCorrelated, Enabled: !a.Disabled,
		Locked: a.Locked, HasEntitlements: a.HasEntitlements, ConnectorAttributes: objectOf(a.ConnectorAttributes),
		OwnerIdentity: refForm(typeIdentity, a.Owner),
	}
}

func (s *server) updateMachineAccount(w http.ResponseWriter, r *http.Request) error {
	apply := patch[machineAccountForm](w, r, machineAccountPatchable)
	a, err := s.Store.UpdateAccount(r.Context(), actor(r), pathID(r, "id"), administeredBy(r), func(a *governance.Account) error {
		if !a.Machine {
			return governance.Missing("Machine account", a.ID)
		}
		form, touched, err := apply(machineAccountFormOf(a))
		if err != nil {
			return err
		}
		return form.write(a, touched)
	})
	if err != nil {
		return err
	}
	return writeOne(w, r, &a, appendMachineAccount)
}

// write takes the patched form over. What a person sets is protected from aggregation (manuallyEdited), unless the patch
// itself says otherwise.
func (f *machineAccountForm) write(a *governance.Account, touched []string) error {
	if err := f.check(a, touched); err != nil {
		return err
	}
	owner, err := referenceOf(f.OwnerIdentity, "ownerIdentity", typeIdentity)
	if err != nil {
		return err
	}
	a.Description, a.AccessType, a.Environment = f.Description, f.AccessType, f.Environment
	a.Attributes, a.ConnectorAttributes = mapOf(f.Attributes), mapOf(f.ConnectorAttributes)
	a.Method, a.NativeIdentity, a.UUID = f.ClassificationMethod, f.NativeIdentity, f.UUID
	a.Disabled, a.Locked, a.HasEntitlements = !f.Enabled, f.Locked, f.HasEntitlements
	a.ManuallyCorrelated = f.ManuallyCorrelated
	if a.Subtype = f.Subtype; slices.Contains(touched, "subType") {
		a.Subtype = f.SubType
	}
	a.Owner = owner
	a.ManuallyEdited = true
	if slices.Contains(touched, "manuallyEdited") {
		a.ManuallyEdited = f.ManuallyEdited
	}
	return a.Validate()
}

func (f *machineAccountForm) check(a *governance.Account, touched []string) error {
	switch f.ClassificationMethod {
	case governance.BySource, governance.ByCriteria, governance.ByDiscovery, governance.ByHand:
	default:
		return governance.Fail(governance.Illegal, "classificationMethod", "Illegal value %q for field \"classificationMethod\": use SOURCE, CRITERIA, DISCOVERY or MANUAL.", f.ClassificationMethod)
	}
	if slices.Contains(touched, "source") && filter.NormalizeID(f.Source.ID) != a.Source.ID {
		return governance.Fail(governance.Illegal, "source", "Field 'source' cannot be changed: an account stays on the source that it was read from.")
	}
	if slices.Contains(touched, "connectorAttributes") { // those of a source may be of any size
		return checkMaps(map[string]json.RawMessage{"attributes": f.Attributes, "connectorAttributes": f.ConnectorAttributes})
	}
	return checkMaps(map[string]json.RawMessage{"attributes": f.Attributes})
}
