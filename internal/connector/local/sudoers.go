package local

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// sudoers is what the sudoers files of a host say.
type sudoers struct {
	whole   bool // every file could be read
	host    string
	aliases map[string]map[string][]string // by keyword and name; aliases may be used before they are defined
	rules   []rule
}

// rule gives some users some rights.
type rule struct {
	users  []string
	grants []grant
}

// grant is what a rule allows on some hosts.
type grant struct {
	hosts    []string
	commands []command
}

// command is one command of a grant with what was written in front of it.
type command struct {
	asUsers, asGroups []string // nil: nothing written
	noPassword        bool
	text              string // with "!" in front when it is forbidden
}

// deepestInclude is where sudo itself stops following includes.
const deepestInclude = 128

// readSudoers reads the sudoers file and what it includes.
func (h *host) readSudoers() error {
	h.sudo = &sudoers{whole: true, host: h.hostname(), aliases: map[string]map[string][]string{}}
	name, ok := h.firstOf("etc/sudoers", "usr/etc/sudoers")
	if !ok {
		return nil
	}
	return h.readSudoersFile(name, 0)
}

// readSudoersFile reads one file. One that is not for us leaves the rights unknown, silently: it is the usual case.
func (h *host) readSudoersFile(name string, depth int) error {
	var open string // a line that a backslash continues
	var start int
	err := eachLine(h.tree, name, func(number int, line string) {
		if open == "" {
			start = number
		}
		open += line
		if joined, more := strings.CutSuffix(open, `\`); more {
			open = joined + " "
			return
		}
		h.readRule(place{name, start, depth}, open)
		open = ""
	})
	if errors.Is(err, fs.ErrPermission) {
		h.sudo.whole = false
		return nil
	}
	if err == nil && open != "" {
		h.readRule(place{name, start, depth}, open)
	}
	return err
}

// place is where a rule stands.
type place struct {
	file  string
	line  int
	depth int
}

func (h *host) readRule(at place, line string) {
	err := h.follow(at, line)
	if err == errNoInclude {
		err = h.sudo.add(withoutComment(line))
	}
	if err != nil {
		h.note(at.file, at.line, err)
	}
}

// errNoInclude says that a line is something else than an include.
var errNoInclude = errors.New("is no include")

// follow reads what an include names: a file, or the files of a folder in the order of their names, except those that
// editors and package managers leave behind.
func (h *host) follow(at place, line string) error {
	words := strings.Fields(line)
	if len(words) < 2 {
		return errNoInclude
	}
	name := strings.ReplaceAll(strings.Trim(words[1], `"`), "%h", h.sudo.host)
	if !path.IsAbs(name) {
		name = path.Join(path.Dir(at.file), name)
	}
	name = strings.TrimPrefix(path.Clean(name), "/")
	switch words[0] {
	case "#include", "@include":
		return h.include(at, name)
	case "#includedir", "@includedir":
		return h.includeFolder(at, name)
	}
	return errNoInclude
}

func (h *host) include(at place, name string) error {
	if at.depth == deepestInclude {
		return fmt.Errorf("includes /%s as number %d in a row", name, deepestInclude+1)
	}
	if err := h.readSudoersFile(name, at.depth+1); err != nil {
		return fmt.Errorf("includes /%s: %w", name, err)
	}
	return nil
}

func (h *host) includeFolder(at place, name string) error {
	entries, err := fs.ReadDir(h.tree, name)
	switch {
	case errors.Is(err, fs.ErrPermission):
		h.sudo.whole = false
		return nil
	case errors.Is(err, fs.ErrNotExist): // sudo does not mind either
		return nil
	case err != nil:
		return fmt.Errorf("includes /%s: %w", name, err)
	}
	for _, entry := range entries {
		if entry.IsDir() || strings.Contains(entry.Name(), ".") || strings.HasSuffix(entry.Name(), "~") {
			continue
		}
		if err := h.include(at, path.Join(name, entry.Name())); err != nil {
			h.note(at.file, at.line, err)
		}
	}
	return nil
}

// hostname is what the tree calls itself, empty when it does not.
func (h *host) hostname() string {
	var name string
	_ = eachLine(h.tree, "etc/hostname", func(_ int, line string) { // without a name, rules for any host count
		if line = strings.TrimSpace(line); name == "" && !strings.HasPrefix(line, "#") {
			name = line
		}
	})
	return name
}

var errNotUnderstood = errors.New("is not understood; rights that it gives are missing")

// add takes a line without comment: an alias, a default or a rule.
func (s *sudoers) add(line string) error {
	line = strings.TrimSpace(line)
	keyword, rest, _ := strings.Cut(strings.ReplaceAll(line, "\t", " "), " ")
	switch {
	case line == "" || strings.HasPrefix(line, "Defaults"):
		return nil
	case slices.Contains([]string{userAlias, runasAlias, hostAlias, commandAlias}, keyword):
		return s.addAliases(keyword, rest)
	case keyword == "Cmd_Alias":
		return s.addAliases(commandAlias, rest)
	}
	parsed, err := parseRule(line)
	if err == nil {
		s.rules = append(s.rules, parsed)
	}
	return err
}

// splitMembers keeps the quotes of commands, where they belong to the arguments.
func splitMembers(keyword, members string) []string {
	if keyword != commandAlias {
		return splitNames(members)
	}
	var list []string
	for _, c := range parseCommands(members) {
		list = append(list, c.text)
	}
	return list
}

// The keywords of aliases.
const (
	userAlias    = "User_Alias"
	runasAlias   = "Runas_Alias"
	hostAlias    = "Host_Alias"
	commandAlias = "Cmnd_Alias"
)

func (s *sudoers) addAliases(keyword, definitions string) error {
	for _, definition := range splitRules(definitions) {
		name, members, ok := cut(definition, '=')
		if name = strings.TrimSpace(name); !ok || !isAlias(name) {
			return errNotUnderstood
		}
		if s.aliases[keyword] == nil {
			s.aliases[keyword] = map[string][]string{}
		}
		s.aliases[keyword][name] = splitMembers(keyword, members)
	}
	return nil
}
