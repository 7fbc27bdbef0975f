// Package local reads the accounts of the Linux host that the program runs on, or of a folder that holds the files of
// another one: passwd, group, shadow, login.defs, shells and sudoers.
//
// It reads what it may. Without the right to read shadow, passwordState is "unknown" and dates are absent; without the
// right to read sudoers, sudo is absent and privileged is absent unless something else makes the account privileged.
// Password hashes never leave the package, not even in messages.
//
// How an account is judged:
//
//   - accountType is root for user id 0; system below SYS_UID_MIN, for 65534 and 65535 (nobody) and between UID_MAX and
//     65535; service from SYS_UID_MIN to below UID_MIN, where packages put the accounts of their daemons, and for a regular
//     account whose shell does not allow login; human for other regular accounts.
//   - shellAllowsLogin is true for a shell whose file name is the one of a common shell or of one in /etc/shells, and
//     never for nologin, false and the like. No shell means /bin/sh.
//   - passwordState is set, locked (a "!" in front, or no valid hash, as in "*"), none (empty: login without password)
//     or unknown.
//   - Locked means that a "!" stands in front of a password hash: somebody locked an account that could log in. Accounts
//     that never had a password are not locked.
//   - Disabled means that the account has expired, or that it is Locked and its shell does not allow login. A daemon's
//     account without password and shell is as it should be, not disabled.
//   - privileged means user id 0, the right to run every command as root by sudo, or membership in one of
//     privilegedGroups. The group root counts for listed members only, since some distributions give it to harmless
//     system accounts as primary group.
package local

import (
	"errors"
	"time"

	"midgard/internal/connector"
)

// The names under which sources of this kind are stored.
const (
	Name = "local"
	Type = "Local"
)

// hostRoot is the root folder of the host itself.
const hostRoot = "/"

// New returns the factory of local sources.
func New() connector.Factory { return factory{now: time.Now} }

type factory struct{ now func() time.Time }

// Spec describes the connector.
func (factory) Spec() connector.Spec {
	group := groupSchema()
	return connector.Spec{
		Connector:      Name,
		Type:           Type,
		Class:          "midgard.connector.Local",
		ConnectionType: "direct",
		Features:       []string{"NO_RANDOM_ACCESS"},
		Fields: []connector.Field{{Name: "root", Kind: connector.KindText, Default: hostRoot,
			Help: "Folder with the files of a host; / is the host itself, any other lies in the folder for files."}},
		Account: accountSchema(),
		Group:   &group,
		Summary: "Accounts and groups of the Linux host that Midgard runs on, with password state, sudo rights and privileges.",
	}
}

// Open checks the configuration. Keys that the Spec does not list are left alone.
func (f factory) Open(config connector.Config) (connector.Source, error) {
	root := hostRoot
	switch value := config.Attributes["root"].(type) {
	case nil:
	case string:
		if value != "" {
			root = value
		}
	default:
		return nil, &connector.ConfigError{Field: "root", Reason: "must be a text"}
	}
	if root != hostRoot && config.FileRoot == "" {
		return nil, outside()
	}
	return &source{config: config, root: root, now: f.now}, nil
}

func outside() error {
	return &connector.ConfigError{Field: "root", Reason: connector.ErrOutsideFileRoot.Error()}
}

// The names of attributes, where code refers to them.
const (
	attrSudo       = "sudo"
	attrPrivileged = "privileged"
)

func accountSchema() connector.Schema {
	return connector.Schema{
		ObjectType:        connector.TypeAccount,
		NativeObjectType:  "passwd",
		IdentityAttribute: "name",
		DisplayAttribute:  "name",
		Attributes: []connector.SchemaAttribute{
			{Name: "name", Type: "STRING", Description: "Login name"},
			{Name: "uid", Type: "LONG", Description: "User id"},
			{Name: "gid", Type: "LONG", Description: "Id of the primary group"},
			{Name: "primaryGroup", Type: "STRING", Description: "Name of the primary group"},
			{Name: "gecos", Type: "STRING", Description: "Full name or purpose"},
			{Name: "home", Type: "STRING", Description: "Home folder"},
			{Name: "shell", Type: "STRING", Description: "Login shell"},
			{Name: "shellAllowsLogin", Type: "BOOLEAN", Description: "Whether the shell lets somebody in"},
			{Name: "accountType", Type: "STRING", Description: "root, system, service or human"},
			{Name: "passwordState", Type: "STRING", Description: "set, locked, none or unknown"},
			{Name: "passwordLastChanged", Type: "DATE", Description: "Day of the last password change"},
			{Name: "passwordMaxDays", Type: "INT", Description: "Days after which a password must be changed"},
			{Name: "passwordExpires", Type: "DATE", Description: "Day on which the password expires"},
			{Name: "accountExpires", Type: "DATE", Description: "Day from which the account is closed"},
			{Name: "groups", Type: "STRING", Description: "Groups, the primary one included", Multi: true, Entitlement: true, Group: true},
			{Name: attrSudo, Type: "STRING", Description: "Commands allowed by sudo", Multi: true, Entitlement: true},
			{Name: attrPrivileged, Type: "BOOLEAN", Description: "Whether the account can become root"},
		},
	}
}

func groupSchema() connector.Schema {
	return connector.Schema{
		ObjectType:        connector.TypeGroup,
		NativeObjectType:  "group",
		IdentityAttribute: "name",
		DisplayAttribute:  "name",
		Attributes: []connector.SchemaAttribute{
			{Name: "name", Type: "STRING", Description: "Group name"},
			{Name: "gid", Type: "LONG", Description: "Group id"},
			{Name: "memberCount", Type: "INT", Description: "Accounts in the group, those with it as primary group included"},
			{Name: attrPrivileged, Type: "BOOLEAN", Description: "Whether members can become root"},
		},
	}
}

// errNotLinux is wrapped in connector.ErrUnavailable.
var errNotLinux = errors.New("local accounts are read from the files of a Linux system, which this is not")
