package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"midgard/internal/store"
)

// engine makes empty databases and says how the baselines reach them.
type engine interface {
	name() string
	// create makes an empty database with a data folder of its own.
	create(ctx context.Context, label string) (midgardSettings, error)
	remove(ctx context.Context, m midgardSettings) error
	reading(m midgardSettings) (driver, dsn string)
	writing(m midgardSettings) (driver, dsn string)
	placeholder(n int) string
	// rows gives a condition on "account a" that finds the accounts of the ids with the least work.
	rows(ctx context.Context, m midgardSettings, ids []string) (condition string, err error)
}

// migrated gives an empty database the tables and indexes that Midgard makes.
func migrated(ctx context.Context, e engine, label string) (midgardSettings, error) {
	m, err := e.create(ctx, label)
	if err != nil {
		return m, err
	}
	s, err := store.Open(ctx, store.Options{Database: m.Database, Path: databaseFile(m)})
	if err != nil {
		return m, errors.Join(err, e.remove(ctx, m))
	}
	return m, s.Close()
}

func databaseFile(m midgardSettings) string { return filepath.Join(m.Data, "midgard.db") }

type sqliteEngine struct{ dir string }

func (*sqliteEngine) name() string { return "SQLite" }

func (e *sqliteEngine) create(_ context.Context, label string) (midgardSettings, error) {
	dir, err := os.MkdirTemp(e.dir, label+"-")
	return midgardSettings{Data: dir}, err
}

func (*sqliteEngine) remove(_ context.Context, m midgardSettings) error { return os.RemoveAll(m.Data) }

// The pragmas below are the store's own: a baseline with others would compare something else.

func (*sqliteEngine) reading(m midgardSettings) (driver, dsn string) {
	return "sqlite", sqliteDSN(m, "query_only(1)", "cache_size(-16000)")
}

func (*sqliteEngine) writing(m midgardSettings) (driver, dsn string) {
	return "sqlite", sqliteDSN(m, "cache_size(-64000)", "wal_autocheckpoint(4000)", "journal_size_limit(67108864)")
}

func sqliteDSN(m midgardSettings, more ...string) string {
	pragmas := append([]string{"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)", "temp_store(MEMORY)"}, more...)
	return "file:" + databaseFile(m) + "?_pragma=" + strings.Join(pragmas, "&_pragma=")
}

func (*sqliteEngine) placeholder(int) string { return "?" }

// rows looks up the numbers by which SQLite itself finds rows: no index stands between.
func (e *sqliteEngine) rows(ctx context.Context, m midgardSettings, ids []string) (string, error) {
	driver, dsn := e.reading(m)
	db, err := sql.Open(driver, dsn)
	if err != nil {
		return "", err
	}
	defer db.Close()
	var numbers string
	err = db.QueryRowContext(ctx, "select group_concat(rowid, ', ') from account where id in ('"+strings.Join(ids, "', '")+"')").Scan(&numbers)
	return "a.rowid in (" + numbers + ")", err
}

type postgresEngine struct{ server, dir string }

func (*postgresEngine) name() string { return "PostgreSQL" }

func (e *postgresEngine) create(ctx context.Context, label string) (midgardSettings, error) {
	u, err := url.Parse(e.server)
	if err != nil || u.Host == "" {
		return midgardSettings{}, errors.New("-postgres must be a URL such as postgres://user:password@127.0.0.1:5432/postgres")
	}
	dir, err := os.MkdirTemp(e.dir, label+"-")
	if err != nil {
		return midgardSettings{}, err
	}
	name := "midgard_bench_" + strings.ToLower(rand.Text())
	if err := e.administer(ctx, "create database "+name+" template template0 encoding 'UTF8'"); err != nil {
		return midgardSettings{}, err
	}
	u.Path = "/" + name
	return midgardSettings{Data: dir, Database: u.String()}, nil
}

// remove works after an interrupt too.
func (e *postgresEngine) remove(ctx context.Context, m midgardSettings) error {
	u, err := url.Parse(m.Database)
	if err != nil {
		return err
	}
	drop := "drop database if exists " + strings.TrimPrefix(u.Path, "/") + " with (force)"
	return errors.Join(e.administer(context.WithoutCancel(ctx), drop), os.RemoveAll(m.Data))
}

func (e *postgresEngine) administer(ctx context.Context, statement string) error {
	db, err := sql.Open("pgx", e.server)
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, statement); err != nil {
		return fmt.Errorf("administer PostgreSQL: %w", err)
	}
	return nil
}

func (*postgresEngine) reading(m midgardSettings) (driver, dsn string) { return "pgx", m.Database }
func (*postgresEngine) writing(m midgardSettings) (driver, dsn string) { return "pgx", m.Database }
func (*postgresEngine) placeholder(n int) string                       { return fmt.Sprintf("$%d", n) }

func (*postgresEngine) rows(_ context.Context, _ midgardSettings, ids []string) (string, error) {
	return "a.id in ('" + strings.Join(ids, "', '") + "')", nil
}
