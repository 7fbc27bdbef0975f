//go:build unix

package store_test

import (
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"midgard/internal/filter"
	"midgard/internal/governance"
	"midgard/internal/store"
	"midgard/internal/store/storetest"
)

// planning is a request whose job this worker holds.
type planning struct {
	askers
	request governance.AccountRequest
	lease   governance.Lease
}

func (a askers) planning(body string) planning {
	a.Helper()
	id := a.asked(governance.Replay{Body: body})
	jobs, err := a.ClaimJobs(a.Context(), []string{governance.JobProvision}, 1, time.Minute)
	a.check(err)
	if len(jobs) != 1 || jobs[0].Key != id {
		a.Fatalf("claimed %+v", jobs)
	}
	return planning{a, a.reread(id), jobs[0].Lease()}
}

func (a askers) reread(id string) governance.AccountRequest {
	a.Helper()
	r, err := a.AccountRequest(a.Context(), id)
	a.check(err)
	return r
}

// TestNamesAreChosenOnce: of requests that choose a name at once one has it, until it has ended without an account.
func TestNamesAreChosenOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		a := newAskers(t, s, governance.Approval{})
		const n = 6
		all := make([]planning, n)
		for i := range all {
			all[i] = a.planning(fmt.Sprint(i))
		}
		errs := make([]error, n)
		var racing sync.WaitGroup
		for i := range all {
			racing.Go(func() {
				errs[i] = s.PlanAccount(t.Context(), all[i].lease, &all[i].request, "Bot", governance.Provisioning{Step: governance.StepCreate, Name: "Bot"})
			})
		}
		racing.Wait()
		winner := -1
		for i, err := range errs {
			switch {
			case err == nil && winner < 0:
				winner = i
			case governance.KindOf(err) != governance.Conflict:
				t.Errorf("%d: %v", i, err)
			}
		}
		if winner < 0 {
			t.Fatal("nobody has the name")
		}
		loser := all[(winner+1)%n]
		if free, err := s.NameFree(t.Context(), loser.request.ID, a.src.ID, "bot"); err != nil || free {
			t.Errorf("the name is free for others: %v (%v)", free, err)
		}
		if free, err := s.NameFree(t.Context(), all[winner].request.ID, a.src.ID, "BOT"); err != nil || !free {
			t.Errorf("the name is not free for who has it: %v (%v)", free, err)
		}
		a.check(s.EndRequest(t.Context(), all[winner].lease, all[winner].request.ID, governance.RequestOutcome{Error: "no"}))
		a.check(s.PlanAccount(t.Context(), loser.lease, &loser.request, "bot", governance.Provisioning{Step: governance.StepCreate}))
	})
}

// TestAdoption: what an aggregation has found already becomes the account that was asked for, and what is gone by then is
// left out.
func TestAdoption(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		a := newAskers(t, s, governance.Approval{})
		p := a.planning("1")
		a.apply(a.src, governance.ObservedAccount{NativeIdentity: "cn=Bot", UUID: "u-1", Name: "bot", Attributes: json.RawMessage(`{"cn":"bot"}`)})
		before := a.account("cn=Bot")
		adoption := governance.Adoption{Observed: governance.ObservedAccount{
			NativeIdentity: "CN=bot", UUID: "U-1", Name: "Bot", Attributes: json.RawMessage(`{"cn":"bot","l":"x"}`),
			Entitlements: []governance.EntitlementValue{{Attribute: "groups", Value: "operators"}},
		}, PasswordExpires: time.Now().Add(time.Hour)}
		_, err := s.KeepPassword(t.Context(), p.lease, &p.request, "sealed", time.Now().Add(time.Hour))
		a.check(err)
		if again, err := s.KeepPassword(t.Context(), p.lease, &p.request, "another", time.Now()); err != nil || again != "sealed" {
			t.Errorf("a second password is %q (%v)", again, err)
		}
		a.check(s.DeleteSubtype(t.Context(), organiser, a.subtype.ID, ""))
		if _, err := s.TakePassword(t.Context(), organiser, p.request.ID, a.people[1].ID); governance.KindOf(err) != governance.NotFound {
			t.Errorf("a password before its account: %v", err)
		}
		made, err := s.AdoptAccount(t.Context(), organiser, p.lease, p.request.ID, adoption)
		a.check(err)
		if made.ID != before.ID || !made.Machine || made.Owner.ID != a.people[1].ID || made.Subtype != "" || !made.MachineIdentity.Set() || !made.HasEntitlements || made.UUID != "U-1" {
			t.Errorf("adopted is %+v", made)
		}
		r := a.reread(p.request.ID)
		if r.Status != governance.RequestSucceeded || r.Account.ID != made.ID || r.MachineIdentity != made.MachineIdentity {
			t.Errorf("the request is %+v", r)
		}
		if _, err := s.AdoptAccount(t.Context(), organiser, p.lease, p.request.ID, adoption); err == nil {
			t.Error("it was adopted twice")
		}
		if password, err := s.TakePassword(t.Context(), organiser, p.request.ID, a.people[1].ID); err != nil || password.Sealed != "sealed" {
			t.Errorf("the owner got %+v (%v)", password, err)
		}
	})
}

// TestMadeDuringARun: what was made while a source was being read is not missing because the list did not show it.
func TestMadeDuringARun(t *testing.T) {
	t.Parallel()
	var seconds atomic.Int64 // every look at the clock is a second later
	clock := func(o *store.Options) {
		o.Now = func() time.Time {
			return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(seconds.Add(1)) * time.Second)
		}
	}
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		r := newRun(t, s)
		r.apply(t, observed("svc-old", true))
		task := r.task(t)
		task.Launched = r.account(t, "cn=svc-old").Created.Add(time.Millisecond)
		if err := s.ReportTask(t.Context(), r.lease, task); err != nil {
			t.Fatal(err)
		}
		r.apply(t, observed("svc-new", true))
		if _, _, err := r.MarkMissing(t.Context(), testActor, r.lease, r.source.ID, func(int64) bool { return false }); err != nil {
			t.Fatal(err)
		}
		if r.account(t, "cn=svc-old").MissingSince.IsZero() || !r.account(t, "cn=svc-new").MissingSince.IsZero() {
			t.Errorf("missing are %v and %v", r.account(t, "cn=svc-old").MissingSince, r.account(t, "cn=svc-new").MissingSince)
		}
	}, clock)
}

// task gives the task of the run.
func (r running) task(t *testing.T) governance.Task {
	t.Helper()
	page, err := r.Tasks(t.Context(), filter.Query{Limit: 10})
	if err != nil || len(page.Items) != 1 {
		t.Fatalf("the tasks are %+v (%v)", page.Items, err)
	}
	return page.Items[0]
}
