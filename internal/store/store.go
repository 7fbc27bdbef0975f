// Package store keeps the governance model in SQLite or PostgreSQL.
//
// There is one set of queries, in the spelling that both engines understand, and a dialect for the little that differs.
// Every write goes through Store.write: one transaction, in which every change of an object also writes its change record
// (see change.go). An answered write is durable: SQLite runs with synchronous=FULL, and concurrent small writes share a
// commit (see write_sqlite.go). Public methods are transactions, private functions are statements.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	_ "github.com/jackc/pgx/v5/stdlib" // the PostgreSQL driver
	_ "modernc.org/sqlite"             // the SQLite driver
)

// Options say where the database is and how the store behaves.
type Options struct {
	// Database is a postgres:// address; empty means the SQLite file Path.
	Database string
	Path     string
	// Now is the clock; nil means time.Now. Times are kept in milliseconds.
	Now func() time.Time
	Log *slog.Logger
}

// Store is safe for concurrent use.
type Store struct {
	read    *sql.DB // SQLite: a pool of query-only connections; PostgreSQL: the pool
	writer  writer
	dialect dialect
	now     func() time.Time
	log     *slog.Logger
	stmts   statements
	wake    func()    // tells the job engine that there is new work; never nil
	mail    bool      // approvals write e-mails, see KeepMail
	alone   *sql.Conn // shows other servers that this one is there, see TakeOver; nil until then
}

// writer runs a function in a transaction of its own. bulk marks a long one that must not hold up others' commits.
type writer interface {
	run(ctx context.Context, bulk bool, fn func(querier) error) error
	close() error
}

// Open connects to the database, migrates it to this program's schema and checks what the store relies on. It refuses a
// database that a newer program has migrated.
func Open(ctx context.Context, o Options) (*Store, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Store{now: o.Now, log: o.Log, wake: func() {}}
	open := s.openSQLite
	if o.Database != "" {
		open = s.openPostgres
	}
	if err := open(ctx, o); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Store) openSQLite(ctx context.Context, o Options) error {
	if err := os.MkdirAll(filepath.Dir(o.Path), 0o700); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	s.dialect = sqlite
	if err := ownFile(o.Path); err != nil {
		return err
	}
	db, err := sql.Open("sqlite", sqliteDSN(o.Path, false))
	if err != nil {
		return fmt.Errorf("open database %q: %w", o.Path, err)
	}
	db.SetMaxOpenConns(1)
	if err := migrate(ctx, db, s.dialect); err != nil {
		return fmt.Errorf("open database %q: %w", o.Path, err)
	}
	s.writer, err = newGroupWriter(db)
	if err != nil {
		return fmt.Errorf("open database %q: %w", o.Path, err)
	}
	s.read, err = sql.Open("sqlite", sqliteDSN(o.Path, true))
	if err != nil {
		return fmt.Errorf("open database %q: %w", o.Path, err)
	}
	s.read.SetMaxOpenConns(max(4, 2*runtime.NumCPU()))
	s.read.SetMaxIdleConns(max(4, 2*runtime.NumCPU()))
	s.stmts.db = s.read
	return nil
}

// ownFile makes the database file, if it is not there, for nobody else to read. SQLite gives its log the same rights.
func ownFile(path string) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("make the database file: %w", err)
	}
	return file.Close()
}

// sqliteDSN lists the pragmas. busy_timeout comes first, so that the others wait for a lock instead of failing; the
// writer's cache is large because bulk loads touch every index. The file is not mapped into memory: every connection of the
// pool would count its pages again, which is worth more than the few reads that it saves.
func sqliteDSN(path string, readOnly bool) string {
	pragmas := []string{"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)", "temp_store(MEMORY)"}
	if readOnly {
		pragmas = append(pragmas, "query_only(1)", "cache_size(-16000)")
	} else {
		pragmas = append(pragmas, "cache_size(-64000)", "wal_autocheckpoint(4000)", "journal_size_limit(67108864)")
	}
	return "file:" + (&pathEscaper).Replace(path) + "?_pragma=" + strings.Join(pragmas, "&_pragma=")
}

