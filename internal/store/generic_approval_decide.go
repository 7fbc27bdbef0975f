package store

import (
	"context"
	"fmt"
	"maps"

	"midgard/internal/filter"
	"midgard/internal/governance"
)

// OpenApproval is openApproval in a transaction of its own, for an approval that belongs with no other change. Its steps name
// who decides.
func (s *Store) OpenApproval(ctx context.Context, actor governance.Actor, a governance.GenericApproval) (governance.GenericApproval, error) {
	err := s.write(ctx, actor, func(ctx context.Context, t *tx) error {
		fresh := a
		if err := t.openApproval(ctx, &fresh); err != nil {
			return err
		}
		a = fresh
		return nil
	})
	return a, err
}

// DecideApproval takes somebody's decision on the step that waits, and gives the approval as it is then. Of two decisions on
// one step the first one counts, and the other is a Conflict; so is a decision on an approval that has ended. Forbidden tells
// of somebody who is not asked, or who asked themselves; Required of a comment that the policy demands.
func (s *Store) DecideApproval(ctx context.Context, actor governance.Actor, id string, d governance.ApprovalDecision) (governance.GenericApproval, error) {
	var kept governance.GenericApproval
	err := s.write(ctx, actor, func(ctx context.Context, t *tx) (err error) {
		kept, err = t.decideApproval(ctx, id, d)
		return err
	})
	return s.shownApproval(ctx, kept, err)
}

// shownApproval adds what reading an approval adds.
func (s *Store) shownApproval(ctx context.Context, a governance.GenericApproval, err error) (governance.GenericApproval, error) {
	if err != nil {
		return a, err
	}
	all := []governance.GenericApproval{a}
	err = addContacts(ctx, s.reader(), all)
	return all[0], err
}

func (t *tx) decideApproval(ctx context.Context, id string, d governance.ApprovalDecision) (governance.GenericApproval, error) {
	return t.changeApproval(ctx, id, func(a *governance.GenericApproval) error {
		if err := checkWaits(a, d.Step); err != nil {
			return err
		}
		if err := t.mayDecide(ctx, a, &d); err != nil {
			return err
		}
		if d.Comment == "" && a.MustComment(d.Decision) {
			return governance.Fail(governance.Required, "comment", "Required field 'comment' was missing or empty: this approval demands one with the decision %s.", d.Decision)
		}
		if err := a.AddAttributes(d.Attributes); err != nil {
			return err
		}
		a.Comment(NewID(), d.By, d.Comment, t.now)
		a.Decide(d.Decision, d.By, t.now)
		if d.Decision == governance.ApprovalRejected {
			a.End(governance.ApprovalRejected, t.now)
			return nil
		}
		a.SerialStep++
		return t.proceed(ctx, a)
	})
}

// checkWaits refuses a decision that comes too late: on an approval that has ended, or on another step than the caller saw.
func checkWaits(a *governance.GenericApproval, step int) error {
	if !a.Pending() {
		return governance.Fail(governance.Conflict, "", "The approval has ended already: it is %s%s.", a.Status, deciderOf(a, a.SerialStep))
	}
	if a.SerialStep != step {
		return governance.Fail(governance.Conflict, "", "The step has been decided already%s; the approval waits for the next one now.", deciderOf(a, step))
	}
	return nil
}

func deciderOf(a *governance.GenericApproval, step int) string {
	if step >= len(a.Steps) || !a.Steps[step].DecidedBy.Set() {
		return ""
	}
	return fmt.Sprintf(" by %s", a.Steps[step].DecidedBy.Name)
}

// mayDecide says whether it is the person's turn. An administrator whose turn it is not takes the step over.
func (t *tx) mayDecide(ctx context.Context, a *governance.GenericApproval, d *governance.ApprovalDecision) error {
	if a.Requester.ID == d.By.ID {
		return governance.Fail(governance.Forbidden, "", "Nobody decides on a request of their own.")
	}
	approver := a.Current().Approver
	asked, err := t.speaksFor(ctx, d.By.ID, approver)
	switch {
	case err != nil:
		return err
	case !asked && !d.Admin:
		return t.refuseDecision(ctx, a, d.By)
	}
	if err := t.checkOverride(ctx, d, approver); err != nil || asked {
		return err
	}
	a.Reassign(governance.Reassignment{To: governance.Person(d.By), By: d.By, Type: governance.ReassignedByHand, Time: t.now})
	return nil
}

