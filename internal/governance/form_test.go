package governance_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"midgard/internal/governance"
)

// form reads a form from its JSON, in which the other three lists may be left out.
func form(t *testing.T, text string) governance.FormDefinition {
	t.Helper()
	f := governance.FormDefinition{Name: "Request", Owner: governance.Reference{ID: "x"}}
	if err := json.Unmarshal([]byte(text), &f); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return f
}

const sectionForm = `{
	"usedBy": [{"type": "SOURCE", "id": "s"}],
	"formInput": [{"id": "in", "type": "STRING", "label": "Region"}],
	"formElements": [
		{"id": "1", "elementType": "SECTION", "config": {"formElements": [
			{"id": "2", "elementType": "TEXT", "key": "name", "validations": [{"validationType": "MIN_LENGTH", "config": {"minLength": 3}}]},
			{"id": "3", "elementType": "COLUMN_SET", "config": {"columns": [[{"elementType": "TOGGLE", "key": "prod"}], [{"elementType": "DATE", "key": "until"}]]}}
		]}},
		{"id": "4", "elementType": "DESCRIPTION"}
	],
	"formConditions": [{"ruleOperator": "OR",
		"rules": [{"sourceType": "INPUT", "source": "Region", "operator": "EQ", "valueType": "STRING", "value": "EU"},
			{"sourceType": "ELEMENT", "source": "name", "operator": "EM"},
			{"sourceType": "ELEMENT", "source": "name", "operator": "EQ", "valueType": "ELEMENT", "value": "until"}],
		"effects": [{"effectType": "HIDE", "config": {"element": "2"}}, {"effectType": "SUBMIT_MESSAGE"}]}]
}`

