package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	"midgard/internal/filter"
	"midgard/internal/form"
	"midgard/internal/governance"
	"midgard/internal/jsondoc"
)

type formStore interface {
	Forms(ctx context.Context, q filter.Query) (filter.Page[governance.FormDefinition], error)
	Form(ctx context.Context, id string) (governance.FormDefinition, error)
	CreateForm(ctx context.Context, actor governance.Actor, f governance.FormDefinition) (governance.FormDefinition, error)
	UpdateForm(ctx context.Context, actor governance.Actor, id string, edit func(*governance.FormDefinition) error) (governance.FormDefinition, error)
	DeleteForm(ctx context.Context, actor governance.Actor, id string) error
}

const formParam = "formDefinitionID"

func (s *server) formHandlers() map[string]handler {
	return map[string]handler{
		"searchFormDefinitionsByTenant": s.listForms,
		"createFormDefinition":          s.createForm,
		"getFormDefinitionByKey":        shown(formParam, s.Store.Form, appendForm),
		"patchFormDefinition":           s.patchForm,
		"deleteFormDefinition":          s.deleteForm,
		"validateForm":                  s.validateForm,
		"validateFormDraft":             s.validateFormDraft,
	}
}

// listForms answers a page within an object, together with the number of all forms that the filter finds.
func (s *server) listForms(w http.ResponseWriter, r *http.Request) error {
	q, err := listQuery(r)
	if err != nil {
		return err
	}
	q.Count = true
	page, err := s.Store.Forms(r.Context(), q)
	if err != nil {
		return err
	}
	b := []byte(`{"results":[`)
	for i := range page.Items {
		b = appendForm(jsondoc.AppendComma(b), &page.Items[i])
	}
	b = append(b, `],"count":`...)
	respond(w, r, callOf(r).op.Success, append(strconv.AppendInt(b, int64(page.Total), 10), '}'))
	return nil
}

// formForm is what clients may write of a form definition, and what a JSON Patch sees of it.
type formForm struct {
	Name           string                     `json:"name"`
	Description    string                     `json:"description"`
	Owner          *refBody                   `json:"owner"`
	UsedBy         []governance.FormUser      `json:"usedBy"`
	FormInput      []governance.FormInput     `json:"formInput"`
	FormElements   []governance.FormElement   `json:"formElements"`
	FormConditions []governance.FormCondition `json:"formConditions"`
}

var formPatchable = patchable{"name", "description", "owner", "usedBy", "formInput", "formElements", "formConditions"}

func (f *formForm) write(d *governance.FormDefinition) (err error) {
	d.Name, d.Description = f.Name, f.Description
	d.UsedBy, d.Inputs, d.Elements, d.Conditions = f.UsedBy, f.FormInput, f.FormElements, f.FormConditions
	if d.Owner, err = referenceOf(f.Owner, "owner", typeIdentity); err != nil {
		return err
	}
	return d.Validate()
}

func formOf(d *governance.FormDefinition) formForm {
	return formForm{
		Name: d.Name, Description: d.Description, Owner: refForm(typeIdentity, d.Owner),
		UsedBy: present(d.UsedBy), FormInput: present(d.Inputs), FormElements: present(d.Elements), FormConditions: present(d.Conditions),
	}
}

// present is a list as the contract shows it: an absent one is empty, so that a patch can add to it.
func present[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// createForm adds a form definition. The contract lets the body be absent, but not the name.
func (s *server) createForm(w http.ResponseWriter, r *http.Request) error {
	body, err := decode[formForm](w, r)
	if err != nil {
		return err
	}
	var d governance.FormDefinition
	if err := body.write(&d); err != nil {
		return err
	}
	if d, err = s.Store.CreateForm(r.Context(), actor(r), d); err != nil {
		return err
	}
	return writeOne(w, r, &d, appendForm)
}

func (s *server) patchForm(w http.ResponseWriter, r *http.Request) error {
	if r.ContentLength == 0 {
		return shown(formParam, s.Store.Form, appendForm)(w, r)
	}
	apply := patch[formForm](w, r, formPatchable)
	d, err := s.Store.UpdateForm(r.Context(), actor(r), pathID(r, formParam), func(d *governance.FormDefinition) error {
		body, _, err := apply(formOf(d))
		if err != nil {
			return err
		}
		return body.write(d)
	})
	if err != nil {
		return err
	}
	return writeOne(w, r, &d, appendForm)
}

func (s *server) deleteForm(w http.ResponseWriter, r *http.Request) error {
	if err := s.Store.DeleteForm(r.Context(), actor(r), pathID(r, formParam)); err != nil {
		return err
	}
	return done(w, r)
}

// validateForm holds an input against a form that is kept.
func (s *server) validateForm(w http.ResponseWriter, r *http.Request) error {
	d, err := s.Store.Form(r.Context(), pathID(r, formParam))
	if err != nil {
		return err
	}
	body, err := decode[struct {
		Input map[string]any `json:"input"`
	}](w, r)
	if err != nil {
		return err
	}
	return writeFormResult(w, r, &d, body.Input)
}

// validateFormDraft holds an input against a form that need not be kept, nor have a name and an owner.
func (s *server) validateFormDraft(w http.ResponseWriter, r *http.Request) error {
	body, err := decode[struct {
		Form  formForm       `json:"form"`
		Input map[string]any `json:"input"`
	}](w, r)
	if err != nil {
		return err
	}
	d := governance.FormDefinition{
		UsedBy: body.Form.UsedBy, Inputs: body.Form.FormInput, Elements: body.Form.FormElements, Conditions: body.Form.FormConditions,
	}
	if err := d.ValidateContent(); err != nil {
		return err
	}
	return writeFormResult(w, r, &d, body.Input)
}

func writeFormResult(w http.ResponseWriter, r *http.Request, d *governance.FormDefinition, input map[string]any) error {
	if input == nil {
		return governance.Fail(governance.Required, "input", "Required field 'input' was missing or empty.")
	}
	effective, problems, err := form.Check(d, input)
	if err != nil {
		return err
	}
	rows := make([]map[string]string, len(problems))
	for i, p := range problems {
		rows[i] = map[string]string{"key": p.Key, "reason": p.Reason}
	}
	return ok(w, r, map[string]any{"valid": len(problems) == 0, "problems": rows, "input": effective})
}

// appendForm writes the contract's form definition. One whose owner is gone has no such field.
func appendForm(b []byte, d *governance.FormDefinition) []byte {
	b = jsondoc.AppendStringField(append(b, '{'), "id", d.ID)
	b = jsondoc.AppendStringField(b, "name", d.Name)
	b = jsondoc.AppendStringField(b, "description", d.Description)
	if d.Owner.Set() {
		b = appendRef(b, "owner", typeIdentity, d.Owner)
	}
	b = appendList(b, "usedBy", d.UsedBy)
	b = appendList(b, "formInput", d.Inputs)
	b = appendList(b, "formElements", d.Elements)
	b = appendList(b, "formConditions", d.Conditions)
	b = jsondoc.AppendTimeField(b, "created", d.Created)
	return append(jsondoc.AppendTimeField(b, "modified", d.Modified), '}')
}

func appendList[T any](b []byte, key string, list []T) []byte {
	text, err := json.Marshal(present(list))
	if err != nil {
		panic(fmt.Sprintf("encode %s: %v", key, err)) // structs of ours always can be
	}
	return jsondoc.AppendRaw(b, key, text)
}
