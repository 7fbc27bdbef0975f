package contract

import (
	"net/http"
	"strconv"
)

// commonErrors are the statuses that every operation can answer, with the shape
// of their bodies.
var commonErrors = map[int]struct{ component, schema string }{
	http.StatusBadRequest:          {"BadRequest", "Error"},
	http.StatusUnauthorized:        {"Unauthorized", "ErrorText"},
	http.StatusForbidden:           {"Forbidden", "Error"},
	http.StatusNotFound:            {"NotFound", "Error"},
	http.StatusTooManyRequests:     {"TooManyRequests", "RateLimitError"},
	http.StatusInternalServerError: {"ServerError", "Error"},
}

// responses are the answers of one operation: its success and its failures.
func (d *document) responses(o *Operation) object {
	responses := object{strconv.Itoa(o.Success): d.success(o)}
	for status, common := range commonErrors {
		if status != http.StatusNotFound || o.NotFound {
			responses[strconv.Itoa(status)] = reference("responses", common.component)
		}
	}
	for status, schemas := range d.particularErrors(o) {
		responses[strconv.Itoa(status)] = d.response(status, anyOf(schemas))
	}
	return responses
}

func (d *document) success(o *Operation) object {
	response := object{
		"description": http.StatusText(o.Success),
		"headers":     successHeaders(o),
	}
	if o.Response != "" {
		response["content"] = jsonContent(d.schema(o.Response))
	}
	return response
}

func successHeaders(o *Operation) object {
	headers := trackingHeaders()
	if o.Count {
		headers[HeaderTotalCount] = reference("headers", HeaderTotalCount)
	}
	if o.Deprecated {
		headers[HeaderDeprecated] = reference("headers", HeaderDeprecated)
	}
	return headers
}

// particularErrors are the bodies of the failures that differ from those of
// other operations.
func (d *document) particularErrors(o *Operation) map[int][]object {
	bodies := map[int][]object{}
	add := func(status int, schema string) {
		if common, ok := commonErrors[status]; ok && len(bodies[status]) == 0 {
			bodies[status] = append(bodies[status], d.schema(common.schema))
		}
		bodies[status] = append(bodies[status], d.schema(schema))
	}
	if o.Experimental {
		add(http.StatusBadRequest, "ErrorText")
	}
	for status, schema := range o.Errors {
		add(status, schema)
	}
	return bodies
}

func anyOf(schemas []object) object {
	if len(schemas) == 1 {
		return schemas[0]
	}
	return object{"anyOf": schemas}
}

func (d *document) commonResponses() object {
	responses := object{}
	for status, common := range commonErrors {
		responses[common.component] = d.response(status, d.schema(common.schema))
	}
	return responses
}

func (d *document) response(status int, schema object) object {
	headers := trackingHeaders()
	if status == http.StatusTooManyRequests {
		headers[HeaderRetryAfter] = reference("headers", HeaderRetryAfter)
	}
	return object{
		"description": http.StatusText(status),
		"headers":     headers,
		"content":     jsonContent(schema),
	}
}

func jsonContent(schema object) object {
	return object{jsonBody: object{"schema": schema}}
}

func trackingHeaders() object {
	return object{
		HeaderTrackingID: reference("headers", HeaderTrackingID),
		HeaderRequestID:  reference("headers", HeaderRequestID),
	}
}

func responseHeaders() object {
	header := func(required bool, description string, schema object) object {
		return object{"required": required, "description": description, "schema": schema}
	}
	text, number := object{"type": "string"}, object{"type": "integer"}
	return object{
		HeaderTrackingID: header(true, "Id of the request; errors repeat it as trackingId.", text),
		HeaderRequestID:  header(true, "The same id under its common name.", text),
		HeaderTotalCount: header(false, "Size of the whole selection; present when count is true.", number),
		HeaderDeprecated: header(true, "Whether the operation is deprecated.", object{"type": "boolean"}),
		HeaderRetryAfter: header(true, "Seconds to wait before the next request.", number),
	}
}
