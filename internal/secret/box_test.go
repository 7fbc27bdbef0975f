package secret_test

import (
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"midgard/internal/secret"
)

const field = "0198f0c2-7d2e-7a64-9a53-2f1d6c0b7e11|password"

func TestSealAndOpen(t *testing.T) {
	t.Parallel()
	box := secret.Ephemeral()
	for _, clear := range []string{"", "hunter2", "Grüße\x00\xff", strings.Repeat("long", 10_000)} {
		sealed := seal(t, box, clear)
		if len(clear) > 4 && strings.Contains(sealed, clear) {
			t.Error("the sealed text shows the clear one")
		}
		if got, err := box.Open(sealed, field); err != nil || got != clear {
			t.Errorf("got %.20q, %v, want %.20q", got, err, clear)
		}
	}
	if seal(t, box, "x") == seal(t, box, "x") {
		t.Error("equal values can be recognised by their sealed texts")
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	box := secret.Ephemeral()
	sealed := seal(t, box, "hunter2")
	altered := []byte(decode(t, sealed))
	altered[len(altered)-1] ^= 1
	tests := []struct{ name, sealed, context string }{
		{"moved to another object", sealed, "0198f0c2-7d2e-7a64-9a53-2f1d6c0b7e12|password"},
		{"moved to another field", sealed, "0198f0c2-7d2e-7a64-9a53-2f1d6c0b7e11|passphrase"},
		{"no context", sealed, ""},
		{"altered", base64.StdEncoding.EncodeToString(altered), field},
		{"cut", sealed[:len(sealed)-4], field},
		{"key's mark only", sealed[:8], field},
		{"empty", "", field},
		{"never sealed", "hunter2", field},
		{"another key", seal(t, secret.Ephemeral(), "hunter2"), field},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := box.Open(test.sealed, test.context)
			if !errors.Is(err, secret.ErrUnreadable) || got != "" {
				t.Errorf("got %q, %v, want ErrUnreadable", got, err)
			}
		})
	}
}

func TestSealNeedsAContext(t *testing.T) {
	t.Parallel()
	if _, err := secret.Ephemeral().Seal("x", ""); err == nil {
		t.Error("sealed without a context")
	}
}

func TestOpenMakesAPrivateFileOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keyset.json")
	sealed := seal(t, open(t, path), "hunter2")
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("got mode %v, %v, want 0600", info.Mode(), err)
	}
	before := read(t, path)
	if got, err := open(t, path).Open(sealed, field); err != nil || got != "hunter2" {
		t.Errorf("after opening again: %q, %v", got, err)
	}
	if read(t, path) != before {
		t.Error("opening changed the file")
	}
	onlyFile(t, path)
}

func TestOpenRefusesAFileThatOthersMayRead(t *testing.T) {
	t.Parallel()
	for _, mode := range []os.FileMode{0o640, 0o604, 0o660, 0o610, 0o644} {
		path := filepath.Join(t.TempDir(), "keyset.json")
		open(t, path)
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := secret.Open(path); err == nil || !strings.Contains(err.Error(), "chmod 600") {
			t.Errorf("mode %v: got %v, want a refusal that says what to do", mode, err)
		}
	}
}

func TestOpenLeavesAStrangeFileAlone(t *testing.T) {
	t.Parallel()
	whole := filepath.Join(t.TempDir(), "keyset.json")
	open(t, whole)
	contents := map[string]string{
		"empty":     "",
		"truncated": read(t, whole)[:40],
		"no keys":   `{"primaryKeyId":1,"key":[]}`,
		"other":     "hello",
	}
	for name, content := range contents {
		path := filepath.Join(t.TempDir(), "keyset.json")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := secret.Open(path); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: got %v, want an error that names the file", name, err)
		}
		if read(t, path) != content {
			t.Errorf("%s: the file was changed", name)
		}
	}
}

func TestOpenNeedsAFolderAndAFile(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for _, path := range []string{folder, filepath.Join(folder, "absent", "keyset.json")} {
		if _, err := secret.Open(path); err == nil {
			t.Errorf("%s: opened", path)
		}
	}
}

