package packages

import (
	"regexp"
	"strconv"
	"strings"

	packageurl "github.com/package-url/packageurl-go"

	"github.com/pratique/pratique/internal/report"
)

// ecosystem is the OSV ecosystem of a language package; "" where OSV has none.
func ecosystem(p report.Package) string {
	switch p.Type {
	case "npm":
		return "npm"
	case "pypi":
		return "PyPI"
	case "maven":
		return "Maven"
	case "golang":
		return "Go"
	case "gem":
		return "RubyGems"
	case "composer":
		return "Packagist"
	case "cargo":
		return "crates.io"
	case "nuget":
		return "NuGet"
	case "cran":
		return "CRAN"
	case "bitnami":
		return "Bitnami"
	case "opam":
		return "opam"
	}
	return ""
}

var pypiSeparators = regexp.MustCompile(`[-_.]+`)

// languagePURL is the package URL of a language package.
func languagePURL(p report.Package) string {
	namespace, name, version := "", p.Name, p.Version
	switch p.Type {
	case "npm", "golang", "composer":
		namespace, name = parent(name)
	case "maven":
		if group, artifact, ok := strings.Cut(name, ":"); ok {
			namespace, name = group, artifact
		}
	case "pypi":
		name = strings.ToLower(pypiSeparators.ReplaceAllString(name, "-"))
	}
	if p.Type == "golang" && p.Name != "stdlib" && version != "" {
		version = "v" + version
	}
	return purl(p.Type, namespace, name, version, nil)
}

func purl(kind, namespace, name, version string, qualifiers map[string]string) string {
	for key, value := range qualifiers {
		if value == "" {
			delete(qualifiers, key)
		}
	}
	u := packageurl.NewPackageURL(kind, namespace, name, version, packageurl.QualifiersFromMap(qualifiers), "")
	if err := u.Normalize(); err != nil {
		return ""
	}
	return u.ToString()
}

// CompletePURL returns the package URL of a package of an image with the given
// operating system: for a distribution package with the distribution as
// namespace and qualifiers for architecture, release, epoch (rpm) and source
// package; for any other package the one it already has.
func CompletePURL(p report.Package, os report.OS) string {
	if !p.Distribution() {
		return p.PURL
	}
	qualifiers := map[string]string{"arch": p.Arch}
	if os.ID != "" {
		qualifiers["distro"] = os.ID
		if os.Version != "" {
			qualifiers["distro"] += "-" + os.Version
		}
	}
	version := p.Version
	switch p.Type {
	case "rpm":
		if epoch, rest, ok := strings.Cut(version, ":"); ok {
			if _, err := strconv.Atoi(epoch); err == nil {
				qualifiers["epoch"], version = epoch, rest
			}
		}
		if p.Source != "" {
			_, source, ok := strings.Cut(p.SourceVersion, ":")
			if !ok {
				source = p.SourceVersion
			}
			qualifiers["upstream"] = p.Source + "-" + source + ".src.rpm"
		}
	default:
		if p.Source != p.Name {
			qualifiers["upstream"] = p.Source
		}
		if p.Source != "" && p.SourceVersion != p.Version {
			qualifiers["upstream"] = p.Source + "@" + p.SourceVersion
		}
	}
	return purl(p.Type, os.ID, p.Name, version, qualifiers)
}
