package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"midgard/client"
)

const ruleFile = `source: Jobs
mappings:
  - target: {type: ACCOUNT, attributeName: environment}
    transformDefinition: {type: static, attributes: {value: x}}
`

// mappings is a server with a source that takes mappings.
func mappings(t *testing.T) (*api, *[]string) {
	t.Helper()
	a := newAPI(t)
	sent := &[]string{}
	note := func(r *http.Request) {
		var body json.RawMessage
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			t.Error(err)
		}
		*sent = append(*sent, r.URL.RawQuery+" "+string(body))
	}
	a.HandleFunc("GET /v2025/sources", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, []client.Source{{ID: "s1", Name: "Jobs"}})
	})
	a.HandleFunc("POST /midgard/v1/sources/s1/mapping-preview", func(w http.ResponseWriter, r *http.Request) {
		note(r)
		reply(w, json.RawMessage(`{"counts":{"accountsRead":9,"accountsChanged":1,"ownersLost":1},"total":3,"rows":[{"id":"1","name":"svc\u001b[31m","nativeIdentity":"m1",
			"changes":[{"attribute":"environment","before":"old","after":"x"},{"attribute":"ownerIdentity","before":"ada","after":null}],"problems":["ACCOUNT a: no"]}]}`))
	})
	a.HandleFunc("GET /v2025/sources/s1/machine-account-mappings", func(w http.ResponseWriter, _ *http.Request) { reply(w, []any{}) })
	a.HandleFunc("PUT /v2025/sources/s1/machine-account-mappings", func(w http.ResponseWriter, r *http.Request) {
		note(r)
		reply(w, []any{})
	})
	a.HandleFunc("GET /v2025/task-status", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, []map[string]any{{"id": "t1", "uniqueName": "Machine Account Mapping"}})
	})
	a.HandleFunc("GET /v2025/task-status/t1", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, map[string]any{"id": "t1", "completionStatus": "SUCCESS"})
	})
	return a, sent
}

func TestMappingPreview(t *testing.T) {
	t.Parallel()
	a, sent := mappings(t)
	got := invoke(t, a.env, ruleFile, "mapping", "preview", "-", "--limit", "1")
	if got.err != nil {
		t.Fatal(got.err)
	}
	want := "svc·[31m (m1)\n  - environment: old\n  + environment: x\n  - ownerIdentity: ada\n  ! ACCOUNT a: no\n\n… and 2 more accounts\n\n" +
		"      9 accounts looked at\n      1 accounts would change\n      1 accounts lose their owner\n"
	if d := cmp.Diff(want, got.stdout); d != "" {
		t.Error(d)
	}
	body := `{"mappings":[{"target":{"type":"ACCOUNT","attributeName":"environment"},"transformDefinition":{"type":"static","attributes":{"value":"x"}}}]}`
	if d := cmp.Diff([]string{"limit=1&offset=0 " + body}, *sent); d != "" {
		t.Error(d)
	}
}

func TestMappingApplyAndShow(t *testing.T) {
	t.Parallel()
	a, sent := mappings(t)
	got := invoke(t, a.env, "", "mapping", "show", "Jobs")
	if got.err != nil || strings.Join(strings.Fields(got.stdout), "") != `{"source":"Jobs","mappings":[]}` {
		t.Fatalf("%v %s", got.err, got.stdout)
	}
	got = invoke(t, a.env, got.stdout, "mapping", "apply", "-")
	if got.err != nil || !strings.Contains(got.stdout, "Jobs: success") || len(*sent) != 1 {
		t.Errorf("%v %s %v", got.err, got.stdout, *sent)
	}
	for text, reason := range map[string]string{"mappings: []": "--source", "source: Jobs": "no mappings", "source: [": "YAML"} {
		got = invoke(t, a.env, text, "mapping", "apply", "-")
		if got.err == nil || !strings.Contains(got.err.Error(), reason) {
			t.Errorf("%q: %v, want something about %s", text, got.err, reason)
		}
	}
}
