package advisory

import (
	"archive/zip"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/pratique/pratique/internal/report"
)

// wholeData is the reference data, where it is at hand.
func wholeData(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("PRATIQUE_DATA_SET")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "data")
	}
	if _, err := os.Stat(filepath.Join(dir, "osv", "ecosystems.txt")); err != nil {
		t.Skip("PRATIQUE_DATA_SET names no directory with advisories")
	}
	return dir
}

func TestWholeData(t *testing.T) {
	dir := t.TempDir()
	res := importInto(t, dir, wholeData(t))
	var records, skipped int
	var size int64
	for _, e := range res.Ecosystems {
		size += e.Bytes
		if e.Name != tableKEV && e.Name != tableEPSS && e.Name != tableEOL {
			records += e.Records + e.Excluded + e.Skipped
			skipped += e.Skipped
		}
	}
	if want := countRecords(t, wholeData(t)); records != want {
		t.Errorf("%d records were read, the archives hold %d", records, want)
	}
	if skipped > records/1000 {
		t.Errorf("%d records do not parse", skipped)
	}
	if size > 60<<20 {
		t.Errorf("the database has %d bytes", size)
	}
	db := openDB(t, dir)

	for _, tt := range []struct {
		name string
		os   report.OS
		pkg  report.Package
		id   string
		fix  string
		sev  report.Severity
	}{
		{"debian", debian12, deb("libcurl4", "7.88.1-10", "curl"), "CVE-2023-38545", "7.88.1-10+deb12u4", report.Critical},
		{"ubuntu", jammy, deb("curl", "7.81.0-1ubuntu1.10", "curl"), "CVE-2023-38545", "7.81.0-1ubuntu1.14", report.Critical},
		{"almalinux", alma8, report.Package{Type: "rpm", Name: "nodejs", Version: "1:14.18.2-2.module_el8.5.0+2618+8d46dafd", Module: "nodejs:14"},
			"CVE-2022-32212", "1:14.20.0-2.module_el8.6.0+3261+490666b3", report.High},
		{"alpine", report.OS{ID: "alpine", Version: "3.18.4"}, report.Package{Type: "apk", Name: "imagemagick-libs", Version: "7.1.0.29-r0", Source: "imagemagick"},
			"CVE-2022-2719", "7.1.0.30-r0", report.Medium},
		{"maven", report.OS{}, lang("maven", "Maven", "com.fasterxml.jackson.core:jackson-databind", "2.9.7"), "CVE-2018-19360", "2.9.8", report.Critical},
		{"go", report.OS{}, lang("golang", "Go", "stdlib", "1.22.0"), "CVE-2024-24783", "1.22.1", report.Medium},
	} {
		ms, err := db.Match(tt.os, tt.pkg)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		i := slices.IndexFunc(ms, func(m Match) bool { return m.ID == tt.id })
		if i < 0 {
			t.Errorf("%s: %s is not among %d matches", tt.name, tt.id, len(ms))
			continue
		}
		if m := ms[i]; m.FixedVersion != tt.fix || m.Severity != tt.sev {
			t.Errorf("%s: %s, want %s -> %s", tt.name, line(m), tt.sev, tt.fix)
		}
	}
}

// countRecords counts what is in the archives.
func countRecords(t *testing.T, from string) int {
	t.Helper()
	n := 0
	for _, name := range Matchable() {
		z, err := zip.OpenReader(filepath.Join(from, "osv", name, "all.zip"))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		n += len(z.File)
		z.Close()
	}
	return n
}

// TestConcurrentReads uses one database from many goroutines; the race detector
// looks on when it is asked to.
func TestConcurrentReads(t *testing.T) {
	db := smallDB(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				if err := useAll(db); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

func BenchmarkImport(b *testing.B) {
	from := wholeData(b)
	for b.Loop() {
		importInto(b, b.TempDir(), from)
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.Sys)/1e6, "MB-from-system")
}

func BenchmarkImportUnchanged(b *testing.B) {
	from, dir := wholeData(b), b.TempDir()
	importInto(b, dir, from)
	for b.Loop() {
		importInto(b, dir, from)
	}
}

func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	importInto(b, dir, wholeData(b))
	for b.Loop() {
		db, err := Open(dir)
		if err != nil {
			b.Fatal(err)
		}
		db.Close()
	}
}

// manyPackages takes real package names from the database, so that most have
// advisories, at low versions, so that many of those match.
func manyPackages(b *testing.B, db *DB, ecosystem, release string, n int) []report.Package {
	f := db.ecosystems[ecosystem]
	if err := f.load(); err != nil {
		b.Fatal(err)
	}
	var out []report.Package
	for row := f.rows; len(row) > 0 && len(out) < n; row = row[packageRow:] {
		k, _, err := f.key(row)
		if err != nil {
			b.Fatal(err)
		}
		if k.Ecosystem == release {
			p := report.Package{Type: f.purl(), Name: k.Name, Version: "1.0.0-1", Source: k.Name}
			out = append(out, p)
		}
	}
	return out
}

func (f *ecosystemFile) purl() string {
	e, _ := findEcosystem(f.meta.Ecosystem)
	return e.purl
}

func BenchmarkMatch(b *testing.B) {
	dir := b.TempDir()
	importInto(b, dir, wholeData(b))
	for _, bb := range []struct {
		name, ecosystem, release string
		os                       report.OS
	}{
		{"debian", "Debian", "Debian:12", debian12},
		{"ubuntu", "Ubuntu", "Ubuntu:22.04:LTS", jammy},
		{"almalinux", "AlmaLinux", "AlmaLinux:8", alma8},
		{"npm", "npm", "npm", report.OS{}},
		{"pypi", "PyPI", "PyPI", report.OS{}},
		{"go", "Go", "Go", report.OS{}},
	} {
		b.Run(bb.name, func(b *testing.B) {
			db := openDB(b, dir)
			packages := manyPackages(b, db, bb.ecosystem, bb.release, 2000)
			matches := 0
			for b.Loop() {
				matches = 0
				for _, p := range packages {
					ms, err := db.Match(bb.os, p)
					if err != nil {
						b.Fatal(err)
					}
					matches += len(ms)
				}
			}
			b.ReportMetric(float64(len(packages)), "packages")
			b.ReportMetric(float64(matches), "matches")
		})
	}
}
