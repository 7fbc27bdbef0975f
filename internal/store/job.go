package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"midgard/internal/governance"
)

const jobColumns = `id, kind, unique_key, args, state, run_at, attempt, max_attempts, lease_until, token, cancel, last_error, tracking_id, created, modified`

func scanJob(r row, j *governance.Job) error {
	return r.Scan(&j.ID, &j.Kind, &j.Key, rawInto{&j.Args}, textInto{(*string)(&j.State)}, timeInto{&j.RunAt}, &j.Attempt, &j.MaxAttempts,
		timeInto{&j.LeaseUntil}, &j.Token, &j.Cancel, textInto{&j.LastError}, &j.TrackingID, timeInto{&j.Created}, timeInto{&j.Modified})
}

// defaultAttempts is how often a job is tried before it counts as failed.
const defaultAttempts = 10

const insertJob = `insert into job (` + jobColumns + `)
values ($1, $2, $3, $4, 'available', $5, 0, $6, 0, '', false, null, $7, $8, $9)
on conflict (kind, unique_key) where state in ('available', 'running') do nothing`

// enqueue adds a job in the caller's transaction: it exists when the transaction commits, and never otherwise. It gives
// false when an unfinished job of the same kind and key is already there.
func (t *tx) enqueue(ctx context.Context, kind, key string, args any, runAt time.Time) (id string, added bool, err error) {
	id = NewID()
	now := t.now.UnixMilli()
	if runAt.IsZero() {
		runAt = t.now
	}
	n, err := affected(ctx, t, insertJob, id, kind, key, jsonText(args), runAt.UnixMilli(), defaultAttempts, t.actor.TrackingID, now, now)
	if err != nil {
		return "", false, fmt.Errorf("enqueue %s %q: %w", kind, key, err)
	}
	t.enqueued = t.enqueued || n > 0
	return id, n > 0, nil
}

// leaseClock is the time that leases are measured by. Several nodes share a PostgreSQL, so it is the database's there.
func (t *tx) leaseClock(ctx context.Context) (int64, error) {
	if t.store.dialect.clock == "" {
		return t.now.UnixMilli(), nil
	}
	var now int64
	err := t.QueryRowContext(ctx, t.store.dialect.clock).Scan(&now)
	return now, err
}

const dueJob = `select 1 from job where (state = 'available' and run_at <= $1) or (state = 'running' and lease_until < $2) limit 1`

