//go:build unix

package store_test

import (
	"encoding/json"
	"testing"
	"time"

	"midgard/internal/filter"
	"midgard/internal/governance"
	"midgard/internal/store"
)

var organiser = governance.Actor{Name: "tester", Reason: "test"}

// organisation is a store with the means to fill it.
type organisation struct {
	*testing.T
	*store.Store
}

func (o organisation) check(err error) {
	o.Helper()
	if err != nil {
		o.Fatal(err)
	}
}

// source makes a source without an owner.
func (o organisation) source(name string, authoritative bool) governance.Reference {
	o.Helper()
	made, err := o.CreateSource(o.Context(), organiser, governance.Source{
		ID: store.NewID(), Name: name, Type: "Test", Connector: "test", Authoritative: authoritative, Status: governance.SourceHealthy,
	}, nil)
	o.check(err)
	return governance.Reference{ID: made.ID, Name: made.Name}
}

// people makes people with the given uids, whose other fields follow from the uid.
func (o organisation) people(source governance.Reference, uids ...string) []governance.Reference {
	o.Helper()
	observed := make([]governance.ObservedPerson, len(uids))
	for i, uid := range uids {
		observed[i] = observedPerson(uid)
	}
	ids, err := o.UpsertPeople(o.Context(), source, observed...)
	o.check(err)
	refs := make([]governance.Reference, len(ids))
	for i := range ids {
		refs[i] = governance.Reference{ID: ids[i], Name: observed[i].Name}
	}
	return refs
}

func observedPerson(uid string) governance.ObservedPerson {
	return governance.ObservedPerson{
		UID: uid, Name: "Name of " + uid, FirstName: "Name", LastName: "Of " + uid, Email: uid + "@example.org", LifecycleState: "active",
		Attributes: json.RawMessage(`{"department":"IT"}`),
	}
}

// admin makes the first, protected person of an empty organisation.
func (o organisation) admin() governance.Identity {
	o.Helper()
	now := time.Now().UTC().Truncate(time.Millisecond)
	admin := governance.Identity{
		ID: store.NewID(), UID: "admin", Name: "Administrator", State: governance.StateActive, Protected: true, Created: now, Modified: now,
	}
	token := governance.AccessToken{ID: store.NewID(), Name: "first", Owner: governance.Reference{ID: admin.ID}, SecretHash: []byte{1}, Created: now}
	created, err := o.Bootstrap(o.Context(), organiser, admin, []string{governance.LevelOrgAdmin}, token)
	o.check(err)
	if !created {
		o.Fatal("the organisation is not empty")
	}
	return admin
}

// apply brings accounts of a source in, as an aggregation does.
func (o organisation) apply(source governance.Reference, observed ...governance.ObservedAccount) {
	o.Helper()
	_, err := o.StartTask(o.Context(), organiser, governance.Task{Type: governance.TaskTypeQueued, Name: "test"}, "test", source.ID, func(string) any { return nil })
	o.check(err)
	jobs, err := o.ClaimJobs(o.Context(), []string{"test"}, 1, time.Minute)
	o.check(err)
	if len(jobs) != 1 {
		o.Fatalf("claimed %d jobs", len(jobs))
	}
	natives := make([]string, len(observed))
	for i := range observed {
		natives[i] = observed[i].NativeIdentity
	}
	digests, err := o.Digests(o.Context(), source.ID, natives)
	o.check(err)
	writes := make([]governance.AccountWrite, len(observed))
	for i := range observed {
		writes[i] = governance.AccountWrite{Digest: digests[i], Observed: observed[i]}
	}
	_, err = o.ApplyAccounts(o.Context(), organiser, jobs[0].Lease(), source, writes, nil)
	o.check(err)
	o.check(o.EndJob(o.Context(), jobs[0].Lease(), governance.JobCompleted, "", time.Now()))
}

// machineAccount is an account of a machine whose source names an owner.
func machineAccount(native, ownerKey string) governance.ObservedAccount {
	yes := true
	return governance.ObservedAccount{
		NativeIdentity: native, Name: native, Attributes: json.RawMessage("{}"), Machine: &yes, Method: governance.BySource, OwnerKey: ownerKey,
	}
}

// humanAccount is an account of a person.
func humanAccount(native, uid string) governance.ObservedAccount {
	p := observedPerson(uid)
	return governance.ObservedAccount{NativeIdentity: native, Name: native, Attributes: json.RawMessage("{}"), Person: &p, Hash: [16]byte{1}}
}

// account finds the account with a native identity.
func (o organisation) account(native string) governance.Account {
	o.Helper()
	page, err := o.Accounts(o.Context(), filter.Query{Limit: 2, Where: equalTo("nativeIdentity", native)})
	o.check(err)
	if len(page.Items) != 1 {
		o.Fatalf("there are %d accounts %q", len(page.Items), native)
	}
	return page.Items[0]
}

// identity reads a person.
func (o organisation) identity(id string) governance.Identity {
	o.Helper()
	i, err := o.Identity(o.Context(), id)
	o.check(err)
	return i
}

// machineIdentity reads the machine identity that an account belongs to.
func (o organisation) machineIdentity(native string) governance.MachineIdentity {
	o.Helper()
	m, err := o.MachineIdentity(o.Context(), o.account(native).MachineIdentity.ID, "")
	o.check(err)
	return m
}

func equalTo(field, value string) *filter.Compare {
	return &filter.Compare{Field: field, Op: filter.Eq, Values: []filter.Value{{Text: value}}}
}

// actions gives the actions of an object's change records, oldest first.
func (o organisation) actions(id string) []string {
	o.Helper()
	changes, err := o.Changes(o.Context(), id, "", 100)
	o.check(err)
	var actions []string
	for _, c := range changes {
		actions = append(actions, c.Action)
	}
	return actions
}

// refused checks that something failed in the expected way.
func (o organisation) refused(err error, kind governance.Kind) {
	o.Helper()
	if err == nil || governance.KindOf(err) != kind {
		o.Errorf("the error is %v (kind %d), not of kind %d", err, governance.KindOf(err), kind)
	}
}
