package contract

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Info is what an OpenAPI document says beside its operations.
type Info struct {
	Title, Version, Description string
	// Servers are the base URLs under which the paths are served; none means
	// relative to where the document was read from.
	Servers []string
	// ExperimentalOptional says that the server does not demand the opt-in header.
	ExperimentalOptional bool
}

// object is a JSON object under construction. encoding/json sorts its keys, which
// makes the document the same for the same operations.
type object = map[string]any

// Headers of requests and responses.
const (
	HeaderExperimental = "X-SailPoint-Experimental"
	HeaderTrackingID   = "SLPT-Request-ID"
	HeaderRequestID    = "X-Request-Id"
	HeaderTotalCount   = "X-Total-Count"
	HeaderDeprecated   = "X-Deprecated"
	HeaderRetryAfter   = "Retry-After"
)

// OpenAPI returns the OpenAPI 3.0.3 document of the operations given, normally
// those that a server has mounted. It panics when an operation names a schema
// that does not exist, which a test of the table rules out.
func OpenAPI(operations []Operation, info Info) []byte {
	d := document{info: info, components: map[string]bool{}}
	paths := object{}
	for i := range operations {
		o := &operations[i]
		item, known := paths[o.Path].(object)
		if !known {
			item = object{}
			paths[o.Path] = item
		}
		item[strings.ToLower(o.Method)] = d.operation(o)
	}
	root := object{
		"openapi": "3.0.3",
		"info":    d.about(),
		"paths":   paths,
		"components": object{
			"parameters":      listParameters(),
			"headers":         responseHeaders(),
			"responses":       d.commonResponses(),
			"securitySchemes": securitySchemes(operations),
			"schemas":         d.schemas(),
		},
	}
	if len(info.Servers) > 0 {
		root["servers"] = d.servers()
	}
	text, err := json.Marshal(root)
	if err != nil {
		panic(fmt.Errorf("encode OpenAPI document: %w", err))
	}
	return text
}

// document collects which shared schemas the operations use.
type document struct {
	info       Info
	components map[string]bool
}

func (d *document) about() object {
	about := object{"title": d.info.Title, "version": d.info.Version}
	if d.info.Description != "" {
		about["description"] = d.info.Description
	}
	return about
}

func (d *document) servers() []object {
	servers := make([]object, len(d.info.Servers))
	for i, url := range d.info.Servers {
		servers[i] = object{"url": url}
	}
	return servers
}

func (d *document) operation(o *Operation) object {
	operation := object{
		"operationId":            o.ID + versionSuffix(o.Version),
		"summary":                summary(o.ID),
		"description":            describe(o),
		"tags":                   []string{tag(o)},
		"security":               security(o),
		"x-sailpoint-userLevels": o.Levels,
		"responses":              d.responses(o),
	}
	if parameters := d.parameters(o); len(parameters) > 0 {
		operation["parameters"] = parameters
	}
	if o.Request != "" {
		operation["requestBody"] = d.requestBody(o)
	}
	if o.Deprecated {
		operation["deprecated"] = true
	}
	return operation
}

func (d *document) requestBody(o *Operation) object {
	content := object{}
	for _, contentType := range o.Consumes {
		content[contentType] = object{"schema": d.schema(o.Request)}
	}
	return object{"required": !o.RequestOptional, "content": content}
}

// versionSuffix makes operation ids unique within a document: V1, V2025, Beta.
func versionSuffix(version string) string {
	var suffix strings.Builder
	for part := range strings.SplitSeq(version, "/") {
		suffix.WriteString(strings.ToUpper(part[:1]) + part[1:])
	}
	return suffix.String()
}

// summary takes an operation id apart: "listMachineAccounts" becomes "List
// machine accounts".
func summary(id string) string {
	var words strings.Builder
	for i, r := range id {
		switch {
		case i == 0:
			words.WriteString(strings.ToUpper(string(r)))
		case 'A' <= r && r <= 'Z':
			words.WriteString(" " + strings.ToLower(string(r)))
		default:
			words.WriteRune(r)
		}
	}
	return words.String()
}

// tag is the first segment of the path that is not a version.
func tag(o *Operation) string {
	path := strings.TrimPrefix(o.Path, "/"+o.Version)
	first, _, _ := strings.Cut(path[1:], "/")
	return first
}

// describe tells what a caller needs, since OpenAPI has no way to say "one of
// these scopes".
func describe(o *Operation) string {
	var lines []string
	if len(o.Scopes) > 0 {
		lines = append(lines, "Needs one of the scopes "+strings.Join(o.Scopes, ", ")+".")
	}
	lines = append(lines, "Needs one of the user levels "+strings.Join(o.Levels, ", ")+".")
	if o.Application {
		lines = append(lines, "Client credentials without a person are allowed.")
	}
	if o.Experimental {
		lines = append(lines, "The header "+HeaderExperimental+" opts in to this operation.")
	}
	return strings.Join(lines, " ")
}

