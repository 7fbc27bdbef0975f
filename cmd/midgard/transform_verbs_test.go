package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"midgard/client"
)

// trials is a server that tries transforms: it shouts, has nothing for an empty input and fails for "bad".
func trials(t *testing.T) (*api, *[]client.TransformTest) {
	t.Helper()
	a := newAPI(t)
	sent := &[]client.TransformTest{}
	a.HandleFunc("POST /midgard/v1/transform-test", func(w http.ResponseWriter, r *http.Request) {
		var test client.TransformTest
		if err := json.NewDecoder(r.Body).Decode(&test); err != nil {
			t.Error(err)
		}
		*sent = append(*sent, test)
		results := []client.TransformResult{}
		for _, input := range test.Inputs {
			results = append(results, trial(input))
		}
		if len(test.Inputs) == 0 {
			results = append(results, client.TransformResult{})
		}
		reply(w, map[string]any{"results": results})
	})
	return a, sent
}

func trial(input string) client.TransformResult {
	shouted, reason := strings.ToUpper(input), "no such\x1b[31m key"
	switch input {
	case "":
		return client.TransformResult{Input: &input}
	case "bad":
		return client.TransformResult{Input: &input, Error: &reason}
	}
	return client.TransformResult{Input: &input, Output: &shouted}
}

func TestTransformTest(t *testing.T) {
	t.Parallel()
	a, _ := trials(t)
	lines := filepath.Join(t.TempDir(), "inputs")
	if err := os.WriteFile(lines, []byte("one\r\n\n two \n"), 0o600); err != nil {
		t.Fatal(err)
	}
	const upper = `{"type":"upper"}`
	for name, tt := range map[string]struct {
		stdin string
		args  []string
		want  string
		fails string
	}{
		"inputs":    {upper, []string{"-", "--input", "ada", "--input", ""}, "INPUT  OUTPUT\n\"ada\"  \"ADA\"\n\"\"     null\n", ""},
		"none":      {upper, []string{"-"}, "INPUT  OUTPUT\nnull   null\n", ""},
		"a file":    {"type: upper\n", []string{"-", "--inputs", lines, "--input", "x"}, "INPUT    OUTPUT\n\"x\"      \"X\"\n\"one\"    \"ONE\"\n\"\"       null\n\" two \"  \" TWO \"\n", ""},
		"a failure": {upper, []string{"-", "--input", "bad", "--input", "a"}, "INPUT  OUTPUT\n\"bad\"  error: no such·[31m key\n\"a\"    \"A\"\n", "failed for 1 of 2 inputs"},
		"json":      {upper, []string{"-", "--input", "a", "-o", "json"}, "[\n  {\n    \"input\": \"a\",\n    \"output\": \"A\",\n    \"error\": null\n  }\n]\n", ""},
	} {
		got := invoke(t, a.env, tt.stdin, append([]string{"transform", "test"}, tt.args...)...)
		if d := cmp.Diff(tt.want, got.stdout); d != "" {
			t.Errorf("%s: %s", name, d)
		}
		if (got.err != nil) != (tt.fails != "") || got.err != nil && (!strings.Contains(got.err.Error(), tt.fails) || exitCode(got.err) != 1) {
			t.Errorf("%s: %v", name, got.err)
		}
	}
}

func TestTransformTestSendsWhatFlagsSay(t *testing.T) {
	t.Parallel()
	a, sent := trials(t)
	got := invoke(t, a.env, "z: 1\ntype: concat\nattributes: {values: [007, 2026-01-31, true, null, 1.50]}\n", "transform", "test", "-", "--account", "mail=a=b", "--account", "HR/unit/x=1",
		"--account", "HR/unit/y=", "--identity", "uid=ada", "--variable", "v=w")
	if got.err != nil {
		t.Fatal(got.err)
	}
	want := []client.TransformTest{{
		Transform:          json.RawMessage(`{"z":1,"type":"concat","attributes":{"values":["007","2026-01-31",true,null,1.50]}}`),
		AccountAttributes:  map[string]any{"mail": "a=b", "HR/unit": map[string]any{"x": "1", "y": ""}},
		IdentityAttributes: map[string]any{"uid": "ada"},
		Variables:          map[string]any{"v": "w"},
	}}
	if d := cmp.Diff(want, *sent); d != "" {
		t.Error(d)
	}
}

func TestTransformTestSendsManyInputsInParts(t *testing.T) {
	t.Parallel()
	a, sent := trials(t)
	lines := filepath.Join(t.TempDir(), "inputs")
	if err := os.WriteFile(lines, []byte(strings.Repeat("x\n", 600)), 0o600); err != nil {
		t.Fatal(err)
	}
	got := invoke(t, a.env, `{"type":"upper"}`, "transform", "test", "-", "--inputs", lines)
	if got.err != nil || strings.Count(got.stdout, "\"x\"    \"X\"\n") != 600 {
		t.Errorf("%v\n%s", got.err, got.stdout)
	}
	var sizes []int
	for _, test := range *sent {
		sizes = append(sizes, len(test.Inputs))
	}
	if !slices.Equal(sizes, []int{250, 250, 100}) {
		t.Errorf("parts of %v", sizes)
	}
}

