package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"midgard/internal/filter"
	"midgard/internal/governance"
	"midgard/internal/jsondoc"
)

type provisioningPolicyStore interface {
	ProvisioningPolicies(ctx context.Context, sourceID string, q filter.Query) (filter.Page[governance.ProvisioningPolicy], error)
	UsagePolicies(ctx context.Context, sourceID string) ([]governance.ProvisioningPolicy, error)
	ProvisioningPolicy(ctx context.Context, sourceID, id string) (governance.ProvisioningPolicy, error)
	UsagePolicy(ctx context.Context, sourceID string, usage governance.UsageType) (governance.ProvisioningPolicy, error)
	CreateProvisioningPolicy(ctx context.Context, actor governance.Actor, p governance.ProvisioningPolicy, check transformCheck) (governance.ProvisioningPolicy, error)
	UpdateProvisioningPolicy(ctx context.Context, actor governance.Actor, sourceID, id string, edit func(*governance.ProvisioningPolicy) error, check transformCheck) (governance.ProvisioningPolicy, error)
	SetUsagePolicies(ctx context.Context, actor governance.Actor, given []governance.ProvisioningPolicy, check transformCheck) ([]governance.ProvisioningPolicy, error)
	DeleteProvisioningPolicy(ctx context.Context, actor governance.Actor, sourceID, id string) error
}

func (s *server) provisioningPolicyHandlers() map[string]handler {
	return map[string]handler{
		"listProvisioningPolicies":         s.listUsagePolicies,
		"createProvisioningPolicy":         s.createUsagePolicy,
		"updateProvisioningPoliciesInBulk": s.setUsagePolicies,
		"getProvisioningPolicy":            s.getPolicy(s.usagePolicyIn, appendUsagePolicy),
		"putProvisioningPolicy":            s.putPolicy(s.usagePolicyIn, appendUsagePolicy),
		"updateProvisioningPolicy":         s.patchPolicy(s.usagePolicyIn, appendUsagePolicy),
		"deleteProvisioningPolicy":         s.deletePolicy(s.usagePolicyIn),
		"listProvisioningPoliciesV2":       listedUnder("sourceId", s.Store.ProvisioningPolicies, appendPolicy),
		"createProvisioningPolicyV2":       s.createPolicy,
		"getProvisioningPolicyV2":          s.getPolicy(s.policyIn, appendPolicy),
		"putProvisioningPolicyV2":          s.putPolicy(s.policyIn, appendPolicy),
		"updateProvisioningPolicyV2":       s.patchPolicy(s.policyIn, appendPolicy),
		"deleteProvisioningPolicyV2":       s.deletePolicy(s.policyIn),
	}
}

// policyFinder reads the policy that the path names.
type policyFinder func(r *http.Request) (governance.ProvisioningPolicy, error)

func (s *server) policyIn(r *http.Request) (governance.ProvisioningPolicy, error) {
	src, err := s.sourceIn(r, "sourceId")
	if err != nil {
		return governance.ProvisioningPolicy{}, err
	}
	return s.Store.ProvisioningPolicy(r.Context(), src.ID, pathID(r, "id"))
}

// usagePolicyIn passes over the policy for machine accounts, which the older operations do not know.
func (s *server) usagePolicyIn(r *http.Request) (governance.ProvisioningPolicy, error) {
	src, err := s.sourceIn(r, "sourceId")
	if err != nil {
		return governance.ProvisioningPolicy{}, err
	}
	usage := governance.UsageType(storable(r.PathValue("usageType")))
	if usage == governance.UsageCreateMachine {
		return governance.ProvisioningPolicy{}, governance.Missing("Provisioning policy", string(usage))
	}
	return s.Store.UsagePolicy(r.Context(), src.ID, usage)
}

func (s *server) listUsagePolicies(w http.ResponseWriter, r *http.Request) error {
	src, err := s.sourceIn(r, "sourceId")
	if err != nil {
		return err
	}
	q, err := listQuery(r)
	if err != nil {
		return err
	}
	all, err := s.Store.UsagePolicies(r.Context(), src.ID)
	if err != nil {
		return err
	}
	return writePage(w, r, pageOf(all, q), appendUsagePolicy)
}

// policyForm is what clients may write of a policy, and what a JSON Patch sees of it.
type policyForm struct {
	Name        string            `json:"name"`
	Description string            `json:"description"`
	Fields      []policyFieldForm `json:"fields"`
}

var policyPatchable = patchable{"name", "description", "fields"}

