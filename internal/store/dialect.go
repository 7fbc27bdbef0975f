package store

import (
	"errors"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	sqlitedriver "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// dialect is everything that differs between the engines. Keep it this small.
type dialect struct {
	name       string
	holdRows   string                   // suffix of a select whose rows nobody else may change until the transaction ends; "" when nobody else writes
	skipLocked string                   // suffix of a select that claims rows: other nodes' claims are passed over
	contains   string                   // function that gives the place of $2 in $1, counted from 1, and 0 when it is not there
	timeText   func(expr string) string // a column of milliseconds as the folded text of filter.TimeLayout
	clock      string                   // a query for the database's own time in milliseconds; "" when this process is alone on it
	ddl        func(text string) string
	unique     func(error) (constraint string, ok bool)
	transient  func(error) bool // the same transaction may succeed when it is tried again
}

var sqlite = dialect{
	name:      "sqlite",
	contains:  "instr",
	timeText:  sqliteTimeText,
	ddl:       func(text string) string { return text },
	unique:    sqliteUnique,
	transient: func(error) bool { return false }, // one writer: nothing to collide with
}

var postgres = dialect{
	name:       "postgres",
	holdRows:   " for no key update",
	skipLocked: " for update skip locked",
	contains:   "strpos",
	timeText:   postgresTimeText,
	clock:      "select cast(extract(epoch from clock_timestamp()) * 1000 as bigint)",
	ddl:        postgresDDL,
	unique:     postgresUnique,
	transient:  postgresTransient,
}

var (
	ddlText = regexp.MustCompile(`(?m)^(  [a-z_]+) text\b`)
	ddlBlob = regexp.MustCompile(`(?m)^(  [a-z_]+) blob\b`)
	ddlList = regexp.MustCompile(`\(((?:[a-z_]+, )?[a-z_]+), id\)`)
)

// postgresDDL turns the common spelling into PostgreSQL's. Text compares by bytes, as in SQLite, whatever collation the
// database was created with; without it prefix ranges and the order of lists would differ. An index for a sorter puts
// nulls first, as the contract's order does and SQLite's indexes do anyway.
func postgresDDL(text string) string {
	text = ddlText.ReplaceAllString(text, `$1 text collate "C"`)
	text = ddlList.ReplaceAllString(text, `($1 nulls first, id)`)
	return ddlBlob.ReplaceAllString(text, `$1 bytea`)
}

func sqliteTimeText(expr string) string {
	return "(strftime('%Y-%m-%dt%H:%M:%S', " + expr + " / 1000, 'unixepoch') || printf('.%03dz', " + expr + " % 1000))"
}

func postgresTimeText(expr string) string {
	return `to_char(to_timestamp(` + expr + ` / 1000.0) at time zone 'UTC', 'YYYY-MM-DD"t"HH24:MI:SS.MS"z"')`
}

// sqliteUnique gives the columns of the index, "table.column, table.other (2067)"; callers look for what they know.
func sqliteUnique(err error) (string, bool) {
	var e *sqlitedriver.Error
	if !errors.As(err, &e) {
		return "", false
	}
	if e.Code() != sqlite3.SQLITE_CONSTRAINT_UNIQUE && e.Code() != sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY {
		return "", false
	}
	_, columns, _ := strings.Cut(e.Error(), "UNIQUE constraint failed: ")
	return columns, true
}

func postgresUnique(err error) (string, bool) {
	var e *pgconn.PgError
	if !errors.As(err, &e) || e.Code != "23505" {
		return "", false
	}
	return e.ConstraintName, true
}

// postgresTransient recognises serialization failures and deadlocks: the server undid one of two transactions that were
// in each other's way.
func postgresTransient(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && (e.Code == "40001" || e.Code == "40P01")
}
