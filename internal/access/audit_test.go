package access

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pratique/pratique/internal/catalog"
)

// auditRecords keeps what is written to an audit log, as the store does.
type auditRecords struct {
	mu      sync.Mutex
	entries []catalog.AuditEntry // guarded by mu
	last    int64                // guarded by mu
	// fail, if not nil, is what writing ends with; during is called while
	// something is written. Both are set before.
	fail   error
	during func()
}

func (r *auditRecords) RecordAudit(_ context.Context, entries []catalog.AuditEntry) error {
	if r.during != nil {
		r.during()
	}
	if r.fail != nil {
		return r.fail
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range entries {
		e := &entries[i]
		if e.ID != 0 {
			known := slices.IndexFunc(r.entries, func(k catalog.AuditEntry) bool { return k.ID == e.ID })
			r.entries[known].Count = e.Count
			continue
		}
		r.last++
		e.ID = r.last
		r.entries = append(r.entries, *e)
	}
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

var (
	pushed  = catalog.AuditEntry{Actor: "ann", Action: "registry.push", Target: "team/app:1", Result: catalog.AuditDone}
	pulled  = catalog.AuditEntry{Actor: "ann", Action: PullAction, Target: "team/app:1", Result: catalog.AuditDone}
	refused = catalog.AuditEntry{Address: "10.0.0.1", Action: "login", Result: catalog.AuditDenied}
)

func TestAuditLog(t *testing.T) {
	l, records, c := newTestLog(t)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	l.Record(pushed)
	for range 1000 {
		l.Record(pulled)
		l.Record(refused)
	}
	must(l.tick(t.Context()))
	if got := records.take(); len(got) != 1 || got[0].Action != "registry.push" || !got[0].At.Equal(c.now()) {
		t.Errorf("at once: %+v", got)
	}
	c.advance(time.Minute)
	must(l.tick(t.Context()))
	got := records.take()
	if len(got) != 2 || got[0].Count != 1000 || got[1].Count != 1000 {
		t.Errorf("after a minute: %+v", got)
	}
	l.Record(refused)
	must(l.Flush(t.Context()))
	if got := records.take(); len(got) != 1 || got[0].Count != 1 {
		t.Errorf("when asked: %+v", got)
	}
	l.Write(t.Context(), pushed)
	if got := records.take(); len(got) != 1 || got[0].Count != 1 {
		t.Errorf("written: %+v", got)
	}
}

// TestAuditRead: whoever reads finds what happened before, and however often that
// is done, what happens again within a minute is one entry.
func TestAuditRead(t *testing.T) {
	l, records, c := newTestLog(t)
	for n := range int64(100) {
		l.Record(pulled)
		l.Record(refused)
		if err := l.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, e := range records.entries {
			if e.Count != n+1 {
				t.Fatalf("after %d times: %+v", n+1, e)
			}
		}
	}
	for i := range 1000 { // and what cannot be told apart is still bounded
		l.Record(catalog.AuditEntry{Address: "10.0.0.1", Action: "login", Result: catalog.AuditDenied, Detail: fmt.Sprint(i)})
		if err := l.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	c.advance(time.Minute)
	if err := l.tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := records.take(); len(got) != maxPerAddress+2 {
		t.Errorf("%d entries in a minute", len(got))
	}
	l.Record(refused)
	if err := l.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := records.take(); len(got) != 1 || got[0].Count != 1 || !got[0].At.Equal(c.now()) {
		t.Errorf("in the next minute: %+v", got)
	}
}

// TestAuditWhileWriting: what happens while the log is written, or cannot be, is
// counted once.
func TestAuditWhileWriting(t *testing.T) {
	l, records, c := newTestLog(t)
	total := func() (n int64) {
		for _, e := range records.entries {
			n += e.Count
		}
		return n
	}
	record := func() { l.Record(pushed); l.Record(refused) }
	record()
	records.fail = errors.New("the disk is full")
	if err := l.Flush(t.Context()); err == nil {
		t.Error("no error")
	}
	records.fail = nil
	records.during = func() { records.during = nil; record() }
	c.advance(time.Minute)
	for range 2 {
		if err := l.tick(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Flush(t.Context()); err != nil || total() != 4 {
		t.Errorf("%d things happened: %+v, %v", total(), records.entries, err)
	}
}

// TestAuditUnderAttack: however many different things are tried from however many
// addresses, the log grows by a bounded number of entries a minute.
func TestAuditUnderAttack(t *testing.T) {
	l, records, c := newTestLog(t)
	count := func() (n int, total int64) {
		c.advance(time.Minute)
		if err := l.tick(t.Context()); err != nil {
			t.Fatal(err)
		}
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
	if err := l.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
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

// TestAuditedTokens: a token that was forged or does not count any more is
// recorded, as is a credential; one that has expired is what clients come with.
func TestAuditedTokens(t *testing.T) {
	s, c := withAnn(t)
	ctx := t.Context()
	l, records, _ := newTestLog(t)
	s.auth.Log = l
	_, issued := fetch(t, s.auth.Token(publicLibrary), tokenGet(basic("ann", annsPassword), ""))
	made, token, err := s.auth.CreateCredential(ctx, CredentialRequest{Account: "ann"})
	s.must(err)
	s.must(s.auth.SetCredential(ctx, made.ID, true))
	refuse := func(token string) []string {
		t.Helper()
		if actor, err := s.auth.Authenticate(request("Bearer " + token)); err == nil || !actor.Anonymous() {
			t.Errorf("%+v, %v", actor, err)
		}
		s.must(l.Flush(ctx))
		var got []string
		for _, e := range records.take() {
			got = append(got, fmt.Sprintf("%s by %s: %s %s", e.Actor, e.Via, e.Result, e.Detail))
		}
		return got
	}
	if got := refuse(issued.Token[:len(issued.Token)-4] + "AAAA"); !slices.Equal(got, []string{" by token: denied token_invalid"}) {
		t.Errorf("forged: %q", got)
	}
	if got := refuse(token); !slices.Equal(got, []string{"ann by credential " + made.ID + ": denied credential_wrong"}) {
		t.Errorf("a disabled credential: %q", got)
	}
	s.must(s.auth.DisableAccount(ctx, "ann", true))
	if got := refuse(issued.Token); !slices.Equal(got, []string{"ann by token: denied token_invalid"}) {
		t.Errorf("a disabled account: %q", got)
	}
	c.advance(tokenLife + tokenLeeway + 2*time.Second)
	if got := refuse(issued.Token); len(got) != 0 {
		t.Errorf("expired: %q", got)
	}
}

// TestAuditedForgery: a change that a page of another site may have asked for is
// recorded with whose session it came.
func TestAuditedForgery(t *testing.T) {
	s, _ := withAnn(t)
	l, records, _ := newTestLog(t)
	s.auth.Log = l
	if _, status := s.as("DELETE", s.signIn(annsPassword)); status != 403 {
		t.Fatalf("status %d", status)
	}
	s.must(l.Flush(t.Context()))
	got := records.take()
	if len(got) != 2 || got[1].Actor != "ann" || got[1].Via != "session" || got[1].Detail != "csrf_header_missing" || got[1].Target != "DELETE /api/v1/namespaces" {
		t.Errorf("entries: %+v", got)
	}
}

// TestNoTokenInAudit: what people paste in the wrong place is not kept.
func TestNoTokenInAudit(t *testing.T) {
	const id, secret = "0123456789ab", "0123456789abcdefghjkmnpqrstvwxyz01234567"
	for text, want := range map[string]string{
		"DELETE /api/v1/credentials/prq_" + id + "_" + secret:     "DELETE /api/v1/credentials/prq_" + id + "_…",
		"DELETE /api/v1/credentials/prq_" + id + "_" + secret[1:]: "DELETE /api/v1/credentials/prq_" + id + "_…",
		`{"name":"prq_` + id + "_" + secret + `"}`:                `{"name":"prq_` + id + `_…"}`,
		"DELETE /api/v1/credentials/" + id:                        "DELETE /api/v1/credentials/" + id,
		"prq_tools":                                               "prq_tools",
	} {
		l, records, _ := newTestLog(t)
		l.Record(catalog.AuditEntry{Action: "x", Target: text, Result: catalog.AuditFailed})
		if err := l.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		l.Write(t.Context(), catalog.AuditEntry{Action: "x", Detail: text, Result: catalog.AuditDone})
		if got := records.take(); len(got) != 2 || got[0].Target != want || got[1].Detail != want {
			t.Errorf("%s is kept as %+v", text, got)
		}
	}
}
