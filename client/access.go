package client

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// Identity is a person as lists of people show them.
type Identity struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Alias string `json:"alias"` // the uid
	Email string `json:"emailAddress"`
}

// FindIdentity reads a person by id, uid, e-mail address or name. The error wraps ErrNotFound when nobody matches.
func (c *Client) FindIdentity(ctx context.Context, who string) (Identity, error) {
	value := Quote(who)
	filters := fmt.Sprintf("alias eq %s or email eq %s or name eq %s", value, value, value)
	if idForm.MatchString(who) {
		filters = "id eq " + value
	}
	options := ListOptions{Filters: filters, Extra: EveryIdentity()}
	return findOne[Identity](ctx, c, "/v2025/identities", options, fmt.Sprintf("identity %q", who))
}

// EveryIdentity is the parameter of the list of identities that also shows those without an account on an authoritative
// source, such as the first administrator. The contract leaves them out by default.
func EveryIdentity() url.Values { return url.Values{"defaultFilter": {"NONE"}} }

// NewAccessToken describes a personal access token that is to be made.
type NewAccessToken struct {
	Name         string     `json:"name"`
	Scope        []string   `json:"scope,omitempty"` // empty: every right of the person
	Expires      *time.Time `json:"expirationDate,omitempty"`
	NeverExpires bool       `json:"userAwareTokenNeverExpires,omitempty"`
	// OwnerID is the person as whom the token acts; empty means the caller. Only an administrator may name another.
	OwnerID string `json:"ownerId,omitempty"`
}

// AccessToken is a new personal access token: a client id and its secret, which the server tells this once.
type AccessToken struct {
	ID      string     `json:"id"`
	Secret  string     `json:"secret"`
	Name    string     `json:"name"`
	Scope   []string   `json:"scope"`
	Owner   Ref        `json:"owner"`
	Expires *time.Time `json:"expirationDate"`
}

const accessTokensPath = "/v2025/personal-access-tokens"

// CreateAccessToken makes a personal access token. The published operation knows only the caller's own tokens; for
// somebody else Midgard has its extension under /midgard/v1, which refuses fields that it does not know, so that a server
// without the extension can never hand out the caller's rights instead.
func (c *Client) CreateAccessToken(ctx context.Context, token NewAccessToken) (AccessToken, error) {
	path := accessTokensPath
	if token.OwnerID != "" {
		path = "/midgard/v1/personal-access-tokens"
	}
	var created AccessToken
	if err := c.Do(ctx, http.MethodPost, path, token, &created); err != nil {
		return AccessToken{}, err
	}
	if token.OwnerID != "" && created.Owner.ID != token.OwnerID {
		return AccessToken{}, fmt.Errorf("the server made token %s for %s instead of %s: delete it", created.ID, created.Owner.ID, token.OwnerID)
	}
	return created, nil
}
