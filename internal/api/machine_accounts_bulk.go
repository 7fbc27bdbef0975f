package api

import (
	"encoding/json"
	"net/http"
	"slices"

	"midgard/internal/governance"
	"midgard/internal/jsondoc"
	"midgard/internal/jsonpatch"
)

// bulkAccountForm is what the patch of a bulk update sees of each machine account.
type bulkAccountForm struct {
	Description     string   `json:"description"`
	Subtype         string   `json:"subtype"`
	Environment     string   `json:"environment"`
	MachineIdentity *refBody `json:"machineIdentity"`
	OwnerIdentity   *refBody `json:"ownerIdentity"`
	ManuallyEdited  bool     `json:"manuallyEdited"`
}

var bulkAccountPatchable = patchable{"description", "subtype", "environment", "machineIdentity", "ownerIdentity", "manuallyEdited"}

// updateMachineAccountsInBulk applies one patch to many machine accounts, each for itself: what one does not take is told
// in its row, and the others change.
func (s *server) updateMachineAccountsInBulk(w http.ResponseWriter, r *http.Request) error {
	body, err := decode[struct {
		IDs       []string        `json:"ids"`
		JSONPatch json.RawMessage `json:"jsonPatch"`
	}](w, r)
	if err != nil {
		return err
	}
	ids, err := bulkIDs("ids", body.IDs, governance.MaxBulkAccounts)
	if err != nil {
		return err
	}
	if len(body.JSONPatch) == 0 || string(body.JSONPatch) == "null" {
		return governance.Fail(governance.Required, "jsonPatch", "Required field 'jsonPatch' was missing or empty.")
	}
	ops, err := jsonpatch.Parse(body.JSONPatch)
	if err != nil {
		return err
	}
	touched, err := bulkAccountPatchable.check(ops)
	if err != nil {
		return err
	}
	v := reach(r)
	if slices.Contains(touched, "subtype") && !v.Everything && v.AdministeredBy == "" {
		return governance.Fail(governance.Forbidden, "jsonPatch", "Only administrators change the subtype of an account: it decides who approves its deletion.")
	}
	outcomes, err := s.Store.UpdateAccounts(r.Context(), actor(r), ids, v, func(a *governance.Account) error {
		return patchAccount(ops, touched, a)
	})
	if err != nil {
		return err
	}
	return writeResults(w, r, outcomes, "Machine account updated successfully.")
}

func patchAccount(ops jsonpatch.Patch, touched []string, a *governance.Account) error {
	if !a.Machine {
		return governance.Missing("Machine account", a.ID)
	}
	form, err := applyPatch(ops, bulkAccountForm{
		Description: a.Description, Subtype: a.Subtype, Environment: a.Environment, ManuallyEdited: a.ManuallyEdited,
		MachineIdentity: refForm(typeMachineIdentity, a.MachineIdentity), OwnerIdentity: refForm(typeIdentity, a.Owner),
	})
	if err != nil {
		kind, text := explain(err) // a row's failure, as others are
		return governance.Because(err, kind, "", "%s", text)
	}
	return form.write(a, touched)
}

// write takes the patched form over. An account that a person has given a machine identity stays there; one that has its
// machine identity taken away is correlated anew. As with every patch, what a person sets is protected from aggregation.
func (f *bulkAccountForm) write(a *governance.Account, touched []string) (err error) {
	if a.Owner, err = referenceOf(f.OwnerIdentity, "ownerIdentity", typeIdentity); err != nil {
		return err
	}
	if slices.Contains(touched, "machineIdentity") {
		if a.MachineIdentity, err = referenceOf(f.MachineIdentity, "machineIdentity", typeMachineIdentity); err != nil {
			return err
		}
		a.ManuallyCorrelated = a.MachineIdentity.Set()
	}
	a.Description, a.Subtype, a.Environment = f.Description, f.Subtype, f.Environment
	a.ManuallyEdited = true
	if slices.Contains(touched, "manuallyEdited") {
		a.ManuallyEdited = f.ManuallyEdited
	}
	return a.Validate()
}

// writeResults answers a bulk request of the machine family with a row for each object; text is that of success.
func writeResults(w http.ResponseWriter, r *http.Request, outcomes []governance.Outcome, text string) error {
	b := []byte{'['}
	for _, o := range outcomes {
		code, message := int64(http.StatusOK), text
		if o.Err != nil {
			kind, reason := explain(o.Err)
			code, message = rowStatus[kind], reason
		}
		b = jsondoc.AppendStringField(append(jsondoc.AppendComma(b), '{'), "id", o.ID)
		b = jsondoc.AppendInt(b, "status", code)
		b = append(jsondoc.AppendStringField(b, "message", message), '}')
	}
	respond(w, r, callOf(r).op.Success, append(b, ']'))
	return nil
}
