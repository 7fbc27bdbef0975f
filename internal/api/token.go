package api

import (
	"errors"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"midgard/internal/auth"
	"midgard/internal/governance"
	"midgard/internal/jsondoc"
)

// maxTokenRequest bounds the body of a token request: three short fields, in multipart form too.
const maxTokenRequest = 64 << 10

// token answers all request shapes that clients send: the fields in a form body (URL-encoded or multipart), in the
// query, divided between both, or the client's id and secret in HTTP Basic authentication.
func (s *server) token(w http.ResponseWriter, r *http.Request) error {
	w.Header()["Pragma"] = []string{"no-cache"} // RFC 6749, 5.1, which asks for it beside Cache-Control
	request, refusal := tokenRequest(w, r)
	if refusal != nil {
		return grantRefused(w, refusal, false)
	}
	callOf(r).client = request.ClientID
	issued, err := s.Auth.Issue(r.Context(), request)
	var limit *auth.LimitError
	switch {
	case errors.As(err, &refusal):
		_, _, basic := r.BasicAuth()
		return grantRefused(w, refusal, basic)
	case errors.As(err, &limit):
		return rateLimited(w, limit.RetryAfter)
	case err != nil:
		return err
	}
	return ok(w, r, issued)
}

// grantRefused is the error answer of RFC 6749, 5.2: a client that used HTTP authentication is told so in its terms.
func grantRefused(w http.ResponseWriter, refusal *auth.GrantError, basic bool) error {
	status := http.StatusBadRequest
	if refusal.Code == "invalid_client" {
		status = http.StatusUnauthorized
		if basic {
			w.Header()["Www-Authenticate"] = []string{`Basic realm="oauth"`}
		}
	}
	body := jsondoc.AppendStringField([]byte("{"), "error", refusal.Code)
	body = append(jsondoc.AppendStringField(body, "error_description", refusal.Description), '}')
	return &httpError{status, string(body)}
}

var (
	errTokenQuery = &auth.GrantError{Code: "invalid_request", Description: "The query string is not well formed."}
	errTokenBody  = &auth.GrantError{Code: "invalid_request", Description: "The body is not a form, or it is too long."}
)

func tokenRequest(w http.ResponseWriter, r *http.Request) (auth.TokenRequest, *auth.GrantError) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return auth.TokenRequest{}, errTokenQuery
	}
	form, err := tokenForm(w, r)
	if err != nil {
		return auth.TokenRequest{}, errTokenBody
	}
	field := func(name string) string {
		if v := form.Get(name); v != "" {
			return v
		}
		return query.Get(name)
	}
	request := auth.TokenRequest{GrantType: field("grant_type"), ClientID: field("client_id"), ClientSecret: field("client_secret"), Remote: r.RemoteAddr}
	if id, secret, basic := r.BasicAuth(); basic && request.ClientSecret == "" {
		request.ClientID, request.ClientSecret = unescape(id), unescape(secret)
	}
	request.ClientID = storable(request.ClientID)
	return request, nil
}

// tokenForm reads the body by its content type; one that is no form is as good as none, since some clients send the
// fields in the query and no or another body.
func tokenForm(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	r.Body = http.MaxBytesReader(w, r.Body, maxTokenRequest)
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return nil, nil
	}
	switch kind {
	case "application/x-www-form-urlencoded":
		err = r.ParseForm()
	case "multipart/form-data":
		err = r.ParseMultipartForm(maxTokenRequest)
	}
	return r.PostForm, err
}

// unescape undoes the form encoding that RFC 6749, 2.3.1 asks for in HTTP Basic; many clients do without it.
func unescape(text string) string {
	if clear, err := url.QueryUnescape(text); err == nil && strings.ContainsAny(text, "%+") {
		return clear
	}
	return text
}

// oauthInfo is the discovery document of the contract's command line and SDKs.
func (s *server) oauthInfo(w http.ResponseWriter, r *http.Request) error {
	return ok(w, r, struct {
		TenantID          string `json:"tenantId"`
		TenantName        string `json:"tenantName"`
		AuthorizeEndpoint string `json:"authorizeEndpoint"`
		TokenEndpoint     string `json:"tokenEndpoint"`
		CloudDomainURL    string `json:"cloudDomainUrl"`
		LogoutURL         string `json:"logoutUrl"`
		Pod               string `json:"pod"`
	}{
		s.Auth.TenantID(), s.Organization, s.PublicURL + "/oauth/authorize", s.PublicURL + "/oauth/token", s.PublicURL, s.PublicURL + "/logout", auth.Pod,
	})
}

func (s *server) jwks(w http.ResponseWriter, r *http.Request) error {
	set, err := s.Auth.KeySet(r.Context())
	if err != nil {
		return governance.Because(err, governance.Unavailable, "", "The signing keys cannot be read at the moment.")
	}
	w.Header()["Cache-Control"] = []string{"public, max-age=60"}
	respond(w, r, http.StatusOK, set)
	return nil
}
