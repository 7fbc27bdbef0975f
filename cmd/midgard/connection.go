package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"midgard/client"
	"midgard/internal/app"
)

// defaultURL is where midgard serve and midgard demo listen unless told otherwise.
const defaultURL = "http://127.0.0.1:8400"

// connection holds the flags that all client verbs share.
type connection struct {
	url, clientID, clientSecret, secretFile string
}

func (p *program) clientFlags(flags *pflag.FlagSet) {
	c := &p.connection
	flags.StringVar(&c.url, "url", "", "address of the server (MIDGARD_URL; default "+defaultURL+")")
	flags.StringVar(&c.clientID, "client-id", "", "client id (MIDGARD_CLIENT_ID)")
	flags.StringVar(&c.clientSecret, "client-secret", "", "client secret (MIDGARD_CLIENT_SECRET); other users of the machine can see it")
	flags.StringVar(&c.secretFile, "client-secret-file", "", "file that holds the client secret (- is the standard input)")
}

// client connects as flags, environment or a local demo say, in this order.
func (p *program) client() (*client.Client, error) {
	access, err := p.access()
	if err != nil {
		return nil, err
	}
	c, err := client.New(access.URL, access.ClientID, access.ClientSecret, client.WithUserAgent("midgard-cli/"+app.Version))
	if err != nil {
		return nil, &usageError{err}
	}
	return c, nil
}

func (p *program) access() (localAccess, error) {
	secret, err := p.secret()
	if err != nil {
		return localAccess{}, err
	}
	given := localAccess{
		URL:          cmp.Or(p.connection.url, p.getenv("MIDGARD_URL")),
		ClientID:     cmp.Or(p.connection.clientID, p.getenv("MIDGARD_CLIENT_ID")),
		ClientSecret: secret,
	}
	switch {
	case given.ClientID != "" && given.ClientSecret != "":
		given.URL = cmp.Or(given.URL, defaultURL)
		return given, nil
	case given.ClientID != "":
		return given, usagef("there is a client id but no secret: set --client-secret-file or MIDGARD_CLIENT_SECRET")
	case given.ClientSecret != "":
		return given, usagef("there is a client secret but no id: set --client-id or MIDGARD_CLIENT_ID")
	}
	return p.localAccess(given.URL)
}

func (p *program) secret() (string, error) {
	if p.connection.clientSecret != "" && p.connection.secretFile != "" {
		return "", usagef("--client-secret and --client-secret-file exclude each other")
	}
	if p.connection.secretFile == "" {
		return cmp.Or(p.connection.clientSecret, p.getenv("MIDGARD_CLIENT_SECRET")), nil
	}
	raw, err := p.readInput(p.connection.secretFile)
	if err != nil {
		return "", err
	}
	secret := strings.TrimSpace(string(raw))
	if secret == "" {
		return "", usagef("%s holds no secret", p.connection.secretFile)
	}
	return secret, nil
}

// localAccess looks for what midgard demo left in its folder. A secret is only ever sent to the server it belongs to:
// with another address it does not count.
func (p *program) localAccess(url string) (localAccess, error) {
	for _, dir := range []string{p.getenv("MIDGARD_DATA"), demoFolder, "midgard-data"} {
		if dir == "" {
			continue
		}
		found, err := readAccess(dir)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return localAccess{}, err
		}
		if url == "" || strings.TrimRight(url, "/") == found.URL {
			return found, nil
		}
	}
	return localAccess{}, usagef("which client? Set --client-id and --client-secret-file, or MIDGARD_CLIENT_ID and MIDGARD_CLIENT_SECRET")
}

// forEach does the same with several objects of a kind. One that it fails for is told by its id in the error, and the others
// go on.
func (p *program) forEach(kind string, ids []string, do func(c *client.Client, id string) error) error {
	c, err := p.client()
	if err != nil {
		return err
	}
	var failed error
	for _, id := range ids {
		if err := do(c, id); err != nil {
			failed = errors.Join(failed, fmt.Errorf("%s %s: %w", kind, id, err))
		}
	}
	return failed
}
