//go:build unix

package provision_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"midgard/internal/governance"
	"midgard/internal/store"
	"midgard/internal/store/storetest"
	"midgard/internal/testenv"
)

// unchecked lets every transform pass: those of these tests are right, or are to fail when they run.
func unchecked(json.RawMessage, func(string) (json.RawMessage, bool)) ([]string, error) {
	return nil, nil
}

// setFields fills in the policy that the subtype was born with.
func (w *world) setFields(text string) {
	w.Helper()
	var fields []governance.PolicyField
	w.check(json.Unmarshal([]byte(text), &fields))
	page, err := w.ProvisioningPolicies(w.Context(), w.src.ID, query(w.T, `subtypeId eq "`+w.subtype.ID+`"`, "subtypeId:id eq"))
	w.check(err)
	if len(page.Items) != 1 || page.Items[0].UsageType != governance.UsageCreateMachine {
		w.Fatalf("the policies of the subtype are %+v", page.Items)
	}
	_, err = w.UpdateProvisioningPolicy(w.Context(), tester, w.src.ID, page.Items[0].ID, func(p *governance.ProvisioningPolicy) error {
		p.Fields = fields
		return p.Validate()
	}, unchecked)
	w.check(err)
}

// TestPolicy makes an account by a policy that uses everything that a policy may ask for.
func TestPolicy(t *testing.T) {
	t.Parallel()
	slapd := testenv.Slapd(t, testenv.WithLDIF(branches))
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s, slapd)
		w.directory(slapd.Port, nil)
		engine := t.Name()[strings.LastIndex(t.Name(), "/")+1:]
		w.setFields(`[
			{"name": "dn", "transform": {"type": "usernameGenerator", "attributes": {"sourceCheck": true,
				"patterns": ["uid=$team-${subtype.technicalName}${uniqueCounter},` + services + `"], "team": {"type": "lower", "attributes": {"input": {"type": "static", "attributes": {"value": "${userInput.team}"}}}}}}},
			{"name": "sn", "transform": {"type": "identityAttribute", "attributes": {"name": "lastname"}}, "attributes": {"cloudRequired": "true"}},
			{"name": "givenName", "transform": {"type": "static", "attributes": {"value": "${requester.firstname} for ${owner.firstname}"}}},
			{"name": "description", "transform": {"type": "static", "attributes": {"value": "${description} on ${source.name} (${environment})"}}},
			{"name": "ou", "isMultiValued": true},
			{"name": "employeeNumber", "type": "int", "transform": {"type": "static", "attributes": {"value": "0042"}}},
			{"name": "title", "transform": {"type": "static", "attributes": {"value": "${userInput.missing}"}}},
			{"name": "userPassword", "transform": {"type": "static", "attributes": {"value": "in the clear"}}}
		]`)
		for _, want := range []string{engine + "-svc", engine + "-svc1"} {
			id := w.ask(`{"team":"` + strings.ToUpper(engine) + `","ou":["a","b"]}`)
			r := w.done(id)
			if _, has := r.Provisioning.Attributes["userPassword"]; has {
				t.Errorf("a password stands among the attributes: %+v", r.Provisioning.Attributes)
			}
			o := w.onSource()[want]
			got := map[string]any{}
			for _, name := range []string{"sn", "givenName", "description", "ou", "employeeNumber", "title"} {
				got[name] = o.Attributes[name]
			}
			wanted := map[string]any{
				"sn": "Doe", "givenName": "ada for bob", "description": "For the tests on Directory (Test)", "ou": []string{"a", "b"}, "employeeNumber": "42", "title": nil,
			}
			if diff := cmp.Diff(wanted, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", want, diff)
			}
			w.checkPassword(id, serviceDN(want))
		}
	})
}

