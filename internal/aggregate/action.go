package aggregate

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"midgard/internal/connector"
	"midgard/internal/governance"
	"midgard/internal/job"
)

// actionArgs are the arguments of a job for accounts. Which accounts they are stands in the task's report.
type actionArgs struct {
	TaskID string
	Actor  governance.Actor
}

// StartAction queues an action for accounts, of which the first tells where the task belongs, and gives the task. skipped is
// how many more were asked for and cannot be worked on; a task without any account has ended, as an error.
func (s *Service) StartAction(ctx context.Context, actor governance.Actor, action governance.AccountAction, accounts []governance.Account, skipped int) (governance.Task, error) {
	report := governance.ActionReport{Action: action, Accounts: make([]governance.ActionOutcome, len(accounts))}
	ids := make([]string, len(accounts))
	for i := range accounts {
		ids[i], report.Accounts[i].ID = accounts[i].ID, accounts[i].ID
	}
	t := governance.Task{
		Type: governance.TaskTypeQueued, Name: action.TaskName(), Progress: "Waiting",
		Description: fmt.Sprintf("The action %s for %d accounts", action, len(accounts)),
	}
	if len(accounts) > 0 {
		t.TargetType, t.Target, t.SourceID = "APPLICATION", accounts[0].Source, accounts[0].Source.ID
	}
	if len(accounts) == 1 {
		t.Description = fmt.Sprintf("The action %s for the account %s", action, accounts[0].Name)
	}
	if skipped > 0 {
		t.Messages = append(t.Messages, governance.TaskMessage{Type: "INFO", Key: "accounts-skipped",
			Text: fmt.Sprintf("%d accounts were skipped: the caller may not act on them, they are as wanted already, or their source cannot do it.", skipped)})
	}
	if len(accounts) == 0 {
		t.CompletionStatus, t.Progress = governance.TaskError, "Completed"
		t.Messages = append(t.Messages, governance.TaskMessage{Type: "ERROR", Key: "no-account", Text: "None of the accounts could be worked on."})
	}
	if err := keepReport(&t, &report); err != nil {
		return t, err
	}
	return s.store.StartAction(ctx, actor, t, actionKey(action, ids), func(id string) any { return actionArgs{id, actor} })
}

// actionKey tells work from other work that must not run beside it: on one account everything, on several the same again.
func actionKey(action governance.AccountAction, ids []string) string {
	if len(ids) == 1 {
		return ids[0]
	}
	sum := sha256.Sum256([]byte(string(action) + " " + strings.Join(ids, " ")))
	return hex.EncodeToString(sum[:])
}

func keepReport(t *governance.Task, report *governance.ActionReport) error {
	text, err := json.Marshal(report)
	if err != nil {
		return fmt.Errorf("encode the report of task %q: %w", t.ID, err)
	}
	t.Attributes = text
	return nil
}

// Act is the work of a job for accounts: each account is changed on its source, read back and written as the source shows
// it then. Every outcome is kept before the next account is touched. A source that is away is tried again for as long as
// jobs are.
func (s *Service) Act(ctx context.Context, j governance.Job) error {
	var args actionArgs
	if err := json.Unmarshal(j.Args, &args); err != nil {
		return job.Permanent(fmt.Errorf("read the job's arguments: %w", err))
	}
	task, err := s.store.Task(ctx, args.TaskID, "")
	if err != nil || task.Done() {
		return err
	}
	w := &actionWork{Service: s, job: j, actor: args.Actor, task: task, targets: map[string]*target{}}
	if err := json.Unmarshal(task.Attributes, &w.report); err != nil {
		return job.Permanent(fmt.Errorf("read the report of task %q: %w", task.ID, err))
	}
	w.actor.Reason, w.actor.TrackingID = string(w.report.Action), j.TrackingID
	defer w.close()
	err = w.all(ctx)
	if cause := context.Cause(ctx); cause != nil && err != nil {
		err = cause
	}
	if err != nil && !errors.Is(err, governance.ErrCancelled) {
		return err
	}
	return w.finish(context.WithoutCancel(ctx), err)
}

