//go:build unix

package app_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"midgard/internal/app/apptest"
	"midgard/internal/contract"
	"midgard/internal/filter"
)

// collection is a list of the API whose rows a test knows completely, so that it can say what the list must answer.
type collection struct {
	path     string
	filters  filter.Fields
	sorters  []string
	maxLimit int
	rows     []apptest.Row
	value    func(row apptest.Row, field string) any // as filter.Match wants it
}

// collectionAt finds the operation that lists a path.
func collectionAt(t *testing.T, path string) collection {
	t.Helper()
	for _, op := range contract.Operations() {
		if op.Method == "GET" && op.Path == path {
			return collection{path: path, filters: op.Filters, sorters: op.Sorters, maxLimit: op.MaxLimit}
		}
	}
	t.Fatalf("no operation lists %s", path)
	return collection{}
}

// machineAccounts reads all machine accounts.
func machineAccounts(t *testing.T, s *apptest.Server, path string) collection {
	t.Helper()
	c := collectionAt(t, path)
	c.rows, c.value = s.Admin.List(t, path), accountValue
	return c
}

// machineIdentities reads all machine identities, with what only some versions show of them.
func machineIdentities(t *testing.T, s *apptest.Server, path string) collection {
	t.Helper()
	c := collectionAt(t, path)
	c.value = identityValue
	business := map[string]any{}
	for _, row := range s.Admin.List(t, "/v2025/machine-identities") {
		business[row.Text("id")] = row["businessApplication"]
	}
	for _, row := range s.Admin.List(t, "/machine-identities/v2") {
		row = maps.Clone(row)
		row["businessApplication"] = business[row.Text("id")]
		c.rows = append(c.rows, row)
	}
	return c
}

func accountValue(row apptest.Row, field string) any {
	switch field {
	case "subtype.technicalName", "subtype.displayName":
		return textValue(row, "subtype")
	case "ownerIdentity":
		return textValue(row, "ownerIdentity.id")
	case "attributes":
		return attributeValue(row)
	case "created", "modified":
		return timeValue(row, field)
	case "manuallyCorrelated", "enabled", "locked", "hasEntitlements":
		return row[field]
	}
	return textValue(row, field)
}

func identityValue(row apptest.Row, field string) any {
	switch field {
	case "displayName":
		return textValue(row, "name")
	case "cisIdentityId":
		return textValue(row, "id")
	case "attributes":
		return attributeValue(row)
	case "created", "modified":
		return timeValue(row, field)
	case "manuallyEdited":
		return row[field]
	case "businessApplicationRefs.id", "effectiveSanctionedStatus", "risk.severity":
		return nil
	}
	if name, ok := strings.CutPrefix(field, "owners.primaryIdentity."); ok {
		return textValue(row, "owners.primary."+name)
	}
	if name, ok := strings.CutPrefix(field, "owners.secondaryIdentity."); ok {
		return partValues(row.Field("owners.secondary"), "IDENTITY", name)
	}
	if name, ok := strings.CutPrefix(field, "owners.secondaryGovernanceGroup."); ok {
		return partValues(row.Field("owners.secondary"), "GOVERNANCE_GROUP", name)
	}
	if name, ok := strings.CutPrefix(field, "entitlement."); ok {
		return partValues(row["userEntitlements"], "", map[string]string{"id": "entitlementId", "name": "displayName"}[name])
	}
	return textValue(row, field)
}

// textValue is a text, or null where the API shows null or nothing.
func textValue(row apptest.Row, path string) any {
	if text, ok := row.Field(path).(string); ok {
		return text
	}
	return nil
}

func timeValue(row apptest.Row, path string) any {
	at, err := time.Parse(time.RFC3339, row.Text(path))
	if err != nil {
		panic(err)
	}
	return at
}

func attributeValue(row apptest.Row) any {
	values := map[string]string{}
	for name, v := range row["attributes"].(obj) {
		values[name] = fmt.Sprint(v)
	}
	return values
}

// partValues gives a member of every part of a list that is of the type; nil for none.
func partValues(list any, kind, member string) any {
	var values []string
	for _, part := range list.([]any) {
		if p := part.(obj); kind == "" || p["type"] == kind {
			values = append(values, p[member].(string))
		}
	}
	if values == nil {
		return nil
	}
	return values
}

// selected gives the ids of the rows for which a filter holds, sorted.
func (c collection) selected(t *testing.T, expression string) []string {
	t.Helper()
	tree, err := filter.Compile(expression, c.filters)
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	ids := []string{}
	for _, row := range c.rows {
		if filter.Match(tree, func(field string) any { return c.value(row, field) }) {
			ids = append(ids, row.Text("id"))
		}
	}
	slices.Sort(ids)
	return ids
}

// operands gives texts of values that rows have in a field, in their order, each once.
func (c collection) operands(field filter.Field) []string {
	var texts []string
	for _, row := range c.rows {
		for _, text := range operandsOf(c.value(row, field.Name)) {
			if !slices.Contains(texts, text) {
				texts = append(texts, text)
			}
		}
	}
	return texts
}

func operandsOf(value any) []string {
	switch v := value.(type) {
	case nil:
		return nil
	case []string:
		return v
	case time.Time:
		return []string{v.Format(time.RFC3339Nano)}
	case map[string]string:
		var texts []string
		for _, name := range slices.Sorted(maps.Keys(v)) {
			texts = append(texts, name+"="+v[name])
		}
		return texts
	}
	return []string{fmt.Sprint(value)}
}

// quoted is an operand between quotation marks, as filters write it.
func quoted(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}

// sortKey orders values as lists do: nulls first, texts as they fold, false before true.
func (c collection) sortKey(row apptest.Row, field string) string {
	if field == "name" {
		return "1" + filter.Fold(row.Text("name"))
	}
	switch v := c.value(row, field).(type) {
	case nil:
		return "0"
	case bool:
		return map[bool]string{false: "1", true: "2"}[v]
	case time.Time:
		return v.Format("1" + filter.TimeLayout)
	case map[string]string:
		text, _ := json.Marshal(row["attributes"])
		if string(text) == "{}" {
			return "0"
		}
		return "1" + filter.Fold(string(text))
	case string:
		return "1" + filter.Fold(v)
	default:
		panic(fmt.Sprintf("sort by %s: %T", field, v))
	}
}
