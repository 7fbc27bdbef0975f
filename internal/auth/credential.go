package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"github.com/google/uuid"

	"midgard/internal/governance"
)

type credentialStore interface {
	CreateAccessToken(ctx context.Context, actor governance.Actor, token governance.AccessToken) (governance.AccessToken, error)
	UpdateAccessToken(ctx context.Context, actor governance.Actor, id string, change func(*governance.AccessToken) error) (governance.AccessToken, error)
	DeleteAccessToken(ctx context.Context, actor governance.Actor, id string, allowed func(governance.AccessToken) error) error
	CreateOAuthClient(ctx context.Context, actor governance.Actor, client governance.OAuthClient) (governance.OAuthClient, error)
	UpdateOAuthClient(ctx context.Context, actor governance.Actor, id string, change func(*governance.OAuthClient) error) (governance.OAuthClient, error)
	DeleteOAuthClient(ctx context.Context, actor governance.Actor, id string) error
	UpdateUser(ctx context.Context, actor governance.Actor, id string, change func(*governance.User) error) (governance.User, error)
}

// The scopes that reach beyond one's own personal access tokens.
const (
	scopeAllTokensRead   = "sp:all-personal-access-tokens:read"
	scopeAllTokensManage = "sp:all-personal-access-tokens:manage"
)

// secretBytes is the entropy of a secret. At this size a plain hash protects it: there is nothing to guess.
const secretBytes = 32

// newSecret gives a secret as 64 hex digits, and its hash.
func newSecret() (secret string, hash []byte) {
	var b [secretBytes]byte
	rand.Read(b[:]) //nolint:errcheck // documented never to fail
	secret = hex.EncodeToString(b[:])
	return secret, hashSecret(secret)
}

func hashSecret(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// SeesAllTokens reports whether the caller may read the personal access tokens of others.
func (p Principal) SeesAllTokens() bool {
	return p.Is(governance.LevelOrgAdmin) && p.Holds(scopeAllTokensRead, scopeAllTokensManage)
}

// managesTokensOf refuses who would change the tokens of somebody else without being the organisation's administrator.
func (p Principal) managesTokensOf(ownerID string) error {
	if ownerID == p.Identity.ID || p.Is(governance.LevelOrgAdmin) && p.Holds(scopeAllTokensManage) {
		return nil
	}
	return governance.Fail(governance.Forbidden, "", "%s Personal access tokens of others need the user level %s and the scope %s.",
		refused, governance.LevelOrgAdmin, scopeAllTokensManage)
}

// CreateAccessToken makes a personal access token and its secret, which nobody can read again. It belongs to token.Owner,
// or to the caller when none is set. It never gets a scope that the caller's own token lacks: as with rights beyond the
// owner's user level, such a scope is silently absent.
func (s *Service) CreateAccessToken(ctx context.Context, p Principal, trackingID string, token governance.AccessToken) (governance.AccessToken, string, error) {
	if !token.Owner.Set() {
		token.Owner = p.Identity
	}
	if err := p.managesTokensOf(token.Owner.ID); err != nil {
		return token, "", err
	}
	if err := token.Check(s.Now()); err != nil {
		return token, "", err
	}
	var secret string
	token.ID = newID()
	token.Scope = narrow(token.Scope, p.Scopes)
	secret, token.SecretHash = newSecret()
	created, err := s.Store.CreateAccessToken(ctx, p.Actor(trackingID), token)
	if err != nil {
		return token, "", err
	}
	return created, secret, nil
}

// UpdateAccessToken lets change edit a token of the caller's own, or of anybody for the organisation's administrator.
// change may run more than once.
func (s *Service) UpdateAccessToken(ctx context.Context, p Principal, trackingID, id string, change func(*governance.AccessToken) error) (governance.AccessToken, error) {
	defer s.Recheck()
	return s.Store.UpdateAccessToken(ctx, p.Actor(trackingID), id, func(token *governance.AccessToken) error {
		if err := p.managesTokensOf(token.Owner.ID); err != nil {
			return hidden(err, p, "Personal access token", id)
		}
		before := *token
		if err := change(token); err != nil {
			return err
		}
		if !slices.Equal(before.Scope, token.Scope) {
			token.Scope = narrow(token.Scope, p.Scopes)
		}
		now := s.Now()
		if token.Expires.Equal(before.Expires) {
			now = before.Created // one that has expired may still be renamed
		}
		return token.Check(now)
	})
}

// DeleteAccessToken removes a token; the access tokens that it was used for end with it.
func (s *Service) DeleteAccessToken(ctx context.Context, p Principal, trackingID, id string) error {
	defer s.Recheck()
	return s.Store.DeleteAccessToken(ctx, p.Actor(trackingID), id, func(token governance.AccessToken) error {
		return hidden(p.managesTokensOf(token.Owner.ID), p, "Personal access token", id)
	})
}

// hidden turns a refusal into "not found" for callers who may not even know that the object exists.
func hidden(refusal error, p Principal, object, id string) error {
	if refusal == nil || p.SeesAllTokens() {
		return refusal
	}
	return governance.Missing(object, id)
}

// CreateOAuthClient makes a client and its secret, which nobody can read again. Its scopes are bounded as those of
// CreateAccessToken.
func (s *Service) CreateOAuthClient(ctx context.Context, p Principal, trackingID string, client governance.OAuthClient) (governance.OAuthClient, string, error) {
	if err := client.Check(); err != nil {
		return client, "", err
	}
	var secret string
	client.ID = newID()
	client.Scope = narrow(client.Scope, p.Scopes)
	secret, client.SecretHash = newSecret()
	created, err := s.Store.CreateOAuthClient(ctx, p.Actor(trackingID), client)
	if err != nil {
		return client, "", err
	}
	return created, secret, nil
}

// UpdateOAuthClient lets change edit a client. change may run more than once.
func (s *Service) UpdateOAuthClient(ctx context.Context, p Principal, trackingID, id string, change func(*governance.OAuthClient) error) (governance.OAuthClient, error) {
	defer s.Recheck()
	return s.Store.UpdateOAuthClient(ctx, p.Actor(trackingID), id, func(client *governance.OAuthClient) error {
		before := *client
		if err := change(client); err != nil {
			return err
		}
		if !slices.Equal(before.Scope, client.Scope) {
			client.Scope = narrow(client.Scope, p.Scopes)
		}
		return client.Check()
	})
}

// DeleteOAuthClient removes a client; its access tokens end with it.
func (s *Service) DeleteOAuthClient(ctx context.Context, p Principal, trackingID, id string) error {
	defer s.Recheck()
	return s.Store.DeleteOAuthClient(ctx, p.Actor(trackingID), id)
}

// UpdateUser lets change edit the user levels of a person, within the rules of governance.CheckLevels and CheckGrant.
// change may run more than once.
func (s *Service) UpdateUser(ctx context.Context, p Principal, trackingID, id string, change func(*governance.User) error) (governance.User, error) {
	defer s.Recheck()
	return s.Store.UpdateUser(ctx, p.Actor(trackingID), id, func(user *governance.User) error {
		before := *user
		if err := change(user); err != nil {
			return err
		}
		levels, err := governance.CheckLevels(user.Levels)
		if err != nil {
			return err
		}
		user.Levels = levels
		return governance.CheckGrant(p.Identity.ID, before, levels)
	})
}
