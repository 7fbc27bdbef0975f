package config

import (
	"fmt"
	"sort"
	"strings"
)

// Problem is one fault of the configuration.
type Problem struct {
	Setting string // the key, or the unknown name that was used
	Origin  string // where the value stands; empty when it concerns no single place
	Reason  string // completes "setting …"; never holds a secret
}

func (p Problem) String() string {
	if p.Origin == "" {
		return p.Setting + " " + p.Reason
	}
	return fmt.Sprintf("%s (%s) %s", p.Setting, p.Origin, p.Reason)
}

// Problems is the error of Load: all faults at once, so that one round of repair is enough.
type Problems []Problem

func (p Problems) Error() string {
	if len(p) == 1 {
		return "configuration: " + p[0].String()
	}
	lines := make([]string, 0, len(p)+1)
	lines = append(lines, fmt.Sprintf("configuration: %d problems", len(p)))
	for _, one := range p {
		lines = append(lines, "  "+one.String())
	}
	return strings.Join(lines, "\n")
}

func (p *Problems) add(setting, origin, reason string) {
	*p = append(*p, Problem{Setting: setting, Origin: origin, Reason: reason})
}

func (p Problems) has(setting string) bool {
	for _, one := range p {
		if one.Setting == setting {
			return true
		}
	}
	return false
}

// err is nil without problems. Flags come from a map, hence the order by name; the sort is stable to keep the layers of
// one setting in their order.
func (p Problems) err() error {
	if len(p) == 0 {
		return nil
	}
	sort.SliceStable(p, func(i, j int) bool { return p[i].Setting < p[j].Setting })
	return p
}
