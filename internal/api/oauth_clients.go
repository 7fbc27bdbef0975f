package api

import (
	"context"
	"net/http"

	"midgard/internal/filter"
	"midgard/internal/governance"
	"midgard/internal/jsondoc"
)

type oauthClientStore interface {
	OAuthClients(ctx context.Context, q filter.Query) (filter.Page[governance.OAuthClient], error)
	OAuthClient(ctx context.Context, id string) (governance.OAuthClient, error)
}

func (s *server) oauthClientHandlers() map[string]handler {
	return map[string]handler{
		"listOauthClients":  s.listOAuthClients,
		"createOauthClient": s.createOAuthClient,
		"getOauthClient":    s.getOAuthClient,
		"patchOauthClient":  s.patchOAuthClient,
		"deleteOauthClient": s.deleteOAuthClient,
	}
}

func (s *server) listOAuthClients(w http.ResponseWriter, r *http.Request) error {
	q, _, err := wholeList(r)
	if err != nil {
		return err
	}
	page, err := s.Store.OAuthClients(r.Context(), q)
	if err != nil {
		return err
	}
	return writePage(w, r, page, appendOAuthClient)
}

func (s *server) getOAuthClient(w http.ResponseWriter, r *http.Request) error {
	client, err := s.Store.OAuthClient(r.Context(), pathID(r, "id"))
	if err != nil {
		return err
	}
	return writeOne(w, r, &client, appendOAuthClient)
}

// appendOAuthClient writes a client as it is read. Its secret is not kept, so it is null for ever.
func appendOAuthClient(b []byte, c *governance.OAuthClient) []byte {
	b = jsondoc.AppendStringField(append(b, '{'), "id", c.ID)
	b = jsondoc.AppendNullableString(b, "businessName", c.BusinessName)
	b = jsondoc.AppendNullableString(b, "homepageUrl", c.HomepageURL)
	b = jsondoc.AppendNullableString(b, "description", c.Description)
	b = jsondoc.AppendRaw(b, "secret", nil)
	b = jsondoc.AppendRaw(b, "metadata", nil)
	b = jsondoc.AppendNullableTime(b, "lastUsed", c.LastUsed)
	return append(appendClientRest(b, c), '}')
}

// appendCreatedClient is the only answer that carries the secret. Texts that are absent are empty here: the contract has
// no null in this shape.
func appendCreatedClient(b []byte, c *governance.OAuthClient, secret string) []byte {
	b = jsondoc.AppendStringField(append(b, '{'), "id", c.ID)
	b = jsondoc.AppendStringField(b, "secret", secret)
	b = jsondoc.AppendStringField(b, "businessName", c.BusinessName)
	b = jsondoc.AppendStringField(b, "homepageUrl", c.HomepageURL)
	b = jsondoc.AppendStringField(b, "description", c.Description)
	return append(appendClientRest(b, c), '}')
}

func appendClientRest(b []byte, c *governance.OAuthClient) []byte {
	b = jsondoc.AppendStringField(b, "name", c.Name)
	b = jsondoc.AppendInt(b, "accessTokenValiditySeconds", int64(c.AccessTokenValidity))
	b = jsondoc.AppendInt(b, "refreshTokenValiditySeconds", int64(c.RefreshValidity))
	b = appendStrings(b, "redirectUris", c.RedirectURIs)
	b = appendStrings(b, "grantTypes", c.GrantTypes)
	b = jsondoc.AppendStringField(b, "accessType", c.AccessType)
	b = jsondoc.AppendStringField(b, "type", c.Type)
	b = jsondoc.AppendBool(b, "internal", c.Internal)
	b = jsondoc.AppendBool(b, "enabled", c.Enabled)
	b = jsondoc.AppendBool(b, "strongAuthSupported", c.StrongAuthSupported)
	b = jsondoc.AppendBool(b, "claimsSupported", c.ClaimsSupported)
	b = jsondoc.AppendTimeField(b, "created", c.Created)
	b = jsondoc.AppendTimeField(b, "modified", c.Modified)
	return appendScope(b, c.Scope)
}

