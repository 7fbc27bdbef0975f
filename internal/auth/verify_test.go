package auth_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"midgard/internal/auth"
	"midgard/internal/governance"
)

func TestAuthenticateTellsWhoCalls(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	token := n.token(t)
	want := auth.Principal{ClientID: "ada-client", Name: "Ada L", Identity: governance.Reference{ID: "ada", Name: "Ada L"}, UID: "ada.l",
		Levels: []string{"SOURCE_ADMIN", "USER"}, Scopes: []string{"sp:scopes:all"}}
	for _, how := range []string{"first use", "remembered"} {
		got, err := n.Authenticate(t.Context(), token)
		if err != nil {
			t.Fatalf("%s: %v", how, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", how, diff)
		}
	}
}

func TestAuthenticateRefuses(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	good := n.token(t)
	pieces := strings.Split(good, ".")
	kid := keyID(t, good)
	foreign := signed(t, jose.ES256, newKey(t), kid, pieces[1])
	foreignKid := signed(t, jose.ES256, newKey(t), "no-such-key", pieces[1])
	hmac := signed(t, jose.HS256, []byte(strings.Repeat("k", 64)), kid, pieces[1])
	none := encode(`{"alg":"none","kid":"`+kid+`"}`) + "." + pieces[1] + "."
	tests := map[string]struct{ token, text string }{
		"none":            {"", "Full authentication is required to access this resource"},
		"garbage":         {"garbage", "JWT validation failed: JWT is malformed"},
		"two parts":       {pieces[0] + "." + pieces[1], "JWT validation failed: JWT is malformed"},
		"four parts":      {good + ".x", "JWT validation failed: JWT is malformed"},
		"endless":         {strings.Repeat("a", 1<<20), "JWT validation failed: JWT is malformed"},
		"algorithm none":  {none, "JWT validation failed: signature algorithm is not accepted"},
		"symmetric":       {hmac, "JWT validation failed: signature algorithm is not accepted"},
		"other claims":    {pieces[0] + "." + encode(`{"client_id":"root","exp":99999999999}`) + "." + pieces[2], "JWT validation failed: signature is invalid"},
		"other key":       {foreign, "JWT validation failed: signature is invalid"},
		"unknown key id":  {foreignKid, "JWT validation failed: signing key is unknown"},
		"empty signature": {pieces[0] + "." + pieces[1] + ".", "JWT validation failed: signature is invalid"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := n.Authenticate(t.Context(), test.token)
			var refusal *auth.TokenError
			if !errors.As(err, &refusal) || refusal.Error() != test.text {
				t.Errorf("got %v, want %q", err, test.text)
			}
		})
	}
}

func TestTokenExpires(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	token, unused := n.token(t), n.token(t)
	n.clock.advance(749*time.Second - time.Millisecond)
	if _, err := n.Authenticate(t.Context(), token); err != nil {
		t.Fatalf("a millisecond before the end: %v", err)
	}
	n.clock.advance(time.Millisecond)
	for what, token := range map[string]string{"remembered": token, "first use": unused} {
		_, err := n.Authenticate(t.Context(), token)
		if err == nil || err.Error() != "JWT validation failed: JWT is expired" {
			t.Errorf("%s: got %v, want that it is expired", what, err)
		}
	}
}

func TestRevocationActs(t *testing.T) {
	t.Parallel()
	changes := map[string]func(*governance.Caller){
		"disabled": func(c *governance.Caller) { c.Enabled = false },
		"expired":  func(c *governance.Caller) { c.Expires = newClock().now },
	}
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newNode(t)
			token := n.token(t)
			mustKnow(t, n.Service, token)
			n.db.change(n.clientID, change) // on another node
			n.clock.advance(5*time.Second - 1)
			mustKnow(t, n.Service, token)
			n.clock.advance(1)
			mustRefuse(t, n.Service, token)
		})
	}
}

func TestRevocationActsAtOnceWhereItIsDone(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	other := n.again(t)
	token := n.token(t)
	mustKnow(t, n.Service, token)
	mustKnow(t, other, token)
	ada := mustKnow(t, n.Service, token)
	if err := n.DeleteAccessToken(t.Context(), ada, "", n.clientID); err != nil {
		t.Fatal(err)
	}
	mustRefuse(t, n.Service, token)
	mustKnow(t, other, token)
	n.clock.advance(5 * time.Second)
	mustRefuse(t, other, token)
}

