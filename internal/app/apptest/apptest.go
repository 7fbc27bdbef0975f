//go:build unix

// Package apptest starts a whole Midgard for a test: its database, its jobs, and a listener on a free port of the loopback
// interface. What a test does, it does over HTTP as clients do, and every answer is held against the contract.
package apptest

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"midgard/internal/app"
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

	valid  func(req *http.Request, status int, header http.Header, body []byte) error
	client *http.Client
	cast   sync.Once
	people map[string]string // ids by name
}

// Start runs a server on a fresh SQLite file until the test ends. change edits the configuration first, which otherwise
// has its defaults.
func Start(t testing.TB, change ...func(*config.Config)) *Server {
	t.Helper()
	s := &Server{
		Config: settings(t, change), valid: contracttest.Validator(t),
		// No compression that the test did not ask for: an answer is checked as it was sent.
		client: &http.Client{Transport: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 16}, Timeout: Deadline},
	}
	t.Cleanup(s.client.CloseIdleConnections)
	a, err := app.New(t.Context(), s.Config, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatalf("make the server: %v", err)
	}
	serve(t, a)
	s.URL = a.URL()
	id, secret, _ := a.Bootstrap()
	s.Nobody = &Caller{server: s, Name: "nobody"}
	s.Admin = s.signIn(t, "admin", id, secret)
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

// serve runs the server and stops it, and waits for its end, when the test ends.
func serve(t testing.TB, a *app.App) {
	t.Helper()
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- a.Serve(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("serve: %v", err)
		}
		if err := a.Close(); err != nil {
			t.Errorf("close the server: %v", err)
		}
	})
	select {
	case <-a.Ready():
	case <-time.After(Deadline):
		t.Fatal("the server does not listen")
	}
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

// SecretKeyFile is where a server with this data folder keeps its keys; tests look into it to make tokens of the past.
func (s *Server) secretKeyFile() string {
	if s.Config.SecretKeyFile != "" {
		return s.Config.SecretKeyFile
	}
	return filepath.Join(s.Config.Data, "secrets.json")
}

// JSON is a value as JSON text, for bodies.
func JSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("encode %T: %v", v, err))
	}
	return string(text)
}
