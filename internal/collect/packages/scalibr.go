package packages

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"strings"
	"sync"
	"time"

	cpb "github.com/google/osv-scalibr/binary/proto/config_go_proto"
	"github.com/google/osv-scalibr/extractor"
	"github.com/google/osv-scalibr/extractor/filesystem"
	"github.com/google/osv-scalibr/extractor/filesystem/language/lua/luarocks"
	"github.com/google/osv-scalibr/extractor/filesystem/language/ocaml/opam"
	"github.com/google/osv-scalibr/extractor/filesystem/language/ruby/gemspec"
	"github.com/google/osv-scalibr/extractor/filesystem/os/homebrew"
	"github.com/google/osv-scalibr/extractor/filesystem/os/pacman"
	"github.com/google/osv-scalibr/extractor/filesystem/os/portage"
	"github.com/google/osv-scalibr/log"

	"github.com/pratique/pratique/internal/collect"
	"github.com/pratique/pratique/internal/report"
)

// maxScalibrFile bounds a file handed to a scalibr extractor: what these read
// is small text.
const maxScalibrFile = 4 << 20

// scalibrReaders lists the formats that are left to osv-scalibr. The condition
// is asked before the extractor, which builds its own view of the path.
func scalibrReaders() []reader {
	suffix := func(s string) func(entry) bool {
		return func(e entry) bool { return strings.HasSuffix(e.base, s) }
	}
	return []reader{
		// RubyGems writes the specification of every installed gem there; the
		// gemspec beside a gem's sources is not always one that was installed.
		fromScalibr(gemspec.New, func(e entry) bool {
			return strings.HasSuffix(e.base, ".gemspec") && strings.Contains(e.path, "/specifications/")
		}),
		fromScalibr(luarocks.New, suffix(".rockspec")),
		fromScalibr(opam.New, suffix("switch-state")),
		fromScalibr(homebrew.New, func(e entry) bool { return strings.Contains(e.path, "/Cellar/") }),
		fromScalibr(pacman.New, func(e entry) bool { return e.base == "desc" }),
		fromScalibr(portage.New, func(e entry) bool { return e.base == "PF" }),
	}
}

// fromScalibr makes a reader of an extractor. An extractor that cannot be made
// wants nothing; a test holds that all can.
func fromScalibr(make func(*cpb.PluginConfig) (filesystem.Extractor, error), first func(entry) bool) reader {
	silenceScalibr()
	ex, err := make(&cpb.PluginConfig{})
	if err != nil {
		return reader{want: func(entry) bool { return false }}
	}
	return reader{
		name: ex.Name(),
		want: func(e entry) bool { return first(e) && e.size <= maxScalibrFile && ex.FileRequired(fileInfo{e}) },
		read: func(ctx context.Context, e entry, c collect.Content) (found, error) {
			inv, err := ex.Extract(ctx, &filesystem.ScanInput{
				FS:     oneFile{entry: e, content: c},
				Path:   e.path,
				Info:   fileInfo{e},
				Reader: section(c),
			})
			var got found
			for _, p := range inv.Packages {
				got.packages = append(got.packages, fromScalibrPackage(p))
			}
			return got, err
		},
	}
}

// fromScalibrPackage converts what this program keeps of a package.
func fromScalibrPackage(p *extractor.Package) report.Package {
	out := report.Package{Name: p.Name, Version: p.Version, Type: p.PURLType, Licences: p.Licenses}
	switch p.PURLType {
	case "pacman": // the purl specification calls it alpm
		out.Type = "alpm"
		out.Source, out.SourceVersion = p.Name, p.Version
	case "lua":
		out.Type = "luarocks"
	}
	return out
}

// oneFile is a file system that holds the file at hand and nothing else, so
// that an extractor that looks around finds nothing.
type oneFile struct {
	entry   entry
	content collect.Content
}

func (o oneFile) Open(name string) (fs.File, error) {
	if name != o.entry.path {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return struct {
		*io.SectionReader
		openFile
	}{section(o.content), openFile{fileInfo{o.entry}}}, nil
}

func (o oneFile) Stat(name string) (fs.FileInfo, error) {
	if name != o.entry.path {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: fs.ErrNotExist}
	}
	return fileInfo{o.entry}, nil
}

func (o oneFile) ReadDir(name string) ([]fs.DirEntry, error) {
	return nil, &fs.PathError{Op: "readdir", Path: name, Err: errors.ErrUnsupported}
}

// openFile adds to a section reader what an fs.File has beyond it.
type openFile struct{ info fileInfo }

func (f openFile) Stat() (fs.FileInfo, error) { return f.info, nil }
func (openFile) Close() error                 { return nil }

// fileInfo shows an entry the way scalibr asks for it.
type fileInfo struct{ e entry }

func (i fileInfo) Path() string               { return i.e.path }
func (i fileInfo) Stat() (fs.FileInfo, error) { return i, nil }
func (i fileInfo) Name() string               { return i.e.base }
func (i fileInfo) Size() int64                { return i.e.size }
func (i fileInfo) Mode() fs.FileMode          { return i.e.mode }
func (fileInfo) ModTime() time.Time           { return time.Time{} }
func (fileInfo) IsDir() bool                  { return false }
func (fileInfo) Sys() any                     { return nil }

// silenceScalibr turns off scalibr's own log, which goes to standard error and
// would let an image write to it. What matters comes back as an error.
var silenceScalibr = sync.OnceFunc(func() { log.SetLogger(silent{}) })

type silent struct{}

func (silent) Errorf(string, ...any) {}
func (silent) Error(...any)          {}
func (silent) Warnf(string, ...any)  {}
func (silent) Warn(...any)           {}
func (silent) Infof(string, ...any)  {}
func (silent) Info(...any)           {}
func (silent) Debugf(string, ...any) {}
func (silent) Debug(...any)          {}
