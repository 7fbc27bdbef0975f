package local

import (
	"fmt"
	"path"
	"strconv"
	"strings"
)

// limits are the ranges of user ids from login.defs.
type limits struct {
	regularMin, regularMax, systemMin uint32
}

// The ids that mean nobody: the kernel's overflow id and the largest id of 16 bits.
const nobody, noID = 65534, 65535

// readLimits reads login.defs. Where it is silent, the defaults of the programs that read it hold, except that system
// accounts start at 100 and not 101: Debian's adduser, which makes them there, does not read the file.
func (h *host) readLimits() error {
	h.limits = limits{regularMin: 1000, regularMax: 60000, systemMin: 100}
	keys := map[string]*uint32{
		"UID_MIN": &h.limits.regularMin, "UID_MAX": &h.limits.regularMax, "SYS_UID_MIN": &h.limits.systemMin,
	}
	name, ok := h.firstOf("etc/login.defs", "usr/etc/login.defs")
	if !ok {
		return nil
	}
	return optional(eachLine(h.tree, name, func(number int, line string) {
		words := strings.Fields(line)
		if len(words) < 2 || keys[words[0]] == nil {
			return
		}
		value, err := strconv.ParseUint(words[1], 0, 32) // 0: octal and hexadecimal are allowed there
		if err != nil {
			h.note(name, number, fmt.Errorf("gives %s a value that is not a number", words[0]))
			return
		}
		*keys[words[0]] = uint32(value)
	}))
}

// The types of accounts.
const (
	typeRoot    = "root"
	typeSystem  = "system"
	typeService = "service"
	typeHuman   = "human"
)

// accountType judges by user id and shell; the package comment gives the rule.
func (l limits) accountType(uid uint32, login bool) string {
	switch {
	case uid == 0:
		return typeRoot
	case uid == nobody || uid == noID:
		return typeSystem
	case uid < l.systemMin && uid < l.regularMin:
		return typeSystem
	case uid < l.regularMin:
		return typeService
	case uid > l.regularMax && uid <= noID:
		return typeSystem
	case login:
		return typeHuman
	}
	return typeService
}

// The file names of shells that let somebody in, and of those that do not even when a host lists them.
var (
	commonShells = words("sh", "ash", "bash", "csh", "dash", "fish", "ksh", "mksh", "tcsh", "zsh")
	closedShells = words("nologin", "false", "true", "null", "sync", "shutdown", "halt", "poweroff", "reboot")
)

func words(list ...string) map[string]bool {
	set := make(map[string]bool, len(list))
	for _, word := range list {
		set[word] = true
	}
	return set
}

// readShells reads the file names of the host's own shells. Folders do not count: /bin and /usr/bin are often the same.
func (h *host) readShells() error {
	h.shells = map[string]bool{}
	name, ok := h.firstOf("etc/shells", "usr/etc/shells")
	if !ok {
		return nil
	}
	return optional(eachLine(h.tree, name, func(_ int, line string) {
		line, _, _ = strings.Cut(line, "#")
		if line = strings.TrimSpace(line); line != "" {
			h.shells[path.Base(line)] = true
		}
	}))
}

func allowsLogin(shell string, listed map[string]bool) bool {
	if shell == "" {
		return true
	}
	name := path.Base(shell)
	return !closedShells[name] && (commonShells[name] || listed[name])
}
