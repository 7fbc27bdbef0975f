package aggregate

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"midgard/internal/governance"
)

// previewPage is how many accounts a preview reads at a time.
const previewPage = 500

// PreviewMappings tells what rules would change on a source, without writing anything. It looks at every account (of
// machines only, when no classification is tried), since only all of them together show which machine identities come and
// go; its memory grows with the number of machine identities that would lose accounts.
func (s *Service) PreviewMappings(ctx context.Context, from governance.Source, request governance.PreviewRequest) (governance.Preview, error) {
	set := governance.MappingSet{}
	var err error
	if request.Mappings != nil {
		set = *request.Mappings
		err = s.try(ctx, from, request.AdministeredBy, set.Mappings)
	} else {
		set, err = s.store.Mappings(ctx, from.ID)
	}
	if err != nil {
		return governance.Preview{}, err
	}
	p := &preview{Service: s, request: request, source: from, leaving: map[string]*tally{}, arriving: map[string]*tally{}, spoken: map[string]bool{}}
	p.Rows = []governance.PreviewRow{}
	if request.Mappings != nil || len(set.Mappings) > 0 {
		m, err := s.storedMapper(ctx, from.ID, set)
		if err != nil {
			return governance.Preview{}, err
		}
		p.mapper = m
	}
	for after := ""; ; {
		page, next, err := s.store.AccountsAfter(ctx, from.ID, request.Classification == nil, after, previewPage)
		if err != nil {
			return governance.Preview{}, err
		}
		if err := p.look(ctx, page); err != nil {
			return governance.Preview{}, err
		}
		if after = next; next == "" {
			break
		}
	}
	p.sum()
	return p.Preview, nil
}

// try sees to it that tried mappings are sound; errors name their place in the request.
func (s *Service) try(ctx context.Context, from governance.Source, administeredBy string, mappings []governance.AttributeMapping) error {
	find, err := s.findTransforms(ctx)
	if err != nil {
		return err
	}
	return s.check(ctx, from, administeredBy, mappings, find, func(i int, part string) string { return "mappings" + mappingPath(i, part) })
}

// preview is a preview at work.
type preview struct {
	*Service
	governance.Preview
	request governance.PreviewRequest
	source  governance.Source
	mapper  *mapper

	leaving  map[string]*tally // machine identities that lose accounts, by id
	arriving map[string]*tally // those that get some, by id or by what calls for a new one
	spoken   map[string]bool   // machine identities whose oldest account has been looked at
}

// tally counts the accounts of a machine identity. A new one has no Membership.
type tally struct {
	governance.Membership
	moved int64
}

// comparison is an account before and after, with the machine identity that it would belong to: an id, or a text for a new
// one.
type comparison struct {
	before, after governance.Account
	identity      string
	problems      []string
}

func (p *preview) look(ctx context.Context, page []governance.Account) error {
	list := make([]comparison, len(page))
	for i := range page {
		list[i] = comparison{before: page[i], after: page[i]}
		p.classify(&list[i].after)
	}
	if err := p.tryMapping(ctx, list); err != nil {
		return err
	}
	if err := p.place(ctx, list); err != nil {
		return err
	}
	members, err := p.members(ctx, list)
	if err != nil {
		return err
	}
	for i := range list {
		p.compare(&list[i], members)
	}
	return nil
}

func (p *preview) classify(a *governance.Account) {
	if p.request.Classification == nil || !Decide(p.request.Classification, governance.ModeDefault, a) {
		return
	}
	if a.Machine {
		a.Identity, a.IdentityState = governance.Reference{}, ""
	} else {
		a.Take(governance.Mapped{})
	}
}

func (p *preview) tryMapping(ctx context.Context, list []comparison) error {
	if p.mapper == nil {
		return nil
	}
	var machines []*governance.Account
	var at []int
	for i := range list {
		if list[i].after.Machine {
			machines, at = append(machines, &list[i].after), append(at, i)
		}
	}
	problems, err := p.store.TryMapping(ctx, p.mapper, machines)
	for k, i := range at {
		if err == nil {
			list[i].problems = problems[k]
		}
	}
	return err
}

// place finds the machine identity that each account would belong to, by the rules of the store.
func (p *preview) place(ctx context.Context, list []comparison) error {
	var natives []string
	for i := range list {
		natives = append(natives, list[i].after.SharedIdentity())
	}
	there, err := p.store.SharedIdentities(ctx, p.source.ID, natives)
	if err != nil {
		return err
	}
	for i := range list {
		c := &list[i]
		native := c.after.SharedIdentity()
		switch {
		case !c.after.Machine:
			c.after.MachineIdentity = governance.Reference{}
		case native != "" && there[i].Set():
			c.after.MachineIdentity = there[i].Reference
		case native != "":
			c.after.MachineIdentity = governance.Reference{ID: "shared " + there[i].Key, Name: governance.DerivedMachineIdentity(&c.after).Name}
		case !c.after.MachineIdentity.Set() || c.before.SharedIdentity() != "" && !c.after.ManuallyCorrelated:
			c.after.MachineIdentity = governance.Reference{ID: "own " + c.after.ID, Name: governance.DerivedMachineIdentity(&c.after).Name}
		}
		c.identity = c.after.MachineIdentity.ID
	}
	return nil
}

// members reads about the machine identities that are there and that the accounts belong to or would.
func (p *preview) members(ctx context.Context, list []comparison) (map[string]governance.Membership, error) {
	var ids []string
	for i := range list {
		for _, id := range []string{list[i].before.MachineIdentity.ID, list[i].identity} {
			if id != "" && !strings.Contains(id, " ") {
				ids = append(ids, id)
			}
		}
	}
	slices.Sort(ids)
	return p.store.Membership(ctx, slices.Compact(ids))
}

