package client_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"midgard/client"
)

// fake is a server with a token endpoint and whatever a test mounts.
type fake struct {
	*http.ServeMux
	url string

	mu        sync.Mutex
	tokens    int // how many were issued
	expiresIn int
	pauses    []time.Duration // that the client took
}

func newFake(t *testing.T) *fake {
	t.Helper()
	f := &fake{ServeMux: http.NewServeMux(), expiresIn: 749}
	f.HandleFunc("POST /oauth/token", f.token)
	server := httptest.NewServer(f.ServeMux)
	t.Cleanup(server.Close)
	f.url = server.URL
	return f
}

func (f *fake) token(w http.ResponseWriter, r *http.Request) {
	if r.FormValue("grant_type") != "client_credentials" || r.FormValue("client_id") != "id" || r.FormValue("client_secret") != "secret" {
		answer(w, 401, `{"error":"invalid_client","error_description":"Bad client credentials"}`)
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tokens++
	answer(w, 200, fmt.Sprintf(`{"access_token":"t%d","token_type":"bearer","expires_in":%d,"identity_id":"me"}`, f.tokens, f.expiresIn))
}

func (f *fake) issued() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.tokens
}

func (f *fake) client(t *testing.T, options ...client.Option) *client.Client {
	t.Helper()
	pause := func(ctx context.Context, d time.Duration) error {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.pauses = append(f.pauses, d)
		return ctx.Err()
	}
	c, err := client.New(f.url+"/", "id", "secret", append([]client.Option{client.WithSleep(pause)}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func answer(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body))
}

func answerJSON(w http.ResponseWriter, status int, body any) {
	raw, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	answer(w, status, string(raw))
}
