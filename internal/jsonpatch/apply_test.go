package jsonpatch_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"midgard/internal/jsondoc"
	"midgard/internal/jsonpatch"
)

func TestApply(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, doc, patch, want string }{
		{"no operation", `{"b":1,"a":2}`, `[]`, `{"a":2,"b":1}`},

		{"add a member", `{"a":1}`, `[{"op":"add","path":"/b","value":[{}]}]`, `{"a":1,"b":[{}]}`},
		{"add gives way", `{"a":1}`, `[{"op":"add","path":"/a","value":null}]`, `{"a":null}`},
		{"add to an array", `[1,3]`, `[{"op":"add","path":"/1","value":2}]`, `[1,2,3]`},
		{"add at the start", `[2]`, `[{"op":"add","path":"/0","value":1}]`, `[1,2]`},
		{"add at the length", `[1]`, `[{"op":"add","path":"/1","value":2}]`, `[1,2]`},
		{"append", `{"a":[1]}`, `[{"op":"add","path":"/a/-","value":[2]}]`, `{"a":[1,[2]]}`},
		{"append to nothing", `[]`, `[{"op":"add","path":"/-","value":1}]`, `[1]`},
		{"add the whole", `{"a":1}`, `[{"op":"add","path":"","value":"x"}]`, `"x"`},
		{"add to an empty name", `{}`, `[{"op":"add","path":"/","value":1}]`, `{"":1}`},
		{"add in depth", `{"a":[{"b":{}}]}`, `[{"op":"add","path":"/a/0/b/c","value":1}]`, `{"a":[{"b":{"c":1}}]}`},
		{"a member called like an index", `{}`, `[{"op":"add","path":"/00","value":1},{"op":"add","path":"/-","value":2}]`, `{"-":2,"00":1}`},
		{"unknown members", `{}`, `[{"op":"add","path":"/a","value":1,"from":5,"x":{}}]`, `{"a":1}`},
		{"names differ in case", `{"a":1}`, `[{"op":"add","path":"/A","value":2,"OP":"remove"}]`, `{"A":2,"a":1}`},

		{"add at a path that ends in a slash", `{"a":{}}`, `[{"op":"add","path":"/a/","value":1}]`, `{"a":{"":1}}`},
		{"an array for an object", `{"a":1}`, `[{"op":"add","path":"","value":[]}]`, `[]`},

		{"remove a member", `{"a":1,"b":null}`, `[{"op":"remove","path":"/b"}]`, `{"a":1}`},
		{"remove an element", `[1,2,3]`, `[{"op":"remove","path":"/1"}]`, `[1,3]`},
		{"remove the last element", `{"a":[1]}`, `[{"op":"remove","path":"/a/0"}]`, `{"a":[]}`},
		{"remove twice", `[1,2,3,4]`, `[{"op":"remove","path":"/1"},{"op":"remove","path":"/2"}]`, `[1,3]`},

		{"replace a member", `{"a":{"b":1}}`, `[{"op":"replace","path":"/a/b","value":"x"}]`, `{"a":{"b":"x"}}`},
		{"replace an element", `[1,2]`, `[{"op":"replace","path":"/1","value":[3]}]`, `[1,[3]]`},
		{"replace null by false", `{"a":null}`, `[{"op":"replace","path":"/a","value":false}]`, `{"a":false}`},
		{"replace the whole", `[1]`, `[{"op":"replace","path":"","value":{}}]`, `{}`},

		{"replace nothing by nothing of another kind", `[0,"",false]`, `[{"op":"replace","path":"/0","value":""},{"op":"replace","path":"/2","value":null}]`, `["","",null]`},

		{"move null", `{"a":null}`, `[{"op":"move","from":"/a","path":"/b"}]`, `{"b":null}`},
		{"move from one array to another", `{"a":[{"x":1}],"b":[2]}`, `[{"op":"move","from":"/a/0/x","path":"/b/0"}]`, `{"a":[{}],"b":[1,2]}`},
		{"move a member", `{"a":{"x":1},"b":{}}`, `[{"op":"move","from":"/a/x","path":"/b/y"}]`, `{"a":{},"b":{"y":1}}`},
		{"move an element", `[1,2,3,4]`, `[{"op":"move","from":"/1","path":"/3"}]`, `[1,3,4,2]`},
		{"move counts after removing", `["a","b"]`, `[{"op":"move","from":"/0","path":"/-"}]`, `["b","a"]`},
		{"move upwards", `{"a":{"b":1}}`, `[{"op":"move","from":"/a/b","path":"/a"}]`, `{"a":1}`},
		{"move to be the whole", `{"a":{"b":1}}`, `[{"op":"move","from":"/a","path":""}]`, `{"b":1}`},
		{"move to the same place", `{"a":1}`, `[{"op":"move","from":"/a","path":"/a"}]`, `{"a":1}`},
		{"move the whole to itself", `{"a":1}`, `[{"op":"move","from":"","path":""}]`, `{"a":1}`},
		{"move beside a longer name", `{"a":1}`, `[{"op":"move","from":"/a","path":"/ab"}]`, `{"ab":1}`},

		{"copy null", `{"a":null}`, `[{"op":"copy","from":"/a","path":"/b"}]`, `{"a":null,"b":null}`},
		{"copy, then change the copy", `{"a":{"b":[1]}}`, `[{"op":"copy","from":"/a","path":"/c"},{"op":"replace","path":"/c/b/0","value":2}]`, `{"a":{"b":[1]},"c":{"b":[2]}}`},
		{"copy", `{"a":[1]}`, `[{"op":"copy","from":"/a","path":"/b"},{"op":"add","path":"/b/-","value":2}]`, `{"a":[1],"b":[1,2]}`},
		{"copy, then change the source", `{"a":[1]}`, `[{"op":"copy","from":"/a","path":"/b"},{"op":"remove","path":"/a/0"}]`, `{"a":[],"b":[1]}`},
		{"copy into itself", `{"a":{}}`, `[{"op":"copy","from":"/a","path":"/a/b"}]`, `{"a":{"b":{}}}`},
		{"copy the whole", `[1]`, `[{"op":"copy","from":"","path":"/-"}]`, `[1,[1]]`},

		{"test without regard to order", `{"a":{"x":1,"y":[true,null]}}`, `[{"op":"test","path":"/a","value":{"y":[true,null],"x":1}}]`, `{"a":{"x":1,"y":[true,null]}}`},
		{"test null", `{"a":null}`, `[{"op":"test","path":"/a","value":null}]`, `{"a":null}`},
		{"test a name that looks like a number", `{"1e0":1,"01":2}`, `[{"op":"test","path":"/1e0","value":1},{"op":"test","path":"/01","value":2}]`, `{"01":2,"1e0":1}`},
		{"test the whole", `"x"`, `[{"op":"test","path":"","value":"x"}]`, `"x"`},
		{"test escapes", `{"a/b":1,"m~n":2,"~1":3," ":4,"":{"":5}}`, `[{"op":"test","path":"/a~1b","value":1},{"op":"test","path":"/m~0n","value":2},` +
			`{"op":"test","path":"/~01","value":3},{"op":"test","path":"/ ","value":4},{"op":"test","path":"//","value":5}]`, `{"":{"":5}," ":4,"a/b":1,"m~n":2,"~1":3}`},
		{"numbers keep their spelling", `{"a":1.50,"b":12345678901234567890}`, `[{"op":"add","path":"/c","value":1e2}]`, `{"a":1.50,"b":12345678901234567890,"c":1e2}`},
		{"HTML stays as it is", `{"a":"<&>"}`, `[]`, `{"a":"<&>"}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := mustParse(t, test.patch).ApplyJSON([]byte(test.doc))
			if err != nil || string(got) != test.want {
				t.Errorf("got %s, %v\nwant %s", got, err, test.want)
			}
		})
	}
}

func TestApplyRefuses(t *testing.T) {
	t.Parallel()
	const (
		noTarget  = "the target does not exist"
		noParent  = "the parent of the target does not exist"
		notInside = "the parent of the target is neither an object nor an array"
		badIndex  = "an array index must be a number without leading zeros"
		beyond    = "the array index is beyond the end"
		different = "the value is different"
	)
	tests := []struct{ name, doc, patch, path, reason string }{
		{"add without a parent", `{}`, `[{"op":"add","path":"/a/b","value":1}]`, "/a/b", noParent},
		{"add inside a string", `{"a":"x"}`, `[{"op":"add","path":"/a/b","value":1}]`, "/a/b", notInside},
		{"add inside null", `null`, `[{"op":"add","path":"/a","value":1}]`, "/a", notInside},
		{"add beyond the end", `[1]`, `[{"op":"add","path":"/2","value":1}]`, "/2", beyond},
		{"add at a huge index", `[1]`, `[{"op":"add","path":"/99999999999999999999","value":1}]`, "/99999999999999999999", beyond},
		{"add at a negative index", `[1]`, `[{"op":"add","path":"/-1","value":1}]`, "/-1", badIndex},
		{"add at a name", `[1]`, `[{"op":"add","path":"/x","value":1}]`, "/x", badIndex},
		{"add at an empty index", `[1]`, `[{"op":"add","path":"/","value":1}]`, "/", badIndex},
		{"add at a signed index", `[1]`, `[{"op":"add","path":"/+0","value":1}]`, "/+0", badIndex},
		{"add at another script's digit", `[1,2]`, `[{"op":"add","path":"/١","value":1}]`, "/١", badIndex},
		{"remove nothing", `{"a":1}`, `[{"op":"remove","path":"/b"}]`, "/b", noTarget},
		{"remove deep nothing", `{"a":1}`, `[{"op":"remove","path":"/b/c"}]`, "/b/c", noParent},
		{"remove inside a number", `{"a":1}`, `[{"op":"remove","path":"/a/c"}]`, "/a/c", notInside},
		{"remove beyond the end", `[1]`, `[{"op":"remove","path":"/1"}]`, "/1", beyond},
		{"remove the end", `[1]`, `[{"op":"remove","path":"/-"}]`, "/-", "- stands for the end of an array and names no element"},
		{"remove the whole", `{}`, `[{"op":"remove","path":""}]`, "", "the whole document cannot be removed"},
		{"replace nothing", `{}`, `[{"op":"replace","path":"/a","value":1}]`, "/a", noTarget},
		{"replace beyond the end", `[]`, `[{"op":"replace","path":"/0","value":1}]`, "/0", beyond},
		{"replace inside true", `true`, `[{"op":"replace","path":"/a","value":1}]`, "/a", notInside},
		{"move from nothing", `{}`, `[{"op":"move","from":"/a","path":"/b"}]`, "/a", noTarget},
		{"move to nowhere", `{"a":1}`, `[{"op":"move","from":"/a","path":"/b/c"}]`, "/b/c", noParent},
		{"move nothing to itself", `{}`, `[{"op":"move","from":"/a","path":"/a"}]`, "/a", noTarget},
		{"move behind the shorter array", `[1]`, `[{"op":"move","from":"/0","path":"/1"}]`, "/1", beyond},
		{"copy from nothing", `{"a":{}}`, `[{"op":"copy","from":"/a/b","path":"/b"}]`, "/a/b", noTarget},
		{"copy from the end", `[1]`, `[{"op":"copy","from":"/-","path":"/0"}]`, "/-", "- stands for the end of an array and names no element"},
		{"test another value", `{"a":"10"}`, `[{"op":"test","path":"/a","value":10}]`, "/a", different},
		{"test a part", `{"a":[1,2]}`, `[{"op":"test","path":"/a","value":[1]}]`, "/a", different},
		{"test one member more", `{"a":{"b":1}}`, `[{"op":"test","path":"/a","value":{}}]`, "/a", different},
		{"test null against absent", `{}`, `[{"op":"test","path":"/a","value":null}]`, "/a", noTarget},
		{"test a leading zero", `[1]`, `[{"op":"test","path":"/00","value":1}]`, "/00", badIndex},
		{"add at an exponent", `[1]`, `[{"op":"add","path":"/1e0","value":1}]`, "/1e0", badIndex},
		{"remove at an exponent", `[1,2]`, `[{"op":"remove","path":"/1e0"}]`, "/1e0", badIndex},
		{"remove below an exponent", `{"a":[1,{"b":2}]}`, `[{"op":"remove","path":"/a/1e0/b"}]`, "/a/1e0/b", badIndex},
		{"replace at an exponent", `[1,2]`, `[{"op":"replace","path":"/1e0","value":1}]`, "/1e0", badIndex},
		{"move from an exponent", `{"a":[1,2]}`, `[{"op":"move","from":"/a/1e0","path":"/b"}]`, "/a/1e0", badIndex},
		{"copy from an exponent", `{"a":[1,2]}`, `[{"op":"copy","from":"/a/1e0","path":"/b"}]`, "/a/1e0", badIndex},
		{"replace below nothing", `{"a":1}`, `[{"op":"replace","path":"/b/c","value":1}]`, "/b/c", noParent},
		{"test an exponent as index", `[1,2]`, `[{"op":"test","path":"/1e0","value":2}]`, "/1e0", badIndex},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			patch := mustParse(t, test.patch)
			_, err := patch.ApplyJSON([]byte(test.doc))
			want := &jsonpatch.Error{Index: 0, Op: patch[0].Op, Path: test.path, Reason: test.reason, Test: patch[0].Op == "test"}
			if diff := cmp.Diff(want, failure(t, err)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestApplyComparesNumbersByValue(t *testing.T) {
	t.Parallel()
	tests := []struct {
		a, b any
		want bool
	}{
		{json.Number("1"), json.Number("1.0"), true},
		{json.Number("100"), json.Number("1e2"), true},
		{json.Number("1E+2"), json.Number("10.0e1"), true},
		{json.Number("0.001"), json.Number("1e-3"), true},
		{json.Number("-0"), json.Number("0.0e5"), true},
		{json.Number("0e99999999999999999999"), json.Number("0"), true},
		{json.Number("-1"), json.Number("1"), false},
		{json.Number("10"), json.Number("1"), false},
		{json.Number("9007199254740993"), json.Number("9007199254740992"), false},
		{json.Number("0.1000000000000000000001"), json.Number("0.1"), false},
		{json.Number("1e999999999"), json.Number("10e999999998"), true},
		{json.Number("1e999999999"), json.Number("1e999999998"), false},
		{json.Number("1e99999999999999999999"), json.Number("1e99999999999999999999"), true},
		{json.Number("1e99999999999999999999"), json.Number("1"), false},
		{json.Number("5"), 5, true},
		{json.Number("5"), int64(5), true},
		{json.Number("0.5"), 0.5, true},
		{1e300, json.Number("1e300"), true},
		{json.Number("1"), true, false},
		{json.Number("1"), "1", false},
		{json.Number("1"), nil, false},
	}
	for _, test := range tests {
		_, err := jsonpatch.Patch{{Op: "test", Value: test.b}}.Apply(test.a)
		if (err == nil) != test.want {
			t.Errorf("%v against %v: %v", test.a, test.b, err)
		}
	}
}

func TestApplyLeavesTheDocumentAlone(t *testing.T) {
	t.Parallel()
	const text = `{"a":[1,{"b":[2,3]}],"c":{"d":{}}}`
	patch := mustParse(t, `[{"op":"add","path":"/a/1/b/-","value":4},{"op":"remove","path":"/a/0"},{"op":"move","from":"/c/d","path":"/e"},
		{"op":"replace","path":"/a/0/b/0","value":0},{"op":"copy","from":"/a","path":"/c/a"},{"op":"add","path":"/c/a/0/b/0","value":9}]`)
	var doc any
	if err := jsondoc.Decode([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	got, err := patch.Apply(doc)
	if err != nil {
		t.Fatal(err)
	}
	if after := canonical(t, doc); after != text {
		t.Errorf("the document became %s", after)
	}
	const want = `{"a":[{"b":[0,3,4]}],"c":{"a":[{"b":[9,0,3,4]}]},"e":{}}`
	if result := canonical(t, got); result != want {
		t.Errorf("got %s, want %s", result, want)
	}
	again, err := patch.Apply(doc)
	if err != nil || canonical(t, again) != want {
		t.Errorf("a second run gave %s, %v: the values of the patch have changed", canonical(t, again), err)
	}
}

func TestApplyStopsAtTheFirstError(t *testing.T) {
	t.Parallel()
	patch := mustParse(t, `[{"op":"add","path":"/b","value":1},{"op":"test","path":"/b","value":2},{"op":"remove","path":"/zzz"}]`)
	got, err := patch.ApplyJSON([]byte(`{"a":1}`))
	want := &jsonpatch.Error{Index: 1, Op: "test", Path: "/b", Reason: "the value is different", Test: true}
	if diff := cmp.Diff(want, failure(t, err)); diff != "" || got != nil {
		t.Errorf("%s\ngot %s", diff, got)
	}
	if _, err := patch[2:].ApplyJSON([]byte(`{}`)); failure(t, err).Index != 2 {
		t.Errorf("a part of a patch counts from its own start: %v", err)
	}
}

func TestApplyHandMadeOperations(t *testing.T) {
	t.Parallel()
	for name, patch := range map[string]jsonpatch.Patch{
		"unknown op":  {{Op: "add", Path: "/a", Value: 1}, {Op: "increase", Path: "/a"}},
		"bad path":    {{Op: "add", Path: "/a", Value: 1}, {Op: "remove", Path: "a"}},
		"bad from":    {{Op: "add", Path: "/a", Value: 1}, {Op: "copy", From: "/~", Path: "/b"}},
		"into itself": {{Op: "add", Path: "/a", Value: map[string]any{}}, {Op: "move", From: "/a", Path: "/a/b"}},
	} {
		if _, err := patch.Apply(map[string]any{}); failure(t, err).Index != 1 {
			t.Errorf("%s: got %v, want an error of operation 1", name, err)
		}
	}
}

func TestApplyTakesNilMaps(t *testing.T) {
	t.Parallel()
	got, err := jsonpatch.Patch{{Op: "add", Path: "/a", Value: true}}.Apply(map[string]any(nil))
	if err != nil || canonical(t, got) != `{"a":true}` {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestApplyBoundsGrowth(t *testing.T) {
	t.Parallel()
	doubling := `[{"op":"copy","from":"/a","path":"/a/-"}` + strings.Repeat(`,{"op":"copy","from":"/a","path":"/a/-"}`, 59) + `]`
	tests := map[string]string{
		"by values": doubling,
		"by text":   strings.ReplaceAll(doubling, `"/a/-"`, `"/b"`),
	}
	for name, patch := range tests {
		doc := `{"a":["` + strings.Repeat("x", 30_000) + `"]}`
		_, err := mustParse(t, patch).ApplyJSON([]byte(doc))
		got := failure(t, err)
		if got.Reason != "copying lets the document grow by more than 1048576 bytes" || got.Index == 0 {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestApplyBoundsDepth(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat(`{"a":`, 63) + `{}` + strings.Repeat(`}`, 63)
	half := strings.Repeat(`[`, 40) + strings.Repeat(`]`, 40)
	tests := []struct{ name, doc, patch string }{
		{"add", deep, `[{"op":"add","path":"` + strings.Repeat("/a", 63) + `/b","value":1},{"op":"add","path":"` + strings.Repeat("/a", 63) + `/b","value":{}}]`},
		{"replace", deep, `[{"op":"replace","path":"/a","value":` + half + `},{"op":"replace","path":"/a` + strings.Repeat("/0", 30) + `","value":` + half + `}]`},
		{"copy", `{"a":` + half + `,"b":` + half + `}`, `[{"op":"copy","from":"/a","path":"/c"},{"op":"copy","from":"/a","path":"/b` + strings.Repeat("/0", 39) + `/-"}]`},
		{"move", `{"a":` + half + `,"b":` + half + `}`, `[{"op":"move","from":"/a","path":"/c"},{"op":"move","from":"/c","path":"/b` + strings.Repeat("/0", 39) + `/-"}]`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := mustParse(t, test.patch).ApplyJSON([]byte(test.doc))
			if got := failure(t, err); got.Index != 1 || got.Reason != "the result is nested deeper than 64 levels" {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestApplyJSONRefusesABadDocument(t *testing.T) {
	t.Parallel()
	var bad *jsondoc.Error
	if _, err := (jsonpatch.Patch{}).ApplyJSON([]byte(`{"a":1,"a":2}`)); !errors.As(err, &bad) || bad.Path != "/a" {
		t.Errorf("got %v, want the error of jsondoc", err)
	}
}

func BenchmarkApply(b *testing.B) {
	patch, err := jsonpatch.Parse([]byte(`[{"op":"replace","path":"/name","value":"x"},{"op":"add","path":"/owners/secondary/-","value":{"id":"3"}}]`))
	if err != nil {
		b.Fatal(err)
	}
	var doc any
	if err := jsondoc.Decode([]byte(`{"name":"a","description":"b","owners":{"primary":{"id":"1"},"secondary":[{"id":"2"}]}}`), &doc); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := patch.Apply(doc); err != nil {
			b.Fatal(err)
		}
	}
}

// FuzzApply looks for panics, for documents that change under the patch, for results that a strict reader refuses, and for
// patches that do something else than their operations do one after the other.
func FuzzApply(f *testing.F) {
	f.Add([]byte(`{"a":[1,{"b":null}],"c":{}}`), []byte(`[{"op":"add","path":"/a/-","value":1},{"op":"move","from":"/a/1/b","path":"/c/x"}]`))
	f.Add([]byte(`[1,2]`), []byte(`[{"op":"copy","from":"","path":"/0"},{"op":"test","path":"/1","value":1.0},{"op":"remove","path":"/2"}]`))
	f.Add([]byte(`{"~1/":1}`), []byte(`[{"op":"replace","path":"/~01~1","value":{"a":1}}]`))
	f.Fuzz(func(t *testing.T, doc, text []byte) {
		patch, err := jsonpatch.Parse(text)
		if err != nil {
			return
		}
		var tree any
		if jsondoc.Decode(doc, &tree) != nil {
			return
		}
		before := canonical(t, tree)
		result, err := patch.Apply(tree)
		if canonical(t, tree) != before {
			t.Fatal("the document changed")
		}
		if err != nil {
			failure(t, err)
			return
		}
		encoded := canonical(t, result)
		if err := jsondoc.Check([]byte(encoded), jsondoc.Limits{}); err != nil {
			t.Fatalf("%s: %v", encoded, err)
		}
		if again, err := patch.ApplyJSON(doc); err != nil || !bytes.Equal(again, []byte(encoded)) {
			t.Fatalf("a second run gave %s, %v", again, err)
		}
		for _, operation := range append(patch, jsonpatch.Operation{Op: "test", Value: result}) {
			if tree, err = (jsonpatch.Patch{operation}).Apply(tree); err != nil {
				t.Fatalf("one by one: %v", err)
			}
		}
		if steps := canonical(t, tree); steps != encoded {
			t.Fatalf("one by one gave %s, together %s", steps, encoded)
		}
	})
}

func mustParse(t *testing.T, text string) jsonpatch.Patch {
	t.Helper()
	patch, err := jsonpatch.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return patch
}

func failure(t *testing.T, err error) *jsonpatch.Error {
	t.Helper()
	var failed *jsonpatch.Error
	if !errors.As(err, &failed) {
		t.Fatalf("got %v, want an *Error", err)
	}
	return failed
}

func canonical(t *testing.T, tree any) string {
	t.Helper()
	text, err := jsondoc.AppendCanonical(nil, tree)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
