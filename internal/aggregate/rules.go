package aggregate

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"midgard/internal/connector"
	"midgard/internal/governance"
	"midgard/internal/jsondoc"
	"midgard/internal/source"
)

// rules say what a source's objects mean. They are fixed for a run; their fingerprint is part of every account's hash, so
// that a change of the rules makes the next run look at every account again.
type rules struct {
	schema         connector.Schema
	entitlements   []string // the attributes whose values are entitlements
	owner          []string // the attributes that may name an owner, in order
	classification *governance.ClassificationConfig
	profile        []governance.ProfileSource // nil unless the source is authoritative
	fingerprint    [sha256.Size]byte
}

// Attributes that have a meaning by their name, whatever the connector.
const (
	attrDescription = "description"
	attrEnvironment = "environment"
	attrPrivileged  = "privileged"
)

// defaultOwner are the usual names of the attribute that names an owner. The connector attribute "ownerAttribute" of a
// source names another.
var defaultOwner = []string{"owner", "managedBy"}

func newRules(s governance.Source, schema governance.Schema, c *governance.ClassificationConfig, profile []governance.ProfileSource) (*rules, error) {
	r := &rules{schema: source.ConnectorSchema(schema), owner: defaultOwner, classification: c, profile: profile}
	for _, a := range schema.Attributes {
		if a.IsEntitlement && !governance.NamesCreation(a.Name) {
			r.entitlements = append(r.entitlements, a.Name)
		}
	}
	var own struct {
		OwnerAttribute string `json:"ownerAttribute"`
	}
	if err := json.Unmarshal(s.ConnectorAttributes, &own); err != nil && len(s.ConnectorAttributes) > 0 {
		return nil, fmt.Errorf("read the connector attributes of source %q: %w", s.Name, err)
	}
	if own.OwnerAttribute != "" {
		r.owner = []string{own.OwnerAttribute}
	}
	text, err := json.Marshal([]any{r.schema, r.entitlements, r.owner, c, profile})
	if err != nil {
		return nil, fmt.Errorf("encode the rules of source %q: %w", s.Name, err)
	}
	r.fingerprint = sha256.Sum256(text)
	return r, nil
}

// refine makes more rules part of the fingerprint.
func (r *rules) refine(more any) error {
	text, err := json.Marshal(more)
	if err != nil {
		return fmt.Errorf("encode rules: %w", err)
	}
	r.fingerprint = sha256.Sum256(append(r.fingerprint[:], text...))
	return nil
}

// observe makes an account of what the connector emitted. buffer is reused for the hash. Texts that are longer than an
// account's may be are cut: in whole they stand among its attributes. What tells accounts apart cannot be cut.
func (r *rules) observe(o *connector.Object, buffer []byte) (governance.ObservedAccount, []byte, error) {
	attributes, err := jsondoc.Canonical(o.Attributes)
	if err != nil {
		return governance.ObservedAccount{}, buffer, err
	}
	a := governance.ObservedAccount{
		NativeIdentity: o.Identity, UUID: o.UUID, Name: o.Name, Disabled: o.Disabled, Locked: o.Locked, Attributes: attributes,
		Description: governance.Cut(first(o, attrDescription), governance.MaxDescription), Environment: governance.Cut(first(o, attrEnvironment), governance.MaxName),
		Privileged: truthy(first(o, attrPrivileged)),
	}
	if a.Name == "" {
		a.Name = o.Identity
	}
	a.Name = governance.Cut(a.Name, governance.MaxName)
	if err := checkKeys(&a); err != nil {
		return a, buffer, err
	}
	for _, name := range r.entitlements {
		for _, v := range values(o, name) {
			a.Entitlements = append(a.Entitlements, governance.EntitlementValue{Attribute: name, Value: v})
		}
	}
	r.classify(&a, o)
	if r.profile != nil {
		a.Person = r.person(o)
	} else {
		a.OwnerKey = r.ownerKeyOf(func(name string) string { return first(o, name) })
	}
	buffer = r.hash(&a, buffer)
	return a, buffer, nil
}

