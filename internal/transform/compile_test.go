package transform_test

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"

	"midgard/internal/governance"
	"midgard/internal/transform"
)

func TestShape(t *testing.T) {
	t.Parallel()
	check(t, []row{
		{"name, id and unknown members", `{"name":"x","id":"7","internal":false,"other":[1],"type":"upper","requiresPeriodicRefresh":true,"attributes":{"other":{"type":"none"}}}`, "a", "A", nil},
		{"refresh among the attributes", `{"type":"upper","attributes":{"requiresPeriodicRefresh":"false"}}`, "a", "A", nil},
		{"no JSON", `{"type":`, nil, nil, illegal("", "not acceptable JSON")},
		{"nothing", ``, nil, nil, illegal("", "not acceptable JSON")},
		{"a list", `[]`, nil, nil, illegal("", "must be an object")},
		{"null", `null`, nil, nil, illegal("", "must be an object")},
		{"member twice", `{"type":"upper","type":"lower"}`, nil, nil, illegal("", "duplicate key")},
		{"no type", `{"attributes":{}}`, nil, nil, &refusal{governance.Required, "type", ""}},
		{"type is a number", `{"type":1}`, nil, nil, illegal("type", "must be a string")},
		{"unknown type", `{"type":"shout"}`, nil, nil, illegal("type", "no such type of transform")},
		{"type in another case", `{"type":"UPPER"}`, nil, nil, illegal("type", `it is written "upper"`)},
		{"attributes are a list", `{"type":"upper","attributes":[]}`, nil, nil, illegal("attributes", "must be an object")},
		{"refresh is a number", `{"type":"upper","requiresPeriodicRefresh":1}`, nil, nil, illegal("requiresPeriodicRefresh", "true or false")},
		{"refresh among the attributes is a number", `{"type":"upper","attributes":{"requiresPeriodicRefresh":1}}`, nil, nil, illegal("attributes.requiresPeriodicRefresh", "true or false")},
		{"name is blank", `{"type":"upper","name":" "}`, nil, nil, &refusal{governance.Required, "name", ""}},
		{"name is a number", `{"type":"upper","name":1}`, nil, nil, illegal("name", "must be a string")},
		{"name is too long", `{"type":"upper","name":"` + strings.Repeat("x", 51) + `"}`, nil, nil, &refusal{governance.Limit, "name", "at most 50"}},
		{"deep inside", `{"type":"concat","attributes":{"values":["a",{"type":"firstValid","attributes":{"values":[{"type":"leftPad","attributes":{"length":{"type":"split","attributes":{"index":"x","delimiter":","}}}}]}}]}}`, nil, nil,
			illegal("attributes.values[1].attributes.values[0].attributes.length.attributes.index", "a whole number")},
	})
}

func TestValidate(t *testing.T) {
	t.Parallel()
	if err := transform.Validate(json.RawMessage(`{"name":"x","type":"reference","attributes":{"id":"nobody knows it"}}`)); err != nil {
		t.Errorf("what a reference names is none of its business: %v", err)
	}
	err := transform.Validate(json.RawMessage(`{"name":"x","type":"concat","attributes":{"values":["a",{"type":"split","attributes":{"index":[],"delimiter":","}}]}}`))
	illegal("attributes.values[1].attributes.index", "").check(t, err)
}

// nested puts transforms inside of each other.
func nested(levels int) string {
	return strings.Repeat(`{"type":"upper","attributes":{"input":`, levels-1) + `{"type":"upper"}` + strings.Repeat(`}}`, levels-1)
}

func statics(n int, value string) string {
	return `{"type":"concat","attributes":{"values":[` + strings.TrimSuffix(strings.Repeat(`{"type":"static","attributes":{"value":"`+value+`"}},`, n), ",") + `]}}`
}

func replaced(regex string) string {
	return `{"type":"replace","attributes":{"regex":"` + regex + `","replacement":""}}`
}

func limit(field, text string) *refusal { return &refusal{governance.Limit, field, text} }

