package contract

var accountEntries = []entry{
	{
		ID: "listAccounts", Method: get, Path: "/accounts", In: everywhere,
		Scopes: "idn:accounts:read idn:accounts:manage", Levels: adminsAndHelpdesk, App: true,
		Page: 250,
		// source.id and source.name are not in the contract; clients use them beside
		// sourceId.
		Filters: `id:id eq in sw; identityId:id eq in sw; name eq in sw; nativeIdentity eq in sw;
			hasEntitlements:bool eq; sourceId:id eq in sw; uncorrelated:bool eq; entitlements:id eq;
			origin eq in; manuallyCorrelated:bool eq;
			identity.name eq in sw; identity.correlated:bool eq; identity.identityState eq in;
			source.displayableName eq in; source.authoritative:bool eq; source.connectionType eq in;
			recommendation.method eq in isnull; created:time eq ge gt le lt; modified:time eq ge gt le lt;
			source.id:id eq in sw; source.name eq in sw`,
		Sorters: `id name created modified sourceId identityId nativeIdentity uuid manuallyCorrelated entitlements
			origin identity.name identity.identityState identity.correlated
			source.displayableName source.authoritative source.connectionType`,
		Query:    "detailLevel enum(SLIM FULL)",
		Response: "[]Account",
	},
	{
		ID: "getAccount", Method: get, Path: "/accounts/{id}", In: everywhere,
		Scopes: "idn:accounts:read idn:accounts:manage", Levels: adminsAndHelpdesk, App: true,
		Response: "Account",
	},
	{
		ID: "getAccountEntitlements", Method: get, Path: "/accounts/{id}/entitlements", In: everywhere,
		Scopes: "idn:accounts:read idn:accounts:manage", Levels: adminsAndHelpdesk, App: true,
		Page:     250,
		Response: "[]AccountEntitlement",
	},
	{
		ID: "getAccountAggregationStatus", Method: get, Path: "/account-aggregations/{id}/status", In: everywhere,
		Levels: sourceAdmins,
		// The contract gives its 400 the body of a 401; both are understood.
		Errors:   map[int]string{400: "ErrorText"},
		Response: "AggregationStatus",
	},
}

var entitlementEntries = []entry{
	{
		ID: "listEntitlements", Method: get, Path: "/entitlements", In: everywhere,
		Scopes: "idn:entitlement:read idn:entitlement:manage", Levels: anyCaller,
		Page: 250,
		Filters: `id:id eq in; name eq in sw; type eq in; attribute eq in; value eq in sw; source.id:id eq in;
			requestable:bool eq; created:time gt lt ge le; modified:time gt lt ge le; owner.id:id eq in;
			tags:collection eq; privilegeLevel.direct eq`,
		Sorters: "id name created modified type attribute value source.id requestable",
		Query: `segmented-for-identity string; for-segment-ids string; include-unsegmented bool default=true;
			searchAfter string`,
		Response: "[]Entitlement",
	},
	{
		ID: "getEntitlement", Method: get, Path: "/entitlements/{id}", In: everywhere,
		Scopes: "idn:entitlement:read idn:entitlement:manage", Levels: orgAdmin,
		Response: "Entitlement",
	},
	{
		ID: "patchEntitlement", Method: patch, Path: "/entitlements/{id}", In: everywhere,
		Scopes: "idn:entitlement:manage idn:entitlement:update", Levels: "ORG_ADMIN SOURCE_ADMIN",
		Request: "[]PatchOperation", RequestOptional: true, Response: "Entitlement",
	},
}
