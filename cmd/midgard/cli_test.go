package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
)

// outcome is what a command line did.
type outcome struct {
	stdout, stderr string
	err            error
}

// invoke runs a command line without any of the machine's environment.
func invoke(t *testing.T, env map[string]string, stdin string, args ...string) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	err := run(t.Context(), args, func(name string) string { return env[name] }, strings.NewReader(stdin), &stdout, &stderr)
	return outcome{stdout.String(), stderr.String(), err}
}

// api is a stand-in for a server: a token endpoint and what a test mounts.
type api struct {
	*http.ServeMux
	url string
	env map[string]string // connects a command line to it
}

func newAPI(t *testing.T) *api {
	t.Helper()
	a := &api{ServeMux: http.NewServeMux()}
	a.HandleFunc("POST /oauth/token", func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("client_secret") != "secret" {
			w.Header().Set("SLPT-Request-ID", "0123456789abcdef0123456789abcdef")
			w.WriteHeader(http.StatusUnauthorized)
			reply(w, map[string]string{"error": "invalid_client", "error_description": "Bad client credentials"})
			return
		}
		reply(w, map[string]any{"access_token": "a.b.c", "expires_in": 749, "identity_id": "admin"})
	})
	server := httptest.NewServer(a.ServeMux)
	t.Cleanup(server.Close)
	a.url = server.URL
	a.env = map[string]string{"MIDGARD_URL": server.URL, "MIDGARD_CLIENT_ID": "id", "MIDGARD_CLIENT_SECRET": "secret"}
	return a
}

func reply(w http.ResponseWriter, body any) {
	raw, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	_, _ = w.Write(raw)
}

func (a *api) text(pattern, body string) {
	a.HandleFunc(pattern, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) })
}

func TestWrongUsageHasItsOwnExitCode(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"frob", "source frob", "get", "get nothing", "get sources --limit 0", "get sources -o xml", "get public-identities 1",
		"source create", "source create --name n --connector c --attribute x", "source test", "source aggregate a b",
		"source aggregate s --full --entitlements", "serve --nope", "serve --listen x", "serve extra", "config --workers 0", "backup", "restore a b",
		"token create --expires never-ever", "token --client-id only", "token --client-secret only", "token", "demo --log-level loud",
		"token --url ftp://x --client-id a --client-secret b", "token --client-secret a --client-secret-file b",
	} {
		got := invoke(t, nil, "", strings.Fields(line)...)
		if code := exitCode(got.err); code != 2 {
			t.Errorf("midgard %s: exit code %d, want 2 (%v)", line, code, got.err)
		}
		if got.err != nil && strings.Contains(got.err.Error(), "\n") {
			t.Errorf("midgard %s: the error has several lines: %v", line, got.err)
		}
	}
}

func TestFailuresAreOneLineWithTheTrackingID(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	a.env["MIDGARD_CLIENT_SECRET"] = "wrong"
	got := invoke(t, a.env, "", "get", "sources")
	want := "POST /oauth/token: 401 invalid_client: Bad client credentials (tracking id 0123456789abcdef0123456789abcdef)"
	if got.err == nil || got.err.Error() != want || exitCode(got.err) != 1 || got.stdout != "" {
		t.Errorf("%+v", got)
	}
}

func TestEveryVerbExplainsItself(t *testing.T) {
	t.Parallel()
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		if cmd.Short == "" || cmd.Example == "" {
			t.Errorf("%s has no short text or no example", cmd.CommandPath())
		}
		for _, verb := range cmd.Commands() {
			walk(verb)
		}
	}
	walk((&program{getenv: os.Getenv}).root())
	for _, line := range []string{"--help", "source", "get --help", "completion bash", "completion zsh", "completion fish", "completion powershell", "version"} {
		if got := invoke(t, nil, "", strings.Fields(line)...); got.err != nil || got.stdout == "" {
			t.Errorf("midgard %s: %+v", line, got.err)
		}
	}
}

