package api_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"midgard/internal/store"
)

// source adds a source and gives its id.
func (s *authServer) source(t *testing.T, name, owner string, authoritative bool) string {
	t.Helper()
	id := store.NewID()
	_, err := s.db.Exec(`insert into source (id, name, name_key, description, description_key, owner_id, type, type_key, connector, connector_key,
		connector_class, connection_type, connection_type_key, connector_attributes, secrets, features, authoritative, delete_threshold, healthy,
		status, status_key, status_message, refs, deleting, created, modified)
		values ($1, $2, lower($2), 'About ' || $2, '', nullif($3, ''), 'T', 't', 'c', 'c', '', '', '', '{}', '{}', '[]', $4, 10, true, '', '', '', '{}', false, 0, 0)`,
		id, name, owner, authoritative)
	must(t, err)
	return id
}

// describe gives a person a first and a last name, an e-mail address, a manager and further attributes.
func (s *authServer) describe(t *testing.T, id, manager string) {
	t.Helper()
	_, err := s.db.Exec(`update identity set first_name = 'Ada', first_name_key = 'ada', last_name = 'Lovelace', last_name_key = 'lovelace',
		email = 'ada@example.org', email_key = 'ada@example.org', manager_id = $2, attributes = '{"department":"IT"}' where id = $1`, id, manager)
	must(t, err)
}

// versions are all forms in which the supporting operations are served.
func versions(first, rest string) []string {
	list := []string{"/" + first + "/v1" + rest}
	for _, v := range []string{"v3", "beta", "v2024", "v2025", "v2026"} {
		list = append(list, "/"+v+"/"+first+rest)
	}
	return list
}

func TestIdentities(t *testing.T) {
	t.Parallel()
	s := newAuthServer(t)
	admin := s.token(t)
	boss, ada := s.person(t, "boss"), s.person(t, "ada")
	s.describe(t, ada, boss)
	want := fmt.Sprintf(`{"id":%q,"name":"ada","created":"1970-01-01T00:00:00.000Z","modified":"1970-01-01T00:00:00.000Z","alias":"ada",`+
		`"emailAddress":"ada@example.org","processingState":"OK","identityStatus":"ACTIVE","managerRef":{"type":"IDENTITY","id":%q,"name":"boss"},"isManager":false,`+
		`"lastRefresh":"1970-01-01T00:00:00.000Z","attributes":{"uid":"ada","displayName":"ada","firstname":"Ada","lastname":"Lovelace","email":"ada@example.org","department":"IT"},`+
		`"lifecycleState":{"stateName":"active","manuallyUpdated":false}}`, ada, boss)
	for _, path := range versions("identities", "/"+strings.ToUpper(strings.ReplaceAll(ada, "-", ""))) {
		got := s.call(t, admin, "GET", path, "")
		if diff := cmp.Diff(want, got.Text); got.Status != 200 || diff != "" {
			t.Errorf("%s: %d (-want +got)\n%s", path, got.Status, diff)
		}
	}
	list := s.call(t, admin, "GET", `/identities/v1?filters=alias+eq+"ADA"&count=true&defaultFilter=NONE&sorters=-name`, "")
	list.Want(t, 200, "["+want+"]")
	if list.Header.Get("X-Total-Count") != "1" {
		t.Errorf("the total is %q", list.Header.Get("X-Total-Count"))
	}
	s.call(t, admin, "GET", "/identities/v1/"+boss, "").Want(t, 200, `"managerRef":null,"isManager":true`)
	s.call(t, admin, "GET", "/identities/v1?defaultFilter=ALL", "").Want(t, 400, "use CORRELATED_ONLY or NONE")
	s.call(t, admin, "GET", `/identities/v1?filters=name+co+"a"`, "").Want(t, 400, "co")
	s.call(t, admin, "GET", "/identities/v1/"+store.NewID(), "").Want(t, 404, "404 Not found")
}

