package delimited_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"midgard/internal/connector"
	"midgard/internal/connector/connectortest"
	"midgard/internal/connector/delimited"
)

func TestOpen_wrongConfiguration(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	for name, tt := range map[string]struct {
		root   string
		config attributes
		field  string
	}{
		"delimiter of two":         {config: attributes{"delimiter": "||"}, field: "delimiter"},
		"delimiter that quotes":    {config: attributes{"delimiter": `"`}, field: "delimiter"},
		"delimiter that ends rows": {config: attributes{"delimiter": "\n"}, field: "delimiter"},
		"delimiter that is none":   {config: attributes{"delimiter": "\xff"}, field: "delimiter"},
		"group delimiter":          {config: attributes{"group.delimiter": "ab"}, field: "group.delimiter"},
		"encoding":                 {config: attributes{"fileEncoding": "EBCDIC"}, field: "fileEncoding"},
		"flag":                     {config: attributes{"hasHeader": "perhaps"}, field: "hasHeader"},
		"list of numbers":          {config: attributes{"indexColumns": []any{1.0}}, field: "indexColumns"},
		"no names":                 {config: attributes{"hasHeader": false}, field: "columnNames"},
		"names twice":              {config: attributes{"hasHeader": false, "columnNames": "a,b,a"}, field: "columnNames"},
		"group names":              {config: attributes{"group.hasHeader": false}, field: "group.columnNames"},
		"value without column":     {config: attributes{"disabledValue": "x"}, field: "disabledValue"},
		"locked without column":    {config: attributes{"lockedValue": "x"}, field: "lockedValue"},
		"no folder":                {config: attributes{"filePath": "a.csv"}, field: "filePath"},
		"out of the folder":        {root: root, config: attributes{"filePath": "../a.csv"}, field: "filePath"},
		"group out of the folder":  {root: root, config: attributes{"group.filePath": "a/../../b"}, field: "group.filePath"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := delimited.New().Open(connector.Config{FileRoot: tt.root, Attributes: tt.config})
			var wrong *connector.ConfigError
			if !errors.As(err, &wrong) || wrong.Field != tt.field {
				t.Errorf("Open gave %v, want a ConfigError for %s", err, tt.field)
			}
		})
	}
}

// TestFilePath tries the ways into and out of the folder for files.
func TestFilePath(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	root, outside := filepath.Join(base, "files"), filepath.Join(base, "outside.csv")
	for _, folder := range []string{root, filepath.Join(root, "sub")} {
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	write(t, outside, "id\n1\n")
	write(t, filepath.Join(root, "sub", "a.csv"), "id\n1\n")
	for link, target := range map[string]string{
		"inward": "sub/a.csv", "absolute": filepath.Join(root, "sub", "a.csv"), "outward": outside, "up": "..", "../alias": root,
	} {
		if err := os.Symlink(target, filepath.Join(root, link)); err != nil {
			t.Fatal(err)
		}
	}
	const fine, refused, unreachable = "", "refused", "unreachable"
	for path, want := range map[string]string{
		"sub/a.csv": fine, filepath.Join(root, "sub/a.csv"): fine, "inward": fine, "absolute": fine, "sub/../sub/a.csv": fine,
		"outward": refused, "up/outside.csv": refused, outside: refused, "/etc/passwd": refused, "/no/such/file": refused,
		filepath.Join(root, "../outside.csv"): refused,
		"absent.csv":                          unreachable, "sub": unreachable,
	} {
		for _, folder := range []string{root, filepath.Join(base, "alias")} {
			t.Run(path+" in "+filepath.Base(folder), func(t *testing.T) {
				err := testPath(t, folder, path)
				var wrong *connector.ConfigError
				got := fine
				switch {
				case errors.As(err, &wrong) && wrong.Field == "filePath":
					got = refused
				case errors.Is(err, connector.ErrUnreachable):
					got = unreachable
				case err != nil:
					got = err.Error()
				}
				if got != want {
					t.Errorf("%v, want %q", err, want)
				}
			})
		}
	}
}

func testPath(t *testing.T, folder, path string) error {
	t.Helper()
	source, err := delimited.New().Open(connector.Config{FileRoot: folder, Attributes: attributes{"filePath": path}})
	if err != nil {
		t.Fatal(err)
	}
	return source.Test(context.Background())
}

func TestTest(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		config    attributes
		file      string
		complaint string
	}{
		"good":           {file: "id,name\n"},
		"bad rows later": {file: "id,name\n1\n"},
		"empty":          {complaint: "the file is empty"},
		"header":         {file: "id,id\n", complaint: "twice"},
		"named columns":  {config: attributes{"lockedColumn": "x"}, file: "id\n", complaint: "lockedColumn"},
		"names it gives": {config: attributes{"hasHeader": false, "columnNames": "id"}, file: "1\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source, err := delimited.New().Open(files(tt.file, "", tt.config)(t))
			if err != nil {
				t.Fatal(err)
			}
			err = source.Test(context.Background())
			if (err == nil) != (tt.complaint == "") || !strings.Contains(fmt.Sprint(err), tt.complaint) {
				t.Errorf("Test gave %v, want %q", err, tt.complaint)
			}
		})
	}
	t.Run("nothing but uploads", func(t *testing.T) {
		t.Parallel()
		source, err := delimited.New().Open(connector.Config{})
		if err != nil {
			t.Fatal(err)
		}
		if err := source.Test(context.Background()); err != nil {
			t.Error(err)
		}
		_, err = source.List(context.Background(), connector.ListRequest{Type: connector.TypeGroup, Schema: schema}, &connectortest.Recorder{})
		var wrong *connector.ConfigError
		if !errors.As(err, &wrong) || wrong.Field != "group.filePath" {
			t.Errorf("a list without any file gave %v", err)
		}
	})
}

