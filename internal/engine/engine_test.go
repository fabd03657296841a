package engine_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/collect"
	"github.com/pratique/pratique/internal/engine"
	"github.com/pratique/pratique/internal/image"
	"github.com/pratique/pratique/internal/image/imagetest"
	"github.com/pratique/pratique/internal/report"
)

// lister is a collector for tests. It reads "NAME VERSION" lines: files called
// "db" are databases, files "*.pkg" evidence, "*.list" say what the package of
// that name owns. A line can also tell it to misbehave.
type lister struct{ calls atomic.Int32 }

func (*lister) Name() string { return "lister" }
func (*lister) Version() int { return 7 }

func (*lister) Want(f report.File) bool {
	base := path.Base(f.Path)
	if base == "panic-want" {
		panic("what a name")
	}
	return base == "db" || base == "os-release" || strings.HasSuffix(base, ".pkg") || strings.HasSuffix(base, ".list")
}

func (l *lister) Collect(ctx context.Context, f report.File, c collect.Content, facts *report.LayerFacts) error {
	l.calls.Add(1)
	b := make([]byte, c.Size())
	if _, err := c.ReadAt(b, 0); err != nil && err != io.EOF {
		return err
	}
	text := strings.Trim(string(b), "\x00")
	switch {
	case strings.HasSuffix(f.Path, "os-release"):
		facts.Releases = append(facts.Releases, report.ReleaseFile{Path: f.Path, Content: text})
		return nil
	case strings.HasSuffix(f.Path, ".list"):
		owner := strings.TrimSuffix(path.Base(f.Path), ".list")
		facts.Owned = append(facts.Owned, report.OwnedSet{Package: owner, Files: strings.Fields(text)})
		return nil
	}
	database := path.Base(f.Path) == "db"
	set := report.PackageSet{Extractor: "test", Database: database}
	for line := range strings.Lines(text) {
		name, version, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch name {
		case "":
		case "panic":
			panic("told to")
		case "fail":
			facts.Packages = append(facts.Packages, set)
			return errors.New("told to")
		case "hang":
			<-ctx.Done()
			return ctx.Err()
		case "hang-deaf":
			// Deaf to its context, but not to its content being taken away.
			for {
				time.Sleep(time.Second)
				if _, err := c.ReadAt(b[:1], 0); err != nil {
					return err
				}
			}
		default:
			kind := map[bool]string{true: "deb", false: "npm"}[database]
			set.Packages = append(set.Packages, report.Package{Name: name, Version: version, Type: kind, Path: f.Path})
		}
	}
	facts.Packages = append(facts.Packages, set)
	return nil
}

func newEngine(opts engine.Options) (*engine.Engine, *lister) {
	l := new(lister)
	opts.Collectors = []collect.Collector{l}
	return engine.New(opts), l
}

// scan returns the facts of an image made of text.
func scan(t testing.TB, opts engine.Options, text string, contents ...map[string][]byte) *report.ImageFacts {
	t.Helper()
	e, _ := newEngine(opts)
	facts, err := e.Image(t.Context(), imagetest.Build(t, text, contents...).Image(t))
	if err != nil {
		t.Fatal(err)
	}
	return facts
}

// installed writes packages as "NAME VERSION @LAYER PATH".
func installed(facts *report.ImageFacts) []string {
	var got []string
	for _, p := range facts.Packages {
		line := fmt.Sprintf("%s %s @%d %s", p.Name, p.Version, p.Layer, p.Path)
		if p.OwnedBy != "" {
			line += " of " + p.OwnedBy
		}
		got = append(got, line)
	}
	return got
}

func codes(notes []report.Note) []string {
	var got []string
	for _, n := range notes {
		got = append(got, strings.TrimSpace(n.Code+" "+n.Path))
	}
	return got
}

