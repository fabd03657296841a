package judge

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/pratique/pratique/internal/advisory"
	"github.com/pratique/pratique/internal/report"
)

// BenchmarkReport judges an image of 2,000 packages, most with advisories, by
// the whole reference data; opening the database is part of it.
func BenchmarkReport(b *testing.B) {
	from := os.Getenv("PRATIQUE_DATA_SET")
	if from == "" {
		from = filepath.Join("..", "..", "..", "shared", "data")
	}
	if _, err := os.Stat(filepath.Join(from, "osv")); err != nil {
		b.Skip("PRATIQUE_DATA_SET names no directory with advisories")
	}
	dir := b.TempDir()
	if _, err := advisory.Import(b.Context(), dir, from, advisory.ImportOptions{}); err != nil {
		b.Fatal(err)
	}
	facts := manyPackages(b, dir, 2000)
	var rep *report.Report
	for b.Loop() {
		db, err := advisory.Open(dir)
		if err != nil {
			b.Fatal(err)
		}
		if rep, err = Report(facts, db, Options{}); err != nil {
			b.Fatal(err)
		}
		db.Close()
	}
	b.ReportMetric(float64(len(facts.Packages)), "packages")
	b.ReportMetric(float64(rep.Summary.Total), "findings")
}

// manyPackages makes an image of packages that there are advisories about.
func manyPackages(b *testing.B, dir string, n int) *report.ImageFacts {
	db, err := advisory.Open(dir)
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	keys, err := advisory.Changed(nil, db)
	if err != nil {
		b.Fatal(err)
	}
	facts := &report.ImageFacts{OS: report.OS{ID: "debian", Version: "12.5"}, Image: report.Image{Layers: layers}}
	kinds := map[string]string{"Debian:12": "deb", "npm": "npm", "PyPI": "pypi", "Maven": "maven"}
	for _, k := range keys {
		kind := kinds[k.Ecosystem]
		if kind == "" || len(facts.Packages) == n {
			continue
		}
		p := report.Package{Type: kind, Name: k.Name, Version: "1.0.0", Path: k.Name, Layer: 1}
		if kind == "deb" {
			p.Source, p.SourceVersion = k.Name, p.Version
		} else {
			p.Ecosystem = k.Ecosystem
		}
		facts.Packages = append(facts.Packages, p)
	}
	return facts
}
