package store

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"time"

	"midgard/internal/governance"
)

// tx is a write transaction: the statements' target, one time for all of it, and the actor of its change records.
type tx struct {
	querier
	store    *Store
	now      time.Time
	actor    governance.Actor
	enqueued bool
}

// write runs fn in one transaction that is durable when write returns nil. fn may run again when the engine undid it, so
// it must not keep anything outside but what it overwrites.
func (s *Store) write(ctx context.Context, actor governance.Actor, fn func(context.Context, *tx) error) error {
	return s.transact(ctx, actor, false, fn)
}

// writeBulk is write for transactions that take long: they share their commit with nobody.
func (s *Store) writeBulk(ctx context.Context, actor governance.Actor, fn func(context.Context, *tx) error) error {
	return s.transact(ctx, actor, true, fn)
}

func (s *Store) transact(ctx context.Context, actor governance.Actor, bulk bool, fn func(context.Context, *tx) error) error {
	var enqueued bool
	err := s.writer.run(ctx, bulk, func(q querier) error {
		t := &tx{querier: q, store: s, now: s.clock(), actor: actor}
		err := fn(ctx, t)
		enqueued = t.enqueued
		return err
	})
	if err == nil && enqueued {
		s.wake()
	}
	return err
}

// clock is the time in the precision that is kept.
func (s *Store) clock() time.Time { return s.now().UTC().Truncate(time.Millisecond) }

// poolWriter gives each transaction a connection of the pool; the server groups commits by itself.
type poolWriter struct{ db *sql.DB }

const maxTries = 8

func (w poolWriter) run(ctx context.Context, _ bool, fn func(querier) error) error {
	for try := 1; ; try++ {
		err := w.once(ctx, fn)
		if err == nil || try == maxTries || !postgresTransient(err) {
			return err
		}
		pause := time.Duration(rand.Int64N(int64(try) * int64(20*time.Millisecond)))
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (w poolWriter) once(ctx context.Context, fn func(querier) error) error {
	t, err := w.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer t.Rollback() //nolint:errcheck // after a commit it does nothing; otherwise the connection's loss ends it
	if err := fn(t); err != nil {
		return err
	}
	if err := t.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

func (w poolWriter) close() error { return nil } // the read side owns the pool

// holdRows keeps other transactions that hold the same rows waiting until this one has ended. What is read of a row in
// order to write it again is read after it is held: else the write could undo what somebody else has changed meanwhile.
// SQLite has one writer, so nobody else is there to wait.
func (t *tx) holdRows(ctx context.Context, table string, ids []any) error {
	if t.store.dialect.holdRows == "" || len(ids) == 0 {
		return nil
	}
	text, args := in(1, ids)
	// in one order, so that two transactions that hold many do not wait for each other
	if err := exec(ctx, t, "select 1 from "+table+" where id "+text+" order by id"+t.store.dialect.holdRows, args...); err != nil {
		return fmt.Errorf("hold rows of %s: %w", table, err)
	}
	return nil
}

func (t *tx) holdRow(ctx context.Context, table, id string) error {
	return t.holdRows(ctx, table, []any{id})
}
