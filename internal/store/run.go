package store

import (
	"context"
	"fmt"

	"midgard/internal/governance"
)

// KeepDeltaToken keeps what the next delta of a source begins with. It is called after the last batch only, so that a run
// that died before asks again for everything that it has not applied.
func (s *Store) KeepDeltaToken(ctx context.Context, lease governance.Lease, sourceID string, token []byte) error {
	err := s.write(ctx, governance.Actor{}, func(ctx context.Context, t *tx) error {
		if err := t.hold(ctx, lease); err != nil {
			return err
		}
		return exec(ctx, t, "update source set delta_token = $1 where id = $2", token, sourceID)
	})
	if err != nil {
		return fmt.Errorf("keep the delta token of source %q: %w", sourceID, err)
	}
	return nil
}
