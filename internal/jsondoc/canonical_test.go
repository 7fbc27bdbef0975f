package jsondoc_test

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"midgard/internal/jsondoc"
	"pgregory.net/rapid"
)

func TestCanonical(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		in   map[string]any
		want string
	}{
		{"nil map", nil, `{}`},
		{"empty", map[string]any{}, `{}`},
		{"sorted by bytes", map[string]any{"b": 1, "a": 2, "Z": 3, "é": 4, "aa": 5}, `{"Z":3,"a":2,"aa":5,"b":1,"é":4}`},
		{"scalars", map[string]any{"a": nil, "b": true, "c": int64(-5), "d": "x<y", "e": json.Number("1.50")}, `{"a":null,"b":true,"c":-5,"d":"x<y","e":1.50}`},
		{"floats", map[string]any{"a": 1.0, "b": 0.1, "c": 5e6, "d": 1e21, "e": 1e-7, "f": -0.5, "g": 0.0}, `{"a":1,"b":0.1,"c":5000000,"d":1e+21,"e":1e-07,"f":-0.5,"g":0}`},
		{"lists", map[string]any{"a": []string{"y", "x"}, "b": []any{1, []any{}, nil}, "c": []string(nil), "d": []any(nil)}, `{"a":["y","x"],"b":[1,[],null],"c":[],"d":[]}`},
		{"objects", map[string]any{"o": map[string]any{"z": map[string]any{"b": 1, "a": 2}, "y": map[string]any(nil)}, "a": 1}, `{"a":1,"o":{"y":{},"z":{"a":2,"b":1}}}`},
		{"odd text", map[string]any{"k\"": "a\xff\n"}, "{\"k\\\"\":\"a\ufffd\\n\"}"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := jsondoc.Canonical(test.in)
			if err != nil || string(got) != test.want {
				t.Errorf("got %s, %v\nwant %s", got, err, test.want)
			}
		})
	}
}

func TestCanonicalRefuses(t *testing.T) {
	t.Parallel()
	endless := map[string]any{}
	endless["a"] = endless
	tests := []struct {
		name         string
		in           any
		path, reason string
	}{
		{"type", map[string]any{"a": []any{1, map[string]any{"b/c": struct{}{}}}}, "/a/1/b~1c", "a value of type struct {} cannot be encoded"},
		{"type at the top", complex(1, 1), "", "a value of type complex128 cannot be encoded"},
		{"NaN", map[string]any{"a": math.NaN()}, "/a", "a number that is infinite or undefined cannot be encoded"},
		{"infinite", map[string]any{"a": math.Inf(-1)}, "/a", "a number that is infinite or undefined cannot be encoded"},
		{"number", []any{json.Number("1,5")}, "/0", `"1,5" is not a number`},
		{"no number", []any{json.Number("")}, "/0", `"" is not a number`},
		{"two numbers", []any{json.Number("1 2")}, "/0", `"1 2" is not a number`},
		{"key", map[string]any{"a\xff": 1}, "/a\xff", "the key is not valid UTF-8"},
		{"endless", endless, strings.Repeat("/a", 64), "nested deeper than 64 levels"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var got *jsondoc.Error
			if _, err := jsondoc.AppendCanonical(nil, test.in); !errors.As(err, &got) {
				t.Fatalf("got %v, want an *Error", err)
			}
			if got.Path != test.path || got.Reason != test.reason {
				t.Errorf("got %q: %q", got.Path, got.Reason)
			}
		})
	}
}

func TestAppendCanonicalKeepsWhatWasThere(t *testing.T) {
	t.Parallel()
	got, err := jsondoc.AppendCanonical([]byte("x="), []any{"a"})
	if err != nil || string(got) != `x=["a"]` {
		t.Errorf("got %s, %v", got, err)
	}
}

// texts draws texts without U+0000, which reading refuses.
func texts() *rapid.Generator[string] {
	return rapid.String().Filter(func(s string) bool { return !strings.ContainsRune(s, 0) })
}

// TestCanonicalAgreesWithEncodingJSON: reading the canonical bytes gives the same tree as reading the standard ones, a
// second run gives the same bytes, and so does encoding what was read.
func TestCanonicalAgreesWithEncodingJSON(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		tree := rapid.MapOf(texts(), trees(3)).Draw(t, "tree")
		first, err := jsondoc.Canonical(tree)
		if err != nil {
			t.Fatal(err)
		}
		standard, err := json.Marshal(tree)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(read(t, standard), read(t, first)); diff != "" {
			t.Fatal(diff)
		}
		var back any
		if err := jsondoc.Decode(first, &back); err != nil {
			t.Fatal(err)
		}
		again, err := jsondoc.AppendCanonical(nil, back)
		if err != nil || string(again) != string(first) {
			t.Fatalf("got %s, %v, first was %s", again, err, first)
		}
	})
}

func trees(depth int) *rapid.Generator[any] {
	kinds := []*rapid.Generator[any]{
		rapid.Just[any](nil),
		rapid.Bool().AsAny(),
		rapid.Int64().AsAny(),
		rapid.Float64Range(-1e30, 1e30).AsAny(),
		texts().AsAny(),
		rapid.SliceOf(texts()).AsAny(),
	}
	if depth > 0 {
		kinds = append(kinds, rapid.SliceOfN(trees(depth-1), 0, 4).AsAny(), rapid.MapOfN(texts(), trees(depth-1), 0, 4).AsAny())
	}
	return rapid.OneOf(kinds...)
}

func read(t *rapid.T, data []byte) any {
	var tree any
	if err := json.Unmarshal(data, &tree); err != nil {
		t.Fatal(err)
	}
	return tree
}

func TestCanonicalConcurrently(t *testing.T) {
	t.Parallel()
	want, err := jsondoc.Canonical(sampleAttributes)
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 200 {
				if got, err := jsondoc.Canonical(sampleAttributes); err != nil || string(got) != string(want) {
					t.Errorf("got %s, %v", got, err)
				}
			}
		})
	}
	group.Wait()
}

// sampleAttributes is an account as a directory gives it.
var sampleAttributes = map[string]any{
	"cn": "svc-backup-17", "uid": "svc-backup-17", "dn": "cn=svc-backup-17,ou=services,dc=example,dc=org",
	"mail": "svc-backup-17@example.org", "description": "Nightly copies of the finance share", "employeeType": "service",
	"memberOf":  []string{"cn=backup,ou=groups,dc=example,dc=org", "cn=storage,ou=groups,dc=example,dc=org"},
	"uidNumber": int64(20017), "gidNumber": int64(20000), "locked": false, "manager": nil,
	"lastLogin": "2026-01-31T08:00:00.000Z",
}

func BenchmarkCanonical(b *testing.B) {
	buffer := make([]byte, 0, 4096)
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if buffer, err = jsondoc.AppendCanonical(buffer[:0], sampleAttributes); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkStandardMarshal(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := json.Marshal(sampleAttributes); err != nil {
			b.Fatal(err)
		}
	}
}
