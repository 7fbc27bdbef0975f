//go:build unix

package store_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"midgard/internal/approval"
	"midgard/internal/governance"
	"midgard/internal/store"
)

func TestApprovalGoesStepByStep(t *testing.T) {
	t.Parallel()
	eachOffice(t, func(t *testing.T, o *office) {
		a := o.open(o.rita, "manager, workgroup:"+strings.ToUpper(o.group.ID)+", sourceOwner, accountOwner")
		o.want(a.ID, "mona")
		o.refused(o.decide(a.ID, o.olaf, approved), governance.Forbidden)
		o.refused(o.decide(a.ID, o.rita, approved), governance.Forbidden)
		o.check(o.decide(a.ID, o.mona, approved))
		o.want(a.ID, "Approvers")
		o.refused(o.decide(a.ID, o.mona, approved), governance.Conflict) // her step is decided
		o.check(o.decide(a.ID, o.gina, approved))
		o.want(a.ID, "olaf")
		o.check(o.decide(a.ID, o.olaf, approved))
		o.want(a.ID, "xenia")
		o.check(o.decide(a.ID, o.x, approved, func(d *governance.ApprovalDecision) {
			d.Comment, d.Attributes = "fine", map[string]string{"ticket": "17"}
		}))
		o.want(a.ID, "APPROVED")
		o.refused(o.decide(a.ID, o.x, rejected), governance.Conflict)
		kept := o.read(a.ID)
		var by []string
		for _, step := range kept.Steps {
			by = append(by, step.DecidedBy.Name)
		}
		if diff := cmp.Diff([]string{o.mona.Name, o.gina.Name, o.olaf.Name, o.x.Name}, by); diff != "" {
			t.Errorf("who decided differs (-want +got):\n%s", diff)
		}
		if kept.Completed.IsZero() || kept.Comments[0].Text != "fine" || kept.Attributes["ticket"] != "17" || kept.SerialStep != 3 || store.Ends(a.ID, approved) != 1 {
			t.Errorf("the approval ended %d times as %+v", store.Ends(a.ID, approved), kept)
		}

		b := o.open(o.rita, "manager,sourceOwner")
		o.check(o.decide(b.ID, o.mona, rejected))
		o.want(b.ID, "REJECTED")
		if store.Ends(b.ID, rejected) != 1 {
			t.Error("the end of a rejected approval was not told")
		}
		none, err := o.ApprovalSteps(t.Context(), governance.Approval{Approvers: "manager"}, o.rita, o.source, o.x)
		if err != nil || none != nil {
			t.Errorf("without a demand for approval there are %v (%v)", none, err)
		}
		c := o.open(o.rita, "manager", func(a *governance.GenericApproval) { a.Steps = nil })
		if c.Status != governance.ApprovalPassed || store.Ends(c.ID, governance.ApprovalPassed) != 1 {
			t.Errorf("an approval without steps is %s", c.Status)
		}
	})
}

// TestNobodyIsLimbo: whoever cannot decide is replaced, at the beginning, when their turn comes and while it is theirs.
func TestNobodyIsLimbo(t *testing.T) {
	t.Parallel()
	eachOffice(t, func(t *testing.T, o *office) {
		leave := func(people ...governance.Reference) {
			t.Helper()
			for _, p := range people {
				gone := observedPerson(strings.TrimPrefix(p.Name, "Name of "))
				gone.LifecycleState = "terminated"
				_, err := o.UpsertPeople(t.Context(), o.hr, gone)
				o.check(err)
			}
			o.check(o.TendApprovals(t.Context(), approval.Next))
		}
		noManager := o.open(o.x, "manager")
		o.want(noManager.ID, "olaf") // the source's owner
		own := o.open(o.olaf, "sourceOwner")
		o.want(own.ID, "Admin")
		o.configure(governance.ApprovalConfig{Fallback: governance.FallbackApprover{Type: "GOVERNANCE_GROUP", ID: o.group.ID}})
		configured := o.open(o.x, "manager")
		o.want(configured.ID, "Approvers")
		history := o.read(configured.ID).Reassignments
		if len(history) != 1 || history[0].Type != governance.ReassignedByMidgard || history[0].To.ID != o.group.ID || history[0].By.Set() {
			t.Errorf("the history is %+v", history)
		}
		pending, later := o.open(o.rita, "manager"), o.open(o.rita, "sourceOwner,manager")
		leave(o.mona)
		o.want(pending.ID, "Approvers")
		o.check(o.decide(later.ID, o.olaf, approved))
		o.want(later.ID, "Approvers")
		leave(o.gus, o.gina)
		o.want(pending.ID, "olaf")
		o.want(noManager.ID, "olaf")
		leave(o.olaf)
		o.want(pending.ID, "Admin")
		if n := len(o.read(pending.ID).Reassignments); n != 3 {
			t.Errorf("it went through %d hands", n)
		}
		o.check(o.TendApprovals(t.Context(), approval.Next))
		if n := len(o.read(pending.ID).Reassignments); n != 3 {
			t.Errorf("with nothing new it went through %d hands", n)
		}
		// the only administrator, who asked: it waits for them all the same, and can be reassigned
		last := o.open(o.admin, "sourceOwner")
		o.want(last.ID, "Admin")
		o.refused(o.decide(last.ID, o.admin, approved), governance.Forbidden)
		o.check(o.ReassignApproval(t.Context(), organiser, last.ID, governance.ApprovalReassignment{By: o.admin, Admin: true, To: o.x.ID}))
		o.check(o.decide(last.ID, o.x, approved))
		o.want(last.ID, "APPROVED")
	})
}

