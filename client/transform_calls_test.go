package client_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"midgard/client"
)

func TestFindTransform(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	const known, other, broken = "0123456789abcdef0123456789abcdef", "0123456789abcdef0123456789abcde0", "0123456789abcdef0123456789abcde1"
	f.HandleFunc("GET /v2025/transforms/{id}", func(w http.ResponseWriter, r *http.Request) {
		answer(w, map[string]int{known: 200, other: 404, broken: 403}[r.PathValue("id")], `{"id":"by id"}`)
	})
	f.HandleFunc("GET /v2025/transforms", func(w http.ResponseWriter, r *http.Request) {
		answer(w, 200, map[string]string{`name eq "a \"b\""`: `[{"id":"by name"}]`, `name eq "` + other + `"`: `[{"id":"named like an id"}]`, `name eq "none"`: `[]`}[r.FormValue("filters")])
	})
	for name, want := range map[string]string{known: "by id", other: "named like an id", `a "b"`: "by name"} {
		if got, err := f.client(t).FindTransform(t.Context(), name); err != nil || got.ID != want {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	if _, err := f.client(t).FindTransform(t.Context(), "none"); !errors.Is(err, client.ErrNotFound) {
		t.Errorf("none: %v", err)
	}
	if _, err := f.client(t).FindTransform(t.Context(), broken); err == nil || errors.Is(err, client.ErrNotFound) {
		t.Errorf("forbidden: %v", err)
	}
}

func TestSetTransform(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		existing string
		done     string
		writes   []string
	}{
		"new":              {`[]`, client.TransformCreated, []string{"POST /v2025/transforms"}},
		"other attributes": {`[{"id":"x","name":"X","type":"concat","attributes":{"values":["b"]}}]`, client.TransformChanged, []string{"PUT /v2025/transforms/x"}},
		"other spelling":   {`[{"id":"x","name":"x","type":"concat","attributes":{"values":["a"]}}]`, client.TransformChanged, []string{"PUT /v2025/transforms/x"}},
		"alike":            {`[{"id":"x","name":"X","type":"concat","attributes":{ "values" : ["a"]},"internal":false}]`, client.TransformUnchanged, []string{}},
	} {
		f := newFake(t)
		made := writes(f, "/v2025/transforms", tt.existing, 200)
		changed := writes(f, "/v2025/transforms/{id}", `{}`, 200)
		wanted := client.Transform{ID: "ignored", Name: "X", Type: "concat", Attributes: json.RawMessage(`{"values":["a"]}`)}
		_, done, err := f.client(t).SetTransform(t.Context(), wanted)
		if err != nil || done != tt.done {
			t.Errorf("%s: %s, %v", name, done, err)
		}
		if d := cmp.Diff(tt.writes, append(*made, *changed...)); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

func TestTestTransform(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.HandleFunc("POST /midgard/v1/transform-test", func(w http.ResponseWriter, r *http.Request) {
		var sent map[string]any
		if err := json.NewDecoder(r.Body).Decode(&sent); err != nil {
			t.Error(err)
		}
		if d := cmp.Diff(map[string]any{"transform": map[string]any{"type": "upper"}, "inputs": []any{"a", "b"}}, sent); d != "" {
			t.Error(d)
		}
		answer(w, 200, `{"results":[{"input":"a","output":"A","error":null},{"input":"b","output":null,"error":"no"}]}`)
	})
	got, err := f.client(t).TestTransform(t.Context(), client.TransformTest{Transform: json.RawMessage(`{"type":"upper"}`), Inputs: []string{"a", "b"}})
	if err != nil {
		t.Fatal(err)
	}
	a, upper, b, no := "a", "A", "b", "no"
	if d := cmp.Diff([]client.TransformResult{{Input: &a, Output: &upper}, {Input: &b, Error: &no}}, got); d != "" {
		t.Error(d)
	}
}
