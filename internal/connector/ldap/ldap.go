// Package ldap reads accounts and groups from LDAP directories such as OpenLDAP, and makes, changes and deletes accounts.
//
// A full list is a paged search or, when deltas by content synchronisation (RFC 4533) are on, one synchronisation from
// nothing, whose cookie becomes the token of the first delta. Entries are streamed. The only thing that grows with the
// directory is the index of group memberships: 16 bytes for each (member, group) pair plus the names of the groups, so
// about 50 MB for a million accounts in three groups each, and twice that for a moment while it is built. With
// groupMembership "memberOf" there is none.
//
// The native identity of an object is its distinguished name as the server spells it, its UUID the server's entryUUID.
// Passwords are never asked for. Referrals are reported and not followed: following one would send the credentials to a
// server that nobody configured.
//
// Limits that come from the protocol and not from this package: a delta by modifyTimestamp does not see deletions, and no
// delta sees that an account entered or left a group, since that changes the group's entry (a memberOf overlay does not
// count as a change either). Full lists on a schedule make up for both. Whether an account is locked is what the directory
// stores: a lock that a password policy lets run out stays visible until the next successful login.
package ldap

import (
	"midgard/internal/connector"
)

// The names under which sources of this kind are stored.
const (
	Name = "openldap"
	Type = "OpenLDAP - Direct"
)

// New returns the factory of LDAP sources.
func New() connector.Factory { return factory{} }

type factory struct{}

// Spec describes the connector. The schemas are the ones of a new source; Discover proposes one that fits the directory.
func (factory) Spec() connector.Spec {
	group := groupSchema()
	return connector.Spec{
		Connector:      Name,
		Type:           Type,
		Class:          "sailpoint.connector.LDAPConnector",
		ConnectionType: "direct",
		Features:       []string{"DISCOVER_SCHEMA", "PREFER_UUID", "PROVISIONING", "ENABLE", "UNLOCK", "PASSWORD", "DELETE"},
		Fields:         fields(),
		Account:        accountSchema(),
		Group:          &group,
		Summary:        "Accounts and groups of an LDAP directory, read in full or only what changed, and accounts made and changed there.",
	}
}

// Open checks the configuration. Keys that the Spec does not list are left alone. A simple bind over an unencrypted
// connection is refused unless the server is this machine or allowPlaintext is on.
func (factory) Open(config connector.Config) (connector.Source, error) {
	s, err := readSettings(config)
	if err != nil {
		return nil, err
	}
	return &source{
		settings: s,
		account:  config.SchemaOf(connector.TypeAccount, accountSchema()),
		group:    config.SchemaOf(connector.TypeGroup, groupSchema()),
	}, nil
}
