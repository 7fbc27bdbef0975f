//go:build unix

package app_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"midgard/internal/app/apptest"
	"midgard/internal/config"
	"midgard/internal/contract"
)

var pathParameter = regexp.MustCompile(`\{\w+\}`)

// somePath is a path of the operation with an id that nobody has.
func somePath(op *contract.Operation) string {
	return pathParameter.ReplaceAllString(op.Path, unknownID)
}

// TestEveryOperationIsGuarded goes through the whole contract with callers who may not call: each operation demands a
// token, one of its scopes and one of its user levels. It runs on one engine, since no row is read before.
func TestEveryOperationIsGuarded(t *testing.T) {
	t.Parallel()
	s := apptest.Start(t)
	none := s.As(t, "nils") // a person without a level
	scopeless := s.AsWithScopes(t, "nils", "sp:unheard-of:read")
	s.As(t, "kira", "ORG_ADMIN")
	admin := s.AsWithScopes(t, "kira", "sp:unheard-of:read") // every level, no scope
	expired, garbage := s.Expired(t), s.WithToken("garbage", "garbage")
	application := s.Application(t)
	operations := contract.Operations()
	for i := range operations {
		op := &operations[i]
		path := somePath(op)
		strangers := []*apptest.Caller{s.Nobody, garbage, expired}
		strangers[i%len(strangers)].Do(t, op.Method, path, "").Want(t, 401, `{"error":"`)
		if len(op.Scopes) > 0 && !slices.Contains(op.Scopes, "sp:scopes:default") {
			admin.Do(t, op.Method, path, "").Refused(t, "403 Forbidden", "one of the scopes "+strings.Join(op.Scopes, ", "))
			scopeless.Do(t, op.Method, path, "").Refused(t, "403 Forbidden")
		}
		if !slices.ContainsFunc(op.Levels, func(l string) bool { return l == "USER" || l == "Any" || l == "APPROVAL_OWNER" }) {
			none.Do(t, op.Method, path, "").Refused(t, "403 Forbidden", "one of the user levels "+strings.Join(op.Levels, ", "))
		}
		if !op.Application {
			application.Do(t, op.Method, path, "").Refused(t, "403 Forbidden", "It is for persons")
		}
	}
}

// TestLevels calls a few operations as those who may and those who may not.
func TestLevels(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		in := newInventory(t, s)
		account := accountsPath + "/" + in.account(t, "m1").Text("id")
		callers := map[string]*apptest.Caller{
			"ORG_ADMIN": s.Admin, "SOURCE_ADMIN": s.As(t, "bob", "SOURCE_ADMIN"), "HELPDESK": s.As(t, "cleo", "HELPDESK"), "USER": s.As(t, "dora"),
			"REPORT_ADMIN": s.As(t, "emil", "REPORT_ADMIN"), "API": s.Application(t),
			"reader": s.Application(t, "idn:mis-identity:read", "idn:sources:read"),
		}
		for call, allowed := range map[string]string{
			"GET " + identitiesPath:                        "ORG_ADMIN SOURCE_ADMIN HELPDESK",
			"GET /machine-identities/v2":                   "ORG_ADMIN SOURCE_ADMIN HELPDESK API reader",
			"GET " + accountsPath:                          "ORG_ADMIN SOURCE_ADMIN HELPDESK",
			"PATCH " + account + " []":                     "ORG_ADMIN SOURCE_ADMIN API",
			"POST /machine-identities/v2 {\"name\":\"x\"}": "ORG_ADMIN API",
			"GET /sources/v1":                              "ORG_ADMIN SOURCE_ADMIN API reader",
			"GET /accounts/v1":                             "ORG_ADMIN SOURCE_ADMIN HELPDESK API",
			"GET /entitlements/v1":                         "ORG_ADMIN SOURCE_ADMIN HELPDESK USER REPORT_ADMIN",
			"GET /task-status/v1":                          "ORG_ADMIN SOURCE_ADMIN HELPDESK REPORT_ADMIN API",
			"GET /public-identities/v1":                    "ORG_ADMIN SOURCE_ADMIN HELPDESK USER REPORT_ADMIN",
		} {
			method, rest, _ := strings.Cut(call, " ")
			path, body, _ := strings.Cut(rest, " ")
			for level, caller := range callers {
				got := caller.Do(t, method, path, body)
				if admitted := slices.Contains(strings.Fields(allowed), level); admitted != (got.Status/100 == 2) || !admitted && got.Status != 403 {
					t.Errorf("%s as %s: %d %s", call, level, got.Status, got.Text)
				}
			}
		}
	})
}

