package store_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"midgard/internal/filter"
	"midgard/internal/governance"
	"midgard/internal/store"
	"midgard/internal/store/storetest"
)

// running is a store with a source and a job that holds a lease on it.
type running struct {
	*store.Store
	source governance.Reference
	lease  governance.Lease
}

var testActor = governance.Actor{Name: "tester", TrackingID: "0123456789abcdef0123456789abcdef"}

func newRun(t *testing.T, s *store.Store) running {
	t.Helper()
	src, err := s.CreateSource(t.Context(), testActor, governance.Source{Name: "Directory", Connector: "openldap", DeleteThreshold: 10}, nil)
	if err != nil {
		t.Fatal(err)
	}
	ref := governance.Reference{ID: src.ID, Name: src.Name}
	_, err = s.StartTask(t.Context(), testActor, governance.Task{Name: governance.TaskAccountAggregation, Target: ref, SourceID: ref.ID}, "test", ref.ID,
		func(string) any { return nil })
	if err != nil {
		t.Fatal(err)
	}
	jobs, err := s.ClaimJobs(t.Context(), []string{"test"}, 1, time.Minute)
	if err != nil || len(jobs) != 1 {
		t.Fatalf("claimed %d jobs: %v", len(jobs), err)
	}
	return running{s, ref, jobs[0].Lease()}
}

// observed makes an account; machine accounts are told by their name.
func observed(name string, machine bool, groups ...string) governance.ObservedAccount {
	o := governance.ObservedAccount{NativeIdentity: "cn=" + name, Name: name, Attributes: json.RawMessage(`{"cn":"` + name + `"}`), Machine: &machine}
	if machine {
		o.Method = governance.ByCriteria
	}
	for _, g := range groups {
		o.Entitlements = append(o.Entitlements, governance.EntitlementValue{Attribute: "groups", Value: g})
	}
	sum := sha256.Sum256([]byte(fmt.Sprint(o, machine)))
	copy(o.Hash[:], sum[:])
	return o
}

// apply does what a run does: it looks up, skips what is equal and writes the rest.
func (r running) apply(t *testing.T, accounts ...governance.ObservedAccount) governance.Applied {
	t.Helper()
	names := make([]string, len(accounts))
	for i, a := range accounts {
		names[i] = a.NativeIdentity
	}
	digests, err := r.Digests(t.Context(), r.source.ID, names)
	if err != nil {
		t.Fatal(err)
	}
	var writes []governance.AccountWrite
	for i, a := range accounts {
		if digests[i].ID == "" || digests[i].Hash != a.Hash || digests[i].Missing {
			writes = append(writes, governance.AccountWrite{Digest: digests[i], Observed: a})
		}
	}
	done, err := r.ApplyAccounts(t.Context(), testActor, r.lease, r.source, writes, nil)
	if err != nil {
		t.Fatal(err)
	}
	return done
}

func (r running) account(t *testing.T, native string) governance.Account {
	t.Helper()
	where, err := filter.Compile(`nativeIdentity eq "`+native+`"`, filter.MustParseFields("nativeIdentity eq"))
	if err != nil {
		t.Fatal(err)
	}
	page, err := r.Accounts(t.Context(), filter.Query{Where: where, Limit: 10})
	if err != nil || len(page.Items) != 1 {
		t.Fatalf("found %d accounts %q: %v", len(page.Items), native, err)
	}
	return page.Items[0]
}

func (r running) machineIdentities(t *testing.T) []governance.MachineIdentity {
	t.Helper()
	page, err := r.MachineIdentities(t.Context(), filter.Query{Limit: 250, Sort: []filter.Sort{{Field: "name"}}})
	if err != nil {
		t.Fatal(err)
	}
	return page.Items
}

func TestApplyAccounts(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		r := newRun(t, s)
		done := r.apply(t, observed("svc-a", true, "admins", "readers"), observed("jane", false), observed("svc-b", true, "readers"))
		want := governance.Applied{Ordinals: []int64{1, 2, 3}, Created: 3, Machines: 2, Identities: 2}
		if diff := cmp.Diff(want, done); diff != "" {
			t.Fatal(diff)
		}
		a := r.account(t, "cn=svc-a")
		if !a.Machine || a.Method != governance.ByCriteria || !a.HasEntitlements || !a.MachineIdentity.Set() || a.AccessType != governance.AccessDirect {
			t.Errorf("svc-a is %+v", a)
		}
		if jane := r.account(t, "cn=jane"); jane.Machine || jane.MachineIdentity.Set() {
			t.Errorf("jane is %+v", jane)
		}
		held, err := r.AccountEntitlements(t.Context(), a.ID, filter.Query{Limit: 10, Sort: []filter.Sort{{Field: "name"}}})
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, e := range held.Items {
			names = append(names, e.Name)
		}
		if !slices.Equal(names, []string{"admins", "readers"}) {
			t.Errorf("svc-a holds %v", names)
		}
		if again := r.apply(t, observed("svc-a", true, "admins", "readers")); again.Created+again.Updated != 0 {
			t.Errorf("an unchanged account was written: %+v", again)
		}
	})
}

