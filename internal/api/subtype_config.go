package api

import (
	"net/http"
	"slices"
	"strings"

	"midgard/internal/filter"
	"midgard/internal/governance"
	"midgard/internal/jsondoc"
	"midgard/internal/jsonpatch"
)

// approvalForm is who approves one kind of request, as a JSON Patch sees it.
type approvalForm struct {
	Required bool `json:"approvalRequired"`
	Config   struct {
		Approvers string `json:"approvers"`
		Comments  string `json:"comments"`
	} `json:"approvalConfig"`
}

func approvalFormOf(a governance.Approval) approvalForm {
	f := approvalForm{Required: a.Required}
	f.Config.Approvers, f.Config.Comments = a.Approvers, commentsOf(a)
	return f
}

// setting reads the form; comments that were removed are off.
func (f *approvalForm) setting() governance.Approval {
	return governance.Approval{Required: f.Required, Approvers: f.Config.Approvers, Comments: f.Config.Comments}
}

func commentsOf(a governance.Approval) string {
	if a.Comments == "" {
		return governance.CommentsOff
	}
	return a.Comments
}

// creationForm is what a JSON Patch sees of the settings for asking for accounts.
type creationForm struct {
	approvalForm
	Enabled           bool                       `json:"accountCreateEnabled"`
	FormID            string                     `json:"formId"`
	EntitlementID     string                     `json:"entitlementId"`
	PasswordSetting   governance.PasswordSetting `json:"passwordSetting"`
	PasswordAttribute string                     `json:"passwordAttribute"`
}

// subtypeConfigForm is what a JSON Patch sees of the settings of a subtype.
type subtypeConfigForm struct {
	Creation creationForm  `json:"machineAccountCreate"`
	Deletion *approvalForm `json:"machineAccountDelete"`
}

func subtypeConfigFormOf(x *governance.Subtype) subtypeConfigForm {
	c, deletion := &x.Creation, approvalFormOf(x.EffectiveDeletion())
	return subtypeConfigForm{
		Creation: creationForm{
			approvalForm: approvalFormOf(c.Approval), Enabled: c.Enabled, FormID: c.FormID, EntitlementID: c.EntitlementID,
			PasswordSetting: c.PasswordSetting, PasswordAttribute: c.PasswordAttribute,
		},
		Deletion: &deletion,
	}
}

// subtypeConfigPaths and approvalPaths are the places that a patch may change.
var (
	approvalPaths      = []string{"/approvalRequired", "/approvalConfig", "/approvalConfig/approvers", "/approvalConfig/comments"}
	subtypeConfigPaths = slices.Concat(
		[]string{"/machineAccountCreate", "/machineAccountCreate/accountCreateEnabled", "/machineAccountCreate/formId",
			"/machineAccountCreate/passwordSetting", "/machineAccountCreate/passwordAttribute", "/machineAccountDelete"},
		below("/machineAccountCreate", approvalPaths), below("/machineAccountDelete", approvalPaths))

	subtypeConfigPatchable = patchable{"machineAccountCreate", "machineAccountDelete"}
	approvalPatchable      = patchable{"approvalRequired", "approvalConfig"}
)

func below(parent string, paths []string) []string {
	whole := make([]string, len(paths))
	for i, path := range paths {
		whole[i] = parent + path
	}
	return whole
}

// checkPaths refuses, by name, what a patch changes within the fields that may be patched.
func checkPaths(ops jsonpatch.Patch, allowed []string) error {
	for _, op := range ops {
		places := []string{op.Path}
		switch op.Op {
		case "test":
			continue
		case "move":
			places = append(places, op.From)
		}
		for _, place := range places {
			if !slices.Contains(allowed, place) {
				field := strings.ReplaceAll(strings.TrimPrefix(place, "/"), "/", ".")
				return governance.Fail(governance.Illegal, field, "Field '%s' is not patchable.", field)
			}
		}
	}
	return nil
}

// readSettingsPatch is readPatch for settings, which lie deeper than the fields of other objects.
func readSettingsPatch(w http.ResponseWriter, r *http.Request, fields patchable, allowed []string) (jsonpatch.Patch, []string, error) {
	ops, touched, err := readPatch(w, r, fields)
	if err == nil {
		err = checkPaths(ops, allowed)
	}
	return ops, touched, err
}

