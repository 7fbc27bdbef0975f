package auth_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"midgard/internal/auth"
	"midgard/internal/secret"
)

const day = 24 * time.Hour

func TestKeyRotatesAfterAWeek(t *testing.T) {
	t.Parallel()
	n := newNode(t, func(o *auth.Options) { o.Lifetime = 12 * time.Hour })
	first := n.token(t)
	n.clock.advance(7*day - time.Second)
	last := n.token(t)
	if keyID(t, last) != keyID(t, first) {
		t.Fatal("the key changed within a week")
	}
	n.clock.advance(time.Second)
	next := n.token(t)
	if keyID(t, next) == keyID(t, first) {
		t.Fatal("the key did not change after a week")
	}
	n.clock.advance(11 * time.Hour)
	mustKnow(t, n.Service, last) // with the retired key
	if got := published(t, n.Service); len(got) != 2 {
		t.Errorf("%d keys are published, want the retired one too", len(got))
	}
	n.clock.advance(2 * time.Hour)
	if got := published(t, n.Service); !slices.Equal(got, []string{keyID(t, next)}) {
		t.Errorf("published keys are %v, want the new one only: no token of the former one can be valid", got)
	}
}

func TestNodesShareKeys(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	other := n.again(t)
	mustKnow(t, other, n.token(t))
	if err := n.Rotate(t.Context()); err != nil {
		t.Fatal(err)
	}
	n.clock.advance(5 * time.Second)
	mustKnow(t, other, n.token(t)) // with a key that the other node has not seen
	n.clock.advance(time.Minute)
	answer, err := other.Issue(t.Context(), n.request())
	if err != nil {
		t.Fatal(err)
	}
	if keyID(t, answer.AccessToken) != keyID(t, n.token(t)) {
		t.Error("after a minute the other node still signs with its former key")
	}
}

func TestNodesRotateTogether(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	other := n.again(t)
	n.clock.advance(7 * day)
	mine := n.token(t)
	answer, err := other.Issue(t.Context(), n.request())
	if err != nil {
		t.Fatal(err)
	}
	if keyID(t, mine) != keyID(t, answer.AccessToken) {
		t.Error("two nodes made two keys")
	}
}

func TestOldKeysAreRemoved(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	for range 5 {
		n.clock.advance(7 * day)
		n.token(t)
	}
	if len(n.db.keys) != 2 {
		t.Errorf("%d keys are kept, want the one that signs and the one before", len(n.db.keys))
	}
}

func TestPrivateKeysAreSealed(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	k := n.db.keys[0]
	if _, err := n.box.Open(k.Private, "signing_key|"+k.ID); err != nil {
		t.Errorf("the stored key does not open under its own context: %v", err)
	}
	if _, err := n.box.Open(k.Private, "signing_key|another"); err == nil {
		t.Error("the stored key opens under another context")
	}
}

func TestLostEncryptionKeyCostsNewTokensOnly(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	before := n.token(t)
	later := n.again(t, func(o *auth.Options) { o.Sealer = secret.Ephemeral() })
	mustRefuse(t, later, before)
	answer, err := later.Issue(t.Context(), n.request())
	if err != nil {
		t.Fatal(err)
	}
	mustKnow(t, later, answer.AccessToken)
}

func TestTenantStaysTheSame(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	if other := n.again(t); other.TenantID() != n.TenantID() || n.TenantID() == "" {
		t.Errorf("tenants %q and %q", n.TenantID(), other.TenantID())
	}
}

func TestServiceDoesNotStartWithoutDatabase(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.db.setDown(true)
	if _, err := auth.New(t.Context(), auth.Options{Store: n.db, Sealer: n.box}); err == nil {
		t.Error("it started")
	}
}

func published(t *testing.T, s *auth.Service) []string {
	t.Helper()
	text, err := s.KeySet(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var set struct {
		Keys []struct{ Kid string }
	}
	if err := json.Unmarshal(text, &set); err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, k := range set.Keys {
		ids = append(ids, k.Kid)
	}
	return ids
}
