package api_test

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"midgard/internal/aggregate"
	"midgard/internal/api"
	"midgard/internal/app/apptest"
	"midgard/internal/connector"
	"midgard/internal/connector/delimited"
	"midgard/internal/connector/ldap"
	"midgard/internal/governance"
	"midgard/internal/provision"
	"midgard/internal/secret"
	"midgard/internal/source"
	"midgard/internal/store"
)

// sourceServer is an authServer with the connectors for files and directories, and the administrator's token and id.
type sourceServer struct {
	*authServer
	files string
	admin string
	owner string
}

type sourceUseCases struct {
	*source.Service
	aggregations
	provisioning
}

type aggregations struct{ *aggregate.Service }

type provisioning struct{ *provision.Service }

func newSourceServer(t *testing.T, change ...func(*api.Options)) *sourceServer {
	t.Helper()
	s := &sourceServer{files: t.TempDir()}
	use := func(o *api.Options) {
		db := o.Store.(*store.Store)
		sources := source.New(source.Options{
			Store: db, Sealer: secret.Ephemeral(), NewID: store.NewID, Now: time.Now, FileRoot: s.files,
			Connectors: map[string]connector.Factory{delimited.Name: delimited.New(), ldap.Name: ldap.New()},
		})
		o.Use = sourceUseCases{sources, aggregations{aggregate.New(db, sources, time.Now, slog.New(slog.DiscardHandler))}, provisioning{}}
		o.MaxUpload = 1000
	}
	s.authServer = newAuthServer(t, append([]func(*api.Options){use}, change...)...)
	s.admin = s.token(t)
	must(t, s.db.QueryRow("select id from identity where protected").Scan(&s.owner))
	return s
}

// as asks as the administrator.
func (s *sourceServer) as(t *testing.T, method, path, body string) apptest.Answer {
	t.Helper()
	return s.call(t, s.admin, method, path, body)
}

// create makes a source and gives its id; rest are further members of the body.
func (s *sourceServer) create(t *testing.T, name, connector, rest string) string {
	t.Helper()
	body := fmt.Sprintf(`{"name":%q,"owner":{"type":"IDENTITY","id":%q},"connector":%q%s}`, name, s.owner, connector, rest)
	made := s.as(t, "POST", "/sources/v1", body)
	made.Want(t, 201, `"name":`)
	return made.Field("id").(string)
}

