package store

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// Hasten makes the workers' upkeep of a store quick, so that tests need not
// wait for it.
func Hasten(s *Store) {
	s.timing = timing{
		heartbeat: 50 * time.Millisecond, stale: time.Second, repair: 50 * time.Millisecond,
		watch: 20 * time.Millisecond, prune: time.Hour, keep: time.Hour,
	}
}

// Rows counts the rows of a table.
func Rows(ctx context.Context, s *Store, table string) (n int, err error) {
	return one(ctx, s.background, nil, scalar[int], `SELECT count(*) FROM `+table)
}

// Jobs lists "kind state" of all jobs, oldest first.
func Jobs(ctx context.Context, s *Store) ([]string, error) {
	return all(ctx, s.background, scalar[string], `SELECT kind || ' ' || CAST(state AS TEXT) FROM river_job ORDER BY id`)
}

// Exec runs a statement behind the store's back.
func Exec(ctx context.Context, s *Store, statement string) error {
	return s.update(ctx, s.back, "test", func(tx *tx) error {
		_, err := tx.exec(ctx, statement)
		return err
	})
}

// HoldWriter keeps all writers of a SQLite database waiting until release.
func HoldWriter(ctx context.Context, s *Store) (release func(), err error) {
	t, err := s.front.begin(ctx)
	if err != nil {
		return nil, err
	}
	return t.rollback, nil
}

// Restart is what the workers' upkeep does for scans without jobs.
func Restart(ctx context.Context, s *Store) error { return s.restartScans(ctx) }

// Fail and ErrConnDone check the classification of errors.
func Fail(s *Store, err error) error { return s.fail("test", err) }

var ErrConnDone = errors.Join(sql.ErrConnDone)

const ScanAttempts = scanAttempts

// IsSQLite tells the databases apart.
func IsSQLite(s *Store) bool { return s.dialect.name == "sqlite" }
