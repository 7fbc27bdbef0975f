//go:build unix

package store_test

import (
	"context"
	"fmt"
	"testing"

	"midgard/internal/governance"
	"midgard/internal/store"
	"midgard/internal/store/storetest"
)

// TestNothingUndoesAPersonsEdit lets a person edit an account and its machine identity while the server's own work goes
// over the same rows. An edit that was answered must be there afterwards, whichever came first.
func TestNothingUndoesAPersonsEdit(t *testing.T) {
	t.Parallel()
	const rounds = 20
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		r := newRun(t, s)
		if _, err := s.StartClassification(t.Context(), testActor, r.source, governance.ModeDefault); err != nil {
			t.Fatal(err)
		}
		for name, work := range r.works() {
			for round := range rounds {
				o := observed(fmt.Sprint(name, " ", round), true)
				o.OwnerKey = "owner of " + o.Name
				r.apply(t, o)
				before := r.account(t, o.NativeIdentity)
				errs := make(chan error, 3)
				go func() { errs <- r.accessType(before.ID, o.Name) }()
				go func() { errs <- r.describe(before.MachineIdentity.ID, o.Name) }()
				go func() { errs <- work(o, before) }()
				for range cap(errs) {
					if err := <-errs; err != nil {
						t.Fatalf("%s: %v", o.Name, err)
					}
				}
				after := r.account(t, o.NativeIdentity)
				m, err := s.MachineIdentity(t.Context(), after.MachineIdentity.ID, "")
				if err != nil || after.AccessType != o.Name || m.Description != o.Name {
					t.Errorf("after %q the account has the access type %q and its machine identity the description %q (%v)", o.Name, after.AccessType, m.Description, err)
				}
			}
		}
	})
}

func (r running) accessType(id, text string) error {
	_, err := r.UpdateAccount(context.Background(), testActor, id, "", func(a *governance.Account) error { a.AccessType = text; return nil })
	return err
}

func (r running) describe(id, text string) error {
	_, err := r.UpdateMachineIdentity(context.Background(), testActor, id, func(m *governance.MachineIdentity) error {
		m.Description, m.ManuallyEdited = text, true
		return nil
	})
	return err
}

// works are what the server does by itself to accounts and machine identities.
func (r running) works() map[string]func(governance.ObservedAccount, governance.Account) error {
	ctx := context.Background()
	return map[string]func(governance.ObservedAccount, governance.Account) error{
		"missing": func(governance.ObservedAccount, governance.Account) error {
			_, _, err := r.MarkMissing(ctx, testActor, r.lease, r.source.ID, func(int64) bool { return false })
			return err
		},
		"read anew": func(o governance.ObservedAccount, a governance.Account) error {
			o.Attributes, o.Disabled = []byte(`{"cn":"other"}`), true
			digests, err := r.Digests(ctx, r.source.ID, []string{o.NativeIdentity})
			if err != nil {
				return err
			}
			_, err = r.ApplyAccounts(ctx, testActor, r.lease, r.source, []governance.AccountWrite{{Digest: digests[0], Observed: o}}, nil)
			return err
		},
		"classified": func(_ governance.ObservedAccount, a governance.Account) error {
			_, err := r.ClassifyPage(ctx, testActor, r.lease, r.source.ID, "", 1000, func(a *governance.Account) bool {
				a.Method = governance.ByHand
				return true
			}, nil)
			return err
		},
		"owned": func(o governance.ObservedAccount, _ governance.Account) error {
			_, err := r.UpsertPeople(ctx, r.source, observedPerson(o.OwnerKey))
			return err
		},
	}
}
