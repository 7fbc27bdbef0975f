package config

import (
	"errors"
	"fmt"
	"math"
	"net"
	"net/mail"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// The reasons below complete the sentence "setting X …".

func anyText(s string) (string, error) { return s, nil }

func notEmpty(s string) (string, error) {
	if strings.TrimSpace(s) == "" {
		return "", errors.New("must not be empty")
	}
	return s, nil
}

func noBlanks(s string) (string, error) {
	if strings.ContainsAny(s, " \t\r\n") {
		return "", fmt.Errorf("must not contain blanks, but is %q", s)
	}
	return s, nil
}

// secretText is noBlanks without the value in the message.
func secretText(s string) (string, error) {
	if strings.ContainsAny(s, " \t\r\n") {
		return "", errors.New("must not contain blanks or line ends")
	}
	return s, nil
}

func oneOf(allowed ...string) func(string) (string, error) {
	return func(s string) (string, error) {
		for _, a := range allowed {
			if strings.EqualFold(s, a) {
				return a, nil
			}
		}
		return "", fmt.Errorf("must be one of %s, not %q", strings.Join(allowed, ", "), s)
	}
}

func mailAddress(s string) (string, error) {
	if s == "" {
		return "", nil
	}
	if _, err := mail.ParseAddress(s); err != nil {
		return "", fmt.Errorf("must be an e-mail address, or a name with one in angle brackets, not %q", s)
	}
	return s, nil
}

var organizationName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

func organization(s string) (string, error) {
	if !organizationName.MatchString(s) {
		return "", fmt.Errorf("must be 1 to 64 letters, digits, dots, dashes or underscores, not %q", s)
	}
	return s, nil
}

func listenAddress(s string) (string, error) {
	_, port, err := net.SplitHostPort(s)
	if err != nil {
		return "", fmt.Errorf("must be host:port, not %q", s)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > math.MaxUint16 {
		return "", fmt.Errorf("must have a port between 0 and 65535, not %q", s)
	}
	return s, nil
}

// databaseURL never quotes the value or the parser's message: either may hold the password.
func databaseURL(s string) (string, error) {
	if s == "" {
		return "", nil
	}
	u, err := url.Parse(s)
	if err != nil {
		return "", errors.New("is not a valid URL; special characters in the password must be percent-encoded")
	}
	if u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return "", errors.New("must be empty (SQLite) or start with postgres://")
	}
	return s, nil
}

func publicURL(s string) (string, error) {
	if s == "" {
		return "", nil
	}
	u, err := url.Parse(s)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return "", fmt.Errorf("must be an http:// or https:// URL, not %q", s)
	}
	if u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return "", errors.New("must have no user, query or fragment")
	}
	// Clients append paths that start with a slash; a second one would reach no operation.
	return strings.TrimRight(s, "/"), nil
}

func boolean(s string) (bool, error) {
	v, err := strconv.ParseBool(strings.ToLower(s))
	if err != nil {
		return false, fmt.Errorf("must be true or false, not %q", s)
	}
	return v, nil
}

func wholeNumber(low, high int) func(string) (int, error) {
	return func(s string) (int, error) {
		n, err := strconv.Atoi(s)
		if err != nil || n < low || n > high {
			return 0, fmt.Errorf("must be a whole number from %d to %d, not %q", low, high, s)
		}
		return n, nil
	}
}

func duration(low, high time.Duration) func(string) (time.Duration, error) {
	return func(s string) (time.Duration, error) {
		d, err := time.ParseDuration(s)
		if err != nil {
			return 0, fmt.Errorf("must be a duration with its unit such as %s, not %q", formatDuration(low), s)
		}
		if d < low || d > high || d%time.Second != 0 {
			return 0, fmt.Errorf("must be whole seconds from %s to %s, not %q", formatDuration(low), formatDuration(high), s)
		}
		return d, nil
	}
}

// formatDuration keeps seconds as people entered them (749s rather than 12m29s).
func formatDuration(d time.Duration) string {
	switch {
	case d >= time.Hour && d%time.Hour == 0:
		return fmt.Sprintf("%dh", d/time.Hour)
	case d%time.Second == 0:
		return fmt.Sprintf("%ds", d/time.Second)
	}
	return d.String()
}

var byteUnits = []struct {
	suffix string
	size   int64
}{
	{"TIB", 1 << 40}, {"GIB", 1 << 30}, {"MIB", 1 << 20}, {"KIB", 1 << 10},
	{"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"KB", 1e3}, {"B", 1},
}

func byteCount(s string) (int64, error) {
	digits, unit := strings.ToUpper(strings.TrimSpace(s)), int64(1)
	for _, u := range byteUnits {
		if cut, ok := strings.CutSuffix(digits, u.suffix); ok {
			digits, unit = strings.TrimSpace(cut), u.size
			break
		}
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 1 || n > math.MaxInt64/unit {
		return 0, fmt.Errorf("must be a size such as 500MiB or 2GiB, not %q", s)
	}
	return n * unit, nil
}

func formatBytes(n int64) string {
	for _, u := range byteUnits[:4] {
		if n >= u.size && n%u.size == 0 {
			return fmt.Sprintf("%d%siB", n/u.size, u.suffix[:1])
		}
	}
	return strconv.FormatInt(n, 10)
}
