package transform_test

import (
	"encoding/json"
	"errors"
	"testing"

	"midgard/internal/governance"
	"midgard/internal/transform"
)

const (
	absent = `{"type":"identityAttribute","attributes":{"name":"absent"}}`
	fails  = `{"type":"base64Decode","attributes":{"input":"*"}}`
)

func TestFirstValid(t *testing.T) {
	t.Parallel()
	check(t, []row{
		{"first that is not null", `{"type":"firstValid","attributes":{"values":[` + absent + `,{"type":"accountAttribute","attributes":{"sourceName":"AD","attributeName":"uid"}},"none"]}}`, nil, "jdoe", nil},
		{"empty text is valid", `{"type":"firstValid","attributes":{"values":["","b"]}}`, nil, "", nil},
		{"all null", `{"type":"firstValid","attributes":{"values":[` + absent + `,null]}}`, nil, nil, nil},
		{"error", `{"type":"firstValid","attributes":{"values":[` + fails + `,"b"]}}`, nil, nil, illegal("attributes.values[0]", "not base64")},
		{"error ignored", `{"type":"firstValid","attributes":{"ignoreErrors":"true","values":[` + fails + `,"b"]}}`, nil, "b", nil},
		{"static that is a null variable", `{"type":"firstValid","attributes":{"values":[{"type":"static","attributes":{"value":"$userInput.nothing"}},""]}}`, nil, "", nil},
		{"no values", `{"type":"firstValid","attributes":{"ignoreErrors":true}}`, nil, nil, &refusal{governance.Required, "attributes.values", ""}},
	})
}

// TestIgnoreErrorsKeepsOthers makes sure that a database that is away does not become a value.
func TestIgnoreErrorsKeepsOthers(t *testing.T) {
	t.Parallel()
	_, err := evaluate(`{"type":"firstValid","attributes":{"ignoreErrors":true,"values":[{"type":"accountAttribute","attributes":{"sourceName":"down","attributeName":"x"}},"b"]}}`, nil)
	if !errors.Is(err, errDown) {
		t.Errorf("got %v, want the error of the function", err)
	}
}

func TestConditional(t *testing.T) {
	t.Parallel()
	const department = `"department":{"type":"accountAttribute","attributes":{"sourceName":"HR","attributeName":"department"}}`
	check(t, []row{
		{"equal", `{"type":"conditional","attributes":{"expression":"foo eq foo","positiveCondition":"true","negativeCondition":"false"}}`, nil, "true", nil},
		{"not equal", `{"type":"conditional","attributes":{"expression":"foo eq bar","positiveCondition":"true","negativeCondition":"false"}}`, nil, "false", nil},
		{"case matters", `{"type":"conditional","attributes":{"expression":"Foo eq foo","positiveCondition":"true","negativeCondition":"false"}}`, nil, "false", nil},
		{"operands with blanks", `{"type":"conditional","attributes":{"expression":"a b eq a b","positiveCondition":"y","negativeCondition":"n"}}`, nil, "y", nil},
		{"variable", `{"type":"conditional","attributes":{"expression":"$department eq Science",` + department + `,"positiveCondition":"yes","negativeCondition":"no"}}`, nil, "yes", nil},
		{"variable in braces", `{"type":"conditional","attributes":{"expression":"x${department} eq xScience",` + department + `,"positiveCondition":"yes","negativeCondition":"no"}}`, nil, "yes", nil},
		{"variable of the context", `{"type":"conditional","attributes":{"expression":"$userInput.team eq Storage","positiveCondition":"yes","negativeCondition":"no"}}`, nil, "yes", nil},
		{"variable in the outcome", `{"type":"conditional","attributes":{"expression":"a eq a","positiveCondition":"$b","negativeCondition":"no","b":{"type":"static","attributes":{"value":"Building S"}}}}`, nil, "Building S", nil},
		{"null outcome", `{"type":"conditional","attributes":{"expression":"a eq a","positiveCondition":"$b","negativeCondition":"no","b":` + absent + `}}`, nil, nil, nil},
		{"transform as outcome", `{"type":"conditional","attributes":{"expression":"a eq b","positiveCondition":"yes","negativeCondition":{"type":"upper"}}}`, "in", "IN", nil},
		{"only one outcome is evaluated", `{"type":"conditional","attributes":{"expression":"a eq a","positiveCondition":"yes","negativeCondition":` + fails + `}}`, nil, "yes", nil},
		{"null operand", `{"type":"conditional","attributes":{"expression":"$v eq a","v":` + absent + `,"positiveCondition":"yes","negativeCondition":"no"}}`, nil, nil, illegal("", "operand of the expression is null: variable $v")},
		{"unknown variable", `{"type":"conditional","attributes":{"expression":"a eq $v","positiveCondition":"yes","negativeCondition":"no"}}`, nil, nil, illegal("", "null")},
		{"failing operand", `{"type":"conditional","attributes":{"expression":"$v eq a","v":` + fails + `,"positiveCondition":"yes","negativeCondition":"no"}}`, nil, nil, illegal("attributes.v", "base64")},
		{"other operator", `{"type":"conditional","attributes":{"expression":"a ne a","positiveCondition":"yes","negativeCondition":"no"}}`, nil, nil, illegal("attributes.expression", "eq is the only operator")},
		{"two operators", `{"type":"conditional","attributes":{"expression":"a eq a eq a","positiveCondition":"yes","negativeCondition":"no"}}`, nil, nil, illegal("attributes.expression", "")},
		{"operand missing", `{"type":"conditional","attributes":{"expression":" eq a","positiveCondition":"yes","negativeCondition":"no"}}`, nil, nil, illegal("attributes.expression", "")},
		{"no expression", `{"type":"conditional","attributes":{"positiveCondition":"yes","negativeCondition":"no"}}`, nil, nil, &refusal{governance.Required, "attributes.expression", ""}},
		{"no positive outcome", `{"type":"conditional","attributes":{"expression":"a eq a","positiveCondition":null,"negativeCondition":"no"}}`, nil, nil, &refusal{governance.Required, "attributes.positiveCondition", ""}},
		{"no negative outcome", `{"type":"conditional","attributes":{"expression":"a eq a","positiveCondition":"yes"}}`, nil, nil, &refusal{governance.Required, "attributes.negativeCondition", ""}},
	})
}

