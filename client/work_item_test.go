package client_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWorkItems(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	var sent []map[string]string
	take := func(status string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			var body map[string]string
			if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
				t.Error(err)
			}
			sent = append(sent, body)
			answer(w, 200, `{"id":"w","status":"`+status+`","details":{"cn":"x"}}`)
		}
	}
	f.HandleFunc("POST /midgard/v1/work-items/w/complete", take("COMPLETED"))
	f.HandleFunc("POST /midgard/v1/work-items/w/refuse", take("REFUSED"))
	f.HandleFunc("POST /midgard/v1/account-requests/r/password", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, 200, `{"accountRequestId":"r","password":"p","expires":"2026-01-31T08:00:00.000Z"}`)
	})
	f.HandleFunc("POST /midgard/v1/account-requests/gone/password", func(w http.ResponseWriter, _ *http.Request) { answer(w, 404, `{}`) })
	c := f.client(t)
	done, err := c.CompleteWorkItem(t.Context(), "w", "cn=x", "")
	if err != nil || done.Status != "COMPLETED" || done.Details["cn"] != "x" {
		t.Errorf("%+v, %v", done, err)
	}
	if no, err := c.RefuseWorkItem(t.Context(), "w", "why"); err != nil || no.Status != "REFUSED" {
		t.Errorf("%+v, %v", no, err)
	}
	want := []map[string]string{{"nativeIdentity": "cn=x", "comment": ""}, {"comment": "why"}}
	if d := cmp.Diff(want, sent); d != "" {
		t.Error(d)
	}
	if p, err := c.TakeAccountPassword(t.Context(), "r"); err != nil || p.Password != "p" || p.Expires.IsZero() {
		t.Errorf("%+v, %v", p, err)
	}
	if _, err := c.TakeAccountPassword(t.Context(), "gone"); err == nil {
		t.Errorf("a password that is gone was fetched")
	}
}
