package builtin_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"midgard/internal/connector/builtin"
)

func TestConnectors(t *testing.T) {
	t.Parallel()
	got := map[string]string{}
	for name, factory := range builtin.Connectors() {
		got[name] = factory.Spec().Type
	}
	want := map[string]string{
		"delimited-file": "DelimitedFile", "ldap": "OpenLDAP - Direct", "openldap": "OpenLDAP - Direct", "local": "Local",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestConnectors_distinct makes sure that no two connectors claim one type, which clients filter sources by.
func TestConnectors_distinct(t *testing.T) {
	t.Parallel()
	names := map[string][]string{}
	for _, factory := range builtin.Connectors() {
		spec := factory.Spec()
		if !slices.Contains(names[spec.Type], spec.Connector) {
			names[spec.Type] = append(names[spec.Type], spec.Connector)
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(names)) {
		if len(names[kind]) > 1 {
			t.Errorf("type %q belongs to %v", kind, names[kind])
		}
	}
}

func TestConnectors_ownMap(t *testing.T) {
	t.Parallel()
	clear(builtin.Connectors())
	if len(builtin.Connectors()) == 0 {
		t.Error("a caller can empty the registry of the next")
	}
}
