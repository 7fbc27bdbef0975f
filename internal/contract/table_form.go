package contract

const (
	readForms   = "sp:forms:read sp:forms:manage"
	manageForms = "sp:forms:manage"
)

// formEntries are for the administrator of the organisation. Levels are listed for the list and for creating only.
var formEntries = []entry{
	{
		ID: "searchFormDefinitionsByTenant", Method: get, Path: "/form-definitions", In: everywhere,
		Scopes: readForms, Levels: orgAdmin,
		Page: 250, NoCount: true,
		Filters:  "name eq gt sw in; description eq gt sw in; created:time eq gt sw in; modified:time eq gt sw in",
		Sorters:  "name description created modified",
		Response: "FormDefinitionList",
	},
	{
		ID: "createFormDefinition", Method: post, Path: "/form-definitions", In: everywhere, OK: 201,
		Scopes: manageForms, Levels: orgAdmin,
		Request: "FormDefinitionRequest", RequestOptional: true, Response: "FormDefinition",
	},
	{
		ID: "getFormDefinitionByKey", Method: get, Path: "/form-definitions/{formDefinitionID}", In: everywhere,
		Scopes: readForms, Levels: orgAdmin,
		Response: "FormDefinition",
	},
	{
		ID: "patchFormDefinition", Method: patch, Path: "/form-definitions/{formDefinitionID}", In: everywhere,
		Scopes: manageForms, Levels: orgAdmin,
		Consumes: jsonBody, Request: "[]FormPatchOperation", RequestOptional: true, Response: "FormDefinition",
	},
	{
		ID: "deleteFormDefinition", Method: remove, Path: "/form-definitions/{formDefinitionID}", In: everywhere, OK: 204,
		Scopes: manageForms, Levels: orgAdmin,
	},
	{
		// Ours: what a form says to an input, without keeping anything.
		ID: "validateForm", Method: post, Path: "/form-definitions/{formDefinitionID}/validate", In: "midgard/v1",
		Scopes: readForms, Levels: orgAdmin,
		Request: "FormInputCheck", Response: "FormInputResult",
	},
	{
		// Ours: the same for a form that is not kept.
		ID: "validateFormDraft", Method: post, Path: "/form-definitions/validate", In: "midgard/v1",
		Scopes: readForms, Levels: orgAdmin,
		Request: "FormDraftCheck", Response: "FormInputResult",
	},
}
