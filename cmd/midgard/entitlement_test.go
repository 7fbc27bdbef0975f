package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEntitlementVerbs(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	var asked []string
	note := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			line := r.Method + " " + r.URL.Path
			if f := r.URL.Query().Get("filters"); f != "" {
				line += " " + f
			}
			asked = append(asked, line)
			_, _ = w.Write([]byte(body))
		}
	}
	a.HandleFunc("GET /v2025/entitlements", note(`[{"id":"e1","name":"Ask for bots"}]`))
	a.HandleFunc("GET /v2025/identities", note(`[{"id":"p1","name":"Ada","alias":"ada"}]`))
	a.HandleFunc("GET /v2025/workgroups", note(`[{"id":"g1","name":"Operators"}]`))
	a.HandleFunc("/midgard/v1/entitlements/", note(`{"id":"h1"}`))
	a.HandleFunc("GET /midgard/v1/entitlement-holdings", note(`[{"id":"h1","entitlement":{"name":"Ask for bots"},"identity":{"name":"Ada"},"group":null,"effective":true}]`))
	const byName = `GET /v2025/entitlements name eq "bots"`
	const byPerson = `GET /v2025/identities alias eq "ada" or email eq "ada" or name eq "ada"`
	for _, test := range []struct {
		args, out string
		asked     []string
	}{
		{"grant bots ada", "Ask for bots: held by Ada\n", []string{byName, byPerson, "PUT /midgard/v1/entitlements/e1/holders/p1"}},
		{"grant bots --group Operators", "Ask for bots: held by everybody in Operators\n",
			[]string{byName, `GET /v2025/workgroups name eq "Operators"`, "PUT /midgard/v1/entitlements/e1/holder-groups/g1"}},
		{"revoke bots ada", "Ask for bots: no longer granted to Ada\n", []string{byName, byPerson, "DELETE /midgard/v1/entitlements/e1/holders/p1"}},
		{"revoke bots --group Operators", "no longer granted to everybody in Operators",
			[]string{byName, `GET /v2025/workgroups name eq "Operators"`, "DELETE /midgard/v1/entitlements/e1/holder-groups/g1"}},
		{"list", "Ask for bots", []string{"GET /midgard/v1/entitlement-holdings"}},
		{"list --person ada --entitlement bots", "Ada",
			[]string{byPerson, byName, `GET /midgard/v1/entitlement-holdings identity.id eq "p1" and entitlement.id eq "e1"`}},
	} {
		asked = nil
		got := invoke(t, a.env, "", strings.Fields("entitlement "+test.args)...)
		if got.err != nil || !strings.Contains(got.stdout, test.out) {
			t.Errorf("%s: %q, %v", test.args, got.stdout, got.err)
		}
		if d := cmp.Diff(test.asked, asked); d != "" {
			t.Errorf("%s: %s", test.args, d)
		}
	}
	for _, args := range []string{"grant bots", "grant bots ada --group Operators", "grant"} {
		if got := invoke(t, a.env, "", strings.Fields("entitlement "+args)...); exitCode(got.err) != 2 {
			t.Errorf("%s: %v", args, got.err)
		}
	}
}
