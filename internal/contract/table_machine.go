package contract

// Fields by which machine identities are filtered, as they came with the
// versions.
const (
	machineIdentityFilters = `id:id eq in sw; displayName eq in sw; attributes:attribute eq; manuallyEdited:bool eq`

	machineIdentityFiltersV2024 = machineIdentityFilters +
		`; cisIdentityId:id eq in sw; businessApplication eq in sw`

	machineIdentityFiltersSinceV2025 = `subtype eq in;
		owners.primaryIdentity.id:id eq in sw;   owners.primaryIdentity.name eq in isnull pr;
		owners.secondaryIdentity.id:id eq in sw; owners.secondaryIdentity.name eq in isnull pr;
		source.id:id eq in;      source.name eq in sw;
		entitlement.id:id eq in; entitlement.name eq in sw`

	// The values of these two are compared exactly as they are.
	businessApplicationFilters = `businessApplicationRefs.id:id eq; effectiveSanctionedStatus:string:exact eq`

	governanceGroupFilters = `owners.secondaryGovernanceGroup.id:id eq in;
		owners.secondaryGovernanceGroup.name eq in isnull pr; risk.severity eq in`

	machineIdentitySorters         = `nativeIdentity name owners.primaryIdentity.name source.name created modified`
	machineIdentitySortersTo2025   = `businessApplication name owners.primaryIdentity.name source.name created modified`
	machineIdentityNativeFilters   = `cisIdentityId:id eq in sw; nativeIdentity eq in sw`
	machineIdentityV2NativeFilters = `nativeIdentity eq in sw`
)

// machineIdentityVersion is what distinguishes the machine identity operations
// of one version from those of the others.
type machineIdentityVersion struct {
	version           string
	request, response string
	filters, sorters  string
	created           int
	// manageReads says that the scope for changes suffices to read one and that
	// clients without a person may read.
	manageReads bool
	// experimental is the version again where the opt-in header is demanded.
	experimental string
}

var machineIdentityVersions = []machineIdentityVersion{
	{
		version: "v2024", created: 200,
		request: "MachineIdentityV2024", response: "MachineIdentityV2024",
		filters: machineIdentityFiltersV2024,
		sorters: machineIdentitySortersTo2025,
	},
	{
		version: "v2025", created: 200,
		request: "MachineIdentityRequestV2025", response: "MachineIdentityV2025",
		filters: joinFields(machineIdentityFiltersV2024, machineIdentityFiltersSinceV2025),
		sorters: machineIdentitySortersTo2025,
	},
	{
		version: "v2026", created: 200,
		request: "MachineIdentityRequestV2026", response: "MachineIdentityV2026",
		filters: joinFields(machineIdentityFilters, machineIdentityNativeFilters,
			machineIdentityFiltersSinceV2025, businessApplicationFilters),
		sorters: machineIdentitySorters,
	},
	{
		version: "v1", created: 200, experimental: "v1",
		request: "MachineIdentityRequestV1", response: "MachineIdentityV1",
		filters: joinFields(machineIdentityFilters, machineIdentityNativeFilters, machineIdentityFiltersSinceV2025),
		sorters: machineIdentitySorters,
	},
	{
		version: "v2", created: 201, manageReads: true,
		request: "MachineIdentityV2", response: "MachineIdentityV2",
		filters: joinFields(machineIdentityFilters, machineIdentityV2NativeFilters, machineIdentityFiltersSinceV2025,
			governanceGroupFilters, businessApplicationFilters),
		sorters: machineIdentitySorters,
	},
}

// machineIdentityEntries are the operations on machine identities and the list
// of what people may do with them.
func machineIdentityEntries() []entry {
	var entries []entry
	for i := range machineIdentityVersions {
		entries = append(entries, machineIdentityVersions[i].entries()...)
	}
	return append(entries, entry{
		ID: "listMachineIdentityUserEntitlements", Method: get, Path: "/machine-identity-user-entitlements",
		In: sinceV2025, Experimental: "v1", NotFound: true,
		Scopes: "idn:mis-identity:read", Levels: adminsAndHelpdesk,
		Page: 250,
		Filters: `machineIdentityId:id eq in; machineIdentityName eq in sw;
			entitlement.id:id eq in; entitlement.name eq in sw; source.id:id eq in; source.name eq in sw`,
		Sorters:  "machineIdentityName entitlement.name source.name",
		Response: "[]MachineIdentityUserEntitlement",
	})
}

func (v *machineIdentityVersion) entries() []entry {
	const path, pathOfOne = "/machine-identities", "/machine-identities/{id}"
	const manage = "idn:mis-identity:manage"
	readOne := "idn:mis-identity:read"
	if v.manageReads {
		readOne = joinWords(readOne, manage)
	}
	entries := []entry{
		{
			ID: "listMachineIdentities", Method: get, Path: path, NotFound: true,
			Scopes: joinWords("idn:mis-identity:read", manage), Levels: adminsAndHelpdesk, App: v.manageReads,
			Page: 250, Filters: v.filters, Sorters: v.sorters,
			Response: "[]" + v.response,
		},
		{
			ID: "createMachineIdentity", Method: post, Path: path, OK: v.created, NotFound: true,
			Scopes: manage, Levels: orgAdmin, App: true,
			Request: v.request, Response: v.response,
		},
		{
			ID: "getMachineIdentity", Method: get, Path: pathOfOne,
			Scopes: readOne, Levels: adminsAndHelpdesk, App: v.manageReads,
			Response: v.response,
		},
		{
			ID: "updateMachineIdentity", Method: patch, Path: pathOfOne,
			Scopes: manage, Levels: orgAdmin, App: true,
			Request: "[]PatchOperation", Response: v.response,
		},
		{
			ID: "deleteMachineIdentity", Method: remove, Path: pathOfOne, OK: 204,
			Scopes: manage, Levels: orgAdmin, App: true,
		},
	}
	for i := range entries {
		entries[i].In, entries[i].Experimental = v.version, v.experimental
	}
	return entries
}

