package access

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pratique/pratique/internal/catalog"
)

// auditRecords keeps what is written to an audit log.
type auditRecords struct {
	mu      sync.Mutex
	entries []catalog.AuditEntry // guarded by mu
}

func (r *auditRecords) RecordAudit(_ context.Context, entries []catalog.AuditEntry) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.entries = append(r.entries, entries...)
	return nil
}

func (r *auditRecords) take() []catalog.AuditEntry {
	r.mu.Lock()
	defer r.mu.Unlock()
	entries := r.entries
	r.entries = nil
	return entries
}

func newTestLog(t testing.TB) (*AuditLog, *auditRecords, *clock) {
	records, c := &auditRecords{}, &clock{at: time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)}
	return NewAuditLog(records, c.now, slog.New(slog.NewTextHandler(t.Output(), nil))), records, c
}

func TestAuditLog(t *testing.T) {
	l, records, c := newTestLog(t)
	push := catalog.AuditEntry{Actor: "ann", Action: "registry.push", Target: "team/app:1", Result: catalog.AuditDone}
	pull := catalog.AuditEntry{Actor: "ann", Action: PullAction, Target: "team/app:1", Result: catalog.AuditDone}
	denied := catalog.AuditEntry{Address: "10.0.0.1", Action: "login", Result: catalog.AuditDenied}
	l.Record(push)
	for range 1000 {
		l.Record(pull)
		l.Record(denied)
	}
	l.Flush(t.Context(), false)
	if got := records.take(); len(got) != 1 || got[0].Action != "registry.push" || !got[0].At.Equal(c.now()) {
		t.Errorf("at once: %+v", got)
	}
	c.advance(time.Minute)
	l.Flush(t.Context(), false)
	got := records.take()
	if len(got) != 2 || got[0].Count != 1000 || got[1].Count != 1000 {
		t.Errorf("after a minute: %+v", got)
	}
	l.Record(denied)
	l.Flush(t.Context(), true)
	if got := records.take(); len(got) != 1 || got[0].Count != 1 {
		t.Errorf("in the end: %+v", got)
	}
	l.Write(t.Context(), push)
	if got := records.take(); len(got) != 1 || got[0].Count != 1 {
		t.Errorf("written: %+v", got)
	}
}

// TestAuditUnderAttack: however many different things are tried from however many
// addresses, the log grows by a bounded number of entries a minute.
func TestAuditUnderAttack(t *testing.T) {
	l, records, c := newTestLog(t)
	count := func() (n int, total int64) {
		c.advance(time.Minute)
		l.Flush(t.Context(), false)
		for _, e := range records.take() {
			n++
			total += e.Count
		}
		return n, total
	}
	for i := range 10_000 {
		l.Record(catalog.AuditEntry{Address: "10.0.0.1", Action: "registry.pull", Target: fmt.Sprint("team/app:", i), Result: catalog.AuditDenied})
	}
	if n, total := count(); n != maxPerAddress+1 || total != 10_000 {
		t.Errorf("one address: %d entries for %d attempts", n, total)
	}
	for i := range 10_000 {
		l.Record(catalog.AuditEntry{Address: fmt.Sprintf("2001:db8::%x", i), Action: "login", Result: catalog.AuditDenied})
	}
	if n, total := count(); n != maxPerAddress+1 || total != 10_000 {
		t.Errorf("one network: %d entries for %d attempts", n, total)
	}
	for i := range 20_000 {
		l.Record(catalog.AuditEntry{Address: fmt.Sprintf("10.%d.%d.1", i/256, i%256), Action: "login", Result: catalog.AuditDenied})
	}
	if n, total := count(); n > maxEntries+1 || total != 20_000 {
		t.Errorf("many addresses: %d entries for %d attempts", n, total)
	}
}

// TestAuditedLogins: logins are recorded with the names of accounts only.
func TestAuditedLogins(t *testing.T) {
	s, _ := withAnn(t)
	l, records, _ := newTestLog(t)
	s.auth.Log = l
	s.signIn(annsPassword)
	for _, c := range [][2]string{{"ann", "wrong wrong wrong"}, {"hunter2hunter2", "x"}, {"ann", "prq_" + strings.Repeat("0", 12) + "_" + strings.Repeat("0", 40)}} {
		if _, err := s.auth.Authenticate(request(basic(c[0], c[1]))); err == nil {
			t.Fatalf("%v", c)
		}
	}
	l.Flush(t.Context(), true)
	var got []string
	for _, e := range records.take() {
		got = append(got, fmt.Sprintf("%s %s %s %s %d", e.Actor, e.Action, e.Result, e.Detail, e.Count))
		if text := fmt.Sprintf("%+v", e); strings.Contains(text, "hunter2") || strings.Contains(text, "wrong wrong") || strings.Contains(text, "prq_") {
			t.Errorf("a secret in %s", text)
		}
	}
	want := map[string]bool{"ann login done  1": true, "ann login denied credentials_wrong 1": true, " login denied credentials_wrong 1": true, " login denied credential_wrong 1": true}
	if len(got) != len(want) {
		t.Errorf("entries: %q", got)
	}
	for _, e := range got {
		if !want[e] {
			t.Errorf("entry %q", e)
		}
	}
}
