//go:build unix

package app_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"midgard/internal/app/apptest"
	"midgard/internal/filter"
)

// generatedAccounts makes a file of n accounts from few values, so that filters meet many rows or none. The seed is fixed:
// a failure comes back.
func generatedAccounts(n int) string {
	dice := rand.New(rand.NewPCG(8400, 1))
	one := func(list ...string) string { return list[dice.IntN(len(list))] }
	var b strings.Builder
	b.WriteString("id,name,description,owner,environment,groups,disabled,locked\n")
	for i := range n {
		fmt.Fprintf(&b, "id-%d,%s,%s,%s,%s,%s,%s,%s\n", i, one("Job", "job", "JOB 2", "ĳob", "İob", `"a ""b"" \c"`, "%_%", "Straße"), one("", "x", "X", `"x, y"`, "0"),
			one("", "ada", "bob", "cleo", "nobody"), one("", "prod", "Prod", "test"), one("", "g1", "g1;g2", "G2"), one("yes", "no"), one("yes", "no"))
	}
	return b.String()
}

// newGenerated is a server with generated machine accounts and identities.
func newGenerated(t *testing.T, s *apptest.Server) inventory {
	t.Helper()
	in := newInventory(t, s)
	in.diversify(t)
	generated := s.CreateSource(t, "Generated", nil)
	s.SetSchema(t, generated, "id", strings.Fields(serverColumns)...)
	s.AllMachines(t, generated)
	s.Load(t, generated, generatedAccounts(40)).Want(t, "SUCCESS")
	return in
}

// TestFiltersMeanWhatTheySay holds random filters, answered by SQL, against their evaluation in memory, and pages through
// the answer in random steps.
func TestFiltersMeanWhatTheySay(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		newGenerated(t, s)
		for _, c := range []collection{machineAccounts(t, s, accountsPath), machineIdentities(t, s, "/machine-identities/v2"), machineIdentities(t, s, "/v2025/machine-identities")} {
			t.Run(strings.Trim(c.path, "/"), func(t *testing.T) {
				rapid.Check(t, func(rt *rapid.T) { c.holds(t, rt, s) })
			})
		}
	})
}

func (c collection) holds(t *testing.T, rt *rapid.T, s *apptest.Server) {
	expression := c.expression(rt, 3)
	sorters := ""
	if len(c.sorters) > 0 && rapid.Bool().Draw(rt, "sorted") {
		sorters = rapid.SampledFrom([]string{"", "-"}).Draw(rt, "direction") + rapid.SampledFrom(c.sorters).Draw(rt, "sorter")
	}
	want := c.selected(t, expression)
	var got []string
	for offset := 0; ; {
		limit := rapid.IntRange(1, c.maxLimit).Draw(rt, "limit")
		if len(got) == 0 && rapid.Bool().Draw(rt, "small") {
			limit = rapid.IntRange(5, 20).Draw(rt, "few")
		}
		path := apptest.Query(c.path, "filters", expression, "sorters", sorters, "limit", fmt.Sprint(limit), "offset", fmt.Sprint(offset), "count", "true")
		a := s.Admin.Get(t, path)
		if a.Status != 200 || a.Header.Get("X-Total-Count") != fmt.Sprint(len(want)) {
			rt.Fatalf("%s: %d, %s rows in all, want %d\n%s", path, a.Status, a.Header.Get("X-Total-Count"), len(want), a.Text)
		}
		page := apptest.Texts(a.Rows(t), "id")
		got = append(got, page...)
		if offset += len(page); len(page) < limit {
			break
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		rt.Fatalf("%s filters=%s: got %v, want %v", c.path, expression, got, want)
	}
}

// expression draws a filter of at most this depth.
func (c collection) expression(rt *rapid.T, depth int) string {
	kind := "compare"
	if depth > 1 {
		kind = rapid.SampledFrom([]string{"compare", "and", "or", "not"}).Draw(rt, "kind")
	}
	switch kind {
	case "and", "or":
		return "(" + c.expression(rt, depth-1) + " " + kind + " " + c.expression(rt, depth-1) + ")"
	case "not":
		return "not (" + c.expression(rt, depth-1) + ")"
	}
	field := rapid.SampledFrom([]filter.Field(c.filters)).Draw(rt, "field")
	op := rapid.SampledFrom(field.Ops).Draw(rt, "op")
	operands := c.operands(field)
	if field.Type == filter.String || field.Type == filter.ID {
		operands = append(operands, "", "absent", `\`, "İ", "%")
	}
	if len(operands) == 0 {
		return field.Name + " isnull" // only fields that list that operator can be without values
	}
	picked := rapid.SliceOfN(rapid.SampledFrom(operands), 1, 3).Draw(rt, "operands")
	return rapid.SampledFrom(expressions(field, op, picked)).Draw(rt, "form")
}
