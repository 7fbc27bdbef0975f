package store

import (
	"context"
	"fmt"
	"time"

	"midgard/internal/governance"
)

// The states of an e-mail.
const (
	mailWaiting = "waiting"
	mailSent    = "sent"
	mailFailed  = "failed"
)

// KeepMail makes approvals write e-mails from now on. Call it before the store is used, where somebody sends them.
func (s *Store) KeepMail() { s.mail = true }

// writeMails puts into the outbox what follows from a change of an approval; old is nil for a new one. It is the change's own
// transaction, so that there is one e-mail for each change that happened and none for one that did not.
func (t *tx) writeMails(ctx context.Context, a, old *governance.GenericApproval) error {
	if !t.store.mail {
		return nil
	}
	round := fmt.Sprintf("%d.%d", a.SerialStep, len(a.Reassignments))
	switch {
	case !a.Pending():
		if a.Status == governance.ApprovalPassed || old != nil && !old.Pending() {
			return nil
		}
		return t.writeMail(ctx, a, governance.MailEnded, governance.MailEnded, unique([]string{a.Requester.ID, a.Requestee.ID}))
	case old == nil || old.SerialStep != a.SerialStep || len(old.Reassignments) != len(a.Reassignments):
		return t.askByMail(ctx, a, governance.MailAssigned, "assigned "+round)
	case old.Reminders != a.Reminders:
		return t.askByMail(ctx, a, governance.MailReminder, fmt.Sprintf("reminder %s.%d", round, a.Reminders))
	}
	return nil
}

// askByMail writes to everybody who can decide on the step that waits.
func (t *tx) askByMail(ctx context.Context, a *governance.GenericApproval, kind, event string) error {
	approver := a.Current().Approver
	recipients := []string{approver.ID}
	if approver.Type == governance.PartyGroup {
		var err error
		text := "select identity_id from workgroup_member where workgroup_id = $1 and identity_id <> $2 order by 1"
		if recipients, err = many(ctx, t, text, scanText, approver.ID, a.Requester.ID); err != nil {
			return fmt.Errorf("read the members of governance group %q: %w", approver.ID, err)
		}
	}
	return t.writeMail(ctx, a, kind, event, recipients)
}

// writeMail adds an e-mail for each recipient who is active and has an address.
func (t *tx) writeMail(ctx context.Context, a *governance.GenericApproval, kind, event string, recipients []string) error {
	const text = `insert into mail (id, kind, approval_id, event, recipient_id, state, attempts, next_try, last_error, created, modified)
 select $1, $2, $3, $4, i.id, $5, 0, cast($6 as bigint), null, cast($7 as bigint), cast($8 as bigint)
 from identity i where i.id = $9 and i.state = 'ACTIVE' and i.email <> '' on conflict do nothing`
	now := t.now.UnixMilli()
	for _, recipient := range recipients {
		n, err := affected(ctx, t, text, NewID(), kind, a.ID, event, mailWaiting, now, now, now, recipient)
		if err != nil {
			return fmt.Errorf("write an e-mail about approval %q: %w", a.ID, err)
		}
		if n == 0 {
			continue
		}
		if err := t.sendMail(ctx); err != nil {
			return err
		}
	}
	return nil
}

// sendMail adds the job that sends what waits, unless it is there. A running one may be past the row that is new: then
// StartMail adds the next.
func (t *tx) sendMail(ctx context.Context) error {
	_, _, err := t.enqueue(ctx, governance.JobMail, "outbox", struct{}{}, time.Time{})
	return err
}

// StartMail adds the job that sends e-mails when some are due.
func (s *Store) StartMail(ctx context.Context) error {
	due, err := answers(ctx, s.reader(), "select exists (select 1 from "+waitingMail+")", s.clock().UnixMilli())
	if err != nil || !due {
		return err
	}
	return s.write(ctx, governance.Server("mail", ""), func(ctx context.Context, t *tx) error { return t.sendMail(ctx) })
}

// An e-mail to somebody who is gone waits until it is cleared away.
const (
	waitingMail = `mail m join identity i on i.id = m.recipient_id join generic_approval a on a.id = m.approval_id
 where m.state = '` + mailWaiting + `' and m.next_try <= $1`
	dueMail = "select m.id, m.kind, m.attempts, m.created, i.id, i.name, i.email, a.body from " + waitingMail + " order by m.next_try, m.id limit $2"
)

func scanMail(r row, m *governance.Mail) error {
	return r.Scan(&m.ID, &m.Kind, &m.Attempts, timeInto{&m.Created}, &m.Recipient.ID, &m.Recipient.Name, &m.Recipient.Email, jsonInto{&m.Approval})
}

// DueMail gives up to limit e-mails that are to be sent now, those that wait longest first.
func (s *Store) DueMail(ctx context.Context, limit int) ([]governance.Mail, error) {
	all, err := many(ctx, s.reader(), dueMail, scanMail, s.clock().UnixMilli(), limit)
	if err != nil {
		return nil, fmt.Errorf("read e-mails that are due: %w", err)
	}
	return all, nil
}

// MailSent records that an e-mail was accepted by the mail server.
func (s *Store) MailSent(ctx context.Context, l governance.Lease, id string) error {
	return s.endMail(ctx, l, id, mailSent, "", time.Time{})
}

// MailNotSent records that an e-mail could not be sent: it is tried again at next, or never when that is zero.
func (s *Store) MailNotSent(ctx context.Context, l governance.Lease, id, reason string, next time.Time) error {
	if next.IsZero() {
		return s.endMail(ctx, l, id, mailFailed, reason, next)
	}
	return s.endMail(ctx, l, id, mailWaiting, reason, next)
}

func (s *Store) endMail(ctx context.Context, l governance.Lease, id, state, reason string, next time.Time) error {
	return s.write(ctx, governance.Server("mail", ""), func(ctx context.Context, t *tx) error {
		if err := t.hold(ctx, l); err != nil {
			return err
		}
		failed := 0
		if reason != "" {
			failed = 1
		}
		return exec(ctx, t, "update mail set state = $1, last_error = $2, next_try = $3, attempts = attempts + $4, modified = $5 where id = $6",
			state, null(reason), max(0, next.UnixMilli()), failed, t.now.UnixMilli(), id)
	})
}

// PruneMail removes e-mails that have been left alone since the given time: sent, given up, or for somebody who is gone.
func (s *Store) PruneMail(ctx context.Context, before time.Time) error {
	return s.write(ctx, governance.Actor{}, func(ctx context.Context, t *tx) error {
		return exec(ctx, t, "delete from mail where modified < $1", before.UnixMilli())
	})
}
