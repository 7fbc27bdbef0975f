//go:build unix

package store_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"midgard/internal/filter"
	"midgard/internal/governance"
	"midgard/internal/store"
	"midgard/internal/store/storetest"
)

// askers is an organisation with a source, people, and a subtype that the first of them may ask for.
type askers struct {
	organisation
	src     governance.Reference
	people  []governance.Reference // all but the first two have nothing to do with it
	subtype governance.Subtype
}

func newAskers(t *testing.T, s *store.Store, approval governance.Approval) askers {
	t.Helper()
	a := askers{organisation: organisation{t, s}}
	a.src = a.source("Servers", false)
	a.people = a.organisation.people(a.source("People", true), "ada", "bob", "cleo", "dora")
	x, err := s.CreateSubtype(t.Context(), organiser, governance.Subtype{Source: a.src, TechnicalName: "bot", DisplayName: "Bot"}, "")
	a.check(err)
	a.subtype, err = s.UpdateSubtype(t.Context(), organiser, x.ID, "", func(x *governance.Subtype) error {
		x.Creation = governance.AccountCreation{Enabled: true, PasswordSetting: governance.PasswordNone, Approval: approval}
		return nil
	})
	a.check(err)
	_, err = s.GrantEntitlement(t.Context(), organiser, a.subtype.Creation.EntitlementID, a.people[0].ID, "")
	a.check(err)
	return a
}

// byGroup lets a governance group of one member decide.
func byGroup(t *testing.T, s *store.Store, a askers, member governance.Reference) governance.Approval {
	t.Helper()
	group, err := s.CreateWorkgroup(t.Context(), organiser, governance.Workgroup{Name: "Deciders " + member.Name})
	a.check(err)
	_, err = s.AddWorkgroupMembers(t.Context(), organiser, group.ID, []string{member.ID})
	a.check(err)
	return governance.Approval{Required: true, Approvers: "workgroup:" + group.ID}
}

func unfilled(*governance.FormDefinition, json.RawMessage) (json.RawMessage, error) {
	return nil, errors.New("there is no form")
}

// ask asks for an account as the first person.
func (a askers) ask(replay governance.Replay) (string, error) {
	draft := governance.AccountRequest{Requester: a.people[0], Subtype: governance.Reference{ID: a.subtype.ID}, Owner: a.people[1], Description: "d"}
	return a.RequestAccount(a.Context(), governance.Actor{IdentityID: a.people[0].ID, Name: "ada"}, draft, replay, unfilled)
}

func (a askers) asked(replay governance.Replay) string {
	a.Helper()
	id, err := a.ask(replay)
	a.check(err)
	return id
}

func (a askers) request(id string) governance.AccountRequest {
	a.Helper()
	r, err := a.AccountRequest(a.Context(), id)
	a.check(err)
	return r
}

// TestProvisioningIsKeptUnderLease: what a worker does that was overtaken is not kept, and the end of the request is the end
// of its job.
func TestProvisioningIsKeptUnderLease(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		a := newAskers(t, s, governance.Approval{})
		id := a.asked(governance.Replay{Body: "1"})
		job := claim(t, s, governance.JobProvision)
		if job.Key != id || string(job.Args) != `{"requestId":"`+id+`"}` {
			t.Fatalf("the job is %+v", job)
		}
		p := governance.Provisioning{Step: "create", Attempts: 2, NativeIdentity: "cn=bot", Attributes: map[string]any{"cn": "bot"}, Done: []string{"name"}}
		a.check(s.SaveProvisioning(t.Context(), job.Lease(), id, p))
		if r := a.request(id); r.Provisioning.NativeIdentity != "cn=bot" || r.Provisioning.Attempts != 2 || r.Provisioning.Done[0] != "name" || r.Status != governance.RequestPending {
			t.Errorf("kept is %+v", r)
		}
		late := governance.Lease{JobID: job.ID, Token: "another"}
		for what, err := range map[string]error{
			"a step": s.SaveProvisioning(t.Context(), late, id, governance.Provisioning{Step: "late"}),
			"an end": s.EndRequest(t.Context(), late, id, governance.RequestOutcome{Error: "late"}),
		} {
			if !errors.Is(err, governance.ErrLeaseLost) {
				t.Errorf("%s of a late worker: %v", what, err)
			}
		}
		made := governance.RequestOutcome{Account: governance.Reference{ID: store.NewID(), Name: "bot"}, MachineIdentity: governance.Reference{ID: store.NewID(), Name: "bot"}}
		a.check(s.EndRequest(t.Context(), job.Lease(), id, made))
		r := a.request(id)
		if r.Status != governance.RequestSucceeded || r.Account != made.Account || r.MachineIdentity != made.MachineIdentity || r.ProvisioningPhase.State != governance.PhasePassed ||
			r.ApprovalPhase.State != governance.PhasePassed || r.Completed.IsZero() || r.Provisioning.Step != "create" {
			t.Errorf("ended it is %+v", r)
		}
		if j, err := s.Job(t.Context(), job.ID); err != nil || j.State != governance.JobCompleted {
			t.Errorf("the job is %+v (%v)", j, err)
		}
		if got := a.actions(id); !slices.Equal(got, []string{"CREATE", "UPDATE", "UPDATE"}) {
			t.Errorf("the changes are %v", got)
		}
	})
}

