//go:build unix

package apptest

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"midgard/internal/auth"
	"midgard/internal/secret"
	"midgard/internal/store"
)

// signIn gets an access token for a client.
func (s *Server) signIn(t testing.TB, name, id, secret string) *Caller {
	t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {secret}}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/oauth/token", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := s.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	a, err := read(response)
	if err != nil || a.Status != http.StatusOK {
		t.Fatalf("sign in as %s: %v %d %s", name, err, a.Status, a.Text)
	}
	person, _ := a.Field("identity_id").(string)
	return &Caller{server: s, Name: name, ID: person, Token: a.Field("access_token").(string)}
}

// As is the caller for a person of the cast with the given user levels, "" for none beside USER, and with all scopes of
// those.
func (s *Server) As(t testing.TB, person string, levels ...string) *Caller {
	t.Helper()
	s.Admin.Patch(t, "/auth-users/v1/"+s.Person(t, person), JSON([]any{
		map[string]any{"op": "replace", "path": "/capabilities", "value": levels},
	})).Want(t, http.StatusOK)
	return s.AsWithScopes(t, person)
}

// AsWithScopes is the caller for a person of the cast as they are, with these scopes only; none mean all.
func (s *Server) AsWithScopes(t testing.TB, person string, scopes ...string) *Caller {
	t.Helper()
	body := map[string]any{"name": "apptest", "ownerId": s.Person(t, person)}
	if len(scopes) > 0 {
		body["scope"] = scopes
	}
	made := s.Admin.Post(t, "/midgard/v1/personal-access-tokens", JSON(body)).Want(t, http.StatusOK)
	return s.signIn(t, person, made.ID(t), made.Field("secret").(string))
}

// Application is a caller without a person: an OAuth client with these scopes; none mean all.
func (s *Server) Application(t testing.TB, scopes ...string) *Caller {
	t.Helper()
	body := map[string]any{
		"name": "apptest", "description": nil, "accessTokenValiditySeconds": 750, "grantTypes": []string{"CLIENT_CREDENTIALS"},
		"accessType": "OFFLINE", "enabled": true,
	}
	if len(scopes) > 0 {
		body["scope"] = scopes
	}
	made := s.Admin.Post(t, "/v2025/oauth-clients", JSON(body)).Want(t, http.StatusOK)
	return s.signIn(t, "an application", made.ID(t), made.Field("secret").(string))
}

// WithToken is a caller with any text for a token.
func (s *Server) WithToken(name, token string) *Caller {
	return &Caller{server: s, Name: name, Token: token}
}

// Expired is the administrator with a token that was valid an hour ago: a second service on the same database and keys,
// whose clock is late, signs it.
func (s *Server) Expired(t testing.TB) *Caller {
	t.Helper()
	db, err := store.Open(t.Context(), s.Database())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // it was only read
	box, err := secret.Open(s.Config.SecretKeyFile)
	if err != nil {
		t.Fatal(err)
	}
	late := func() time.Time { return time.Now().Add(-time.Hour) }
	service, err := auth.New(t.Context(), auth.Options{Store: db, Sealer: box, Organization: s.Config.Organization, Now: late})
	if err != nil {
		t.Fatal(err)
	}
	token, err := service.Issue(t.Context(), auth.TokenRequest{GrantType: "client_credentials", ClientID: s.id, ClientSecret: s.secret})
	if err != nil {
		t.Fatal(err)
	}
	return s.WithToken("admin an hour ago", token.AccessToken)
}

// Database tells how to open the server's database beside it: a test can bring about what no operation does.
func (s *Server) Database() store.Options {
	return store.Options{Database: s.Config.Database, Path: s.databaseFile()}
}
