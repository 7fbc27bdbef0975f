//go:build !linux

package main

import (
	"errors"
	"time"
)

var errNotLinux = errors.New("the bench needs Linux, which tells what a process uses")

func ownUsage() (usage, error) { return usage{}, errNotLinux }

func processCPU(int) (time.Duration, error) { return 0, errNotLinux }