// refuseDecision tells somebody whose earlier step is decided, or was given to somebody else, from somebody who is not asked.
func (t *tx) refuseDecision(ctx context.Context, a *governance.GenericApproval, by governance.Reference) error {
	for i := range a.SerialStep {
		was, err := t.speaksFor(ctx, by.ID, a.Steps[i].Approver)
		if err != nil {
			return err
		}
		if was {
			return checkWaits(a, i)
		}
	}
	for _, r := range a.Reassignments {
		was, err := t.speaksFor(ctx, by.ID, r.From)
		if err != nil {
			return err
		}
		if was {
			return governance.Fail(governance.Conflict, "", "The approval waits for %s now.", a.Current().Approver.Name)
		}
	}
	return governance.Fail(governance.Forbidden, "", "The approval does not wait for a decision of %s.", by.Name)
}

// checkOverride demands of an approver whom a decision is made for that it is their turn.
func (t *tx) checkOverride(ctx context.Context, d *governance.ApprovalDecision, approver governance.Party) error {
	if d.Override == "" {
		return nil
	}
	id := filter.NormalizeID(d.Override)
	if !d.Admin && id != d.By.ID && id != approver.ID {
		return governance.Fail(governance.Forbidden, "overrideApproverID", "Only an administrator decides for somebody else.")
	}
	asked, err := t.speaksFor(ctx, id, approver)
	if err == nil && !asked && id != approver.ID {
		err = governance.Fail(governance.Illegal, "overrideApproverID", "Illegal value %q for field %q: the approval does not wait for them.", d.Override, "overrideApproverID")
	}
	return err
}

// ReassignApproval gives the step that waits to another person or governance group. Forbidden and Conflict are as for
// DecideApproval. UnknownRef tells that there is no such party, Illegal that it cannot decide.
func (s *Store) ReassignApproval(ctx context.Context, actor governance.Actor, id string, r governance.ApprovalReassignment) error {
	return s.write(ctx, actor, func(ctx context.Context, t *tx) error { return t.reassignApproval(ctx, id, r) })
}

func (t *tx) reassignApproval(ctx context.Context, id string, r governance.ApprovalReassignment) error {
	_, err := t.changeApproval(ctx, id, func(a *governance.GenericApproval) error {
		if err := checkWaits(a, a.SerialStep); err != nil {
			return err
		}
		approver := a.Current().Approver
		asked, err := t.speaksFor(ctx, r.By.ID, approver)
		switch {
		case err != nil:
			return err
		case !asked && !r.Admin:
			return t.refuseDecision(ctx, a, r.By)
		case r.By.ID == a.Requester.ID && approver.ID != a.Requester.ID:
			return governance.Fail(governance.Forbidden, "", "Nobody chooses who decides on a request of their own.")
		case len(a.Reassignments) >= governance.MaxReassignments:
			return governance.Fail(governance.Limit, "", "An approval can be reassigned %d times; this one has been.", governance.MaxReassignments)
		}
		if err := t.checkFrom(ctx, r.From, approver); err != nil {
			return err
		}
		to, err := t.newApprover(ctx, a, r.To)
		if err != nil {
			return err
		}
		comment := a.Comment(NewID(), r.By, r.Comment, t.now)
		a.Reassign(governance.Reassignment{To: to, By: r.By, Type: governance.ReassignedByHand, CommentID: comment, Time: t.now})
		a.Await(t.now)
		return nil
	})
	return err
}

func (t *tx) checkFrom(ctx context.Context, from string, approver governance.Party) error {
	id := filter.NormalizeID(from)
	if from == "" || id == approver.ID {
		return nil
	}
	asked, err := t.speaksFor(ctx, id, approver)
	if err == nil && !asked {
		err = governance.Fail(governance.Illegal, "reassignFrom", "Illegal value %q for field %q: the approval does not wait for them.", from, "reassignFrom")
	}
	return err
}