func TestTransformFilesThatCannotBeRead(t *testing.T) {
	t.Parallel()
	a, sent := trials(t)
	for stdin, part := range map[string]string{
		"":                                   "must hold a YAML or JSON object",
		"[1]":                                "must hold a YAML or JSON object",
		"just a text":                        "must hold a YAML or JSON object",
		"a: [":                               "must hold a YAML or JSON object",
		"a: &x {b: *x}":                      "must hold a YAML or JSON object",
		"a: &x {b: 1}\n<<: *x\n":             "line 2",
		"a: {type: &t upper, b: *t, 3: c}\n": "",
	} {
		got := invoke(t, a.env, stdin, "transform", "test", "-")
		if (got.err == nil) != (part == "") || got.err != nil && !strings.Contains(got.err.Error(), part) {
			t.Errorf("%q: %v", stdin, got.err)
		}
	}
	if len(*sent) != 1 || string((*sent)[0].Transform) != `{"a":{"type":"upper","b":"upper","3":"c"}}` {
		t.Errorf("sent %+v", *sent)
	}
}

func TestTransformUsage(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"transform frob", "transform test", "transform test a b", "transform test - --inputs -", "transform test - --account x", "transform apply", "transform show", "transform delete",
		"transform apply x -o csv", "transform test x -o csv",
	} {
		got := invoke(t, nil, `{"type":"upper"}`, strings.Fields(line)...)
		if code := exitCode(got.err); code != 2 {
			t.Errorf("midgard %s: exit code %d (%v)", line, code, got.err)
		}
	}
	if got := invoke(t, nil, `{"type":"upper"}`, "transform", "apply", "-"); exitCode(got.err) != 2 {
		t.Errorf("a transform without a name: %v", got.err)
	}
}

// keptTransforms is a server with one transform, "Login", of whose requests it keeps the writes.
func keptTransforms(t *testing.T) (*api, *[]string) {
	t.Helper()
	a := newAPI(t)
	writes := &[]string{}
	a.HandleFunc("/v2025/transforms", func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPost:
			record(t, writes, r)
			_, _ = w.Write([]byte(`{"id":"2","name":"New","type":"trim","attributes":null,"internal":false}`))
		case r.FormValue("filters") == `name eq "Login"`:
			_, _ = w.Write([]byte(`[{"id":"1","name":"Login","type":"replaceAll","attributes":{"table":{"b":"1","a":"<"}},"internal":false}]`))
		default:
			_, _ = w.Write([]byte(`[]`))
		}
	})
	a.HandleFunc("/v2025/transforms/1", func(w http.ResponseWriter, r *http.Request) {
		record(t, writes, r)
		_, _ = w.Write([]byte(`{"id":"1","name":"Login"}`))
	})
	return a, writes
}

func record(t *testing.T, into *[]string, r *http.Request) {
	t.Helper()
	var body json.RawMessage
	if r.Method != http.MethodDelete {
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			t.Error(err)
		}
	}
	*into = append(*into, strings.TrimSpace(r.Method+" "+string(body)))
}

func TestTransformApplyShowDelete(t *testing.T) {
	t.Parallel()
	a, writes := keptTransforms(t)
	const like = "type: replaceAll\nname: Login\nattributes:\n  table:\n    b: '1'\n    a: <\n"
	for _, step := range []struct {
		stdin string
		args  []string
		want  string
	}{
		{like, []string{"apply", "-"}, "Transform Login (id 1): unchanged\n"},
		{"name: Login\ntype: replaceAll\nattributes: {table: {a: <, b: '1'}}\n", []string{"apply", "-"}, "Transform Login (id 1): changed\n"},
		{`{"name":"New","type":"trim"}`, []string{"apply", "-"}, "Transform New (id 2): created\n"},
		{"", []string{"show", "Login"}, "{\n  \"name\": \"Login\",\n  \"type\": \"replaceAll\",\n  \"attributes\": {\n    \"table\": {\n      \"b\": \"1\",\n      \"a\": \"<\"\n    }\n  }\n}\n"},
		{"", []string{"delete", "Login"}, "Transform Login (id 1): deleted\n"},
	} {
		got := invoke(t, a.env, step.stdin, append([]string{"transform"}, step.args...)...)
		if d := cmp.Diff(step.want, got.stdout); d != "" || got.err != nil {
			t.Errorf("%v: %v %s", step.args, got.err, d)
		}
	}
	want := []string{
		`PUT {"name":"Login","type":"replaceAll","attributes":{"table":{"a":"\u003c","b":"1"}}}`,
		`POST {"name":"New","type":"trim","attributes":null}`, "DELETE",
	}
	if d := cmp.Diff(want, *writes); d != "" {
		t.Error(d)
	}
	for _, verb := range []string{"show", "delete"} {
		if got := invoke(t, a.env, "", "transform", verb, "Nothing"); exitCode(got.err) != 1 || !strings.Contains(got.err.Error(), `transform "Nothing": not found`) {
			t.Errorf("%s: %+v", verb, got)
		}
	}
	got := invoke(t, a.env, like, "transform", "apply", "-", "-o", "json")
	if got.err != nil || !strings.HasPrefix(got.stdout, "{\n  \"id\": \"1\"") {
		t.Errorf("%+v", got)
	}
}

func TestTransformListIsGetTransforms(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	a.text("GET /v2025/transforms", `[{"id":"t","name":"ToUpper","type":"upper","attributes":null,"internal":true}]`)
	one, other := invoke(t, a.env, "", "transform", "list"), invoke(t, a.env, "", "get", "transforms")
	if one.err != nil || one.stdout != other.stdout || !strings.Contains(one.stdout, "ToUpper") {
		t.Errorf("%+v", one)
	}
}
