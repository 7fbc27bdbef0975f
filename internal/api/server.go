// Package api serves the public contract. Operations, their paths, rights and list fields come from package contract;
// this package gives each a handler and refuses to start when the table and the handlers disagree. A handler returns an
// error instead of writing one: errors.go is the only place that knows statuses and error bodies.
//
// Order of checks of a request: token (401), experimental header (400), rate limit (429), scope and user level (403),
// then the handler with the object (404) and the input (400).
package api

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"midgard/internal/auth"
	"midgard/internal/contract"
	"midgard/internal/governance"
)

// Options are what the server needs.
type Options struct {
	Store  Store
	Auth   *auth.Service
	Use    UseCases
	Log    *slog.Logger
	Strict bool // refuse unknown and read-only fields by name
	// RequireExperimental demands the opt-in header where the table says so.
	RequireExperimental bool
	MaxUpload           int64 // bytes of an uploaded file
	PublicURL           string
	Organization        string
	Version             string // of this program, for the API's description
	// Observe is told of every answered request; nil is allowed.
	Observe func(operation string, status int, took time.Duration)
}

// Store is everything that the handlers keep or read; each resource declares its part beside its handlers.
type Store interface {
	machineIdentityStore
	machineAccountStore
	accountActionStore
	subtypeStore
	accountRequestStore
	classificationStore
	mappingStore
	sourceStore
	provisioningPolicyStore
	workItemStore
	scheduleStore
	accountStore
	entitlementStore
	holdingStore
	identityStore
	identityProfileStore
	workgroupStore
	transformStore
	formStore
	genericApprovalStore
	taskStore
	accessTokenStore
	oauthClientStore
	authUserStore
	uploadStore
}

// UseCases is the work that is more than reading and writing rows.
type UseCases interface {
	sourceUseCases
	aggregationUseCases
	accountActionUseCases
	classificationUseCases
	mappingUseCases
	provisioningUseCases
}

// server holds the handlers and what they share.
type server struct {
	Options
	mounted []contract.Operation
}

// handler answers one operation. What it returns as an error is written by the server, once.
type handler func(w http.ResponseWriter, r *http.Request) error

// New mounts every operation of the contract. It fails when one has no handler, or a handler no operation.
func New(o Options) (http.Handler, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Observe == nil {
		o.Observe = func(string, int, time.Duration) {}
	}
	s := &server{Options: o, mounted: contract.Operations()}
	handlers := s.handlers()
	if err := agree(s.mounted, handlers); err != nil {
		return nil, err
	}
	var muxes router
	for _, layer := range contract.Layers(s.mounted) {
		mux := http.NewServeMux()
		for _, op := range layer {
			mux.Handle(op.Pattern(), s.serve(&op, s.admitted(handlers[op.ID])))
		}
		muxes = append(muxes, mux)
	}
	last := muxes[len(muxes)-1]
	s.mountOpen(last)
	last.Handle("/", s.nothing(&muxes))
	return muxes, nil
}

// agree checks that every operation has a handler and every handler an operation.
func agree(operations []contract.Operation, handlers map[string]handler) error {
	used := map[string]bool{}
	for _, op := range operations {
		if handlers[op.ID] == nil {
			return fmt.Errorf("operation %s has no handler", op.ID)
		}
		used[op.ID] = true
	}
	for id := range handlers {
		if !used[id] {
			return fmt.Errorf("handler %s has no operation in the contract", id)
		}
	}
	return nil
}

// admitted runs a handler for callers who may call its operation.
func (s *server) admitted(h handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if err := s.admit(w, r); err != nil {
			return err
		}
		return h(w, r)
	}
}

// call is what the server knows about the request that it is serving.
type call struct {
	op         *contract.Operation
	principal  auth.Principal
	trackingID string
	client     string // for the log
	strict     bool
}

type callKey struct{}

// callOf gives the call of a request that came through the server.
func callOf(r *http.Request) *call { return r.Context().Value(callKey{}).(*call) }

// actor is who is responsible for what the request changes.
func actor(r *http.Request) governance.Actor {
	c := callOf(r)
	return c.principal.Actor(c.trackingID)
}

