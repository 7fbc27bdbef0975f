package store

import (
	"context"
	"fmt"
	"time"

	"midgard/internal/governance"
)

const signingKeyColumns = "id, private, created, retired"

var signingKeys = newTable(table[governance.SigningKey]{
	name:    "signing_key",
	object:  "SIGNING_KEY",
	columns: []string{"id", "private", "created", "retired"},
	values: func(k *governance.SigningKey) []any {
		return []any{k.ID, k.Private, k.Created.UnixMilli(), millis(k.Retired)}
	},
	id:    func(k *governance.SigningKey) string { return k.ID },
	label: func(k *governance.SigningKey) string { return k.ID },
})

func scanSigningKey(r row, k *governance.SigningKey) error {
	return r.Scan(&k.ID, &k.Private, timeInto{&k.Created}, timeInto{&k.Retired})
}

// SigningKeys gives all keys, the newest first; those that may sign are not retired.
func (s *Store) SigningKeys(ctx context.Context) ([]governance.SigningKey, error) {
	keys, err := many(ctx, s.reader(), "select "+signingKeyColumns+" from signing_key order by created desc, id desc", scanSigningKey)
	if err != nil {
		return nil, fmt.Errorf("read the signing keys: %w", err)
	}
	return keys, nil
}

// RotateSigningKey retires the keys that sign and lets next sign instead. When a key made after due signs already, because
// another node was faster, nothing happens and rotated is false. Keys retired before gone are removed.
func (s *Store) RotateSigningKey(ctx context.Context, actor governance.Actor, next governance.SigningKey, due, gone time.Time) (rotated bool, err error) {
	err = s.write(ctx, actor, func(ctx context.Context, t *tx) error {
		rotated = false
		if err := t.lock(ctx, "signing_key"); err != nil {
			return err
		}
		keys, err := many(ctx, t, "select "+signingKeyColumns+" from signing_key", scanSigningKey)
		if err != nil {
			return err
		}
		for _, k := range keys {
			if k.Retired.IsZero() && k.Created.After(due) {
				return nil
			}
		}
		rotated = true
		return t.rotate(ctx, keys, next, gone)
	})
	if err != nil {
		return false, fmt.Errorf("rotate the signing key: %w", err)
	}
	return rotated, nil
}

func (t *tx) rotate(ctx context.Context, keys []governance.SigningKey, next governance.SigningKey, gone time.Time) error {
	for _, old := range keys {
		changed := old
		switch {
		case old.Retired.IsZero():
			changed.Retired = next.Created
			if err := replace(ctx, t, signingKeys, &old, &changed); err != nil {
				return err
			}
		case old.Retired.Before(gone):
			if err := remove(ctx, t, signingKeys, &old); err != nil {
				return err
			}
		}
	}
	return create(ctx, t, signingKeys, &next)
}
