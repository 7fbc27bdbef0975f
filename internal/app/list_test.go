//go:build unix

package app_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"midgard/internal/app/apptest"
	"midgard/internal/filter"
)

// diversify gives some of the inventory's objects what aggregation does not: edited accounts, owned and edited machine
// identities, attributes.
func (in inventory) diversify(t *testing.T) {
	t.Helper()
	edit := func(native, field string, value any) {
		in.Admin.Patch(t, accountsPath+"/"+in.account(t, native).Text("id"), patch("add", "/"+field, value)).Want(t, 200)
	}
	edit("svc-01", "attributes", obj{"tier": "Gold", "count": 3, "live": true})
	edit("svc-02", "attributes", obj{"tier": "gold", "note": `a=b "c"`})
	edit("svc-03", "uuid", "7F4E-01")
	edit("svc-03", "subtype", "Bot")
	edit("svc-04", "subtype", "API key")
	edit("svc-04", "accessType", "indirect")
	edit("svc-05", "manuallyCorrelated", true)
	edit("m1", "environment", "production")
	bob := idRef("IDENTITY", in.Person(t, "bob"))
	entry := obj{"entitlementId": in.entitlements(t, in.servers)["backup"], "sourceId": in.servers}
	in.createIdentity(t, "Shop", obj{"owners": obj{"primaryIdentity": bob, "secondaryIdentities": in.secondaries(t, 3)[1:]}, "userEntitlements": []any{entry}}).Want(t, 200)
	in.createIdentity(t, "shop β", obj{"subtype": "AI Agent", "attributes": obj{"tier": "Gold", "n": 1.5}, "sourceId": in.mail}).Want(t, 200)
	group := idRef("GOVERNANCE_GROUP", in.group(t, "Operators"))
	in.Admin.Post(t, "/machine-identities/v2", apptest.JSON(obj{"name": `Q"uo\te`, "environment": "test", "owners": obj{"secondary": []any{group}}})).Want(t, 201)
	in.Admin.Post(t, "/v2025/machine-identities", apptest.JSON(obj{"name": "Two", "nativeIdentity": "n", "businessApplication": "b", "subtype": "Application"})).Want(t, 200)
	edited := in.account(t, "svc-06").Text("machineIdentity.id")
	in.Admin.Patch(t, identitiesPath+"/"+edited, replace("/name", "Edited")).Want(t, 200)
}

func TestMachineLists(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		in := newInventory(t, s)
		in.diversify(t)
		testList(t, s, machineAccounts(t, s, accountsPath))
		// together they have every field of every version
		testList(t, s, machineIdentities(t, s, "/machine-identities/v2"))
		testList(t, s, machineIdentities(t, s, "/v2025/machine-identities"))
	})
}

func testList(t *testing.T, s *apptest.Server, c collection) {
	t.Helper()
	for _, field := range c.filters {
		for _, op := range field.Ops {
			c.testFilter(t, s, field, op)
		}
	}
	for _, sorter := range c.sorters {
		c.testSorter(t, s, sorter)
	}
}

// neverSet are fields that nothing has a value for yet, so that a list answers nothing by them.
var neverSet = []string{"businessApplicationRefs.id", "effectiveSanctionedStatus", "risk.severity"}

// testFilter asks with values that rows have, each in the forms that clients send. An operator that is documented and
// finds nothing for a value from the data counts as missing.
func (c collection) testFilter(t *testing.T, s *apptest.Server, field filter.Field, op filter.Op) {
	t.Helper()
	operands := c.operands(field)
	operands = operands[:min(len(operands), 3)]
	if slices.Contains(neverSet, field.Name) {
		operands = []string{"x"}
	}
	if len(operands) == 0 && op != filter.IsNull && op != filter.Pr {
		t.Errorf("%s: no row has a %s", c.path, field.Name)
	}
	for _, expression := range expressions(field, op, operands) {
		got := apptest.Texts(s.Admin.List(t, c.path, "filters", expression), "id")
		slices.Sort(got)
		want := c.selected(t, expression)
		if !slices.Equal(got, want) {
			t.Errorf("%s filters=%s: got %d rows, want %d\n%v\n%v", c.path, expression, len(got), len(want), got, want)
		}
		strict := op != filter.Gt && op != filter.Lt && !slices.Contains(neverSet, field.Name)
		if strict && len(got) == 0 {
			t.Errorf("%s filters=%s: nothing is found", c.path, expression)
		}
	}
}

func expressions(field filter.Field, op filter.Op, operands []string) []string {
	name := field.Name
	switch op {
	case filter.IsNull:
		return []string{name + " isnull"}
	case filter.Pr:
		return []string{"pr " + name}
	case filter.In:
		list := make([]string, len(operands))
		for i, o := range operands {
			list[i] = quoted(o)
		}
		return []string{fmt.Sprintf("%s in (%s)", name, list[0]), fmt.Sprintf("%s in (%s)", name, strings.Join(list, ", "))}
	case filter.Sw:
		var all []string
		for _, o := range operands {
			runes := []rune(o)
			all = append(all, name+" sw "+quoted(o), name+" sw "+quoted(strings.ToUpper(string(runes[:min(3, len(runes))]))))
		}
		return all
	}
	var all []string
	for _, o := range operands {
		switch field.Type {
		case filter.Bool, filter.Time:
			all = append(all, fmt.Sprintf("%s %s %s", name, op, o))
		case filter.Attribute:
			all = append(all, fmt.Sprintf("%s %s %s", name, op, quoted(o)))
		default:
			all = append(all, fmt.Sprintf("%s %s %s", name, op, quoted(o)), fmt.Sprintf("%s %s %s", name, op, quoted(strings.ToUpper(o))))
		}
	}
	return all
}

// testSorter checks the order in both directions, and that both have every row.
func (c collection) testSorter(t *testing.T, s *apptest.Server, sorter string) {
	t.Helper()
	first := map[bool]string{}
	for _, descending := range []bool{false, true} {
		text := sorter
		if descending {
			text = "-" + sorter
		}
		got := apptest.Texts(s.Admin.List(t, c.path, "sorters", text), "id")
		keys := make([]string, len(got))
		for i, id := range got {
			at := slices.IndexFunc(c.rows, func(r apptest.Row) bool { return r.Text("id") == id })
			keys[i] = c.sortKey(c.rows[at], sorter)
		}
		first[descending] = keys[0]
		if descending {
			slices.Reverse(keys)
		}
		if !slices.IsSorted(keys) {
			t.Errorf("%s sorters=%s: order is %q", c.path, text, keys)
		}
		if len(got) != len(c.rows) || len(slices.Compact(slices.Sorted(slices.Values(got)))) != len(c.rows) {
			t.Errorf("%s sorters=%s: %d rows of %d", c.path, text, len(got), len(c.rows))
		}
	}
	if first[false] >= first[true] {
		t.Errorf("%s sorters=%s: begins with %q, descending with %q", c.path, sorter, first[false], first[true])
	}
}
