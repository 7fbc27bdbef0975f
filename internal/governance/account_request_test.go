package governance_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"midgard/internal/governance"
)

func at(minute int) time.Time { return time.Date(2026, 3, 1, 10, minute, 0, 0, time.UTC) }

// ended is an approval that ended in the first minute, with a comment or with "".
func ended(status governance.ApprovalStatus, comment string) *governance.GenericApproval {
	by := governance.Reference{ID: "a", Name: "Ada"}
	step := governance.ApprovalStep{Decision: status, DecidedBy: by, Decided: at(1)}
	a := &governance.GenericApproval{Status: status, Completed: at(1), Steps: []governance.ApprovalStep{step}}
	a.Comment("old", by, "an old remark", at(0))
	a.Comment("new", by, comment, at(1))
	return a
}

// phase is a phase that began and ended in the given minutes.
func phase(state governance.PhaseState, minutes ...int) governance.Phase {
	p := governance.Phase{State: state}
	if len(minutes) > 0 {
		p.Started = at(minutes[0])
	}
	if len(minutes) > 1 {
		p.Finished = at(minutes[1])
	}
	return p
}

// TestAccountRequestStates follows requests to each of their ends.
func TestAccountRequestStates(t *testing.T) {
	t.Parallel()
	made := governance.Reference{ID: "acc", Name: "bot"}
	for name, test := range map[string]struct {
		unasked                bool
		do                     func(r *governance.AccountRequest)
		status                 governance.RequestStatus
		approval, provisioning governance.Phase
		reason                 string
		cancellable            string // part of the refusal, "" for none
	}{
		"waiting":   {false, func(*governance.AccountRequest) {}, "PENDING", phase("PENDING", 0), phase("NOT_STARTED"), "", ""},
		"unasked":   {true, func(*governance.AccountRequest) {}, "PENDING", phase("PASSED", 0, 0), phase("PENDING", 0), "", "provisioning has begun"},
		"approved":  {false, func(r *governance.AccountRequest) { r.TakeApproval(ended("APPROVED", "ok"), at(1)) }, "PENDING", phase("APPROVED", 0, 1), phase("PENDING", 1), "", "has begun"},
		"passed":    {false, func(r *governance.AccountRequest) { r.TakeApproval(ended("PASSED", ""), at(1)) }, "PENDING", phase("PASSED", 0, 1), phase("PENDING", 1), "", "has begun"},
		"rejected":  {false, func(r *governance.AccountRequest) { r.TakeApproval(ended("REJECTED", "No."), at(1)) }, "REJECTED", phase("REJECTED", 0, 1), phase("NOT_STARTED"), "The request was rejected by Ada. No.", "REJECTED"},
		"silently":  {false, func(r *governance.AccountRequest) { r.TakeApproval(ended("REJECTED", ""), at(1)) }, "REJECTED", phase("REJECTED", 0, 1), phase("NOT_STARTED"), "The request was rejected by Ada.", "REJECTED"},
		"expired":   {false, func(r *governance.AccountRequest) { r.TakeApproval(ended("EXPIRED", ""), at(1)) }, "REJECTED", phase("REJECTED", 0, 1), phase("NOT_STARTED"), "Nobody decided in time.", "REJECTED"},
		"cancelled": {false, func(r *governance.AccountRequest) { r.TakeApproval(ended("CANCELLED", "Why not."), at(1)) }, "CANCELLED", phase("CANCELLED", 0, 1), phase("CANCELLED"), "Why not.", ""},
		"stopped":   {true, func(r *governance.AccountRequest) { r.Cancel("gone", at(1)) }, "CANCELLED", phase("PASSED", 0, 0), phase("CANCELLED", 0, 1), "gone", ""},
		"made": {true, func(r *governance.AccountRequest) { r.Finish(governance.RequestOutcome{Account: made}, at(1)) }, "SUCCESS",
			phase("PASSED", 0, 0), phase("PASSED", 0, 1), "", "SUCCESS"},
		"failed": {true, func(r *governance.AccountRequest) { r.Finish(governance.RequestOutcome{Error: "No room."}, at(1)) }, "FAILED",
			phase("PASSED", 0, 0), phase("FAILED", 0, 1), "No room.", "FAILED"},
	} {
		r := governance.AccountRequest{Type: governance.RequestCreation}
		r.Begin(at(0), !test.unasked)
		test.do(&r)
		got := []any{r.Status, r.ApprovalPhase, r.ProvisioningPhase, r.Error, r.Completed.IsZero()}
		want := []any{test.status, test.approval, test.provisioning, test.reason, test.status == governance.RequestPending}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		err := r.CheckCancellable()
		if (err == nil) != (test.cancellable == "") || err != nil && (governance.KindOf(err) != governance.Conflict || !strings.Contains(err.Error(), test.cancellable)) {
			t.Errorf("%s: cancelling gives %v", name, err)
		}
		if name == "made" && r.Account != made {
			t.Errorf("the account is %v", r.Account)
		}
	}
}

// TestApprovalsOfRequests: an approval names the request, and what it is about.
func TestApprovalsOfRequests(t *testing.T) {
	t.Parallel()
	source, owner := governance.Reference{ID: "s", Name: "Directory"}, governance.Reference{ID: "o", Name: "Olaf"}
	r := governance.AccountRequest{ID: "r", Type: governance.RequestCreation, ApprovalID: "a", Source: source, Owner: owner, Subtype: governance.Reference{ID: "x", Name: "Bot"}}
	a := r.ApprovalDraft(governance.Approval{Comments: "ALL"}, nil)
	if a.ID != "a" || a.Type != governance.ApprovalOfCreation || a.Name != "Create a machine account Bot on Directory" || a.Requestee != owner || a.AccountOwner.Set() ||
		a.Targets[0].ID != "x" || a.CommentPolicy != "ALL" || governance.ApprovedRequest(&a) != "r" {
		t.Errorf("a creation: %+v", a)
	}
	r.Type, r.Account = governance.RequestDeletion, governance.Reference{ID: "c", Name: "svc"}
	a = r.ApprovalDraft(governance.Approval{}, nil)
	if a.Type != governance.ApprovalOfDeletion || a.Name != "Delete the account svc on Directory" || a.AccountOwner != owner || a.Targets[0].ID != "c" {
		t.Errorf("a deletion: %+v", a)
	}
	if id := governance.ApprovedRequest(&governance.GenericApproval{}); id != "" {
		t.Errorf("an approval of something else is about %q", id)
	}
}

func TestReplayKeys(t *testing.T) {
	t.Parallel()
	for key, kind := range map[string]governance.Kind{"": 0, "0190-Ab c": 0, " x": governance.Illegal, "a\tb": governance.Illegal, "ä": governance.Illegal, strings.Repeat("k", 256): governance.Limit} {
		if err := (&governance.Replay{Key: key}).Validate(); err != nil && governance.KindOf(err) != kind || (err == nil) != (kind == 0) {
			t.Errorf("%q: %v", key, err)
		}
	}
}

func TestFormOfARequest(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ own, given, want string }{{"", "", ""}, {"f", "", "f"}, {"", "g", "g"}, {"f", "f", "f"}, {"f", "g", "refused"}} {
		got, err := (&governance.AccountCreation{FormID: test.own}).CheckForm(test.given)
		if err != nil {
			got = "refused"
		}
		if got != test.want {
			t.Errorf("%q for a subtype with %q gives %q", test.given, test.own, got)
		}
	}
}
