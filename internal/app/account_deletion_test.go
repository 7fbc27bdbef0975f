//go:build unix

package app_test

import (
	"slices"
	"strings"
	"testing"

	"midgard/internal/app/apptest"
)

func deletionPath(account apptest.Row) string {
	return "/account-requests/v1/account/" + account.Text("id") + "/delete"
}

func (in requesting) testRefusedDeletion(t *testing.T) {
	account := in.account(t, "svc-01") // bob's
	path := deletionPath(account)
	in.dora.Post(t, path, "").Refused(t, "404 Not found")
	in.manager.Post(t, path, "").Refused(t, "404 Not found")
	in.Admin.Post(t, strings.Replace(path, account.Text("id"), unknownID, 1), "").Refused(t, "404 Not found")
	person := in.Admin.List(t, "/accounts/v1", "filters", `name eq "bob"`)[0].Text("id")
	in.Admin.Post(t, strings.Replace(path, account.Text("id"), person, 1), "").Refused(t, "400.1.3 Illegal value", "'accountId' is not a machine account")
	in.sub.Post(t, deletionPath(in.account(t, "m1")), "").Refused(t, "404 Not found")
	in.bob.Post(t, path, apptest.JSON(obj{"comments": strings.Repeat("x", 1001)})).Refused(t, "400.1.4 Limit violation", "'comments'")
	in.Nobody.Post(t, path, "").Want(t, 401)
	in.AsWithScopes(t, "bob", "idn:account-requests:read").Post(t, path, "").Want(t, 403, "idn:account-requests:create")
}

func (in requesting) testDeletion(t *testing.T) {
	account := in.account(t, "svc-01") // without a subtype: the source's owner approves
	path := deletionPath(account)
	id := requestID(t, in.bob.With(apptest.Experimental, "").Post(t, path, `{"comments":"Nobody needs it."}`))
	rows := in.bob.List(t, deletionsPath, "mine", "true")
	if len(rows) != 1 {
		t.Fatalf("bob has asked for %d deletions", len(rows))
	}
	row := rows[0]
	for field, want := range map[string]any{
		"accountRequestId": id, "requestType": "DELETE_ACCOUNT", "overallStatus": "PENDING", "requester": ref("IDENTITY", in.bob.ID, "bob"),
		"requesterComments": "Nobody needs it.", "errorDetails": nil, "correlatedIdentity": account["machineIdentity"],
		"managerReference": ref("IDENTITY", in.manager.ID, "ada"), "accountDetails.id": account.Text("id"), "accountDetails.nativeIdentity": "svc-01",
		"accountDetails.description": "Nightly backup", "accountDetails.application": ref("SOURCE", in.servers, "Servers"),
		"approvalDetails.0.approver.id": in.Admin.ID, "approvalDetails.0.status": "PENDING", "approvalDetails.0.serialOrder": 1,
	} {
		same(t, field, want, row.Field(field))
	}
	in.deletionSeen(t, id)
	in.decide(t, id, in.Admin, "reject", "It is still in use.").Want(t, 204)
	row = in.bob.List(t, deletionsPath)[0]
	same(t, "comment", "It is still in use.", row.Field("approvalDetails.0.approverComments"))
	same(t, "status", "REJECTED", row.Field("approvalDetails.0.status"))
	if p := phases(row, "accountRequestPhases"); p != "REJECTED NOT_STARTED" || row.Field("completedAt") == nil {
		t.Errorf("rejected it is %v", row)
	}
}

// deletionSeen looks for bob's request as everybody.
func (in requesting) deletionSeen(t *testing.T, id string) {
	t.Helper()
	in.bob.Get(t, creationPath+"/"+id).Refused(t, "404 Not found") // it is no creation
	in.bob.Get(t, requestsPath+"/"+id).Want(t, 200, `"account":{"type":"ACCOUNT"`)
	for _, c := range []*apptest.Caller{in.Admin, in.sub, in.bob} {
		if n := len(c.List(t, "/v2026/account-requests/deletion")); n != 1 {
			t.Errorf("%s sees %d deletions", c.Name, n)
		}
	}
	for _, c := range []*apptest.Caller{in.dora, in.manager} {
		if n := len(c.List(t, deletionsPath)); n != 0 {
			t.Errorf("%s sees %d deletions", c.Name, n)
		}
	}
	if n := len(in.Admin.List(t, deletionsPath, "mine", "true")); n != 0 {
		t.Errorf("the administrator has asked for %d deletions", n)
	}
}

// testDeletionTwice: while one request for a deletion waits, the same person gets it again and others are told.
func (in requesting) testDeletionTwice(t *testing.T) {
	in.Admin.Patch(t, "/sources/v1/"+in.servers+"/approval-config/machine-account-delete", replace("/approvalConfig/approvers", "accountOwner,manager")).Want(t, 200)
	path := deletionPath(in.account(t, "svc-02")) // cleo's
	ids := in.atOnce(t, 6, func() apptest.Answer { return in.sub.Post(t, path, "") })
	if len(slices.Compact(slices.Sorted(slices.Values(ids)))) != 1 {
		t.Errorf("six at once made %v", ids)
	}
	if again := requestID(t, in.sub.Post(t, path, `{"comments":"other words"}`)); again != ids[0] {
		t.Errorf("asked in other words it made %s beside %s", again, ids[0])
	}
	in.owner.Post(t, path, "").Refused(t, "400.1.409 Reference Conflict", "already been requested")
	for _, by := range []*apptest.Caller{in.owner, in.manager} { // emil's manager too
		in.decide(t, ids[0], by, "approve", "").Want(t, 200)
	}
	rows := in.sub.List(t, deletionsPath, "mine", "true")
	same(t, "decisions", []string{"APPROVED", "APPROVED"}, []string{rows[0].Text("approvalDetails.0.status"), rows[0].Text("approvalDetails.1.status")})
	if p := phases(rows[0], "accountRequestPhases"); !strings.HasPrefix(p, "APPROVED ") {
		t.Errorf("approved it is %s", p)
	}
}

// testSourceGoes: what is asked of a source ends with it.
func (in requesting) testSourceGoes(t *testing.T) {
	subtype, entitlement := in.enabled(t, in.mail, "going")
	in.configure(t, subtype, "approvalConfig/approvers", "manager")
	in.configure(t, subtype, "approvalRequired", true)
	in.grant(t, entitlement, in.bob)
	id := requestID(t, in.bob.Post(t, creationPath, in.body("", "subtypeId", subtype, "userInput", nil)))
	task, _ := in.Admin.Delete(t, "/sources/v1/"+in.mail).Want(t, 202).Field("id").(string)
	in.Wait(t, task).Want(t, "SUCCESS")
	got := in.bob.Get(t, creationPath+"/"+id).Want(t, 200, "The source is being deleted.")
	same(t, "status", "CANCELLED", got.Field("overallStatus"))
}
