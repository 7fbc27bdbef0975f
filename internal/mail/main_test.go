//go:build unix

package mail_test

import (
	"os"
	"testing"

	"midgard/internal/testenv"
)

func TestMain(m *testing.M) { os.Exit(testenv.Main(m)) }
