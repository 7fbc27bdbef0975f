package contract

const (
	readSources   = "idn:sources:read idn:sources:manage"
	manageSources = "idn:sources:manage"

	scheduleType = "scheduleType enum(ACCOUNT_AGGREGATION GROUP_AGGREGATION)"

	// anyOrder is every comparison that the contract allows on most fields of
	// sources.
	anyOrder = " eq ge gt in le lt ne isnull sw;"
)

var sourceEntries = []entry{
	{
		ID: "listSources", Method: get, Path: "/sources", In: everywhere, NotFound: true,
		Scopes: readSources, Levels: joinWords(sourceAdmins, "ROLE_SUBADMIN"), App: true,
		Page: 250,
		Filters: "id:id" + anyOrder + "owner.id:id" + anyOrder + "managementWorkgroup.id:id" + anyOrder +
			"created:time" + anyOrder + "modified:time" + anyOrder + "status" + anyOrder + "connectionType" + anyOrder +
			`name co eq in sw ge gt ne isnull; type eq in ge gt ne isnull sw; features:collection ca co;
			description eq sw; authoritative:bool eq ne isnull; healthy:bool isnull;
			connectorName eq ge gt in ne isnull sw; category co eq ge gt in le lt ne sw`,
		Sorters: `type created modified name owner.name healthy status id description owner.id
			accountCorrelationConfig.id accountCorrelationConfig.name
			managerCorrelationRule.type managerCorrelationRule.id managerCorrelationRule.name
			authoritative managementWorkgroup.id connectorName connectionType`,
		Query:    "for-subadmin string; includeIDNSource bool default=false",
		Response: "[]Source",
	},
	{
		ID: "createSource", Method: post, Path: "/sources", In: everywhere, OK: 201,
		Scopes: manageSources, Levels: sourceAdmins, App: true,
		Query: "provisionAsCsv bool", Request: "Source", Response: "Source",
	},
	{
		ID: "getSource", Method: get, Path: "/sources/{id}", In: everywhere,
		Scopes: readSources, Levels: sourceAdmins, App: true,
		Response: "Source",
	},
	{
		ID: "putSource", Method: put, Path: "/sources/{id}", In: everywhere,
		Scopes: manageSources, Levels: sourceAdmins, App: true,
		Request: "Source", Response: "Source",
	},
	{
		ID: "updateSource", Method: patch, Path: "/sources/{id}", In: everywhere,
		Scopes: manageSources, Levels: sourceAdmins, App: true,
		Request: "[]PatchOperation", Response: "Source",
	},
	{
		ID: "deleteSource", Method: remove, Path: "/sources/{id}", In: everywhere, OK: 202,
		Scopes: manageSources, Levels: sourceAdmins, App: true,
		Response: "SourceDeletion",
	},
	{
		// No level is listed; whoever may see the source may see its health.
		ID: "getSourceHealth", Method: get, Path: "/sources/{sourceId}/source-health", In: everywhere,
		Scopes: readSources, Levels: sourceAdmins, App: true,
		Response: "SourceHealth",
	},
	{
		ID: "getSourceSchedules", Method: get, Path: "/sources/{sourceId}/schedules", In: everywhere,
		Scopes: readSources, Levels: sourceAdmins, App: true,
		Response: "[]SourceSchedule",
	},
	{
		ID: "createSourceSchedule", Method: post, Path: "/sources/{sourceId}/schedules", In: everywhere, OK: 201,
		Scopes: manageSources, Levels: sourceAdmins, App: true,
		Request: "SourceSchedule", Response: "SourceSchedule",
	},
	{
		ID: "getSourceSchedule", Method: get, Path: "/sources/{sourceId}/schedules/{scheduleType}", In: everywhere,
		PathParams: scheduleType,
		Scopes:     readSources, Levels: sourceAdmins, App: true,
		Response: "SourceSchedule",
	},
	{
		ID: "updateSourceSchedule", Method: patch, Path: "/sources/{sourceId}/schedules/{scheduleType}", In: everywhere,
		PathParams: scheduleType,
		Scopes:     manageSources, Levels: sourceAdmins, App: true,
		Request: "[]PatchOperation", Response: "SourceSchedule",
	},
	{
		ID: "deleteSourceSchedule", Method: remove, Path: "/sources/{sourceId}/schedules/{scheduleType}", In: everywhere,
		PathParams: scheduleType, OK: 204,
		Scopes: manageSources, Levels: sourceAdmins, App: true,
	},
	{
		ID: "importAccounts", Method: post, Path: "/sources/{id}/load-accounts", In: everywhere, OK: 202,
		Scopes: manageSources, Levels: sourceAdmins, App: true,
		Consumes: formBody, Request: "AccountsUpload", RequestOptional: true, Response: "LoadAccountsTask",
	},
	{
		ID: "importEntitlements", Method: post, Path: "/sources/{sourceId}/load-entitlements", In: everywhere, OK: 202,
		Scopes: "idn:entitlement:manage", Levels: orgAdmin,
		Consumes: formBody, Request: "FileUpload", RequestOptional: true, Response: "LoadEntitlementsTask",
	},
}

