package store

import (
	"context"
	"fmt"

	"midgard/internal/filter"
	"midgard/internal/governance"
)

var holdingTable = newTable(table[governance.Holding]{
	name: "entitlement_holding", object: "ENTITLEMENT_HOLDING", keys: 2,
	columns: []string{"entitlement_id", "identity_id", "granted_by", "created"},
	values: func(h *governance.Holding) []any {
		return []any{h.Entitlement.ID, h.Identity.ID, h.GrantedBy, h.Created.UnixMilli()}
	},
	id:    func(h *governance.Holding) string { return h.Entitlement.ID },
	label: func(h *governance.Holding) string { return h.Entitlement.Name },
})

var holdingRuleTable = newTable(table[governance.HoldingRule]{
	name: "entitlement_rule", object: "ENTITLEMENT_RULE", keys: 2,
	columns: []string{"entitlement_id", "workgroup_id", "granted_by", "created"},
	values: func(h *governance.HoldingRule) []any {
		return []any{h.Entitlement.ID, h.Group.ID, h.GrantedBy, h.Created.UnixMilli()}
	},
	id:    func(h *governance.HoldingRule) string { return h.Entitlement.ID },
	label: func(h *governance.HoldingRule) string { return h.Entitlement.Name },
})

// allHoldings has a row for each way in which a person holds an entitlement. The name of the group is part of it: PostgreSQL
// cannot tell by which order of texts an id is to be joined that is empty in one half.
const allHoldings = `(select d.entitlement_id || d.identity_id as id, d.entitlement_id, d.identity_id, '' as group_id, '' as group_name,
 d.granted_by, d.created from entitlement_holding d
 union all select r.entitlement_id || w.identity_id || r.workgroup_id, r.entitlement_id, w.identity_id, r.workgroup_id, g.name, r.granted_by, r.created
 from entitlement_rule r join workgroup_member w on w.workgroup_id = r.workgroup_id join workgroup g on g.id = r.workgroup_id) h`

var holdings = &listing[governance.Holding]{
	from: allHoldings, id: "h.id",
	sel:  "h.entitlement_id, e.name, h.identity_id, i.name, h.group_id, h.group_name, i.state = '" + governance.StateActive + "', h.granted_by, h.created",
	join: " left join entitlement e on e.id = h.entitlement_id left join identity i on i.id = h.identity_id",
	scan: func(r row, h *governance.Holding) error {
		return r.Scan(&h.Entitlement.ID, textInto{&h.Entitlement.Name}, &h.Identity.ID, textInto{&h.Identity.Name}, &h.Group.ID, &h.Group.Name,
			boolInto{&h.Effective}, &h.GrantedBy, timeInto{&h.Created})
	},
	administered: "h.entitlement_id in (select id from entitlement where " + sourcesOf("source_id") + ")",
	columns: map[string]column{
		"entitlement.id": {expr: "h.entitlement_id"},
		"identity.id":    {expr: "h.identity_id"},
		"group.id":       {expr: "nullif(h.group_id, '')"}, // of a grant nothing, not the empty text
		"created":        {expr: "h.created"},
	},
}

// Holdings lists who holds which entitlement and why: a person who has it by a grant and by a rule is listed twice.
func (s *Store) Holdings(ctx context.Context, q filter.Query) (filter.Page[governance.Holding], error) {
	return list(ctx, s, holdings, q)
}

var holdingRules = &listing[governance.HoldingRule]{
	from: "entitlement_rule r", id: "r.entitlement_id || r.workgroup_id",
	sel:  "r.entitlement_id, e.name, r.workgroup_id, g.name, r.granted_by, r.created",
	join: " left join entitlement e on e.id = r.entitlement_id left join workgroup g on g.id = r.workgroup_id",
	scan: func(row row, r *governance.HoldingRule) error {
		return row.Scan(&r.Entitlement.ID, textInto{&r.Entitlement.Name}, &r.Group.ID, textInto{&r.Group.Name}, &r.GrantedBy, timeInto{&r.Created})
	},
	administered: "r.entitlement_id in (select id from entitlement where " + sourcesOf("source_id") + ")",
	columns: map[string]column{
		"entitlement.id": {expr: "r.entitlement_id"},
		"group.id":       {expr: "r.workgroup_id"},
		"created":        {expr: "r.created"},
	},
}

// HoldingRules lists the governance groups whose members hold an entitlement.
func (s *Store) HoldingRules(ctx context.Context, q filter.Query) (filter.Page[governance.HoldingRule], error) {
	return list(ctx, s, holdingRules, q)
}

// heldBy gives the entitlements that a person holds; its two %s stand for the person's id. Who is not active holds none.
const heldBy = `select d.entitlement_id from entitlement_holding d where d.identity_id = %s
 and exists (select 1 from identity i0 where i0.id = d.identity_id and i0.state = '` + governance.StateActive + `')
 union select r0.entitlement_id from entitlement_rule r0 join workgroup_member w0 on w0.workgroup_id = r0.workgroup_id
 join identity i0 on i0.id = w0.identity_id where w0.identity_id = %s and i0.state = '` + governance.StateActive + "'"

var holdsText = "select count(*) from entitlement e where e.id = $1 and e.id in (" + fmt.Sprintf(heldBy, "$2", "$3") + ")"

// Holds reports whether a person holds an entitlement, by a grant or as the member of a governance group. Who is not active
// holds none.
func (s *Store) Holds(ctx context.Context, identityID, entitlementID string) (bool, error) {
	return holds(ctx, s.reader(), identityID, entitlementID)
}

// holds is Holds within the transaction that depends on it.
func (t *tx) holds(ctx context.Context, identityID, entitlementID string) (bool, error) {
	return holds(ctx, t, identityID, entitlementID)
}

