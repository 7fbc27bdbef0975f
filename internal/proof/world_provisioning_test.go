//go:build unix

package proof_test

import (
	"fmt"
	"net/http"
	"testing"

	"midgard/internal/app/apptest"
)

// makePolicies makes provisioning policies of several usage types beside those that the subtypes were born with.
func (w *world) makePolicies(t *testing.T) {
	path := "/sources/v1/" + w.sources["Servers"] + "/provisioning-policies"
	for i, usage := range []string{"CREATE", "UPDATE", "ENABLE", "DISABLE", "UNLOCK"} {
		body := obj{"name": w.title(i), "usageType": usage, "fields": []any{obj{"name": w.one("cn", "uid")}}}
		w.Admin.Post(t, path, apptest.JSON(body)).Want(t, http.StatusCreated)
	}
}

// makeWorkItems asks for accounts on a source that only people can change, and has some of them made and some refused.
func (w *world) makeWorkItems(t *testing.T) {
	subtype := w.Admin.List(t, "/source-subtypes/v1", "filters", `source.id eq "`+w.sources["Mail"]+`"`)[0].Text("id")
	config := "/source-subtypes/v1/" + subtype + "/machine-config"
	w.Admin.Patch(t, config, apptest.JSON([]any{
		obj{"op": "add", "path": "/machineAccountCreate/passwordSetting", "value": "DO_NOT_SET_PASSWORD"},
		obj{"op": "add", "path": "/machineAccountCreate/accountCreateEnabled", "value": true},
	})).Want(t, http.StatusOK)
	entitlement := w.Admin.Get(t, config).Want(t, http.StatusOK).Field("machineAccountCreate.entitlementId")
	w.Admin.Put(t, fmt.Sprintf("/midgard/v1/entitlements/%v/holders/%s", entitlement, w.Admin.ID), "").Want(t, http.StatusOK)
	policies := "/sources/v2/" + w.sources["Mail"] + "/provisioning-policies"
	policy := w.Admin.List(t, policies, "filters", `subtypeId eq "`+subtype+`"`)[0].Text("id")
	const n = 7
	for i := range n {
		pattern := obj{"type": "usernameGenerator", "attributes": obj{"patterns": []string{w.title(100 + i)}}}
		w.edit(t, policies+"/"+policy, "fields", []any{obj{"name": "id", "transform": pattern}})
		body := obj{"subtypeId": subtype, "ownerIdentityId": w.people[i%3], "description": fmt.Sprint("by hand ", i)}
		id := w.Admin.Post(t, "/account-requests/v1/machine-account-create", apptest.JSON(body)).Want(t, http.StatusAccepted).Field("accountRequestId")
		w.handle(t, fmt.Sprint(id), i)
	}
}

// handle waits for the work item of a request and does something with it, or nothing.
func (w *world) handle(t *testing.T, request string, i int) {
	t.Helper()
	var item string
	w.Until(t, "/midgard/v1/account-requests/"+request, func(apptest.Row) bool {
		for _, row := range w.Admin.List(t, "/midgard/v1/work-items") {
			if row.Text("accountRequestId") == request {
				item = "/midgard/v1/work-items/" + row.Text("id")
			}
		}
		return item != ""
	})
	switch i % 3 {
	case 0:
		w.Admin.Post(t, item+"/complete", apptest.JSON(obj{"nativeIdentity": fmt.Sprint("by-hand-", i)})).Want(t, http.StatusOK)
	case 1:
		w.Admin.Post(t, item+"/refuse", `{"comment":"no"}`).Want(t, http.StatusOK)
	default:
		return
	}
	w.Until(t, "/midgard/v1/account-requests/"+request, func(row apptest.Row) bool { return row.Text("status") != "PENDING" })
}
