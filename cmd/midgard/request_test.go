package main

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const requestsList = "GET /midgard/v1/account-requests"

// askable is a server on which two sources have a subtype "bot" that the caller may ask for. It keeps what it is sent.
func askable(t *testing.T) (*api, *[]map[string]any) {
	t.Helper()
	a := newAPI(t)
	sent := &[]map[string]any{}
	a.text("GET /v2026/source-subtypes/machine-account-create-access", `[{"sourceId":"s1","sourceName":"Directory","subtypes":[{"subtypeId":"x1","subtypeTechnicalName":"bot"},
		{"subtypeId":"x2","subtypeTechnicalName":"app"}]},{"sourceId":"s2","sourceName":"Mail","subtypes":[{"subtypeId":"x3","subtypeTechnicalName":"bot"}]}]`)
	a.HandleFunc("GET /v2025/public-identities", func(w http.ResponseWriter, r *http.Request) {
		people := []any{}
		if strings.Contains(r.FormValue("filters"), `"ada"`) {
			people = append(people, map[string]any{"id": "a", "alias": "ada"})
		}
		reply(w, people)
	})
	a.HandleFunc("POST /v2026/account-requests/machine-account-create", func(w http.ResponseWriter, r *http.Request) {
		body := map[string]any{"key": r.Header.Get("Idempotency-Key")}
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			t.Error(err)
		}
		*sent = append(*sent, body)
		w.WriteHeader(http.StatusAccepted)
		reply(w, map[string]any{"accountRequestId": "r1"})
	})
	return a, sent
}

func TestRequestCreate(t *testing.T) {
	t.Parallel()
	a, sent := askable(t)
	got := invoke(t, a.env, "purpose: file\nkeep: true\n", "request", "create", "--source", "directory", "--subtype", "BOT", "--owner", "ada", "--environment", "test",
		"--input-file", "-", "--input", "purpose=a=b", "--entitlement", "e1,e2", "--key", "k")
	if got.err != nil || got.stdout != "r1\n" {
		t.Fatalf("%q, %v", got.stdout, got.err)
	}
	want := map[string]any{"key": "k", "subtypeId": "x1", "ownerIdentityId": "a", "environment": "test", "entitlementIds": []any{"e1", "e2"},
		"userInput": map[string]any{"purpose": "a=b", "keep": true}}
	if d := cmp.Diff(want, (*sent)[0]); d != "" {
		t.Error(d)
	}
	for part, args := range map[string][]string{
		"several sources have a subtype":   {"--subtype", "bot", "--owner", "ada"},
		`subtype "cat" of source "Mail"`:   {"--subtype", "cat", "--source", "Mail", "--owner", "ada"},
		`person "bob": not found`:          {"--subtype", "app", "--owner", "bob"},
		"with --subtype and the owner":     {"--owner", "ada"},
		`"purpose" is not of the form key`: {"--subtype", "app", "--owner", "ada", "--input", "purpose"},
	} {
		got := invoke(t, a.env, "", append([]string{"request", "create"}, args...)...)
		if got.err == nil || !strings.Contains(got.err.Error(), part) {
			t.Errorf("%v: %v", args, got.err)
		}
	}
	if len(*sent) != 1 {
		t.Errorf("%d requests were sent", len(*sent))
	}
}

func TestRequestVerbs(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	var query url.Values
	a.HandleFunc(requestsList, func(w http.ResponseWriter, r *http.Request) {
		query = r.URL.Query()
		reply(w, []any{map[string]any{"id": "r1", "status": "PENDING", "source": map[string]any{"name": "Directory"}}})
	})
	a.text(requestsList+"/r1", `{"id":"r1","status":"PENDING"}`)
	a.HandleFunc("POST /midgard/v1/account-requests/{id}/cancel", func(w http.ResponseWriter, r *http.Request) {
		var body map[string]string
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil || body["comment"] != "why" {
			t.Errorf("%v, %v", body, err)
		}
		if r.PathValue("id") == "late" {
			w.WriteHeader(http.StatusBadRequest)
			reply(w, map[string]any{"detailCode": "400.1.409 Reference Conflict", "messages": []any{map[string]any{"text": "its provisioning has begun"}}})
			return
		}
		reply(w, map[string]any{"id": r.PathValue("id"), "status": "CANCELLED"})
	})
	if got := invoke(t, a.env, "", "request", "list", "--columns", "id,status,source.name", "-o", "csv"); got.err != nil || got.stdout != "id,status,source.name\nr1,PENDING,Directory\n" || query.Has("all") {
		t.Errorf("%q, %v, %v", got.stdout, got.err, query)
	}
	if got := invoke(t, a.env, "", "request", "list", "--everybody"); got.err != nil || query.Get("all") != "true" {
		t.Errorf("%v, %v", got.err, query)
	}
	if got := invoke(t, a.env, "", "request", "show", "r1"); got.err != nil || got.stdout != "{\n  \"id\": \"r1\",\n  \"status\": \"PENDING\"\n}\n" {
		t.Errorf("%q, %v", got.stdout, got.err)
	}
	got := invoke(t, a.env, "", "request", "cancel", "late", "r2", "--comment", "why")
	if got.err == nil || !strings.Contains(got.err.Error(), "request late") || !strings.Contains(got.err.Error(), "provisioning has begun") || got.stdout != "Request r2: CANCELLED\n" {
		t.Errorf("%q, %v", got.stdout, got.err)
	}
	if got := invoke(t, a.env, "", "request", "cancel"); got.err == nil || exitCode(got.err) != 2 {
		t.Errorf("nothing to cancel: %v", got.err)
	}
}

func TestRequestDelete(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	var comments []string
	a.HandleFunc("POST /v2026/account-requests/account/{id}/delete", func(w http.ResponseWriter, r *http.Request) {
		var body struct{ Comments string }
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			t.Error(err)
		}
		comments = append(comments, r.PathValue("id")+" "+body.Comments)
		reply(w, map[string]string{"accountRequestId": "request-of-" + r.PathValue("id")})
	})
	got := invoke(t, a.env, "", "request", "delete", "a1", "a2", "--comment", "gone")
	if got.err != nil || got.stdout != "request-of-a1\nrequest-of-a2\n" || !slices.Equal(comments, []string{"a1 gone", "a2 gone"}) {
		t.Errorf("%v %q %v", got.err, got.stdout, comments)
	}
}

func TestAccountActions(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	a.HandleFunc("POST /machine-accounts/v1/{id}/{action}", func(w http.ResponseWriter, r *http.Request) {
		if r.PathValue("id") == "strange" {
			w.WriteHeader(http.StatusNotFound)
		}
		reply(w, map[string]string{"id": r.PathValue("action")})
	})
	a.HandleFunc("GET /v2025/task-status/{id}", func(w http.ResponseWriter, r *http.Request) {
		reply(w, map[string]any{"id": r.PathValue("id"), "completionStatus": "SUCCESS"})
	})
	for _, action := range []string{"enable", "disable", "unlock", "reload"} {
		got := invoke(t, a.env, "", "account", action, "a1", "strange")
		if got.err == nil || !strings.Contains(got.err.Error(), "account strange") || !strings.Contains(got.stdout, "Account a1: success") {
			t.Errorf("%s: %v %q", action, got.err, got.stdout)
		}
	}
}
