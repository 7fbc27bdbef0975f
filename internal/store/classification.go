package store

import (
	"context"
	"fmt"
	"time"

	"midgard/internal/governance"
)

const classificationSelect = "source_id, enabled, method, criteria, created, modified"

func scanClassification(r row, c *governance.ClassificationConfig) error {
	return r.Scan(&c.SourceID, &c.Enabled, textInto{(*string)(&c.Method)}, jsonInto{&c.Criteria}, timeInto{&c.Created}, timeInto{&c.Modified})
}

var classificationTable = newTable(table[governance.ClassificationConfig]{
	name: "classification_config", object: "MACHINE_CLASSIFICATION_CONFIG",
	columns: []string{"source_id", "enabled", "method", "criteria", "created", "modified"},
	values: func(c *governance.ClassificationConfig) []any {
		var criteria any
		if c.Criteria != nil {
			criteria = jsonText(c.Criteria)
		}
		return []any{c.SourceID, c.Enabled, string(c.Method), criteria, c.Created.UnixMilli(), millis(c.Modified)}
	},
	id:    func(c *governance.ClassificationConfig) string { return c.SourceID },
	label: func(c *governance.ClassificationConfig) string { return c.SourceID },
})

// ClassificationConfig reads how a source's accounts are classified; NotFound when nothing was configured.
func (s *Store) ClassificationConfig(ctx context.Context, sourceID string) (governance.ClassificationConfig, error) {
	return classificationConfig(ctx, s.reader(), sourceID)
}

func classificationConfig(ctx context.Context, q querier, sourceID string) (governance.ClassificationConfig, error) {
	return one(ctx, q, "Machine classification config of source", sourceID, "select "+classificationSelect+" from classification_config where source_id = $1", scanClassification, sourceID)
}

// SetClassificationConfig makes or replaces the configuration of a source. Replacing it keeps the criteria when the new
// one has none, so that a change of the method to SOURCE and back does not lose them.
func (s *Store) SetClassificationConfig(ctx context.Context, actor governance.Actor, c governance.ClassificationConfig) (governance.ClassificationConfig, error) {
	err := s.write(ctx, actor, func(ctx context.Context, t *tx) error {
		if err := t.forgetDelta(ctx, c.SourceID); err != nil {
			return err
		}
		old, err := classificationConfig(ctx, t, c.SourceID)
		if governance.KindOf(err) == governance.NotFound {
			c.Created = t.now
			return create(ctx, t, classificationTable, &c)
		}
		if err != nil {
			return err
		}
		if c.Criteria == nil {
			c.Criteria = old.Criteria
		}
		c.Created, c.Modified = old.Created, t.now
		return replace(ctx, t, classificationTable, &old, &c)
	})
	return c, err
}

// DeleteClassificationConfig removes the configuration of a source; NotFound when there is none.
func (s *Store) DeleteClassificationConfig(ctx context.Context, actor governance.Actor, sourceID string) error {
	return s.write(ctx, actor, func(ctx context.Context, t *tx) error {
		old, err := classificationConfig(ctx, t, sourceID)
		if err != nil {
			return err
		}
		return remove(ctx, t, classificationTable, &old)
	})
}

const runSelect = "source_id, task_id, mode, status, started, updated, expected, received, completed"

func scanRun(r row, c *governance.ClassificationRun) error {
	return r.Scan(&c.SourceID, &c.TaskID, (*string)(&c.Mode), &c.Status, timeInto{&c.Started}, timeInto{&c.Updated}, &c.Expected, &c.Received, &c.Completed)
}

// ClassificationRun reads the newest classification of a source; NotFound when there was none.
func (s *Store) ClassificationRun(ctx context.Context, sourceID string) (governance.ClassificationRun, error) {
	return one(ctx, s.reader(), "Classification of source", sourceID, "select "+runSelect+" from classification_run where source_id = $1", scanRun, sourceID)
}

