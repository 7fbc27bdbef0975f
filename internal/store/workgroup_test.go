//go:build unix

package store_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"midgard/internal/filter"
	"midgard/internal/governance"
	"midgard/internal/store"
	"midgard/internal/store/storetest"
)

var workgroupFields = filter.MustParseFields("id:id eq in sw; name eq sw in; memberships.identityId:id eq in")

func (o organisation) workgroup(name string) governance.Workgroup {
	o.Helper()
	g, err := o.CreateWorkgroup(o.Context(), organiser, governance.Workgroup{Name: name, Description: "About " + name})
	o.check(err)
	return g
}

// kinds tells the outcomes of a bulk operation in one line; 0 is success.
func kinds(outcomes []governance.Outcome) string {
	var parts []string
	for _, outcome := range outcomes {
		kind := governance.Kind(0)
		if outcome.Err != nil {
			kind = governance.KindOf(outcome.Err)
		}
		parts = append(parts, fmt.Sprint(kind))
	}
	return strings.Join(parts, " ")
}

func TestWorkgroup(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := organisation{t, s}
		people := o.people(o.source("HR", true), "ada", "bert")
		made, err := o.CreateWorkgroup(t.Context(), organiser, governance.Workgroup{Name: "Operators", Description: "Run things", Owner: governance.Reference{ID: people[0].ID}})
		o.check(err)
		want := governance.Workgroup{
			ID: made.ID, Name: "Operators", Description: "Run things", Owner: people[0], OwnerEmail: "ada@example.org", Created: made.Created, Modified: made.Created,
		}
		if diff := cmp.Diff(want, made); diff != "" {
			t.Errorf("the new group differs (-want +got):\n%s", diff)
		}

		edit := func(edit func(*governance.Workgroup)) (governance.Workgroup, error) {
			return o.UpdateWorkgroup(t.Context(), organiser, made.ID, func(g *governance.Workgroup) error {
				edit(g)
				return nil
			})
		}
		_, err = edit(func(g *governance.Workgroup) { g.Owner.Name = "an old name" })
		o.check(err)
		if got := o.actions(made.ID); len(got) != 1 {
			t.Errorf("a reference to the same owner left the records %v", got)
		}
		changed, err := edit(func(g *governance.Workgroup) { g.Owner, g.Description = people[1], "" })
		o.check(err)
		want.Owner, want.OwnerEmail, want.Description, want.Modified = people[1], "bert@example.org", "", changed.Modified
		if diff := cmp.Diff(want, changed); diff != "" {
			t.Errorf("the changed group differs (-want +got):\n%s", diff)
		}

		o.workgroup("Auditors")
		unknown := governance.Reference{ID: store.NewID()}
		_, err = edit(func(g *governance.Workgroup) { g.Name = "auditors" })
		o.refused(err, governance.Conflict)
		_, err = edit(func(g *governance.Workgroup) { g.Owner = unknown })
		o.refused(err, governance.UnknownRef)
		_, err = o.CreateWorkgroup(t.Context(), organiser, governance.Workgroup{Name: "OPERATORS"})
		o.refused(err, governance.Conflict)
		_, err = o.CreateWorkgroup(t.Context(), organiser, governance.Workgroup{Name: "New", Owner: unknown})
		o.refused(err, governance.UnknownRef)
		_, err = o.UpdateWorkgroup(t.Context(), organiser, store.NewID(), nil)
		o.refused(err, governance.NotFound)

		o.check(o.DeleteWorkgroup(t.Context(), organiser, made.ID))
		o.refused(o.DeleteWorkgroup(t.Context(), organiser, made.ID), governance.NotFound)
		if diff := cmp.Diff([]string{"CREATE", "UPDATE", "DELETE"}, o.actions(made.ID)); diff != "" {
			t.Errorf("change records differ (-want +got):\n%s", diff)
		}
	})
}

