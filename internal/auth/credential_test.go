package auth_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"midgard/internal/auth"
	"midgard/internal/governance"
)

var hexSecret = regexp.MustCompile(`^[0-9a-f]{64}$`)

func personWith(id, scopes string, levels ...string) auth.Principal {
	return auth.Principal{ClientID: "c-" + id, Name: id, Identity: governance.Reference{ID: id, Name: id}, Levels: append(levels, "USER"), Scopes: strings.Fields(scopes)}
}

func TestCreateAccessToken(t *testing.T) {
	t.Parallel()
	const own, all = "sp:my-personal-access-tokens:manage", "sp:all-personal-access-tokens:manage"
	forever := governance.AccessToken{Name: "n", NeverExpires: true}
	with := func(change func(*governance.AccessToken)) governance.AccessToken {
		token := forever
		change(&token)
		return token
	}
	forGrace := with(func(k *governance.AccessToken) { k.Owner.ID = "grace" })
	tests := map[string]struct {
		caller auth.Principal
		token  governance.AccessToken
		owner  string
		scope  []string
		kind   governance.Kind // of the refusal; zero when it works
	}{
		"one's own":                 {caller: personWith("ada", "sp:scopes:all"), token: forever, owner: "ada", scope: []string{"sp:scopes:all"}},
		"bounded by the caller's":   {caller: personWith("ada", own), token: forever, owner: "ada", scope: []string{own}},
		"no scope beyond":           {caller: personWith("ada", own+" a"), token: with(func(k *governance.AccessToken) { k.Scope = []string{"a", "b"} }), owner: "ada", scope: []string{"a"}},
		"scope beyond the level":    {caller: personWith("ada", "sp:scopes:all"), token: with(func(k *governance.AccessToken) { k.Scope = []string{"b"} }), owner: "ada", scope: []string{"b"}},
		"administrator for another": {caller: personWith("boss", "sp:scopes:all", "ORG_ADMIN"), token: forGrace, owner: "grace", scope: []string{"sp:scopes:all"}},
		"another's without level":   {caller: personWith("ada", "sp:scopes:all", "SOURCE_ADMIN"), token: forGrace, kind: governance.Forbidden},
		"another's without scope":   {caller: personWith("boss", own, "ORG_ADMIN"), token: forGrace, kind: governance.Forbidden},
		"another's with that scope": {caller: personWith("boss", all, "ORG_ADMIN"), token: forGrace, owner: "grace", scope: []string{all}},
		"no name":                   {caller: personWith("ada", own), token: with(func(k *governance.AccessToken) { k.Name = " " }), kind: governance.Required},
		"endless name":              {caller: personWith("ada", own), token: with(func(k *governance.AccessToken) { k.Name = strings.Repeat("n", 1001) }), kind: governance.Limit},
		"for ever, by accident":     {caller: personWith("ada", own), token: governance.AccessToken{Name: "n"}, kind: governance.Illegal},
		"ends in the past":          {caller: personWith("ada", own), token: with(func(k *governance.AccessToken) { k.Expires = newClock().now }), kind: governance.Illegal},
		"tokens of 14 seconds":      {caller: personWith("ada", own), token: with(func(k *governance.AccessToken) { k.ValiditySecs = 14 }), kind: governance.Illegal},
		"tokens of half a day":      {caller: personWith("ada", own), token: with(func(k *governance.AccessToken) { k.ValiditySecs = 43200 }), owner: "ada", scope: []string{own}},
		"tokens of more":            {caller: personWith("ada", own), token: with(func(k *governance.AccessToken) { k.ValiditySecs = 43201 }), kind: governance.Illegal},
		"scope with a blank":        {caller: personWith("ada", own), token: with(func(k *governance.AccessToken) { k.Scope = []string{"a b"} }), kind: governance.Illegal},
		"empty scope":               {caller: personWith("ada", own), token: with(func(k *governance.AccessToken) { k.Scope = []string{""} }), kind: governance.Illegal},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newNode(t)
			token, secret, err := n.CreateAccessToken(t.Context(), test.caller, "track", test.token)
			if err != nil || test.kind != 0 {
				if governance.KindOf(err) != test.kind || err == nil {
					t.Fatalf("got %v, want kind %d", err, test.kind)
				}
				return
			}
			if !hexSecret.MatchString(secret) || !cmp.Equal(token.SecretHash, hash(secret)) {
				t.Errorf("secret %q, hash %x", secret, token.SecretHash)
			}
			if token.Owner.ID != test.owner || !cmp.Equal(token.Scope, test.scope) || token.ID == "" {
				t.Errorf("owner %q, scope %v, id %q; want %q and %v", token.Owner.ID, token.Scope, token.ID, test.owner, test.scope)
			}
			actor := n.db.actors[len(n.db.actors)-1]
			if want := test.caller.Actor("track"); actor != want {
				t.Errorf("actor is %+v, want %+v", actor, want)
			}
		})
	}
}

