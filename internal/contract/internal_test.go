package contract

import (
	"net/http"
	"strings"
	"testing"
)

func TestDefinitionFaultsNameFileAndLine(t *testing.T) {
	t.Parallel()
	for text, part := range map[string]string{
		"A: string\n\nA: string":   "line 3: A is defined twice",
		"A string":                 "line 1",
		"A: {\n\tb string odd=1":   "line 2: A: key \"b\"",
		"A: {\n\tb string\n} more": `"=" is expected`,
	} {
		err := parseDefinitions("some.txt", text, definitions{})
		if err == nil || !strings.Contains(err.Error(), "some.txt") || !strings.Contains(err.Error(), part) {
			t.Errorf("%q: error %v, want one with %q", text, err, part)
		}
	}
}

func TestBases(t *testing.T) {
	t.Parallel()
	for text, part := range map[string]string{
		"A: B { c string }":                    "does not exist",
		"A: B { c string }\nB: A { d string }": "its own base",
		"A: { b string }\nB: A { c Nowhere }":  "does not exist",
		"A: { b string }\nB: A { c A; d []B }": "",
	} {
		all := definitions{}
		if err := parseDefinitions("some.txt", text, all); err != nil {
			t.Fatal(err)
		}
		err := all.linkAll()
		if (err == nil) != (part == "") || err != nil && !strings.Contains(err.Error(), part) {
			t.Errorf("%q: error %v, want one with %q", text, err, part)
		}
	}
}

func TestMount(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ version, path, want string }{
		{"v2024", "/sources/{id}", "/v2024/sources/{id}"},
		{"beta", "/sources", "/beta/sources"},
		{"v1", "/sources", "/sources/v1"},
		{"v2", "/sources/{id}/x", "/sources/v2/{id}/x"},
		{"midgard/v1", "/previews", "/midgard/v1/previews"},
	} {
		if got := mount(test.version, test.path); got != test.want {
			t.Errorf("mount(%q, %q) = %q, want %q", test.version, test.path, got, test.want)
		}
	}
}

func TestLayersFitServeMux(t *testing.T) {
	t.Parallel()
	var operations []Operation
	for _, path := range []string{
		"/sources/v1/{sourceId}/subtypes", "/sources/v1/subtypes/{subtypeId}", "/sources/v1/{sourceId}",
		"/approvals/v1/{id}/approve", "/approvals/v1/config/{id}", "/approvals/v1/{id}/{scope}", "/approvals/v1/bulk",
	} {
		operations = append(operations, Operation{Method: get, Path: path})
	}
	layers := Layers(operations)
	if len(layers) != 2 || len(layers[0]) != 5 || len(layers[1]) != 2 {
		t.Fatalf("layers: %v", layers)
	}
	for _, layer := range layers {
		mux := http.NewServeMux()
		for _, o := range layer {
			mux.Handle(o.Pattern(), http.NotFoundHandler())
		}
	}
	if again := Layers([]Operation{operations[0], operations[0]}); len(again) != 2 {
		t.Errorf("the same pattern twice fits %d layers", len(again))
	}
}

// A start pays for reading the table and the schemas once.
func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		all := definitions{}
		files, err := schemaFiles.ReadDir("schemas")
		if err != nil {
			b.Fatal(err)
		}
		for _, file := range files {
			text, err := schemaFiles.ReadFile("schemas/" + file.Name())
			if err != nil {
				b.Fatal(err)
			}
			if err := parseDefinitions(file.Name(), string(text), all); err != nil {
				b.Fatal(err)
			}
		}
		if err := all.linkAll(); err != nil {
			b.Fatal(err)
		}
		if operations := expandTable(); len(operations) == 0 {
			b.Fatal("no operations")
		}
	}
}

func BenchmarkLayers(b *testing.B) {
	for b.Loop() {
		Layers(Operations())
	}
}

func BenchmarkOpenAPI(b *testing.B) {
	for b.Loop() {
		OpenAPI(Operations(), Info{Title: "Midgard", Version: "0"})
	}
}
