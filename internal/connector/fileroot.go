package connector

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// ErrOutsideFileRoot says that a path does not lead into Config.FileRoot.
var ErrOutsideFileRoot = errors.New("lies outside the folder for files of this server")

// OpenFileRoot opens FileRoot for a path that an administrator entered, relative to it or absolute, and returns the
// path's name in there after following every symbolic link. The caller opens that name through the returned root, which
// keeps the answer true even when links change in between, and closes the root. It gives ErrOutsideFileRoot for a path
// that leads elsewhere; one that does not even start in FileRoot is refused before anything is looked up, so that
// answers do not tell which files this machine has.
func (c Config) OpenFileRoot(path string) (*os.Root, string, error) {
	if c.FileRoot == "" {
		return nil, "", ErrOutsideFileRoot
	}
	configured, err := filepath.Abs(c.FileRoot)
	if err != nil {
		return nil, "", fmt.Errorf("find the folder for files: %w", err)
	}
	top, err := filepath.EvalSymlinks(configured)
	if err != nil {
		return nil, "", fmt.Errorf("find the folder for files: %w", err)
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(top, path)
	}
	if !liesIn(configured, path) && !liesIn(top, path) {
		return nil, "", ErrOutsideFileRoot
	}
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return nil, "", err
	}
	if !liesIn(top, path) {
		return nil, "", ErrOutsideFileRoot
	}
	return openRoot(top, path)
}

func openRoot(top, path string) (*os.Root, string, error) {
	name, err := filepath.Rel(top, path)
	if err != nil {
		return nil, "", err
	}
	root, err := os.OpenRoot(top)
	return root, name, err
}

// liesIn tells whether a path is in a folder, by its text.
func liesIn(folder, path string) bool {
	within, err := filepath.Rel(folder, path)
	return err == nil && filepath.IsLocal(within)
}