// TestOrderOfChecks: 401 → header → 403 → 404 → 400.
func TestOrderOfChecks(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		path := identitiesPath + "/" + unknownID
		helpdesk := s.As(t, "cleo", "HELPDESK")
		const bad = `[{"op":"replace","path":"/id","value":"x"}]`
		s.Nobody.With(apptest.Experimental, "").Patch(t, path, bad).Want(t, 401)
		helpdesk.With(apptest.Experimental, "").Patch(t, path, bad).Want(t, 400, `{"error":"Experimental Header is missing or invalid."}`)
		helpdesk.Patch(t, path, bad).Refused(t, "403 Forbidden")
		s.Admin.Patch(t, path, replace("/name", "x")).Refused(t, "404 Not found")
		s.Admin.Get(t, path+"?limit=x").Refused(t, "404 Not found")
		id := s.Admin.Post(t, identitiesPath, `{"name":"x","nativeIdentity":"x","subtype":"Application"}`).ID(t)
		s.Admin.Patch(t, identitiesPath+"/"+id, bad).Refused(t, "400.1.3 Illegal value")
		// an object that is not there is told before what is wrong with the request
		operations := contract.Operations()
		for i := range operations {
			if op := &operations[i]; strings.Contains(op.Path, "{") {
				query := map[bool]string{true: "?limit=x"}[op.List]
				body := map[bool]string{true: "{"}[op.Request != ""]
				s.Admin.Do(t, op.Method, somePath(op)+query, body).Refused(t, "404 Not found")
			}
		}
		for _, classify := range []string{"/accounts/v1/", "/sources/v1/"} {
			s.Admin.Post(t, classify+unknownID+"/classify?classificationMode=x", "").Refused(t, "404 Not found")
		}
	})
}

// TestExperimentalHeader: the header is demanded on exactly six operations, and a setting turns that off.
func TestExperimentalHeader(t *testing.T) {
	t.Parallel()
	strict, lenient := apptest.Start(t), apptest.Start(t, func(c *config.Config) { c.RequireExperimental = false })
	demanded := map[string]bool{}
	operations := contract.Operations()
	for i := range operations {
		op := &operations[i]
		const refusal = `{"error":"Experimental Header is missing or invalid."}`
		if strict.Admin.With(apptest.Experimental, "").Do(t, op.Method, somePath(op), "").Text != refusal {
			continue
		}
		demanded[op.Method+" "+op.Path] = true
		for _, value := range []string{"", "false", "TRUE"} {
			if got := strict.Admin.With(apptest.Experimental, value).Do(t, op.Method, somePath(op), "").Want(t, 400); got.Text != refusal {
				t.Errorf("%s %s with the header %q: %s", op.Method, op.Path, value, got.Text)
			}
			if got := lenient.Admin.With(apptest.Experimental, value).Do(t, op.Method, somePath(op), ""); got.Text == refusal {
				t.Errorf("%s %s demands the header although that is turned off", op.Method, op.Path)
			}
		}
	}
	const one = identitiesPath + "/{id}"
	want := []string{"GET " + identitiesPath, "POST " + identitiesPath, "GET " + one, "PATCH " + one, "DELETE " + one, "GET /machine-identity-user-entitlements/v1"}
	for _, operation := range want {
		if !demanded[operation] {
			t.Errorf("%s goes without the header", operation)
		}
		delete(demanded, operation)
	}
	if len(demanded) > 0 {
		t.Errorf("the header is demanded on %v", demanded)
	}
}
