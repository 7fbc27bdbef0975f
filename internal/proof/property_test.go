//go:build unix

package proof_test

import (
	"slices"

	"pgregory.net/rapid"

	"midgard/internal/filter"
)

// property draws a filter, an order and a size of pages, and reads the selection page by page.
func (c *collection) property(rt *rapid.T, operands map[string][]string) {
	var e *expression
	if len(c.op.Filters) > 0 {
		e = c.draw(rt, operands, 3)
	}
	sorters := ""
	if len(c.op.Sorters) > 0 {
		sorters = rapid.SampledFrom([]string{"", "-"}).Draw(rt, "direction") + rapid.SampledFrom(c.op.Sorters).Draw(rt, "sorter")
	}
	if !c.op.List {
		c.holds(rt, e, sorters)
		return
	}
	size := max(1, len(c.selection(e, sorters)))
	c.pages(rt, e, sorters, rapid.IntRange((size+2)/3, min(size+2, c.op.MaxLimit)).Draw(rt, "limit"))
}

// draw gives an expression of at most this depth.
func (c *collection) draw(rt *rapid.T, operands map[string][]string, depth int) *expression {
	word := "compare"
	if depth > 1 {
		word = rapid.SampledFrom([]string{"compare", "and", "or", "not"}).Draw(rt, "word")
	}
	e := &expression{word: word, bare: rapid.Bool().Draw(rt, "bare"), grouped: rapid.Bool().Draw(rt, "grouped")}
	switch word {
	case "and", "or":
		for range rapid.IntRange(2, 3).Draw(rt, "terms") {
			e.terms = append(e.terms, c.draw(rt, operands, depth-1))
		}
	case "not":
		e.terms = append(e.terms, c.draw(rt, operands, depth-1))
	default:
		e.field = &c.op.Filters[rapid.IntRange(0, len(c.op.Filters)-1).Draw(rt, "field")]
		op := rapid.SampledFrom(e.field.Ops).Draw(rt, "operator")
		e.word = string(op)
		e.operands = rapid.SliceOfN(rapid.SampledFrom(operands[e.field.Name]), 1, 3).Draw(rt, "operands")
		if slices.Contains([]filter.Op{filter.Pr, filter.IsNull}, op) {
			e.operands = nil
		}
	}
	return e
}

// drawable gives the operands that an expression is drawn from: values of the rows, and of texts what is hard to write or
// to compare.
func (c *collection) drawable() map[string][]string {
	all := map[string][]string{}
	for i := range c.op.Filters {
		field := &c.op.Filters[i]
		list := append(c.operands(field), something[field.Type])
		if field.Type == filter.String || field.Type == filter.ID {
			list = append(list, "", `\`, `"`, "%", "_", "İ", "and")
		}
		all[field.Name] = list
	}
	return all
}
