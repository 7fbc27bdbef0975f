package form_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"midgard/internal/form"
	"midgard/internal/governance"
)

// check holds an input against a form that consists of these lists, and gives the problems as "key: reason".
func check(t *testing.T, elements, conditions, input string) (problems []string, effective string) {
	t.Helper()
	f := governance.FormDefinition{Name: "x", Owner: governance.Reference{ID: "x"}}
	f.Inputs = []governance.FormInput{{ID: "in1", Type: "STRING", Label: "region"}}
	var values map[string]any
	for text, into := range map[string]any{elements: &f.Elements, conditions: &f.Conditions, input: &values} {
		if err := json.Unmarshal([]byte(text), into); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	if err := f.Validate(); err != nil {
		t.Fatalf("%s %s: %v", elements, conditions, err)
	}
	counts, found, err := form.Check(&f, values)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range found {
		problems = append(problems, p.Key+": "+p.Reason)
	}
	text, err := json.Marshal(counts)
	if err != nil {
		t.Fatal(err)
	}
	return problems, string(text)
}

// one is a form with one element under the key k.
func one(kind, config, validations string) string {
	return fmt.Sprintf(`[{"id": "1", "elementType": %q, "key": "k", "config": {%s}, "validations": [%s]}]`, kind, config, validations)
}

func validation(kind, config string) string {
	return fmt.Sprintf(`{"validationType": %q, "config": {%s}}`, kind, config)
}

func TestValidations(t *testing.T) {
	t.Parallel()
	const options = `"dataSource": {"dataSourceType": "STATIC", "config": {"options": [{"label": "One", "value": "1"}, {"label": "Two"}]}}`
	for _, c := range []struct{ elements, value, want string }{
		{one("TEXT", ``, ``), `null`, ``},
		{one("TEXT", ``, validation("REQUIRED", ``)), `null`, `a value is required`},
		{one("TEXT", ``, validation("REQUIRED", ``)), `"  "`, `a value is required`},
		{one("TEXT", `"required": true`, ``), `[]`, `a value is required`},
		{one("TEXT", ``, validation("REQUIRED", ``)), `"x"`, ``},
		{one("TEXT", ``, ``), `3`, `must be a text`},
		{one("TEXT", ``, validation("MIN_LENGTH", `"minLength": 3`)), `"äö"`, `has 2 characters; at least 3 are needed`},
		{one("TEXT", ``, validation("MIN_LENGTH", `"minLength": 3`)), `"äöü"`, ``},
		{one("TEXT", ``, validation("MIN_LENGTH", ``)), `"x"`, ``},
		{one("TEXT", ``, validation("MAX_LENGTH", `"value": "3"`)), `"four"`, `has 4 characters; at most 3 are allowed`},
		{one("TEXT", ``, validation("REGEX", `"regex": "^INC\\d+$"`)), `"INC1"`, ``},
		{one("TEXT", ``, validation("REGEX", `"regex": "^INC\\d+$"`)), `"REQ1"`, `does not match the pattern "^INC\\d+$"`},
		{one("TEXT", ``, validation("EMAIL", ``)), `"ada@example.com"`, ``},
		{one("EMAIL", ``, ``), `"Ada <ada@example.com>"`, `must be an email address`},
		{one("EMAIL", ``, validation("EMAIL", ``)), `"ada"`, `must be an email address`},
		{one("PHONE", ``, ``), `"+49 (89) 123-456"`, ``},
		{one("PHONE", ``, ``), `"1234"`, `must be a phone number`},
		{one("TEXT", ``, validation("PHONE", ``)), `"12345x"`, `must be a phone number`},
		{one("TEXT", ``, validation("DATE", ``)), `"31.1.2026"`, `must be a date such as 2026-01-31 or 2026-01-31T08:00:00Z`},
		{one("DATE", ``, validation("MIN_DATE", `"minDate": "2026-01-31"`)), `"2026-01-30"`, `must not be before 2026-01-31`},
		{one("DATE", ``, validation("MIN_DATE", `"minDate": "2026-01-31"`)), `"2026-01-31T08:00:00Z"`, ``},
		{one("DATE", ``, validation("MAX_DATE", `"maxDate": "2026-01-31"`)), `"2026-02-01"`, `must not be after 2026-01-31`},
		{one("DATE", ``, validation("LESS_THAN_DATE", `"date": "2026-01-31"`)), `"2026-01-31"`, `must be before 2026-01-31`},
		{one("DATE", ``, validation("LESS_THAN_DATE", `"date": "nothing"`)), `"2026-01-31"`, ``},
		{one("TEXTAREA", ``, validation("TEXTAREA", ``)), `"a\nb"`, ``},
		{one("TOGGLE", ``, validation("REQUIRED", ``)), `false`, ``},
		{one("TOGGLE", ``, ``), `"yes"`, `must be true or false`},
		{one("SELECT", options, ``), `"9"`, ``},
		{one("SELECT", options+`, "forceSelect": true`, ``), `["1", "9"]`, `"9" is not one of the options`},
		{one("SELECT", options, validation("DATA_SOURCE", ``)), `"Two"`, ``},
		{one("SELECT", options, validation("DATA_SOURCE", ``)), `"One"`, `"One" is not one of the options`},
		{one("SELECT", `"maximum": 1`, ``), `["1", "2"]`, `has 2 values; at most 1 are allowed`},
		{one("SELECT", `"dataSource": {"dataSourceType": "INTERNAL"}`, validation("DATA_SOURCE", ``)), `"x"`, ``},
		{one("SELECT", ``, ``), `[1]`, `must be a text or a list of texts`},
		{one("HIDDEN", ``, ``), `["a"]`, ``},
		{one("HIDDEN", ``, ``), `{"a": 1}`, `must be a text`},
	} {
		var want []string
		if c.want != "" {
			want = []string{"k: " + c.want}
		}
		problems, _ := check(t, c.elements, `[]`, `{"k": `+c.value+`}`)
		if diff := cmp.Diff(want, problems); diff != "" {
			t.Errorf("%s with %s (-want +got):\n%s", c.elements, c.value, diff)
		}
	}
}

func TestUnknownKeysAndOtherDates(t *testing.T) {
	t.Parallel()
	elements := `[{"id": "1", "elementType": "DATE", "key": "from", "validations": [{"validationType": "LESS_THAN_DATE", "config": {"date": "to"}}]},
		{"id": "2", "elementType": "DATE", "key": "to"}, {"id": "3", "elementType": "DESCRIPTION", "key": "about"}]`
	problems, _ := check(t, elements, `[]`, `{"from": "2026-02-01", "to": "2026-01-01", "about": "x", "zoo": 1, "in1": "EU", "region": "EU"}`)
	want := []string{"from: must be before 2026-01-01", "about: the form has no such key", "zoo: the form has no such key"}
	if diff := cmp.Diff(want, problems); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

// Each rule is tried by what it does to an element that is required while the rule holds.
func TestRules(t *testing.T) {
	t.Parallel()
	const elements = `[{"id": "1", "elementType": "TEXT", "key": "a"}, {"id": "2", "elementType": "TEXT", "key": "b"}, {"id": "3", "elementType": "SELECT", "key": "s"},
		{"id": "4", "elementType": "TOGGLE", "key": "t"}, {"id": "5", "elementType": "TEXT", "key": "k"}]`
	const input = `{"a": "alpha", "b": "beta", "s": ["x", "y"], "t": true, "in1": "EU"}`
	rule := func(source, operator, kind, value string) string {
		return fmt.Sprintf(`{"sourceType": "ELEMENT", "source": %q, "operator": %q, "valueType": %q, "value": %s}`, source, operator, kind, value)
	}
	region := `{"sourceType": "INPUT", "source": "region", "operator": "EQ", "valueType": "STRING", "value": "EU"}`
	for _, c := range []struct {
		operator, rules string
		holds           bool
	}{
		{"AND", rule("a", "EQ", "STRING", `"alpha"`), true},
		{"AND", rule("a", "EQ", "STRING", `"Alpha"`), false},
		{"AND", rule("a", "NE", "STRING", `"beta"`), true},
		{"AND", rule("a", "CO", "STRING", `"lph"`), true},
		{"AND", rule("a", "NOT_CO", "STRING", `"lph"`), false},
		{"AND", rule("a", "SW", "STRING", `"al"`), true},
		{"AND", rule("a", "NOT_SW", "STRING", `"al"`), false},
		{"AND", rule("a", "EW", "STRING", `"ha"`), true},
		{"AND", rule("a", "NOT_EW", "STRING", `"ha"`), false},
		{"AND", rule("a", "IN", "STRING_LIST", `["beta", "alpha"]`), true},
		{"AND", rule("a", "IN", "STRING_LIST", `"beta, alpha"`), true},
		{"AND", rule("a", "NOT_IN", "LIST", `"[\"beta\", \"alpha\"]"`), false},
		{"AND", rule("a", "EM", "STRING", `null`), false},
		{"AND", rule("k", "EM", "STRING", `null`), true},
		{"AND", rule("a", "NOT_EM", "STRING", `null`), true},
		{"AND", rule("k", "EQ", "STRING", `""`), false},
		{"AND", rule("k", "NE", "STRING", `"x"`), true},
		{"AND", rule("s", "EQ", "STRING", `"y"`), true},
		{"AND", rule("s", "IN", "STRING_LIST", `["z"]`), false},
		{"AND", rule("t", "EQ", "BOOLEAN", `true`), true},
		{"AND", rule("t", "EQ", "BOOLEAN", `"false"`), false},
		{"AND", rule("2", "EQ", "STRING", `"beta"`), true},
		{"AND", rule("a", "EQ", "ELEMENT", `"b"`), false},
		{"AND", rule("a", "NE", "INPUT", `"in1"`), true},
		{"AND", region, true},
		{"AND", region + "," + rule("a", "EQ", "STRING", `"x"`), false},
		{"OR", region + "," + rule("a", "EQ", "STRING", `"x"`), true},
		{"OR", rule("b", "EQ", "STRING", `"x"`) + "," + rule("a", "EQ", "STRING", `"x"`), false},
		{"OR", "", false},
		{"AND", "", false},
	} {
		condition := fmt.Sprintf(`[{"ruleOperator": %q, "rules": [%s], "effects": [{"effectType": "REQUIRE", "config": {"element": "5"}}]}]`, c.operator, c.rules)
		if problems, _ := check(t, elements, condition, input); (len(problems) > 0) != c.holds {
			t.Errorf("%s of %s: problems %v, want that it holds: %v", c.operator, c.rules, problems, c.holds)
		}
	}
}

func TestEffects(t *testing.T) {
	t.Parallel()
	const required = `"validations": [{"validationType": "REQUIRED"}]`
	const elements = `[{"id": "1", "elementType": "TEXT", "key": "mode"}, {"id": "2", "elementType": "SECTION", "config": {"formElements":
		[{"id": "3", "elementType": "TEXT", "key": "k", "config": {"default": "d"}, ` + required + `}, {"id": "4", "elementType": "TEXT", "key": "l", ` + required + `}]}},
		{"id": "5", "elementType": "TOGGLE", "key": "t"}]`
	when := func(mode, effect, element, value string) string {
		return fmt.Sprintf(`{"rules": [{"sourceType": "ELEMENT", "source": "mode", "operator": "EQ", "valueType": "STRING", "value": %q}],
			"effects": [{"effectType": %q, "config": {"element": %q, "defaultValueLabel": %q}}]}`, mode, effect, element, value)
	}
	for _, c := range []struct {
		conditions, input, effective string
		problems                     []string
	}{
		{``, `{"mode": "x"}`, `{"k":"d","mode":"x"}`, []string{"l: a value is required"}},
		{when("x", "HIDE", "2", ""), `{"mode": "x", "k": "mine", "l": "mine"}`, `{"k":"d","mode":"x"}`, nil},
		{when("x", "DISABLE", "l", ""), `{"mode": "x", "l": "mine"}`, `{"k":"d","mode":"x"}`, nil},
		{when("x", "SHOW", "4", ""), `{"mode": "y", "l": "mine"}`, `{"k":"d","mode":"y"}`, nil},
		{when("x", "SHOW", "4", ""), `{"mode": "x", "l": "mine"}`, `{"k":"d","l":"mine","mode":"x"}`, nil},
		{when("x", "ENABLE", "2", ""), `{"mode": "y"}`, `{"k":"d","mode":"y"}`, nil},
		{when("x", "ENABLE", "2", ""), `{"mode": "x"}`, `{"k":"d","mode":"x"}`, []string{"l: a value is required"}},
		{when("x", "OPTIONAL", "4", ""), `{"mode": "x"}`, `{"k":"d","mode":"x"}`, nil},
		{when("x", "REQUIRE", "5", ""), `{"mode": "x", "l": "l"}`, `{"k":"d","l":"l","mode":"x"}`, []string{"t: a value is required"}},
		{when("x", "SET_DEFAULT_VALUE", "4", "two"), `{"mode": "x"}`, `{"k":"d","l":"two","mode":"x"}`, nil},
		{when("x", "SET_DEFAULT_VALUE", "4", "two") + "," + when("x", "DISABLE", "4", ""), `{"mode": "x", "l": "mine"}`, `{"k":"d","l":"two","mode":"x"}`, nil},
		{when("x", "SET_DEFAULT_VALUE", "t", "true"), `{"mode": "x", "l": "l"}`, `{"k":"d","l":"l","mode":"x","t":true}`, nil},
		// a default makes the next condition hold
		{when("y", "OPTIONAL", "4", "") + "," + when("x", "SUBMIT_MESSAGE", "", "") + `,{"rules": [{"sourceType": "ELEMENT", "source": "t", "operator": "NOT_EM"}],
			"effects": [{"effectType": "SET_DEFAULT_VALUE", "config": {"element": "mode", "defaultValueLabel": "y"}}]}`, `{"t": false}`, `{"k":"d","mode":"y","t":false}`, nil},
	} {
		problems, effective := check(t, elements, "["+c.conditions+"]", c.input)
		if diff := cmp.Diff(c.problems, problems); diff != "" {
			t.Errorf("%s with %s: problems (-want +got):\n%s", c.conditions, c.input, diff)
		}
		if effective != c.effective {
			t.Errorf("%s with %s: %s counts, want %s", c.conditions, c.input, effective, c.effective)
		}
	}
}