// TestByHand: on a source that nobody can provision a person does it, or does not.
func TestByHand(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s, nil)
		w.newSource("Files", "delimited-file", map[string]any{})
		owner := governance.Viewer{IdentityID: w.bob.ID}
		id := w.ask(`{"name":"robot"}`)
		item := w.handed(id, owner)
		if item.Type != governance.WorkCreate || item.Status != governance.WorkOpen || item.Subject != "robot" || item.Details["description"] != "For the tests" {
			t.Errorf("the work item is %+v", item)
		}
		if _, err := s.WorkItem(t.Context(), item.ID, governance.Viewer{IdentityID: w.ada.ID}); governance.KindOf(err) != governance.NotFound {
			t.Errorf("who does not own the source got %v", err)
		}
		if _, err := s.CompleteWorkItem(t.Context(), tester, item.ID, owner, "", ""); governance.KindOf(err) != governance.Required {
			t.Errorf("completed without a native identity: %v", err)
		}
		_, err := s.CompleteWorkItem(t.Context(), tester, item.ID, owner, "robot-1", "done")
		w.check(err)
		if _, err := s.RefuseWorkItem(t.Context(), tester, item.ID, owner, "late"); governance.KindOf(err) != governance.Conflict {
			t.Errorf("refused after it was completed: %v", err)
		}
		w.done(id)
		a := w.find(w.src.ID, "robot-1")
		if !a.Machine || a.Owner != w.bob || a.Name != "robot" || a.Subtype != "svc" || !a.MachineIdentity.Set() {
			t.Errorf("the account is %+v", a)
		}

		refused := w.ask(`{"name":"no"}`)
		_, err = s.RefuseWorkItem(t.Context(), tester, w.handed(refused, owner).ID, owner, "not here")
		w.check(err)
		if r := w.request(refused); r.Status != governance.RequestFailed || !strings.Contains(r.Error, "not here") {
			t.Errorf("the refused request is %+v", r)
		}

		deletion := w.askDeletion(a)
		_, err = s.CompleteWorkItem(t.Context(), tester, w.handed(deletion, owner).ID, owner, "", "")
		w.check(err)
		w.done(deletion)
		if w.find(w.src.ID, "robot-1").ID != "" {
			t.Error("the deleted account is still there")
		}
	})
}

// handed works on a request until a person has to, and gives the work item.
func (w *world) handed(id string, v governance.Viewer) governance.WorkItem {
	w.Helper()
	w.check(w.work(id))
	r := w.request(id)
	if r.Status != governance.RequestPending || r.Provisioning.Step != governance.StepManual {
		w.Fatalf("the request is %s: %s %+v", r.Status, r.Error, r.Provisioning)
	}
	page, err := w.WorkItems(w.Context(), v, query(w.T, "", ""))
	w.check(err)
	i := slices.IndexFunc(page.Items, func(item governance.WorkItem) bool { return item.RequestID == id })
	if i < 0 || page.Items[i].ID != r.Provisioning.WorkItemID {
		w.Fatalf("the work items are %+v", page.Items)
	}
	return page.Items[i]
}

// TestAnotherAccount: an account that has the name of the one to delete by now is left alone.
func TestAnotherAccount(t *testing.T) {
	t.Parallel()
	slapd := testenv.Slapd(t, testenv.WithLDIF(branches))
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s, slapd)
		w.directory(slapd.Port, nil)
		uid := "twin-" + t.Name()[strings.LastIndex(t.Name(), "/")+1:]
		w.done(w.ask(`{"name":"` + uid + `"}`))
		slapd.Delete(serviceDN(uid))
		slapd.Add("dn: " + serviceDN(uid) + "\nobjectClass: account\nuid: " + uid + "\n\n")
		w.refused(w.askDeletion(w.find(w.src.ID, serviceDN(uid))), "is another one by now")
		if w.onSource()[uid].Identity == "" {
			t.Error("somebody else's account is gone")
		}
	})
}

// TestPasswordsExpire: nobody gets an old password, and it does not stay.
func TestPasswordsExpire(t *testing.T) {
	t.Parallel()
	slapd := testenv.Slapd(t, testenv.WithLDIF(branches))
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s, slapd)
		w.directory(slapd.Port, nil)
		w.clock.advance(-8 * 24 * time.Hour)
		id := w.ask(`{"name":"old-` + t.Name()[strings.LastIndex(t.Name(), "/")+1:] + `"}`)
		w.done(id)
		if _, err := w.service.TakePassword(t.Context(), tester, id, w.bob.ID); governance.KindOf(err) != governance.NotFound {
			t.Errorf("an expired password: %v", err)
		}
		w.check(s.WipePasswords(t.Context()))
		_, err := s.TakePassword(t.Context(), tester, id, w.bob.ID)
		if governance.KindOf(err) != governance.NotFound {
			t.Error(err)
		}
	})
}