const (
	readSchemas   = "idn:source-schema:read idn:source-schema:manage"
	manageSchemas = "idn:source-schema:manage"
	// The contract lists levels for reading and making schemas and none for the
	// operations on one schema; those take the same.
	schemaReaders = sourceAdmins
	schemaEditors = "ORG_ADMIN SOURCE_ADMIN"
)

var sourceSchemaEntries = []entry{
	{
		ID: "getSourceSchemas", Method: get, Path: "/sources/{sourceId}/schemas", In: everywhere,
		Scopes: readSchemas, Levels: schemaReaders,
		Query:    "include-types enum(group user); include-names string",
		Response: "[]SourceSchema",
	},
	{
		ID: "createSourceSchema", Method: post, Path: "/sources/{sourceId}/schemas", In: everywhere, OK: 201,
		Scopes: manageSchemas, Levels: schemaEditors,
		Request: "SourceSchema", Response: "SourceSchema",
	},
	{
		ID: "getSourceSchema", Method: get, Path: "/sources/{sourceId}/schemas/{schemaId}", In: everywhere,
		Scopes: readSchemas, Levels: schemaReaders,
		Response: "SourceSchema",
	},
	{
		ID: "putSourceSchema", Method: put, Path: "/sources/{sourceId}/schemas/{schemaId}", In: everywhere,
		Scopes: manageSchemas, Levels: schemaEditors,
		Request: "SourceSchema", Response: "SourceSchema",
	},
	{
		ID: "updateSourceSchema", Method: patch, Path: "/sources/{sourceId}/schemas/{schemaId}", In: everywhere,
		Scopes: manageSchemas, Levels: schemaEditors,
		Request: "[]PatchOperation", Response: "SourceSchema",
	},
	{
		ID: "deleteSourceSchema", Method: remove, Path: "/sources/{sourceId}/schemas/{schemaId}", In: everywhere,
		OK: 204, Scopes: manageSchemas, Levels: schemaEditors,
	},
}

// connectorEntries reach through to the connector of a source.
var connectorEntries = []entry{
	{
		ID: "importConnectorFile", Method: post, Path: "/sources/{sourceId}/upload-connector-file", In: everywhere,
		Scopes: "idn:sources-admin:manage", Levels: orgAdmin,
		Consumes: formBody, Request: "FileUpload", Response: "Source",
	},
	{
		ID: "testSourceConnection", Method: post, Path: "/sources/{sourceId}/connector/check-connection", In: everywhere,
		Scopes: "idn:source-connector:manage", Levels: orgAdmin, App: true,
		Response: "ConnectorStatus",
	},
	{
		ID: "testSourceConfiguration", Method: post, Path: "/sources/{sourceId}/connector/test-configuration",
		In:     everywhere,
		Scopes: "idn:source-connector:manage", Levels: orgAdmin, App: true,
		Response: "ConnectorStatus",
	},
	{
		ID: "pingCluster", Method: post, Path: "/sources/{sourceId}/connector/ping-cluster", In: everywhere,
		Scopes: "idn:source-connector:manage", Levels: orgAdmin, App: true,
		Response: "ConnectorStatus",
	},
	{
		ID: "searchResourceObjects", Method: post, Path: "/sources/{sourceId}/connector/peek-resource-objects",
		In:     everywhere,
		Scopes: "idn:source-connector:manage", Levels: orgAdmin, App: true,
		Request: "ResourceObjectsRequest", Response: "ResourceObjects",
	},
}