func TestLostLevelActsAtOnce(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	token := n.token(t)
	mustKnow(t, n.Service, token)
	boss := auth.Principal{ClientID: "boss", Identity: governance.Reference{ID: "boss"}, Levels: []string{governance.LevelOrgAdmin}}
	_, err := n.UpdateUser(t.Context(), boss, "", "ada", func(u *governance.User) error { u.Levels = nil; return nil })
	if err != nil {
		t.Fatal(err)
	}
	if p := mustKnow(t, n.Service, token); p.Is(governance.LevelSourceAdmin) {
		t.Errorf("levels are still %v", p.Levels)
	}
}

func TestScopesOfTokenAndCredentialBothCount(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ before, after, want []string }{
		"all to some":  {nil, []string{"a", "b"}, []string{"a", "b"}},
		"some to all":  {[]string{"a"}, nil, []string{"a"}},
		"one taken":    {[]string{"a", "b"}, []string{"b", "c"}, []string{"b"}},
		"nothing left": {[]string{"a"}, []string{"b"}, []string{"sp:scopes:default"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newNode(t)
			n.db.change(n.clientID, func(c *governance.Caller) { c.Scope = test.before })
			token := n.token(t)
			n.db.change(n.clientID, func(c *governance.Caller) { c.Scope = test.after })
			p := mustKnow(t, n.Service, token)
			if diff := cmp.Diff(test.want, p.Scopes); diff != "" {
				t.Errorf("scopes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestBrokenDatabaseIsNotABadToken(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	token := n.token(t)
	mustKnow(t, n.Service, token)
	n.db.setDown(true)
	mustKnow(t, n.Service, token) // known for some seconds
	n.clock.advance(5 * time.Second)
	if _, err := n.Authenticate(t.Context(), token); governance.KindOf(err) != governance.Unavailable || !errors.Is(err, errDown) {
		t.Errorf("got %v, want Unavailable because of the database", err)
	}
	n.db.setDown(false)
	mustKnow(t, n.Service, token)
}

func TestManyRequestsReadTheDatabaseOnce(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	token := n.token(t)
	mustKnow(t, n.Service, token)
	n.clock.advance(time.Minute)
	before := n.db.reads.Load()
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() { n.Authenticate(t.Context(), token) })
	}
	all.Wait()
	if reads := n.db.reads.Load() - before; reads != 1 {
		t.Errorf("50 requests read the caller %d times", reads)
	}
}

func TestUnknownKeyIDsDoNotHammerTheDatabase(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	before := n.db.keyReads.Load()
	for range 20 {
		mustRefuse(t, n.Service, signed(t, jose.ES256, newKey(t), "no-such-key", encode(`{}`)))
	}
	if reads := n.db.keyReads.Load() - before; reads > 1 {
		t.Errorf("20 tokens with an unknown key made %d reads", reads)
	}
}

func mustKnow(t *testing.T, s *auth.Service, token string) auth.Principal {
	t.Helper()
	p, err := s.Authenticate(t.Context(), token)
	if err != nil {
		t.Fatalf("the token is refused: %v", err)
	}
	return p
}

func mustRefuse(t *testing.T, s *auth.Service, token string) {
	t.Helper()
	p, err := s.Authenticate(t.Context(), token)
	var refusal *auth.TokenError
	if !errors.As(err, &refusal) {
		t.Fatalf("got %+v and %v, want a refusal", p, err)
	}
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func keyID(t *testing.T, token string) string {
	t.Helper()
	header, _ := parts(t, token)
	return header["kid"].(string)
}

func encode(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

// signed makes a token of claims that are already encoded.
func signed(t *testing.T, algorithm jose.SignatureAlgorithm, key any, kid, encoded string) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: jose.JSONWebKey{Key: key, KeyID: kid}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	claims, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil {
		t.Fatal(err)
	}
	signature, err := signer.Sign(claims)
	if err != nil {
		t.Fatal(err)
	}
	token, err := signature.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestKeySetVerifiesTokens(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	text, err := n.KeySet(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), `"d":`) {
		t.Fatal("the key set has private keys")
	}
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(text, &set); err != nil {
		t.Fatal(err)
	}
	token := n.token(t)
	keys := set.Key(keyID(t, token))
	if len(keys) != 1 {
		t.Fatalf("the key set has %d keys with the token's id", len(keys))
	}
	parsed, err := jose.ParseSigned(token, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parsed.Verify(keys[0]); err != nil {
		t.Errorf("verify with the published key: %v", err)
	}
}
