package delimited

import (
	"slices"
	"strings"
)

// The words that mean yes, no and "switched off", in any case.
var (
	yesWords = words("true", "t", "yes", "y", "1", "on")
	noWords  = words("false", "f", "no", "n", "0", "off")
	offWords = words("disabled", "inactive", "deactivated", "suspended", "terminated")
)

func words(list ...string) map[string]bool {
	set := make(map[string]bool, len(list))
	for _, word := range list {
		set[word] = true
	}
	return set
}

// state is a yes-or-no property of an account that one column tells.
type state struct {
	known  bool // whether there is such a column
	column int
	yes    map[string]bool // in lower case
}

func (s state) holds(cells []string) bool {
	return s.known && s.yes[strings.ToLower(cells[s.column])]
}

// disabledWords are the names of columns that tell by themselves whether an account is disabled, in order of
// preference, with the values that mean it is. An empty cell never does.
var disabledWords = []struct {
	column string
	yes    map[string]bool
}{
	{"disabled", yesWords},
	{"enabled", noWords},
	{"status", offWords},
}

func disabledState(s stateSetting, names []string) state {
	if s.column != "" {
		return s.state(names, wordsFor(s.column))
	}
	for _, known := range disabledWords {
		if column := indexFold(names, known.column); column >= 0 {
			return state{known: true, column: column, yes: known.yes}
		}
	}
	return state{}
}

func lockedState(s stateSetting, names []string) state {
	if s.column != "" {
		return s.state(names, yesWords)
	}
	column := indexFold(names, "locked")
	return state{known: column >= 0, column: column, yes: yesWords}
}

// state follows the configured column; without a configured value, the given words count.
func (s stateSetting) state(names []string, otherwise map[string]bool) state {
	found := state{known: true, column: slices.Index(names, s.column), yes: otherwise}
	if s.value != "" {
		found.yes = words(strings.ToLower(strings.TrimSpace(s.value)))
	}
	return found
}

func wordsFor(column string) map[string]bool {
	for _, known := range disabledWords {
		if strings.EqualFold(known.column, column) {
			return known.yes
		}
	}
	return yesWords
}

func indexFold(names []string, wanted string) int {
	return slices.IndexFunc(names, func(name string) bool { return strings.EqualFold(name, wanted) })
}
