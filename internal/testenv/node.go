//go:build unix

package testenv

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

const (
	// installLimit bounds the fetching of packages, which goes over a network.
	installLimit = 5 * time.Minute
	// nodeLimit bounds one run of a program.
	nodeLimit = 5 * time.Minute
)

// NodeProgram returns a function that runs a file of a folder of JavaScript with Node, with arguments, and gives what it
// printed. The folder holds package.json and package-lock.json; the packages of the lock are fetched once and kept in the
// user's cache, in a folder named by the two files, and no script of theirs runs. The program runs on a copy of its folder.
// The error is that of the program, or says what is missing.
func NodeProgram(t testing.TB, folder string) func(file string, args ...string) (output string, err error) {
	t.Helper()
	node, err := program("node", "nodejs")
	if err != nil {
		t.Fatal(err)
	}
	modules, err := nodeModules(t.Context(), folder)
	if err != nil {
		t.Fatalf("install the packages of %s: %v", folder, err)
	}
	home := t.TempDir()
	if err := errors.Join(os.CopyFS(home, os.DirFS(folder)), os.Symlink(modules, filepath.Join(home, "node_modules"))); err != nil {
		t.Fatal(err)
	}
	return func(file string, args ...string) (string, error) {
		ctx, cancel := context.WithTimeout(t.Context(), nodeLimit)
		defer cancel()
		cmd := exec.CommandContext(ctx, node, append([]string{filepath.Join(home, file)}, args...)...)
		cmd.Dir = home
		cmd.Env = append(os.Environ(), "NO_PROXY=127.0.0.1", "no_proxy=127.0.0.1") // servers of tests are reached directly
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
}

// nodeModules returns the folder of the installed packages, and installs them if need be. It is put in place in one step:
// another process may do the same, and an interrupted installation must not be taken for a whole one.
func nodeModules(ctx context.Context, folder string) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir() // a user without a home
	}
	key, err := lockKey(folder)
	if err != nil {
		return "", err
	}
	place := filepath.Join(cache, "midgard-test", "node-"+key)
	modules := filepath.Join(place, "node_modules")
	if _, err := os.Stat(modules); err == nil {
		return modules, nil
	}
	if err := os.MkdirAll(filepath.Dir(place), 0o700); err != nil {
		return "", err
	}
	draft, err := os.MkdirTemp(filepath.Dir(place), "draft-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(draft)
	if err := installLocked(ctx, folder, draft); err != nil {
		return "", err
	}
	err = os.Rename(draft, place)
	if _, other := os.Stat(modules); errors.Is(err, fs.ErrExist) && other == nil {
		err = nil // another process was faster
	}
	return modules, err
}

var lockFiles = []string{"package.json", "package-lock.json"}

// lockKey tells one set of packages from another.
func lockKey(folder string) (string, error) {
	sum := sha256.New()
	for _, name := range lockFiles {
		data, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			return "", err
		}
		sum.Write(data)
	}
	return hex.EncodeToString(sum.Sum(nil)[:8]), nil
}

func installLocked(ctx context.Context, folder, into string) error {
	npm, err := program("npm", "npm")
	if err != nil {
		return err
	}
	for _, name := range lockFiles {
		data, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(into, name), data, 0o600); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, installLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	cmd.Dir = into
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("npm ci: %w\n%s", err, out)
	}
	return nil
}