func TestDeleteIdentity(t *testing.T) {
	t.Parallel()
	s := newAuthServer(t)
	admin := s.token(t)
	ada, bob := s.person(t, "ada"), s.person(t, "bob")
	source := s.source(t, "Mail", ada, false)
	held := fmt.Sprintf(`{"message":"Identity cannot be deleted as it is owner of following resources","associationDetails":[{"associationType":"SOURCE_OWNER",`+
		`"entities":[{"identityEntity":{"id":%q,"name":"Mail","type":"SOURCE"}}]}]}`, source)
	if got := s.call(t, admin, "DELETE", "/identities/v1/"+ada, ""); got.Status != 400 || got.Text != held {
		t.Errorf("got %d %s\nwant 400 %s", got.Status, got.Text, held)
	}
	var protected string
	must(t, s.db.QueryRow("select id from identity where protected").Scan(&protected))
	s.call(t, admin, "DELETE", "/identities/v1/"+protected, "").Want(t, 400, "is protected")
	s.call(t, admin, "DELETE", "/v2025/identities/"+bob, "").Want(t, 204, "")
	s.call(t, admin, "DELETE", "/v2025/identities/"+bob, "").Want(t, 404, "404 Not found")
}

func TestPublicIdentities(t *testing.T) {
	t.Parallel()
	s := newAuthServer(t)
	admin := s.token(t)
	boss, ada := s.person(t, "boss"), s.person(t, "ada")
	s.describe(t, ada, boss)
	want := fmt.Sprintf(`{"id":%q,"name":"ada","alias":"ada","email":"ada@example.org","status":"Active","identityState":"ACTIVE",`+
		`"manager":{"type":"IDENTITY","id":%q,"name":"boss"},"attributes":[{"key":"firstname","name":"First Name","value":"Ada"},{"key":"lastname","name":"Last Name","value":"Lovelace"}]}`, ada, boss)
	for _, path := range versions("public-identities", "?add-core-filters=true") {
		if got := s.call(t, admin, "GET", path, ""); got.Status != 200 || got.Text != "["+want+"]" {
			t.Errorf("%s: got %d %s\nwant [%s]", path, got.Status, got.Text, want)
		}
	}
	for query, count := range map[string]int{
		"": 3, "?add-core-filters=false": 3, `?add-core-filters=true&filters=lastname+sw+"love"`: 1, `?add-core-filters=true&filters=alias+eq+"boss"`: 0,
	} {
		if got := s.call(t, admin, "GET", "/public-identities/v1"+query, ""); len(got.Body.([]any)) != count {
			t.Errorf("%q gives %s, want %d", query, got.Text, count)
		}
	}
	s.call(t, admin, "GET", "/public-identities/v1?add-core-filters=maybe", "").Want(t, 400, "use true or false")
}

const workgroupsPath, profilesPath = "/workgroups/v1", "/identity-profiles/v1"

