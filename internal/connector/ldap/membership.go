package ldap

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"slices"
	"sort"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"midgard/internal/connector"
)

// memberships knows the groups of every account from the groups' side. A member is kept as a hash, not as a name: two of
// a million names share one of 64 bits with a probability of 1 in 40 million, and nobody can choose names that do, since
// each list has its own seed.
type memberships struct {
	settings *settings
	seed     maphash.Seed
	loaded   bool
	names    []string          // of groups, as the server spells them
	byName   map[uint64]uint32 // hash of a group's name key to its place in names
	pairs    []pair            // sorted
}

type pair struct {
	member uint64
	group  uint32
}

func comparePairs(a, b pair) int {
	return cmp.Or(cmp.Compare(a.member, b.member), cmp.Compare(a.group, b.group))
}

// membershipAttributes lists what an account must be asked for to find its groups.
func (s *settings) membershipAttributes() []string {
	switch s.membership {
	case membershipMemberOf:
		return []string{attrMemberOf}
	case membershipGroups:
		return []string{attrUID}
	case membershipAuto:
		return []string{attrMemberOf, attrUID}
	}
	return nil
}

func (s *settings) newMemberships() *memberships {
	return &memberships{settings: s, seed: maphash.MakeSeed(), byName: map[uint64]uint32{}}
}

// load reads all groups on a connection of its own. Only the first call does so.
func (m *memberships) load(ctx context.Context, sink connector.Sink) error {
	fromGroups := m.settings.membership == membershipAuto || m.settings.membership == membershipGroups
	if m.loaded || !fromGroups {
		return nil
	}
	session, err := m.settings.connect(ctx)
	if err != nil {
		return err
	}
	defer session.close()
	for _, b := range m.settings.memberships {
		err := session.pages(ctx, b, m.settings.memberAttributes, m.settings.pageSize, func(item ldap.Response) error {
			return m.add(ctx, item, sink)
		})
		if err != nil {
			return fmt.Errorf("read the members of groups: %w", err)
		}
	}
	slices.SortFunc(m.pairs, comparePairs)
	m.pairs = slices.Compact(m.pairs)
	m.loaded = true
	return nil
}

var errPartialMembers = errors.New("the server gave only a part of the members; set groupMembership to memberOf")

func (m *memberships) add(ctx context.Context, item ldap.Response, sink connector.Sink) error {
	group := item.Entry()
	if group == nil {
		return nil // a referral, which the list of groups reports
	}
	place := m.place(group.DN)
	for _, a := range group.Attributes {
		if strings.Contains(strings.ToLower(a.Name), ";range=") {
			if err := sink.Fail(ctx, group.DN, errPartialMembers); err != nil {
				return err
			}
		}
		for _, member := range a.Values {
			m.pairs = append(m.pairs, pair{m.hash(memberKey(member)), place})
		}
	}
	return nil
}

// place returns the number of a group; overlapping searches find the same group twice.
func (m *memberships) place(dn string) uint32 {
	hash := m.hash(nameKey(dn))
	if place, known := m.byName[hash]; known {
		return place
	}
	place := uint32(len(m.names))
	m.names = append(m.names, dn)
	m.byName[hash] = place
	return place
}

func (m *memberships) hash(key string) uint64 { return maphash.String(m.seed, key) }

// memberKey folds a member: a distinguished name, perhaps with the unique identifier that uniqueMember allows after a
// "#", or a login name.
func memberKey(member string) string {
	if !strings.Contains(member, "=") {
		return loginKey(member)
	}
	if at := strings.LastIndex(member, "#'"); at > 0 && strings.HasSuffix(member, "'B") {
		member = member[:at]
	}
	return nameKey(member)
}

// loginKey cannot equal a name key, which never begins with this byte.
func loginKey(uid string) string { return "\x03" + strings.ToLower(uid) }

// of returns the names of the account's groups, sorted; nil when it has none. A group that both sides name has the
// spelling of its own entry.
func (m *memberships) of(e entry) []string {
	var names []string
	keys := []string{nameKey(e.DN)}
	for _, uid := range e.texts(attrUID) {
		keys = append(keys, loginKey(uid))
	}
	for _, key := range keys {
		for _, place := range m.find(m.hash(key)) {
			names = append(names, m.names[place.group])
		}
	}
	if m.settings.membership != membershipGroups {
		names = append(names, m.spelled(e.texts(attributeKey(attrMemberOf)))...)
	}
	for i, name := range names {
		names[i] = clean(name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (m *memberships) find(member uint64) []pair {
	first := sort.Search(len(m.pairs), func(i int) bool { return m.pairs[i].member >= member })
	last := first
	for last < len(m.pairs) && m.pairs[last].member == member {
		last++
	}
	return m.pairs[first:last]
}

func (m *memberships) spelled(memberOf []string) []string {
	names := make([]string, len(memberOf))
	for i, name := range memberOf {
		names[i] = name
		if place, known := m.byName[m.hash(nameKey(name))]; known {
			names[i] = m.names[place]
		}
	}
	return names
}
