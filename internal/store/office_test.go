//go:build unix

package store_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"midgard/internal/governance"
	"midgard/internal/store"
	"midgard/internal/store/storetest"
)

// office is an organisation in which approvals are asked for. Rita asks; Mona is her manager, Olaf owns the source and Gus
// and Gina are a governance group.
type office struct {
	organisation
	hr, source                            governance.Reference
	admin, rita, mona, olaf, gus, gina, x governance.Reference
	group                                 governance.Reference
	clock                                 *clock
}

// clock is a time that only goes on when it is told to.
type clock struct {
	sync.Mutex
	now time.Time
}

func (c *clock) read() time.Time {
	c.Lock()
	defer c.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.Lock()
	defer c.Unlock()
	c.now = c.now.Add(d)
}

// eachOffice runs a test in an office of each engine.
func eachOffice(t *testing.T, run func(t *testing.T, o *office)) {
	t.Helper()
	clocks := map[string]*clock{}
	var mu sync.Mutex
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		mu.Lock()
		c := clocks[s.Engine()]
		mu.Unlock()
		s.KeepMail()
		run(t, newOffice(t, s, c))
	}, func(o *store.Options) {
		c := &clock{now: time.Date(2026, time.May, 4, 9, 0, 0, 0, time.UTC)}
		o.Now = c.read
		mu.Lock()
		defer mu.Unlock()
		if o.Database == "" {
			clocks["sqlite"] = c
		} else {
			clocks["postgres"] = c
		}
	})
}

func newOffice(t *testing.T, s *store.Store, c *clock) *office {
	t.Helper()
	o := &office{organisation: organisation{t, s}, clock: c}
	o.admin = governance.Reference{ID: store.NewID(), Name: "Admin"}
	made, err := s.Bootstrap(t.Context(), organiser,
		governance.Identity{ID: o.admin.ID, UID: "admin", Name: o.admin.Name, State: governance.StateActive, Protected: true}, []string{governance.LevelOrgAdmin},
		governance.AccessToken{ID: store.NewID(), Name: "x", Owner: o.admin, SecretHash: []byte("x"), Created: c.read()})
	if err != nil || !made {
		t.Fatalf("bootstrap: %v %v", made, err)
	}
	o.hr = o.organisation.source("HR", true)
	people := o.people(o.hr, "mona", "olaf", "gus", "gina", "xenia")
	o.mona, o.olaf, o.gus, o.gina, o.x = people[0], people[1], people[2], people[3], people[4]
	rita := observedPerson("rita")
	rita.ManagerKey = "mona"
	ids, err := o.UpsertPeople(t.Context(), o.hr, rita)
	o.check(err)
	o.rita = governance.Reference{ID: ids[0], Name: rita.Name}
	owned, err := s.CreateSource(t.Context(), organiser, governance.Source{ID: store.NewID(), Name: "Directory", Connector: "openldap", Owner: o.olaf}, nil)
	o.check(err)
	o.source = governance.Reference{ID: owned.ID, Name: owned.Name}
	group, err := s.CreateWorkgroup(t.Context(), organiser, governance.Workgroup{Name: "Approvers"})
	o.check(err)
	_, err = s.AddWorkgroupMembers(t.Context(), organiser, group.ID, []string{o.gus.ID, o.gina.ID})
	o.check(err)
	o.group = governance.Reference{ID: group.ID, Name: group.Name}
	return o
}

// open asks for an approval by somebody, by the approvers of a setting.
func (o *office) open(requester governance.Reference, approvers string, edit ...func(*governance.GenericApproval)) governance.GenericApproval {
	o.Helper()
	steps, err := o.ApprovalSteps(o.Context(), governance.Approval{Required: true, Approvers: approvers}, requester, o.source, o.x)
	o.check(err)
	a := governance.GenericApproval{
		Type: store.TestApproval, Name: "A new bot", Requester: requester, Source: o.source, AccountOwner: o.x, Steps: steps,
		Targets:    []governance.ApprovalObject{{Type: "SUBTYPE", RequestType: "CREATE", Reference: governance.Reference{ID: store.NewID(), Name: "Robot"}}},
		References: []governance.ApprovalObject{{Type: "ACCOUNT_REQUEST", Reference: governance.Reference{ID: store.NewID(), Name: "request"}}},
	}
	for _, e := range edit {
		e(&a)
	}
	a, err = o.OpenApproval(o.Context(), organiser, a)
	o.check(err)
	return a
}

func (o *office) configure(c governance.ApprovalConfig) {
	o.Helper()
	o.check(o.PutApprovalConfig(o.Context(), organiser, store.TestApproval, governance.ConfigOfType, c))
}

// decide decides on what waits at the moment.
func (o *office) decide(id string, by governance.Reference, decision governance.ApprovalStatus, edit ...func(*governance.ApprovalDecision)) error {
	o.Helper()
	a := o.read(id)
	d := governance.ApprovalDecision{By: by, Admin: by.ID == o.admin.ID, Decision: decision, Step: a.SerialStep}
	for _, e := range edit {
		e(&d)
	}
	_, err := o.DecideApproval(o.Context(), governance.Actor{IdentityID: by.ID, Name: by.Name}, id, d)
	return err
}

func (o *office) read(id string) governance.GenericApproval {
	o.Helper()
	a, err := o.GenericApproval(o.Context(), id, "")
	o.check(err)
	return a
}

// waits tells what has become of an approval: its status, and whom it waits for.
func (o *office) waits(id string) string {
	o.Helper()
	a := o.read(id)
	if !a.Pending() {
		return string(a.Status)
	}
	return strings.TrimPrefix(a.Current().Approver.Name, "Name of ")
}

func (o *office) want(id, waits string) {
	o.Helper()
	if got := o.waits(id); got != waits {
		o.Errorf("the approval waits for %q, not for %q", got, waits)
	}
}

func (o *office) refused(err error, kind governance.Kind) {
	o.Helper()
	if err == nil || governance.KindOf(err) != kind {
		o.Errorf("want an error of kind %d, got %v", kind, err)
	}
}

const (
	approved = governance.ApprovalApproved
	rejected = governance.ApprovalRejected
)
