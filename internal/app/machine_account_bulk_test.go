//go:build unix

package app_test

import (
	"slices"
	"strings"
	"testing"

	"midgard/internal/app/apptest"
)

const bulkPath = accountsPath + "/bulk-update"

func TestBulkUpdateOfMachineAccounts(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		in := newSubadmins(t, s)
		t.Run("rows", in.testBulkRows)
		t.Run("fields", in.testBulkFields)
		t.Run("machine identities", in.testBulkCorrelation)
		t.Run("refused requests", in.testRefusedBulk)
		t.Run("rights", in.testBulkRights)
	})
}

// bulk is the body of a bulk update of one operation.
func bulk(field string, value any, ids ...string) string {
	return apptest.JSON(obj{"ids": ids, "jsonPatch": []any{obj{"op": "add", "path": "/" + field, "value": value}}})
}

// bulkStatuses gives the statuses of the rows of an answer, after looking whether they are in the order of the ids.
func bulkStatuses(t *testing.T, got apptest.Answer, ids ...string) string {
	t.Helper()
	rows := got.Want(t, 207).Rows(t)
	if shown := apptest.Texts(rows, "id"); !slices.Equal(shown, ids) {
		t.Errorf("asked for %v, got rows for %v", ids, shown)
	}
	return strings.Join(apptest.Texts(rows, "status"), " ")
}

func (in subadmins) ids(t *testing.T, natives ...string) []string {
	t.Helper()
	list := make([]string, len(natives))
	for i, native := range natives {
		list[i] = in.account(t, native).Text("id")
	}
	return list
}

// testBulkRows: each account changes for itself, and its row tells what became of it.
func (in subadmins) testBulkRows(t *testing.T) {
	in.subtype(t, in.servers, "Bot")
	ids := in.ids(t, "svc-01", "m1", "svc-02")
	person := in.Admin.List(t, "/accounts/v1", "filters", `source.name eq "People"`)[0].Text("id")
	ids = append(ids, unknownID, ids[0], person, "x")
	for _, path := range []string{bulkPath, "/v2026/machine-accounts/bulk-update"} {
		got := in.Admin.Post(t, path, bulk("subtype", "bot", ids...))
		if statuses := bulkStatuses(t, got, ids...); statuses != "200 400 200 404 409 404 404" {
			t.Errorf("got %s\n%s", statuses, got.Text)
		}
		got.Want(t, 207, `Field 'subtype' is \"bot\", but the account's source has no subtype`, "names the account", "was not found", "updated successfully")
	}
	for native, subtype := range map[string]string{"svc-01": "Bot", "svc-02": "Bot", "m1": "", "svc-03": ""} {
		if got := in.account(t, native).Text("subtype"); got != subtype {
			t.Errorf("%s has the subtype %q", native, got)
		}
	}
	if got := bulkStatuses(t, in.Admin.Post(t, bulkPath, bulk("subtype", nil, ids[0])), ids[0]); got != "200" || in.account(t, "svc-01").Text("subtype") != "" {
		t.Errorf("null gives %s and leaves %v", got, in.account(t, "svc-01"))
	}
}

func (in subadmins) testBulkFields(t *testing.T) {
	ids := in.ids(t, "svc-03", "svc-04")
	bob := in.Person(t, "bob")
	body := obj{"ids": ids, "jsonPatch": []any{
		obj{"op": "replace", "path": "/description", "value": "All of them"}, obj{"op": "replace", "path": "/environment", "value": "lab"},
		obj{"op": "add", "path": "/ownerIdentity", "value": idRef("IDENTITY", strings.ToUpper(bob))},
	}}
	if got := bulkStatuses(t, in.Admin.Post(t, bulkPath, apptest.JSON(body)), ids...); got != "200 200" {
		t.Error(got)
	}
	for _, native := range []string{"svc-03", "svc-04"} {
		row := in.account(t, native)
		if row.Text("description") != "All of them" || row.Text("environment") != "lab" || row.Text("ownerIdentity.id") != bob || row.Text("manuallyEdited") != "true" {
			t.Errorf("%s is %v", native, row)
		}
	}
	for field, test := range map[string]struct {
		value    any
		statuses string
	}{
		"manuallyEdited":  {false, "200 200"},
		"environment":     {strings.Repeat("x", 513), "400 400"},
		"description":     {7, "400 400"},
		"ownerIdentity":   {idRef("IDENTITY", unknownID), "400 400"},
		"machineIdentity": {idRef("SOURCE", in.mail), "400 400"},
	} {
		if got := bulkStatuses(t, in.Admin.Post(t, bulkPath, bulk(field, test.value, ids...)), ids...); got != test.statuses {
			t.Errorf("%s: %s", field, got)
		}
	}
	mixed := obj{"ids": in.ids(t, "svc-03", "svc-01"), "jsonPatch": []any{
		obj{"op": "test", "path": "/environment", "value": "lab"}, obj{"op": "replace", "path": "/description", "value": "lab only"},
	}}
	if got := in.Admin.Post(t, bulkPath, apptest.JSON(mixed)); bulkStatuses(t, got, in.ids(t, "svc-03", "svc-01")...) != "200 400" {
		t.Errorf("a test that fails for one of two: %s", got.Text)
	}
}

