package store

import (
	"context"

	"midgard/internal/governance"
)

// What follows gives tests the functions that aggregation calls inside of its own transactions.

func (s *Store) UpsertPeople(ctx context.Context, source governance.Reference, people ...governance.ObservedPerson) (ids []string, err error) {
	err = s.write(ctx, governance.Server("test", ""), func(ctx context.Context, t *tx) (err error) {
		ids, err = t.upsertPeople(ctx, source, people)
		return err
	})
	return ids, err
}

func (s *Store) RetirePeople(ctx context.Context, ids ...string) error {
	return s.write(ctx, governance.Server("test", ""), func(ctx context.Context, t *tx) error { return t.retirePeople(ctx, ids) })
}

func (s *Store) SettleWaiting(ctx context.Context, keys ...string) error {
	return s.write(ctx, governance.Server("test", ""), func(ctx context.Context, t *tx) error { return t.settleWaiting(ctx, keys) })
}

func (s *Store) PeopleByKeys(ctx context.Context, keys ...string) (found map[string]governance.Reference, err error) {
	err = s.write(ctx, governance.Server("test", ""), func(ctx context.Context, t *tx) (err error) {
		found, err = peopleByKeys(ctx, t, keys)
		return err
	})
	return found, err
}
