package store

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/riverqueue/river"

	"github.com/pratique/pratique/internal/catalog"
)

// Config says which database to open.
type Config struct {
	// DSN is "sqlite:PATH" or "postgres://…". The SQLite file and its directory
	// are made if they are missing, readable by their owner only.
	DSN string
	// Logger receives what the queue has to say, at debug level; nil for
	// nothing.
	Logger *slog.Logger
	// Now is the clock; nil for time.Now. The queue inside has its own clock.
	Now func() time.Time
}

// Store is an open database. Its methods may be called from any goroutine.
type Store struct {
	dialect *dialect
	log     *slog.Logger
	now     func() time.Time
	docs    *codec
	// exposures keeps what was read last.
	exposures *exposures

	// reads serves everything that only reads for a client, background what
	// scans read; front is for writing on behalf of clients, back for scans and
	// the queue. On SQLite front and back are the one connection that writes.
	reads       *reader
	background  *reader
	front, back *writer
	// newWorker makes the queue's client that works on jobs.
	newWorker func(*river.Config) (queueClient, error)
	// ring tells the workers of queues with new jobs, where the database does
	// not.
	ring    func(queues []string)
	closers []func() error

	signal chan struct{}
	timing timing
	// ended is told of scans that ended, once there are workers.
	ended atomic.Pointer[func(catalog.Scan)]

	// mu guards stop, which ends the workers if there are any.
	mu   sync.Mutex
	stop func(context.Context) error
	// events wakes those who follow events.
	events broadcast
}

// Open opens the database, creates or updates its tables, and returns a Store,
// which the caller closes. Several processes may open the same database at the
// same time.
//
// Errors: Invalid "dsn_invalid"; Unavailable "database_error"; Conflict
// "database_newer" if a newer version of the program has written it.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	s := &Store{
		log:       cfg.Logger,
		now:       cfg.Now,
		signal:    make(chan struct{}, 1),
		timing:    defaultTiming(),
		ring:      func([]string) {},
		exposures: newExposures(),
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.now == nil {
		s.now = time.Now
	}
	var err error
	if s.docs, err = newCodec(); err != nil {
		return nil, err
	}
	switch path, isFile := strings.CutPrefix(cfg.DSN, "sqlite:"); {
	case isFile:
		err = s.openSQLite(ctx, path)
	case strings.HasPrefix(cfg.DSN, "postgres://"), strings.HasPrefix(cfg.DSN, "postgresql://"):
		err = s.openPostgres(ctx, cfg.DSN)
	default:
		err = catalog.Errorf(catalog.Invalid, "dsn_invalid", "the database address begins with neither sqlite: nor postgres://").
			Advise("use sqlite:PATH or postgres://USER:PASSWORD@HOST/DATABASE")
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Close stops the workers without waiting for their jobs, which run again after
// the next start, and closes the database. It may be called more than once.
func (s *Store) Close() error {
	s.mu.Lock()
	stop, closers := s.stop, s.closers
	s.stop, s.closers = nil, nil
	s.mu.Unlock()

	var errs []error
	if stop != nil {
		now, cancel := context.WithCancel(context.Background())
		cancel()
		errs = append(errs, stop(now))
	}
	for i := len(closers) - 1; i >= 0; i-- {
		errs = append(errs, closers[i]())
	}
	return errors.Join(errs...)
}

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	var one int
	return s.fail("ping the database", s.reads.db.QueryRowContext(ctx, `SELECT 1`).Scan(&one))
}

// Signal returns a channel that receives, coalesced, when a scan became pending
// or ended in this process, so that promotion need not poll fast.
func (s *Store) Signal() <-chan struct{} { return s.signal }

func (s *Store) notify() {
	select {
	case s.signal <- struct{}{}:
	default:
	}
}

// closeLater registers what Close undoes, last first.
func (s *Store) closeLater(f func() error) { s.closers = append(s.closers, f) }

// millis is how times are stored: milliseconds since 1970, zero for no time.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// querier runs statements: the pool of readers or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// scanner is what *sql.Row and *sql.Rows have in common.
type scanner interface{ Scan(dest ...any) error }

// all collects the rows of a query.
func all[T any](ctx context.Context, q querier, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := []T{}
	for rows.Next() {
		row, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, row)
	}
	return out, rows.Err()
}

// one reads a single row; missing is the error if there is none.
func one[T any](ctx context.Context, q querier, missing error, scan func(scanner) (T, error), query string, args ...any) (T, error) {
	row, err := scan(q.QueryRowContext(ctx, query, args...))
	if errors.Is(err, sql.ErrNoRows) {
		err = missing
	}
	return row, err
}

// scalar scans a row of one column.
func scalar[T any](s scanner) (v T, err error) {
	err = s.Scan(&v)
	return v, err
}