func TestWorkgroupIsMadeChangedAndDeleted(t *testing.T) {
	t.Parallel()
	s := newAuthServer(t)
	admin := s.token(t)
	ada := s.person(t, "ada")
	made := s.call(t, admin, "POST", workgroupsPath, fmt.Sprintf(`{"name":"Operators","description":"Run things","owner":{"type":"IDENTITY","id":%q},"memberCount":7}`, ada))
	made.Want(t, 200, fmt.Sprintf(`"name":"Operators","description":"Run things","owner":{"type":"IDENTITY","id":%q,"name":"ada","displayName":"ada","emailAddress":""},"memberCount":0,"connectionCount":0`, ada))
	id := made.Field("id").(string)
	for _, path := range versions("workgroups", "/"+id) {
		s.call(t, admin, "GET", path, "").Want(t, 200, made.Text)
	}
	s.call(t, admin, "GET", workgroupsPath+`?filters=name+sw+"oper"&sorters=description`, "").Want(t, 200, "["+made.Text+"]")
	path := workgroupsPath + "/" + id
	s.call(t, admin, "PATCH", path, `[{"op":"replace","path":"/name","value":"Crew"},{"op":"remove","path":"/owner"}]`).Want(t, 200, `"name":"Crew","description":"Run things","memberCount"`)
	s.call(t, admin, "PATCH", path, "").Want(t, 200, `"name":"Crew"`)
	for body, part := range map[string]string{
		`[{"op":"replace","path":"/memberCount","value":3}]`:                "Field 'memberCount' is not patchable.",
		`[{"op":"replace","path":"/name","value":""}]`:                      "400.1.0 Required Data Missing Or Empty",
		`[{"op":"replace","path":"/name","value":5}]`:                       "400.1 Bad Request Content",
		`[{"op":"add","path":"/owner","value":{"id":"nobody"}}]`:            "400.1.404 Referenced object not found",
		`[{"op":"add","path":"/owner","value":{}}]`:                         "'owner.id'",
		`[{"op":"add","path":"/owner","value":{"type":"SOURCE","id":"1"}}]`: "use IDENTITY",
		`{"name":"Crew"}`: "400.1 Bad Request Content",
		`[{"op":"replace","path":"/description","value":"` + strings.Repeat("x", 2001) + `"}]`: "400.1.4 Limit violation",
	} {
		s.call(t, admin, "PATCH", path, body).Want(t, 400, part)
	}
	s.call(t, admin, "POST", workgroupsPath, `{"name":"CREW"}`).Want(t, 400, "400.1.409 Reference Conflict")
	s.call(t, admin, "POST", workgroupsPath, `{}`).Want(t, 400, "Required field 'name'")
	s.call(t, admin, "POST", workgroupsPath, `{"name":"a","name":"b"}`).Want(t, 400, "400.1 Bad Request Content")
	s.call(t, admin, "DELETE", path, "").Want(t, 204, "")
	for _, method := range []string{"GET", "DELETE"} {
		s.call(t, admin, method, path, "").Want(t, 404, "404 Not found")
	}
}

func TestWorkgroupMembersAndBulkDeletion(t *testing.T) {
	t.Parallel()
	s := newAuthServer(t)
	admin := s.token(t)
	ada, nobody := s.person(t, "ada"), store.NewID()
	group := func(name string) string {
		t.Helper()
		return s.call(t, admin, "POST", workgroupsPath, `{"name":"`+name+`"}`).Field("id").(string)
	}
	busy, free := group("Busy"), group("Free")
	must(t, execute(s, "update source set management_workgroup_id = $1 where id = $2", busy, s.source(t, "Mail", "", false)))

	members := workgroupsPath + "/" + busy + "/members"
	body := fmt.Sprintf(`[{"type":"IDENTITY","id":%q,"name":"whoever"},{"id":%q},{"id":%[1]q}]`, ada, nobody)
	s.call(t, admin, "POST", members+"/bulk-add", body).Want(t, 207, fmt.Sprintf(`[{"id":%q,"status":201,"description":"Identity is added into Governance Group members list."},`+
		`{"id":%q,"status":404,"description":"Identity with id \"%[2]s\" was not found."},`+
		`{"id":%[1]q,"status":409,"description":"Unable to set Membership of Identity \"%[1]s\" to Governance Group \"%[3]s\"; the relationship already exists."}]`, ada, nobody, busy))
	s.call(t, admin, "GET", members+"?count=true&sorters=-name", "").Want(t, 200, fmt.Sprintf(`[{"type":"IDENTITY","id":%q,"name":"ada","email":""}]`, ada))
	s.call(t, admin, "GET", members+"?limit=51", "").Want(t, 400, "400.1.4 Limit violation")
	s.call(t, admin, "GET", workgroupsPath+`?filters=memberships.identityId+eq+"`+ada+`"`, "").Want(t, 200, `"name":"Busy"`)
	s.call(t, admin, "GET", workgroupsPath+"/"+busy+"/connections?sorters=name", "").Want(t, 200, `"name":"Mail","description":"About Mail"},"connectionType":"ManagementWorkgroup"}]`)
	s.call(t, admin, "POST", members+"/bulk-delete", `[{"id":"`+ada+`"},{"id":"`+ada+`"}]`).Want(t, 207, fmt.Sprintf(`[{"id":%q,"status":204,"description":"Identity deleted from Governance Group members list."},{"id":%[1]q,"status":404,`, ada))
	for body, part := range map[string]string{
		`[]`: "'members'", `[{"id":""}]`: "Entry 0", `[{"type":"ROLE","id":"1"}]`: "use IDENTITY", `{}`: "400.1 Bad Request Content",
	} {
		s.call(t, admin, "POST", members+"/bulk-add", body).Want(t, 400, part)
	}

	s.call(t, admin, "DELETE", workgroupsPath+"/"+busy, "").Want(t, 400, "400.2.1.0 Object in use by another")
	s.call(t, admin, "POST", "/v2025/workgroups/bulk-delete", fmt.Sprintf(`{"ids":[%q,%q,%q]}`, free, busy, nobody)).Want(t, 207,
		fmt.Sprintf(`[{"id":%q,"status":204,"description":"Governance Group deleted successfully."},{"id":%q,"status":409,"description":"Unable to delete Governance Group %[2]s because it is in use by: source \"Mail\"."},{"id":%q,"status":404,`, free, busy, nobody))
	s.call(t, admin, "POST", workgroupsPath+"/bulk-delete", `{"ids":[]}`).Want(t, 400, "'ids'")
	for _, part := range []string{"/members", "/connections"} {
		s.call(t, admin, "GET", workgroupsPath+"/"+free+part, "").Want(t, 404, "404 Not found")
	}
}

