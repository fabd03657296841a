package catalog

import (
	"time"

	"github.com/pratique/pratique/internal/report"
)

// Past tells in what the report of an artifact was another one at an earlier
// moment.
type Past struct {
	// At is the moment: the one that was asked about, or the first of which
	// something is known. First says that it is that of the first report.
	At    time.Time
	First bool
	// Decision is the verdict's at that moment.
	Decision Decision
	// Came are vulnerabilities that the artifact has now and had not then, Went
	// the other way round.
	Came, Went []PastVulnerability
	// FindingsCame and FindingsWent are the same for other findings, of the
	// categories that can block; of the rest nothing is known.
	FindingsCame, FindingsWent []PastFinding
}

// PastVulnerability is a vulnerability of a package.
type PastVulnerability struct {
	PackageVulnerability
	Package, Version string
	// Type is the purl type: "deb", "npm".
	Type string
}

// PastFinding is a finding of a category that can block.
type PastFinding struct {
	ID       string
	Category report.Category
	Rule     string
	Title    string
	Severity report.Severity
	// Package and Version are those it is about, if it is about some.
	Package, Version string
	// Path is the first place where it was; empty for none.
	Path string
}

// VulnerabilityPeriod is a time in which an image had a vulnerability.
type VulnerabilityPeriod struct {
	Key    RepositoryKey
	Digest string
	// Tags are up to a hundred, sorted.
	Tags []string
	// Package is the first by name of those that it had it by all this time,
	// Packages their number, Severity the worst and FixedVersion one of theirs.
	Package      string
	Packages     int
	Severity     report.Severity
	FixedVersion string
	// Since is when it was known and the image was here, Until when that ended;
	// zero if it has not.
	Since, Until time.Time
}