// administeredBy is the person to whose sources the rows are limited, "" for no limit.
func administeredBy(r *http.Request) string {
	if p := callOf(r).principal; p.Subadmin() {
		return p.Identity.ID
	}
	return ""
}

// serve gives a handler its call, its headers, its log line and its error body.
func (s *server) serve(op *contract.Operation, h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		c := &call{op: op, trackingID: newTrackingID(), strict: s.Strict || op.Version == "midgard/v1"}
		r = r.WithContext(context.WithValue(r.Context(), callKey{}, c))
		answer := &recorder{ResponseWriter: w}
		c.headers(answer.Header())
		err := guard(h, answer, r)
		if err != nil {
			s.writeError(answer, r, err)
		}
		took := time.Since(began)
		s.Observe(op.ID, answer.status, took)
		s.Log.LogAttrs(r.Context(), slog.LevelInfo, "request", slog.String("tracking_id", c.trackingID), slog.String("op", op.ID),
			slog.String("method", r.Method), slog.String("path", r.URL.Path), slog.Int("status", answer.status),
			slog.Duration("took", took), slog.String("client", c.client))
	})
}

// guard turns a panic into an error, so that one faulty request costs only itself.
func guard(h handler, w http.ResponseWriter, r *http.Request) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return h(w, r)
}

func (c *call) headers(h http.Header) {
	h["Slpt-Request-Id"] = []string{c.trackingID}
	h["X-Request-Id"] = []string{c.trackingID}
	h["Cache-Control"] = []string{"no-store"}
	if c.op.Deprecated {
		h["X-Deprecated"] = []string{"true"}
	}
}

// admit checks, in this order: token, experimental header, rate limit, rights.
func (s *server) admit(w http.ResponseWriter, r *http.Request) error {
	c := callOf(r)
	principal, err := s.Auth.Authenticate(r.Context(), bearer(r))
	if err != nil {
		return err
	}
	c.principal, c.client = principal, principal.ClientID
	if c.op.Experimental && s.RequireExperimental && r.Header.Get("X-SailPoint-Experimental") != "true" {
		return errExperimental
	}
	if wait := s.Auth.Limit(principal.ClientID, c.op.Version); wait > 0 {
		return rateLimited(w, wait)
	}
	if err := principal.Allow(c.op.Scopes, c.op.Levels, c.op.Application); err != nil {
		return err
	}
	return refusePlaceholders(r)
}

// refusePlaceholders explains a path that still has a placeholder for an id. Clients generated from a description whose
// parameters have other names than its paths send such paths.
func refusePlaceholders(r *http.Request) error {
	for _, p := range callOf(r).op.PathParams {
		if v := r.PathValue(p.Name); strings.HasPrefix(v, "{") && strings.HasSuffix(v, "}") {
			return governance.Fail(governance.Illegal, p.Name, "Illegal value %q for field %q: the client sent the placeholder of the path instead of an id. "+
				"This is a known fault of generated clients; give the id in the path.", v, p.Name)
		}
	}
	return nil
}

// bearer takes the token from the Authorization header; the scheme's name is compared without case (RFC 9110, 11.1).
func bearer(r *http.Request) string {
	const scheme = "bearer "
	h := r.Header.Get("Authorization")
	if len(h) < len(scheme) || !equalFoldASCII(h[:len(scheme)], scheme) {
		return ""
	}
	return h[len(scheme):]
}

func equalFoldASCII(s, lower string) bool {
	for i := range len(lower) {
		c := s[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

// newTrackingID gives 32 hex digits, the form of the contract and of a W3C trace id.
func newTrackingID() string {
	var b [16]byte
	rand.Read(b[:]) //nolint:errcheck // documented never to fail
	return hex.EncodeToString(b[:])
}

// retryAfter is the header value for a wait: whole seconds, at least one.
func retryAfter(wait time.Duration) string {
	return strconv.Itoa(max(1, int((wait+time.Second-1)/time.Second)))
}

// recorder remembers the status for the log.
type recorder struct {
	http.ResponseWriter
	status int
}

// WriteHeader notes the status and passes it on.
func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write notes the implied status and passes the bytes on.
func (w *recorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }
