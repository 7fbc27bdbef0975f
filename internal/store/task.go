package store

import (
	"context"
	"fmt"
	"time"

	"midgard/internal/filter"
	"midgard/internal/governance"
)

const taskSelect = `t.id, t.type, t.name, t.description, t.launcher, t.target_type, t.target_id, t.target_name, t.source_id, t.job_id, t.created,
 t.modified, t.launched, t.completed, t.completion_status, t.messages, t.counts, t.attributes, t.progress, t.percent_complete`

func scanTask(r row, t *governance.Task) error {
	return r.Scan(&t.ID, &t.Type, &t.Name, &t.Description, &t.Launcher, textInto{&t.TargetType}, textInto{&t.Target.ID}, textInto{&t.Target.Name},
		textInto{&t.SourceID}, textInto{&t.JobID}, timeInto{&t.Created}, timeInto{&t.Modified}, timeInto{&t.Launched}, timeInto{&t.Completed},
		textInto{&t.CompletionStatus}, jsonInto{&t.Messages}, jsonInto{&t.Counts}, rawInto{&t.Attributes}, &t.Progress, &t.PercentComplete)
}

var tasks = &listing[governance.Task]{
	from: "task t", id: "t.id", sel: taskSelect, scan: scanTask, administered: sourcesOf("t.source_id"),
	columns: map[string]column{
		"id":               {expr: "t.id"},
		"sourceId":         {expr: "t.source_id"},
		"type":             {expr: "lower(t.type)"},
		"launcher":         {expr: "t.launcher_key"},
		"completionStatus": {expr: "lower(t.completion_status)"},
		"created":          {expr: "t.created"},
	},
}

// Tasks lists asynchronous work.
func (s *Store) Tasks(ctx context.Context, q filter.Query) (filter.Page[governance.Task], error) {
	return list(ctx, s, tasks, q)
}

// Task reads one task.
func (s *Store) Task(ctx context.Context, id, administeredBy string) (governance.Task, error) {
	return oneOf(ctx, s.reader(), "Task", "select "+taskSelect+" from task t where t.id = $1", sourcesOf("t.source_id"), administeredBy, scanTask, id)
}

// LatestTask reads the newest task of a name on a source; NotFound when there was none.
func (s *Store) LatestTask(ctx context.Context, sourceID, name string) (governance.Task, error) {
	return one(ctx, s.reader(), "Task", name, "select "+taskSelect+" from task t where t.source_id = $1 and t.name = $2 order by t.id desc limit 1", scanTask, sourceID, name)
}

var taskColumns = "id, type, name, description, launcher, launcher_key, target_type, target_id, target_name, source_id, job_id, created, modified, launched, completed, completion_status, messages, counts, attributes, progress, percent_complete"

// insertTask adds a task. Tasks are themselves the record of what happened, so they have no change records.
func (t *tx) insertTask(ctx context.Context, x *governance.Task) error {
	if x.ID == "" {
		x.ID = NewID()
	}
	x.Created, x.Modified, x.Launcher = t.now, t.now, t.actor.Name
	return exec(ctx, t, "insert into task ("+taskColumns+") values ("+placeholders(1, 21)+")", x.ID, x.Type, x.Name, x.Description, x.Launcher,
		Key(x.Launcher), null(x.TargetType), null(x.Target.ID), null(x.Target.Name), null(x.SourceID), null(x.JobID), x.Created.UnixMilli(),
		x.Modified.UnixMilli(), millis(x.Launched), millis(x.Completed), null(x.CompletionStatus), messagesText(x.Messages), countsText(x.Counts),
		object(x.Attributes), x.Progress, x.PercentComplete)
}

func messagesText(m []governance.TaskMessage) string {
	if m == nil {
		return "[]"
	}
	return jsonText(m)
}

func countsText(c []governance.TaskCount) string {
	if c == nil {
		return "[]"
	}
	return jsonText(c)
}

// StartTask adds a task and the job that does its work, in one transaction. args is given the task's id and becomes the
// job's arguments. While a job of the same kind and key is unfinished the start is refused with a Conflict.
func (s *Store) StartTask(ctx context.Context, actor governance.Actor, task governance.Task, kind, key string, args func(taskID string) any) (governance.Task, error) {
	err := s.write(ctx, actor, func(ctx context.Context, t *tx) error {
		task.ID = NewID()
		id, added, err := t.enqueue(ctx, kind, key, args(task.ID), time.Time{})
		if err != nil {
			return err
		}
		if !added {
			return governance.Fail(governance.Conflict, "", "%q is busy with another run; wait for it or cancel it.", task.Target.Name)
		}
		task.JobID = id
		return t.insertTask(ctx, &task)
	})
	return task, err
}

