//go:build unix

package delimited_test

import (
	"errors"
	"path/filepath"
	"syscall"
	"testing"

	"midgard/internal/connector"
)

// TestFilePath_pipe would hang if the pipe were opened: nobody writes into it.
func TestFilePath_pipe(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(root, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := testPath(t, root, "pipe"); !errors.Is(err, connector.ErrUnreachable) {
		t.Errorf("a named pipe gave %v", err)
	}
}