var pathEscaper = *strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23")

func (s *Store) openPostgres(ctx context.Context, o Options) error {
	s.dialect = postgres
	db, err := sql.Open("pgx", o.Database)
	if err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	db.SetMaxOpenConns(16)
	db.SetMaxIdleConns(16)
	if err := db.PingContext(ctx); err != nil {
		return fmt.Errorf("connect to PostgreSQL: %w", err)
	}
	if err := migrate(ctx, db, s.dialect); err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	s.read, s.writer = db, poolWriter{db}
	return nil
}

// Close waits for the running write and releases the connections.
func (s *Store) Close() error {
	err := s.writer.close()
	s.stmts.close()
	if s.alone != nil {
		err = errors.Join(err, s.alone.Close())
	}
	if e := s.read.Close(); err == nil {
		err = e
	}
	return err
}

// Engine names the database engine: "sqlite" or "postgres".
func (s *Store) Engine() string { return s.dialect.name }

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	var one int
	return s.read.QueryRowContext(ctx, "select 1").Scan(&one)
}

// OnEnqueue sets the function that is called after a commit that added a job. Call it before the store is used.
func (s *Store) OnEnqueue(wake func()) { s.wake = wake }

// NewID gives a new time-ordered UUID: rows created later have a greater id, which keeps inserts at the end of indexes
// and makes the id the default order of every list.
func NewID() string { return uuid.Must(uuid.NewV7()).String() }

// querier is what statements run on: the read pool or a transaction.
type querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// statements remembers prepared statements of the read pool: SQLite would parse the text on every call, which costs as
// much as a short query. PostgreSQL's driver has a cache of its own, so db is nil there.
type statements struct {
	db    *sql.DB
	mu    sync.RWMutex
	known map[string]*sql.Stmt
}

// maxStatements bounds the cache: filters make texts without end, so further ones run unprepared.
const maxStatements = 500

func (c *statements) get(ctx context.Context, text string) (*sql.Stmt, error) {
	c.mu.RLock()
	stmt, full := c.known[text], len(c.known) >= maxStatements
	c.mu.RUnlock()
	if stmt != nil || full || c.db == nil {
		return stmt, nil
	}
	stmt, err := c.db.PrepareContext(ctx, unnumbered(text))
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if other := c.known[text]; other != nil {
		stmt.Close()
		return other, nil
	}
	if c.known == nil {
		c.known = map[string]*sql.Stmt{}
	}
	c.known[text] = stmt
	return stmt, nil
}

func (c *statements) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, stmt := range c.known {
		stmt.Close()
	}
	c.known = nil
}

// reader is the read pool as a querier, with prepared statements.
type reader struct{ s *Store }

func (s *Store) reader() querier { return reader{s} }

// brief is the context of a query that finds one row by its key. SQLite answers it in microseconds; a context that can end
// would cost two goroutines that watch it, a quarter of the whole.
func (r reader) brief(ctx context.Context) context.Context {
	if r.s.dialect.name == sqlite.name {
		return context.WithoutCancel(ctx)
	}
	return ctx
}

func (r reader) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return r.s.read.ExecContext(ctx, query, args...)
}

func (r reader) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	stmt, err := r.s.stmts.get(ctx, query)
	if err != nil {
		return nil, err
	}
	if stmt == nil {
		return r.s.read.QueryContext(ctx, query, args...)
	}
	return stmt.QueryContext(ctx, args...)
}

func (r reader) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	stmt, err := r.s.stmts.get(ctx, query)
	if stmt == nil || err != nil {
		return r.s.read.QueryRowContext(ctx, query, args...)
	}
	return stmt.QueryRowContext(ctx, args...)
}
