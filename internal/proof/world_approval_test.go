//go:build unix

package proof_test

import (
	"net/http"
	"testing"

	"midgard/internal/app/apptest"
)

// configureApprovals gives approvals of deletions an end, and a governance group that is asked at last and never answers.
func (w *world) configureApprovals(t *testing.T) {
	w.Admin.Put(t, "/generic-approvals/v1/config/MACHINE_ACCOUNT_DELETE_APPROVAL_REQUEST/APPROVAL_TYPE", apptest.JSON(obj{
		"timeoutConfig": obj{"enabled": true, "daysUntilTimeout": 30},
		"serialChain":   []any{obj{"identityType": "GOVERNANCE_GROUP", "identityId": w.groups[0]}},
	})).Want(t, http.StatusOK)
}

// decideApprovals gives approvals to two people, of whom one consents and one refuses.
func (w *world) decideApprovals(t *testing.T) {
	f := newForge(t, w.prover)
	pending := w.Admin.List(t, "/generic-approvals/v1", "filters", `status eq "PENDING" and type sw "MACHINE_ACCOUNT_DELETE"`)
	for i, action := range []string{"approve", "reject"} {
		person := w.WithToken("somebody", f.tokens(scopeAll, 0, w.person(t, w.people[i]))[0])
		for j := i; j < len(pending)-1; j += 2 {
			path := "/generic-approvals/v1/" + pending[j].Text("id")
			w.Admin.Post(t, path+"/reassign", apptest.JSON(obj{"reassignTo": w.people[i]})).Want(t, http.StatusNoContent)
			if answer := person.Post(t, path+"/"+action, apptest.JSON(obj{"comment": w.one(words...)})); answer.Status/100 != 2 {
				t.Errorf("%s: %d %s", answer.Request, answer.Status, answer.Text)
			}
		}
	}
}
