package ldap

import "midgard/internal/connector"

// The filters of a search whose configuration has none. A directory keeps service accounts as account, posixAccount or
// applicationProcess entries more often than as persons.
const (
	defaultAccountFilter = "(|(objectClass=person)(objectClass=inetOrgPerson)(objectClass=account)(objectClass=posixAccount)" +
		"(objectClass=applicationProcess)(objectClass=simpleSecurityObject))"
	defaultGroupFilter = "(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)(objectClass=posixGroup))"
)

const (
	defaultGroupsAttribute = "groups"
	defaultPageSize        = 100
	defaultTimeout         = 60 // seconds
	defaultRevokeAttr      = attrLockedTime
	defaultRevokeVal       = lockedByAdministrator
	defaultCreateClass     = "inetOrgPerson"
	defaultPlaceholder     = "cn=nobody"
)

func fields() []connector.Field {
	all := connectionFields()
	all = append(all, searchFields()...)
	return append(append(all, stateFields()...), writingFields()...)
}

func connectionFields() []connector.Field {
	return []connector.Field{
		{Name: "host", Kind: connector.KindText, Required: true, Help: "Name or address of the directory server."},
		{Name: "port", Kind: connector.KindNumber, Help: "TCP port. Default: 636 with useSSL, 389 otherwise."},
		{Name: "useSSL", Kind: connector.KindBool, Default: false, Help: "Connect with LDAPS."},
		{Name: "useStartTLS", Kind: connector.KindBool, Default: false, Help: "Connect plainly and switch to TLS before the bind."},
		{Name: "user", Kind: connector.KindText, Help: "Distinguished name of the account that reads the directory."},
		{Name: "password", Kind: connector.KindText, Secret: true, Help: "Password of user."},
		{Name: "authorizationType", Kind: connector.KindText, Default: authSimple, Help: `"simple" binds with user and password, "none" reads without a login.`},
		{Name: "caCertificate", Kind: connector.KindText, Help: "Certificates (PEM) of the authorities to trust. Default: the ones this machine trusts."},
		{Name: "insecureSkipVerify", Kind: connector.KindBool, Default: false, Help: "Accept any server certificate: whoever can intercept the connection reads the password."},
		{Name: "allowPlaintext", Kind: connector.KindBool, Default: false, Help: "Allow to send the password over an unencrypted connection."},
		{Name: "timeout", Kind: connector.KindNumber, Default: defaultTimeout, Help: "Seconds to wait for a connection and for each next answer of the server."},
	}
}

func searchFields() []connector.Field {
	return []connector.Field{
		{Name: "searchDN", Kind: connector.KindText, Help: "Where accounts are searched. Needed unless searchDNs is given."},
		{Name: "searchDNs", Kind: connector.KindTable,
			Help: "Several such places, each {searchDN, iterateSearchFilter, searchScope SUBTREE|ONELEVEL|BASE, groupMembershipSearchDN, groupMemberFilterString}."},
		{Name: "group.searchDNs", Kind: connector.KindTable,
			Help: "Where groups are searched, each {searchDN, iterateSearchFilter, searchScope}. Default: below the places of the accounts."},
		{Name: "groupMemberAttribute", Kind: connector.KindText, Help: "Attribute of a group that lists its members. Default: member, uniqueMember and memberUid."},
		{Name: "groupEntitlementAttr", Kind: connector.KindText, Default: defaultGroupsAttribute, Help: "Account attribute that receives the groups of an account."},
		{Name: "groupMembership", Kind: connector.KindText, Default: membershipAuto,
			Help: `Where the groups of an account come from: "memberOf" of the account, the members of the "groups", both together ("auto"), or "none".`},
		{Name: "attributesInBinaryFormat", Kind: connector.KindList, Help: "Attributes whose values are not text; they are read as base64."},
		{Name: "pageSize", Kind: connector.KindNumber, Default: defaultPageSize, Help: "Entries per page of a search; 0 asks for all at once."},
	}
}

func stateFields() []connector.Field {
	return []connector.Field{
		{Name: "deltaAggregationEnabled", Kind: connector.KindBool, Help: "Whether to read only what changed since the last time. Default: when deltaMode is given."},
		{Name: "deltaMode", Kind: connector.KindText, Help: `"syncrepl" (content synchronisation, the default), "modifyTimestamp" (sees no deletions) or "none".`},
		{Name: "revokeAttr", Kind: connector.KindText, Default: defaultRevokeAttr, Help: "Attribute that tells whether an account is disabled."},
		{Name: "revokeVal", Kind: connector.KindText, Default: defaultRevokeVal, Help: "Value of revokeAttr that means disabled, in any case."},
	}
}

