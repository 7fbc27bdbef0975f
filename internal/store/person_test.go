//go:build unix

package store_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"midgard/internal/filter"
	"midgard/internal/governance"
	"midgard/internal/store"
	"midgard/internal/store/storetest"
)

func TestUpsertPeople(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := organisation{t, s}
		hr := o.source("HR", true)
		ada := o.people(hr, "ada")[0]

		got := o.identity(ada.ID)
		want := governance.Identity{
			ID: ada.ID, UID: "ada", Name: "Name of ada", FirstName: "Name", LastName: "Of ada", Email: "ada@example.org", LifecycleState: "active",
			State: governance.StateActive, Attributes: []byte(`{"department":"IT"}`), Source: hr, Created: got.Created, Modified: got.Created,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("the new person differs (-want +got):\n%s", diff)
		}

		if again := o.people(hr, "ada", "ADA", ""); again[0].ID != ada.ID || again[1].ID != ada.ID || again[2].ID != "" {
			t.Errorf("the same uid in another case gave %v, nobody for no uid", again)
		}
		o.people(hr, "ada") // back to the first spelling
		if diff := cmp.Diff([]string{"CREATE", "UPDATE", "UPDATE"}, o.actions(ada.ID)); diff != "" {
			t.Errorf("change records differ (-want +got):\n%s", diff)
		}
		before := o.identity(ada.ID)
		o.people(hr, "ada")
		if after := o.identity(ada.ID); len(o.actions(ada.ID)) != 3 || !after.Modified.Equal(before.Modified) {
			t.Errorf("an unchanged person was written: %v", o.actions(ada.ID))
		}

		left := observedPerson("ada")
		left.LifecycleState = "terminated"
		_, err := o.UpsertPeople(t.Context(), hr, left)
		o.check(err)
		if got := o.identity(ada.ID); got.State != governance.StateInactiveShortTerm || got.LifecycleState != "terminated" {
			t.Errorf("a person who has left is %s, %s", got.State, got.LifecycleState)
		}
	})
}

func TestUpsertPeople_managers(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := organisation{t, s}
		hr := o.source("HR", true)
		under := func(uid, manager string) governance.ObservedPerson {
			p := observedPerson(uid)
			p.ManagerKey = manager
			return p
		}
		ids, err := o.UpsertPeople(t.Context(), hr,
			under("ann", "BOB"), under("bob", "carl@example.org"), under("dora", "Name of Carl"), under("self", "self"))
		o.check(err)
		ann, bob, dora, self := ids[0], ids[1], ids[2], ids[3]
		manager := func(id string) string { return o.identity(id).Manager.Name }
		if manager(ann) != "Name of bob" || manager(bob) != "" || manager(dora) != "" {
			t.Errorf("managers before carl came are %q, %q, %q", manager(ann), manager(bob), manager(dora))
		}
		if manager(self) != "" {
			t.Error("a person became their own manager")
		}

		carl := o.people(hr, "carl")[0]
		if manager(bob) != "Name of carl" || manager(dora) != "Name of carl" {
			t.Errorf("managers after carl came are %q, %q", manager(bob), manager(dora))
		}
		if !o.identity(carl.ID).Manages || o.identity(ann).Manages {
			t.Error("who manages somebody is wrong")
		}
		if diff := cmp.Diff([]string{"CREATE", "UPDATE"}, o.actions(bob)); diff != "" {
			t.Errorf("change records differ (-want +got):\n%s", diff)
		}

		_, err = o.UpsertPeople(t.Context(), hr, under("ann", "carl"), under("bob", ""))
		o.check(err)
		if manager(ann) != "Name of carl" || manager(bob) != "" {
			t.Errorf("changed managers are %q, %q", manager(ann), manager(bob))
		}
	})
}

func TestPeopleByKeys(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := organisation{t, s}
		hr, directory := o.source("HR", true), o.source("Directory", true)
		named := func(uid, name, email string) governance.ObservedPerson {
			return governance.ObservedPerson{UID: uid, Name: name, Email: email}
		}
		ids, err := o.UpsertPeople(t.Context(), hr, named("one", "two", "three"), named("two", "Twin", "one"), named("three", "Twin", "shared"),
			named("four", "Only Name", "shared"))
		o.check(err)
		o.apply(directory, humanAccount("cn=Five,dc=example", "five"))
		five := o.account("cn=Five,dc=example").Identity.ID

		want := map[string]string{
			"ONE": ids[0], "two": ids[1], "three": ids[2], "only name": ids[3], "CN=five,dc=example": five, "five@example.org": five,
		}
		asked := []string{"", "nobody", "twin", "shared"} // the last two fit several
		for key := range want {
			asked = append(asked, key)
		}
		for i := range 1500 {
			asked = append(asked, fmt.Sprint("filler ", i))
		}
		found, err := o.PeopleByKeys(t.Context(), asked...)
		o.check(err)
		got := map[string]string{}
		for key, ref := range found {
			got[key] = ref.ID
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("people found differ (-want +got):\n%s", diff)
		}
	})
}