func TestToken(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	secretFile := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secretFile, []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		env   map[string]string
		stdin string
		args  []string
	}{
		"environment":    {a.env, "", []string{"token"}},
		"flags":          {nil, "", []string{"token", "--url", a.url, "--client-id", "id", "--client-secret", "secret"}},
		"secret file":    {nil, "", []string{"token", "--url", a.url, "--client-id", "id", "--client-secret-file", secretFile}},
		"standard input": {nil, "secret\n", []string{"token", "--url", a.url, "--client-id", "id", "--client-secret-file", "-"}},
	} {
		if got := invoke(t, tt.env, tt.stdin, tt.args...); got.err != nil || got.stdout != "a.b.c\n" {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestTheLocalClientIsOnlyUsedForItsOwnServer(t *testing.T) {
	t.Parallel()
	a, stranger := newAPI(t), newAPI(t)
	dir := t.TempDir()
	if err := writeAccess(dir, localAccess{URL: a.url, ClientID: "id", ClientSecret: "secret"}); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(accessFile(dir)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	env := map[string]string{"MIDGARD_DATA": dir}
	for _, args := range [][]string{{"token"}, {"token", "--url", a.url + "/"}} {
		if got := invoke(t, env, "", args...); got.stdout != "a.b.c\n" {
			t.Errorf("%v: %+v", args, got)
		}
	}
	if got := invoke(t, env, "", "token", "--url", stranger.url); exitCode(got.err) != 2 {
		t.Errorf("the secret was sent to another server: %+v", got)
	}
	if err := os.WriteFile(accessFile(dir), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := invoke(t, env, "", "token"); exitCode(got.err) != 1 {
		t.Errorf("a broken file: %+v", got)
	}
}

func TestTokenCreate(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	var sent []map[string]any
	create := func(owner string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			body := map[string]any{}
			if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
				t.Error(err)
			}
			delete(body, "expirationDate")
			sent = append(sent, body)
			reply(w, map[string]any{"id": "i", "secret": "s", "name": body["name"], "owner": map[string]string{"id": owner, "name": "Ada\x1b[2J"}})
		}
	}
	a.HandleFunc("POST /v2025/personal-access-tokens", create("admin"))
	a.HandleFunc("POST /midgard/v1/personal-access-tokens", create("42"))
	a.text("GET /v2025/identities", `[{"id":"42","name":"Ada","alias":"ada"}]`)
	got := invoke(t, a.env, "", "token", "create", "--expires", "never")
	if got.err != nil || !strings.Contains(got.stdout, "client secret   s\nacts as         Ada·[2J\n") {
		t.Errorf("%+v", got)
	}
	got = invoke(t, a.env, "", "token", "create", "--for", "ada", "--name", "n", "--scope", "a,b", "-o", "json")
	if got.err != nil || !strings.Contains(got.stdout, `"secret": "s"`) {
		t.Errorf("%+v", got)
	}
	want := []map[string]any{
		{"name": "midgard CLI", "userAwareTokenNeverExpires": true},
		{"name": "n", "scope": []any{"a", "b"}, "ownerId": "42"},
	}
	if d := cmp.Diff(want, sent); d != "" {
		t.Error(d)
	}
}

func TestSourceCreate(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	var sent map[string]any
	a.HandleFunc("POST /v2025/sources", func(w http.ResponseWriter, r *http.Request) {
		sent = map[string]any{}
		if err := json.NewDecoder(r.Body).Decode(&sent); err != nil {
			t.Error(err)
		}
		reply(w, map[string]string{"id": "new", "name": "n"})
	})
	a.text("GET /v2025/identities", `[{"id":"42","name":"Ada","alias":"ada"}]`)
	secret := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(secret, []byte("pass word\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	self := map[string]any{"type": "IDENTITY", "id": "admin"}
	ada := map[string]any{"type": "IDENTITY", "id": "42", "name": "Ada"}
	for name, tt := range map[string]struct {
		stdin string
		args  []string
		want  map[string]any
	}{
		"flags": {"", []string{"--name", "n", "--connector", "c", "--attribute", "port=389", "--attribute", "host=h=1", "--secret-file", "password=" + secret},
			map[string]any{"name": "n", "connector": "c", "owner": self, "connectorAttributes": map[string]any{"port": 389.0, "host": "h=1", "password": "pass word"}}},
		"file":       {`{"name":"n","connector":"c","owner":{"type":"IDENTITY","id":"x"}}`, []string{"-f", "-"}, map[string]any{"name": "n", "connector": "c", "owner": map[string]any{"type": "IDENTITY", "id": "x"}}},
		"owner name": {"name: n\nconnector: c\nowner: ada\n", []string{"-f", "-"}, map[string]any{"name": "n", "connector": "c", "owner": ada}},
		"flags win": {"name: n\nconnector: c\nconnectorAttributes:\n  a: 1\n  b: 2\n", []string{"-f", "-", "--name", "m", "--attribute", "b=3", "--owner", "ada", "--authoritative"},
			map[string]any{"name": "m", "connector": "c", "owner": ada, "authoritative": true, "connectorAttributes": map[string]any{"a": 1.0, "b": 3.0}}},
	} {
		got := invoke(t, a.env, tt.stdin, append([]string{"source", "create"}, tt.args...)...)
		if got.err != nil || !strings.Contains(got.stdout, "id new") {
			t.Errorf("%s: %+v", name, got)
		}
		if d := cmp.Diff(tt.want, sent); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

func TestSourceTestAndAggregate(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	a.text("GET /v2025/sources", `[{"id":"s","name":"HR"}]`)
	a.text("POST /v2025/sources/s/connector/test-configuration", `{"status":"FAILURE","details":{"error":"no such host"}}`)
	a.text("POST /v2025/sources/s/load-accounts", `{"success":true,"task":{"id":"t"}}`)
	status := `{"id":"t","completionStatus":"WARNING","percentComplete":100,"attributes":{"created":3,"appId":"s","machineIdentities":2,"removed":0},"messages":[` +
		`{"type":"INFO","localizedText":{"message":"hidden"}},{"type":"WARN","localizedText":{"message":"row 3 is ragged"}}]}`
	a.HandleFunc("GET /v2025/task-status/t", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(status)) })
	if got := invoke(t, a.env, "", "source", "test", "HR"); got.err == nil || got.err.Error() != "source HR: no such host" || exitCode(got.err) != 1 {
		t.Errorf("%+v", got)
	}
	if got := invoke(t, a.env, "", "source", "aggregate", "HR", "--no-wait"); got.stdout != "t\n" {
		t.Errorf("%+v", got)
	}
	got := invoke(t, a.env, "id\n1\n", "source", "aggregate", "HR", "--file", "-")
	if d := cmp.Diff(outcome{"HR: warning, 3 created, 2 machine identities\n", "warn: row 3 is ragged\n", nil}, got, cmp.AllowUnexported(outcome{})); d != "" {
		t.Error(d)
	}
	status = `{"id":"t","completionStatus":"ERROR","messages":[{"type":"ERROR","localizedText":{"message":"12 % would go"}}]}`
	if got := invoke(t, a.env, "", "source", "aggregate", "HR"); got.err == nil || got.stderr != "" || got.err.Error() != "task t ended with ERROR: 12 % would go" {
		t.Errorf("%+v", got)
	}
}

func TestSourceNamesAreCompleted(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	a.text("GET /v2025/sources", `[{"id":"1","name":"Directory"},{"id":"2","name":"HR file"}]`)
	got := invoke(t, a.env, "", cobra.ShellCompRequestCmd, "source", "aggregate", "")
	if got.err != nil || !strings.HasPrefix(got.stdout, "Directory\nHR file\n") {
		t.Errorf("%+v", got)
	}
	got = invoke(t, nil, "", cobra.ShellCompRequestCmd, "get", "machine-a")
	if got.err != nil || !strings.Contains(got.stdout, "\nmachine-accounts\n") {
		t.Errorf("%+v", got)
	}
}

func TestConfigVerb(t *testing.T) {
	t.Parallel()
	env := map[string]string{"MIDGARD_DATABASE": "postgres://u:hunter2@h/d", "MIDGARD_LISTEN": "127.0.0.1:1"}
	got := invoke(t, env, "", "config", "--listen", "127.0.0.1:2", "--strict")
	if got.err != nil || strings.Contains(got.stdout, "hunter2") {
		t.Errorf("%+v", got)
	}
	for _, line := range []string{"listen: 127.0.0.1:2 # --listen\n", "strict: true # --strict\n", "u:****@h/d # MIDGARD_DATABASE\n"} {
		if !strings.Contains(got.stdout, line) {
			t.Errorf("missing %q in\n%s", line, got.stdout)
		}
	}
}

func TestCancelledCommandsEnd(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := run(ctx, []string{"get", "sources"}, func(n string) string { return a.env[n] }, strings.NewReader(""), &bytes.Buffer{}, &bytes.Buffer{})
	if exitCode(err) != 1 {
		t.Errorf("%v", err)
	}
}
