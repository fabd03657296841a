package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/pratique/pratique/internal/catalog"
)

// migrations are named NUMBER_WHAT.sql. A released one is never changed; the
// next number continues where it ended.
//
//go:embed migrations/*.sql
var migrations embed.FS

// migrate creates or updates our tables, one transaction per migration.
func (s *Store) migrate(ctx context.Context, db *sql.DB, dialect goose.Dialect) error {
	steps, newest, err := loadMigrations(s.dialect, s.now())
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(dialect, db, nil,
		goose.WithGoMigrations(steps...),
		goose.WithDisableGlobalRegistry(true),
		goose.WithTableName("schema_version"),
	)
	if err != nil {
		return fmt.Errorf("set up migrations: %w", err)
	}
	version, err := provider.GetDBVersion(ctx)
	if err != nil {
		return s.fail("read the version of the tables", err)
	}
	if version > newest {
		return catalog.Errorf(catalog.Conflict, "database_newer",
			"the database was written by a newer version of pratique (tables %d, this program knows %d)", version, newest).
			Advise("run that version, or restore a backup made before the update")
	}
	if _, err := provider.Up(ctx); err != nil {
		return s.fail("update the tables", err)
	}
	return nil
}

// loadMigrations reads the migrations for a database. $NOW in them is the moment
// at which they are made.
func loadMigrations(d *dialect, now time.Time) (steps []*goose.Migration, newest int64, err error) {
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return nil, 0, err
	}
	for _, file := range files {
		text, err := migrations.ReadFile(file)
		if err != nil {
			return nil, 0, err
		}
		number, _, _ := strings.Cut(path.Base(file), "_")
		version, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return nil, 0, fmt.Errorf("migration %s has no number: %w", file, err)
		}
		statements := strings.ReplaceAll(d.tokens.Replace(string(text)), "$NOW", strconv.FormatInt(millis(now), 10))
		steps = append(steps, goose.NewGoMigration(version, &goose.GoFunc{
			RunTx: func(ctx context.Context, tx *sql.Tx) error {
				_, err := tx.ExecContext(ctx, statements)
				return err
			},
		}, nil))
		newest = max(newest, version)
	}
	return steps, newest, nil
}

// migrateQueue creates or updates the queue's own tables.
func migrateQueue[T any](ctx context.Context, driver riverdriver.Driver[T]) error {
	migrator, err := rivermigrate.New(driver, nil)
	if err != nil {
		return err
	}
	_, err = migrator.Migrate(ctx, rivermigrate.DirectionUp, nil)
	return err
}
