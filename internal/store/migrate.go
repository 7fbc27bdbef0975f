package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations/*.sql
var migrations embed.FS

// migrate brings the schema up to date. Migrations only go forward. A database that knows a migration which this program
// does not is refused: an older program would write rows that the newer schema does not allow.
func migrate(ctx context.Context, db *sql.DB, d dialect) error {
	files, err := fs.Sub(translated{migrations, d.ddl}, "migrations")
	if err != nil {
		return err
	}
	var options []goose.ProviderOption
	engine := goose.DialectSQLite3
	if d.name == postgres.name {
		engine = goose.DialectPostgres
		locker, err := lock.NewPostgresSessionLocker() // several nodes may start at once
		if err != nil {
			return err
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	provider, err := goose.NewProvider(engine, db, files, options...)
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	if err := refuseNewer(ctx, provider); err != nil {
		return err
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

func refuseNewer(ctx context.Context, p *goose.Provider) error {
	current, target, err := p.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read the schema version: %w", err)
	}
	if current > target {
		return fmt.Errorf("the database has schema %d, this program knows only %d: use the newer program", current, target)
	}
	return nil
}

// translated is a file system whose files are rewritten as they are read.
type translated struct {
	fs.FS
	rewrite func(string) string
}

func (t translated) Open(name string) (fs.File, error) {
	file, err := t.FS.Open(name)
	if err != nil || !strings.HasSuffix(name, ".sql") {
		return file, err
	}
	defer file.Close()
	data, err := io.ReadAll(file)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	return &translatedFile{Reader: strings.NewReader(asOne(t.rewrite(string(data)))), info: info}, nil
}

// asOne marks a migration as one piece that the database takes apart. The reader of migrations would otherwise look for the
// end of a statement in each line, and take four megabytes of memory for every look.
func asOne(text string) string {
	const up, begin, end = "-- +goose Up\n", "-- +goose StatementBegin\n", "\n-- +goose StatementEnd\n"
	return strings.Replace(text, up, up+begin, 1) + end
}

// ReadFile keeps fs.ReadFile from going around Open.
func (t translated) ReadFile(name string) ([]byte, error) {
	file, err := t.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(file)
}

// ReadDir lists the embedded folder as it is.
func (t translated) ReadDir(name string) ([]fs.DirEntry, error) { return fs.ReadDir(t.FS, name) }

type translatedFile struct {
	*strings.Reader
	info fs.FileInfo
}

func (f *translatedFile) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f *translatedFile) Close() error               { return nil }

// newestMigration is the schema version that this program makes.
func newestMigration() (int64, error) {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil || len(names) == 0 {
		return 0, fmt.Errorf("find migrations: %w", err)
	}
	return goose.NumericComponent(names[len(names)-1])
}
