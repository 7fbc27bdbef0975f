//go:build unix

package provision_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"midgard/internal/governance"
	"midgard/internal/store"
	"midgard/internal/store/storetest"
	"midgard/internal/testenv"
)

// operators makes the group of the directory an entitlement of the inventory and gives its id.
func (w *world) operators() governance.Reference {
	w.Helper()
	lease := w.claim(w.enqueue(store.NewID()), "test")
	e := governance.Entitlement{Source: governance.Reference{ID: w.src.ID}, Attribute: "groups", Value: "cn=operators," + groups, Name: "operators", Type: "group"}
	_, _, err := w.ApplyEntitlements(w.Context(), tester, lease.Lease(), []governance.Entitlement{e})
	w.check(err)
	w.check(w.EndJob(w.Context(), lease.Lease(), governance.JobCompleted, "", time.Now()))
	return governance.Reference{ID: w.entitlement("operators").ID}
}

func (w *world) entitlement(name string) governance.Entitlement {
	w.Helper()
	page, err := w.Entitlements(w.Context(), query(w.T, `name eq "`+name+`"`, "name eq"))
	w.check(err)
	if len(page.Items) != 1 {
		w.Fatalf("%d entitlements %q", len(page.Items), name)
	}
	return page.Items[0]
}

// TestCreation goes the whole way with what a fresh subtype has, and looks at the source and at the inventory afterwards.
func TestCreation(t *testing.T) {
	t.Parallel()
	slapd := testenv.Slapd(t, testenv.WithLDIF(branches))
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s, slapd)
		w.directory(slapd.Port, nil)
		uid := "Build " + t.Name()[strings.LastIndex(t.Name(), "/")+1:]
		id := w.ask(`{"name":" `+uid+` "}`, func(r *governance.AccountRequest) { r.Entitlements = []governance.Reference{w.operators()} })
		r := w.done(id)

		dn := serviceDN(strings.ReplaceAll(uid, " ", "-"))
		a := w.find(w.src.ID, dn)
		if a.ID == "" || a.ID != r.Account.ID || !a.Machine || a.Method != governance.ByHand || a.Owner != w.bob || a.Subtype != "svc" || a.Environment != "Test" ||
			a.Description != "For the tests" || !a.ManuallyEdited || !a.HasEntitlements || a.UUID == "" || !a.MachineIdentity.Set() || a.MachineIdentity != r.MachineIdentity {
			t.Errorf("the account is %+v of %+v", a, r)
		}
		m, err := s.MachineIdentity(t.Context(), a.MachineIdentity.ID, "")
		if err != nil || m.Owners.Primary.ID != w.bob.ID || m.Environment != "Test" {
			t.Errorf("its machine identity is %+v (%v)", m, err)
		}
		w.checkPassword(id, dn)
		w.aggregate()
		if again := w.find(w.src.ID, dn); again.ID != a.ID || !again.Machine || again.Owner != w.bob || again.Environment != "Test" || again.MachineIdentity != a.MachineIdentity {
			t.Errorf("aggregated it is %+v", again)
		}
	})
}

// checkPassword fetches the password of a new account, which the directory takes, and looks for it where it must not be.
func (w *world) checkPassword(id, dn string) {
	w.Helper()
	if _, err := w.service.TakePassword(w.Context(), tester, id, w.ada.ID); governance.KindOf(err) != governance.NotFound {
		w.Errorf("the requester, who is not the owner, got %v", err)
	}
	password, err := w.service.TakePassword(w.Context(), tester, id, w.bob.ID)
	w.check(err)
	if !w.canLogIn(dn, password.Secret.Reveal()) || len(password.Secret.Reveal()) != 24 || w.canLogIn(dn, "guess") {
		w.Errorf("the password of %d characters does not open %s", len(password.Secret.Reveal()), dn)
	}
	if _, err := w.service.TakePassword(w.Context(), tester, id, w.bob.ID); governance.KindOf(err) != governance.NotFound {
		w.Errorf("the owner got it twice: %v", err)
	}
	changes, err := w.Changes(w.Context(), "", "", 1000)
	w.check(err)
	for _, c := range changes {
		if strings.Contains(fmt.Sprintf("%s %s %+v", c.Before, c.After, c), password.Secret.Reveal()) {
			w.Errorf("the change record %s of %s has the password", c.ID, c.ObjectType)
		}
	}
}

// TestKilledAnywhere ends the worker at every point of a creation and of the deletion that follows. The next one goes on:
// there is one account, and then none.
func TestKilledAnywhere(t *testing.T) {
	t.Parallel()
	slapd := testenv.Slapd(t, testenv.WithLDIF(branches))
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s, slapd)
		w.directory(slapd.Port, nil)
		operators := w.operators()
		engine := t.Name()[strings.LastIndex(t.Name(), "/")+1:]
		create := func(name string) string {
			return w.ask(`{"name":"`+name+`"}`, func(r *governance.AccountRequest) { r.Entitlements = []governance.Reference{operators} })
		}
		points := 0
		for living := false; !living; {
			points++
			name := fmt.Sprintf("%s-%d", engine, points)
			id := create(name)
			living = !w.dies(id, points)
			r := w.request(id)
			if r.Status != governance.RequestSucceeded || r.Provisioning.NativeIdentity != serviceDN(name) {
				t.Fatalf("killed at point %d: %s %s %+v", points, r.Status, r.Error, r.Provisioning)
			}
			if password, err := w.service.TakePassword(t.Context(), tester, id, w.bob.ID); err != nil || !w.canLogIn(serviceDN(name), password.Secret.Reveal()) {
				t.Errorf("killed at point %d: the owner gets no password that opens the account: %v", points, err)
			}
		}
		w.sameEverywhere(engine, points)
		deaths := 0
		for living := false; !living; {
			deaths++
			account := w.find(w.src.ID, serviceDN(fmt.Sprintf("%s-%d", engine, deaths)))
			id := w.askDeletion(account)
			living = !w.dies(id, deaths)
			if r := w.request(id); r.Status != governance.RequestSucceeded {
				t.Fatalf("the deletion that was killed at point %d: %s %s %+v", deaths, r.Status, r.Error, r.Provisioning)
			}
		}
		w.sameEverywhere(engine, points-deaths)
		if points < 20 || deaths < 10 {
			t.Errorf("there are %d points in a creation and %d in a deletion", points, deaths)
		}
	})
}

