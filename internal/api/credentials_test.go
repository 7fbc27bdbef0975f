package api_test

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"midgard/internal/api"
	"midgard/internal/app/apptest"
	"midgard/internal/auth"
	"midgard/internal/governance"
	"midgard/internal/secret"
	"midgard/internal/store"
)

// authServer is a server on a database of its own with an administrator, and a clock that only the test moves. Every answer
// of an operation of the contract is held against it.
type authServer struct {
	*httptest.Server
	db     *sql.DB
	auth   *auth.Service
	log    *apptest.Log
	client *apptest.Server
	id     string // the administrator's client
	secret string
	mu     sync.Mutex
	now    time.Time
}

// newAuthServer lets change edit the options of the server before it is made.
func newAuthServer(t *testing.T, change ...func(*api.Options)) *authServer {
	t.Helper()
	s := &authServer{log: &apptest.Log{}, now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	log := slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	path := filepath.Join(t.TempDir(), "midgard.db")
	db, err := store.Open(t.Context(), store.Options{Path: path, Now: s.clock, Log: log})
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
	s.db, err = sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(10000)")
	must(t, err)
	t.Cleanup(func() { s.db.Close() })
	s.auth, err = auth.New(t.Context(), auth.Options{Store: db, Sealer: secret.Ephemeral(), Organization: "acme", Now: s.clock, Log: log})
	must(t, err)
	s.id, s.secret, _, err = s.auth.Bootstrap(t.Context(), "", "")
	must(t, err)
	options := api.Options{Store: db, Auth: s.auth, Log: log, PublicURL: "https://midgard.example", Organization: "acme"}
	for _, c := range change {
		c(&options)
	}
	handler, err := api.New(options)
	must(t, err)
	s.Server = httptest.NewServer(handler)
	t.Cleanup(s.Close)
	s.client = apptest.At(t, s.URL)
	return s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (s *authServer) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *authServer) advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
}

// person adds a person and gives their id.
func (s *authServer) person(t *testing.T, name string, levels ...string) string {
	t.Helper()
	id := store.NewID()
	_, err := s.db.Exec(`insert into identity (id, uid, uid_key, name, name_key, first_name, first_name_key, last_name, last_name_key, email, email_key,
		lifecycle_state, state, attributes, protected, created, modified) values ($1, $2, $3, $4, $5, '', '', '', '', '', '', 'active', 'ACTIVE', '{}', false, 0, 0)`,
		id, name, name, name, name)
	must(t, err)
	_, err = s.auth.UpdateUser(t.Context(), auth.Principal{}, "", id, func(u *governance.User) error { u.Levels = levels; return nil })
	must(t, err)
	return id
}

// token gives the administrator's access token.
func (s *authServer) token(t *testing.T) string {
	t.Helper()
	return s.tokenOf(t, s.id, s.secret)
}

func (s *authServer) tokenOf(t *testing.T, id, secret string) string {
	t.Helper()
	issued, err := s.auth.Issue(t.Context(), auth.TokenRequest{GrantType: "client_credentials", ClientID: id, ClientSecret: secret})
	must(t, err)
	return issued.AccessToken
}

// send sends a request as it is; call asks with a token and a JSON body, "" for none.
func (s *authServer) send(t *testing.T, request *http.Request) apptest.Answer {
	t.Helper()
	return s.client.Nobody.Send(t, request)
}

func (s *authServer) call(t *testing.T, token, method, path, body string) apptest.Answer {
	t.Helper()
	return s.client.WithToken("caller", token).Do(t, method, path, body)
}

const tokensPath, clientsPath, usersPath = "/personal-access-tokens/v1", "/v2025/oauth-clients", "/auth-users/v1/"

