//go:build unix

package store_test

import (
	"errors"
	"testing"
	"time"

	"midgard/internal/governance"
	"midgard/internal/store"
	"midgard/internal/store/storetest"
)

// TestSucceedOwner: a job that comes late finds the person as they are then, and one that was overtaken writes nothing.
func TestSucceedOwner(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := organisation{t, s}
		hr := o.source("HR", true)
		people := o.people(hr, "ada", "bob")
		m, err := o.CreateMachineIdentity(t.Context(), governance.Actor{}, governance.MachineIdentity{
			Name: "bot", Subtype: "Application", NativeIdentity: "bot", ManuallyCreated: true,
			Owners: governance.Owners{Primary: governance.Reference{ID: people[0].ID}, Secondary: []governance.Reference{{ID: people[1].ID}}},
		})
		o.check(err)

		lease := o.succession(hr, "ada")
		o.people(hr, "ada") // is back
		done, err := s.SucceedOwner(t.Context(), governance.Server("test", ""), lease, people[0].ID)
		o.check(err)
		if got := o.primaryOwner(m.ID); !done || got != people[0].ID {
			t.Errorf("done %t, owned by %s", done, got)
		}

		lease = o.succession(hr, "ada")
		if _, err := s.SucceedOwner(t.Context(), governance.Actor{}, governance.Lease{JobID: lease.JobID, Token: "old"}, people[0].ID); !errors.Is(err, governance.ErrLeaseLost) {
			t.Errorf("another worker's job: %v", err)
		}
		if got := o.primaryOwner(m.ID); got != people[0].ID {
			t.Errorf("another worker made %s the owner", got)
		}
		done, err = s.SucceedOwner(t.Context(), governance.Server("test", ""), lease, people[0].ID)
		o.check(err)
		if got := o.primaryOwner(m.ID); !done || got != people[1].ID {
			t.Errorf("done %t, owned by %s", done, got)
		}
	})
}

// succession makes a person inactive and claims the job that follows.
func (o organisation) succession(hr governance.Reference, uid string) governance.Lease {
	o.Helper()
	left := observedPerson(uid)
	left.LifecycleState = "terminated"
	_, err := o.UpsertPeople(o.Context(), hr, left)
	o.check(err)
	jobs, err := o.ClaimJobs(o.Context(), []string{governance.JobSuccession}, 1, time.Minute)
	o.check(err)
	if len(jobs) != 1 {
		o.Fatalf("%d jobs follow", len(jobs))
	}
	return jobs[0].Lease()
}

func (o organisation) primaryOwner(id string) string {
	o.Helper()
	m, err := o.MachineIdentity(o.Context(), id, "")
	o.check(err)
	return m.Owners.Primary.ID
}
