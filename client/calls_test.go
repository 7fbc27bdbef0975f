package client_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"midgard/client"
)

func TestLoadAccountsStreamsTheFile(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	const size = 3 << 20
	f.HandleFunc("POST /v2025/sources/{id}/load-accounts", func(w http.ResponseWriter, r *http.Request) {
		file, header, err := r.FormFile("file")
		if err != nil {
			t.Error(err)
			return
		}
		n, _ := io.Copy(io.Discard, file)
		if n != size || header.Filename != "a.csv" || r.PathValue("id") != "s/1" || r.FormValue("disableOptimization") != "true" {
			t.Errorf("%d bytes of %s for %s", n, header.Filename, r.PathValue("id"))
		}
		answer(w, 202, `{"success":true,"task":{"id":"t","completionStatus":null,"messages":[{"type":"INFO","key":"k","localizedText":"started"}]}}`)
	})
	task, err := f.client(t).LoadAccounts(t.Context(), "s/1", "a.csv", strings.NewReader(strings.Repeat("x", size)), true)
	if err != nil || task.ID != "t" || task.Done() {
		t.Fatalf("%+v, %v", task, err)
	}
	if d := cmp.Diff([]client.TaskMessage{{Type: "INFO", Key: "k", Text: "started"}}, task.Messages); d != "" {
		t.Error(d)
	}
}

func TestAnAggregationWithoutAFileIsStillAForm(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.HandleFunc("POST /v2025/sources/{id}/load-accounts", func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseMultipartForm(1 << 10); err != nil || len(r.MultipartForm.File) != 0 {
			t.Errorf("%v, %v", r.MultipartForm, err)
		}
		answer(w, 202, `{"success":true,"task":{"id":"t"}}`)
	})
	f.HandleFunc("POST /v2025/sources/{id}/load-entitlements", func(w http.ResponseWriter, _ *http.Request) { answer(w, 202, `{"id":"e"}`) })
	c := f.client(t)
	if task, err := c.LoadAccounts(t.Context(), "s", "", nil, false); err != nil || task.ID != "t" {
		t.Errorf("%+v, %v", task, err)
	}
	if task, err := c.LoadEntitlements(t.Context(), "s", "g.csv", strings.NewReader("id\n")); err != nil || task.ID != "e" {
		t.Errorf("%+v, %v", task, err)
	}
}

type brokenFile struct{}

func (brokenFile) Read([]byte) (int, error) { return 0, errors.New("the disk is gone") }

func TestUploadsThatEndEarly(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.HandleFunc("POST /refused", func(w http.ResponseWriter, _ *http.Request) { answer(w, 403, `{"error":"no"}`) })
	f.HandleFunc("POST /read", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		answer(w, 200, `{}`)
	})
	c := f.client(t)
	var failure *client.Error
	err := c.Upload(t.Context(), "/refused", "a", strings.NewReader(strings.Repeat("x", 8<<20)), nil, nil)
	if err == nil || (errors.As(err, &failure) && failure.Status != 403) {
		t.Errorf("refused: %v", err)
	}
	if err := c.Upload(t.Context(), "/read", "a", brokenFile{}, nil, nil); err == nil || !strings.Contains(err.Error(), "the disk is gone") {
		t.Errorf("broken file: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Upload(ctx, "/read", "a", strings.NewReader("x"), nil, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestWaitTask(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	answers := []string{
		`{"id":"t","completionStatus":null,"progress":"reading","percentComplete":10,"messages":[]}`,
		`{"id":"t","completionStatus":null,"progress":"writing","percentComplete":60,"messages":[]}`,
		`{"id":"t","completionStatus":"ERROR","percentComplete":60,"messages":[{"type":"WARN","localizedText":{"locale":"en","message":"row 3"}},` +
			`{"type":"ERROR","localizedText":{"locale":"en","message":"too many would go"}},{"type":"ERROR","key":"k","localizedText":null}]}`,
	}
	calls := 0
	f.HandleFunc("GET /v2025/task-status/t", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, 200, answers[calls])
		calls++
	})
	var percent []int
	task, err := f.client(t).WaitTask(t.Context(), "t", func(task client.Task) { percent = append(percent, task.PercentComplete) })
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]int{10, 60, 60}, percent); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]time.Duration{100 * time.Millisecond, 125 * time.Millisecond}, f.pauses); d != "" {
		t.Error(d)
	}
	if err := task.Err(); err == nil || err.Error() != "task t ended with ERROR: too many would go" {
		t.Error(err)
	}
	for status, bad := range map[string]bool{"": false, "SUCCESS": false, "WARNING": false, "TERMINATED": true} {
		if err := (client.Task{CompletionStatus: status}).Err(); (err != nil) != bad {
			t.Errorf("%s: %v", status, err)
		}
	}
}

func TestFindSource(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	found := map[string]string{
		`name eq "none"`: `[]`, `name eq "one"`: `[{"id":"1","name":"one"}]`, `name eq "two"`: `[{"id":"1"},{"id":"2"}]`,
		`id eq "0123456789ABCDEF0123456789abcdef" or name eq "0123456789ABCDEF0123456789abcdef"`: `[{"id":"x"}]`,
	}
	f.HandleFunc("GET /v2025/sources", func(w http.ResponseWriter, r *http.Request) { answer(w, 200, found[r.FormValue("filters")]) })
	c := f.client(t)
	if s, err := c.FindSource(t.Context(), "one"); s.ID != "1" || err != nil {
		t.Errorf("one: %+v, %v", s, err)
	}
	if s, err := c.FindSource(t.Context(), "0123456789ABCDEF0123456789abcdef"); s.ID != "x" || err != nil {
		t.Errorf("by id: %+v, %v", s, err)
	}
	if _, err := c.FindSource(t.Context(), "none"); !errors.Is(err, client.ErrNotFound) {
		t.Errorf("none: %v", err)
	}
	if _, err := c.FindSource(t.Context(), "two"); err == nil || errors.Is(err, client.ErrNotFound) {
		t.Errorf("two: %v", err)
	}
}

