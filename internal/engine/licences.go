package engine

import (
	"path"
	"slices"
	"strings"

	"github.com/pratique/pratique/internal/report"
)

// attachLicences gives packages that name no licence those that files state of
// them: the copyright file of a distribution package, or of another one built
// from the same source; the licence texts beside the evidence of a package of
// Node.js or Python. Packages and files are sorted.
func attachLicences(pkgs []report.Package, files []report.LicenceFile) {
	byPackage := make(map[string][]string)
	byDir := make(map[string][]string)
	for _, f := range files {
		if f.Package != "" {
			byPackage[f.Package] = union(byPackage[f.Package], f.Licences)
		} else {
			dir := path.Dir(f.Path)
			byDir[dir] = union(byDir[dir], f.Licences)
		}
	}
	bySource := make(map[source][]string)
	for i := range pkgs {
		p := &pkgs[i]
		switch {
		case len(p.Licences) > 0:
		case p.Distribution():
			p.Licences = slices.Clone(byPackage[p.Name])
		default:
			p.Licences = slices.Clone(beside(*p, byDir))
		}
		if key, ok := sourceOf(*p); ok && bySource[key] == nil {
			bySource[key] = p.Licences
		}
	}
	for i := range pkgs {
		if key, ok := sourceOf(pkgs[i]); ok && len(pkgs[i].Licences) == 0 {
			pkgs[i].Licences = slices.Clone(bySource[key])
		}
	}
}

// source is what distribution packages are built from.
type source struct{ kind, name, version string }

func sourceOf(p report.Package) (source, bool) {
	return source{p.Type, p.Source, p.SourceVersion}, p.Distribution() && p.Source != ""
}

// beside returns the licences of the texts in the directory that belongs to a
// package alone.
func beside(p report.Package, byDir map[string][]string) []string {
	dir := path.Dir(p.Path)
	switch {
	case p.Type == "npm" && path.Base(p.Path) == "package.json":
		return byDir[dir]
	case p.Type == "pypi" && (strings.HasSuffix(dir, ".dist-info") || strings.HasSuffix(dir, ".egg-info")):
		return union(byDir[dir], byDir[dir+"/licenses"])
	}
	return nil
}

// union returns the sorted members of both.
func union(a, b []string) []string {
	if len(a) == 0 {
		return b
	}
	both := slices.Concat(a, b)
	slices.Sort(both)
	return slices.Compact(both)
}
