package engine

import (
	"cmp"
	"io/fs"
	"math"
	"slices"
	"strings"

	"github.com/pratique/pratique/internal/report"
)

const (
	// largestFiles is how many of the largest files a report lists, and how many
	// of those that are of no use (§3.5).
	largestFiles = 50
	// maxSpecial is how many files with special rights a report lists.
	maxSpecial = 1000
)

// fileSummary gathers the file information of an image (§3.5) from one walk of
// its layers. Beside a bounded number of files it keeps the targets of hard
// links.
type fileSummary struct {
	count   int
	size    int64
	largest []report.LargeFile
	types   map[string]*report.FileType
	layers  []report.LayerFiles
	wasted  []report.WastedFile
	// special holds the first maxSpecial by path, specials counts all.
	special  []fate
	specials int
	// linked has a key for each target of a hard link, and says whether one of
	// its links is visible; waiting are those targets that are hidden.
	linked  map[link]bool
	waiting []fate
}

func newFileSummary(layers []*report.LayerFacts) *fileSummary {
	s := &fileSummary{
		types:  make(map[string]*report.FileType),
		layers: make([]report.LayerFiles, len(layers)),
		linked: make(map[link]bool),
	}
	for n, l := range layers {
		s.layers[n].Layer = n
		for _, f := range l.Files {
			if f.Link != "" && f.Mode.IsRegular() {
				s.linked[link{n, f.Link}] = false
			}
		}
	}
	return s
}

// add counts an entry.
func (s *fileSummary) add(f fate) {
	if f.hidden == "" {
		s.addSpecial(f)
	}
	if !f.file.Mode.IsRegular() {
		return
	}
	in := &s.layers[f.layer]
	in.Count++
	in.Size = plus(in.Size, f.file.Size)
	if f.hidden != "" {
		s.addHidden(f)
		return
	}
	if f.file.Link != "" {
		s.linked[link{f.layer, f.file.Link}] = true
	}
	s.count++
	s.size = plus(s.size, f.file.Size)
	s.addType(f.file)
	if f.file.Size > 0 {
		s.largest = insertBounded(s.largest, report.LargeFile{Path: f.file.Path, Size: f.file.Size, Layer: f.layer}, largestFiles, compareLarge)
	}
}

// plus adds up sizes; sparse files may claim any.
func plus(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}

func (s *fileSummary) addType(f *report.File) {
	name := fileType(f)
	t := s.types[name]
	if t == nil {
		t = &report.FileType{Type: name}
		s.types[name] = t
	}
	t.Count++
	t.Size = plus(t.Size, f.Size)
}

// addHidden counts a file of a layer that a later one hides.
func (s *fileSummary) addHidden(f fate) {
	switch f.hidden {
	case report.Replaced:
		s.layers[f.by].Replaced++
	case report.Deleted:
		s.layers[f.by].Deleted++
	}
	if f.file.Size == 0 {
		return
	}
	if _, ok := s.linked[link{f.layer, f.file.Path}]; ok {
		s.waiting = append(s.waiting, f)
		return
	}
	s.addWasted(f)
}

func (s *fileSummary) addWasted(f fate) {
	in := &s.layers[f.layer]
	in.Wasted = plus(in.Wasted, f.file.Size)
	s.wasted = insertBounded(s.wasted, report.WastedFile{
		Path: f.file.Path, Size: f.file.Size, Layer: f.layer, Hidden: f.hidden, By: f.by,
	}, largestFiles, compareWasted)
}

// addSpecial keeps an entry that has special rights.
func (s *fileSummary) addSpecial(f fate) {
	if kinds(f.file) == nil {
		return
	}
	s.specials++
	s.special = insertBounded(s.special, f, maxSpecial, func(a, b fate) int { return strings.Compare(a.file.Path, b.file.Path) })
}

