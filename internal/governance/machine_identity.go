package governance

import (
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"
)

// The subtypes of machine identities that the contract knows.
const (
	SubtypeApplication = "Application"
	SubtypeAgent       = "AI Agent"
)

// The wire values of existsOnSource.
const (
	ExistsTrue          = "TRUE"
	ExistsFalse         = "FALSE"
	ExistsNotApplicable = "NOT_APPLICABLE"
)

// Limits of the contract (seed 001; behaviour of owners and user entitlements).
const (
	MaxDescription      = 2000 // characters
	MaxSecondaryOwners  = 10
	MaxUserEntitlements = 10
	MaxName             = 512 // characters; ours: the contract is silent
	MaxNativeIdentity   = 2048
	MaxMap              = 1 << 20 // bytes of a map of attributes as JSON; ours
)

// MachineIdentity is the application or agent that owns machine accounts.
type MachineIdentity struct {
	ID                  string            `json:"id"`
	Name                string            `json:"name"`
	NativeIdentity      string            `json:"nativeIdentity"`
	BusinessApplication string            `json:"businessApplication,omitempty"` // the name that v2024 and v2025 give to the native identity
	Description         string            `json:"description,omitempty"`
	Subtype             string            `json:"subtype"`
	Environment         string            `json:"environment,omitempty"`
	Attributes          json.RawMessage   `json:"attributes,omitempty"`
	ConnectorAttributes json.RawMessage   `json:"connectorAttributes,omitempty"`
	Source              Reference         `json:"source,omitzero"`
	UUID                string            `json:"uuid,omitempty"`
	DatasetID           string            `json:"datasetId,omitempty"`
	Owners              Owners            `json:"owners,omitzero"`
	UserEntitlements    []UserEntitlement `json:"userEntitlements,omitempty"`
	ExistsOnSource      string            `json:"existsOnSource"`
	ManuallyCreated     bool              `json:"manuallyCreated"`
	ManuallyEdited      bool              `json:"manuallyEdited"`
	Created             time.Time         `json:"created"`
	Modified            time.Time         `json:"modified"`
}

// Owners are one primary and either up to ten secondary people or one governance group.
type Owners struct {
	Primary   Reference   `json:"primary,omitzero"`
	Secondary []Reference `json:"secondary,omitempty"`
	Group     Reference   `json:"group,omitzero"`
}

// UserEntitlement is an entitlement that gives people the right to use the machine identity.
type UserEntitlement struct {
	ID          string    `json:"id,omitempty"`
	Entitlement Reference `json:"entitlement"`
	Source      Reference `json:"source"`
	Created     time.Time `json:"created,omitzero"`
}

// UserEntitlementRow is a user entitlement with the machine identity that it belongs to.
type UserEntitlementRow struct {
	UserEntitlement
	MachineIdentity Reference
}

// Validate checks what every machine identity must keep, whichever version of the API it came through.
func (m *MachineIdentity) Validate() error {
	if strings.TrimSpace(m.Name) == "" {
		return Fail(Required, "name", "Required field 'name' was missing or empty.")
	}
	err := eachAtMost([]limited{
		{"name", m.Name, MaxName}, {"nativeIdentity", m.NativeIdentity, MaxNativeIdentity}, {"businessApplication", m.BusinessApplication, MaxNativeIdentity},
		{"description", m.Description, MaxDescription}, {"subtype", m.Subtype, MaxName}, {"environment", m.Environment, MaxName}, {"uuid", m.UUID, MaxName},
	})
	if err != nil {
		return err
	}
	if len(m.UserEntitlements) > MaxUserEntitlements {
		return Fail(Limit, "userEntitlements", "Field 'userEntitlements' holds %d entries; at most %d are allowed.", len(m.UserEntitlements), MaxUserEntitlements)
	}
	if err := m.eachEntitlementOnce(); err != nil {
		return err
	}
	return m.Owners.Validate()
}

func (m *MachineIdentity) eachEntitlementOnce() error {
	seen := map[string]bool{}
	for _, u := range m.UserEntitlements {
		if seen[u.Entitlement.ID] {
			return Fail(Illegal, "userEntitlements", "Field 'userEntitlements' names the entitlement %q twice.", u.Entitlement.ID)
		}
		seen[u.Entitlement.ID] = true
	}
	return nil
}

// Validate checks the owner rules: at most ten secondary people, never mixed with a group, nobody twice.
func (o Owners) Validate() error {
	if len(o.Secondary) > MaxSecondaryOwners {
		return Fail(Limit, "owners", "Field 'owners' holds %d secondary owners; at most %d are allowed.", len(o.Secondary), MaxSecondaryOwners)
	}
	if o.Group.Set() && len(o.Secondary) > 0 {
		return Fail(Illegal, "owners", "Field 'owners' mixes secondary identities with a governance group; only one of the two is allowed.")
	}
	seen := map[string]bool{o.Primary.ID: o.Primary.Set()}
	for _, s := range o.Secondary {
		if seen[s.ID] {
			return Fail(Illegal, "owners", "Field 'owners' names the identity %q twice.", s.ID)
		}
		seen[s.ID] = true
	}
	return nil
}

func atMost(field, value string, limit int) error {
	if n := utf8.RuneCountInString(value); n > limit {
		return Fail(Limit, field, "Field '%s' has %d characters; at most %d are allowed.", field, n, limit)
	}
	return nil
}

// limited is a text with the number of characters that it may have.
type limited struct {
	field, value string
	limit        int
}

func eachAtMost(texts []limited) error {
	for _, t := range texts {
		if err := atMost(t.field, t.value, t.limit); err != nil {
			return err
		}
	}
	return nil
}

// PartialMachineIdentity is the machine identity that an account gets for itself, until a mapping or a person says that
// it belongs to another one. It carries the account's own name, owner, environment and description.
func PartialMachineIdentity(a *Account) MachineIdentity {
	return MachineIdentity{
		Name: a.Name, NativeIdentity: a.NativeIdentity, BusinessApplication: a.NativeIdentity, Subtype: SubtypeApplication,
		Description: a.Description, Environment: a.Environment, Source: a.Source, UUID: a.UUID,
		Owners: Owners{Primary: a.Owner}, ExistsOnSource: ExistsTrue,
	}
}