func TestSourceIsMadeAndShown(t *testing.T) {
	t.Parallel()
	s := newSourceServer(t)
	made := s.as(t, "POST", "/sources/v1?provisionAsCsv=true", fmt.Sprintf(`{"name":"Payroll","description":"People","owner":{"type":"IDENTITY","id":%q,"name":"?"},
		"connector":"x","cluster":{"type":"CLUSTER","id":"2c9180866166B5b0","name":"Corporate Cluster"},"authoritative":true,"deleteThreshold":5,
		"managerCorrelationMapping":{"accountAttributeName":"manager","identityAttributeName":"uid"},"connectorAttributes":{"delimiter":";"},
		"passwordPolicies":[{"type":"PASSWORD_POLICY","id":"p","name":"Corporate"}],"schemas":[{"id":"ignored"}],"healthy":true,"category":"HR"}`, s.owner))
	made.Want(t, 201, `"name":"Payroll"`)
	id := made.Field("id").(string)
	want := map[string]any{
		"id": id, "name": "Payroll", "description": "People", "owner": ref("IDENTITY", s.owner, "Administrator"),
		"cluster": ref("CLUSTER", "2c9180866166B5b0", "Corporate Cluster"), "accountCorrelationConfig": nil, "accountCorrelationRule": nil,
		"managerCorrelationMapping": map[string]any{"accountAttributeName": "manager", "identityAttributeName": "uid"},
		"managerCorrelationRule":    nil, "beforeProvisioningRule": nil, "passwordPolicies": []any{ref("PASSWORD_POLICY", "p", "Corporate")},
		"features": []any{"DISCOVER_SCHEMA", "NO_RANDOM_ACCESS"}, "type": "DelimitedFile", "connector": "delimited-file",
		"connectorClass": "sailpoint.connector.DelimitedFileConnector", "connectorAttributes": map[string]any{"delimiter": ";"},
		"deleteThreshold": 5.0, "authoritative": true, "managementWorkgroup": nil, "healthy": false, "status": "SOURCE_STATE_UNCHECKED_SOURCE",
		"since": "2026-03-01T12:00:00.000Z", "connectorId": "delimited-file", "connectorName": "delimited-file", "connectionType": "file",
		"connectorImplementationId": "delimited-file", "created": "2026-03-01T12:00:00.000Z", "modified": "2026-03-01T12:00:00.000Z",
		"credentialProviderEnabled": false, "category": "HR",
	}
	got := made.Body.(map[string]any)
	schemas := got["schemas"].([]any)
	delete(got, "schemas")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("made (-want +got):\n%s", diff)
	}
	if len(schemas) != 2 || schemas[0].(map[string]any)["name"] != "account" || schemas[1].(map[string]any)["type"] != "CONNECTOR_SCHEMA" {
		t.Errorf("schemas are %v", schemas)
	}
	for _, path := range versions("sources", "/"+strings.ToUpper(strings.ReplaceAll(id, "-", ""))) {
		s.as(t, "GET", path, "").Want(t, 200, made.Text)
	}
	for _, path := range versions("sources", `?filters=name+eq+"PAYROLL"&includeIDNSource=true&count=true`) {
		if got := s.as(t, "GET", path, ""); got.Text != "["+made.Text+"]" || got.Header.Get("X-Total-Count") != "1" {
			t.Errorf("%s gives %d %s of %s", path, got.Status, got.Text, got.Header.Get("X-Total-Count"))
		}
	}
}

func ref(kind, id, name string) map[string]any {
	return map[string]any{"type": kind, "id": id, "name": name}
}

func TestSourceThatCannotBeMade(t *testing.T) {
	t.Parallel()
	s := newSourceServer(t)
	s.create(t, "Payroll", "delimited-file", "")
	owner := fmt.Sprintf(`"owner":{"type":"IDENTITY","id":%q}`, s.owner)
	for body, part := range map[string]string{
		`{"name":"A",` + owner + `}`:                                                                                "Required field 'connector'",
		`{"name":"A","connector":"delimited-file"}`:                                                                 "Required field 'owner'",
		`{"name":"A","owner":null,"connector":"delimited-file"}`:                                                    "Required field 'owner'",
		`{"name":"A","owner":{},"connector":"delimited-file"}`:                                                      "Required field 'owner.id'",
		`{"name":"A","owner":{"type":"SOURCE","id":"x"},"connector":"delimited-file"}`:                              "use IDENTITY",
		`{"name":"A","owner":{"id":"0198c0de-0000-7000-8000-000000000000"},"connector":"delimited-file"}`:           "400.1.404 Referenced object not found",
		`{"connector":"delimited-file",` + owner + `}`:                                                              "400.1.0 Required Data Missing Or Empty",
		`{"name":"payroll","connector":"delimited-file",` + owner + `}`:                                             `400.1.409 Reference Conflict`,
		`{"name":"A","connector":"telnet",` + owner + `}`:                                                           "there are delimited-file, openldap.",
		`{"name":"A","connector":"delimited-file","connectorAttributes":{"delimiter":"ab"},` + owner + `}`:          "connectorAttributes.delimiter",
		`{"name":"A","connector":"delimited-file","connectorAttributes":7,` + owner + `}`:                           "'connectorAttributes' must be an object",
		`{"name":"A","connector":"delimited-file","deleteThreshold":101,` + owner + `}`:                             "deleteThreshold",
		`{"name":"A","connector":"delimited-file","deleteThreshold":"5",` + owner + `}`:                             "400.1 Bad Request Content",
		`{"name":"A","connector":"delimited-file","features":["FLY"],` + owner + `}`:                                "FLY",
		`{"name":"A","connector":"delimited-file","cluster":{"id":"1"},` + owner + `}`:                              "'cluster.name'",
		`{"name":"A","connector":"delimited-file","managementWorkgroup":{"id":"1"},` + owner + `}`:                  "400.1.404 Referenced object not found",
		`{"name":"A","connector":"delimited-file","managerCorrelationRule":{"type":"ROLE","id":"1"},` + owner + `}`: "use RULE",
		`{"name":"` + strings.Repeat("x", 513) + `","connector":"delimited-file",` + owner + `}`:                    "400.1.4 Limit violation",
		`{"name":"A","description":"` + strings.Repeat("x", 2001) + `","connector":"delimited-file",` + owner + `}`: "400.1.4 Limit violation",
		`{"name":"A","name":"B","connector":"delimited-file",` + owner + `}`:                                        "duplicate key",
		`{"name":"A","connector":"delimited-file",` + owner:                                                         "400.1 Bad Request Content",
	} {
		s.as(t, "POST", "/sources/v1", body).Want(t, 400, part)
	}
	s.as(t, "POST", "/sources/v1?provisionAsCsv=maybe", `{}`).Want(t, 400, "use true or false")
	s.as(t, "GET", "/sources/v1/0198c0de-0000-7000-8000-000000000000", "").Want(t, 404, "404 Not found")
}

