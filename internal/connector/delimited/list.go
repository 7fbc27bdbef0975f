package delimited

import (
	"context"
	"errors"
	"io"

	"midgard/internal/connector"
)

// list pushes the objects of one file into a sink.
type list struct {
	plan  *plan
	rows  *rows
	sink  connector.Sink
	limit int

	emitted int
	failed  bool // a row could not be read: what is missing from the list need not be gone
	open    pending
}

// pending is the object whose rows may go on.
type pending struct {
	there   bool
	object  connector.Object
	key     []string
	spoiled bool // one of its rows could not be read, so that emitting the rest would lose values
	gap     bool // an unreadable row followed its last one
}

// run reads to the end of the file or to the limit.
func (l *list) run(ctx context.Context) (connector.ListResult, error) {
	for !l.full() {
		if err := ctx.Err(); err != nil {
			return connector.ListResult{}, err
		}
		cells, err := l.rows.next()
		if errors.Is(err, io.EOF) {
			err = l.flush(ctx)
			return connector.ListResult{Complete: err == nil && l.limit == 0 && !l.failed}, err
		}
		if err = l.take(ctx, cells, err); err != nil {
			return connector.ListResult{}, err
		}
	}
	return connector.ListResult{}, nil
}

func (l *list) full() bool { return l.limit > 0 && l.emitted >= l.limit }

// take handles one row or the error that came in its place.
func (l *list) take(ctx context.Context, cells []string, err error) error {
	if err != nil {
		l.open.gap = true
		return l.fail(ctx, err)
	}
	if l.open.there && l.plan.sameIndex(l.open.key, cells) {
		return l.extend(ctx, cells)
	}
	if err := l.flush(ctx); err != nil || l.full() {
		return err
	}
	return l.begin(ctx, cells)
}

// begin starts the object of a row; without merging, that is all of it.
func (l *list) begin(ctx context.Context, cells []string) error {
	object, err := l.plan.object(cells)
	if len(l.plan.index) > 0 {
		l.open = pending{there: true, object: object, key: l.plan.indexOf(l.open.key, cells), spoiled: err != nil}
	}
	if err != nil {
		return l.fail(ctx, l.rows.wrong("%w", err))
	}
	if len(l.plan.index) > 0 {
		return nil
	}
	return l.emit(ctx, object)
}

// extend adds a row to the open object.
func (l *list) extend(ctx context.Context, cells []string) error {
	l.open.spoiled = l.open.spoiled || l.open.gap
	err := l.plan.merge(l.open, cells)
	if err == nil {
		return nil
	}
	l.open.spoiled = true
	return l.fail(ctx, l.rows.wrong("%w", err))
}

// flush emits the open object, if any.
func (l *list) flush(ctx context.Context) error {
	if !l.open.there {
		return nil
	}
	l.open.there = false
	if l.open.spoiled {
		return nil
	}
	return l.emit(ctx, l.open.object)
}

func (l *list) emit(ctx context.Context, object connector.Object) error {
	settle(object)
	l.emitted++
	return l.sink.Emit(ctx, object)
}

// fail reports a row; an error that is not about one row ends the list.
func (l *list) fail(ctx context.Context, err error) error {
	var row *rowError
	if !errors.As(err, &row) {
		return err
	}
	l.failed = true
	return l.sink.Fail(ctx, row.where, row.reason)
}
