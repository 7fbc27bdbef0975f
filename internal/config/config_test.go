package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"midgard/internal/config"
)

func environment(pairs map[string]string) func(string) string {
	return func(name string) string { return pairs[name] }
}

func writeFile(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "midgard.yaml")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func defaults() config.Config {
	return config.Config{
		Listen: "127.0.0.1:8400", Data: "./midgard-data", LogLevel: "info", LogFormat: "text", RequireExperimental: true,
		RateLimit:     config.RateLimit{Requests: 100, Window: 10 * time.Second},
		TokenLifetime: 749 * time.Second, FileRoot: "midgard-data/files", SecretKeyFile: "midgard-data/secrets.json",
		Organization: "midgard", MaxUpload: 2 << 30, PasswordLifetime: 168 * time.Hour, JobLease: 10 * time.Second, Workers: 2,
		Mail: config.Mail{Port: 587, TLS: "starttls"},
	}
}

func diff(want, got config.Config) string {
	return cmp.Diff(want, got, cmpopts.IgnoreUnexported(config.Config{}))
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	got, err := config.Load("", environment(nil), nil)
	if err != nil {
		t.Fatal(err)
	}
	if d := diff(defaults(), got); d != "" {
		t.Error(d)
	}
}

func TestLaterLayersWin(t *testing.T) {
	t.Parallel()
	path := writeFile(t, "listen: 127.0.0.1:1\ndata: /from/file\nworkers: 3\nrateLimit:\n  window: 1m\n  enabled: true\norganization:\n")
	env := environment(map[string]string{"MIDGARD_CONFIG": path, "MIDGARD_LISTEN": "127.0.0.1:2", "MIDGARD_WORKERS": "4"})
	got, err := config.Load("", env, map[string]string{"workers": "5", "max-upload": "1MiB"})
	if err != nil {
		t.Fatal(err)
	}
	want := defaults()
	want.Listen, want.Data, want.Workers, want.MaxUpload = "127.0.0.1:2", "/from/file", 5, 1<<20
	want.RateLimit = config.RateLimit{Enabled: true, Requests: 100, Window: time.Minute}
	want.FileRoot, want.SecretKeyFile = "/from/file/files", "/from/file/secrets.json"
	if d := diff(want, got); d != "" {
		t.Error(d)
	}
	origins := map[string]string{}
	for _, key := range []string{"listen", "data", "workers", "rateLimit.window", "strict"} {
		origins[key] = got.Origin(key)
	}
	if d := cmp.Diff(map[string]string{
		"listen": "MIDGARD_LISTEN", "data": "file midgard.yaml line 2", "workers": "--workers",
		"rateLimit.window": "file midgard.yaml line 5", "strict": "default",
	}, origins); d != "" {
		t.Error(d)
	}
}

func TestEveryProblemIsReportedAtOnce(t *testing.T) {
	t.Parallel()
	path := writeFile(t, "lissten: x\nlog_level: info\nworkers: [1]\nrateLimit: 5\nstrict: perhaps\ndata: a\ndata: b\n")
	env := environment(map[string]string{
		"MIDGARD_TOKEN_LIFETIME": "300s", "MIDGARD_DATABASE": "mysql://u:hunter2@h/d", "MIDGARD_TLS_CERT": "c.pem",
		"MIDGARD_BOOTSTRAP_CLIENT_SECRET": "hunter2 hunter2",
	})
	_, err := config.Load(path, env, map[string]string{"listen": "nowhere", "colour": "red"})
	var problems config.Problems
	if !errors.As(err, &problems) {
		t.Fatalf("error is %T, want Problems", err)
	}
	got := map[string]string{}
	for _, p := range problems {
		got[p.Setting] = p.Origin + "|" + p.Reason
	}
	want := map[string]string{
		"lissten":               "file midgard.yaml line 1|is not a setting",
		"log_level":             "file midgard.yaml line 2|is not a setting; write logLevel",
		"workers":               "file midgard.yaml line 3|must be a single value",
		"rateLimit":             "file midgard.yaml line 4|must hold keys and values of its own",
		"strict":                `file midgard.yaml line 5|must be true or false, not "perhaps"`,
		"data":                  "file midgard.yaml line 7|is already set in line 6",
		"tokenLifetime":         `MIDGARD_TOKEN_LIFETIME|must be whole seconds from 301s to 12h, not "300s"`,
		"database":              "MIDGARD_DATABASE|must be empty (SQLite) or start with postgres://",
		"tlsKey":                "|must be set because tlsCert is",
		"bootstrapClientSecret": "MIDGARD_BOOTSTRAP_CLIENT_SECRET|must not contain blanks or line ends",
		"listen":                `--listen|must be host:port, not "nowhere"`,
		"--colour":              "|is not a setting",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("a secret is in the error: %s", err)
	}
}