func TestSourceIsPatched(t *testing.T) {
	t.Parallel()
	s := newSourceServer(t)
	id := s.create(t, "Payroll", "openldap", `,"connectorAttributes":{"host":"localhost","user":"cn=admin","password":"geheim","searchDN":"dc=example"},
		"cluster":{"type":"CLUSTER","id":"1","name":"c"}`)
	path := "/sources/v1/" + id
	s.as(t, "GET", path, "").Want(t, 200, `"encrypted":"password"`)
	for _, step := range []struct{ patch, part string }{
		{`[{"op":"replace","path":"/description","value":"new"},{"op":"replace","path":"/cluster/id","value":"2"}]`, `"cluster":{"type":"CLUSTER","id":"2","name":"c"}`},
		{`[{"op":"add","path":"/features/-","value":"UNLOCK"}]`, `"UNLOCK"]`},
		{`[{"op":"add","path":"/connectorAttributes/filterString","value":"a < b"}]`, `"filterString":"a < b"`},
		{`[{"op":"remove","path":"/cluster"}]`, `"cluster":null`},
		{`[{"op":"replace","path":"/name","value":"Directory"},{"op":"test","path":"/name","value":"Directory"}]`, `"name":"Directory"`},
		{`[{"op":"remove","path":"/deleteThreshold"}]`, `"deleteThreshold":10`},
		{`[{"op":"replace","path":"/connectorAttributes/password","value":"new one"}]`, `"encrypted":"password"`},
		{`[{"op":"replace","path":"/connectorAttributes","value":{"host":"localhost","user":"cn=admin","searchDN":"dc=example"}}]`, `"encrypted":"password"`},
	} {
		got := s.as(t, "PATCH", path, step.patch)
		got.Want(t, 200, step.part)
		if strings.Contains(got.Text, "geheim") || strings.Contains(got.Text, "****") || strings.Contains(got.Text, "new one") {
			t.Errorf("%s shows a secret: %s", step.patch, got.Text)
		}
	}
	for body, part := range map[string]string{
		`[{"op":"replace","path":"/id","value":"x"}]`:                           "Field 'id' is not patchable.",
		`[{"op":"replace","path":"/type","value":"x"}]`:                         "Field 'type' is not patchable.",
		`[{"op":"replace","path":"/authoritative","value":true}]`:               "Field 'authoritative' is not patchable.",
		`[{"op":"replace","path":"/created","value":"x"}]`:                      "Field 'created' is not patchable.",
		`[{"op":"replace","path":"/modified","value":"x"}]`:                     "Field 'modified' is not patchable.",
		`[{"op":"replace","path":"/connector","value":"x"}]`:                    "Field 'connector' is not patchable.",
		`[{"op":"replace","path":"/connectorClass","value":"x"}]`:               "Field 'connectorClass' is not patchable.",
		`[{"op":"add","path":"/passwordPolicies/-","value":{}}]`:                "Field 'passwordPolicies' is not patchable.",
		`[{"op":"remove","path":"/owner"}]`:                                     "Required field 'owner'",
		`[{"op":"replace","path":"/name","value":7}]`:                           "400.1 Bad Request Content",
		`[{"op":"replace","path":"/nope","value":7}]`:                           "Field 'nope' is not patchable.",
		`[{"op":"replace","path":"/connectorAttributes/port","value":1}]`:       "400.1 Bad Request Content",
		`[{"op":"replace","path":"/connectorAttributes/host","value":""}]`:      "connectorAttributes.host",
		`[{"op":"add","path":"/connectorAttributes/useSSL","value":"perhaps"}]`: "connectorAttributes.useSSL",
		`{"name":"x"}`: "a patch must be an array of operations",
	} {
		s.as(t, "PATCH", path, body).Want(t, 400, part)
	}
	s.wantSecret(t, id, true)
	for _, step := range []struct {
		patch string
		there bool
	}{
		{`[{"op":"replace","path":"/connectorAttributes/password","value":null},{"op":"add","path":"/connectorAttributes/authorizationType","value":"none"}]`, false},
		{`[{"op":"add","path":"/connectorAttributes/password","value":"x"}]`, true},
		{`[{"op":"replace","path":"/connectorAttributes/password","value":"****"}]`, true},
		{`[{"op":"remove","path":"/connectorAttributes/password"}]`, false},
		{`[{"op":"add","path":"/connectorAttributes/password","value":"x"}]`, true},
		{`[{"op":"remove","path":"/connectorAttributes/password"},{"op":"add","path":"/connectorAttributes/password","value":"y"}]`, true},
	} {
		s.as(t, "PATCH", path, step.patch).Want(t, 200, id)
		s.wantSecret(t, id, step.there)
	}
}