func checkKeys(a *governance.ObservedAccount) error {
	if n := utf8.RuneCountInString(a.NativeIdentity); n > governance.MaxNativeIdentity {
		return fmt.Errorf("the native identity has %d characters; at most %d are allowed", n, governance.MaxNativeIdentity)
	}
	if n := utf8.RuneCountInString(a.UUID); n > governance.MaxName {
		return fmt.Errorf("the uuid has %d characters; at most %d are allowed", n, governance.MaxName)
	}
	return nil
}

// hash covers everything that decides what is kept of an account: what was read and the rules that read it.
func (r *rules) hash(a *governance.ObservedAccount, b []byte) []byte {
	b = append(b[:0], r.fingerprint[:]...)
	for _, s := range []string{a.NativeIdentity, a.UUID, a.Name} {
		b = append(append(b, s...), 0)
	}
	b = strconv.AppendBool(strconv.AppendBool(b, a.Disabled), a.Locked)
	b = append(b, a.Attributes...)
	sum := sha256.Sum256(b)
	copy(a.Hash[:], sum[:])
	return b
}

func (r *rules) classify(a *governance.ObservedAccount, o *connector.Object) {
	if r.classification == nil || !r.classification.Enabled {
		return
	}
	machine, method, _ := r.classification.Classify(governance.ModeIgnoreManual, &governance.Account{}, func(name string) []string { return values(o, name) })
	a.Machine, a.Method = &machine, method
}

// ownerKeyOf gives what the source itself says of the owner.
func (r *rules) ownerKeyOf(text func(name string) string) string {
	for _, name := range r.owner {
		if v := text(name); v != "" {
			return v
		}
	}
	return ""
}

// person applies the identity profile. A person without a uid gets the native identity as one, without a name the uid.
func (r *rules) person(o *connector.Object) *governance.ObservedPerson {
	p := &governance.ObservedPerson{}
	more := map[string]any{}
	for _, source := range r.profile {
		v := first(o, source.AccountAttribute)
		switch source.IdentityAttribute {
		case "uid":
			p.UID = v
		case "displayName", "name":
			p.Name = v
		case "firstname":
			p.FirstName = v
		case "lastname":
			p.LastName = v
		case "email":
			p.Email = v
		case "manager":
			p.ManagerKey = v
		case "lifecycleState":
			p.LifecycleState = v
		default:
			if v != "" {
				more[source.IdentityAttribute] = v
			}
		}
	}
	if p.UID == "" {
		p.UID = o.Identity
	}
	if p.Name == "" {
		p.Name = strings.TrimSpace(p.FirstName + " " + p.LastName)
	}
	if p.Name == "" {
		p.Name = p.UID
	}
	if o.Disabled && p.LifecycleState == "" {
		p.LifecycleState = "inactive"
	}
	p.Attributes, _ = jsondoc.Canonical(more) // texts always encode
	return p
}

// values gives an attribute of an object as texts. The object's own identity and name can be asked for like attributes.
func values(o *connector.Object, name string) []string {
	v, ok := o.Attributes[name]
	if !ok {
		switch name {
		case "nativeIdentity":
			return []string{o.Identity}
		case "name", "displayName":
			return []string{o.Name}
		}
		return nil
	}
	switch v := v.(type) {
	case string:
		return []string{v}
	case []string:
		return v
	case bool:
		return []string{strconv.FormatBool(v)}
	case int64:
		return []string{strconv.FormatInt(v, 10)}
	case float64:
		return []string{strconv.FormatFloat(v, 'g', -1, 64)}
	}
	return nil
}

func first(o *connector.Object, name string) string {
	if _, ok := o.Attributes[name]; !ok {
		return ""
	}
	if list := values(o, name); len(list) > 0 {
		return list[0]
	}
	return ""
}

func truthy(s string) bool {
	switch strings.ToLower(s) {
	case "true", "yes", "y", "1":
		return true
	}
	return false
}
