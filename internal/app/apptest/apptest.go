//go:build unix

// Package apptest starts a whole Midgard for a test: its database, its jobs, and a listener on a free port of the loopback
// interface. What a test does, it does over HTTP as clients do, and every answer is held against the contract.
package apptest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"midgard/internal/config"
	"midgard/internal/contract/contracttest"
	"midgard/internal/testenv"
)

// Deadline bounds every wait of the package. A loaded machine with the race detector is slow, so it is generous.
const Deadline = 60 * time.Second

// Server is a running Midgard and the callers that a test acts as.
type Server struct {
	URL    string
	Config config.Config
	// Admin is the administrator of the organisation: a person with the level ORG_ADMIN and all scopes.
	Admin *Caller
	// Nobody sends no token.
	Nobody *Caller
	// Log is what the server has logged, from debug on, over all of its starts.
	Log *Log

	valid  func(req *http.Request, status int, header http.Header, body []byte) error
	client *http.Client
	id     string // of the administrator's client
	secret string
	stop   func()
	cast   sync.Once
	people map[string]string // ids by name
}

// Start runs a server on a fresh SQLite file until the test ends. change edits the configuration first, which otherwise
// has its defaults.
func Start(t testing.TB, change ...func(*config.Config)) *Server {
	t.Helper()
	s := At(t, "")
	s.Config, s.Log = settings(t, change), &Log{}
	a := s.boot(t)
	s.id, s.secret, _ = a.Bootstrap()
	s.Admin = s.signIn(t, "admin", s.id, s.secret)
	return s
}

// At speaks to a server that the test has made by other means. It knows the URL alone: there is Nobody, and WithToken.
func At(t testing.TB, url string) *Server {
	t.Helper()
	s := &Server{
		URL: url, valid: contracttest.Validator(t),
		// No compression that the test did not ask for: an answer is checked as it was sent.
		client: &http.Client{Transport: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 16}, Timeout: Deadline},
	}
	t.Cleanup(s.client.CloseIdleConnections)
	s.Nobody = s.WithToken("nobody", "")
	return s
}

func settings(t testing.TB, change []func(*config.Config)) config.Config {
	t.Helper()
	c, err := config.Load("", func(string) string { return "" }, map[string]string{"listen": "127.0.0.1:0", "data": t.TempDir(), "workers": "4"})
	if err != nil {
		t.Fatalf("read the settings: %v", err)
	}
	for _, edit := range change {
		edit(&c)
	}
	return c
}

// Postgres is a change for Start that puts the server on a PostgreSQL database of its own. The package's TestMain must call
// testenv.Main.
func Postgres(t testing.TB) func(*config.Config) {
	t.Helper()
	dsn := testenv.Postgres(t)
	return func(c *config.Config) { c.Database = dsn }
}

// Each runs a test on a server of its own for each engine, in parallel.
func Each(t *testing.T, run func(t *testing.T, s *Server), change ...func(*config.Config)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		run(t, Start(t, change...))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		run(t, Start(t, append([]func(*config.Config){Postgres(t)}, change...)...))
	})
}

// databaseFile is the file of the embedded database.
func (s *Server) databaseFile() string { return filepath.Join(s.Config.Data, "midgard.db") }

// JSON is a value as JSON text, for bodies.
func JSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("encode %T: %v", v, err))
	}
	return string(text)
}
