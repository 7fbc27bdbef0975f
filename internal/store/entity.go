package store

import (
	"context"
	"fmt"
	"strings"

	"midgard/internal/governance"
)

// byID reads one object of a listing; absence is a NotFound error about the object.
func byID[T any](ctx context.Context, q querier, l *listing[T], object, id string) (T, error) {
	return one(ctx, q, object, id, "select "+l.sel+" from "+l.from+l.join+" where "+l.id+" = $1", l.scan, id)
}

// matching reads the objects of a listing that fulfil a condition, by id; it is for conditions that few rows fulfil.
func matching[T any](ctx context.Context, q querier, l *listing[T], condition string, args ...any) ([]T, error) {
	return many(ctx, q, "select "+l.sel+" from "+l.from+l.join+" where "+condition+" order by "+l.id, l.scan, args...)
}

// amend reads an object, lets edit change the copy, writes it and reads it again, so that what is computed is right. The
// row is held from the start: of two edits at once one waits for the other, and neither undoes it.
func amend[T any](ctx context.Context, t *tx, tab *table[T], l *listing[T], object, id string, edit func(old, x *T) error) (T, error) {
	if err := t.holdRow(ctx, tab.name, id); err != nil {
		return *new(T), err
	}
	old, err := byID(ctx, t, l, object, id)
	if err != nil {
		return old, err
	}
	x := old
	if err := edit(&old, &x); err != nil {
		return old, err
	}
	if err := replace(ctx, t, tab, &old, &x); err != nil {
		return old, err
	}
	return byID(ctx, t, l, object, id)
}

// holdRow keeps other transactions that hold the same row waiting until this one has ended.
func (t *tx) holdRow(ctx context.Context, table, id string) error {
	if err := exec(ctx, t, "update "+table+" set modified = modified where id = $1", id); err != nil {
		return fmt.Errorf("hold %s %q: %w", table, id, err)
	}
	return nil
}

// detach edits every object that a condition on an id selects, to take back what it has of an object that goes.
func detach[T any](ctx context.Context, t *tx, tab *table[T], l *listing[T], condition, id string, edit func(*T)) error {
	olds, err := matching(ctx, t, l, condition, id)
	if err != nil {
		return fmt.Errorf("read %s: %w", tab.name, err)
	}
	for i := range olds {
		x := olds[i]
		edit(&x)
		if err := replace(ctx, t, tab, &olds[i], &x); err != nil {
			return err
		}
	}
	return nil
}

// refer completes a reference that an edit has set. What it points to must exist, and is held so that it still does when
// the transaction ends.
func (t *tx) refer(ctx context.Context, table, field string, was governance.Reference, is *governance.Reference) error {
	if is.ID == was.ID {
		*is = was
		return nil
	}
	if !is.Set() {
		return nil
	}
	if err := t.holdRow(ctx, table, is.ID); err != nil {
		return err
	}
	found, err := t.reference(ctx, table, field, is.ID)
	if err != nil {
		return err
	}
	*is = found
	return nil
}

// taken turns the violation of a unique index into a Conflict about a field; any other error stays what it is. index is
// the index's name on PostgreSQL; SQLite tells the table and the columns, which begin alike.
func (s *Store) taken(err error, index, field, format string, args ...any) error {
	constraint, ok := s.dialect.unique(err)
	if !ok || !strings.HasPrefix(strings.ReplaceAll(constraint, ".", "_"), index) {
		return err
	}
	return governance.Because(err, governance.Conflict, field, format, args...)
}