func TestUnusableFiles(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ content, want string }{
		"not YAML":      {"a: [", "is not YAML"},
		"a list":        {"- a\n", "must hold keys and values"},
		"two documents": {"strict: true\n---\nstrict: false\n", "must hold one document"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := config.Load(writeFile(t, tt.content), environment(nil), nil)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
	if _, err := config.Load(filepath.Join(t.TempDir(), "absent.yaml"), environment(nil), nil); err == nil {
		t.Error("a missing file is no error")
	}
	for _, empty := range []string{"", "# nothing\n", "null\n"} {
		if _, err := config.Load(writeFile(t, empty), environment(nil), nil); err != nil {
			t.Errorf("empty file %q: %v", empty, err)
		}
	}
}

func TestValues(t *testing.T) {
	t.Parallel()
	tests := []struct {
		variable, value string
		ok              bool
	}{
		{"MIDGARD_LISTEN", "[::1]:0", true},
		{"MIDGARD_LISTEN", ":8400", true},
		{"MIDGARD_LISTEN", "h:70000", false},
		{"MIDGARD_DATABASE", "postgresql:///d?host=/run", true},
		{"MIDGARD_DATABASE", "postgres://u:%zz@h/d", false},
		{"MIDGARD_PUBLIC_URL", "https://m.example.test/", true},
		{"MIDGARD_PUBLIC_URL", "m.example.test", false},
		{"MIDGARD_PUBLIC_URL", "https://m.example.test?a=b", false},
		{"MIDGARD_LOG_LEVEL", "WARN", true},
		{"MIDGARD_LOG_LEVEL", "loud", false},
		{"MIDGARD_MAX_UPLOAD", "500 MB", true},
		{"MIDGARD_MAX_UPLOAD", "0", false},
		{"MIDGARD_MAX_UPLOAD", "99999999TiB", false},
		{"MIDGARD_WORKERS", "0", false},
		{"MIDGARD_JOB_LEASE", "10", false},
		{"MIDGARD_JOB_LEASE", "1500ms", false},
		{"MIDGARD_ORGANIZATION", "my org", false},
		{"MIDGARD_STRICT", "True", true},
	}
	for _, tt := range tests {
		_, err := config.Load("", environment(map[string]string{tt.variable: tt.value}), nil)
		if (err == nil) != tt.ok {
			t.Errorf("%s=%s: error %v, want ok %v", tt.variable, tt.value, err, tt.ok)
		}
	}
}

func TestMasked(t *testing.T) {
	t.Parallel()
	env := environment(map[string]string{
		"MIDGARD_DATABASE":                "postgres://midgard:hunter2@db/midgard?sslmode=require&sslpassword=hunter2",
		"MIDGARD_BOOTSTRAP_CLIENT_ID":     "first",
		"MIDGARD_BOOTSTRAP_CLIENT_SECRET": "hunter2",
	})
	c, err := config.Load("", env, map[string]string{"rate-limit-enabled": "true"})
	if err != nil {
		t.Fatal(err)
	}
	got := c.Masked()
	if strings.Contains(got, "hunter2") {
		t.Errorf("a secret is printed:\n%s", got)
	}
	for _, line := range []string{
		"listen: 127.0.0.1:8400 # default",
		"database: postgres://midgard:****@db/midgard?sslmode=require&sslpassword=**** # MIDGARD_DATABASE",
		"bootstrapClientSecret: '****' # MIDGARD_BOOTSTRAP_CLIENT_SECRET",
		"tlsCert: \"\" # default",
		"rateLimit:\n  enabled: true # --rate-limit-enabled\n  requests: 100 # default\n",
		"maxUpload: 2GiB # default",
		"tokenLifetime: 749s # default",
	} {
		if !strings.Contains(got, line) {
			t.Errorf("missing %q in\n%s", line, got)
		}
	}
}

// What is printed can be used as a file again, as long as it holds no secret.
func TestMaskedIsAConfigurationFile(t *testing.T) {
	t.Parallel()
	want, err := config.Load("", environment(map[string]string{"MIDGARD_DATA": "/tmp/a: b # c", "MIDGARD_ORGANIZATION": "true"}), nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := config.Load(writeFile(t, want.Masked()), environment(nil), nil)
	if err != nil {
		t.Fatal(err)
	}
	if d := diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestNamesAreDerivedAndUnique(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, s := range config.Settings() {
		for _, name := range []string{s.Key, s.Env(), "--" + s.Flag()} {
			if other := seen[name]; other != "" && name != "--" {
				t.Errorf("%s names both %s and %s", name, other, s.Key)
			}
			seen[name] = s.Key
		}
		if s.Help == "" || strings.HasSuffix(s.Help, ".") {
			t.Errorf("%s: help %q", s.Key, s.Help)
		}
		if !strings.Contains(config.Markdown(), "| `"+s.Key+"` | `"+s.Env()+"` |") {
			t.Errorf("%s is not in the documented table", s.Key)
		}
	}
	for key, env := range map[string]string{
		"listen": "MIDGARD_LISTEN", "bootstrapClientSecret": "MIDGARD_BOOTSTRAP_CLIENT_SECRET",
		"rateLimit.requests": "MIDGARD_RATE_LIMIT_REQUESTS", "tlsCert": "MIDGARD_TLS_CERT", "publicUrl": "MIDGARD_PUBLIC_URL",
	} {
		if seen[env] != key {
			t.Errorf("%s belongs to %q, want %q", env, seen[env], key)
		}
	}
}