// summary returns what was gathered. It is called once, at the end.
func (s *fileSummary) summary() report.FileSummary {
	for _, f := range s.waiting {
		if !s.linked[link{f.layer, f.file.Path}] {
			s.addWasted(f)
		}
	}
	sum := report.FileSummary{
		Count: s.count, Size: s.size, Largest: s.largest, WastedFiles: s.wasted, SpecialCount: s.specials,
	}
	for _, t := range s.types {
		sum.Types = append(sum.Types, *t)
	}
	slices.SortFunc(sum.Types, func(a, b report.FileType) int {
		return cmp.Or(cmp.Compare(b.Size, a.Size), cmp.Compare(b.Count, a.Count), strings.Compare(a.Type, b.Type))
	})
	for _, l := range s.layers {
		sum.Layers = append(sum.Layers, l)
		sum.Wasted = plus(sum.Wasted, l.Wasted)
	}
	for _, f := range s.special {
		sum.Special = append(sum.Special, report.SpecialFile{
			Path: f.file.Path, Kinds: kinds(f.file), Mode: lsMode(f.file.Mode), UID: f.file.UID, GID: f.file.GID,
			Capabilities: f.file.Capabilities, Layer: f.layer,
		})
	}
	return sum
}

// insertBounded puts v into a sorted list of at most bound elements, the first
// ones by compare.
func insertBounded[T any](list []T, v T, bound int, compare func(a, b T) int) []T {
	if len(list) == bound && compare(v, list[bound-1]) >= 0 {
		return list
	}
	at, _ := slices.BinarySearchFunc(list, v, compare)
	list = slices.Insert(list, at, v)
	return list[:min(len(list), bound)]
}

func compareLarge(a, b report.LargeFile) int {
	return cmp.Or(cmp.Compare(b.Size, a.Size), strings.Compare(a.Path, b.Path))
}

func compareWasted(a, b report.WastedFile) int {
	return cmp.Or(cmp.Compare(b.Size, a.Size), strings.Compare(a.Path, b.Path), cmp.Compare(a.Layer, b.Layer))
}

// kinds says what is special about an entry; nil if nothing is. The bits setuid
// and setgid count for files only: on directories they let nobody gain rights.
// A directory that everybody may write to is ordinary if it is sticky, as /tmp
// is: there nobody can replace what is another's. Symbolic links have no rights
// of their own, and those of a device say nothing without knowing the device.
func kinds(f *report.File) []string {
	m := f.Mode
	if m&(fs.ModeSetuid|fs.ModeSetgid|fs.ModeDevice|0o002) == 0 && len(f.Capabilities) == 0 {
		return nil // nearly all
	}
	var all []string
	regular := m.IsRegular()
	if regular && m&fs.ModeSetuid != 0 {
		all = append(all, report.SpecialSetuid)
	}
	if regular && m&fs.ModeSetgid != 0 {
		all = append(all, report.SpecialSetgid)
	}
	if m&0o002 != 0 && (regular || m.IsDir() && m&fs.ModeSticky == 0) {
		all = append(all, report.SpecialWorldWritable)
	}
	if len(f.Capabilities) > 0 {
		all = append(all, report.SpecialCapabilities)
	}
	if m&fs.ModeDevice != 0 {
		all = append(all, report.SpecialDevice)
	}
	return all
}

// lsMode writes type and permissions as ls does: "-rwsr-xr-x".
func lsMode(m fs.FileMode) string {
	text := []byte("-rwxrwxrwx")
	switch {
	case m.IsDir():
		text[0] = 'd'
	case m&fs.ModeSymlink != 0:
		text[0] = 'l'
	case m&fs.ModeCharDevice != 0:
		text[0] = 'c'
	case m&fs.ModeDevice != 0:
		text[0] = 'b'
	case m&fs.ModeNamedPipe != 0:
		text[0] = 'p'
	case m&fs.ModeSocket != 0:
		text[0] = 's'
	}
	for n := range 9 {
		if m&(1<<(8-n)) == 0 {
			text[1+n] = '-'
		}
	}
	set := func(bit fs.FileMode, at int, with, without byte) {
		switch {
		case m&bit == 0:
		case text[at] == 'x':
			text[at] = with
		default:
			text[at] = without
		}
	}
	set(fs.ModeSetuid, 3, 's', 'S')
	set(fs.ModeSetgid, 6, 's', 'S')
	set(fs.ModeSticky, 9, 't', 'T')
	return string(text)
}
