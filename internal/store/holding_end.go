package store

import (
	"context"
	"fmt"

	"midgard/internal/filter"
	"midgard/internal/governance"
)

// endHoldings takes an entitlement that goes from everybody who was granted it, and removes its rules. Without it the
// database would do so and leave no record.
func (t *tx) endHoldings(ctx context.Context, entitlementID string) error {
	if err := t.revokeAll(ctx, "h.entitlement_id = $1", entitlementID); err != nil {
		return err
	}
	rules, err := matching(ctx, t, holdingRules, "r.entitlement_id = $1", entitlementID)
	if err != nil {
		return fmt.Errorf("read the rules of entitlement %q: %w", entitlementID, err)
	}
	for i := range rules {
		if err := remove(ctx, t, holdingRuleTable, &rules[i]); err != nil {
			return err
		}
	}
	return nil
}

// revokeHoldings takes everything back that a person who goes was granted.
func (t *tx) revokeHoldings(ctx context.Context, identityID string) error {
	return t.revokeAll(ctx, "h.identity_id = $1", identityID)
}

func (t *tx) revokeAll(ctx context.Context, condition, id string) error {
	granted, err := matching(ctx, t, holdings, condition+" and h.group_id = ''", id)
	if err != nil {
		return fmt.Errorf("read grants: %w", err)
	}
	for i := range granted {
		if err := remove(ctx, t, holdingTable, &granted[i]); err != nil {
			return err
		}
	}
	return nil
}

// ofHeld finds the subtypes of which a person may ask for accounts; its %s are those of heldBy.
const ofHeld = "st.create_enabled and st.entitlement_id in (" + heldBy + ")"

var createAccess = &listing[governance.CreateAccess]{
	from: "source s", id: "s.id", sel: "s.id, s.name",
	base: "not s.deleting and s.id in (select st.source_id from source_subtype st where " + ofHeld + ")",
	scan: func(r row, x *governance.CreateAccess) error { return r.Scan(&x.Source.ID, &x.Source.Name) },
}

// CreateAccess lists the sources where a person holds the entitlement to ask for machine accounts, with the subtypes.
func (s *Store) CreateAccess(ctx context.Context, identityID string, q filter.Query) (filter.Page[governance.CreateAccess], error) {
	q.AdministeredBy = "" // what counts is what the person holds
	page, err := list(ctx, s, createAccess, q, identityID, identityID)
	if err != nil || len(page.Items) == 0 {
		return page, err
	}
	ids := make([]any, len(page.Items))
	at := map[string]*governance.CreateAccess{}
	for i := range page.Items {
		x := &page.Items[i]
		ids[i], at[x.Source.ID] = x.Source.ID, x
	}
	text, args := in(1, ids)
	c := compiler{args: args}
	found, err := matching(ctx, s.reader(), subtypes, "st.source_id "+text+" and "+c.bind(ofHeld, []any{identityID, identityID}), c.args...)
	if err != nil {
		return page, fmt.Errorf("read the subtypes that person %q may ask for: %w", identityID, err)
	}
	for i := range found {
		x := at[found[i].Source.ID]
		x.Subtypes = append(x.Subtypes, found[i])
	}
	return page, nil
}
