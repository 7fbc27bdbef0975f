package client_test

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"midgard/client"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// Idle connections of http.DefaultClient outlive the servers of single tests for a moment.
		goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
}

func TestAddressesAreChecked(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "127.0.0.1:8400", "ftp://h", "http://", "http://%zz"} {
		if _, err := client.New(bad, "id", "secret"); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}

func TestRequestsCarryWhatTheContractWants(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	type seen struct{ Method, Authorization, Experimental, ContentType, Body string }
	var got []seen
	f.HandleFunc("/v2025/things", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		h := r.Header
		got = append(got, seen{r.Method, h.Get("Authorization"), h.Get(client.ExperimentalHeader), h.Get("Content-Type"), string(body)})
		answer(w, 200, `{"a":1}`)
	})
	c := f.client(t)
	var into struct{ A int }
	for _, step := range []struct {
		method string
		body   any
	}{
		{"GET", nil}, {"POST", map[string]int{"b": 2}}, {"PATCH", json.RawMessage(`[ ]`)}, {"POST", nil},
	} {
		if err := c.Do(t.Context(), step.method, "/v2025/things", step.body, &into); err != nil || into.A != 1 {
			t.Errorf("%s: %v, decoded %+v", step.method, err, into)
		}
	}
	want := []seen{
		{"GET", "Bearer t1", "true", "", ""},
		{"POST", "Bearer t1", "true", "application/json", `{"b":2}`},
		{"PATCH", "Bearer t1", "true", "application/json-patch+json", `[ ]`},
		{"POST", "Bearer t1", "true", "", ""},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if id, err := c.Identity(t.Context()); id != "me" || err != nil {
		t.Errorf("identity %q, %v", id, err)
	}
}

func TestCompressedAndEmptyAnswers(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.HandleFunc("GET /packed", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept-Encoding") != "gzip" {
			t.Errorf("Accept-Encoding %q", r.Header.Get("Accept-Encoding"))
		}
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		_, _ = z.Write([]byte(`{"a":1}`))
		_ = z.Close()
	})
	f.HandleFunc("DELETE /empty", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(200) })
	f.HandleFunc("GET /broken", func(w http.ResponseWriter, _ *http.Request) { answer(w, 200, `{"a":`) })
	c := f.client(t)
	var raw json.RawMessage
	if err := c.Do(t.Context(), "GET", "/packed", nil, &raw); err != nil || string(raw) != `{"a":1}` {
		t.Errorf("%s, %v", raw, err)
	}
	if err := c.Do(t.Context(), "DELETE", "/empty", nil, &raw); err != nil {
		t.Error(err)
	}
	if err := c.Do(t.Context(), "GET", "/broken", nil, &raw); err == nil {
		t.Error("half an answer is accepted")
	}
}

func TestOneTokenServesManyCallers(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.HandleFunc("GET /x", func(w http.ResponseWriter, _ *http.Request) { answer(w, 200, `{}`) })
	c := f.client(t)
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			if err := c.Do(t.Context(), "GET", "/x", nil, nil); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if n := f.issued(); n != 1 {
		t.Errorf("%d tokens were asked for, want 1", n)
	}
}

