package access

import (
	"context"
	"log/slog"
	"net/http"
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
// bounds. Whoever reads the log flushes it before; what is counted goes on being
// counted in the entry that was written then, so that reading does not make the
// log grow either.
//
// A process that is killed loses what it did not write: a second of what was
// done, a minute of the rest; Write loses nothing.
type AuditLog struct {
	store auditStore
	log   *slog.Logger
	now   func() time.Time

	// writing is held while entries are written, so that whoever waited for it
	// finds in the store what was noted before.
	writing sync.Mutex

	mu         sync.Mutex
	done, rare map[catalog.AuditEntry]*noted // guarded by mu; by entry without id, time and count
	addresses  map[string]int                // guarded by mu; different refusals of each network in this minute
	rareSince  time.Time                     // guarded by mu
}

// noted is what happened, when it did first, and how often.
type noted struct {
	entry catalog.AuditEntry // without id, time and count
	at    time.Time
	count int64
	// id and written are the entry of it in the store, and how often that says it
	// happened; 0 before there is one.
	id, written int64
}

// NewAuditLog returns a log that Run writes.
func NewAuditLog(store auditStore, now func() time.Time, log *slog.Logger) *AuditLog {
	return &AuditLog{
		store: store, log: log, now: now, rareSince: now(),
		done: make(map[catalog.AuditEntry]*noted), rare: make(map[catalog.AuditEntry]*noted), addresses: make(map[string]int),
	}
}

// Write writes an entry before it returns. A log that cannot be written is told
// to the program's log only: what was done is done.
func (l *AuditLog) Write(ctx context.Context, e catalog.AuditEntry) {
	e = withoutTokens(e)
	e.ID, e.At, e.Count = 0, l.now(), 1
	if err := l.store.RecordAudit(context.WithoutCancel(ctx), []catalog.AuditEntry{e}); err != nil {
		l.log.ErrorContext(ctx, "the audit log cannot be written", "action", e.Action, "actor", e.Actor, "error", err)
	}
}

// Record notes an entry, to be written soon. Its time is now. It never waits.
func (l *AuditLog) Record(e catalog.AuditEntry) {
	e = withoutTokens(e)
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

// Refused notes that a change was refused before it was found out which it is,
// as a page of another site may have asked for it. A nil log notes nothing.
func (l *AuditLog) Refused(r *http.Request, actor Actor, code string) {
	if l == nil {
		return
	}
	l.Record(catalog.AuditEntry{
		Actor: actor.Name, Via: actor.Via, Address: Address(r), Action: "change", Target: r.Method + " " + r.URL.Path,
		Result: catalog.AuditDenied, Detail: code,
	})
}

// withoutTokens masks what people sent.
func withoutTokens(e catalog.AuditEntry) catalog.AuditEntry {
	e.Target, e.Detail = MaskTokens(e.Target), MaskTokens(e.Detail)
	return e
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

func (l *AuditLog) count(m map[catalog.AuditEntry]*noted, e catalog.AuditEntry) {
	if m[e] == nil && len(m) >= maxEntries {
		e = catalog.AuditEntry{Action: "various", Result: e.Result, Detail: "too_many_to_tell_apart"}
	}
	if m[e] == nil {
		m[e] = &noted{entry: e, at: l.now()}
	}
	m[e].count++
}

// unwritten lists what the store does not know yet, in the order of time: of rare
// only if all is set.
func (l *AuditLog) unwritten(all bool) (notes []*noted, entries []catalog.AuditEntry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := func(m map[catalog.AuditEntry]*noted) {
		for _, n := range m {
			if n.count > n.written {
				notes = append(notes, n)
			}
		}
	}
	list(l.done)
	if all {
		list(l.rare)
	}
	slices.SortFunc(notes, func(a, b *noted) int { return a.at.Compare(b.at) })
	entries = make([]catalog.AuditEntry, len(notes))
	for i, n := range notes {
		entries[i] = n.entry
		entries[i].ID, entries[i].At, entries[i].Count = n.id, n.at, n.count
	}
	return notes, entries
}

// wrote notes what the store knows now.
func (l *AuditLog) wrote(notes []*noted, entries []catalog.AuditEntry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, n := range notes {
		n.id, n.written = entries[i].ID, entries[i].Count
	}
	settle(l.done, l.now())
}

// settle forgets what was written. What happened again meanwhile begins anew.
func settle(m map[catalog.AuditEntry]*noted, now time.Time) {
	for e, n := range m {
		if n.count == n.written {
			delete(m, e)
		} else if n.written > 0 {
			m[e] = &noted{entry: e, at: now, count: n.count - n.written}
		}
	}
}

// Flush writes everything that was noted before it was called.
func (l *AuditLog) Flush(ctx context.Context) error { return l.flush(ctx, true) }

func (l *AuditLog) flush(ctx context.Context, all bool) error {
	l.writing.Lock()
	defer l.writing.Unlock()
	notes, entries := l.unwritten(all)
	if len(entries) == 0 {
		return nil
	}
	if err := l.store.RecordAudit(ctx, entries); err != nil {
		return err // it stays noted
	}
	l.wrote(notes, entries)
	return nil
}

// tick writes what is due, and begins a new minute when one is over.
func (l *AuditLog) tick(ctx context.Context) error {
	l.mu.Lock()
	now := l.now()
	over := now.Sub(l.rareSince) >= auditRefused
	l.mu.Unlock()
	err := l.flush(ctx, over)
	if err != nil || !over {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	settle(l.rare, now)
	l.addresses, l.rareSince = make(map[string]int), now
	return nil
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
			l.report(last, l.Flush(last))
			return nil
		case <-ticker.C:
			l.report(ctx, l.tick(ctx))
		}
	}
}

// report tells the program's log that the audit log could not be written. What is
// noted is tried again, up to maxEntries.
func (l *AuditLog) report(ctx context.Context, err error) {
	if err != nil && ctx.Err() == nil {
		l.log.ErrorContext(ctx, "the audit log cannot be written", "error", err)
	}
}