func TestWorkgroups(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := organisation{t, s}
		people := o.people(o.source("HR", true), "ada", "bert")
		groups := []governance.Workgroup{o.workgroup("gamma"), o.workgroup("Älpha"), o.workgroup("beta")}
		for i, members := range [][]string{{people[0].ID}, {people[0].ID, people[1].ID}} {
			_, err := o.AddWorkgroupMembers(t.Context(), organiser, groups[i].ID, members)
			o.check(err)
		}
		for _, c := range []struct{ filters, sorters, want string }{
			{"", "", "gamma Älpha beta"},
			{"", "name", "beta gamma Älpha"},
			{"", "-description", "Älpha gamma beta"},
			{"", "-id,created,modified", "beta Älpha gamma"},
			{`name eq "älpha" or name sw "B"`, "", "Älpha beta"},
			{`name in ("GAMMA", "none")`, "", "gamma"},
			{`id eq "` + groups[2].ID + `" or id sw "` + groups[0].ID + `"`, "", "gamma beta"},
			{`memberships.identityId eq "` + people[0].ID + `"`, "", "gamma Älpha"},
			{`memberships.identityId in ("` + people[1].ID + `")`, "", "Älpha"},
			{`not memberships.identityId eq "` + people[0].ID + `"`, "", "beta"},
		} {
			page, err := o.Workgroups(t.Context(), o.query(workgroupFields, c.filters, c.sorters))
			o.check(err)
			var names []string
			for _, g := range page.Items {
				names = append(names, g.Name)
			}
			if got := strings.Join(names, " "); got != c.want || page.Total != len(names) {
				t.Errorf("%s sorted by %q gives %q, want %q", c.filters, c.sorters, got, c.want)
			}
		}
	})
}

func TestWorkgroupMembers(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := organisation{t, s}
		people := o.people(o.source("HR", true), "cleo", "ada", "bert")
		group, other := o.workgroup("Operators"), o.workgroup("Auditors")
		ids := []string{people[0].ID, people[1].ID, people[2].ID, people[0].ID, store.NewID()}
		outcomes, err := o.AddWorkgroupMembers(t.Context(), organiser, group.ID, ids)
		o.check(err)
		if got, want := kinds(outcomes), fmt.Sprintf("0 0 0 %d %d", governance.Conflict, governance.NotFound); got != want {
			t.Errorf("adding gave the outcomes %s, want %s", got, want)
		}
		_, err = o.AddWorkgroupMembers(t.Context(), organiser, other.ID, ids[:1])
		o.check(err)

		members := func(sorters string) string {
			page, err := o.WorkgroupMembers(t.Context(), group.ID, o.query(nil, "", sorters))
			o.check(err)
			var uids []string
			for _, i := range page.Items {
				uids = append(uids, i.UID)
			}
			if page.Total != len(uids) {
				t.Errorf("the total is %d of %d", page.Total, len(uids))
			}
			return strings.Join(uids, " ")
		}
		if got := members("name"); got != "ada bert cleo" {
			t.Errorf("the members are %s", got)
		}
		if got := members("-name"); got != "cleo bert ada" {
			t.Errorf("the members in descending order are %s", got)
		}
		members("created,-modified")

		outcomes, err = o.RemoveWorkgroupMembers(t.Context(), organiser, group.ID, []string{people[1].ID, people[1].ID, store.NewID()})
		o.check(err)
		if got, want := kinds(outcomes), fmt.Sprintf("0 %d %[1]d", governance.NotFound); got != want {
			t.Errorf("removing gave the outcomes %s, want %s", got, want)
		}
		if got := members("name"); got != "bert cleo" {
			t.Errorf("the members are %s", got)
		}
		if read, err := o.Workgroup(t.Context(), group.ID); err != nil || read.MemberCount != 2 {
			t.Errorf("the group has %d members, %v", read.MemberCount, err)
		}
		changes, err := o.Changes(t.Context(), group.ID, "", 10)
		o.check(err)
		if len(changes) != 3 || !strings.Contains(string(changes[1].After), people[2].ID) || !strings.Contains(string(changes[2].Before), people[1].ID) {
			t.Errorf("the change records are %+v", changes)
		}

		unknown := store.NewID()
		_, err = o.AddWorkgroupMembers(t.Context(), organiser, unknown, ids)
		o.refused(err, governance.NotFound)
		_, err = o.RemoveWorkgroupMembers(t.Context(), organiser, unknown, ids)
		o.refused(err, governance.NotFound)
		_, err = o.WorkgroupMembers(t.Context(), unknown, filter.Query{})
		o.refused(err, governance.NotFound)
		_, err = o.WorkgroupConnections(t.Context(), unknown, filter.Query{})
		o.refused(err, governance.NotFound)
	})
}

