//go:build unix

package proof_test

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"midgard/internal/app/apptest"
	"midgard/internal/config"
	"midgard/internal/contract"
)

// userLevels are all that a person can be granted; "" stands for none, which leaves a USER.
var userLevels = append([]string{""}, strings.Fields(`
	CERT_ADMIN CLOUD_GOV_ADMIN CLOUD_GOV_USER HELPDESK INTERNAL ORG_ADMIN POLICY_ADMIN REPORT_ADMIN ROLE_ADMIN ROLE_SUBADMIN
	SAAS_MANAGEMENT_ADMIN SAAS_MANAGEMENT_READER SOURCE_ADMIN SOURCE_SUBADMIN
	das:ui-administrator das:ui-compliance_manager das:ui-auditor das:ui-data-scope sp:aic-dashboard-read sp:aic-dashboard-write
	sp:ui-config-hub-admin sp:ui-config-hub-backup-admin sp:ui-config-hub-read`)...)

const (
	scopeAll     = "sp:scopes:all"
	scopeDefault = "sp:scopes:default"
	scopeUnknown = "sp:unheard-of:manage"
)

// visitor is somebody with a token.
type visitor struct {
	name  string
	token string
	// strange says that the token is none of this server's, or no longer.
	strange bool
	// application says that there is no person behind the token.
	application bool
	level       string // the person's, "" for none
	scope       string
}

// ruling is what the contract says of a visitor's request before the operation itself has a word.
type ruling string

const (
	admitted        ruling = "admitted"
	unauthenticated ruling = "401"
	forbidden       ruling = "403"
	notOptedIn      ruling = "400 for the header"
)

// rule reads the contract: first the token, then the opt-in header, then one of the scopes and one of the levels.
func rule(op *contract.Operation, v *visitor, header string, headerRequired bool) ruling {
	switch {
	case v.strange:
		return unauthenticated
	case headerRequired && op.Experimental && header != "true":
		return notOptedIn
	case !holdsScope(op, v.scope), !mayCall(op, v):
		return forbidden
	}
	return admitted
}

func holdsScope(op *contract.Operation, scope string) bool {
	free := len(op.Scopes) == 0 || slices.Contains(op.Scopes, scopeDefault)
	return free || scope == scopeAll || slices.Contains(op.Scopes, scope)
}

func mayCall(op *contract.Operation, v *visitor) bool {
	if v.application {
		return op.Application
	}
	everybody := []string{"Any", "USER", "APPROVAL_OWNER"}
	return slices.ContainsFunc(op.Levels, func(level string) bool { return level == v.level || slices.Contains(everybody, level) })
}

// company is everybody who visits: persons by level and the application, each by scope.
type company struct {
	scopes  []string // of the contract
	people  map[string]map[string]*visitor
	machine map[string]*visitor
	strange []*visitor
}

func newCompany(t *testing.T, p *prover) *company {
	t.Helper()
	c := &company{people: map[string]map[string]*visitor{}, machine: map[string]*visitor{}}
	for _, op := range contract.Operations() {
		c.scopes = append(c.scopes, op.Scopes...)
	}
	slices.Sort(c.scopes)
	c.scopes = slices.Compact(c.scopes)
	clients := append(makePeople(t, p), p.application(t))
	f := newForge(t, p)
	for _, scope := range append([]string{scopeAll, scopeDefault, scopeUnknown}, c.scopes...) {
		tokens := f.tokens(scope, 0, clients...)
		for i, level := range userLevels {
			if c.people[level] == nil {
				c.people[level] = map[string]*visitor{}
			}
			c.people[level][scope] = &visitor{name: "a person of level " + level + " with " + scope, token: tokens[i], level: level, scope: scope}
		}
		c.machine[scope] = &visitor{name: "an application with " + scope, token: tokens[len(userLevels)], application: true, scope: scope}
	}
	admin := c.people["ORG_ADMIN"][scopeAll].token
	c.strange = []*visitor{
		{name: "nobody"}, {name: "garbage", token: "garbage"}, {name: "an expired token", token: f.tokens(scopeAll, time.Hour, clients[0])[0]},
		{name: "a wrong signature", token: forged(admin, p.Admin.Token)}, {name: "a cut token", token: admin[:len(admin)-1]},
	}
	for _, v := range c.strange {
		v.strange = true
	}
	return c
}

// makePeople makes a person of every level, in their order.
func makePeople(t *testing.T, p *prover) []client {
	t.Helper()
	source := p.CreateSource(t, "Staff", map[string]any{"authoritative": true})
	p.SetSchema(t, source, "uid", "uid", "displayName")
	file := "uid,displayName\n"
	for i := range userLevels {
		file += fmt.Sprintf("staff-%02d,Staff %d\n", i, i)
	}
	p.Load(t, source, file).Want(t, "SUCCESS")
	rows := p.Admin.List(t, "/identities/v1", "filters", `alias sw "staff-"`, "sorters", "alias")
	var clients []client
	for i, level := range userLevels {
		id := rows[i].Text("id")
		if level != "" {
			grant := []any{map[string]any{"op": "replace", "path": "/capabilities", "value": []string{level}}}
			p.Admin.Patch(t, "/auth-users/v1/"+id, apptest.JSON(grant)).Want(t, http.StatusOK)
		}
		clients = append(clients, p.person(t, id))
	}
	return clients
}

