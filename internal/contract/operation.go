package contract

import (
	"net/http"
	"sync"

	"midgard/internal/filter"
)

// Operation is one operation under one path.
type Operation struct {
	// ID is the name of the operation, equal in all versions. An operation and
	// its successor under another version share it.
	ID string
	// Version is "v2024", "v2025", "v2026", "v3", "beta", "v1", "v2" or
	// "midgard/v1".
	Version string
	Method  string
	// Path is the full path with its parameters in braces, as http.ServeMux
	// reads it: "/v2025/sources/{sourceId}/classify".
	Path string
	// Success is the only status of success.
	Success int

	// Scopes are the scopes of which a token must hold one. None listed means
	// that any token will do.
	Scopes []string
	// Levels are the user levels of which the caller must have one.
	Levels []string
	// Application says that client credentials without a person are allowed.
	Application bool
	// Experimental says that the request must carry the opt-in header.
	Experimental bool
	// Deprecated says that the response must carry X-Deprecated.
	Deprecated bool

	// List says that the operation answers pages: it takes limit and offset.
	List bool
	// Count says that it takes count and can answer X-Total-Count.
	Count bool
	// MaxLimit and DefaultLimit bound limit and give its value when it is absent;
	// both are zero when List is false.
	MaxLimit, DefaultLimit int
	// Filters are the fields that filters may name; none means that the operation
	// has no such parameter.
	Filters filter.Fields
	// Sorters are the fields that sorters may name, likewise.
	Sorters []string
	// PathParams are the parameters of Path, in its order.
	PathParams []Param
	// Query are the query parameters besides those of lists.
	Query []Param

	// Consumes are the content types of the request body; none means that there
	// is no body and that whatever a client sends as one is to be ignored.
	Consumes []string
	// Request is the schema expression of the body, "" when there is none.
	Request string
	// RequestOptional says that the body may be absent.
	RequestOptional bool
	// Response is the schema expression of the body of success, "" when it is
	// empty.
	Response string
	// NotFound says that 404 is among the answers.
	NotFound bool
	// Errors are statuses with a body beyond those every operation has, as schema
	// expressions; for a status that every operation has it is an alternative.
	Errors map[int]string
}

// Param is a parameter of a path or a query.
type Param struct {
	Name string
	// Type is "string", "boolean" or "integer".
	Type string
	// Enum lists the allowed values; empty allows all of the type.
	Enum     []string
	Required bool
	// Default is the value that an absent parameter stands for, "" for none.
	Default string
}

// Pattern returns the operation as a pattern of http.ServeMux.
func (o *Operation) Pattern() string { return o.Method + " " + o.Path }

// Operations returns every operation of the table under every path, in the
// order of the table and then of the versions. The result is shared: callers
// must not change it.
func Operations() []Operation { return expanded() }

var expanded = sync.OnceValue(expandTable)

func expandTable() []Operation {
	var operations []Operation
	for _, family := range [][]entry{
		machineIdentityEntries(),
		machineAccountEntries,
		actionEntries,
		subtypeEntries,
		subtypeUnderSourceEntries,
		requestEntries,
		classificationEntries,
		mappingEntries,
		sourceEntries,
		sourceSchemaEntries,
		provisioningEntries,
		workEntries,
		connectorEntries,
		accountEntries,
		entitlementEntries,
		holdingEntries,
		identityEntries,
		identityProfileEntries,
		workgroupEntries,
		transformEntries,
		formEntries,
		approvalEntries,
		accessEntries,
		taskEntries,
	} {
		for i := range family {
			operations = family[i].expand(operations)
		}
	}
	return operations
}

// Methods as the tables write them.
const (
	get    = http.MethodGet
	post   = http.MethodPost
	put    = http.MethodPut
	patch  = http.MethodPatch
	remove = http.MethodDelete
)

// Content types of request bodies.
const (
	jsonBody  = "application/json"
	patchBody = "application/json-patch+json"
	formBody  = "multipart/form-data"
)
