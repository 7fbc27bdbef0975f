//go:build unix

package app_test

import (
	"os"
	"testing"

	"midgard/internal/testenv"
)

func TestMain(m *testing.M) {
	code := testenv.Main(m)
	if programFolder != "" {
		os.RemoveAll(programFolder)
	}
	os.Exit(code)
}
