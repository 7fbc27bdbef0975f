package main

import (
	"net/url"
	"slices"
	"strings"

	"midgard/client"
)

// resource is what get can list.
type resource struct {
	name    string
	path    string
	columns []string // of a table, unless --columns says otherwise; dots lead into objects
	page    int      // the list's largest page when it is not the usual 250
	listed  bool     // objects can only be listed, not read by id
	whole   bool     // the API answers the list in one piece
	extra   url.Values
}

var resources = []resource{
	{name: "machine-identities", path: "/v2025/machine-identities",
		columns: []string{"id", "name", "subtype", "source.name", "owners.primaryIdentity.name", "manuallyCreated"}},
	{name: "machine-accounts", path: "/v2025/machine-accounts",
		columns: []string{"id", "name", "source.name", "machineIdentity.name", "ownerIdentity.name", "environment", "enabled", "locked"}},
	{name: "machine-identity-user-entitlements", path: "/v2025/machine-identity-user-entitlements", listed: true,
		columns: []string{"id", "machineIdentityId", "entitlement.name", "source.name"}},
	{name: "subtypes", path: "/v2026/source-subtypes",
		columns: []string{"id", "source.name", "technicalName", "displayName", "description"}},
	{name: "account-requests", path: client.AccountRequestsPath,
		columns: []string{"id", "requestType", "source.name", "subtype.name", "owner.name", "status", "created", "errorDetails"}},
	{name: "entitlement-holdings", path: client.EntitlementHoldingsPath, listed: true,
		columns: []string{"entitlement.name", "identity.name", "group.name", "effective", "grantedBy", "created"}},
	{name: "work-items", path: client.WorkItemsPath,
		columns: []string{"id", "type", "source.name", "subject", "status", "nativeIdentity", "created"}},
	{name: "accounts", path: "/v2025/accounts",
		columns: []string{"id", "name", "nativeIdentity", "sourceName", "isMachine", "disabled", "locked"}},
	{name: "entitlements", path: "/v2025/entitlements",
		columns: []string{"id", "name", "attribute", "value", "source.name", "privilegeLevel.direct"}},
	{name: "sources", path: "/v2025/sources",
		columns: []string{"id", "name", "type", "authoritative", "owner.name", "healthy", "status"}},
	{name: "identities", path: "/v2025/identities", extra: client.EveryIdentity(),
		columns: []string{"id", "alias", "name", "emailAddress", "managerRef.name", "identityStatus"}},
	{name: "public-identities", path: "/v2025/public-identities", listed: true,
		columns: []string{"id", "alias", "name", "email", "identityState", "manager.name"}},
	{name: "identity-profiles", path: "/v2025/identity-profiles",
		columns: []string{"id", "name", "authoritativeSource.name", "priority", "identityCount"}},
	{name: "workgroups", path: "/v2025/workgroups",
		columns: []string{"id", "name", "owner.name", "memberCount", "description"}},
	{name: "transforms", path: "/v2025/transforms",
		columns: []string{"id", "name", "type", "internal", "attributes"}},
	{name: "approvals", path: "/v2025/generic-approvals",
		columns: []string{"id", "status", "type", "name", "requester", "assignedTo", "createdDate"}},
	{name: "tasks", path: "/v2025/task-status",
		columns: []string{"id", "uniqueName", "target.name", "created", "completionStatus", "percentComplete", "progress"}},
	{name: "personal-access-tokens", path: "/v2025/personal-access-tokens", listed: true, whole: true,
		columns: []string{"id", "name", "owner.name", "lastUsed", "expirationDate", "scope"}},
	{name: "oauth-clients", path: "/v2025/oauth-clients", whole: true,
		columns: []string{"id", "name", "enabled", "grantTypes", "scope"}},
}

func resourceNames() []string {
	names := make([]string, 0, len(resources))
	for _, r := range resources {
		names = append(names, r.name)
	}
	slices.Sort(names)
	return names
}

func findResource(name string) (resource, error) {
	for _, r := range resources {
		if r.name == name {
			return r, nil
		}
	}
	return resource{}, usagef("there is no resource %q; use one of %s", name, strings.Join(resourceNames(), ", "))
}
