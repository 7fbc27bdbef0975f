package governance

import (
	"strings"
	"time"
)

// MaxSubtypes is how many subtypes a source may have (contract).
const MaxSubtypes = 20

// Subtype is a category of machine accounts on one source. Its technical name is what mappings and clients write to an
// account; it never changes.
type Subtype struct {
	ID            string    `json:"id"`
	Source        Reference `json:"source"`
	TechnicalName string    `json:"technicalName"`
	DisplayName   string    `json:"displayName"`
	Description   string    `json:"description"`
	SystemManaged bool      `json:"systemManaged"`

	Creation AccountCreation `json:"machineAccountCreate"`
	// Deletion is nil while the subtype has no settings of its own: then those of its source apply.
	Deletion *Approval `json:"machineAccountDelete,omitempty"`
	// SourceDeletion is what applies on the source; the store fills it in on reading.
	SourceDeletion Approval `json:"-"`

	Created  time.Time `json:"created"`
	Modified time.Time `json:"modified"`
}

// EffectiveDeletion is what applies to the deletion of an account of the subtype.
func (s *Subtype) EffectiveDeletion() Approval {
	if s.Deletion != nil {
		return *s.Deletion
	}
	return s.SourceDeletion
}

// Validate checks the names and the settings. Whether what the settings refer to exists is for the store to see.
func (s *Subtype) Validate() error {
	for _, name := range []limited{{field: "technicalName", value: s.TechnicalName}, {field: "displayName", value: s.DisplayName}} {
		if strings.TrimSpace(name.value) == "" {
			return required(name.field)
		}
	}
	err := eachAtMost([]limited{
		{"technicalName", s.TechnicalName, MaxName}, {"displayName", s.DisplayName, MaxName}, {"description", s.Description, MaxDescription},
	})
	if err != nil {
		return err
	}
	if err := s.Creation.validate(); err != nil {
		return err
	}
	if s.Deletion == nil {
		return nil
	}
	return s.Deletion.Validate("machineAccountDelete.", true)
}

// CheckEditable refuses to change or delete a subtype that the system manages. Its settings may be changed all the same:
// who may ask for accounts is the organisation's choice.
func (s *Subtype) CheckEditable() error {
	if s.SystemManaged {
		return Fail(Illegal, "systemManaged", "The subtype %q is managed by the system: it can be neither changed nor deleted.", s.TechnicalName)
	}
	return nil
}

// PasswordSetting says how a new account gets its password.
type PasswordSetting string

// The password settings of the contract.
const (
	PasswordNone     PasswordSetting = "DO_NOT_SET_PASSWORD"
	PasswordExisting PasswordSetting = "SET_TO_EXISTING_ATTRIBUTE"
	PasswordNew      PasswordSetting = "SET_TO_NEW_ATTRIBUTE"
)

// AccountCreation says whether and how people may ask for new accounts of a subtype.
type AccountCreation struct {
	Enabled           bool            `json:"accountCreateEnabled"`
	FormID            string          `json:"formId,omitempty"`
	EntitlementID     string          `json:"entitlementId,omitempty"` // of the entitlement to ask; set exactly while Enabled
	PasswordSetting   PasswordSetting `json:"passwordSetting,omitempty"`
	PasswordAttribute string          `json:"passwordAttribute,omitempty"`
	Approval          Approval        `json:"approval"`
}

// validate lets the settings be incomplete until accounts can be asked for: clients make them in several steps.
func (c *AccountCreation) validate() error {
	const setting, attribute = "machineAccountCreate.passwordSetting", "machineAccountCreate.passwordAttribute"
	switch c.PasswordSetting {
	case "", PasswordNone, PasswordExisting, PasswordNew:
	default:
		return Fail(Illegal, setting, "Illegal value %q for field %q: use DO_NOT_SET_PASSWORD, SET_TO_EXISTING_ATTRIBUTE or SET_TO_NEW_ATTRIBUTE.",
			c.PasswordSetting, setting)
	}
	if err := atMost(attribute, c.PasswordAttribute, MaxName); err != nil {
		return err
	}
	if c.Enabled && c.PasswordSetting == "" {
		return Fail(Required, setting, "Required field '%s' was missing or empty: it must be set before accountCreateEnabled.", setting)
	}
	if c.Enabled && c.PasswordSetting != PasswordNone && strings.TrimSpace(c.PasswordAttribute) == "" {
		return Fail(Required, attribute, "Required field '%s' was missing or empty: passwordSetting %s needs it.", attribute, c.PasswordSetting)
	}
	return c.Approval.Validate("machineAccountCreate.", false)
}

// What the entitlement is made of that lets a person ask for accounts of a subtype. Its value is the subtype's id.
const (
	CreationAttribute = "assignedMacSubtype"
	CreationType      = "machineAccountCreate"
)

// CreationEntitlement is the entitlement that lets a person ask for accounts of the subtype.
func (s *Subtype) CreationEntitlement() Entitlement {
	return Entitlement{
		Source: s.Source, Attribute: CreationAttribute, Value: s.ID, Type: CreationType, Requestable: true,
		Name:        s.creationName(),
		Description: Cut("Lets a person ask for machine accounts of the subtype "+s.DisplayName+".", MaxDescription),
	}
}

func (s *Subtype) creationName() string {
	return Cut("Machine Account Creation - "+s.Source.Name+"/"+s.DisplayName, MaxName)
}

// NamesCreation reports whether an attribute of a source has the name that creation entitlements have theirs by. A source
// cannot hand these out, so what it shows there is no entitlement.
func NamesCreation(attribute string) bool { return strings.EqualFold(attribute, CreationAttribute) }

// CheckUnchanged refuses, by name, a change of what Midgard itself keeps: the name of a creation entitlement is that of
// its subtype, and it is there to be asked for.
func (e *Entitlement) CheckUnchanged(old *Entitlement) error {
	if !NamesCreation(old.Attribute) {
		return nil
	}
	for _, fixed := range []struct {
		field string
		same  bool
	}{{"name", e.Name == old.Name}, {"requestable", e.Requestable == old.Requestable}} {
		if !fixed.same {
			return Fail(Illegal, fixed.field, "Field '%s' cannot be changed: the entitlement belongs to a subtype and follows it.", fixed.field)
		}
	}
	return nil
}
