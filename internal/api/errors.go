package api

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"midgard/internal/auth"
	"midgard/internal/filter"
	"midgard/internal/governance"
	"midgard/internal/jsondoc"
	"midgard/internal/jsonpatch"
)

// outcome is how the contract answers a kind of failure.
type outcome struct {
	status     int
	detailCode string
}

var outcomes = map[governance.Kind]outcome{
	governance.Internal:    {http.StatusInternalServerError, "500.0 Internal Fault"},
	governance.Invalid:     {http.StatusBadRequest, "400.1 Bad Request Content"},
	governance.Required:    {http.StatusBadRequest, "400.1.0 Required Data Missing Or Empty"},
	governance.Illegal:     {http.StatusBadRequest, "400.1.3 Illegal value"},
	governance.Limit:       {http.StatusBadRequest, "400.1.4 Limit violation"},
	governance.UnknownRef:  {http.StatusBadRequest, "400.1.404 Referenced object not found"},
	governance.Conflict:    {http.StatusBadRequest, "400.1.409 Reference Conflict"},
	governance.InUse:       {http.StatusBadRequest, "400.2.1.0 Object in use by another"},
	governance.NotFound:    {http.StatusNotFound, "404 Not found"},
	governance.Forbidden:   {http.StatusForbidden, "403 Forbidden"},
	governance.Unavailable: {http.StatusServiceUnavailable, "503.0 Service Unavailable"},
}

const internalText = "An internal fault occurred."

// httpError is a failure of the transport that has no meaning in the domain: a wrong method, a missing header.
type httpError struct {
	status int
	body   string
}

func (e *httpError) Error() string { return e.body }

// errExperimental is the answer of the reference platform's gateway, to the letter.
var errExperimental = &httpError{http.StatusBadRequest, `{"error":"Experimental Header is missing or invalid."}`}

// rateLimited is the contract's answer to too many requests, blanks included.
func rateLimited(w http.ResponseWriter, wait time.Duration) error {
	w.Header().Set("Retry-After", retryAfter(wait))
	return &httpError{http.StatusTooManyRequests, `{"message":" Rate Limit Exceeded "}`}
}

// writeError is the only place that turns an error into an answer. What the caller may not read goes to the log, under
// the tracking id that the caller gets.
func (s *server) writeError(w *recorder, r *http.Request, err error) {
	c := callOf(r)
	if w.status != 0 {
		s.Log.Error("the answer broke off", "tracking_id", c.trackingID, "op", c.op.ID, "error", err)
		return
	}
	var transport *httpError
	var token *auth.TokenError
	switch {
	case errors.As(err, &transport):
		respond(w, r, transport.status, []byte(transport.body))
		return
	case errors.As(err, &token):
		body := jsondoc.AppendStringField([]byte("{"), "error", token.Error())
		respond(w, r, http.StatusUnauthorized, append(body, '}'))
		return
	}
	kind, text := explain(err)
	out, ok := outcomes[kind]
	if !ok {
		out, text = outcomes[governance.Internal], internalText
	}
	if kind == governance.Conflict && c.op.Errors[http.StatusConflict] != "" {
		out.status = http.StatusConflict
	}
	if out.status >= http.StatusInternalServerError {
		s.Log.LogAttrs(r.Context(), slog.LevelError, "request failed", slog.String("tracking_id", c.trackingID), slog.String("op", c.op.ID), slog.Any("error", err))
	}
	respond(w, r, out.status, appendErrorBody(nil, out.detailCode, c.trackingID, text))
}

// explain gives the kind of a failure and the text that the caller may read.
func explain(err error) (governance.Kind, string) {
	var domain *governance.Error
	var list *filter.Error
	var doc *jsondoc.Error
	var patch *jsonpatch.Error
	var size *http.MaxBytesError
	switch {
	case errors.As(err, &domain):
		return domain.Kind, domain.Text
	case errors.As(err, &list):
		return governance.Illegal, fmt.Sprintf("Illegal value for field \"%s\": %s", list.Param, strings.TrimPrefix(list.Error(), list.Param+": "))
	case errors.As(err, &doc):
		return governance.Invalid, "The body is not acceptable: " + doc.Error()
	case errors.As(err, &patch):
		return governance.Invalid, "The patch cannot be applied: " + patch.Error()
	case errors.As(err, &size):
		return governance.Limit, fmt.Sprintf("The body is larger than %d bytes.", size.Limit)
	}
	return governance.Internal, internalText
}

// appendErrorBody writes the contract's ErrorResponseDto. The two messages with the same text are what clients see of
// the reference platform.
func appendErrorBody(b []byte, detailCode, trackingID, text string) []byte {
	b = jsondoc.AppendStringField(append(b, '{'), "detailCode", detailCode)
	b = jsondoc.AppendStringField(b, "trackingId", trackingID)
	b = append(b, `,"messages":[{"locale":"en-US","localeOrigin":"DEFAULT","text":`...)
	b = jsondoc.AppendString(b, text)
	b = append(b, `},{"locale":"und","localeOrigin":"REQUEST","text":`...)
	b = jsondoc.AppendString(b, text)
	return append(b, `}],"causes":[]}`...)
}
