package transform_test

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"midgard/internal/governance"
	"midgard/internal/transform"
	"pgregory.net/rapid"
)

// FuzzTransform runs any definition on any input: it may fail, but with an error for people, soon, and within its bounds.
func FuzzTransform(f *testing.F) {
	for _, definition := range everyType {
		f.Add([]byte(definition), "svc-Backup 17,x", true)
		f.Add([]byte(definition), "", false)
	}
	f.Add([]byte(mapping), "svc-Backup-17", true)
	for _, definition := range library {
		f.Add([]byte(definition), "a", true)
	}
	f.Fuzz(func(t *testing.T, definition []byte, text string, valid bool) {
		if len(text) <= transform.MaxText {
			survive(t, definition, transform.Value{Text: text, Valid: valid})
		}
	})
}

// tester is what testing and rapid have in common.
type tester interface {
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// survive compiles and runs a definition and checks what holds for all.
func survive(t tester, definition []byte, in transform.Value) {
	transform.References(definition)
	start := time.Now()
	compiled, err := transform.Compile(definition, stored)
	if err == nil && transform.Validate(definition) != nil {
		t.Fatalf("what is compiled is not valid")
	}
	var out transform.Value
	if err == nil {
		row := person()
		row.Exists = func(candidate string) (bool, error) { return len(candidate)%2 == 0, nil }
		out, err = compiled.Eval(row, in)
	}
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("took %v", took)
	}
	var told *governance.Error
	if err != nil && (!errors.As(err, &told) || told.Text == "") && !errors.Is(err, errDown) {
		t.Errorf("an error that nobody may read: %v", err)
	}
	if len(out.Text) > transform.MaxText || err != nil && out.Valid {
		t.Errorf("got %d bytes with error %v", len(out.Text), err)
	}
}

// TestGenerated puts random transforms with random attributes inside of each other, which mutated bytes seldom do.
func TestGenerated(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		definition, err := json.Marshal(definitions(3).Draw(t, "definition"))
		if err != nil {
			t.Fatal(err)
		}
		survive(t, definition, transform.Value{Text: words.Draw(t, "text"), Valid: rapid.Bool().Draw(t, "valid")})
	})
}

// words are texts that mean something to some type.
var words = rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{
	"svc-Backup-17", "now", "2026-01-31T08:00:00.000Z", "01/31/2024", "a eq b", "$v eq $w", "$v", "$v.trim()", "x${uniqueCounter}", "[a-z]+", "(a)(b)?", "$1", "\\s*",
	"yyyy-MM-dd", "EPOCH_TIME_JAVA", "+3M/d", "LT", "true", "manager", "ToUpper", "Twice", "HR", "getEndOfString", "Cloud Services Deployment Utility", "a == \"b\"", "5", "0", "-1",
}))

// attributeNames are those that any type reads.
var attributeNames = rapid.SampledFrom(strings.Fields(`input values separator sourceName attributeName accountSortAttribute accountFilter accountPropertyFilter name
	id operation numChars includeNumbers includeSpecialChars length uid value v w ignoreErrors expression positiveCondition negativeCondition firstDate secondDate operator
	inputFormat outputFormat roundUp delimiter index throws begin beginOffset end endOffset substring regex replacement table padding defaultRegion format patterns sourceCheck`))

// definitions takes the definition of some type and changes or adds a few attributes.
func definitions(depth int) *rapid.Generator[map[string]any] {
	return rapid.Custom(func(t *rapid.T) map[string]any {
		var definition map[string]any
		kind := rapid.SampledFrom(slices.Sorted(maps.Keys(everyType))).Draw(t, "type")
		if err := json.Unmarshal([]byte(everyType[kind]), &definition); err != nil {
			t.Fatal(err)
		}
		attributes, _ := definition["attributes"].(map[string]any)
		if attributes == nil {
			attributes = map[string]any{}
		}
		for range rapid.IntRange(0, 3).Draw(t, "changes") {
			attributes[attributeNames.Draw(t, "attribute")] = attribute(depth).Draw(t, "value")
		}
		definition["attributes"] = attributes
		return definition
	})
}

func attribute(depth int) *rapid.Generator[any] {
	kinds := []*rapid.Generator[any]{
		words.AsAny(), rapid.IntRange(-3, 500).AsAny(), rapid.Bool().AsAny(), rapid.Just[any](nil),
		rapid.MapOfN(words, words, 0, 3).AsAny(), rapid.SliceOfN(words, 0, 3).AsAny(),
	}
	if depth > 0 {
		inner := definitions(depth - 1)
		kinds = append(kinds, inner.AsAny(), inner.AsAny(), rapid.SliceOfN(inner, 1, 3).AsAny())
	}
	return rapid.OneOf(kinds...)
}

