//go:build unix

// Package storetest runs tests on every database engine.
package storetest

import (
	"path/filepath"
	"testing"

	"midgard/internal/store"
	"midgard/internal/testenv"
)

// Each runs a test on an empty store of each engine, in parallel: SQLite in a file of its own and PostgreSQL in a database
// of its own. What the test does not close is closed when it ends. The package's TestMain must call testenv.Main. Options
// other than the database may be set by change.
func Each(t *testing.T, run func(t *testing.T, s *store.Store), change ...func(*store.Options)) {
	t.Helper()
	engines := []struct {
		name    string
		options func(t *testing.T) store.Options
	}{
		{"sqlite", func(t *testing.T) store.Options {
			return store.Options{Path: filepath.Join(t.TempDir(), "midgard.db")}
		}},
		{"postgres", func(t *testing.T) store.Options { return store.Options{Database: testenv.Postgres(t)} }},
	}
	for _, engine := range engines {
		t.Run(engine.name, func(t *testing.T) {
			t.Parallel()
			o := engine.options(t)
			for _, c := range change {
				c(&o)
			}
			run(t, open(t, o))
		})
	}
}

func open(t *testing.T, o store.Options) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close the store: %v", err)
		}
	})
	return s
}
