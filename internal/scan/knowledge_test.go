package scan_test

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/pratique/pratique/internal/advisory"
	"github.com/pratique/pratique/internal/advisory/advisorytest"
	"github.com/pratique/pratique/internal/scan"
)

func TestKnowledge(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "advisories")
	k := scan.NewKnowledge(dir, slog.New(slog.DiscardHandler))
	put := func(records string) string {
		t.Helper()
		result, err := advisory.Import(t.Context(), dir, advisorytest.Bucket(t, records), advisory.ImportOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return result.Revision
	}
	revision := func() (got string) {
		t.Helper()
		if err := k.Use(func(db *advisory.DB) error { got = db.Revision(); return nil }); err != nil {
			t.Fatal(err)
		}
		return got
	}

	if err := k.Use(func(*advisory.DB) error { t.Error("used"); return nil }); !errors.Is(err, advisory.ErrNone) || k.Ready() {
		t.Errorf("without a database: %v, ready %v", err, k.Ready())
	}
	first := put(records)
	if got := revision(); got != first || !k.Ready() {
		t.Errorf("revision %s, want %s", got, first)
	}

	// A new one is used from then on; who uses the old one may go on.
	const more = `{"id":"DEBIAN-CVE-2026-0003","modified":"2026-02-03T00:00:00Z","affected":[{"package":{"ecosystem":"Debian:12","name":"new"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"}]}]}]}`
	var second string
	var later sync.WaitGroup
	if err := k.Use(func(db *advisory.DB) error {
		second = put(records + more)
		later.Go(func() {
			if got := revision(); got != second {
				t.Errorf("revision %s, want %s", got, second)
			}
		})
		if db.Revision() != first || len(db.Info()) != 1 {
			t.Error("the database in use has changed")
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	later.Wait()
	if second == first {
		t.Fatal("the second import changed nothing")
	}

	// A damaged one is not used.
	if err := os.WriteFile(filepath.Join(dir, "current.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := revision(); got != second || !k.Ready() {
		t.Errorf("after the damage: revision %s, want %s", got, second)
	}

	for range 2 {
		if err := k.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := k.Use(func(*advisory.DB) error { t.Error("used"); return nil }); err == nil || k.Ready() {
		t.Error("it can be used although it is closed")
	}
}