// TestJobsThatAreGivenUp: a request whose job nobody will try again has failed; a request that has ended stops its worker.
func TestJobsThatAreGivenUp(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		a := newAskers(t, s, governance.Approval{})
		id := a.asked(governance.Replay{Body: "1"})
		job := claim(t, s, governance.JobProvision)
		a.check(s.EndJob(t.Context(), job.Lease(), governance.JobAvailable, "try again", time.Now().Add(-time.Second)))
		if r := a.request(id); r.Status != governance.RequestPending {
			t.Errorf("with another try to come it is %+v", r)
		}
		job = claim(t, s, governance.JobProvision)
		a.check(s.EndJob(t.Context(), job.Lease(), governance.JobFailed, "panic", time.Now()))
		if r := a.request(id); r.Status != governance.RequestFailed || r.Error == "" || r.ProvisioningPhase.State != governance.PhaseFailed {
			t.Errorf("given up it is %+v", r)
		}

		id = a.asked(governance.Replay{Body: "2"})
		job = claim(t, s, governance.JobProvision)
		_, err := s.DeleteSource(t.Context(), organiser, a.src.ID, "")
		a.check(err)
		deletion := claim(t, s, governance.JobDeleteSource)
		repeatedDeletion(t, s, deletion, a.src.ID)
		if r := a.request(id); r.Status != governance.RequestCancelled || r.ProvisioningPhase.State != governance.PhaseCancelled {
			t.Errorf("without its source it is %+v", r)
		}
		if err := s.ExtendLease(t.Context(), job.Lease(), time.Minute); !errors.Is(err, governance.ErrCancelled) {
			t.Errorf("the worker is not told: %v", err)
		}
		for what, err := range map[string]error{
			"a step": s.SaveProvisioning(t.Context(), job.Lease(), id, governance.Provisioning{}), "an end": s.EndRequest(t.Context(), job.Lease(), id, governance.RequestOutcome{}),
		} {
			if !errors.Is(err, governance.ErrCancelled) {
				t.Errorf("%s after the end: %v", what, err)
			}
		}
	})
}

func repeatedDeletion(t *testing.T, s *store.Store, job governance.Job, source string) {
	t.Helper()
	for range 20 {
		done, err := s.DeleteSourceRows(t.Context(), organiser, job.Lease(), source, 10)
		if err != nil {
			t.Fatal(err)
		}
		if done {
			return
		}
	}
	t.Fatal("the source is still there")
}

// TestReplays: a request counts as sent again within a minute, or with the same key within a day.
func TestReplays(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		a := newAskers(t, s, governance.Approval{})
		same := governance.Replay{Body: "same"}
		first := a.asked(same)
		if again := a.asked(same); again != first {
			t.Errorf("sent again it made %s beside %s", again, first)
		}
		keyed := governance.Replay{Body: "same", Key: "k"}
		second := a.asked(keyed)
		if second == first || a.asked(same) != second {
			t.Error("a key does not stand for a request of its own")
		}
		if _, err := a.ask(governance.Replay{Body: "other", Key: "k"}); governance.KindOf(err) != governance.Conflict {
			t.Errorf("another request with the key: %v", err)
		}
		page, err := s.AccountRequests(t.Context(), governance.Viewer{IdentityID: a.people[0].ID}, true, filter.Query{Limit: 10, Count: true})
		if err != nil || page.Total != 2 || len(page.Items) != 2 {
			t.Errorf("there are %d requests (%v)", page.Total, err)
		}
	})
}