// wantSecret looks into the database whether a source keeps a secret, and that it is not kept in clear.
func (s *sourceServer) wantSecret(t *testing.T, id string, there bool) {
	t.Helper()
	var secrets string
	must(t, s.db.QueryRow("select secrets from source where id = $1", id).Scan(&secrets))
	if (secrets != "{}") != there || strings.Contains(secrets, "new one") {
		t.Errorf("secrets are %s, want one: %t", secrets, there)
	}
	var records int
	must(t, s.db.QueryRow(`select count(*) from change where before || after like '%geheim%' or after like '%new one%' or after like '%geheim%'`).Scan(&records))
	if records > 0 {
		t.Errorf("%d change records hold a secret", records)
	}
}

func TestSourceIsReplaced(t *testing.T) {
	t.Parallel()
	s := newSourceServer(t)
	id := s.create(t, "Payroll", "openldap", `,"description":"old","category":"x","connectorAttributes":{"host":"localhost","user":"u","password":"geheim","searchDN":"dc=example"}`)
	path := "/v2025/sources/" + id
	same := s.as(t, "GET", path, "")
	s.as(t, "PUT", path, same.Text).Want(t, 200, same.Text)
	s.wantSecret(t, id, true)
	body := fmt.Sprintf(`{"name":"Directory","owner":{"type":"IDENTITY","id":%q},"connector":"openldap","connectorAttributes":{"host":"localhost","user":"u","searchDN":"dc=example"}%%s}`, s.owner)
	got := s.as(t, "PUT", path, fmt.Sprintf(body, `,"created":"2020-01-01T00:00:00Z","unknown":1`))
	got.Want(t, 200, `"name":"Directory","description":"",`)
	got.Want(t, 200, `"category":null`)
	if diff := cmp.Diff(same.Field("features"), got.Field("features")); diff != "" {
		t.Errorf("features that are left out are the connector's (-want +got):\n%s", diff)
	}
	s.wantSecret(t, id, true)
	for extra, field := range map[string]string{
		`,"id":"0198c0de-0000-7000-8000-000000000000"`: "id", `,"type":"x"`: "type", `,"connectorClass":"x"`: "connectorClass",
		`,"authoritative":true`: "authoritative", `,"passwordPolicies":[]`: "passwordPolicies",
	} {
		s.as(t, "PUT", path, fmt.Sprintf(body, extra)).Want(t, 400, "Field '"+field+"' cannot be changed.")
	}
	s.as(t, "PUT", path, strings.Replace(fmt.Sprintf(body, ""), `"openldap"`, `"delimited-file"`, 1)).Want(t, 400, "Field 'connector' cannot be changed.")
	s.as(t, "PUT", path, `{"name":"x"}`).Want(t, 400, "Required field 'owner'")
}

