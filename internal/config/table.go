package config

import (
	"math"
	"strconv"
	"time"
)

// table is in reading order. Keys are part of the promise to operators: a rename is a breaking change.
var table = []Setting{
	text(Setting{Key: "listen", Default: "127.0.0.1:8400", Help: "address and port of the API"},
		func(c *Config) *string { return &c.Listen }, listenAddress),
	text(Setting{Key: "data", Default: "./midgard-data", Help: "folder of the embedded database, the encryption keys and the files that connectors may read"},
		func(c *Config) *string { return &c.Data }, notEmpty),
	text(Setting{Key: "database", DefaultNote: "SQLite in the data folder", Help: "`postgres://` URL of a PostgreSQL database", mask: maskURL},
		func(c *Config) *string { return &c.Database }, databaseURL),
	text(Setting{Key: "tlsCert", Help: "PEM file of the certificate chain; turns HTTPS on"},
		func(c *Config) *string { return &c.TLSCert }, anyText),
	text(Setting{Key: "tlsKey", Help: "PEM file of the certificate's private key"},
		func(c *Config) *string { return &c.TLSKey }, anyText),
	text(Setting{Key: "publicUrl", DefaultNote: "follows from `listen`", Help: "base URL under which clients reach the server"},
		func(c *Config) *string { return &c.PublicURL }, publicURL),
	text(Setting{Key: "logLevel", Default: "info", Help: "least severe messages that are logged: debug, info, warn or error"},
		func(c *Config) *string { return &c.LogLevel }, oneOf("debug", "info", "warn", "error")),
	text(Setting{Key: "logFormat", Default: "text", Help: "form of a log line: text or json"},
		func(c *Config) *string { return &c.LogFormat }, oneOf("text", "json")),
	toggle(Setting{Key: "requireExperimental", Default: "true", Help: "demand the header `X-SailPoint-Experimental: true` where the contract does"},
		func(c *Config) *bool { return &c.RequireExperimental }),
	toggle(Setting{Key: "strict", Default: "false", Help: "refuse unknown and read-only fields in request bodies instead of ignoring them"},
		func(c *Config) *bool { return &c.Strict }),
	toggle(Setting{Key: "rateLimit.enabled", Default: "false", Help: "limit the requests of each client"},
		func(c *Config) *bool { return &c.RateLimit.Enabled }),
	number(Setting{Key: "rateLimit.requests", Default: "100", Help: "requests that a client may make per window and API version"},
		func(c *Config) *int { return &c.RateLimit.Requests }, 1, 1_000_000),
	period(Setting{Key: "rateLimit.window", Default: "10s", Help: "length of the rate limit's window"},
		func(c *Config) *time.Duration { return &c.RateLimit.Window }, time.Second, time.Hour),
	period(Setting{Key: "tokenLifetime", Default: "749s", Help: "how long an access token is valid; more than 300s, because a known client hangs otherwise"},
		func(c *Config) *time.Duration { return &c.TokenLifetime }, 301*time.Second, 12*time.Hour),
	text(Setting{Key: "fileRoot", DefaultNote: "`files` in the data folder", Help: "the only folder of this machine from which connectors may read files"},
		func(c *Config) *string { return &c.FileRoot }, anyText),
	text(Setting{Key: "secretKeyFile", DefaultNote: "`secrets.json` in the data folder", Help: "key set that encrypts secrets at rest; keep a copy, without it stored secrets are lost"},
		func(c *Config) *string { return &c.SecretKeyFile }, anyText),
	text(Setting{Key: "bootstrapClientId", DefaultNote: "made and printed once", Help: "client id of the first administrator of an empty database"},
		func(c *Config) *string { return &c.BootstrapClientID }, noBlanks),
	text(Setting{Key: "bootstrapClientSecret", DefaultNote: "made and printed once", Help: "secret of that client", Secret: true},
		func(c *Config) *string { return &c.BootstrapClientSecret }, secretText),
	text(Setting{Key: "organization", Default: "midgard", Help: "name of the organisation in access tokens"},
		func(c *Config) *string { return &c.Organization }, organization),
	bind(Setting{Key: "maxUpload", Default: "2GiB", Help: "largest file that may be uploaded"},
		func(c *Config) *int64 { return &c.MaxUpload }, byteCount, formatBytes),
	period(Setting{Key: "passwordLifetime", Default: "168h", Help: "how long the owner of a new account can fetch its generated password"},
		func(c *Config) *time.Duration { return &c.PasswordLifetime }, time.Minute, 90*24*time.Hour),
	period(Setting{Key: "jobLease", Default: "10s", Help: "how late a job of a crashed process is taken up again"},
		func(c *Config) *time.Duration { return &c.JobLease }, time.Second, 10*time.Minute),
	number(Setting{Key: "workers", Default: "2", Help: "jobs that run at the same time"},
		func(c *Config) *int { return &c.Workers }, 1, 64),
	text(Setting{Key: "mail.host", Help: "mail server that takes e-mails about approvals; turns them on"},
		func(c *Config) *string { return &c.Mail.Host }, noBlanks),
	number(Setting{Key: "mail.port", Default: "587", Help: "port of the mail server"},
		func(c *Config) *int { return &c.Mail.Port }, 1, math.MaxUint16),
	text(Setting{Key: "mail.tls", Default: "starttls", Help: "how the connection is encrypted: starttls, tls (from its beginning) or none"},
		func(c *Config) *string { return &c.Mail.TLS }, oneOf("starttls", "tls", "none")),
	text(Setting{Key: "mail.user", DefaultNote: "the mail server asks for none", Help: "name to sign in to the mail server with"},
		func(c *Config) *string { return &c.Mail.User }, anyText),
	text(Setting{Key: "mail.password", Help: "password of that name", Secret: true},
		func(c *Config) *string { return &c.Mail.Password }, anyText),
	text(Setting{Key: "mail.from", Help: "sender of e-mails: an address, or a name with the address in angle brackets"},
		func(c *Config) *string { return &c.Mail.From }, mailAddress),
	text(Setting{Key: "mail.templates", DefaultNote: "the ones in the program", Help: "folder with templates that replace those in the program"},
		func(c *Config) *string { return &c.Mail.Templates }, anyText),
}

func toggle(s Setting, field func(*Config) *bool) Setting {
	s.Switch = true
	return bind(s, field, boolean, strconv.FormatBool)
}

func number(s Setting, field func(*Config) *int, low, high int) Setting {
	return bind(s, field, wholeNumber(low, high), strconv.Itoa)
}

func period(s Setting, field func(*Config) *time.Duration, low, high time.Duration) Setting {
	return bind(s, field, duration(low, high), formatDuration)
}
