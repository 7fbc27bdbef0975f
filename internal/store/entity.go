package store

import (
	"context"
	"fmt"
	"slices"
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

// held is matching for objects that are about to be written again. Their rows are held first, and the condition is asked
// anew then: what was true of a row may no longer be after the change that this one had to wait for.
func held[T any](ctx context.Context, t *tx, tab *table[T], l *listing[T], condition string, args ...any) ([]T, error) {
	if t.store.dialect.holdRows != "" {
		ids, err := many(ctx, t, "select "+l.id+" from "+l.from+l.join+" where "+condition, scanText, args...)
		if err != nil {
			return nil, err
		}
		if err := t.holdRows(ctx, tab.name, anyOf(ids)); err != nil {
			return nil, err
		}
	}
	return matching(ctx, t, l, condition, args...)
}

// heldByID is held for objects whose ids are known. Those that are gone are left out.
func heldByID[T any](ctx context.Context, t *tx, tab *table[T], l *listing[T], ids []string) ([]T, error) {
	var all []T
	for part := range slices.Chunk(ids, maxKeys) {
		if err := t.holdRows(ctx, tab.name, anyOf(part)); err != nil {
			return nil, err
		}
		text, args := in(1, anyOf(part))
		found, err := matching(ctx, t, l, l.id+" "+text, args...)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

// detach edits every object that a condition on an id selects, to take back what it has of an object that goes.
func detach[T any](ctx context.Context, t *tx, tab *table[T], l *listing[T], condition, id string, edit func(*T)) error {
	olds, err := held(ctx, t, tab, l, condition, id)
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