func TestDiscover(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		config            attributes
		file              string
		identity, display string
		attributes        []connector.SchemaAttribute
	}{
		"known names": {
			file: "name,id\n", identity: "id", display: "name",
			attributes: []connector.SchemaAttribute{{Name: "name", Type: "STRING"}, {Name: "id", Type: "STRING"}},
		},
		"other names, merged": {
			config: attributes{"mergeRows": true, "mergeColumns": "roles"}, file: "login,roles\n", identity: "login", display: "login",
			attributes: []connector.SchemaAttribute{{Name: "login", Type: "STRING"}, {Name: "roles", Type: "STRING", Multi: true}},
		},
		"without header": {
			config: attributes{"hasHeader": false, "columnNames": "id"}, file: "1\n", identity: "id", display: "id",
			attributes: []connector.SchemaAttribute{{Name: "id", Type: "STRING"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source, err := delimited.New().Open(files(tt.file, "", tt.config)(t))
			if err != nil {
				t.Fatal(err)
			}
			got, err := source.(connector.Discoverer).Discover(context.Background(), connector.TypeAccount)
			if err != nil {
				t.Fatal(err)
			}
			want := connector.Schema{ObjectType: connector.TypeAccount, NativeObjectType: "User",
				IdentityAttribute: tt.identity, DisplayAttribute: tt.display, Attributes: tt.attributes}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestList_groupFile makes sure that the group file follows its own settings.
func TestList_groupFile(t *testing.T) {
	t.Parallel()
	config := files("id,name\n1,Anna\n", "g1|One\ng2|Two\n", attributes{
		"group.delimiter": "|", "group.hasHeader": false, "group.columnNames": []any{"id", "name"}})(t)
	source, err := delimited.New().Open(config)
	if err != nil {
		t.Fatal(err)
	}
	recorder := &connectortest.Recorder{}
	request := connector.ListRequest{Type: connector.TypeGroup, Schema: *delimited.New().Spec().Group}
	result, err := source.List(context.Background(), request, recorder)
	if err != nil || !result.Complete {
		t.Fatalf("error %v, complete %v", err, result.Complete)
	}
	if diff := cmp.Diff([]string{"g1", "g2"}, recorder.Identities()); diff != "" {
		t.Error(diff)
	}
}
