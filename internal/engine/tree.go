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

// visibleFiles calls emit for every regular file that is visible when the
// layers lie on one another, with the layer that has it. It walks all layers
// at once in the order of comparePath, so it needs memory for one path only,
// however many there are and however deep.
//
// Something in layer j hides what is at the same path in layers before j,
// unless both are directories. What is below that path in layers before j is
// hidden by a whiteout, an opaque directory, or anything that is no directory.
// A path in layer j makes those above it directories in layer j.
func visibleFiles(layers []*report.LayerFacts, emit func(layer int, f report.File)) {
	w := treeWalk{emit: emit}
	cursors := openCursors(layers, &w.hiddenInRoot)
	heap.Init(&cursors)
	for len(cursors) > 0 {
		at := place{path: cursors[0].path()}
		for len(cursors) > 0 && cursors[0].path() == at.path {
			at.add(cursors[0])
			if cursors[0].advance() {
				heap.Fix(&cursors, 0)
			} else {
				heap.Pop(&cursors)
			}
		}
		w.visit(at)
	}
	w.leave("")
}

// place is what all layers together have at one path. Layers count from 1, so
// that 0 is none.
type place struct {
	path string
	// file is the uppermost entry and layer the layer that has it.
	file  report.File
	layer int
	// removed is the uppermost layer with a whiteout, opaque that with an
	// opaque directory, solid that with an entry that is no directory.
	removed, opaque, solid int
}

func (p *place) add(c *cursor) {
	switch c.kind {
	case whiteouts:
		p.removed = max(p.removed, c.layer)
	case opaques:
		p.opaque = max(p.opaque, c.layer)
	case entries:
		if c.layer > p.layer {
			p.file, p.layer = c.files[0], c.layer
		}
		if !c.files[0].Mode.IsDir() {
			p.solid = max(p.solid, c.layer)
		}
	}
}

// treeWalk knows the places above the current one.
type treeWalk struct {
	emit         func(layer int, f report.File)
	hiddenInRoot int
	above        []directory
	// pending counts the files in above.
	pending int
}

// directory is a place that others may be below.
type directory struct {
	path string
	// hidden is the layer that hides what lower layers have below it.
	hidden int
	// file is what is to be emitted when no upper layer turns out to have
	// anything below it; its layer is 0 if there is nothing to emit.
	file  report.File
	layer int
}

func (w *treeWalk) visit(at place) {
	w.leave(at.path)
	hidden := w.hiddenInRoot
	if n := len(w.above); n > 0 {
		hidden = w.above[n-1].hidden
		w.replace(max(at.layer, at.removed, at.opaque))
	}
	here := directory{path: at.path, hidden: max(hidden, at.removed, at.opaque, at.solid)}
	visible := at.layer > 0 && at.layer >= max(hidden, at.removed, at.opaque)
	if visible && at.file.Mode.IsRegular() {
		here.file, here.layer = at.file, at.layer
		w.pending++
	}
	w.above = append(w.above, here)
}

// replace takes away files of which layer has made directories, by having
// something below them.
func (w *treeWalk) replace(layer int) {
	if w.pending == 0 {
		return
	}
	for n := range w.above {
		if d := &w.above[n]; d.layer > 0 && d.layer < layer {
			d.layer = 0
			w.pending--
		}
	}
}

// leave ends the places that path is not below, and emits their files.
func (w *treeWalk) leave(path string) {
	for n := len(w.above) - 1; n >= 0 && !below(path, w.above[n].path); n-- {
		if d := w.above[n]; d.layer > 0 {
			w.emit(d.layer-1, d.file)
			w.pending--
		}
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
	layer int // from 1
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

// openCursors returns a cursor for every list that is not empty, and tells the
// uppermost layer whose root is opaque.
func openCursors(layers []*report.LayerFacts, opaqueRoot *int) cursorHeap {
	var all cursorHeap
	for n, l := range layers {
		if len(l.Files) > 0 {
			all = append(all, &cursor{layer: n + 1, kind: entries, files: l.Files})
		}
		if len(l.Whiteouts) > 0 {
			all = append(all, &cursor{layer: n + 1, kind: whiteouts, paths: l.Whiteouts})
		}
		if len(l.Opaques) > 0 {
			all = append(all, &cursor{layer: n + 1, kind: opaques, paths: l.Opaques})
			if slices.Contains(l.Opaques, root) {
				*opaqueRoot = n + 1
			}
		}
	}
	return all
}

// cursorHeap has the cursor with the first path on top.
type cursorHeap []*cursor

func (h cursorHeap) Len() int           { return len(h) }
func (h cursorHeap) Less(a, b int) bool { return comparePath(h[a].path(), h[b].path()) < 0 }
func (h cursorHeap) Swap(a, b int)      { h[a], h[b] = h[b], h[a] }
func (h *cursorHeap) Push(x any)        { *h = append(*h, x.(*cursor)) }
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