// visitors gives those who try an operation: strangers; every level with a scope that is listed, one that is not and the one
// that holds all; the administrator and an application with every scope that is listed, too, with the one that every token
// holds and with one that nobody knows. n varies the scopes.
func (c *company) visitors(op *contract.Operation, n int) []*visitor {
	others := slices.DeleteFunc(slices.Clone(c.scopes), func(s string) bool { return slices.Contains(op.Scopes, s) })
	scopes := []string{others[n%len(others)], scopeAll}
	if len(op.Scopes) > 0 {
		scopes = append(scopes, op.Scopes[n%len(op.Scopes)])
	}
	list := slices.Clone(c.strange)
	for _, level := range userLevels {
		for _, scope := range scopes {
			list = append(list, c.people[level][scope])
		}
	}
	for _, scope := range append(scopes, op.Scopes...) {
		list = append(list, c.machine[scope], c.people["ORG_ADMIN"][scope])
	}
	return append(list, c.machine[scopeDefault], c.machine[scopeUnknown], c.people["ORG_ADMIN"][scopeDefault], c.people["ORG_ADMIN"][scopeUnknown])
}

// TestEveryOperationForEveryCaller asks every operation as everybody.
func TestEveryOperationForEveryCaller(t *testing.T) {
	t.Parallel()
	p := oneEngine(t)
	c := newCompany(t, p)
	operations := contract.Operations()
	var asked, allowed atomic.Int64
	inParallel(len(operations), func(i int) {
		op := &operations[i]
		harmless(t, op)
		for _, v := range c.visitors(op, i) {
			asked.Add(1)
			if p.checkRuling(t, op, v, "true", rule(op, v, "true", p.Config.RequireExperimental)) {
				allowed.Add(1)
			}
		}
	})
	t.Logf("%d operations, %d requests, of which %d were admitted", len(operations), asked.Load(), allowed.Load())
	atLeast := int64(len(operations) * (len(c.strange) + 2*(len(userLevels)+1)))
	if asked.Load() < atLeast || allowed.Load() < int64(len(operations)) {
		t.Errorf("only %d requests, of which %d were admitted: some caller or operation was left out", asked.Load(), allowed.Load())
	}
}

// TestOptInHeader asks every operation with every header, where it is required and where it is not.
func TestOptInHeader(t *testing.T) {
	t.Parallel()
	for _, required := range []bool{true, false} {
		t.Run(fmt.Sprintf("required %v", required), func(t *testing.T) {
			t.Parallel()
			p := oneEngine(t, func(c *config.Config) { c.RequireExperimental = required })
			unfit := &visitor{name: "an application without rights", token: newForge(t, p).tokens(scopeUnknown, 0, p.application(t))[0], application: true}
			admin := &visitor{name: "the administrator", token: p.Admin.Token, level: "ORG_ADMIN", scope: scopeAll}
			nobody := &visitor{name: "nobody", strange: true}
			operations := contract.Operations()
			inParallel(len(operations), func(i int) {
				op := &operations[i]
				for _, header := range []string{"", "false", "TRUE", "1", "true"} {
					p.checkRuling(t, op, admin, header, rule(op, admin, header, required))
				}
				for _, v := range []*visitor{unfit, nobody} {
					p.checkRuling(t, op, v, "", rule(op, v, "", required))
				}
			})
		})
	}
}

var pathParameter = regexp.MustCompile(`\{\w+\}`)

// harmless sees to it that a request of the matrix cannot change anything: it is about an id that nobody has, or brings a
// body that is none.
func harmless(t *testing.T, op *contract.Operation) {
	if op.Method != http.MethodGet && len(op.PathParams) == 0 && op.Request == "" {
		t.Errorf("%s would do something: the matrix needs another way to ask for it", op.Pattern())
	}
}

func (p *prover) checkRuling(t *testing.T, op *contract.Operation, v *visitor, header string, want ruling) (allowed bool) {
	q := question{
		method: op.Method, path: pathParameter.ReplaceAllString(op.Path, unknownID), token: bearer(v.token), experimental: header, operation: op,
	}
	if op.Request != "" {
		q.body = "{"
	}
	if op.List {
		q.path += "?limit=1"
	}
	a := p.ask(t, &q)
	if got := rulingOf(&a); got != want {
		t.Errorf("%s as %s with the header %q: %s, want %s\n%d %s", op.Pattern(), v.name, header, got, want, a.status, a.body)
	}
	if op.Method != http.MethodGet && a.status/100 == 2 {
		t.Errorf("%s as %s: %d, which may have changed something", op.Pattern(), v.name, a.status)
	}
	return want == admitted
}

var unauthenticatedForm = regexp.MustCompile(`^\{"error":"[^"]+"\}$`)

// rulingOf reads an answer. One of 401, 403 or 400 that has not the contract's body is none of the rulings.
func rulingOf(a *answer) ruling {
	code, text := a.failure()
	switch {
	case a.status == http.StatusUnauthorized && unauthenticatedForm.Match(a.body):
		return unauthenticated
	case a.status == http.StatusForbidden && code == "403 Forbidden" && strings.HasPrefix(text, "The server understood the request but refuses to authorize it."):
		return forbidden
	case a.status == http.StatusBadRequest && string(a.body) == `{"error":"Experimental Header is missing or invalid."}`:
		return notOptedIn
	case a.status == http.StatusUnauthorized, a.status == http.StatusForbidden, a.status == 0:
		return "an answer of another form"
	}
	return admitted
}