const (
	userAuth        = "userAuth"
	applicationAuth = "applicationAuth"
)

func security(o *Operation) []object {
	scopes := append([]string{}, o.Scopes...)
	schemes := []object{{userAuth: scopes}}
	if o.Application {
		schemes = append(schemes, object{applicationAuth: scopes})
	}
	return schemes
}

// securitySchemes lists the scopes of all operations, since a scheme has to
// declare those that operations use.
func securitySchemes(operations []Operation) object {
	scopes := object{}
	for i := range operations {
		for _, scope := range operations[i].Scopes {
			scopes[scope] = ""
		}
	}
	flow := object{"clientCredentials": object{"tokenUrl": "/oauth/token", "scopes": scopes}}
	return object{
		userAuth: object{
			"type": "oauth2", "flows": flow,
			"description": "A token that acts for a person: made from a personal access token or a client of that person.",
		},
		applicationAuth: object{
			"type": "oauth2", "flows": flow,
			"description": "A token of a client that acts for nobody.",
		},
	}
}

// parameters are those of the path, the query and the headers of one operation.
func (d *document) parameters(o *Operation) []object {
	var parameters []object
	for _, param := range o.PathParams {
		parameters = append(parameters, parameter("path", param))
	}
	if o.List {
		parameters = append(parameters, limitParameter(o), reference("parameters", "offset"))
	}
	if o.Count {
		parameters = append(parameters, reference("parameters", "count"))
	}
	if len(o.Filters) > 0 {
		parameters = append(parameters, filtersParameter(o))
	}
	if len(o.Sorters) > 0 {
		parameters = append(parameters, sortersParameter(o))
	}
	for _, param := range o.Query {
		parameters = append(parameters, parameter("query", param))
	}
	if o.Experimental {
		parameters = append(parameters, object{
			"name": HeaderExperimental, "in": "header", "required": !d.info.ExperimentalOptional,
			"description": "Must be true.",
			"schema":      object{"type": "string", "enum": []string{"true"}, "default": "true"},
		})
	}
	return parameters
}

func parameter(in string, param Param) object {
	schema := object{"type": param.Type}
	if len(param.Enum) > 0 {
		schema["enum"] = param.Enum
	}
	if param.Default != "" {
		schema["default"] = literal(Kind(param.Type), param.Default)
	}
	return object{"name": param.Name, "in": in, "required": param.Required, "schema": schema}
}

func limitParameter(o *Operation) object {
	return object{
		"name": "limit", "in": "query", "required": false,
		"description": "Greatest number of items to return.",
		"schema": object{
			"type": "integer", "format": "int32",
			"minimum": 0, "maximum": o.MaxLimit, "default": o.DefaultLimit,
		},
	}
}

// listParameters are the parameters that are equal in all lists.
func listParameters() object {
	return object{
		"offset": object{
			"name": "offset", "in": "query", "required": false,
			"description": "Number of items to pass over.",
			"schema":      object{"type": "integer", "format": "int32", "minimum": 0, "default": 0},
		},
		"count": object{
			"name": "count", "in": "query", "required": false,
			"description": "Whether to answer the size of the whole selection in " + HeaderTotalCount + ".",
			"schema":      object{"type": "boolean", "default": false},
		},
	}
}

func filtersParameter(o *Operation) object {
	operators := object{}
	lines := []string{"An expression over these fields, each with its operators:", ""}
	for _, field := range o.Filters {
		names := make([]string, len(field.Ops))
		for i, op := range field.Ops {
			names[i] = string(op)
		}
		operators[field.Name] = names
		lines = append(lines, fmt.Sprintf("- **%s**: *%s* (%s)", field.Name, strings.Join(names, ", "), field.Type))
	}
	return object{
		"name": "filters", "in": "query", "required": false,
		"description": strings.Join(lines, "\n"),
		"schema":      object{"type": "string"},
		"x-filters":   operators,
	}
}

func sortersParameter(o *Operation) object {
	return object{
		"name": "sorters", "in": "query", "required": false,
		"description": "Fields with commas between them, each with - in front for descending order: **" +
			strings.Join(o.Sorters, ", ") + "**.",
		"schema":    object{"type": "string", "format": "comma-separated"},
		"x-sorters": o.Sorters,
	}
}

func reference(section, name string) object {
	return object{"$ref": "#/components/" + section + "/" + name}
}

// literal turns a default as it is written into a value of its kind. Text that
// does not fit the kind stays text, so that validation of the document shows it.
func literal(kind Kind, text string) any {
	switch kind {
	case Boolean:
		if value, err := strconv.ParseBool(text); err == nil {
			return value
		}
	case Integer:
		if value, err := strconv.ParseInt(text, 10, 64); err == nil {
			return value
		}
	}
	return text
}

// sortedKeys is for loops whose order shows in the document.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
