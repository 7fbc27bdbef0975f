//go:build unix

package app_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"midgard/internal/app/apptest"
	"midgard/internal/contract"
)

func (x transforms) testTrials(t *testing.T) {
	x.make(t, "Trial base", "replace", obj{"regex": "[0-9]+", "replacement": "#"})
	before := len(x.Admin.List(t, transformsPath))
	for name, tt := range map[string]struct {
		sent obj
		want []any
	}{
		"one":      {obj{"transform": obj{"type": "upper"}, "input": "ada"}, []any{result("ada", "ADA")}},
		"no input": {obj{"transform": obj{"type": "upper"}}, []any{result(nil, nil)}},
		"several": {obj{"transform": obj{"type": "leftPad", "attributes": obj{"length": "3", "padding": "0"}}, "inputs": []any{"7", "1234", nil}},
			[]any{result("7", "007"), result("1234", "1234"), result(nil, nil)}},
		"none at all": {obj{"transform": obj{"type": "upper"}, "inputs": []any{}}, []any{}},
		"by name":     {obj{"transform": obj{"type": "reference", "id": "Trial base", "attributes": nil}, "input": "a12b3"}, []any{result("a12b3", "a#b#")}},
		"as it is kept": {obj{"transform": obj{"id": toUpperID, "name": "ToUpper", "type": "upper", "attributes": obj{}, "internal": true}, "input": "a"},
			[]any{result("a", "A")}},
		"some fail": {obj{"transform": obj{"type": "lookup", "attributes": obj{"table": obj{"a": "1"}}}, "inputs": []any{"a", "b"}},
			[]any{result("a", "1"), obj{"input": "b", "output": nil, "error": true}}},
		"accounts by source": {obj{"transform": account("HR", "mail"), "accountAttributes": obj{"HR": obj{"mail": "a@example.test"}, "mail": "other"}},
			[]any{result(nil, "a@example.test")}},
		"accounts of any source":    {obj{"transform": account("HR", "age"), "accountAttributes": obj{"age": 42}}, []any{result(nil, "42")}},
		"accounts that say nothing": {obj{"transform": account("HR", "age"), "accountAttributes": obj{"HR": obj{"mail": "x"}, "age": 42}}, []any{result(nil, nil)}},
		"people": {obj{"transform": obj{"type": "identityAttribute", "attributes": obj{"name": "active"}}, "identityAttributes": obj{"active": true}},
			[]any{result(nil, "true")}},
		"variables": {obj{"transform": obj{"type": "static", "attributes": obj{"value": "$a/$b.c/$n"}}, "variables": obj{"a": "x", "b": obj{"c": "y"}, "n": 3}},
			[]any{result(nil, "x/y/3")}},
	} {
		got := x.Admin.Post(t, trialPath, apptest.JSON(tt.sent)).Want(t, 200)
		results, _ := got.Field("results").([]any)
		for _, r := range results {
			if row := r.(map[string]any); row["error"] != nil {
				row["error"] = true
			}
		}
		if d := cmp.Diff(tt.want, results); d != "" {
			t.Errorf("%s: %s\n%s", name, d, got.Text)
		}
	}
	if after := len(x.Admin.List(t, transformsPath)); after != before {
		t.Errorf("trials left %d transforms", after-before)
	}
}

func result(input, output any) obj { return obj{"input": input, "output": output, "error": nil} }

func account(source, attribute string) obj {
	return obj{"type": "accountAttribute", "attributes": obj{"sourceName": source, "attributeName": attribute}}
}

func (x transforms) testRefusedTrials(t *testing.T) {
	const required, illegal = "400.1.0 Required Data Missing Or Empty", "400.1.3 Illegal value"
	upper := obj{"type": "upper"}
	for field, tt := range map[string]struct {
		code string
		sent obj
	}{
		"'transform'":                 {required, obj{"input": "x"}},
		"'type'":                      {required, obj{"transform": obj{}}},
		"exclude each other":          {illegal, obj{"transform": upper, "input": nil, "inputs": []any{"x"}}},
		"251 entries; at most 250":    {"400.1.4 Limit violation", obj{"transform": upper, "inputs": make([]string, 251)}},
		"together":                    {"400.1.4 Limit violation", obj{"transform": obj{"type": "static", "attributes": obj{"value": strings.Repeat("x", 300<<10)}}, "inputs": make([]string, 20)}},
		"'accountAttributes.HR.mail'": {illegal, obj{"transform": upper, "accountAttributes": obj{"HR": obj{"mail": []any{"x"}}}}},
		"'identityAttributes.uid'":    {illegal, obj{"transform": upper, "identityAttributes": obj{"uid": []any{}}}},
		"'variables.x.y'":             {illegal, obj{"transform": upper, "variables": obj{"x": obj{"y": nil}}}},
		`"Nobody"`:                    {"400.1.404 Referenced object not found", obj{"transform": refers("Nobody")}},
		"/entry":                      {"400.1 Bad Request Content", obj{"transform": upper, "entry": "x"}},
		"/inputs":                     {"400.1 Bad Request Content", obj{"transform": upper, "inputs": "x"}},
	} {
		x.Admin.Post(t, trialPath, apptest.JSON(tt.sent)).Refused(t, tt.code, field)
	}
}

// testTypes: the engine has every type that the contract names.
func (x transforms) testTypes(t *testing.T) {
	types, err := contract.ParseSchema("TransformType")
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range types.Resolve().Enum {
		if got := x.Admin.Post(t, trialPath, apptest.JSON(obj{"transform": obj{"type": kind}})); strings.Contains(got.Text, "no such type") {
			t.Errorf("%s: %s", kind, got.Text)
		}
	}
}