func TestApprovalComments(t *testing.T) {
	t.Parallel()
	eachOffice(t, func(t *testing.T, o *office) {
		for policy, needs := range map[string][2]bool{ // approval, rejection
			"ALL": {true, true}, "OFF": {}, "": {}, "APPROVAL": {true, false}, "REJECT": {false, true}, "REJECTION": {false, true},
		} {
			for i, decision := range []governance.ApprovalStatus{approved, rejected} {
				a := o.open(o.rita, "manager", func(a *governance.GenericApproval) { a.CommentPolicy = policy })
				err := o.decide(a.ID, o.mona, decision)
				if !needs[i] {
					o.check(err)
					continue
				}
				o.refused(err, governance.Required)
				o.want(a.ID, "mona")
				o.check(o.decide(a.ID, o.mona, decision, func(d *governance.ApprovalDecision) { d.Comment = "because" }))
				o.want(a.ID, string(decision))
			}
		}
		o.configure(governance.ApprovalConfig{RequiresComment: "REJECTION"})
		a := o.open(o.rita, "manager")
		o.refused(o.decide(a.ID, o.mona, rejected), governance.Required)
		b := o.open(o.rita, "manager", func(a *governance.GenericApproval) { a.CommentPolicy = "OFF" })
		o.check(o.decide(b.ID, o.mona, rejected)) // the subtype goes before
	})
}

// TestOneDecisionCounts lets everybody decide at the same moment.
func TestOneDecisionCounts(t *testing.T) {
	t.Parallel()
	eachOffice(t, func(t *testing.T, o *office) {
		for round := range 4 {
			a := o.open(o.rita, "workgroup:"+o.group.ID+",sourceOwner")
			deciders := []governance.Reference{o.gus, o.gina, o.admin}
			failures := make([]error, len(deciders))
			var all sync.WaitGroup
			for i, by := range deciders {
				all.Go(func() {
					decision := approved
					if round%2 == 1 {
						decision = rejected
					}
					_, failures[i] = o.DecideApproval(t.Context(), organiser, a.ID, governance.ApprovalDecision{By: by, Admin: by == o.admin, Decision: decision})
				})
			}
			all.Wait()
			counted := 0
			for _, err := range failures {
				if err == nil {
					counted++
				} else {
					o.refused(err, governance.Conflict)
				}
			}
			kept := o.read(a.ID)
			if counted != 1 || kept.Steps[0].Decision == "" || kept.Steps[1].Decision != "" {
				t.Errorf("%d of %d decisions counted: %v, %+v", counted, len(deciders), failures, kept.Steps)
			}
			if ended := store.Ends(a.ID, rejected); ended != round%2 {
				t.Errorf("the approval ended %d times", ended)
			}
		}
	})
}

