package governance

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
)

// Mapped is what the mappings gave an account. It is kept with the account, so that what a mapping no longer gives can be
// taken back, and so that another account can become the one that speaks for a machine identity.
type Mapped struct {
	Account        map[string]string `json:"account,omitempty"`        // attributes of the account but for description and environment
	Identity       map[string]string `json:"identity,omitempty"`       // attributes of its machine identity
	NativeIdentity string            `json:"nativeIdentity,omitempty"` // of the machine identity that it shares; "" when none was mapped
}

// Empty says that no mapping gave anything.
func (m *Mapped) Empty() bool {
	return m == nil || len(m.Account) == 0 && len(m.Identity) == 0 && m.NativeIdentity == ""
}

// Mapper computes what the rules of a source make of one of its machine accounts.
type Mapper interface {
	// OwnerKeys are the keys (see OwnerKey) of people who may own the account; the first that means somebody counts.
	OwnerKeys(a *Account) []string
	// Map writes what the mappings give to the account: Mapped, description, environment, subtype and attributes. The
	// owner is settled by then. What went wrong with single mappings is told in words; their targets keep what they had.
	Map(ctx context.Context, a *Account, people People) (problems []string, err error)
}

// People is what mappings can ask about the owner of an account.
type People interface {
	// PersonAttribute gives an attribute of a person, ok false when there is none.
	PersonAttribute(ctx context.Context, identityID, name string) (value string, ok bool, err error)
	// PersonAccounts gives a person's accounts on a source, which is told by its id or its name, the oldest first.
	PersonAccounts(ctx context.Context, identityID, source string) ([]Account, error)
}

// OwnerKey is the text under which an owner is waited for when a mapping says by which attribute the person is known. A
// text without such a prefix is compared with all of uid, e-mail, name and native identity.
func OwnerKey(target MappingTarget, value string) string {
	if target.Type == TargetOwnerAccount {
		return AccountKey(target.SourceID, target.AttributeName, value)
	}
	return "identity." + target.AttributeName + "=" + value
}

// AccountKey is OwnerKey for an attribute of an account.
func AccountKey(sourceID, attribute, value string) string {
	return "account." + sourceID + "." + attribute + "=" + value
}

// Take gives the account what the mappings made for it, and takes back what they made before. A person's edits stay.
func (a *Account) Take(m Mapped) {
	old := a.Mapped
	if old == nil {
		old = &Mapped{}
	}
	if a.ManuallyEdited {
		m.Account = old.Account
	} else {
		a.takeAttributes(old.Account, m.Account)
	}
	a.Mapped = nil
	if !m.Empty() {
		m.Account, m.Identity = orNil(m.Account), orNil(m.Identity)
		a.Mapped = &m
	}
}

// orNil makes an empty map what it is when it has been kept, so that equal outcomes are equal.
func orNil(m map[string]string) map[string]string {
	if len(m) == 0 {
		return nil
	}
	return m
}

func (a *Account) takeAttributes(old, is map[string]string) {
	if a.Subtype == old[AttributeSubtype] || is[AttributeSubtype] != "" {
		a.Subtype = is[AttributeSubtype]
	}
	a.Attributes = takeMap(a.Attributes, old, is)
}

// takeMap brings the custom attributes of a JSON object from one outcome of the mappings to the next.
func takeMap(raw json.RawMessage, old, is map[string]string) json.RawMessage {
	if maps.Equal(old, is) && len(is) == 0 {
		return raw
	}
	object := map[string]json.RawMessage{}
	if len(raw) > 0 && json.Unmarshal(raw, &object) != nil {
		return raw
	}
	for name, value := range old {
		var kept string
		if json.Unmarshal(object[name], &kept) == nil && kept == value {
			delete(object, name)
		}
	}
	for name, value := range is {
		if name != AttributeSubtype {
			object[name], _ = json.Marshal(value) // a string always encodes
		}
	}
	if len(object) == 0 {
		return nil
	}
	text, _ := json.Marshal(object) // of JSON values: always encodes
	return text
}

// SharedIdentity is the native identity of the machine identity that the account belongs to by its mappings; "" when it
// has one of its own, or when a person has decided.
func (a *Account) SharedIdentity() string {
	if !a.Machine || a.ManuallyCorrelated || a.Mapped == nil {
		return ""
	}
	return a.Mapped.NativeIdentity
}

// DerivedMachineIdentity is the machine identity that an account calls for: the one that its mappings name, else its own
// (see PartialMachineIdentity), with the attributes that are mapped.
func DerivedMachineIdentity(a *Account) MachineIdentity {
	m := PartialMachineIdentity(a)
	if native := a.SharedIdentity(); native != "" {
		m = MachineIdentity{
			Name: Cut(native, MaxName), NativeIdentity: native, BusinessApplication: native, Subtype: SubtypeApplication,
			Source: a.Source, Owners: Owners{Primary: a.Owner}, ExistsOnSource: ExistsTrue,
		}
	}
	if a.Mapped == nil {
		return m
	}
	custom := map[string]string{}
	for name, value := range a.Mapped.Identity {
		switch name {
		case AttributeName:
			m.Name = value
		case AttributeDescription:
			m.Description = value
		case AttributeSubtype:
			m.Subtype = value
		case AttributeEnvironment:
			m.Environment = value
		default:
			custom[name] = value
		}
	}
	m.Attributes = takeMap(nil, nil, custom)
	return m
}

// Follow makes a machine identity that nobody has shaped what an account calls for; old is the account before. What
// accounts do not decide stays, and so does an owner whom a shared machine identity has from another account.
func (m *MachineIdentity) Follow(old, a *Account) {
	is := DerivedMachineIdentity(a)
	if len(is.Attributes) == 0 && string(m.Attributes) == "{}" { // which is the same, kept
		is.Attributes = m.Attributes
	}
	m.Name, m.NativeIdentity, m.BusinessApplication = is.Name, is.NativeIdentity, is.BusinessApplication
	m.Description, m.Subtype, m.Environment, m.Attributes = is.Description, is.Subtype, is.Environment, is.Attributes
	m.UUID, m.Source = is.UUID, is.Source
	if a.Owner.Set() || a.SharedIdentity() == "" || m.Owners.Primary.ID == old.Owner.ID {
		m.Owners.Primary = a.Owner
		m.Owners.Secondary = slices.DeleteFunc(slices.Clone(m.Owners.Secondary), func(r Reference) bool { return r.ID == a.Owner.ID })
	}
}

// Cut gives the first characters of a text that is too long.
func Cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	n := 0
	for i := range text {
		if n == limit {
			return text[:i]
		}
		n++
	}
	return text
}
