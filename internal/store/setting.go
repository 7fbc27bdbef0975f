package store

import (
	"context"
	"fmt"

	"midgard/internal/governance"
)

// EnsureSetting gives the value of a setting that Midgard itself keeps, such as the tenant's id. One that nobody has set
// becomes value; of several nodes that try at once, all get the first one's.
func (s *Store) EnsureSetting(ctx context.Context, name, value string) (string, error) {
	found, err := readSetting(ctx, s.reader(), name)
	if governance.KindOf(err) != governance.NotFound {
		return found, err
	}
	err = s.write(ctx, governance.Actor{}, func(ctx context.Context, t *tx) error {
		text := "insert into setting (name, value) values ($1, $2) on conflict (name) do nothing"
		if err := exec(ctx, t, text, name, value); err != nil {
			return err
		}
		found, err = readSetting(ctx, t, name)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("set %q: %w", name, err)
	}
	return found, nil
}

func readSetting(ctx context.Context, q querier, name string) (string, error) {
	return one(ctx, q, "setting", name, "select value from setting where name = $1", scanText, name)
}

// lock keeps every other transaction that locks the same name waiting until this one has ended. It serves rules about
// several rows at once ("one administrator must remain"), which PostgreSQL would let two transactions break together.
func (t *tx) lock(ctx context.Context, name string) error {
	text := "insert into setting (name, value) values ($1, '') on conflict (name) do update set value = excluded.value"
	if err := exec(ctx, t, text, "lock:"+name); err != nil {
		return fmt.Errorf("lock %q: %w", name, err)
	}
	return nil
}