func TestTokensAreRenewedBeforeTheyExpire(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.expiresIn = 0
	f.HandleFunc("GET /x", func(w http.ResponseWriter, _ *http.Request) { answer(w, 200, `{}`) })
	c := f.client(t)
	for range 3 {
		if err := c.Do(t.Context(), "GET", "/x", nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	if n := f.issued(); n != 3 {
		t.Errorf("%d tokens were asked for, want 3", n)
	}
}

func TestARefusedTokenIsReplacedOnce(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	calls := 0
	f.HandleFunc("POST /x", func(w http.ResponseWriter, r *http.Request) {
		if calls++; r.Header.Get("Authorization") == "Bearer t1" {
			answer(w, 401, `{"error":"JWT validation failed: JWT is expired"}`)
			return
		}
		answer(w, 200, `{}`)
	})
	f.HandleFunc("GET /never", func(w http.ResponseWriter, _ *http.Request) { answer(w, 401, `{"error":"no"}`) })
	c := f.client(t)
	if err := c.Do(t.Context(), "POST", "/x", nil, nil); err != nil || calls != 2 {
		t.Errorf("%d calls, %v", calls, err)
	}
	var failure *client.Error
	if err := c.Do(t.Context(), "GET", "/never", nil, nil); !errors.As(err, &failure) || failure.Status != 401 || f.issued() != 3 {
		t.Errorf("%v after %d tokens", err, f.issued())
	}
}

func TestWrongCredentialsAreTriedOnce(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	c, err := client.New(f.url, "id", "wrong")
	if err != nil {
		t.Fatal(err)
	}
	err = c.Do(t.Context(), "GET", "/x", nil, nil)
	if err == nil || err.Error() != "POST /oauth/token: 401 invalid_client: Bad client credentials" {
		t.Errorf("got %v", err)
	}
}

func TestPatience(t *testing.T) {
	t.Parallel()
	type outcome struct {
		Calls  int
		Pauses []time.Duration
		Status int
	}
	tests := map[string]struct {
		method, retryAfter string
		status, failures   int
		want               outcome
	}{
		"GET waits as told":          {"GET", "7", 429, 2, outcome{3, []time.Duration{7 * time.Second, 7 * time.Second}, 0}},
		"DELETE after 503":           {"DELETE", "1", 503, 1, outcome{2, []time.Duration{time.Second}, 0}},
		"PUT is bounded":             {"PUT", "86400", 503, 1, outcome{2, []time.Duration{time.Minute}, 0}},
		"GET gives up":               {"GET", "1", 429, 99, outcome{4, []time.Duration{time.Second, time.Second, time.Second}, 429}},
		"POST is not repeated":       {"POST", "1", 429, 1, outcome{1, nil, 429}},
		"PATCH is not repeated":      {"PATCH", "1", 503, 1, outcome{1, nil, 503}},
		"other failures are certain": {"GET", "1", 500, 1, outcome{1, nil, 500}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			var got outcome
			f.HandleFunc("/x", func(w http.ResponseWriter, _ *http.Request) {
				if got.Calls++; got.Calls > tt.failures {
					answer(w, 200, `{}`)
					return
				}
				w.Header().Set("Retry-After", tt.retryAfter)
				answer(w, tt.status, `{"message":" Rate Limit Exceeded "}`)
			})
			err := f.client(t, client.WithRetries(3)).Do(t.Context(), tt.method, "/x", nil, nil)
			var failure *client.Error
			if errors.As(err, &failure) {
				got.Status = failure.Status
			}
			got.Pauses = f.pauses
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestPausesGrowWithoutAWordFromTheServer(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.HandleFunc("/x", func(w http.ResponseWriter, _ *http.Request) { answer(w, 503, ``) })
	if err := f.client(t).Do(t.Context(), "GET", "/x", nil, nil); err == nil {
		t.Error("no error")
	}
	for i, p := range f.pauses {
		if half := 100 * time.Millisecond << i; p < half || p >= 2*half {
			t.Errorf("pause %d is %s, want %s to %s", i, p, half, 2*half)
		}
	}
	if len(f.pauses) != 4 {
		t.Errorf("%d pauses, want 4", len(f.pauses))
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	const tracking = "0123456789abcdef0123456789abcdef"
	tests := map[string]struct {
		status int
		body   string
		want   client.Error
		text   string
	}{
		"error object": {404, `{"detailCode":"404 Not found","trackingId":"` + tracking + `","messages":[{"locale":"en-US","text":"There is\nno such thing."},{"text":"again"}],"causes":[]}`,
			client.Error{Status: 404, DetailCode: "404 Not found", TrackingID: tracking, Text: "There is no such thing."},
			"GET /x: 404 There is no such thing. (tracking id " + tracking + ")"},
		"gateway":    {400, `{"error":"Experimental Header is missing or invalid."}`, client.Error{Status: 400, TrackingID: "header", Text: "Experimental Header is missing or invalid."}, "GET /x: 400 Experimental Header is missing or invalid. (tracking id header)"},
		"rate limit": {429, `{"message":" Rate Limit Exceeded "}`, client.Error{Status: 429, TrackingID: "header", Text: "Rate Limit Exceeded"}, "GET /x: 429 Rate Limit Exceeded (tracking id header)"},
		"a proxy":    {502, `<html>`, client.Error{Status: 502, TrackingID: "header", Text: "Bad Gateway"}, "GET /x: 502 Bad Gateway (tracking id header)"},
		"no body":    {500, ``, client.Error{Status: 500, TrackingID: "header", Text: "Internal Server Error"}, "GET /x: 500 Internal Server Error (tracking id header)"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			f.HandleFunc("GET /x", func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("SLPT-Request-ID", "header")
				answer(w, tt.status, tt.body)
			})
			err := f.client(t, client.WithRetries(0)).Do(t.Context(), "GET", "/x?q=1", nil, nil)
			var got *client.Error
			if !errors.As(err, &got) {
				t.Fatalf("%T %v", err, err)
			}
			tt.want.Method, tt.want.Path = "GET", "/x"
			if d := cmp.Diff(tt.want, *got); d != "" || err.Error() != tt.text {
				t.Errorf("%s\n%s", err, d)
			}
		})
	}
}
