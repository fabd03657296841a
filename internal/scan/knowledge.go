package scan

import (
	"errors"
	"log/slog"
	"sync"

	"github.com/pratique/pratique/internal/advisory"
)

// Knowledge holds the advisory database in force and changes to a newer one
// when somebody has put it in place, while readers go on with the old one.
type Knowledge struct {
	dir string
	log *slog.Logger

	// mu is held for reading while the database is in use, and for writing
	// while it is exchanged.
	mu     sync.RWMutex
	db     *advisory.DB
	closed bool
	// before is the database that was in force when Forget was called last, if
	// another one is now: what has changed since is told by the two.
	before *advisory.DB
}

// NewKnowledge uses the database in dir, which need not be there yet. It is
// opened at first use.
func NewKnowledge(dir string, log *slog.Logger) *Knowledge {
	return &Knowledge{dir: dir, log: log}
}

// Use calls f with the database in force, which is valid until f returns. If
// there is none, the error is advisory.ErrNone.
func (k *Knowledge) Use(f func(*advisory.DB) error) error {
	if err := k.refresh(); err != nil {
		return err
	}
	k.mu.RLock()
	defer k.mu.RUnlock()
	if k.db == nil {
		return errClosed
	}
	return f(k.db)
}

// Since calls f with the database in force and the one of a revision, which is
// nil if that is not open any more. Both are valid until f returns.
func (k *Knowledge) Since(revision string, f func(before, now *advisory.DB) error) error {
	return k.Use(func(now *advisory.DB) error {
		before := k.before
		if before != nil && before.Revision() != revision {
			before = nil
		}
		return f(before, now)
	})
}

// Forget releases what is kept for Since: all is judged by the database in force,
// or will be.
func (k *Knowledge) Forget() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.before == nil {
		return nil
	}
	err := k.before.Close()
	k.before = nil
	return err
}

// errClosed is what a scan meets that goes on after the end of the program
// began; it runs again after the next start.
var errClosed = errors.New("the advisory database was closed")

// Revision names the database in force. If there is none, the error is
// advisory.ErrNone.
func (k *Knowledge) Revision() (revision string, err error) {
	err = k.Use(func(db *advisory.DB) error {
		revision = db.Revision()
		return nil
	})
	return revision, err
}

// Ready reports whether there is a database to judge by.
func (k *Knowledge) Ready() bool { return k.refresh() == nil }

// Close releases the database, once nobody uses it. It cannot be used again.
func (k *Knowledge) Close() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.closed = true
	var errs []error
	for _, db := range []*advisory.DB{k.db, k.before} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	k.db, k.before = nil, nil
	return errors.Join(errs...)
}

// refresh opens the database if it is not open or not the newest. When the
// newest cannot be opened, an open older one stays in use.
func (k *Knowledge) refresh() error {
	k.mu.RLock()
	current := k.db != nil && !advisory.Stale(k.dir, k.db)
	k.mu.RUnlock()
	if current {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed {
		return errClosed
	}
	if k.db != nil && !advisory.Stale(k.dir, k.db) {
		return nil
	}
	db, err := advisory.Open(k.dir)
	if err != nil {
		if k.db != nil {
			k.log.Error("keeping the advisory database that is open", "error", err)
			return nil
		}
		return err
	}
	old := k.db
	k.db = db
	k.log.Info("advisory database in force", "revision", db.Revision())
	if old != nil && k.before == nil {
		k.before = old
		return nil
	}
	if old != nil {
		return old.Close()
	}
	return nil
}
