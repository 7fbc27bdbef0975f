package store

import (
	"context"
	"fmt"
	"strings"

	"midgard/internal/governance"
)

// readEntitlements finds the entitlements that the accounts name and adds the ones that are new: an account may name a
// group before the groups are read.
func (b *batch) readEntitlements(ctx context.Context) error {
	wanted := map[governance.EntitlementValue]bool{}
	for _, w := range b.writes {
		for _, e := range w.Observed.Entitlements {
			wanted[e] = true
		}
	}
	b.entitlements = make(map[governance.EntitlementValue]string, len(wanted))
	if len(wanted) == 0 {
		return nil
	}
	byKey := map[[2]string]string{}
	if err := b.findEntitlements(ctx, wanted, byKey); err != nil {
		return err
	}
	var rows [][]any
	for e := range wanted {
		key := [2]string{Key(e.Attribute), Key(e.Value)}
		if byKey[key] == "" {
			x := governance.Entitlement{ID: NewID(), Source: b.source, Attribute: e.Attribute, Value: e.Value, Name: e.Value, Type: "group", Created: b.now, Modified: b.now}
			byKey[key] = x.ID
			rows = append(rows, entitlementValues(&x))
			b.changeRows = append(b.changeRows, b.changeRow(governance.ActionCreate, entitlementTable.object, x.ID, x.Name, nil, jsonText(&x)))
		}
		b.entitlements[e] = byKey[key]
	}
	return b.insertRows(ctx, entitlementTable.name, strings.Join(entitlementTable.columns, ", "), rows)
}

type entitlementKey struct{ id, attribute, value string }

func scanEntitlementKey(r row, k *entitlementKey) error { return r.Scan(&k.id, &k.attribute, &k.value) }

func (b *batch) findEntitlements(ctx context.Context, wanted map[governance.EntitlementValue]bool, into map[[2]string]string) error {
	keys := make([]any, 0, len(wanted))
	for e := range wanted {
		keys = append(keys, Key(e.Value))
	}
	text, args := in(2, keys)
	found, err := many(ctx, b, "select id, attribute_key, value_key from entitlement where source_id = $1 and value_key "+text, scanEntitlementKey,
		append([]any{b.source.ID}, args...)...)
	if err != nil {
		return fmt.Errorf("read entitlements: %w", err)
	}
	for _, k := range found {
		into[[2]string{k.attribute, k.value}] = k.id
	}
	return nil
}

// readLinks reads which entitlements the known accounts hold.
func (b *batch) readLinks(ctx context.Context) error {
	b.links = map[string]map[string]bool{}
	if len(b.olds) == 0 {
		return nil
	}
	ids := make([]any, 0, len(b.olds))
	for id := range b.olds {
		ids = append(ids, id)
		b.links[id] = map[string]bool{}
	}
	text, args := in(1, ids)
	pairs, err := many(ctx, b, "select account_id, entitlement_id from account_entitlement where account_id "+text,
		func(r row, p *[2]string) error { return r.Scan(&p[0], &p[1]) }, args...)
	if err != nil {
		return fmt.Errorf("read the accounts' entitlements: %w", err)
	}
	for _, p := range pairs {
		b.links[p[0]][p[1]] = true
	}
	return nil
}

// link adds an entitlement to an account once.
func (b *batch) link(account, entitlement string) {
	held := b.links[account]
	if held == nil {
		held = map[string]bool{}
		b.links[account] = held
	}
	if !held[entitlement] {
		held[entitlement] = true
		b.linkRows = append(b.linkRows, []any{account, entitlement})
	}
}

// relink makes the account hold exactly the given entitlements.
func (b *batch) relink(ctx context.Context, id string, values []governance.EntitlementValue) error {
	wanted := map[string]bool{}
	for _, e := range values {
		wanted[b.entitlements[e]] = true
		b.link(id, b.entitlements[e])
	}
	for held := range b.links[id] {
		if wanted[held] {
			continue
		}
		if err := exec(ctx, b, "delete from account_entitlement where account_id = $1 and entitlement_id = $2", id, held); err != nil {
			return fmt.Errorf("take entitlement from account %q: %w", id, err)
		}
	}
	return nil
}
