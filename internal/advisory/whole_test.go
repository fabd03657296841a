package advisory

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/pratique/pratique/internal/report"
)

// wholeData is the reference data, where it is at hand.
func wholeData(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("PRATIQUE_DATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "data")
	}
	if _, err := os.Stat(filepath.Join(dir, "osv", "ecosystems.txt")); err != nil {
		t.Skip("PRATIQUE_DATA names no directory with advisories")
	}
	return dir
}

func TestWhole(t *testing.T) {
	from := wholeData(t)
	dir := t.TempDir()
	start := time.Now()
	res, err := Import(context.Background(), dir, from, ImportOptions{Progress: func(s string) { t.Log(s) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("import took %v", time.Since(start))
	var total int64
	for _, e := range res.Ecosystems {
		t.Logf("%+v", e)
		total += e.Bytes
	}
	t.Logf("%d bytes", total)
	start = time.Now()
	db, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	t.Logf("open took %v", time.Since(start))
	for range 3 {
		start = time.Now()
		ms, err := db.Match(report.OS{ID: "debian", Version: "12.5"}, report.Package{Type: "deb", Name: "libcurl4", Version: "7.88.1-10", Source: "curl", SourceVersion: "7.88.1-10"})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%d matches in %v", len(ms), time.Since(start))
		for _, m := range ms[:min(3, len(ms))] {
			t.Logf("%+v", m)
		}
	}
}
