package governance_test

import (
	"fmt"
	"strings"
	"testing"

	"midgard/internal/contract"
	"midgard/internal/governance"
)

// enumOf gives the values of a list of the contract.
func enumOf(t *testing.T, schema string) []string {
	t.Helper()
	parsed, err := contract.ParseSchema(schema)
	if err != nil {
		t.Fatal(err)
	}
	values := parsed.Resolve()
	if values.Items != nil {
		values = values.Items
	}
	return values.Enum
}

// TestSourceTakesEveryFeature holds the rules against the contract's list.
func TestSourceTakesEveryFeature(t *testing.T) {
	t.Parallel()
	features := enumOf(t, "SourceFeatures")
	if len(features) < 30 {
		t.Fatalf("the contract has the features %v", features)
	}
	s := governance.Source{Name: "A", Owner: governance.Reference{ID: "1"}, Features: features}
	if err := s.Validate(); err != nil {
		t.Error(err)
	}
	s.Features = append(features, "FLY")
	if err := s.Validate(); governance.KindOf(err) != governance.Illegal {
		t.Errorf("a feature that the contract does not know gives %v", err)
	}
}

func TestSchemaRules(t *testing.T) {
	t.Parallel()
	many := make([]governance.SchemaAttribute, 1001)
	for i := range many {
		many[i] = governance.SchemaAttribute{Name: fmt.Sprint(i), Type: "STRING"}
	}
	for part, change := range map[string]func(*governance.Schema){
		"":                                     func(*governance.Schema) {},
		"Required field 'name'":                func(s *governance.Schema) { s.Name = " " },
		"'name' has 513 characters":            func(s *governance.Schema) { s.Name = strings.Repeat("x", 513) },
		"Required field 'identityAttribute'":   func(s *governance.Schema) { s.IdentityAttribute = "" },
		`"x" for field "identityAttribute"`:    func(s *governance.Schema) { s.IdentityAttribute = "x" },
		`"x" for field "displayAttribute"`:     func(s *governance.Schema) { s.DisplayAttribute = "x" },
		"holds 1001 entries; at most 1000":     func(s *governance.Schema) { s.Attributes = many },
		"Required field 'attributes.name'":     func(s *governance.Schema) { s.Attributes[1].Name = "" },
		`the name "id" twice`:                  func(s *governance.Schema) { s.Attributes[1].Name = "id" },
		`"TEXT" for field "type" of attribute`: func(s *governance.Schema) { s.Attributes[1].Type = "TEXT" },
		`"FLY" for field "features"`:           func(s *governance.Schema) { s.Features = []string{"FLY"} },
	} {
		s := governance.Schema{Name: "account", IdentityAttribute: "id", DisplayAttribute: "name", Attributes: []governance.SchemaAttribute{
			{Name: "id", Type: "INT"}, {Name: "name", Type: "STRING"},
		}}
		change(&s)
		err := s.Validate()
		if (err == nil) != (part == "") || err != nil && !strings.Contains(err.Error(), part) {
			t.Errorf("got %v, want an error with %q", err, part)
		}
	}
}
