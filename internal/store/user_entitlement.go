package store

import (
	"context"
	"fmt"

	"midgard/internal/filter"
	"midgard/internal/governance"
)

const userEntitlementSelect = `u.id, u.machine_identity_id, m.name, u.entitlement_id, e.name, u.source_id, s.name, u.created`

const userEntitlementJoin = ` left join machine_identity m on m.id = u.machine_identity_id left join entitlement e on e.id = u.entitlement_id
 left join source s on s.id = u.source_id`

func scanUserEntitlement(r row, u *governance.UserEntitlementRow) error {
	return r.Scan(&u.ID, &u.MachineIdentity.ID, textInto{&u.MachineIdentity.Name}, &u.Entitlement.ID, textInto{&u.Entitlement.Name},
		&u.Source.ID, textInto{&u.Source.Name}, timeInto{&u.Created})
}

var userEntitlements = &listing[governance.UserEntitlementRow]{
	from: "machine_identity_user_entitlement u", id: "u.id", sel: userEntitlementSelect, join: userEntitlementJoin, scan: scanUserEntitlement,
	administered: sourcesOf("u.source_id"),
	columns: map[string]column{
		"machineIdentityId":   {expr: "u.machine_identity_id"},
		"machineIdentityName": {expr: "u.machine_identity_name_key"},
		"entitlement.id":      {expr: "u.entitlement_id"},
		"entitlement.name":    {expr: "u.entitlement_name_key"},
		"source.id":           {expr: "u.source_id"},
		"source.name":         {expr: "name_key", in: "u.source_id in (select id from source where %s)", sort: "u.source_name_key"},
	},
}

// UserEntitlements lists the entitlements that give people the right to use machine identities.
func (s *Store) UserEntitlements(ctx context.Context, q filter.Query) (filter.Page[governance.UserEntitlementRow], error) {
	return list(ctx, s, userEntitlements, q)
}

// resolveUserEntitlement checks that the entitlement exists and belongs to the source that the request names.
func (t *tx) resolveUserEntitlement(ctx context.Context, u *governance.UserEntitlement) error {
	e, err := t.reference(ctx, "entitlement", "userEntitlements", u.Entitlement.ID)
	if err != nil {
		return err
	}
	sources, err := many(ctx, t, "select s.id, s.name from entitlement e join source s on s.id = e.source_id where e.id = $1", scanReference, e.ID)
	if err != nil {
		return fmt.Errorf("read the source of entitlement %q: %w", e.ID, err)
	}
	if len(sources) == 0 || (u.Source.Set() && u.Source.ID != sources[0].ID) {
		return governance.Fail(governance.UnknownRef, "userEntitlements", "Entitlement %q of field 'userEntitlements' is not of source %q.", e.ID, u.Source.ID)
	}
	u.Entitlement, u.Source = e, sources[0]
	return nil
}

func scanReference(r row, ref *governance.Reference) error {
	return r.Scan(&ref.ID, textInto{&ref.Name})
}

func (t *tx) writeUserEntitlements(ctx context.Context, m *governance.MachineIdentity) error {
	if err := exec(ctx, t, "delete from machine_identity_user_entitlement where machine_identity_id = $1", m.ID); err != nil {
		return fmt.Errorf("write user entitlements: %w", err)
	}
	rows := make([][]any, len(m.UserEntitlements))
	for i, u := range m.UserEntitlements {
		rows[i] = []any{u.ID, m.ID, Key(m.Name), u.Entitlement.ID, Key(u.Entitlement.Name), u.Source.ID, Key(u.Source.Name), u.Created.UnixMilli()}
	}
	return t.insertRows(ctx, "machine_identity_user_entitlement",
		"id, machine_identity_id, machine_identity_name_key, entitlement_id, entitlement_name_key, source_id, source_name_key, created", rows)
}