// ClaimJobs takes up to n jobs of the given kinds that are due, or whose worker has not been heard of for a lease. Each
// claim has a new token, which fences off the former owner.
func (s *Store) ClaimJobs(ctx context.Context, kinds []string, n int, lease time.Duration) ([]governance.Job, error) {
	if due, err := s.jobDue(ctx); err != nil || !due {
		return nil, err
	}
	var jobs []governance.Job
	err := s.write(ctx, governance.Actor{}, func(ctx context.Context, t *tx) error {
		now, err := t.leaseClock(ctx)
		if err != nil {
			return err
		}
		args := []any{now, NewID(), now + lease.Milliseconds(), n}
		text := `update job set state = 'running', attempt = attempt + 1, token = $2, lease_until = $3, modified = $1 where id in (
			select id from job where ((state = 'available' and run_at <= $1) or (state = 'running' and lease_until < $1))
			and kind in (` + placeholders(5, len(kinds)) + `) order by run_at, id limit $4` + s.dialect.skipLocked + `) returning ` + jobColumns
		jobs, err = many(ctx, t, text, scanJob, append(args, anyOf(kinds)...)...)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("claim jobs: %w", err)
	}
	return jobs, nil
}

// jobDue asks without writing, so that an idle engine leaves the writer alone.
func (s *Store) jobDue(ctx context.Context) (bool, error) {
	now := s.clock().UnixMilli()
	if s.dialect.clock != "" {
		if err := s.read.QueryRowContext(ctx, s.dialect.clock).Scan(&now); err != nil {
			return false, fmt.Errorf("read the database's clock: %w", err)
		}
	}
	var found int
	err := s.reader().QueryRowContext(ctx, dueJob, now, now).Scan(&found)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// hold renews the lease inside a transaction that belongs to the job. When the job is somebody else's by now, the
// transaction fails: nothing that a late worker does is kept.
func (t *tx) hold(ctx context.Context, l governance.Lease) error {
	n, err := affected(ctx, t, `update job set modified = $1 where id = $2 and token = $3 and state = 'running'`, t.now.UnixMilli(), l.JobID, l.Token)
	if err != nil {
		return fmt.Errorf("hold job %q: %w", l.JobID, err)
	}
	if n == 0 {
		return governance.ErrLeaseLost
	}
	return nil
}

// ExtendLease is the worker's heartbeat. It gives ErrLeaseLost when another worker has the job, and ErrCancelled when
// somebody asked it to stop.
func (s *Store) ExtendLease(ctx context.Context, l governance.Lease, d time.Duration) error {
	var cancel bool
	err := s.write(ctx, governance.Actor{}, func(ctx context.Context, t *tx) error {
		now, err := t.leaseClock(ctx)
		if err != nil {
			return err
		}
		return t.QueryRowContext(ctx, `update job set lease_until = $1 where id = $2 and token = $3 and state = 'running' returning cancel`,
			now+d.Milliseconds(), l.JobID, l.Token).Scan(&cancel)
	})
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return governance.ErrLeaseLost
	case err != nil:
		return fmt.Errorf("extend the lease of job %q: %w", l.JobID, err)
	case cancel:
		return governance.ErrCancelled
	}
	return nil
}

// EndJob records how an attempt ended. State is JobAvailable for another try at runAt. A job that the worker's own last
// transaction has already ended, or that another worker has, stays as it is.
func (s *Store) EndJob(ctx context.Context, l governance.Lease, state governance.JobState, reason string, runAt time.Time) error {
	return s.write(ctx, governance.Actor{}, func(ctx context.Context, t *tx) error {
		return t.endJob(ctx, l, state, reason, runAt)
	})
}

func (t *tx) endJob(ctx context.Context, l governance.Lease, state governance.JobState, reason string, runAt time.Time) error {
	n, err := affected(ctx, t, `update job set state = $1, last_error = $2, run_at = $3, modified = $4 where id = $5 and token = $6 and state = 'running'`,
		string(state), null(reason), runAt.UnixMilli(), t.now.UnixMilli(), l.JobID, l.Token)
	if err != nil {
		return fmt.Errorf("end job %q: %w", l.JobID, err)
	}
	if n == 0 {
		return nil
	}
	if err := t.abandonRequest(ctx, l.JobID, state); err != nil {
		return err
	}
	return t.abandonTask(ctx, l.JobID, state)
}

// ReleaseJob gives a job back untouched because its worker is being stopped; another worker may take it at once.
func (s *Store) ReleaseJob(ctx context.Context, l governance.Lease) error {
	return s.write(ctx, governance.Actor{}, func(ctx context.Context, t *tx) error {
		return exec(ctx, t, `update job set state = 'available', attempt = attempt - 1 where id = $1 and token = $2 and state = 'running'`, l.JobID, l.Token)
	})
}

// ReleaseAllJobs gives back every running job. Only a process that is alone on its database may call it, before it
// starts workers: with SQLite, what is still marked as running belonged to a process that died.
func (s *Store) ReleaseAllJobs(ctx context.Context) (int64, error) {
	var n int64
	err := s.write(ctx, governance.Actor{}, func(ctx context.Context, t *tx) (err error) {
		n, err = affected(ctx, t, `update job set state = 'available' where state = 'running'`)
		return err
	})
	return n, err
}

// CancelJob asks a job to stop: a waiting one ends at once, a running one at its next heartbeat. It reports whether
// there was an unfinished job.
func (t *tx) cancelJob(ctx context.Context, id string) (bool, error) {
	now := t.now.UnixMilli()
	waiting, err := affected(ctx, t, `update job set state = 'cancelled', modified = $1 where id = $2 and state = 'available'`, now, id)
	if err != nil || waiting > 0 {
		return waiting > 0, err
	}
	running, err := affected(ctx, t, `update job set cancel = true, modified = $1 where id = $2 and state = 'running'`, now, id)
	return running > 0, err
}

// PruneJobs removes jobs that ended before the given time.
func (s *Store) PruneJobs(ctx context.Context, before time.Time) error {
	states := []string{string(governance.JobCompleted), string(governance.JobFailed), string(governance.JobCancelled)}
	return s.write(ctx, governance.Actor{}, func(ctx context.Context, t *tx) error {
		return exec(ctx, t, `delete from job where modified < $1 and state in ('`+strings.Join(states, `', '`)+`')`, before.UnixMilli())
	})
}

// Job reads one job.
func (s *Store) Job(ctx context.Context, id string) (governance.Job, error) {
	return one(ctx, s.reader(), "Job", id, "select "+jobColumns+" from job where id = $1", scanJob, id)
}
