package packages

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/pratique/pratique/internal/collect"
	"github.com/pratique/pratique/internal/report"
)

// version changes whenever the same bytes would give other facts.
const version = 2

// executable is the reader of programs; its sets are named by what was found.
const executable = "executable"

const (
	// maxPackages bounds what one file may list, maxOwned the owned files kept
	// of one list or database.
	maxPackages = 100_000
	maxOwned    = 500_000
	// maxText bounds a database or a document that is read as a whole.
	maxText = 64 << 20
	// maxDocument bounds a JSON document, which takes several times its size.
	maxDocument = 16 << 20
	// maxField bounds a name, a version, a licence, a supplier.
	maxField = 1 << 10
	// maxPath bounds the path of a package, nested archives included.
	maxPath = 8 << 10
)

// Collector collects packages. It holds no state between calls.
type Collector struct {
	readers []reader
}

var _ collect.Collector = (*Collector)(nil)

// New returns the collector with all its readers.
func New() *Collector { return &Collector{readers: readers()} }

// Name returns "packages".
func (*Collector) Name() string { return "packages" }

// Version is the version of what is collected.
func (*Collector) Version() int { return version }

// Want reports whether some reader wants the file.
func (c *Collector) Want(f report.File) bool { return c.reader(newEntry(f)) != nil }

// Collect reads one file. On an error, what was found before it is kept.
func (c *Collector) Collect(ctx context.Context, f report.File, content collect.Content, facts *report.LayerFacts) error {
	e := newEntry(f)
	r := c.reader(e)
	if r == nil {
		return nil
	}
	got, err := r.read(ctx, e, content)
	addRelease(facts, got.release)
	addOwned(facts, e.path, got.owned)
	addPackages(facts, r, e.path, got.packages)
	if err != nil {
		return fmt.Errorf("%s: %w", r.name, err)
	}
	return nil
}

// reader reads one kind of file.
type reader struct {
	name string
	// database: see report.PackageSet.
	database bool
	// want is called for every regular file of an image and must be cheap.
	want func(e entry) bool
	// read returns what it found also beside an error.
	read func(ctx context.Context, e entry, c collect.Content) (found, error)
}

// found is what a reader gained from one file.
type found struct {
	packages []report.Package
	owned    []report.OwnedSet
	release  *report.ReleaseFile
}

// entry is the metadata a reader decides by.
type entry struct {
	path string
	// base is the last element of path.
	base string
	mode fs.FileMode
	size int64
}

func newEntry(f report.File) entry {
	return entry{path: f.Path, base: f.Path[strings.LastIndexByte(f.Path, '/')+1:], mode: f.Mode, size: f.Size}
}

// readers lists every reader. A file goes to the first that wants it, so the
// one that wants any executable comes last.
func readers() []reader {
	all := []reader{
		{name: "os/release", want: wantRelease, read: readRelease},
		{name: "os/dpkg", database: true, want: wantDpkgStatus, read: readDpkgStatus},
		{name: "os/dpkg", want: wantDpkgPart, read: readDpkgPart},
		{name: "os/dpkg", want: wantDpkgFileList, read: readDpkgFileList},
		{name: "os/chisel", database: true, want: wantChisel, read: readChisel},
		{name: "os/apk", database: true, want: wantApk, read: readApk},
		{name: "os/rpm", database: true, want: wantRPM, read: readRPM},
		{name: "os/rpm", database: true, want: wantRPMManifest, read: readRPMManifest},
		{name: "java/archive", want: wantJava, read: readJava},
		{name: "javascript/package", want: wantNode, read: readNode},
		{name: "python/metadata", want: wantPython, read: readPython},
		{name: "python/egg", want: wantEgg, read: readEgg},
		{name: "php/composer", want: wantComposer, read: readComposer},
		{name: "dotnet/deps", want: wantDotnet, read: readDotnet},
		{name: "r/library", want: wantR, read: readR},
		{name: "conda/meta", want: wantConda, read: readConda},
		{name: "bitnami/spdx", want: wantBitnami, read: readBitnami},
	}
	all = append(all, scalibrReaders()...)
	return append(all, reader{name: executable, want: wantExecutable, read: readExecutable})
}

func (c *Collector) reader(e entry) *reader {
	if e.path == "" {
		return nil
	}
	for i := range c.readers {
		if c.readers[i].want(e) {
			return &c.readers[i]
		}
	}
	return nil
}

// addPackages adds the packages of one file, tidied and sorted. A layer may
// hold a path twice; the later entry replaces what the earlier one gave.
func addPackages(facts *report.LayerFacts, r *reader, path string, pkgs []report.Package) {
	pkgs = tidy(pkgs, path)
	var sets []report.PackageSet
	if len(pkgs) > 0 {
		set := report.PackageSet{Path: path, Extractor: r.name, Database: r.database, Packages: pkgs}
		if r.name == executable {
			set.Extractor = pkgs[0].Type + "/" + executable
		}
		sets = append(sets, set)
	}
	facts.Packages = replace(facts.Packages, sets, path, func(s report.PackageSet) string { return s.Path })
}

