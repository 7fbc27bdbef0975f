package auth

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"midgard/internal/governance"
)

// TokenRequest is what arrives at the token endpoint, whatever its shape on the wire.
type TokenRequest struct {
	GrantType    string
	ClientID     string
	ClientSecret string
	Remote       string // the address that the request came from, with or without a port
}

// Token is the answer to a TokenRequest, as it goes over the wire.
type Token struct {
	AccessToken         string `json:"access_token"`
	TokenType           string `json:"token_type"` // "bearer"
	ExpiresIn           int    `json:"expires_in"` // seconds
	Scope               string `json:"scope"`      // the token's scopes, divided by blanks (RFC 6749, 5.1)
	AccessType          string `json:"accessType"` // "OFFLINE"
	TenantID            string `json:"tenant_id"`
	Internal            bool   `json:"internal"`
	Pod                 string `json:"pod"`
	Org                 string `json:"org"`
	UserID              string `json:"user_id,omitempty"`
	IdentityID          string `json:"identity_id,omitempty"`
	StrongAuth          bool   `json:"strong_auth"`
	StrongAuthSupported bool   `json:"strong_auth_supported"`
	Enabled             bool   `json:"enabled"`
	ID                  string `json:"jti"`
}

// claims are the contract's. Those of a person are absent from an application's token.
type claims struct {
	TenantID            string   `json:"tenant_id"`
	Pod                 string   `json:"pod"`
	Org                 string   `json:"org"`
	Internal            bool     `json:"internal"`
	IdentityID          string   `json:"identity_id,omitempty"`
	UserID              string   `json:"user_id,omitempty"`
	UserName            string   `json:"user_name,omitempty"`
	StrongAuth          bool     `json:"strong_auth"`
	StrongAuthSupported bool     `json:"strong_auth_supported"`
	Authorities         []string `json:"authorities"`
	ClientID            string   `json:"client_id"`
	Scope               []string `json:"scope"`
	Issuer              string   `json:"iss,omitempty"`
	IssuedAt            int64    `json:"iat"`
	Expires             int64    `json:"exp"`
	ID                  string   `json:"jti"`
}

// GrantError is a refusal of the token endpoint in the words of RFC 6749, 5.2.
type GrantError struct {
	Code        string // "invalid_client", …
	Description string
}

// Error gives the code and the description.
func (e *GrantError) Error() string { return e.Code + ": " + e.Description }

// LimitError says that the client has to wait.
type LimitError struct{ RetryAfter time.Duration }

// Error says for how long.
func (e *LimitError) Error() string {
	return fmt.Sprintf("too many requests: wait for %s", e.RetryAfter)
}

// The refusals. The first one says the same for an unknown client and for a wrong secret; the others are for clients that
// have proved who they are.
var (
	errBadClient       = &GrantError{"invalid_client", "Bad client credentials"}
	errClientDisabled  = &GrantError{"invalid_client", "The client is disabled, or its owner is not active."}
	errClientExpired   = &GrantError{"invalid_client", "The client has expired."}
	errNoGrantType     = &GrantError{"invalid_request", "The parameter grant_type is missing."}
	errGrantType       = &GrantError{"unsupported_grant_type", "The only grant type is client_credentials."}
	errGrantNotAllowed = &GrantError{"unauthorized_client", "The client is not allowed to use the grant type client_credentials."}
)

// usedPrecision is how exactly the last use of a client is kept: noting every one would make each token a write.
const usedPrecision = time.Hour

// Issue answers the token endpoint. Its errors are *GrantError, *LimitError when there were too many failures, and those
// of the store.
func (s *Service) Issue(ctx context.Context, q TokenRequest) (Token, error) {
	if q.GrantType == "" {
		return Token{}, errNoGrantType
	}
	if !strings.EqualFold(q.GrantType, governance.GrantClientCredentials) {
		return Token{}, errGrantType
	}
	try := attemptOf(q.ClientID, q.Remote)
	if wait := s.throttle.wait(try); wait > 0 {
		return Token{}, &LimitError{wait}
	}
	caller, proved, err := s.identify(ctx, q)
	if err != nil {
		return Token{}, err
	}
	if !proved {
		s.throttle.failed(try)
		return Token{}, errBadClient
	}
	s.throttle.succeeded(try)
	now := s.Now()
	if err := mayHaveToken(caller, now); err != nil {
		return Token{}, err
	}
	token, err := s.sign(ctx, caller, now)
	if err != nil {
		return Token{}, err
	}
	s.noteUse(ctx, caller, now)
	return token, nil
}

