package governance_test

import (
	"encoding/json"
	"strings"
	"testing"

	"midgard/internal/governance"
)

func TestTransformValidate(t *testing.T) {
	t.Parallel()
	valid := governance.Transform{Name: strings.Repeat("ü", governance.MaxTransformName), Type: "upper"}
	for name, tt := range map[string]struct {
		change func(*governance.Transform)
		kind   governance.Kind
	}{
		"valid":         {func(*governance.Transform) {}, governance.Internal},
		"without name":  {func(x *governance.Transform) { x.Name = " \t" }, governance.Required},
		"long name":     {func(x *governance.Transform) { x.Name += "x" }, governance.Limit},
		"without type":  {func(x *governance.Transform) { x.Type = "" }, governance.Required},
		"as large":      {func(x *governance.Transform) { fill(x, governance.MaxTransform) }, governance.Internal},
		"one too large": {func(x *governance.Transform) { fill(x, governance.MaxTransform+1) }, governance.Limit},
	} {
		x := valid
		tt.change(&x)
		if err := x.Validate(); (err != nil) != (tt.kind != governance.Internal) || err != nil && governance.KindOf(err) != tt.kind {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// fill gives a transform the attributes with which its definition has that many bytes.
func fill(x *governance.Transform, size int) {
	x.Attributes = json.RawMessage(`{"a":""}`)
	x.Attributes = json.RawMessage(`{"a":"` + strings.Repeat("x", size-len(x.Definition())) + `"}`)
}

func TestTransformDefinition(t *testing.T) {
	t.Parallel()
	for want, x := range map[string]governance.Transform{
		`{"name":"a","type":"upper"}`:                                 {ID: "i", Name: "a", Type: "upper", Internal: true},
		`{"name":"b","type":"trim","attributes":{}}`:                  {Name: "b", Type: "trim", Attributes: json.RawMessage(`{}`)},
		`{"name":"c","type":"static","attributes":{"z":1,"a":"<&>"}}`: {Name: "c", Type: "static", Attributes: json.RawMessage(`{"z":1,"a":"<&>"}`)},
	} {
		if got := string(x.Definition()); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
