package store

import (
	"context"
	"fmt"

	"midgard/internal/filter"
	"midgard/internal/governance"
)

const entitlementSelect = `e.id, e.source_id, s.name, e.attribute, e.value, e.name, e.type, e.description, e.privileged, e.requestable,
 e.owner_id, o.name, e.attributes, e.edited, e.created, e.modified`

const entitlementJoin = " left join source s on s.id = e.source_id left join identity o on o.id = e.owner_id"

func scanEntitlement(r row, e *governance.Entitlement) error {
	return r.Scan(&e.ID, &e.Source.ID, textInto{&e.Source.Name}, &e.Attribute, &e.Value, &e.Name, &e.Type, &e.Description, &e.Privileged, &e.Requestable,
		textInto{&e.Owner.ID}, textInto{&e.Owner.Name}, rawInto{&e.Attributes}, &e.Edited, timeInto{&e.Created}, timeInto{&e.Modified})
}

var entitlements = &listing[governance.Entitlement]{
	from: "entitlement e", id: "e.id", sel: entitlementSelect, join: entitlementJoin, scan: scanEntitlement,
	administered: sourcesOf("e.source_id"),
	columns: map[string]column{
		"id":          {expr: "e.id"},
		"name":        {expr: "e.name_key"},
		"type":        {expr: "e.type_key"},
		"attribute":   {expr: "e.attribute_key"},
		"value":       {expr: "e.value_key"},
		"source.id":   {expr: "e.source_id"},
		"requestable": {expr: "e.requestable"},
		"owner.id":    {expr: "e.owner_id"},
		"created":     {expr: "e.created"},
		"modified":    {expr: "e.modified"},
		"tags":        {expr: "'[]'"}, // there are none
		// the contract's levels, as the two that are known here
		"privilegeLevel.direct": {expr: "case when e.privileged then 'high' else 'none' end"},
	},
}

var entitlementTable = newTable(table[governance.Entitlement]{
	name: "entitlement", object: "ENTITLEMENT",
	columns: []string{"id", "source_id", "attribute", "attribute_key", "value", "value_key", "name", "name_key", "type", "type_key", "description",
		"privileged", "requestable", "owner_id", "attributes", "edited", "created", "modified"},
	values: entitlementValues,
	id:     func(e *governance.Entitlement) string { return e.ID },
	label:  func(e *governance.Entitlement) string { return e.Name },
})

func entitlementValues(e *governance.Entitlement) []any {
	return []any{e.ID, e.Source.ID, e.Attribute, Key(e.Attribute), e.Value, Key(e.Value), e.Name, Key(e.Name), e.Type, Key(e.Type), e.Description,
		e.Privileged, e.Requestable, null(e.Owner.ID), object(e.Attributes), e.Edited, e.Created.UnixMilli(), e.Modified.UnixMilli()}
}

// Entitlements lists entitlements.
func (s *Store) Entitlements(ctx context.Context, q filter.Query) (filter.Page[governance.Entitlement], error) {
	return list(ctx, s, entitlements, q)
}

// entitlementsOf is entitlements narrowed to one account, whose id is the first argument.
var entitlementsOf = &listing[governance.Entitlement]{
	from: "entitlement e", id: "e.id", sel: entitlementSelect, join: entitlementJoin, scan: scanEntitlement,
	base:    "e.id in (select entitlement_id from account_entitlement where account_id = %s)",
	columns: entitlements.columns,
}

// AccountEntitlements lists what one account holds.
func (s *Store) AccountEntitlements(ctx context.Context, accountID string, q filter.Query) (filter.Page[governance.Entitlement], error) {
	return list(ctx, s, entitlementsOf, q, accountID)
}

const entitlementByID = "select " + entitlementSelect + " from entitlement e" + entitlementJoin + " where e.id = $1"

// Entitlement reads one entitlement.
func (s *Store) Entitlement(ctx context.Context, id, administeredBy string) (governance.Entitlement, error) {
	return oneOf(ctx, s.reader(), "Entitlement", entitlementByID, sourcesOf("e.source_id"), administeredBy, scanEntitlement, id)
}

// UpdateEntitlement changes one entitlement; edit may refuse with an error.
func (s *Store) UpdateEntitlement(ctx context.Context, actor governance.Actor, id string, edit func(*governance.Entitlement) error) (governance.Entitlement, error) {
	var e governance.Entitlement
	err := s.write(ctx, actor, func(ctx context.Context, t *tx) error {
		if err := t.holdRow(ctx, entitlementTable.name, id); err != nil {
			return err
		}
		old, err := one(ctx, t, "Entitlement", id, entitlementByID, scanEntitlement, id)
		if err != nil {
			return err
		}
		e = old
		if err := edit(&e); err != nil {
			return err
		}
		if err := e.CheckUnchanged(&old); err != nil {
			return err
		}
		if err := t.refer(ctx, "identity", "owner", old.Owner, &e.Owner); err != nil {
			return err
		}
		e.Modified = t.now
		return t.replaceEntitlement(ctx, &old, &e)
	})
	return e, err
}

func (t *tx) replaceEntitlement(ctx context.Context, old, e *governance.Entitlement) error {
	if err := replace(ctx, t, entitlementTable, old, e); err != nil || old.Name == e.Name {
		return err
	}
	return exec(ctx, t, "update machine_identity_user_entitlement set entitlement_name_key = $1 where entitlement_id = $2", Key(e.Name), e.ID)
}

// ApplyEntitlements brings the groups that a source shows into the store, in one transaction that belongs to a job. They
// are found by attribute and value. A name or description that a person entered stays. It gives the numbers of new and of
// changed ones.
func (s *Store) ApplyEntitlements(ctx context.Context, actor governance.Actor, lease governance.Lease, observed []governance.Entitlement) (created, updated int64, err error) {
	err = s.writeBulk(ctx, actor, func(ctx context.Context, t *tx) error {
		created, updated = 0, 0
		if err := t.hold(ctx, lease); err != nil {
			return err
		}
		for i := range observed {
			isNew, changed, err := t.applyEntitlement(ctx, observed[i])
			if err != nil {
				return err
			}
			created += count(isNew)
			updated += count(changed)
		}
		return nil
	})
	if err != nil {
		return 0, 0, fmt.Errorf("apply entitlements: %w", err)
	}
	return created, updated, nil
}

func count(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

const entitlementByValue = "select " + entitlementSelect + " from entitlement e" + entitlementJoin + " where e.source_id = $1 and e.attribute_key = $2 and e.value_key = $3"

func (t *tx) applyEntitlement(ctx context.Context, e governance.Entitlement) (isNew, changed bool, err error) {
	old, err := one(ctx, t, "Entitlement", e.Value, entitlementByValue, scanEntitlement, e.Source.ID, Key(e.Attribute), Key(e.Value))
	if governance.KindOf(err) == governance.NotFound {
		e.ID, e.Created, e.Modified = NewID(), t.now, t.now
		return true, false, create(ctx, t, entitlementTable, &e)
	}
	if err != nil {
		return false, false, err
	}
	is := old
	is.Type, is.Privileged, is.Attributes, is.Modified = e.Type, e.Privileged, e.Attributes, t.now
	if !old.Edited {
		is.Name, is.Description = e.Name, e.Description
	}
	before, _, err := difference(&old, &is)
	if err != nil || before == nil {
		return false, false, err
	}
	return false, true, t.replaceEntitlement(ctx, &old, &is)
}