// ReportTask writes the progress of a running task: launched, messages, counts, progress and percentage. It belongs to
// the task's job.
func (s *Store) ReportTask(ctx context.Context, lease governance.Lease, x governance.Task) error {
	return s.write(ctx, governance.Actor{}, func(ctx context.Context, t *tx) error {
		if err := t.hold(ctx, lease); err != nil {
			return err
		}
		return t.updateTask(ctx, &x)
	})
}

// FinishTask ends a task and its job in one transaction.
func (s *Store) FinishTask(ctx context.Context, lease governance.Lease, x governance.Task) error {
	return s.write(ctx, governance.Actor{}, func(ctx context.Context, t *tx) error {
		return t.finishTask(ctx, lease, &x)
	})
}

func (t *tx) finishTask(ctx context.Context, lease governance.Lease, x *governance.Task) error {
	if err := t.hold(ctx, lease); err != nil {
		return err
	}
	x.Completed = t.now
	if err := t.updateTask(ctx, x); err != nil {
		return err
	}
	return t.endJob(ctx, lease, governance.JobCompleted, "", t.now)
}

// abandonTask ends the task of a job that has ended without ending it: it would look as if it were running for ever.
func (t *tx) abandonTask(ctx context.Context, jobID string, state governance.JobState) error {
	task, run := "", ""
	switch state {
	case governance.JobFailed:
		task, run = governance.TaskError, governance.RunTerminated
	case governance.JobCancelled:
		task, run = governance.TaskTerminated, governance.RunCancelled
	default:
		return nil
	}
	left, err := many(ctx, t, "select "+taskSelect+" from task t where t.job_id = $1 and t.completion_status is null", scanTask, jobID)
	if err != nil {
		return fmt.Errorf("read the task of job %q: %w", jobID, err)
	}
	for i := range left {
		x := &left[i]
		x.CompletionStatus, x.Completed = task, t.now
		if state == governance.JobFailed {
			x.Messages = append(x.Messages, governance.TaskMessage{Type: "ERROR", Key: "job-failed", Text: "An internal fault stopped the work; the log says which."})
		}
		if err := t.updateTask(ctx, x); err != nil {
			return err
		}
		if err := exec(ctx, t, "update classification_run set status = $1, updated = $2 where task_id = $3", run, t.now.UnixMilli(), x.ID); err != nil {
			return fmt.Errorf("end the classification of task %q: %w", x.ID, err)
		}
	}
	return nil
}

// updateTask writes what its work says of a task. How it ended, and when, is said once: a task that somebody has closed
// stays closed, whatever its worker still reports.
func (t *tx) updateTask(ctx context.Context, x *governance.Task) error {
	err := exec(ctx, t, `update task set modified = $1, launched = $2, completed = case when completion_status is null then $3 else completed end,
		completion_status = coalesce(completion_status, $4), messages = $5, counts = $6,
		attributes = $7, progress = $8, percent_complete = $9, target_name = $10 where id = $11`, t.now.UnixMilli(), millis(x.Launched), millis(x.Completed),
		null(x.CompletionStatus), messagesText(x.Messages), countsText(x.Counts), object(x.Attributes), x.Progress, x.PercentComplete,
		null(x.Target.Name), x.ID)
	if err != nil {
		return fmt.Errorf("update task %q: %w", x.ID, err)
	}
	return nil
}

// CloseTask sets the completion of a task by hand: status and time. The task's job, if it is unfinished, is asked to
// stop. A task that has ended stays as it is.
func (s *Store) CloseTask(ctx context.Context, actor governance.Actor, id, status string, completed time.Time) (governance.Task, error) {
	var x governance.Task
	err := s.write(ctx, actor, func(ctx context.Context, t *tx) (err error) {
		x, err = one(ctx, t, "Task", id, "select "+taskSelect+" from task t where t.id = $1", scanTask, id)
		if err != nil {
			return err
		}
		if x.Done() {
			return governance.Fail(governance.Conflict, "completionStatus", "The task has already ended with %s.", x.CompletionStatus)
		}
		x.CompletionStatus, x.Completed = status, completed
		if completed.IsZero() {
			x.Completed = t.now
		}
		if err := t.updateTask(ctx, &x); err != nil {
			return err
		}
		if _, err := t.cancelJob(ctx, x.JobID); err != nil {
			return err
		}
		return t.record(ctx, governance.ActionUpdate, "TASK", x.ID, x.Name, []byte("{}"), []byte(jsonText(map[string]string{"completionStatus": status})))
	})
	return x, err
}

// PruneTasks removes tasks that ended before the given time.
func (s *Store) PruneTasks(ctx context.Context, before time.Time) error {
	return s.write(ctx, governance.Actor{}, func(ctx context.Context, t *tx) error {
		return exec(ctx, t, "delete from task where completed < $1", before.UnixMilli())
	})
}
