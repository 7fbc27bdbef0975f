package ldap

import (
	"context"
	"errors"
	"fmt"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"

	"midgard/internal/connector"
)

const oidPasswordModify = "1.3.6.1.4.1.4203.1.11.1"

// Disable applies the configured change, by default the lock of a password policy that only an administrator lifts.
func (s *source) Disable(ctx context.Context, identity string) error {
	return s.withAccount(ctx, "disable the account", identity, func(c *session, e entry) error {
		return c.apply(ctx, e, s.settings.writing.revoke)
	})
}

// Enable applies the configured change and lifts every other mark by which an account counts as disabled.
func (s *source) Enable(ctx context.Context, identity string) error {
	return s.withAccount(ctx, "enable the account", identity, func(c *session, e entry) error {
		for _, change := range []stateChange{
			s.settings.writing.restore,
			{actionRemove, attrLockedTime, lockedByAdministrator},
			{actionRemove, attrAccountLock, "true"},
		} {
			if err := c.apply(ctx, e, change); err != nil {
				return err
			}
		}
		return nil
	}, s.settings.writing.restore.attribute)
}

// Unlock removes the time since which an account is locked; with it a server forgets the failures that it counted.
func (s *source) Unlock(ctx context.Context, identity string) error {
	return s.withAccount(ctx, "unlock the account", identity, func(c *session, e entry) error {
		for _, since := range e.texts(attributeKey(attrLockedTime)) {
			if since == lockedByAdministrator {
				continue
			}
			if err := c.apply(ctx, e, stateChange{actionRemove, attrLockedTime, since}); err != nil {
				return err
			}
		}
		return nil
	})
}

// apply makes one change. A server that shows no such attribute is not asked to remove it: it may not even know it.
func (c *session) apply(ctx context.Context, e entry, change stateChange) error {
	request := ldap.NewModifyRequest(e.DN, nil)
	switch present := e.has(attributeKey(change.attribute), change.value); change.action {
	case actionReplace:
		request.Replace(change.attribute, []string{change.value})
	case actionAdd:
		request.Add(change.attribute, []string{change.value})
	case actionRemove:
		if !present {
			return nil
		}
		request.Delete(change.attribute, []string{change.value})
	}
	if err := c.modify(ctx, request); !isDone(err) {
		return err
	}
	return nil
}

var (
	errEmptyPassword = errors.New("an empty password would make the server invent one")
	errPlaintext     = errors.New("the password would cross the network unencrypted; useSSL or useStartTLS must be on")
)

// SetPassword uses the password modify operation (RFC 3062), so that the server hashes the password and applies its
// policy. Servers take an administrator's new password as a reason to lift every lock: the one that disables the account
// is put back.
func (s *source) SetPassword(ctx context.Context, identity string, password connector.Secret) error {
	if password.Reveal() == "" {
		return fmt.Errorf("set the password: %w: %w", connector.ErrRefused, errEmptyPassword)
	}
	if !s.settings.writing.confidential {
		return fmt.Errorf("set the password: %w: %w", connector.ErrRefused, errPlaintext)
	}
	return s.withAccount(ctx, "set the password", identity, func(c *session, e entry) error {
		if err := s.setPassword(ctx, c, e.DN, password); err != nil {
			return err
		}
		if !e.has(attributeKey(attrLockedTime), lockedByAdministrator) {
			return nil
		}
		if err := c.apply(ctx, e, stateChange{actionReplace, attrLockedTime, lockedByAdministrator}); err != nil {
			return fmt.Errorf("the password is set, but the account is enabled by that: %w", err)
		}
		return nil
	})
}

func (s *source) setPassword(ctx context.Context, c *session, dn string, password connector.Secret) error {
	what := fmt.Sprintf("set the password of %q", dn)
	err := c.guard(func() error {
		_, err := c.conn.Extended(passwordRequest(dn, password))
		return err
	})
	if err == nil {
		return nil
	}
	// Done twice, the second one fails where a policy remembers passwords.
	reason := policyError(err)
	if reason == ldap.BeheraPasswordInHistory && s.logsIn(ctx, dn, password) {
		return nil
	}
	if text := ldap.BeheraPasswordPolicyErrorMap[reason]; text != "" {
		return fmt.Errorf("%s: %w: %s: %w", what, connector.ErrRefused, text, err)
	}
	return c.refusal(ctx, what, err)
}

// passwordRequest asks for a new password, and with it for the reason of a refusal.
func passwordRequest(dn string, password connector.Secret) *ldap.ExtendedRequest {
	value := ber.NewSequence("")
	value.AppendChild(ber.NewString(ber.ClassContext, ber.TypePrimitive, 0, dn, ""))
	value.AppendChild(ber.NewString(ber.ClassContext, ber.TypePrimitive, 2, password.Reveal(), ""))
	request := ldap.NewExtendedRequest(oidPasswordModify, value)
	request.Controls = []ldap.Control{ldap.NewControlBeheraPasswordPolicy()}
	return request
}

// policyError is the reason that a password policy gives with a refusal; -1 when there is none.
func policyError(err error) int8 {
	var answer *ldap.Error
	if !errors.As(err, &answer) || answer.Packet == nil || len(answer.Packet.Children) < 3 {
		return -1
	}
	for _, child := range answer.Packet.Children[2].Children {
		control, err := ldap.DecodeControl(child)
		if policy, ok := control.(*ldap.ControlBeheraPasswordPolicy); ok && err == nil {
			return policy.Error
		}
	}
	return -1
}

// logsIn tries the password as the account would.
func (s *source) logsIn(ctx context.Context, dn string, password connector.Secret) bool {
	account := s.settings
	account.bind, account.user, account.password = true, dn, password
	c, err := account.connect(ctx)
	if err != nil {
		return false
	}
	c.close()
	return true
}
