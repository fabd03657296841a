package packages

import (
	"archive/zip"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"path"
	"strings"

	"github.com/pratique/pratique/internal/collect"
	"github.com/pratique/pratique/internal/report"
)

const (
	// maxJarDepth is how deep archives are followed into archives.
	maxJarDepth = 8
	// maxJarDirectory bounds the bytes read to learn an archive's entries, and
	// with them the memory the list of entries takes.
	maxJarDirectory = 16 << 20
	// maxJarHeld bounds the inflated inner archives held at one time;
	// maxJarTotal all bytes inflated for one file.
	maxJarHeld  = 128 << 20
	maxJarTotal = 1 << 30
	// maxJarErrors bounds what is told about one file.
	maxJarErrors = 5

	maxPomProperties = 64 << 10
	maxManifest      = 256 << 10
)

func wantJava(e entry) bool { return isArchive(e.base) }

func isArchive(name string) bool {
	switch lowerExt(name) {
	case ".jar", ".war", ".ear", ".sar", ".par", ".nar", ".kar", ".jpi", ".hpi", ".lpkg":
		return true
	}
	return false
}

// lowerExt is the extension in lower case, without allocating for the many
// names that have none or a long one.
func lowerExt(name string) string {
	i := strings.LastIndexByte(name, '.')
	if i < 0 || len(name)-i > 5 {
		return ""
	}
	return strings.ToLower(name[i:])
}

func readJava(ctx context.Context, e entry, c collect.Content) (found, error) {
	s := &jarScan{ctx: ctx}
	s.archive(c, c.Size(), e.path, e.base, 1)
	return found{packages: s.pkgs}, errors.Join(s.errs...)
}

// jarScan is the reading of one file with all archives in it.
type jarScan struct {
	ctx  context.Context
	pkgs []report.Package
	errs []error
	// held and total count inflated bytes, see maxJarHeld and maxJarTotal.
	held, total int64
}

func (s *jarScan) fail(where string, err error) {
	if len(s.errs) < maxJarErrors {
		s.errs = append(s.errs, fmt.Errorf("%s: %w", text(where), err))
	}
}

// archive reads one archive. where is its path as reported: that of the file,
// and for an archive in it "!" and the path within.
func (s *jarScan) archive(r io.ReaderAt, size int64, where, base string, depth int) {
	z, err := openZip(r, size)
	if err != nil {
		switch lowerExt(base) {
		case ".jar", ".war", ".ear":
			s.fail(where, err)
		}
		return // the other extensions have other uses
	}
	var poms []coordinates
	var manifest map[string]string
	for _, f := range z.File {
		if err := s.ctx.Err(); err != nil {
			s.fail(where, err)
			return
		}
		name := path.Base(f.Name)
		switch {
		case name == "pom.properties":
			data, err := s.read(f, maxPomProperties)
			if err != nil {
				s.fail(where+"!"+f.Name, err)
			} else if c, ok := parsePomProperties(data); ok {
				poms = append(poms, c)
			}
		case strings.EqualFold(f.Name, "META-INF/MANIFEST.MF"):
			data, err := s.read(f, maxManifest)
			if err != nil {
				s.fail(where+"!"+f.Name, err)
			} else {
				manifest = folded(data, "")
			}
		case isArchive(name) && !f.FileInfo().IsDir():
			s.inner(r, f, where+"!"+f.Name, name, depth+1)
		}
	}
	s.add(where, base, poms, manifest)
}

// add reports what an archive says it is. Coordinates are certain: the archive
// holds one set for itself, or one for each library shaded into it. Without
// any, its name and manifest are all there is.
func (s *jarScan) add(where, base string, poms []coordinates, manifest map[string]string) {
	inferred := len(poms) == 0
	if inferred {
		c, ok := inferCoordinates(base, manifest)
		if !ok {
			return
		}
		poms = append(poms, c)
	}
	for _, c := range poms {
		if len(s.pkgs) >= maxPackages {
			s.fail(where, errTooMany)
			return
		}
		s.pkgs = append(s.pkgs, report.Package{
			Name:     c.group + ":" + c.artifact,
			Version:  c.version,
			Type:     "maven",
			Path:     where,
			Inferred: inferred,
			Licences: licences(manifest["bundle-license"]),
			Supplier: cmp.Or(manifest["implementation-vendor"], manifest["bundle-vendor"]),
		})
	}
}

// inner reads an archive within an archive: in place if it is stored as it is,
// as Spring Boot does, else from an inflated copy.
func (s *jarScan) inner(r io.ReaderAt, f *zip.File, where, base string, depth int) {
	if depth > maxJarDepth || len(where) > maxPath {
		s.fail(where, fmt.Errorf("archives are followed %d deep; what is in this one is not in the report", maxJarDepth))
		return
	}
	size := int64(f.UncompressedSize64)
	if f.Method == zip.Store {
		off, err := f.DataOffset()
		if err != nil {
			s.fail(where, err)
			return
		}
		s.archive(io.NewSectionReader(r, off, size), size, where, base, depth)
		return
	}
	data, err := s.read(f, maxJarHeld-s.held)
	if err != nil {
		s.fail(where, err)
		return
	}
	s.held += int64(len(data))
	s.archive(bytes.NewReader(data), int64(len(data)), where, base, depth)
	s.held -= int64(len(data))
}

// read inflates an entry of at most limit bytes. The size an entry declares is
// checked before, the size it has while it is read.
func (s *jarScan) read(f *zip.File, limit int64) ([]byte, error) {
	limit = min(limit, maxJarTotal-s.total)
	if f.UncompressedSize64 > uint64(max(limit, 0)) {
		return nil, fmt.Errorf("declares %d inflated bytes, and only %d more are read", f.UncompressedSize64, limit)
	}
	rc, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer rc.Close()
	// Growing on demand: a declared size costs nothing until bytes arrive.
	var buf bytes.Buffer
	n, err := io.Copy(&buf, io.LimitReader(rc, int64(f.UncompressedSize64)))
	s.total += n
	return buf.Bytes(), err
}

// openZip reads the list of entries, and refuses one that is too long: a zip
// can hold millions of empty entries, each of which costs memory.
func openZip(r io.ReaderAt, size int64) (*zip.Reader, error) {
	m := &meteredReader{r: r, left: maxJarDirectory}
	z, err := zip.NewReader(m, size)
	if err != nil {
		return nil, err
	}
	m.left = math.MaxInt64 // entries have limits of their own
	return z, nil
}

// meteredReader ends reading after a number of bytes.
type meteredReader struct {
	r    io.ReaderAt
	left int64
}

func (m *meteredReader) ReadAt(p []byte, off int64) (int, error) {
	if m.left -= int64(len(p)); m.left < 0 {
		return 0, fmt.Errorf("the archive's list of entries is longer than %d bytes", maxJarDirectory)
	}
	return m.r.ReadAt(p, off)
}

// coordinates name a Maven package.
type coordinates struct{ group, artifact, version string }

// parsePomProperties reads what Maven leaves in the archives it builds.
func parsePomProperties(data []byte) (coordinates, bool) {
	var c coordinates
	for line := range lines(data) {
		key, value, ok := strings.Cut(string(line), "=")
		if !ok {
			continue
		}
		value = strings.TrimSpace(value)
		switch strings.TrimSpace(key) {
		case "groupId":
			c.group = value
		case "artifactId":
			c.artifact = value
		case "version":
			c.version = value
		}
	}
	whole := c.group + c.artifact + c.version
	ok := c.group != "" && c.artifact != "" && c.version != "" && !strings.ContainsAny(whole, "${} \t:")
	return c, ok
}
