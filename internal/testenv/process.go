//go:build unix

package testenv

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// process is a server that this test process started and must not outlive it.
type process struct {
	name    string
	cmd     *exec.Cmd
	logPath string
	done    chan struct{} // closed after err is set
	err     error
}

// command describes a process to start.
type command struct {
	path     string
	args     []string
	dir      string
	logPath  string
	user     *syscall.Credential // nil: the same user
	deathSig syscall.Signal      // sent by the kernel, where it can, when this test process dies
}

// startProcess starts the command in a process group of its own, so that stopping it reaches its children too. Output
// goes to a file rather than a pipe: a pipe held open by a grandchild would keep Wait from returning.
func startProcess(c command) (*process, error) {
	out, err := os.Create(c.logPath)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", c.path, err)
	}
	defer out.Close()
	cmd := exec.Command(c.path, c.args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = c.dir, out, out
	cmd.SysProcAttr = attributes(c.user, c.deathSig)
	p := &process{name: c.path, cmd: cmd, logPath: c.logPath, done: make(chan struct{})}
	started := make(chan error)
	go p.run(started)
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", c.path, err)
	}
	return p, nil
}

// run starts the command and waits for its end on one operating system thread: the kernel sends the death signal when the
// starting thread ends, not when the whole process does, and Go may end idle threads.
func (p *process) run(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := p.cmd.Start(); err != nil {
		started <- err
		return
	}
	started <- nil
	p.err = p.cmd.Wait()
	close(p.done)
}

// stop asks the process to end, and ends its whole group when it has not after ten seconds.
func (p *process) stop(sig syscall.Signal) {
	select {
	case <-p.done:
		return
	default:
	}
	if err := p.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		p.kill()
		return
	}
	select {
	case <-p.done:
	case <-time.After(10 * time.Second):
		p.kill()
	}
}

// kill ends the process group without asking.
func (p *process) kill() {
	killGroup(p.cmd.Process.Pid)
	<-p.done
}

func (p *process) log() string { return tail(p.logPath) }
