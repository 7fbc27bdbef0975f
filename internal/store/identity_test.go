//go:build unix

package store_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"midgard/internal/filter"
	"midgard/internal/governance"
	"midgard/internal/store"
	"midgard/internal/store/storetest"
)

// identityFields are the contract's, see its table of operations.
var identityFields = filter.MustParseFields(`id:id eq in; name eq sw; alias eq sw; firstname eq sw; lastname eq sw; email eq sw;
	cloudStatus eq; processingState eq; correlated:bool eq; protected:bool eq`)

// query compiles a list's parameters as a request has them.
func (o organisation) query(fields filter.Fields, filters, sorters string) filter.Query {
	o.Helper()
	q := filter.Query{Limit: 250, Count: true}
	var err error
	q.Where, err = filter.Compile(filters, fields)
	o.check(err)
	for name := range strings.SplitSeq(sorters, ",") {
		if plain, descending := strings.CutPrefix(name, "-"); plain != "" {
			q.Sort = append(q.Sort, filter.Sort{Field: plain, Descending: descending})
		}
	}
	return q
}

func TestIdentities(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := organisation{t, s}
		admin := o.admin() // without a first and last name and without an e-mail address
		hr := o.source("HR", true)
		people := o.people(hr, "cleo", "Ada", "bert", "dan")
		away := observedPerson("dan")
		away.LifecycleState = "sabbatical"
		_, err := o.UpsertPeople(t.Context(), hr, away)
		o.check(err)
		o.check(o.RetirePeople(t.Context(), people[2].ID))

		for _, c := range []struct{ filters, sorters, want string }{
			{"", "", "admin cleo Ada bert dan"},
			{"", "alias", "Ada admin bert cleo dan"},
			{"", "-name", "dan cleo bert Ada admin"},
			{"", "cloudStatus,alias", "Ada admin cleo bert dan"}, // active, deactivated, disabled
			{"", "-cloudStatus,alias", "dan bert Ada admin cleo"},
			{`id eq "` + strings.ToUpper(people[1].ID) + `"`, "", "Ada"},
			{`id in ("` + people[1].ID + `", "` + admin.ID + `")`, "", "admin Ada"},
			{`name eq "NAME OF ADA"`, "", "Ada"},
			{`name sw "name of"`, "alias", "Ada bert cleo dan"},
			{`alias eq "ada" or alias sw "b"`, "", "Ada bert"},
			{`lastname sw "of c"`, "", "cleo"},
			{`firstname eq ""`, "", ""},
			{`firstname sw ""`, "alias", "Ada bert cleo dan"},
			{`not email sw "ada@"`, "alias", "admin bert cleo dan"},
			{`cloudStatus eq "ACTIVE"`, "alias", "Ada admin cleo"},
			{`cloudStatus eq "DISABLED"`, "", "dan"},
			{`cloudStatus eq "deactivated"`, "", "bert"},
			{`cloudStatus eq "LOCKED"`, "", ""},
			{`not cloudStatus eq "ACTIVE"`, "alias", "bert dan"},
			{`processingState eq "OK" and correlated eq true`, "alias", "Ada admin bert cleo dan"},
			{`processingState eq "ERROR" or correlated eq false`, "", ""},
			{`protected eq true`, "", "admin"},
			{`protected eq false`, "alias", "Ada bert cleo dan"},
		} {
			page, err := o.Identities(t.Context(), o.query(identityFields, c.filters, c.sorters))
			o.check(err)
			var uids []string
			for _, i := range page.Items {
				uids = append(uids, i.UID)
			}
			if got := strings.Join(uids, " "); got != c.want || page.Total != len(uids) {
				t.Errorf("%s sorted by %q gives %q and the total %d, want %q", c.filters, c.sorters, got, page.Total, c.want)
			}
		}
	})
}

// Deep pages are read in another way than the first ones.
func TestIdentities_deepPages(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := organisation{t, s}
		uids := make([]string, 620)
		for i := range uids {
			uids[i] = fmt.Sprintf("person%03d", i)
		}
		o.people(o.source("HR", true), uids...)
		q := filter.Query{Limit: 250, AdministeredBy: store.NewID(), Sort: []filter.Sort{{Field: "name"}}}
		var got []string
		for q.Offset = 0; q.Offset <= len(uids); q.Offset += 250 {
			page, err := o.Identities(t.Context(), q)
			o.check(err)
			for _, i := range page.Items {
				got = append(got, i.UID)
			}
		}
		if diff := cmp.Diff(uids, got); diff != "" {
			t.Errorf("the pages together differ (-want +got):\n%s", diff)
		}
	})
}