func execute(s *authServer, text string, args ...any) error {
	_, err := s.db.Exec(text, args...)
	return err
}

func TestIdentityProfileIsMadeChangedAndDeleted(t *testing.T) {
	t.Parallel()
	s := newAuthServer(t)
	admin := s.token(t)
	hr, more := s.source(t, "HR", "", true), s.source(t, "More", "", true)
	transform := func(attribute, from string) string {
		return fmt.Sprintf(`{"identityAttributeName":%q,"transformDefinition":{"type":"accountAttribute","attributes":{"attributeName":%q,"sourceName":"HR","sourceId":%q}}}`, attribute, from, hr)
	}
	body := fmt.Sprintf(`{"name":"Staff","authoritativeSource":{"type":"SOURCE","id":%q},"identityAttributeConfig":{"enabled":true,"attributeTransforms":[%s,%s]}}`, hr, transform("uid", "login"), transform("email", "mail"))
	made := s.call(t, admin, "POST", profilesPath, body)
	made.Want(t, 201, fmt.Sprintf(`"description":null,"owner":null,"priority":10,"authoritativeSource":{"type":"SOURCE","id":%q,"name":"HR"},"identityRefreshRequired":false,"identityCount":0,`+
		`"identityAttributeConfig":{"enabled":true,"attributeTransforms":[%s,%s]},"identityExceptionReportReference":null,"hasTimeBasedAttr":false}`, hr, transform("uid", "login"), transform("email", "mail")))
	id := made.Field("id").(string)
	for _, path := range versions("identity-profiles", "/"+id) {
		s.call(t, admin, "GET", path, "").Want(t, 200, made.Text)
	}
	path := profilesPath + "/" + id
	s.call(t, admin, "PATCH", path, `[{"op":"replace","path":"/priority","value":3},{"op":"replace","path":"/identityAttributeConfig/attributeTransforms/0/transformDefinition/attributes/attributeName","value":"uid"},
		{"op":"remove","path":"/identityAttributeConfig/attributeTransforms/1"}]`).Want(t, 200, `"attributeTransforms":[`+transform("uid", "uid")+`]`)
	s.call(t, admin, "GET", profilesPath+"?filters=priority+eq+3&sorters=owner.name", "").Want(t, 200, `"priority":3`)
	for patch, part := range map[string]string{
		`[{"op":"replace","path":"/identityCount","value":3}]`:                                                                                                "Field 'identityCount' is not patchable.",
		`[{"op":"replace","path":"/identityAttributeConfig/attributeTransforms/0/transformDefinition/type","value":"static"}]`:                                "identityAttributeConfig.attributeTransforms[0].transformDefinition.type",
		`[{"op":"replace","path":"/identityAttributeConfig/attributeTransforms/0/transformDefinition/attributes/sourceName","value":"More"}]`:                 "only the profile's authoritative source",
		`[{"op":"replace","path":"/identityAttributeConfig/attributeTransforms/0/transformDefinition/attributes/sourceId","value":"1"}]`:                      "only the profile's authoritative source",
		`[{"op":"replace","path":"/authoritativeSource/id","value":"` + more + `"},{"op":"replace","path":"/identityAttributeConfig/enabled","value":false}]`: "cannot be changed at once",
		`[{"op":"remove","path":"/authoritativeSource"}]`:                                                                                                     "Required field 'authoritativeSource'",
	} {
		s.call(t, admin, "PATCH", path, patch).Want(t, 400, part)
	}
	s.call(t, admin, "PATCH", path, `[{"op":"replace","path":"/authoritativeSource/id","value":"`+more+`"}]`).Want(t, 200, `"sourceName":"More","sourceId":"`+more+`"`)
	gone := s.call(t, admin, "DELETE", path, "")
	gone.Want(t, 202, `"name":"Identity Profile Deletion"`)
	gone.Want(t, 202, `"completionStatus":"Success"`)
	s.call(t, admin, "GET", "/task-status/v1/"+gone.Field("id").(string), "").Want(t, 200, `"completionStatus":"SUCCESS"`)
	s.call(t, admin, "GET", path, "").Want(t, 404, "404 Not found")
}

