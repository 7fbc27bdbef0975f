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

// KnownAccounts counts the accounts of a source: a run's measure of how far it has come.
func (s *Store) KnownAccounts(ctx context.Context, sourceID string) (int64, error) {
	var n int64
	if err := s.reader().QueryRowContext(ctx, "select count(*) from account where source_id = $1", sourceID).Scan(&n); err != nil {
		return 0, fmt.Errorf("count the accounts of source %q: %w", sourceID, err)
	}
	return n, nil
}

// KnownMachines counts the machine accounts of a source.
func (s *Store) KnownMachines(ctx context.Context, sourceID string) (int64, error) {
	var n int64
	if err := s.reader().QueryRowContext(ctx, "select count(*) from account where source_id = $1 and machine", sourceID).Scan(&n); err != nil {
		return 0, fmt.Errorf("count the machine accounts of source %q: %w", sourceID, err)
	}
	return n, nil
}

// UploadSize gives the bytes of an uploaded file.
func (s *Store) UploadSize(ctx context.Context, id string) (int64, error) {
	return one(ctx, s.reader(), "Upload", id, "select size from upload where id = $1", func(r row, n *int64) error { return r.Scan(n) }, id)
}

// RefreshStatistics tells PostgreSQL's planner how the tables of a run have grown. After a first run has begun they still
// count as empty, and looking accounts up reads whole tables until the server's own housekeeping comes by. SQLite plans
// the same queries by their indexes alone.
func (s *Store) RefreshStatistics(ctx context.Context) error {
	if s.dialect.name != postgres.name {
		return nil
	}
	if _, err := s.read.ExecContext(ctx, "analyze account, account_entitlement, entitlement, identity, machine_identity"); err != nil {
		return fmt.Errorf("refresh the planner's statistics: %w", err)
	}
	return nil
}
