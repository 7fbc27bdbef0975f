package api

import (
	"encoding/json"
	"fmt"
	"strings"

	"midgard/internal/filter"
	"midgard/internal/governance"
	"midgard/internal/jsonpatch"
)

// The contract's types of references that only sources have.
const (
	typeCluster           = "CLUSTER"
	typeSchema            = "CONNECTOR_SCHEMA"
	typeCorrelationConfig = "ACCOUNT_CORRELATION_CONFIG"
	typePasswordPolicy    = "PASSWORD_POLICY"
	typeRule              = "RULE"
	typeTask              = "TASK_RESULT"
)

// sourceForm is what clients may write of a source at any time, and what a JSON Patch sees of it.
type sourceForm struct {
	Name                      string          `json:"name"`
	Description               string          `json:"description"`
	Owner                     *refBody        `json:"owner"`
	Cluster                   *refBody        `json:"cluster"`
	AccountCorrelationConfig  *refBody        `json:"accountCorrelationConfig"`
	AccountCorrelationRule    *refBody        `json:"accountCorrelationRule"`
	ManagerCorrelationMapping *managerMapping `json:"managerCorrelationMapping"`
	ManagerCorrelationRule    *refBody        `json:"managerCorrelationRule"`
	BeforeProvisioningRule    *refBody        `json:"beforeProvisioningRule"`
	Features                  []string        `json:"features"`
	ConnectorAttributes       json.RawMessage `json:"connectorAttributes"`
	DeleteThreshold           *int            `json:"deleteThreshold"`
	ManagementWorkgroup       *refBody        `json:"managementWorkgroup"`
	CredentialProviderEnabled bool            `json:"credentialProviderEnabled"`
	Category                  string          `json:"category"`
}

var sourcePatchable = patchable{
	"name", "description", "owner", "cluster", "accountCorrelationConfig", "accountCorrelationRule", "managerCorrelationMapping",
	"managerCorrelationRule", "beforeProvisioningRule", "features", "connectorAttributes", "deleteThreshold", "managementWorkgroup",
	"credentialProviderEnabled", "category",
}

type managerMapping struct {
	AccountAttributeName  string `json:"accountAttributeName"`
	IdentityAttributeName string `json:"identityAttributeName"`
}

// sourceBody is a source as create and put read it: the form, and what is fixed once the source is made.
type sourceBody struct {
	sourceForm
	ID               *string   `json:"id"`
	Type             *string   `json:"type"`
	Connector        *string   `json:"connector"`
	ConnectorClass   *string   `json:"connectorClass"`
	ConnectionType   *string   `json:"connectionType"`
	Authoritative    *bool     `json:"authoritative"`
	PasswordPolicies []refBody `json:"passwordPolicies"`
}

// draft is a new source. Type, class and connection type follow from the connector, whatever the body says.
func (f *sourceBody) draft() (governance.Source, error) {
	var src governance.Source
	if f.Connector != nil {
		src.Connector = *f.Connector
	}
	if f.Authoritative != nil {
		src.Authoritative = *f.Authoritative
	}
	var err error
	if src.Refs.PasswordPolicies, err = f.policies(); err != nil {
		return src, err
	}
	return src, f.write(&src)
}

// replace puts the body in place of a source. What is fixed may be left out, or be as it is.
func (f *sourceBody) replace(src *governance.Source) error {
	if f.ID != nil {
		src.ID = filter.NormalizeID(*f.ID)
	}
	for _, fixed := range []struct{ given, kept *string }{
		{f.Type, &src.Type}, {f.Connector, &src.Connector}, {f.ConnectorClass, &src.ConnectorClass},
	} {
		if fixed.given != nil {
			*fixed.kept = *fixed.given
		}
	}
	if f.Authoritative != nil {
		src.Authoritative = *f.Authoritative
	}
	if f.PasswordPolicies != nil {
		var err error
		if src.Refs.PasswordPolicies, err = f.policies(); err != nil {
			return err
		}
	}
	return f.write(src)
}

func (f *sourceBody) policies() (json.RawMessage, error) {
	if f.PasswordPolicies == nil {
		return nil, nil
	}
	policies := make([]keptRef, len(f.PasswordPolicies))
	for i := range f.PasswordPolicies {
		policy, err := keep(&f.PasswordPolicies[i], "passwordPolicies", typePasswordPolicy)
		if err != nil {
			return nil, err
		}
		policies[i] = policy
	}
	return json.Marshal(policies)
}

