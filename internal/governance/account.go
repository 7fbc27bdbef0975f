package governance

import (
	"encoding/json"
	"time"
)

// Account is what a person or a machine has on one source.
type Account struct {
	ID              string    `json:"id"`
	Source          Reference `json:"source"`
	NativeIdentity  string    `json:"nativeIdentity"`
	UUID            string    `json:"uuid,omitempty"`
	Name            string    `json:"name"`
	Identity        Reference `json:"identity,omitzero"` // the person that a human account is correlated to
	Disabled        bool      `json:"disabled"`
	Locked          bool      `json:"locked"`
	Privileged      bool      `json:"privileged,omitempty"`
	HasEntitlements bool      `json:"hasEntitlements"`

	// ConnectorAttributes is the JSON object as read from the source: canonical, sorted by key.
	ConnectorAttributes json.RawMessage `json:"connectorAttributes,omitempty"`

	// What follows belongs to governance: people and mappings write it, aggregation does not take it back once
	// ManuallyEdited is set.
	Machine            bool                 `json:"machine"`
	Method             ClassificationMethod `json:"classificationMethod,omitempty"`
	MachineIdentity    Reference            `json:"machineIdentity,omitzero"`
	Owner              Reference            `json:"owner,omitzero"`
	OwnerKey           string               `json:"ownerKey,omitempty"` // what the source says of the owner; resolved when that person is known
	Subtype            string               `json:"subtype,omitempty"`  // technical name
	SubtypeDisplayName string               `json:"-"`
	Description        string               `json:"description,omitempty"`
	Environment        string               `json:"environment,omitempty"`
	AccessType         string               `json:"accessType,omitempty"`
	Attributes         json.RawMessage      `json:"attributes,omitempty"` // JSON object of mapped and entered attributes
	ManuallyCorrelated bool                 `json:"manuallyCorrelated,omitempty"`
	ManuallyEdited     bool                 `json:"manuallyEdited,omitempty"`
	Mapped             *Mapped              `json:"-"` // what of the above the mappings gave; nil when nothing

	MissingSince   time.Time `json:"missingSince,omitzero"` // set while a complete list did not show the account
	Authoritative  bool      `json:"-"`                     // of its source
	ConnectionType string    `json:"-"`                     // of its source
	IdentityState  string    `json:"-"`                     // of its person
	Created        time.Time `json:"created"`
	Modified       time.Time `json:"modified"`
}

// Validate checks what every account must keep, whoever edits it.
func (a *Account) Validate() error {
	if a.NativeIdentity == "" {
		return Fail(Required, "nativeIdentity", "Required field 'nativeIdentity' was missing or empty.")
	}
	return eachAtMost([]limited{
		{"nativeIdentity", a.NativeIdentity, MaxNativeIdentity}, {"uuid", a.UUID, MaxName}, {"description", a.Description, MaxDescription},
		{"environment", a.Environment, MaxName}, {"subtype", a.Subtype, MaxName}, {"accessType", a.AccessType, MaxName},
	})
}

// AccessDirect is the access type of an account that is used directly, the only one that connectors report.
const AccessDirect = "direct"

// ObservedAccount is an account as a run just read it, before it is compared with what is known.
type ObservedAccount struct {
	NativeIdentity string
	UUID           string
	Name           string
	Disabled       bool
	Locked         bool
	Privileged     bool
	Attributes     json.RawMessage // canonical JSON object
	Entitlements   []EntitlementValue
	OwnerKey       string
	Description    string
	Environment    string
	Machine        *bool // the outcome of classification; nil when the source has none
	Method         ClassificationMethod
	Person         *ObservedPerson // on authoritative sources
	Hash           [16]byte        // over all of the above and the rules' versions: equal means nothing to do
}

// ObservedPerson is what an identity profile makes of an account.
type ObservedPerson struct {
	UID, Name, FirstName, LastName, Email string
	ManagerKey, LifecycleState            string
	Attributes                            json.RawMessage
}

// EntitlementValue names an entitlement of a source by the attribute that holds it and its value there.
type EntitlementValue struct {
	Attribute string
	Value     string
}

// Entitlement is access that accounts of a source can hold.
type Entitlement struct {
	ID          string          `json:"id"`
	Source      Reference       `json:"source"`
	Attribute   string          `json:"attribute"`
	Value       string          `json:"value"`
	Name        string          `json:"name"`
	Type        string          `json:"type"` // the schema's object type, "group" unless the source says otherwise
	Description string          `json:"description,omitempty"`
	Privileged  bool            `json:"privileged"`
	Requestable bool            `json:"requestable"`
	Owner       Reference       `json:"owner,omitzero"`
	Attributes  json.RawMessage `json:"attributes,omitempty"`
	Edited      bool            `json:"edited,omitempty"` // name or description were entered by a person: aggregation keeps them
	Created     time.Time       `json:"created"`
	Modified    time.Time       `json:"modified"`
}

// Validate checks what every entitlement must keep, whoever words it.
func (e *Entitlement) Validate() error {
	return named(e.Name, e.Description)
}

// Digest is what a run needs to know of an account that is already there, to see whether anything changed.
type Digest struct {
	Key     string // the text that was asked for, in the form in which texts are compared
	ID      string // empty: not known yet
	UUID    string
	Ordinal int64 // the account's number within its source, never reused while a run is on
	Hash    [16]byte
	Missing bool
}

// AccountWrite is one account to create (Digest.ID empty) or to update.
type AccountWrite struct {
	Digest   Digest
	Observed ObservedAccount
}

// Applied tells what a batch did. Ordinals are those of the writes, in their order.
type Applied struct {
	Ordinals         []int64
	Created, Updated int64
	Machines         int64    // of the written accounts, how many are machines'
	Identities       int64    // machine identities made
	People           int64    // people made
	Problems         []string // what went wrong with single mappings
}

// MappedPage tells what mapping a page of machine accounts did.
type MappedPage struct {
	Next          string // the id to go on after, "" after the last page
	Read, Changed int64
	Problems      []string
	Stale         bool // nothing was done: the mappings have changed
}
