package catalog

import (
	"time"

	"github.com/pratique/pratique/internal/report"
)

// Result is what judging an artifact has come to, ready to be published.
type Result struct {
	// Document is the report as JSON.
	Document []byte
	Exposure []Exposure
	Verdict  Verdict
	// Base is what was found of the base image, by rule, without category and
	// images, which are plain. The gate does not ask for it. It goes with a
	// document.
	Base []RuleUse
	// Advisories is the revision of the advisories it rests on.
	Advisories string
	// Packages are what the layers hold, by layer; layers without any are left
	// out.
	Packages []PackageSet
}

// PackageSet is what one layer of an image brings. Images with the same layer
// share it.
type PackageSet struct {
	// ID is that of a set that is stored.
	ID int64
	// Layer is the index of the layer.
	Layer int
	// Document tells the packages in full, in a form of whoever made it. Equal
	// sets have equal documents.
	Document []byte
	Packages []HeldPackage
}

// PackageIdentity is a package as advisories see it: two that agree in it have
// the same vulnerabilities.
type PackageIdentity struct {
	Name, Version string
	// Type is the purl type: "deb", "npm".
	Type string
	// Ecosystem is the release of the distribution, "Debian:12", or the
	// ecosystem of a language; empty where neither is known.
	Ecosystem string
	// Source and SourceVersion are those of a distribution's package, Module its
	// module stream.
	Source, SourceVersion string
	Module                string
	// Judged is false where advisories do not speak of it: it belongs to another
	// package, or comes from somebody else than the distribution.
	Judged bool
}

// HeldPackage is a package that an image holds.
type HeldPackage struct {
	PackageIdentity
	// Keys are the names under which advisories speak of it.
	Keys            []AdvisoryKey
	Vulnerabilities []PackageVulnerability
}

// AdvisoryKey names a package as advisories do: "Debian:12" and "openssl".
type AdvisoryKey struct{ Ecosystem, Name string }

// PackageVulnerability is a vulnerability of a package.
type PackageVulnerability struct {
	ID           string
	Severity     report.Severity
	FixedVersion string
}

// ImageFilter selects images in questions about many of them. What is empty
// selects all.
type ImageFilter struct {
	// Namespaces are those that are asked about; nil for all.
	Namespaces []string
	// See, if not nil, leaves out what whoever asks may not see.
	See *Visibility
	// Repository is a name within its namespace.
	Repository string
}

// VulnerabilityUse is a vulnerability with how many images have it.
type VulnerabilityUse struct {
	ID string
	// Severity is the worst of its packages.
	Severity report.Severity
	// Images and Packages count those that have it, Fixable the packages with a
	// fixed version.
	Images, Packages, Fixable int
	// Since is when it was first found here.
	Since time.Time
}

// PackageUse is an image that holds a package, and where it was asked for a
// vulnerability, has that by it.
type PackageUse struct {
	ArtifactID int64
	Key        RepositoryKey
	Digest     string
	// Tags are up to a hundred, sorted.
	Tags    []string
	Package PackageIdentity
	// Layer is the index of the layer that brought the package.
	Layer int
	// Vulnerability and Since are set where one was asked for. Since is when it
	// was known and the image was here.
	Vulnerability PackageVulnerability
	Since         time.Time
}