// maxClientID bounds client ids before they are looked up.
const maxClientID = 200

// identify reads the client and compares the secret. An unknown client costs the same comparison.
func (s *Service) identify(ctx context.Context, q TokenRequest) (caller governance.Caller, proved bool, err error) {
	if q.ClientID == "" || len(q.ClientID) > maxClientID || !utf8.ValidString(q.ClientID) || strings.ContainsRune(q.ClientID, 0) {
		return caller, false, nil
	}
	caller, err = s.Store.Caller(ctx, q.ClientID)
	if err != nil && governance.KindOf(err) != governance.NotFound {
		return caller, false, err
	}
	hash := hashSecret(q.ClientSecret)
	expected := caller.SecretHash
	if len(expected) != sha256.Size {
		expected = make([]byte, sha256.Size)
	}
	return caller, subtle.ConstantTimeCompare(hash, expected) == 1, nil
}

func mayHaveToken(c governance.Caller, now time.Time) error {
	switch {
	case !c.Enabled:
		return errClientDisabled
	case expired(c, now):
		return errClientExpired
	case !c.Credentials:
		return errGrantNotAllowed
	}
	return nil
}

func expired(c governance.Caller, now time.Time) bool {
	return !c.Expires.IsZero() && !now.Before(c.Expires)
}

// sign makes the token. Its life is not cut to that of the credential: clients compute with expires_in, and the
// credential's end is looked at with every use anyway.
func (s *Service) sign(ctx context.Context, c governance.Caller, now time.Time) (Token, error) {
	key, err := s.keys.signing(ctx)
	if err != nil {
		return Token{}, err
	}
	life := int(s.Lifetime / time.Second)
	if c.ValiditySecs > 0 {
		life = min(c.ValiditySecs, governance.MaxTokenValidity)
	}
	content := claims{
		TenantID: s.tenantID, Pod: Pod, Org: s.Organization, Internal: c.Internal,
		IdentityID: c.Identity.ID, UserID: c.Identity.ID, UserName: c.UID,
		StrongAuth: true, StrongAuthSupported: c.StrongAuth,
		Authorities: levelsOf(c), ClientID: c.ClientID, Scope: narrow(nil, c.Scope),
		Issuer: s.Issuer, IssuedAt: now.Unix(), Expires: now.Unix() + int64(life), ID: uuid.NewString(),
	}
	signed, err := key.sign(content)
	if err != nil {
		return Token{}, fmt.Errorf("sign an access token: %w", err)
	}
	return Token{
		AccessToken: signed, TokenType: "bearer", ExpiresIn: life, Scope: strings.Join(content.Scope, " "), AccessType: governance.AccessOffline,
		TenantID: s.tenantID, Internal: c.Internal, Pod: Pod, Org: s.Organization, UserID: c.Identity.ID, IdentityID: c.Identity.ID,
		StrongAuth: content.StrongAuth, StrongAuthSupported: c.StrongAuth, Enabled: true, ID: content.ID,
	}, nil
}

func (k *key) sign(content claims) (string, error) {
	payload, err := json.Marshal(content)
	if err != nil {
		return "", err
	}
	signature, err := k.signer.Sign(payload)
	if err != nil {
		return "", err
	}
	return signature.CompactSerialize()
}

// noteUse never fails the token: when a credential was last used is a convenience.
func (s *Service) noteUse(ctx context.Context, c governance.Caller, now time.Time) {
	if now.Sub(c.LastUsed) < usedPrecision {
		return
	}
	if err := s.Store.MarkUsed(ctx, c.ClientID, now); err != nil {
		s.Log.WarnContext(ctx, "the last use of a client was not noted", slog.String("client", c.ClientID), slog.Any("error", err))
	}
}
