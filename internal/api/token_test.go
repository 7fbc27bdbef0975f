package api_test

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"midgard/internal/app/apptest"
)

// tokenRequest makes a request of the token endpoint; body may be empty.
func (s *authServer) tokenRequest(t *testing.T, query, contentType, body string) *http.Request {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), "POST", s.URL+"/oauth/token"+query, strings.NewReader(body))
	must(t, err)
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	return request
}

const urlEncoded = "application/x-www-form-urlencoded"

func TestTokenRequestShapes(t *testing.T) {
	t.Parallel()
	s := newAuthServer(t)
	credentials := url.Values{"client_id": {s.id}, "client_secret": {s.secret}}.Encode()
	all := "grant_type=client_credentials&" + credentials
	var form bytes.Buffer
	parts := multipart.NewWriter(&form)
	for name, value := range map[string]string{"grant_type": "client_credentials", "client_id": s.id, "client_secret": s.secret} {
		must(t, parts.WriteField(name, value))
	}
	must(t, parts.Close())
	basic := s.tokenRequest(t, "", urlEncoded, "grant_type=client_credentials")
	basic.SetBasicAuth(url.QueryEscape(s.id), s.secret)
	bodyless := s.tokenRequest(t, "?"+all, "", "")
	bodyless.Body = http.NoBody
	tests := map[string]*http.Request{
		"form":                  s.tokenRequest(t, "", urlEncoded, all),
		"form with a charset":   s.tokenRequest(t, "", urlEncoded+"; charset=UTF-8", all),
		"multipart":             s.tokenRequest(t, "", parts.FormDataContentType(), form.String()),
		"query and form":        s.tokenRequest(t, "?grant_type=client_credentials", urlEncoded, credentials),
		"query":                 bodyless,
		"query and other body":  s.tokenRequest(t, "?"+all, "application/json", "{}"),
		"basic":                 basic,
		"upper case":            s.tokenRequest(t, "", urlEncoded, "grant_type=CLIENT_CREDENTIALS&"+credentials),
		"upper case id":         s.tokenRequest(t, "", urlEncoded, "grant_type=client_credentials&client_secret="+s.secret+"&client_id="+strings.ToUpper(s.id)),
		"query, axios' default": s.tokenRequest(t, "?"+all, urlEncoded, ""),
	}
	for name, request := range tests {
		a := s.send(t, request)
		if a.Status != 200 || !strings.Contains(a.Text, `"token_type":"bearer","expires_in":749,"scope":"sp:scopes:all"`) {
			t.Errorf("%s: %d %s", name, a.Status, a.Text)
			continue
		}
		if a.Header.Get("Cache-Control") != "no-store" || a.Header.Get("Slpt-Request-Id") == "" || a.Header.Get("Date") == "" {
			t.Errorf("%s: headers %v", name, a.Header)
		}
		s.call(t, a.Field("access_token").(string), "GET", tokensPath, "").Want(t, 200, "")
	}
}

func TestTokenRequestRefusals(t *testing.T) {
	t.Parallel()
	s := newAuthServer(t)
	credentials := "&client_id=" + s.id + "&client_secret="
	tests := map[string]struct {
		query, contentType, body string
		status                   int
		want                     string
	}{
		"wrong secret": {"", urlEncoded, "grant_type=client_credentials" + credentials + "x", 401, `{"error":"invalid_client","error_description":"Bad client credentials"}`},
		"nothing":      {"", "", "", 400, `{"error":"invalid_request","error_description":"The parameter grant_type is missing."}`},
		"password":     {"", urlEncoded, "grant_type=password&username=a&password=b", 400, `"error":"unsupported_grant_type"`},
		"no secret":    {"?grant_type=client_credentials&client_id=" + s.id, "", "", 401, `"error":"invalid_client"`},
		"bad query":    {"?grant_type=%zz", "", "", 400, `"error":"invalid_request"`},
		"bad form":     {"", urlEncoded, "grant_type=%zz", 400, `"error":"invalid_request"`},
		"cut form":     {"", "multipart/form-data; boundary=x", "--x\r\nContent-Dis", 400, `"error":"invalid_request"`},
		"endless form": {"", urlEncoded, "grant_type=" + strings.Repeat("a", 1<<20), 400, `"error":"invalid_request"`},
	}
	for name, test := range tests {
		a := s.send(t, s.tokenRequest(t, test.query, test.contentType, test.body))
		if a.Status != test.status || !strings.Contains(a.Text, test.want) || a.Header.Get("Www-Authenticate") != "" {
			t.Errorf("%s: got %d %s, want %d %s", name, a.Status, a.Text, test.status, test.want)
		}
	}
	basic := s.tokenRequest(t, "", urlEncoded, "grant_type=client_credentials")
	basic.SetBasicAuth("nobody", "x")
	if a := s.send(t, basic); a.Status != 401 || !strings.HasPrefix(a.Header.Get("Www-Authenticate"), "Basic ") {
		t.Errorf("basic: %d %v", a.Status, a.Header)
	}
}

