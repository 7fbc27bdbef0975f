package store

import (
	"context"
	"fmt"
	"slices"

	"midgard/internal/filter"
	"midgard/internal/governance"
)

// scopedConfig is the configuration of the approvals that a scope and an id stand for.
type scopedConfig struct {
	Scope  string                    `json:"scope"`
	ID     string                    `json:"id"`
	Config governance.ApprovalConfig `json:"approvalConfig"`
}

var approvalConfigTable = newTable(table[scopedConfig]{
	name: "approval_config", object: "APPROVAL_CONFIG", keys: 2,
	columns: []string{"scope", "object_id", "body"},
	values:  func(c *scopedConfig) []any { return []any{c.Scope, c.ID, jsonText(c.Config)} },
	id:      func(c *scopedConfig) string { return c.ID },
	label:   func(c *scopedConfig) string { return c.Scope },
})

func scanScopedConfig(r row, c *scopedConfig) error {
	return r.Scan(&c.Scope, &c.ID, jsonInto{&c.Config})
}

const selectApprovalConfig = "select scope, object_id, body from approval_config where "

// approvalConfigsOf reads what is kept for some ids, types of approvals among them, and for all approvals.
func approvalConfigsOf(ctx context.Context, q querier, ids []string) ([]scopedConfig, error) {
	for i := range ids {
		ids[i] = filter.NormalizeID(ids[i])
	}
	text, args := in(2, anyOf(append(ids, ""))) // of no ids there would be no list
	found, err := many(ctx, q, selectApprovalConfig+"scope = $1 or object_id "+text, scanScopedConfig, append([]any{governance.ConfigOfTenant}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("read the configuration of approvals: %w", err)
	}
	// the most particular scope first, and within one the order of the ids
	slices.SortStableFunc(found, func(a, b scopedConfig) int {
		if n := slices.Index(governance.ConfigScopes, a.Scope) - slices.Index(governance.ConfigScopes, b.Scope); n != 0 {
			return n
		}
		return slices.Index(ids, a.ID) - slices.Index(ids, b.ID)
	})
	return found, nil
}

// approvalConfigFor finds the configuration that applies to a new approval: that of something it is about, else of its
// source, else of its type, else that of everything, else none.
func approvalConfigFor(ctx context.Context, q querier, a *governance.GenericApproval) (governance.ApprovalConfig, error) {
	var ids []string
	for _, o := range slices.Concat(a.Targets, a.References) {
		ids = append(ids, o.ID)
	}
	found, err := approvalConfigsOf(ctx, q, append(ids, a.Source.ID, a.Type))
	if err != nil || len(found) == 0 {
		return governance.ApprovalConfig{}, err
	}
	return found[0].Config, nil
}

// ApprovalConfig gives the configuration that is kept for an id, under the most particular scope, or that an approval with the
// id was opened with. Where there is none it gives what applies instead: that of everything, or the zero value.
func (s *Store) ApprovalConfig(ctx context.Context, id string) (governance.ApprovalConfig, error) {
	a, err := byID(ctx, s.reader(), approvals, approvalObject, filter.NormalizeID(id))
	if err == nil {
		return a.Config, nil
	}
	if governance.KindOf(err) != governance.NotFound {
		return a.Config, err
	}
	found, err := approvalConfigsOf(ctx, s.reader(), []string{id})
	if err != nil || len(found) == 0 {
		return governance.ApprovalConfig{}, err
	}
	return found[0].Config, nil
}

// PutApprovalConfig keeps a configuration, which must be valid, under a scope and an id. It applies to approvals that are
// opened from then on. UnknownRef tells of a person or governance group that does not exist.
func (s *Store) PutApprovalConfig(ctx context.Context, actor governance.Actor, id, scope string, c governance.ApprovalConfig) error {
	is := scopedConfig{scope, filter.NormalizeID(id), c}
	return s.write(ctx, actor, func(ctx context.Context, t *tx) error {
		if err := t.lock(ctx, "approval_config"); err != nil {
			return err
		}
		if err := t.referParties(ctx, &c); err != nil {
			return err
		}
		old, err := t.keptConfig(ctx, &is)
		if governance.KindOf(err) == governance.NotFound {
			return create(ctx, t, approvalConfigTable, &is)
		}
		if err != nil {
			return err
		}
		return replace(ctx, t, approvalConfigTable, &old, &is)
	})
}

// DeleteApprovalConfig removes a configuration; NotFound tells that there is none under the scope and the id.
func (s *Store) DeleteApprovalConfig(ctx context.Context, actor governance.Actor, id, scope string) error {
	is := scopedConfig{Scope: scope, ID: filter.NormalizeID(id)}
	return s.write(ctx, actor, func(ctx context.Context, t *tx) error {
		if err := t.lock(ctx, "approval_config"); err != nil {
			return err
		}
		old, err := t.keptConfig(ctx, &is)
		if err != nil {
			return err
		}
		return remove(ctx, t, approvalConfigTable, &old)
	})
}

func (t *tx) keptConfig(ctx context.Context, is *scopedConfig) (scopedConfig, error) {
	return one(ctx, t, "Approval configuration of "+is.Scope, is.ID, selectApprovalConfig+"scope = $1 and object_id = $2", scanScopedConfig, is.Scope, is.ID)
}

// referParties checks that the people and groups exist whom a configuration names by their ids.
func (t *tx) referParties(ctx context.Context, c *governance.ApprovalConfig) error {
	if err := t.referParty(ctx, "fallbackApprover.identityID", c.Fallback.Type, c.Fallback.ID); err != nil {
		return err
	}
	for field, chain := range map[string][]governance.ChainLink{"escalationConfig.escalationChain": c.Escalation.Chain, "serialChain": c.SerialChain} {
		for i, link := range chain {
			if err := t.referParty(ctx, fmt.Sprintf("%s[%d].identityId", field, i), link.Type, link.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *tx) referParty(ctx context.Context, field, kind, id string) error {
	if kind != governance.PartyIdentity && kind != governance.PartyGroup {
		return nil
	}
	p, err := t.party(ctx, &governance.GenericApproval{}, kind, id)
	if err == nil && p.ID == "" {
		err = governance.Fail(governance.UnknownRef, field, "Referenced object %q of field '%s' was not found.", id, field)
	}
	return err
}
