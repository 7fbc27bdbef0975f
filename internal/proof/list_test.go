//go:build unix

package proof_test

import (
	"cmp"
	"net/http"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"midgard/internal/contract"
)

// TestEveryList holds every list under every path against an evaluation in memory of the same filters over the same rows.
func TestEveryList(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, p *prover) {
		w := newWorld(t, p)
		t.Cleanup(func() { t.Logf("%d requests", p.asked.Load()) })
		versions := map[string]int{}
		for _, op := range contract.Operations() {
			if isList(&op) && lists[op.ID] != nil {
				version := versions[op.ID]
				versions[op.ID]++
				t.Run(strings.Trim(op.Path, "/"), func(t *testing.T) {
					t.Parallel()
					newCollection(t, w, &op, version).test(t)
				})
			}
		}
		t.Run("parameters", func(t *testing.T) {
			t.Parallel()
			w.testParameters(t)
		})
	})
}

func (c *collection) test(t *testing.T) {
	if len(c.rows) < 4 {
		t.Errorf("%s has only %d rows", c.path, len(c.rows))
	}
	c.testFilters(t)
	c.testRefusals(t, strangers(c.op, c.version))
	c.testSorters(t)
	c.testPages(t)
	operands := c.drawable()
	t.Run("property", func(t *testing.T) { // the package for properties refuses a test that has failed already
		rapid.Check(t, func(rt *rapid.T) { c.property(rt, operands) })
	})
}

// outside has a value that no parameter of the type takes.
var outside = map[string]string{"boolean": "perhaps", "integer": "many"}

// goodBodies are for operations that look at the body before the query.
var goodBodies = map[string]string{"previewMachineAccountMappings": `{"mappings":[]}`}

// testParameters gives every parameter of the contract that is more than a text a value that it does not have.
func (w *world) testParameters(t *testing.T) {
	tried := 0
	for _, op := range contract.Operations() {
		for _, param := range op.Query {
			value := outside[param.Type]
			if len(param.Enum) > 0 {
				value = strings.ToLower(param.Enum[0]) + "-not"
			}
			if value == "" {
				continue
			}
			tried++
			q := question{method: op.Method, path: withQuery(w.fill(t, &op), param.Name, value), token: bearer(w.Admin.Token), experimental: "true", operation: &op}
			if op.Request != "" {
				q.body = cmp.Or(goodBodies[op.ID], "{}")
			}
			a := w.ask(t, &q)
			if _, text := a.failure(); a.status != http.StatusBadRequest || !strings.Contains(text, param.Name) || !strings.Contains(text, value) {
				t.Errorf("%v: %d %s", &q, a.status, a.body)
			}
		}
	}
	if tried == 0 {
		t.Error("nothing was tried")
	}
}