// dies works on a request until it has ended. The first worker dies at a point, unless it has ended before: then dies is
// false.
func (w *world) dies(id string, at int) bool {
	w.Helper()
	w.killer.at = at
	err := w.work(id)
	w.killer.at = 0
	if err == nil {
		return w.killer.passed >= at
	}
	for range 3 {
		if w.request(id).Status != governance.RequestPending {
			return true
		}
		if err := w.work(id); err != nil {
			w.Logf("after point %d: %v", at, err)
		}
	}
	return true
}

// sameEverywhere wants as many accounts of a name in the directory as in the inventory.
func (w *world) sameEverywhere(name string, n int) {
	w.Helper()
	there := 0
	for uid := range w.onSource() {
		if strings.HasPrefix(uid, name+"-") {
			there++
		}
	}
	page, err := w.MachineAccounts(w.Context(), query(w.T, "", ""))
	w.check(err)
	if there != n || len(page.Items) != n {
		w.Errorf("%d accounts in the directory and %d in the inventory, want %d", there, len(page.Items), n)
	}
}

// TestNames: a name that the source or another request has is passed over, however late that shows.
func TestNames(t *testing.T) {
	t.Parallel()
	slapd := testenv.Slapd(t, testenv.WithLDIF(branches+
		"dn: uid=bot,"+services+"\nobjectClass: account\nuid: bot\n\n"))
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s, slapd)
		w.directory(slapd.Port, map[string]any{"createObjectClasses": []string{"account", "simpleSecurityObject"}})
		engine := t.Name()[strings.LastIndex(t.Name(), "/")+1:]
		w.done(w.ask(`{"name":"bot"}`))
		second := w.done(w.ask(`{"uid":"bot"}`))
		if names := second.Provisioning; !strings.HasPrefix(names.Name, "bot") || names.Name == "bot" {
			t.Errorf("the second bot is %+v", names)
		}
		plain := w.done(w.ask(""))
		if !strings.HasPrefix(plain.Provisioning.Name, "svc") {
			t.Errorf("without an input the name is %q", plain.Provisioning.Name)
		}
		w.planned(engine)
	})
}

// planned lets another request plan while one has planned the same name and is not made yet, and somebody else make it.
func (w *world) planned(engine string) {
	w.Helper()
	first := w.ask(`{"name":"race-` + engine + `"}`)
	w.killer.at = 6 // planned, and about to be made
	if err := w.work(first); err == nil {
		w.Fatal("the worker lives")
	}
	w.killer.at = 0
	if p := w.request(first).Provisioning; p.Step != governance.StepCreate || p.Name != "race-"+engine || w.onSource()[p.Name].Identity != "" {
		w.Fatalf("the worker died at %+v", p)
	}
	second := w.askWhile(first, `{"name":"race-`+engine+`"}`)
	w.slapd.Add("dn: uid=race-" + engine + "," + services + "\nobjectClass: account\nuid: race-" + engine + "\ndescription: of somebody else\n\n")
	w.done(first)
	a, b := w.request(first).Provisioning.Name, w.request(second).Provisioning.Name
	if a == b || a == "race-"+engine || b == "race-"+engine {
		w.Errorf("the names are %q and %q", a, b)
	}
}

// askWhile provisions another request while the job of the first one waits.
func (w *world) askWhile(waiting, input string) string {
	w.Helper()
	j := w.claim(waiting, governance.JobProvision)
	id := w.ask(input)
	w.done(id)
	w.check(w.EndJob(w.Context(), j.Lease(), governance.JobAvailable, "", time.Now().Add(-time.Second)))
	return id
}

// TestLateEnds: a request that has ended meanwhile needs no worker, and one that was overtaken writes nothing.
func TestLateEnds(t *testing.T) {
	t.Parallel()
	slapd := testenv.Slapd(t, testenv.WithLDIF(branches))
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s, slapd)
		w.directory(slapd.Port, nil)
		id := w.ask(`{"name":"late"}`)
		j := w.claim(id, governance.JobProvision)
		stale := j
		stale.Token = "another"
		if err := w.service.Work(t.Context(), stale); !errors.Is(err, governance.ErrLeaseLost) {
			t.Errorf("a worker without the lease: %v", err)
		}
		w.check(s.EndRequest(t.Context(), j.Lease(), id, governance.RequestOutcome{Error: "enough"}))
		if err := w.service.Work(t.Context(), j); err != nil {
			t.Errorf("a request that has ended: %v", err)
		}
		if len(w.onSource()) != 0 {
			t.Errorf("there are %v", w.onSource())
		}
	})
}
