package packages

import (
	"context"
	"encoding/json"
	"regexp"
	"strings"

	packageurl "github.com/package-url/packageurl-go"

	"github.com/pratique/pratique/internal/collect"
	"github.com/pratique/pratique/internal/report"
)

// Small documents that each name one or a few packages.

func wantComposer(e entry) bool {
	return e.base == "installed.json" && strings.HasSuffix(e.path, "composer/installed.json")
}

// readComposer reads what Composer installed: a list, since version 2 within
// an object.
func readComposer(_ context.Context, _ entry, c collect.Content) (found, error) {
	data, err := whole(c, maxDocument)
	if err != nil {
		return found{}, err
	}
	type installed struct {
		Name, Version string
		License       json.RawMessage
	}
	var list []installed
	if unmarshal(data, &list) != nil {
		var doc struct{ Packages []installed }
		if err := unmarshal(data, &doc); err != nil {
			return found{}, err
		}
		list = doc.Packages
	}
	var got found
	for _, p := range list {
		got.packages = append(got.packages, report.Package{
			Name: p.Name, Version: p.Version, Type: "composer", Licences: jsonTexts(p.License),
		})
	}
	return got, nil
}

func wantDotnet(e entry) bool { return strings.HasSuffix(e.base, ".deps.json") }

// readDotnet reads the libraries a .NET program is deployed with. Projects are
// the program itself; a runtime pack is the runtime that a self-contained
// program carries, which NuGet and advisories know without the prefix.
func readDotnet(_ context.Context, _ entry, c collect.Content) (found, error) {
	data, err := whole(c, maxDocument)
	if err != nil {
		return found{}, err
	}
	var doc struct {
		Libraries map[string]json.RawMessage
	}
	if unmarshal(data, &doc) != nil {
		return found{}, nil // other programs use the name for other things
	}
	var got found
	for key, raw := range doc.Libraries {
		var lib struct{ Type string }
		if json.Unmarshal(raw, &lib) != nil {
			continue
		}
		name, version, ok := strings.Cut(key, "/")
		switch strings.ToLower(lib.Type) {
		case "package":
		case "runtimepack":
			name = strings.TrimPrefix(name, "runtimepack.")
		default:
			continue
		}
		if ok && version != "" {
			got.packages = append(got.packages, report.Package{Name: name, Version: version, Type: "nuget"})
		}
	}
	return got, nil
}

// wantR wants the description of a package in an R library.
func wantR(e entry) bool {
	if e.base != "DESCRIPTION" {
		return false
	}
	dir, _ := parent(e.path)
	library, _ := parent(dir)
	_, name := parent(library)
	return name == "library" || name == "site-library"
}

// readR reads a description. "Built" is there only after an installation.
func readR(_ context.Context, _ entry, c collect.Content) (found, error) {
	data, err := whole(c, maxDocument)
	if err != nil {
		return found{}, err
	}
	d := folded(data, " ")
	if d["package"] == "" || d["built"] == "" || d["priority"] == "base" {
		return found{}, nil
	}
	return found{packages: []report.Package{{
		Name: d["package"], Version: d["version"], Type: "cran",
		Licences: licences(d["license"]), Supplier: d["maintainer"],
	}}}, nil
}

func wantConda(e entry) bool {
	return strings.HasSuffix(e.base, ".json") && strings.HasSuffix(strings.TrimSuffix(e.path, "/"+e.base), "conda-meta")
}

func readConda(_ context.Context, _ entry, c collect.Content) (found, error) {
	data, err := whole(c, maxDocument)
	if err != nil {
		return found{}, err
	}
	var doc struct{ Name, Version, License, Subdir string }
	if err := unmarshal(data, &doc); err != nil {
		return found{}, err
	}
	return found{packages: []report.Package{{
		Name: doc.Name, Version: doc.Version, Type: "conda", Arch: doc.Subdir, Licences: licences(doc.License),
	}}}, nil
}

func wantBitnami(e entry) bool {
	return strings.HasPrefix(e.base, ".spdx-") && strings.HasSuffix(e.base, ".spdx") && strings.HasPrefix(e.path, "opt/bitnami/")
}

// bitnamiRevision is what Bitnami adds to a version when it rebuilds; versions
// in advisories are without it, and it would sort as a pre-release.
var bitnamiRevision = regexp.MustCompile(`-\d+$`)

// readBitnami reads the SPDX document beside a component of a Bitnami image.
// Those of its packages count that have a package URL of Bitnami's.
func readBitnami(_ context.Context, _ entry, c collect.Content) (found, error) {
	data, err := whole(c, maxDocument)
	if err != nil {
		return found{}, err
	}
	var doc struct {
		Packages []struct {
			LicenseDeclared string
			Supplier        string
			ExternalRefs    []struct{ ReferenceType, ReferenceLocator string }
		}
	}
	if err := unmarshal(data, &doc); err != nil {
		return found{}, err
	}
	var got found
	for _, p := range doc.Packages {
		for _, ref := range p.ExternalRefs {
			url, err := packageurl.FromString(ref.ReferenceLocator)
			if ref.ReferenceType != "purl" || err != nil || url.Type != "bitnami" || len(ref.ReferenceLocator) > maxField {
				continue
			}
			l := p.LicenseDeclared
			if l == "NOASSERTION" || l == "NONE" {
				l = ""
			}
			got.packages = append(got.packages, report.Package{
				Name: url.Name, Version: bitnamiRevision.ReplaceAllString(url.Version, ""), Type: "bitnami",
				PURL: ref.ReferenceLocator, Licences: licences(l),
				Supplier: strings.TrimPrefix(p.Supplier, "Organization: "),
			})
			break
		}
	}
	return got, nil
}
