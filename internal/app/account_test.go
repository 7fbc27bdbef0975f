//go:build unix

package app_test

import (
	"slices"
	"strings"
	"testing"

	"midgard/internal/app/apptest"
)

func TestAccounts(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		in := newInventory(t, s)
		t.Run("shape", in.testWholeAccount)
		t.Run("lists", in.testAccountLists)
		t.Run("entitlements", in.testEntitlements)
		t.Run("entitlement patch", in.testEntitlementPatch)
		t.Run("tasks", in.testTasks)
	})
}

func (in inventory) testWholeAccount(t *testing.T) {
	id := in.account(t, "svc-05").Text("id")
	want := obj{
		"name": `100%_svc\`, "sourceId": in.servers, "sourceName": "Servers", "isMachine": true, "authoritative": false, "description": "Underscore_100%",
		"disabled": true, "locked": true, "nativeIdentity": "svc-05", "systemAccount": false, "uncorrelated": false, "uuid": nil, "manuallyCorrelated": false,
		"hasEntitlements": false, "origin": "AGGREGATED", "ownerIdentity": ref("IDENTITY", in.Person(t, "dora"), "dora"),
		"attributes": obj{
			"id": "svc-05", "name": `100%_svc\`, "description": "Underscore_100%", "owner": "dora", "environment": "Test", "disabled": "yes", "locked": "yes",
		},
	}
	for _, path := range versions("accounts") {
		same(t, path, want, without(in.Admin.Get(t, path+"/"+id).Want(t, 200).Body, "id", "created", "modified"))
		in.Admin.Get(t, path+"/"+unknownID).Refused(t, "404 Not found", unknownID)
		in.Admin.Get(t, path+"/"+unknownID+"/entitlements").Refused(t, "404 Not found", unknownID)
	}
	human := in.Admin.List(t, "/accounts/v1", "filters", `identity.name eq "cleo"`)
	if len(human) != 1 || human[0].Text("identity.id") != in.Person(t, "cleo") || human[0]["isMachine"] != false || human[0]["uncorrelated"] != false {
		t.Errorf("the person's account is %v", human)
	}
}

// versions gives the paths under which a supporting operation is mounted.
func versions(first string) []string {
	list := []string{"/" + first + "/v1"}
	for _, v := range []string{"v3", "beta", "v2024", "v2025", "v2026"} {
		list = append(list, "/"+v+"/"+first)
	}
	return list
}

func (in inventory) testAccountLists(t *testing.T) {
	backup := in.entitlements(t, in.servers)["backup"]
	for filter, want := range map[string]int{
		`sourceId eq "` + in.servers + `"`: 6, `source.id in ("` + in.servers + `","` + in.mail + `")`: 8, `source.displayableName eq "mail"`: 2,
		`source.authoritative eq true`: len(apptest.Cast), `source.connectionType eq "file"`: 8 + len(apptest.Cast), `origin eq "AGGREGATED"`: 8 + len(apptest.Cast),
		`identity.correlated eq true`: len(apptest.Cast) + 8, `uncorrelated eq true`: 0, `entitlements eq "` + backup + `"`: 2, `hasEntitlements eq true`: 5,
		`name sw "SVC-"`: 4, `nativeIdentity eq "ada"`: 1, `identityId eq "` + in.Person(t, "ada") + `"`: 1, `identity.identityState eq "ACTIVE"`: len(apptest.Cast),
		`recommendation.method isnull`: 8 + len(apptest.Cast), `manuallyCorrelated eq true`: 0, `identity.name sw "a"`: 1,
	} {
		if rows := in.Admin.List(t, "/accounts/v1", "filters", filter); len(rows) != want {
			t.Errorf("%s gives %d rows, want %d: %v", filter, len(rows), want, apptest.Texts(rows, "name"))
		}
	}
}

func (in inventory) testEntitlements(t *testing.T) {
	account := in.account(t, "svc-01").Text("id")
	rows := in.Admin.List(t, "/accounts/v1/"+account+"/entitlements")
	if got := apptest.Texts(rows, "value"); !slices.Equal(slices.Sorted(slices.Values(got)), []string{"backup", "operators"}) {
		t.Errorf("the account's entitlements are %v", got)
	}
	if got := in.Admin.List(t, "/accounts/v1/"+account+"/entitlements", "limit", "1", "offset", "1"); len(got) != 1 {
		t.Errorf("the second page has %d rows", len(got))
	}
	id := in.entitlements(t, in.servers)["operators"]
	want := obj{
		"name": "operators", "attribute": "groups", "value": "operators", "sourceSchemaObjectType": "group", "description": nil, "cloudGoverned": false,
		"requestable": false, "owner": nil, "source": ref("SOURCE", in.servers, "Servers"), "attributes": obj{}, "tags": []any{},
		"privilegeLevel": obj{"direct": "NONE", "setBy": "connector", "setByType": "CONNECTOR_CRITERIA", "effective": "NONE"},
	}
	for _, path := range versions("entitlements") {
		same(t, path, want, without(in.Admin.Get(t, path+"/"+id).Want(t, 200).Body, "id", "created", "modified"))
		in.Admin.Get(t, path+"/"+unknownID).Refused(t, "404 Not found")
	}
	for filter, n := range map[string]int{
		`name sw "OP"`: 1, `value eq "operators"`: 1, `attribute eq "groups"`: 3, `type eq "group"`: 3, `source.id eq "` + in.mail + `"`: 1,
		`requestable eq true`: 0, `privilegeLevel.direct eq "none"`: 3, `privilegeLevel.direct eq "HIGH"`: 0, `tags eq "x"`: 0, `created gt 2001-01-01`: 3,
		`id in ("` + id + `")`: 1, `owner.id eq "` + in.Admin.ID + `"`: 0,
	} {
		if rows := in.Admin.List(t, "/entitlements/v1", "filters", filter); len(rows) != n {
			t.Errorf("%s gives %d rows, want %d", filter, len(rows), n)
		}
	}
}

func (in inventory) testEntitlementPatch(t *testing.T) {
	path := "/entitlements/v1/" + in.entitlements(t, in.servers)["backup"]
	ada := in.Person(t, "ada")
	entry := obj{"entitlementId": strings.TrimPrefix(path, "/entitlements/v1/"), "sourceId": in.servers}
	identity := in.createIdentity(t, "Uses backup", obj{"userEntitlements": []any{entry}}).ID(t)
	in.Admin.Patch(t, path, `[{"op":"replace","path":"/name","value":"Backup operators"},{"op":"replace","path":"/description","value":"May read all"},
		{"op":"replace","path":"/requestable","value":true},{"op":"add","path":"/owner","value":{"type":"IDENTITY","id":"`+ada+`","name":"whoever"}}]`).
		Want(t, 200, `"name":"Backup operators"`, `"description":"May read all"`, `"requestable":true`, `"owner":{"type":"IDENTITY","id":"`+ada+`","name":"ada"}`)
	in.Admin.Patch(t, path, replace("/owner", obj{"type": "IDENTITY", "id": ada, "name": "impostor"})).Want(t, 200, `"name":"ada"`)
	for patch, code := range map[string]string{
		replace("/value", "x"): "400.1.3 Illegal value", replace("/source", "x"): "400.1.3 Illegal value", replace("/attribute", "x"): "400.1.3 Illegal value",
		replace("/name", ""): "400.1.0 Required Data Missing Or Empty", replace("/name", strings.Repeat("x", 513)): "400.1.4 Limit violation",
		replace("/description", strings.Repeat("x", 2001)):          "400.1.4 Limit violation",
		replace("/owner", obj{"type": "IDENTITY", "id": unknownID}): "400.1.404 Referenced object not found",
		replace("/owner", obj{"type": "SOURCE", "id": in.servers}):  "400.1.3 Illegal value",
		replace("/owner", obj{"type": "IDENTITY"}):                  "400.1.0 Required Data Missing Or Empty",
		replace("/requestable", "yes"):                              "400.1 Bad Request Content",
	} {
		in.Admin.Patch(t, path, patch).Refused(t, code)
	}
	in.Admin.Patch(t, "/entitlements/v1/"+unknownID, `[]`).Refused(t, "404 Not found")
	in.Admin.Get(t, identitiesPath+"/"+identity).Want(t, 200, `"displayName":"Backup operators"`)
	if rows := in.Admin.List(t, identitiesPath, "filters", `entitlement.name sw "Backup op"`); len(rows) != 1 {
		t.Errorf("%d machine identities are found by the new name", len(rows))
	}
	in.Load(t, in.servers, serverAccounts, apptest.Part{Name: "disableOptimization", Content: "true"}).Want(t, "SUCCESS")
	in.Admin.Get(t, path).Want(t, 200, `"name":"Backup operators"`, `"requestable":true`, `"description":"May read all"`)
}

func (in inventory) testTasks(t *testing.T) {
	rows := in.Admin.List(t, "/task-status/v1", "filters", `sourceId eq "`+in.mail+`"`)
	if len(rows) != 1 || rows[0].Text("uniqueName") != "Cloud Account Aggregation" || rows[0].Text("launcher") != "Administrator" || rows[0].Text("target.name") != "Mail" {
		t.Fatalf("the tasks are %v", rows)
	}
	id := rows[0].Text("id")
	for _, path := range versions("task-status") {
		in.Admin.Get(t, path+"/"+id).Want(t, 200, `"completionStatus":"SUCCESS"`, `"percentComplete":100`, `"created":2`)
		in.Admin.Get(t, path+"/"+unknownID).Refused(t, "404 Not found")
	}
	for filter, n := range map[string]int{
		`id in ("` + id + `")`: 1, `completionStatus eq "success" and sourceId eq "` + in.mail + `"`: 1, `completionStatus isnull`: 0, `launcher eq "nobody"`: 0,
		`type eq "QUARTZ"`: 0, `type eq "QUEUED_TASK" and completionStatus isnull`: 0,
	} {
		if rows := in.Admin.List(t, "/task-status/v1", "filters", filter); len(rows) != n {
			t.Errorf("%s gives %d rows, want %d", filter, len(rows), n)
		}
	}
	created := apptest.Texts(in.Admin.List(t, "/task-status/v1", "sorters", "-created"), "created")
	if slices.Reverse(created); !slices.IsSorted(created) {
		t.Errorf("newest last: %v", created)
	}
	path := "/task-status/v1/" + id
	for patch, code := range map[string]string{
		replace("/completionStatus", "DONE"):       "400.1.3 Illegal value",
		replace("/completionStatus", "TERMINATED"): "400.1.409 Reference Conflict", // it has ended
		replace("/progress", "x"):                  "400.1.3 Illegal value",
		replace("/completed", "soon"):              "400.1 Bad Request Content",
	} {
		in.Admin.Patch(t, path, patch).Refused(t, code)
	}
	in.Admin.Patch(t, "/task-status/v1/"+unknownID, replace("/completionStatus", "TERMINATED")).Refused(t, "404 Not found")
	in.Admin.Get(t, "/account-aggregations/v1/"+id+"/status").Want(t, 200, `"status":"COMPLETED"`, `"totalAccounts":2`, `"processedAccounts":2`, `"deletedAccounts":0`)
	in.Admin.Get(t, "/account-aggregations/v1/"+unknownID+"/status").Want(t, 404)
}
