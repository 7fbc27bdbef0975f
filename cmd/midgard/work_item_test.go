package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWorkItem(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	var sent []map[string]string
	end := func(status string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			var body map[string]string
			if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
				t.Error(err)
			}
			sent = append(sent, body)
			reply(w, map[string]any{"id": r.PathValue("id"), "status": status})
		}
	}
	a.HandleFunc("POST /midgard/v1/work-items/{id}/complete", end("COMPLETED"))
	a.HandleFunc("POST /midgard/v1/work-items/{id}/refuse", end("REFUSED"))
	a.text("GET /midgard/v1/work-items", `[{"id":"w1","type":"CREATE_ACCOUNT","source":{"name":"Files"},"subject":"svc","status":"OPEN","nativeIdentity":null,"created":"2026-01-31T08:00:00.000Z"}]`)
	a.text("POST /midgard/v1/account-requests/r1/password", `{"accountRequestId":"r1","password":"p4ss","expires":"2026-01-31T08:00:00.000Z"}`)
	for _, test := range []struct {
		args, want string
	}{
		{"work-item complete w1 --native-identity svc --comment done", "Work item w1: COMPLETED\n"},
		{"work-item refuse w2 w3 --comment no", "Work item w2: REFUSED\nWork item w3: REFUSED\n"},
		{"work-item list", "CREATE_ACCOUNT"},
		{"request password r1", "p4ss\n"},
	} {
		if got := invoke(t, a.env, "", strings.Fields(test.args)...); got.err != nil || !strings.Contains(got.stdout, test.want) {
			t.Errorf("%s: %q, %v", test.args, got.stdout, got.err)
		}
	}
	want := []map[string]string{{"nativeIdentity": "svc", "comment": "done"}, {"comment": "no"}, {"comment": "no"}}
	if d := cmp.Diff(want, sent); d != "" {
		t.Error(d)
	}
}
