package governance

import "time"

// The user levels of the contract. LevelAPI and LevelAny are pseudo-levels: a client without a person, and everybody.
const (
	LevelOrgAdmin       = "ORG_ADMIN"
	LevelSourceAdmin    = "SOURCE_ADMIN"
	LevelSourceSubadmin = "SOURCE_SUBADMIN"
	LevelHelpdesk       = "HELPDESK"
	LevelUser           = "USER"
	LevelAPI            = "API"
	LevelAny            = "Any"
)

// ScopeAll is the scope that holds every right of the holder's user levels.
const ScopeAll = "sp:scopes:all"

// MaxAccessTokens is how many personal access tokens one person may have.
const MaxAccessTokens = 10

// AccessToken is a personal access token: a client id and secret that act as a person. Only the hash of the secret is
// kept.
type AccessToken struct {
	ID           string    `json:"id"`
	Name         string    `json:"name"`
	Owner        Reference `json:"owner"`
	SecretHash   []byte    `json:"-"` // SHA-256
	Scope        []string  `json:"scope,omitempty"`
	ValiditySecs int       `json:"accessTokenValiditySeconds,omitempty"` // 0: the server's setting
	Expires      time.Time `json:"expirationDate,omitzero"`
	NeverExpires bool      `json:"userAwareTokenNeverExpires,omitempty"`
	Managed      bool      `json:"managed"`
	LastUsed     time.Time `json:"-"`
	Created      time.Time `json:"created"`
}

// OAuthClient is an application that asks for tokens in its own name.
type OAuthClient struct {
	ID                  string    `json:"id"`
	SecretHash          []byte    `json:"-"` // SHA-256
	BusinessName        string    `json:"businessName,omitempty"`
	HomepageURL         string    `json:"homepageUrl,omitempty"`
	Name                string    `json:"name"`
	Description         string    `json:"description,omitempty"`
	AccessTokenValidity int       `json:"accessTokenValiditySeconds"`
	RefreshValidity     int       `json:"refreshTokenValiditySeconds,omitempty"`
	RedirectURIs        []string  `json:"redirectUris,omitempty"`
	GrantTypes          []string  `json:"grantTypes"`
	AccessType          string    `json:"accessType"`
	Type                string    `json:"type"`
	Internal            bool      `json:"internal"`
	Enabled             bool      `json:"enabled"`
	StrongAuthSupported bool      `json:"strongAuthSupported"`
	ClaimsSupported     bool      `json:"claimsSupported"`
	Scope               []string  `json:"scope"`
	LastUsed            time.Time `json:"-"`
	Created             time.Time `json:"created"`
	Modified            time.Time `json:"modified"`
}

// Caller is who a client id stands for when a token is issued or checked.
type Caller struct {
	ClientID     string
	Name         string // the person's or the application's
	SecretHash   []byte
	Identity     Reference // empty for an OAuth client
	UID          string
	Levels       []string // of the person; empty for an OAuth client
	Scope        []string // nil or empty: sp:scopes:all
	ValiditySecs int
	Expires      time.Time // zero: never
	LastUsed     time.Time // zero: never
	Enabled      bool      // false also when the person is not active
	Credentials  bool      // may use the grant client_credentials
	StrongAuth   bool      // the client says that it supports strong authentication
	Internal     bool
}

// SigningKey is a key pair that signs access tokens. Private is sealed.
type SigningKey struct {
	ID      string    `json:"id"` // the JWT's kid
	Private string    `json:"-"`  // sealed PKCS #8
	Created time.Time `json:"created"`
	Retired time.Time `json:"retired,omitzero"` // zero while it may sign; it still verifies until every token it signed has expired
}
