package store

import (
	"context"
	"errors"
	"slices"

	"midgard/internal/governance"
)

// DecideApprovals takes one decision on the steps that wait of several approvals, all or none; those that have ended are
// passed over. NotFound tells of an id that is none; the other errors of DecideApproval begin with the approval's id.
func (s *Store) DecideApprovals(ctx context.Context, actor governance.Actor, ids []string, d governance.ApprovalDecision) error {
	return s.eachPending(ctx, actor, ids, func(ctx context.Context, t *tx, a *governance.GenericApproval) error {
		d := d
		d.Step = a.SerialStep
		_, err := t.decideApproval(ctx, a.ID, d)
		return err
	})
}

// ReassignApprovals gives the steps that wait of several approvals to one party, as DecideApprovals decides on them.
func (s *Store) ReassignApprovals(ctx context.Context, actor governance.Actor, ids []string, r governance.ApprovalReassignment) error {
	return s.eachPending(ctx, actor, ids, func(ctx context.Context, t *tx, a *governance.GenericApproval) error {
		return t.reassignApproval(ctx, a.ID, r)
	})
}

// CancelApprovals ends several approvals without an answer, as DecideApprovals decides on them.
func (s *Store) CancelApprovals(ctx context.Context, actor governance.Actor, ids []string, comment string) error {
	return s.eachPending(ctx, actor, ids, func(ctx context.Context, t *tx, a *governance.GenericApproval) error {
		return t.cancelApproval(ctx, a.ID, comment)
	})
}

// eachPending does something to approvals that are held, in the order of their ids.
func (s *Store) eachPending(ctx context.Context, actor governance.Actor, ids []string, do func(context.Context, *tx, *governance.GenericApproval) error) error {
	ids = slices.Sorted(slices.Values(ids))
	return s.writeBulk(ctx, actor, func(ctx context.Context, t *tx) error {
		if err := t.holdRows(ctx, approvalTable.name, anyOf(ids)); err != nil {
			return err
		}
		for _, id := range slices.Compact(ids) {
			a, err := byID(ctx, t, approvals, approvalObject, id)
			if err != nil {
				return err
			}
			if !a.Pending() {
				continue
			}
			if err := do(ctx, t, &a); err != nil {
				return aboutApproval(id, err)
			}
		}
		return nil
	})
}

// aboutApproval puts the id before what the caller may read.
func aboutApproval(id string, err error) error {
	var domain *governance.Error
	if !errors.As(err, &domain) {
		return err
	}
	return governance.Because(err, domain.Kind, domain.Field, "Approval %s: %s", id, domain.Text)
}