// actionWork is one job for accounts at work.
type actionWork struct {
	*Service
	job     governance.Job
	actor   governance.Actor
	task    governance.Task
	report  governance.ActionReport
	targets map[string]*target // by source id
	passing bool               // something failed that was likely to pass
}

// target is an open source with the rules by which its accounts are read.
type target struct {
	run       *run
	connected connector.Source
	err       error // why it cannot be used
}

func (w *actionWork) close() {
	for _, t := range w.targets {
		if t.connected != nil {
			t.connected.Close() //nolint:errcheck // everything was read by then
		}
	}
}

// all works on the accounts that have no outcome yet. When some could not be reached they are left for another attempt,
// which the error asks for.
func (w *actionWork) all(ctx context.Context) error {
	w.task.Launched = w.now().UTC()
	var away error
	for i := range w.report.Accounts {
		o := &w.report.Accounts[i]
		if o.Status != "" {
			continue
		}
		err := w.act(ctx, o.ID)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		var passing *connector.Retryable
		switch {
		case errors.As(err, &passing) && w.job.Attempt < w.job.MaxAttempts:
			away = err
			w.task.Progress = "Waiting for the source: " + w.explain(err)
			continue
		case err != nil && governance.KindOf(err) == governance.Internal && !isSource(err):
			return err
		}
		w.passing = w.passing || passing != nil
		if err := w.settle(ctx, o, err); err != nil {
			return err
		}
	}
	if away == nil {
		return nil
	}
	return errors.Join(away, w.store.ReportTask(ctx, w.job.Lease(), w.task))
}

func isSource(err error) bool {
	var source *sourceError
	return errors.As(err, &source)
}

// settle keeps the outcome of one account.
func (w *actionWork) settle(ctx context.Context, o *governance.ActionOutcome, err error) error {
	if o.Status = governance.ActionSucceeded; err != nil {
		o.Status, o.Message = governance.ActionFailed, w.explain(err)
		if len(w.task.Messages) < governance.MaxTaskMessages {
			w.task.Messages = append(w.task.Messages, governance.TaskMessage{Type: "ERROR", Key: "account-failed", Text: o.Message})
		}
	}
	done := w.report.Count(governance.ActionSucceeded) + w.report.Count(governance.ActionFailed)
	w.task.Progress = fmt.Sprintf("%d of %d accounts", done, len(w.report.Accounts))
	w.task.PercentComplete = 100 * done / len(w.report.Accounts)
	if err := keepReport(&w.task, &w.report); err != nil {
		return err
	}
	return w.store.ReportTask(ctx, w.job.Lease(), w.task)
}

// explain is what the task says of a failure: the source's words, or ours where they are for people.
func (w *actionWork) explain(err error) string {
	var source *sourceError
	if errors.As(err, &source) {
		return source.Error()
	}
	var e *governance.Error
	if errors.As(err, &e) {
		return e.Text
	}
	return "An internal fault stopped the work; the log says which."
}

func (w *actionWork) finish(ctx context.Context, err error) error {
	w.task.Counts = []governance.TaskCount{
		{Name: "succeeded", Value: int64(w.report.Count(governance.ActionSucceeded))},
		{Name: "failed", Value: int64(w.report.Count(governance.ActionFailed))},
	}
	w.task.Progress, w.task.PercentComplete = "Completed", 100
	w.task.CompletionStatus = w.report.CompletionStatus()
	switch {
	case errors.Is(err, governance.ErrCancelled):
		w.task.CompletionStatus = governance.TaskTerminated
	case w.task.CompletionStatus == governance.TaskError && w.passing:
		w.task.CompletionStatus = governance.TaskTempError
	}
	return w.store.FinishTask(ctx, w.job.Lease(), w.task)
}
