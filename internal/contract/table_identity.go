package contract

// No levels are listed for identities. Reading is for those who may read
// accounts, removing for the administrator of the organisation.
var identityEntries = []entry{
	{
		ID: "listIdentities", Method: get, Path: "/identities", In: everywhere,
		Scopes: "idn:identity:read idn:identity:manage", Levels: adminsAndHelpdesk,
		Page: 250,
		Filters: `id:id eq in; name eq sw; alias eq sw; firstname eq sw; lastname eq sw; email eq sw;
			cloudStatus eq; processingState eq; correlated:bool eq; protected:bool eq`,
		Sorters:  "name alias cloudStatus",
		Query:    "defaultFilter enum(CORRELATED_ONLY NONE) default=CORRELATED_ONLY",
		Response: "[]Identity",
	},
	{
		ID: "getIdentity", Method: get, Path: "/identities/{id}", In: everywhere,
		Scopes: "idn:identity:read idn:identity:manage", Levels: adminsAndHelpdesk,
		Response: "Identity",
	},
	{
		ID: "deleteIdentity", Method: remove, Path: "/identities/{id}", In: everywhere, OK: 204,
		Scopes: "idn:identity:manage", Levels: orgAdmin, App: true,
		// What still refers to the identity.
		Errors: map[int]string{400: "IdentityAssociations"},
	},
	{
		ID: "getPublicIdentities", Method: get, Path: "/public-identities", In: everywhere,
		Scopes: "sp:scopes:default", Levels: everyPerson,
		Page:     250,
		Filters:  "id:id eq in; alias eq sw; email eq sw; firstname eq sw; lastname eq sw",
		Sorters:  "name",
		Query:    "add-core-filters bool default=false",
		Response: "[]PublicIdentity",
	},
	{
		// No level is listed: granting user levels is for the administrator of the
		// organisation, and so is reading them.
		ID: "getAuthUser", Method: get, Path: "/auth-users/{id}", In: everywhere,
		Scopes: "sp:auth-user:read", Levels: orgAdmin,
		Response: "AuthUser",
	},
	{
		ID: "patchAuthUser", Method: patch, Path: "/auth-users/{id}", In: everywhere,
		Scopes: "sp:auth-user:manage", Levels: orgAdmin,
		Request: "[]PatchOperation", Response: "AuthUser",
	},
}

const (
	readProfiles   = "idn:identity-profile:read"
	manageProfiles = "idn:identity-profile:manage"
	profileAdmins  = "ORG_ADMIN API"
)

var identityProfileEntries = []entry{
	{
		ID: "listIdentityProfiles", Method: get, Path: "/identity-profiles", In: everywhere,
		Scopes: readProfiles, Levels: profileAdmins, App: true,
		Page:     250,
		Filters:  "id:id eq ne ge gt in le sw; name eq ne ge gt in le sw; priority:number eq ne",
		Sorters:  "id name priority created modified owner.id owner.name",
		Response: "[]IdentityProfile",
	},
	{
		ID: "createIdentityProfile", Method: post, Path: "/identity-profiles", In: everywhere, OK: 201,
		Scopes: manageProfiles, Levels: profileAdmins, App: true,
		Request: "IdentityProfile", Response: "IdentityProfile",
	},
	{
		ID: "getIdentityProfile", Method: get, Path: "/identity-profiles/{identityProfileId}", In: everywhere,
		Scopes: readProfiles, Levels: profileAdmins, App: true,
		Response: "IdentityProfile",
	},
	{
		ID: "updateIdentityProfile", Method: patch, Path: "/identity-profiles/{identityProfileId}", In: everywhere,
		Scopes: manageProfiles, Levels: profileAdmins, App: true,
		Request: "[]PatchOperation", Response: "IdentityProfile",
	},
	{
		ID: "deleteIdentityProfile", Method: remove, Path: "/identity-profiles/{identityProfileId}", In: everywhere,
		OK: 202, Scopes: manageProfiles, Levels: profileAdmins, App: true,
		Response: "IdentityProfileDeletion",
	},
}

const (
	readWorkgroups   = "idn:workgroup:read idn:workgroup:manage"
	manageWorkgroups = "idn:workgroup:manage"
	writeWorkgroups  = "idn:workgroup:write"
)

var workgroupEntries = []entry{
	{
		ID: "listWorkgroups", Method: get, Path: "/workgroups", In: everywhere,
		Scopes: readWorkgroups, Levels: orgAdmin, App: true,
		Page:     250,
		Filters:  "id:id eq in sw; name eq sw in; memberships.identityId:id eq in",
		Sorters:  "name created modified id description",
		Response: "[]Workgroup",
	},
	{
		ID: "createWorkgroup", Method: post, Path: "/workgroups", In: everywhere,
		Scopes: manageWorkgroups, Levels: orgAdmin, App: true,
		Request: "Workgroup", Response: "Workgroup",
	},
	{
		ID: "getWorkgroup", Method: get, Path: "/workgroups/{id}", In: everywhere,
		Scopes: readWorkgroups, Levels: orgAdmin, App: true,
		Response: "Workgroup",
	},
	{
		ID: "patchWorkgroup", Method: patch, Path: "/workgroups/{id}", In: everywhere,
		Scopes: manageWorkgroups, Levels: orgAdmin, App: true,
		Request: "[]PatchOperation", RequestOptional: true, Response: "Workgroup",
	},
	{
		ID: "deleteWorkgroup", Method: remove, Path: "/workgroups/{id}", In: everywhere, OK: 204,
		Scopes: manageWorkgroups, Levels: orgAdmin, App: true,
	},
	{
		ID: "deleteWorkgroupsInBulk", Method: post, Path: "/workgroups/bulk-delete", In: everywhere, OK: 207,
		Scopes: manageWorkgroups, Levels: orgAdmin, App: true,
		Request: "WorkgroupBulkDelete", Response: "[]BulkItem",
	},
	{
		ID: "listConnections", Method: get, Path: "/workgroups/{workgroupId}/connections", In: everywhere,
		Scopes: readWorkgroups, Levels: orgAdmin, App: true,
		Page: 50, Sorters: "name created modified",
		Response: "[]WorkgroupConnection",
	},
	{
		ID: "listWorkgroupMembers", Method: get, Path: "/workgroups/{workgroupId}/members", In: everywhere,
		Scopes: readWorkgroups, Levels: orgAdmin, App: true,
		Page: 50, Sorters: "name created modified",
		Response: "[]WorkgroupMember",
	},
	{
		ID: "updateWorkgroupMembers", Method: post, Path: "/workgroups/{workgroupId}/members/bulk-add", In: everywhere,
		OK: 207, Scopes: writeWorkgroups, Levels: orgAdmin, App: true,
		Request: "[]IdentityRef", Response: "[]BulkItem",
	},
	{
		ID: "deleteWorkgroupMembers", Method: post, Path: "/workgroups/{workgroupId}/members/bulk-delete", In: everywhere,
		OK: 207, Scopes: writeWorkgroups, Levels: orgAdmin, App: true,
		Request: "[]IdentityRef", Response: "[]BulkItem",
	},
}
