package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"midgard/internal/governance"
)

// reachOf is the condition on accounts that a caller may act on, with its arguments; "" for all.
func reachOf(v governance.Reach) (condition string, args []any) {
	if v.Everything {
		return "", nil
	}
	terms := []string{"1 = 0"}
	if v.Owner != "" {
		terms, args = append(terms, "a.owner_id = %s"), append(args, v.Owner)
	}
	if v.AdministeredBy != "" {
		terms, args = append(terms, sourcesOf("a.source_id")), append(args, v.AdministeredBy)
	}
	return "(" + strings.Join(terms, " or ") + ")", args
}

// AccountsWithin reads, of the accounts with these ids, those that a caller may act on, in the order of the ids and each
// once. Accounts of sources that are being deleted are not among them.
func (s *Store) AccountsWithin(ctx context.Context, ids []string, v governance.Reach) ([]governance.Account, error) {
	return accountsWithin(ctx, s.reader(), ids, v)
}

func accountsWithin(ctx context.Context, q querier, ids []string, v governance.Reach) ([]governance.Account, error) {
	ids = unique(ids)
	text, args := in(1, anyOf(ids))
	c := compiler{args: args}
	where := "a.id " + text + " and not s.deleting"
	if condition, within := reachOf(v); condition != "" {
		where += " and " + c.bind(condition, within)
	}
	found, err := matching(ctx, q, accounts, where, c.args...)
	if err != nil {
		return nil, fmt.Errorf("read accounts: %w", err)
	}
	at := make(map[string]*governance.Account, len(found))
	for i := range found {
		at[found[i].ID] = &found[i]
	}
	inOrder := make([]governance.Account, 0, len(found))
	for _, id := range ids {
		if a := at[id]; a != nil {
			inOrder = append(inOrder, *a)
		}
	}
	return inOrder, nil
}

// StartAction adds the task of an action and, unless the task has ended already since there is nothing to do, the job that
// does its work, in one transaction. args is given the task's id and becomes the job's arguments. While a job for the same
// key is unfinished the start is refused with a Conflict.
func (s *Store) StartAction(ctx context.Context, actor governance.Actor, task governance.Task, key string, args func(taskID string) any) (governance.Task, error) {
	err := s.write(ctx, actor, func(ctx context.Context, t *tx) error {
		task.ID = NewID()
		if task.Done() {
			task.Completed = t.now
			return t.insertTask(ctx, &task)
		}
		id, added, err := t.enqueue(ctx, governance.JobAccounts, key, args(task.ID), time.Time{})
		if err != nil {
			return err
		}
		if !added {
			return governance.Fail(governance.Conflict, "", "Other work on the account is still under way; wait for its task to end.")
		}
		task.JobID = id
		return t.insertTask(ctx, &task)
	})
	return task, err
}

const actedOn = "select a.id, a.uuid, a.ordinal from account a join source s on s.id = a.source_id where a.id = $1 and not s.deleting"

// ReloadAccount brings one account in line with what its source shows now, as a run would. It fails with NotFound when the
// account, or its source, has been removed meanwhile.
func (s *Store) ReloadAccount(ctx context.Context, actor governance.Actor, lease governance.Lease, a *governance.Account, observed governance.ObservedAccount, mapper governance.Mapper) error {
	return s.write(ctx, actor, func(ctx context.Context, t *tx) error {
		if err := t.holdFor(ctx, lease, a.Source.ID, mapper); err != nil {
			return err
		}
		if err := t.holdRow(ctx, accountTable.name, a.ID); err != nil {
			return err
		}
		d, err := one(ctx, t, "Account", a.ID, actedOn, func(r row, d *governance.Digest) error { return r.Scan(&d.ID, &d.UUID, &d.Ordinal) }, a.ID)
		if err != nil {
			return err
		}
		d.Key = Key(observed.NativeIdentity)
		b := batch{tx: t, source: a.Source, writes: []governance.AccountWrite{{Digest: d, Observed: observed}}, mapper: mapper}
		return b.apply(ctx)
	})
}

// MarkGone marks an account as missing that its source says it does not have, as a complete list without it would.
func (s *Store) MarkGone(ctx context.Context, actor governance.Actor, lease governance.Lease, id string) error {
	return s.write(ctx, actor, func(ctx context.Context, t *tx) error {
		if err := t.hold(ctx, lease); err != nil {
			return err
		}
		found, err := heldByID(ctx, t, accountTable, accounts, []string{id})
		if err != nil || len(found) == 0 || !found[0].MissingSince.IsZero() {
			return err
		}
		return t.markMissing(ctx, &found[0])
	})
}

// DropAccount removes an account that its source may still have. The next aggregation reads everything, since an account
// that has not changed would not come back by what changed.
func (s *Store) DropAccount(ctx context.Context, actor governance.Actor, lease governance.Lease, a *governance.Account) error {
	return s.write(ctx, actor, func(ctx context.Context, t *tx) error {
		if err := t.hold(ctx, lease); err != nil {
			return err
		}
		if err := exec(ctx, t, "update source set delta_token = null where id = $1", a.Source.ID); err != nil {
			return fmt.Errorf("forget what was read of source %q: %w", a.Source.ID, err)
		}
		return t.removeAccounts(ctx, []string{a.ID})
	})
}
