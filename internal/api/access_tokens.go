package api

import (
	"context"
	"math"
	"net/http"
	"net/url"
	"time"

	"midgard/internal/filter"
	"midgard/internal/governance"
	"midgard/internal/jsondoc"
)

type accessTokenStore interface {
	AccessTokens(ctx context.Context, ownerID string, q filter.Query) (filter.Page[governance.AccessToken], error)
}

func (s *server) accessTokenHandlers() map[string]handler {
	return map[string]handler{
		"listPersonalAccessTokens":     s.listAccessTokens,
		"createPersonalAccessToken":    s.createAccessToken,
		"createPersonalAccessTokenFor": s.createAccessTokenFor,
		"patchPersonalAccessToken":     s.patchAccessToken,
		"deletePersonalAccessToken":    s.deleteAccessToken,
	}
}

// wholeList is listQuery for lists that the contract answers in one piece.
func wholeList(r *http.Request) (filter.Query, url.Values, error) {
	params, err := parameters(r)
	if err != nil {
		return filter.Query{}, nil, err
	}
	q := filter.Query{Limit: math.MaxInt32}
	q.Where, err = filter.Compile(params.Get("filters"), callOf(r).op.Filters)
	return q, params, err
}

// listAccessTokens lists the caller's own tokens to all but the administrator of the organisation, who sees everybody's,
// or those of owner-id. Somebody else's are refused to others: an empty list would look like an answer.
func (s *server) listAccessTokens(w http.ResponseWriter, r *http.Request) error {
	q, params, err := wholeList(r)
	if err != nil {
		return err
	}
	p := callOf(r).principal
	owner := filter.NormalizeID(storable(params.Get("owner-id")))
	switch {
	case p.SeesAllTokens():
	case owner == "":
		owner = p.Identity.ID
	case owner != p.Identity.ID:
		return governance.Fail(governance.Forbidden, "", "The server understood the request but refuses to authorize it. Only an %s may list the personal access tokens of others.", governance.LevelOrgAdmin)
	}
	page, err := s.Store.AccessTokens(r.Context(), owner, q)
	if err != nil {
		return err
	}
	return writePage(w, r, page, s.appendAccessToken)
}

func (s *server) appendAccessToken(b []byte, t *governance.AccessToken) []byte {
	b = appendRef(s.appendTokenHead(b, t), "owner", typeIdentity, t.Owner)
	b = jsondoc.AppendTimeField(b, "created", t.Created)
	b = jsondoc.AppendNullableTime(b, "lastUsed", t.LastUsed)
	b = jsondoc.AppendBool(b, "managed", t.Managed)
	b = jsondoc.AppendInt(b, "accessTokenValiditySeconds", s.validity(t))
	b = jsondoc.AppendNullableTime(b, "expirationDate", t.Expires)
	return append(jsondoc.AppendBool(b, "userAwareTokenNeverExpires", t.NeverExpires), '}')
}

func (s *server) appendTokenHead(b []byte, t *governance.AccessToken) []byte {
	b = jsondoc.AppendStringField(append(b, '{'), "id", t.ID)
	b = jsondoc.AppendStringField(b, "name", t.Name)
	return appendScope(b, t.Scope)
}

// appendScope writes the scopes of a credential; none kept means all.
func appendScope(b []byte, scope []string) []byte {
	if len(scope) == 0 {
		scope = []string{governance.ScopeAll}
	}
	return appendStrings(b, "scope", scope)
}

func appendStrings(b []byte, key string, list []string) []byte {
	b = append(jsondoc.AppendKey(b, key), '[')
	for _, text := range list {
		b = jsondoc.AppendString(jsondoc.AppendComma(b), text)
	}
	return append(b, ']')
}

// validity is how long access tokens of the credential live: its own setting or the server's.
func (s *server) validity(t *governance.AccessToken) int64 {
	if t.ValiditySecs > 0 {
		return int64(t.ValiditySecs)
	}
	return int64(s.Auth.Lifetime / time.Second)
}

// accessTokenBody is the request to make a token, and the form that a JSON Patch sees of one.
type accessTokenBody struct {
	Name         string               `json:"name"`
	Scope        []string             `json:"scope"`
	Validity     *int                 `json:"accessTokenValiditySeconds"`
	Expires      optional[*time.Time] `json:"expirationDate"`
	NeverExpires *bool                `json:"userAwareTokenNeverExpires"`
}

var accessTokenPatchable = patchable{"name", "scope", "accessTokenValiditySeconds", "expirationDate", "userAwareTokenNeverExpires"}