func TestTokensOfOthersAreHidden(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	rename := func(k *governance.AccessToken) error { k.Name = "mine now"; return nil }
	tests := map[string]struct {
		caller auth.Principal
		kind   governance.Kind
	}{
		"a stranger":                           {personWith("eve", "sp:scopes:all", "SOURCE_ADMIN"), governance.NotFound},
		"an administrator who may only read":   {personWith("boss", "sp:all-personal-access-tokens:read", "ORG_ADMIN"), governance.Forbidden},
		"an administrator with own-only right": {personWith("boss", "sp:my-personal-access-tokens:manage", "ORG_ADMIN"), governance.NotFound},
	}
	for name, test := range tests {
		_, err := n.UpdateAccessToken(t.Context(), test.caller, "", n.clientID, rename)
		if governance.KindOf(err) != test.kind {
			t.Errorf("%s updates: %v", name, err)
		}
		if err := n.DeleteAccessToken(t.Context(), test.caller, "", n.clientID); governance.KindOf(err) != test.kind {
			t.Errorf("%s deletes: %v", name, err)
		}
	}
	if n.db.tokens[n.clientID].Name != "test" {
		t.Error("the token was renamed")
	}
	for _, caller := range []auth.Principal{personWith("ada", "sp:my-personal-access-tokens:manage"), personWith("boss", "sp:scopes:all", "ORG_ADMIN")} {
		_, err := n.UpdateAccessToken(t.Context(), caller, "", n.clientID, func(k *governance.AccessToken) error { k.NeverExpires = true; return nil })
		if err != nil {
			t.Errorf("%s: %v", caller.Name, err)
		}
	}
}

