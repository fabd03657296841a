package engine

import (
	"cmp"
	"container/heap"
	"slices"

	"github.com/pratique/pratique/internal/report"
)

// comparePath orders paths as a walk of the tree meets them: a directory comes
// directly before all that is below it, so that "a/b" comes before "a-b".
func comparePath(a, b string) int {
	for n := range min(len(a), len(b)) {
		if a[n] == b[n] {
			continue
		}
		switch {
		case a[n] == '/':
			return -1
		case b[n] == '/':
			return 1
		}
		return cmp.Compare(a[n], b[n])
	}
	return cmp.Compare(len(a), len(b))
}

func findPath(paths []string, p string) bool {
	_, ok := slices.BinarySearchFunc(paths, p, comparePath)
	return ok
}

func findFile(files []report.File, p string) (int, bool) {
	return slices.BinarySearchFunc(files, p, func(f report.File, p string) int { return comparePath(f.Path, p) })
}

// below reports whether p is below the directory dir, neither of them the root.
func below(p, dir string) bool {
	return len(p) > len(dir) && p[len(dir)] == '/' && p[:len(dir)] == dir
}

// root is the path of the root where one is opaque.
const root = "."

// fate is one entry of one layer and what became of it in the layers above.
type fate struct {
	file *report.File
	// layer counts from 0.
	layer int
	// hidden says how it came to be out of sight, and by which layer, the first
	// above it that hides it; by is meaningless where hidden is empty.
	hidden report.Hidden
	by     int
}

// walkTree lays the layers on one another and calls emit once for every visible
// entry of any kind, and once for every regular file of a layer that a later
// one hides. The order depends on the paths alone. It walks all layers at once
// in the order of comparePath, so it needs memory for one path only, however
// many there are and however deep.
//
// Something in layer j hides what is at the same path in layers before j,
// unless both are directories. What is below that path in layers before j is
// hidden by a whiteout, an opaque directory, or anything that is no directory.
// A path in layer j makes those above it directories in layer j.
func walkTree(layers []*report.LayerFacts, emit func(fate)) {
	w := treeWalk{emit: emit, hiding: make([]int, len(layers))}
	cursors := openCursors(layers)
	for n, l := range layers {
		if slices.Contains(l.Opaques, root) {
			w.hiding[n]++
		}
	}
	heap.Init(&cursors)
	var at place
	for len(cursors) > 0 {
		at.reset(cursors[0].path())
		for len(cursors) > 0 && cursors[0].path() == at.path {
			at.add(cursors[0])
			if cursors[0].advance() {
				heap.Fix(&cursors, 0)
			} else {
				heap.Pop(&cursors)
			}
		}
		w.visit(&at)
	}
	w.leave("")
}

// place is what all layers together have at one path. Its lists are in the
// order of layers.
type place struct {
	path string
	// layers are those with anything at the path.
	layers  []int
	entries []placed
	// removed are the layers with a whiteout, opaque those with an opaque
	// directory.
	removed, opaque []int
}

type placed struct {
	layer int
	file  *report.File
}

func (p *place) reset(path string) {
	*p = place{path: path, layers: p.layers[:0], entries: p.entries[:0], removed: p.removed[:0], opaque: p.opaque[:0]}
}

func (p *place) add(c *cursor) {
	if n := len(p.layers); n == 0 || p.layers[n-1] != c.layer {
		p.layers = append(p.layers, c.layer)
	}
	switch c.kind {
	case whiteouts:
		p.removed = append(p.removed, c.layer)
	case opaques:
		p.opaque = append(p.opaque, c.layer)
	case entries:
		p.entries = append(p.entries, placed{c.layer, &c.files[0]})
	}
}

// treeWalk knows the places above the current one.
type treeWalk struct {
	emit  func(fate)
	above []directory
	// hiding counts, by layer, the places above that hide with it what lower
	// layers have below them; made lists those layers, place after place.
	hiding []int
	made   []int
	// pending are the entries in above that are no directories, place after
	// place: an upper layer can still replace them by having something below.
	pending []fate
}

// directory is a place that others may be below, with what of made and pending
// is its own.
type directory struct {
	path          string
	made, pending int
}

func (w *treeWalk) visit(at *place) {
	w.leave(at.path)
	w.replace(at)
	w.above = append(w.above, directory{at.path, len(w.made), len(w.pending)})
	for n, e := range at.entries {
		top := n == len(at.entries)-1
		if !top && !e.file.Mode.IsRegular() {
			continue
		}
		f := w.fate(at, n)
		switch {
		case f.hidden != "" && !e.file.Mode.IsRegular():
		case e.file.Mode.IsDir():
			w.emit(f)
		default:
			w.pending = append(w.pending, f)
		}
	}
	w.hide(at)
}