// everyType has a definition of each type, the seeds of the fuzzing.
var everyType = map[string]string{
	"accountAttribute": `{"type":"accountAttribute","attributes":{"sourceName":"HR","attributeName":"department","accountSortAttribute":"created","accountSortDescending":false,
		"accountFilter":"!(displayName.startsWith(\"SVC-\"))","accountPropertyFilter":"(groups.containsAll({\"Admin\"}) || location == \"Austin\" && rank >= 3)"}}`,
	"base64Decode":              `{"type":"base64Decode","attributes":{"input":"MTIz"}}`,
	"base64Encode":              `{"type":"base64Encode"}`,
	"concat":                    `{"type":"concat","attributes":{"values":["a",1,null,{"type":"upper"}]}}`,
	"conditional":               `{"type":"conditional","attributes":{"expression":"$a eq b","positiveCondition":"$a","negativeCondition":{"type":"trim"},"a":{"type":"lower"}}}`,
	"dateCompare":               `{"type":"dateCompare","attributes":{"firstDate":"now","secondDate":"2026-01-01","operator":"gte","positiveCondition":"a","negativeCondition":"b"}}`,
	"dateFormat":                `{"type":"dateFormat","attributes":{"input":"4/1/1975","inputFormat":"M/d/yyyy","outputFormat":"EEE, d MMM yyyy HH:mm:ss Z"}}`,
	"dateMath":                  `{"type":"dateMath","attributes":{"expression":"now-5d/d","roundUp":true}}`,
	"decomposeDiacriticalMarks": `{"type":"decomposeDiacriticalMarks","attributes":{"input":"Dubçek"}}`,
	"displayName":               `{"type":"displayName","attributes":{}}`,
	"e164phone":                 `{"type":"e164phone","attributes":{"input":"0412345678","defaultRegion":"AU"}}`,
	"firstValid":                `{"type":"firstValid","attributes":{"ignoreErrors":true,"values":[{"type":"base64Decode"},"b"]}}`,
	"identityAttribute":         `{"type":"identityAttribute","attributes":{"name":"email"}}`,
	"indexOf":                   `{"type":"indexOf","attributes":{"substring":"a"}}`,
	"iso3166":                   `{"type":"iso3166","attributes":{"input":"España","format":"numeric"}}`,
	"join":                      `{"type":"join","attributes":{"values":["a",{"type":"upper"}],"separator":"|"}}`,
	"lastIndexOf":               `{"type":"lastIndexOf","attributes":{"substring":"a"}}`,
	"leftPad":                   `{"type":"leftPad","attributes":{"length":"30","padding":"0"}}`,
	"lookup":                    `{"type":"lookup","attributes":{"table":{"a":"b","default":"c"}}}`,
	"lower":                     `{"type":"lower"}`,
	"normalizeNames":            `{"type":"normalizeNames","attributes":{"input":"jOHN VON o'mcDONALD iii"}}`,
	"randomAlphaNumeric":        `{"type":"randomAlphaNumeric","attributes":{"length":20}}`,
	"randomNumeric":             `{"type":"randomNumeric","attributes":{"length":"20"}}`,
	"reference":                 `{"type":"reference","attributes":{"id":"Twice","input":{"type":"reference","id":"ToUpper"}}}`,
	"replace":                   `{"type":"replace","attributes":{"regex":"(?i)([a-z]+)-(?<n>\\p{Alnum}*)","replacement":"$1\\$${n}"}}`,
	"replaceAll":                `{"type":"replaceAll","attributes":{"table":{"[.\\s]":"-","\\Qa\\E":"b"}}}`,
	"rfc5646":                   `{"type":"rfc5646","attributes":{"input":"Portuguese (Brazil)"}}`,
	"rightPad":                  `{"type":"rightPad","attributes":{"length":30}}`,
	"rule":                      `{"type":"rule","attributes":{"name":"Cloud Services Deployment Utility","operation":"getEndOfString","numChars":"4"}}`,
	"split":                     `{"type":"split","attributes":{"delimiter":"[- ]","index":1,"throws":false}}`,
	"static":                    `{"type":"static","attributes":{"value":"#if($a.length() > 3 && $userInput.count == 3)${a.substring(1)}#{else}$!b#end","a":{"type":"trim"}}}`,
	"substring":                 `{"type":"substring","attributes":{"begin":{"type":"indexOf","attributes":{"substring":"-"}},"beginOffset":1,"end":-1,"endOffset":2}}`,
	"trim":                      `{"type":"trim"}`,
	"upper":                     `{"type":"upper"}`,
	"usernameGenerator":         `{"type":"usernameGenerator","attributes":{"patterns":["$a","x${uniqueCounter}"],"a":{"type":"substring","attributes":{"begin":0,"end":2}},"sourceCheck":true}}`,
	"uuid":                      `{"type":"uuid"}`,
}

// TestEveryType compares the seeds with the types of the engine.
func TestEveryType(t *testing.T) {
	t.Parallel()
	for kind, definition := range everyType {
		var document struct{ Type string }
		if err := json.Unmarshal([]byte(definition), &document); err != nil || document.Type != kind {
			t.Errorf("the definition of %s is of type %q, %v", kind, document.Type, err)
		}
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(everyType)), transform.Types()); diff != "" {
		t.Error(diff)
	}
}
