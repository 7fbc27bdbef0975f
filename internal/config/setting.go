package config

import (
	"strings"
	"unicode"
)

const (
	originDefault = "default"
	envPrefix     = "MIDGARD_"
	// FileEnv names the configuration file when no flag does.
	FileEnv = envPrefix + "CONFIG"
)

// Setting is one row of the table of settings.
type Setting struct {
	// Key is the place in the file; the part before a dot is a mapping.
	Key string
	// Default is the text one would write in the file for the default value. Empty means off, or that DefaultNote
	// says what the value follows from.
	Default string
	// DefaultNote describes a default that is not a constant.
	DefaultNote string
	// Help is one sentence without a full stop.
	Help string
	// Secret settings have no flag, since other users of the machine can read a command line, and print masked.
	Secret bool
	// Switch settings are true or false; their flag needs no value.
	Switch bool

	set  func(*Config, string) error
	get  func(*Config) string
	mask func(string) string // nil unless a part of the value is secret
}

// Env is the environment variable of the setting: rateLimit.window gives MIDGARD_RATE_LIMIT_WINDOW.
func (s Setting) Env() string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(s.dashed(), "-", "_"))
}

// Flag is the name of the command line flag without dashes in front, empty when there is none.
func (s Setting) Flag() string {
	if s.Secret {
		return ""
	}
	return s.dashed()
}

func (s Setting) dashed() string {
	var b strings.Builder
	for _, r := range s.Key {
		switch {
		case r == '.':
			b.WriteByte('-')
		case unicode.IsUpper(r):
			b.WriteByte('-')
			b.WriteRune(unicode.ToLower(r))
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// shown is the value as it may be printed.
func (s Setting) shown(c *Config) string {
	value := s.get(c)
	switch {
	case value == "":
		return ""
	case s.Secret:
		return masked
	case s.mask != nil:
		return s.mask(value)
	}
	return value
}

// bind connects a setting to its field. parse checks one value by itself; what concerns two settings is in check.go.
func bind[T any](s Setting, field func(*Config) *T, parse func(string) (T, error), format func(T) string) Setting {
	s.set = func(c *Config, text string) error {
		value, err := parse(text)
		if err != nil {
			return err
		}
		*field(c) = value
		return nil
	}
	s.get = func(c *Config) string { return format(*field(c)) }
	return s
}

func text(s Setting, field func(*Config) *string, parse func(string) (string, error)) Setting {
	return bind(s, field, parse, func(v string) string { return v })
}

// Settings lists every setting in the order in which people should read about them. The slice is the caller's.
func Settings() []Setting { return append([]Setting(nil), table...) }

func settingOf(key string) (Setting, bool) {
	for _, s := range table {
		if s.Key == key {
			return s, true
		}
	}
	return Setting{}, false
}

func settingOfFlag(name string) (Setting, bool) {
	for _, s := range table {
		if name != "" && s.Flag() == name {
			return s, true
		}
	}
	return Setting{}, false
}