func TestSourceIsDeleted(t *testing.T) {
	t.Parallel()
	s := newSourceServer(t)
	id := s.create(t, "Payroll", "delimited-file", "")
	got := s.as(t, "DELETE", "/v2025/sources/"+id, "")
	got.Want(t, 202, `{"type":"TASK_RESULT","id":`)
	s.as(t, "GET", "/task-status/v1/"+got.Field("id").(string), "").Want(t, 200, `"Source Deletion"`)
	s.as(t, "GET", "/v2025/sources/"+id, "").Want(t, 404, "404 Not found")
	s.as(t, "GET", "/v2025/sources/"+id+"/schemas", "").Want(t, 404, "404 Not found")
	s.as(t, "GET", "/v2025/sources", "").Want(t, 200, "[]")
	s.as(t, "DELETE", "/v2025/sources/"+id, "").Want(t, 202, got.Text)
	s.create(t, "Payroll", "delimited-file", "")
}

func TestSubadministratorsSeeTheirSources(t *testing.T) {
	t.Parallel()
	s := newSourceServer(t)
	ada := s.person(t, "ada", governance.LevelSourceSubadmin)
	group := s.as(t, "POST", workgroupsPath, fmt.Sprintf(`{"name":"Admins","owner":{"type":"IDENTITY","id":%q}}`, s.owner)).Field("id").(string)
	s.as(t, "POST", workgroupsPath+"/"+group+"/members/bulk-add", fmt.Sprintf(`[{"type":"IDENTITY","id":%q}]`, ada)).Want(t, 207, ada)
	mine := s.create(t, "Mine", "delimited-file", fmt.Sprintf(`,"managementWorkgroup":{"type":"GOVERNANCE_GROUP","id":%q}`, group))
	other := s.create(t, "Other", "delimited-file", "")
	made := s.as(t, "POST", "/midgard/v1/personal-access-tokens", fmt.Sprintf(`{"name":"n","ownerId":%q}`, ada))
	token := s.tokenOf(t, made.Field("id").(string), made.Field("secret").(string))
	for _, query := range []string{"", "?for-subadmin=me", "?for-subadmin=" + ada} {
		if got := s.call(t, token, "GET", "/sources/v1"+query, ""); len(got.Body.([]any)) != 1 || !strings.Contains(got.Text, `"name":"Mine"`) {
			t.Errorf("%q gives %s", query, got.Text)
		}
	}
	s.call(t, token, "GET", "/sources/v1?for-subadmin="+s.owner, "").Want(t, 403, "403 Forbidden")
	s.call(t, token, "GET", "/sources/v1/"+mine, "").Want(t, 200, "Mine")
	for _, call := range []struct{ method, rest, body string }{
		{"GET", "", ""}, {"DELETE", "", ""}, {"PATCH", "", `[]`}, {"GET", "/schemas", ""}, {"GET", "/schedules", ""}, {"GET", "/source-health", ""},
	} {
		s.call(t, token, call.method, "/sources/v1/"+other+call.rest, call.body).Want(t, 404, "404 Not found")
	}
	s.as(t, "GET", "/sources/v1?for-subadmin="+ada, "").Want(t, 200, `"name":"Mine"`)
	s.as(t, "GET", "/sources/v1?for-subadmin=me", "").Want(t, 200, "[]")
}

