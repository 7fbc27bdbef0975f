package auth_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"midgard/internal/auth"
	"midgard/internal/governance"
)

func TestTokenCarriesTheContractsClaims(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	answer, err := n.Issue(t.Context(), n.request())
	if err != nil {
		t.Fatal(err)
	}
	header, claims := parts(t, answer.AccessToken)
	if header["alg"] != "ES256" || header["typ"] != "JWT" || header["kid"] == "" {
		t.Errorf("header is %v, want ES256, JWT and a key id", header)
	}
	now := float64(n.clock.Now().Unix())
	want := map[string]any{
		"tenant_id": n.TenantID(), "pod": "midgard", "org": "acme", "internal": false, "identity_id": "ada", "user_id": "ada",
		"user_name": "ada.l", "strong_auth": true, "strong_auth_supported": false, "authorities": []any{"SOURCE_ADMIN", "USER"},
		"client_id": "ada-client", "scope": []any{"sp:scopes:all"}, "iss": "https://midgard.example",
		"iat": now, "exp": now + 749, "jti": answer.ID,
	}
	if diff := cmp.Diff(want, claims); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}
	answer.AccessToken = ""
	wantAnswer := auth.Token{TokenType: "bearer", ExpiresIn: 749, Scope: "sp:scopes:all", AccessType: "OFFLINE", TenantID: n.TenantID(), Pod: "midgard",
		Org: "acme", UserID: "ada", IdentityID: "ada", StrongAuth: true, Enabled: true, ID: answer.ID}
	if diff := cmp.Diff(wantAnswer, answer); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
}

func TestApplicationTokenHasNoPerson(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.db.putClient(governance.OAuthClient{ID: "app", Name: "App", SecretHash: hash("s"), Enabled: true, AccessTokenValidity: 60,
		GrantTypes: []string{governance.GrantClientCredentials}, Scope: []string{"idn:sources:read"}})
	answer, err := n.Issue(t.Context(), auth.TokenRequest{GrantType: "CLIENT_CREDENTIALS", ClientID: "app", ClientSecret: "s"})
	if err != nil {
		t.Fatal(err)
	}
	_, claims := parts(t, answer.AccessToken)
	for _, absent := range []string{"identity_id", "user_id", "user_name"} {
		if _, found := claims[absent]; found {
			t.Errorf("the claim %s is there", absent)
		}
	}
	if diff := cmp.Diff([]any{"API"}, claims["authorities"]); diff != "" {
		t.Errorf("authorities (-want +got):\n%s", diff)
	}
	if answer.ExpiresIn != 60 || answer.Scope != "idn:sources:read" {
		t.Errorf("expires_in %d and scope %q, want the client's own", answer.ExpiresIn, answer.Scope)
	}
	p, err := n.Authenticate(t.Context(), answer.AccessToken)
	if err != nil {
		t.Fatal(err)
	}
	want := auth.Principal{ClientID: "app", Name: "App", Scopes: []string{"idn:sources:read"}}
	if diff := cmp.Diff(want, p); diff != "" {
		t.Errorf("principal (-want +got):\n%s", diff)
	}
}

func TestIssueRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		request func(*auth.TokenRequest)
		caller  func(*governance.Caller)
		code    string
	}{
		"no grant type":        {request: func(q *auth.TokenRequest) { q.GrantType = "" }, code: "invalid_request"},
		"password grant":       {request: func(q *auth.TokenRequest) { q.GrantType = "password" }, code: "unsupported_grant_type"},
		"no client":            {request: func(q *auth.TokenRequest) { q.ClientID = "" }, code: "invalid_client"},
		"unknown client":       {request: func(q *auth.TokenRequest) { q.ClientID = "nobody" }, code: "invalid_client"},
		"id with a zero byte":  {request: func(q *auth.TokenRequest) { q.ClientID = "a\x00b" }, code: "invalid_client"},
		"id not UTF-8":         {request: func(q *auth.TokenRequest) { q.ClientID = "a\xff" }, code: "invalid_client"},
		"endless id":           {request: func(q *auth.TokenRequest) { q.ClientID = strings.Repeat("a", 1<<20) }, code: "invalid_client"},
		"wrong secret":         {request: func(q *auth.TokenRequest) { q.ClientSecret += "x" }, code: "invalid_client"},
		"no secret":            {request: func(q *auth.TokenRequest) { q.ClientSecret = "" }, code: "invalid_client"},
		"disabled":             {caller: func(c *governance.Caller) { c.Enabled = false }, code: "invalid_client"},
		"expired":              {caller: func(c *governance.Caller) { c.Expires = newClock().now }, code: "invalid_client"},
		"grant not allowed":    {caller: func(c *governance.Caller) { c.Credentials = false }, code: "unauthorized_client"},
		"client without hash":  {caller: func(c *governance.Caller) { c.SecretHash = nil }, code: "invalid_client"},
		"secret of zero bytes": {caller: func(c *governance.Caller) { c.SecretHash = make([]byte, 5) }, code: "invalid_client"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newNode(t)
			request := n.request()
			if test.request != nil {
				test.request(&request)
			}
			if test.caller != nil {
				n.db.change(n.clientID, test.caller)
			}
			answer, err := n.Issue(t.Context(), request)
			var refusal *auth.GrantError
			if !errors.As(err, &refusal) || refusal.Code != test.code {
				t.Fatalf("got %+v and %v, want %s", answer, err, test.code)
			}
		})
	}
}

func TestIssueTellsABrokenDatabaseFromABadClient(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.db.setDown(true)
	if _, err := n.Issue(t.Context(), n.request()); !errors.Is(err, errDown) {
		t.Fatalf("got %v, want the database's error", err)
	}
}

func TestLastUseIsNotedOnceAnHour(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	first := n.clock.Now()
	n.token(t)
	n.clock.advance(59 * time.Minute)
	n.token(t)
	if used := n.db.callers[n.clientID].LastUsed; !used.Equal(first) {
		t.Errorf("last use is %s, want that of the first token, %s", used, first)
	}
	n.clock.advance(time.Minute)
	n.token(t)
	if used := n.db.callers[n.clientID].LastUsed; !used.Equal(n.clock.Now()) {
		t.Errorf("last use is %s, want now, %s", used, n.clock.Now())
	}
}

func TestLifetimeBeyondTheContractsIsRefused(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	_, err := auth.New(t.Context(), auth.Options{Store: n.db, Sealer: n.box, Lifetime: 13 * time.Hour})
	if err == nil {
		t.Fatal("a lifetime of 13 hours was accepted")
	}
}

// parts decodes header and claims of a token without checking it.
func parts(t *testing.T, token string) (header, claims map[string]any) {
	t.Helper()
	pieces := strings.Split(token, ".")
	if len(pieces) != 3 {
		t.Fatalf("the token has %d parts", len(pieces))
	}
	for i, into := range []*map[string]any{&header, &claims} {
		text, err := base64.RawURLEncoding.DecodeString(pieces[i])
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, into); err != nil {
			t.Fatal(err)
		}
	}
	return header, claims
}
