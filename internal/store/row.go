package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"midgard/internal/governance"
)

// row is what sql.Row and sql.Rows have in common.
type row interface{ Scan(...any) error }

// The scanners below read columns that may be null into Go's zero values.

type textInto struct{ to *string }

func (t textInto) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*t.to = ""
	case string:
		*t.to = v
	case []byte:
		*t.to = string(v)
	default:
		return fmt.Errorf("cannot read %T as text", src)
	}
	return nil
}

type timeInto struct{ to *time.Time }

func (t timeInto) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*t.to = time.Time{}
	case int64:
		*t.to = time.UnixMilli(v).UTC()
	default:
		return fmt.Errorf("cannot read %T as a time", src)
	}
	return nil
}

type boolInto struct{ to *bool }

func (b boolInto) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*b.to = false
	case bool:
		*b.to = v
	case int64:
		*b.to = v != 0
	default:
		return fmt.Errorf("cannot read %T as a truth value", src)
	}
	return nil
}

// rawInto reads JSON text without decoding it.
type rawInto struct{ to *json.RawMessage }

func (r rawInto) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*r.to = nil
	case string:
		*r.to = json.RawMessage(v)
	case []byte:
		*r.to = append(json.RawMessage(nil), v...)
	default:
		return fmt.Errorf("cannot read %T as JSON", src)
	}
	return nil
}

// jsonInto decodes JSON text.
type jsonInto struct{ to any }

func (j jsonInto) Scan(src any) error {
	var raw json.RawMessage
	if err := (rawInto{&raw}).Scan(src); err != nil || len(raw) == 0 {
		return err
	}
	return json.Unmarshal(raw, j.to)
}

func null(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func millis(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMilli()
}

// object is JSON text for a map column that is never null.
func object(raw json.RawMessage) string {
	if len(raw) == 0 {
		return "{}"
	}
	return string(raw)
}

func nullObject(raw json.RawMessage) any {
	if len(raw) == 0 {
		return nil
	}
	return string(raw)
}

// jsonText encodes a value that always can be encoded: plain structs and slices of ours.
func jsonText(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("encode %T: %v", v, err))
	}
	return string(b)
}

// one reads a single row; absence is a NotFound error about the object.
func one[T any](ctx context.Context, q querier, object, id, text string, scan func(row, *T) error, args ...any) (T, error) {
	var x T
	if r, ok := q.(reader); ok {
		ctx = r.brief(ctx)
	}
	err := scan(q.QueryRowContext(ctx, text, args...), &x)
	if errors.Is(err, sql.ErrNoRows) {
		return x, governance.Missing(object, id)
	}
	if err != nil {
		return x, fmt.Errorf("read %s %q: %w", object, id, err)
	}
	return x, nil
}

// many reads all rows of a query that is bounded by its nature.
func many[T any](ctx context.Context, q querier, text string, scan func(row, *T) error, args ...any) ([]T, error) {
	rows, err := q.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		var x T
		if err := scan(rows, &x); err != nil {
			return nil, err
		}
		all = append(all, x)
	}
	return all, rows.Err()
}

func scanText(r row, s *string) error { return r.Scan(textInto{s}) }

func exec(ctx context.Context, q querier, text string, args ...any) error {
	_, err := q.ExecContext(ctx, text, args...)
	return err
}

// affected runs a statement and gives the number of rows that it changed.
func affected(ctx context.Context, q querier, text string, args ...any) (int64, error) {
	result, err := q.ExecContext(ctx, text, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// placeholders gives "$from, $from+1, …" for n values.
func placeholders(from, n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "$%d", from+i)
	}
	return b.String()
}

// anyOf turns a slice into arguments.
func anyOf[T any](list []T) []any {
	args := make([]any, len(list))
	for i, v := range list {
		args[i] = v
	}
	return args
}
