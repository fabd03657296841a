package engine_test

import (
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pratique/pratique/internal/engine"
	"github.com/pratique/pratique/internal/image"
	"github.com/pratique/pratique/internal/image/imagetest"
	"github.com/pratique/pratique/internal/report"
	"github.com/pratique/pratique/internal/rules"
)

// model is a file system built up layer by layer in the plainest way, to
// compare Merge with. It holds what Merge tells of: regular files.
type model map[string]modelFile

type modelFile struct {
	mode  fs.FileMode
	size  int64
	layer int
}

func (m model) removeBelow(dir string) {
	maps.DeleteFunc(m, func(p string, _ modelFile) bool { return dir == "." || strings.HasPrefix(p, dir+"/") })
}

// mkdir makes way for a directory that the layer has, if only by implication.
func (m model) mkdir(dir string) {
	for ; dir != "."; dir = path.Dir(dir) {
		if m[dir].mode.IsRegular() {
			delete(m, dir)
		}
	}
}

// apply adds a layer's entries and takes away what they hide.
func (m model) apply(layer int, facts *report.LayerFacts) {
	for _, p := range facts.Whiteouts {
		delete(m, p)
		m.removeBelow(p)
		m.mkdir(path.Dir(p))
	}
	for _, p := range facts.Opaques {
		m.removeBelow(p)
		m.mkdir(p)
	}
	for _, f := range facts.Files {
		if old, ok := m[f.Path]; ok && !(old.mode.IsDir() && f.Mode.IsDir()) {
			delete(m, f.Path)
		}
		if !f.Mode.IsDir() {
			m.removeBelow(f.Path)
		}
		m.mkdir(path.Dir(f.Path))
	}
	for _, f := range facts.Files {
		m[f.Path] = modelFile{f.Mode, f.Size, layer}
	}
}

// check compares what was merged with the model.
func (m model) check(t *testing.T, got report.FileSummary) {
	t.Helper()
	want := report.FileSummary{}
	for p, f := range m {
		if !f.mode.IsRegular() {
			continue
		}
		want.Count++
		want.Size += f.size
		if f.size > 0 {
			want.Largest = append(want.Largest, report.LargeFile{Path: p, Size: f.size, Layer: f.layer})
		}
	}
	slices.SortFunc(want.Largest, func(a, b report.LargeFile) int {
		if a.Size != b.Size {
			return int(b.Size - a.Size)
		}
		return strings.Compare(a.Path, b.Path)
	})
	want.Largest = want.Largest[:min(50, len(want.Largest))]
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("files (-model +merged):\n%s", diff)
	}
}

// TestMergeLikeModel merges random layers of few names, so that they collide
// in every way.
func TestMergeLikeModel(t *testing.T) {
	const rounds = 2000
	for seed := range uint64(rounds) {
		random := rand.New(rand.NewPCG(seed, 1))
		name := func() string {
			parts := make([]string, 1+random.IntN(3))
			for n := range parts {
				parts[n] = string("ab"[random.IntN(2)])
			}
			return strings.Join(parts, "/")
		}
		var text strings.Builder
		for range 1 + random.IntN(4) {
			text.WriteString("-- layer plain --\n")
			for range random.IntN(6) {
				p := name()
				switch random.IntN(8) {
				case 0:
					fmt.Fprintf(&text, "-- %s --\n", path.Join(path.Dir(p), ".wh."+path.Base(p)))
				case 1:
					fmt.Fprintf(&text, "-- %s/.wh..wh..opq --\n", p)
				case 2, 3:
					fmt.Fprintf(&text, "-- %s/ --\n", p)
				case 4:
					fmt.Fprintf(&text, "-- %s symlink=a --\n", p)
				default:
					fmt.Fprintf(&text, "-- %s size=%d --\n", p, 1+random.IntN(9))
				}
			}
		}
		img := imagetest.Build(t, text.String()).Image(t)
		e, _ := newEngine(engine.Options{})
		var layers []*report.LayerFacts
		m := make(model)
		for n, l := range img.Layers {
			facts, err := e.Layer(t.Context(), l)
			if err != nil {
				t.Fatal(err)
			}
			layers = append(layers, facts)
			m.apply(n, facts)
		}
		facts, err := engine.Merge(img.Report(t.Context(), rules.Default()), layers)
		if err != nil {
			t.Fatal(err)
		}
		m.check(t, facts.Files)
		if t.Failed() {
			t.Fatalf("seed %d:\n%s", seed, text.String())
		}
	}
}

// TestRealImages scans the images that PRATIQUE_IMAGES holds with the
// program's own collectors.
func TestRealImages(t *testing.T) {
	root := os.Getenv("PRATIQUE_IMAGES")
	if root == "" {
		if os.Getenv("PRATIQUE_REQUIRE_ALL") != "" {
			t.Fatal("PRATIQUE_IMAGES is not set")
		}
		t.Skip("PRATIQUE_IMAGES does not say where real images are")
	}
	for _, name := range []string{"debian12-minbase", "debian12-node", "debian12-java", "debian12-python"} {
		t.Run(name, func(t *testing.T) {
			img, closer, err := image.Open(t.Context(), "oci:"+filepath.Join(root, name), image.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer closer.Close()
			cache := engine.NewFileCache(t.TempDir(), engine.DefaultCacheSize)
			e := engine.New(engine.Options{Cache: cache})
			facts, err := e.Image(t.Context(), img)
			if err != nil {
				t.Fatal(err)
			}
			if facts.OS.ID != "debian" || !strings.HasPrefix(facts.OS.Version, "12") {
				t.Errorf("operating system is %+v", facts.OS)
			}
			for _, n := range facts.Notes {
				t.Errorf("note: %+v", n)
			}
			m := make(model)
			for n, l := range img.Layers {
				layer, err := e.Layer(t.Context(), l)
				if err != nil {
					t.Fatal(err)
				}
				m.apply(n, layer)
			}
			m.check(t, facts.Files)
			for _, p := range facts.Packages {
				if p.Layer < 0 || p.Layer >= len(img.Layers) || p.PURL == "" {
					t.Errorf("package %+v", p)
				}
			}
			again, err := engine.New(engine.Options{Cache: cache}).Image(t.Context(), img)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(facts, again, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("the cache changed the facts (-first +second):\n%s", diff)
			}
		})
	}
}
