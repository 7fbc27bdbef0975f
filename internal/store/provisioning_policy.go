package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"midgard/internal/filter"
	"midgard/internal/governance"
)

const policyObject = "Provisioning policy"

const policySelect = "p.id, p.source_id, p.subtype_id, p.usage_type, p.name, p.description, p.fields, p.created, p.modified"

func scanPolicy(r row, p *governance.ProvisioningPolicy) error {
	return r.Scan(&p.ID, &p.Source.ID, textInto{&p.SubtypeID}, (*string)(&p.UsageType), &p.Name, &p.Description, jsonInto{&p.Fields},
		timeInto{&p.Created}, timeInto{&p.Modified})
}

// policies are those of one source, whose id is list's argument.
var policies = &listing[governance.ProvisioningPolicy]{
	from: "provisioning_policy p", id: "p.id", sel: policySelect, scan: scanPolicy, base: "p.source_id = %s",
	administered: sourcesOf("p.source_id"),
	columns: map[string]column{
		"subtypeId": {expr: "p.subtype_id"},
		"usageType": {expr: "p.usage_type", plain: true},
	},
}

var policyTable = newTable(table[governance.ProvisioningPolicy]{
	name: "provisioning_policy", object: "PROVISIONING_POLICY",
	columns: []string{"id", "source_id", "subtype_id", "usage_type", "name", "description", "fields", "created", "modified"},
	values: func(p *governance.ProvisioningPolicy) []any {
		return []any{p.ID, p.Source.ID, null(p.SubtypeID), string(p.UsageType), p.Name, p.Description, jsonText(p.Fields),
			p.Created.UnixMilli(), p.Modified.UnixMilli()}
	},
	id:    func(p *governance.ProvisioningPolicy) string { return p.ID },
	label: func(p *governance.ProvisioningPolicy) string { return p.Name },
})

// ProvisioningPolicies lists the policies of a source, those of its subtypes among them; NotFound when the caller may not
// know of the source.
func (s *Store) ProvisioningPolicies(ctx context.Context, sourceID string, q filter.Query) (filter.Page[governance.ProvisioningPolicy], error) {
	if _, err := s.Source(ctx, sourceID, q.AdministeredBy); err != nil {
		return filter.Page[governance.ProvisioningPolicy]{}, err
	}
	return list(ctx, s, policies, q, sourceID)
}

// UsagePolicies gives the policies of a source that belong to no subtype, but for the one for machine accounts, by their
// usage types.
func (s *Store) UsagePolicies(ctx context.Context, sourceID string) ([]governance.ProvisioningPolicy, error) {
	all, err := matching(ctx, s.reader(), policies, "p.source_id = $1 and p.subtype_id is null and p.usage_type <> $2", sourceID, string(governance.UsageCreateMachine))
	if err != nil {
		return nil, fmt.Errorf("read the provisioning policies of source %q: %w", sourceID, err)
	}
	slices.SortFunc(all, func(a, b governance.ProvisioningPolicy) int { return cmp.Compare(a.UsageType, b.UsageType) })
	return all, nil
}

// ProvisioningPolicy reads one policy of a source.
func (s *Store) ProvisioningPolicy(ctx context.Context, sourceID, id string) (governance.ProvisioningPolicy, error) {
	return policyOf(ctx, s.reader(), sourceID, id)
}

func policyOf(ctx context.Context, q querier, sourceID, id string) (governance.ProvisioningPolicy, error) {
	p, err := byID(ctx, q, policies, policyObject, id)
	if err == nil && p.Source.ID != sourceID {
		return governance.ProvisioningPolicy{}, governance.Missing(policyObject, id)
	}
	return p, err
}

// UsagePolicy reads the policy that a source has for a usage type, whatever its subtypes have.
func (s *Store) UsagePolicy(ctx context.Context, sourceID string, usage governance.UsageType) (governance.ProvisioningPolicy, error) {
	return usagePolicy(ctx, s.reader(), sourceID, usage)
}

func usagePolicy(ctx context.Context, q querier, sourceID string, usage governance.UsageType) (governance.ProvisioningPolicy, error) {
	found, err := matching(ctx, q, policies, "p.source_id = $1 and p.subtype_id is null and p.usage_type = $2", sourceID, string(usage))
	if err != nil {
		return governance.ProvisioningPolicy{}, fmt.Errorf("read provisioning policy %s: %w", usage, err)
	}
	if len(found) == 0 {
		return governance.ProvisioningPolicy{}, governance.Fail(governance.NotFound, "", "The source has no provisioning policy of the usage type %q.", usage)
	}
	return found[0], nil
}

