package contract_test

import (
	"strings"
	"testing"

	"midgard/internal/contract"
)

func TestSchemaNamesAllResolve(t *testing.T) {
	t.Parallel()
	names, err := contract.SchemaNames()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if _, err := contract.ParseSchema(name); err != nil {
			t.Error(err)
		}
	}
}

func TestSchemaOfMachineAccount(t *testing.T) {
	t.Parallel()
	list, err := contract.ParseSchema("[]MachineAccount")
	if err != nil {
		t.Fatal(err)
	}
	if list.Kind != contract.Array || list.Items.Name != "MachineAccount" {
		t.Fatalf("list is %+v", list)
	}
	tests := []struct {
		field                        string
		kind                         contract.Kind
		required, nullable, readOnly bool
	}{
		{"id", contract.String, false, false, true},
		{"name", contract.String, true, true, false},
		{"description", contract.String, false, true, false},
		{"connectorAttributes", contract.Object, true, true, false},
		{"locked", contract.Boolean, true, false, false},
		{"ownerIdentity", contract.Object, false, true, false},
	}
	for _, test := range tests {
		field, known := list.Items.Field(test.field)
		if !known {
			t.Errorf("no field %s", test.field)
			continue
		}
		s := field.Schema
		if s.Kind != test.kind || field.Required != test.required || s.Nullable != test.nullable || s.ReadOnly != test.readOnly {
			t.Errorf("%s: %+v, required %v", test.field, s, field.Required)
		}
	}
	if _, known := list.Items.Field("machineIdentities"); known {
		t.Error("a field of another version is known")
	}
}

func TestParseSchemaRefusesWhatIsNotASchema(t *testing.T) {
	t.Parallel()
	for expression, part := range map[string]string{
		"":                       "word",
		"Nobody":                 "does not exist",
		"[]Nobody":               "does not exist",
		"{ a Nobody }":           "does not exist",
		"[string":                `"]"`,
		"enum":                   `"("`,
		"enum(A":                 "word",
		"{ a string":             "word",
		"{ a string odd=1 }":     "not an option",
		"{ a string max=x }":     "max",
		"{ a string max }":       `"="`,
		"{ a string max= }":      "word",
		"{ a }":                  "word",
		"string string":          "left over",
		"{ a! string ro default": `"="`,
	} {
		_, err := contract.ParseSchema(expression)
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%q: error %v, want one with %q", expression, err, part)
		}
	}
}

func TestParseSchemaReadsTheNotation(t *testing.T) {
	t.Parallel()
	schema, err := contract.ParseSchema(`{
		"two words"! int32? min=1 max=5 default=3 # a comment
		list []enum(A B:c)?; open map ro
		* bool
	}`)
	if err != nil {
		t.Fatal(err)
	}
	number, list, open := schema.Fields[0], schema.Fields[1], schema.Fields[2]
	if number.Name != "two words" || !number.Required || !number.Schema.Nullable || number.Schema.Default != "3" ||
		*number.Schema.Min != 1 || *number.Schema.Max != 5 {
		t.Errorf("number: %+v %+v", number, number.Schema)
	}
	if !list.Schema.Nullable || list.Schema.Items.Nullable || len(list.Schema.Items.Enum) != 2 {
		t.Errorf("list: %+v %+v", list.Schema, list.Schema.Items)
	}
	if !open.Schema.ReadOnly || open.Schema.Extra == nil {
		t.Errorf("open: %+v", open.Schema)
	}
	if schema.Extra == nil || schema.Extra.Kind != contract.Boolean {
		t.Errorf("extra: %+v", schema.Extra)
	}
}
