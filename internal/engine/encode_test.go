package engine_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"github.com/pratique/pratique/internal/engine"
	"github.com/pratique/pratique/internal/report"
)

func someFacts(files int) *report.LayerFacts {
	facts := &report.LayerFacts{
		DiffID:     "sha256:" + strings.Repeat("a", 64),
		Collectors: "engine.1",
		Size:       123,
		Whiteouts:  []string{"etc/motd"},
		Packages:   []report.PackageSet{{Path: "db", Database: true, Packages: []report.Package{{Name: "bash", Version: "5", Type: "deb"}}}},
		Notes:      []report.Note{{Code: "x", Message: "y"}},
	}
	for n := range files {
		facts.Files = append(facts.Files, report.File{
			Path: fmt.Sprintf("usr/share/doc/package-%04d/file-%04d", n/10, n), Size: int64(n), Mode: 0o644 | fs.ModeSetuid, UID: 1,
		})
	}
	return facts
}

func TestEncode(t *testing.T) {
	want := someFacts(100)
	b, err := engine.EncodeFacts(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := engine.DecodeFacts(b)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("facts changed (-want +got):\n%s", diff)
	}
	for _, bad := range [][]byte{nil, {}, []byte("{}"), b[:len(b)/2], append(slices.Clone(b), 1)} {
		if _, err := engine.DecodeFacts(bad); err == nil && len(bad) > 0 {
			t.Errorf("%d bytes that are no document were accepted", len(bad))
		}
	}
	// A small document that inflates to a gigabyte is refused before it does.
	var bomb bytes.Buffer
	w, _ := zstd.NewWriter(&bomb, zstd.WithEncoderConcurrency(1))
	block := make([]byte, 1<<20)
	for range 1 << 10 {
		w.Write(block)
	}
	w.Close()
	if _, err := engine.DecodeFacts(bomb.Bytes()); err == nil {
		t.Error("a bomb was accepted")
	}
}

// A layer that only deletes something, or nothing at all, has facts so small
// that their document does not say how long they are.
func TestEncodeSmall(t *testing.T) {
	for _, want := range []*report.LayerFacts{{}, {DiffID: "sha256:" + strings.Repeat("a", 64), Collectors: "engine.1", Whiteouts: []string{"etc/motd"}}} {
		b, err := engine.EncodeFacts(want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := engine.DecodeFacts(b)
		if err != nil {
			t.Fatalf("a document of %d bytes: %v", len(b), err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("facts changed (-want +got):\n%s", diff)
		}
	}
}

func FuzzDecodeFacts(f *testing.F) {
	b, err := engine.EncodeFacts(someFacts(3))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		facts, err := engine.DecodeFacts(b)
		if err != nil {
			return
		}
		// Whatever was decoded can be merged.
		_, _ = engine.Merge(report.Image{Layers: []report.Layer{{DiffID: facts.DiffID}, {DiffID: facts.DiffID}}}, []*report.LayerFacts{facts, facts})
	})
}

func TestFileCacheDamage(t *testing.T) {
	dir := t.TempDir()
	c := engine.NewFileCache(dir, 1<<20)
	if err := c.Put(t.Context(), "abc", []byte("document")); err != nil {
		t.Fatal(err)
	}
	if b, ok := c.Get(t.Context(), "abc"); !ok || string(b) != "document" {
		t.Fatalf("got %q, %v", b, ok)
	}
	files, _ := filepath.Glob(dir + "/*")
	if len(files) != 1 {
		t.Fatalf("files are %v", files)
	}
	good, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	for n := range good {
		bad := slices.Clone(good)
		bad[n] ^= 1
		for _, b := range [][]byte{bad, good[:n]} {
			if err := os.WriteFile(files[0], b, 0o600); err != nil {
				t.Fatal(err)
			}
			if got, ok := c.Get(t.Context(), "abc"); ok {
				t.Fatalf("damage at %d was not noticed: %q", n, got)
			}
			if _, err := os.Stat(files[0]); err == nil {
				t.Fatalf("the damaged file is still there")
			}
		}
	}
}

func TestFileCachePrunes(t *testing.T) {
	dir := t.TempDir()
	document := make([]byte, 1000)
	fill := engine.NewFileCache(dir, 1<<20)
	for n := range 10 {
		key := fmt.Sprintf("%02d", n)
		if err := fill.Put(t.Context(), key, document); err != nil {
			t.Fatal(err)
		}
		age := time.Now().Add(time.Duration(n-20) * time.Hour)
		if err := os.Chtimes(filepath.Join(dir, key+".facts"), age, age); err != nil {
			t.Fatal(err)
		}
	}
	stale := filepath.Join(dir, "tmp-123")
	os.WriteFile(stale, document, 0o600)
	old := time.Now().Add(-2 * time.Hour)
	os.Chtimes(stale, old, old)
	fill.Get(t.Context(), "00") // used now, so it stays

	small := engine.NewFileCache(dir, 6000)
	if err := small.Put(t.Context(), "99", document); err != nil {
		t.Fatal(err)
	}
	var left []string
	files, _ := os.ReadDir(dir)
	for _, f := range files {
		left = append(left, f.Name())
	}
	want := []string{"00.facts", "07.facts", "08.facts", "09.facts", "99.facts"}
	if diff := cmp.Diff(want, left); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

// TestFileCacheShared has several caches, as processes would, write and prune
// the same directory.
func TestFileCacheShared(t *testing.T) {
	dir := t.TempDir()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			c := engine.NewFileCache(dir, 5000)
			for n := range 50 {
				key := fmt.Sprintf("%02d", n)
				want := bytes.Repeat([]byte{byte(n)}, 500)
				if err := c.Put(t.Context(), key, want); err != nil {
					t.Error(err)
				}
				if b, ok := c.Get(t.Context(), key); ok && !bytes.Equal(b, want) {
					t.Errorf("%s holds something else", key)
				}
			}
		})
	}
	wg.Wait()
}

func TestFileCacheFails(t *testing.T) {
	c := engine.NewFileCache("/dev/null/cache", 1000)
	if err := c.Put(t.Context(), "abc", nil); err == nil {
		t.Error("no error where nothing can be written")
	}
	if _, ok := c.Get(t.Context(), "abc"); ok {
		t.Error("a document out of nothing")
	}
}

func BenchmarkMerge(b *testing.B) {
	var img report.Image
	var layers []*report.LayerFacts
	for n := range 25 {
		facts := someFacts(4000)
		facts.DiffID = fmt.Sprint(n)
		for f := range facts.Files {
			facts.Files[f].Path = fmt.Sprintf("usr/lib/%02d/", n%20) + facts.Files[f].Path
		}
		layers = append(layers, facts)
		img.Layers = append(img.Layers, report.Layer{DiffID: facts.DiffID})
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := engine.Merge(img, layers); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncodeFacts(b *testing.B) {
	facts := someFacts(88_000)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := engine.EncodeFacts(facts); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeFacts(b *testing.B) {
	doc, err := engine.EncodeFacts(someFacts(88_000))
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(doc)))
	for b.Loop() {
		if _, err := engine.DecodeFacts(doc); err != nil {
			b.Fatal(err)
		}
	}
}
