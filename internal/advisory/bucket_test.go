package advisory

import (
	"archive/zip"
	"bytes"
	"context"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/rogpeppe/go-internal/txtar"
)

// smallBucket writes testdata/small.txtar as a directory in the layout of the
// bucket and returns it.
func smallBucket(t testing.TB) string {
	t.Helper()
	a, err := txtar.ParseFile(filepath.Join("testdata", "small.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	return writeBucket(t, a)
}

func writeBucket(t testing.TB, a *txtar.Archive) string {
	t.Helper()
	dir := t.TempDir()
	zips := make(map[string]*bytes.Buffer)
	writers := make(map[string]*zip.Writer)
	for _, f := range a.Files {
		switch {
		case f.Name == "epss.csv":
			var b bytes.Buffer
			z := gzip.NewWriter(&b)
			z.Write(f.Data)
			z.Close()
			put(t, dir, "epss/epss_scores-2025-01-01.csv.gz", b.Bytes())
		case strings.HasPrefix(f.Name, "osv/") && strings.HasSuffix(f.Name, ".json"):
			d := path.Dir(f.Name)
			if zips[d] == nil {
				zips[d] = new(bytes.Buffer)
				writers[d] = zip.NewWriter(zips[d])
			}
			w, err := writers[d].Create(path.Base(f.Name))
			if err != nil {
				t.Fatal(err)
			}
			w.Write(f.Data)
		default:
			put(t, dir, f.Name, f.Data)
		}
	}
	for d, w := range writers {
		w.Close()
		put(t, dir, d+"/all.zip", zips[d].Bytes())
	}
	return dir
}

func put(t testing.TB, dir, name string, data []byte) {
	t.Helper()
	file := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// zipOf packs a directory into one zip file.
func zipOf(t testing.TB, dir string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "bucket.zip")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := zip.NewWriter(f)
	if err := w.AddFS(os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return file
}

// importInto imports and fails the test if that fails.
func importInto(t testing.TB, dir, from string) ImportResult {
	t.Helper()
	res, err := Import(context.Background(), dir, from, ImportOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func openDB(t testing.TB, dir string) *DB {
	t.Helper()
	db, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func smallDB(t testing.TB) *DB {
	dir := t.TempDir()
	importInto(t, dir, smallBucket(t))
	return openDB(t, dir)
}