func writingFields() []connector.Field {
	return []connector.Field{
		{Name: "revokeAction", Kind: connector.KindText, Default: actionReplace, Help: `How an account is disabled: "replace" or "add" writes revokeVal, "remove" removes it.`},
		{Name: "restoreAttr", Kind: connector.KindText, Help: "Attribute that is changed to enable an account. Default: revokeAttr."},
		{Name: "restoreVal", Kind: connector.KindText, Help: "Value for restoreAction. Default: revokeVal."},
		{Name: "restoreAction", Kind: connector.KindText, Help: `How an account is enabled: "remove", "add" or "replace". Default: what undoes revokeAction.`},
		{Name: "createParentDN", Kind: connector.KindText, Help: "Entry below which accounts are made. Default: the first place where accounts are searched."},
		{Name: "createObjectClasses", Kind: connector.KindList, Default: []any{defaultCreateClass},
			Help: "Object classes of a new account, such as inetOrgPerson, posixAccount, account or simpleSecurityObject."},
		{Name: "createNamingAttribute", Kind: connector.KindText, Default: attrUID, Help: "Attribute that names a new account."},
		{Name: "groupPlaceholderMember", Kind: connector.KindText, Default: defaultPlaceholder,
			Help: "Member that a group keeps when its last one leaves and it may not be empty. It should not exist."},
	}
}

func accountSchema() connector.Schema {
	return connector.Schema{
		ObjectType:        connector.TypeAccount,
		NativeObjectType:  "inetOrgPerson",
		IdentityAttribute: attrDN,
		DisplayAttribute:  "cn",
		Attributes: []connector.SchemaAttribute{
			{Name: attrDN, Type: "STRING", Description: "Distinguished name"},
			{Name: "cn", Type: "STRING", Description: "Common name"},
			{Name: "uid", Type: "STRING", Description: "Login name"},
			{Name: "sn", Type: "STRING", Description: "Last name"},
			{Name: "givenName", Type: "STRING", Description: "First name"},
			{Name: "displayName", Type: "STRING", Description: "Name shown for the account"},
			{Name: "mail", Type: "STRING", Description: "Mail address"},
			{Name: "description", Type: "STRING", Description: "What the account is for"},
			{Name: "title", Type: "STRING", Description: "Job title"},
			{Name: "ou", Type: "STRING", Description: "Organizational unit", Multi: true},
			{Name: "employeeNumber", Type: "STRING", Description: "Number in the personnel system"},
			{Name: "employeeType", Type: "STRING", Description: "Kind of employment, often also the kind of account"},
			{Name: "departmentNumber", Type: "STRING", Description: "Department"},
			{Name: "manager", Type: "STRING", Description: "Distinguished name of the manager"},
			{Name: "owner", Type: "STRING", Description: "Distinguished names of the owners", Multi: true},
			{Name: "seeAlso", Type: "STRING", Description: "Distinguished names of related entries", Multi: true},
			{Name: "host", Type: "STRING", Description: "Machines on which the account is used", Multi: true},
			{Name: "objectClass", Type: "STRING", Description: "Object classes of the entry", Multi: true},
			{Name: "uidNumber", Type: "LONG", Description: "Numeric user id"},
			{Name: "gidNumber", Type: "LONG", Description: "Numeric id of the primary group"},
			{Name: "homeDirectory", Type: "STRING", Description: "Home folder"},
			{Name: "loginShell", Type: "STRING", Description: "Program that a login starts"},
			{Name: "pwdChangedTime", Type: "DATE", Description: "When the password was last set"},
			{Name: "createTimestamp", Type: "DATE", Description: "When the entry was made"},
			{Name: defaultGroupsAttribute, Type: "STRING", Description: "Distinguished names of the groups", Multi: true, Entitlement: true, Group: true},
		},
	}
}

// groupSchema leaves the members out: they are read as the groups of the accounts, and a group of a hundred thousand
// members would otherwise be one value that changes every day.
func groupSchema() connector.Schema {
	return connector.Schema{
		ObjectType:        connector.TypeGroup,
		NativeObjectType:  "groupOfNames",
		IdentityAttribute: attrDN,
		DisplayAttribute:  "cn",
		Attributes: []connector.SchemaAttribute{
			{Name: attrDN, Type: "STRING", Description: "Distinguished name"},
			{Name: "cn", Type: "STRING", Description: "Common name"},
			{Name: "description", Type: "STRING", Description: "What the group grants"},
			{Name: "ou", Type: "STRING", Description: "Organizational unit", Multi: true},
			{Name: "owner", Type: "STRING", Description: "Distinguished names of the owners", Multi: true},
			{Name: "objectClass", Type: "STRING", Description: "Object classes of the entry", Multi: true},
			{Name: "gidNumber", Type: "LONG", Description: "Numeric group id"},
		},
	}
}
