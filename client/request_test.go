package client_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"midgard/client"
)

func TestRequestAccountIsRepeatedWithItsKey(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	var keys []string
	f.HandleFunc("POST /v2026/account-requests/machine-account-create", func(w http.ResponseWriter, r *http.Request) {
		var body map[string]any
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			t.Error(err)
		}
		want := map[string]any{"subtypeId": "s", "ownerIdentityId": "o", "userInput": map[string]any{"purpose": "x"}}
		if d := cmp.Diff(want, body); d != "" {
			t.Error(d)
		}
		keys = append(keys, r.Header.Get("Idempotency-Key"))
		if len(keys) == 1 {
			answer(w, 503, `{}`)
			return
		}
		answer(w, 202, `{"accountRequestId":"r"}`)
	})
	wanted := client.NewAccountRequest{SubtypeID: "s", OwnerID: "o", UserInput: map[string]any{"purpose": "x"}}
	c := f.client(t)
	for _, key := range []string{"", "mine"} {
		if id, err := c.RequestAccount(t.Context(), wanted, key); err != nil || id != "r" {
			t.Errorf("%q, %v", id, err)
		}
	}
	if len(keys) != 3 || keys[0] == "" || keys[1] != keys[0] || keys[2] != "mine" {
		t.Errorf("the keys were %q", keys)
	}
}

func TestRequests(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	const pending = `{"id":"r","status":"PENDING","completed":null,"owner":null,"approvalRequestId":null,"errorDetails":null,"phases":[{"name":"APPROVAL_PHASE","state":"PENDING"}]}`
	f.HandleFunc("GET /midgard/v1/account-requests/r", func(w http.ResponseWriter, _ *http.Request) { answer(w, 200, pending) })
	f.HandleFunc("POST /midgard/v1/account-requests/r/cancel", func(w http.ResponseWriter, _ *http.Request) { answer(w, 200, `{"id":"r","status":"CANCELLED"}`) })
	f.HandleFunc("GET /v2026/source-subtypes/machine-account-create-access", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, 200, `[{"sourceId":"s","sourceName":"S","subtypes":[{"subtypeId":"x","subtypeTechnicalName":"bot","subtypeDisplayName":"Bot"},{"subtypeId":"y"}]}]`)
	})
	f.HandleFunc("GET /v2025/public-identities", func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("filters") == `alias eq "ada" or email eq "ada"` {
			answer(w, 200, `[{"id":"a","alias":"ada"}]`)
			return
		}
		answer(w, 200, `[]`)
	})
	c := f.client(t)
	if r, err := c.AccountRequest(t.Context(), "r"); err != nil || r.Status != "PENDING" || !r.Completed.IsZero() || r.Phases[0].State != "PENDING" {
		t.Errorf("%+v, %v", r, err)
	}
	if r, err := c.CancelAccountRequest(t.Context(), "r", "why"); err != nil || r.Status != "CANCELLED" {
		t.Errorf("%+v, %v", r, err)
	}
	want := []client.Creatable{{SourceID: "s", SourceName: "S", SubtypeID: "x", TechnicalName: "bot", DisplayName: "Bot"}, {SourceID: "s", SourceName: "S", SubtypeID: "y"}}
	got, err := c.Creatable(t.Context())
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Error(d, err)
	}
	if person, err := c.FindPerson(t.Context(), "ada"); err != nil || person.ID != "a" {
		t.Errorf("%+v, %v", person, err)
	}
	if _, err := c.FindPerson(t.Context(), "bob"); !errors.Is(err, client.ErrNotFound) {
		t.Error(err)
	}
}
