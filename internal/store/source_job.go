package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"midgard/internal/governance"
)

// sourceJob are the arguments of a job on a source. Table and After say how far a rename is, so that it goes on there
// when it was interrupted.
type sourceJob struct {
	SourceID string `json:"sourceId"`
	TaskID   string `json:"taskId,omitempty"`
	Table    int    `json:"table,omitempty"` // index in renamedTables
	After    string `json:"after,omitempty"` // id of the last row that is done
}

// renamedTables hold the name of the source that a row belongs to, for sorting, in the order in which a rename goes
// through them.
var renamedTables = []string{"account", "machine_identity", "machine_identity_user_entitlement"}

// enqueueRename queues a rename, or starts the unfinished one again, which may have passed rows with an older name. One
// that ends in between is seen at the second try.
func (t *tx) enqueueRename(ctx context.Context, sourceID string) error {
	args := sourceJob{SourceID: sourceID}
	for range 2 {
		_, added, err := t.enqueue(ctx, governance.JobRename, sourceID, args, time.Time{})
		if err != nil || added {
			return err
		}
		n, err := affected(ctx, t, "update job set args = $1 where kind = $2 and unique_key = $3 and state in ('available', 'running')",
			jsonText(args), governance.JobRename, sourceID)
		if err != nil || n > 0 {
			return err
		}
	}
	return fmt.Errorf("queue the rename of source %q: the jobs change too fast", sourceID)
}

// RenameSourceRows carries a source's name to up to limit of the rows that are sorted by it. It is called until it
// reports that all are done, which also ends the job: a rename that comes later then queues a new one.
func (s *Store) RenameSourceRows(ctx context.Context, lease governance.Lease, sourceID string, limit int) (done bool, err error) {
	err = s.writeBulk(ctx, governance.Actor{}, func(ctx context.Context, t *tx) error {
		if err := t.hold(ctx, lease); err != nil {
			return err
		}
		var at sourceJob
		if err := t.QueryRowContext(ctx, "select args from job where id = $1", lease.JobID).Scan(jsonInto{&at}); err != nil {
			return fmt.Errorf("read how far the rename is: %w", err)
		}
		if err := t.renameRows(ctx, sourceID, &at, limit); err != nil {
			return err
		}
		if done = at.Table == len(renamedTables); done {
			return t.endJob(ctx, lease, governance.JobCompleted, "", t.now)
		}
		return exec(ctx, t, "update job set args = $1 where id = $2", jsonText(at), lease.JobID)
	})
	if err != nil {
		return false, fmt.Errorf("rename source %q: %w", sourceID, err)
	}
	return done, nil
}

// renameRows brings the next rows up to date and moves at behind them.
func (t *tx) renameRows(ctx context.Context, sourceID string, at *sourceJob, limit int) error {
	table := renamedTables[at.Table]
	var last sql.NullString
	var n int
	text := "select max(p.id), count(*) from (select id from " + table + " where source_id = $1 and id > $2 order by id limit $3) p"
	if err := t.QueryRowContext(ctx, text, sourceID, at.After, limit).Scan(&last, &n); err != nil {
		return err
	}
	if n > 0 {
		text := "update " + table + " set source_name_key = (select name_key from source where id = $1) where source_id = $1 and id > $2 and id <= $3"
		if err := exec(ctx, t, text, sourceID, at.After, last.String); err != nil {
			return err
		}
	}
	at.After = last.String
	if n < limit {
		at.Table, at.After = at.Table+1, ""
	}
	return nil
}

// DeleteSourceRows removes up to limit objects of a source that is being deleted: its accounts with what hangs on them,
// then its entitlements. What people have made stays and loses only its reference to the source. It is called until it
// reports that nothing is left; then the source itself is gone, and its task and job have ended.
func (s *Store) DeleteSourceRows(ctx context.Context, actor governance.Actor, lease governance.Lease, sourceID string, limit int) (done bool, err error) {
	err = s.writeBulk(ctx, actor, func(ctx context.Context, t *tx) error {
		done = false
		if err := t.hold(ctx, lease); err != nil {
			return err
		}
		if err := t.refuseBusy(ctx, lease, sourceID); err != nil {
			return err
		}
		for _, step := range []sourceStep{endSourceRequests, removeSourceAccounts, removeSourceSubtypes, removeSourcePolicies, removeSourceEntitlements, detachMachineIdentities, detachPeople} {
			n, err := step(ctx, t, sourceID, limit)
			if err != nil || n > 0 {
				return err
			}
		}
		done = true
		return t.endDeletion(ctx, lease, sourceID)
	})
	if err != nil {
		return false, fmt.Errorf("delete source %q: %w", sourceID, err)
	}
	return done, nil
}

// sourceStep removes up to limit objects of a source and says how many there were; zero means that none are left.
type sourceStep func(ctx context.Context, t *tx, sourceID string, limit int) (int, error)

