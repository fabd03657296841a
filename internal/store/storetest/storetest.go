// Package storetest opens throw-away databases for tests, and holds the suite
// that every database behind package store must pass.
//
// PostgreSQL is started once per test process from the programs of the machine
// (initdb and postgres), on a Unix socket in a temporary directory, and ends
// with the process, however that ends. It does not sync to disk, so it says
// nothing about durability or the speed of commits. Where there is no
// PostgreSQL, tests that want it are skipped, unless the environment variable
// PRATIQUE_REQUIRE_ALL is 1: then they fail.
package storetest

import (
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/pratique/pratique/internal/store"
)

// Option changes the configuration a test's store is opened with.
type Option func(*store.Config)

// SQLite opens an empty SQLite database that lives as long as the test.
func SQLite(t testing.TB, opts ...Option) *store.Store {
	t.Helper()
	return open(t, SQLiteDSN(t), opts)
}

// PostgreSQL opens an empty PostgreSQL database that lives as long as the test,
// or skips the test.
func PostgreSQL(t testing.TB, opts ...Option) *store.Store {
	t.Helper()
	return open(t, PostgreSQLDSN(t), opts)
}

// SQLiteDSN returns the address of a SQLite database that does not exist yet.
func SQLiteDSN(t testing.TB) string {
	t.Helper()
	return "sqlite:" + filepath.Join(t.TempDir(), "test.db")
}

// Each runs f as a subtest on every database. The first call of open makes an
// empty database; further calls open the same one again.
func Each(t *testing.T, f func(t *testing.T, open func() *store.Store), opts ...Option) {
	t.Helper()
	for _, db := range []struct {
		name string
		dsn  func(testing.TB) string
	}{{"sqlite", SQLiteDSN}, {"postgres", PostgreSQLDSN}} {
		t.Run(db.name, func(t *testing.T) {
			dsn := db.dsn(t)
			f(t, func() *store.Store {
				t.Helper()
				return open(t, dsn, opts)
			})
		})
	}
}

func open(t testing.TB, dsn string, opts []Option) *store.Store {
	t.Helper()
	cfg := store.Config{DSN: dsn, Logger: slog.New(slog.DiscardHandler)}
	if testing.Verbose() {
		cfg.Logger = slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelInfo}))
	}
	for _, opt := range opts {
		opt(&cfg)
	}
	s, err := store.Open(t.Context(), cfg)
	if err != nil {
		t.Fatalf("open the store: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close the store: %v", err)
		}
	})
	return s
}
