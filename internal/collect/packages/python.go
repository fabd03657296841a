package packages

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/pratique/pratique/internal/collect"
	"github.com/pratique/pratique/internal/report"
)

const maxMetadata = 8 << 20

// wantPython wants the metadata pip, setuptools and distutils leave beside an
// installed package: NAME.dist-info/METADATA, NAME.egg-info/PKG-INFO, a plain
// file NAME.egg-info, and EGG-INFO/PKG-INFO in an unpacked egg.
func wantPython(e entry) bool { return isPythonMetadata(e.path, e.base) }

func isPythonMetadata(path, base string) bool {
	switch base {
	case "METADATA":
		return strings.HasSuffix(path, ".dist-info/METADATA")
	case "PKG-INFO":
		return strings.HasSuffix(path, ".egg-info/PKG-INFO") || strings.HasSuffix(path, ".egg/EGG-INFO/PKG-INFO")
	}
	return strings.HasSuffix(base, ".egg-info")
}

func readPython(_ context.Context, _ entry, c collect.Content) (found, error) {
	data, err := whole(c, maxMetadata)
	if err != nil {
		return found{}, err
	}
	p, err := pythonPackage(data)
	if err != nil {
		return found{}, err
	}
	return found{packages: []report.Package{p}}, nil
}

// pythonPackage reads core metadata: header fields up to the first empty line.
func pythonPackage(data []byte) (report.Package, error) {
	p := report.Package{Type: "pypi"}
	var expression, licence, email, maintainer string
	var classifiers []string
	for key, value := range fields(data) {
		if value == "UNKNOWN" {
			continue
		}
		switch strings.ToLower(key) {
		case "name":
			first(&p.Name, value)
		case "version":
			first(&p.Version, value)
		case "author":
			first(&p.Supplier, value)
		case "author-email":
			first(&email, value)
		case "maintainer", "maintainer-email":
			first(&maintainer, value)
		case "license-expression":
			first(&expression, value)
		case "license":
			first(&licence, value)
		case "classifier":
			if l, ok := strings.CutPrefix(value, "License :: "); ok {
				classifiers = append(classifiers, strings.TrimPrefix(l, "OSI Approved :: "))
			}
		}
	}
	first(&p.Supplier, email)
	first(&p.Supplier, maintainer)
	if isLicenceText(licence) && len(classifiers) > 0 {
		licence = ""
	}
	switch {
	case expression != "":
		p.Licences = licences(expression)
	case licence != "":
		p.Licences = licences(licence)
	default:
		p.Licences = classifiers[:min(len(classifiers), 16)]
	}
	if p.Name == "" || p.Version == "" {
		return p, errors.New("the metadata lacks a name or a version")
	}
	return p, nil
}

// isLicenceText tells the beginning of a whole text, which some put where a name
// belongs, from a name.
func isLicenceText(s string) bool { return len(s) > 80 || strings.HasPrefix(s, "Copyright") }

// first sets s unless it is set.
func first(s *string, value string) {
	if *s == "" {
		*s = value
	}
}

func wantEgg(e entry) bool { return strings.HasSuffix(e.base, ".egg") }

// readEgg reads an egg that Python imports from without unpacking it.
func readEgg(_ context.Context, _ entry, c collect.Content) (found, error) {
	z, err := openZip(c, c.Size())
	if err != nil {
		return found{}, err
	}
	for _, f := range z.File {
		if f.Name != "EGG-INFO/PKG-INFO" {
			continue
		}
		if f.UncompressedSize64 > maxMetadata {
			return found{}, fmt.Errorf("%s declares %d bytes", f.Name, f.UncompressedSize64)
		}
		r, err := f.Open()
		if err != nil {
			return found{}, err
		}
		defer r.Close()
		data, err := io.ReadAll(io.LimitReader(r, maxMetadata))
		if err != nil {
			return found{}, err
		}
		p, err := pythonPackage(data)
		if err != nil {
			return found{}, err
		}
		return found{packages: []report.Package{p}}, nil
	}
	return found{}, nil
}
