//go:build unix

// Package testenv starts the real servers that tests talk to: PostgreSQL, OpenLDAP's slapd, a mail server and a TCP
// proxy that misbehaves on demand. It also runs programs of clients that need Node. Everything listens on a free loopback port, keeps
// its data in a temporary folder and is gone when the test ends. A missing server is a failed test that names the package
// to install: a skipped test proves nothing.
package testenv

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// startLimit bounds every wait for a server; a loaded machine is slow, so it is generous.
const startLimit = 60 * time.Second

var (
	mainMutex sync.Mutex
	inMain    bool
	atExit    []func()
)

// Main runs the tests of a package and then stops the servers that they shared. A package that uses Postgres calls it from
// its TestMain: func TestMain(m *testing.M) { os.Exit(testenv.Main(m)) }.
func Main(m *testing.M) int {
	mainMutex.Lock()
	inMain = true
	mainMutex.Unlock()
	defer runAtExit()
	return m.Run()
}

func runAtExit() {
	mainMutex.Lock()
	stops := atExit
	atExit, inMain = nil, false
	mainMutex.Unlock()
	for _, stop := range slices.Backward(stops) {
		stop()
	}
}

// onExit registers a stop for the end of Main and says whether there is a Main that will call it.
func onExit(stop func()) bool {
	mainMutex.Lock()
	defer mainMutex.Unlock()
	if inMain {
		atExit = append(atExit, stop)
	}
	return inMain
}

// missingError says which program is absent and what brings it.
type missingError struct{ program, pkg string }

func (e missingError) Error() string {
	const text = "this test needs %q, which is not installed: install the package %q (on Debian and Ubuntu: apt-get install %s)"
	return fmt.Sprintf(text, e.program, e.pkg, e.pkg)
}

// program finds an executable in PATH or, when it is not there, by the newest match of the given glob patterns. Server
// packages put their programs outside of the PATH of ordinary users.
func program(name, pkg string, patterns ...string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	for _, pattern := range patterns {
		found, err := filepath.Glob(pattern)
		if err == nil && len(found) > 0 {
			return slices.MaxFunc(found, compareVersionPaths), nil
		}
	}
	return "", missingError{name, pkg}
}

// compareVersionPaths orders /…/9.6/… before /…/15/…, by the numbers in the paths.
func compareVersionPaths(a, b string) int { return slices.Compare(numbers(a), numbers(b)) }

func numbers(path string) []int {
	var list []int
	for _, digits := range strings.FieldsFunc(path, func(r rune) bool { return r < '0' || r > '9' }) {
		number, err := strconv.Atoi(digits)
		if err != nil {
			return nil // too long for a version
		}
		list = append(list, number)
	}
	return list
}

// freePort returns a TCP port of the loopback interface that nothing listened on a moment ago.
func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, nil
}

var errNotReady = errors.New("did not answer in time")

// waitReady asks until ready agrees, the process ends or the time is up. Servers do not tell when they listen, so asking
// is the only way.
func waitReady(p *process, ready func() bool) error {
	deadline := time.After(startLimit)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		if ready() {
			return nil
		}
		select {
		case <-p.done:
			return fmt.Errorf("%s ended at once: %v\n%s", p.name, p.err, p.log())
		case <-deadline:
			return fmt.Errorf("%s: %w\n%s", p.name, errNotReady, p.log())
		case <-tick.C:
		}
	}
}

// listens says whether something accepts connections at the address.
func listens(address string) bool {
	conn, err := net.DialTimeout("tcp", address, time.Second)
	if err != nil {
		return false
	}
	conn.Close()
	return true
}

// tail returns the end of a log file for an error message.
func tail(path string) string {
	const most = 4096
	data, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	if len(data) > most {
		data = data[len(data)-most:]
	}
	return string(data)
}
