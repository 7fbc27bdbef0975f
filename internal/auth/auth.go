// Package auth says who calls and what they may do: it issues access tokens for client ids and secrets, verifies them,
// holds the signing keys, slows those who guess, and makes the credentials themselves.
//
// A token proves only that it was issued; what its holder may do is read from the database again every few seconds, so a
// deleted credential, a disabled client, a person who left or lost a level loses the right on every node within
// recheckEvery, and at once on the node that did it.
package auth

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"midgard/internal/governance"
)

// recheckEvery bounds how long a right outlives its revocation on another node.
const recheckEvery = 5 * time.Second

// DefaultTokenLifetime is the life of an access token when nothing else is set. Clients are known that hang for ever when
// it is 300 seconds or less.
const DefaultTokenLifetime = 749 * time.Second

// Pod names the kind of installation in tokens and in the discovery document; there is only one.
const Pod = "midgard"

// Store is what auth keeps. The methods promise what *store.Store says of them.
type Store interface {
	Caller(ctx context.Context, clientID string) (governance.Caller, error)
	MarkUsed(ctx context.Context, clientID string, at time.Time) error
	EnsureSetting(ctx context.Context, name, value string) (string, error)
	Bootstrap(ctx context.Context, actor governance.Actor, admin governance.Identity, levels []string, token governance.AccessToken) (bool, error)
	keyStore
	credentialStore
}

// Sealer encrypts secrets at rest. What was sealed under one context opens under the same one only.
type Sealer interface {
	Seal(clear, context string) (string, error)
	Open(sealed, context string) (string, error)
}

// RateLimit is a budget of Requests in each Window, per client id and API version. Zero requests mean no limit.
type RateLimit struct {
	Requests int
	Window   time.Duration
}

// Options are what the service needs. Store and Sealer must be set.
type Options struct {
	Store        Store
	Sealer       Sealer
	Organization string        // "org" of tokens
	Issuer       string        // "iss" of tokens: the public URL
	Lifetime     time.Duration // of access tokens; zero means DefaultTokenLifetime
	RateLimit    RateLimit
	Now          func() time.Time // nil means time.Now
	Log          *slog.Logger
}

// Service is safe for concurrent use.
type Service struct {
	Options
	tenantID string
	keys     *keyring
	verified *recent[digest, *verified]
	epoch    atomic.Uint64 // counts revocations of this node: what was checked before the last one is checked again
	throttle *throttle
	rate     *rateLimiter
}

// rememberedTokens is how many verified tokens are kept at least. An entry takes less than a kilobyte.
const rememberedTokens = 10_000

// New makes the service: it reads the signing keys, or makes the first one, and the tenant's id.
func New(ctx context.Context, o Options) (*Service, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Lifetime == 0 {
		o.Lifetime = DefaultTokenLifetime
	}
	if o.Lifetime > governance.MaxTokenValidity*time.Second {
		return nil, fmt.Errorf("access tokens cannot live longer than %d seconds", governance.MaxTokenValidity)
	}
	tenantID, err := o.Store.EnsureSetting(ctx, "tenant_id", uuid.NewString())
	if err != nil {
		return nil, err
	}
	s := &Service{
		Options:  o,
		tenantID: tenantID,
		keys:     &keyring{store: o.Store, sealer: o.Sealer, now: o.Now, log: o.Log},
		verified: newRecent[digest, *verified](rememberedTokens),
		throttle: newThrottle(o.Now),
		rate:     newRateLimiter(o.RateLimit, o.Now),
	}
	if _, err := s.keys.signing(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// TenantID is the id of this installation, the same for every node and for ever.
func (s *Service) TenantID() string { return s.tenantID }

// Limit counts a request of the client against the rate limit of one API version. It gives how long the client has to
// wait, or zero when the request may go on.
func (s *Service) Limit(clientID, version string) time.Duration {
	return s.rate.take(clientID, version)
}

// Recheck makes this node read every caller's rights again before it serves them. Call it after a change of credentials,
// user levels or people.
func (s *Service) Recheck() { s.epoch.Add(1) }

// Rotate replaces the signing key at once, whatever its age. Tokens that the former one signed stay valid.
func (s *Service) Rotate(ctx context.Context) error { return s.keys.rotate(ctx, s.Now()) }

// KeySet gives the public keys of all tokens that may still be valid, as a JSON Web Key Set.
func (s *Service) KeySet(ctx context.Context) ([]byte, error) { return s.keys.jwks(ctx) }
