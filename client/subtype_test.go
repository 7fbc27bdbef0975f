package client_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"midgard/client"
)

func TestSetSubtype(t *testing.T) {
	t.Parallel()
	wanted := client.Subtype{SourceID: "s", TechnicalName: "bot", DisplayName: "Robot"}
	for name, tt := range map[string]struct {
		existing string
		want     []string
	}{
		"made": {`[]`, []string{`POST /v2026/source-subtypes {"sourceId":"s","technicalName":"bot","displayName":"Robot","description":""}`}},
		"changed": {`[{"id":"1","sourceId":"s","technicalName":"Bot","displayName":"Robot","description":"old"}]`,
			[]string{`PATCH /v2026/source-subtypes/1 [{"op":"replace","path":"/displayName","value":"Robot"},{"op":"replace","path":"/description","value":""}]`}},
		"left alone": {`[{"id":"1","sourceId":"s","technicalName":"Bot","displayName":"Robot","description":""}]`, nil},
	} {
		f := newFake(t)
		var got []string
		serve := func(w http.ResponseWriter, r *http.Request) {
			if r.Method == "GET" {
				if filters := r.FormValue("filters"); filters != `source.id eq "s" and technicalName eq "bot"` {
					t.Errorf("%s: asked for %s", name, filters)
				}
				answer(w, 200, tt.existing)
				return
			}
			body, _ := io.ReadAll(r.Body)
			got = append(got, r.Method+" "+r.URL.Path+" "+string(body))
			answer(w, 201, `{"id":"1","sourceId":"s","technicalName":"bot","displayName":"Robot","description":""}`)
		}
		f.HandleFunc("/v2026/source-subtypes", serve)
		f.HandleFunc("/v2026/source-subtypes/1", serve)
		kept, err := f.client(t).SetSubtype(t.Context(), wanted)
		if err != nil || kept.ID != "1" || kept.Description != "" {
			t.Errorf("%s: %+v, %v", name, kept, err)
		}
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}