func holds(ctx context.Context, q querier, identityID, entitlementID string) (bool, error) {
	var n int
	if err := q.QueryRowContext(ctx, holdsText, entitlementID, identityID, identityID).Scan(&n); err != nil {
		return false, fmt.Errorf("look whether person %q holds entitlement %q: %w", identityID, entitlementID, err)
	}
	return n > 0, nil
}

// GrantEntitlement gives a person one of Midgard's own entitlements. Granted again it stays as it is. It fails with NotFound
// when there is no such entitlement or person, or the caller may not know of the entitlement, and with Illegal for what
// people cannot hold and for a person who is not active.
func (s *Store) GrantEntitlement(ctx context.Context, actor governance.Actor, entitlementID, identityID, administeredBy string) (governance.Holding, error) {
	var h governance.Holding
	err := s.write(ctx, actor, func(ctx context.Context, t *tx) error {
		e, err := t.grantable(ctx, entitlementID, administeredBy)
		if err != nil {
			return err
		}
		person := governance.Reference{ID: identityID}
		if err := t.activePerson(ctx, "identityId", &person); err != nil {
			return unknown(err, "Identity", identityID)
		}
		kept, err := matching(ctx, t, holdings, "h.entitlement_id = $1 and h.identity_id = $2 and h.group_id = ''", e.ID, person.ID)
		if err != nil {
			return fmt.Errorf("read what person %q holds: %w", identityID, err)
		}
		if len(kept) > 0 {
			h = kept[0]
			return nil
		}
		h = governance.Holding{Entitlement: e, Identity: person, Effective: true, GrantedBy: actor.Name, Created: t.now}
		return create(ctx, t, holdingTable, &h)
	})
	return h, err
}

// grantable finds an entitlement that people can hold, and holds its row, so that the same grant does not come twice.
func (t *tx) grantable(ctx context.Context, id, administeredBy string) (governance.Reference, error) {
	if err := t.holdRow(ctx, entitlementTable.name, id); err != nil {
		return governance.Reference{}, err
	}
	e, err := oneOf(ctx, t, "Entitlement", entitlementByID, sourcesOf("e.source_id"), administeredBy, scanEntitlement, id)
	if err != nil {
		return governance.Reference{}, err
	}
	return governance.Reference{ID: e.ID, Name: e.Name}, e.CheckGrantable()
}

// RevokeEntitlement takes a grant back. It fails with NotFound when the person was not granted the entitlement or the caller
// may not know of it. Who holds it by a rule as well still does.
func (s *Store) RevokeEntitlement(ctx context.Context, actor governance.Actor, entitlementID, identityID, administeredBy string) error {
	return s.write(ctx, actor, func(ctx context.Context, t *tx) error {
		if _, err := t.grantable(ctx, entitlementID, administeredBy); err != nil {
			return err
		}
		kept, err := matching(ctx, t, holdings, "h.entitlement_id = $1 and h.identity_id = $2 and h.group_id = ''", entitlementID, identityID)
		if err != nil {
			return fmt.Errorf("read what person %q holds: %w", identityID, err)
		}
		if len(kept) == 0 {
			return governance.Missing("Grant of the entitlement to the identity", identityID)
		}
		return remove(ctx, t, holdingTable, &kept[0])
	})
}

// unknown makes the absence of an object that the path names NotFound.
func unknown(err error, object, id string) error {
	if governance.KindOf(err) == governance.UnknownRef {
		return governance.Missing(object, id)
	}
	return err
}

// GrantToGroup makes the rule that every member of a governance group holds one of Midgard's own entitlements. Made again it
// stays as it is. It fails as GrantEntitlement does.
func (s *Store) GrantToGroup(ctx context.Context, actor governance.Actor, entitlementID, workgroupID, administeredBy string) (governance.HoldingRule, error) {
	var rule governance.HoldingRule
	err := s.write(ctx, actor, func(ctx context.Context, t *tx) error {
		e, err := t.grantable(ctx, entitlementID, administeredBy)
		if err != nil {
			return err
		}
		group := governance.Reference{ID: workgroupID}
		if err := t.refer(ctx, workgroupTable.name, "workgroupId", governance.Reference{}, &group); err != nil {
			return unknown(err, workgroupObject, workgroupID)
		}
		kept, err := matching(ctx, t, holdingRules, "r.entitlement_id = $1 and r.workgroup_id = $2", e.ID, group.ID)
		if err != nil {
			return fmt.Errorf("read the rules of entitlement %q: %w", entitlementID, err)
		}
		if len(kept) > 0 {
			rule = kept[0]
			return nil
		}
		rule = governance.HoldingRule{Entitlement: e, Group: group, GrantedBy: actor.Name, Created: t.now}
		return create(ctx, t, holdingRuleTable, &rule)
	})
	return rule, err
}

// RevokeFromGroup takes such a rule back. It fails with NotFound when there is none or the caller may not know of it.
func (s *Store) RevokeFromGroup(ctx context.Context, actor governance.Actor, entitlementID, workgroupID, administeredBy string) error {
	return s.write(ctx, actor, func(ctx context.Context, t *tx) error {
		if _, err := t.grantable(ctx, entitlementID, administeredBy); err != nil {
			return err
		}
		kept, err := matching(ctx, t, holdingRules, "r.entitlement_id = $1 and r.workgroup_id = $2", entitlementID, workgroupID)
		if err != nil {
			return fmt.Errorf("read the rules of entitlement %q: %w", entitlementID, err)
		}
		if len(kept) == 0 {
			return governance.Missing("Rule for the governance group", workgroupID)
		}
		return remove(ctx, t, holdingRuleTable, &kept[0])
	})
}
