package auth

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/go-jose/go-jose/v4"

	"midgard/internal/governance"
)

// TokenError says why a token is not accepted. Its text is the contract's "error" of a 401.
type TokenError struct{ text string }

// Error gives the text for the body.
func (e *TokenError) Error() string { return e.text }

// The reasons of a 401.
var (
	errNoToken   = &TokenError{"Full authentication is required to access this resource"}
	errExpired   = &TokenError{"JWT validation failed: JWT is expired"}
	errMalformed = &TokenError{"JWT validation failed: JWT is malformed"}
	errAlgorithm = &TokenError{"JWT validation failed: signature algorithm is not accepted"}
	errKey       = &TokenError{"JWT validation failed: signing key is unknown"}
	errSignature = &TokenError{"JWT validation failed: signature is invalid"}
	errRevoked   = &TokenError{"JWT validation failed: client is disabled, expired or deleted"}
)

// algorithms is the whole list that a token's header may choose from.
var algorithms = []jose.SignatureAlgorithm{jose.ES256}

// maxToken bounds a token in bytes before anything is computed over it.
const maxToken = 64 << 10

type digest [sha256.Size]byte

// verified is a token whose signature is right, which will not change. What may change is its standing.
type verified struct {
	clientID string
	scopes   []string
	expires  int64 // seconds
	check    sync.Mutex
	standing atomic.Pointer[standing]
}

// standing is what the database said of the token's client at a moment.
type standing struct {
	principal Principal
	err       error
	read      time.Time
	epoch     uint64
}

func (s *standing) fresh(now time.Time, epoch uint64) bool {
	return s != nil && s.epoch == epoch && now.Sub(s.read) < recheckEvery
}

// Authenticate says who the bearer of a token is. A token that is not accepted gives a *TokenError; any other error means
// that the database did not answer.
func (s *Service) Authenticate(ctx context.Context, token string) (Principal, error) {
	if token == "" {
		return Principal{}, errNoToken
	}
	if len(token) > maxToken {
		return Principal{}, errMalformed
	}
	// The bytes are only read, and not beyond this call: a copy would be the one allocation here.
	id := digest(sha256.Sum256(unsafe.Slice(unsafe.StringData(token), len(token))))
	v, found := s.verified.get(id)
	if !found {
		var err error
		if v, err = s.verify(ctx, token); err != nil {
			return Principal{}, err
		}
	}
	now := s.Now()
	if now.Unix() >= v.expires {
		return Principal{}, errExpired
	}
	if !found {
		v = s.verified.getOrPut(id, v)
	}
	return s.standing(ctx, v, now)
}

// verify checks the signature. The claims are those that this installation wrote, so they need no check of their own.
func (s *Service) verify(ctx context.Context, token string) (*verified, error) {
	signed, err := jose.ParseSignedCompact(token, algorithms)
	var unexpected *jose.ErrUnexpectedSignatureAlgorithm
	switch {
	case errors.As(err, &unexpected):
		return nil, errAlgorithm
	case err != nil:
		return nil, errMalformed
	}
	public, err := s.keys.verifying(ctx, signed.Signatures[0].Header.KeyID)
	if err != nil {
		return nil, governance.Because(err, governance.Unavailable, "", "The signing keys cannot be read at the moment.")
	}
	if public == nil {
		return nil, errKey
	}
	payload, err := signed.Verify(public)
	if err != nil {
		return nil, errSignature
	}
	var content claims
	if err := json.Unmarshal(payload, &content); err != nil {
		return nil, errMalformed
	}
	return &verified{clientID: content.ClientID, scopes: content.Scope, expires: content.Expires}, nil
}

// standing gives what the client may do. Of many requests with one token, one reads the database.
func (s *Service) standing(ctx context.Context, v *verified, now time.Time) (Principal, error) {
	if known := v.standing.Load(); known.fresh(now, s.epoch.Load()) {
		return known.principal, known.err
	}
	v.check.Lock()
	defer v.check.Unlock()
	// The count is read before the database: a revocation in between makes this answer stale, as it should.
	epoch := s.epoch.Load()
	if known := v.standing.Load(); known.fresh(now, epoch) {
		return known.principal, known.err
	}
	caller, err := s.Store.Caller(ctx, v.clientID)
	if err != nil && governance.KindOf(err) != governance.NotFound {
		return Principal{}, governance.Because(err, governance.Unavailable, "", "The rights of the caller cannot be read at the moment.")
	}
	current := &standing{read: now, epoch: epoch}
	if err != nil || !caller.Enabled || expired(caller, now) {
		current.err = errRevoked
	} else {
		current.principal = principalOf(caller, v.scopes)
	}
	v.standing.Store(current)
	return current.principal, current.err
}