// testBulkCorrelation: accounts move to a machine identity by hand, and back to one of their own.
func (in subadmins) testBulkCorrelation(t *testing.T) {
	ids := in.ids(t, "svc-05", "svc-06")
	own := in.account(t, "svc-05").Text("machineIdentity.id")
	shared := in.createIdentity(t, "Shared", obj{"sourceId": in.servers}).Want(t, 200).ID(t)
	if got := bulkStatuses(t, in.Admin.Post(t, bulkPath, bulk("machineIdentity", idRef("MACHINE_IDENTITY", shared), ids...)), ids...); got != "200 200" {
		t.Error(got)
	}
	in.Admin.Get(t, identitiesPath+"/"+own).Refused(t, "404 Not found") // nobody is left of it
	for _, native := range []string{"svc-05", "svc-06"} {
		if row := in.account(t, native); row.Text("machineIdentity.id") != shared || row.Text("manuallyCorrelated") != "true" {
			t.Errorf("%s is %v", native, row)
		}
	}
	bulkStatuses(t, in.Admin.Post(t, bulkPath, bulk("machineIdentity", nil, ids[0])), ids[0])
	if row := in.account(t, "svc-05"); row.Text("machineIdentity.id") == shared || row.Text("machineIdentity.id") == "" || row.Text("manuallyCorrelated") != "false" {
		t.Errorf("svc-05 is %v", row)
	}
	hidden := in.createIdentity(t, "Hidden", nil).Want(t, 200).ID(t) // of no source, so not for sub-administrators
	got := in.bob.Post(t, bulkPath, bulk("machineIdentity", idRef("MACHINE_IDENTITY", hidden), ids...))
	if statuses := bulkStatuses(t, got, ids...); statuses != "400 400" {
		t.Errorf("%s: %s", statuses, got.Text)
	}
}

func (in subadmins) testRefusedBulk(t *testing.T) {
	id := in.ids(t, "svc-01")[0]
	before := in.Admin.Get(t, accountsPath).Text
	for _, field := range []string{"accessType", "attributes", "name", "subType", "enabled", "source", "nothing"} {
		body := obj{"ids": []string{id}, "jsonPatch": []any{obj{"op": "replace", "path": "/description", "value": "x"}, obj{"op": "add", "path": "/" + field, "value": "x"}}}
		in.Admin.Post(t, bulkPath, apptest.JSON(body)).Refused(t, "400.1.3 Illegal value", "Field '"+field+"' is not patchable.")
	}
	many := make([]string, 101)
	for i := range many {
		many[i] = id
	}
	for body, refusal := range map[string][2]string{
		bulk("description", "x"):                          {"400.1.0 Required Data Missing Or Empty", "'ids'"},
		bulk("description", "x", many...):                 {"400.1.4 Limit violation", "101 entries; at most 100"},
		apptest.JSON(obj{"ids": []string{id}}):            {"400.1.0 Required Data Missing Or Empty", "'jsonPatch'"},
		`{"ids":["` + id + `"],"jsonPatch":null}`:         {"400.1.0 Required Data Missing Or Empty", "'jsonPatch'"},
		`{"ids":["` + id + `"],"jsonPatch":{}}`:           {"400.1 Bad Request Content", "array of operations"},
		`{"ids":["` + id + `"],"jsonPatch":[{"op":"x"}]}`: {"400.1 Bad Request Content", "unknown operation"},
		`{"ids":"` + id + `","jsonPatch":[]}`:             {"400.1 Bad Request Content", "ids"},
	} {
		in.Admin.Post(t, bulkPath, body).Refused(t, refusal[0], refusal[1])
	}
	if after := in.Admin.Get(t, accountsPath).Text; after != before {
		t.Errorf("it was %s\nand is %s", before, after)
	}
}

// testBulkRights: either scope will do, and a sub-administrator finds accounts of their own sources only.
func (in subadmins) testBulkRights(t *testing.T) {
	ids := in.ids(t, "m1", "svc-01")
	if got := bulkStatuses(t, in.bob.Post(t, bulkPath, bulk("description", "bob's", ids...)), ids...); got != "404 200" {
		t.Error(got)
	}
	if row := in.account(t, "m1"); row.Text("description") != "" {
		t.Errorf("m1 is %v", row)
	}
	for scope, status := range map[string]int{"idn:mis-account:update": 207, "idn:mis-account:manage": 207, "idn:mis-account:read": 403} {
		in.AsWithScopes(t, "bob", scope).Post(t, bulkPath, bulk("description", "x", ids[1])).Want(t, status)
	}
	for _, stranger := range []*apptest.Caller{in.As(t, "cleo", "HELPDESK"), in.As(t, "nils")} {
		if got := bulkStatuses(t, stranger.Post(t, bulkPath, bulk("description", "x", ids...)), ids...); got != "404 404" {
			t.Errorf("who neither owns nor administers gets %s", got)
		}
	}
	in.Admin.Post(t, bulkPath, bulk("ownerIdentity", idRef("IDENTITY", in.Person(t, "nils")), ids[0])).Want(t, 207)
	owner := in.As(t, "nils")
	if got := bulkStatuses(t, owner.Post(t, bulkPath, bulk("description", "mine", ids...)), ids...); got != "200 404" {
		t.Errorf("the owner of one gets %s", got)
	}
	owner.Post(t, bulkPath, bulk("subtype", nil, ids[0])).Refused(t, "403 Forbidden", "subtype")
	other := in.account(t, "svc-01").Field("machineIdentity")
	if got := bulkStatuses(t, owner.Post(t, bulkPath, bulk("machineIdentity", other, ids[0])), ids[0]); got != "400" {
		t.Errorf("the owner joins somebody else's machine identity: %s", got)
	}
}
