package main

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// ownUsage is the usage of this process.
func ownUsage() (usage, error) {
	var times syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &times); err != nil {
		return usage{}, fmt.Errorf("getrusage: %w", err)
	}
	u := usage{CPU: time.Duration(times.Utime.Nano() + times.Stime.Nano())}
	status, err := os.Open("/proc/self/status")
	if err != nil {
		return u, err
	}
	defer status.Close()
	// Not the maximum of getrusage: that one begins with the size of the process that started this one.
	for lines := bufio.NewScanner(status); lines.Scan(); {
		switch name, value, _ := strings.Cut(lines.Text(), ":"); name {
		case "VmHWM":
			u.Peak = kilobytes(value)
		case "RssAnon":
			u.Private = kilobytes(value)
		}
	}
	return u, nil
}

// kilobytes reads "  1234 kB".
func kilobytes(text string) int64 {
	n, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(text), " kB"), 10, 64)
	if err != nil {
		return 0
	}
	return n << 10
}

// processCPU is the CPU time of any process of this machine.
func processCPU(pid int) (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/schedstat", pid))
	if err != nil {
		return 0, err
	}
	nanoseconds, _, _ := strings.Cut(string(text), " ")
	n, err := strconv.ParseInt(nanoseconds, 10, 64)
	return time.Duration(n), err
}