func TestSourceSchemas(t *testing.T) {
	t.Parallel()
	s := newSourceServer(t)
	id := s.create(t, "Payroll", "delimited-file", "")
	path := "/sources/v1/" + id + "/schemas"
	group := names(t, s.as(t, "GET", path+"?include-types=group", ""), "group")[0]
	names(t, s.as(t, "GET", path+"?include-types=user", ""), "account")
	names(t, s.as(t, "GET", path+"?include-names=group,%20account", ""), "account", "group")
	names(t, s.as(t, "GET", path+"?include-names=x", ""))
	s.as(t, "GET", path+"?include-types=x", "").Want(t, 400, "use group or user")

	body := `{"name":"application","nativeObjectType":"app","identityAttribute":"id","displayAttribute":"id","features":["PROVISIONING"],"configuration":{"a":1},
		"attributes":[{"name":"id","isMultiValued":false},{"name":"groups","type":"STRING","description":"Groups","isMulti":true,"isEntitlement":true,"isGroup":true,
		"schema":{"type":"CONNECTOR_SCHEMA","id":"` + group + `","name":"?"}}]}`
	made := s.as(t, "POST", path, body)
	made.Want(t, 201, `{"name":"id","nativeName":null,"type":"STRING","schema":null,"description":"","isMulti":false,"isEntitlement":false,"isGroup":false}`)
	made.Want(t, 201, `"schema":{"type":"CONNECTOR_SCHEMA","id":"`+group+`","name":"group"}`)
	one := path + "/" + made.Field("id").(string)
	for _, p := range versions("sources", strings.TrimPrefix(one, "/sources/v1")) {
		s.as(t, "GET", p, "").Want(t, 200, made.Text)
	}
	s.as(t, "PUT", one, made.Text).Want(t, 200, made.Text)
	s.as(t, "PATCH", one, `[{"op":"add","path":"/attributes/-","value":{"name":"location","type":"STRING","schema":null,"isMulti":false,"isEntitlement":false,"isGroup":false}}]`).
		Want(t, 200, `{"name":"location","nativeName":null,"type":"STRING","schema":null,`)
	s.as(t, "PATCH", one, `[{"op":"remove","path":"/hierarchyAttribute"},{"op":"add","path":"/configuration/b","value":2}]`).Want(t, 200, `"configuration":{"a":1,"b":2}`)
	s.as(t, "POST", path, body).Want(t, 400, "400.1.409 Reference Conflict")
	for patch, part := range map[string]string{
		`[{"op":"replace","path":"/name","value":"x"}]`:                        "Field 'name' is not patchable.",
		`[{"op":"replace","path":"/identityAttribute","value":"x"}]`:           "the schema has no such attribute",
		`[{"op":"replace","path":"/displayAttribute","value":"x"}]`:            "displayAttribute",
		`[{"op":"remove","path":"/identityAttribute"}]`:                        "Required field 'identityAttribute'",
		`[{"op":"add","path":"/attributes/-","value":{"name":"id"}}]`:          `the name \"id\" twice`,
		`[{"op":"add","path":"/attributes/-","value":{"type":"STRING"}}]`:      "Required field 'attributes.name'",
		`[{"op":"replace","path":"/attributes/0/type","value":"TEXT"}]`:        "use STRING, LONG, INT, BOOLEAN, DATE",
		`[{"op":"replace","path":"/attributes/1/schema/id","value":"nobody"}]`: "400.1.404 Referenced object not found",
		`[{"op":"replace","path":"/features","value":["FLY"]}]`:                "FLY",
		`[{"op":"replace","path":"/configuration","value":7}]`:                 "must be an object",
	} {
		s.as(t, "PATCH", one, patch).Want(t, 400, part)
	}
	s.as(t, "PUT", one, strings.Replace(made.Text, `"name":"application"`, `"name":"x"`, 1)).Want(t, 400, "Field 'name' cannot be changed.")
	s.as(t, "DELETE", one, "").Want(t, 204, "")
	for _, method := range []string{"GET", "DELETE"} {
		s.as(t, method, one, "").Want(t, 404, "404 Not found")
	}
}

