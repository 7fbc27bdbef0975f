package config

import (
	"maps"
	"path/filepath"
	"slices"
)

// Load reads the defaults, then the YAML file, then the environment, then the flags; what comes later wins. path may be
// empty: then MIDGARD_CONFIG names the file, and without it there is none. env is os.Getenv or a stand-in; an empty
// variable counts as absent. flags maps flag names (without dashes) to the values given on the command line.
//
// The error is Problems and lists every fault of every layer, also of values that a later layer replaces.
func Load(path string, env func(string) string, flags map[string]string) (Config, error) {
	l := loader{config: Config{origins: map[string]string{}}}
	l.defaults()
	if path == "" {
		path = env(FileEnv)
	}
	if path != "" {
		l.file(path)
	}
	for _, s := range table {
		if value := env(s.Env()); value != "" {
			l.set(s, value, s.Env())
		}
	}
	l.flags(flags)
	l.derive()
	l.check()
	return l.config, l.problems.err()
}

type loader struct {
	config   Config
	problems Problems
}

func (l *loader) defaults() {
	for _, s := range table {
		if s.Default != "" {
			l.set(s, s.Default, originDefault)
		}
	}
}

func (l *loader) set(s Setting, value, origin string) {
	if err := s.set(&l.config, value); err != nil {
		l.problems.add(s.Key, origin, err.Error())
		return
	}
	l.config.origins[s.Key] = origin
}

func (l *loader) flags(given map[string]string) {
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if s, ok := settingOfFlag(name); ok {
			l.set(s, given[name], "--"+name)
			continue
		}
		l.problems.add("--"+name, "", "is not a setting")
	}
}

// derive fills in the paths that follow from the data folder.
func (l *loader) derive() {
	c := &l.config
	if c.FileRoot == "" {
		c.FileRoot = filepath.Join(c.Data, "files")
	}
	if c.SecretKeyFile == "" {
		c.SecretKeyFile = filepath.Join(c.Data, "secrets.json")
	}
}

// check judges what concerns two settings at once.
func (l *loader) check() {
	l.together("tlsCert", "tlsKey")
	l.together("bootstrapClientId", "bootstrapClientSecret")
	l.together("mail.host", "mail.from")
	l.together("mail.user", "mail.password")
}

func (l *loader) together(first, second string) {
	a, _ := settingOf(first)
	b, _ := settingOf(second)
	if l.problems.has(first) || l.problems.has(second) {
		return
	}
	switch haveA, haveB := a.get(&l.config) != "", b.get(&l.config) != ""; {
	case haveA && !haveB:
		l.problems.add(second, "", "must be set because "+first+" is")
	case haveB && !haveA:
		l.problems.add(first, "", "must be set because "+second+" is")
	}
}