// policyFieldForm takes isRequired and does not look at it: the attribute cloudRequired decides.
type policyFieldForm struct {
	Name       string          `json:"name"`
	Transform  json.RawMessage `json:"transform"`
	Attributes json.RawMessage `json:"attributes"`
	Required   any             `json:"isRequired,omitempty"`
	Type       string          `json:"type,omitempty"`
	Multi      bool            `json:"isMultiValued"`
}

// policyBody is a policy as create and put read it.
type policyBody struct {
	policyForm
	ID        string  `json:"id"`
	UsageType string  `json:"usageType"`
	SubtypeID *string `json:"subtypeId"`
}

func (f *policyForm) write(p *governance.ProvisioningPolicy) error {
	p.Name, p.Description = f.Name, f.Description
	p.Fields = make([]governance.PolicyField, len(f.Fields))
	for i := range f.Fields {
		if err := f.Fields[i].write(&p.Fields[i]); err != nil {
			return fmt.Errorf("read field %d: %w", i, err)
		}
	}
	return p.Validate()
}

// write keeps transform and attributes as they came, but for white space: some types of transforms go by the order of
// their members.
func (f *policyFieldForm) write(field *governance.PolicyField) (err error) {
	*field = governance.PolicyField{Name: f.Name, Type: f.Type, MultiValued: f.Multi}
	if field.Transform, err = compact(f.Transform); err != nil {
		return err
	}
	field.Transform = mapOf(field.Transform)
	field.Attributes, err = compact(f.Attributes)
	return err
}

func policyFormOf(p *governance.ProvisioningPolicy) policyForm {
	f := policyForm{Name: p.Name, Description: p.Description, Fields: make([]policyFieldForm, len(p.Fields))}
	for i := range p.Fields {
		field := &p.Fields[i]
		f.Fields[i] = policyFieldForm{
			Name: field.Name, Transform: objectOf(field.Transform), Attributes: objectOf(field.Attributes), Type: field.Type, Multi: field.MultiValued,
			Required: field.Settings().Required,
		}
	}
	return f
}

// draft makes a policy of a source.
func (b *policyBody) draft(sourceID string) (governance.ProvisioningPolicy, error) {
	p := governance.ProvisioningPolicy{
		Source: governance.Reference{ID: sourceID}, UsageType: governance.UsageType(b.UsageType), SubtypeID: filter.NormalizeID(textOf(b.SubtypeID)),
	}
	return p, b.write(&p)
}

// usageDraft is draft for the older operations.
func (b *policyBody) usageDraft(sourceID string) (governance.ProvisioningPolicy, error) {
	b.SubtypeID = nil
	if b.UsageType == string(governance.UsageCreateMachine) {
		return governance.ProvisioningPolicy{}, governance.Fail(governance.Illegal, "usageType",
			"Illegal value %q for field \"usageType\": such policies belong to version v2 of this operation.", b.UsageType)
	}
	return b.draft(sourceID)
}

func (s *server) createPolicy(w http.ResponseWriter, r *http.Request) error {
	return s.addPolicy(w, r, (*policyBody).draft, appendPolicy)
}

func (s *server) createUsagePolicy(w http.ResponseWriter, r *http.Request) error {
	return s.addPolicy(w, r, (*policyBody).usageDraft, appendUsagePolicy)
}

func (s *server) addPolicy(w http.ResponseWriter, r *http.Request, draft func(*policyBody, string) (governance.ProvisioningPolicy, error), encode func([]byte, *governance.ProvisioningPolicy) []byte) error {
	src, err := s.sourceIn(r, "sourceId")
	if err != nil {
		return err
	}
	body, err := decode[policyBody](w, r)
	if err != nil {
		return err
	}
	p, err := draft(&body, src.ID)
	if err != nil {
		return err
	}
	if p, err = s.Store.CreateProvisioningPolicy(r.Context(), actor(r), p, checkDefinition); err != nil {
		return err
	}
	return writeOne(w, r, &p, encode)
}

// setUsagePolicies replaces the policies of the usage types that the body names, and leaves the others alone.
func (s *server) setUsagePolicies(w http.ResponseWriter, r *http.Request) error {
	src, err := s.sourceIn(r, "sourceId")
	if err != nil {
		return err
	}
	bodies, err := decode[[]policyBody](w, r)
	if err != nil {
		return err
	}
	if len(bodies) > governance.MaxPolicyFields {
		return governance.Fail(governance.Limit, "", "The list holds %d policies; at most %d are allowed.", len(bodies), governance.MaxPolicyFields)
	}
	drafts := make([]governance.ProvisioningPolicy, len(bodies))
	for i := range bodies {
		if drafts[i], err = bodies[i].usageDraft(src.ID); err != nil {
			return err
		}
	}
	kept, err := s.Store.SetUsagePolicies(r.Context(), actor(r), drafts, checkDefinition)
	if err != nil {
		return err
	}
	return writePage(w, r, filter.Page[governance.ProvisioningPolicy]{Items: kept, Total: -1}, appendUsagePolicy)
}

