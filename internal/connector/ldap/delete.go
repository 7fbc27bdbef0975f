package ldap

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-ldap/ldap/v3"

	"midgard/internal/connector"
)

// Delete ends the account's memberships and then removes its entry. In that order a call that broke off is finished by the
// next one; after a refusal the memberships are put back.
func (s *source) Delete(ctx context.Context, identity string) error {
	c, err := s.settings.connect(ctx)
	if err != nil {
		return fmt.Errorf("delete the account: %w", err)
	}
	defer c.close()
	e, err := s.find(ctx, c, connector.TypeAccount, identity, attrUID)
	if errors.Is(err, connector.ErrNoSuchObject) {
		return s.sweep(ctx, c, identity)
	}
	if err != nil {
		return fmt.Errorf("delete the account: %w", err)
	}
	return s.remove(ctx, c, e)
}

// sweep ends the memberships of an account that is gone, where its identity tells its name. An entry that is there, but is
// none of this source's accounts, is left alone.
func (s *source) sweep(ctx context.Context, c *session, identity string) error {
	if _, isName := relativeKeys(identity); !isNamed(s.account) || !isName || !s.settings.holdsAccounts(identity) {
		return nil
	}
	found, err := c.entries(ctx, base{dn: identity, filter: "(objectClass=*)", scope: ldap.ScopeBaseObject}, []string{"1.1"})
	if err != nil {
		return err
	}
	if len(found) > 0 {
		return fmt.Errorf("delete %q: %w: %w", identity, connector.ErrNoSuchObject, errElsewhere)
	}
	attributes := map[string][]string{}
	if uid := namingValue(identity, attrUID); uid != "" {
		attributes[attrUID] = []string{uid}
	}
	_, err = s.leaveAll(ctx, c, indexed(ldap.NewEntry(identity, attributes)))
	return err
}

// holdsAccounts says whether accounts are searched where the name is.
func (s *settings) holdsAccounts(dn string) bool {
	for _, b := range s.accounts {
		if b.covers(dn) {
			return true
		}
	}
	return false
}

func (s *source) remove(ctx context.Context, c *session, e entry) error {
	left, err := s.leaveAll(ctx, c, e)
	if err == nil {
		err = c.guard(func() error { return c.conn.Del(ldap.NewDelRequest(e.DN, nil)) })
		if ldap.IsErrorWithCode(err, ldap.LDAPResultNoSuchObject) {
			return nil
		}
		err = c.refusal(ctx, fmt.Sprintf("delete %q", e.DN), err)
	}
	if !isFinal(ctx, err) {
		return err
	}
	for _, m := range left {
		if undo := c.join(ctx, m, s.settings.writing.placeholder); undo != nil {
			return fmt.Errorf("%w (and the membership in %q was not put back: %w)", err, m.group, undo)
		}
	}
	return err
}

// isFinal tells a refusal, after which the connection still works and what was begun is undone.
func isFinal(ctx context.Context, err error) bool {
	var again *connector.Retryable
	return err != nil && ctx.Err() == nil && !errors.As(err, &again)
}

// leaveAll ends every membership of the account and returns those it ended, also with an error.
func (s *source) leaveAll(ctx context.Context, c *session, e entry) ([]membership, error) {
	places, err := s.places(connector.TypeGroup)
	if err != nil {
		return nil, err
	}
	all, err := s.membershipsOf(ctx, c, places, e)
	if err != nil {
		return nil, err
	}
	var left []membership
	for _, m := range all {
		shared, err := s.isShared(ctx, c, m, e)
		if err == nil && !shared {
			err = c.leave(ctx, m, s.settings.writing.placeholder)
		}
		if err != nil {
			return left, fmt.Errorf("end the memberships of %q: %w", e.DN, err)
		}
		if !shared {
			left = append(left, m)
		}
	}
	return left, nil
}

// isShared says that the membership is by a login name that another account has too.
func (s *source) isShared(ctx context.Context, c *session, m membership, e entry) (bool, error) {
	if attributeKey(m.attribute) != attributeKey(attrMemberUID) {
		return false, nil
	}
	for _, b := range s.settings.accounts {
		found, err := c.entries(ctx, b.having(attrUID, m.member), []string{"1.1"})
		if err != nil {
			return false, err
		}
		for _, other := range found {
			if nameKey(other.DN) != nameKey(e.DN) {
				return true, nil
			}
		}
	}
	return false, nil
}
