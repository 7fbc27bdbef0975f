package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"midgard/internal/governance"
)

// missingChunk is how many accounts one step of the search for missing ones looks at.
const missingChunk = 5000

// MarkMissing marks the accounts of a source that a complete list did not show and counts them, among all. seen is asked
// with each account's ordinal; the mark of one that was shown goes. Nothing is removed: RemoveMissing does that, once the
// caller has compared the counts.
func (s *Store) MarkMissing(ctx context.Context, actor governance.Actor, lease governance.Lease, sourceID string, seen func(ordinal int64) bool) (missing, total int64, err error) {
	marked, err := s.markedOrdinals(ctx, sourceID)
	if err != nil {
		return 0, 0, err
	}
	after := int64(-1)
	for {
		// the ordinals stand in the index; anything else would have to be fetched from the rows, which is most of an unchanged run
		chunk, err := many(ctx, s.reader(), "select ordinal from account where source_id = $1 and ordinal > $2 order by ordinal limit $3",
			scanNumber, sourceID, after, missingChunk)
		if err != nil {
			return 0, 0, fmt.Errorf("look for missing accounts: %w", err)
		}
		if len(chunk) == 0 {
			return missing, total, nil
		}
		total, after = total+int64(len(chunk)), chunk[len(chunk)-1]
		var gone, back []int64
		for _, n := range chunk {
			switch shown := seen(n); {
			case shown && marked[n]:
				back = append(back, n)
			case !shown && !marked[n]:
				gone = append(gone, n)
				missing++
			case !shown:
				missing++
			}
		}
		if err := s.mark(ctx, actor, lease, sourceID, gone, (*tx).markMissing); err != nil {
			return 0, 0, err
		}
		if err := s.mark(ctx, actor, lease, sourceID, back, (*tx).markFound); err != nil {
			return 0, 0, err
		}
	}
}

func scanNumber(r row, n *int64) error { return r.Scan(n) }

// markedOrdinals gives the accounts of a source that are marked as missing.
func (s *Store) markedOrdinals(ctx context.Context, sourceID string) (map[int64]bool, error) {
	list, err := many(ctx, s.reader(), "select ordinal from account where source_id = $1 and missing_since is not null", scanNumber, sourceID)
	if err != nil {
		return nil, fmt.Errorf("look for marked accounts: %w", err)
	}
	marked := make(map[int64]bool, len(list))
	for _, n := range list {
		marked[n] = true
	}
	return marked, nil
}

// markChunk is how many accounts one transaction marks.
const markChunk = 50

// mark does something to accounts of a source, which are told by their ordinals, a part of them in each transaction.
func (s *Store) mark(ctx context.Context, actor governance.Actor, lease governance.Lease, sourceID string, ordinals []int64, how func(*tx, context.Context, *governance.Account) error) error {
	for part := range slices.Chunk(ordinals, markChunk) {
		err := s.write(ctx, actor, func(ctx context.Context, t *tx) error {
			if err := t.hold(ctx, lease); err != nil {
				return err
			}
			text, args := in(2, anyOf(part))
			ids, err := many(ctx, t, "select id from account where source_id = $1 and ordinal "+text, scanText, append([]any{sourceID}, args...)...)
			if err != nil {
				return err
			}
			began, err := t.launched(ctx, lease)
			if err != nil {
				return err
			}
			accounts, err := heldByID(ctx, t, accountTable, accounts, ids)
			for i := range accounts {
				if !began.IsZero() && !accounts[i].Created.Before(began) {
					continue // made while the source was being read: the list could not show it
				}
				err = errors.Join(err, how(t, ctx, &accounts[i]))
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("mark missing accounts: %w", err)
		}
	}
	return nil
}

// launched is when the attempt at the task of a job began; the zero time for a job without one.
func (t *tx) launched(ctx context.Context, lease governance.Lease) (time.Time, error) {
	times, err := many(ctx, t, "select launched from task where job_id = $1", func(r row, at *time.Time) error { return r.Scan(timeInto{at}) }, lease.JobID)
	if err != nil || len(times) == 0 {
		return time.Time{}, err
	}
	return times[0], nil
}

func (t *tx) markMissing(ctx context.Context, old *governance.Account) error {
	a := *old
	a.MissingSince, a.Modified = t.now, t.now
	if err := t.replaceAccount(ctx, old, &a); err != nil {
		return err
	}
	return t.markGone(ctx, a.MachineIdentity.ID)
}

// markFound takes the mark back from an account that is listed again as it was.
func (t *tx) markFound(ctx context.Context, old *governance.Account) error {
	a := *old
	a.MissingSince, a.Modified = time.Time{}, t.now
	if err := t.replaceAccount(ctx, old, &a); err != nil {
		return err
	}
	return t.markBack(ctx, a.MachineIdentity.ID)
}

// markBack is the reverse of markGone.
func (t *tx) markBack(ctx context.Context, id string) error {
	if id == "" {
		return nil
	}
	return t.editMachineIdentity(ctx, id, func(m *governance.MachineIdentity) bool {
		back := m.ExistsOnSource == governance.ExistsFalse && !m.ManuallyCreated
		if back {
			m.ExistsOnSource = governance.ExistsTrue
		}
		return back
	})
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
	return t.editMachineIdentity(ctx, id, func(m *governance.MachineIdentity) bool {
		if !m.ManuallyCreated {
			m.ExistsOnSource = governance.ExistsFalse
		}
		return !m.ManuallyCreated
	})
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