func TestAccessTokenIsMadeUsedAndDeleted(t *testing.T) {
	t.Parallel()
	s := newAuthServer(t)
	admin := s.token(t)
	made := s.call(t, admin, "POST", tokensPath, `{"name":"CI","scope":["sp:my-personal-access-tokens:manage"],"accessTokenValiditySeconds":900}`)
	made.Want(t, 200, `"accessTokenValiditySeconds":900,"expirationDate":"2027-03-01T12:00:00.000Z"`)
	id, secret := made.Field("id").(string), made.Field("secret").(string)
	if len(secret) != 64 {
		t.Errorf("the secret is %q", secret)
	}
	token := s.tokenOf(t, id, secret)
	list := s.call(t, token, "GET", tokensPath, "")
	list.Want(t, 200, `"lastUsed":"2026-03-01T12:00:00.000Z"`)
	if strings.Contains(list.Text, secret) {
		t.Error("the list tells the secret")
	}
	s.call(t, token, "GET", clientsPath, "").Want(t, 403, "one of the scopes sp:oauth-client:read, sp:oauth-client:manage")
	renamed := s.call(t, token, "PATCH", tokensPath+"/"+strings.ToUpper(id), `[{"op":"replace","path":"/name","value":"Build"},{"op":"remove","path":"/expirationDate"},
		{"op":"replace","path":"/userAwareTokenNeverExpires","value":true}]`)
	renamed.Want(t, 200, `"expirationDate":null,"userAwareTokenNeverExpires":true`)
	renamed.Want(t, 200, `"name":"Build"`)
	s.call(t, token, "PATCH", tokensPath+"/"+id, `[{"op":"replace","path":"/owner","value":{"id":"x"}}]`).Want(t, 400, "Field 'owner' is not patchable.")
	s.call(t, token, "DELETE", tokensPath+"/"+id, "").Want(t, 204, "")
	s.call(t, token, "GET", tokensPath, "").Want(t, 401, `{"error":"JWT validation failed: client is disabled, expired or deleted"}`)
	s.call(t, admin, "DELETE", tokensPath+"/"+id, "").Want(t, 404, "404 Not found")
}

func TestAccessTokenRequests(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		body   string
		status int
		part   string
	}{
		"least":                 {`{"name":"n"}`, 200, `"scope":["sp:scopes:all"]`},
		"lifetime":              {`{"name":"n"}`, 200, `"accessTokenValiditySeconds":749`},
		"no scope":              {`{"name":"n","scope":[]}`, 200, `"scope":["sp:scopes:default"]`},
		"null scope":            {`{"name":"n","scope":null}`, 200, `"scope":["sp:scopes:all"]`},
		"for ever":              {`{"name":"n","expirationDate":null,"userAwareTokenNeverExpires":true}`, 200, `"expirationDate":null`},
		"for ever in short":     {`{"name":"n","userAwareTokenNeverExpires":true}`, 200, `"expirationDate":null`},
		"date":                  {`{"name":"n","expirationDate":"2026-12-31T23:59:59.999Z"}`, 200, `"expirationDate":"2026-12-31T23:59:59.999Z"`},
		"newer clients' fields": {`{"name":"n","description":"d"}`, 200, `"name":"n"`},
		"not aware":             {`{"name":"n","expirationDate":null}`, 400, "userAwareTokenNeverExpires must be true"},
		"aware of nothing":      {`{"name":"n","userAwareTokenNeverExpires":false}`, 400, "userAwareTokenNeverExpires must be true"},
		"past":                  {`{"name":"n","expirationDate":"2026-02-28T00:00:00Z"}`, 400, "must be in the future"},
		"no date":               {`{"name":"n","expirationDate":"soon"}`, 400, "400.1 Bad Request Content"},
		"a number for a date":   {`{"name":"n","expirationDate":5}`, 400, "400.1 Bad Request Content"},
		"too short":             {`{"name":"n","accessTokenValiditySeconds":14}`, 400, "400.1.3 Illegal value"},
		"zero":                  {`{"name":"n","accessTokenValiditySeconds":0}`, 400, "400.1.3 Illegal value"},
		"too long":              {`{"name":"n","accessTokenValiditySeconds":43201}`, 400, "400.1.3 Illegal value"},
		"no name":               {`{}`, 400, "400.1.0 Required Data Missing Or Empty"},
		"twice the name":        {`{"name":"a","name":"b"}`, 400, "400.1 Bad Request Content"},
		"no JSON":               {`{"name"`, 400, "400.1 Bad Request Content"},
		"name of a wrong type":  {`{"name":5}`, 400, "400.1 Bad Request Content"},
	}
	s := newAuthServer(t)
	for name, test := range tests {
		made := s.call(t, s.token(t), "POST", tokensPath, test.body)
		if made.Status != test.status || !strings.Contains(made.Text, test.part) {
			t.Errorf("%s: got %d %s\nwant %d with %s", name, made.Status, made.Text, test.status, test.part)
		}
		if made.Status == 200 {
			s.call(t, s.token(t), "DELETE", tokensPath+"/"+made.Field("id").(string), "").Want(t, 204, "")
		}
	}
}

func TestEleventhAccessTokenIsRefused(t *testing.T) {
	t.Parallel()
	s := newAuthServer(t)
	for range 9 {
		s.call(t, s.token(t), "POST", tokensPath, `{"name":"n"}`).Want(t, 200, "")
	}
	s.call(t, s.token(t), "POST", tokensPath, `{"name":"n"}`).Want(t, 400, "400.1.4 Limit violation")
}

