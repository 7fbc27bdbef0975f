//go:build unix

package proof_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"midgard/internal/app/apptest"
	"midgard/internal/auth"
	"midgard/internal/governance"
	"midgard/internal/secret"
	"midgard/internal/store"
)

// forge makes access tokens for a server beside it, on the same database and with the same keys: with any scopes, of any
// age. A credential for each of them would be a thousand requests.
type forge struct {
	t   *testing.T
	db  *store.Store
	box *secret.Box
}

func newForge(t *testing.T, p *prover) *forge {
	t.Helper()
	db, err := store.Open(t.Context(), p.Database())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() }) //nolint:errcheck // it was only read
	box, err := secret.Open(p.Config.SecretKeyFile)
	if err != nil {
		t.Fatal(err)
	}
	return &forge{t, db, box}
}

// client is a credential with all scopes.
type client struct{ id, secret string }

// clientStore is the database with clients whose scopes are other ones.
type clientStore struct {
	*store.Store
	scopes []string
}

// Caller implements auth.Store.
func (s clientStore) Caller(ctx context.Context, clientID string) (governance.Caller, error) {
	caller, err := s.Store.Caller(ctx, clientID)
	caller.Scope = s.scopes
	return caller, err
}

// tokens signs a token for each client with one scope, as of a while ago.
func (f *forge) tokens(scope string, age time.Duration, clients ...client) []string {
	f.t.Helper()
	service, err := auth.New(f.t.Context(), auth.Options{
		Store: clientStore{f.db, []string{scope}}, Sealer: f.box, Now: func() time.Time { return time.Now().Add(-age) },
	})
	if err != nil {
		f.t.Fatal(err)
	}
	var list []string
	for _, c := range clients {
		token, err := service.Issue(f.t.Context(), auth.TokenRequest{GrantType: "client_credentials", ClientID: c.id, ClientSecret: c.secret})
		if err != nil {
			f.t.Fatal(err)
		}
		list = append(list, token.AccessToken)
	}
	return list
}

// forged is a token with the signature of another one.
func forged(token, other string) string {
	return token[:strings.LastIndex(token, ".")] + other[strings.LastIndex(other, "."):]
}

// application makes an OAuth client.
func (p *prover) application(t *testing.T) client {
	t.Helper()
	return p.makeClient(t, "/oauth-clients/v1", map[string]any{
		"name": "proof", "description": nil, "accessTokenValiditySeconds": 750, "grantTypes": []string{"CLIENT_CREDENTIALS"},
		"accessType": "OFFLINE", "enabled": true,
	})
}

// person makes somebody's personal access token.
func (p *prover) person(t *testing.T, id string) client {
	t.Helper()
	return p.makeClient(t, "/midgard/v1/personal-access-tokens", map[string]any{"name": "proof", "ownerId": id})
}

func (p *prover) makeClient(t *testing.T, path string, body map[string]any) client {
	t.Helper()
	made := p.Admin.Post(t, path, apptest.JSON(body)).Want(t, http.StatusOK)
	text, _ := made.Field("secret").(string)
	return client{made.ID(t), text}
}