func TestApplyAccountsUpdates(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		r := newRun(t, s)
		r.apply(t, observed("svc-a", true, "admins"))
		changed := observed("svc-a", true, "readers")
		changed.Name, changed.Disabled, changed.Hash[0] = "svc-a renamed", true, 7
		if done := r.apply(t, changed); done.Updated != 1 || done.Created != 0 {
			t.Fatalf("%+v", done)
		}
		a := r.account(t, "cn=svc-a")
		if a.Name != "svc-a renamed" || !a.Disabled {
			t.Errorf("the account is %+v", a)
		}
		if m := r.machineIdentities(t); len(m) != 1 || m[0].Name != "svc-a renamed" || a.MachineIdentity.Name != "svc-a renamed" {
			t.Errorf("its machine identity does not follow: %+v", m)
		}
		held, err := r.AccountEntitlements(t.Context(), a.ID, filter.Query{Limit: 10})
		if err != nil || len(held.Items) != 1 || held.Items[0].Value != "readers" {
			t.Errorf("it holds %+v: %v", held.Items, err)
		}
		changes, err := r.Changes(t.Context(), a.ID, "", 10)
		if err != nil || len(changes) != 2 || changes[1].Action != governance.ActionUpdate || changes[1].Actor.Name != "tester" {
			t.Fatalf("changes are %+v: %v", changes, err)
		}
		var before, after map[string]any
		if json.Unmarshal(changes[1].Before, &before) != nil || json.Unmarshal(changes[1].After, &after) != nil || before["name"] != "svc-a" || after["disabled"] != true {
			t.Errorf("the record says %s and %s", changes[1].Before, changes[1].After)
		}
	})
}

func TestManualDecisionsSurviveAggregation(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		r := newRun(t, s)
		r.apply(t, observed("svc-a", true), observed("svc-b", true))
		edit := func(native string, change func(*governance.Account)) {
			_, err := r.UpdateAccount(t.Context(), testActor, r.account(t, native).ID, "", func(a *governance.Account) error { change(a); return nil })
			if err != nil {
				t.Fatal(err)
			}
		}
		edit("cn=svc-a", func(a *governance.Account) { a.Description, a.ManuallyEdited = "entered by hand", true })
		edit("cn=svc-b", func(a *governance.Account) { a.Machine, a.Method = false, governance.ByHand })
		if n := len(r.machineIdentities(t)); n != 1 {
			t.Errorf("%d machine identities are left of two; the one without an account should have gone", n)
		}
		for _, name := range []string{"svc-a", "svc-b"} {
			o := observed(name, true)
			o.Description, o.Hash[0] = "from the source", 9
			r.apply(t, o)
		}
		if a := r.account(t, "cn=svc-a"); a.Description != "entered by hand" || !a.Machine {
			t.Errorf("an edited account was overwritten: %+v", a)
		}
		if b := r.account(t, "cn=svc-b"); b.Machine || b.Method != governance.ByHand || b.Description != "from the source" {
			t.Errorf("a manual classification was overwritten: %+v", b)
		}
	})
}

func TestMissingAccounts(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		r := newRun(t, s)
		r.apply(t, observed("svc-a", true), observed("svc-b", true), observed("jane", false))
		missing, total, err := r.MarkMissing(t.Context(), testActor, r.lease, r.source.ID, func(n int64) bool { return n != 2 })
		if err != nil || missing != 1 || total != 3 {
			t.Fatalf("%d of %d missing: %v", missing, total, err)
		}
		if b := r.account(t, "cn=svc-b"); b.MissingSince.IsZero() {
			t.Error("svc-b is not marked")
		}
		if m := r.machineIdentities(t); m[0].ExistsOnSource != governance.ExistsTrue || m[1].ExistsOnSource != governance.ExistsFalse {
			t.Errorf("existsOnSource is %s and %s", m[0].ExistsOnSource, m[1].ExistsOnSource)
		}
		r.apply(t, observed("svc-b", true))
		if b := r.account(t, "cn=svc-b"); !b.MissingSince.IsZero() {
			t.Error("svc-b is back and still marked")
		}
		if m := r.machineIdentities(t); m[1].ExistsOnSource != governance.ExistsTrue {
			t.Error("the machine identity of svc-b is still gone")
		}
		if _, _, err = r.MarkMissing(t.Context(), testActor, r.lease, r.source.ID, func(n int64) bool { return n == 3 }); err != nil {
			t.Fatal(err)
		}
		if n, err := r.RemoveMissing(t.Context(), testActor, r.lease, r.source.ID); err != nil || n != 2 {
			t.Fatalf("removed %d: %v", n, err)
		}
		if m := r.machineIdentities(t); len(m) != 0 {
			t.Errorf("machine identities outlived their accounts: %+v", m)
		}
	})
}

func TestLateWorkerWritesNothing(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		r := newRun(t, s)
		if err := r.ReleaseJob(t.Context(), r.lease); err != nil {
			t.Fatal(err)
		}
		if _, err := r.ClaimJobs(t.Context(), []string{"test"}, 1, time.Minute); err != nil {
			t.Fatal(err)
		}
		_, err := r.ApplyAccounts(t.Context(), testActor, r.lease, r.source, []governance.AccountWrite{{Observed: observed("svc-a", true)}}, nil)
		if err == nil {
			t.Fatal("a worker that lost its lease could write")
		}
		page, err := r.Accounts(context.Background(), filter.Query{Limit: 10})
		if err != nil || len(page.Items) != 0 {
			t.Errorf("%d accounts were written: %v", len(page.Items), err)
		}
	})
}

// TestOvertaken: what was taken for a new account and is there by now is told apart from faults, and writes nothing.
func TestOvertaken(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		r := newRun(t, s)
		r.apply(t, observed("svc", true))
		writes := []governance.AccountWrite{{Observed: observed("new", true)}, {Observed: observed("svc", true)}}
		if _, err := r.ApplyAccounts(t.Context(), testActor, r.lease, r.source, writes, nil); !errors.Is(err, governance.ErrOvertaken) {
			t.Errorf("an account that is there already is made: %v", err)
		}
		if done := r.apply(t, observed("new", true), observed("svc", true)); done.Created != 1 {
			t.Errorf("looked up again it is %+v", done)
		}
	})
}
