package engine_test

import (
	"cmp"
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

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pratique/pratique/internal/engine"
	"github.com/pratique/pratique/internal/image"
	"github.com/pratique/pratique/internal/image/imagetest"
	"github.com/pratique/pratique/internal/report"
	"github.com/pratique/pratique/internal/rules"
)

// model is a file system built up layer by layer in the plainest way, to
// compare Merge with: what is there by path, and what was there once.
type model struct {
	visible map[string]modelFile
	hidden  []report.WastedFile // of any size
	layers  []report.LayerFiles
	links   []modelLink
	// parents are paths that something was below at some time; it only saves
	// looking for what is below others.
	parents map[string]bool
}

type modelFile struct {
	report.File
	layer int
}

// modelLink is a hard link of a layer.
type modelLink struct {
	layer        int
	path, target string
}

func newModel() *model {
	return &model{visible: make(map[string]modelFile), parents: map[string]bool{".": true}}
}

// hide takes an entry away, because of what a layer does.
func (m *model) hide(p string, by int, how report.Hidden) {
	old, ok := m.visible[p]
	if !ok || old.layer == by {
		return
	}
	delete(m.visible, p)
	if old.Mode.IsRegular() {
		m.hidden = append(m.hidden, report.WastedFile{Path: p, Size: old.Size, Layer: old.layer, Hidden: how, By: by})
	}
}

func (m *model) hideBelow(dir string, by int, facts *report.LayerFacts) {
	if !m.parents[dir] {
		return
	}
	for p := range maps.Clone(m.visible) {
		if dir == "." || strings.HasPrefix(p, dir+"/") {
			m.hide(p, by, howHidden(p, facts))
		}
	}
}

// howHidden tells whether a layer has something at the place of what it hides,
// if only a directory by implication.
func howHidden(p string, facts *report.LayerFacts) report.Hidden {
	at := func(q string) bool { return q == p || strings.HasPrefix(q, p+"/") }
	below := func(q string) bool { return strings.HasPrefix(q, p+"/") }
	if slices.ContainsFunc(facts.Files, func(f report.File) bool { return at(f.Path) }) ||
		slices.ContainsFunc(facts.Opaques, at) || slices.ContainsFunc(facts.Whiteouts, below) {
		return report.Replaced
	}
	return report.Deleted
}

// mkdir makes way for a directory that the layer has, if only by implication.
func (m *model) mkdir(dir string, by int) {
	for ; dir != "."; dir = path.Dir(dir) {
		if !m.visible[dir].Mode.IsDir() {
			m.hide(dir, by, report.Replaced)
		}
	}
}

// apply adds a layer's entries and takes away what they hide.
func (m *model) apply(layer int, facts *report.LayerFacts) {
	for _, p := range facts.Whiteouts {
		m.hide(p, layer, howHidden(p, facts))
		m.hideBelow(p, layer, facts)
		m.mkdir(path.Dir(p), layer)
	}
	for _, p := range facts.Opaques {
		m.hideBelow(p, layer, facts)
		m.mkdir(p, layer)
	}
	for _, f := range facts.Files {
		m.hide(f.Path, layer, report.Replaced)
		if !f.Mode.IsDir() {
			m.hideBelow(f.Path, layer, facts)
		}
		m.mkdir(path.Dir(f.Path), layer)
	}
	in := report.LayerFiles{Layer: layer}
	for _, f := range facts.Files {
		m.visible[f.Path] = modelFile{f, layer}
		for dir := path.Dir(f.Path); !m.parents[dir]; dir = path.Dir(dir) {
			m.parents[dir] = true
		}
		if f.Mode.IsRegular() {
			in.Count++
			in.Size += f.Size
			if f.Link != "" {
				m.links = append(m.links, modelLink{layer, f.Path, f.Link})
			}
		}
	}
	m.layers = append(m.layers, in)
}

// wasted leaves of the files that are hidden those whose bytes are of no use.
func (m *model) wasted() []report.WastedFile {
	var list []report.WastedFile
	for _, h := range m.hidden {
		alive := slices.ContainsFunc(m.links, func(l modelLink) bool {
			v, ok := m.visible[l.path]
			return l.layer == h.Layer && l.target == h.Path && ok && v.layer == l.layer
		})
		if h.Size > 0 && !alive {
			list = append(list, h)
		}
	}
	slices.SortFunc(list, func(a, b report.WastedFile) int {
		return cmp.Or(cmp.Compare(b.Size, a.Size), strings.Compare(a.Path, b.Path), cmp.Compare(a.Layer, b.Layer))
	})
	return list
}

