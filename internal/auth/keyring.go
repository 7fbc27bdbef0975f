package auth

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/uuid"

	"midgard/internal/governance"
)

const (
	rotateAfter = 7 * 24 * time.Hour
	// keysFreshFor is how long a node goes on without asking whether another one has rotated the key.
	keysFreshFor = time.Minute
	// keysAskedAgain bounds how often tokens with an unknown key make a node read the keys.
	keysAskedAgain = 5 * time.Second
	// verifiesFor is how long a retired key verifies: the longest token's life, and the time until the last node knows
	// that it is retired.
	verifiesFor = governance.MaxTokenValidity*time.Second + 2*keysFreshFor
)

type keyStore interface {
	SigningKeys(ctx context.Context) ([]governance.SigningKey, error)
	RotateSigningKey(ctx context.Context, actor governance.Actor, next governance.SigningKey, due, gone time.Time) (bool, error)
}

// keyring has the key that signs and those that verify. The nodes of one installation share them through the database.
type keyring struct {
	store  keyStore
	sealer Sealer
	now    func() time.Time
	log    *slog.Logger

	mu      sync.Mutex
	known   map[string]*key
	newest  []*key // in the order of the database: the newest first
	current *key
	sealed  bool // a key that signs cannot be opened here
	read    time.Time
}

type key struct {
	id      string
	private *ecdsa.PrivateKey
	signer  jose.Signer
	created time.Time
	retired time.Time
}

// verifies reports whether tokens of this key can still be valid.
func (k *key) verifies(now time.Time) bool {
	return k.retired.IsZero() || now.Before(k.retired.Add(verifiesFor))
}

// signing gives the key to sign with. One that is old enough is replaced first, and so is one that was sealed with an
// encryption key that was lost: nothing else depends on it, and all that its loss costs is that clients ask for new tokens.
func (r *keyring) signing(ctx context.Context) (*key, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.refresh(ctx, keysFreshFor); err != nil {
		return nil, err
	}
	due := r.now().Add(-rotateAfter)
	if r.current == nil && r.sealed {
		due = r.now()
	}
	if r.current == nil || !r.current.created.After(due) {
		if err := r.replace(ctx, due); err != nil {
			return nil, err
		}
	}
	return r.current, nil
}

// verifying gives the public key with the id, nil when there is none.
func (r *keyring) verifying(ctx context.Context, id string) (*ecdsa.PublicKey, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known[id] == nil {
		if err := r.refresh(ctx, keysAskedAgain); err != nil {
			return nil, err
		}
	}
	k := r.known[id]
	if k == nil || !k.verifies(r.now()) {
		return nil, nil
	}
	return &k.private.PublicKey, nil
}

func (r *keyring) jwks(ctx context.Context) ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.refresh(ctx, keysFreshFor); err != nil {
		return nil, err
	}
	set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{}}
	for _, k := range r.newest {
		if k.verifies(r.now()) {
			set.Keys = append(set.Keys, jose.JSONWebKey{Key: &k.private.PublicKey, KeyID: k.id, Algorithm: string(jose.ES256), Use: "sig"})
		}
	}
	return json.Marshal(set)
}

// rotate replaces the keys that were made until due.
func (r *keyring) rotate(ctx context.Context, due time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.replace(ctx, due)
}

func (r *keyring) replace(ctx context.Context, due time.Time) error {
	next, err := r.generate()
	if err != nil {
		return fmt.Errorf("make a signing key: %w", err)
	}
	gone := r.now().Add(-verifiesFor)
	if _, err := r.store.RotateSigningKey(ctx, governance.Server("key rotation", ""), next, due, gone); err != nil {
		return err
	}
	if err := r.refresh(ctx, 0); err != nil {
		return err
	}
	if r.current == nil {
		return fmt.Errorf("the signing key %q cannot be used as soon as it was made", next.ID)
	}
	return nil
}

func (r *keyring) generate() (governance.SigningKey, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return governance.SigningKey{}, err
	}
	plain, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return governance.SigningKey{}, err
	}
	next := governance.SigningKey{ID: uuid.NewString(), Created: r.now().UTC().Truncate(time.Millisecond)}
	next.Private, err = r.sealer.Seal(string(plain), sealContext(next.ID))
	return next, err
}

func sealContext(keyID string) string { return "signing_key|" + keyID }

// refresh reads the keys when they were not read for that long.
func (r *keyring) refresh(ctx context.Context, fresh time.Duration) error {
	now := r.now()
	if fresh > 0 && !r.read.IsZero() && now.Sub(r.read) < fresh {
		return nil
	}
	stored, err := r.store.SigningKeys(ctx)
	if err != nil {
		return err
	}
	known, newest := make(map[string]*key, len(stored)), make([]*key, 0, len(stored))
	var current *key
	sealed := false
	for _, s := range stored {
		k, err := r.open(s)
		if err != nil {
			r.log.ErrorContext(ctx, "a signing key cannot be used; do all nodes have the same key set file?", slog.Any("error", err))
			sealed = sealed || s.Retired.IsZero()
			continue
		}
		known[k.id], newest = k, append(newest, k)
		if current == nil && k.retired.IsZero() {
			current = k
		}
	}
	r.known, r.newest, r.current, r.sealed, r.read = known, newest, current, sealed, now
	return nil
}

// open unseals a key, unless it is known already.
func (r *keyring) open(s governance.SigningKey) (*key, error) {
	if k := r.known[s.ID]; k != nil {
		return &key{id: k.id, private: k.private, signer: k.signer, created: k.created, retired: s.Retired}, nil
	}
	plain, err := r.sealer.Open(s.Private, sealContext(s.ID))
	if err != nil {
		return nil, fmt.Errorf("open the signing key %q: %w", s.ID, err)
	}
	parsed, err := x509.ParsePKCS8PrivateKey([]byte(plain))
	if err != nil {
		return nil, fmt.Errorf("read the signing key %q: %w", s.ID, err)
	}
	private, ok := parsed.(*ecdsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("the signing key %q is a %T, not an ECDSA key", s.ID, parsed)
	}
	signer, err := jose.NewSigner(
		jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: private, KeyID: s.ID}},
		(&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return nil, fmt.Errorf("use the signing key %q: %w", s.ID, err)
	}
	return &key{id: s.ID, private: private, signer: signer, created: s.Created, retired: s.Retired}, nil
}
