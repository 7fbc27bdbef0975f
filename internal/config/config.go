// Package config reads what an operator may set. Every setting stands once, in the table of table.go: its key in the
// file, its environment variable, its flag, its default, its check and its help all follow from that one entry, and so
// does the table in the README.
package config

import "time"

// Config is the effective configuration of one server. Load is its only maker: values are checked, paths that follow
// from Data are filled in.
type Config struct {
	// Listen is the address of the API, host:port. Port 0 takes any free port.
	Listen string
	// Data is the folder of everything that the server keeps in files.
	Data string
	// Database is empty for the embedded SQLite database in Data, or a postgres:// URL.
	Database string
	// TLSCert and TLSKey are PEM files. Both are set or neither.
	TLSCert, TLSKey string
	// PublicURL is the base of the URLs that the server tells its clients, without a slash at the end. Empty means that
	// it follows from Listen and from whether TLS is on.
	PublicURL string
	// LogLevel is debug, info, warn or error; LogFormat is text or json.
	LogLevel, LogFormat string
	// RequireExperimental demands X-SailPoint-Experimental on the operations for which the contract does.
	RequireExperimental bool
	// Strict refuses unknown and read-only fields in request bodies by name instead of ignoring them.
	Strict bool
	// RateLimit bounds the requests of one client.
	RateLimit RateLimit
	// TokenLifetime is how long an access token is valid, in whole seconds and more than 300 of them.
	TokenLifetime time.Duration
	// FileRoot is the only folder of this machine from which connectors may read files.
	FileRoot string
	// SecretKeyFile holds the key set that encrypts secrets at rest.
	SecretKeyFile string
	// BootstrapClientID and BootstrapClientSecret become the first administrator's client of an empty database. Both
	// are set or neither; without them the server makes a pair.
	BootstrapClientID, BootstrapClientSecret string
	// Organization is the "org" of access tokens.
	Organization string
	// MaxUpload bounds the bytes of one uploaded file.
	MaxUpload int64
	// PasswordLifetime is how long the owner of a new account can fetch its generated password.
	PasswordLifetime time.Duration
	// JobLease is how long a job stays with a worker that no longer reports; after a crash work resumes that late.
	JobLease time.Duration
	// Workers is how many jobs run at the same time in this process.
	Workers int
	// Mail is how e-mails about approvals are sent.
	Mail Mail

	origins map[string]string
}

// RateLimit is a budget of Requests in each Window, per client and API version.
type RateLimit struct {
	Enabled  bool
	Requests int
	Window   time.Duration
}

// Mail is a mail server and what it is given. Without Host no e-mails are written; with it there is a From. User and Password
// are set or neither.
type Mail struct {
	Host, TLS      string // TLS is starttls, tls or none
	Port           int
	User, Password string
	From           string
	Templates      string // a folder; empty for the templates in the program
}

// TLS says whether the server speaks HTTPS.
func (c Config) TLS() bool { return c.TLSCert != "" }

// Origin says where the value of the setting came from: "default", "file midgard.yaml line 3", "MIDGARD_LISTEN",
// "--listen". It is "default" for a Config that Load did not make.
func (c Config) Origin(key string) string {
	if o := c.origins[key]; o != "" {
		return o
	}
	return originDefault
}
