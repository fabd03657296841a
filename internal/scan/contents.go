package scan

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/pratique/pratique/internal/advisory"
	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/judge"
	"github.com/pratique/pratique/internal/report"
)

// heldSet is the document of a set of packages: what one layer brings, and the
// operating system of the whole image, in which names mean what they mean.
type heldSet struct {
	OS       report.OS     `json:"os"`
	Packages []heldPackage `json:"packages"`

	names map[packageName]bool // of the packages
}

// packageName is one version of a package, however many copies there are.
type packageName struct{ kind, name, version string }

// heldPackage is a package as far as it takes to find its vulnerabilities and to
// tell where it is.
type heldPackage struct {
	Name          string `json:"n"`
	Version       string `json:"v,omitempty"`
	Type          string `json:"t"`
	Ecosystem     string `json:"e,omitempty"`
	Source        string `json:"s,omitempty"`
	SourceVersion string `json:"sv,omitempty"`
	Arch          string `json:"a,omitempty"`
	Module        string `json:"m,omitempty"`
	Supplier      string `json:"u,omitempty"`
	Path          string `json:"p,omitempty"`
	OwnedBy       string `json:"o,omitempty"`
}

func heldOf(p report.Package) heldPackage {
	return heldPackage{p.Name, p.Version, p.Type, p.Ecosystem, p.Source, p.SourceVersion, p.Arch, p.Module, p.Supplier, p.Path, p.OwnedBy}
}

// in returns the package as one of a layer.
func (p heldPackage) in(layer int) report.Package {
	return report.Package{
		Name: p.Name, Version: p.Version, Type: p.Type, Ecosystem: p.Ecosystem, Source: p.Source, SourceVersion: p.SourceVersion,
		Arch: p.Arch, Module: p.Module, Supplier: p.Supplier, Path: p.Path, OwnedBy: p.OwnedBy, Layer: layer,
	}
}

// packageSets tells what an image holds, by layer, and what of it is vulnerable.
func packageSets(facts *report.ImageFacts, k judge.Knowledge) ([]catalog.PackageSet, error) {
	byLayer := make(map[int][]report.Package)
	for _, p := range facts.Packages {
		byLayer[p.Layer] = append(byLayer[p.Layer], p)
	}
	sets := make([]catalog.PackageSet, 0, len(byLayer))
	for layer, packages := range byLayer {
		set := catalog.PackageSet{Layer: layer}
		doc := heldSet{OS: facts.OS}
		for _, p := range packages {
			doc.Packages = append(doc.Packages, heldOf(p))
		}
		var err error
		if set.Document, err = json.Marshal(doc); err != nil {
			return nil, fmt.Errorf("encode the packages of a layer: %w", err)
		}
		if set.Packages, err = describe(facts.OS, packages, k); err != nil {
			return nil, err
		}
		sets = append(sets, set)
	}
	slices.SortFunc(sets, func(a, b catalog.PackageSet) int { return cmp.Compare(a.Layer, b.Layer) })
	return sets, nil
}

// describe tells of packages for questions across images, each once.
func describe(os report.OS, packages []report.Package, k judge.Knowledge) ([]catalog.HeldPackage, error) {
	seen := make(map[catalog.PackageIdentity]bool, len(packages))
	out := make([]catalog.HeldPackage, 0, len(packages))
	for _, p := range packages {
		h := catalog.HeldPackage{PackageIdentity: identity(os, p)}
		if seen[h.PackageIdentity] {
			continue
		}
		seen[h.PackageIdentity] = true
		for _, key := range advisory.Keys(os, p) {
			h.Keys = append(h.Keys, catalog.AdvisoryKey(key))
		}
		matches, err := judge.Matches(os, p, k)
		if err != nil {
			return nil, fmt.Errorf("judge %s: %w", p.Name, err)
		}
		for _, m := range matches {
			h.Vulnerabilities = append(h.Vulnerabilities, catalog.PackageVulnerability{ID: m.ID, Severity: m.Severity, FixedVersion: m.FixedVersion})
		}
		out = append(out, h)
	}
	return out, nil
}

// identity names a package as advisories see it.
func identity(os report.OS, p report.Package) catalog.PackageIdentity {
	id := catalog.PackageIdentity{
		Name: p.Name, Version: p.Version, Type: p.Type, Ecosystem: p.Ecosystem,
		Source: p.Source, SourceVersion: p.SourceVersion, Module: p.Module, Judged: judge.Spoken(os, p),
	}
	if p.Distribution() {
		id.Ecosystem = strings.TrimSpace(os.ID + " " + os.Version)
		if keys := advisory.Keys(os, p); len(keys) > 0 {
			id.Ecosystem = keys[0].Ecosystem
		}
	}
	return id
}
