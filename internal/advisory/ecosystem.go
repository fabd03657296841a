package advisory

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/pratique/pratique/internal/report"
)

// ecosystem is what matching needs to know about one OSV ecosystem.
type ecosystem struct {
	// name is the directory in the bucket and the first part of every
	// release's name ("Debian" of "Debian:12").
	name string
	// purl is the type of the packages it is about.
	purl     string
	versions scheme
	// names says by which name a distribution's advisories call a package;
	// languages leave it zero.
	names naming
	// related says that the CVEs an advisory fixes are in its "related" list.
	related bool
}

type naming uint8

const (
	byPackage naming = iota // a language package, by its own name
	bySource                // a distribution package, by its source
	byBinary
	byEither
)

// ecosystems are those whose packages can be matched. Nothing else is taken
// from a bucket.
var ecosystems = []ecosystem{
	{name: "AlmaLinux", purl: "rpm", versions: rpmVersions, names: byBinary, related: true},
	{name: "Alpaquita", purl: "apk", versions: "Alpine", names: bySource},
	{name: "Alpine", purl: "apk", versions: "Alpine", names: bySource},
	{name: "BellSoft Hardened Containers", purl: "apk", versions: "Alpine", names: bySource},
	{name: "Bitnami", purl: "bitnami", versions: "Bitnami"},
	{name: "CRAN", purl: "cran", versions: "CRAN"},
	{name: "Chainguard", purl: "apk", versions: "Alpine", names: bySource},
	{name: "ConanCenter", purl: "conan", versions: "ConanCenter"},
	{name: "Debian", purl: "deb", versions: debVersions, names: bySource},
	{name: "Go", purl: "golang", versions: "Go"},
	{name: "Hackage", purl: "hackage", versions: "Hackage"},
	{name: "Hex", purl: "hex", versions: "Hex"},
	{name: "Mageia", purl: "rpm", versions: rpmVersions, names: bySource, related: true},
	{name: "Maven", purl: "maven", versions: "Maven"},
	{name: "MinimOS", purl: "apk", versions: "Alpine", names: bySource},
	{name: "NuGet", purl: "nuget", versions: "NuGet"},
	{name: "Packagist", purl: "composer", versions: "Packagist"},
	{name: "Pub", purl: "pub", versions: "Pub"},
	{name: "PyPI", purl: "pypi", versions: "PyPI"},
	{name: "Red Hat", purl: "rpm", versions: rpmVersions, names: byBinary, related: true},
	{name: "Rocky Linux", purl: "rpm", versions: rpmVersions, names: byEither, related: true},
	{name: "RubyGems", purl: "gem", versions: "RubyGems"},
	{name: "SUSE", purl: "rpm", versions: rpmVersions, names: bySource, related: true},
	{name: "SwiftURL", purl: "swift", versions: "SwiftURL"},
	{name: "Ubuntu", purl: "deb", versions: debVersions, names: bySource},
	{name: "Wolfi", purl: "apk", versions: "Alpine", names: bySource},
	{name: "crates.io", purl: "cargo", versions: "crates.io"},
	{name: "npm", purl: "npm", versions: "npm"},
	{name: "openEuler", purl: "rpm", versions: rpmVersions, names: byEither, related: true},
	{name: "openSUSE", purl: "rpm", versions: rpmVersions, names: bySource, related: true},
}

// findEcosystem returns the ecosystem a release belongs to ("Debian" for
// "Debian:12").
func findEcosystem(release string) (ecosystem, bool) {
	name, _, _ := strings.Cut(release, ":")
	i := slices.IndexFunc(ecosystems, func(e ecosystem) bool { return e.name == name })
	if i < 0 {
		return ecosystem{}, false
	}
	return ecosystems[i], true
}

// Matchable lists the OSV ecosystems that can be imported and matched, sorted.
func Matchable() []string {
	names := make([]string, len(ecosystems))
	for i, e := range ecosystems {
		names[i] = e.name
	}
	slices.Sort(names)
	return names
}

// PackageKey names what advisories are looked up by: an ecosystem, with the
// release where it has releases ("Debian:12", "npm"), and the name advisories
// there use, normalized.
type PackageKey struct {
	Ecosystem string
	Name      string
}

// Keys returns the keys a package is looked up by in an image of the given
// operating system; none if nothing can be known about it. Together with
// Changed it tells which images new advisories concern.
func Keys(os report.OS, p report.Package) []PackageKey {
	var keys []PackageKey
	for _, l := range lookups(os, p) {
		keys = append(keys, l.PackageKey)
	}
	return keys
}

