//go:build unix

package store_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"midgard/internal/approval"
	"midgard/internal/filter"
	"midgard/internal/governance"
	"midgard/internal/store"
)

// TestApprovalsInTime: reminders, escalations and the end come when they are due, once, also after a long time without a
// server.
func TestApprovalsInTime(t *testing.T) {
	t.Parallel()
	eachOffice(t, func(t *testing.T, o *office) {
		const day = 24 * time.Hour
		pass := func(d time.Duration) {
			t.Helper()
			o.clock.pass(d)
			var all sync.WaitGroup // as several servers do
			for range 3 {
				all.Go(func() {
					if err := o.TendApprovals(t.Context(), approval.Next); err != nil {
						t.Error(err)
					}
				})
			}
			all.Wait()
		}
		o.configure(governance.ApprovalConfig{
			Reminder: governance.ReminderConfig{Enabled: true, DaysUntilFirst: 2, Schedule: "@every 24h", Max: 3},
			Escalation: governance.EscalationConfig{Enabled: true, DaysUntilFirst: 10, Schedule: "@every 24h", Chain: []governance.ChainLink{
				{Type: "MANAGER_OF"}, {Type: "IDENTITY", ID: o.gus.ID}, {Type: "IDENTITY", ID: o.gina.ID},
			}},
			Timeout: governance.TimeoutConfig{Enabled: true, DaysUntilTimeout: 30},
		})
		a := o.open(o.rita, "manager")
		if !a.Due.Equal(o.clock.read().Add(30 * day)) {
			t.Errorf("it is due at %s", a.Due)
		}
		for day, want := range []string{"0 mona", "1 mona", "2 mona", "3 mona", "3 mona", "3 mona", "3 mona", "3 mona", "3 mona", "3 gus", "3 gina"} {
			pass(24 * time.Hour)
			kept := o.read(a.ID)
			if got := fmt.Sprintf("%d %s", kept.Reminders, o.waits(a.ID)); got != want {
				t.Errorf("after %d days: %s, want %s", day+1, got, want)
			}
		}
		kept := o.read(a.ID)
		if !kept.Escalated || kept.Escalations != 3 || len(kept.Reassignments) != 2 || kept.Reassignments[0].Type != governance.ReassignedAsEscalated {
			t.Errorf("it was escalated: %+v", kept)
		}
		b := o.open(o.rita, "manager")
		pass(25 * day) // nobody looked for a long time: a is over; of b's many reminders there is one
		o.want(a.ID, "EXPIRED")
		if store.Ends(a.ID, governance.ApprovalExpired) != 1 {
			t.Error("the end was not told once")
		}
		if kept := o.read(b.ID); kept.Reminders != 1 || kept.Escalations != 2 {
			t.Errorf("after 25 days %+v", kept)
		}
		o.configure(governance.ApprovalConfig{Timeout: governance.TimeoutConfig{Enabled: true, DaysUntilTimeout: 1, Result: approved}})
		c := o.open(o.rita, "manager,sourceOwner")
		pass(day - time.Millisecond)
		o.want(c.ID, "mona")
		pass(time.Millisecond)
		o.want(c.ID, "APPROVED")
	})
}

// TestMailOfApprovals: there is one e-mail for each person and each thing that happens, and none for what did not.
func TestMailOfApprovals(t *testing.T) {
	t.Parallel()
	eachOffice(t, func(t *testing.T, o *office) {
		o.configure(governance.ApprovalConfig{Reminder: governance.ReminderConfig{Enabled: true, DaysUntilFirst: 1}})
		seen := map[string]bool{}
		news := func(want ...string) {
			t.Helper()
			due, err := o.DueMail(t.Context(), 100)
			o.check(err)
			var got []string
			for _, m := range due {
				if !seen[m.ID] {
					got = append(got, m.Kind+" "+m.Recipient.Email)
				}
				seen[m.ID] = true
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("the e-mails differ (-want +got):\n%s", diff)
			}
		}
		a := o.open(o.rita, "manager,workgroup:"+o.group.ID)
		news("assigned mona@example.org")
		o.refused(o.decide(a.ID, o.gus, approved), governance.Forbidden)
		news()
		o.clock.pass(24 * time.Hour)
		o.check(o.TendApprovals(t.Context(), approval.Next))
		o.check(o.TendApprovals(t.Context(), approval.Next))
		news("reminder mona@example.org")
		o.check(o.decide(a.ID, o.mona, approved))
		news("assigned gus@example.org", "assigned gina@example.org")
		o.check(o.decide(a.ID, o.gus, approved))
		news("ended rita@example.org")
		o.open(o.rita, "manager", func(a *governance.GenericApproval) { a.Steps = nil })
		news()

		jobs, err := o.ClaimJobs(t.Context(), []string{governance.JobMail}, 5, time.Minute)
		if err != nil || len(jobs) != 1 {
			t.Fatalf("%d jobs send the e-mails (%v)", len(jobs), err)
		}
		due, err := o.DueMail(t.Context(), 2)
		o.check(err)
		o.check(o.MailSent(t.Context(), jobs[0].Lease(), due[0].ID))
		o.check(o.MailNotSent(t.Context(), jobs[0].Lease(), due[1].ID, "busy", o.clock.read().Add(time.Minute)))
		o.refused(o.MailSent(t.Context(), governance.Lease{JobID: jobs[0].ID, Token: "another"}, due[0].ID), governance.Internal)
		if left, err := o.DueMail(t.Context(), 100); err != nil || len(left) != 3 {
			t.Errorf("%d e-mails are left (%v)", len(left), err)
		}
		o.clock.pass(time.Minute)
		left, err := o.DueMail(t.Context(), 100)
		if err != nil || len(left) != 4 || left[3].Attempts != 1 {
			t.Errorf("after a minute %+v are left (%v)", left, err)
		}
	})
}

