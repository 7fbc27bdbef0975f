package ldap

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/go-ldap/ldap/v3"

	"midgard/internal/connector"
)

// attrCreator holds who made an entry.
const attrCreator = "creatorsName"

// Create adds the entry, then sets its password, then its memberships. When one of these is refused, what was done is
// taken back.
func (s *source) Create(ctx context.Context, request connector.CreateRequest) (connector.Object, error) {
	d, err := s.draft(request)
	if err != nil {
		return connector.Object{}, fmt.Errorf("create the account: %w", err)
	}
	c, err := s.settings.connect(ctx)
	if err != nil {
		return connector.Object{}, fmt.Errorf("create the account: %w", err)
	}
	defer c.close()
	held, err := s.add(ctx, c, d)
	if errors.Is(err, connector.ErrExists) {
		return s.resume(ctx, c, d, held, request)
	}
	if err != nil {
		return connector.Object{}, err
	}
	return s.finish(ctx, c, d, request)
}

// add makes the entry. With ErrExists it returns the name of the entry in the way. Only names are unique by themselves, so
// another native identity is looked for first.
func (s *source) add(ctx context.Context, c *session, d *draft) (string, error) {
	if !isNamed(s.account) {
		held, err := s.find(ctx, c, connector.TypeAccount, d.identity)
		if err == nil {
			return held.DN, connector.ErrExists
		}
		if !errors.Is(err, connector.ErrNoSuchObject) {
			return "", fmt.Errorf("create the account: %w", err)
		}
	}
	err := c.guard(func() error { return c.conn.Add(d.request()) })
	return d.dn, c.refusal(ctx, fmt.Sprintf("create %q", d.dn), err)
}

// resume deals with an account that is there: a resumed request whose work it can be is finished, any other is told.
func (s *source) resume(ctx context.Context, c *session, d *draft, dn string, request connector.CreateRequest) (connector.Object, error) {
	e, err := c.byName(ctx, s.settings.accounts, dn, distinct(append(d.names(), s.asked()...)))
	if errors.Is(err, connector.ErrNoSuchObject) { // in the way, and none of this source's accounts
		return connector.Object{}, fmt.Errorf("create %q: %w, which is not what the source is searched for", dn, connector.ErrExists)
	}
	if err != nil {
		return connector.Object{}, fmt.Errorf("create %q: %w", dn, err)
	}
	differs := d.differs(e)
	if s.madeByOther(e) {
		differs = append(differs, attrCreator)
	}
	if request.Resume && len(differs) == 0 && nameKey(dn) == nameKey(d.dn) {
		return s.finish(ctx, c, d, request)
	}
	object, err := s.show(ctx, c, connector.TypeAccount, e)
	if err != nil {
		return object, err
	}
	slices.Sort(differs)
	return object, fmt.Errorf("create the account: %w", &connector.ExistsError{Identity: object.Identity, Differs: differs})
}

func (s *source) asked() []string {
	return append(s.settings.translator(connector.TypeAccount, s.account).request, "objectClass", attrCreator)
}

// madeByOther says that the server knows another account than ours to have made the entry.
func (s *source) madeByOther(e entry) bool {
	creators := e.texts(attributeKey(attrCreator))
	if _, isName := relativeKeys(s.settings.user); !s.settings.bind || !isName || len(creators) == 0 {
		return false
	}
	return nameKey(creators[0]) != nameKey(s.settings.user)
}

// finish does what follows the entry. After a failure that may pass, a resumed request goes on here.
func (s *source) finish(ctx context.Context, c *session, d *draft, request connector.CreateRequest) (connector.Object, error) {
	object, err := s.complete(ctx, c, d, request.Entitlements)
	if !isFinal(ctx, err) {
		return object, err
	}
	made := indexed(ldap.NewEntry(d.dn, map[string][]string{attrUID: d.values(attrUID)}))
	if undo := s.remove(ctx, c, made); undo != nil {
		return connector.Object{}, fmt.Errorf("%w (and the entry %q that was made could not be taken back: %w)", err, d.dn, undo)
	}
	return connector.Object{}, err
}

func (s *source) complete(ctx context.Context, c *session, d *draft, entitlements []connector.Entitlement) (connector.Object, error) {
	e, err := c.byName(ctx, s.settings.accounts, d.dn, s.asked())
	if errors.Is(err, connector.ErrNoSuchObject) {
		return connector.Object{}, fmt.Errorf("create %q: %w: accounts are not searched there, or not with these object classes",
			d.dn, connector.ErrRefused)
	}
	if err != nil {
		return connector.Object{}, fmt.Errorf("create %q: %w", d.dn, err)
	}
	if d.password.Reveal() != "" {
		if err := s.setPassword(ctx, c, e.DN, d.password); err != nil {
			return connector.Object{}, err
		}
	}
	for _, given := range entitlements {
		if err := s.grant(ctx, c, e, given); err != nil {
			return connector.Object{}, err
		}
	}
	if e, err = c.byName(ctx, s.settings.accounts, d.dn, s.asked()); err != nil {
		return connector.Object{}, fmt.Errorf("read %q back: %w", d.dn, err)
	}
	return s.show(ctx, c, connector.TypeAccount, e)
}
