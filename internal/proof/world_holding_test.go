//go:build unix

package proof_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"testing"

	"midgard/internal/app/apptest"
)

// makeHoldings lets people ask for accounts on some sources: the administrator and a few others by a grant, and the members
// of a group by a rule.
func (w *world) makeHoldings(t *testing.T) {
	for i, name := range slices.Sorted(maps.Keys(w.sources))[:6] {
		subtype := w.make(t, "/source-subtypes/v1", http.StatusCreated, obj{"sourceId": w.sources[name], "technicalName": "held", "displayName": w.title(i), "description": ""})
		settings := w.Admin.Patch(t, "/source-subtypes/v1/"+subtype+"/machine-config", apptest.JSON([]any{
			obj{"op": "add", "path": "/machineAccountCreate/passwordSetting", "value": "DO_NOT_SET_PASSWORD"},
			obj{"op": "add", "path": "/machineAccountCreate/accountCreateEnabled", "value": true},
		})).Want(t, http.StatusOK)
		path := fmt.Sprintf("/midgard/v1/entitlements/%v/", settings.Field("machineAccountCreate.entitlementId"))
		for _, person := range []string{w.Admin.ID, w.people[i%3]} {
			w.Admin.Put(t, path+"holders/"+person, "").Want(t, http.StatusOK)
		}
		w.Admin.Put(t, path+"holder-groups/"+w.groups[1+i%4], "").Want(t, http.StatusOK)
	}
}