func TestAccessTokensOfOthers(t *testing.T) {
	t.Parallel()
	const extension = "/midgard/v1/personal-access-tokens"
	s := newAuthServer(t)
	ada, bob := s.person(t, "ada", "SOURCE_ADMIN"), s.person(t, "bob")
	admin := s.token(t)
	made := s.call(t, admin, "POST", extension, fmt.Sprintf(`{"name":"for ada","userAwareTokenNeverExpires":true,"ownerId":%q}`, strings.ReplaceAll(ada, "-", "")))
	made.Want(t, 200, fmt.Sprintf(`"owner":{"type":"IDENTITY","id":%q,"name":"ada"}`, ada))
	adas := s.tokenOf(t, made.Field("id").(string), made.Field("secret").(string))
	s.call(t, admin, "POST", extension, `{"name":"n"}`).Want(t, 400, "'ownerId'")
	s.call(t, admin, "POST", extension, `{"name":"n","ownerId":"`+store.NewID()+`"}`).Want(t, 400, "400.1.404 Referenced object not found")
	s.call(t, admin, "POST", extension, `{"name":"n","ownerId":"`+ada+`","owner":"`+bob+`"}`).Want(t, 400, "/owner")
	s.call(t, adas, "POST", extension, `{"name":"n","ownerId":"`+bob+`"}`).Want(t, 403, "one of the user levels ORG_ADMIN")
	s.call(t, adas, "POST", tokensPath, `{"name":"n","ownerId":"`+bob+`"}`).Want(t, 200, `"name":"ada"`) // the contract's operation knows no owner

	bobs := s.call(t, admin, "POST", extension, `{"name":"bob's","ownerId":"`+bob+`"}`).Field("id").(string)
	s.call(t, adas, "DELETE", tokensPath+"/"+bobs, "").Want(t, 404, "404 Not found")
	s.call(t, adas, "PATCH", tokensPath+"/"+bobs, `[{"op":"replace","path":"/name","value":"mine"}]`).Want(t, 404, "404 Not found")
	s.call(t, adas, "GET", tokensPath+"?owner-id="+bob, "").Want(t, 403, "403 Forbidden")
	for path, count := range map[string]int{tokensPath: 2, tokensPath + "?owner-id=" + ada: 2} {
		if got := s.call(t, adas, "GET", path, ""); len(got.Body.([]any)) != count {
			t.Errorf("%s for ada: %s", path, got.Text)
		}
	}
	for query, count := range map[string]int{"": 4, "?owner-id=" + bob: 1, "?filters=lastUsed+isnull": 2, "?filters=lastUsed+le+2026-02-01T00:00:00Z": 0, "?limit=2": 4} {
		if got := s.call(t, admin, "GET", tokensPath+query, ""); len(got.Body.([]any)) != count {
			t.Errorf("%q for the administrator: %s", query, got.Text)
		}
	}
	s.call(t, admin, "GET", tokensPath+"?filters=name+eq+%22n%22", "").Want(t, 400, "name")
	s.call(t, admin, "DELETE", tokensPath+"/"+bobs, "").Want(t, 204, "")
}

const clientBody = `{"name":"App","description":null,"accessTokenValiditySeconds":750,"grantTypes":["CLIENT_CREDENTIALS"],"accessType":"OFFLINE","enabled":true}`

func TestOAuthClientIsMadeUsedAndDeleted(t *testing.T) {
	t.Parallel()
	s := newAuthServer(t)
	admin := s.token(t)
	made := s.call(t, admin, "POST", clientsPath, clientBody)
	made.Want(t, 200, `"type":"CONFIDENTIAL"`)
	id, secret := made.Field("id").(string), made.Field("secret").(string)
	app := s.tokenOf(t, id, secret)
	read := s.call(t, app, "GET", clientsPath+"/"+id, "")
	read.Want(t, 200, `"secret":null`)
	if strings.Contains(read.Text, secret) {
		t.Error("the client tells its secret")
	}
	s.call(t, admin, "GET", clientsPath, "").Want(t, 200, `"lastUsed":"2026-03-01T12:00:00.000Z"`)
	s.call(t, admin, "GET", clientsPath+"?filters=lastUsed+isnull", "").Want(t, 200, `[]`)
	for _, path := range []string{clientsPath, tokensPath} {
		s.call(t, app, "GET", path, "").Want(t, 403, "It is for persons")
	}
	s.call(t, admin, "PATCH", clientsPath+"/"+id, `[{"op":"add","path":"/redirectUris/-","value":"https://a.example"},{"op":"replace","path":"/description","value":"d"}]`).
		Want(t, 200, `"redirectUris":["https://a.example"]`)
	s.call(t, admin, "PATCH", clientsPath+"/"+id, `[{"op":"replace","path":"/id","value":"x"}]`).Want(t, 400, "Field 'id' is not patchable.")
	s.call(t, admin, "PATCH", clientsPath+"/"+id, `[{"op":"remove","path":"/accessType"}]`).Want(t, 400, "'accessType'")
	s.call(t, admin, "PATCH", clientsPath+"/"+id, `[{"op":"replace","path":"/enabled","value":false}]`).Want(t, 200, `"enabled":false`)
	s.call(t, app, "GET", clientsPath+"/"+id, "").Want(t, 401, "client is disabled")
	s.call(t, admin, "DELETE", clientsPath+"/"+id, "").Want(t, 204, "")
	s.call(t, admin, "GET", clientsPath+"/"+id, "").Want(t, 404, "404 Not found")
}

