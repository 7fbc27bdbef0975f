package governance

import (
	"encoding/json"
	"strings"
	"time"
)

// The contract's states of a person.
const (
	StateActive            = "ACTIVE"
	StateInactiveShortTerm = "INACTIVE_SHORT_TERM"
	StateInactiveLongTerm  = "INACTIVE_LONG_TERM"
)

// Identity is a person. It comes from an authoritative source; the administrator of an empty organisation is the one
// identity without a source.
type Identity struct {
	ID             string          `json:"id"`
	UID            string          `json:"uid"` // the contract's alias
	Name           string          `json:"name"`
	FirstName      string          `json:"firstName,omitempty"`
	LastName       string          `json:"lastName,omitempty"`
	Email          string          `json:"email,omitempty"`
	Manager        Reference       `json:"manager,omitzero"`
	ManagerKey     string          `json:"managerKey,omitempty"` // what the source says of the manager, resolved when that person is known
	LifecycleState string          `json:"lifecycleState,omitempty"`
	State          string          `json:"state"` // one of the State constants
	Attributes     json.RawMessage `json:"attributes,omitempty"`
	Source         Reference       `json:"source,omitzero"`
	Protected      bool            `json:"protected,omitempty"` // cannot be deleted: the administrator
	Manages        bool            `json:"-"`                   // somebody has this person as manager
	Created        time.Time       `json:"created"`
	Modified       time.Time       `json:"modified"`
}

// Active reports whether the person may own machines and approve requests.
func (i Identity) Active() bool { return i.State == StateActive }

// IdentityProfile makes people out of the accounts of one authoritative source.
type IdentityProfile struct {
	ID          string    `json:"id"`
	Name        string    `json:"name"`
	Description string    `json:"description,omitempty"`
	Owner       Reference `json:"owner,omitzero"`
	Priority    int64     `json:"priority"`
	Source      Reference `json:"source"`
	// Enabled says that Attributes apply; otherwise they are only kept, and the source is read as if it had no profile.
	Enabled       bool            `json:"enabled"`
	Attributes    []ProfileSource `json:"attributes"`
	IdentityCount int64           `json:"-"` // people of the source
	Created       time.Time       `json:"created"`
	Modified      time.Time       `json:"modified"`
}

// Validate checks what every identity profile must keep.
func (p *IdentityProfile) Validate() error {
	if err := named(p.Name, p.Description); err != nil {
		return err
	}
	if !p.Source.Set() {
		return Fail(Required, "authoritativeSource", "Required field 'authoritativeSource' was missing or empty.")
	}
	return nil
}

// named checks the name and the description that an object is given by people.
func named(name, description string) error {
	if strings.TrimSpace(name) == "" {
		return Fail(Required, "name", "Required field 'name' was missing or empty.")
	}
	if err := atMost("name", name, MaxName); err != nil {
		return err
	}
	return atMost("description", description, MaxDescription)
}

// ProfileSource says from which account attribute an identity attribute is filled.
type ProfileSource struct {
	IdentityAttribute string `json:"identityAttribute"` // uid, displayName, firstname, lastname, email, manager, lifecycleState, or any other
	AccountAttribute  string `json:"accountAttribute"`
}

// DefaultProfile is used by an authoritative source that has no profile yet: the usual names of LDAP and of HR files.
func DefaultProfile() []ProfileSource {
	return []ProfileSource{
		{"uid", "uid"}, {"displayName", "displayName"}, {"firstname", "firstName"}, {"lastname", "lastName"},
		{"email", "email"}, {"manager", "manager"}, {"lifecycleState", "lifecycleState"},
	}
}

// LifecycleActive reports whether a lifecycle state as sources spell it means an active person. An empty state does: a
// source that has no such attribute lists only those who are there.
func LifecycleActive(state string) bool {
	switch state {
	case "", "active", "Active", "ACTIVE", "enabled", "true", "prehire", "leave":
		return true
	}
	return false
}

// StateOf is the state of a person whom an authoritative source lists with a lifecycle state: active, or inactive for the
// time being. Only who is no longer listed is inactive for long.
func StateOf(lifecycle string) string {
	if LifecycleActive(lifecycle) {
		return StateActive
	}
	return StateInactiveShortTerm
}

// LifecycleGone is the lifecycle state of a person whom no authoritative source lists any more.
const LifecycleGone = "inactive"

// Workgroup is a governance group: people who own, approve or administer together.
type Workgroup struct {
	ID              string    `json:"id"`
	Name            string    `json:"name"`
	Description     string    `json:"description,omitempty"`
	Owner           Reference `json:"owner,omitzero"`
	OwnerEmail      string    `json:"-"`
	MemberCount     int64     `json:"-"`
	ConnectionCount int64     `json:"-"`
	Created         time.Time `json:"created"`
	Modified        time.Time `json:"modified"`
}

// Validate checks what every governance group must keep.
func (g *Workgroup) Validate() error { return named(g.Name, g.Description) }

// Connection is an object that a governance group is connected with.
type Connection struct {
	Object      Reference
	ObjectType  string // of the contract: SOURCE
	Description string // of the object
	Kind        string // of the contract: ManagementWorkgroup
}
