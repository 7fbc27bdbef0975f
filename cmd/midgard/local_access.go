package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// localAccess is what a client on this machine needs; midgard demo keeps it in client.json of its folder, readable by
// its user only.
type localAccess struct {
	URL          string `json:"url"`
	ClientID     string `json:"clientId"`
	ClientSecret string `json:"clientSecret"`
}

func accessFile(dir string) string { return filepath.Join(dir, "client.json") }

// readAccess returns an error that wraps os.ErrNotExist when the folder has no such file.
func readAccess(dir string) (localAccess, error) {
	var access localAccess
	raw, err := os.ReadFile(accessFile(dir))
	if err != nil {
		return access, err
	}
	if err := json.Unmarshal(raw, &access); err != nil {
		return access, fmt.Errorf("%s cannot be read: %w", accessFile(dir), err)
	}
	if access.ClientID == "" || access.ClientSecret == "" {
		return access, fmt.Errorf("%s holds no client id and secret", accessFile(dir))
	}
	return access, nil
}

// writeAccess replaces the file in one step: a reader never sees half of it, and it never has another mode.
func writeAccess(dir string, access localAccess) error {
	raw, err := json.MarshalIndent(access, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".client-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }() // fails once renamed
	if _, err := f.Write(append(raw, '\n')); err != nil {
		_ = f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), accessFile(dir))
}