func TestListOfApprovals(t *testing.T) {
	t.Parallel()
	eachOffice(t, func(t *testing.T, o *office) {
		a := o.open(o.rita, "manager,workgroup:"+o.group.ID)
		b := o.open(o.x, "sourceOwner", func(a *governance.GenericApproval) { a.Requestee, a.Description = o.gina, "Urgent" })
		o.check(o.decide(a.ID, o.mona, approved))
		names := map[string]string{a.ID: "a", b.ID: "b"}
		list := func(q governance.ApprovalQuery, filters string) string {
			t.Helper()
			where, err := filter.Compile(filters, filter.MustParseFields(`status eq co sw in ne; approverId:id eq in; referenceType eq ne; requestedTargetName sw co;
				search co; batchId eq ne; decisionDate:time gt; description eq ne; approvalId:id eq`))
			o.check(err)
			page, err := o.GenericApprovals(t.Context(), filter.Query{Where: where, Limit: 10}, q)
			o.check(err)
			var found string
			for _, x := range page.Items {
				found += names[x.ID]
			}
			return found
		}
		for _, c := range []struct {
			who     governance.ApprovalQuery
			filters string
			want    string
		}{
			{who: governance.ApprovalQuery{}, want: "ab"},
			{who: governance.ApprovalQuery{Viewer: o.rita.ID}, want: "a"},
			{who: governance.ApprovalQuery{Viewer: o.gina.ID}, want: "ab"}, // a member, and for whom it is
			{who: governance.ApprovalQuery{Viewer: o.gus.ID}, want: "a"},
			{who: governance.ApprovalQuery{Viewer: o.mona.ID}, want: "a"}, // has decided
			{who: governance.ApprovalQuery{Viewer: o.admin.ID}, want: ""},
			{who: governance.ApprovalQuery{Viewer: o.gina.ID, Approver: o.gina.ID}, want: "a"},
			{who: governance.ApprovalQuery{Approver: o.olaf.ID}, want: "b"},
			{who: governance.ApprovalQuery{Approver: strings.ToUpper(o.group.ID)}, want: "a"},
			{who: governance.ApprovalQuery{Requester: o.rita.ID}, want: "a"},
			{who: governance.ApprovalQuery{Requestee: o.gina.ID}, want: "b"},
			{who: governance.ApprovalQuery{Viewer: o.mona.ID, Requester: o.x.ID}, want: ""},
			{filters: `status eq "pending"`, want: "ab"},
			{filters: `status sw "PEND" and search co "urgent"`, want: "b"},
			{filters: `search co "name of rita"`, want: "a"},
			{filters: `approverId in ("` + o.olaf.ID + `","` + o.group.ID + `")`, want: "ab"},
			{filters: `approverId eq "` + o.gus.ID + `"`, want: ""},
			{filters: `referenceType ne "account_request"`, want: ""},
			{filters: `requestedTargetName co "OBO"`, want: "ab"},
			{filters: `batchId eq "x"`, want: ""},
			{filters: `batchId ne "x"`, want: "ab"},
			{filters: `decisionDate gt 2026-01-01T00:00:00Z`, want: "a"},
			{filters: `description ne "urgent"`, want: "a"},
		} {
			if got := list(c.who, c.filters); got != c.want {
				t.Errorf("%+v %s: got %q, want %q", c.who, c.filters, got, c.want)
			}
		}
		if _, err := o.GenericApproval(t.Context(), a.ID, o.olaf.ID); governance.KindOf(err) != governance.NotFound {
			t.Errorf("somebody else finds it: %v", err)
		}
		seen, err := o.GenericApproval(t.Context(), a.ID, o.gus.ID)
		if err != nil || len(seen.Contacts[o.group.ID].Members) != 2 || seen.Contacts[o.mona.ID].Email != "mona@example.org" {
			t.Errorf("the contacts are %+v (%v)", seen.Contacts, err)
		}
	})
}