func TestDeleteIdentity(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := organisation{t, s}
		hr, servers := o.source("HR", true), o.source("Servers", false)
		o.apply(hr, humanAccount("ada", "ada"))
		ada := o.account("ada").Identity
		boss := observedPerson("bert")
		boss.ManagerKey = "ada"
		bert, err := o.UpsertPeople(t.Context(), hr, boss)
		o.check(err)
		o.apply(servers, machineAccount("backup", "ada"))
		_, err = o.UpdateMachineIdentity(t.Context(), organiser, o.account("backup").MachineIdentity.ID, func(m *governance.MachineIdentity) error {
			m.Owners = governance.Owners{Primary: governance.Reference{ID: bert[0]}, Secondary: []governance.Reference{ada}}
			return nil
		})
		o.check(err)
		group, err := o.CreateWorkgroup(t.Context(), organiser, governance.Workgroup{Name: "Operators", Owner: ada})
		o.check(err)
		_, err = o.AddWorkgroupMembers(t.Context(), organiser, group.ID, []string{ada.ID})
		o.check(err)
		profile, err := o.CreateIdentityProfile(t.Context(), organiser, governance.IdentityProfile{Name: "HR", Source: hr, Owner: ada})
		o.check(err)
		token, err := o.CreateAccessToken(t.Context(), organiser, governance.AccessToken{ID: store.NewID(), Name: "cli", Owner: ada, SecretHash: []byte{1}})
		o.check(err)

		o.check(o.DeleteIdentity(t.Context(), organiser, ada.ID))
		_, err = o.Identity(t.Context(), ada.ID)
		o.refused(err, governance.NotFound)
		_, err = o.AccessToken(t.Context(), token.ID)
		o.refused(err, governance.NotFound)
		none := governance.Reference{}
		if a := o.account("ada"); a.Identity != none {
			t.Errorf("the account is still %v's", a.Identity)
		}
		if a := o.account("backup"); a.Owner != none || a.OwnerKey != "ada" {
			t.Errorf("the machine account has the owner %v, key %q", a.Owner, a.OwnerKey)
		}
		if owners := o.machineIdentity("backup").Owners; owners.Primary.ID != bert[0] || len(owners.Secondary) > 0 {
			t.Errorf("the machine identity has the owners %+v", owners)
		}
		if b := o.identity(bert[0]); b.Manager != none || b.ManagerKey != "ada" {
			t.Errorf("bert has the manager %v, key %q", b.Manager, b.ManagerKey)
		}
		group, err = o.Workgroup(t.Context(), group.ID)
		o.check(err)
		profile, err = o.IdentityProfile(t.Context(), profile.ID)
		o.check(err)
		if group.Owner != none || group.MemberCount != 0 || profile.Owner != none {
			t.Errorf("group %+v and profile %+v still refer to the person", group, profile)
		}
		for id, want := range map[string][]string{
			ada.ID: {"CREATE", "DELETE"}, token.ID: {"CREATE", "DELETE"}, o.account("backup").ID: {"CREATE", "UPDATE"},
			group.ID: {"CREATE", "UPDATE", "UPDATE", "UPDATE"}, profile.ID: {"CREATE", "UPDATE"},
		} {
			if diff := cmp.Diff(want, o.actions(id)); diff != "" {
				t.Errorf("change records of %s differ (-want +got):\n%s", id, diff)
			}
		}

		// the source still lists the person: the account counts as changed, and the person comes back
		digests, err := o.Digests(t.Context(), hr.ID, []string{"ada"})
		o.check(err)
		if digests[0].Hash != [16]byte{} {
			t.Error("the account of the deleted person still counts as unchanged")
		}
		o.apply(hr, humanAccount("ada", "ada"))
		if a := o.account("ada"); a.Identity.ID == ada.ID || a.Identity != o.account("backup").Owner || o.identity(bert[0]).Manager != a.Identity {
			t.Errorf("the account is %v's, who owns and manages nothing", a.Identity)
		}
	})
}

func TestDeleteIdentity_primaryOwner(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := organisation{t, s}
		ada := o.people(o.source("HR", true), "ada")[0]
		o.apply(o.source("Servers", false), machineAccount("backup", "ada"))
		if o.machineIdentity("backup").Owners.Primary != ada {
			t.Fatal("the owner was not found")
		}
		o.check(o.DeleteIdentity(t.Context(), organiser, ada.ID))
		m := o.machineIdentity("backup")
		if m.Owners.Primary.Set() {
			t.Errorf("the machine identity still has the owner %v", m.Owners.Primary)
		}
		if diff := cmp.Diff([]string{"CREATE", "UPDATE"}, o.actions(m.ID)); diff != "" {
			t.Errorf("change records differ (-want +got):\n%s", diff)
		}
	})
}

func TestDeleteIdentity_refused(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := organisation{t, s}
		admin := o.admin()
		ada := o.people(o.source("HR", true), "ada")[0]
		for _, name := range []string{"Payroll", "Mail"} {
			_, err := o.CreateSource(t.Context(), organiser, governance.Source{ID: store.NewID(), Name: name, Owner: ada, Type: "Test", Connector: "test", Status: governance.SourceHealthy}, nil)
			o.check(err)
		}
		o.refused(o.DeleteIdentity(t.Context(), organiser, store.NewID()), governance.NotFound)
		o.refused(o.DeleteIdentity(t.Context(), organiser, admin.ID), governance.Invalid)
		err := o.DeleteIdentity(t.Context(), organiser, ada.ID)
		o.refused(err, governance.InUse)
		held, ok := err.(*governance.HeldError)
		if !ok || len(held.Holders) != 2 || held.Holders[0].Name != "Mail" || held.Holders[1].Name != "Payroll" {
			t.Errorf("the error is %#v", err)
		}
		o.identity(ada.ID)
	})
}

// The last active administrator stays, although not the one whom Midgard made.
func TestDeleteIdentity_lastAdministrator(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := organisation{t, s}
		admin := o.admin()
		ada := o.people(o.source("HR", true), "ada")[0]
		levels := func(id string, levels ...string) {
			t.Helper()
			_, err := o.UpdateUser(t.Context(), organiser, id, func(u *governance.User) error {
				u.Levels = levels
				return nil
			})
			o.check(err)
		}
		levels(ada.ID, governance.LevelOrgAdmin)
		levels(admin.ID)
		o.refused(o.DeleteIdentity(t.Context(), organiser, ada.ID), governance.Illegal)
		levels(admin.ID, governance.LevelOrgAdmin)
		o.check(o.DeleteIdentity(t.Context(), organiser, ada.ID))
	})
}
