package governance

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// UsageType says for what a provisioning policy is.
type UsageType string

// UsageCreateMachine is the usage type that Midgard acts upon. Policies of the others are kept for their clients.
const UsageCreateMachine UsageType = "CREATE_MACHINE_ACCOUNT"

var usageTypes = []UsageType{
	"CREATE", "UPDATE", "ENABLE", "DISABLE", "DELETE", "ASSIGN", "UNASSIGN", "CREATE_GROUP", "UPDATE_GROUP", "DELETE_GROUP", "REGISTER",
	"CREATE_IDENTITY", "UPDATE_IDENTITY", "EDIT_GROUP", "UNLOCK", "CHANGE_PASSWORD",
}

// Limits of provisioning policies; ours.
const (
	MaxPolicyFields = 200
	MaxPolicy       = 400 << 10 // bytes of all fields as JSON
)

// ProvisioningPolicy says with which attributes accounts are made on a source. One of UsageCreateMachine may belong to a
// subtype; without fields it leaves everything to the source's policy without a subtype and then to the connector.
type ProvisioningPolicy struct {
	ID          string        `json:"id"`
	Source      Reference     `json:"source"`
	SubtypeID   string        `json:"subtypeId,omitempty"`
	UsageType   UsageType     `json:"usageType"`
	Name        string        `json:"name"`
	Description string        `json:"description,omitempty"`
	Fields      []PolicyField `json:"fields"`
	Created     time.Time     `json:"created"`
	Modified    time.Time     `json:"modified"`
}

// The types of fields whose values are more than texts.
const (
	FieldInt     = "int"
	FieldLong    = "long"
	FieldBoolean = "boolean"
	fieldSecret  = "secret"
)

// PolicyField makes the value of one attribute of an account.
type PolicyField struct {
	Name        string          `json:"name"`
	Transform   json.RawMessage `json:"transform,omitempty"`  // a definition; none: what the user entered under the field's name
	Attributes  json.RawMessage `json:"attributes,omitempty"` // a JSON object: the contract's settings of the field
	Type        string          `json:"type,omitempty"`       // string, int, long, date, boolean or secret
	MultiValued bool            `json:"isMultiValued,omitempty"`
}

// FieldSettings are the settings of a field that Midgard acts upon. Clients send numbers and truth values as texts.
type FieldSettings struct {
	Size     int  // the greatest length of a generated name; 0 for none
	Checks   int  // how many names are tried; 0 for the default
	Required bool // null fails the request
}

// Settings reads what the field's attributes set.
func (f *PolicyField) Settings() FieldSettings {
	var a struct {
		Size     any `json:"cloudMaxSize"`
		Checks   any `json:"cloudMaxUniqueChecks"`
		Required any `json:"cloudRequired"`
	}
	if len(f.Attributes) == 0 || json.Unmarshal(f.Attributes, &a) != nil {
		return FieldSettings{} // Validate has refused what is no object
	}
	return FieldSettings{Size: wholeNumber(a.Size), Checks: wholeNumber(a.Checks), Required: fmt.Sprint(a.Required) == "true"}
}

// wholeNumber reads a number that may stand as text; 0 for anything else.
func wholeNumber(value any) int {
	var n int
	if _, err := fmt.Sscanf(fmt.Sprint(value), "%d", &n); err != nil || n < 0 {
		return 0
	}
	return n
}

// StubPolicy is the policy that a new subtype begins with.
func StubPolicy(s *Subtype) ProvisioningPolicy {
	return ProvisioningPolicy{
		Source: s.Source, SubtypeID: s.ID, UsageType: UsageCreateMachine, Name: Cut("Create account - "+s.DisplayName, MaxName), Fields: []PolicyField{},
	}
}

// Validate checks what a policy must keep, but for its transforms, which are the engine's to judge.
func (p *ProvisioningPolicy) Validate() error {
	if strings.TrimSpace(p.Name) == "" {
		return required("name")
	}
	err := eachAtMost([]limited{{"name", p.Name, MaxName}, {"description", p.Description, MaxDescription}})
	if err != nil {
		return err
	}
	if p.UsageType == "" {
		return required("usageType")
	}
	if p.UsageType != UsageCreateMachine && !slices.Contains(usageTypes, p.UsageType) {
		return Fail(Illegal, "usageType", "Illegal value %q for field \"usageType\".", p.UsageType)
	}
	if p.SubtypeID != "" && p.UsageType != UsageCreateMachine {
		return Fail(Illegal, "subtypeId", "Field 'subtypeId' belongs to policies of the usage type %s.", UsageCreateMachine)
	}
	return p.checkFields()
}

func (p *ProvisioningPolicy) checkFields() error {
	if n := len(p.Fields); n > MaxPolicyFields {
		return Fail(Limit, "fields", "Field 'fields' holds %d entries; at most %d are allowed.", n, MaxPolicyFields)
	}
	size := 0
	seen := names{}
	for i := range p.Fields {
		f, path := &p.Fields[i], fmt.Sprintf("fields[%d]", i)
		if size += len(f.Transform) + len(f.Attributes); size > MaxPolicy {
			return Fail(Limit, "fields", "The fields of the policy have more than %d bytes.", MaxPolicy)
		}
		if err := f.check(path); err != nil {
			return err
		}
		if f.Type == fieldSecret && p.UsageType == UsageCreateMachine {
			return Fail(Illegal, path+".type", "Field '%s' cannot be secret: what an account is made with is kept and shown. Its password follows the subtype's passwordSetting.", path+".type")
		}
		if err := seen.take(path+".name", f.Name); err != nil {
			return err
		}
	}
	return nil
}

func (f *PolicyField) check(path string) error {
	if strings.TrimSpace(f.Name) == "" {
		return required(path + ".name")
	}
	for _, object := range []struct {
		name string
		raw  json.RawMessage
	}{{".transform", f.Transform}, {".attributes", f.Attributes}} {
		if len(object.raw) > 0 && object.raw[0] != '{' {
			return Fail(Illegal, path+object.name, "Field '%s' must be an object.", path+object.name)
		}
	}
	if f.Type == "" {
		return nil
	}
	return oneOf(path+".type", f.Type, "string", FieldInt, FieldLong, "date", FieldBoolean, fieldSecret)
}

// CheckUnchanged refuses, by name, a change of what tells policies apart.
func (p *ProvisioningPolicy) CheckUnchanged(old *ProvisioningPolicy) error {
	for _, fixed := range []struct {
		field string
		same  bool
	}{
		{"id", p.ID == old.ID},
		{"usageType", p.UsageType == old.UsageType},
		{"subtypeId", p.SubtypeID == old.SubtypeID},
	} {
		if !fixed.same {
			return Fail(Illegal, fixed.field, "Field '%s' of a provisioning policy cannot be changed.", fixed.field)
		}
	}
	return nil
}