// addOwned adds the sets of one list, replacing those of an earlier entry of
// the same path.
func addOwned(facts *report.LayerFacts, path string, sets []report.OwnedSet) {
	sets = slices.DeleteFunc(sets, func(s report.OwnedSet) bool { return s.Package == "" || len(s.Files) == 0 })
	for i := range sets {
		sets[i].Path = path
		slices.Sort(sets[i].Files)
	}
	slices.SortStableFunc(sets, func(a, b report.OwnedSet) int { return cmp.Compare(a.Package, b.Package) })
	facts.Owned = replace(facts.Owned, sets, path, func(s report.OwnedSet) string { return s.Path })
}

// replace puts sets in the place of those that all, which is sorted by path,
// holds for a path.
func replace[S any](all, sets []S, path string, of func(S) string) []S {
	start, _ := slices.BinarySearchFunc(all, path, func(s S, p string) int { return cmp.Compare(of(s), p) })
	end := start
	for end < len(all) && of(all[end]) == path {
		end++
	}
	return slices.Replace(all, start, end, sets...)
}

func addRelease(facts *report.LayerFacts, f *report.ReleaseFile) {
	if f == nil {
		return
	}
	i, same := slices.BinarySearchFunc(facts.Releases, f.Path, func(r report.ReleaseFile, p string) int { return cmp.Compare(r.Path, p) })
	if same {
		facts.Releases[i] = *f
		return
	}
	facts.Releases = slices.Insert(facts.Releases, i, *f)
}

// tidy completes packages with what follows from their type, bounds their
// texts, sorts them, and drops those without a name and those listed twice.
func tidy(pkgs []report.Package, path string) []report.Package {
	pkgs = pkgs[:min(len(pkgs), maxPackages)]
	kept := pkgs[:0]
	for _, p := range pkgs {
		p.Name, p.Version = text(p.Name), text(p.Version)
		if p.Name == "" {
			continue
		}
		p.Source, p.SourceVersion = text(p.Source), text(p.SourceVersion)
		p.Arch, p.Module, p.Supplier = text(p.Arch), text(p.Module), text(p.Supplier)
		for i := range p.Licences {
			p.Licences[i] = text(p.Licences[i])
		}
		p.Licences = slices.DeleteFunc(p.Licences, func(l string) bool { return l == "" })
		if len(p.Licences) == 0 {
			p.Licences = nil
		}
		if p.Path == "" {
			p.Path = path
		}
		if p.Ecosystem == "" {
			p.Ecosystem = ecosystem(p)
		}
		if p.PURL == "" && !p.Distribution() {
			p.PURL = languagePURL(p)
		}
		kept = append(kept, p)
	}
	slices.SortStableFunc(kept, compare)
	return slices.CompactFunc(kept, func(a, b report.Package) bool { return compare(a, b) == 0 })
}

func compare(a, b report.Package) int {
	return cmp.Or(
		cmp.Compare(a.Name, b.Name),
		cmp.Compare(a.Version, b.Version),
		cmp.Compare(a.Arch, b.Arch),
		cmp.Compare(a.Type, b.Type),
		cmp.Compare(a.Path, b.Path),
	)
}

// text trims a text of a hostile file to something that can be shown: valid
// UTF-8 without control characters, at most maxField bytes.
func text(s string) string {
	s = strings.TrimSpace(s)
	if len(s) > maxField {
		s = s[:maxField]
	}
	printable := func(r rune) bool { return r >= ' ' && r != 0x7f }
	if utf8.ValidString(s) && strings.IndexFunc(s, func(r rune) bool { return !printable(r) }) < 0 {
		return s
	}
	return strings.Map(func(r rune) rune {
		if printable(r) && r != utf8.RuneError {
			return r
		}
		return -1
	}, s)
}

// whole returns the content of a file of at most limit bytes.
func whole(c collect.Content, limit int64) ([]byte, error) {
	if c.Size() > limit {
		return nil, fmt.Errorf("the file has %d bytes; at most %d are read", c.Size(), limit)
	}
	return collect.Read(c, limit)
}

// section returns a reader over the whole content.
func section(c collect.Content) *io.SectionReader { return io.NewSectionReader(c, 0, c.Size()) }

// licences returns the list of one licence text, or nil.
func licences(l string) []string {
	if strings.TrimSpace(l) == "" {
		return nil
	}
	return []string{l}
}

// parent returns the directory of a path and its last element.
func parent(path string) (dir, base string) {
	i := strings.LastIndexByte(path, '/')
	if i < 0 {
		return "", path
	}
	return path[:i], path[i+1:]
}
