package jsonpatch_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"midgard/internal/jsondoc"
	"midgard/internal/jsonpatch"
)

func TestParse(t *testing.T) {
	t.Parallel()
	got := mustParse(t, `[{"op":"add","path":"/a","value":null},{"op":"replace","path":"/b","value":{"c":[1.0,"x",true]}},
		{"op":"copy","from":"","path":"/c","value":1},{"op":"remove","path":"/d","value":"ignored","from":"/x"}]`)
	type fields struct {
		Op, Path, From string
		Value          any
		Index          int
	}
	want := []fields{
		{"add", "/a", "", nil, 0},
		{"replace", "/b", "", map[string]any{"c": []any{number("1.0"), "x", true}}, 1},
		{"copy", "/c", "", nil, 2},
		{"remove", "/d", "", nil, 3},
	}
	for i, operation := range got {
		diff := cmp.Diff(want[i], fields{operation.Op, operation.Path, operation.From, operation.Value, operation.Index()})
		if diff != "" {
			t.Error(diff)
		}
	}
	if len(got) != len(want) {
		t.Errorf("got %d operations, want %d", len(got), len(want))
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, patch string
		want        jsonpatch.Error
	}{
		{"null", `null`, jsonpatch.Error{Index: -1, Reason: "a patch must be an array of operations"}},
		{"an object", `{"op":"remove","path":"/a"}`, jsonpatch.Error{Index: -1, Reason: "a patch must be an array of operations"}},
		{"no object inside", `[{"op":"remove","path":"/a"},"x"]`, jsonpatch.Error{Index: 1, Reason: "an operation must be an object"}},
		{"no op", `[{"path":"/a"}]`, jsonpatch.Error{Reason: `"op" is missing`}},
		{"op of another case", `[{"Op":"remove","path":"/a"}]`, jsonpatch.Error{Reason: `"op" is missing`}},
		{"op as number", `[{"op":1,"path":"/a"}]`, jsonpatch.Error{Reason: `"op" must be a string`}},
		{"unknown op", `[{"op":"spam","path":"/a"}]`, jsonpatch.Error{Op: "spam", Reason: `unknown operation "spam"`}},
		{"op in capitals", `[{"op":"ADD","path":"/a","value":1}]`, jsonpatch.Error{Op: "ADD", Reason: `unknown operation "ADD"`}},
		{"no path", `[{"op":"remove"}]`, jsonpatch.Error{Op: "remove", Reason: `"path" is missing`}},
		{"null path", `[{"op":"remove","path":null}]`, jsonpatch.Error{Op: "remove", Reason: `"path" must be a string`}},
		{"path without slash", `[{"op":"remove","path":"a"}]`, jsonpatch.Error{Op: "remove", Path: "a", Reason: `"path" must be empty or start with /`}},
		{"path as fragment", `[{"op":"remove","path":"#/a"}]`, jsonpatch.Error{Op: "remove", Path: "#/a", Reason: `"path" must be empty or start with /`}},
		{"open escape", `[{"op":"remove","path":"/a~"}]`, jsonpatch.Error{Op: "remove", Path: "/a~", Reason: `"path" has a ~ that is not followed by 0 or 1`}},
		{"wrong escape", `[{"op":"remove","path":"/~0/~2"}]`, jsonpatch.Error{Op: "remove", Path: "/~0/~2", Reason: `"path" has a ~ that is not followed by 0 or 1`}},
		{"no value to add", `[{"op":"add","path":"/a"}]`, jsonpatch.Error{Op: "add", Path: "/a", Reason: `"value" is missing`}},
		{"no value to replace", `[{"op":"replace","path":"/a"}]`, jsonpatch.Error{Op: "replace", Path: "/a", Reason: `"value" is missing`}},
		{"no value to test", `[{"op":"test","path":"/a"}]`, jsonpatch.Error{Op: "test", Path: "/a", Reason: `"value" is missing`}},
		{"no source to move", `[{"op":"move","path":"/a"}]`, jsonpatch.Error{Op: "move", Path: "/a", Reason: `"from" is missing`}},
		{"no source to copy", `[{"op":"copy","path":"/a"}]`, jsonpatch.Error{Op: "copy", Path: "/a", Reason: `"from" is missing`}},
		{"bad source", `[{"op":"copy","path":"/a","from":"b"}]`, jsonpatch.Error{Op: "copy", Path: "/a", Reason: `"from" must be empty or start with /`}},
		{"move into itself", `[{"op":"move","path":"/a/b","from":"/a"}]`, jsonpatch.Error{Op: "move", Path: "/a/b", Reason: "a value cannot be moved into itself"}},
		{"move the whole into itself", `[{"op":"move","path":"/a","from":""}]`, jsonpatch.Error{Op: "move", Path: "/a", Reason: "a value cannot be moved into itself"}},
		{"too long", "[" + strings.Repeat(`{"op":"remove","path":"/a"},`, 100) + `{}]`, jsonpatch.Error{Index: -1, Reason: "a patch may have at most 100 operations, this one has 101"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := jsonpatch.Parse([]byte(test.patch))
			if diff := cmp.Diff(&test.want, failure(t, err)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestParseRefusesBadJSON(t *testing.T) {
	t.Parallel()
	for patch, path := range map[string]string{
		``:                                   "",
		`[{"op":"add","path":"/a","value":1`: "/0",
		`[{"op":"add","op":"remove","path":"/"}]`:        "/0/op",
		`[{"op":"add","path":"","value":{"a":1,"a":1}}]`: "/0/value/a",
	} {
		var bad *jsondoc.Error
		if _, err := jsonpatch.Parse([]byte(patch)); !errors.As(err, &bad) || bad.Path != path {
			t.Errorf("%s: got %v", patch, err)
		}
	}
}

func TestRoots(t *testing.T) {
	t.Parallel()
	tests := []struct {
		operation jsonpatch.Operation
		root      string
		roots     []string
	}{
		{jsonpatch.Operation{Op: "add", Path: "/owners/primary~1"}, "owners", []string{"owners"}},
		{jsonpatch.Operation{Op: "replace", Path: "/a~1b~01"}, "a/b~1", []string{"a/b~1"}},
		{jsonpatch.Operation{Op: "remove", Path: ""}, "", []string{""}},
		{jsonpatch.Operation{Op: "remove", Path: "/"}, "", []string{""}},
		{jsonpatch.Operation{Op: "move", Path: "/a/b", From: "/c/d"}, "a", []string{"a", "c"}},
		{jsonpatch.Operation{Op: "move", Path: "/a/b", From: "/a/c"}, "a", []string{"a"}},
		{jsonpatch.Operation{Op: "copy", Path: "/a", From: "/c"}, "a", []string{"a"}},
		{jsonpatch.Operation{Op: "test", Path: "/a"}, "a", nil},
	}
	for _, test := range tests {
		if got := test.operation.Root(); got != test.root {
			t.Errorf("%+v: root %q, want %q", test.operation, got, test.root)
		}
		if diff := cmp.Diff(test.roots, test.operation.Roots()); diff != "" {
			t.Errorf("%+v: %s", test.operation, diff)
		}
	}
}

func TestErrorText(t *testing.T) {
	t.Parallel()
	tests := []struct {
		err  jsonpatch.Error
		want string
	}{
		{jsonpatch.Error{Index: -1, Reason: "no patch"}, "no patch"},
		{jsonpatch.Error{Index: 3, Reason: `"op" is missing`}, `operation 3: "op" is missing`},
		{jsonpatch.Error{Index: 0, Op: "replace", Path: "/a\n", Reason: "bad"}, `operation 0 (replace "/a\n"): bad`},
		{jsonpatch.Error{Index: 0, Op: "add", Path: "/" + strings.Repeat("é", 5000), Reason: "bad"}, `operation 0 (add "/` + strings.Repeat("é", 199) + `"): bad`},
	}
	for _, test := range tests {
		if got := test.err.Error(); got != test.want {
			t.Errorf("got %s, want %s", got, test.want)
		}
	}
}
