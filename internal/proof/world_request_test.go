//go:build unix

package proof_test

import (
	"fmt"
	"net/http"
	"testing"

	"midgard/internal/app/apptest"
)

// makeRequests asks for accounts and for the deletion of others, and cancels some of it. All of it waits for somebody's
// approval, so that nothing happens later.
func (w *world) makeRequests(t *testing.T) {
	subtype := w.Admin.List(t, "/source-subtypes/v1", "filters", `source.id eq "`+w.sources["Servers"]+`"`)[0].Text("id")
	w.Admin.Patch(t, "/source-subtypes/v1/"+subtype+"/machine-config", apptest.JSON([]any{
		obj{"op": "add", "path": "/machineAccountCreate/passwordSetting", "value": "DO_NOT_SET_PASSWORD"},
		obj{"op": "add", "path": "/machineAccountCreate/approvalConfig/approvers", "value": "sourceOwner"},
		obj{"op": "add", "path": "/machineAccountCreate/approvalRequired", "value": true},
		obj{"op": "add", "path": "/machineAccountCreate/accountCreateEnabled", "value": true},
	})).Want(t, http.StatusOK)
	settings := w.Admin.Get(t, "/source-subtypes/v1/"+subtype+"/machine-config").Want(t, http.StatusOK)
	path := fmt.Sprintf("/midgard/v1/entitlements/%v/holders/%s", settings.Field("machineAccountCreate.entitlementId"), w.Admin.ID)
	w.Admin.Put(t, path, "").Want(t, http.StatusOK)
	var ids []any
	for i := range 5 {
		body := obj{"subtypeId": subtype, "ownerIdentityId": w.people[i%3], "description": w.one(words...), "environment": fmt.Sprint(i)}
		ids = append(ids, w.Admin.Post(t, "/account-requests/v1/machine-account-create", apptest.JSON(body)).Want(t, http.StatusAccepted).Field("accountRequestId"))
	}
	for i, row := range w.Admin.List(t, "/machine-accounts/v1", "limit", "8", "sorters", "-name") {
		path := "/account-requests/v1/account/" + row.Text("id") + "/delete"
		body := apptest.JSON(obj{"comments": w.one(words...) + fmt.Sprint(i)})
		ids = append(ids, w.Admin.Post(t, path, body).Want(t, http.StatusAccepted).Field("accountRequestId"))
	}
	for i, id := range ids {
		if i%3 == 0 {
			w.Admin.Post(t, fmt.Sprintf("/midgard/v1/account-requests/%v/cancel", id), "").Want(t, http.StatusOK)
		}
	}
}
