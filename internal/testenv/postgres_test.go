//go:build unix

package testenv_test

import (
	"database/sql"
	"os"
	"testing"

	"midgard/internal/testenv"
)

func TestMain(m *testing.M) { os.Exit(testenv.Main(m)) }

func TestPostgresGivesEachTestItsOwnDatabase(t *testing.T) {
	t.Parallel()
	first, second := open(t, testenv.Postgres(t)), open(t, testenv.Postgres(t))
	if _, err := first.Exec("create table only_here (id int)"); err != nil {
		t.Fatal(err)
	}
	if _, err := second.Exec("select * from only_here"); err == nil {
		t.Error("the second database shows the first one's table")
	}
	var encoding, collation string
	const query = "select pg_encoding_to_char(encoding), datcollate from pg_database where datname = current_database()"
	if err := first.QueryRow(query).Scan(&encoding, &collation); err != nil {
		t.Fatal(err)
	}
	if encoding != "UTF8" || collation != "C.UTF-8" {
		t.Errorf("database has encoding %s and collation %s, want UTF8 and C.UTF-8", encoding, collation)
	}
}

func open(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}
