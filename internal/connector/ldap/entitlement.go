package ldap

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"midgard/internal/connector"
)

var (
	errNoEntitlement = errors.New("the schema has no such entitlement attribute")
	errNoLogin       = errors.New("the group lists login names and the account has no uid")
)

// AddEntitlement makes the account a member of a group, or gives it a value of another entitlement attribute.
func (s *source) AddEntitlement(ctx context.Context, identity, attribute, value string) error {
	return s.withAccount(ctx, "add the entitlement", identity, func(c *session, e entry) error {
		return s.grant(ctx, c, e, connector.Entitlement{Attribute: attribute, Value: value})
	})
}

func (s *source) grant(ctx context.Context, c *session, e entry, given connector.Entitlement) error {
	if s.isMembership(given.Attribute) {
		m, err := s.membershipIn(ctx, c, e, given.Value)
		if err != nil {
			return fmt.Errorf("add %q to a group: %w", e.DN, err)
		}
		return c.join(ctx, m, s.settings.writing.placeholder)
	}
	return s.changeEntitlement(ctx, c, e, given, actionAdd)
}

// RemoveEntitlement ends a membership, or removes a value of another entitlement attribute. A group that may not be empty
// keeps the configured placeholder.
func (s *source) RemoveEntitlement(ctx context.Context, identity, attribute, value string) error {
	return s.withAccount(ctx, "remove the entitlement", identity, func(c *session, e entry) error {
		if !s.isMembership(attribute) {
			return s.changeEntitlement(ctx, c, e, connector.Entitlement{Attribute: attribute, Value: value}, actionRemove)
		}
		m, err := s.membershipIn(ctx, c, e, value)
		if err != nil {
			return fmt.Errorf("remove %q from a group: %w", e.DN, err)
		}
		return c.leave(ctx, m, s.settings.writing.placeholder)
	}, attribute)
}

func (s *source) isMembership(attribute string) bool {
	return attribute != "" && strings.EqualFold(attribute, s.settings.groupsIn(s.account))
}

// changeEntitlement changes an attribute of the account itself.
func (s *source) changeEntitlement(ctx context.Context, c *session, e entry, given connector.Entitlement, action string) error {
	for _, a := range s.account.Attributes {
		if strings.EqualFold(a.Name, given.Attribute) && a.Entitlement && !holdsSecrets(attributeKey(a.Name)) {
			return c.apply(ctx, e, stateChange{action, a.Name, given.Value})
		}
	}
	return fmt.Errorf("entitlement %q of %q: %w: %w", given.Attribute, e.DN, connector.ErrRefused, errNoEntitlement)
}

// membership is an account's place in a group: the attribute of the group and the account's value in it.
type membership struct{ group, attribute, member string }

// membershipIn finds the group by its native identity and how it lists its members.
func (s *source) membershipIn(ctx context.Context, c *session, e entry, group string) (membership, error) {
	g, err := s.find(ctx, c, connector.TypeGroup, group, "objectClass")
	if err != nil {
		return membership{}, err
	}
	attribute := s.settings.memberAttribute(g.texts("objectclass"))
	values := memberValues(attribute, e)
	if len(values) == 0 {
		return membership{}, fmt.Errorf("group %q: %w: %w", g.DN, connector.ErrRefused, errNoLogin)
	}
	return membership{g.DN, attribute, values[0]}, nil
}

// join adds the member and takes the placeholder out that a group without members has.
func (c *session) join(ctx context.Context, m membership, placeholder string) error {
	held := base{dn: m.group, filter: "(objectClass=*)", scope: ldap.ScopeBaseObject}
	found, err := c.entries(ctx, held.having(m.attribute, placeholder), []string{"1.1"})
	if err != nil {
		return err
	}
	if len(found) > 0 {
		request := ldap.NewModifyRequest(m.group, nil)
		request.Add(m.attribute, []string{m.member})
		request.Delete(m.attribute, []string{placeholder})
		// Otherwise one of the two is done already, which the next request sorts out.
		if err := c.modify(ctx, request); !isDone(err) {
			return err
		}
	}
	request := ldap.NewModifyRequest(m.group, nil)
	request.Add(m.attribute, []string{m.member})
	if err := c.modify(ctx, request); !isDone(err) {
		return err
	}
	return nil
}

// leave removes the member. Which classes of groups may be empty differs between directories, so the server is asked.
func (c *session) leave(ctx context.Context, m membership, placeholder string) error {
	request := ldap.NewModifyRequest(m.group, nil)
	request.Delete(m.attribute, []string{m.member})
	err := c.modify(ctx, request)
	if ldap.IsErrorWithCode(err, ldap.LDAPResultObjectClassViolation) {
		request = ldap.NewModifyRequest(m.group, nil)
		request.Add(m.attribute, []string{placeholder})
		request.Delete(m.attribute, []string{m.member})
		err = c.modify(ctx, request)
	}
	if isDone(err) {
		return nil
	}
	return err
}

// membershipsOf finds the groups in these places that list the account.
func (s *source) membershipsOf(ctx context.Context, c *session, places []base, e entry) ([]membership, error) {
	var all []membership
	for _, b := range places {
		for _, attribute := range s.settings.memberAttributes {
			for _, member := range memberValues(attribute, e) {
				groups, err := c.entries(ctx, b.having(attribute, member), []string{"1.1"})
				if err != nil {
					return nil, fmt.Errorf("find the groups of %q: %w", e.DN, err)
				}
				for _, group := range groups {
					if m := (membership{group.DN, attribute, member}); !slices.Contains(all, m) {
						all = append(all, m)
					}
				}
			}
		}
	}
	return all, nil
}

// memberValues are what a group holds in the attribute to name the account.
func memberValues(attribute string, e entry) []string {
	if attributeKey(attribute) == attributeKey(attrMemberUID) {
		return e.texts(attrUID)
	}
	return []string{e.DN}
}