// StartClassification queues the classification of all accounts of a source and gives the run with the number of accounts
// it expects. While one is unfinished it is refused with a Conflict.
func (s *Store) StartClassification(ctx context.Context, actor governance.Actor, source governance.Reference, mode governance.ClassificationMode) (governance.ClassificationRun, error) {
	run := governance.ClassificationRun{SourceID: source.ID, Mode: mode, Status: governance.RunStarted}
	err := s.write(ctx, actor, func(ctx context.Context, t *tx) error {
		if err := t.QueryRowContext(ctx, "select count(*) from account where source_id = $1", source.ID).Scan(&run.Expected); err != nil {
			return fmt.Errorf("count accounts: %w", err)
		}
		run.TaskID, run.Started = NewID(), t.now
		id, added, err := t.enqueue(ctx, governance.JobClassify, source.ID, map[string]string{"taskId": run.TaskID, "sourceId": source.ID, "mode": string(mode)}, time.Time{})
		if err != nil {
			return err
		}
		if !added {
			return governance.Fail(governance.Conflict, "", "The accounts of %q are already being classified; wait or cancel it.", source.Name)
		}
		task := governance.Task{
			ID: run.TaskID, Type: governance.TaskTypeQueued, Name: governance.TaskClassification, Description: "Classify the accounts of " + source.Name,
			TargetType: "APPLICATION", Target: source, SourceID: source.ID, JobID: id, Progress: "Waiting",
		}
		if err := t.insertTask(ctx, &task); err != nil {
			return err
		}
		return t.saveRun(ctx, &run)
	})
	return run, err
}

func (t *tx) saveRun(ctx context.Context, r *governance.ClassificationRun) error {
	if err := exec(ctx, t, "delete from classification_run where source_id = $1", r.SourceID); err != nil {
		return err
	}
	return exec(ctx, t, "insert into classification_run ("+runSelect+") values ("+placeholders(1, 9)+")", r.SourceID, r.TaskID, string(r.Mode), r.Status,
		r.Started.UnixMilli(), millis(r.Updated), r.Expected, r.Received, r.Completed)
}

// ClassifyPage decides the next accounts of a source in one transaction that belongs to a job, in the order of their ids
// after the given one. decide changes the account and reports whether it did; mapper, unless it is nil, decides those
// further that are machines' then. The run's figures are brought along; an empty after starts them at zero.
func (s *Store) ClassifyPage(ctx context.Context, actor governance.Actor, lease governance.Lease, sourceID, after string, limit int, decide func(*governance.Account) bool, mapper governance.Mapper) (governance.MappedPage, error) {
	var page governance.MappedPage
	err := s.writeBulk(ctx, actor, func(ctx context.Context, t *tx) error {
		page = governance.MappedPage{}
		if err := t.holdFor(ctx, lease, sourceID, mapper); err != nil {
			return err
		}
		olds, err := held(ctx, t, accountTable, accounts, "a.id in (select id from account where source_id = $1 and id > $2 order by id limit $3)", sourceID, after, limit)
		if err != nil {
			return err
		}
		if page.Read = int64(len(olds)); len(olds) == limit {
			page.Next = olds[limit-1].ID
		}
		if page.Changed, page.Problems, err = t.decideAccounts(ctx, olds, decide, mapper); err != nil {
			return err
		}
		return t.advanceRun(ctx, sourceID, after == "", page.Read)
	})
	if err != nil {
		return governance.MappedPage{}, fmt.Errorf("classify accounts: %w", err)
	}
	return page, nil
}

// decideAccounts lets decide classify accounts of one source, and the mappings decide those that became machines'.
func (t *tx) decideAccounts(ctx context.Context, olds []governance.Account, decide func(*governance.Account) bool, mapper governance.Mapper) (changed int64, problems []string, err error) {
	news := make([]governance.Account, len(olds))
	var at []int
	var machines []*governance.Account
	for i := range olds {
		a := &news[i]
		if *a = olds[i]; !decide(a) {
			continue
		}
		at = append(at, i)
		if a.Machine {
			a.Identity, a.IdentityState = governance.Reference{}, ""
			machines = append(machines, a)
		}
	}
	if mapper != nil {
		if problems, err = t.mapAccounts(ctx, mapper, machines); err != nil {
			return 0, nil, err
		}
	}
	for _, i := range at {
		if err := t.lookAgain(ctx, "id", news[i].ID); err != nil {
			return 0, nil, err
		}
		if _, err := t.rewriteAccount(ctx, &olds[i], &news[i]); err != nil {
			return 0, nil, err
		}
	}
	return int64(len(at)), problems, nil
}

