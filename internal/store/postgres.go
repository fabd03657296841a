package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"github.com/pratique/pratique/internal/catalog"
)

// Connections per process. Pulls, pushes and scans do not compete for them.
const (
	readConns  = 16
	frontConns = 8
	backConns  = 12
)

// migrationLock is the advisory lock under which a process updates the tables.
const migrationLock = 0x7072_6174_6971_7565 // "pratique"

func (s *Store) openPostgres(ctx context.Context, dsn string) error {
	s.dialect = postgresDialect()
	read, _, err := s.postgresPool(ctx, dsn, readConns)
	if err != nil {
		return err
	}
	s.reads = newReader(read, false)
	front, _, err := s.postgresPool(ctx, dsn, frontConns)
	if err != nil {
		return err
	}
	back, pool, err := s.postgresPool(ctx, dsn, backConns)
	if err != nil {
		return err
	}
	s.background = newReader(back, false)
	if err := s.migratePostgres(ctx, back, pool); err != nil {
		return err
	}
	// The client that inserts has no pool: it only ever uses our transactions.
	// It tells of jobs at most once in each cooldown; those it is silent about
	// wait for the next poll.
	insert, err := river.NewClient(riverpgxv5.New(nil), &river.Config{Logger: queueLogger(s.log), FetchCooldown: river.FetchCooldownMin})
	if err != nil {
		return fmt.Errorf("set up the queue: %w", err)
	}
	s.front = &writer{begin: func(ctx context.Context) (session, error) { return beginPostgres(ctx, front, insert) }}
	s.back = &writer{begin: func(ctx context.Context) (session, error) { return beginPostgres(ctx, back, insert) }}
	s.newWorker = func(cfg *river.Config) (queueClient, error) { return river.NewClient(riverpgxv5.New(pool), cfg) }
	return nil
}

// postgresPool opens connections that are closed with the Store.
func (s *Store) postgresPool(ctx context.Context, dsn string, conns int32) (*sql.DB, *pgxpool.Pool, error) {
	cfg, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		// The driver's text may hold the password.
		return nil, nil, catalog.Errorf(catalog.Invalid, "dsn_invalid", "the database address cannot be read").
			Advise("use postgres://USER:PASSWORD@HOST/DATABASE and escape special characters of the password")
	}
	cfg.MaxConns = conns
	cfg.ConnConfig.RuntimeParams["application_name"] = "pratique"
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, nil, s.fail("open the database", err)
	}
	s.closeLater(func() error { pool.Close(); return nil })
	db := stdlib.OpenDBFromPool(pool)
	db.SetMaxOpenConns(int(conns))
	s.closeLater(db.Close)
	return db, pool, nil
}

// migratePostgres updates all tables while no other process does.
func (s *Store) migratePostgres(ctx context.Context, db *sql.DB, pool *pgxpool.Pool) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return s.fail("open the database", err)
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, `SELECT pg_advisory_lock($1)`, int64(migrationLock)); err != nil {
		return s.fail("wait for other processes to update the tables", err)
	}
	defer func() {
		// If this fails the connection is broken, and the lock gone with it.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_, _ = conn.ExecContext(ctx, `SELECT pg_advisory_unlock($1)`, int64(migrationLock))
	}()
	if err := s.migrate(ctx, db, goose.DialectPostgres); err != nil {
		return err
	}
	if err := migrateQueue(ctx, riverpgxv5.New(pool)); err != nil {
		return s.fail("create the queue's tables", err)
	}
	return nil
}

// postgresSession is a transaction that database/sql and the queue share: it
// was begun on the pgx connection underneath a *sql.Conn.
type postgresSession struct {
	*sql.Conn
	tx    pgx.Tx
	queue *river.Client[pgx.Tx]
}

func beginPostgres(ctx context.Context, db *sql.DB, queue *river.Client[pgx.Tx]) (session, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	t := &postgresSession{Conn: conn, queue: queue}
	err = conn.Raw(func(driver any) error {
		pg, ok := driver.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("the driver's connection is a %T", driver)
		}
		t.tx, err = pg.Conn().Begin(ctx)
		return err
	})
	if err != nil {
		conn.Close()
		return nil, err
	}
	return t, nil
}

func (t *postgresSession) enqueue(ctx context.Context, jobs []river.InsertManyParams) error {
	return t.Raw(func(any) error {
		_, err := t.queue.InsertManyTx(ctx, t.tx, jobs)
		return err
	})
}

func (t *postgresSession) commit(ctx context.Context) error {
	if err := t.Raw(func(any) error { return t.tx.Commit(ctx) }); err != nil {
		return err
	}
	_ = t.Close() // the transaction is committed whatever happens to the connection
	return nil
}

func (t *postgresSession) rollback() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	// A connection that cannot roll back is dropped by the pool.
	_ = t.Raw(func(any) error { return t.tx.Rollback(ctx) })
	_ = t.Close()
}