func TestDeleteWorkgroups(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := organisation{t, s}
		manages, owns, free := o.workgroup("Manages"), o.workgroup("Owns"), o.workgroup("Free")
		source, err := o.CreateSource(t.Context(), organiser, governance.Source{
			ID: store.NewID(), Name: "Mail", Type: "Test", Connector: "test", Status: governance.SourceHealthy, ManagementWorkgroup: governance.Reference{ID: manages.ID},
		}, nil)
		o.check(err)
		_, err = o.CreateMachineIdentity(t.Context(), organiser, governance.MachineIdentity{
			Name: "Bot", NativeIdentity: "bot", Subtype: governance.SubtypeApplication, ExistsOnSource: governance.ExistsNotApplicable,
			Owners: governance.Owners{Group: governance.Reference{ID: owns.ID}},
		})
		o.check(err)
		page, err := o.WorkgroupConnections(t.Context(), manages.ID, o.query(nil, "", "-name,created,modified"))
		o.check(err)
		want := []governance.Connection{{Object: governance.Reference{ID: source.ID, Name: "Mail"}, ObjectType: "SOURCE", Kind: "ManagementWorkgroup"}}
		if diff := cmp.Diff(want, page.Items); diff != "" || page.Total != 1 {
			t.Errorf("the connections differ (-want +got):\n%s", diff)
		}
		if read, err := o.Workgroup(t.Context(), manages.ID); err != nil || read.ConnectionCount != 1 {
			t.Errorf("the group has %d connections, %v", read.ConnectionCount, err)
		}

		err = o.DeleteWorkgroup(t.Context(), organiser, manages.ID)
		o.refused(err, governance.InUse)
		if err == nil || !strings.Contains(err.Error(), `source "Mail"`) {
			t.Errorf("the error %v does not name the source", err)
		}
		outcomes, err := o.DeleteWorkgroups(t.Context(), organiser, []string{free.ID, manages.ID, store.NewID(), owns.ID, free.ID})
		o.check(err)
		if got, want := kinds(outcomes), fmt.Sprintf("0 %d %d %[1]d %[2]d", governance.InUse, governance.NotFound); got != want {
			t.Errorf("deleting gave the outcomes %s, want %s", got, want)
		}
		if left, err := o.Workgroups(t.Context(), filter.Query{Limit: 9}); err != nil || len(left.Items) != 2 {
			t.Errorf("%d groups are left, %v", len(left.Items), err)
		}
	})
}

// Two people who edit one group at the same moment follow one another: neither edit is lost.
func TestUpdateWorkgroup_atOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := organisation{t, s}
		group := o.workgroup("Operators")
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				_, err := s.UpdateWorkgroup(t.Context(), organiser, group.ID, func(g *governance.Workgroup) error {
					g.Description += fmt.Sprintf(" %d", i)
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		read, err := o.Workgroup(t.Context(), group.ID)
		o.check(err)
		if parts := strings.Fields(read.Description); len(parts) != 2+8 {
			t.Errorf("of eight edits these are left: %q", read.Description)
		}
	})
}
