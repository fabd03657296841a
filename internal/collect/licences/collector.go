// Package licences collects what files of a layer say about licences: copyright
// files of Debian packages, licence files of other distributions, and files that
// are called LICENSE, COPYING or the like.
//
// What a file says in a form made for machines is taken at its word. Other text
// is compared with the texts of the licences that software commonly has; it
// counts in files called LICENSE only if most of the file is such text, so that a
// page that mentions a licence gives none. Licences are named by their SPDX ids where they have one.
//
// It does not look for licences in headers of source files, and says nothing of
// whether the software next to a text is really under it.
package licences

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/pratique/pratique/internal/collect"
	"github.com/pratique/pratique/internal/report"
)

// version changes whenever the same bytes would give other facts; that includes
// the names that compliance.Canonical knows.
const version = 1

const (
	// maxSize bounds the files that are looked into, in bytes. What is longer is
	// a collection of many texts; the longest of Debian has 2 MB.
	maxSize = 1 << 20
	// maxText bounds free text, which takes longer to look at.
	maxText = 256 << 10
	// maxLicences bounds what is taken from one file.
	maxLicences = 50
)

// Collector collects licences. It holds no state.
type Collector struct{}

var _ collect.Collector = Collector{}

// New returns a collector.
func New() Collector { return Collector{} }

// Name returns "licences".
func (Collector) Name() string { return "licences" }

// Version is the version of what is collected.
func (Collector) Version() int { return version }

// Want reports whether the file is called as files about licences are.
func (Collector) Want(f report.File) bool {
	if f.Size == 0 || f.Size > maxSize {
		return false
	}
	if _, ok := debianPackage(f.Path); ok {
		return true
	}
	return f.Size <= maxText && licenceText(f.Path)
}

// Collect reads one file.
func (Collector) Collect(_ context.Context, f report.File, content collect.Content, facts *report.LayerFacts) error {
	if content.Size() > maxSize {
		return nil
	}
	text, err := collect.Read(content, maxSize)
	if err != nil {
		return err
	}
	fact := report.LicenceFile{Path: f.Path}
	if name, ok := debianPackage(f.Path); ok {
		fact.Package = name
		fact.Licences = ofCopyright(text)
	} else {
		fact.Package = sharedPackage(f.Path)
		fact.Licences = ofText(text)
	}
	if len(fact.Licences) == 0 {
		return nil
	}
	slices.Sort(fact.Licences)
	fact.Licences = slices.Compact(fact.Licences)
	if len(fact.Licences) > maxLicences {
		fact.Licences = fact.Licences[:maxLicences]
	}
	facts.Licences = append(facts.Licences, fact)
	return nil
}

// debianPackage returns the package that a copyright file of Debian is about.
func debianPackage(p string) (string, bool) {
	in, ok := strings.CutPrefix(p, "usr/share/doc/")
	name, base, _ := strings.Cut(in, "/")
	return name, ok && name != "" && base == "copyright"
}

// sharedPackage returns the package that a licence file of Fedora, Arch or
// Alpine is about; empty for files elsewhere.
func sharedPackage(p string) string {
	in, ok := strings.CutPrefix(p, "usr/share/licenses/")
	name, _, inside := strings.Cut(in, "/")
	if !ok || !inside {
		return ""
	}
	return name
}

// licenceText reports whether a path is that of a licence text.
func licenceText(p string) bool {
	if sharedPackage(p) != "" {
		return true
	}
	if strings.HasPrefix(p, "usr/share/doc/") || strings.HasPrefix(p, "usr/share/common-licenses/") {
		return false // documentation, and the texts that copyright files refer to
	}
	base := strings.ToLower(path.Base(p))
	for _, word := range []string{"licence", "license", "copying", "unlicense", "unlicence", "notice"} {
		if rest, ok := strings.CutPrefix(base, word); ok {
			return ending(rest)
		}
	}
	for _, word := range []string{"-license", "-licence", "_license", ".license"} {
		if stem, _, _ := strings.Cut(base, ".txt"); strings.HasSuffix(stem, word) {
			return true
		}
	}
	return false
}

// ending reports whether a name that begins with "license" may go on so: not as
// the name of a program or of data about licences.
func ending(rest string) bool {
	if rest == "" || rest == "s" {
		return true
	}
	switch path.Ext(rest) {
	case ".txt", ".md", ".rst", ".markdown", "":
	default:
		// LICENSE.MIT, LICENSE.apache2
		if _, ok := suffixes[strings.TrimPrefix(path.Ext(rest), ".")]; !ok {
			return false
		}
	}
	return strings.ContainsRune(".-_s", rune(rest[0]))
}

var suffixes = map[string]bool{
	"mit": true, "bsd": true, "apache": true, "apache2": true, "apache-2": true, "gpl": true, "gpl2": true, "gpl3": true,
	"lgpl": true, "lesser": true, "lib": true, "runtime": true, "agpl": true, "mpl": true, "isc": true, "psf": true, "libyaml": true,
	"apachev2": true, "0": true, "en": true, "third-party": true, "thirdparty": true, "unlicense": true, "zlib": true, "cc0": true,
}