// CreationPolicy gives the policy by which accounts of a subtype are made: its own, or the source's when it has no fields
// of its own. One without fields, and without an id where there is none, leaves it to the connector.
func (s *Store) CreationPolicy(ctx context.Context, sourceID, subtypeID string) (governance.ProvisioningPolicy, error) {
	found, err := matching(ctx, s.reader(), policies, "p.source_id = $1 and p.usage_type = $2 and (p.subtype_id is null or p.subtype_id = $3)",
		sourceID, string(governance.UsageCreateMachine), subtypeID)
	if err != nil {
		return governance.ProvisioningPolicy{}, fmt.Errorf("read the policies for subtype %q: %w", subtypeID, err)
	}
	var chosen governance.ProvisioningPolicy
	for _, p := range found {
		if len(p.Fields) > 0 && (p.SubtypeID != "" || len(chosen.Fields) == 0) {
			chosen = p
		}
	}
	return chosen, nil
}

// CreateProvisioningPolicy adds a policy whose transforms pass check and gives it as it is kept. It fails with Conflict
// when there is one for the usage type or the subtype, and with UnknownRef when the source has no such subtype.
func (s *Store) CreateProvisioningPolicy(ctx context.Context, actor governance.Actor, p governance.ProvisioningPolicy, check TransformCheck) (governance.ProvisioningPolicy, error) {
	err := s.write(ctx, actor, func(ctx context.Context, t *tx) error { return t.createPolicy(ctx, &p, check) })
	return p, s.policyTaken(err, &p)
}

func (s *Store) policyTaken(err error, p *governance.ProvisioningPolicy) error {
	if p.SubtypeID != "" {
		return s.taken(err, "provisioning_policy_subtype", "subtypeId", "The subtype of field 'subtypeId' already has a provisioning policy of the usage type %s.", p.UsageType)
	}
	return s.taken(err, "provisioning_policy_", "usageType", "The source already has a provisioning policy of the usage type %s, see field 'usageType'.", p.UsageType)
}

func (t *tx) createPolicy(ctx context.Context, p *governance.ProvisioningPolicy, check TransformCheck) error {
	if err := t.holdRow(ctx, sourceTable.name, p.Source.ID); err != nil {
		return err
	}
	if p.SubtypeID != "" {
		x, err := byID(ctx, t, subtypes, subtypeObject, p.SubtypeID)
		if governance.KindOf(err) == governance.NotFound || err == nil && x.Source.ID != p.Source.ID {
			return governance.Fail(governance.UnknownRef, "subtypeId", "Referenced subtype %q of field 'subtypeId' was not found on the source.", p.SubtypeID)
		}
		if err != nil {
			return err
		}
	}
	p.ID, p.Created, p.Modified = NewID(), t.now, t.now
	if err := t.settlePolicy(ctx, p, check); err != nil {
		return err
	}
	return create(ctx, t, policyTable, p)
}

// settlePolicy checks the transforms of a policy that Midgard acts upon and keeps what they refer to.
func (t *tx) settlePolicy(ctx context.Context, p *governance.ProvisioningPolicy, check TransformCheck) error {
	if p.UsageType != governance.UsageCreateMachine {
		return nil
	}
	var all []string
	for i := range p.Fields {
		if len(p.Fields[i].Transform) == 0 {
			continue
		}
		names, err := t.checkDefinition(ctx, p.Fields[i].Transform, check)
		if err != nil {
			return inField(err, fmt.Sprintf("fields[%d].transform", i))
		}
		all = append(all, names...)
	}
	return t.referTransforms(ctx, policyTable.object, p.ID, "fields", all)
}

// inField puts the place of a transform in front of the field that is at fault in it.
func inField(err error, place string) error {
	var e *governance.Error
	if !errors.As(err, &e) {
		return err
	}
	if e.Field != "" {
		place += "." + e.Field
	}
	return governance.Because(err, e.Kind, place, "%s (in %s)", e.Text, place)
}