// lookup is one question to the database: is this version of that package
// affected?
type lookup struct {
	PackageKey
	eco     ecosystem
	version string
	// pro marks the releases of Ubuntu Pro, whose fixes need a subscription.
	pro bool
}

func lookups(os report.OS, p report.Package) []lookup {
	if p.Distribution() {
		return distributionLookups(os, p)
	}
	if p.OwnedBy != "" || p.Version == "" {
		return nil
	}
	name := p.Ecosystem
	if name == "" {
		i := slices.IndexFunc(ecosystems, func(e ecosystem) bool { return e.names == byPackage && e.purl == p.Type })
		if i < 0 {
			return nil
		}
		name = ecosystems[i].name
	}
	eco, ok := findEcosystem(name)
	if !ok || eco.names != byPackage {
		return nil
	}
	return []lookup{{
		PackageKey: PackageKey{Ecosystem: eco.name, Name: normalName(eco.name, p.Name)},
		eco:        eco,
		version:    p.Version,
	}}
}

func distributionLookups(os report.OS, p report.Package) []lookup {
	if Foreign(os, p) {
		return nil
	}
	var out []lookup
	for _, release := range releasesOf(os) {
		eco, ok := findEcosystem(release)
		if !ok || eco.purl != p.Type {
			continue
		}
		add := func(name, version string) {
			if name != "" && version != "" {
				out = append(out, lookup{
					PackageKey: PackageKey{Ecosystem: release, Name: name},
					eco:        eco, version: version,
					pro: strings.HasPrefix(release, "Ubuntu:Pro:"),
				})
			}
		}
		source, sourceVersion := p.Source, p.SourceVersion
		if source == "" {
			source = p.Name
		}
		if sourceVersion == "" {
			sourceVersion = p.Version
		}
		if eco.names != bySource {
			add(p.Name, p.Version)
		}
		if eco.names == bySource || eco.names == byEither && source != p.Name {
			add(source, sourceVersion)
		}
	}
	return out
}

// releasesOf names the releases whose advisories are about an operating system,
// in the form canonicalRelease gives.
func releasesOf(os report.OS) []string {
	major, _, _ := strings.Cut(os.Version, ".")
	switch os.ID {
	case "debian":
		if major == "" || !isNumber(major) {
			major = debianRelease(os.Codename)
		}
		return releases("Debian:", major)
	case "ubuntu":
		return ubuntuReleases(os.Version)
	case "alpine":
		return releases("Alpine:v", majorMinor(os.Version))
	case "almalinux":
		return releases("AlmaLinux:", major)
	case "rocky":
		return releases("Rocky Linux:", major)
	case "rhel", "centos":
		return releases("Red Hat:", major)
	case "sles", "sled", "sles_sap", "suse-microos", "sl-micro":
		return releases("SUSE:", os.Version)
	case "opensuse-leap":
		return releases("openSUSE:Leap ", os.Version)
	case "opensuse-tumbleweed":
		return []string{"openSUSE:Tumbleweed"}
	case "openeuler":
		return openEulerReleases(os)
	case "mageia":
		return releases("Mageia:", major)
	case "wolfi":
		return []string{"Wolfi"}
	case "chainguard":
		return []string{"Chainguard"}
	case "minimos":
		return []string{"MinimOS"}
	case "alpaquita":
		return releases("Alpaquita:", os.Version)
	case "bellsoft-hardened-containers":
		return releases("BellSoft Hardened Containers:", os.Version)
	}
	return nil
}

func releases(prefix, version string) []string {
	if version == "" {
		return nil
	}
	return []string{prefix + version}
}

func isNumber(s string) bool {
	_, err := strconv.ParseUint(s, 10, 16)
	return err == nil
}

func majorMinor(version string) string {
	parts := strings.SplitN(version, ".", 3)
	if len(parts) < 2 {
		return ""
	}
	return parts[0] + "." + parts[1]
}

// debianRelease serves images of a release in development, whose version file
// holds only names ("trixie/sid").
func debianRelease(codename string) string {
	switch codename {
	case "buster":
		return "10"
	case "bullseye":
		return "11"
	case "bookworm":
		return "12"
	case "trixie":
		return "13"
	case "forky":
		return "14"
	}
	return ""
}

