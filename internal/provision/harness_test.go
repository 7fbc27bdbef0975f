//go:build unix

package provision_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"midgard/internal/aggregate"
	"midgard/internal/connector"
	"midgard/internal/connector/builtin"
	"midgard/internal/governance"
	"midgard/internal/provision"
	"midgard/internal/secret"
	"midgard/internal/source"
	"midgard/internal/store"
	"midgard/internal/testenv"
)

func TestMain(m *testing.M) { os.Exit(testenv.Main(m)) }

var tester = governance.Actor{Name: "tester", Reason: "test"}

const (
	services = "ou=services,dc=example,dc=test"
	groups   = "ou=groups,dc=example,dc=test"
	branches = "dn: " + services + "\nobjectClass: organizationalUnit\nou: services\n\n" +
		"dn: " + groups + "\nobjectClass: organizationalUnit\nou: groups\n\n" +
		"dn: cn=operators," + groups + "\nobjectClass: groupOfNames\ncn: operators\nmember: cn=nobody\n\n"
)

func serviceDN(uid string) string { return "uid=" + uid + "," + services }

// world is a store with people, a directory, a subtype that Ada may ask for, and the service that provisions.
type world struct {
	*testing.T
	*store.Store
	slapd   *testenv.SlapdServer
	sources *source.Service
	runs    *aggregate.Service
	service *provision.Service
	killer  *killer
	clock   *clock

	src      governance.Source
	ada, bob governance.Reference
	subtype  governance.Subtype
}

func (w *world) check(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// clock is the time of the service under test.
type clock struct {
	mutex sync.Mutex
	ahead time.Duration
}

func (c *clock) now() time.Time {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return time.Now().Add(c.ahead)
}

func (c *clock) advance(d time.Duration) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.ahead += d
}

func newWorld(t *testing.T, s *store.Store, slapd *testenv.SlapdServer) *world {
	t.Helper()
	w := &world{T: t, Store: s, slapd: slapd, killer: &killer{}, clock: &clock{}}
	box := secret.Ephemeral()
	w.sources = source.New(source.Options{Store: s, Sealer: box, Connectors: builtin.Connectors(), NewID: store.NewID, Now: time.Now})
	w.runs = aggregate.New(s, w.sources, time.Now, slog.New(slog.DiscardHandler))
	w.service = provision.New(provision.Options{
		Store: mortalStore{s, w.killer}, Sources: mortalSources{w.sources, w.killer}, Observer: w.runs, Sealer: box, Now: w.clock.now,
	})
	w.makePeople()
	return w
}

// makePeople brings Ada and Bob in.
func (w *world) makePeople() {
	w.Helper()
	now := time.Now().UTC().Truncate(time.Millisecond)
	admin := governance.Identity{ID: store.NewID(), UID: "admin", Name: "Administrator", State: governance.StateActive, Protected: true, Created: now, Modified: now}
	token := governance.AccessToken{ID: store.NewID(), Name: "first", Owner: governance.Reference{ID: admin.ID}, SecretHash: []byte{1}, Created: now}
	if _, err := w.Bootstrap(w.Context(), tester, admin, []string{governance.LevelOrgAdmin}, token); err != nil {
		w.Fatal(err)
	}
	people, err := w.sources.CreateSource(w.Context(), tester, governance.Source{
		Name: "People", Connector: "delimited-file", Owner: governance.Reference{ID: admin.ID}, Authoritative: true, DeleteThreshold: 10,
	}, false)
	w.check(err)
	lease := w.claim(w.enqueue(people.ID), "test")
	var writes []governance.AccountWrite
	for _, uid := range []string{"ada", "bob"} {
		p := governance.ObservedPerson{UID: uid, Name: "Name of " + uid, FirstName: uid, LastName: "Doe", Email: uid + "@example.test", LifecycleState: "active", Attributes: json.RawMessage("{}")}
		writes = append(writes, governance.AccountWrite{
			Digest: governance.Digest{Key: uid}, Observed: governance.ObservedAccount{NativeIdentity: uid, Name: uid, Attributes: json.RawMessage("{}"), Person: &p},
		})
	}
	_, err = w.ApplyAccounts(w.Context(), tester, lease.Lease(), governance.Reference{ID: people.ID}, writes, nil)
	w.check(err)
	w.check(w.EndJob(w.Context(), lease.Lease(), governance.JobCompleted, "", time.Now()))
	for uid, ref := range map[string]*governance.Reference{"ada": &w.ada, "bob": &w.bob} {
		a := w.find(people.ID, uid)
		*ref = a.Identity
	}
}

