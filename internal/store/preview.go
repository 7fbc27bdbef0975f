package store

import (
	"context"
	"fmt"

	"midgard/internal/governance"
)

// AccountsAfter reads the next accounts of a source in the order of their ids after the given one; of machines only, or
// all of them. next is empty after the last page.
func (s *Store) AccountsAfter(ctx context.Context, sourceID string, machines bool, after string, limit int) (page []governance.Account, next string, err error) {
	within := "select id from account where source_id = $1 and id > $2 order by id limit $3"
	if machines {
		within = "select id from account where source_id = $1 and machine and id > $2 order by id limit $3"
	}
	page, err = matching(ctx, s.reader(), accounts, "a.id in ("+within+")", sourceID, after, limit)
	if err == nil && len(page) == limit {
		next = page[limit-1].ID
	}
	return page, next, err
}

// TryMapping lets a mapper decide accounts of one source without writing them, and gives for each what went wrong.
func (s *Store) TryMapping(ctx context.Context, mapper governance.Mapper, list []*governance.Account) ([][]string, error) {
	return mapAll(ctx, people{s.reader()}, mapper, list)
}

// SharedIdentities tells for native identities, in their order, which machine identity accounts of a source would share by
// mapping. Without an ID there is none yet; equal keys stand for the same one.
func (s *Store) SharedIdentities(ctx context.Context, sourceID string, natives []string) ([]governance.Shared, error) {
	there, err := sharedIdentities(ctx, s.reader(), sourceID, natives)
	list := make([]governance.Shared, len(natives))
	for i, native := range natives {
		key := Key(native)
		list[i] = governance.Shared{Key: key, Reference: there[key]}
	}
	return list, err
}

// Membership tells how many machine accounts belong to machine identities, and whether people have made or shaped them.
func (s *Store) Membership(ctx context.Context, ids []string) (map[string]governance.Membership, error) {
	found := map[string]governance.Membership{}
	if len(ids) == 0 {
		return found, nil
	}
	text, args := in(1, anyOf(ids))
	rows, err := many(ctx, s.reader(), `select m.id, m.manually_created, m.manually_edited,
		(select count(*) from account a where a.machine_identity_id = m.id and a.machine) from machine_identity m where m.id `+text, scanMembership, args...)
	if err != nil {
		return nil, fmt.Errorf("count the accounts of machine identities: %w", err)
	}
	for _, m := range rows {
		found[m.ID] = m
	}
	return found, nil
}

func scanMembership(r row, m *governance.Membership) error {
	return r.Scan(&m.ID, &m.ManuallyCreated, &m.ManuallyEdited, &m.Accounts)
}
