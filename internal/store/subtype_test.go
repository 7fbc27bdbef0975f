//go:build unix

package store_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"midgard/internal/filter"
	"midgard/internal/governance"
	"midgard/internal/store"
	"midgard/internal/store/storetest"
)

// labels is a mapper that gives every account the same subtype.
type labels string

func (labels) OwnerKeys(*governance.Account) []string { return nil }

func (l labels) Map(_ context.Context, a *governance.Account, _ governance.People) ([]string, error) {
	a.Subtype = string(l)
	return nil, nil
}

// label brings in machine accounts, called by their numbers, that have a subtype.
func (r running) label(t *testing.T, subtype string, from, to int) {
	t.Helper()
	writes := make([]governance.AccountWrite, to-from)
	for i := range writes {
		writes[i].Observed = observed(fmt.Sprint(from+i), true)
	}
	if _, err := r.ApplyAccounts(t.Context(), testActor, r.lease, r.source, writes, labels(subtype)); err != nil {
		t.Fatal(err)
	}
}

func (r running) newSubtype(t *testing.T, technicalName, displayName string) governance.Subtype {
	t.Helper()
	x, err := r.CreateSubtype(t.Context(), testActor, governance.Subtype{Source: r.source, TechnicalName: technicalName, DisplayName: displayName}, "")
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// displayed counts the machine accounts whose subtype is displayed by a name.
func (r running) displayed(t *testing.T, name string) int {
	t.Helper()
	where, err := filter.Compile(fmt.Sprintf("subtype.displayName eq %q", name), filter.MustParseFields("subtype.displayName eq"))
	if err != nil {
		t.Fatal(err)
	}
	page, err := r.MachineAccounts(t.Context(), filter.Query{Where: where, Count: true})
	if err != nil {
		t.Fatal(err)
	}
	return page.Total
}

// TestDisplayNamesOfSubtypes: accounts are found by the display name of their subtype, whether they or it came first.
func TestDisplayNamesOfSubtypes(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		r := newRun(t, s)
		r.label(t, "bot", 0, 3)
		if r.displayed(t, "bot") != 3 {
			t.Error("a text that no subtype explains is not its own display name")
		}
		x := r.newSubtype(t, "BOT", "Software robot")
		r.label(t, "Bot", 3, 5)
		if n := r.displayed(t, "software robot"); n != 5 {
			t.Errorf("%d accounts are displayed as the subtype", n)
		}
		x, err := s.UpdateSubtype(t.Context(), testActor, x.ID, "", func(x *governance.Subtype) error { x.DisplayName = "Robot"; return nil })
		if err != nil || x.DisplayName != "Robot" || r.displayed(t, "software robot") != 0 || r.displayed(t, "robot") != 5 {
			t.Errorf("renamed it is %+v with %d accounts (%v)", x, r.displayed(t, "robot"), err)
		}
		old := r.account(t, "cn=1")
		kept, err := s.UpdateAccount(t.Context(), testActor, old.ID, "", func(a *governance.Account) error { a.AccessType = "x"; return nil })
		if err != nil || kept.Subtype != "bot" || r.displayed(t, "robot") != 5 {
			t.Errorf("an edit of something else leaves %+v with %d accounts (%v)", kept, r.displayed(t, "robot"), err)
		}
	})
}

// TestDeleteSubtypeOfManyAccounts: the accounts are more than one transaction takes.
func TestDeleteSubtypeOfManyAccounts(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		r := newRun(t, s)
		const accounts = 201
		x := r.newSubtype(t, "bot", "Robot")
		r.label(t, "bot", 0, accounts)
		if n := r.displayed(t, "robot"); n != accounts {
			t.Fatalf("%d accounts have the subtype", n)
		}
		if err := s.DeleteSubtype(t.Context(), testActor, x.ID, ""); err != nil {
			t.Fatal(err)
		}
		if n := r.displayed(t, "robot"); n != 0 {
			t.Errorf("%d accounts keep the subtype", n)
		}
		if _, err := s.Subtype(t.Context(), x.ID, ""); governance.KindOf(err) != governance.NotFound {
			t.Errorf("the subtype: %v", err)
		}
		changes, err := s.Changes(t.Context(), r.account(t, "cn=7").ID, "", 10)
		if err != nil || len(changes) != 2 || string(changes[1].Before) != `{"subtype":"bot"}` {
			t.Errorf("the account's changes are %+v (%v)", changes, err)
		}
	})
}

// TestNoAccountGetsASubtypeThatGoes lets people give accounts a subtype while it is deleted.
func TestNoAccountGetsASubtypeThatGoes(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		r := newRun(t, s)
		const accounts = 8
		writes := make([]governance.AccountWrite, accounts)
		for i := range writes {
			writes[i].Observed = observed(fmt.Sprint(i), true)
		}
		if _, err := s.ApplyAccounts(t.Context(), testActor, r.lease, r.source, writes, nil); err != nil {
			t.Fatal(err)
		}
		for range 5 {
			x := r.newSubtype(t, "bot", "Robot")
			var all sync.WaitGroup
			for i := range accounts {
				id := r.account(t, fmt.Sprint("cn=", i)).ID
				all.Go(func() {
					_, err := s.UpdateAccount(t.Context(), testActor, id, "", func(a *governance.Account) error { a.Subtype = "bot"; return nil })
					if err != nil && governance.KindOf(err) != governance.UnknownRef {
						t.Error(err)
					}
				})
			}
			all.Go(func() {
				if err := s.DeleteSubtype(t.Context(), testActor, x.ID, ""); err != nil {
					t.Error(err)
				}
			})
			all.Wait()
			if n := r.displayed(t, "robot"); n != 0 {
				t.Errorf("%d accounts have a subtype that is gone", n)
			}
		}
	})
}