func accessTokenForm(t *governance.AccessToken) accessTokenBody {
	f := accessTokenBody{Name: t.Name, Scope: t.Scope, NeverExpires: &t.NeverExpires}
	if t.ValiditySecs > 0 {
		f.Validity = &t.ValiditySecs
	}
	if !t.Expires.IsZero() {
		f.Expires.Value = &t.Expires
	}
	return f
}

// write takes the body over. What it does not say becomes the zero value, which stands for the server's setting.
func (f *accessTokenBody) write(t *governance.AccessToken) error {
	if f.Validity != nil && *f.Validity == 0 {
		return governance.Fail(governance.Illegal, "accessTokenValiditySeconds", "Illegal value 0 for field \"accessTokenValiditySeconds\": leave it out for the server's setting.")
	}
	t.Name, t.Scope = f.Name, scopeOf(f.Scope)
	t.ValiditySecs, t.Expires, t.NeverExpires = 0, time.Time{}, false
	if f.Validity != nil {
		t.ValiditySecs = *f.Validity
	}
	if f.Expires.Value != nil {
		t.Expires = f.Expires.Value.UTC().Truncate(time.Millisecond)
	}
	if f.NeverExpires != nil {
		t.NeverExpires = *f.NeverExpires
	}
	return nil
}

// scopeOf reads a list of scopes: an empty one is not an absent one, it asks for nothing beyond what every token has.
func scopeOf(scope []string) []string {
	if scope != nil && len(scope) == 0 {
		return []string{governance.ScopeDefault}
	}
	return scope
}

func (s *server) createAccessToken(w http.ResponseWriter, r *http.Request) error {
	body, err := decode[accessTokenBody](w, r)
	if err != nil {
		return err
	}
	return s.makeAccessToken(w, r, &body, governance.Reference{})
}

// createAccessTokenFor is our extension: the administrator of the organisation makes a token for anybody. It has a path of
// its own, under which unknown fields are refused, so that a server without it cannot mistake it for the contract's
// operation and hand out the caller's own rights.
func (s *server) createAccessTokenFor(w http.ResponseWriter, r *http.Request) error {
	body, err := decode[struct {
		accessTokenBody
		OwnerID string `json:"ownerId"`
	}](w, r)
	if err != nil {
		return err
	}
	if body.OwnerID == "" {
		return governance.Fail(governance.Required, "ownerId", "Required field 'ownerId' was missing or empty.")
	}
	return s.makeAccessToken(w, r, &body.accessTokenBody, governance.Reference{ID: filter.NormalizeID(body.OwnerID)})
}

func (s *server) makeAccessToken(w http.ResponseWriter, r *http.Request, body *accessTokenBody, owner governance.Reference) error {
	token := governance.AccessToken{Owner: owner}
	if err := body.write(&token); err != nil {
		return err
	}
	if !body.Expires.Present && body.NeverExpires == nil {
		token.Expires = s.Auth.Now().UTC().Add(governance.DefaultTokenExpiry).Truncate(time.Millisecond)
	}
	c := callOf(r)
	created, secret, err := s.Auth.CreateAccessToken(r.Context(), c.principal, c.trackingID, token)
	if err != nil {
		return err
	}
	return writeOne(w, r, &created, func(b []byte, t *governance.AccessToken) []byte { return s.appendCreatedToken(b, t, secret) })
}

// appendCreatedToken is the only answer that carries the secret.
func (s *server) appendCreatedToken(b []byte, t *governance.AccessToken, secret string) []byte {
	b = jsondoc.AppendStringField(s.appendTokenHead(b, t), "secret", secret)
	b = appendRef(b, "owner", typeIdentity, t.Owner)
	b = jsondoc.AppendTimeField(b, "created", t.Created)
	b = jsondoc.AppendInt(b, "accessTokenValiditySeconds", s.validity(t))
	return append(jsondoc.AppendNullableTime(b, "expirationDate", t.Expires), '}')
}

func (s *server) patchAccessToken(w http.ResponseWriter, r *http.Request) error {
	apply := patch[accessTokenBody](w, r, accessTokenPatchable)
	c := callOf(r)
	token, err := s.Auth.UpdateAccessToken(r.Context(), c.principal, c.trackingID, pathID(r, "id"), func(t *governance.AccessToken) error {
		form, _, err := apply(accessTokenForm(t))
		if err != nil {
			return err
		}
		return form.write(t)
	})
	if err != nil {
		return err
	}
	return writeOne(w, r, &token, s.appendAccessToken)
}

func (s *server) deleteAccessToken(w http.ResponseWriter, r *http.Request) error {
	c := callOf(r)
	if err := s.Auth.DeleteAccessToken(r.Context(), c.principal, c.trackingID, pathID(r, "id")); err != nil {
		return err
	}
	return done(w, r)
}
