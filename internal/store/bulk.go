package store

import (
	"context"
	"fmt"
	"strings"
	"sync"
)

// bulkSizes are the row counts of multi-row inserts: one statement text for each, so that it stays prepared. A row at a
// time would pay the statement's overhead, and on PostgreSQL a round trip, for every row.
var bulkSizes = []int{64, 8, 1}

// insertRows inserts many rows with few statements.
func (t *tx) insertRows(ctx context.Context, table, columns string, rows [][]any) error {
	if len(rows) == 0 {
		return nil
	}
	width := len(rows[0])
	args := make([]any, 0, bulkSizes[0]*width)
	for len(rows) > 0 {
		n := bulkSize(len(rows))
		args = args[:0]
		for _, r := range rows[:n] {
			args = append(args, r...)
		}
		if err := exec(ctx, t, insertText(table, columns, n, width), args...); err != nil {
			return fmt.Errorf("insert into %s: %w", table, err)
		}
		rows = rows[n:]
	}
	return nil
}

func bulkSize(left int) int {
	for _, n := range bulkSizes {
		if left >= n {
			return n
		}
	}
	return 1
}

// insertTexts keeps the statements of insertText: there are as many as tables times sizes.
var insertTexts sync.Map

type insertShape struct {
	table string
	rows  int
}

// insertText gives "insert into t (…) values ($1, …), ($k, …)".
func insertText(table, columns string, rows, width int) string {
	shape := insertShape{table, rows}
	if text, ok := insertTexts.Load(shape); ok {
		return text.(string)
	}
	tuples := make([]string, rows)
	for r := range tuples {
		tuples[r] = "(" + placeholders(1+r*width, width) + ")"
	}
	text := "insert into " + table + " (" + columns + ") values " + strings.Join(tuples, ", ")
	insertTexts.Store(shape, text)
	return text
}

// listSizes are the lengths that lists of operands are filled up to, so that few statement texts stay prepared.
var listSizes = []int{1, 8, 64, 512}

// in gives "in ($from, …)" and its arguments; the last value is repeated up to the next size.
func in(from int, values []any) (string, []any) {
	n := len(values)
	for _, size := range listSizes {
		if len(values) <= size {
			n = size
			break
		}
	}
	args := make([]any, n)
	for i := range args {
		args[i] = values[min(i, len(values)-1)]
	}
	return "in (" + placeholders(from, n) + ")", args
}
