package main

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/pratique/pratique/internal/advisory"
	"github.com/pratique/pratique/internal/judge"
	"github.com/pratique/pratique/internal/report"
	"github.com/pratique/pratique/internal/report/render"
	"github.com/pratique/pratique/internal/rules"
)

// BenchmarkSecondScan is a whole scan of an image whose facts are known, from
// opening the database to the last byte of the report.
func BenchmarkSecondScan(b *testing.B) {
	image := filepath.Join(os.Getenv("PRATIQUE_IMAGES"), "debian12-big")
	data := os.Getenv("PRATIQUE_DATA_SET")
	if _, err := os.Stat(image); err != nil || data == "" {
		b.Skip("needs the image debian12-big and the whole advisory data: make bench")
	}
	ctx := b.Context()
	dir := b.TempDir()
	if _, err := advisory.Import(ctx, dir, data, advisory.ImportOptions{}); err != nil {
		b.Fatal(err)
	}
	s := scanOptions{options: &options{}, cache: b.TempDir()}
	scan := func() {
		db, err := advisory.Open(dir)
		if err != nil {
			b.Fatal(err)
		}
		defer db.Close()
		rep, err := s.scan(ctx, "oci:"+image, db, judge.Options{Categories: report.Categories(), Rules: rules.Default()}, io.Discard)
		if err != nil {
			b.Fatal(err)
		}
		if err := render.Write(io.Discard, render.JSON, rep, render.Options{}); err != nil {
			b.Fatal(err)
		}
	}
	scan()
	for b.Loop() {
		scan()
	}
}