func TestMergedFiles(t *testing.T) {
	tests := []struct {
		name  string
		image string
		want  []string // visible regular files with content: "PATH SIZE @LAYER"
		count int
	}{
		{
			name:  "layers add up, the upper one wins",
			image: "-- layer --\n-- a size=3 --\n-- b size=2 --\n-- layer --\n-- b size=5 --\n-- c/d size=1 --\n",
			want:  []string{"b 5 @1", "a 3 @0", "c/d 1 @1"},
			count: 3,
		},
		{
			name:  "whiteout of a file, a directory, a parent",
			image: "-- layer --\n-- a size=1 --\n-- d/e/f size=2 --\n-- d/e/g size=3 --\n-- d/h size=4 --\n-- k/l/m size=5 --\n-- layer --\n-- .wh.a --\n-- d/.wh.e --\n-- .wh.k --\n",
			want:  []string{"d/h 4 @0"},
			count: 1,
		},
		{
			name:  "a whiteout does not hide its own layer",
			image: "-- layer --\n-- d/a size=1 --\n-- d/b size=2 --\n-- layer --\n-- d/c size=3 --\n-- .wh.d --\n-- d/b size=4 --\n",
			want:  []string{"d/b 4 @1", "d/c 3 @1"},
			count: 2,
		},
		{
			name:  "a whiteout reaches through a layer between",
			image: "-- layer --\n-- d/a size=1 --\n-- layer --\n-- other size=2 --\n-- layer --\n-- .wh.d --\n-- layer --\n-- d/b size=3 --\n",
			want:  []string{"d/b 3 @3", "other 2 @1"},
			count: 2,
		},
		{
			name:  "an opaque directory",
			image: "-- layer --\n-- d/a size=1 --\n-- d/x/y size=2 --\n-- dd size=3 --\n-- layer --\n-- d/b size=4 --\n-- d/.wh..wh..opq --\n",
			want:  []string{"d/b 4 @1", "dd 3 @0"},
			count: 2,
		},
		{
			name:  "an opaque root",
			image: "-- layer --\n-- a size=1 --\n-- d/b size=2 --\n-- layer --\n-- .wh..wh..opq --\n-- c size=3 --\n",
			want:  []string{"c 3 @1"},
			count: 1,
		},
		{
			name:  "a file replaces a directory, a directory a file",
			image: "-- layer --\n-- a/b size=1 --\n-- c size=2 --\n-- e size=3 --\n-- layer --\n-- a size=4 --\n-- c/ --\n-- e/f size=5 --\n",
			want:  []string{"e/f 5 @1", "a 4 @1"},
			count: 2,
		},
		{
			name:  "a symbolic link replaces a directory",
			image: "-- layer --\n-- lib/x size=1 --\n-- layer --\n-- lib symlink=usr/lib --\n",
		},
		{
			name:  "a directory over a directory changes nothing below",
			image: "-- layer --\n-- d/ --\n-- d/a size=1 --\n-- layer --\n-- d/ mode=0700 --\n",
			want:  []string{"d/a 1 @0"},
			count: 1,
		},
		{
			name:  "names that sort between a directory and its content",
			image: "-- layer --\n-- d/a size=1 --\n-- d-e/a size=2 --\n-- d.f size=3 --\n-- layer --\n-- .wh.d --\n",
			want:  []string{"d.f 3 @0", "d-e/a 2 @0"},
			count: 2,
		},
		{
			name:  "the last of a path in one layer counts",
			image: "-- layer --\n-- a size=1 --\n-- b/c size=2 --\n-- a size=3 --\n-- b size=4 --\n-- d size=5 --\n-- d/e size=6 --\n",
			want:  []string{"d/e 6 @0", "b 4 @0", "a 3 @0"},
			count: 3,
		},
		{
			name:  "links loop, hard links count once",
			image: "-- layer --\n-- a symlink=b --\n-- b symlink=a --\n-- c symlink=. --\n-- f size=2 --\n-- g hardlink=f --\n",
			want:  []string{"f 2 @0"},
			count: 2,
		},
		{
			name:  "overlay whiteouts",
			image: "-- layer --\n-- a size=1 --\n-- d/b size=2 --\n-- layer --\n-- a char=0,0 --\n-- d/ xattr.trusted.overlay.opaque=y --\n",
		},
		{
			name: "no layers",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			facts := scan(t, engine.Options{}, test.image)
			var got []string
			var size int64
			for _, f := range facts.Files.Largest {
				got = append(got, fmt.Sprintf("%s %d @%d", f.Path, f.Size, f.Layer))
				size += f.Size
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
			if facts.Files.Count != test.count || facts.Files.Size != size {
				t.Errorf("count %d, size %d, want %d, %d", facts.Files.Count, facts.Files.Size, test.count, size)
			}
		})
	}
}

