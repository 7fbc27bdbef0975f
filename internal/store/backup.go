package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"

	"github.com/pressly/goose/v3"
)

// Backup copies an SQLite database into a new file. It reads one committed state and disturbs nobody. A file that exists
// already is refused; a copy that fails leaves none.
func Backup(ctx context.Context, path, file string) error {
	if err := reserve(file); err != nil {
		return err
	}
	db, err := sql.Open("sqlite", sqliteDSN(path, false))
	if err != nil {
		return fmt.Errorf("open database %q: %w", path, err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(ctx, "vacuum into $1", file); err != nil {
		return errors.Join(fmt.Errorf("back up into %q: %w", file, err), removeIfThere(file))
	}
	return syncFile(file)
}

// reserve makes the file, for its owner only from the start: SQLite writes into an empty file, but would make one that
// others can read.
func reserve(file string) error {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%q exists already; a backup overwrites nothing", file)
	}
	if err != nil {
		return fmt.Errorf("back up into %q: %w", file, err)
	}
	return f.Close()
}

func removeIfThere(file string) error {
	if err := os.Remove(file); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// syncFile makes sure that the copy is on the disk.
func syncFile(file string) error {
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	if err == nil {
		err = errors.Join(f.Sync(), f.Close())
	}
	if err != nil {
		return fmt.Errorf("back up into %q: %w", file, err)
	}
	return nil
}

// CheckBackup tells whether a file is a whole database of Midgard that this program can use.
func CheckBackup(ctx context.Context, file string) error {
	if _, err := os.Stat(file); err != nil {
		return fmt.Errorf("read the backup: %w", err)
	}
	db, err := sql.Open("sqlite", "file:"+(&pathEscaper).Replace(file)+"?mode=ro&immutable=1")
	if err != nil {
		return fmt.Errorf("open the backup %q: %w", file, err)
	}
	defer db.Close()
	var verdict string
	if err := db.QueryRowContext(ctx, "pragma integrity_check(1)").Scan(&verdict); err != nil {
		return fmt.Errorf("%q is not a backup of Midgard: %w", file, err)
	}
	if verdict != "ok" {
		return fmt.Errorf("the backup %q is damaged: %s", file, verdict)
	}
	return knownSchema(ctx, db, file)
}

func knownSchema(ctx context.Context, db *sql.DB, file string) error {
	var version int64
	if err := db.QueryRowContext(ctx, "select max(version_id) from "+goose.DefaultTablename).Scan(&version); err != nil {
		return fmt.Errorf("%q is not a backup of Midgard: %w", file, err)
	}
	newest, err := newestMigration()
	if err != nil {
		return err
	}
	if version > newest {
		return fmt.Errorf("the backup %q has schema %d, this program knows only %d: use the newer program", file, version, newest)
	}
	return nil
}