func TestLookup(t *testing.T) {
	t.Parallel()
	check(t, []row{
		{"match", `{"type":"lookup","attributes":{"table":{"USA":"Americas","FRA":"EMEA","default":"Unknown"}}}`, "FRA", "EMEA", nil},
		{"default", `{"type":"lookup","attributes":{"table":{"USA":"Americas","default":"Unknown"}}}`, "XYZ", "Unknown", nil},
		{"null takes the default", `{"type":"lookup","attributes":{"table":{"USA":"Americas","default":"Unknown"}}}`, nil, "Unknown", nil},
		{"case matters", `{"type":"lookup","attributes":{"table":{"USA":"Americas","default":"Unknown"}}}`, "usa", "Unknown", nil},
		{"numbers", `{"type":"lookup","attributes":{"table":{"1":2}}}`, "1", "2", nil},
		{"null as value", `{"type":"lookup","attributes":{"table":{"a":null,"default":"b"}}}`, "a", nil, nil},
		{"no match and no default", `{"type":"lookup","attributes":{"table":{"USA":"Americas"}}}`, "XYZ", nil, illegal("", `no entry for "XYZ" and no default`)},
		{"null and no default", `{"type":"lookup","attributes":{"table":{"USA":"Americas"}}}`, nil, nil, illegal("", "no entry for null")},
		{"no table", `{"type":"lookup","attributes":{}}`, "a", nil, &refusal{governance.Required, "attributes.table", ""}},
		{"empty table", `{"type":"lookup","attributes":{"table":{}}}`, "a", nil, &refusal{governance.Required, "attributes.table", ""}},
		{"entry is a transform", `{"type":"lookup","attributes":{"table":{"a":{"type":"upper"}}}}`, "a", nil, illegal("attributes.table.a", "a string")},
		{"entry twice", `{"type":"lookup","attributes":{"table":{"a":"b","a":"c"}}}`, "a", nil, illegal("", "duplicate key")},
	})
}

func TestReference(t *testing.T) {
	t.Parallel()
	check(t, []row{
		{"implicit input", `{"type":"reference","attributes":{"id":"ToUpper"}}`, "a", "A", nil},
		{"explicit input", `{"type":"reference","attributes":{"id":"ToUpper","input":"own"}}`, "a", "OWN", nil},
		{"name beside the type, as mappings have it", `{"type":"reference","id":"ToUpper","attributes":{"input":{"type":"accountAttribute","attributes":{"attributeName":"uid","sourceName":"AD"}}}}`, nil, "JDOE", nil},
		{"references in references", `{"type":"reference","id":"Twice"}`, " a ", "[[a]]", nil},
		{"inside of values", `{"type":"concat","attributes":{"values":[{"type":"reference","attributes":{"id":"ToUpper"}},{"type":"reference","attributes":{"id":"ToUpper"}}]}}`, "a", "AA", nil},
		{"null", `{"type":"reference","id":"ToUpper"}`, nil, nil, nil},
		{"no name", `{"type":"reference","attributes":{}}`, "a", nil, &refusal{governance.Required, "attributes.id", ""}},
		{"name is a number", `{"type":"reference","id":5}`, "a", nil, illegal("id", "a string")},
		{"unknown name", `{"type":"concat","attributes":{"values":["a",{"type":"reference","attributes":{"id":"Gone"}}]}}`, "a", nil, &refusal{governance.UnknownRef, "attributes.values[1].attributes.id", `"Gone", which does not exist`}},
		{"unknown name further on", `{"type":"reference","id":"Dangling"}`, "a", nil, &refusal{governance.UnknownRef, "id", `In transform "Dangling": `}},
		{"cycle", `{"type":"reference","id":"LoopA"}`, "a", nil, illegal("id", "LoopA → LoopB → LoopA")},
		{"cycle through the definition's own name, in another case", `{"name":"loopb","type":"reference","attributes":{"id":"LoopA"}}`, "a", nil, illegal("attributes.id", "loopb → LoopA → LoopB")},
		{"broken transform", `{"type":"reference","id":"Broken"}`, "a", nil, &refusal{governance.Required, "id", `In transform "Broken": Required field 'attributes.begin'`}},
		{"failure inside", `{"type":"reference","id":"NeedsList"}`, "z", nil, illegal("", `in transform "NeedsList"`)},
	})
}

func TestReferences(t *testing.T) {
	t.Parallel()
	got := transform.References(json.RawMessage(`{"type":"concat","attributes":{"values":["x",{"type":"reference","id":"B"},
		{"type":"reference","id":"ignored","attributes":{"id":"A","input":{"type":"reference","attributes":{"id":"B"}}}},{"type":"reference"}]}}`))
	if len(got) != 2 || got[0] != "A" || got[1] != "B" {
		t.Errorf("got %q", got)
	}
	if got := transform.References(json.RawMessage(`{`)); got != nil {
		t.Errorf("of no JSON: got %q", got)
	}
}
