package connector_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"midgard/internal/connector"
)

func TestConfig_OpenFileRoot(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	root := filepath.Join(base, "files")
	if err := os.MkdirAll(filepath.Join(root, "sub"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{filepath.Join(base, "outside"), filepath.Join(root, "sub", "a")} {
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for link, target := range map[string]string{
		"inward": "sub/a", "outward": "../outside", "up": "..", "folder": filepath.Join(root, "sub"), "../alias": root,
	} {
		if err := os.Symlink(target, filepath.Join(root, link)); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]struct {
		name string
		err  error
	}{
		"sub/a":                       {name: "sub/a"},
		filepath.Join(root, "sub/a"):  {name: "sub/a"},
		"inward":                      {name: "sub/a"},
		"folder/a":                    {name: "sub/a"},
		".":                           {name: "."},
		"absent":                      {err: fs.ErrNotExist},
		"outward":                     {err: connector.ErrOutsideFileRoot},
		"up/outside":                  {err: connector.ErrOutsideFileRoot},
		"../outside":                  {err: connector.ErrOutsideFileRoot},
		"../absent":                   {err: connector.ErrOutsideFileRoot},
		filepath.Join(base, "absent"): {err: connector.ErrOutsideFileRoot},
		"/":                           {err: connector.ErrOutsideFileRoot},
	} {
		for _, folder := range []string{root, filepath.Join(base, "alias")} {
			opened, name, err := connector.Config{FileRoot: folder}.OpenFileRoot(path)
			if !errors.Is(err, want.err) || name != want.name {
				t.Errorf("%s in %s: %q, %v; want %q, %v", path, folder, name, err, want.name, want.err)
			}
			if err == nil {
				_ = opened.Close()
			}
		}
	}
	if _, _, err := (connector.Config{}).OpenFileRoot("a"); !errors.Is(err, connector.ErrOutsideFileRoot) {
		t.Errorf("without a folder for files: %v", err)
	}
}
