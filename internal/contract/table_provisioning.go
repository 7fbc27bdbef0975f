package contract

const (
	policiesPath    = "/sources/{sourceId}/provisioning-policies"
	policyUsagePath = "/sources/{sourceId}/provisioning-policies/{usageType}"
	policyPath      = "/sources/{sourceId}/provisioning-policies/{id}"

	readPolicies   = "idn:provisioning-policy:read idn:provisioning-policy:manage"
	readPolicy     = "idn:provisioning-policy-source:read idn:provisioning-policy:read idn:provisioning-policy-source-admin-operations:manage idn:provisioning-policy:manage"
	managePolicies = "idn:provisioning-policy-source-admin-operations:manage idn:provisioning-policy:manage"
)

// provisioningEntries are the policies by which accounts are made. The older operations know one policy for each usage
// type; the newer ones, by id, know those of subtypes too.
var provisioningEntries = []entry{
	{
		ID: "listProvisioningPolicies", Method: get, Path: policiesPath, In: everywhere,
		Scopes: readPolicies, Levels: orgAdmin, App: true,
		Page: 250, NoCount: true, Response: "[]ProvisioningPolicy",
	},
	{
		ID: "createProvisioningPolicy", Method: post, Path: policiesPath, In: everywhere, OK: 201,
		Scopes: managePolicies, Levels: orgAdmin, App: true,
		Request: "ProvisioningPolicy", Response: "ProvisioningPolicy",
	},
	{
		ID: "updateProvisioningPoliciesInBulk", Method: post, Path: policiesPath + "/bulk-update", In: everywhere,
		Scopes: "idn:provisioning-policy:manage", Levels: orgAdmin, App: true,
		Request: "[]ProvisioningPolicy", Response: "[]ProvisioningPolicy",
	},
	{
		ID: "getProvisioningPolicy", Method: get, Path: policyUsagePath, In: everywhere,
		Scopes: readPolicy, Levels: sourceAdmins, App: true,
		Response: "ProvisioningPolicy",
	},
	{
		ID: "putProvisioningPolicy", Method: put, Path: policyUsagePath, In: everywhere,
		Scopes: managePolicies, Levels: sourceAdmins, App: true,
		Request: "ProvisioningPolicy", Response: "ProvisioningPolicy",
	},
	{
		ID: "updateProvisioningPolicy", Method: patch, Path: policyUsagePath, In: everywhere,
		Scopes: managePolicies, Levels: sourceAdmins, App: true,
		Request: "[]PatchOperation", Response: "ProvisioningPolicy",
	},
	{
		ID: "deleteProvisioningPolicy", Method: remove, Path: policyUsagePath, In: everywhere, OK: 204,
		Scopes: "idn:provisioning-policy:manage", Levels: orgAdmin, App: true,
	},
	{
		ID: "listProvisioningPoliciesV2", Method: get, Path: policiesPath, In: "v2", Experimental: "v2",
		Scopes: readPolicies, Levels: sourceAdmins, App: true,
		Page: 250, Filters: "subtypeId:id eq; usageType eq", Response: "[]ProvisioningPolicyV2",
	},
	{
		ID: "createProvisioningPolicyV2", Method: post, Path: policiesPath, In: "v2", OK: 201, Experimental: "v2",
		Scopes: managePolicies, Levels: sourceAdmins, App: true,
		Request: "ProvisioningPolicyV2", Response: "ProvisioningPolicyV2",
	},
	{
		ID: "getProvisioningPolicyV2", Method: get, Path: policyPath, In: "v2", Experimental: "v2",
		Scopes: readPolicy, Levels: sourceAdmins, App: true,
		Response: "ProvisioningPolicyV2",
	},
	{
		ID: "putProvisioningPolicyV2", Method: put, Path: policyPath, In: "v2", Experimental: "v2",
		Scopes: managePolicies, Levels: sourceAdmins, App: true,
		Request: "ProvisioningPolicyV2", Response: "ProvisioningPolicyV2",
	},
	{
		ID: "updateProvisioningPolicyV2", Method: patch, Path: policyPath, In: "v2", Experimental: "v2",
		Scopes: managePolicies, Levels: sourceAdmins, App: true,
		Request: "[]PatchOperation", Response: "ProvisioningPolicyV2",
	},
	{
		ID: "deleteProvisioningPolicyV2", Method: remove, Path: policyPath, In: "v2", OK: 204, Experimental: "v2",
		Scopes: managePolicies, Levels: sourceAdmins, App: true,
	},
}

const workItemPath = "/work-items/{id}"

// workEntries are what people do about the accounts that are asked for; all are ours. Who may see a work item is decided
// by the sources that the caller owns or administers.
var workEntries = []entry{
	{
		ID: "listWorkItems", Method: get, Path: "/work-items", In: "midgard/v1",
		Scopes: anyToken, Levels: everyPerson,
		Page:    250,
		Filters: "id:id eq in; type eq in; status eq in; subject eq sw co; source.id:id eq in; created:time eq gt ge lt le; modified:time eq gt ge lt le",
		Sorters: "subject created modified", Response: "[]WorkItem",
	},
	{
		ID: "getWorkItem", Method: get, Path: workItemPath, In: "midgard/v1",
		Scopes: anyToken, Levels: everyPerson,
		Response: "WorkItem",
	},
	{
		ID: "completeWorkItem", Method: post, Path: workItemPath + "/complete", In: "midgard/v1",
		Scopes: anyToken, Levels: everyPerson,
		Request: "WorkItemCompletion", RequestOptional: true, Response: "WorkItem",
	},
	{
		ID: "refuseWorkItem", Method: post, Path: workItemPath + "/refuse", In: "midgard/v1",
		Scopes: anyToken, Levels: everyPerson,
		Request: "WorkItemRefusal", Response: "WorkItem",
	},
	{
		// A POST, since a password can be fetched once.
		ID: "takeAccountPassword", Method: post, Path: ownRequestPath + "/password", In: "midgard/v1",
		Scopes: anyToken, Levels: everyPerson,
		Response: "AccountPassword",
	},
}