func TestUpsertPeople_waitingOwners(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := organisation{t, s}
		hr, servers := o.source("HR", true), o.source("Servers", false)
		o.apply(servers, machineAccount("by-uid", "Ada"), machineAccount("by-mail", "ADA@example.org"), machineAccount("by-name", "name of ada"),
			machineAccount("other", "bob"), machineAccount("edited", "ada"), machineAccount("decided", "ada"))
		_, err := o.UpdateMachineIdentity(t.Context(), organiser, o.account("edited").MachineIdentity.ID, func(m *governance.MachineIdentity) error {
			m.ManuallyEdited = true
			return nil
		})
		o.check(err)
		_, err = o.UpdateAccount(t.Context(), organiser, o.account("decided").ID, "", func(a *governance.Account) error {
			a.ManuallyEdited = true
			return nil
		})
		o.check(err)

		o.people(hr, "ada")
		for native, want := range map[string][2]string{
			"by-uid": {"Name of ada", "Name of ada"}, "by-mail": {"Name of ada", "Name of ada"}, "by-name": {"Name of ada", "Name of ada"},
			"other": {"", ""}, "edited": {"Name of ada", ""}, "decided": {"", ""},
		} {
			if got := [2]string{o.account(native).Owner.Name, o.machineIdentity(native).Owners.Primary.Name}; got != want {
				t.Errorf("owners of account %q and of its machine identity are %q, want %q", native, got, want)
			}
		}
		id := o.account("by-uid").ID
		if diff := cmp.Diff([]string{"CREATE", "UPDATE"}, o.actions(id)); diff != "" {
			t.Errorf("change records differ (-want +got):\n%s", diff)
		}
	})
}

// A directory names owners and managers by DN, which is only known once the account of the person is there.
func TestSettleWaiting_byNativeIdentity(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := organisation{t, s}
		directory, servers := o.source("Directory", true), o.source("Servers", false)
		o.apply(servers, machineAccount("backup", "uid=ada,dc=example"))
		o.apply(directory, humanAccount("uid=Ada,dc=example", "ada"))
		o.check(o.SettleWaiting(t.Context(), "uid=ada,dc=example", ""))
		if got := o.account("backup").Owner.Name; got != "Name of ada" {
			t.Errorf("the owner is %q", got)
		}
	})
}

func TestUpsertPeople_rename(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := organisation{t, s}
		hr, servers := o.source("HR", true), o.source("Servers", false)
		o.people(hr, "ada")
		o.apply(servers, machineAccount("backup", "ada"))
		renamed := observedPerson("ada")
		renamed.Name = "Ada Lovelace"
		_, err := o.UpsertPeople(t.Context(), hr, renamed)
		o.check(err)

		accounts, err := o.MachineAccounts(t.Context(), filter.Query{Limit: 9, Where: equalTo("ownerIdentity.name", "ada lovelace")})
		o.check(err)
		machines, err := o.MachineIdentities(t.Context(), filter.Query{Limit: 9, Where: equalTo("owners.primaryIdentity.name", "ada lovelace")})
		o.check(err)
		if len(accounts.Items) != 1 || len(machines.Items) != 1 {
			t.Errorf("the new name finds %d accounts and %d machine identities", len(accounts.Items), len(machines.Items))
		}
	})
}

func TestUpsertPeople_whoseTheyAre(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := organisation{t, s}
		admin := o.admin()
		first, second := o.source("First", true), o.source("Second", true)
		ada := o.people(first, "ada")[0]
		from := func(source governance.Reference, uid, name string) governance.Identity {
			t.Helper()
			p := observedPerson(uid)
			p.Name = name
			ids, err := o.UpsertPeople(t.Context(), source, p)
			o.check(err)
			return o.identity(ids[0])
		}
		if got := from(first, "Admin", "Intruder"); got.ID != admin.ID || got.Name != "Administrator" {
			t.Errorf("a source changed the protected person to %+v", got)
		}
		if got := from(second, "ada", "Other"); got.ID != ada.ID || got.Name != "Name of ada" || got.Source != first {
			t.Errorf("another source changed a person to %+v", got)
		}
		_, err := o.CreateIdentityProfile(t.Context(), organiser, governance.IdentityProfile{Name: "second", Source: second, Enabled: true})
		o.check(err)
		if got := from(second, "ada", "Other"); got.Name != "Other" || got.Source != second {
			t.Errorf("the source with a profile did not take precedence: %+v", got)
		}
		if got := from(first, "ada", "Name of ada"); got.Name != "Other" {
			t.Errorf("the source without a profile took the person back: %+v", got)
		}
	})
}

func TestRetirePeople(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := organisation{t, s}
		admin := o.admin()
		first, second := o.source("First", true), o.source("Second", true)
		o.apply(first, humanAccount("stays", "stays"))
		stays := o.account("stays").Identity.ID
		gone := o.people(first, "gone")[0].ID
		moves := o.people(first, "moves")[0].ID
		o.apply(second, humanAccount("moves", "moves"))

		o.check(o.RetirePeople(t.Context(), stays, gone, moves, admin.ID, gone))
		for id, want := range map[string][2]string{
			stays:    {governance.StateActive, "First"},
			gone:     {governance.StateInactiveLongTerm, "First"},
			moves:    {governance.StateActive, "Second"},
			admin.ID: {governance.StateActive, ""},
		} {
			if got := o.identity(id); [2]string{got.State, got.Source.Name} != want {
				t.Errorf("%s is %s of %q, want %v", got.UID, got.State, got.Source.Name, want)
			}
		}
		digests, err := o.Digests(t.Context(), second.ID, []string{"moves"})
		o.check(err)
		if digests[0].Hash != [16]byte{} {
			t.Error("the account of the person who moved still counts as unchanged")
		}

		// whoever is listed again, by whatever source, is back
		o.people(second, "gone")
		if got := o.identity(gone); got.State != governance.StateActive || got.Source != second {
			t.Errorf("the person who came back is %+v", got)
		}
	})
}
