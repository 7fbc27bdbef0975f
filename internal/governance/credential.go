package governance

import (
	"net/url"
	"slices"
	"strings"
	"time"
)

// The bounds of an access token's life in seconds, as the contract gives them for personal access tokens. The upper one
// also says how long a signing key that no longer signs has to verify.
const (
	MinTokenValidity = 15
	MaxTokenValidity = 12 * 60 * 60
)

// DefaultTokenExpiry is the life of a personal access token whose maker said neither when it ends nor that it never does.
// The contract demands one of the two, but its older clients know neither field: they get a token, and it ends.
const DefaultTokenExpiry = 365 * 24 * time.Hour

// The contract's words for OAuth clients.
const (
	GrantClientCredentials = "CLIENT_CREDENTIALS"
	GrantAuthorizationCode = "AUTHORIZATION_CODE"
	GrantRefreshToken      = "REFRESH_TOKEN"
	AccessOnline           = "ONLINE"
	AccessOffline          = "OFFLINE"
	ClientConfidential     = "CONFIDENTIAL"
	ClientPublic           = "PUBLIC"
)

// maxCredentialText bounds names and other texts of credentials, in bytes.
const maxCredentialText = 1000

// Check holds a personal access token to its rules; now decides whether its end lies in the future.
func (t AccessToken) Check(now time.Time) error {
	if err := checkName(t.Name); err != nil {
		return err
	}
	if err := checkScope(t.Scope); err != nil {
		return err
	}
	if t.ValiditySecs != 0 {
		if err := checkValidity(t.ValiditySecs); err != nil {
			return err
		}
	}
	if t.Expires.IsZero() {
		if !t.NeverExpires {
			return Fail(Illegal, "userAwareTokenNeverExpires", "A token without expirationDate never expires: userAwareTokenNeverExpires must be true to show that this is meant.")
		}
		return nil
	}
	if !t.Expires.After(now) {
		return Fail(Illegal, "expirationDate", "The expirationDate must be in the future.")
	}
	return nil
}

// Check holds an OAuth client to its rules.
func (c OAuthClient) Check() error {
	if err := checkName(c.Name); err != nil {
		return err
	}
	if err := checkScope(c.Scope); err != nil {
		return err
	}
	if err := checkValidity(c.AccessTokenValidity); err != nil {
		return err
	}
	if c.RefreshValidity < 0 {
		return Fail(Illegal, "refreshTokenValiditySeconds", "The refreshTokenValiditySeconds cannot be negative.")
	}
	if err := checkWord("accessType", c.AccessType, AccessOnline, AccessOffline); err != nil {
		return err
	}
	if err := checkWord("type", c.Type, ClientConfidential, ClientPublic); err != nil {
		return err
	}
	return c.checkGrants()
}

func (c OAuthClient) checkGrants() error {
	if len(c.GrantTypes) == 0 {
		return Fail(Required, "grantTypes", "Required field 'grantTypes' was missing or empty.")
	}
	for _, grant := range c.GrantTypes {
		if err := checkWord("grantTypes", grant, GrantClientCredentials, GrantAuthorizationCode, GrantRefreshToken); err != nil {
			return err
		}
	}
	if slices.Contains(c.GrantTypes, GrantAuthorizationCode) && len(c.RedirectURIs) == 0 {
		return Fail(Required, "redirectUris", "The grant type %s needs at least one redirect URI.", GrantAuthorizationCode)
	}
	for _, uri := range c.RedirectURIs {
		if parsed, err := url.Parse(uri); err != nil || parsed.Scheme == "" || parsed.Fragment != "" || len(uri) > maxCredentialText {
			return Fail(Illegal, "redirectUris", "%q is not an absolute URI without a fragment.", uri)
		}
	}
	return nil
}

func checkName(name string) error {
	if strings.TrimSpace(name) == "" {
		return Fail(Required, "name", "Required field 'name' was missing or empty.")
	}
	if len(name) > maxCredentialText {
		return Fail(Limit, "name", "The name is longer than %d bytes.", maxCredentialText)
	}
	return nil
}

// checkScope accepts any scope that can stand in a token: a right outside of the holder's level is simply not there.
func checkScope(scope []string) error {
	if len(scope) > 200 {
		return Fail(Limit, "scope", "There are more than 200 scopes.")
	}
	for _, s := range scope {
		unfit := strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' || r == '"' || r == '\\' })
		if s == "" || unfit || len(s) > 200 {
			return Fail(Illegal, "scope", "%q is not a scope.", s)
		}
	}
	return nil
}

func checkValidity(seconds int) error {
	if seconds < MinTokenValidity || seconds > MaxTokenValidity {
		return Fail(Illegal, "accessTokenValiditySeconds", "The accessTokenValiditySeconds must be between %d and %d.", MinTokenValidity, MaxTokenValidity)
	}
	return nil
}

func checkWord(field, word string, allowed ...string) error {
	if !slices.Contains(allowed, word) {
		return Fail(Illegal, field, "Illegal value %q for field %q; allowed are %s.", word, field, strings.Join(allowed, ", "))
	}
	return nil
}
