//go:build unix

package store_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"midgard/internal/filter"
	"midgard/internal/governance"
	"midgard/internal/store"
	"midgard/internal/store/storetest"
)

var identityProfileFields = filter.MustParseFields("id:id eq ne ge gt in le sw; name eq ne ge gt in le sw; priority:number eq ne")

func TestIdentityProfile(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := organisation{t, s}
		hr := o.source("HR", true)
		people := o.people(hr, "ada", "bert")
		mapping := []governance.ProfileSource{{IdentityAttribute: "uid", AccountAttribute: "login"}, {IdentityAttribute: "email", AccountAttribute: "mail"}}
		made, err := o.CreateIdentityProfile(t.Context(), organiser, governance.IdentityProfile{
			Name: "Staff", Description: "All", Owner: governance.Reference{ID: people[0].ID, Name: "whatever"}, Source: governance.Reference{ID: hr.ID},
			Enabled: true, Attributes: mapping,
		})
		o.check(err)
		want := governance.IdentityProfile{
			ID: made.ID, Name: "Staff", Description: "All", Owner: people[0], Priority: 10, Source: hr, Enabled: true, Attributes: mapping,
			IdentityCount: 2, Created: made.Created, Modified: made.Created,
		}
		if diff := cmp.Diff(want, made); diff != "" {
			t.Errorf("the new profile differs (-want +got):\n%s", diff)
		}

		changed, err := o.UpdateIdentityProfile(t.Context(), organiser, made.ID, func(p *governance.IdentityProfile) error {
			p.Name, p.Owner, p.Priority, p.Enabled = "People", people[1], -1, false
			return nil
		})
		o.check(err)
		read, err := o.IdentityProfile(t.Context(), made.ID)
		o.check(err)
		if diff := cmp.Diff(changed, read); diff != "" {
			t.Errorf("the update gave something else than is kept (-update +kept):\n%s", diff)
		}
		want.Name, want.Owner, want.Priority, want.Enabled, want.Modified = "People", people[1], -1, false, read.Modified
		if diff := cmp.Diff(want, read); diff != "" {
			t.Errorf("the changed profile differs (-want +got):\n%s", diff)
		}

		task, err := o.DeleteIdentityProfile(t.Context(), organiser, made.ID)
		o.check(err)
		kept, err := o.Task(t.Context(), task.ID, "")
		o.check(err)
		if kept.CompletionStatus != governance.TaskSuccess || kept.Target != hr || kept.Launcher != "tester" || kept.Completed.IsZero() {
			t.Errorf("the task of the deletion is %+v", kept)
		}
		if diff := cmp.Diff([]string{"CREATE", "UPDATE", "DELETE"}, o.actions(made.ID)); diff != "" {
			t.Errorf("change records differ (-want +got):\n%s", diff)
		}
		_, err = o.IdentityProfile(t.Context(), made.ID)
		o.refused(err, governance.NotFound)
		_, err = o.DeleteIdentityProfile(t.Context(), organiser, made.ID)
		o.refused(err, governance.NotFound)
		_, err = o.UpdateIdentityProfile(t.Context(), organiser, made.ID, nil)
		o.refused(err, governance.NotFound)
		o.identity(people[0].ID) // people stay
	})
}

func TestIdentityProfile_refused(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := organisation{t, s}
		hr, more, servers := o.source("HR", true), o.source("More", true), o.source("Servers", false)
		make := func(p governance.IdentityProfile) (governance.IdentityProfile, error) {
			return o.CreateIdentityProfile(t.Context(), organiser, p)
		}
		first, err := make(governance.IdentityProfile{Name: "First", Source: hr})
		o.check(err)
		unknown := governance.Reference{ID: store.NewID()}
		for name, c := range map[string]struct {
			profile governance.IdentityProfile
			kind    governance.Kind
		}{
			"name taken":        {governance.IdentityProfile{Name: "FIRST", Source: more}, governance.Conflict},
			"source taken":      {governance.IdentityProfile{Name: "Second", Source: hr}, governance.Conflict},
			"unknown source":    {governance.IdentityProfile{Name: "Second", Source: unknown}, governance.UnknownRef},
			"no people's":       {governance.IdentityProfile{Name: "Second", Source: servers}, governance.UnknownRef},
			"unknown owner":     {governance.IdentityProfile{Name: "Second", Source: more, Owner: unknown}, governance.UnknownRef},
			"not found at last": {governance.IdentityProfile{Name: "Second", Source: servers, Owner: unknown}, governance.UnknownRef},
		} {
			t.Run(name, func(t *testing.T) {
				_, err := make(c.profile)
				organisation{t, s}.refused(err, c.kind)
			})
		}
		second, err := make(governance.IdentityProfile{Name: "Second", Source: more})
		o.check(err)
		_, err = o.UpdateIdentityProfile(t.Context(), organiser, second.ID, func(p *governance.IdentityProfile) error {
			p.Name = "First"
			return nil
		})
		o.refused(err, governance.Conflict)
		if got, err := o.IdentityProfile(t.Context(), second.ID); err != nil || got.Name != "Second" || first.Name != "First" {
			t.Errorf("the refused change left %+v, %v", got, err)
		}
	})
}