// TestReplaysDoNotCountForEver: with a day between them, requests are new ones.
func TestReplaysDoNotCountForEver(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		a := newAskers(t, s, governance.Approval{})
		for _, replay := range []governance.Replay{{Body: "same"}, {Body: "same", Key: "k"}} {
			first := a.asked(replay)
			a.check(s.PruneRequestKeys(t.Context()))
			if a.asked(replay) == first || a.asked(replay) == first {
				t.Errorf("a day later %+v still gives the first request", replay)
			}
		}
		a.asked(governance.Replay{Body: "other", Key: "k"}) // the key is free again
	}, ticking)
}

// TestOneOfManyAtOnce: of requests that come together one is made.
func TestOneOfManyAtOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		a := newAskers(t, s, governance.Approval{})
		for _, replay := range []governance.Replay{{Body: "1"}, {Body: "2", Key: "k"}} {
			ids, errs := make([]string, 8), make([]error, 8)
			var group sync.WaitGroup
			for i := range ids {
				group.Go(func() { ids[i], errs[i] = a.ask(replay) })
			}
			group.Wait()
			if err := errors.Join(errs...); err != nil || len(slices.Compact(slices.Sorted(slices.Values(ids)))) != 1 {
				t.Errorf("%+v made %v (%v)", replay, ids, err)
			}
		}
		jobs, err := s.ClaimJobs(t.Context(), []string{governance.JobProvision}, 10, time.Minute)
		if err != nil || len(jobs) != 2 {
			t.Errorf("%d jobs (%v)", len(jobs), err)
		}
	})
}

// TestDecisionAgainstCancellation lets an approver and the requester come together: one of them wins, and phases, status and
// job agree with that.
func TestDecisionAgainstCancellation(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		a := newAskers(t, s, governance.Approval{})
		setting := byGroup(t, s, a, a.people[2])
		_, err := s.UpdateSubtype(t.Context(), organiser, a.subtype.ID, "", func(x *governance.Subtype) error { x.Creation.Approval = setting; return nil })
		a.check(err)
		for i := range 6 {
			id := a.asked(governance.Replay{Body: fmt.Sprint(i)})
			approval := a.request(id).ApprovalID
			var group sync.WaitGroup
			var decided, cancelled error
			group.Go(func() {
				_, decided = s.DecideApproval(t.Context(), organiser, approval, governance.ApprovalDecision{By: a.people[2], Decision: governance.ApprovalApproved})
			})
			group.Go(func() {
				_, cancelled = s.CancelRequest(t.Context(), governance.Actor{IdentityID: a.people[0].ID, Name: "ada"}, id, governance.Viewer{IdentityID: a.people[0].ID}, "")
			})
			group.Wait()
			a.agree(id, decided, cancelled)
		}
	})
}

func (a askers) agree(id string, decided, cancelled error) {
	a.Helper()
	r := a.request(id)
	jobs, err := a.ClaimJobs(a.Context(), []string{governance.JobProvision}, 10, time.Minute)
	a.check(err)
	switch {
	case decided == nil && governance.KindOf(cancelled) == governance.Conflict:
		if r.ApprovalPhase.State != governance.PhaseApproved || r.Status != governance.RequestPending || len(jobs) != 1 {
			a.Errorf("approved it is %+v with %d jobs", r, len(jobs))
		}
	case cancelled == nil && governance.KindOf(decided) == governance.Conflict:
		if r.ApprovalPhase.State != governance.PhaseCancelled || r.Status != governance.RequestCancelled || len(jobs) != 0 {
			a.Errorf("cancelled it is %+v with %d jobs", r, len(jobs))
		}
	default:
		a.Errorf("the decision: %v; the cancellation: %v", decided, cancelled)
	}
}

