package engine_test

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/engine"
	"github.com/pratique/pratique/internal/image"
	"github.com/pratique/pratique/internal/image/imagetest"
	"github.com/pratique/pratique/internal/report"
)

// What follows goes through the whole engine with the program's own collectors.

// thorough reports whether tests take the full size of what they try.
func thorough() bool { return os.Getenv("PRATIQUE_REQUIRE_ALL") != "" }

// generated is a layer that is never held as a whole: write makes the same
// uncompressed bytes each time it is called.
func generated(t *testing.T, write func(w io.Writer) error) image.Layer {
	t.Helper()
	sum := sha256.New()
	counted := &counter{w: sum}
	if err := write(counted); err != nil {
		t.Fatal(err)
	}
	return image.Layer{
		DiffID: "sha256:" + hex.EncodeToString(sum.Sum(nil)),
		Size:   counted.n,
		Open: func(context.Context) (io.ReadCloser, error) {
			r, w := io.Pipe()
			go func() { w.CloseWithError(write(w)) }()
			return r, nil
		},
	}
}

type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	return c.w.Write(p)
}

// bounded runs what must not take long nor much memory. The time is far beyond
// what it takes, so that no busy machine fails it.
func bounded(t *testing.T, memory uint64, run func(ctx context.Context)) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	run(ctx)
	runtime.ReadMemStats(&after)
	// The heap never gives address space back, so this is how far it grew.
	grown := after.HeapSys - min(before.HeapSys, after.HeapSys)
	t.Logf("%.1f s, heap grown by %d MiB", time.Since(start).Seconds(), grown>>20)
	if grown > memory {
		t.Errorf("the heap grew by %d MiB, more than %d", grown>>20, memory>>20)
	}
}

func merge(t *testing.T, layers ...*report.LayerFacts) *report.ImageFacts {
	t.Helper()
	var img report.Image
	for n, l := range layers {
		img.Layers = append(img.Layers, report.Layer{Index: n, DiffID: l.DiffID})
	}
	facts, err := engine.Merge(img, layers)
	if err != nil {
		t.Fatal(err)
	}
	return facts
}

// TestOneHugeLine scans text files of one line, full of words that rules look
// for: one that is larger than the memory it may take, and one of nearly the
// size up to which secrets are looked for.
func TestOneHugeLine(t *testing.T) {
	size := int64(300 << 20)
	if thorough() {
		size = 2 << 30
	}
	files := map[string]int64{"srv/settings.json": size, "srv/small.json": 19 << 20}
	words := []byte(strings.Repeat(`{"password":"${PASSWORD}","token":null,"key":"-----BEGIN NOTHING-----","url":"https://user@example.org"},`, 600))
	l := generated(t, func(w io.Writer) error {
		tw := tar.NewWriter(w)
		for _, name := range slices.Sorted(maps.Keys(files)) {
			size := files[name]
			if err := tw.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644, Size: size}); err != nil {
				return err
			}
			for left := size; left > 0; left -= int64(len(words)) {
				if _, err := tw.Write(words[:min(left, int64(len(words)))]); err != nil {
					return err
				}
			}
		}
		return tw.Close()
	})
	bounded(t, 250<<20, func(ctx context.Context) {
		facts, err := engine.New(engine.Options{TempDir: t.TempDir()}).Layer(ctx, l)
		if err != nil {
			t.Fatal(err)
		}
		if len(facts.Files) != len(files) || facts.Files[0].Size != size || !engine.Repeatable(facts) {
			t.Errorf("%d files, notes %+v", len(facts.Files), facts.Notes)
		}
	})
}

// TestManyEntries scans as many tiny files as a layer may have, named so that
// collectors want many of them.
func TestManyEntries(t *testing.T) {
	entries := 200_000
	if thorough() {
		entries = image.DefaultLimits().Entries
	}
	names := []string{"%d/package.json", "node_modules/%d/package.json", "%d.jar", "%d.sh", "%d/config.yaml", "%d/x", "%d.dist-info/METADATA", "%d/.env"}
	l := generated(t, func(w io.Writer) error {
		tw := tar.NewWriter(w)
		for n := range entries {
			if err := tw.WriteHeader(&tar.Header{Name: fmt.Sprintf(names[n%len(names)], n), Typeflag: tar.TypeReg, Mode: 0o666, Size: 1}); err != nil {
				return err
			}
			if _, err := io.WriteString(tw, "{"); err != nil {
				return err
			}
		}
		return tw.Close()
	})
	// The metadata of each entry is in memory, and twice while it is put together.
	bounded(t, 100<<20+uint64(entries)*1200, func(ctx context.Context) {
		layer, err := engine.New(engine.Options{}).Layer(ctx, l)
		if err != nil {
			t.Fatal(err)
		}
		if len(layer.Notes) > 300 {
			t.Errorf("%d notes", len(layer.Notes))
		}
		files := merge(t, layer).Files
		if files.Count != entries || files.SpecialCount != entries || len(files.Special) != 1000 {
			t.Errorf("%d files, %d special, %d listed", files.Count, files.SpecialCount, len(files.Special))
		}
	})
}

