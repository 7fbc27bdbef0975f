package contract

const (
	holderPath       = "/entitlements/{entitlementId}/holders/{identityId}"
	holderGroupPath  = "/entitlements/{entitlementId}/holder-groups/{workgroupId}"
	readHoldings     = "idn:entitlement:read idn:entitlement:manage"
	createAccessPath = "/source-subtypes/machine-account-create-access"
)

// holdingEntries say which people hold which of Midgard's own entitlements. All but the first are ours.
var holdingEntries = []entry{
	{
		ID: "getMachineAccountCreateAccessInfo", Method: get, Path: createAccessPath, In: sinceV2026, Experimental: "v1", NotFound: true,
		Levels: everyPerson + " API",
		Page:   250, NoCount: true, Response: "[]MachineAccountCreateAccess",
	},
	{
		ID: "listEntitlementHoldings", Method: get, Path: "/entitlement-holdings", In: "midgard/v1",
		Scopes: readHoldings, Levels: sourceAdmins,
		Page: 250, Filters: "entitlement.id:id eq in; identity.id:id eq in; group.id:id eq in; created:time eq gt ge lt le", Sorters: "created",
		Response: "[]EntitlementHolding",
	},
	{
		ID: "grantEntitlement", Method: put, Path: holderPath, In: "midgard/v1",
		Scopes: "idn:entitlement:manage", Levels: sourceAdmins,
		Response: "EntitlementHolding",
	},
	{
		ID: "revokeEntitlement", Method: remove, Path: holderPath, In: "midgard/v1", OK: 204,
		Scopes: "idn:entitlement:manage", Levels: sourceAdmins,
	},
	{
		ID: "listEntitlementGroups", Method: get, Path: "/entitlement-groups", In: "midgard/v1",
		Scopes: readHoldings, Levels: sourceAdmins,
		Page: 250, Filters: "entitlement.id:id eq in; group.id:id eq in; created:time eq gt ge lt le", Sorters: "created",
		Response: "[]EntitlementGroup",
	},
	{
		ID: "grantEntitlementToGroup", Method: put, Path: holderGroupPath, In: "midgard/v1",
		Scopes: "idn:entitlement:manage", Levels: sourceAdmins,
		Response: "EntitlementGroup",
	},
	{
		ID: "revokeEntitlementFromGroup", Method: remove, Path: holderGroupPath, In: "midgard/v1", OK: 204,
		Scopes: "idn:entitlement:manage", Levels: sourceAdmins,
	},
}
