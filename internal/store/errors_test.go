package store_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/store"
	"github.com/pratique/pratique/internal/store/storetest"
)

// unavailable checks that an error is one a client may see, says why in why,
// and tells nothing of the driver.
func unavailable(t *testing.T, err error, why string) {
	t.Helper()
	var e *catalog.Error
	if !errors.As(err, &e) || e.Kind != catalog.Unavailable || e.Code != string(catalog.CauseDatabase) {
		t.Fatalf("error = %v, want unavailable", err)
	}
	if !strings.Contains(e.Error(), why) {
		t.Errorf("message %q does not say %q", e.Error(), why)
	}
	for _, word := range []string{"SQLITE", "SQLSTATE", "sql:", "(13)", "pgx"} {
		if strings.Contains(e.Error(), word) {
			t.Errorf("message %q tells of the driver", e.Error())
		}
	}
}

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	garbage := filepath.Join(dir, "garbage.db")
	if err := os.WriteFile(garbage, []byte(strings.Repeat("this is no database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, dsn, code string
		kind            catalog.Kind
	}{
		{"no scheme", "data.db", "dsn_invalid", catalog.Invalid},
		{"memory", "sqlite::memory:", "dsn_invalid", catalog.Invalid},
		{"no file", "sqlite:", "dsn_invalid", catalog.Invalid},
		{"garbage", "sqlite:" + garbage, "database_error", catalog.Unavailable},
		{"directory", "sqlite:" + dir, "database_error", catalog.Unavailable},
		{"below a file", "sqlite:" + garbage + "/x.db", "database_error", catalog.Unavailable},
		{"port", "postgres://u:geheim@127.0.0.1:nine/x", "dsn_invalid", catalog.Invalid},
		{"nobody listens", "postgres://u:geheim@127.0.0.1:1/x?connect_timeout=2", "database_error", catalog.Unavailable},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := store.Open(t.Context(), store.Config{DSN: c.dsn})
			if err == nil {
				s.Close()
			}
			var e *catalog.Error
			if !errors.As(err, &e) || e.Kind != c.kind || e.Code != c.code {
				t.Fatalf("error = %v, want %s %s", err, c.kind, c.code)
			}
			if strings.Contains(err.Error(), "geheim") {
				t.Errorf("the error tells the password: %v", err)
			}
		})
	}
}

func TestNewerDatabase(t *testing.T) {
	eachDSN(t, func(t *testing.T, dsn string) {
		b := reopen(t, dsn)
		b.ok(store.Exec(t.Context(), b.s, `INSERT INTO schema_version (version_id, is_applied) VALUES (9999, TRUE)`))
		s, err := store.Open(t.Context(), store.Config{DSN: dsn})
		if err == nil {
			s.Close()
		}
		var e *catalog.Error
		if !errors.As(err, &e) || e.Code != "database_newer" {
			t.Errorf("error = %v, want database_newer", err)
		}
	})
}

func TestFilesArePrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	s, err := store.Open(t.Context(), store.Config{DSN: "sqlite:" + filepath.Join(dir, "odd name?#%41.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, _, err := s.EnsureDefaults(t.Context()); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 3 {
		t.Fatalf("files: %v %v, want the database and two beside it", files, err)
	}
	for _, f := range files {
		info, err := f.Info()
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 || !strings.HasPrefix(f.Name(), "odd name?#%41.db") {
			t.Errorf("%s has mode %v", f.Name(), info.Mode())
		}
	}
}

func TestClosed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func() *store.Store) {
		b := newBench(t, open())
		b.push("one")
		b.ok(b.s.Close())
		_, err := b.s.Pull(context.Background(), b.key(), "one")
		unavailable(t, err, "")
		unavailable(t, b.s.AddBlob(context.Background(), b.key(), "sha256:x", 1), "")
		unavailable(t, b.s.Ping(context.Background()), "")
	})
}

func TestCancelled(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func() *store.Store) {
		b := newBench(t, open())
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := b.s.Pull(ctx, b.key(), "one"); !errors.Is(err, context.Canceled) {
			t.Errorf("Pull: %v", err)
		}
		if err := b.s.AddBlob(ctx, b.key(), "sha256:x", 1); !errors.Is(err, context.Canceled) {
			t.Errorf("AddBlob: %v", err)
		}
		b.push("one") // the connections still work
	})
}

// While another process keeps the file locked, pulls go on.
func TestLocked(t *testing.T) {
	dsn := storetest.SQLiteDSN(t)
	b, other := reopen(t, dsn), reopen(t, dsn)
	b.push("one")
	b.ok(store.Exec(t.Context(), b.s, `PRAGMA busy_timeout = 50`))
	release, err := store.HoldWriter(t.Context(), other.s)
	b.ok(err)
	defer release()
	unavailable(t, b.s.AddBlob(t.Context(), b.key(), "sha256:x", 1), "locked")
	_, err = b.s.Pull(t.Context(), b.key(), "one")
	b.ok(err)
}

func TestFullDisk(t *testing.T) {
	b := reopen(t, storetest.SQLiteDSN(t))
	b.push("one")
	b.ok(store.Exec(t.Context(), b.s, `PRAGMA max_page_count = 1`)) // no more than there are
	_, _, err := b.s.PutManifest(t.Context(), catalog.ManifestPush{
		Key: b.key(), Digest: "sha256:large", Tag: "large", Content: make([]byte, store.MaxManifest), Kind: catalog.KindImage,
	})
	unavailable(t, err, "full")
	if _, err := b.s.Pull(t.Context(), b.key(), "large"); !catalog.Is(err, catalog.NotFound) {
		t.Errorf("a refused manifest is there: %v", err)
	}
	if _, err := b.s.Pull(t.Context(), b.key(), "one"); err != nil {
		t.Errorf("what was there cannot be pulled: %v", err)
	}
	b.ok(store.Exec(t.Context(), b.s, `PRAGMA max_page_count = 1000000`))
	b.push("two")
}