// TestDeclaredSizes scans files that say they have 1 TiB.
func TestDeclaredSizes(t *testing.T) {
	const tebibyte = 1 << 40
	// A name that the collectors of secrets and of packages both want.
	names := []string{"srv/.env", "srv/node_modules/a/package.json", "var/lib/dpkg/status"}

	t.Run("sparse", func(t *testing.T) {
		var archive bytes.Buffer
		for _, name := range names {
			archive.Write(sparseHeader(name, tebibyte))
		}
		archive.Write(imagetest.Tar(t, "-- after --\nstill read\n"))
		img := imagetest.FromLayers(t, imagetest.RawLayer{Tar: archive.Bytes(), Compression: "gzip"}).Image(t)
		bounded(t, 64<<20, func(ctx context.Context) {
			facts, err := engine.New(engine.Options{}).Image(ctx, img)
			if err != nil {
				t.Fatal(err)
			}
			if facts.Files.Count != len(names)+1 || facts.Files.Size != int64(len(names))*tebibyte+11 {
				t.Errorf("%d files of %d bytes", facts.Files.Count, facts.Files.Size)
			}
			noted := make(map[string]bool)
			for _, n := range facts.Notes {
				if n.Code != "file-too-large" {
					t.Errorf("note %+v", n)
				}
				noted[n.Path] = true
			}
			for _, name := range names {
				// Secrets are not looked for in what is so large, by rule.
				if !noted[name] && name != "srv/.env" {
					t.Errorf("no note about %s in %+v", name, facts.Notes)
				}
			}
		})
	})

	t.Run("not there", func(t *testing.T) {
		var archive bytes.Buffer
		tw := tar.NewWriter(&archive)
		if err := tw.WriteHeader(&tar.Header{Name: names[1], Typeflag: tar.TypeReg, Size: tebibyte, Format: tar.FormatGNU}); err != nil {
			t.Fatal(err)
		}
		img := imagetest.FromLayers(t, imagetest.RawLayer{Tar: archive.Bytes(), Compression: "gzip"}).Image(t)
		bounded(t, 64<<20, func(ctx context.Context) {
			_, err := engine.New(engine.Options{}).Image(ctx, img)
			if catalog.CauseOf(err) != catalog.CauseDownload || !strings.Contains(err.Error(), "broken tar archive") {
				t.Errorf("error is %v", err)
			}
		})
	})
}

// sparseHeader is the header of a file of zeros that are not in the archive, in
// the old format of GNU tar, which archive/tar reads and does not write.
func sparseHeader(name string, size uint64) []byte {
	hdr := make([]byte, 512)
	copy(hdr, name)
	for at, field := range map[int]string{100: "0000644", 108: "0000000", 116: "0000000", 124: "00000000000", 136: "00000000000", 257: "ustar  "} {
		copy(hdr[at:], field)
	}
	hdr[156] = 'S'
	number := func(at int, n uint64) { // base 256
		hdr[at] = 0x80
		binary.BigEndian.PutUint64(hdr[at+4:], n)
	}
	number(386, size) // data of no length at the end
	number(398, 0)
	number(483, size)
	copy(hdr[148:], "        ")
	sum := 0
	for _, b := range hdr {
		sum += int(b)
	}
	copy(hdr[148:], fmt.Sprintf("%06o\x00 ", sum))
	return hdr
}

// TestHostileNames scans names that are no names: what is told of them is valid
// UTF-8 and bounded, and survives the cache.
func TestHostileNames(t *testing.T) {
	long := strings.Repeat("n", 5000)
	text := "-- layer --\n"
	for _, name := range []string{
		"bad\xff/\xfe.env", "\xed\xa0\x80", "srv/\xc0\xafetc/passwd", "nodes/node_modules/\xff/package.json", long, long + "/package.json", "srv/" + long + ".jar",
		"line\nbreak", "\x1b[2J", "../../up", "a/../../b",
	} {
		text += fmt.Sprintf("-- %q mode=4777 --\n{}\n", name)
	}
	text += fmt.Sprintf("-- link symlink=%s --\n-- hard hardlink=%s --\n-- layer --\n-- \".wh.bad\\xff\" --\n-- .wh.%s --\n-- \"srv/\\xc0\\xafetc/.wh..wh..opq\" --\n", long, long, long)
	img := imagetest.Build(t, text).Image(t)
	cache := engine.NewFileCache(t.TempDir(), engine.DefaultCacheSize)
	facts, err := engine.New(engine.Options{Cache: cache}).Image(t.Context(), img)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := json.Marshal(facts)
	if err != nil || !utf8.Valid(doc) || strings.Contains(string(doc), long[:4097]) || strings.Contains(string(doc), `"../`) && len(facts.Notes) == 0 {
		t.Errorf("facts: %v\n%.3000s", err, doc)
	}
	again, err := engine.New(engine.Options{Cache: cache}).Image(t.Context(), img)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(facts, again, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("the cache changed the facts (-first +second):\n%s", diff)
	}
	var left []string
	for _, f := range facts.Files.Special {
		left = append(left, f.Path)
	}
	want := []string{"\x1b[2J", "line\nbreak", "nodes/node_modules/\ufffd/package.json", "\ufffd"}
	if diff := cmp.Diff(want, left); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}
