package transform_test

import (
	"testing"

	"midgard/internal/governance"
)

func TestStatic(t *testing.T) {
	t.Parallel()
	const workerType = `"workerType":{"type":"accountAttribute","attributes":{"sourceName":"HR","attributeName":"department"}}`
	check(t, []row{
		{"text", `{"type":"static","attributes":{"value":"Employee"}}`, "ignored", "Employee", nil},
		{"number", `{"type":"static","attributes":{"value":42}}`, nil, "42", nil},
		{"the schema's name of the attribute", `{"type":"static","attributes":{"values":"Employee"}}`, nil, "Employee", nil},
		{"empty text", `{"type":"static","attributes":{"value":""}}`, nil, "", nil},
		{"variable", `{"type":"static","attributes":{` + workerType + `,"value":"$workerType"}}`, nil, "Science", nil},
		{"variable inside", `{"type":"static","attributes":{` + workerType + `,"value":"<${workerType}>"}}`, nil, "<Science>", nil},
		{"variable that is a text", `{"type":"static","attributes":{"v":"x","value":"$v-$v"}}`, nil, "x-x", nil},
		{"variable with the implicit input", `{"type":"static","attributes":{"v":{"type":"upper"},"value":"$v!"}}`, "in", "IN!", nil},
		{"condition", `{"type":"static","attributes":{` + workerType + `,"value":"#if($workerType=='Science')Lab#{else}Office#end"}}`, nil, "Lab", nil},
		{"method", `{"type":"static","attributes":{` + workerType + `,"value":"$workerType.toUpperCase()"}}`, nil, "SCIENCE", nil},
		{"of the context", `{"type":"static","attributes":{"value":"${userInput.team}-$userInput.count by $requester"}}`, nil, "Storage-3 by alice", nil},
		{"alone of the context", `{"type":"static","attributes":{"value":"$userInput.count"}}`, nil, "3", nil},
		{"truth value alone", `{"type":"static","attributes":{"value":"$urgent"}}`, nil, "true", nil},
		{"own hides the context's", `{"type":"static","attributes":{"requester":"bob","value":"$requester"}}`, nil, "bob", nil},
		{"null alone is null", `{"type":"static","attributes":{"v":` + absent + `,"value":"$v"}}`, nil, nil, nil},
		{"null of the context alone is null", `{"type":"static","attributes":{"value":"${userInput.nothing}"}}`, nil, nil, nil},
		{"nothing in a map alone is null", `{"type":"static","attributes":{"value":"$userInput.missing.more"}}`, nil, nil, nil},
		{"null inside is shown by its name", `{"type":"static","attributes":{"v":` + absent + `,"value":"<$v>"}}`, nil, "<$v>", nil},
		{"null inside, quietly", `{"type":"static","attributes":{"v":` + absent + `,"value":"<$!v>"}}`, nil, "<>", nil},
		{"unknown variable is shown by its name", `{"type":"static","attributes":{"value":"$nobody"}}`, nil, "$nobody", nil},
		{"price", `{"type":"static","attributes":{"value":"US$ 5"}}`, nil, "US$ 5", nil},
		{"unused variables are not even compiled", `{"type":"static","attributes":{"v":{"type":"no such type"},"value":"x"}}`, nil, "x", nil},
		{"unused variables are not evaluated", `{"type":"static","attributes":{"v":` + fails + `,"value":"#if(false)$v#{end}x"}}`, nil, "x", nil},
		{"failing variable", `{"type":"static","attributes":{"v":` + fails + `,"value":"<$v>"}}`, nil, nil, illegal("attributes.v", "base64")},
		{"broken variable", `{"type":"static","attributes":{"v":{"type":"substring"},"value":"<$v>"}}`, nil, nil, &refusal{governance.Required, "attributes.v.attributes.begin", ""}},
		{"variable is a list", `{"type":"static","attributes":{"v":["a"],"value":"<$v>"}}`, nil, nil, illegal("attributes.v", "a transform")},
		{"no value", `{"type":"static","attributes":{}}`, nil, nil, &refusal{governance.Required, "attributes.value", ""}},
		{"value is a list", `{"type":"static","attributes":{"value":[]}}`, nil, nil, illegal("attributes.value", "a string")},
		{"broken template", `{"type":"static","attributes":{"value":"#if($a)x"}}`, nil, nil, illegal("attributes.value", "#if")},
		{"failing method", `{"type":"static","attributes":{"v":"abc","value":"$v.substring(9)"}}`, nil, nil, illegal("", "substring")},
	})
}

// TestVariableIsEvaluatedOnce uses a random one.
func TestVariableIsEvaluatedOnce(t *testing.T) {
	t.Parallel()
	got, err := evaluate(`{"type":"static","attributes":{"id":{"type":"uuid"},"value":"$id$id"}}`, nil)
	if err != nil || len(got.Text) != 72 || got.Text[:36] != got.Text[36:] {
		t.Errorf("got %q, %v", got.Text, err)
	}
}
