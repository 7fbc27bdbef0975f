package ldap

import (
	"errors"
	"testing"

	"github.com/go-ldap/ldap/v3"

	"midgard/internal/connector"
)

// TestRefusal has every answer to a change that callers treat differently; not every server can be brought to give them.
func TestRefusal(t *testing.T) {
	t.Parallel()
	for code, kind := range map[uint16]error{
		ldap.LDAPResultEntryAlreadyExists:        connector.ErrExists,
		ldap.LDAPResultNoSuchObject:              connector.ErrNoSuchObject,
		ldap.LDAPResultConstraintViolation:       connector.ErrRefused,
		ldap.LDAPResultInsufficientAccessRights:  connector.ErrRefused,
		ldap.LDAPResultUnwillingToPerform:        connector.ErrRefused,
		ldap.LDAPResultObjectClassViolation:      connector.ErrRefused,
		ldap.LDAPResultReferral:                  connector.ErrRefused,
		ldap.LDAPResultProtocolError:             connector.ErrRefused,
		ldap.LDAPResultConfidentialityRequired:   connector.ErrRefused,
		ldap.LDAPResultNotAllowedOnNonLeaf:       connector.ErrRefused,
		ldap.LDAPResultAttributeOrValueExists:    connector.ErrRefused, // where isDone does not come first
		ldap.LDAPResultBusy:                      nil,
		ldap.LDAPResultUnavailable:               nil,
		ldap.LDAPResultOther:                     nil,
		ldap.LDAPResultTimeLimitExceeded:         nil,
		ldap.ErrorNetwork:                        nil,
		ldap.LDAPResultAffectsMultipleDSAs:       connector.ErrRefused,
		ldap.LDAPResultUndefinedAttributeType:    connector.ErrRefused,
		ldap.LDAPResultInvalidDNSyntax:           connector.ErrRefused,
		ldap.LDAPResultInvalidAttributeSyntax:    connector.ErrRefused,
		ldap.LDAPResultNamingViolation:           connector.ErrRefused,
		ldap.LDAPResultNotAllowedOnRDN:           connector.ErrRefused,
		ldap.LDAPResultObjectClassModsProhibited: connector.ErrRefused,
	} {
		err := new(session).refusal(t.Context(), "change it", ldap.NewError(code, errors.New("said the server")))
		var again *connector.Retryable
		if passes := errors.As(err, &again); passes != (kind == nil) || kind != nil && !errors.Is(err, kind) {
			t.Errorf("result %d gives %v, retryable %v; want %v", code, err, passes, kind)
		}
		if isFinal(t.Context(), err) != (kind != nil) {
			t.Errorf("result %d: what was begun is undone or not, the wrong way", code)
		}
	}
	if err := new(session).refusal(t.Context(), "change it", nil); err != nil {
		t.Errorf("no error gives %v", err)
	}
}

func TestCovers(t *testing.T) {
	t.Parallel()
	subtree := base{dn: "ou=a,dc=t", scope: ldap.ScopeWholeSubtree}
	level, entry := subtree, subtree
	level.scope, entry.scope = ldap.ScopeSingleLevel, ldap.ScopeBaseObject
	for _, c := range []struct {
		dn                    string
		subtree, level, entry bool
	}{
		{"ou=a,dc=t", true, false, true},
		{"OU=A , DC=t", true, false, true},
		{"uid=x,ou=a,dc=t", true, true, false},
		{"uid=y,uid=x,ou=a,dc=t", true, false, false},
		{`uid=x\,ou=b,ou=a,dc=t`, true, true, false},
		{`uid=x\,ou=a\,dc=t,ou=b,dc=t`, false, false, false},
		{`uid=x\01\02ou\00a\01\02dc\00t`, false, false, false}, // what a key of names is made of
		{"uid=x,xou=a,dc=t", false, false, false},
		{"uid=x+ou=a,dc=t", false, false, false},
		{"dc=t", false, false, false},
		{"ou=a", false, false, false},
		{"", false, false, false},
		{"no name", false, false, false},
	} {
		if subtree.covers(c.dn) != c.subtree || level.covers(c.dn) != c.level || entry.covers(c.dn) != c.entry {
			t.Errorf("%q is covered: subtree %v, one level %v, entry %v", c.dn, subtree.covers(c.dn), level.covers(c.dn), entry.covers(c.dn))
		}
	}
}
