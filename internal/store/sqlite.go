package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"

	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river"

	"github.com/pratique/pratique/internal/catalog"
)

// openSQLite opens a file with one connection that writes and several that
// read. Writing transactions take SQLite's lock when they begin, so they never
// fail half-way for another's sake.
func (s *Store) openSQLite(ctx context.Context, path string) error {
	s.dialect = sqliteDialect()
	if path == "" || path == ":memory:" {
		return catalog.Errorf(catalog.Invalid, "dsn_invalid", "sqlite:%s names no file", path).Advise("use sqlite:PATH")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return s.fail("open the database", err)
	}
	if err := createPrivate(path); err != nil {
		return &catalog.Error{
			Kind: catalog.Unavailable, Code: string(catalog.CauseDatabase),
			Message: fmt.Sprintf("the database file %s cannot be made", path),
			Advice:  "check that the directory exists and may be written to",
			Err:     err,
		}
	}
	write, err := sql.Open("sqlite", sqliteDSN(path, "_txlock=immediate"))
	if err != nil {
		return s.fail("open the database", err)
	}
	write.SetMaxOpenConns(1)
	s.closeLater(write.Close)

	if s.reads, err = s.sqliteReader(path, max(4, 2*runtime.GOMAXPROCS(0))); err != nil {
		return err
	}
	if s.background, err = s.sqliteReader(path, 2); err != nil {
		return err
	}

	if err := s.migrate(ctx, write, goose.DialectSQLite3); err != nil {
		return err
	}
	bell := newBell()
	driver := newSQLiteQueue(write, bell)
	if err := migrateQueue(ctx, driver); err != nil {
		return s.fail("create the queue's tables", err)
	}
	insert, err := river.NewClient(driver, &river.Config{Logger: queueLogger(s.log)})
	if err != nil {
		return fmt.Errorf("set up the queue: %w", err)
	}
	s.front = &writer{begin: func(ctx context.Context) (session, error) {
		t, err := write.BeginTx(ctx, nil)
		if err != nil {
			return nil, err
		}
		return sqliteSession{t, insert}, nil
	}}
	s.back = s.front
	s.ring = bell.ring
	s.newWorker = func(cfg *river.Config) (queueClient, error) { return river.NewClient(driver, cfg) }
	return nil
}

func (s *Store) sqliteReader(path string, conns int) (*reader, error) {
	db, err := sql.Open("sqlite", sqliteDSN(path, "_query_only=1"))
	if err != nil {
		return nil, s.fail("open the database", err)
	}
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	r := newReader(db, true)
	s.closeLater(r.close)
	return r, nil
}

// sqliteDSN is the address of a file for the driver. FULL syncs the log at
// every commit: what was acknowledged survives the loss of power.
func sqliteDSN(path, more string) string {
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(path)}
	return u.String() + "?_busy_timeout=10000&_journal_mode=WAL&_synchronous=FULL&_foreign_keys=1&_dqs=0&_defensive=1&" + more
}

// createPrivate makes the file, so that it and the files SQLite puts beside it,
// which inherit its mode, are for their owner alone: they hold password hashes
// and keys.
func createPrivate(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

type sqliteSession struct {
	*sql.Tx
	queue *river.Client[*sql.Tx]
}

func (t sqliteSession) enqueue(ctx context.Context, jobs []river.InsertManyParams) error {
	_, err := t.queue.InsertManyTx(ctx, t.Tx, jobs)
	return err
}

func (t sqliteSession) commit(context.Context) error { return t.Commit() }

func (t sqliteSession) rollback() {
	if err := t.Rollback(); err != nil && !errors.Is(err, sql.ErrTxDone) {
		return // database/sql has dropped the connection
	}
}