func TestLimits(t *testing.T) {
	t.Parallel()
	var patterns []string
	for i := range 60 {
		patterns = append(patterns, fmt.Sprintf(`".{900}%d":""`, i))
	}
	check(t, []row{
		{"size", `{"type":"static","attributes":{"value":"` + strings.Repeat("x", transform.MaxDefinition) + `"}}`, nil, nil, limit("", "at most 409600 are allowed")},
		{"as deep as it may be", nested(transform.MaxNesting), "a", "A", nil},
		{"too deep", nested(transform.MaxNesting + 1), "a", nil, limit(strings.TrimPrefix(strings.Repeat(".attributes.input", transform.MaxNesting), "."), "deeper than 24")},
		{"JSON too deep", `{"type":"upper","x":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`, "a", nil, illegal("", "nested deeper")},
		{"parts", `{"type":"concat","attributes":{"values":["a"` + strings.Repeat(`,""`, transform.MaxNodes) + `]}}`, nil, nil, limit("attributes.values[9999]", "more than 10000 parts")},
		{"long expression", replaced(strings.Repeat("a", transform.MaxPattern+1)), "a", nil, illegal("attributes.regex", "at most 4096")},
		{"large expression", replaced(".{900}.{900}.{900}"), "a", nil, limit("attributes.regex", "2000 instructions")},
		{"many large expressions", `{"type":"replaceAll","attributes":{"table":{` + strings.Join(patterns, ",") + `}}}`, "a", nil, limit("attributes.table..{900}55", "all together 50000")},
		{"groups", replaced(strings.Repeat("(a)", transform.MaxGroups+1)), "a", nil, illegal("attributes.regex", "at most 50")},
		{"long value", `{"type":"concat","attributes":{"values":[{"type":"trim"},{"type":"trim"}]}}`, strings.Repeat("x", 600_000), nil, limit("", "more than 1048576 bytes")},
		{"slow expression", replaced("(a|b){250}c"), strings.Repeat("ab", 500_000), nil, limit("", "more work")},
		{"many templates", statics(600, "<$requester>"), nil, nil, limit("attributes.values[511]", "more work")},
	})
}

// counted knows a transform for each number, which refers twice to the number below; 0 refers to nothing.
func counted(name string) (json.RawMessage, bool) {
	n, err := strconv.Atoi(name)
	if err != nil || n == 0 {
		return json.RawMessage(`{"type":"static","attributes":{"value":""}}`), err == nil
	}
	below := fmt.Sprintf(`{"type":"reference","id":"%d"}`, n-1)
	return json.RawMessage(`{"type":"concat","attributes":{"values":[` + below + `,` + below + `]}}`), true
}

func TestLongChain(t *testing.T) {
	t.Parallel()
	for length, refused := range map[int]*refusal{
		transform.MaxReferences - 1: nil,
		transform.MaxReferences:     limit("id", "More than 32 transforms refer to each other in a row: 32 → 31 → "),
	} {
		_, err := transform.Compile(json.RawMessage(fmt.Sprintf(`{"type":"reference","id":"%d"}`, length)), counted)
		if refused != nil {
			refused.check(t, err)
		} else if err != nil {
			t.Error(err)
		}
	}
}

// TestDoublingReferences needs two to the power of 25 evaluations of 26 small transforms.
func TestDoublingReferences(t *testing.T) {
	t.Parallel()
	compiled, err := transform.Compile(json.RawMessage(`{"type":"reference","id":"25"}`), counted)
	if err != nil {
		t.Fatal(err)
	}
	_, err = compiled.Eval(person(), transform.Null())
	if governance.KindOf(err) != governance.Limit {
		t.Errorf("got %v", err)
	}
}

func TestLargeReferences(t *testing.T) {
	t.Parallel()
	large := json.RawMessage(`{"type":"static","attributes":{"value":"` + strings.Repeat("x", 400_000) + `"}}`)
	references := `{"type":"reference","id":"0"}`
	for i := range 10 {
		references += fmt.Sprintf(`,{"type":"reference","id":"%d"}`, i+1)
	}
	_, err := transform.Compile(json.RawMessage(`{"type":"concat","attributes":{"values":[`+references+`]}}`), func(string) (json.RawMessage, bool) { return large, true })
	limit("attributes.values[10].id", "more than 4096000 bytes").check(t, err)
}

// TestConcurrently shares transforms, for the race detector; some of them fill tables when they first run.
func TestConcurrently(t *testing.T) {
	t.Parallel()
	for _, definition := range []string{mapping, everyType["e164phone"], everyType["iso3166"], everyType["rfc5646"], everyType["static"], everyType["dateFormat"]} {
		compiled, err := transform.Compile(json.RawMessage(definition), stored)
		if err != nil {
			t.Fatal(err)
		}
		var results [8]transform.Value
		var group sync.WaitGroup
		for i := range results {
			group.Go(func() {
				got, err := compiled.Eval(person(), transform.Text("svc-Backup-17"))
				if err != nil {
					t.Error(err)
				}
				results[i] = got
			})
		}
		group.Wait()
		for _, got := range results {
			if got != results[0] {
				t.Errorf("%v and %v by %s", got, results[0], definition)
			}
		}
	}
}
