package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"midgard/internal/filter"
	"midgard/internal/governance"
)

// accessTokens leaves last_used out: it is not a change that anybody made (see MarkUsed).
var accessTokens = newTable(table[governance.AccessToken]{
	name:    "access_token",
	object:  "PERSONAL_ACCESS_TOKEN",
	columns: []string{"id", "name", "owner_id", "secret_hash", "scope", "validity_secs", "expires", "never_expires", "managed", "created"},
	values: func(k *governance.AccessToken) []any {
		return []any{k.ID, k.Name, k.Owner.ID, k.SecretHash, jsonText(k.Scope), k.ValiditySecs, millis(k.Expires), k.NeverExpires, k.Managed, k.Created.UnixMilli()}
	},
	id:    func(k *governance.AccessToken) string { return k.ID },
	label: func(k *governance.AccessToken) string { return k.Name },
})

const (
	accessTokenColumns = "t.id, t.name, t.owner_id, o.name, t.secret_hash, t.scope, t.validity_secs, t.expires, t.never_expires, t.managed, t.last_used, t.created"
	accessTokenOwner   = " join identity o on o.id = t.owner_id"
)

func scanAccessToken(r row, k *governance.AccessToken) error {
	return r.Scan(&k.ID, &k.Name, &k.Owner.ID, &k.Owner.Name, &k.SecretHash, jsonInto{&k.Scope}, &k.ValiditySecs, timeInto{&k.Expires},
		&k.NeverExpires, &k.Managed, timeInto{&k.LastUsed}, timeInto{&k.Created})
}

var accessTokenList = &listing[governance.AccessToken]{
	from:    "access_token t",
	id:      "t.id",
	columns: map[string]column{"owner.id": {expr: "t.owner_id"}, "lastUsed": {expr: "t.last_used"}},
	sel:     accessTokenColumns,
	join:    accessTokenOwner,
	scan:    scanAccessToken,
}

// AccessTokens lists personal access tokens: those of one person, or everybody's when ownerID is empty.
func (s *Store) AccessTokens(ctx context.Context, ownerID string, q filter.Query) (filter.Page[governance.AccessToken], error) {
	if ownerID != "" {
		owned := &filter.Compare{Field: "owner.id", Type: filter.ID, Op: filter.Eq, Values: []filter.Value{{Text: ownerID}}}
		q.Where = both(owned, q.Where)
	}
	page, err := list(ctx, s, accessTokenList, q)
	if err != nil {
		return page, fmt.Errorf("list access tokens: %w", err)
	}
	return page, nil
}

// both joins a condition of ours with the caller's, which may be nil.
func both(ours, theirs filter.Expr) filter.Expr {
	if theirs == nil {
		return ours
	}
	return &filter.And{Terms: []filter.Expr{ours, theirs}}
}

// AccessToken gives one personal access token.
func (s *Store) AccessToken(ctx context.Context, id string) (governance.AccessToken, error) {
	return byID(ctx, s.reader(), accessTokenList, "Personal access token", id)
}

// CreateAccessToken adds a token, whose ID and SecretHash the caller has made, to a person, and gives it as it is kept. It
// fails with Limit when the person has MaxAccessTokens, and with UnknownRef when there is no such person.
func (s *Store) CreateAccessToken(ctx context.Context, actor governance.Actor, token governance.AccessToken) (governance.AccessToken, error) {
	token.Owner.ID = filter.NormalizeID(token.Owner.ID)
	err := s.write(ctx, actor, func(ctx context.Context, t *tx) error {
		owner, err := t.holdIdentity(ctx, token.Owner.ID)
		if governance.KindOf(err) == governance.NotFound {
			return governance.Fail(governance.UnknownRef, "owner", "Referenced 'Identity' with id '%s' not found.", token.Owner.ID)
		}
		if err != nil {
			return err
		}
		token.Owner.Name, token.Created = owner, t.now
		var n int
		if err := t.QueryRowContext(ctx, "select count(*) from access_token where owner_id = $1", token.Owner.ID).Scan(&n); err != nil {
			return err
		}
		if n >= governance.MaxAccessTokens {
			return governance.Fail(governance.Limit, "", "A person can have %d personal access tokens; %s has that many.", governance.MaxAccessTokens, owner)
		}
		return create(ctx, t, accessTokens, &token)
	})
	return token, err
}

// holdIdentity gives a person's name and keeps other transactions that hold the same person waiting.
func (t *tx) holdIdentity(ctx context.Context, id string) (string, error) {
	return one(ctx, t, "Identity", id, "update identity set modified = modified where id = $1 returning name", scanText, id)
}

// UpdateAccessToken changes one token; edit may refuse with an error, and may run more than once.
func (s *Store) UpdateAccessToken(ctx context.Context, actor governance.Actor, id string, edit func(*governance.AccessToken) error) (governance.AccessToken, error) {
	var updated governance.AccessToken
	err := s.write(ctx, actor, func(ctx context.Context, t *tx) error {
		if err := exec(ctx, t, "update access_token set managed = managed where id = $1", id); err != nil {
			return err // the write keeps another patch of the same token waiting
		}
		old, err := byID(ctx, t, accessTokenList, "Personal access token", id)
		if err != nil {
			return err
		}
		updated = old
		if err := edit(&updated); err != nil {
			return err
		}
		return replace(ctx, t, accessTokens, &old, &updated)
	})
	return updated, err
}

// DeleteAccessToken removes a token. allowed sees it before and may refuse.
func (s *Store) DeleteAccessToken(ctx context.Context, actor governance.Actor, id string, allowed func(governance.AccessToken) error) error {
	return s.write(ctx, actor, func(ctx context.Context, t *tx) error {
		old, err := byID(ctx, t, accessTokenList, "Personal access token", id)
		if err != nil {
			return err
		}
		if err := allowed(old); err != nil {
			return err
		}
		return remove(ctx, t, accessTokens, &old)
	})
}

const selectCaller = `select t.id, o.name, t.secret_hash, o.id, o.uid, u.levels, t.scope, t.validity_secs, t.expires, t.last_used, o.state = 'ACTIVE', null
from access_token t join identity o on o.id = t.owner_id left join auth_user u on u.identity_id = o.id where t.id = $1
union all
select c.id, '', c.secret_hash, '', '', null, null, 0, null, c.last_used, c.enabled, c.body from oauth_client c where c.id = $1`

// Caller gives who a client id stands for: a personal access token with its person and that person's levels, or an OAuth
// client. An unknown client id is NotFound.
func (s *Store) Caller(ctx context.Context, clientID string) (governance.Caller, error) {
	id := filter.NormalizeID(clientID)
	var c governance.Caller
	var body governance.OAuthClient
	err := s.reader().QueryRowContext(ctx, selectCaller, id).Scan(&c.ClientID, &c.Name, &c.SecretHash, &c.Identity.ID, &c.UID, jsonInto{&c.Levels},
		jsonInto{&c.Scope}, &c.ValiditySecs, timeInto{&c.Expires}, timeInto{&c.LastUsed}, &c.Enabled, jsonInto{&body})
	if errors.Is(err, sql.ErrNoRows) {
		return c, governance.Missing("Client", clientID)
	}
	if err != nil {
		return c, fmt.Errorf("read the caller %q: %w", clientID, err)
	}
	if c.Identity.Set() {
		c.Identity.Name, c.Credentials = c.Name, true
		return c, nil
	}
	applyClient(&c, body)
	return c, nil
}