func TestLargestFiles(t *testing.T) {
	var text strings.Builder
	text.WriteString("-- layer --\n")
	for n := range 200 {
		fmt.Fprintf(&text, "-- f%03d size=%d --\n", n, (n*37)%100)
	}
	facts := scan(t, engine.Options{}, text.String())
	if len(facts.Files.Largest) != 50 || facts.Files.Count != 200 {
		t.Fatalf("%d largest of %d", len(facts.Files.Largest), facts.Files.Count)
	}
	for n := 1; n < 50; n++ {
		a, b := facts.Files.Largest[n-1], facts.Files.Largest[n]
		if a.Size < b.Size || a.Size == b.Size && a.Path >= b.Path {
			t.Errorf("%v comes before %v", a, b)
		}
	}
	if last := facts.Files.Largest[49].Size; last != 75 {
		t.Errorf("the smallest of the largest has %d bytes, want 75", last)
	}
}

func TestMergedPackages(t *testing.T) {
	tests := []struct {
		name  string
		image string
		want  []string
		notes []string
	}{
		{
			name: "the first layer since which a database lists the package",
			image: `
-- layer --
-- db --
bash 1
curl 1
gone 1
-- layer --
-- unrelated --
-- layer --
-- db --
bash 1
curl 2
nginx 1
-- layer --
-- db --
bash 1
curl 2
gone 1
nginx 1
`,
			want: []string{"bash 1 @0 db", "curl 2 @2 db", "gone 1 @3 db", "nginx 1 @2 db"},
		},
		{
			name:  "a database deleted and written anew",
			image: "-- layer --\n-- d/db --\nbash 1\n-- layer --\n-- .wh.d --\n-- layer --\n-- d/db --\nbash 1\n",
			want:  []string{"bash 1 @2 d/db"},
		},
		{
			name:  "a database replaced within an opaque directory",
			image: "-- layer --\n-- d/db --\nbash 1\n-- layer --\n-- d/.wh..wh..opq --\n-- d/db --\nbash 1\n",
			want:  []string{"bash 1 @1 d/db"},
		},
		{
			name:  "a deleted database lists nothing",
			image: "-- layer --\n-- d/db --\nbash 1\n-- layer --\n-- d/.wh.db --\n",
		},
		{
			name:  "evidence belongs to the layer of the file",
			image: "-- layer --\n-- a.pkg --\na 1\n-- b.pkg --\nb 1\n-- c.pkg --\nc 1\n-- layer --\n-- a.pkg --\na 1\n-- .wh.b.pkg --\n",
			want:  []string{"a 1 @1 a.pkg", "c 1 @0 c.pkg"},
		},
		{
			name:  "what a distribution package owns",
			image: "-- layer --\n-- node.list --\nusr/lib/a.pkg\n-- usr/lib/a.pkg --\na 1\n-- usr/lib/b.pkg --\nb 1\n-- gone.list --\nusr/lib/b.pkg\n-- layer --\n-- .wh.gone.list --\n",
			want:  []string{"a 1 @0 usr/lib/a.pkg of node", "b 1 @0 usr/lib/b.pkg"},
		},
		{
			name:  "the last of a path in one layer counts",
			image: "-- layer --\n-- a.pkg --\na 1\n-- b.pkg --\nb 1\n-- a.pkg --\na 2\n-- b.pkg/ --\n",
			want:  []string{"a 2 @0 a.pkg"},
		},
		{
			name:  "a hard link keeps deleted evidence",
			image: "-- layer --\n-- a.pkg --\na 1\n-- other hardlink=a.pkg --\n-- b.pkg --\nb 1\n-- twin hardlink=b.pkg --\n-- layer --\n-- .wh.a.pkg --\n-- .wh.b.pkg --\n-- .wh.twin --\n",
			want:  []string{"a 1 @0 a.pkg"},
		},
		{
			name:  "a hard link to content nobody looked at",
			image: "-- layer --\n-- blob --\na 1\n-- a.pkg hardlink=blob --\n",
			notes: []string{"hard-link-not-read a.pkg"},
		},
		{
			name:  "notes about files that are gone are gone",
			image: "-- layer --\n-- a.pkg --\nfail\n-- b.pkg --\nfail\n-- ../x --\n-- layer --\n-- .wh.a.pkg --\n",
			notes: []string{"entry-name-refused ../x", "collector-failed b.pkg"},
		},
		{
			name:  "the same layer twice",
			image: "-- layer --\n-- a.pkg --\na 1\n-- ../x --\n-- layer --\n-- a.pkg --\na 1\n-- ../x --\n",
			want:  []string{"a 1 @1 a.pkg"},
			notes: []string{"entry-name-refused ../x"},
		},
		{
			name:  "an image without layers",
			image: "",
			notes: []string{"image-without-layers"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			facts := scan(t, engine.Options{}, test.image)
			if diff := cmp.Diff(test.want, installed(facts)); diff != "" {
				t.Errorf("packages (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.notes, codes(facts.Notes)); diff != "" {
				t.Errorf("notes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestOperatingSystem(t *testing.T) {
	facts := scan(t, engine.Options{}, `
-- layer --
-- etc/os-release --
ID=debian
VERSION_ID="12"
-- db --
bash 1
-- layer --
-- etc/os-release --
ID=ubuntu
VERSION_ID="24.04"
`)
	if facts.OS.ID != "ubuntu" || facts.OS.Version != "24.04" {
		t.Errorf("operating system is %+v", facts.OS)
	}
	if p := facts.Packages[0]; !strings.HasPrefix(p.PURL, "pkg:deb/ubuntu/bash@1") {
		t.Errorf("package URL is %q", p.PURL)
	}
}

func TestMergeRefusesForeignFacts(t *testing.T) {
	img := report.Image{Layers: []report.Layer{{DiffID: "sha256:a"}}}
	for name, layers := range map[string][]*report.LayerFacts{
		"none":    nil,
		"nil":     {nil},
		"another": {{DiffID: "sha256:b"}},
		"more":    {{DiffID: "sha256:a"}, {DiffID: "sha256:b"}},
	} {
		if _, err := engine.Merge(img, layers); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestCollectorsMisbehave(t *testing.T) {
	facts := scan(t, engine.Options{}, `
-- layer --
-- a.pkg --
a 1
panic
-- b.pkg --
b 1
fail
-- panic-want --
-- c.pkg --
c 1
`)
	if diff := cmp.Diff([]string{"b 1 @0 b.pkg", "c 1 @0 c.pkg"}, installed(facts)); diff != "" {
		t.Errorf("packages (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"collector-failed a.pkg", "collector-failed b.pkg"}, codes(facts.Notes)); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
	for _, n := range facts.Notes {
		if n.Collector != "lister" || !strings.HasPrefix(n.Layer, "sha256:") || !strings.Contains(n.Message, "told to") {
			t.Errorf("note %+v", n)
		}
	}
}

func TestCollectorsHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cache := make(memoryCache)
		text := "-- layer --\n-- a.pkg --\nhang\n"
		want := []string{"collector-timeout a.pkg"}
		for n := range 4 {
			text += fmt.Sprintf("-- deaf%d.pkg --\nhang-deaf\n", n)
			want = append(want, fmt.Sprintf("collector-timeout deaf%d.pkg", n))
		}
		text += "-- z.pkg --\nz 1\n"
		want[4] = "collector-given-up deaf3.pkg"
		want = append(want, "collector-given-up z.pkg")
		facts := scan(t, engine.Options{Timeout: 3 * time.Second, Cache: cache}, text)
		time.Sleep(time.Minute) // of the bubble: lets those left behind end
		if diff := cmp.Diff(want, codes(facts.Notes)); diff != "" {
			t.Errorf("notes (-want +got):\n%s", diff)
		}
		if len(cache) != 0 {
			t.Errorf("facts that may be better next time were cached")
		}
	})
}

type memoryCache map[string][]byte

func (m memoryCache) Get(_ context.Context, key string) ([]byte, bool) {
	b, ok := m[key]
	return b, ok
}

func (m memoryCache) Put(_ context.Context, key string, b []byte) error {
	m[key] = b
	return nil
}

func TestSpool(t *testing.T) {
	big := map[string][]byte{"big": append(bytes.Repeat([]byte("\x00"), 100_000), "big 1\n"...)}
	text := "-- layer --\n-- a.pkg content=big --\n-- b.pkg --\nb 1\n"
	tests := []struct {
		name  string
		opts  engine.Options
		want  []string
		notes []string
	}{
		{"in memory", engine.Options{Budget: 1 << 20}, []string{"b 1 @0 b.pkg", "big 1 @0 a.pkg"}, nil},
		{"on disk", engine.Options{Budget: 10, TempDir: t.TempDir()}, []string{"b 1 @0 b.pkg", "big 1 @0 a.pkg"}, nil},
		{"too large", engine.Options{Budget: 100, Spool: 1000}, []string{"b 1 @0 b.pkg"}, []string{"file-too-large a.pkg"}},
		{"no temporary files", engine.Options{Budget: 100, Spool: -1}, []string{"b 1 @0 b.pkg"}, []string{"file-too-large a.pkg"}},
		{"disk fails", engine.Options{Budget: 100, TempDir: "/dev/null"}, []string{"b 1 @0 b.pkg"}, []string{"file-not-spooled a.pkg"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			cache := make(memoryCache)
			test.opts.Cache = cache
			facts := scan(t, test.opts, text, big)
			if diff := cmp.Diff(test.want, installed(facts)); diff != "" {
				t.Errorf("packages (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.notes, codes(facts.Notes)); diff != "" {
				t.Errorf("notes (-want +got):\n%s", diff)
			}
			if cached := len(cache) > 0; cached != (test.name != "disk fails") {
				t.Errorf("cached: %v", cached)
			}
			if test.opts.TempDir != "" && test.name == "on disk" {
				if left, _ := os.ReadDir(test.opts.TempDir); len(left) > 0 {
					t.Errorf("temporary files are left: %v", left)
				}
			}
		})
	}
}

// TestBudget reads more content at once than the budget holds, in several
// layers: they wait for each other and all finish.
func TestBudget(t *testing.T) {
	var text strings.Builder
	var want []string
	for layer := range 8 {
		text.WriteString("-- layer --\n")
		for n := range 20 {
			fmt.Fprintf(&text, "-- %d/f%02d.pkg content=big --\n", layer, n)
			want = append(want, fmt.Sprintf("big 1 @%d %d/f%02d.pkg", layer, layer, n))
		}
	}
	big := map[string][]byte{"big": append(bytes.Repeat([]byte("\x00"), 50_000), "big 1\n"...)}
	facts := scan(t, engine.Options{Budget: 130_000, Workers: 8}, text.String(), big)
	if diff := cmp.Diff(want, installed(facts)); diff != "" {
		t.Errorf("packages (-want +got):\n%s", diff)
	}
}

func TestCache(t *testing.T) {
	cache := engine.NewFileCache(t.TempDir()+"/new", 1<<20)
	e, l := newEngine(engine.Options{Cache: cache})
	built := imagetest.Build(t, "-- layer --\nRUN one\n-- a.pkg --\na 1\n-- layer --\nRUN two\n-- b.pkg --\nb 1\n")
	first, err := e.Image(t.Context(), built.Image(t))
	if err != nil {
		t.Fatal(err)
	}

	again := built.Image(t)
	again.Name = "another name"
	for n := range again.Layers {
		again.Layers[n].Open = func(context.Context) (io.ReadCloser, error) { return nil, errors.New("opened") }
	}
	second, err := e.Image(t.Context(), again)
	if err != nil {
		t.Fatal(err)
	}
	if second.Image.Name != "another name" {
		t.Errorf("the cached name came back: %q", second.Image.Name)
	}
	second.Image.Name = first.Image.Name
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("the cache changed the facts (-first +second):\n%s", diff)
	}

	// Another image on the same layer needs only what is new.
	before := l.calls.Load()
	more := imagetest.Build(t, "-- layer --\nRUN one\n-- a.pkg --\na 1\n-- layer --\n-- c.pkg --\nc 1\n")
	if _, err := e.Image(t.Context(), more.Image(t)); err != nil {
		t.Fatal(err)
	}
	if calls := l.calls.Load() - before; calls != 1 {
		t.Errorf("%d files were read, want 1", calls)
	}
}

// TestSameLayerOnce reads a layer that occurs three times in the image once.
func TestSameLayerOnce(t *testing.T) {
	layer := "-- layer --\n-- a.pkg --\na 1\n"
	e, l := newEngine(engine.Options{})
	facts, err := e.Image(t.Context(), imagetest.Build(t, layer+layer+layer).Image(t))
	if err != nil {
		t.Fatal(err)
	}
	if calls := l.calls.Load(); calls != 1 {
		t.Errorf("the layer was read %d times", calls)
	}
	if len(facts.Image.Layers) != 3 {
		t.Errorf("the image has %d layers, want 3", len(facts.Image.Layers))
	}
}

// TestBorrowedDiffID gives an image whose second layer claims to be the first
// one, or a layer that the cache knows, no facts that are not its own.
func TestBorrowedDiffID(t *testing.T) {
	clean := imagetest.Build(t, "-- layer --\n-- a.pkg --\na 1\n").Image(t)
	e, _ := newEngine(engine.Options{Cache: engine.NewFileCache(t.TempDir(), 1<<20)})
	if _, err := e.Image(t.Context(), clean); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"of the cache":         "-- layer --\n-- b.pkg --\nb 1\n",
		"of the layer below":   "-- layer --\n-- a.pkg --\na 1\n-- layer --\n-- b.pkg --\nb 1\n",
		"of the image as such": "-- layer --\n-- c.pkg --\nc 1\n",
	} {
		img := imagetest.Build(t, text).Image(t)
		img.Layers[len(img.Layers)-1].DiffID = clean.Layers[0].DiffID
		_, err := e.Image(t.Context(), img)
		if catalog.CauseOf(err) != catalog.CauseDownload || !strings.Contains(err.Error(), "diff ID") {
			t.Errorf("a diff ID borrowed %s: error is %v, want one about the diff ID", name, err)
		}
	}
}

func TestDeterministic(t *testing.T) {
	text := "-- layer --\n-- z.pkg --\nz 1\n-- a.pkg --\nfail\n-- db --\nx 1\ny 1\n-- ../up --\n-- layer --\n-- m.list --\nz.pkg\n-- b.pkg --\nb 1\n"
	img := imagetest.Build(t, text)
	var want []byte
	for range 10 {
		e, _ := newEngine(engine.Options{Workers: 2})
		facts, err := e.Image(t.Context(), img.Image(t))
		if err != nil {
			t.Fatal(err)
		}
		got, err := engine.EncodeImageFacts(facts)
		if err != nil {
			t.Fatal(err)
		}
		if want == nil {
			want = got
		}
		if !bytes.Equal(want, got) {
			t.Fatal("the same image gave other facts")
		}
	}
}

func TestImageErrors(t *testing.T) {
	good := "-- layer --\n-- a --\n-- layer --\n-- b size=100000 --\nxyz\n"
	tests := []struct {
		name   string
		change func(*imagetest.Image, *image.Image)
		limits func(*image.Limits)
		cause  catalog.Cause
		want   string
	}{
		{"blob missing", func(i *imagetest.Image, _ *image.Image) { i.Remove(i.Layers[1].Digest) }, nil, catalog.CauseDownload, "missing"},
		{"corrupt", func(i *imagetest.Image, _ *image.Image) {
			i.Corrupt(i.Layers[0].Digest, func(b []byte) []byte { b[20] ^= 0xff; return b })
		}, nil, catalog.CauseDownload, "digest"},
		{"128 layers", func(_ *imagetest.Image, i *image.Image) {
			for len(i.Layers) < 128 {
				i.Layers = append(i.Layers, i.Layers[0])
			}
		}, nil, catalog.CauseLayerTooLarge, "128 layers"},
		{"too large", func(_ *imagetest.Image, i *image.Image) {
			for n := range 6 {
				i.Layers = append(i.Layers, i.Layers[0])
				i.Layers[n].Size = 9 << 30
			}
		}, nil, catalog.CauseImageTooLarge, "more than 53687091200"},
		{"a layer too large", func(_ *imagetest.Image, i *image.Image) { i.Layers[1].Size = 11 << 30 }, nil, catalog.CauseLayerTooLarge, "layer 2"},
		{"a layer that inflates too far", nil, func(l *image.Limits) { l.Inflated = 50_000 }, catalog.CauseLayerTooLarge, "inflates"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			built := imagetest.Build(t, good)
			img := built.Image(t)
			if test.change != nil {
				test.change(built, img)
			}
			limits := image.DefaultLimits()
			if test.limits != nil {
				test.limits(&limits)
			}
			e, _ := newEngine(engine.Options{Limits: limits})
			_, err := e.Image(t.Context(), img)
			if err == nil || catalog.CauseOf(err) != test.cause || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error is %v, want %q with cause %s", err, test.want, test.cause)
			}
		})
	}
}

// TestMillionEntries stops at the limit in a layer that would go on.
func TestMillionEntries(t *testing.T) {
	header := imagetest.Tar(t, "-- d/ --\n")[:512]
	l := image.Layer{
		DiffID: "sha256:" + strings.Repeat("0", 64),
		Size:   1 << 40,
		Open: func(context.Context) (io.ReadCloser, error) {
			return io.NopCloser(&endless{block: bytes.Repeat(header, 1000)}), nil
		},
	}
	limits := image.DefaultLimits()
	limits.LayerSize = 0
	e, _ := newEngine(engine.Options{Limits: limits})
	_, err := e.Layer(t.Context(), l)
	if catalog.CauseOf(err) != catalog.CauseLayerTooLarge || !strings.Contains(err.Error(), "more than 1000000 entries") {
		t.Errorf("error is %v", err)
	}
}

type endless struct {
	block []byte
	at    int
}

func (e *endless) Read(p []byte) (int, error) {
	n := copy(p, e.block[e.at:])
	e.at = (e.at + n) % len(e.block)
	return n, nil
}

// TestDeepPaths merges layers whose entries have more directories above them
// than there is memory for, if each of those took some.
func TestDeepPaths(t *testing.T) {
	deep := strings.Repeat("d/", 2000)
	var text strings.Builder
	for layer := range 2 {
		text.WriteString("-- layer --\n")
		for n := range 3000 {
			fmt.Fprintf(&text, "-- %d/%s%d.pkg --\nx %d\n", n, deep, layer, layer)
		}
		text.WriteString("-- .wh.7 --\n")
	}
	facts := scan(t, engine.Options{}, text.String())
	if facts.Files.Count != 5999 || len(facts.Packages) != 5999 {
		t.Errorf("%d files, %d packages", facts.Files.Count, len(facts.Packages))
	}
}

// TestCacheFails scans although nothing can be kept, as on a full disk.
func TestCacheFails(t *testing.T) {
	for range 2 {
		facts := scan(t, engine.Options{Cache: engine.NewFileCache("/dev/null/x", 1)}, "-- layer --\n-- a.pkg --\na 1\n")
		if diff := cmp.Diff([]string{"a 1 @0 a.pkg"}, installed(facts)); diff != "" {
			t.Errorf("packages (-want +got):\n%s", diff)
		}
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	e, _ := newEngine(engine.Options{})
	if _, err := e.Image(ctx, imagetest.Build(t, "-- layer --\n-- a.pkg --\na 1\n").Image(t)); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
}

func TestProgress(t *testing.T) {
	var last engine.Progress
	opts := engine.Options{Progress: func(p engine.Progress) {
		if p.BytesDone < last.BytesDone || p.LayersDone < last.LayersDone || p.BytesDone > p.Bytes {
			t.Errorf("progress went from %+v to %+v", last, p)
		}
		last = p
	}}
	text := "-- layer --\n-- a size=1000000 --\nx\n-- layer --\n-- b --\n-- layer --\n-- b --\n"
	facts := scan(t, opts, text)
	want := engine.Progress{Layers: 2, LayersDone: 2}
	want.Bytes = facts.Image.Layers[0].Size + facts.Image.Layers[1].Size
	want.BytesDone = want.Bytes
	if last != want {
		t.Errorf("in the end %+v, want %+v", last, want)
	}
}

func TestVersion(t *testing.T) {
	e, _ := newEngine(engine.Options{})
	if v := e.Version(); v != engine.Version([]collect.Collector{&lister{}}) || v == engine.Version(nil) || len(v) > 32 {
		t.Errorf("version is %q", v)
	}
}