func TestOAuthClientRequests(t *testing.T) {
	t.Parallel()
	s := newAuthServer(t)
	for _, field := range []string{"name", "description", "accessTokenValiditySeconds", "grantTypes", "accessType", "enabled"} {
		var body map[string]any
		must(t, json.Unmarshal([]byte(clientBody), &body))
		delete(body, field)
		text, err := json.Marshal(body)
		must(t, err)
		s.call(t, s.token(t), "POST", clientsPath, string(text)).Want(t, 400, "Required field '"+field+"' was missing")
	}
	s.call(t, s.token(t), "POST", clientsPath, strings.Replace(clientBody, "OFFLINE", "NEVER", 1)).Want(t, 400, "400.1.3 Illegal value")
}

func TestUserLevels(t *testing.T) {
	t.Parallel()
	s := newAuthServer(t)
	ada := s.person(t, "ada")
	admin := s.token(t)
	made := s.call(t, admin, "POST", "/midgard/v1/personal-access-tokens", `{"name":"n","ownerId":"`+ada+`"}`)
	adas := s.tokenOf(t, made.Field("id").(string), made.Field("secret").(string))
	s.call(t, adas, "GET", usersPath+ada, "").Want(t, 403, "one of the user levels ORG_ADMIN")
	s.call(t, admin, "GET", usersPath+ada, "").Want(t, 200, `"capabilities":[]`)
	change := func(token, id, patch string) apptest.Answer { return s.call(t, token, "PATCH", usersPath+id, patch) }
	change(admin, ada, `[{"op":"add","path":"/capabilities/-","value":"HELPDESK"}]`).Want(t, 200, `"capabilities":["HELPDESK"]`)
	change(admin, ada, `[{"op":"replace","path":"/capabilities","value":["ORG_ADMIN"]}]`).Want(t, 200, `"capabilities":["ORG_ADMIN"]`)
	s.call(t, adas, "GET", usersPath+ada, "").Want(t, 200, `"uid":"ada"`) // at once, with the same token
	change(adas, ada, `[{"op":"add","path":"/capabilities/-","value":"SOURCE_ADMIN"}]`).Want(t, 403, "Nobody can grant user levels to themselves")
	for patch, part := range map[string]string{
		`[{"op":"replace","path":"/capabilities","value":["EMPEROR"]}]`:                        "EMPEROR",
		`[{"op":"replace","path":"/capabilities","value":["USER"]}]`:                           "USER",
		`[{"op":"replace","path":"/capabilities","value":["SOURCE_ADMIN","SOURCE_SUBADMIN"]}]`: "at once",
		`[{"op":"replace","path":"/capabilities","value":"ORG_ADMIN"}]`:                        "400.1 Bad Request Content",
		`[{"op":"replace","path":"/uid","value":"root"}]`:                                      "Field 'uid' is not patchable.",
		`[{"op":"test","path":"/capabilities/0","value":"HELPDESK"}]`:                          "400.1 Bad Request Content",
		`{"op":"replace"}`: "400.1 Bad Request Content",
	} {
		change(admin, ada, patch).Want(t, 400, part)
	}
	change(admin, ada, `[{"op":"remove","path":"/capabilities"}]`).Want(t, 200, `"capabilities":[]`)
	s.call(t, adas, "GET", usersPath+ada, "").Want(t, 403, "403 Forbidden") // at once, too
	self := s.call(t, admin, "GET", "/v2025/public-identities?filters=alias+eq+%22admin%22", "").Body.([]any)[0].(map[string]any)["id"].(string)
	change(admin, self, `[{"op":"remove","path":"/capabilities/0"}]`).Want(t, 400, "The last active ORG_ADMIN")
	change(admin, store.NewID(), `[]`).Want(t, 404, "404 Not found")
}
