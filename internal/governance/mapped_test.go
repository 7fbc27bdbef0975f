package governance_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"midgard/internal/governance"
)

func TestTake(t *testing.T) {
	t.Parallel()
	gave := &governance.Mapped{Account: map[string]string{"subtype": "bot", "team": "<a>", "tier": "1"}}
	for name, tt := range map[string]struct {
		a    governance.Account
		is   map[string]string
		want governance.Account
	}{
		"first": {
			governance.Account{Attributes: []byte(`{"mine":1}`)}, map[string]string{"subtype": "bot", "team": "x"},
			governance.Account{Subtype: "bot", Attributes: []byte(`{"mine":1,"team":"x"}`)},
		},
		"taken back": {
			governance.Account{Subtype: "bot", Attributes: []byte(`{"mine":1,"team":"\u003ca>","tier":"2"}`), Mapped: gave}, nil,
			governance.Account{Attributes: []byte(`{"mine":1,"tier":"2"}`)},
		},
		"not what a person entered": {
			governance.Account{Subtype: "own", Mapped: gave}, nil, governance.Account{Subtype: "own"},
		},
		"nothing left": {
			governance.Account{Attributes: []byte(`{"tier":"1"}`), Mapped: gave}, nil, governance.Account{},
		},
		"an edited account": {
			governance.Account{Subtype: "bot", ManuallyEdited: true, Mapped: gave}, map[string]string{"subtype": "other"},
			governance.Account{Subtype: "bot", ManuallyEdited: true, Mapped: gave},
		},
	} {
		a := tt.a
		a.Take(governance.Mapped{Account: tt.is})
		if tt.want.Mapped == nil && len(tt.is) > 0 {
			tt.want.Mapped = &governance.Mapped{Account: tt.is}
		}
		if d := cmp.Diff(tt.want, a); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

func TestMappingSetMerge(t *testing.T) {
	t.Parallel()
	mapping := func(kind governance.TargetType, attribute, source, transform string) governance.AttributeMapping {
		return governance.AttributeMapping{Target: governance.MappingTarget{Type: kind, AttributeName: attribute, SourceID: source}, TransformDefinition: []byte(transform)}
	}
	set := governance.MappingSet{Mappings: []governance.AttributeMapping{
		mapping("ACCOUNT", "a", "", "1"), mapping("IDENTITY", "nativeIdentity", "", "2"), mapping("OWNER_ACCOUNT", "a", "s1", "3"),
	}}
	set.Merge([]governance.AttributeMapping{
		mapping("ACCOUNT", "a", "s9", "4"), mapping("IDENTITY", "businessApplication", "", "5"), mapping("OWNER_ACCOUNT", "a", "s2", "6"),
	})
	var got []string
	for _, m := range set.Mappings {
		got = append(got, string(m.TransformDefinition))
	}
	if d := cmp.Diff([]string{"4", "5", "3", "6"}, got); d != "" {
		t.Error(d)
	}
	lookups := []governance.Lookup{{SourceID: "s1", Attribute: "a"}, {SourceID: "s2", Attribute: "a"}}
	if d := cmp.Diff(lookups, set.Lookups()); d != "" {
		t.Error(d)
	}
}