func TestIdentityProfileRequests(t *testing.T) {
	t.Parallel()
	s := newAuthServer(t)
	admin := s.token(t)
	hr, servers := s.source(t, "HR", "", true), s.source(t, "Servers", "", false)
	with := func(transforms string) string {
		return `{"name":"n","authoritativeSource":{"id":"` + hr + `"},"identityAttributeConfig":{"enabled":true,"attributeTransforms":[` + transforms + `]}}`
	}
	const uid = `{"identityAttributeName":"uid","transformDefinition":{"type":"accountAttribute","attributes":{"attributeName":"a"}}}`
	for body, part := range map[string]string{
		`{}`:                                    "Required field 'name'",
		`{"name":"n"}`:                          "Required field 'authoritativeSource'",
		`{"name":"n","authoritativeSource":{}}`: "'authoritativeSource.id'",
		`{"name":"n","authoritativeSource":{"id":"nothing"}}`:                            "400.1.404 Referenced object not found",
		`{"name":"n","authoritativeSource":{"id":"` + servers + `"}}`:                    "is not authoritative",
		`{"name":"n","authoritativeSource":{"id":"` + hr + `"},"owner":{"id":"nobody"}}`: "field 'owner'",
		with(`{}`):                              "attributeTransforms[0].identityAttributeName'",
		with(uid + `,` + uid):                   "a second time",
		with(`{"identityAttributeName":"uid"}`): "attributeTransforms[0].transformDefinition.type'",
		with(uid + `,{"identityAttributeName":"email","transformDefinition":{"type":"accountAttribute"}}`):                                                    "attributeTransforms[1].transformDefinition.attributes.attributeName'",
		with(`{"identityAttributeName":"email","transformDefinition":{"type":"lookup","attributes":{}}}`):                                                     "only accountAttribute is supported",
		with(`{"identityAttributeName":"email","transformDefinition":{"type":"accountAttribute","attributes":{"attributeName":"a","sourceName":"Servers"}}}`): "sourceName",
	} {
		s.call(t, admin, "POST", profilesPath, body).Want(t, 400, part)
	}
	made := s.call(t, admin, "POST", profilesPath, `{"name":"n","authoritativeSource":{"id":"`+hr+`"}}`)
	made.Want(t, 201, `{"enabled":true,"attributeTransforms":[{"identityAttributeName":"uid"`)
	s.call(t, admin, "POST", profilesPath, `{"name":"m","authoritativeSource":{"id":"`+hr+`"}}`).Want(t, 400, "already has an identity profile")
}