// fate says what becomes of the entry number n of a place, as far as the place
// and those above it tell.
func (w *treeWalk) fate(at *place, n int) fate {
	e := at.entries[n]
	f := fate{file: e.file, layer: e.layer, by: len(w.hiding)}
	for by := e.layer + 1; by < len(w.hiding); by++ {
		if w.hiding[by] > 0 {
			f.by, f.hidden = by, report.Deleted
			break
		}
	}
	if by, ok := after(at.removed, e.layer); ok && by < f.by {
		f.by, f.hidden = by, report.Deleted
	}
	// Something in its place counts more than what took it away.
	if n+1 < len(at.entries) && at.entries[n+1].layer <= f.by {
		f.by, f.hidden = at.entries[n+1].layer, report.Replaced
	}
	if by, ok := after(at.opaque, e.layer); ok && by <= f.by && !e.file.Mode.IsDir() {
		f.by, f.hidden = by, report.Replaced
	}
	return f
}

// after returns the first of the sorted layers that comes after one.
func after(layers []int, layer int) (int, bool) {
	n, _ := slices.BinarySearch(layers, layer+1)
	if n == len(layers) {
		return 0, false
	}
	return layers[n], true
}

// hide notes which layers hide what lower ones have below the place.
func (w *treeWalk) hide(at *place) {
	from := len(w.made)
	w.made = append(append(w.made, at.removed...), at.opaque...)
	for _, e := range at.entries {
		if !e.file.Mode.IsDir() {
			w.made = append(w.made, e.layer)
		}
	}
	for _, layer := range w.made[from:] {
		w.hiding[layer]++
	}
}

// replace makes directories, in each layer that has something at the place, of
// what is above it.
func (w *treeWalk) replace(at *place) {
	for n := range w.pending {
		f := &w.pending[n]
		if by, ok := after(at.layers, f.layer); ok && (f.hidden == "" || by <= f.by) {
			f.by, f.hidden = by, report.Replaced
		}
	}
}

// leave ends the places that path is not below, and emits their entries.
func (w *treeWalk) leave(path string) {
	for n := len(w.above) - 1; n >= 0 && !below(path, w.above[n].path); n-- {
		d := w.above[n]
		for _, f := range w.pending[d.pending:] {
			if f.hidden == "" || f.file.Mode.IsRegular() {
				w.emit(f)
			}
		}
		for _, layer := range w.made[d.made:] {
			w.hiding[layer]--
		}
		w.pending = w.pending[:d.pending]
		w.made = w.made[:d.made]
		w.above = w.above[:n]
	}
}

// What a cursor moves over.
const (
	entries = iota
	whiteouts
	opaques
)

// cursor is a position in one sorted list of one layer.
type cursor struct {
	layer int
	kind  int
	files []report.File
	paths []string
}

func (c *cursor) path() string {
	if c.kind == entries {
		return c.files[0].Path
	}
	return c.paths[0]
}

// advance moves on; false at the end.
func (c *cursor) advance() bool {
	if c.kind == entries {
		c.files = c.files[1:]
		return len(c.files) > 0
	}
	c.paths = c.paths[1:]
	return len(c.paths) > 0
}

// openCursors returns a cursor for every list that is not empty.
func openCursors(layers []*report.LayerFacts) cursorHeap {
	var all cursorHeap
	for n, l := range layers {
		if len(l.Files) > 0 {
			all = append(all, &cursor{layer: n, kind: entries, files: l.Files})
		}
		if len(l.Whiteouts) > 0 {
			all = append(all, &cursor{layer: n, kind: whiteouts, paths: l.Whiteouts})
		}
		if len(l.Opaques) > 0 {
			all = append(all, &cursor{layer: n, kind: opaques, paths: l.Opaques})
		}
	}
	return all
}

// cursorHeap has the cursor with the first path on top, of equal paths that of
// the lowest layer.
type cursorHeap []*cursor

func (h cursorHeap) Len() int { return len(h) }
func (h cursorHeap) Less(a, b int) bool {
	return cmp.Or(comparePath(h[a].path(), h[b].path()), cmp.Compare(h[a].layer, h[b].layer)) < 0
}
func (h cursorHeap) Swap(a, b int) { h[a], h[b] = h[b], h[a] }
func (h *cursorHeap) Push(x any)   { *h = append(*h, x.(*cursor)) }
func (h *cursorHeap) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}

// removes reports whether a layer hides what lower layers have at a path,
// other than by having an entry there itself.
func removes(l *report.LayerFacts, p string) bool {
	if findPath(l.Whiteouts, p) || findPath(l.Opaques, root) {
		return true
	}
	for n := len(p) - 1; n > 0; n-- {
		if p[n] != '/' {
			continue
		}
		dir := p[:n]
		if findPath(l.Opaques, dir) || findPath(l.Whiteouts, dir) {
			return true
		}
		if n, ok := findFile(l.Files, dir); ok && !l.Files[n].Mode.IsDir() {
			return true
		}
	}
	return false
}
