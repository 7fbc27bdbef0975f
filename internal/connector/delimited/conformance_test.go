package delimited_test

import (
	"os"
	"path/filepath"
	"testing"

	"midgard/internal/connector"
	"midgard/internal/connector/connectortest"
	"midgard/internal/connector/delimited"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	t.Run("plain", func(t *testing.T) {
		t.Parallel()
		connectortest.Run(t, connectortest.Harness{
			Factory:    delimited.New(),
			Config:     files("id,name,groups,disabled\n1,anna,g1,no\n2,ben,,yes\n3,,g2,\n", "id,name\ng1,One\ng2,Two\n", nil),
			Broken:     missing,
			Unreadable: files("id,name,groups\n1,anna,g1\n2,ben\n3,cleo,g2\n", "", nil),
		})
	})
	t.Run("merged", func(t *testing.T) {
		t.Parallel()
		connectortest.Run(t, connectortest.Harness{
			Factory:    delimited.New(),
			Config:     files("id,name,groups\n1,anna,g1\n1,,g2\n2,ben,\n3,cleo,g2\n", "", map[string]any{"mergeRows": true}),
			Broken:     missing,
			Unreadable: files("id,name,groups\n1,anna,g1\n1,\n1,anna,g2\n3,cleo,g2\n", "", map[string]any{"mergeRows": true}),
			NoGroups:   true,
		})
	})
}

// files writes an account file and, when there is one, a group file.
func files(accounts, groups string, more map[string]any) func(*testing.T) connector.Config {
	return func(t *testing.T) connector.Config {
		t.Helper()
		config := connector.Config{FileRoot: t.TempDir(), Attributes: map[string]any{"filePath": "accounts.csv"}}
		for key, value := range more {
			config.Attributes[key] = value
		}
		write(t, filepath.Join(config.FileRoot, "accounts.csv"), accounts)
		if groups != "" {
			write(t, filepath.Join(config.FileRoot, "groups.csv"), groups)
			config.Attributes["group.filePath"] = "groups.csv"
		}
		return config
	}
}

func missing(t *testing.T) connector.Config {
	return connector.Config{FileRoot: t.TempDir(), Attributes: map[string]any{"filePath": "absent.csv"}}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
