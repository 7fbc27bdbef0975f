package store_test

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"midgard/internal/contract"
	"midgard/internal/filter"
	"midgard/internal/store"
)

// TestListFields checks that a column stands behind every field and sorter that the contract has for a list.
func TestListFields(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, op := range contract.Operations() {
		names := slices.Clone(op.Sorters)
		for _, f := range op.Filters {
			names = append(names, f.Name)
		}
		for _, name := range names {
			if known, found := store.HasField(op.ID, name); known && !found {
				t.Errorf("%s %s: nothing stands behind %q", op.Version, op.ID, name)
			}
			seen[op.ID] = true
		}
	}
	if len(seen) < 9 {
		t.Errorf("only the lists %v were looked at", seen)
	}
}

// large are the lists that must never read or sort a whole table.
var large = []string{"listAccounts", "listMachineAccounts", "listMachineIdentities", "listMachineIdentityUserEntitlements", "listEntitlements", "listIdentities"}

// withoutIndex are the fields whose values only a handful of rows can have or whose order is that of a small table; a list
// by one of them may look at every row.
var withoutIndex = map[string][]string{
	"listAccounts": {
		"origin", "recommendation.method", // the same for every account
	},
	"listMachineIdentities":               {"effectiveSanctionedStatus", "businessApplicationRefs.id", "risk.severity"},
	"listEntitlements":                    {"tags", "privilegeLevel.direct"},
	"listIdentities":                      {"correlated", "protected", "processingState", "cloudStatus"},
	"listMachineIdentityUserEntitlements": {},
}

var fullScan = regexp.MustCompile(`(?m)^SCAN [a-z]+$`)

func TestListsUseIndexes(t *testing.T) {
	t.Parallel()
	s, err := store.Open(t.Context(), store.Options{Path: filepath.Join(t.TempDir(), "midgard.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, op := range contract.Operations() {
		if !slices.Contains(large, op.ID) {
			continue
		}
		for _, f := range op.Filters {
			if slices.Contains(withoutIndex[op.ID], f.Name) {
				continue
			}
			for _, o := range f.Ops {
				text := condition(f, o)
				where, err := filter.Compile(text, op.Filters)
				if err != nil {
					t.Fatalf("%s: %v", text, err)
				}
				plan, err := s.Plan(t.Context(), op.ID, filter.Query{Where: where, Limit: 250})
				if err != nil || fullScan.MatchString(plan) {
					t.Errorf("%s %s by %s: %v\n%s", op.Version, op.ID, text, err, plan)
				}
			}
		}
		for _, name := range op.Sorters {
			if slices.Contains(withoutIndex[op.ID], name) {
				continue
			}
			for _, descending := range []bool{false, true} {
				plan, err := s.Plan(t.Context(), op.ID, filter.Query{Sort: []filter.Sort{{Field: name, Descending: descending}}, Limit: 250})
				if err != nil || strings.Contains(plan, "TEMP B-TREE") {
					t.Errorf("%s %s sorted by %s (descending %v): %v\n%s", op.Version, op.ID, name, descending, err, plan)
				}
			}
		}
	}
}

// condition is an expression with a value of the field's type.
func condition(f filter.Field, op filter.Op) string {
	value := map[filter.Type]string{
		filter.Bool: "true", filter.Time: "2026-01-01T00:00:00Z", filter.Number: "1", filter.Attribute: `"a=b"`, filter.ID: `"0198c1e2-0000-7000-8000-000000000000"`,
	}[f.Type]
	if value == "" {
		value = `"x"`
	}
	switch op {
	case filter.Pr:
		return "pr " + f.Name
	case filter.IsNull:
		return f.Name + " isnull"
	case filter.In, filter.Ca:
		return f.Name + " " + string(op) + " (" + value + ")"
	}
	return f.Name + " " + string(op) + " " + value
}
