package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/riverqueue/river"

	"github.com/pratique/pratique/internal/catalog"
)

// session is an open transaction of either database.
type session interface {
	querier
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	// enqueue inserts jobs that exist if and only if the transaction commits.
	enqueue(ctx context.Context, jobs []river.InsertManyParams) error
	commit(ctx context.Context) error
	// rollback undoes a transaction that was not committed. It does its best:
	// a connection it cannot reset is not used again.
	rollback()
}

// writer begins transactions.
type writer struct {
	begin func(ctx context.Context) (session, error)
}

// tx is a transaction with the moment it happens at.
type tx struct {
	session
	dialect *dialect
	now     time.Time
	// signal, when set, tells the promoter after the commit.
	signal bool
	// ended are the scans it ends, which Handlers.Ended is told after the
	// commit.
	ended []catalog.Scan
	// queues have new jobs, which the workers are told after the commit.
	queues []string
	// happened tells who follows events after the commit.
	happened bool
}

func (t *tx) exec(ctx context.Context, query string, args ...any) (affected int64, err error) {
	res, err := t.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// insert adds rows in as few statements as the databases' limits on parameters
// allow. head ends before VALUES; tail follows the rows.
func (t *tx) insert(ctx context.Context, head string, rows [][]any, tail string) error {
	const most = 500 // parameters: SQLite looks each up among all those before it
	for len(rows) > 0 {
		n := min(len(rows), max(1, most/len(rows[0])))
		var text strings.Builder
		args := make([]any, 0, n*len(rows[0]))
		for i, row := range rows[:n] {
			if i > 0 {
				text.WriteByte(',')
			}
			text.WriteString("(" + places(len(args)+1, len(row)) + ")")
			args = append(args, row...)
		}
		if _, err := t.ExecContext(ctx, head+" VALUES "+text.String()+" "+tail, args...); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// places returns n placeholders, the first of them $first: "$3,$4,$5".
func places(first, n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "$%d", first+i)
	}
	return b.String()
}

// update runs f in a transaction and commits it if f returns nil. f may run
// more than once, so it must do nothing that a rollback does not undo.
func (s *Store) update(ctx context.Context, w *writer, what string, f func(tx *tx) error) error {
	const attempts = 8
	for attempt := 1; ; attempt++ {
		t, err := s.attempt(ctx, w, f)
		if err == nil {
			s.tell(t)
			return nil
		}
		if attempt == attempts || !s.dialect.again(err) {
			return s.fail(what, err)
		}
		// Two transactions met; a short random wait lets one of them pass.
		select {
		case <-ctx.Done():
			return s.fail(what, ctx.Err())
		case <-time.After(time.Duration(rand.Int64N(int64(attempt) * int64(5*time.Millisecond)))):
		}
	}
}

// tell passes on what a transaction that was committed has changed.
func (s *Store) tell(t *tx) {
	if t.signal {
		s.notify()
	}
	s.ring(t.queues)
	if t.happened {
		s.events.tell()
	}
	if f := s.ended.Load(); f != nil {
		for _, scan := range t.ended {
			(*f)(scan)
		}
	}
}

func (s *Store) attempt(ctx context.Context, w *writer, f func(tx *tx) error) (*tx, error) {
	session, err := w.begin(ctx)
	if err != nil {
		return nil, err
	}
	t := &tx{session: session, dialect: s.dialect, now: s.now()}
	committed := false
	defer func() {
		if !committed {
			session.rollback()
		}
	}()
	if err := f(t); err != nil {
		return nil, err
	}
	if err := session.commit(ctx); err != nil {
		return nil, err
	}
	committed = true
	return t, nil
}

// reader is the pool that reads for clients.
type reader struct {
	db *sql.DB
	// prepare keeps statements prepared, for a driver that does not do so
	// itself.
	prepare bool

	mu    sync.RWMutex
	stmts map[string]*sql.Stmt // guarded by mu
}

func newReader(db *sql.DB, prepare bool) *reader {
	return &reader{db: db, prepare: prepare, stmts: map[string]*sql.Stmt{}}
}

// maxPrepared bounds the statements kept; queries with lists of different
// lengths are different statements.
const maxPrepared = 64

func (r *reader) stmt(ctx context.Context, query string) (*sql.Stmt, error) {
	if !r.prepare {
		return nil, nil
	}
	r.mu.RLock()
	stmt, full := r.stmts[query], len(r.stmts) >= maxPrepared
	r.mu.RUnlock()
	if stmt != nil || full {
		return stmt, nil
	}
	stmt, err := r.db.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if first := r.stmts[query]; first != nil {
		return first, stmt.Close()
	}
	r.stmts[query] = stmt
	return stmt, nil
}

// QueryContext implements querier.
func (r *reader) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	stmt, err := r.stmt(ctx, query)
	if err != nil {
		return nil, err
	}
	if stmt == nil {
		return r.db.QueryContext(ctx, query, args...)
	}
	return stmt.QueryContext(ctx, args...)
}

// QueryRowContext implements querier.
func (r *reader) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if stmt, err := r.stmt(ctx, query); err == nil && stmt != nil {
		return stmt.QueryRowContext(ctx, args...)
	}
	return r.db.QueryRowContext(ctx, query, args...)
}

func (r *reader) close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var errs []error
	for _, stmt := range r.stmts {
		errs = append(errs, stmt.Close())
	}
	clear(r.stmts)
	return errors.Join(append(errs, r.db.Close())...)
}
