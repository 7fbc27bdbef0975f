// Package succession is the work that follows when the owner of machines becomes inactive: what the person owned goes to who
// comes next, in parts, since it may be very much.
package succession

import (
	"context"
	"encoding/json"
	"fmt"

	"midgard/internal/governance"
	"midgard/internal/job"
)

// Store hands on the next part of what a person owned, and reports when nothing is left; see *store.Store.
type Store interface {
	SucceedOwner(ctx context.Context, actor governance.Actor, lease governance.Lease, identityID string) (done bool, err error)
}

// Worker does the jobs of governance.JobSuccession.
type Worker struct{ Store Store }

// Work hands on everything that the person of the job owned. A job that is interrupted goes on where it was: what is handed
// on is no longer the person's.
func (w Worker) Work(ctx context.Context, j governance.Job) error {
	var args struct {
		IdentityID string `json:"identityId"`
	}
	if err := json.Unmarshal(j.Args, &args); err != nil {
		return job.Permanent(fmt.Errorf("read the job's arguments: %w", err))
	}
	actor := governance.Server("owner succession", j.TrackingID)
	for {
		done, err := w.Store.SucceedOwner(ctx, actor, j.Lease(), args.IdentityID)
		if err != nil {
			return fmt.Errorf("hand on what person %q owned: %w", args.IdentityID, err)
		}
		if done {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}
