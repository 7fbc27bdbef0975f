package api

import (
	"net/http"
	"slices"
	"strings"
	"sync"

	"midgard/internal/contract"
)

// mountOpen adds what is served without a token: the token endpoint, its discovery, and the description of the API. What
// nothing else serves gets the contract's 404, or 405 where only the method is wrong.
func (s *server) mountOpen(mux *http.ServeMux) {
	open := func(pattern, id string, h handler) {
		mux.Handle(pattern, s.serve(&contract.Operation{ID: id, Success: http.StatusOK}, h))
	}
	open("POST /oauth/token", "token", s.token)
	open("GET /oauth/info", "oauthInfo", s.oauthInfo)
	open("GET /oauth/jwks", "jwks", s.jwks)
	open("GET /.well-known/jwks.json", "jwks", s.jwks)
	open("GET /openapi.json", "openapi", s.openAPI())
}

func (s *server) openAPI() handler {
	document := sync.OnceValue(func() []byte {
		return contract.OpenAPI(s.mounted, contract.Info{Title: "Midgard", Version: s.Version, Servers: []string{s.PublicURL}, ExperimentalOptional: !s.RequireExperimental})
	})
	return func(w http.ResponseWriter, r *http.Request) error {
		respond(w, r, http.StatusOK, document())
		return nil
	}
}

var methods = []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}

// router asks one mux after the other. The contract's paths do not fit a single one: a literal in one pattern stands where
// another has a parameter, and neither is the more specific.
type router []*http.ServeMux

// ServeHTTP implements http.Handler.
func (muxes router) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	for _, m := range muxes[:len(muxes)-1] {
		if _, pattern := m.Handler(r); pattern != "" {
			m.ServeHTTP(w, r)
			return
		}
	}
	muxes[len(muxes)-1].ServeHTTP(w, r)
}

// allowed lists the methods that some mux serves the path with.
func (muxes router) allowed(r *http.Request) []string {
	var list []string
	for _, method := range methods {
		probe := r.Clone(r.Context())
		probe.Method = method
		for _, m := range muxes {
			if _, pattern := m.Handler(probe); pattern != "" && pattern != "/" && !slices.Contains(list, method) {
				list = append(list, method)
			}
		}
	}
	return list
}

// nothing answers requests that no operation serves.
func (s *server) nothing(muxes *router) http.Handler {
	return s.serve(&contract.Operation{ID: "none"}, func(w http.ResponseWriter, r *http.Request) error {
		status, code, text := http.StatusNotFound, "404 Not found", "The server did not find a current representation for the target resource."
		if allowed := muxes.allowed(r); len(allowed) > 0 {
			w.Header().Set("Allow", strings.Join(allowed, ", "))
			status, code, text = http.StatusMethodNotAllowed, "405 Method Not Allowed", "The method "+r.Method+" is not allowed here; use "+strings.Join(allowed, " or ")+"."
		}
		respond(w, r, status, appendErrorBody(nil, code, callOf(r).trackingID, text))
		return nil
	})
}
