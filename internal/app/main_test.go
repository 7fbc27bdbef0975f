//go:build unix

package app_test

import (
	"flag"
	"os"
	"testing"

	"midgard/internal/testenv"
)

func TestMain(m *testing.M) {
	// A check of a property is a dozen requests here. Whoever wants more of them says so on the command line, which wins.
	if err := flag.Set("rapid.checks", "40"); err != nil {
		panic(err)
	}
	code := testenv.Main(m)
	if programFolder != "" {
		os.RemoveAll(programFolder)
	}
	os.Exit(code)
}