func (s *server) patchSubtypeConfig(w http.ResponseWriter, r *http.Request) error {
	ops, touched, wrong := readSettingsPatch(w, r, subtypeConfigPatchable, subtypeConfigPaths)
	x, err := s.Store.UpdateSubtype(r.Context(), actor(r), pathID(r, "subtypeId"), administeredBy(r), func(x *governance.Subtype) error {
		if wrong != nil {
			return wrong
		}
		form, err := applyPatch(ops, subtypeConfigFormOf(x))
		if err != nil {
			return err
		}
		return form.write(x, touched)
	})
	if err != nil {
		return err
	}
	return writeOne(w, r, &x, appendSubtypeConfig)
}

// write takes the patched form over. Settings for deletion are the subtype's own once a patch has touched them; removed,
// they are those of the source again.
func (f *subtypeConfigForm) write(x *governance.Subtype, touched []string) error {
	c := &f.Creation
	if c.EntitlementID != "" && filter.NormalizeID(c.EntitlementID) != x.Creation.EntitlementID {
		return governance.Fail(governance.Illegal, "machineAccountCreate.entitlementId",
			"Field 'machineAccountCreate.entitlementId' cannot be changed: Midgard makes the entitlement.")
	}
	x.Creation = governance.AccountCreation{
		Enabled: c.Enabled, FormID: filter.NormalizeID(c.FormID), EntitlementID: x.Creation.EntitlementID,
		PasswordSetting: c.PasswordSetting, PasswordAttribute: c.PasswordAttribute, Approval: c.setting(),
	}
	if slices.Contains(touched, "machineAccountDelete") {
		x.Deletion = nil
		if f.Deletion != nil {
			own := f.Deletion.setting()
			x.Deletion = &own
		}
	}
	return x.Validate()
}

func (s *server) getDeletionApproval(w http.ResponseWriter, r *http.Request) error {
	source, err := s.sourceIn(r, "sourceId")
	if err != nil {
		return err
	}
	a, err := s.Store.DeletionApproval(r.Context(), source.ID)
	if err != nil {
		return err
	}
	return writeOne(w, r, &a, appendWholeApproval)
}

func (s *server) patchDeletionApproval(w http.ResponseWriter, r *http.Request) error {
	source, err := s.sourceIn(r, "sourceId")
	if err != nil {
		return err
	}
	ops, _, err := readSettingsPatch(w, r, approvalPatchable, approvalPaths)
	if err != nil {
		return err
	}
	ref := governance.Reference{ID: source.ID, Name: source.Name}
	a, err := s.Store.UpdateDeletionApproval(r.Context(), actor(r), ref, func(a *governance.Approval) error {
		form, err := applyPatch(ops, approvalFormOf(*a))
		if err != nil {
			return err
		}
		*a = form.setting()
		return a.Validate("", true)
	})
	if err != nil {
		return err
	}
	return writeOne(w, r, &a, appendWholeApproval)
}

// appendSubtypeConfig writes the contract's MachineAccountSubtypeConfigDto. What is not set is left out: the contract does
// not let it be null.
func appendSubtypeConfig(b []byte, x *governance.Subtype) []byte {
	c, deletion := &x.Creation, x.EffectiveDeletion()
	b = jsondoc.AppendStringField(append(b, '{'), "subtypeId", x.ID)
	b = append(jsondoc.AppendKey(b, "machineAccountCreate"), '{')
	b = jsondoc.AppendBool(b, "accountCreateEnabled", c.Enabled)
	for _, text := range [][2]string{
		{"formId", c.FormID}, {"entitlementId", c.EntitlementID}, {"passwordSetting", string(c.PasswordSetting)}, {"passwordAttribute", c.PasswordAttribute},
	} {
		if text[1] != "" {
			b = jsondoc.AppendStringField(b, text[0], text[1])
		}
	}
	b = append(appendApproval(b, &c.Approval), '}')
	return append(appendWholeApproval(jsondoc.AppendKey(b, "machineAccountDelete"), &deletion), '}')
}

func appendWholeApproval(b []byte, a *governance.Approval) []byte {
	return append(appendApproval(append(b, '{'), a), '}')
}

// appendApproval writes who approves as members of an object.
func appendApproval(b []byte, a *governance.Approval) []byte {
	b = jsondoc.AppendBool(b, "approvalRequired", a.Required)
	b = append(jsondoc.AppendKey(b, "approvalConfig"), '{')
	b = jsondoc.AppendStringField(b, "approvers", a.Approvers)
	return append(jsondoc.AppendStringField(b, "comments", commentsOf(*a)), '}')
}
