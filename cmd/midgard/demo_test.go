package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"midgard/internal/config"
)

// fakeServer stands for an opened Midgard whose API is a test's.
type fakeServer struct {
	url    string
	ready  chan struct{}
	failed error
	closed bool
}

func (f *fakeServer) Serve(ctx context.Context) error {
	if f.failed != nil {
		return f.failed
	}
	close(f.ready)
	<-ctx.Done()
	return nil
}

func (f *fakeServer) Ready() <-chan struct{}            { return f.ready }
func (f *fakeServer) URL() string                       { return f.url }
func (f *fakeServer) Bootstrap() (string, string, bool) { return "id", "secret", true }
func (f *fakeServer) Close() error                      { f.closed = true; return nil }

// demoAPI has as much of the API as the demo uses.
type demoAPI struct {
	*http.ServeMux
	sources  []map[string]any
	uploads  []string
	profiles []map[string]any
	noLocal  bool
}

func newDemoAPI(a *api) *demoAPI {
	d := &demoAPI{ServeMux: a.ServeMux}
	d.HandleFunc("GET /v2025/sources", func(w http.ResponseWriter, r *http.Request) {
		found := []map[string]any{}
		for _, s := range d.sources {
			if strings.Contains(r.FormValue("filters"), `"`+s["name"].(string)+`"`) {
				found = append(found, s)
			}
		}
		reply(w, found)
	})
	d.HandleFunc("POST /v2025/sources", func(w http.ResponseWriter, r *http.Request) {
		s := map[string]any{}
		_ = json.NewDecoder(r.Body).Decode(&s)
		s["id"] = strings.ReplaceAll(strings.ToLower(s["name"].(string)), " ", "-")
		d.sources = append(d.sources, s)
		w.WriteHeader(http.StatusCreated)
		reply(w, s)
	})
	d.HandleFunc("GET /v2025/identity-profiles", func(w http.ResponseWriter, _ *http.Request) { reply(w, d.profiles) })
	d.HandleFunc("POST /v2025/identity-profiles", func(w http.ResponseWriter, r *http.Request) {
		p := map[string]any{}
		_ = json.NewDecoder(r.Body).Decode(&p)
		p["id"] = "p"
		d.profiles = append(d.profiles, p)
		reply(w, p)
	})
	a.text("PATCH /v2025/identity-profiles/p", `{}`)
	a.text("GET /v2025/sources/{id}/schemas", `[{"id":"a","name":"account"}]`)
	a.text("PUT /v2025/sources/{id}/schemas/a", `{}`)
	a.text("PUT /v2025/sources/{id}/machine-classification-config", `{}`)
	a.text("GET /v2025/sources/{id}/machine-classification-config", `{"enabled":false,"criteria":null}`)
	d.work(a)
	return d
}

func (d *demoAPI) work(a *api) {
	d.HandleFunc("POST /v2025/sources/{id}/connector/test-configuration", func(w http.ResponseWriter, _ *http.Request) {
		if d.noLocal {
			reply(w, map[string]any{"status": "FAILURE", "details": map[string]string{"error": "this system has no passwd file"}})
			return
		}
		reply(w, map[string]any{"status": "SUCCESS"})
	})
	d.HandleFunc("POST /v2025/sources/{id}/load-accounts", func(w http.ResponseWriter, r *http.Request) {
		name := ""
		if _, header, err := r.FormFile("file"); err == nil {
			name = header.Filename
		}
		d.uploads = append(d.uploads, r.PathValue("id")+":"+name)
		w.WriteHeader(http.StatusAccepted)
		reply(w, map[string]any{"success": true, "task": map[string]string{"id": "t"}})
	})
	a.text("GET /v2025/task-status", `[{"id":"t","completionStatus":null}]`)
	a.text("GET /v2025/task-status/t", `{"id":"t","completionStatus":"SUCCESS"}`)
	count := func(n string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Total-Count", n)
			reply(w, []int{})
		}
	}
	d.HandleFunc("GET /v2025/accounts", count("10"))
	d.HandleFunc("GET /v2025/machine-identities", count("4"))
	a.text("GET /v2025/machine-accounts", `[
		{"enabled":true,"ownerIdentity":{"id":"x"},"connectorAttributes":{"privileged":"true"}},
		{"enabled":false,"ownerIdentity":null,"connectorAttributes":{"privileged":true}},
		{"enabled":true,"connectorAttributes":null}]`)
}

// play runs the demo until it serves, or to its end.
func play(t *testing.T, dir string, srv *fakeServer) (string, config.Config, error) {
	t.Helper()
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	var opened config.Config
	out := &watcher{mark: "Serving until Ctrl-C.", then: interrupt}
	p := &program{getenv: func(string) string { return "" }, stdin: strings.NewReader(""), stdout: out, stderr: &bytes.Buffer{}}
	p.engine.open = func(_ context.Context, cfg config.Config, _ *slog.Logger) (server, error) {
		opened = cfg
		return srv, nil
	}
	err := p.run(ctx, []string{"demo", "--data", dir, "--listen", "127.0.0.1:0"})
	if !srv.closed {
		t.Error("the server was not closed")
	}
	return out.String(), opened, err
}

