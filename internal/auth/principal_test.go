package auth_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"midgard/internal/auth"
	"midgard/internal/governance"
)

func TestAllow(t *testing.T) {
	t.Parallel()
	person := func(scopes string, levels ...string) auth.Principal {
		return auth.Principal{Identity: governance.Reference{ID: "ada"}, Levels: append(levels, "USER"), Scopes: strings.Fields(scopes)}
	}
	application := func(scopes string) auth.Principal { return auth.Principal{Scopes: strings.Fields(scopes)} }
	tests := map[string]struct {
		caller         auth.Principal
		scopes, levels string
		application    bool
		missing        string // part of the refusal's text, empty when allowed
	}{
		"scope and level":                 {caller: person("a", "HELPDESK"), scopes: "a b", levels: "ORG_ADMIN HELPDESK"},
		"second scope":                    {caller: person("x b", "HELPDESK"), scopes: "a b", levels: "HELPDESK"},
		"other scope":                     {caller: person("x", "HELPDESK"), scopes: "a b", levels: "HELPDESK", missing: "one of the scopes a, b."},
		"part of a scope":                 {caller: person("idn:sources", "HELPDESK"), scopes: "idn:sources:read", levels: "HELPDESK", missing: "scopes"},
		"all scopes":                      {caller: person("sp:scopes:all", "HELPDESK"), scopes: "a", levels: "HELPDESK"},
		"all scopes do not give a level":  {caller: person("sp:scopes:all"), scopes: "a", levels: "ORG_ADMIN", missing: "one of the user levels ORG_ADMIN."},
		"default scope is held by all":    {caller: person("x"), scopes: "sp:scopes:default", levels: "USER"},
		"default scope gives no other":    {caller: person("sp:scopes:default"), scopes: "a", levels: "USER", missing: "scopes"},
		"no scope listed":                 {caller: person("x"), levels: "USER"},
		"everybody is USER":               {caller: person("a"), scopes: "a", levels: "USER"},
		"Any":                             {caller: person("a"), scopes: "a", levels: "Any"},
		"approvers are persons":           {caller: person("a"), scopes: "a", levels: "APPROVAL_OWNER"},
		"no level listed":                 {caller: person("a", "ORG_ADMIN"), scopes: "a", missing: "user levels"},
		"persons are not API":             {caller: person("a"), scopes: "a", levels: "API", missing: "user levels API"},
		"application":                     {caller: application("a"), scopes: "a", levels: "ORG_ADMIN", application: true},
		"application by level":            {caller: application("a"), scopes: "a", levels: "API ORG_ADMIN"},
		"application where people belong": {caller: application("sp:scopes:all"), scopes: "a", levels: "ORG_ADMIN", missing: "for persons"},
		"application is not Any":          {caller: application("a"), scopes: "a", levels: "Any", missing: "for persons"},
		"application is no approver":      {caller: application("a"), scopes: "a", levels: "APPROVAL_OWNER", missing: "for persons"},
		"application without the scope":   {caller: application("x"), scopes: "a", levels: "API", application: true, missing: "scopes a"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := test.caller.Allow(strings.Fields(test.scopes), strings.Fields(test.levels), test.application)
			if test.missing == "" {
				if err != nil {
					t.Fatalf("refused: %v", err)
				}
				return
			}
			if governance.KindOf(err) != governance.Forbidden {
				t.Fatalf("got %v, want Forbidden", err)
			}
			const contract = "The server understood the request but refuses to authorize it. "
			if !strings.HasPrefix(err.Error(), contract) || !strings.Contains(err.Error(), test.missing) {
				t.Errorf("the text is %q, want the contract's and %q", err, test.missing)
			}
		})
	}
}

func TestSubadmin(t *testing.T) {
	t.Parallel()
	tests := map[string]bool{
		"USER": false, "SOURCE_SUBADMIN USER": true, "SOURCE_SUBADMIN SOURCE_ADMIN USER": false, "ORG_ADMIN SOURCE_SUBADMIN USER": false,
		"HELPDESK SOURCE_SUBADMIN USER": true, "": false,
	}
	for levels, want := range tests {
		if got := (auth.Principal{Levels: strings.Fields(levels)}).Subadmin(); got != want {
			t.Errorf("%q: got %t, want %t", levels, got, want)
		}
	}
}

func TestActor(t *testing.T) {
	t.Parallel()
	p := auth.Principal{ClientID: "c", Name: "Ada L", Identity: governance.Reference{ID: "ada", Name: "Ada L"}}
	want := governance.Actor{IdentityID: "ada", Name: "Ada L", ClientID: "c", TrackingID: "t"}
	if diff := cmp.Diff(want, p.Actor("t")); diff != "" {
		t.Errorf("actor (-want +got):\n%s", diff)
	}
}
