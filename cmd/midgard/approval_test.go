package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestApprovalVerbs(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	var seen []string
	note := func(r *http.Request) {
		var body struct{ Comment string }
		json.NewDecoder(r.Body).Decode(&body) //nolint:errcheck // the list has none
		seen = append(seen, strings.TrimSpace(r.Method+" "+r.URL.Path+" "+r.URL.Query().Get("mine")+r.URL.Query().Get("filters")+body.Comment))
	}
	approval := map[string]any{
		"id": "a1", "status": "PENDING", "type": "T", "name": []any{map[string]any{"value": "A new bot", "locale": "en_US"}}, "createdDate": "2026-01-01T00:00:00.000Z",
		"requester": map[string]any{"name": "bob"}, "assignedTo": []any{map[string]any{"name": "Approvers"}},
	}
	a.HandleFunc("GET /v2025/generic-approvals", func(w http.ResponseWriter, r *http.Request) {
		note(r)
		reply(w, []any{approval})
	})
	a.HandleFunc("POST /v2025/generic-approvals/{id}/approve", func(w http.ResponseWriter, r *http.Request) {
		note(r)
		reply(w, approval)
	})
	a.HandleFunc("POST /v2025/generic-approvals/{id}/reject", func(w http.ResponseWriter, r *http.Request) {
		note(r)
		w.WriteHeader(http.StatusNoContent)
	})
	row := "a1  PENDING  T     A new bot  bob        Approvers   2026-01-01T00:00:00.000Z\n"
	for _, tt := range []struct{ args, want, seen string }{
		{"list", row, `GET /v2025/generic-approvals truestatus eq "PENDING"`},
		{"list --filters name|pr", row, `GET /v2025/generic-approvals truestatus eq "PENDING" and (name pr)`},
		{"list --everything", row, "GET /v2025/generic-approvals"},
		{"approve a1 --comment fine", "a1 is PENDING and waits for Approvers\n", "POST /v2025/generic-approvals/a1/approve fine"},
		{"reject a1", "a1 is REJECTED\n", "POST /v2025/generic-approvals/a1/reject"},
	} {
		seen = nil
		args := strings.Fields(tt.args)
		for i := range args {
			args[i] = strings.ReplaceAll(args[i], "|", " ")
		}
		got := invoke(t, a.env, "", append([]string{"approval"}, args...)...)
		if got.err != nil || !strings.HasSuffix(got.stdout, tt.want) {
			t.Errorf("%s: %v\n%s", tt.args, got.err, got.stdout)
		}
		if diff := cmp.Diff([]string{tt.seen}, seen); diff != "" {
			t.Errorf("%s: what the server saw differs (-want +got):\n%s", tt.args, diff)
		}
	}
}
