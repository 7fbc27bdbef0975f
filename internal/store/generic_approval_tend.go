package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"midgard/internal/governance"
)

// dueApprovals are those for which the time of a reminder, an escalation or the end has come; strandedApprovals wait for
// somebody who has left, or for a group of which nobody is left. An approval for which nobody else was found than an
// administrator who is the requester stays with them.
const (
	dueApprovals      = "select id from generic_approval where next_due <= $1 order by next_due, id limit $2"
	strandedApprovals = `select a.id from generic_approval a where a.approver_type = 'IDENTITY' and a.approver_id is not null
 and not exists (select 1 from identity i where i.id = a.approver_id and i.state = 'ACTIVE')
 union all select a.id from generic_approval a where a.approver_type = 'GOVERNANCE_GROUP' and a.approver_id is not null
 and not exists (select 1 from workgroup_member w join identity i on i.id = w.identity_id
 where w.workgroup_id = a.approver_id and i.state = 'ACTIVE' and i.id <> coalesce(a.requester_id, '')) limit $1`
)

// tendBatch bounds how many approvals one call of TendApprovals looks at in either query.
const tendBatch = 200

// Calendar gives the first time after another one that a cron schedule names; zero when there is none.
type Calendar func(schedule string, zone governance.CronTimezone, after time.Time) time.Time

// TendApprovals does what is due by now: it reminds, escalates and ends approvals, and finds somebody else for those who
// have left. However late it is called, each of these happens once for each time that it was due at last; several servers
// may call it at once. An approval that fails does not keep the others back; the errors come joined.
func (s *Store) TendApprovals(ctx context.Context, next Calendar) error {
	due, err := many(ctx, s.reader(), dueApprovals, scanText, s.clock().UnixMilli(), tendBatch)
	if err != nil {
		return fmt.Errorf("look for approvals that are due: %w", err)
	}
	stranded, err := many(ctx, s.reader(), strandedApprovals, scanText, tendBatch)
	if err != nil {
		return fmt.Errorf("look for approvals that nobody can decide: %w", err)
	}
	var failures []error
	for _, id := range unique(append(due, stranded...)) {
		err := s.write(ctx, governance.Server("approval is due", ""), func(ctx context.Context, t *tx) error { return t.tendApproval(ctx, id, next) })
		if err != nil {
			failures = append(failures, fmt.Errorf("tend approval %q: %w", id, err))
		}
	}
	return errors.Join(failures...)
}

func (t *tx) tendApproval(ctx context.Context, id string, next Calendar) error {
	_, err := t.changeApproval(ctx, id, func(a *governance.GenericApproval) error {
		if !a.Pending() {
			return nil // another server was faster
		}
		if t.reached(a.Due) {
			a.End(a.Config.Timeout.Outcome(), t.now)
			return nil
		}
		moved, err := t.settleApprover(ctx, a)
		if err != nil {
			return err
		}
		if moved {
			a.Await(t.now)
			return nil
		}
		if t.reached(a.NextEscalation) {
			if err := t.escalate(ctx, a, next); err != nil {
				return err
			}
		}
		if t.reached(a.NextReminder) {
			t.remind(a, next)
		}
		return nil
	})
	return err
}

func (t *tx) reached(at time.Time) bool { return !at.IsZero() && !at.After(t.now) }

// escalate gives the step to the next one of the chain who can decide.
func (t *tx) escalate(ctx context.Context, a *governance.GenericApproval, next Calendar) error {
	e := a.Config.Escalation
	for a.NextEscalation = (time.Time{}); a.Escalations < len(e.Chain); {
		link := e.Chain[a.Escalations]
		a.Escalations++
		if link.Type == managerOf && link.ID == "" {
			link.ID = a.Current().Approver.ID
		}
		to, err := t.party(ctx, a, link.Type, link.ID)
		if err != nil {
			return err
		}
		able, err := t.canDecide(ctx, to, a.Requester.ID)
		if err != nil {
			return err
		}
		if !able || to.ID == a.Current().Approver.ID {
			continue
		}
		a.Reassign(governance.Reassignment{To: to, Type: governance.ReassignedAsEscalated, Time: t.now})
		a.Escalated = true
		break
	}
	if a.Escalations < len(e.Chain) && e.Schedule != "" {
		a.NextEscalation = next(e.Schedule, a.Config.Timezone, t.now)
	}
	return nil
}

// remind writes to those who have not decided, once however many reminders were missed.
func (t *tx) remind(a *governance.GenericApproval, next Calendar) {
	r := a.Config.Reminder
	a.Reminders++
	a.NextReminder = time.Time{}
	if a.Reminders < r.Limit() && r.Schedule != "" {
		a.NextReminder = next(r.Schedule, a.Config.Timezone, t.now)
	}
}
