//go:build unix

package provision_test

import (
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"midgard/internal/governance"
	"midgard/internal/store"
	"midgard/internal/store/storetest"
	"midgard/internal/testenv"
)

func proxied(t *testing.T, slapd *testenv.SlapdServer) *testenv.Proxy {
	t.Helper()
	return testenv.FaultyProxy(t, net.JoinHostPort(slapd.Host, strconv.Itoa(slapd.Port)))
}

// TestSourceIsAway: a request waits for its source with growing pauses, goes on where it was, and fails after two hours.
func TestSourceIsAway(t *testing.T) {
	t.Parallel()
	slapd := testenv.Slapd(t, testenv.WithLDIF(branches))
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w, proxy := newWorld(t, s, slapd), proxied(t, slapd)
		w.directory(proxy.Port, nil)
		engine := t.Name()[strings.LastIndex(t.Name(), "/")+1:]
		id := w.ask(`{"name":"away-` + engine + `"}`)
		proxy.Refuse()
		var pauses []time.Duration
		for waited := time.Duration(0); waited < 65*time.Minute; {
			if err := w.work(id); err == nil {
				t.Fatalf("the work ended with %+v", w.request(id))
			}
			p := w.request(id).Provisioning
			pause := p.NextTry.Sub(w.clock.now().UTC()).Round(time.Second)
			if p.Message == "" || pause < time.Minute-time.Second || pause > 10*time.Minute+time.Second {
				t.Fatalf("after %s it is %+v, the next try in %s", waited, p, pause)
			}
			pauses, waited = append(pauses, pause), waited+pause
			w.clock.advance(pause)
		}
		if len(pauses) < 7 || len(pauses) > 15 {
			t.Errorf("the pauses are %v", pauses)
		}
		proxy.Heal()
		if r := w.done(id); r.Provisioning.Message != "" || !r.Provisioning.Since.IsZero() {
			t.Errorf("in the end it is %+v", r.Provisioning)
		}

		proxy.Refuse()
		id = w.ask(`{"name":"gone-` + engine + `"}`)
		if w.work(id) == nil {
			t.Error("nothing is wrong with a source that is away")
		}
		w.clock.advance(3 * time.Hour)
		w.refused(id, "tried for 3h0m0s")
	})
}

// TestRefusals: what a source refuses fails at once, in its words, and nothing is left of it.
func TestRefusals(t *testing.T) {
	t.Parallel()
	slapd := testenv.Slapd(t, testenv.WithLDIF(branches))
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s, slapd)
		w.directory(slapd.Port, nil)
		engine := t.Name()[strings.LastIndex(t.Name(), "/")+1:]
		gone := w.operators()
		e := w.entitlement("operators")
		slapd.Add("dn: cn=doomed-" + engine + "," + groups + "\nobjectClass: groupOfNames\ncn: doomed\ncn: doomed-" + engine + "\nmember: cn=nobody\n\n")
		lease := w.claim(w.enqueue(store.NewID()), "test")
		e.ID, e.Name, e.Value = "", "doomed", "cn=doomed-"+engine+","+groups
		_, _, err := w.ApplyEntitlements(t.Context(), tester, lease.Lease(), []governance.Entitlement{e})
		w.check(err)
		w.check(w.EndJob(t.Context(), lease.Lease(), governance.JobCompleted, "", time.Now()))
		slapd.Delete("cn=doomed-" + engine + "," + groups)
		doomed := governance.Reference{ID: w.entitlement("doomed").ID}

		id := w.ask(`{"name":"undone-`+engine+`"}`, func(r *governance.AccountRequest) { r.Entitlements = []governance.Reference{gone, doomed} })
		r := w.refused(id, "give the entitlement", "doomed")
		if !r.Provisioning.Has(governance.StepCreate) || w.onSource()["undone-"+engine].Identity != "" {
			t.Errorf("%+v is left on the source", r.Provisioning)
		}
		if _, err := w.service.TakePassword(t.Context(), tester, id, w.bob.ID); governance.KindOf(err) != governance.NotFound {
			t.Errorf("the password of no account: %v", err)
		}

		w.refused(w.askWith(`[{"name":"uid","transform":{"type":"static","attributes":{"value":"odd"}}},
			{"name":"gidNumber","transform":{"type":"static","attributes":{"value":"seven"}}}]`, "{}"), "create", "gidNumber")
		w.refused(w.askWith(`[{"name":"uid","transform":{"type":"static","attributes":{"value":"${userInput.uid}"}},"attributes":{"cloudRequired":"true"}}]`, "{}"),
			"The required field 'uid' of the provisioning policy has no value.")
		w.refused(w.askWith(`[{"name":"uid","transform":{"type":"lookup","attributes":{"table":{"a":"b"},"input":"c"}}}]`, "{}"), "Field 'uid' of the provisioning policy")
		w.refused(w.askWith(`[{"name":"uid"},{"name":"uidNumber","type":"int"}]`, `{"uid":"x","uidNumber":"many"}`), "uidNumber", `"many" is no whole number`)
	})
}

// askWith asks for an account after the subtype has got these fields for a policy.
func (w *world) askWith(fields, input string) string {
	w.Helper()
	w.setFields(fields)
	return w.ask(input)
}