func TestGuessingSecretsIsSlowed(t *testing.T) {
	t.Parallel()
	s := newAuthServer(t)
	guess := func() apptest.Answer {
		return s.send(t, s.tokenRequest(t, "", urlEncoded, "grant_type=client_credentials&client_id="+s.id+"&client_secret=guess"))
	}
	for range 5 {
		guess().Want(t, 401, "invalid_client")
	}
	a := guess()
	a.Want(t, 429, `{"message":" Rate Limit Exceeded "}`)
	if a.Header.Get("Retry-After") != "1" {
		t.Errorf("Retry-After is %q", a.Header.Get("Retry-After"))
	}
	s.advance(time.Second)
	guess().Want(t, 401, "invalid_client")
	if a := guess(); a.Header.Get("Retry-After") != "2" {
		t.Errorf("then Retry-After is %q", a.Header.Get("Retry-After"))
	}
}

func TestSecretsAreNotLogged(t *testing.T) {
	t.Parallel()
	s := newAuthServer(t)
	s.send(t, s.tokenRequest(t, fmt.Sprintf("?grant_type=client_credentials&client_id=%s&client_secret=%s", s.id, s.secret), "", "")).Want(t, 200, "")
	s.send(t, s.tokenRequest(t, "?grant_type=client_credentials&client_id=a&client_secret=my-wrong-secret", "", "")).Want(t, 401, "")
	made := s.call(t, s.token(t), "POST", tokensPath, `{"name":"n"}`)
	log := s.log.String()
	for _, hidden := range []string{s.secret, "my-wrong-secret", made.Field("secret").(string)} {
		if strings.Contains(log, hidden) {
			t.Errorf("the log holds %q", hidden)
		}
	}
	if !strings.Contains(log, "client="+s.id) {
		t.Errorf("the log does not name the client:\n%s", log)
	}
}

func TestDiscovery(t *testing.T) {
	t.Parallel()
	s := newAuthServer(t)
	s.open(t, "/oauth/info").Want(t, 200, `"tenantId":"`+s.auth.TenantID()+`","tenantName":"acme","authorizeEndpoint":"https://midgard.example/oauth/authorize","tokenEndpoint":"https://midgard.example/oauth/token"`)
	for _, path := range []string{"/oauth/jwks", "/.well-known/jwks.json"} {
		s.open(t, path).Want(t, 200, `"kty":"EC"`)
	}
	s.open(t, "/oauth/token").Want(t, 405, "use POST")
}

// open gets a path that is no operation of the contract.
func (s *authServer) open(t *testing.T, path string) apptest.Answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), "GET", s.URL+path, nil)
	must(t, err)
	return s.send(t, request)
}

func TestCallsWithoutAValidToken(t *testing.T) {
	t.Parallel()
	s := newAuthServer(t)
	token := s.token(t)
	s.call(t, "", "GET", tokensPath, "").Want(t, 401, `{"error":"Full authentication is required to access this resource"}`)
	s.call(t, "garbage", "GET", tokensPath, "").Want(t, 401, `{"error":"JWT validation failed: JWT is malformed"}`)
	s.call(t, token[:len(token)-4]+"AAAA", "GET", tokensPath, "").Want(t, 401, `{"error":"JWT validation failed: signature is invalid"}`)
	s.call(t, token, "GET", tokensPath, "").Want(t, 200, "")
	s.advance(749 * time.Second)
	s.call(t, token, "GET", tokensPath, "").Want(t, 401, `{"error":"JWT validation failed: JWT is expired"}`)
}
