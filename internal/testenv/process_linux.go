package testenv

import "syscall"

// attributes puts the child into its own process group and has the kernel signal it when this process dies in any way,
// a panic or SIGKILL included.
func attributes(user *syscall.Credential, deathSig syscall.Signal) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Credential: user, Pdeathsig: deathSig}
}

func killGroup(pid int) { _ = syscall.Kill(-pid, syscall.SIGKILL) }
