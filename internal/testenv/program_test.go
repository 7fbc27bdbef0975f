//go:build unix

package testenv

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestProgramNamesThePackageToInstall(t *testing.T) {
	t.Parallel()
	_, err := program("no-such-program", "some-package", "/no/such/*/folder")
	if err == nil || !strings.Contains(err.Error(), "no-such-program") || !strings.Contains(err.Error(), "apt-get install some-package") {
		t.Errorf("error is %v", err)
	}
}

func TestProgramPrefersTheNewestVersion(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, version := range []string{"9.6", "15", "9", "14"} {
		if err := os.MkdirAll(filepath.Join(dir, version, "bin"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, version, "bin", "no-such-program"), nil, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	got, err := program("no-such-program", "p", filepath.Join(dir, "*", "bin", "no-such-program"))
	if want := filepath.Join(dir, "15", "bin", "no-such-program"); err != nil || got != want {
		t.Errorf("found %q (%v), want %q", got, err, want)
	}
}
