//go:build unix

package app_test

import (
	"slices"
	"testing"

	"midgard/internal/app/apptest"
)

// subadmins is an inventory with a source sub-administrator of "Servers" alone.
type subadmins struct {
	inventory
	bob *apptest.Caller
}

func newSubadmins(t *testing.T, s *apptest.Server) subadmins {
	t.Helper()
	in := newInventory(t, s)
	group := in.group(t, "Server administrators", "bob")
	in.Admin.Patch(t, "/sources/v1/"+in.servers, patch("add", "/managementWorkgroup", idRef("GOVERNANCE_GROUP", group))).Want(t, 200)
	return subadmins{in, s.As(t, "bob", "SOURCE_SUBADMIN")}
}

// TestSubadministrators: a source sub-administrator sees the rows of the sources whose management group they are in, and
// others are not there for them.
func TestSubadministrators(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		in := newSubadmins(t, s)
		t.Run("lists", in.testLists)
		t.Run("single objects", in.testOthersObjects)
		t.Run("filters and counts", in.testCountsWithinScope)
		t.Run("leaving the group", in.testLeavingTheGroup)
	})
}

func (in subadmins) testLists(t *testing.T) {
	for path, rows := range map[string]int{
		accountsPath: 6, identitiesPath: 6, "/v2024/machine-identities": 6, "/machine-identities/v2": 6, "/accounts/v1": 6, "/v2025/machine-accounts": 6,
		"/task-status/v1": 1, "/sources/v1": 1, "/entitlements/v1": 2, "/machine-identity-user-entitlements/v1": 0,
	} {
		got := in.bob.List(t, path)
		if len(got) != rows {
			t.Errorf("%s shows %d rows to a sub-administrator, want %d", path, len(got), rows)
		}
		if all := in.Admin.List(t, path); rows > 0 && len(all) <= rows {
			t.Errorf("%s shows %d rows to the administrator", path, len(all))
		}
		for _, row := range got {
			if source := row.Text("source.id") + row.Text("sourceId") + row.Text("target.id"); source != "" && !slices.Contains([]string{in.servers, in.servers + in.servers}, source) {
				t.Errorf("%s shows a row of source %s", path, source)
			}
		}
	}
}

func (in subadmins) testOthersObjects(t *testing.T) {
	mine, other := in.account(t, "svc-01"), in.account(t, "m1")
	task := in.Admin.List(t, "/task-status/v1", "filters", `sourceId eq "`+in.mail+`"`)[0].Text("id")
	in.bob.Get(t, accountsPath+"/"+mine.Text("id")).Want(t, 200)
	in.bob.Patch(t, accountsPath+"/"+mine.Text("id"), replace("/environment", "mine")).Want(t, 200)
	in.bob.Get(t, identitiesPath+"/"+mine.Text("machineIdentity.id")).Want(t, 200)
	in.bob.Patch(t, identitiesPath+"/"+mine.Text("machineIdentity.id"), replace("/name", "x")).Refused(t, "403 Forbidden", "ORG_ADMIN")
	in.bob.Post(t, "/accounts/v1/"+mine.Text("id")+"/classify", "").Want(t, 200)
	for _, call := range []struct{ method, path, body string }{
		{"GET", accountsPath + "/" + other.Text("id"), ""},
		{"PATCH", accountsPath + "/" + other.Text("id"), replace("/environment", "not mine")},
		{"GET", identitiesPath + "/" + other.Text("machineIdentity.id"), ""},
		{"GET", "/accounts/v1/" + other.Text("id"), ""},
		{"GET", "/accounts/v1/" + other.Text("id") + "/entitlements", ""},
		{"POST", "/accounts/v1/" + other.Text("id") + "/classify?classificationMode=forceHuman", ""},
		{"GET", "/task-status/v1/" + task, ""},
		{"PATCH", "/task-status/v1/" + task, replace("/completionStatus", "TERMINATED")},
		{"GET", "/account-aggregations/v1/" + task + "/status", ""},
		{"POST", "/sources/v1/" + in.mail + "/classify", ""},
		{"GET", "/sources/v1/" + in.mail + "/classify", ""},
		{"DELETE", "/sources/v1/" + in.mail + "/classify", ""},
		{"POST", "/sources/v1/" + in.mail + "/declassify", ""},
		{"GET", "/sources/v1/" + in.mail + "/machine-classification-config", ""},
		{"PUT", "/sources/v1/" + in.mail + "/machine-classification-config", `{"classificationMethod":"SOURCE"}`},
		{"DELETE", "/sources/v1/" + in.mail + "/machine-classification-config", ""},
		{"POST", "/sources/v1/" + in.mail + "/load-accounts", ""},
		{"GET", "/sources/v1/" + in.mail, ""},
	} {
		in.bob.Do(t, call.method, call.path, call.body).Refused(t, "404 Not found")
	}
	if got := in.account(t, "m1"); got.Text("environment") != "" || in.account(t, "svc-01").Text("environment") != "mine" {
		t.Errorf("the other's account is %v", got)
	}
	in.bob.PostForm(t, "/sources/v1/"+in.servers+"/load-accounts", apptest.Part{Name: "file", FileName: "a.csv", Content: serverAccounts}).Want(t, 202)
}

func (in subadmins) testCountsWithinScope(t *testing.T) {
	for filter, total := range map[string]string{
		`source.name eq "Mail"`: "0", `source.name eq "servers"`: "6", `name sw "svc-" or source.name eq "Mail"`: "4", `not source.name eq "Servers"`: "0",
	} {
		got := in.bob.Get(t, apptest.Query(accountsPath, "filters", filter, "count", "true", "limit", "1")).Want(t, 200)
		if got.Header.Get("X-Total-Count") != total {
			t.Errorf("%s counts %s, want %s", filter, got.Header.Get("X-Total-Count"), total)
		}
	}
}

func (in subadmins) testLeavingTheGroup(t *testing.T) {
	group := in.Admin.Get(t, "/sources/v1/"+in.servers).Field("managementWorkgroup.id").(string)
	in.Admin.Post(t, "/workgroups/v1/"+group+"/members/bulk-delete", apptest.JSON([]any{obj{"id": in.Person(t, "bob")}})).Want(t, 207)
	if rows := in.bob.List(t, accountsPath); len(rows) != 0 {
		t.Errorf("%d rows are left", len(rows))
	}
	// whoever is more than a sub-administrator sees everything
	ada := in.As(t, "cleo", "SOURCE_ADMIN")
	if rows := ada.List(t, accountsPath); len(rows) != 8 {
		t.Errorf("a source administrator sees %d rows", len(rows))
	}
}
