//go:build unix

package proof_test

import (
	"flag"
	"os"
	"testing"

	"midgard/internal/testenv"
)

func TestMain(m *testing.M) {
	// A check of a property is half a dozen requests here, and every version of a list is checked. Whoever wants more of them
	// says so on the command line, which wins.
	for name, value := range map[string]string{"rapid.checks": "5", "rapid.shrinktime": "2s", "rapid.nofailfile": "true"} {
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
	os.Exit(testenv.Main(m))
}
