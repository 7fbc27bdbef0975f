package source

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"midgard/internal/governance"
	"midgard/internal/job"
)

// jobStore does the work on a source's rows that is too much for one transaction.
type jobStore interface {
	RenameSourceRows(ctx context.Context, lease governance.Lease, sourceID string, limit int) (done bool, err error)
	DeleteSourceRows(ctx context.Context, actor governance.Actor, lease governance.Lease, sourceID string, limit int) (done bool, err error)
	Task(ctx context.Context, id, administeredBy string) (governance.Task, error)
	FinishTask(ctx context.Context, lease governance.Lease, t governance.Task) error
}

// How many rows one transaction changes: others wait for the writer meanwhile.
const (
	renameBatch = 5000
	deleteBatch = 200
)

type sourceArgs struct {
	SourceID string `json:"sourceId"`
	TaskID   string `json:"taskId"`
}

// WorkRename is the job that follows the renaming of a source (governance.JobRename).
func (s *Service) WorkRename(ctx context.Context, j governance.Job) error {
	var args sourceArgs
	if err := json.Unmarshal(j.Args, &args); err != nil {
		return job.Permanent(fmt.Errorf("read the job's arguments: %w", err))
	}
	return repeat(ctx, func(ctx context.Context) (bool, error) {
		return s.Store.RenameSourceRows(ctx, j.Lease(), args.SourceID, renameBatch)
	})
}

// WorkDeletion is the job that removes a deleted source (governance.JobDeleteSource). What is removed stays so when it
// fails; after the last try its task says why, and deleting the source again goes on.
func (s *Service) WorkDeletion(ctx context.Context, j governance.Job) error {
	var args sourceArgs
	if err := json.Unmarshal(j.Args, &args); err != nil {
		return job.Permanent(fmt.Errorf("read the job's arguments: %w", err))
	}
	actor := governance.Server("deletion of the source", j.TrackingID)
	err := repeat(ctx, func(ctx context.Context) (bool, error) {
		return s.Store.DeleteSourceRows(ctx, actor, j.Lease(), args.SourceID, deleteBatch)
	})
	if err == nil || ctx.Err() != nil || j.Attempt < j.MaxAttempts {
		return err
	}
	return errors.Join(err, s.failTask(ctx, j, args.TaskID, err))
}

func (s *Service) failTask(ctx context.Context, j governance.Job, id string, cause error) error {
	task, err := s.Store.Task(ctx, id, "")
	if err != nil {
		return err
	}
	text := "The source could not be removed completely; delete it again. The log has the reason."
	if governance.KindOf(cause) != governance.Internal {
		text = reason(cause)
	}
	task.CompletionStatus, task.Progress = governance.TaskError, "Failed"
	task.Messages = append(task.Messages, governance.TaskMessage{Type: "ERROR", Key: "deletion", Text: text})
	return s.Store.FinishTask(ctx, j.Lease(), task)
}

// repeat takes step after step until one says that all is done.
func repeat(ctx context.Context, step func(context.Context) (done bool, err error)) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		if done, err := step(ctx); err != nil || done {
			return err
		}
	}
}
