package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// bulkSettings name the database that an aggregation has filled and an empty one with the same tables and indexes.
type bulkSettings struct {
	Driver, From, To string
	Database         string // of To, to count PostgreSQL's processes; "" for SQLite
	Mark             string // ids made by the aggregation are greater
	Accounts         int
	Numbered         bool // placeholders are $1, not ?
}

// bulkResult is what inserting took, without reading the rows.
type bulkResult struct {
	CPU, Wall time.Duration
	Rows      int
}

// filled are the tables that an aggregation fills, in the order in which it does, each with the column that orders its rows
// as they came.
var filled = [][2]string{
	{"entitlement", "id"}, {"machine_identity", "id"}, {"account", "id"}, {"account_entitlement", "account_id"}, {"change", "id"},
}

const (
	accountsPerCommit = 500 // as many as the aggregation writes in one transaction
	rowsPerStatement  = 64
)

// bulkInsert is the baseline of a first aggregation: the rows that it made, inserted into the same tables with the same
// indexes by prepared statements of many rows, in as many transactions. Only inserting and committing is measured.
func bulkInsert(ctx context.Context, s *stage, settings json.RawMessage) error {
	c := copier{prepared: map[string]*sql.Stmt{}, meter: &s.meter}
	if err := json.Unmarshal(settings, &c.bulkSettings); err != nil {
		return err
	}
	if err := c.meter.watch(c.Database); err != nil {
		return err
	}
	from, err := sql.Open(c.Driver, c.From)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := sql.Open(c.Driver, c.To)
	if err != nil {
		return err
	}
	defer to.Close()
	if c.to, err = to.Conn(ctx); err != nil {
		return err
	}
	defer c.to.Close()
	if err := c.open(ctx, from); err != nil {
		return err
	}
	if err := c.copy(ctx); err != nil {
		return err
	}
	s.ready(ctx, message{Bulk: c.result})
	<-ctx.Done()
	return nil
}

// copier copies table after table, batch by batch.
type copier struct {
	bulkSettings
	meter    *meter
	to       *sql.Conn
	tables   []*rowSource
	prepared map[string]*sql.Stmt
	result   bulkResult
}

// rowSource reads the rows of one table in order.
type rowSource struct {
	table, columns string
	width          int
	rows           *sql.Rows
	total, taken   int
}

func (c *copier) open(ctx context.Context, from *sql.DB) error {
	for _, t := range filled {
		where := fmt.Sprintf(" from %s where %s > '%s'", t[0], t[1], c.Mark)
		r := &rowSource{table: t[0]}
		if err := from.QueryRowContext(ctx, "select count(*)"+where).Scan(&r.total); err != nil {
			return err
		}
		var err error
		if r.rows, err = from.QueryContext(ctx, "select *"+where+" order by "+t[1]); err != nil {
			return err
		}
		names, err := r.rows.Columns()
		if err != nil {
			return err
		}
		r.columns, r.width = strings.Join(names, ", "), len(names)
		c.tables = append(c.tables, r)
		c.result.Rows += r.total
	}
	return nil
}

func (c *copier) copy(ctx context.Context) error {
	batches := max(1, (c.Accounts+accountsPerCommit-1)/accountsPerCommit)
	for i := range batches {
		var parts [][]any
		for _, t := range c.tables {
			values, err := t.take(t.total*(i+1)/batches - t.taken)
			if err != nil {
				return fmt.Errorf("read %s: %w", t.table, err)
			}
			parts = append(parts, values)
		}
		if err := c.measured(ctx, parts); err != nil {
			return err
		}
	}
	for _, t := range c.tables {
		if err := errors.Join(t.rows.Err(), t.rows.Close()); err != nil {
			return err
		}
	}
	return nil
}

// take reads n rows as one list of values.
func (r *rowSource) take(n int) ([]any, error) {
	all := make([]any, 0, n*r.width)
	values, pointers := slots(r.width)
	for ; n > 0 && r.rows.Next(); n-- {
		if err := r.rows.Scan(pointers...); err != nil {
			return nil, err
		}
		all = append(all, values...)
		r.taken++
	}
	if n > 0 {
		return nil, errors.Join(errors.New("rows are missing"), r.rows.Err())
	}
	return all, nil
}

// measured inserts one batch and adds what it took.
func (c *copier) measured(ctx context.Context, parts [][]any) error {
	before, err := c.meter.read(ctx)
	if err != nil {
		return err
	}
	began := time.Now()
	if err := c.commit(ctx, parts); err != nil {
		return err
	}
	c.result.Wall += time.Since(began)
	after, err := c.meter.read(ctx)
	c.result.CPU += after.CPU - before.CPU
	return err
}

func (c *copier) commit(ctx context.Context, parts [][]any) error {
	if _, err := c.to.ExecContext(ctx, "begin"); err != nil {
		return err
	}
	for i, t := range c.tables {
		if err := c.insert(ctx, t, parts[i]); err != nil {
			return fmt.Errorf("insert into %s: %w", t.table, err)
		}
	}
	_, err := c.to.ExecContext(ctx, "commit")
	return err
}

func (c *copier) insert(ctx context.Context, t *rowSource, values []any) error {
	for len(values) > 0 {
		n := min(rowsPerStatement*t.width, len(values))
		statement, err := c.statement(ctx, t, n/t.width)
		if err != nil {
			return err
		}
		if _, err := statement.ExecContext(ctx, values[:n]...); err != nil {
			return err
		}
		values = values[n:]
	}
	return nil
}

// statement gives the prepared insert of n rows.
func (c *copier) statement(ctx context.Context, t *rowSource, n int) (*sql.Stmt, error) {
	key := fmt.Sprint(t.table, n)
	if known := c.prepared[key]; known != nil {
		return known, nil
	}
	tuples := make([]string, n)
	for i := range tuples {
		tuples[i] = "(" + placeholders(i*t.width, t.width, c.Numbered) + ")"
	}
	statement, err := c.to.PrepareContext(ctx, "insert into "+t.table+" ("+t.columns+") values "+strings.Join(tuples, ", "))
	c.prepared[key] = statement
	return statement, err
}

// placeholders gives n of them; the numbered ones go on after the first behind.
func placeholders(behind, n int, numbered bool) string {
	list := make([]string, n)
	for i := range list {
		list[i] = "?"
		if numbered {
			list[i] = fmt.Sprintf("$%d", behind+i+1)
		}
	}
	return strings.Join(list, ", ")
}
