package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"midgard/internal/config"
	"midgard/internal/store"
)

// errNotEmbedded tells who asks for a backup of PostgreSQL where to go.
var errNotEmbedded = errors.New("this works on the embedded database; use pg_dump and pg_restore for PostgreSQL")

// Backup copies the embedded database into a new file, while a server may be using it. The copy is what was committed at
// one moment. It holds secrets only in encrypted form: the key file is kept apart, and a backup is of no use without it.
func Backup(ctx context.Context, cfg config.Config, file string) error {
	if cfg.Database != "" {
		return errNotEmbedded
	}
	if _, err := os.Stat(databaseFile(cfg)); err != nil {
		return fmt.Errorf("there is no database to back up: %w", err)
	}
	return store.Backup(ctx, databaseFile(cfg), file)
}

// Restore puts a backup in place of the embedded database. No server may be running on it. The backup is checked first;
// the database that was there is kept beside it with the ending ".before-restore".
func Restore(ctx context.Context, cfg config.Config, file string) error {
	if cfg.Database != "" {
		return errNotEmbedded
	}
	if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	unlock, err := lock(cfg.Data)
	if err != nil {
		return fmt.Errorf("stop the server before a restore: %w", err)
	}
	defer unlock()
	if err := store.CheckBackup(ctx, file); err != nil {
		return err
	}
	fresh := databaseFile(cfg) + ".restoring"
	if err := copyFile(file, fresh); err != nil {
		return err
	}
	return swap(fresh, databaseFile(cfg))
}

// swap puts the fresh file in the database's place. The log of the old database must go first: SQLite would apply it to
// the new one.
func swap(fresh, database string) error {
	for _, ending := range []string{"-wal", "-shm"} {
		if err := os.Rename(database+ending, database+".before-restore"+ending); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("put the old database aside: %w", err)
		}
	}
	if err := os.Rename(database, database+".before-restore"); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("put the old database aside: %w", err)
	}
	if err := os.Rename(fresh, database); err != nil {
		return fmt.Errorf("put the backup in place: %w", err)
	}
	folder, err := os.Open(filepath.Dir(database))
	if err != nil {
		return err
	}
	defer folder.Close()
	return folder.Sync()
}

// copyFile copies and makes sure that the copy is on the disk.
func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return fmt.Errorf("read the backup: %w", err)
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("write the database: %w", err)
	}
	_, err = io.Copy(out, in)
	if err == nil {
		err = out.Sync()
	}
	if e := out.Close(); err == nil {
		err = e
	}
	if err != nil {
		return fmt.Errorf("write the database: %w", err)
	}
	return nil
}
