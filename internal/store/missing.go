package store

import (
	"context"
	"fmt"

	"midgard/internal/governance"
)

// missingChunk is how many accounts one step of the search for missing ones looks at.
const missingChunk = 5000

type accountOrdinal struct {
	id      string
	ordinal int64
	missing bool
}

func scanAccountOrdinal(r row, a *accountOrdinal) error {
	return r.Scan(&a.id, &a.ordinal, &a.missing)
}

// MarkMissing marks the accounts of a source that a complete list did not show and counts them, among all. seen is asked
// with each account's ordinal. Nothing is removed: RemoveMissing does that, once the caller has compared the counts.
func (s *Store) MarkMissing(ctx context.Context, actor governance.Actor, lease governance.Lease, sourceID string, seen func(ordinal int64) bool) (missing, total int64, err error) {
	after := int64(-1)
	for {
		chunk, err := many(ctx, s.reader(), "select id, ordinal, missing_since is not null from account where source_id = $1 and ordinal > $2 order by ordinal limit $3",
			scanAccountOrdinal, sourceID, after, missingChunk)
		if err != nil {
			return 0, 0, fmt.Errorf("look for missing accounts: %w", err)
		}
		if len(chunk) == 0 {
			return missing, total, nil
		}
		total, after = total+int64(len(chunk)), chunk[len(chunk)-1].ordinal
		var fresh []string
		for _, a := range chunk {
			if seen(a.ordinal) {
				continue
			}
			missing++
			if !a.missing {
				fresh = append(fresh, a.id)
			}
		}
		if err := s.markMissing(ctx, actor, lease, fresh); err != nil {
			return 0, 0, err
		}
	}
}

func (s *Store) markMissing(ctx context.Context, actor governance.Actor, lease governance.Lease, ids []string) error {
	for begin := 0; begin < len(ids); begin += digestChunk {
		part := ids[begin:min(begin+digestChunk, len(ids))]
		err := s.write(ctx, actor, func(ctx context.Context, t *tx) error {
			if err := t.hold(ctx, lease); err != nil {
				return err
			}
			return t.markMissing(ctx, part)
		})
		if err != nil {
			return fmt.Errorf("mark missing accounts: %w", err)
		}
	}
	return nil
}

func (t *tx) markMissing(ctx context.Context, ids []string) error {
	olds, err := many(ctx, t, "select "+accountSelect+" from account a"+accountJoin+" where a.id in ("+placeholders(1, len(ids))+")", scanAccount, anyOf(ids)...)
	if err != nil {
		return err
	}
	for i := range olds {
		a := olds[i]
		a.MissingSince, a.Modified = t.now, t.now
		if err := t.replaceAccount(ctx, &olds[i], &a); err != nil {
			return err
		}
		if err := t.markGone(ctx, a.MachineIdentity.ID); err != nil {
			return err
		}
	}
	return nil
}

// markGone says of a machine identity that it no longer exists on its source, once all of its accounts are missing.
func (t *tx) markGone(ctx context.Context, id string) error {
	if id == "" {
		return nil
	}
	var left int
	if err := t.QueryRowContext(ctx, "select count(*) from account where machine_identity_id = $1 and machine and missing_since is null", id).Scan(&left); err != nil || left > 0 {
		return err
	}
	m, err := t.machineIdentity(ctx, id)
	if err != nil || m.ManuallyCreated {
		return err
	}
	gone := m
	gone.ExistsOnSource, gone.Modified = governance.ExistsFalse, t.now
	return t.replaceMachineIdentity(ctx, &m, &gone)
}

// removeChunk is how many accounts one transaction removes.
const removeChunk = 200

// RemoveMissing removes up to a chunk of the accounts that are marked as missing, and gives their number; zero means
// that there are no more.
func (s *Store) RemoveMissing(ctx context.Context, actor governance.Actor, lease governance.Lease, sourceID string) (int, error) {
	var n int
	err := s.writeBulk(ctx, actor, func(ctx context.Context, t *tx) error {
		if err := t.hold(ctx, lease); err != nil {
			return err
		}
		ids, err := many(ctx, t, "select id from account where source_id = $1 and missing_since is not null limit $2", scanText, sourceID, removeChunk)
		if err != nil {
			return err
		}
		n = len(ids)
		return t.removeAccounts(ctx, ids)
	})
	if err != nil {
		return 0, fmt.Errorf("remove missing accounts: %w", err)
	}
	return n, nil
}

// RemoveAccounts removes accounts that a delta reported as deleted.
func (s *Store) RemoveAccounts(ctx context.Context, actor governance.Actor, lease governance.Lease, ids []string) error {
	return s.writeBulk(ctx, actor, func(ctx context.Context, t *tx) error {
		if err := t.hold(ctx, lease); err != nil {
			return err
		}
		return t.removeAccounts(ctx, ids)
	})
}
