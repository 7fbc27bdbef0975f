package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"midgard/internal/filter"
	"midgard/internal/governance"
)

// oauthClients leaves last_used out, as accessTokens does. What no query looks at is kept as JSON.
var oauthClients = newTable(table[governance.OAuthClient]{
	name:    "oauth_client",
	object:  "OAUTH_CLIENT",
	columns: []string{"id", "secret_hash", "body", "enabled", "created", "modified"},
	values: func(c *governance.OAuthClient) []any {
		return []any{c.ID, c.SecretHash, jsonText(c), c.Enabled, c.Created.UnixMilli(), c.Modified.UnixMilli()}
	},
	id:    func(c *governance.OAuthClient) string { return c.ID },
	label: func(c *governance.OAuthClient) string { return c.Name },
})

const oauthClientColumns = "c.body, c.secret_hash, c.last_used"

func scanOAuthClient(r row, c *governance.OAuthClient) error {
	return r.Scan(jsonInto{c}, &c.SecretHash, timeInto{&c.LastUsed})
}

var oauthClientList = &listing[governance.OAuthClient]{
	from:    "oauth_client c",
	id:      "c.id",
	columns: map[string]column{"lastUsed": {expr: "c.last_used"}},
	sel:     oauthClientColumns,
	scan:    scanOAuthClient,
}

// applyClient fills in what of a caller stands in an OAuth client's JSON.
func applyClient(c *governance.Caller, client governance.OAuthClient) {
	c.Name = client.Name
	c.Scope = client.Scope
	c.ValiditySecs = client.AccessTokenValidity
	c.Credentials = slices.Contains(client.GrantTypes, governance.GrantClientCredentials)
	c.StrongAuth = client.StrongAuthSupported
	c.Internal = client.Internal
}

// OAuthClients lists OAuth clients.
func (s *Store) OAuthClients(ctx context.Context, q filter.Query) (filter.Page[governance.OAuthClient], error) {
	page, err := list(ctx, s, oauthClientList, q)
	if err != nil {
		return page, fmt.Errorf("list OAuth clients: %w", err)
	}
	return page, nil
}

// OAuthClient gives one OAuth client.
func (s *Store) OAuthClient(ctx context.Context, id string) (governance.OAuthClient, error) {
	return byID(ctx, s.reader(), oauthClientList, "OAuth client", id)
}

// CreateOAuthClient adds a client, whose ID and SecretHash the caller has made, and gives it as it is kept.
func (s *Store) CreateOAuthClient(ctx context.Context, actor governance.Actor, client governance.OAuthClient) (governance.OAuthClient, error) {
	err := s.write(ctx, actor, func(ctx context.Context, t *tx) error {
		client.Created, client.Modified = t.now, t.now
		return create(ctx, t, oauthClients, &client)
	})
	return client, err
}

// UpdateOAuthClient changes one client; edit may refuse with an error, and may run more than once.
func (s *Store) UpdateOAuthClient(ctx context.Context, actor governance.Actor, id string, edit func(*governance.OAuthClient) error) (client governance.OAuthClient, err error) {
	err = s.write(ctx, actor, func(ctx context.Context, t *tx) error {
		client, err = amend(ctx, t, oauthClients, oauthClientList, "OAuth client", id, func(_, c *governance.OAuthClient) error {
			c.Modified = t.now
			return edit(c)
		})
		return err
	})
	return client, err
}

// DeleteOAuthClient removes a client.
func (s *Store) DeleteOAuthClient(ctx context.Context, actor governance.Actor, id string) error {
	return s.write(ctx, actor, func(ctx context.Context, t *tx) error {
		old, err := byID(ctx, t, oauthClientList, "OAuth client", id)
		if err != nil {
			return err
		}
		return remove(ctx, t, oauthClients, &old)
	})
}

// MarkUsed notes that a client got an access token at the given time. It is no change that anybody made, so there is no
// record of it. An unknown client is nothing to complain about: it was deleted a moment ago.
func (s *Store) MarkUsed(ctx context.Context, clientID string, at time.Time) error {
	id := filter.NormalizeID(clientID)
	err := s.write(ctx, governance.Actor{}, func(ctx context.Context, t *tx) error {
		n, err := affected(ctx, t, "update access_token set last_used = $1 where id = $2", at.UnixMilli(), id)
		if err != nil || n > 0 {
			return err
		}
		return exec(ctx, t, "update oauth_client set last_used = $1 where id = $2", at.UnixMilli(), id)
	})
	if err != nil {
		return fmt.Errorf("note the use of client %q: %w", clientID, err)
	}
	return nil
}