// UpdateProvisioningPolicy lets edit change a policy of a source and keeps the result. edit may refuse with an error, and
// may run more than once.
func (s *Store) UpdateProvisioningPolicy(ctx context.Context, actor governance.Actor, sourceID, id string, edit func(*governance.ProvisioningPolicy) error, check TransformCheck) (governance.ProvisioningPolicy, error) {
	var kept governance.ProvisioningPolicy
	err := s.write(ctx, actor, func(ctx context.Context, t *tx) error {
		var err error
		kept, err = amend(ctx, t, policyTable, policies, policyObject, id, func(old, p *governance.ProvisioningPolicy) error {
			if old.Source.ID != sourceID {
				return governance.Missing(policyObject, id)
			}
			p.Modified = t.now
			if err := edit(p); err != nil {
				return err
			}
			return p.CheckUnchanged(old)
		})
		if err != nil {
			return err
		}
		return t.settlePolicy(ctx, &kept, check)
	})
	return kept, err
}

// SetUsagePolicies replaces the policies that a source has for the given usage types, and makes those that are missing;
// all of it or nothing. It gives them in the order in which they came.
func (s *Store) SetUsagePolicies(ctx context.Context, actor governance.Actor, given []governance.ProvisioningPolicy, check TransformCheck) ([]governance.ProvisioningPolicy, error) {
	kept := make([]governance.ProvisioningPolicy, len(given))
	err := s.write(ctx, actor, func(ctx context.Context, t *tx) error {
		for i := range given {
			kept[i] = given[i]
			if err := t.setUsagePolicy(ctx, &kept[i], check); err != nil {
				return err
			}
		}
		return nil
	})
	return kept, err
}

func (t *tx) setUsagePolicy(ctx context.Context, p *governance.ProvisioningPolicy, check TransformCheck) error {
	if err := t.holdRow(ctx, sourceTable.name, p.Source.ID); err != nil {
		return err
	}
	old, err := usagePolicy(ctx, t, p.Source.ID, p.UsageType)
	if governance.KindOf(err) == governance.NotFound {
		return t.createPolicy(ctx, p, check)
	}
	if err != nil {
		return err
	}
	p.ID, p.Created, p.Modified = old.ID, old.Created, t.now
	if err := replace(ctx, t, policyTable, &old, p); err != nil {
		return err
	}
	return t.settlePolicy(ctx, p, check)
}

// DeleteProvisioningPolicy removes a policy of a source. A subtype without one is provisioned as its source says.
func (s *Store) DeleteProvisioningPolicy(ctx context.Context, actor governance.Actor, sourceID, id string) error {
	return s.write(ctx, actor, func(ctx context.Context, t *tx) error {
		if err := t.holdRow(ctx, policyTable.name, id); err != nil {
			return err
		}
		p, err := policyOf(ctx, t, sourceID, id)
		if err != nil {
			return err
		}
		return t.removePolicy(ctx, &p)
	})
}

func (t *tx) removePolicy(ctx context.Context, p *governance.ProvisioningPolicy) error {
	if err := t.referTransforms(ctx, policyTable.object, p.ID, "", nil); err != nil {
		return err
	}
	return remove(ctx, t, policyTable, p)
}

// addStubPolicy gives a new subtype the policy that its administrator fills in.
func (t *tx) addStubPolicy(ctx context.Context, x *governance.Subtype) error {
	stub := governance.StubPolicy(x)
	stub.ID, stub.Created, stub.Modified = NewID(), t.now, t.now
	return create(ctx, t, policyTable, &stub)
}

// removeSubtypePolicies removes the policies of a subtype that goes.
func (t *tx) removeSubtypePolicies(ctx context.Context, subtypeID string) error {
	return t.removePolicies(ctx, "p.subtype_id = $1", subtypeID)
}

func (t *tx) removePolicies(ctx context.Context, condition, id string) error {
	found, err := held(ctx, t, policyTable, policies, condition, id)
	if err != nil {
		return fmt.Errorf("read provisioning policies: %w", err)
	}
	for i := range found {
		if err := t.removePolicy(ctx, &found[i]); err != nil {
			return err
		}
	}
	return nil
}

// removeSourcePolicies is a sourceStep: a source has few policies, so they go at once.
func removeSourcePolicies(ctx context.Context, t *tx, sourceID string, _ int) (int, error) {
	return 0, t.removePolicies(ctx, "p.source_id = $1", sourceID)
}
