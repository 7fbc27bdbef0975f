package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
)

// groupWriter owns SQLite's single writing connection. Transactions queue for it; those that wait at the same moment run
// one after the other, each in its own savepoint, and share one commit. A commit waits for the disk, so sixteen clients
// pay for one wait instead of sixteen. Nobody waits for company: a lone transaction commits at once.
type groupWriter struct {
	db    *sql.DB
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
	queue chan *pending
	done  chan struct{}
	once  sync.Once
}

type pending struct {
	ctx    context.Context
	fn     func(querier) error
	bulk   bool
	result chan error
	err    error
}

// maxGroup bounds how many transactions share a commit, so that the first of them is not answered late.
const maxGroup = 64

var errClosed = errors.New("the store is closed")

func newGroupWriter(db *sql.DB) (*groupWriter, error) {
	conn, err := db.Conn(context.Background())
	if err != nil {
		return nil, err
	}
	w := &groupWriter{db: db, conn: conn, stmts: map[string]*sql.Stmt{}, queue: make(chan *pending), done: make(chan struct{})}
	go w.loop()
	return w, nil
}

func (w *groupWriter) run(ctx context.Context, bulk bool, fn func(querier) error) error {
	p := &pending{ctx: ctx, fn: fn, bulk: bulk, result: make(chan error, 1)}
	select {
	case w.queue <- p:
	case <-ctx.Done():
		return ctx.Err()
	case <-w.done:
		return errClosed
	}
	return <-p.result
}

func (w *groupWriter) close() error {
	var err error
	w.once.Do(func() {
		stop := &pending{ctx: context.Background(), result: make(chan error, 1)}
		w.queue <- stop
		<-stop.result
		w.forget()
		w.conn.Close()
		err = w.db.Close()
	})
	return err
}

func (w *groupWriter) loop() {
	for {
		p := <-w.queue
		if p.fn == nil {
			close(w.done)
			p.result <- nil
			return
		}
		group, next := w.collect(p)
		w.commit(group)
		if next == nil {
			continue
		}
		if next.fn == nil {
			close(w.done)
			next.result <- nil
			return
		}
		w.commit([]*pending{next})
	}
}

// collect takes everybody who waits right now. A bulk transaction runs alone: it comes back as next.
func (w *groupWriter) collect(first *pending) (group []*pending, next *pending) {
	group = []*pending{first}
	if first.bulk {
		return group, nil
	}
	for len(group) < maxGroup {
		select {
		case p := <-w.queue:
			if p.bulk || p.fn == nil {
				return group, p
			}
			group = append(group, p)
		default:
			return group, nil
		}
	}
	return group, nil
}

// commit runs the group in one transaction and answers everybody. A failed commit fails all of them: nothing is half done.
func (w *groupWriter) commit(group []*pending) {
	err := w.exec("begin immediate")
	if err == nil {
		err = w.steps(group)
		end := "commit"
		if err != nil {
			end = "rollback"
		}
		if e := w.exec(end); err == nil && e != nil {
			err = fmt.Errorf("commit: %w", e)
			w.exec("rollback") //nolint:errcheck // a connection that cannot roll back fails at the next begin
		}
	}
	for _, p := range group {
		if p.err == nil {
			p.err = err
		}
		p.result <- p.err
	}
}

// steps runs every member. An error it returns concerns the whole transaction; a member's own failure stays its own.
func (w *groupWriter) steps(group []*pending) error {
	if len(group) == 1 {
		return w.step(group[0])
	}
	for _, p := range group {
		if err := w.member(p); err != nil {
			return err
		}
	}
	return nil
}

// member runs one transaction of several in a savepoint, so that its failure leaves the others' work. Some failures (a
// full disk) make SQLite undo the whole transaction; then the savepoint is gone and the group fails.
func (w *groupWriter) member(p *pending) error {
	if err := w.exec("savepoint member"); err != nil {
		return err
	}
	p.err = w.step(p)
	if p.err != nil {
		if err := w.exec("rollback to member"); err != nil {
			return errors.Join(p.err, err)
		}
	}
	return w.exec("release member")
}

func (w *groupWriter) step(p *pending) error {
	if err := p.ctx.Err(); err != nil {
		return err
	}
	return w.call(p.fn)
}

// call turns a panic into an error: one request's fault must not end the writer that all others need.
func (w *groupWriter) call(fn func(querier) error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic in a transaction: %v\n%s", r, debug.Stack())
		}
	}()
	return fn(w)
}

func (w *groupWriter) exec(text string) error {
	_, err := w.ExecContext(context.Background(), text)
	return err
}

func (w *groupWriter) stmt(ctx context.Context, text string) (*sql.Stmt, error) {
	if stmt := w.stmts[text]; stmt != nil {
		return stmt, nil
	}
	if len(w.stmts) == maxStatements { // texts without end: begin anew, the usual ones are soon back
		w.forget()
	}
	stmt, err := w.conn.PrepareContext(context.WithoutCancel(ctx), unnumbered(text))
	if err != nil {
		return nil, err
	}
	w.stmts[text] = stmt
	return stmt, nil
}

func (w *groupWriter) forget() {
	for _, stmt := range w.stmts {
		stmt.Close()
	}
	clear(w.stmts)
}

// ExecContext runs a statement on the writing connection; only the writer's own goroutine calls it. Like the two below it
// does not pass on cancellation: an interrupted statement makes SQLite undo the whole transaction, others' work included.
func (w *groupWriter) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	stmt, err := w.stmt(ctx, query)
	if err != nil {
		return nil, err
	}
	return stmt.ExecContext(context.WithoutCancel(ctx), args...)
}

// QueryContext runs a query on the writing connection; only the writer's own goroutine calls it.
func (w *groupWriter) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	stmt, err := w.stmt(ctx, query)
	if err != nil {
		return nil, err
	}
	return stmt.QueryContext(context.WithoutCancel(ctx), args...)
}

// QueryRowContext runs a query for one row on the writing connection; only the writer's own goroutine calls it.
func (w *groupWriter) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	stmt, err := w.stmt(ctx, query)
	if err != nil {
		return w.conn.QueryRowContext(ctx, query, args...)
	}
	return stmt.QueryRowContext(context.WithoutCancel(ctx), args...)
}