func TestFormPlaced(t *testing.T) {
	t.Parallel()
	f := form(t, sectionForm)
	if err := f.Validate(); err != nil {
		t.Fatal(err)
	}
	placed, err := f.Placed()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range placed {
		got = append(got, fmt.Sprintf("%s %s%s in %d", e.Path, e.ID, e.Key, e.Parent))
	}
	want := []string{
		"formElements[0] 1 in -1",
		"formElements[0].config.formElements[0] 2name in 0",
		"formElements[0].config.formElements[1] 3 in 0",
		"formElements[0].config.formElements[1].config.columns[0][0] prod in 2",
		"formElements[0].config.formElements[1].config.columns[1][0] until in 2",
		"formElements[1] 4 in -1",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("placed\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestFormRefuses(t *testing.T) {
	t.Parallel()
	text := func(more string) string { return `{"formElements": [{"elementType": "TEXT", "key": "a"` + more + `}]}` }
	condition := func(c string) string {
		return `{"formInput": [{"id": "in", "type": "STRING"}], "formElements": [{"id": "7", "elementType": "TEXT", "key": "a"}], "formConditions": [` + c + `]}`
	}
	rule := func(r string) string { return condition(`{"rules": [` + r + `]}`) }
	for _, c := range []struct {
		text  string
		kind  governance.Kind
		field string
	}{
		{`{"name": " "}`, governance.Required, "name"},
		{`{"name": "` + strings.Repeat("ä", 256) + `"}`, governance.Limit, "name"},
		{`{"description": "` + strings.Repeat("x", 2001) + `"}`, governance.Limit, "description"},
		{`{"owner": {"id": ""}}`, governance.Required, "owner"},
		{`{"usedBy": [{"type": "ROLE"}]}`, governance.Illegal, "usedBy[0].type"},
		{`{"usedBy": [` + strings.Repeat(`{},`, 200) + `{}]}`, governance.Limit, "usedBy"},
		{`{"formInput": [{"type": "STRING"}]}`, governance.Required, "formInput[0].id"},
		{`{"formInput": [{"id": "a", "type": "NUMBER"}]}`, governance.Illegal, "formInput[0].type"},
		{`{"formInput": [{"id": "a", "type": "ARRAY"}, {"id": "a", "type": "ARRAY"}]}`, governance.Illegal, "formInput[1].id"},
		{`{"formElements": [{"key": "a"}]}`, governance.Required, "formElements[0].elementType"},
		{`{"formElements": [{"elementType": "NUMBER"}]}`, governance.Illegal, "formElements[0].elementType"},
		{`{"formElements": [{"elementType": "SELECT"}]}`, governance.Required, "formElements[0].key"},
		{`{"formElements": [{"elementType": "TEXT", "key": "a", "config": []}]}`, governance.Illegal, "formElements[0].config"},
		{`{"formElements": [{"elementType": "SECTION", "config": {"formElements": {}}}]}`, governance.Illegal, "formElements[0].config"},
		{`{"formElements": [{"elementType": "SECTION", "id": "1", "config": {"formElements": [{"elementType": "IMAGE", "id": "1"}]}}]}`, governance.Illegal, "formElements[0].config.formElements[0].id"},
		{`{"formElements": [{"elementType": "TEXT", "key": "a"}, {"elementType": "DATE", "key": "a"}]}`, governance.Illegal, "formElements[1].key"},
		{`{"formElements": [` + strings.Repeat(`{"elementType": "IMAGE"},`, 500) + `{"elementType": "IMAGE"}]}`, governance.Limit, "formElements"},
		{strings.Repeat(`{"elementType": "SECTION", "config": {"formElements": [`, 9)[len(`{"elementType": "SECTION", "config": `):] + strings.Repeat(`]}}`, 8) + `]}`, governance.Limit, "formElements" + strings.Repeat("[0].config.formElements", 8)},
		{`{"formElements": [{"elementType": "IMAGE", "config": {"x": "` + strings.Repeat("x", governance.MaxForm) + `"}}]}`, governance.Limit, "formElements"},
		{text(`, "validations": [{}]`), governance.Required, "formElements[0].validations[0].validationType"},
		{text(`, "validations": [{"validationType": "NUMBER"}]`), governance.Illegal, "formElements[0].validations[0].validationType"},
		{text(`, "validations": [{"validationType": "REQUIRED", "config": 1}]`), governance.Illegal, "formElements[0].validations[0].config"},
		{text(`, "validations": [{"validationType": "MAX_LENGTH", "config": {"maxLength": -1}}]`), governance.Illegal, "formElements[0].validations[0].config"},
		{text(`, "validations": [{"validationType": "REGEX", "config": {"regex": "("}}]`), governance.Illegal, "formElements[0].validations[0].config"},
		{text(`, "validations": [{"validationType": "MIN_DATE", "config": {"value": "soon"}}]`), governance.Illegal, "formElements[0].validations[0].config"},
		{condition(`{"ruleOperator": "XOR"}`), governance.Illegal, "formConditions[0].ruleOperator"},
		{rule(`{"source": "a"}`), governance.Required, "formConditions[0].rules[0].sourceType"},
		{rule(`{"sourceType": "ELEMENT"}`), governance.Required, "formConditions[0].rules[0].source"},
		{rule(`{"sourceType": "ELEMENT", "source": "in"}`), governance.Illegal, "formConditions[0].rules[0].source"},
		{rule(`{"sourceType": "INPUT", "source": "a"}`), governance.Illegal, "formConditions[0].rules[0].source"},
		{rule(`{"sourceType": "ELEMENT", "source": "a", "operator": "GT"}`), governance.Illegal, "formConditions[0].rules[0].operator"},
		{rule(`{"sourceType": "ELEMENT", "source": "a", "operator": "EQ"}`), governance.Required, "formConditions[0].rules[0].valueType"},
		{rule(`{"sourceType": "ELEMENT", "source": "a", "operator": "EQ", "valueType": "STRING", "value": 3}`), governance.Illegal, "formConditions[0].rules[0].value"},
		{rule(`{"sourceType": "ELEMENT", "source": "a", "operator": "EQ", "valueType": "INPUT", "value": "a"}`), governance.Illegal, "formConditions[0].rules[0].value"},
		{condition(`{"effects": [{}]}`), governance.Required, "formConditions[0].effects[0].effectType"},
		{condition(`{"effects": [{"effectType": "BLINK"}]}`), governance.Illegal, "formConditions[0].effects[0].effectType"},
		{condition(`{"effects": [{"effectType": "HIDE"}]}`), governance.Required, "formConditions[0].effects[0].config.element"},
		{condition(`{"effects": [{"effectType": "HIDE", "config": {"element": "8"}}]}`), governance.Illegal, "formConditions[0].effects[0].config.element"},
	} {
		f := form(t, c.text)
		var refused *governance.Error
		if err := f.Validate(); !errors.As(err, &refused) || refused.Kind != c.kind || refused.Field != c.field {
			t.Errorf("%.120s: %v (%+v), want kind %d about %s", c.text, err, refused, c.kind, c.field)
		}
	}
}
