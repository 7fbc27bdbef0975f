package governance

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Limits of forms. The lengths of name and description are the contract's, the others ours.
const (
	MaxFormName        = 255       // characters
	MaxFormDescription = 2000      // characters
	MaxFormElements    = 500       // with those inside of others
	MaxFormConditions  = 200       // and as many inputs and users
	MaxForm            = 400 << 10 // bytes of all its lists as JSON
	maxFormDepth       = 8         // of sections and column sets in one another
)

// FormDefinition is a form that a person fills in to ask for something.
type FormDefinition struct {
	ID          string          `json:"id"`
	Name        string          `json:"name"`
	Description string          `json:"description"`
	Owner       Reference       `json:"owner"`
	UsedBy      []FormUser      `json:"usedBy"`
	Inputs      []FormInput     `json:"formInput"`
	Elements    []FormElement   `json:"formElements"`
	Conditions  []FormCondition `json:"formConditions"`
	Created     time.Time       `json:"created"`
	Modified    time.Time       `json:"modified"`
}

// FormUser is something that uses a form, as its client has recorded it.
type FormUser struct {
	Type string `json:"type,omitempty"` // WORKFLOW, SOURCE or MySailPoint
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

// FormInput is a value that a form gets from the one who asks for it to be filled in. Conditions refer to it by its id or
// its label.
type FormInput struct {
	ID          string `json:"id,omitempty"`
	Type        string `json:"type,omitempty"` // STRING or ARRAY
	Label       string `json:"label,omitempty"`
	Description string `json:"description,omitempty"`
}

// Validate checks everything that a form keeps by itself. The error names the field by its path, such as
// formElements[2].validations[0].validationType.
func (f *FormDefinition) Validate() error {
	if strings.TrimSpace(f.Name) == "" {
		return required("name")
	}
	err := eachAtMost([]limited{{"name", f.Name, MaxFormName}, {"description", f.Description, MaxFormDescription}})
	if err != nil {
		return err
	}
	if !f.Owner.Set() {
		return required("owner")
	}
	return f.ValidateContent()
}

// ValidateContent is Validate for a form that need not have a name and an owner yet.
func (f *FormDefinition) ValidateContent() error {
	if err := f.checkSize(); err != nil {
		return err
	}
	if err := f.checkUsers(); err != nil {
		return err
	}
	if err := f.checkInputs(); err != nil {
		return err
	}
	placed, err := f.Placed()
	if err != nil {
		return err
	}
	if err := checkElements(placed); err != nil {
		return err
	}
	return f.checkConditions(placed)
}

func (f *FormDefinition) checkSize() error {
	for _, list := range []struct {
		field string
		n     int
	}{{"usedBy", len(f.UsedBy)}, {"formInput", len(f.Inputs)}, {"formConditions", len(f.Conditions)}} {
		if list.n > MaxFormConditions {
			return Fail(Limit, list.field, "Field '%s' has %d entries; at most %d are allowed.", list.field, list.n, MaxFormConditions)
		}
	}
	text, err := json.Marshal([]any{f.UsedBy, f.Inputs, f.Elements, f.Conditions})
	if err != nil {
		return fmt.Errorf("encode form %q: %w", f.Name, err)
	}
	if len(text) > MaxForm {
		return Fail(Limit, "formElements", "The form has %d bytes; at most %d are allowed.", len(text), MaxForm)
	}
	return nil
}

func (f *FormDefinition) checkUsers() error {
	for i, user := range f.UsedBy {
		if err := oneOf(fmt.Sprintf("usedBy[%d].type", i), user.Type, "WORKFLOW", "SOURCE", "MySailPoint"); err != nil {
			return err
		}
	}
	return nil
}

func (f *FormDefinition) checkInputs() error {
	seen := names{}
	for i, input := range f.Inputs {
		path := fmt.Sprintf("formInput[%d]", i)
		if input.ID == "" {
			return required(path + ".id")
		}
		if err := oneOf(path+".type", input.Type, "STRING", "ARRAY"); err != nil {
			return err
		}
		if err := seen.take(path+".id", input.ID); err != nil {
			return err
		}
	}
	return nil
}

// oneOf refuses a word of the contract that is missing or none of the allowed ones.
func oneOf(field, value string, allowed ...string) error {
	if value == "" {
		return required(field)
	}
	if !slices.Contains(allowed, value) {
		return Fail(Illegal, field, "Illegal value %q for field %q: use one of %s.", value, field, strings.Join(allowed, ", "))
	}
	return nil
}

// names are what is taken among things that must be told apart, with the fields that took it.
type names map[string]string

func (n names) take(field, name string) error {
	if err := atMost(field, name, MaxName); err != nil {
		return err
	}
	if holder, taken := n[name]; taken {
		return Fail(Illegal, field, "Illegal value %q for field %q: %s has it already.", name, field, holder)
	}
	n[name] = field
	return nil
}
