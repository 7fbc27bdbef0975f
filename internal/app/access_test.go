//go:build unix

package app_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"midgard/internal/app/apptest"
	"midgard/internal/contract"
)

var pathParameter = regexp.MustCompile(`\{\w+\}`)

// somePath is a path of the operation with an id that nobody has.
func somePath(op *contract.Operation) string {
	return pathParameter.ReplaceAllString(op.Path, unknownID)
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
			op := &operations[i]
			// a configuration of approvals can be asked for under any name
			if strings.Contains(op.Path, "{") && !strings.Contains(op.Path, "/generic-approvals/config/") && !strings.Contains(op.Path, "/generic-approvals/v1/config/") {
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
