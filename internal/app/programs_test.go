//go:build unix

package app_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// shipped are programs as they are shipped, without the race detector of the tests.
type shipped struct{ midgard, query string }

// programFolder holds them; TestMain removes it.
var programFolder string

var buildPrograms = sync.OnceValues(func() (shipped, error) {
	folder, err := os.MkdirTemp("", "midgard-programs-")
	if err != nil {
		return shipped{}, err
	}
	programFolder = folder
	build := exec.Command("go", "build", "-o", folder, "midgard/cmd/midgard", "midgard/internal/app/testdata/query")
	if out, err := build.CombinedOutput(); err != nil {
		return shipped{}, fmt.Errorf("build the programs: %w\n%s", err, out)
	}
	return shipped{filepath.Join(folder, "midgard"), filepath.Join(folder, "query")}, nil
})

// programs gives the programs, which the first call builds.
func programs(t *testing.T) shipped {
	t.Helper()
	p, err := buildPrograms()
	if err != nil {
		t.Fatal(err)
	}
	return p
}
