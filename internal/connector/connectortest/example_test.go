package connectortest_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"midgard/internal/connector"
	"midgard/internal/connector/connectortest"
)

// The connector below is the example of docs/writing-a-connector.md.

// htpasswd reads the users of the password file of a web server: a line "name:hash" each.
type htpasswd struct{}

func (htpasswd) Spec() connector.Spec {
	return connector.Spec{
		Connector: "htpasswd", Type: "Htpasswd", Class: "midgard.connector.Htpasswd", ConnectionType: "file",
		Features: []string{"NO_RANDOM_ACCESS"},
		Fields: []connector.Field{
			{Name: "path", Kind: connector.KindText, Required: true, Help: "The password file, below the folder for files."},
		},
		Account: connector.Schema{
			ObjectType: connector.TypeAccount, NativeObjectType: "user", IdentityAttribute: "name", DisplayAttribute: "name",
			Attributes: []connector.SchemaAttribute{
				{Name: "name", Type: "STRING", Description: "Login name"},
				{Name: "scheme", Type: "STRING", Description: "How the password is hashed"},
			},
		},
		Summary: "The users of the password file of a web server.",
	}
}

func (htpasswd) Open(config connector.Config) (connector.Source, error) {
	path, ok := config.Attributes["path"].(string)
	if !ok || path == "" {
		return nil, &connector.ConfigError{Field: "path", Reason: "must be the path of a file"}
	}
	return &passwordFile{config, path}, nil
}

// passwordFile is one configured source.
type passwordFile struct {
	config connector.Config
	path   string
}

func (f *passwordFile) Test(ctx context.Context) error {
	file, err := f.open(ctx)
	if err != nil {
		return err
	}
	return file.Close()
}

func (*passwordFile) Close() error { return nil }

func (f *passwordFile) open(ctx context.Context) (*os.File, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	root, name, err := f.config.OpenFileRoot(f.path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", connector.ErrUnreachable, err)
	}
	defer root.Close()
	file, err := root.Open(name)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", connector.ErrUnreachable, err)
	}
	return file, nil
}

func (f *passwordFile) List(ctx context.Context, request connector.ListRequest, sink connector.Sink) (connector.ListResult, error) {
	if request.Type != connector.TypeAccount {
		return connector.ListResult{}, fmt.Errorf("password files hold no objects of type %q", request.Type)
	}
	if request.Input != nil {
		return read(ctx, request.Input, request, sink)
	}
	file, err := f.open(ctx)
	if err != nil {
		return connector.ListResult{}, err
	}
	defer file.Close()
	return read(ctx, file, request, sink)
}

func read(ctx context.Context, in io.Reader, request connector.ListRequest, sink connector.Sink) (connector.ListResult, error) {
	lines, emitted, complete := bufio.NewScanner(in), 0, request.Limit == 0
	for number := 1; lines.Scan(); number++ {
		if err := ctx.Err(); err != nil {
			return connector.ListResult{}, err
		}
		object, err := account(lines.Text(), request.Schema)
		if err != nil {
			complete = false // the account of this line is not gone
			err = sink.Fail(ctx, fmt.Sprintf("line %d", number), err)
		} else {
			emitted++
			err = sink.Emit(ctx, object)
		}
		if err != nil || emitted == request.Limit && request.Limit > 0 {
			return connector.ListResult{}, err
		}
	}
	if err := lines.Err(); err != nil {
		return connector.ListResult{}, fmt.Errorf("read the password file: %w", err)
	}
	return connector.ListResult{Complete: complete}, nil
}

// account never shows the hash, in no attribute and in no message.
func account(line string, schema connector.Schema) (connector.Object, error) {
	name, hash, found := strings.Cut(line, ":")
	if !found || name == "" || !utf8.ValidString(name) || strings.ContainsRune(name, 0) {
		return connector.Object{}, errors.New("is not of the form name:hash")
	}
	values := map[string]any{"name": name, "scheme": scheme(hash)}
	object := connector.Object{Type: connector.TypeAccount, Identity: name, Name: name, Attributes: map[string]any{}}
	for _, a := range schema.Attributes {
		if value, known := values[a.Name]; known {
			object.Attributes[a.Name] = value
		}
	}
	return object, nil
}

func scheme(hash string) string {
	switch {
	case strings.HasPrefix(hash, "$2"):
		return "bcrypt"
	case strings.HasPrefix(hash, "$apr1$"):
		return "md5"
	case strings.HasPrefix(hash, "{SHA}"):
		return "sha1"
	}
	return "crypt"
}

func TestHtpasswd(t *testing.T) {
	t.Parallel()
	connectortest.Run(t, connectortest.Harness{
		Factory:    htpasswd{},
		Config:     fileOf("ada:$2y$05$x\nci:{SHA}x\nweb:$apr1$x\n"),
		Broken:     func(t *testing.T) connector.Config { return config(t.TempDir(), "absent") },
		Unreadable: fileOf("ada:$2y$05$x\nno colon here\nweb:$apr1$x\n"),
	})
}

func fileOf(text string) func(*testing.T) connector.Config {
	return func(t *testing.T) connector.Config {
		folder := t.TempDir()
		if err := os.WriteFile(filepath.Join(folder, "users"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return config(folder, "users")
	}
}

func config(folder, path string) connector.Config {
	return connector.Config{FileRoot: folder, Attributes: map[string]any{"path": path}}
}

// TestDocument wants every Go block of the document in the port or in this file, to the letter: what it shows compiles and
// passes.
func TestDocument(t *testing.T) {
	t.Parallel()
	var sources strings.Builder
	for _, name := range []string{"../connector.go", "../provision.go", "example_test.go"} {
		sources.WriteString(content(t, name))
	}
	document := content(t, "../../../docs/writing-a-connector.md")
	blocks := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(document, -1)
	if len(blocks) == 0 {
		t.Fatal("the document shows no Go")
	}
	for _, block := range blocks {
		if !strings.Contains(sources.String(), block[1]) {
			t.Errorf("neither the port nor example_test.go has this block of the document:\n%s", block[1])
		}
	}
}

func content(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