// ubuntuReleases names the release and, for long-term releases (April of even
// years), its counterpart for Ubuntu Pro.
func ubuntuReleases(version string) []string {
	version = majorMinor(version)
	year, month, ok := strings.Cut(version, ".")
	if !ok {
		return nil
	}
	y, err := strconv.Atoi(year)
	if err != nil {
		return nil
	}
	if month == "04" && y%2 == 0 {
		return []string{"Ubuntu:" + version + ":LTS", "Ubuntu:Pro:" + version + ":LTS"}
	}
	return []string{"Ubuntu:" + version}
}

var openEulerPattern = regexp.MustCompile(`(\d\d\.\d\d)[ -]*\(?(LTS)?(?:-(SP\d))?`)

func openEulerReleases(os report.OS) []string {
	m := openEulerPattern.FindStringSubmatch(os.Name)
	if m == nil {
		m = openEulerPattern.FindStringSubmatch(os.Version)
	}
	if m == nil {
		return nil
	}
	release := "openEuler:" + m[1]
	for _, part := range m[2:] {
		if part != "" {
			release += "-" + part
		}
	}
	return []string{release}
}

var (
	redHatPattern = regexp.MustCompile(`^Red Hat:enterprise_linux:(\d+)(?:\.\d+)?(?:::.*)?$`)
	susePattern   = regexp.MustCompile(`^SUSE:Linux Enterprise .*?(\d+)(?: SP(\d+))?(?:-LTSS|-ESPOS)?$`)
)

// canonicalRelease gives the name under which a record's ecosystem is stored.
// Red Hat and SUSE split a release into products that one image mixes; theirs
// are joined. All others stay as they are.
func canonicalRelease(name string) string {
	if m := redHatPattern.FindStringSubmatch(name); m != nil {
		return "Red Hat:" + m[1]
	}
	if m := susePattern.FindStringSubmatch(name); m != nil {
		if m[2] == "" {
			return "SUSE:" + m[1]
		}
		return "SUSE:" + m[1] + "." + m[2]
	}
	return name
}

var pypiSeparators = regexp.MustCompile(`[-_.]+`)

// normalName brings a package name into the form in which it is compared.
func normalName(ecosystem, name string) string {
	switch ecosystem {
	case "PyPI": // PEP 503
		return pypiSeparators.ReplaceAllString(strings.ToLower(name), "-")
	case "NuGet", "Packagist", "Bitnami", "Hex", "Pub":
		return strings.ToLower(name)
	case "Maven":
		return strings.Replace(name, "/", ":", 1)
	case "SwiftURL":
		name = strings.TrimSuffix(strings.TrimPrefix(strings.ToLower(name), "https://"), ".git")
	}
	return name
}

// Foreign reports whether a distribution package was built by somebody else
// than the distribution, as far as the package tells. The distribution's
// advisories do not speak of such packages: their versions follow other rules,
// and a fix can be in them, or missing, at any number.
func Foreign(os report.OS, p report.Package) bool {
	switch p.Type {
	case "deb":
		return foreignDeb(p)
	case "rpm":
		vendor := rpmVendor(os.ID)
		return vendor != "" && p.Supplier != "" && !strings.Contains(strings.ToLower(p.Supplier), vendor)
	}
	return false
}

// foreignDeb goes by marks that third parties put into versions and by their
// addresses. Debian's own maintainers use all kinds of addresses, so an unknown
// one says nothing.
func foreignDeb(p report.Package) bool {
	for _, mark := range []string{"nodesource", ".pgdg", "+gbp", ".gbp", "~deb.sury", "+ubuntu.sury", "-dotdeb", "bpo.deb-multimedia"} {
		if strings.Contains(p.Version, mark) {
			return true
		}
	}
	supplier := strings.ToLower(p.Supplier)
	for _, mark := range []string{"@nodesource.com", "nginx-packaging@", "@nginx.com", "@docker.com", "@elastic.co",
		"@percona.com", "@mariadb.", "@oracle.com", "@mongodb.com", "@google.com", "@microsoft.com",
		"@hashicorp.com", "@grafana.com", "@gitlab.com", "@influxdata.com", "@rabbitmq.com", "@nvidia.com"} {
		if strings.Contains(supplier, mark) {
			return true
		}
	}
	return false
}

// rpmVendor is a word in the vendor tag of a distribution's own packages; empty
// where it is not known.
func rpmVendor(id string) string {
	switch id {
	case "almalinux":
		return "almalinux"
	case "rocky":
		return "rocky"
	case "rhel":
		return "red hat"
	case "centos":
		return "centos"
	case "openeuler":
		return "openeuler"
	case "mageia":
		return "mageia"
	case "sles", "sled", "opensuse-leap", "opensuse-tumbleweed":
		return "suse"
	}
	return ""
}