func (s *server) getPolicy(find policyFinder, encode func([]byte, *governance.ProvisioningPolicy) []byte) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		p, err := find(r)
		if err != nil {
			return err
		}
		return writeOne(w, r, &p, encode)
	}
}

func (s *server) putPolicy(find policyFinder, encode func([]byte, *governance.ProvisioningPolicy) []byte) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		body, wrong := decode[policyBody](w, r)
		return s.changePolicy(w, r, find, encode, func(p *governance.ProvisioningPolicy) error {
			if wrong != nil { // told only now: whether there is such a policy comes first
				return wrong
			}
			return body.replace(p)
		})
	}
}

// replace is write for a policy that is kept already. What tells it apart may be left out.
func (b *policyBody) replace(p *governance.ProvisioningPolicy) error {
	if b.ID != "" {
		p.ID = filter.NormalizeID(b.ID)
	}
	if b.UsageType != "" {
		p.UsageType = governance.UsageType(b.UsageType)
	}
	if b.SubtypeID != nil {
		p.SubtypeID = filter.NormalizeID(*b.SubtypeID)
	}
	return b.write(p)
}

func (s *server) patchPolicy(find policyFinder, encode func([]byte, *governance.ProvisioningPolicy) []byte) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		apply := patch[policyForm](w, r, policyPatchable)
		return s.changePolicy(w, r, find, encode, func(p *governance.ProvisioningPolicy) error {
			form, _, err := apply(policyFormOf(p))
			if err != nil {
				return err
			}
			return form.write(p)
		})
	}
}

func (s *server) changePolicy(w http.ResponseWriter, r *http.Request, find policyFinder, encode func([]byte, *governance.ProvisioningPolicy) []byte, edit func(*governance.ProvisioningPolicy) error) error {
	p, err := find(r)
	if err != nil {
		return err
	}
	if p, err = s.Store.UpdateProvisioningPolicy(r.Context(), actor(r), p.Source.ID, p.ID, edit, checkDefinition); err != nil {
		return err
	}
	return writeOne(w, r, &p, encode)
}

func (s *server) deletePolicy(find policyFinder) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		p, err := find(r)
		if err != nil {
			return err
		}
		if err := s.Store.DeleteProvisioningPolicy(r.Context(), actor(r), p.Source.ID, p.ID); err != nil {
			return err
		}
		return done(w, r)
	}
}

// appendUsagePolicy writes the contract's policy without an id.
func appendUsagePolicy(b []byte, p *governance.ProvisioningPolicy) []byte {
	return append(appendPolicyCore(append(b, '{'), p), '}')
}

// appendPolicy writes the contract's policy with its id and subtype.
func appendPolicy(b []byte, p *governance.ProvisioningPolicy) []byte {
	b = jsondoc.AppendStringField(append(b, '{'), "id", p.ID)
	b = jsondoc.AppendNullableString(b, "subtypeId", p.SubtypeID)
	return append(appendPolicyCore(b, p), '}')
}

func appendPolicyCore(b []byte, p *governance.ProvisioningPolicy) []byte {
	b = jsondoc.AppendStringField(b, "name", p.Name)
	b = jsondoc.AppendStringField(b, "description", p.Description)
	b = jsondoc.AppendStringField(b, "usageType", string(p.UsageType))
	b = append(jsondoc.AppendKey(b, "fields"), '[')
	for i := range p.Fields {
		b = appendPolicyField(jsondoc.AppendComma(b), &p.Fields[i])
	}
	return append(b, ']')
}

func appendPolicyField(b []byte, f *governance.PolicyField) []byte {
	b = jsondoc.AppendStringField(append(b, '{'), "name", f.Name)
	b = appendObject(b, "transform", f.Transform)
	b = appendObject(b, "attributes", f.Attributes)
	b = jsondoc.AppendBool(b, "isRequired", f.Settings().Required)
	if f.Type != "" {
		b = jsondoc.AppendStringField(b, "type", f.Type)
	}
	return append(jsondoc.AppendBool(b, "isMultiValued", f.MultiValued), '}')
}
