//go:build unix

package provision_test

import (
	"testing"

	"midgard/internal/filter"
	"midgard/internal/governance"
	"midgard/internal/store"
)

// query is a whole list, or what of it a filter over the fields leaves.
func query(t *testing.T, text, fields string) filter.Query {
	t.Helper()
	q := filter.Query{Limit: 250}
	if text == "" {
		return q
	}
	where, err := filter.Compile(text, filter.MustParseFields(fields))
	if err != nil {
		t.Fatal(err)
	}
	q.Where = where
	return q
}

// askDeletion asks as Ada that an account be deleted, which nobody has to approve.
func (w *world) askDeletion(a governance.Account) string {
	w.Helper()
	id, err := w.RequestDeletion(w.Context(), governance.Actor{IdentityID: w.ada.ID, Name: "ada"}, governance.AccountRequest{Requester: w.ada, Account: governance.Reference{ID: a.ID}},
		governance.Replay{Body: store.NewID()}, governance.Viewer{IdentityID: w.ada.ID, Everything: true})
	w.check(err)
	return id
}
