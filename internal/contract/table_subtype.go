package contract

const (
	subtypeSorters = "displayName technicalName"
	subtypeFilters = "displayName eq sw; technicalName eq sw"

	subtypesPath       = "/source-subtypes"
	subtypePath        = "/source-subtypes/{subtypeId}"
	subtypeConfigPath  = "/source-subtypes/{subtypeId}/machine-config"
	deletionConfigPath = "/sources/{sourceId}/approval-config/machine-account-delete"

	sinceV2026 = "v2026 v1"
)

// subtypeEntries are the operations on subtypes of machine accounts and on the settings that hang on them.
var subtypeEntries = []entry{
	{
		ID: "listSourceSubtypes", Method: get, Path: subtypesPath, In: sinceV2026, Experimental: "v1",
		Scopes: readSources, Levels: sourceAdmins, App: true,
		Page: 250, Filters: joinFields("id:id eq in sw; source.id:id eq in", subtypeFilters), Sorters: subtypeSorters,
		Response: "[]SourceSubtypeWithSource",
	},
	{
		ID: "createSourceSubtype", Method: post, Path: subtypesPath, In: sinceV2026, OK: 201, Experimental: "v1",
		Scopes: manageSources, Levels: sourceAdmins, App: true,
		Request: "SourceSubtypeRequest", Response: "SourceSubtypeWithSource",
	},
	{
		ID: "loadBulkSourceSubtypes", Method: post, Path: "/source-subtypes/bulk-retrieve", In: sinceV2026, Experimental: "v1", NotFound: true,
		Scopes: manageSources, Levels: sourceAdmins, App: true,
		Request: "SourceSubtypeIds", Response: "[]SourceSubtypeWithSource",
	},
	{
		ID: "getSourceSubtypeById", Method: get, Path: subtypePath, In: sinceV2026, Experimental: "v1",
		Scopes: readSources, Levels: sourceAdmins, App: true,
		Response: "SourceSubtypeWithSource",
	},
	{
		ID: "patchMachineAccountSubtype", Method: patch, Path: subtypePath, In: sinceV2026, Experimental: "v1",
		Scopes: manageSources, Levels: sourceAdmins, App: true,
		Request: "[]PatchOperation", Response: "SourceSubtypeWithSource",
	},
	{
		ID: "deleteMachineAccountSubtype", Method: remove, Path: subtypePath, In: sinceV2026, OK: 204, Experimental: "v1",
		Scopes: manageSources, Levels: sourceAdmins, App: true,
	},
	{
		ID: "getMachineAccountSubtypeApprovalConfig", Method: get, Path: subtypeConfigPath, In: sinceV2026, Experimental: "v1",
		Scopes: "idn:source-subtypes:read idn:source-subtypes:management", Levels: adminsAndClients,
		Response: "MachineAccountSubtypeConfig",
	},
	{
		ID: "updateMachineAccountSubtypeApprovalConfig", Method: patch, Path: subtypeConfigPath, In: sinceV2026, Experimental: "v1",
		Scopes: "idn:source-subtypes:delete idn:source-subtypes:update idn:source-subtypes:management", Levels: adminsAndClients,
		Request: "[]PatchOperation", Response: "MachineAccountSubtypeConfig",
	},
	{
		ID: "getMachineAccountDeletionApprovalConfigBySource", Method: get, Path: deletionConfigPath, In: sinceV2026,
		Scopes: "idn:source-config:read idn:source-config:write", Levels: sourceAdmins,
		Response: "AccountDeleteConfig",
	},
	{
		// The contract lists the scope for reading here too.
		ID: "updateMachineAccountDeletionApprovalConfig", Method: patch, Path: deletionConfigPath, In: sinceV2026,
		Scopes: "idn:source-config:read idn:source-config:write", Levels: sourceAdmins,
		Request: "[]PatchOperation", Response: "AccountDeleteConfig",
	},
}

// subtypeUnderSourceEntries are the older operations on subtypes, all deprecated. v2025 calls the two that change one by the
// names that the operations by id have since; here each is called the same in all versions.
var subtypeUnderSourceEntries = []entry{
	{
		ID: "listMachineAccountSubtypes", Method: get, Path: "/sources/{sourceId}/subtypes", In: sinceV2025, Deprecated: sinceV2025,
		Scopes: readSources, Levels: sourceAdmins, App: true,
		Page: 250, Filters: subtypeFilters, Sorters: subtypeSorters,
		Response: "[]SourceSubtype",
	},
	{
		ID: "createMachineAccountSubtype", Method: post, Path: "/sources/{sourceId}/subtypes", In: sinceV2025, Deprecated: sinceV2025, OK: 201,
		Scopes: manageSources, Levels: sourceAdmins, App: true,
		Request: "SourceSubtypeUnderSourceRequest", Response: "SourceSubtype",
	},
	{
		ID: "getMachineAccountSubtypeByTechnicalName", Method: get, Path: "/sources/{sourceId}/subtypes/{technicalName}",
		In: sinceV2025, Deprecated: sinceV2025,
		Scopes: readSources, Levels: sourceAdmins, App: true,
		Response: "SourceSubtype",
	},
	{
		ID: "patchMachineAccountSubtypeByTechnicalName", Method: patch, Path: "/sources/{sourceId}/subtypes/{technicalName}",
		In: sinceV2025, Deprecated: sinceV2025,
		Scopes: manageSources, Levels: sourceAdmins, App: true,
		Request: "[]PatchOperation", Response: "SourceSubtype",
	},
	{
		ID: "deleteMachineAccountSubtypeByTechnicalName", Method: remove, Path: "/sources/{sourceId}/subtypes/{technicalName}",
		In: sinceV2025, Deprecated: sinceV2025, OK: 204,
		Scopes: manageSources, Levels: sourceAdmins, App: true,
	},
	{
		ID: "getMachineAccountSubtypeById", Method: get, Path: "/sources/subtypes/{subtypeId}", In: sinceV2025, Deprecated: sinceV2025,
		Scopes: readSources, Levels: sourceAdmins, App: true,
		Response: "SourceSubtype",
	},
}