func (w *world) enqueue(key string) string {
	w.Helper()
	_, err := w.StartTask(w.Context(), tester, governance.Task{Type: governance.TaskTypeQueued, Name: "test"}, "test", key, func(string) any { return nil })
	w.check(err)
	return key
}

// claim takes the unfinished job of a kind with a key.
func (w *world) claim(key, kind string) governance.Job {
	w.Helper()
	jobs, err := w.ClaimJobs(w.Context(), []string{kind}, 1, time.Minute)
	w.check(err)
	if len(jobs) != 1 || jobs[0].Key != key {
		w.Fatalf("claimed %+v, want the %s of %s", jobs, kind, key)
	}
	return jobs[0]
}

// find gives the account with a native identity; one without an id when there is none.
func (w *world) find(sourceID, native string) governance.Account {
	w.Helper()
	digests, err := w.Digests(w.Context(), sourceID, []string{native})
	w.check(err)
	if digests[0].ID == "" {
		return governance.Account{}
	}
	a, err := w.Account(w.Context(), digests[0].ID, "")
	w.check(err)
	return a
}

// directory makes the LDAP source, at a port that may be a proxy's.
func (w *world) directory(port int, more map[string]any) {
	w.Helper()
	attributes := map[string]any{
		"host": w.slapd.Host, "port": port, "user": w.slapd.WriterDN, "password": w.slapd.WriterPassword, "searchDN": services,
		"group.searchDNs": []any{map[string]any{"searchDN": groups}}, "timeout": 5,
	}
	for name, value := range more {
		attributes[name] = value
	}
	w.newSource("Directory", "openldap", attributes)
}

// newSource makes a source with a subtype whose accounts Ada may ask for without approval.
func (w *world) newSource(name, kind string, attributes map[string]any) {
	w.Helper()
	text, err := json.Marshal(attributes)
	w.check(err)
	w.src, err = w.sources.CreateSource(w.Context(), tester, governance.Source{
		Name: name, Connector: kind, Owner: w.bob, ConnectorAttributes: text, DeleteThreshold: 10,
	}, false)
	w.check(err)
	x, err := w.CreateSubtype(w.Context(), tester, governance.Subtype{
		Source: governance.Reference{ID: w.src.ID}, TechnicalName: "svc", DisplayName: "Service",
	}, "")
	w.check(err)
	form, err := w.CreateForm(w.Context(), tester, governance.FormDefinition{Name: "Form of " + name, Owner: w.bob})
	w.check(err)
	w.subtype, err = w.UpdateSubtype(w.Context(), tester, x.ID, "", func(x *governance.Subtype) error {
		x.Creation.Enabled, x.Creation.PasswordSetting, x.Creation.PasswordAttribute = true, governance.PasswordNew, "userPassword"
		x.Creation.FormID, x.Deletion = form.ID, &governance.Approval{}
		return nil
	})
	w.check(err)
	_, err = w.GrantEntitlement(w.Context(), tester, w.subtype.Creation.EntitlementID, w.ada.ID, "")
	w.check(err)
}

// ask asks for an account as Ada, for Bob.
func (w *world) ask(input string, change ...func(*governance.AccountRequest)) string {
	w.Helper()
	draft := governance.AccountRequest{
		Requester: w.ada, Subtype: governance.Reference{ID: w.subtype.ID}, Owner: w.bob, Environment: "Test", Description: "For the tests",
	}
	for _, c := range change {
		c(&draft)
	}
	draft.UserInput = json.RawMessage(input)
	fill := func(_ *governance.FormDefinition, input json.RawMessage) (json.RawMessage, error) { return input, nil }
	id, err := w.RequestAccount(w.Context(), governance.Actor{IdentityID: w.ada.ID, Name: "ada"}, draft, governance.Replay{Body: store.NewID()}, fill)
	w.check(err)
	return id
}