func TestAdministratorsAndReassignment(t *testing.T) {
	t.Parallel()
	eachOffice(t, func(t *testing.T, o *office) {
		a := o.open(o.rita, "manager")
		o.refused(o.decide(a.ID, o.admin, approved, func(d *governance.ApprovalDecision) { d.Override = o.olaf.ID }), governance.Illegal)
		o.check(o.decide(a.ID, o.admin, approved, func(d *governance.ApprovalDecision) { d.Override = o.mona.ID }))
		kept := o.read(a.ID)
		want := governance.Reassignment{
			From: governance.Person(o.mona), To: governance.Person(o.admin), By: o.admin, Type: governance.ReassignedByHand, Time: o.clock.read(),
		}
		if diff := cmp.Diff([]governance.Reassignment{want}, kept.Reassignments); diff != "" || kept.Steps[0].DecidedBy != o.admin {
			t.Errorf("what the administrator did differs (-want +got):\n%s\n%+v", diff, kept.Steps)
		}

		b := o.open(o.rita, "workgroup:"+o.group.ID)
		give := func(by governance.Reference, from, to string) error {
			return o.ReassignApproval(t.Context(), organiser, b.ID, governance.ApprovalReassignment{By: by, Admin: by == o.admin, From: from, To: to, Comment: "yours"})
		}
		o.refused(give(o.mona, "", o.x.ID), governance.Forbidden)
		o.refused(give(o.gus, o.mona.ID, o.x.ID), governance.Illegal)
		o.refused(give(o.gus, "", store.NewID()), governance.UnknownRef)
		o.refused(give(o.gus, "", o.rita.ID), governance.Illegal)
		o.refused(give(o.gus, "", ""), governance.Required)
		o.check(give(o.gus, o.gus.ID, o.x.ID))
		o.want(b.ID, "xenia")
		o.refused(o.decide(b.ID, o.gina, approved), governance.Conflict)
		o.check(give(o.admin, "", o.group.ID))
		o.want(b.ID, "Approvers")
		kept = o.read(b.ID)
		if len(kept.Reassignments) != 2 || kept.Reassignments[0].CommentID != kept.Comments[0].ID {
			t.Errorf("the history is %+v", kept.Reassignments)
		}
		o.check(o.CancelApproval(t.Context(), organiser, b.ID, "no longer needed"))
		o.want(b.ID, "CANCELLED")
		if store.Ends(b.ID, governance.ApprovalCancelled) != 1 {
			t.Error("the end was not told")
		}
		o.refused(o.CancelApproval(t.Context(), organiser, b.ID, ""), governance.Conflict)
		o.refused(give(o.admin, "", o.x.ID), governance.Conflict)
		_, err := o.CommentApproval(t.Context(), organiser, b.ID, o.rita, "what a pity")
		o.check(err)

		open := []string{o.open(o.rita, "manager").ID, o.open(o.rita, "sourceOwner").ID, b.ID}
		o.refused(o.DecideApprovals(t.Context(), organiser, append(open, store.NewID()), governance.ApprovalDecision{By: o.admin, Admin: true, Decision: approved}), governance.NotFound)
		o.want(open[0], "mona")
		o.check(o.DecideApprovals(t.Context(), organiser, open, governance.ApprovalDecision{By: o.admin, Admin: true, Decision: approved}))
		o.want(open[0], "APPROVED")
		o.want(open[1], "APPROVED")
		o.want(b.ID, "CANCELLED")
	})
}

func TestAutoApprovalAndCircumvention(t *testing.T) {
	t.Parallel()
	eachOffice(t, func(t *testing.T, o *office) {
		ownGroup := "workgroup:" + o.group.ID
		for _, c := range []struct {
			auto, approvers string
			by              governance.Reference
			waits           string
		}{
			{"OFF", "sourceOwner", o.olaf, "Admin"},
			{"DIRECT", "sourceOwner", o.olaf, "APPROVED"},
			{"DIRECT", "sourceOwner," + ownGroup, o.olaf, "Approvers"},
			{"DIRECT", ownGroup, o.gus, "Approvers"},
			{"INDIRECT", ownGroup, o.gus, "APPROVED"},
			{"INDIRECT", ownGroup + ",sourceOwner", o.olaf, "Approvers"},
		} {
			o.configure(governance.ApprovalConfig{AutoApprove: c.auto})
			a := o.open(c.by, c.approvers)
			if got := o.waits(a.ID); got != c.waits {
				t.Errorf("%s, %s asked for by %s waits for %s, not for %s", c.auto, c.approvers, c.by.Name, got, c.waits)
			}
			if c.auto == "DIRECT" && c.approvers == ownGroup {
				o.refused(o.decide(a.ID, o.gus, approved), governance.Forbidden)
				o.check(o.decide(a.ID, o.gina, approved))
			}
		}
		o.configure(governance.ApprovalConfig{
			ManagerAssignment: "ACCOUNT_OWNER", SerialChain: []governance.ChainLink{{Tier: 2, Type: "IDENTITY", ID: o.gus.ID}, {Tier: 1, Type: "SOURCE_OWNER"}},
		})
		a := o.open(o.rita, "manager")
		for _, next := range []governance.Reference{o.x, o.olaf, o.gus} {
			o.want(a.ID, strings.TrimPrefix(next.Name, "Name of "))
			o.check(o.decide(a.ID, next, approved))
		}
		o.want(a.ID, "APPROVED")
		o.configure(governance.ApprovalConfig{Circumvent: true})
		if a := o.open(o.rita, "manager"); a.Status != governance.ApprovalPassed || store.Ends(a.ID, governance.ApprovalPassed) != 1 {
			t.Errorf("a circumvented approval is %s", a.Status)
		}
	})
}
