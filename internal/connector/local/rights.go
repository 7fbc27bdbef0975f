package local

import (
	"net/netip"
	"path"
	"slices"
	"strconv"
	"strings"
)

// subject is whose rights are asked for: an account with its groups, or a group on its own.
type subject struct {
	name   string
	uid    uint32
	isUser bool
	groups map[string]uint32 // ids by name
}

// rights are what sudo lets a subject do.
type rights struct {
	list       []string // sorted and unique
	everything bool     // every command as root
}

// rightsOf evaluates all rules. A right reads "ALL" or "NOPASSWD: /usr/bin/systemctl"; what a command runs as stands in
// front, as "(postgres) ", only where root is not among it; a forbidden command starts with "!".
func (s *sudoers) rightsOf(who subject) rights {
	var found rights
	for _, rule := range s.rules {
		if s.verdict(userAlias, rule.users, who.isMeant, nil) != allow {
			continue
		}
		for _, grant := range rule.grants {
			if s.verdict(hostAlias, grant.hosts, s.isHost, nil) != allow {
				continue
			}
			for _, command := range grant.commands {
				s.expand(command, nil, found.add)
			}
		}
	}
	slices.Sort(found.list)
	found.list = slices.Compact(found.list)
	return found
}

func (r *rights) add(right string, everything bool) {
	r.list = append(r.list, right)
	r.everything = r.everything || everything
}

// The outcomes of comparing something with a list.
const (
	silent = 0
	allow  = 1
	deny   = -1
)

// verdict goes through a list; the last item that fits decides. Within holds the aliases that are being looked into,
// which say nothing when they name themselves.
func (s *sudoers) verdict(aliases string, list []string, fits func(item string) bool, within []string) int {
	verdict := silent
	for _, item := range list {
		no, item := negated(item)
		found := silent
		if members, ok := s.aliases[aliases][item]; ok {
			if !slices.Contains(within, item) {
				found = s.verdict(aliases, members, fits, append(within, item))
			}
		} else if item == "ALL" || fits(item) {
			found = allow
		}
		if no {
			found = -found
		}
		if found != silent {
			verdict = found
		}
	}
	return verdict
}

// isMeant compares with one item of a user list. Netgroups and groups that only a directory knows mean nobody here.
func (who subject) isMeant(item string) bool {
	if name, ok := strings.CutPrefix(item, "%"); ok {
		for group, gid := range who.groups {
			if name == group || name == "#"+strconv.FormatUint(uint64(gid), 10) {
				return true
			}
		}
		return false
	}
	return who.isUser && (item == who.name || item == "#"+strconv.FormatUint(uint64(who.uid), 10))
}

// isHost compares with one item of a host list. Addresses and netgroups, which cannot be judged here, count as this
// host, like every name when the host has none: a right too many is seen by a person, a missing one by nobody.
func (s *sudoers) isHost(item string) bool {
	_, err := netip.ParseAddr(item)
	if s.host == "" || strings.HasPrefix(item, "+") || strings.Contains(item, "/") || err == nil {
		return true
	}
	short, _, _ := strings.Cut(s.host, ".")
	for _, name := range []string{s.host, short} {
		if ok, err := path.Match(strings.ToLower(item), strings.ToLower(name)); ok && err == nil {
			return true
		}
	}
	return false
}

// expand hands over a command, or those that an alias stands for.
func (s *sudoers) expand(c command, within []string, add func(right string, everything bool)) {
	no, text := negated(c.text)
	members, ok := s.aliases[commandAlias][text]
	if slices.Contains(within, text) {
		return
	}
	if !ok {
		add(s.right(c, no, text), text == "ALL" && !no && s.asRoot(c))
		return
	}
	for _, member := range members {
		memberNo, memberText := negated(member)
		c.text = memberText
		if memberNo != no {
			c.text = "!" + memberText
		}
		s.expand(c, append(within, text), add)
	}
}

func (s *sudoers) right(c command, no bool, text string) string {
	switch {
	case no:
		text = "!" + text
	case c.noPassword:
		text = "NOPASSWD: " + text
	}
	if s.asRoot(c) {
		return text
	}
	as := strings.Join(c.asUsers, ",")
	if len(c.asGroups) > 0 {
		as += ":" + strings.Join(c.asGroups, ",")
	}
	return clean("(" + as + ") " + text)
}

// asRoot tells whether a command may be run as root, which is what no runas list means.
func (s *sudoers) asRoot(c command) bool {
	isRoot := func(item string) bool { return item == "root" || item == "#0" }
	return c.asUsers == nil || s.verdict(runasAlias, c.asUsers, isRoot, nil) == allow
}