// oauthClientBody is the request to make a client, and the form that a JSON Patch sees of one.
type oauthClientBody struct {
	BusinessName        string           `json:"businessName"`
	HomepageURL         string           `json:"homepageUrl"`
	Name                string           `json:"name"`
	Description         optional[string] `json:"description"`
	Validity            *int             `json:"accessTokenValiditySeconds"`
	RefreshValidity     int              `json:"refreshTokenValiditySeconds"`
	RedirectURIs        []string         `json:"redirectUris"`
	GrantTypes          []string         `json:"grantTypes"`
	AccessType          string           `json:"accessType"`
	Type                string           `json:"type"`
	Internal            bool             `json:"internal"`
	Enabled             *bool            `json:"enabled"`
	StrongAuthSupported bool             `json:"strongAuthSupported"`
	ClaimsSupported     bool             `json:"claimsSupported"`
	Scope               []string         `json:"scope"`
}

var oauthClientPatchable = patchable{
	"businessName", "homepageUrl", "name", "description", "accessTokenValiditySeconds", "refreshTokenValiditySeconds", "redirectUris",
	"grantTypes", "accessType", "enabled", "strongAuthSupported", "claimsSupported", "scope",
}

// oauthClientForm has no null where a list belongs: a patch may add to it.
func oauthClientForm(c *governance.OAuthClient) oauthClientBody {
	return oauthClientBody{
		BusinessName: c.BusinessName, HomepageURL: c.HomepageURL, Name: c.Name, Description: optional[string]{Value: c.Description},
		Validity: &c.AccessTokenValidity, RefreshValidity: c.RefreshValidity, RedirectURIs: append([]string{}, c.RedirectURIs...), GrantTypes: c.GrantTypes,
		AccessType: c.AccessType, Type: c.Type, Internal: c.Internal, Enabled: &c.Enabled, StrongAuthSupported: c.StrongAuthSupported,
		ClaimsSupported: c.ClaimsSupported, Scope: c.Scope,
	}
}

// write takes the body over; what the values may be is the domain's to say.
func (f *oauthClientBody) write(c *governance.OAuthClient) error {
	for _, required := range []struct {
		name    string
		present bool
	}{
		{"accessTokenValiditySeconds", f.Validity != nil}, {"accessType", f.AccessType != ""}, {"enabled", f.Enabled != nil},
	} {
		if !required.present {
			return governance.Fail(governance.Required, required.name, "Required field '%s' was missing or empty.", required.name)
		}
	}
	c.BusinessName, c.HomepageURL, c.Name, c.Description = f.BusinessName, f.HomepageURL, f.Name, f.Description.Value
	c.AccessTokenValidity, c.RefreshValidity = *f.Validity, f.RefreshValidity
	c.RedirectURIs, c.GrantTypes, c.Scope = f.RedirectURIs, f.GrantTypes, scopeOf(f.Scope)
	c.AccessType, c.Type = f.AccessType, f.Type
	c.Internal, c.Enabled, c.StrongAuthSupported, c.ClaimsSupported = f.Internal, *f.Enabled, f.StrongAuthSupported, f.ClaimsSupported
	return nil
}

func (s *server) createOAuthClient(w http.ResponseWriter, r *http.Request) error {
	body, err := decode[oauthClientBody](w, r)
	if err != nil {
		return err
	}
	if !body.Description.Present {
		return governance.Fail(governance.Required, "description", "Required field 'description' was missing.")
	}
	if body.Type == "" {
		body.Type = governance.ClientConfidential
	}
	var client governance.OAuthClient
	if err := body.write(&client); err != nil {
		return err
	}
	c := callOf(r)
	created, secret, err := s.Auth.CreateOAuthClient(r.Context(), c.principal, c.trackingID, client)
	if err != nil {
		return err
	}
	return writeOne(w, r, &created, func(b []byte, c *governance.OAuthClient) []byte { return appendCreatedClient(b, c, secret) })
}

func (s *server) patchOAuthClient(w http.ResponseWriter, r *http.Request) error {
	apply := patch[oauthClientBody](w, r, oauthClientPatchable)
	c := callOf(r)
	client, err := s.Auth.UpdateOAuthClient(r.Context(), c.principal, c.trackingID, pathID(r, "id"), func(client *governance.OAuthClient) error {
		form, _, err := apply(oauthClientForm(client))
		if err != nil {
			return err
		}
		return form.write(client)
	})
	if err != nil {
		return err
	}
	return writeOne(w, r, &client, appendOAuthClient)
}

func (s *server) deleteOAuthClient(w http.ResponseWriter, r *http.Request) error {
	c := callOf(r)
	if err := s.Auth.DeleteOAuthClient(r.Context(), c.principal, c.trackingID, pathID(r, "id")); err != nil {
		return err
	}
	return done(w, r)
}