// writes mounts a read operation and records the writes below a path.
func writes(f *fake, path, existing string, status int) *[]string {
	got := &[]string{}
	f.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == "GET" {
			answer(w, status, existing)
			return
		}
		*got = append(*got, r.Method+" "+r.URL.Path)
		answer(w, 200, `{}`)
	})
	return got
}

func TestSetAccountSchema(t *testing.T) {
	t.Parallel()
	wanted := client.Schema{IdentityAttribute: "id", Attributes: []client.SchemaAttribute{{Name: "id", Type: "STRING"}}}
	like := `{"id":"a","name":"account","nativeObjectType":"","identityAttribute":"id","displayAttribute":"","created":"x",` +
		`"attributes":[{"name":"id","nativeName":null,"type":"STRING","description":"","isMulti":false}]}`
	for name, tt := range map[string]struct {
		existing string
		want     []string
	}{
		"replaced":   {`[{"id":"g","name":"group"},{"id":"a","name":"account"}]`, []string{"PUT /v2025/sources/s/schemas/a"}},
		"made":       {`[]`, []string{"POST /v2025/sources/s/schemas"}},
		"left alone": {`[` + like + `]`, []string{}},
	} {
		f := newFake(t)
		got := writes(f, "/v2025/sources/s/", tt.existing, 200)
		if err := f.client(t).SetAccountSchema(t.Context(), "s", wanted); err != nil {
			t.Error(err)
		}
		if d := cmp.Diff(tt.want, *got); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

func TestSetClassification(t *testing.T) {
	t.Parallel()
	wanted := client.Classification{Enabled: true, Method: "CRITERIA", Criteria: &client.Criteria{Operation: "OR",
		Children: []client.Criteria{{Operation: "EQUALS", Attribute: "a", Value: "b"}}}}
	like := `{"enabled":true,"classificationMethod":"CRITERIA","created":"x","criteria":{"operation":"OR","dataType":null,"attribute":null,` +
		`"children":[{"operation":"EQUALS","caseSensitive":false,"attribute":"a","value":"b","children":[]}]}}`
	put := []string{"PUT /v2025/sources/s/machine-classification-config"}
	for name, tt := range map[string]struct {
		status   int
		existing string
		want     []string
	}{
		"none yet":   {404, `{}`, put},
		"other":      {200, `{"enabled":false,"classificationMethod":"SOURCE","criteria":null}`, put},
		"left alone": {200, like, []string{}},
		"forbidden":  {403, `{}`, []string{}},
	} {
		f := newFake(t)
		got := writes(f, "/v2025/sources/s/machine-classification-config", tt.existing, tt.status)
		if err := f.client(t).SetClassification(t.Context(), "s", wanted); (err != nil) != (tt.status == 403) {
			t.Errorf("%s: %v", name, err)
		}
		if d := cmp.Diff(tt.want, *got); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

func TestSetIdentityProfile(t *testing.T) {
	t.Parallel()
	like := `[{"id":"p","name":"HR","authoritativeSource":{"id":"s"},"identityAttributeConfig":{"enabled":true,"attributeTransforms":[` +
		`{"identityAttributeName":"uid","transformDefinition":{"type":"accountAttribute","attributes":{"attributeName":"login","sourceName":"HR","sourceId":"s"}}}]}}]`
	for name, tt := range map[string]struct {
		existing string
		want     []string
	}{
		"made":       {`[{"id":"q","authoritativeSource":{"id":"other"}}]`, []string{"POST /v2025/identity-profiles"}},
		"replaced":   {`[{"id":"p","authoritativeSource":{"id":"s"}}]`, []string{"PATCH /v2025/identity-profiles/p"}},
		"left alone": {like, []string{}},
	} {
		f := newFake(t)
		got := writes(f, "/v2025/identity-profiles", tt.existing, 200)
		changed := writes(f, "/v2025/identity-profiles/p", `{}`, 200)
		if err := f.client(t).SetIdentityProfile(t.Context(), client.Source{ID: "s", Name: "HR"}, [][2]string{{"uid", "login"}}); err != nil {
			t.Error(err)
		}
		if d := cmp.Diff(tt.want, append(*got, *changed...)); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

func TestATokenForSomebodyElseIsNeverOnesOwn(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.HandleFunc("POST /v2025/personal-access-tokens", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, 200, `{"id":"own","secret":"s","owner":{"id":"me"}}`)
	})
	f.HandleFunc("POST /midgard/v1/personal-access-tokens", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, 200, `{"id":"other","secret":"s","owner":{"id":"ada"}}`)
	})
	c := f.client(t)
	for owner, want := range map[string]string{"": "own", "ada": "other", "bob": ""} {
		got, err := c.CreateAccessToken(t.Context(), client.NewAccessToken{Name: "n", OwnerID: owner})
		if got.ID != want || (err != nil) != (want == "") {
			t.Errorf("owner %q: %+v, %v", owner, got, err)
		}
	}
}