// check compares what was merged with the model. What it says of types and of
// special files is compared by number, as each has a test of its own.
func (m *model) check(t *testing.T, got report.FileSummary) {
	t.Helper()
	want := report.FileSummary{Layers: m.layers, WastedFiles: m.wasted()}
	for _, h := range m.hidden {
		switch h.Hidden {
		case report.Replaced:
			want.Layers[h.By].Replaced++
		case report.Deleted:
			want.Layers[h.By].Deleted++
		}
	}
	for _, w := range want.WastedFiles {
		want.Layers[w.Layer].Wasted += w.Size
		want.Wasted += w.Size
	}
	want.WastedFiles = want.WastedFiles[:min(50, len(want.WastedFiles))]
	for p, f := range m.visible {
		if special := specialOf(f); special != nil {
			want.SpecialCount++
			want.Special = append(want.Special, *special)
		}
		if !f.Mode.IsRegular() {
			continue
		}
		want.Count++
		want.Size += f.Size
		if f.Size > 0 {
			want.Largest = append(want.Largest, report.LargeFile{Path: p, Size: f.Size, Layer: f.layer})
		}
	}
	slices.SortFunc(want.Special, func(a, b report.SpecialFile) int { return strings.Compare(a.Path, b.Path) })
	want.Special = want.Special[:min(1000, len(want.Special))]
	slices.SortFunc(want.Largest, func(a, b report.LargeFile) int {
		return cmp.Or(cmp.Compare(b.Size, a.Size), strings.Compare(a.Path, b.Path))
	})
	want.Largest = want.Largest[:min(50, len(want.Largest))]

	count, size := 0, int64(0)
	for _, kind := range got.Types {
		count += kind.Count
		size += kind.Size
	}
	if count != want.Count || size != want.Size {
		t.Errorf("the types add up to %d files, %d bytes, want %d, %d", count, size, want.Count, want.Size)
	}
	got.Types = nil
	if diff := gocmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("files (-model +merged):\n%s", diff)
	}
}

// specialOf is what a report says of an entry with special rights, nil for
// others. It knows the rights that entries of the random layers have.
func specialOf(f modelFile) *report.SpecialFile {
	s := &report.SpecialFile{Path: f.Path, UID: f.UID, GID: f.GID, Layer: f.layer, Capabilities: f.Capabilities}
	has := func(bits fs.FileMode) bool { return f.Mode&bits == bits }
	for _, kind := range []struct {
		name string
		is   bool
	}{
		{report.SpecialSetuid, f.Mode.IsRegular() && has(fs.ModeSetuid)},
		{report.SpecialSetgid, f.Mode.IsRegular() && has(fs.ModeSetgid)},
		{report.SpecialWorldWritable, has(2) && (f.Mode.IsRegular() || f.Mode.IsDir() && !has(fs.ModeSticky))},
		{report.SpecialCapabilities, f.Capabilities != nil},
		{report.SpecialDevice, has(fs.ModeDevice)},
	} {
		if kind.is {
			s.Kinds = append(s.Kinds, kind.name)
		}
	}
	if s.Kinds == nil {
		return nil
	}
	s.Mode = listed(f.Mode)
	return s
}

// listed writes a mode as ls does, from what package fs writes.
func listed(mode fs.FileMode) string {
	kind := "-"
	switch {
	case mode.IsDir():
		kind = "d"
	case mode&fs.ModeCharDevice != 0:
		kind = "c"
	case mode&fs.ModeDevice != 0:
		kind = "b"
	}
	text := []byte(mode.Perm().String()[1:])
	for n, bit := range []fs.FileMode{fs.ModeSetuid, fs.ModeSetgid, fs.ModeSticky} {
		at := 3*n + 2
		if mode&bit != 0 && text[at] == 'x' {
			text[at] = "sst"[n]
		} else if mode&bit != 0 {
			text[at] = "SST"[n]
		}
	}
	return kind + string(text)
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
			content := name() // what a hard link would lead to
			for range random.IntN(6) {
				p := name()
				mode := []string{"0644", "0755", "4755", "2711", "0666", "1777", "0777", "6640"}[random.IntN(8)]
				switch random.IntN(10) {
				case 0:
					fmt.Fprintf(&text, "-- %s --\n", path.Join(path.Dir(p), ".wh."+path.Base(p)))
				case 1:
					fmt.Fprintf(&text, "-- %s/.wh..wh..opq --\n", p)
				case 2, 3:
					fmt.Fprintf(&text, "-- %s/ mode=%s --\n", p, mode)
				case 4:
					fmt.Fprintf(&text, "-- %s symlink=a --\n", p)
				case 5:
					fmt.Fprintf(&text, "-- %s hardlink=%s --\n", p, content)
				case 6:
					fmt.Fprintf(&text, "-- %s char=1,%d --\n", p, random.IntN(2))
				default:
					fmt.Fprintf(&text, "-- %s size=%d mode=%s --\n", p, 1+random.IntN(9), mode)
					content = p
				}
			}
		}
		img := imagetest.Build(t, text.String()).Image(t)
		e, _ := newEngine(engine.Options{})
		var layers []*report.LayerFacts
		m := newModel()
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
			m := newModel()
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
			if diff := gocmp.Diff(facts, again, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("the cache changed the facts (-first +second):\n%s", diff)
			}
		})
	}
}
