package access

import (
	"context"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/pratique/pratique/internal/catalog"
)

const (
	// auditEvery is how often what was done is written, auditRefused how often
	// what was refused is, and what happens as often as pulls.
	auditEvery   = time.Second
	auditRefused = time.Minute
	// maxPerAddress bounds how many different refusals of one address are told
	// apart within auditRefused, maxEntries how many entries wait in all. What is
	// beyond is counted together.
	maxPerAddress = 20
	maxEntries    = 4096
)

// auditStore is where the audit log is kept.
type auditStore interface {
	RecordAudit(ctx context.Context, entries []catalog.AuditEntry) error
}

// AuditLog writes the audit log in the background. The same thing that is
// refused again within a minute is one entry with a count, and so are pulls, so
// that neither an attack nor a busy registry can make the log grow without
// bounds. A process that is killed loses what it did not write: a second of what
// was done, a minute of the rest; Write loses nothing.
type AuditLog struct {
	store auditStore
	log   *slog.Logger
	now   func() time.Time

	mu         sync.Mutex
	done, rare map[catalog.AuditEntry]counted // guarded by mu; by entry without time and count
	addresses  map[string]int                 // guarded by mu; entries of each address in rare
	rareSince  time.Time                      // guarded by mu
}

// counted is when something happened first, and how often.
type counted struct {
	at    time.Time
	count int64
}

// NewAuditLog returns a log that Run writes.
func NewAuditLog(store auditStore, now func() time.Time, log *slog.Logger) *AuditLog {
	l := &AuditLog{store: store, log: log, now: now}
	l.take(true)
	return l
}

// Write writes an entry before it returns. A log that cannot be written is told
// to the program's log only: what was done is done.
func (l *AuditLog) Write(ctx context.Context, e catalog.AuditEntry) {
	e.At, e.Count = l.now(), 1
	if err := l.store.RecordAudit(context.WithoutCancel(ctx), []catalog.AuditEntry{e}); err != nil {
		l.log.ErrorContext(ctx, "the audit log cannot be written", "action", e.Action, "actor", e.Actor, "error", err)
	}
}

// Record notes an entry, to be written soon. Its time is now. It never waits.
func (l *AuditLog) Record(e catalog.AuditEntry) {
	e.ID, e.At, e.Count = 0, time.Time{}, 0
	l.mu.Lock()
	defer l.mu.Unlock()
	if e.Result == catalog.AuditDone && e.Action != PullAction {
		l.count(l.done, e)
		return
	}
	if _, known := l.rare[e]; !known && e.Result != catalog.AuditDone {
		if from := networkOf(e.Address); l.addresses[from] >= maxPerAddress {
			e = catalog.AuditEntry{InstanceID: e.InstanceID, Address: from, Action: "various", Result: e.Result, Detail: "too_many_to_tell_apart"}
		} else if len(l.addresses) < maxEntries {
			l.addresses[from]++
		}
	}
	l.count(l.rare, e)
}

// networkOf is what the different refusals of an address count by.
func networkOf(address string) string {
	addr, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	return network(addr)
}

// PullAction is what a pull is called in the log.
const PullAction = "registry.pull"

func (l *AuditLog) count(m map[catalog.AuditEntry]counted, e catalog.AuditEntry) {
	c, known := m[e]
	if !known && len(m) >= maxEntries {
		e = catalog.AuditEntry{Action: "various", Result: e.Result, Detail: "too_many_to_tell_apart"}
		c = m[e]
	}
	if c.count == 0 {
		c.at = l.now()
	}
	c.count++
	m[e] = c
}

// take returns what is to be written and begins anew.
func (l *AuditLog) take(all bool) []catalog.AuditEntry {
	l.mu.Lock()
	defer l.mu.Unlock()
	entries := list(l.done)
	l.done = make(map[catalog.AuditEntry]counted)
	if now := l.now(); all || now.Sub(l.rareSince) >= auditRefused {
		entries = append(entries, list(l.rare)...)
		l.rare, l.addresses, l.rareSince = make(map[catalog.AuditEntry]counted), make(map[string]int), now
	}
	return entries
}

func list(m map[catalog.AuditEntry]counted) []catalog.AuditEntry {
	entries := make([]catalog.AuditEntry, 0, len(m))
	for e, c := range m {
		e.At, e.Count = c.at, c.count
		entries = append(entries, e)
	}
	slices.SortFunc(entries, func(a, b catalog.AuditEntry) int { return a.At.Compare(b.At) })
	return entries
}

// Flush writes what was noted; all of it, or what is due.
func (l *AuditLog) Flush(ctx context.Context, all bool) {
	entries := l.take(all)
	if len(entries) == 0 {
		return
	}
	if err := l.store.RecordAudit(ctx, entries); err != nil && ctx.Err() == nil {
		l.log.ErrorContext(ctx, "the audit log cannot be written", "entries", len(entries), "error", err)
	}
}

// Run writes what is recorded until ctx is done, and then the rest.
func (l *AuditLog) Run(ctx context.Context) error {
	ticker := time.NewTicker(auditEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			l.Flush(last, true)
			return nil
		case <-ticker.C:
			l.Flush(ctx, false)
		}
	}
}
