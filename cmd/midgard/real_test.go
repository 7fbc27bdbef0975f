package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"midgard/client"
)

// These tests run the whole program: real servers on free ports, real databases, the public API in between.

// longest ends a test that hangs; no test takes nearly that long.
const longest = 2 * time.Minute

// background runs a command line until the test ends it, and lets the test read what it has printed.
type background struct {
	interrupt context.CancelFunc
	done      chan error
	mu        sync.Mutex
	printed   bytes.Buffer
	grown     chan struct{}
}

func start(t *testing.T, args ...string) *background {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	b := &background{interrupt: cancel, done: make(chan error, 1), grown: make(chan struct{}, 1)}
	go func() {
		nothing := func(string) string { return "" }
		b.done <- run(ctx, args, nothing, strings.NewReader(""), b, io.Discard)
	}()
	t.Cleanup(cancel)
	return b
}

func (b *background) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	select {
	case b.grown <- struct{}{}:
	default:
	}
	return b.printed.Write(p)
}

// until returns what was printed once it matches.
func (b *background) until(t *testing.T, pattern string) string {
	t.Helper()
	wanted := regexp.MustCompile(pattern)
	late := time.After(longest)
	for {
		b.mu.Lock()
		text := b.printed.String()
		b.mu.Unlock()
		if wanted.MatchString(text) {
			return text
		}
		select {
		case <-b.grown:
		case err := <-b.done:
			t.Fatalf("it ended with %v after printing\n%s", err, text)
		case <-late:
			t.Fatalf("%s was not printed, but\n%s", pattern, text)
		}
	}
}

func (b *background) stop(t *testing.T) {
	t.Helper()
	b.interrupt()
	select {
	case err := <-b.done:
		if err != nil {
			t.Errorf("it ended with %v", err)
		}
	case <-time.After(longest):
		t.Fatal("it did not end")
	}
}

func ask(t *testing.T, env map[string]string, args ...string) string {
	t.Helper()
	got := invoke(t, env, "", args...)
	if got.err != nil {
		t.Fatalf("midgard %s: %v\n%s", strings.Join(args, " "), got.err, got.stderr)
	}
	return got.stdout
}

func TestTheDemoForReal(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "demo")
	env := map[string]string{"MIDGARD_DATA": dir}
	first := start(t, "demo", "--data", dir, "--listen", "127.0.0.1:0")
	text := first.until(t, "Serving until Ctrl-C")
	for _, line := range []string{`Sample people: success, 1200 created`, `Sample service accounts: success, 3000 created`, `(?m)^Sample service accounts +3000 +2502 +2502 +176 +244 +104$`} {
		if !regexp.MustCompile(line).MatchString(text) {
			t.Errorf("missing %s in\n%s", line, text)
		}
	}
	if got := ask(t, env, "get", "machine-identities", "--filters", `source.name sw "Sample" and owners.primaryIdentity.name isnull`, "--count"); got != "176\n" {
		t.Errorf("%s machine identities have no owner", got)
	}
	if got := ask(t, env, "get", "machine-accounts", "--filters", "enabled eq false", "--limit", "10", "-o", "csv", "--columns", "enabled"); got != "enabled\n"+strings.Repeat("false\n", 10) {
		t.Errorf("disabled accounts:\n%s", got)
	}
	for _, r := range resources {
		ask(t, env, "get", r.name, "--limit", "2")
	}
	first.stop(t)
	second := start(t, "demo", "--data", dir, "--listen", "127.0.0.1:0")
	if text := second.until(t, "Serving until Ctrl-C"); !strings.Contains(text, "Sample service accounts: success, 3000 read, 3000 unchanged\n") {
		t.Errorf("the second run:\n%s", text)
	}
	second.stop(t)
}

func TestTheServerForReal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	serve := []string{"serve", "--data", data, "--listen", "127.0.0.1:0", "--log-level", "error"}
	server := start(t, serve...)
	env := connect(server.until(t, "Serving http"))

	ask(t, env, "source", "create", "--name", "HR", "--connector", "delimited-file", "--authoritative")
	file := filepath.Join(dir, "people.csv")
	writeText(t, file, "id,name,email\nada,Ada One,ada@example.test\nbob,Bob Two,bob@example.test\n")
	if got := ask(t, env, "source", "aggregate", "HR", "--file", file); !strings.HasPrefix(got, "HR: success, 2 created") {
		t.Error(got)
	}
	// A token for somebody else has that person's rights, not the administrator's.
	var ada client.AccessToken
	if err := json.Unmarshal([]byte(ask(t, env, "token", "create", "--for", "ada", "-o", "json")), &ada); err != nil {
		t.Fatal(err)
	}
	asAda := map[string]string{"MIDGARD_URL": env["MIDGARD_URL"], "MIDGARD_CLIENT_ID": ada.ID, "MIDGARD_CLIENT_SECRET": ada.Secret}
	ask(t, asAda, "token")
	if got := invoke(t, asAda, "", "get", "sources"); got.err == nil || !strings.Contains(got.err.Error(), "403") {
		t.Errorf("ada lists sources: %+v", got)
	}

	backup := filepath.Join(dir, "backup")
	ask(t, nil, "backup", backup, "--data", data)
	ask(t, env, "source", "create", "--name", "Later", "--connector", "delimited-file")
	if got := invoke(t, nil, "", "restore", backup, "--data", data); got.err == nil {
		t.Error("a backup was restored under a running server")
	}
	server.stop(t)
	ask(t, nil, "restore", backup, "--data", data)
	again := start(t, serve...)
	env["MIDGARD_URL"] = connect(again.until(t, "Serving http"))["MIDGARD_URL"]
	if got := ask(t, env, "get", "sources", "-o", "csv", "--columns", "name"); got != "name\nHR\n" {
		t.Errorf("after the restore there are\n%s", got)
	}
	again.stop(t)
}

// connect finds in what serve has printed how a client reaches it.
func connect(printed string) map[string]string {
	env := map[string]string{}
	for name, pattern := range map[string]string{
		"MIDGARD_URL": `Serving (\S+)`, "MIDGARD_CLIENT_ID": `client id +(\S+)`, "MIDGARD_CLIENT_SECRET": `client secret +(\S+)`,
	} {
		if found := regexp.MustCompile(pattern).FindStringSubmatch(printed); found != nil {
			env[name] = found[1]
		}
	}
	return env
}

func writeText(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