// watcher calls then once mark has been written.
type watcher struct {
	seen bytes.Buffer
	mark string
	then func()
}

func (w *watcher) Write(p []byte) (int, error) {
	n, err := w.seen.Write(p)
	if strings.Contains(w.seen.String(), w.mark) {
		w.then()
	}
	return n, err
}

func (w *watcher) String() string { return w.seen.String() }

func TestDemo(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	d := newDemoAPI(a)
	dir := filepath.Join(t.TempDir(), "demo")
	// The stand-in knows one client only; a folder of an earlier run has it.
	if err := writeAccess(dir, localAccess{ClientID: "id", ClientSecret: "secret"}); err != nil {
		t.Fatal(err)
	}
	for run := range 2 {
		out, cfg, err := play(t, dir, &fakeServer{url: a.url, ready: make(chan struct{})})
		if err != nil {
			t.Fatal(err)
		}
		if cfg.Data != dir || cfg.Database != "" || cfg.BootstrapClientSecret != "secret" {
			t.Errorf("run %d opened %+v", run, cfg)
		}
		for _, line := range []string{
			"Sample people                  10         3                   4                 2         1           2\n",
			"all                            30         9                  12                 6         3           6\n",
			"export MIDGARD_URL=" + a.url + " MIDGARD_CLIENT_ID=id MIDGARD_CLIENT_SECRET=secret\n",
		} {
			if !strings.Contains(out, line) {
				t.Errorf("run %d: missing %q in\n%s", run, line, out)
			}
		}
	}
	if len(d.sources) != 3 || len(d.profiles) != 1 || len(d.uploads) != 6 {
		t.Errorf("%d sources, %d profiles, uploads %v", len(d.sources), len(d.profiles), d.uploads)
	}
	if got := strings.Join(d.uploads[:3], " "); got != "sample-people:people.csv sample-service-accounts:service-accounts.csv local-host:" {
		t.Error(got)
	}
	if access, err := readAccess(dir); err != nil || access.URL != a.url {
		t.Errorf("%+v, %v", access, err)
	}
}

func TestDemoGoesOnWithoutLocalAccounts(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	newDemoAPI(a).noLocal = true
	dir := t.TempDir()
	if err := writeAccess(dir, localAccess{ClientID: "id", ClientSecret: "secret"}); err != nil {
		t.Fatal(err)
	}
	out, _, err := play(t, dir, &fakeServer{url: a.url, ready: make(chan struct{})})
	if err != nil || !strings.Contains(out, "Local host is left out: this system has no passwd file\n") || strings.Contains(out, "\nLocal host  ") {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestDemoFailures(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	broken := errors.New("the port is taken")
	if _, _, err := play(t, t.TempDir(), &fakeServer{url: a.url, ready: make(chan struct{}), failed: broken}); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
	// A new folder gets a client of its own, which the stand-in refuses like the database of another organisation would.
	dir := t.TempDir()
	_, cfg, err := play(t, dir, &fakeServer{url: a.url, ready: make(chan struct{})})
	if err == nil || !strings.Contains(err.Error(), "delete the folder to start afresh") {
		t.Errorf("%v", err)
	}
	if access, err := readAccess(dir); err != nil || access.ClientSecret != cfg.BootstrapClientSecret || len(access.ClientSecret) < 43 {
		t.Errorf("%+v, %v", access, err)
	}
	if err := os.WriteFile(accessFile(dir), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := &program{getenv: func(string) string { return "" }, stdout: &bytes.Buffer{}, stderr: &bytes.Buffer{}}
	if err := p.run(t.Context(), []string{"demo", "--data", dir}); err == nil {
		t.Error("a client.json without a client is accepted")
	}
}

func TestServeBackupAndRestore(t *testing.T) {
	t.Parallel()
	srv := &fakeServer{url: "http://s", ready: make(chan struct{})}
	var calls []string
	record := func(verb string) func(context.Context, config.Config, string) error {
		return func(_ context.Context, cfg config.Config, file string) error {
			calls = append(calls, verb+" "+cfg.Data+" "+file)
			return nil
		}
	}
	p := &program{getenv: func(string) string { return "" }, stderr: &bytes.Buffer{}, engine: engine{
		open:   func(context.Context, config.Config, *slog.Logger) (server, error) { return srv, nil },
		backup: record("backup"), restore: record("restore"),
	}}
	ctx, stop := context.WithCancel(t.Context())
	out := &watcher{mark: "Serving http://s\n", then: stop}
	p.stdout = out
	if err := p.run(ctx, []string{"serve"}); err != nil || !srv.closed || !strings.Contains(out.String(), "client secret  secret\n") {
		t.Errorf("%v\n%s", err, out.String())
	}
	for _, line := range []string{"backup b --data d", "restore b --data d"} {
		if err := p.run(t.Context(), strings.Fields(line)); err != nil {
			t.Error(err)
		}
	}
	if got := strings.Join(calls, ", "); got != "backup d b, restore d b" {
		t.Error(got)
	}
}
