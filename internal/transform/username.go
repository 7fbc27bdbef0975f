package transform

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"midgard/internal/governance"
)

// uniqueCounter is the variable of a pattern that is empty at first and then counts from 1.
const uniqueCounter = "uniqueCounter"

// maxUsernamePatterns is how many patterns there may be: more than can be tried are of no use.
const maxUsernamePatterns = MaxUsernameChecks

// usernameGenerator is the first value by its patterns that is not taken.
type usernameGenerator struct{ patterns []usernamePattern }

type usernamePattern struct {
	template
	counts bool // it has the counter
	ends   bool // the counter is at its end, and is kept when the value is cut
}

func buildUsernameGenerator(a *attributes) operation {
	t, own := &usernameGenerator{}, map[string]operand{}
	list := a.elements("patterns")
	if len(list) > maxUsernamePatterns {
		a.wrong(governance.Fail(governance.Limit, a.field("patterns"), "Field '%s' has %d elements; at most %d are allowed.", a.field("patterns"), len(list), maxUsernamePatterns))
	}
	for i, raw := range list {
		if a.err != nil {
			return nil
		}
		path := element(a.field("patterns"), i)
		text, _ := stringOf(raw)
		if text == "" {
			a.wrong(wrongType(path, "a string that is not empty"))
			return nil
		}
		p := a.usernamePattern(path, text, own)
		if p.counts && i < len(list)-1 {
			a.illegalAt(path, "a pattern with ${uniqueCounter} must be the last, since it never gives way to another")
		}
		t.patterns = append(t.patterns, p)
	}
	a.c.needs.unique, a.c.needs.fresh = true, true
	a.c.needs.checksSource = a.boolean("sourceCheck", false) || a.c.needs.checksSource
	return t
}

func (a *attributes) usernamePattern(path, text string, own map[string]operand) usernamePattern {
	p := usernamePattern{template: a.template(path, text, own)}
	p.counts = p.text != nil && slices.Contains(p.text.Variables(), uniqueCounter)
	p.ends = strings.HasSuffix(text, "${uniqueCounter}") || strings.HasSuffix(text, "$uniqueCounter")
	return p
}

func (t *usernameGenerator) apply(r *run, in Value) (Value, error) {
	if r.Exists == nil {
		return Null(), notOffered("usernameGenerator, which belongs to policies that create accounts,")
	}
	s := search{run: r, in: in, size: r.UsernameSize, checks: r.UsernameChecks}
	if s.size <= 0 {
		s.size = MaxText
	}
	if s.checks <= 0 || s.checks > MaxUsernameChecks {
		s.checks = MaxUsernameChecks
	}
	for i := range t.patterns {
		value, err := s.try(&t.patterns[i])
		if err != nil || value.Valid {
			return value, err
		}
	}
	if s.tried == 0 {
		return Null(), fail("no pattern can be used: variable $%s has no value", s.missing)
	}
	return Null(), s.exhausted()
}

// search is one run of usernameGenerator.
type search struct {
	run          *run
	in           Value
	size, checks int // the limits
	tried        int
	missing      string
}

// try takes a pattern until it gives a free value or has no more; then the outcome is null.
func (s *search) try(p *usernamePattern) (Value, error) {
	for count := 0; count == 0 || p.counts; count++ {
		candidate, err := s.candidate(p, count)
		if err != nil || candidate == "" {
			return Null(), err
		}
		if s.tried == s.checks {
			return Null(), s.exhausted()
		}
		s.tried++
		taken, err := s.run.Exists(candidate)
		if err != nil {
			return Null(), fmt.Errorf("check whether %q is taken: %w", candidate, err)
		}
		if !taken {
			return Text(candidate), nil
		}
	}
	return Null(), nil
}

func (s *search) exhausted() error {
	return &fault{governance.Limit, fmt.Sprintf("no value is free: %d were tried", s.tried)}
}

// candidate is what a pattern gives, cut to the size; empty when a variable has no value.
func (s *search) candidate(p *usernamePattern, count int) (string, error) {
	counter := ""
	if count > 0 {
		counter = strconv.Itoa(count)
	}
	text, err := s.filled(p, counter)
	if err != nil || text == "" || length(text) <= s.size {
		return text, err
	}
	if !p.ends || len(counter) >= s.size {
		return beginning(text, s.size), nil
	}
	return beginning(strings.TrimSuffix(text, counter), s.size-len(counter)) + counter, nil
}

func (s *search) filled(p *usernamePattern, counter string) (string, error) {
	if p.text == nil {
		return p.constant, nil
	}
	f := filling{run: s.run, in: s.in, own: p.own, extra: namedValue{uniqueCounter, Text(counter)}}
	value, err := f.render(&p.template)
	if err != nil || f.missing == "" {
		return value.Text, err
	}
	s.missing = f.missing
	return "", nil
}