func (w *world) request(id string) governance.AccountRequest {
	w.Helper()
	r, err := w.AccountRequest(w.Context(), id)
	w.check(err)
	return r
}

// work does the job of a request as the engine would, and tells how the attempt ended. Whatever it leaves, the next
// attempt may begin at once.
func (w *world) work(id string) error {
	w.Helper()
	j := w.claim(id, governance.JobProvision)
	ctx, cancel := context.WithCancel(w.Context())
	defer cancel()
	w.killer.arm(cancel)
	err := w.service.Work(ctx, j)
	state := governance.JobCompleted
	if err != nil {
		state = governance.JobAvailable
	}
	w.check(w.EndJob(w.Context(), j.Lease(), state, fmt.Sprint(err), time.Now().Add(-time.Second)))
	return err
}

// done works and wants the request to be a success.
func (w *world) done(id string) governance.AccountRequest {
	w.Helper()
	w.check(w.work(id))
	r := w.request(id)
	if r.Status != governance.RequestSucceeded {
		w.Fatalf("the request is %s: %s (%+v)", r.Status, r.Error, r.Provisioning)
	}
	return r
}

// refused works and wants the request to fail, with parts of its reason.
func (w *world) refused(id string, parts ...string) governance.AccountRequest {
	w.Helper()
	w.check(w.work(id))
	r := w.request(id)
	if r.Status != governance.RequestFailed {
		w.Fatalf("the request is %s: %s (%+v)", r.Status, r.Error, r.Provisioning)
	}
	for _, part := range parts {
		if !strings.Contains(r.Error, part) {
			w.Errorf("the reason is %q, want %q in it", r.Error, part)
		}
	}
	return r
}

// onSource lists the uids of the accounts in the directory.
func (w *world) onSource() map[string]connector.Object {
	w.Helper()
	opened, err := w.sources.Open(w.Context(), w.src)
	w.check(err)
	defer opened.Close()
	list := objects{}
	_, err = opened.List(w.Context(), connector.ListRequest{Type: connector.TypeAccount}, list)
	w.check(err)
	return list
}

type objects map[string]connector.Object

func (l objects) Emit(_ context.Context, o connector.Object) error {
	l[fmt.Sprint(o.Attributes["uid"])] = o
	return nil
}

func (l objects) Fail(_ context.Context, where string, reason error) error {
	return fmt.Errorf("%s: %w", where, reason)
}

// canLogIn tries a password on the directory.
func (w *world) canLogIn(dn, password string) bool {
	w.Helper()
	opened, err := builtin.Connectors()["openldap"].Open(connector.Config{
		Attributes: map[string]any{"host": w.slapd.Host, "port": float64(w.slapd.Port), "user": dn, "searchDN": services},
		Secrets:    map[string]connector.Secret{"password": connector.NewSecret(password)},
	})
	w.check(err)
	defer opened.Close()
	err = opened.Test(w.Context())
	if err != nil && !errors.Is(err, connector.ErrAuth) {
		w.Fatal(err)
	}
	return err == nil
}

// aggregate reads the directory into the inventory.
func (w *world) aggregate() {
	w.Helper()
	task, err := w.runs.Start(w.Context(), tester, w.src, aggregate.Request{ObjectType: connector.TypeAccount}, false)
	w.check(err)
	j := w.claim(w.src.ID, governance.JobAggregate)
	w.check(w.runs.Work(w.Context(), j))
	if task, err = w.Task(w.Context(), task.ID, ""); err != nil || task.CompletionStatus != governance.TaskSuccess {
		w.Fatalf("the aggregation ended with %s: %+v (%v)", task.CompletionStatus, task.Messages, err)
	}
}