// names compares the names of a list and gives the ids.
func names(t *testing.T, a apptest.Answer, want ...string) []string {
	t.Helper()
	var names, ids []string
	for _, item := range a.Body.([]any) {
		names = append(names, item.(map[string]any)["name"].(string))
		ids = append(ids, item.(map[string]any)["id"].(string))
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	return ids
}

func TestSourceSchedules(t *testing.T) {
	t.Parallel()
	s := newSourceServer(t)
	path := "/sources/v1/" + s.create(t, "Payroll", "delimited-file", "") + "/schedules"
	s.as(t, "GET", path, "").Want(t, 200, "[]")
	daily := `{"type":"ACCOUNT_AGGREGATION","cronExpression":"0 0 5,13,21 * * ?"}`
	s.as(t, "POST", path, daily).Want(t, 201, daily)
	s.as(t, "POST", path, daily).Want(t, 400, "400.1.409 Reference Conflict")
	s.as(t, "GET", path, "").Want(t, 200, "["+daily+"]")
	one := path + "/ACCOUNT_AGGREGATION"
	s.as(t, "GET", one, "").Want(t, 200, daily)
	s.as(t, "PATCH", one, `[{"op":"replace","path":"/cronExpression","value":"0 0 6 * * ?"}]`).Want(t, 200, `"cronExpression":"0 0 6 * * ?"`)
	s.as(t, "PATCH", one, `[{"op":"replace","path":"/type","value":"x"}]`).Want(t, 400, "Field 'type' is not patchable.")
	s.as(t, "PATCH", one, `[{"op":"replace","path":"/cronExpression","value":"0 0 6 L * ?"}]`).Want(t, 400, "L, W and # are not supported")
	s.as(t, "PATCH", one, `[{"op":"remove","path":"/cronExpression"}]`).Want(t, 400, "Required field 'cronExpression'")
	s.as(t, "POST", path, `{"type":"x","cronExpression":"0 0 6 * * ?"}`).Want(t, 400, "ACCOUNT_AGGREGATION or GROUP_AGGREGATION")
	s.as(t, "POST", path, `{"cronExpression":"0 0 6 * * ?"}`).Want(t, 400, "Required field 'type'")
	s.as(t, "POST", path, `{"type":"GROUP_AGGREGATION"}`).Want(t, 400, "Required field 'cronExpression'")
	s.as(t, "GET", path+"/GROUP_AGGREGATION", "").Want(t, 404, "404 Not found")
	s.as(t, "GET", path+"/x", "").Want(t, 400, "scheduleType")
	s.as(t, "DELETE", one, "").Want(t, 204, "")
	s.as(t, "DELETE", one, "").Want(t, 404, "404 Not found")
}

func TestConnectorIsAsked(t *testing.T) {
	t.Parallel()
	s := newSourceServer(t)
	id := s.create(t, "Payroll", "delimited-file", `,"connectorAttributes":{"filePath":"people.csv"}`)
	path := "/v2025/sources/" + id
	for _, test := range []string{"check-connection", "test-configuration"} {
		got := s.as(t, "POST", path+"/connector/"+test, "")
		got.Want(t, 200, `"status":"FAILURE"`)
		got.Want(t, 200, `people.csv`)
	}
	s.as(t, "GET", path+"/source-health", "").Want(t, 200, `"status":"SOURCE_STATE_ERROR_SOURCE"`)
	must(t, os.WriteFile(filepath.Join(s.files, "people.csv"), []byte("id,name,groups\n1,Ada,ops\n2,Bob,\n"), 0o600))
	s.as(t, "POST", path+"/connector/check-connection", "").Want(t, 200, `"name":"Payroll","status":"SUCCESS"`)
	s.as(t, "GET", path+"/source-health", "").Want(t, 200, fmt.Sprintf(`{"hostname":"midgard.example","id":%q,"iqServiceVersion":null,"isAuthoritative":false,`+
		`"isCluster":false,"name":"Payroll","org":"acme","pod":"","status":"SOURCE_STATE_HEALTHY","type":"DelimitedFile"}`, id))
	s.as(t, "GET", path, "").Want(t, 200, `"healthy":true`)
	s.as(t, "POST", path+"/connector/ping-cluster", "").Want(t, 200, `"status":"SUCCESS"`)

	peek := path + "/connector/peek-resource-objects"
	got := s.as(t, "POST", peek, `{"maxCount":1}`)
	got.Want(t, 200, `"objectCount":1,"resourceObjects":[{"attributes":{"groups":["ops"],"id":"1","name":"Ada"},"delete":false,"finalUpdate":false,"identity":"1"`)
	s.as(t, "POST", peek, `{}`).Want(t, 200, `"objectCount":2`)
	s.as(t, "POST", peek, `{"maxCount":101}`).Want(t, 400, "400.1.4 Limit violation")
	s.as(t, "POST", peek, `{"objectType":"x"}`).Want(t, 400, "objectType")
	s.as(t, "POST", peek, `{"objectType":"group"}`).Want(t, 400, "The source could not be read")
	s.as(t, "POST", peek, ``).Want(t, 400, "400.1 Bad Request Content")
}

func TestConnectorFile(t *testing.T) {
	t.Parallel()
	s := newSourceServer(t)
	path := "/sources/v1/" + s.create(t, "Payroll", "delimited-file", "")
	s.upload(t, path, "people.csv", "id,name\n1,Ada\n").Want(t, 200, `"connectorAttributes":{"connector_files":"people.csv"}`)
	s.as(t, "POST", path+"/connector/peek-resource-objects", `{}`).Want(t, 200, `"name":"Ada"`)
	s.upload(t, path, "people.csv", "").Want(t, 400, "empty")
	s.upload(t, path, "people.csv", strings.Repeat("x", 1001)).Want(t, 400, "400.1.4 Limit violation")
	s.as(t, "POST", path+"/upload-connector-file", "").Want(t, 400, "Required field 'file'")
	s.as(t, "POST", path+"/connector/peek-resource-objects", `{}`).Want(t, 200, `"name":"Ada"`)
	var kept int
	must(t, s.db.QueryRow("select count(*) from upload").Scan(&kept))
	if kept != 1 {
		t.Errorf("%d uploads are kept", kept)
	}
}

func (s *sourceServer) upload(t *testing.T, path, name, content string) apptest.Answer {
	t.Helper()
	return s.client.WithToken("admin", s.admin).PostForm(t, path+"/upload-connector-file", apptest.Part{Name: "file", FileName: name, Content: content})
}

func TestStrictSources(t *testing.T) {
	t.Parallel()
	s := newSourceServer(t, func(o *api.Options) { o.Strict = true })
	body := fmt.Sprintf(`{"name":"A","owner":{"type":"IDENTITY","id":%q},"connector":"delimited-file","healthy":true,"schemas":[],"nme":1}`, s.owner)
	s.as(t, "POST", "/sources/v1", body).Want(t, 400, "/healthy, /nme, /schemas")
	s.as(t, "GET", "/sources/v1?include=x", "").Want(t, 400, "include")
	s.as(t, "GET", "/sources/v1?includeIDNSource=false", "").Want(t, 200, "[]")
}
