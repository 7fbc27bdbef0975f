//go:build unix

package app

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// A server that was killed may hold its lock for a moment longer.
const (
	lockTries = 20
	lockPause = 100 * time.Millisecond
)

// lock keeps a second server away from an embedded database. The lock ends with the process, however that ends.
func lock(folder string) (unlock func(), err error) {
	file, err := os.OpenFile(filepath.Join(folder, "midgard.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the data folder: %w", err)
	}
	for range lockTries {
		if err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); !errors.Is(err, syscall.EWOULDBLOCK) {
			break
		}
		time.Sleep(lockPause)
	}
	if errors.Is(err, syscall.EWOULDBLOCK) {
		file.Close()
		return nil, fmt.Errorf("another Midgard is using the data folder %q", folder)
	}
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("lock the data folder %q: %w", folder, err)
	}
	return func() { file.Close() }, nil
}