// ClassifyAccount classifies one account as ClassifyPage does, and gives it as it is then.
func (s *Store) ClassifyAccount(ctx context.Context, actor governance.Actor, sourceID, id string, decide func(*governance.Account) bool, mapper governance.Mapper) (governance.Account, error) {
	var a governance.Account
	err := s.write(ctx, actor, func(ctx context.Context, t *tx) error {
		if err := t.holdRow(ctx, sourceTable.name, sourceID); err != nil { // as other work that maps accounts does
			return err
		}
		olds, err := heldByID(ctx, t, accountTable, accounts, []string{id})
		if err != nil {
			return err
		}
		if _, _, err := t.decideAccounts(ctx, olds, decide, mapper); err != nil {
			return err
		}
		a, err = byID(ctx, t, accounts, "Account", id)
		return err
	})
	return a, err
}

func (t *tx) advanceRun(ctx context.Context, sourceID string, first bool, n int64) error {
	run, err := one(ctx, t, "Classification of source", sourceID, "select "+runSelect+" from classification_run where source_id = $1", scanRun, sourceID)
	if err != nil {
		return err
	}
	if first {
		run.Received, run.Completed = 0, 0
	}
	run.Received, run.Completed = run.Received+n, run.Completed+n
	run.Status, run.Updated = governance.RunCollected, t.now
	return t.saveRun(ctx, &run)
}

// EndClassification sets the last status of a source's run and ends its task and job in the same transaction: whoever sees
// that the run has ended can start the next.
func (s *Store) EndClassification(ctx context.Context, lease governance.Lease, sourceID, status string, task governance.Task) error {
	return s.write(ctx, governance.Actor{}, func(ctx context.Context, t *tx) error {
		if err := t.finishTask(ctx, lease, &task); err != nil {
			return err
		}
		return exec(ctx, t, "update classification_run set status = $1, updated = $2 where source_id = $3", status, t.now.UnixMilli(), sourceID)
	})
}

// CancelClassification asks the running classification of a source to stop; NotFound when none is running.
func (s *Store) CancelClassification(ctx context.Context, actor governance.Actor, sourceID string) error {
	return s.write(ctx, actor, func(ctx context.Context, t *tx) error {
		run, err := one(ctx, t, "Classification of source", sourceID, "select "+runSelect+" from classification_run where source_id = $1", scanRun, sourceID)
		if err != nil {
			return err
		}
		task, err := one(ctx, t, "Task", run.TaskID, "select "+taskSelect+" from task t where t.id = $1", scanTask, run.TaskID)
		if err != nil {
			return err
		}
		if task.Done() {
			return governance.Missing("Running classification of source", sourceID)
		}
		return t.cancelWaiting(ctx, &run, &task)
	})
}

// cancelWaiting ends a run whose job has not begun; a running job ends it itself when it hears of it.
func (t *tx) cancelWaiting(ctx context.Context, run *governance.ClassificationRun, task *governance.Task) error {
	if _, err := t.cancelJob(ctx, task.JobID); err != nil {
		return err
	}
	var state string
	if err := t.QueryRowContext(ctx, "select state from job where id = $1", task.JobID).Scan(&state); err != nil {
		return fmt.Errorf("read job %q: %w", task.JobID, err)
	}
	if governance.JobState(state) != governance.JobCancelled {
		return nil
	}
	run.Status, run.Updated = governance.RunCancelled, t.now
	if err := t.saveRun(ctx, run); err != nil {
		return err
	}
	task.CompletionStatus, task.Completed, task.Progress = governance.TaskTerminated, t.now, "Cancelled"
	return t.updateTask(ctx, task)
}