// write puts the form into a source; what it leaves out gets its default.
func (f *sourceForm) write(src *governance.Source) (err error) {
	src.Name, src.Description, src.Category = f.Name, f.Description, f.Category
	src.Features, src.ConnectorAttributes = f.Features, mapOf(f.ConnectorAttributes)
	if src.DeleteThreshold = governance.DefaultDeleteThreshold; f.DeleteThreshold != nil {
		src.DeleteThreshold = *f.DeleteThreshold
	}
	if src.Owner, err = referenceOf(f.Owner, "owner", typeIdentity); err != nil {
		return err
	}
	if src.ManagementWorkgroup, err = referenceOf(f.ManagementWorkgroup, "managementWorkgroup", typeGroup); err != nil {
		return err
	}
	return f.writeRefs(&src.Refs)
}

// keptRef is a reference that is kept for clients as they sent it, in the contract's shape.
type keptRef struct {
	Type string `json:"type"`
	ID   string `json:"id"`
	Name string `json:"name"`
}

func keep(ref *refBody, field, kind string) (keptRef, error) {
	if _, err := referenceOf(ref, field, kind); err != nil {
		return keptRef{}, err
	}
	return keptRef{kind, ref.ID, ref.Name}, nil
}

func (f *sourceForm) writeRefs(refs *governance.SourceRefs) error {
	if f.Cluster != nil && f.Cluster.Name == "" {
		return governance.Fail(governance.Required, "cluster", "Required field 'cluster.name' was missing or empty.")
	}
	for _, ref := range []struct {
		given *refBody
		field string
		kind  string
		into  *json.RawMessage
	}{
		{f.Cluster, "cluster", typeCluster, &refs.Cluster},
		{f.AccountCorrelationConfig, "accountCorrelationConfig", typeCorrelationConfig, &refs.AccountCorrelationConfig},
		{f.AccountCorrelationRule, "accountCorrelationRule", typeRule, &refs.AccountCorrelationRule},
		{f.ManagerCorrelationRule, "managerCorrelationRule", typeRule, &refs.ManagerCorrelationRule},
		{f.BeforeProvisioningRule, "beforeProvisioningRule", typeRule, &refs.BeforeProvisioningRule},
	} {
		if *ref.into = nil; ref.given == nil {
			continue
		}
		kept, err := keep(ref.given, ref.field, ref.kind)
		if err != nil {
			return err
		}
		if *ref.into, err = json.Marshal(kept); err != nil {
			return fmt.Errorf("keep the reference %s: %w", ref.field, err)
		}
	}
	refs.CredentialProviderEnabled = f.CredentialProviderEnabled
	return f.writeMapping(refs)
}

func (f *sourceForm) writeMapping(refs *governance.SourceRefs) (err error) {
	if refs.ManagerCorrelationMapping = nil; f.ManagerCorrelationMapping == nil {
		return nil
	}
	refs.ManagerCorrelationMapping, err = json.Marshal(f.ManagerCorrelationMapping)
	return err
}

func sourceFormOf(src *governance.Source) sourceForm {
	f := sourceForm{
		Name: src.Name, Description: src.Description, Owner: refForm(typeIdentity, src.Owner), Features: src.Features,
		ConnectorAttributes: objectOf(src.ConnectorAttributes), DeleteThreshold: &src.DeleteThreshold,
		ManagementWorkgroup: refForm(typeGroup, src.ManagementWorkgroup), CredentialProviderEnabled: src.Refs.CredentialProviderEnabled,
		Category: src.Category,
	}
	decodeInto(src.Refs.Cluster, &f.Cluster)
	decodeInto(src.Refs.AccountCorrelationConfig, &f.AccountCorrelationConfig)
	decodeInto(src.Refs.AccountCorrelationRule, &f.AccountCorrelationRule)
	decodeInto(src.Refs.ManagerCorrelationMapping, &f.ManagerCorrelationMapping)
	decodeInto(src.Refs.ManagerCorrelationRule, &f.ManagerCorrelationRule)
	decodeInto(src.Refs.BeforeProvisioningRule, &f.BeforeProvisioningRule)
	return f
}

// forgetRemoved sets the secrets to null that the patch removes one by one. A secret that is merely absent, because the
// patch replaced all attributes by what a client had read, stays.
func forgetRemoved(ops jsonpatch.Patch, src *governance.Source, attributes json.RawMessage) (json.RawMessage, error) {
	var removed []string
	for _, op := range ops {
		name, ok := strings.CutPrefix(op.Path, "/connectorAttributes/")
		if _, secret := src.Secrets[name]; ok && secret && op.Op == "remove" {
			removed = append(removed, name)
		}
	}
	if len(removed) == 0 {
		return attributes, nil
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(attributes, &members); err != nil {
		return nil, fmt.Errorf("read the patched attributes: %w", err)
	}
	for _, name := range removed {
		if _, again := members[name]; !again {
			members[name] = json.RawMessage("null")
		}
	}
	return json.Marshal(members)
}
