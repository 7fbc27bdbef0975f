package governance

import "time"

// Holding says that a person holds an entitlement of Midgard's own: because somebody granted it, or by the rule that every
// member of a governance group holds it.
type Holding struct {
	Entitlement Reference `json:"entitlement"`
	Identity    Reference `json:"identity"`
	GrantedBy   string    `json:"grantedBy,omitempty"` // the name of who granted it or made the rule
	Group       Reference `json:"group,omitzero"`      // of the rule; not set for a grant
	Effective   bool      `json:"-"`                   // the person is active: who is not holds nothing for the time being
	Created     time.Time `json:"created"`             // of the grant or the rule
}

// Key tells the holding from all others.
func (h *Holding) Key() string {
	key := h.Entitlement.ID + "." + h.Identity.ID
	if h.Group.Set() {
		key += "." + h.Group.ID
	}
	return key
}

// HoldingRule says that every member of a governance group holds an entitlement, as long as they are members.
type HoldingRule struct {
	Entitlement Reference `json:"entitlement"`
	Group       Reference `json:"group"`
	GrantedBy   string    `json:"grantedBy,omitempty"`
	Created     time.Time `json:"created"`
}

// Key tells the rule from all others.
func (h *HoldingRule) Key() string { return h.Entitlement.ID + "." + h.Group.ID }

// CreateAccess is a source with those of its subtypes of which somebody may ask for accounts, by their ids.
type CreateAccess struct {
	Source   Reference
	Subtypes []Subtype
}

// CheckGrantable refuses, by name of the field, to give people what only accounts on a source can have.
func (e *Entitlement) CheckGrantable() error {
	if NamesCreation(e.Attribute) {
		return nil
	}
	return Fail(Illegal, "entitlementId", "The entitlement %q of field 'entitlementId' is held by accounts on its source; people are granted the entitlements by which they ask for machine accounts.", e.Name)
}
