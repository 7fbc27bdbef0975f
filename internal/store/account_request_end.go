package store

import (
	"context"
	"fmt"

	"midgard/internal/governance"
)

func init() {
	approvalEnds[governance.ApprovalOfCreation] = endRequestApproval
	approvalEnds[governance.ApprovalOfDeletion] = endRequestApproval
}

// endRequestApproval carries the end of an approval to its request. Approved, its provisioning starts. A request that has
// ended by then stays as it is, and an approval that was opened without one concerns nobody.
func endRequestApproval(ctx context.Context, t *tx, a *governance.GenericApproval) error {
	id := governance.ApprovedRequest(a)
	if id == "" {
		return nil
	}
	r, err := t.amendRequest(ctx, id, func(r *governance.AccountRequest) { r.TakeApproval(a, t.now) })
	if err != nil || r.Status != governance.RequestPending {
		return err
	}
	return t.startProvisioning(ctx, &r)
}

// amendRequest edits a request that is pending, and gives it as it is then.
func (t *tx) amendRequest(ctx context.Context, id string, edit func(r *governance.AccountRequest)) (governance.AccountRequest, error) {
	return amend(ctx, t, accountRequestTable, accountRequests, requestObject, id, func(_, r *governance.AccountRequest) error {
		if r.Status == governance.RequestPending {
			edit(r)
		}
		return nil
	})
}

// CancelRequest ends a request that waits for its approval, and the approval with it. The viewer must be the requester or an
// administrator: it fails with Forbidden for others who may know of the request, and with NotFound for who may not. It fails
// with Conflict once provisioning has begun or the request has ended otherwise.
func (s *Store) CancelRequest(ctx context.Context, actor governance.Actor, id string, v governance.Viewer, comment string) (governance.AccountRequest, error) {
	var r governance.AccountRequest
	err := s.write(ctx, actor, func(ctx context.Context, t *tx) (err error) {
		if r, err = t.cancellable(ctx, id, v); err != nil {
			return err
		}
		if err := r.CheckCancellable(); err != nil || r.Status == governance.RequestCancelled {
			return err
		}
		if err := t.cancelApproval(ctx, r.ApprovalID, comment); err != nil {
			return err
		}
		r, err = byID(ctx, t, accountRequests, requestObject, id)
		return err
	})
	return r, err
}

// cancellable finds a request that the viewer may cancel, in whatever phase it is.
func (t *tx) cancellable(ctx context.Context, id string, v governance.Viewer) (governance.AccountRequest, error) {
	r, err := accountRequestFor(ctx, t, id, v)
	if err != nil {
		return r, err
	}
	condition, args := managedBy(v)
	if _, err = requestWithin(ctx, t, id, condition, args); governance.KindOf(err) == governance.NotFound {
		err = governance.Fail(governance.Forbidden, "", "Only the requester and administrators can cancel the request.")
	}
	return r, err
}

// SaveProvisioning keeps how far the work on a request is. It fails with ErrCancelled when the request has ended meanwhile.
func (s *Store) SaveProvisioning(ctx context.Context, lease governance.Lease, id string, p governance.Provisioning) error {
	return s.write(ctx, governance.Server("provisioning", ""), func(ctx context.Context, t *tx) error {
		return t.saveProvisioning(ctx, lease, id, p)
	})
}

// saveProvisioning is SaveProvisioning for those who have more to write along.
func (t *tx) saveProvisioning(ctx context.Context, lease governance.Lease, id string, p governance.Provisioning) error {
	if err := t.hold(ctx, lease); err != nil {
		return err
	}
	r, err := t.amendRequest(ctx, id, func(r *governance.AccountRequest) { r.Provisioning, r.Modified = p, t.now })
	if err == nil && r.Status != governance.RequestPending {
		err = governance.ErrCancelled
	}
	return err
}

// EndRequest ends a request and its job with what came of the provisioning, in one transaction. It fails with ErrCancelled
// when the request has ended meanwhile.
func (s *Store) EndRequest(ctx context.Context, lease governance.Lease, id string, o governance.RequestOutcome) error {
	return s.write(ctx, governance.Server("provisioning", ""), func(ctx context.Context, t *tx) error {
		return t.endRequest(ctx, lease, id, o)
	})
}

// endRequest is EndRequest for those who have more to write along.
func (t *tx) endRequest(ctx context.Context, lease governance.Lease, id string, o governance.RequestOutcome) error {
	if err := t.hold(ctx, lease); err != nil {
		return err
	}
	ended := true
	_, err := t.amendRequest(ctx, id, func(r *governance.AccountRequest) {
		r.Finish(o, t.now)
		ended = false
	})
	if err == nil && ended {
		err = governance.ErrCancelled
	}
	if err != nil {
		return err
	}
	return t.endJob(ctx, lease, governance.JobCompleted, "", t.now)
}

// abandonRequest ends the request of a job that will not be tried again: nobody else would.
func (t *tx) abandonRequest(ctx context.Context, jobID string, state governance.JobState) error {
	if state == governance.JobAvailable || state == governance.JobCompleted {
		return nil
	}
	ids, err := many(ctx, t, "select unique_key from job where id = $1 and kind = $2", scanText, jobID, governance.JobProvision)
	if err != nil {
		return fmt.Errorf("read the request of job %q: %w", jobID, err)
	}
	for _, id := range ids {
		_, err := t.amendRequest(ctx, id, func(r *governance.AccountRequest) {
			r.Finish(governance.RequestOutcome{Error: "An internal fault stopped the provisioning; the log says which."}, t.now)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// endSourceRequests is a sourceStep: what is asked of a source that goes ends with it.
func endSourceRequests(ctx context.Context, t *tx, sourceID string, limit int) (int, error) {
	const reason = "The source is being deleted."
	ids, err := many(ctx, t, "select id from account_request where source_id = $1 and status = $2 order by id limit $3", scanText,
		sourceID, string(governance.RequestPending), limit)
	if err != nil {
		return 0, fmt.Errorf("read account requests: %w", err)
	}
	for _, id := range ids {
		if err := t.endSourceRequest(ctx, id, reason); err != nil {
			return 0, err
		}
	}
	return len(ids), nil
}

func (t *tx) endSourceRequest(ctx context.Context, id, reason string) error {
	r, err := byID(ctx, t, accountRequests, requestObject, id)
	if err != nil {
		return err
	}
	if r.ApprovalPhase.State == governance.PhasePending && r.ApprovalID != "" {
		if err := t.cancelApproval(ctx, r.ApprovalID, reason); err != nil {
			return err
		}
	}
	if _, err := t.amendRequest(ctx, id, func(r *governance.AccountRequest) { r.Cancel(reason, t.now) }); err != nil {
		return err
	}
	jobs, err := many(ctx, t, "select id from job where kind = $1 and unique_key = $2 and state in ('available', 'running')", scanText, governance.JobProvision, id)
	if err != nil {
		return fmt.Errorf("read the job of request %q: %w", id, err)
	}
	for _, job := range jobs {
		if _, err := t.cancelJob(ctx, job); err != nil {
			return err
		}
	}
	return nil
}