func TestPatchedScopeIsBounded(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	caller := personWith("ada", "sp:my-personal-access-tokens:manage")
	token, err := n.UpdateAccessToken(t.Context(), caller, "", n.clientID, func(k *governance.AccessToken) error {
		k.NeverExpires, k.Scope = true, []string{governance.ScopeAll}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"sp:my-personal-access-tokens:manage"}; !cmp.Equal(token.Scope, want) {
		t.Errorf("scope is %v, want %v", token.Scope, want)
	}
}

func TestOAuthClients(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	boss := personWith("boss", "sp:oauth-client:manage", "ORG_ADMIN")
	valid := governance.OAuthClient{Name: "App", AccessTokenValidity: 750, GrantTypes: []string{"CLIENT_CREDENTIALS"}, AccessType: "OFFLINE", Type: "CONFIDENTIAL", Enabled: true}
	client, secret, err := n.CreateOAuthClient(t.Context(), boss, "", valid)
	if err != nil {
		t.Fatal(err)
	}
	if !hexSecret.MatchString(secret) || !cmp.Equal(client.SecretHash, hash(secret)) || !cmp.Equal(client.Scope, boss.Scopes) {
		t.Errorf("secret %q, scope %v", secret, client.Scope)
	}
	request := auth.TokenRequest{GrantType: "client_credentials", ClientID: client.ID, ClientSecret: secret}
	answer, err := n.Issue(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	mustKnow(t, n.Service, answer.AccessToken)
	_, err = n.UpdateOAuthClient(t.Context(), boss, "", client.ID, func(c *governance.OAuthClient) error { c.Enabled = false; return nil })
	if err != nil {
		t.Fatal(err)
	}
	mustRefuse(t, n.Service, answer.AccessToken)
	if err := n.DeleteOAuthClient(t.Context(), boss, "", client.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := n.Issue(t.Context(), request); err == nil {
		t.Error("a deleted client got a token")
	}
}

func TestOAuthClientRules(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(*governance.OAuthClient)
		field  string
	}{
		"no name":           {func(c *governance.OAuthClient) { c.Name = "" }, "name"},
		"no validity":       {func(c *governance.OAuthClient) { c.AccessTokenValidity = 0 }, "accessTokenValiditySeconds"},
		"refresh validity":  {func(c *governance.OAuthClient) { c.RefreshValidity = -1 }, "refreshTokenValiditySeconds"},
		"no grant":          {func(c *governance.OAuthClient) { c.GrantTypes = nil }, "grantTypes"},
		"unknown grant":     {func(c *governance.OAuthClient) { c.GrantTypes = []string{"PASSWORD"} }, "grantTypes"},
		"access type":       {func(c *governance.OAuthClient) { c.AccessType = "NEVER" }, "accessType"},
		"type":              {func(c *governance.OAuthClient) { c.Type = "SECRET" }, "type"},
		"nowhere to return": {func(c *governance.OAuthClient) { c.GrantTypes = []string{"AUTHORIZATION_CODE"} }, "redirectUris"},
		"relative URI":      {func(c *governance.OAuthClient) { c.RedirectURIs = []string{"/here"} }, "redirectUris"},
		"scope":             {func(c *governance.OAuthClient) { c.Scope = []string{"ä"} }, "scope"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := governance.OAuthClient{Name: "App", AccessTokenValidity: 750, GrantTypes: []string{"CLIENT_CREDENTIALS"}, AccessType: "OFFLINE", Type: "CONFIDENTIAL"}
			if err := client.Check(); err != nil {
				t.Fatal(err)
			}
			test.change(&client)
			err, ok := client.Check().(*governance.Error)
			if !ok || err.Field != test.field {
				t.Errorf("got %v, want an error about %s", err, test.field)
			}
		})
	}
}

func TestUserLevelRules(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		caller        string
		before, after string
		want          string
		kind          governance.Kind
	}{
		"grant":               {"boss", "", "SOURCE_ADMIN HELPDESK", "HELPDESK SOURCE_ADMIN", 0},
		"twice the same":      {"boss", "", "HELPDESK HELPDESK", "HELPDESK", 0},
		"take":                {"boss", "HELPDESK", "", "", 0},
		"unknown":             {"boss", "", "EMPEROR", "", governance.Illegal},
		"USER":                {"boss", "", "USER", "", governance.Illegal},
		"lower case":          {"boss", "", "org_admin", "", governance.Illegal},
		"source admins":       {"boss", "", "SOURCE_ADMIN SOURCE_SUBADMIN", "", governance.Illegal},
		"role admins":         {"boss", "", "ROLE_ADMIN ROLE_SUBADMIN", "", governance.Illegal},
		"role and sub source": {"boss", "", "ROLE_ADMIN SOURCE_SUBADMIN", "", governance.Illegal},
		"sub role and source": {"boss", "", "ROLE_SUBADMIN SOURCE_ADMIN", "", governance.Illegal},
		"to oneself":          {"ada", "ORG_ADMIN", "ORG_ADMIN HELPDESK", "", governance.Forbidden},
		"from oneself":        {"ada", "ORG_ADMIN HELPDESK", "ORG_ADMIN", "ORG_ADMIN", 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newNode(t)
			n.db.users["ada"] = governance.User{ID: "ada", Levels: strings.Fields(test.before)}
			user, err := n.UpdateUser(t.Context(), personWith(test.caller, "sp:scopes:all", "ORG_ADMIN"), "", "ada", func(u *governance.User) error {
				u.Levels = strings.Fields(test.after)
				return nil
			})
			if test.kind != 0 {
				if governance.KindOf(err) != test.kind || err == nil {
					t.Fatalf("got %v, want kind %d", err, test.kind)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(user.Levels, " "); got != test.want {
				t.Errorf("levels are %q, want %q", got, test.want)
			}
		})
	}
}

func TestBootstrap(t *testing.T) {
	t.Parallel()
	for name, given := range map[string][2]string{"made": {"", ""}, "chosen": {"my-client", "my-secret-of-some-length"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newNode(t)
			clear(n.db.users)
			id, secret, created, err := n.Bootstrap(t.Context(), given[0], given[1])
			if err != nil || !created {
				t.Fatalf("created is %t, %v", created, err)
			}
			if given[0] != "" && [2]string{id, secret} != given || given[0] == "" && !hexSecret.MatchString(secret) {
				t.Errorf("got %q and %q", id, secret)
			}
			answer, err := n.Issue(t.Context(), auth.TokenRequest{GrantType: "client_credentials", ClientID: id, ClientSecret: secret})
			if err != nil {
				t.Fatal(err)
			}
			p := mustKnow(t, n.Service, answer.AccessToken)
			if !p.Is(governance.LevelOrgAdmin) || p.UID != "admin" || p.Name != "Administrator" {
				t.Errorf("the first caller is %+v", p)
			}
			n.clock.advance(100 * 365 * 24 * time.Hour)
			if _, err := n.Issue(t.Context(), auth.TokenRequest{GrantType: "client_credentials", ClientID: id, ClientSecret: secret}); err != nil {
				t.Errorf("after a century: %v", err)
			}
			id, secret, created, err = n.Bootstrap(t.Context(), "other", "another secret of some length")
			if id != "" || secret != "" || created || err != nil {
				t.Errorf("the second time gives %q, %q, %t, %v", id, secret, created, err)
			}
		})
	}
}