var machineAccountEntries = []entry{
	{
		ID: "listMachineAccounts", Method: get, Path: "/machine-accounts", In: machineVersions, NotFound: true,
		Scopes: "idn:mis-account:read", Levels: adminsAndHelpdesk,
		Page: 250,
		Filters: `id:id eq in; name eq in sw; nativeIdentity eq in sw; uuid eq in; description eq in sw;
			machineIdentity.id:id eq in; machineIdentity.name eq in sw;
			subtype.technicalName eq in sw; subtype.displayName eq in sw;
			accessType eq in sw; environment eq in sw;
			ownerIdentity:id eq in; ownerIdentity.id:id eq in; ownerIdentity.name eq in sw;
			manuallyCorrelated:bool eq; enabled:bool eq; locked:bool eq; hasEntitlements:bool eq;
			attributes:attribute eq; source.id:id eq in; source.name eq in sw;
			created:time eq gt lt ge le; modified:time eq gt lt ge le`,
		Sorters: `id name nativeIdentity ownerIdentity uuid description machineIdentity.id machineIdentity.name
			subtype.technicalName subtype.displayName accessType environment manuallyCorrelated enabled locked
			hasEntitlements ownerIdentity.id ownerIdentity.name attributes source.id source.name created modified`,
		Response: "[]MachineAccount",
	},
	{
		ID: "getMachineAccount", Method: get, Path: "/machine-accounts/{id}", In: machineVersions,
		Scopes: "idn:mis-account:read", Levels: adminsAndHelpdesk,
		Response: "MachineAccount",
	},
	{
		ID: "updateMachineAccount", Method: patch, Path: "/machine-accounts/{id}", In: machineVersions,
		Scopes: "idn:mis-account:manage", Levels: sourceAdmins, App: true,
		Request: "[]PatchOperation", Response: "MachineAccount",
	},
	{
		ID: "updateMachineAccountsInBulk", Method: post, Path: "/machine-accounts/bulk-update", In: sinceV2026, OK: 207,
		Scopes: "idn:mis-account:update idn:mis-account:manage", Levels: joinWords(sourceAdmins, everyPerson), App: true,
		Request: "MachineAccountsBulkUpdate", Response: "[]BulkResult",
	},
}

// classificationEntries decide which accounts are machines.
var classificationEntries = []entry{
	{
		ID: "sendClassifyMachineAccount", Method: post, Path: "/accounts/{id}/classify", In: machineVersions,
		Scopes: "idn:account:update", Levels: adminsAndClients, App: true,
		Query:    "classificationMode enum(default ignoreManual forceMachine forceHuman) default=default",
		Response: "AccountClassified",
	},
	{
		ID: "sendClassifyMachineAccountFromSource", Method: post, Path: "/sources/{sourceId}/classify", In: sinceV2025,
		Scopes: "idn:account:update", Levels: allAdminsAndClients, App: true,
		Response: "SourceClassificationStarted",
	},
	{
		ID: "getClassifyMachineAccountFromSourceStatus", Method: get, Path: "/sources/{sourceId}/classify", In: sinceV2025,
		Scopes: "idn:account:update", Levels: allAdminsAndClients, App: true,
		Response: "SourceClassificationStatus",
	},
	{
		ID: "deleteClassifyMachineAccountFromSource", Method: remove, Path: "/sources/{sourceId}/classify", In: sinceV2025,
		OK: 204, Scopes: "idn:account:update", Levels: allAdminsAndClients, App: true,
	},
	{
		ID: "sendDeclassifyMachineAccountFromSource", Method: post, Path: "/sources/{sourceId}/declassify", In: sinceV2025,
		OK: 204, Scopes: "idn:account:update", Levels: allAdminsAndClients,
	},
	{
		ID: "getMachineClassificationConfig", Method: get, Path: "/sources/{sourceId}/machine-classification-config",
		In:     machineVersions,
		Scopes: "idn:sources:read idn:sources:manage", Levels: sourceAdmins, App: true,
		Response: "MachineClassificationConfig",
	},
	{
		ID: "setMachineClassificationConfig", Method: put, Path: "/sources/{sourceId}/machine-classification-config",
		In:     machineVersions,
		Scopes: "idn:sources:manage", Levels: sourceAdmins, App: true,
		Request: "MachineClassificationConfig", Response: "MachineClassificationConfig",
	},
	{
		// 200 without a body, not 204.
		ID: "deleteMachineClassificationConfig", Method: remove, Path: "/sources/{sourceId}/machine-classification-config",
		In:     machineVersions,
		Scopes: "idn:sources:manage", Levels: sourceAdmins, App: true,
	},
}
