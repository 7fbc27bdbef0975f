//go:build unix

package app_test

import (
	"net/http"
	"strings"
	"testing"

	"midgard/internal/app/apptest"
	"midgard/internal/testenv"
)

const workItemsPath = "/midgard/v1/work-items"

// TestProvisioning plays requests to their end over the API: on a directory, and on a source of files where its owner does
// it by hand.
func TestProvisioning(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		slapd := testenv.Slapd(t, testenv.WithLDIF(directoryBranches))
		in := newRequesting(t, s)
		t.Run("directory", func(t *testing.T) { in.testDirectoryAccount(t, slapd) })
		t.Run("by hand", in.testWorkItems)
	})
}

func (in requesting) testDirectoryAccount(t *testing.T, slapd *testenv.SlapdServer) {
	d := newDirectory(t, in.Server, slapd, slapd.Port, obj{"user": slapd.WriterDN, "password": slapd.WriterPassword})
	subtype, entitlement := in.enabled(t, d.source, "robot")
	in.configure(t, subtype, "passwordAttribute", "userPassword")
	in.configure(t, subtype, "passwordSetting", "SET_TO_NEW_ATTRIBUTE")
	in.grant(t, entitlement, in.bob)
	name := "e2e-" + t.Name()[strings.Index(t.Name(), "/")+1:strings.LastIndex(t.Name(), "/")]
	policy := in.Admin.List(t, "/sources/v2/"+d.source+"/provisioning-policies", "filters", `subtypeId eq "`+subtype+`"`)[0].Text("id")
	in.Admin.Patch(t, "/sources/v2/"+d.source+"/provisioning-policies/"+policy, patch("add", "/fields", []any{
		obj{"name": "uid", "transform": obj{"type": "usernameGenerator", "attributes": obj{"patterns": []string{name + "${uniqueCounter}"}}}},
	})).Want(t, 200)

	id := requestID(t, in.bob.Post(t, creationPath, apptest.JSON(obj{"subtypeId": subtype, "ownerIdentityId": in.owner.ID, "environment": "Test", "description": "d"})))
	in.ended(t, id, "SUCCESS")
	password := "/midgard/v1/account-requests/" + id + "/password"
	for _, other := range []*apptest.Caller{in.bob, in.dora, in.Admin} {
		other.Post(t, password, "").Refused(t, "404 Not found")
	}
	shown := in.owner.Post(t, password, "").Want(t, http.StatusOK)
	if text, _ := shown.Field("password").(string); len(text) != 24 || shown.Header.Get("Cache-Control") != "no-store" || strings.Contains(in.Log.String(), text) {
		t.Errorf("the password is %q, with %v, and perhaps in the log", text, shown.Header)
	}
	in.owner.Post(t, password, "").Refused(t, "404 Not found")
	d.load(t)
	account := d.rows(t)[name]
	if account.Text("nativeIdentity") != serviceDN(name) || account.Field("isMachine") != true {
		t.Errorf("the account is %v", account)
	}
	row := apptest.Row(in.Admin.Get(t, "/machine-accounts/v1/"+account.Text("id")).Want(t, 200).Body.(obj))
	if row.Text("ownerIdentity.id") != in.owner.ID || row.Text("subtype") != "robot" || row.Text("environment") != "Test" || row.Text("machineIdentity.id") == "" {
		t.Errorf("the machine account is %v", row)
	}

	in.Admin.Patch(t, subtypesPath+"/"+subtype+"/machine-config", patch("add", "/machineAccountDelete/approvalRequired", false)).Want(t, 200)
	gone := requestID(t, in.owner.Post(t, "/account-requests/v1/account/"+account.Text("id")+"/delete", `{"comments":"no longer"}`))
	in.ended(t, gone, "SUCCESS")
	in.Admin.Get(t, "/machine-accounts/v1/"+account.Text("id")).Refused(t, "404 Not found")
	d.load(t)
	if len(d.rows(t)[name]) != 0 {
		t.Errorf("the directory still has %v", d.rows(t)[name])
	}
}

// ended waits for the end of a request, which must have a status.
func (in requesting) ended(t *testing.T, id, status string) apptest.Row {
	t.Helper()
	row := in.Until(t, requestsPath+"/"+id, func(row apptest.Row) bool { return row.Text("status") != "PENDING" })
	if row.Text("status") != status {
		t.Fatalf("the request ended as %v", row)
	}
	return row
}

func (in requesting) testWorkItems(t *testing.T) {
	in.configure(t, in.subtype, "approvalRequired", false)
	in.Admin.Patch(t, "/sources/v1/"+in.servers, patch("replace", "/owner", idRef("IDENTITY", in.manager.ID))).Want(t, 200)
	handed := func(id string) string {
		t.Helper()
		var item string
		in.Until(t, requestsPath+"/"+id, func(apptest.Row) bool {
			for _, row := range in.manager.List(t, workItemsPath, "filters", `status eq "OPEN"`) {
				if row.Text("accountRequestId") == id {
					item = row.Text("id")
				}
			}
			return item != ""
		})
		return workItemsPath + "/" + item
	}
	id := in.ask(t, "by hand")
	item := handed(id)
	in.dora.Get(t, item).Refused(t, "404 Not found")
	in.dora.Post(t, item+"/complete", "").Refused(t, "404 Not found")
	in.sub.Get(t, item).Want(t, 200, `"type":"CREATE_ACCOUNT"`, `"source":{"type":"SOURCE"`)
	in.manager.Post(t, item+"/complete", "").Refused(t, "400.1.0 Required Data Missing Or Empty", "nativeIdentity")
	in.manager.Post(t, item+"/complete", `{"nativeIdentity":"by-hand","comment":"made"}`).Want(t, 200, `"status":"COMPLETED"`, `"nativeIdentity":"by-hand"`)
	in.ended(t, id, "SUCCESS")
	made := in.Admin.List(t, "/machine-accounts/v1", "filters", `nativeIdentity eq "by-hand"`)
	if len(made) != 1 || made[0].Text("ownerIdentity.id") != in.owner.ID {
		t.Errorf("made were %v", made)
	}

	id = in.ask(t, "refused")
	item = handed(id)
	in.manager.Post(t, item+"/refuse", "{}").Refused(t, "400.1.0 Required Data Missing Or Empty", "comment")
	in.manager.Post(t, item+"/refuse", `{"comment":"not on my source"}`).Want(t, 200, `"status":"REFUSED"`)
	in.manager.Post(t, item+"/complete", `{"nativeIdentity":"x"}`).Refused(t, "400.1.409 Reference Conflict", "REFUSED")
	if row := in.ended(t, id, "FAILED"); !strings.Contains(row.Text("errorDetails"), "not on my source") {
		t.Errorf("the request that was refused by hand is %v", row)
	}
}
