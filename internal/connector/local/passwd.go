package local

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// account is a line of passwd.
type account struct {
	name, password, gecos, home, shell string
	uid, gid                           uint32
}

// group is a line of the group file.
type group struct {
	name    string
	gid     uint32
	members map[string]bool // as listed
	all     map[string]bool // existing accounts that are members, also by their primary group
}

// errAgain hides no object: the system, too, uses the first line with a name.
var errAgain = errors.New("has the name of an earlier line, which is the one that counts")

// readPasswd reads the accounts. A file without any is an error: it would look as if all accounts had gone.
func (h *host) readPasswd() error {
	seen := map[string]bool{}
	err := h.eachRecord(passwdFile, func(fields []string) error {
		account, err := parseAccount(fields)
		if err != nil {
			return err
		}
		if seen[account.name] {
			return errAgain
		}
		seen[account.name] = true
		h.accounts = append(h.accounts, account)
		return nil
	})
	if err == nil && len(h.accounts) == 0 {
		err = errors.New("there is no account in it")
	}
	return required(passwdFile, err)
}

// parseAccount does not quote fields in its errors: in a line that is out of step, any of them can be a password hash.
func parseAccount(fields []string) (account, error) {
	if len(fields) != 7 {
		return account{}, fmt.Errorf("has %d fields, not 7", len(fields))
	}
	a := account{name: fields[0], password: fields[1], gecos: fields[4], home: fields[5], shell: fields[6]}
	if err := checkName(a.name); err != nil {
		return account{}, err
	}
	var ok bool
	if a.uid, ok = parseID(fields[2]); !ok {
		return account{}, errors.New("has a user id that is not a number")
	}
	if a.gid, ok = parseID(fields[3]); !ok {
		return account{}, errors.New("has a group id that is not a number")
	}
	return a, nil
}

func parseID(text string) (uint32, bool) {
	number, err := strconv.ParseUint(text, 10, 32)
	return uint32(number), err == nil
}

// readGroup reads the groups.
func (h *host) readGroup() error {
	h.byName, h.byID = map[string]*group{}, map[uint32]*group{}
	err := h.eachRecord(groupFile, func(fields []string) error {
		parsed, err := parseGroup(fields)
		if err != nil {
			return err
		}
		if h.byName[parsed.name] != nil {
			return errAgain
		}
		h.byName[parsed.name] = parsed
		if h.byID[parsed.gid] == nil {
			h.byID[parsed.gid] = parsed
		}
		h.groups = append(h.groups, parsed)
		return nil
	})
	if err == nil && len(h.groups) == 0 {
		err = errors.New("there is no group in it")
	}
	return required(groupFile, err)
}

func parseGroup(fields []string) (*group, error) {
	if len(fields) != 4 {
		return nil, fmt.Errorf("has %d fields, not 4", len(fields))
	}
	if err := checkName(fields[0]); err != nil {
		return nil, err
	}
	gid, ok := parseID(fields[2])
	if !ok {
		return nil, errors.New("has a group id that is not a number")
	}
	g := &group{name: fields[0], gid: gid, members: map[string]bool{}, all: map[string]bool{}}
	for name := range strings.SplitSeq(fields[3], ",") {
		if name = strings.TrimSpace(name); name != "" {
			g.members[name] = true
		}
	}
	return g, nil
}

// countMembers finds the existing accounts of each group, and the groups of each account by name. Names of deleted
// accounts often stay in the group file.
func (h *host) countMembers() {
	exists := make(map[string]bool, len(h.accounts))
	for _, account := range h.accounts {
		exists[account.name] = true
		if primary := h.byID[account.gid]; primary != nil {
			primary.all[account.name] = true
		}
	}
	h.memberOf = make(map[string][]string, len(h.accounts))
	for _, name := range slices.Sorted(maps.Keys(h.byName)) {
		group := h.byName[name]
		for member := range group.members {
			if exists[member] {
				group.all[member] = true
			}
		}
		for member := range group.all {
			h.memberOf[member] = append(h.memberOf[member], name)
		}
	}
}