// refuseBusy waits, by failing, until the source's other jobs have noticed that they are to stop: one that still runs
// could add what was just removed.
func (t *tx) refuseBusy(ctx context.Context, lease governance.Lease, sourceID string) error {
	var n int
	err := t.QueryRowContext(ctx, "select count(*) from job where unique_key = $1 and state = 'running' and id <> $2", sourceID, lease.JobID).Scan(&n)
	if err == nil && n > 0 {
		return governance.Fail(governance.Unavailable, "", "Other work on the source is still stopping.")
	}
	return err
}

func removeSourceAccounts(ctx context.Context, t *tx, sourceID string, limit int) (int, error) {
	ids, err := many(ctx, t, "select id from account where source_id = $1 order by id limit $2", scanText, sourceID, limit)
	if err != nil {
		return 0, fmt.Errorf("read accounts: %w", err)
	}
	return len(ids), t.removeAccounts(ctx, ids)
}

func removeSourceEntitlements(ctx context.Context, t *tx, sourceID string, limit int) (int, error) {
	batch, err := matching(ctx, t, entitlements, "e.id in (select id from entitlement where source_id = $1 order by id limit $2)", sourceID, limit)
	if err != nil {
		return 0, fmt.Errorf("read entitlements: %w", err)
	}
	for i := range batch {
		if err := t.removeEntitlement(ctx, &batch[i]); err != nil {
			return 0, err
		}
	}
	return len(batch), nil
}

// removeEntitlement deletes an entitlement and takes it from the accounts, people and machine identities that have it.
func (t *tx) removeEntitlement(ctx context.Context, e *governance.Entitlement) error {
	users, err := many(ctx, t, "select machine_identity_id from machine_identity_user_entitlement where entitlement_id = $1", scanText, e.ID)
	if err != nil {
		return fmt.Errorf("read the machine identities of entitlement %q: %w", e.ID, err)
	}
	for _, id := range users {
		err := t.editMachineIdentity(ctx, id, func(m *governance.MachineIdentity) bool {
			m.UserEntitlements = slices.DeleteFunc(slices.Clone(m.UserEntitlements), func(u governance.UserEntitlement) bool { return u.Entitlement.ID == e.ID })
			return true
		})
		if err != nil {
			return err
		}
	}
	if err := exec(ctx, t, "delete from account_entitlement where entitlement_id = $1", e.ID); err != nil {
		return fmt.Errorf("take entitlement %q from its accounts: %w", e.ID, err)
	}
	if err := t.endHoldings(ctx, e.ID); err != nil {
		return err
	}
	return remove(ctx, t, entitlementTable, e)
}

// detachMachineIdentities keeps the machine identities that are left: people made them.
func detachMachineIdentities(ctx context.Context, t *tx, sourceID string, limit int) (int, error) {
	ids, err := many(ctx, t, "select id from machine_identity where source_id = $1 order by id limit $2", scanText, sourceID, limit)
	if err != nil {
		return 0, fmt.Errorf("read machine identities: %w", err)
	}
	for _, id := range ids {
		if err := t.editMachineIdentity(ctx, id, func(m *governance.MachineIdentity) bool { m.Source = governance.Reference{}; return true }); err != nil {
			return 0, err
		}
	}
	return len(ids), nil
}

// detachPeople keeps the people whom an authoritative source made: they own machines.
func detachPeople(ctx context.Context, t *tx, sourceID string, limit int) (int, error) {
	batch, err := held(ctx, t, identityTable, identities, "i.id in (select id from identity where source_id = $1 order by id limit $2)", sourceID, limit)
	if err != nil {
		return 0, fmt.Errorf("read people: %w", err)
	}
	for i := range batch {
		person := batch[i]
		person.Source, person.Modified = governance.Reference{}, t.now
		if err := replace(ctx, t, identityTable, &batch[i], &person); err != nil {
			return 0, err
		}
	}
	return len(batch), nil
}

// endDeletion removes the source itself; schemas, schedules, profile and classification go with it.
func (t *tx) endDeletion(ctx context.Context, lease governance.Lease, sourceID string) error {
	if err := exec(ctx, t, "delete from upload where source_id = $1", sourceID); err != nil {
		return fmt.Errorf("delete uploads: %w", err)
	}
	src, err := byID(ctx, t, sources, "Source", sourceID)
	if err != nil {
		return err
	}
	if err := t.referTransforms(ctx, mappingTable.object, sourceID, "", nil); err != nil { // of its mappings
		return err
	}
	if err := remove(ctx, t, sourceTable, &src); err != nil {
		return err
	}
	task, err := one(ctx, t, "Task", lease.JobID, "select "+taskSelect+" from task t where t.job_id = $1", scanTask, lease.JobID)
	if err != nil {
		return err
	}
	task.CompletionStatus, task.Completed, task.Progress, task.PercentComplete = governance.TaskSuccess, t.now, "Completed", 100
	if err := t.updateTask(ctx, &task); err != nil {
		return err
	}
	return t.endJob(ctx, lease, governance.JobCompleted, "", t.now)
}
