// Package contracttest holds every response of a test against the contract. It
// is for tests only.
package contracttest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	"midgard/internal/contract"
)

// ErrNoOperation is what a validator returns, wrapped, for a request that is
// none of the contract's operations: a path of another kind, a wrong method.
var ErrNoOperation = errors.New("not an operation of the contract")

// Validator returns a function that checks one response. Body is the body as a
// client reads it, decompressed. It is stricter than OpenAPI itself: a status,
// a body or a key that is not declared is an error, and so are times that are
// not RFC 3339 in UTC with milliseconds, and headers that are absent where they
// belong or present where they do not.
//
// The function can be called from any number of goroutines. The test fails at
// once when the document of the contract cannot be loaded.
func Validator(t testing.TB) func(req *http.Request, status int, header http.Header, body []byte) error {
	t.Helper()
	c, err := shared()
	if err != nil {
		t.Fatalf("load the contract: %v", err)
	}
	return c.check
}

var shared = sync.OnceValues(newChecker)

type checker struct {
	document   *openapi3.T
	muxes      []*http.ServeMux
	operations map[string]*contract.Operation // by pattern
	options    *openapi3filter.Options
}

func newChecker() (*checker, error) {
	operations := contract.Operations()
	loader := openapi3.NewLoader()
	document, err := loader.LoadFromData(contract.OpenAPI(operations, contract.Info{Title: "Midgard", Version: "test"}))
	if err != nil {
		return nil, fmt.Errorf("load document: %w", err)
	}
	if err := document.Validate(loader.Context); err != nil {
		return nil, fmt.Errorf("validate document: %w", err)
	}
	closeObjects(document)
	c := &checker{
		document:   document,
		operations: make(map[string]*contract.Operation, len(operations)),
		options: &openapi3filter.Options{
			MultiError:              true,
			IncludeResponseStatus:   true,
			SchemaValidationOptions: schemaOptions(),
		},
	}
	for _, layer := range contract.Layers(operations) {
		mux := http.NewServeMux()
		for i := range layer {
			c.operations[layer[i].Pattern()] = &layer[i]
			mux.Handle(layer[i].Pattern(), http.NotFoundHandler())
		}
		c.muxes = append(c.muxes, mux)
	}
	return c, nil
}

// schemaOptions narrow the formats to the one form that the server writes, and
// keep errors to a line by leaving out the schema.
func schemaOptions() []openapi3.SchemaValidationOption {
	const (
		instant = `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`
		uuid    = `^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`
	)
	return []openapi3.SchemaValidationOption{
		openapi3.DisableSchemaErrorDetails(),
		openapi3.WithStringFormatValidator("date-time", openapi3.NewRegexpFormatValidator(instant)),
		openapi3.WithStringFormatValidator("uuid", openapi3.NewRegexpFormatValidator(uuid)),
	}
}

func (c *checker) check(req *http.Request, status int, header http.Header, body []byte) error {
	operation := c.find(req)
	if operation == nil {
		return fmt.Errorf("%s %s: %w", req.Method, req.URL.Path, ErrNoOperation)
	}
	if err := c.checkResponse(operation, req, status, header, body); err != nil {
		return fmt.Errorf("%s answered %d: %w", operation.Pattern(), status, err)
	}
	return nil
}

func (c *checker) find(req *http.Request) *contract.Operation {
	for _, mux := range c.muxes {
		if _, pattern := mux.Handler(req); pattern != "" {
			return c.operations[pattern]
		}
	}
	return nil
}

func (c *checker) checkResponse(o *contract.Operation, req *http.Request, status int, header http.Header, body []byte) error {
	item := c.document.Paths.Value(o.Path)
	route := &routers.Route{
		Spec: c.document, Path: o.Path, PathItem: item, Method: o.Method, Operation: item.GetOperation(o.Method),
	}
	declared := route.Operation.Responses.Status(status)
	if declared == nil {
		return errors.New("the contract does not declare this status")
	}
	if len(declared.Value.Content) == 0 && len(body) > 0 {
		return fmt.Errorf("the contract declares no body, got %d bytes", len(body))
	}
	if err := checkHeaders(o, req, status, header); err != nil {
		return err
	}
	input := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: req, Route: route, Options: c.options},
		Status:                 status,
		Header:                 header,
		Options:                c.options,
	}
	return openapi3filter.ValidateResponse(context.Background(), input.SetBodyBytes(body))
}

// checkHeaders sees to what OpenAPI cannot express: headers that depend on the
// request, and headers that must be absent.
func checkHeaders(o *contract.Operation, req *http.Request, status int, header http.Header) error {
	asked, _ := strconv.ParseBool(req.URL.Query().Get("count"))
	only, _ := strconv.ParseBool(req.URL.Query().Get("count-only")) // which one list has
	wanted := map[string]bool{
		contract.HeaderTotalCount: (asked || only) && o.Count && status == o.Success,
		contract.HeaderRetryAfter: status == http.StatusTooManyRequests,
	}
	if !o.Deprecated {
		wanted[contract.HeaderDeprecated] = false
	}
	for name, want := range wanted {
		if present := header.Get(name) != ""; present != want {
			return fmt.Errorf("header %s: present is %v, want %v", name, present, want)
		}
	}
	return nil
}
