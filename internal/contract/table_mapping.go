package contract

// mappingEntries compute attributes, machine identities and owners of machine
// accounts. A mapping in a request may stand alone or in an array; the answer
// is always the whole list.
var mappingEntries = []entry{
	{
		ID: "listMachineAccountMappings", Method: get, Path: "/sources/{sourceId}/machine-account-mappings", In: machineVersions,
		Scopes: "idn:sources:read idn:sources:manage", Levels: sourceAdmins, App: true,
		Page: 250, NoCount: true,
		Response: "[]AttributeMapping",
	},
	{
		ID: "createMachineAccountMappings", Method: post, Path: "/sources/{sourceId}/machine-account-mappings", In: machineVersions,
		Scopes: "idn:sources:manage", Levels: "ORG_ADMIN SOURCE_ADMIN ROLE_ADMIN ROLE_SUBADMIN SOURCE_SUBADMIN", App: true,
		Request: "AttributeMapping", Response: "[]AttributeMapping",
	},
	{
		// 200 without a body, not 204.
		ID: "deleteMachineAccountMappings", Method: remove, Path: "/sources/{sourceId}/machine-account-mappings", In: machineVersions,
		Scopes: "idn:sources:manage", Levels: sourceAdmins, App: true,
	},
	{
		ID: "setMachineAccountMappings", Method: put, Path: "/sources/{sourceId}/machine-mappings", In: machineVersions,
		Scopes: "idn:sources:manage", Levels: sourceAdmins, App: true,
		Request: "AttributeMapping", Response: "[]AttributeMapping",
	},
	{
		// The path of the other operations, where clients in the field put as well.
		ID: "replaceMachineAccountMappings", Method: put, Path: "/sources/{sourceId}/machine-account-mappings", In: machineVersions,
		Scopes: "idn:sources:manage", Levels: sourceAdmins, App: true,
		Request: "AttributeMapping", Response: "[]AttributeMapping",
	},
	{
		// Midgard's own: what rules would do, without doing it.
		ID: "previewMachineAccountMappings", Method: post, Path: "/sources/{sourceId}/mapping-preview", In: "midgard/v1",
		Scopes: "idn:sources:read idn:sources:manage", Levels: sourceAdmins, App: true,
		Query:   "limit int32 min=0 max=250 default=50; offset int32 min=0 default=0",
		Request: "MappingPreviewRequest", Response: "MappingPreview",
	},
}
