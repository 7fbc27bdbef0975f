//go:build unix

package apptest

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"sync"
	"testing"
	"time"

	"midgard/internal/app"
)

// Log collects what a server logs.
type Log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// String gives everything that was logged so far.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// boot starts the server and stops it when the test ends, unless somebody did before.
func (s *Server) boot(t testing.TB) *app.App {
	t.Helper()
	a, err := app.New(t.Context(), s.Config, slog.New(slog.NewJSONHandler(s.Log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	if err != nil {
		t.Fatalf("make the server: %v", err)
	}
	s.stop = sync.OnceFunc(serve(t, a))
	t.Cleanup(s.stop)
	s.URL = a.URL()
	return a
}

// serve runs the server until the returned function is called, which waits for its end.
func serve(t testing.TB, a *app.App) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- a.Serve(ctx) }()
	select {
	case <-a.Ready():
	case <-time.After(Deadline):
		t.Error("the server does not listen")
	}
	return func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("serve: %v", err)
		}
		if err := a.Close(); err != nil {
			t.Errorf("close the server: %v", err)
		}
	}
}

// Stop ends the server in an orderly way; Restart starts it again.
func (s *Server) Stop() { s.stop() }

// Restart stops the server, unless Stop has, and starts another one with the same configuration on the same data. Callers
// go on with the tokens that they have.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	s.stop()
	s.boot(t)
}

// Join starts a further node on the server's PostgreSQL database.
func (s *Server) Join(t testing.TB) *Server {
	t.Helper()
	node := &Server{Config: s.Config, valid: s.valid, client: &http.Client{Transport: s.client.Transport, Timeout: Deadline}, Log: &Log{}, id: s.id, secret: s.secret}
	node.Config.Data = t.TempDir()
	node.boot(t)
	node.Nobody = node.WithToken("nobody", "")
	node.Admin = node.signIn(t, "admin", s.id, s.secret)
	return node
}