func (p *preview) compare(c *comparison, members map[string]governance.Membership) {
	p.Counts.Read++
	p.move(c, members)
	row := governance.PreviewRow{ID: c.before.ID, Name: c.before.Name, NativeIdentity: c.before.NativeIdentity, Changes: p.changes(c, members), Problems: c.problems}
	p.Counts.Problems += int64(len(c.problems))
	if len(row.Changes) > 0 {
		p.Counts.Changed++
	}
	if len(row.Changes)+len(row.Problems) == 0 {
		return
	}
	if p.Total++; p.Total > int64(p.request.Offset) && len(p.Rows) < p.request.Limit {
		if row.Problems == nil {
			row.Problems = []string{}
		}
		p.Rows = append(p.Rows, row)
	}
}

// move counts an account that changes sides or its machine identity.
func (p *preview) move(c *comparison, members map[string]governance.Membership) {
	switch {
	case c.after.Machine && !c.before.Machine:
		p.Counts.BecomeMachine++
	case !c.after.Machine && c.before.Machine:
		p.Counts.BecomeHuman++
	}
	from := c.before.MachineIdentity.ID
	if from == c.identity {
		return
	}
	count(p.leaving, from, members)
	count(p.arriving, c.identity, members)
}

func count(tallies map[string]*tally, id string, members map[string]governance.Membership) {
	if id == "" {
		return
	}
	if tallies[id] == nil {
		tallies[id] = &tally{Membership: members[id]}
	}
	tallies[id].moved++
}

// sum settles what only all accounts together show.
func (p *preview) sum() {
	left := func(t *tally, id string) int64 {
		n := t.Accounts
		if l := p.leaving[id]; l != nil {
			n -= l.moved
		}
		if a := p.arriving[id]; a != nil {
			n += a.moved
		}
		return n
	}
	for id, t := range p.leaving {
		if t.Accounts > 1 {
			p.Counts.Split += t.moved
		}
		if left(t, id) == 0 && !t.ManuallyCreated {
			p.Counts.IdentitiesRemoved++
		}
	}
	for id, t := range p.arriving {
		if t.ID == "" {
			p.Counts.IdentitiesMade++
		}
		if left(t, id) > 1 {
			p.Counts.Joined += t.moved
		}
	}
}

// changes lists what differs, and counts it.
func (p *preview) changes(c *comparison, members map[string]governance.Membership) []governance.PreviewChange {
	d := differences{list: []governance.PreviewChange{}}
	d.add("isMachine", yes(c.before.Machine), yes(c.after.Machine))
	d.add("machineIdentity", c.before.MachineIdentity.Name, c.after.MachineIdentity.Name)
	if c.before.Owner.ID != c.after.Owner.ID {
		p.countOwner(c)
		d.add("ownerIdentity", c.before.Owner.Name, c.after.Owner.Name)
	}
	before := len(d.list)
	d.add("subtype", c.before.Subtype, c.after.Subtype)
	d.add("description", c.before.Description, c.after.Description)
	d.add("environment", c.before.Environment, c.after.Environment)
	d.addMaps("attributes.", c.before.Attributes, c.after.Attributes)
	p.identityChanges(&d, c, members)
	p.Counts.AttributesChanged += int64(len(d.list) - before)
	return d.list
}

// identityChanges adds what the account would change of the machine identity that it stays in and speaks for.
func (p *preview) identityChanges(d *differences, c *comparison, members map[string]governance.Membership) {
	first := !p.spoken[c.identity]
	p.spoken[c.identity] = true
	m := members[c.identity]
	if !first || m.ID == "" || m.ManuallyCreated || m.ManuallyEdited || c.before.MachineIdentity.ID != c.identity || c.after.ManuallyCorrelated {
		return
	}
	was, is := governance.DerivedMachineIdentity(&c.before), governance.DerivedMachineIdentity(&c.after)
	d.add("machineIdentity.name", was.Name, is.Name)
	d.add("machineIdentity.subtype", was.Subtype, is.Subtype)
	d.add("machineIdentity.description", was.Description, is.Description)
	d.add("machineIdentity.environment", was.Environment, is.Environment)
	d.addMaps("machineIdentity.attributes.", was.Attributes, is.Attributes)
}

func (p *preview) countOwner(c *comparison) {
	switch {
	case !c.before.Owner.Set():
		p.Counts.OwnersGained++
	case !c.after.Owner.Set():
		p.Counts.OwnersLost++
	default:
		p.Counts.OwnersChanged++
	}
}

// differences collects changes.
type differences struct{ list []governance.PreviewChange }

func (d *differences) add(attribute, before, after string) {
	if before != after {
		d.list = append(d.list, governance.PreviewChange{Attribute: attribute, Before: pointer(before), After: pointer(after)})
	}
}

func (d *differences) addMaps(prefix string, before, after json.RawMessage) {
	was, is := members(before), members(after)
	all := maps.Clone(was)
	maps.Copy(all, is)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		d.add(prefix+name, was[name], is[name])
	}
}

// members gives the members of a JSON object as texts.
func members(raw json.RawMessage) map[string]string {
	texts := map[string]string{}
	var object map[string]json.RawMessage
	if len(raw) == 0 || json.Unmarshal(raw, &object) != nil {
		return texts
	}
	for name, value := range object {
		var text string
		if json.Unmarshal(value, &text) != nil {
			text = string(value)
		}
		texts[name] = text
	}
	return texts
}

func pointer(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func yes(b bool) string {
	if b {
		return "true"
	}
	return "false"
}