func TestRotate(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keyset.json")
	box, stale := open(t, path), open(t, path)
	old := seal(t, box, "old")
	if err := box.Rotate(); err != nil {
		t.Fatal(err)
	}
	recent := seal(t, box, "recent")
	if old[:6] == recent[:6] {
		t.Error("the new value carries the mark of the old key")
	}
	for _, reader := range []*secret.Box{box, open(t, path)} {
		for sealed, want := range map[string]string{old: "old", recent: "recent"} {
			if got, err := reader.Open(sealed, field); err != nil || got != want {
				t.Errorf("got %q, %v, want %q", got, err, want)
			}
		}
	}
	if _, err := stale.Open(recent, field); !errors.Is(err, secret.ErrUnreadable) {
		t.Errorf("a box without the new key: %v, want ErrUnreadable", err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got mode %v, %v, want 0600", info.Mode(), err)
	}
	onlyFile(t, path)
}

func TestRotateKeepsTheKeysOfOthers(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keyset.json")
	first, second := open(t, path), open(t, path)
	if err := first.Rotate(); err != nil {
		t.Fatal(err)
	}
	sealed := seal(t, first, "hunter2")
	if err := second.Rotate(); err != nil {
		t.Fatal(err)
	}
	if got, err := second.Open(sealed, field); err != nil || got != "hunter2" {
		t.Errorf("got %q, %v: the second rotation lost the key of the first", got, err)
	}
}

func TestRotateThroughALink(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keyset.json")
	link := filepath.Join(t.TempDir(), "link.json")
	open(t, path)
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	box := open(t, link)
	if err := box.Rotate(); err != nil {
		t.Fatal(err)
	}
	if got, err := open(t, path).Open(seal(t, box, "x"), field); err != nil || got != "x" {
		t.Errorf("got %q, %v: the link was replaced instead of its target", got, err)
	}
}

func TestRotateThatFailsChangesNothing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keyset.json")
	box := open(t, path)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := box.Rotate(); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("got %v, want the error for a lost file", err)
	}
	if got, err := box.Open(seal(t, box, "x"), field); err != nil || got != "x" {
		t.Errorf("the box has lost its key: %q, %v", got, err)
	}
}

func TestRotateInMemory(t *testing.T) {
	t.Parallel()
	box := secret.Ephemeral()
	sealed := seal(t, box, "x")
	if err := box.Rotate(); err != nil {
		t.Fatal(err)
	}
	if got, err := box.Open(sealed, field); err != nil || got != "x" {
		t.Errorf("got %q, %v", got, err)
	}
}

// TestOpenConcurrently: however many processes start at once on an empty folder, all get the same key.
func TestOpenConcurrently(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keyset.json")
	var group sync.WaitGroup
	boxes := make([]*secret.Box, 8)
	for i := range boxes {
		group.Go(func() {
			box, err := secret.Open(path)
			if err != nil {
				t.Error(err)
			}
			boxes[i] = box
		})
	}
	group.Wait()
	if t.Failed() {
		return
	}
	sealed := seal(t, boxes[0], "x")
	for i, box := range boxes {
		if got, err := box.Open(sealed, field); err != nil || got != "x" {
			t.Errorf("box %d: %q, %v", i, got, err)
		}
	}
	onlyFile(t, path)
}

func TestUseWhileRotating(t *testing.T) {
	t.Parallel()
	box := open(t, filepath.Join(t.TempDir(), "keyset.json"))
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 50 {
				sealed, err := box.Seal("x", field)
				if err != nil {
					t.Error(err)
				}
				if got, err := box.Open(sealed, field); err != nil || got != "x" {
					t.Errorf("got %q, %v", got, err)
				}
			}
		})
	}
	for range 2 {
		group.Go(func() {
			for range 3 {
				if err := box.Rotate(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
}

func BenchmarkOpen(b *testing.B) {
	box := secret.Ephemeral()
	sealed, err := box.Seal("hunter2", field)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := box.Open(sealed, field); err != nil {
			b.Fatal(err)
		}
	}
}

func open(t *testing.T, path string) *secret.Box {
	t.Helper()
	box, err := secret.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return box
}

func seal(t *testing.T, box *secret.Box, clear string) string {
	t.Helper()
	sealed, err := box.Seal(clear, field)
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

func decode(t *testing.T, sealed string) string {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(sealed)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// onlyFile fails when temporary files have stayed behind.
func onlyFile(t *testing.T, path string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("the folder holds %v, %v", entries, err)
	}
}