// newApprover finds the party that an approval is given to, who must be able to decide on it.
func (t *tx) newApprover(ctx context.Context, a *governance.GenericApproval, id string) (governance.Party, error) {
	const field = "reassignTo"
	for _, kind := range []string{governance.PartyIdentity, governance.PartyGroup} {
		p, err := t.party(ctx, a, kind, id)
		if err != nil {
			return p, err
		}
		if p.ID == "" {
			continue
		}
		able, err := t.canDecide(ctx, p, a.Requester.ID)
		if err == nil && !able {
			err = governance.Fail(governance.Illegal, field, "Illegal value %q for field %q: nobody there is active and somebody else than the requester.", id, field)
		}
		return p, err
	}
	if id == "" {
		return governance.Party{}, governance.Fail(governance.Required, field, "Required field '%s' was missing or empty.", field)
	}
	return governance.Party{}, governance.Fail(governance.UnknownRef, field, "Referenced object %q of field '%s' was not found.", id, field)
}

// CommentApproval adds a remark, also to an approval that has ended, and gives the approval as it is then.
func (s *Store) CommentApproval(ctx context.Context, actor governance.Actor, id string, author governance.Reference, text string) (governance.GenericApproval, error) {
	return s.editApproval(ctx, actor, id, func(t *tx, a *governance.GenericApproval) error {
		if len(a.Comments) >= governance.MaxApprovalComments {
			return governance.Fail(governance.Limit, "comment", "An approval can have %d comments; this one has them.", governance.MaxApprovalComments)
		}
		a.Comment(NewID(), author, text, t.now)
		return nil
	})
}

// editApproval changes what does not move an approval on.
func (s *Store) editApproval(ctx context.Context, actor governance.Actor, id string, edit func(*tx, *governance.GenericApproval) error) (governance.GenericApproval, error) {
	var kept governance.GenericApproval
	err := s.write(ctx, actor, func(ctx context.Context, t *tx) (err error) {
		kept, err = t.changeApproval(ctx, id, func(a *governance.GenericApproval) error { return edit(t, a) })
		return err
	})
	return s.shownApproval(ctx, kept, err)
}

// SetApprovalAttributes adds additional attributes to an approval that is pending, after it has removed those of the given
// keys, and gives the approval as it is then. Forbidden is for whoever is neither asked now nor an administrator.
func (s *Store) SetApprovalAttributes(ctx context.Context, actor governance.Actor, id string, by governance.Reference, admin bool, e governance.ApprovalAttributes) (governance.GenericApproval, error) {
	return s.editApproval(ctx, actor, id, func(t *tx, a *governance.GenericApproval) error {
		if err := checkWaits(a, a.SerialStep); err != nil {
			return err
		}
		asked, err := t.speaksFor(ctx, by.ID, a.Current().Approver)
		if err != nil {
			return err
		}
		if !asked && !admin {
			return t.refuseDecision(ctx, a, by)
		}
		maps.DeleteFunc(a.Attributes, func(key, _ string) bool { return e.Removes(key) })
		a.Comment(NewID(), by, e.Comment, t.now)
		return a.AddAttributes(e.Add)
	})
}

// CancelApproval ends an approval without an answer. One that has ended is a Conflict.
func (s *Store) CancelApproval(ctx context.Context, actor governance.Actor, id, comment string) error {
	return s.write(ctx, actor, func(ctx context.Context, t *tx) error { return t.cancelApproval(ctx, id, comment) })
}

// cancelApproval ends an approval without an answer, in the name of the transaction's actor. One that has ended is a Conflict.
func (t *tx) cancelApproval(ctx context.Context, id, comment string) error {
	_, err := t.changeApproval(ctx, id, func(a *governance.GenericApproval) error {
		if err := checkWaits(a, a.SerialStep); err != nil {
			return err
		}
		a.Comment(NewID(), governance.Reference{ID: t.actor.IdentityID, Name: t.actor.Name}, comment, t.now)
		a.End(governance.ApprovalCancelled, t.now)
		return nil
	})
	return err
}
