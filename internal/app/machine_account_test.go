//go:build unix

package app_test

import (
	"strings"
	"testing"

	"midgard/internal/app/apptest"
)

func TestMachineAccounts(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		in := newInventory(t, s)
		t.Run("shape", in.testAccountShape)
		t.Run("patchable fields", in.testPatchableAccountFields)
		t.Run("immutable fields", in.testImmutableAccountFields)
		t.Run("refused values", in.testRefusedAccountValues)
		t.Run("edits and aggregation", in.testEditedAccount)
		t.Run("people's accounts", in.testHumanAccount)
	})
}

func (in inventory) testAccountShape(t *testing.T) {
	row := in.account(t, "svc-05")
	id := row.Text("id")
	identity := in.Admin.Get(t, identitiesPath+"/"+row.Text("machineIdentity.id")).Want(t, 200)
	want := obj{
		"name": `100%_svc\`, "description": "Underscore_100%", "nativeIdentity": "svc-05", "uuid": nil, "classificationMethod": "SOURCE",
		"machineIdentity": ref("MACHINE_IDENTITY", identity.ID(t), `100%_svc\`), "ownerIdentity": ref("IDENTITY", in.Person(t, "dora"), "dora"),
		"accessType": "direct", "subtype": nil, "environment": "Test", "attributes": obj{}, "manuallyCorrelated": false, "manuallyEdited": false,
		"connectorAttributes": obj{
			"id": "svc-05", "name": `100%_svc\`, "description": "Underscore_100%", "owner": "dora", "environment": "Test", "disabled": "yes", "locked": "yes",
		},
		"locked": true, "enabled": false, "hasEntitlements": false, "source": ref("SOURCE", in.servers, "Servers"),
	}
	for _, path := range []string{"/machine-accounts/v1/", "/v2024/machine-accounts/", "/v2025/machine-accounts/", "/v2026/machine-accounts/"} {
		same(t, path, want, without(in.Admin.Get(t, path+id).Want(t, 200).Body, "id", "created", "modified"))
		in.Admin.Get(t, path+strings.ToUpper(strings.ReplaceAll(id, "-", ""))).Want(t, 200, id)
		in.Admin.Get(t, path+unknownID).Refused(t, "404 Not found", unknownID)
		in.Admin.Patch(t, path+unknownID, `[]`).Refused(t, "404 Not found", unknownID)
	}
}

func (in inventory) testPatchableAccountFields(t *testing.T) {
	id := in.account(t, "svc-03").Text("id")
	cleo := in.Person(t, "cleo")
	in.subtype(t, in.servers, "bot")
	in.subtype(t, in.servers, "robot")
	for _, step := range []struct {
		field string
		value any
		shown any
		at    string
	}{
		{"description", "Hand made", "Hand made", "description"},
		{"ownerIdentity", obj{"type": "IDENTITY", "id": strings.ToUpper(cleo)}, ref("IDENTITY", cleo, "cleo"), "ownerIdentity"},
		{"subType", "bot", "bot", "subtype"},
		{"subtype", "robot", "robot", "subtype"},
		{"accessType", "indirect", "indirect", "accessType"},
		{"environment", "staging", "staging", "environment"},
		{"attributes", obj{"a": []any{1, "x"}}, obj{"a": []any{1, "x"}}, "attributes"},
		{"classificationMethod", "DISCOVERY", "DISCOVERY", "classificationMethod"},
		{"nativeIdentity", "svc-03b", "svc-03b", "nativeIdentity"},
		{"uuid", "7F4E", "7F4E", "uuid"},
		{"source", ref("SOURCE", in.servers, "Servers"), ref("SOURCE", in.servers, "Servers"), "source"},
		{"manuallyCorrelated", true, true, "manuallyCorrelated"},
		{"enabled", true, true, "enabled"},
		{"locked", true, true, "locked"},
		{"hasEntitlements", true, true, "hasEntitlements"},
		{"connectorAttributes", obj{"id": "svc-03b"}, obj{"id": "svc-03b"}, "connectorAttributes"},
	} {
		for _, path := range []string{accountsPath, "/v2025/machine-accounts"} {
			got := in.Admin.Patch(t, path+"/"+id, replaceOrAdd(step.field, step.value)).Want(t, 200, `"manuallyEdited":true`)
			same(t, step.field, step.shown, got.Field(step.at))
			same(t, step.field+" read again", step.shown, in.Admin.Get(t, path+"/"+id).Field(step.at))
		}
	}
	in.Admin.Patch(t, accountsPath+"/"+id, replace("/manuallyEdited", false)).Want(t, 200, `"manuallyEdited":false`)
	for _, field := range []string{"description", "subtype", "environment", "uuid"} {
		got := in.Admin.Patch(t, accountsPath+"/"+id, `[{"op":"remove","path":"/`+field+`"}]`).Want(t, 200, `"`+field+`":null`)
		if got.Field("name") != "svc-mail" {
			t.Errorf("the rest is %s", got.Text)
		}
	}
	in.Admin.Patch(t, accountsPath+"/"+id, `[{"op":"add","path":"/attributes/b","value":2},{"op":"remove","path":"/attributes/a"}]`).Want(t, 200, `"attributes":{"b":2}`)
	long := strings.Repeat("Ä", 1500) // names and values that no index holds in full are found all the same
	in.Admin.Patch(t, accountsPath+"/"+id, replaceOrAdd("attributes", obj{long: long, "": "nameless"})).Want(t, 200)
	for operand, n := range map[string]int{long + "=" + long: 1, long + "=" + strings.ToLower(long): 1, strings.ToLower(long) + "=" + long: 0, long + "x=" + long: 0, long + "=" + long + "x": 0} {
		if rows := in.Admin.List(t, accountsPath, "filters", "attributes eq "+quoted(operand)); len(rows) != n {
			t.Errorf("%d rows are found by an attribute of %d bytes, want %d", len(rows), len(operand), n)
		}
	}
	in.Admin.Patch(t, accountsPath+"/"+id, replace("/nativeIdentity", "svc-03")).Want(t, 200)
	in.Admin.Patch(t, accountsPath+"/"+id, replace("/ownerIdentity", nil)).Want(t, 200, `"ownerIdentity":null`)
}

// replaceOrAdd is what clients send to set a field: add works whether it has a value or not.
func replaceOrAdd(field string, value any) string { return patch("add", "/"+field, value) }

func (in inventory) testImmutableAccountFields(t *testing.T) {
	path := accountsPath + "/" + in.account(t, "svc-01").Text("id")
	before := in.Admin.Get(t, path).Text
	for _, field := range []string{"id", "name", "created", "modified", "machineIdentity", "sourceId", "identity", "nothing"} {
		in.Admin.Patch(t, path, patch("add", "/"+field, "x")).Refused(t, "400.1.3 Illegal value", "Field '"+field+"' is not patchable.")
	}
	in.Admin.Patch(t, path, replace("/source", ref("SOURCE", in.mail, "Mail"))).Refused(t, "400.1.3 Illegal value", "Field 'source' cannot be changed")
	if after := in.Admin.Get(t, path).Text; after != before {
		t.Errorf("it was %s\nand is %s", before, after)
	}
}

func (in inventory) testRefusedAccountValues(t *testing.T) {
	path := accountsPath + "/" + in.account(t, "svc-01").Text("id")
	before := in.Admin.Get(t, path).Text
	long := strings.Repeat("x", 4096)
	for _, step := range []struct {
		field string
		value any
		code  string
		part  string
	}{
		{"description", strings.Repeat("x", 2001), "400.1.4 Limit violation", "'description'"},
		{"subtype", long, "400.1.4 Limit violation", "'subtype'"},
		{"subType", long, "400.1.4 Limit violation", "'subtype'"},
		{"accessType", long, "400.1.4 Limit violation", "'accessType'"},
		{"environment", long, "400.1.4 Limit violation", "'environment'"},
		{"nativeIdentity", long, "400.1.4 Limit violation", "'nativeIdentity'"},
		{"uuid", long, "400.1.4 Limit violation", "'uuid'"},
		{"attributes", obj{"a": strings.Repeat("x", 1<<20)}, "400.1.4 Limit violation", "'attributes'"},
		{"connectorAttributes", obj{"a": strings.Repeat("x", 1<<20)}, "400.1.4 Limit violation", "'connectorAttributes'"},
		{"ownerIdentity", idRef("IDENTITY", unknownID), "400.1.404 Referenced object not found", unknownID},
		{"ownerIdentity", idRef("SOURCE", in.servers), "400.1.3 Illegal value", "use IDENTITY"},
		{"ownerIdentity", obj{"type": "IDENTITY"}, "400.1.0 Required Data Missing Or Empty", "ownerIdentity.id"},
		{"classificationMethod", "GUESS", "400.1.3 Illegal value", "SOURCE, CRITERIA, DISCOVERY or MANUAL"},
		{"nativeIdentity", "", "400.1.0 Required Data Missing Or Empty", "'nativeIdentity'"},
		{"nativeIdentity", "svc-02", "400.1.409 Reference Conflict", "svc-02"},
		{"attributes", []any{1}, "400.1.3 Illegal value", "'attributes' must be an object"},
		{"connectorAttributes", "x", "400.1.3 Illegal value", "'connectorAttributes' must be an object"},
		{"enabled", "yes", "400.1 Bad Request Content", "true or false"},
		{"description", 7, "400.1 Bad Request Content", "must be a string"},
		{"description", "a\x00b", "400.1 Bad Request Content", "U+0000"},
		{"attributes", obj{"a\x00": 1}, "400.1 Bad Request Content", "U+0000"},
	} {
		in.Admin.Patch(t, path, replaceOrAdd(step.field, step.value)).Refused(t, step.code, step.part)
	}
	if after := in.Admin.Get(t, path).Text; after != before {
		t.Errorf("it was %s\nand is %s", before, after)
	}
}

// testEditedAccount: what a person has entered stays, until the person gives it up.
func (in inventory) testEditedAccount(t *testing.T) {
	path := accountsPath + "/" + in.account(t, "svc-02").Text("id")
	in.Admin.Patch(t, path, `[{"op":"replace","path":"/description","value":"Mine"},{"op":"remove","path":"/ownerIdentity"}]`).Want(t, 200)
	changed := strings.Replace(serverAccounts, "svc-deploy,Deploys things,cleo,production", "svc-deployer,Other,dora,test", 1)
	in.Load(t, in.servers, changed).Want(t, "SUCCESS")
	in.Admin.Get(t, path).Want(t, 200, `"name":"svc-deployer"`, `"description":"Mine"`, `"ownerIdentity":null`, `"environment":"production"`)
	in.Admin.Patch(t, path, replace("/manuallyEdited", false)).Want(t, 200)
	in.Load(t, in.servers, changed).Want(t, "SUCCESS") // although the source shows what it showed before
	in.Admin.Get(t, path).Want(t, 200, `"description":"Other"`, `"name":"dora"`, `"environment":"test"`)
	in.Load(t, in.servers, serverAccounts).Want(t, "SUCCESS")
}

// testHumanAccount: an account that is no machine's is not among the machine accounts.
func (in inventory) testHumanAccount(t *testing.T) {
	row := in.account(t, "svc-06")
	path := accountsPath + "/" + row.Text("id")
	in.Admin.Post(t, "/accounts/v1/"+row.Text("id")+"/classify?classificationMode=forceHuman", "").Want(t, 200, `{"isMachine":false}`)
	in.Admin.Get(t, path).Refused(t, "404 Not found")
	in.Admin.Patch(t, path, `[]`).Refused(t, "404 Not found")
	in.Admin.Get(t, identitiesPath+"/"+row.Text("machineIdentity.id")).Refused(t, "404 Not found")
	in.Admin.Get(t, "/accounts/v1/"+row.Text("id")).Want(t, 200, `"isMachine":false`)
	in.Admin.Post(t, "/accounts/v1/"+row.Text("id")+"/classify?classificationMode=forceMachine", "").Want(t, 200, `{"isMachine":true}`)
	in.Admin.Get(t, path).Want(t, 200, `"classificationMethod":"MANUAL"`)
}
