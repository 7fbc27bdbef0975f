//go:build unix && !linux

package testenv

import "syscall"

// attributes puts the child into its own process group. These systems have no death signal: a server survives a test
// process that is killed.
func attributes(user *syscall.Credential, _ syscall.Signal) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Credential: user}
}

func killGroup(pid int) { _ = syscall.Kill(-pid, syscall.SIGKILL) }