func TestIdentityProfiles(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := organisation{t, s}
		sources := []governance.Reference{o.source("A", true), o.source("B", true), o.source("C", true)}
		people := o.people(sources[0], "zoe", "ada")
		owners := []governance.Reference{people[0], {}, people[1]}
		var ids []string
		for i, name := range []string{"alpha", "Beta", "gamma"} {
			p, err := o.CreateIdentityProfile(t.Context(), organiser, governance.IdentityProfile{Name: name, Source: sources[i], Owner: owners[i]})
			o.check(err)
			ids = append(ids, p.ID)
		}
		for _, c := range []struct{ filters, sorters, want string }{
			{"", "", "alpha Beta gamma"},
			{"", "-priority", "gamma Beta alpha"},
			{"", "-name", "gamma Beta alpha"},
			{"", "-id", "gamma Beta alpha"},
			{"", "owner.name", "Beta gamma alpha"},
			{"", "-owner.name", "alpha gamma Beta"},
			{"", "owner.id", "Beta alpha gamma"},
			{"", "created,modified,name", "alpha Beta gamma"},
			{`priority eq 20`, "", "Beta"},
			{`priority eq 20.5`, "", ""},
			{`priority ne 20`, "", "alpha gamma"},
			{`name ge "beta"`, "", "Beta gamma"},
			{`name gt "beta"`, "", "gamma"},
			{`name le "BETA" and name ne "alpha"`, "", "Beta"},
			{`name in ("ALPHA", "delta")`, "", "alpha"},
			{`name sw "g" or name eq "beta"`, "", "Beta gamma"},
			{`id gt "` + ids[0] + `" and id le "` + ids[1] + `"`, "", "Beta"},
			{`id sw "` + ids[2] + `" or id in ("` + ids[0] + `")`, "", "alpha gamma"},
			{`not id ge "` + ids[1] + `"`, "", "alpha"},
		} {
			page, err := o.IdentityProfiles(t.Context(), o.query(identityProfileFields, c.filters, c.sorters))
			o.check(err)
			var names []string
			for _, p := range page.Items {
				names = append(names, p.Name)
			}
			if got := strings.Join(names, " "); got != c.want || page.Total != len(names) {
				t.Errorf("%s sorted by %q gives %q, want %q", c.filters, c.sorters, got, c.want)
			}
		}
	})
}

func TestIdentityProfileOf(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := organisation{t, s}
		hr := o.source("HR", true)
		of := func() governance.IdentityProfile {
			t.Helper()
			p, err := o.IdentityProfileOf(t.Context(), hr.ID)
			o.check(err)
			return p
		}
		want := governance.IdentityProfile{Source: governance.Reference{ID: hr.ID}, Attributes: governance.DefaultProfile()}
		if diff := cmp.Diff(want, of()); diff != "" {
			t.Errorf("without a profile (-want +got):\n%s", diff)
		}
		mapping := []governance.ProfileSource{{IdentityAttribute: "uid", AccountAttribute: "login"}}
		made, err := o.CreateIdentityProfile(t.Context(), organiser, governance.IdentityProfile{Name: "HR", Source: hr, Attributes: mapping})
		o.check(err)
		if got := of(); got.ID != made.ID || !cmp.Equal(got.Attributes, governance.DefaultProfile()) {
			t.Errorf("with a profile that is not enabled: %+v", got)
		}
		_, err = o.UpdateIdentityProfile(t.Context(), organiser, made.ID, func(p *governance.IdentityProfile) error {
			p.Enabled = true
			return nil
		})
		o.check(err)
		if got := of(); !cmp.Equal(got.Attributes, mapping) || got.Modified.After(time.Now()) {
			t.Errorf("with an enabled profile: %+v", got)
		}
	})
}