// TestHoldings: a person holds an entitlement by a grant or as the member of a group, and no longer than that.
func TestHoldings(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		a := newAskers(t, s, governance.Approval{})
		id, ada, bob := a.subtype.Creation.EntitlementID, a.people[0], a.people[1]
		again, err := s.GrantEntitlement(t.Context(), governance.Actor{Name: "somebody else"}, id, ada.ID, "")
		if err != nil || again.GrantedBy != organiser.Name || again.Identity != ada {
			t.Errorf("granted again it is %+v (%v)", again, err)
		}
		group, err := s.CreateWorkgroup(t.Context(), organiser, governance.Workgroup{Name: "Askers"})
		a.check(err)
		_, err = s.AddWorkgroupMembers(t.Context(), organiser, group.ID, []string{ada.ID, bob.ID})
		a.check(err)
		if _, err = s.GrantToGroup(t.Context(), organiser, id, group.ID, ""); err != nil {
			t.Fatal(err)
		}
		a.wantHolders(id, map[string]int{"Name of ada": 2, "Name of bob": 1})
		wantKind(t, s.DeleteWorkgroup(t.Context(), organiser, group.ID), governance.InUse, "rule for entitlement")
		wantKind(t, s.RevokeEntitlement(t.Context(), organiser, id, bob.ID, ""), governance.NotFound, bob.ID)
		a.check(s.RevokeEntitlement(t.Context(), organiser, id, ada.ID, ""))
		a.wantHolders(id, map[string]int{"Name of ada": 1, "Name of bob": 1})
		_, err = s.RemoveWorkgroupMembers(t.Context(), organiser, group.ID, []string{bob.ID})
		a.check(err)
		a.wantHolders(id, map[string]int{"Name of ada": 1})
		a.check(s.RevokeFromGroup(t.Context(), organiser, id, group.ID, ""))
		wantKind(t, s.RevokeFromGroup(t.Context(), organiser, id, group.ID, ""), governance.NotFound, group.ID)
		a.wantHolders(id, nil)
		_, err = a.ask(governance.Replay{Body: "1"})
		wantKind(t, err, governance.Forbidden, "subtypeId")
		if got := a.actions(id); !slices.Equal(got, []string{"CREATE", "CREATE", "CREATE", "DELETE", "DELETE"}) {
			t.Errorf("the changes are %v", got)
		}
	})
}

func (a askers) wantHolders(entitlement string, want map[string]int) {
	a.Helper()
	page, err := a.Holdings(a.Context(), filter.Query{Where: equalTo("entitlement.id", entitlement), Limit: 10})
	a.check(err)
	got := map[string]int{}
	for _, h := range page.Items {
		got[h.Identity.Name]++
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		a.Errorf("the holders are %v, want %v", got, want)
	}
	for _, p := range a.people {
		held, err := a.Holds(a.Context(), p.ID, entitlement)
		if err != nil || held != (want[p.Name] > 0) {
			a.Errorf("%s holds it: %v (%v)", p.Name, held, err)
		}
	}
}

// TestWhatPeopleCannotHold: neither what accounts have on their source nor what another sub-administrator's source has.
func TestWhatPeopleCannotHold(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		a := newAskers(t, s, governance.Approval{})
		id, ada := a.subtype.Creation.EntitlementID, a.people[0]
		a.apply(a.src, governance.ObservedAccount{NativeIdentity: "x", Name: "x", Attributes: json.RawMessage("{}"), Entitlements: []governance.EntitlementValue{{Attribute: "groups", Value: "g"}}})
		page, err := s.Entitlements(t.Context(), filter.Query{Where: equalTo("value", "g"), Limit: 1})
		a.check(err)
		for name, test := range map[string]struct {
			entitlement, person, administeredBy string
			kind                                governance.Kind
			part                                string
		}{
			"of accounts":    {page.Items[0].ID, ada.ID, "", governance.Illegal, "entitlementId"},
			"unknown":        {ada.ID, ada.ID, "", governance.NotFound, "Entitlement"},
			"nobody":         {id, id, "", governance.NotFound, "Identity"},
			"other's source": {id, ada.ID, ada.ID, governance.NotFound, "Entitlement"},
		} {
			_, err := s.GrantEntitlement(t.Context(), organiser, test.entitlement, test.person, test.administeredBy)
			if wantKind(t, err, test.kind, test.part); t.Failed() {
				t.Fatal(name)
			}
		}
		wantKind(t, s.RevokeEntitlement(t.Context(), organiser, id, ada.ID, ada.ID), governance.NotFound, "Entitlement")
		_, err = s.UpdateSubtype(t.Context(), organiser, a.subtype.ID, "", func(x *governance.Subtype) error { x.Creation.Enabled = false; return nil })
		a.check(err)
		if held, err := s.Holds(t.Context(), ada.ID, id); held || err != nil {
			t.Errorf("what is no more is held: %v (%v)", held, err)
		}
	})
}
