package ldap

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/go-ldap/ldap/v3"

	"midgard/internal/connector"
)

var (
	errNoName    = errors.New("it is no distinguished name")
	errElsewhere = errors.New("it is not where the source is searched, or is not what it is searched for")
	errAmbiguous = errors.New("several entries have this identity")
)

// places are where objects of a type are found. Groups of accounts may be searched elsewhere than the list of groups.
func (s *source) places(objectType string) ([]base, error) {
	switch objectType {
	case connector.TypeAccount:
		return s.settings.accounts, nil
	case connector.TypeGroup:
		all := slices.Clone(s.settings.groups)
		for _, b := range s.settings.memberships {
			all = appendBase(all, b)
		}
		return all, nil
	}
	return nil, fmt.Errorf("an LDAP directory has no objects of type %q", objectType)
}

// find looks the object up by its native identity. What a list would not show is ErrNoSuchObject: nothing outside of the
// configured places is ever read or changed by its name.
func (s *source) find(ctx context.Context, c *session, objectType, identity string, more ...string) (entry, error) {
	places, err := s.places(objectType)
	if err != nil {
		return entry{}, err
	}
	schema := s.schemaOf(objectType)
	ask := distinct(append(more, s.settings.translator(objectType, schema).request...))
	if isNamed(schema) {
		return c.byName(ctx, places, identity, ask)
	}
	return c.byAttribute(ctx, places, schema.IdentityAttribute, identity, ask)
}

// isNamed says that the native identity of the schema's objects is their distinguished name.
func isNamed(schema connector.Schema) bool {
	key := attributeKey(schema.IdentityAttribute)
	return key == "" || key == attrDN
}

func (c *session) byName(ctx context.Context, places []base, dn string, ask []string) (entry, error) {
	if _, isName := relativeKeys(dn); !isName || dn == "" {
		return entry{}, fmt.Errorf("look for %q: %w: %w", dn, connector.ErrNoSuchObject, errNoName)
	}
	for _, b := range places {
		if !b.covers(dn) {
			continue
		}
		b.dn, b.scope = dn, ldap.ScopeBaseObject
		found, err := c.entries(ctx, b, ask)
		if err != nil {
			return entry{}, err
		}
		if len(found) == 1 {
			return found[0], nil
		}
	}
	return entry{}, fmt.Errorf("look for %q: %w: %w", dn, connector.ErrNoSuchObject, errElsewhere)
}

func (c *session) byAttribute(ctx context.Context, places []base, attribute, value string, ask []string) (entry, error) {
	var match entry
	for _, b := range places {
		found, err := c.entries(ctx, b.having(attribute, value), ask)
		if err != nil {
			return entry{}, err
		}
		for _, e := range found {
			if match.Entry != nil && nameKey(match.DN) != nameKey(e.DN) {
				return entry{}, fmt.Errorf("look for %s %q: %w: %w", attribute, value, connector.ErrRefused, errAmbiguous)
			}
			match = e
		}
	}
	if match.Entry == nil {
		return entry{}, fmt.Errorf("look for %s %q: %w", attribute, value, connector.ErrNoSuchObject)
	}
	return match, nil
}

// entries reads the few entries of one place; a place that is not there has none.
func (c *session) entries(ctx context.Context, b base, ask []string) ([]entry, error) {
	result, err := c.search(b.request(ask))
	if ldap.IsErrorWithCode(err, ldap.LDAPResultNoSuchObject) {
		return nil, nil
	}
	if err != nil {
		return nil, c.fault(ctx, fmt.Sprintf("look at %q", b.dn), err)
	}
	found := make([]entry, len(result.Entries))
	for i, e := range result.Entries {
		found[i] = indexed(e)
	}
	return found, nil
}

// having narrows the filter to entries with the value. The attribute is a name, see isAttribute; the value may be any text.
func (b base) having(attribute, value string) base {
	b.filter = fmt.Sprintf("(&%s(%s=%s))", b.filter, attribute, ldap.EscapeFilter(value))
	return b
}

// covers says whether a search of the place can find an entry of that name.
func (b base) covers(dn string) bool {
	name, isName := relativeKeys(dn)
	top, _ := relativeKeys(b.dn)
	depth := len(name) - len(top)
	if !isName || depth < 0 || !slices.Equal(name[depth:], top) {
		return false
	}
	switch b.scope {
	case ldap.ScopeBaseObject:
		return depth == 0
	case ldap.ScopeSingleLevel:
		return depth == 1
	}
	return true
}

// Read shows one account or group as a list would.
func (s *source) Read(ctx context.Context, objectType, identity string) (connector.Object, error) {
	c, err := s.settings.connect(ctx)
	if err != nil {
		return connector.Object{}, err
	}
	defer c.close()
	e, err := s.find(ctx, c, objectType, identity)
	if err != nil {
		return connector.Object{}, fmt.Errorf("read the %s: %w", objectType, err)
	}
	return s.show(ctx, c, objectType, e)
}

func (s *source) show(ctx context.Context, c *session, objectType string, e entry) (connector.Object, error) {
	t := s.settings.translator(objectType, s.schemaOf(objectType))
	object, err := t.object(e)
	if err != nil {
		return object, fmt.Errorf("read %q: %w", e.DN, err)
	}
	if t.groups == "" || s.settings.membership == membershipNone {
		return object, nil
	}
	groups, err := s.groupsOf(ctx, c, e)
	if len(groups) > 0 {
		object.Attributes[t.groups] = groups
	}
	return object, err
}

// groupsOf finds the groups of one account, as memberships.of does for all.
func (s *source) groupsOf(ctx context.Context, c *session, e entry) ([]string, error) {
	m := s.settings.newMemberships()
	if s.settings.membership != membershipMemberOf {
		found, err := s.membershipsOf(ctx, c, s.settings.memberships, e)
		if err != nil {
			return nil, err
		}
		for _, held := range found {
			m.pairs = append(m.pairs, pair{m.hash(nameKey(e.DN)), m.place(held.group)})
		}
	}
	slices.SortFunc(m.pairs, comparePairs)
	return m.of(e), nil
}

// InUse tells whether an entry where accounts are searched has the value, be it one of the source's accounts or not.
func (s *source) InUse(ctx context.Context, attribute, value string) (bool, error) {
	if attribute == "" {
		attribute = s.settings.writing.naming
	}
	c, err := s.settings.connect(ctx)
	if err != nil {
		return false, err
	}
	defer c.close()
	for _, b := range s.settings.accounts {
		b.filter = "(objectClass=*)"
		switch {
		case attributeKey(attribute) == attrDN:
			b.dn, b.scope = value, ldap.ScopeBaseObject
		case !isAttribute(attribute):
			return false, fmt.Errorf("look for %q: %w: that is no name of an attribute", attribute, connector.ErrRefused)
		default:
			b = b.having(attribute, value)
		}
		found, err := c.entries(ctx, b, []string{"1.1"})
		if err != nil || len(found) > 0 {
			return len(found) > 0, err
		}
	}
	return false, nil
}
