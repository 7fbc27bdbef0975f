package contract

import (
	"net/http"
	"regexp"
	"slices"
	"strings"

	"midgard/internal/filter"
)

// entry is one line of the table. Its zero values are the common case, so that
// a line shows what is particular. Lists are written as words with blanks
// between them.
type entry struct {
	ID     string
	Method string
	// Path is the path in a release of the whole API, without that release.
	Path string
	// In lists the versions that the line holds for.
	In string
	// OK is the status of success, 200 when zero.
	OK int

	Scopes string
	Levels string
	// App says that the contract lists application authentication; a level "API"
	// implies it.
	App bool
	// Experimental and Deprecated list the versions that are.
	Experimental string
	Deprecated   string

	// Page is the greatest and the default limit of a list, zero for others.
	Page int
	// NoCount says of a list that it does not take count.
	NoCount bool
	Filters string // see filter.ParseFields
	Sorters string
	// Query has parameters as fields in the notation of the schemas. PathParams
	// has those of the path that are more than a string.
	Query, PathParams string

	// Consumes overrides the content type that follows from the method.
	Consumes        string
	Request         string
	RequestOptional bool
	Response        string
	// NotFound adds 404 to an operation without a parameter in its path; one with
	// a parameter has it anyway.
	NotFound bool
	Errors   map[int]string
}

// Versions that many lines share.
const (
	// everywhere is for supporting operations.
	everywhere = "v2024 v2025 v2026 v3 beta v1"
	// machineVersions and sinceV2025 are for the operations of the machine family.
	machineVersions = "v2024 v2025 v2026 v1"
	sinceV2025      = "v2025 v2026 v1"
)

// User levels that many lines share.
const (
	orgAdmin            = "ORG_ADMIN"
	anyCaller           = "Any"
	everyPerson         = "USER"
	sourceAdmins        = "ORG_ADMIN SOURCE_ADMIN SOURCE_SUBADMIN"
	adminsAndHelpdesk   = "ORG_ADMIN SOURCE_ADMIN SOURCE_SUBADMIN HELPDESK"
	adminsAndClients    = "API ORG_ADMIN SOURCE_ADMIN SOURCE_SUBADMIN"
	allAdminsAndClients = "API ORG_ADMIN ROLE_ADMIN ROLE_SUBADMIN SOURCE_ADMIN SOURCE_SUBADMIN"
)

// expand appends the operation of every version of the entry.
func (e *entry) expand(operations []Operation) []Operation {
	shared := e.operation()
	for version := range strings.FieldsSeq(e.In) {
		operation := shared
		operation.Version = version
		operation.Path = mount(version, e.Path)
		operation.Experimental = hasWord(e.Experimental, version)
		operation.Deprecated = hasWord(e.Deprecated, version)
		operations = append(operations, operation)
	}
	return operations
}

// operation has what all versions of the entry share.
func (e *entry) operation() Operation {
	o := Operation{
		ID:              e.ID,
		Method:          e.Method,
		Success:         e.OK,
		Scopes:          strings.Fields(e.Scopes),
		Levels:          strings.Fields(e.Levels),
		List:            e.Page > 0,
		Count:           e.Page > 0 && !e.NoCount,
		MaxLimit:        e.Page,
		DefaultLimit:    e.Page,
		Filters:         filter.MustParseFields(e.Filters),
		Sorters:         strings.Fields(e.Sorters),
		PathParams:      e.pathParams(),
		Query:           mustParseParams(e.Query),
		Consumes:        e.consumes(),
		Request:         e.Request,
		RequestOptional: e.RequestOptional,
		Response:        e.Response,
		NotFound:        e.NotFound || strings.Contains(e.Path, "{"),
		Errors:          e.Errors,
	}
	if o.Success == 0 {
		o.Success = http.StatusOK
	}
	o.Application = e.App || slices.Contains(o.Levels, "API")
	return o
}

func (e *entry) consumes() []string {
	switch {
	case e.Request == "":
		return nil
	case e.Consumes != "":
		return strings.Fields(e.Consumes)
	case e.Method == patch:
		return []string{patchBody}
	}
	return []string{jsonBody}
}

var pathParam = regexp.MustCompile(`\{(\w+)\}`)

func (e *entry) pathParams() []Param {
	particular := mustParseParams(e.PathParams)
	var params []Param
	for _, match := range pathParam.FindAllStringSubmatch(e.Path, -1) {
		param := Param{Name: match[1], Type: string(String)}
		if i := slices.IndexFunc(particular, func(p Param) bool { return p.Name == param.Name }); i >= 0 {
			param = particular[i]
		}
		param.Required = true
		params = append(params, param)
	}
	return params
}

// mount puts a version into a path: a release in front, the version of one API
// behind the first segment.
func mount(version, path string) string {
	switch version {
	case "v1", "v2":
		first, rest, _ := strings.Cut(path[1:], "/")
		if rest != "" {
			rest = "/" + rest
		}
		return "/" + first + "/" + version + rest
	}
	return "/" + version + path
}

func hasWord(words, word string) bool {
	return slices.Contains(strings.Fields(words), word)
}

// joinWords is for lists that are made of parts.
func joinWords(parts ...string) string { return strings.Join(parts, " ") }

// joinFields is joinWords for filter fields.
func joinFields(parts ...string) string { return strings.Join(parts, ";") }

// mustParseParams reads the notation of Query. The tables are source code, so a
// fault in them is a fault of the program.
func mustParseParams(text string) []Param {
	fields, err := parseFields(text)
	if err != nil {
		panic(err)
	}
	params := make([]Param, len(fields))
	for i, field := range fields {
		params[i] = Param{
			Name:     field.Name,
			Type:     string(field.Schema.Kind),
			Enum:     field.Schema.Enum,
			Required: field.Required,
			Default:  field.Schema.Default,
		}
	}
	return params
}
