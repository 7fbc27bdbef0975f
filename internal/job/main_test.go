//go:build unix

package job_test

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"midgard/internal/testenv"
)

func TestMain(m *testing.M) {
	code := testenv.Main(m)
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}
