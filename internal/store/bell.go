package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"sync"

	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riversqlite"
)

// bell tells the queue of new jobs on SQLite, where the one process that works
// on a database is also the one that adds to it. River itself would write every
// message to a table and read that table twenty times a second, also when there
// is nothing to do.
type bell struct {
	mu     sync.Mutex
	queues []string // guarded by mu: those with jobs nobody was told of, each once
	rung   chan struct{}
}

func newBell() *bell { return &bell{rung: make(chan struct{}, 1)} }

// ring tells of jobs that were committed to the queues.
func (b *bell) ring(queues []string) {
	if len(queues) == 0 {
		return
	}
	b.mu.Lock()
	for _, q := range queues {
		if !slices.Contains(b.queues, q) {
			b.queues = append(b.queues, q)
		}
	}
	b.mu.Unlock()
	select {
	case b.rung <- struct{}{}:
	default:
	}
}

// take returns a queue with new jobs.
func (b *bell) take() (queue string, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.queues) == 0 {
		return "", false
	}
	queue, b.queues = b.queues[0], b.queues[1:]
	return queue, true
}

// insertTopic is the topic River's producers listen to for new jobs.
const insertTopic = "river_insert"

// WaitForNotification implements riverdriver.Listener, as the methods after it
// do. There is one who waits.
func (b *bell) WaitForNotification(ctx context.Context) (*riverdriver.Notification, error) {
	for {
		if queue, ok := b.take(); ok {
			return &riverdriver.Notification{Topic: insertTopic, Payload: fmt.Sprintf(`{"queue":%q}`, queue)}, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-b.rung:
		}
	}
}

func (b *bell) Connect(context.Context) error          { return nil }
func (b *bell) Close(context.Context) error            { return nil }
func (b *bell) Listen(context.Context, string) error   { return nil }
func (b *bell) Unlisten(context.Context, string) error { return nil }
func (b *bell) Ping(context.Context) error             { return nil }
func (b *bell) Schema() string                         { return "" }
func (b *bell) SetAfterConnectExec(string)             {}

// sqliteQueue is River's driver with the bell in place of its table of
// messages.
type sqliteQueue struct {
	*riversqlite.Driver
	bell *bell
}

func newSQLiteQueue(db *sql.DB, b *bell) sqliteQueue { return sqliteQueue{riversqlite.New(db), b} }

// GetListener implements riverdriver.Driver.
func (q sqliteQueue) GetListener(*riverdriver.GetListenenerParams) riverdriver.Listener {
	return q.bell
}

// SupportsListenNotify implements riverdriver.Driver: nothing is written.
func (q sqliteQueue) SupportsListenNotify() bool { return false }
