package catalog

import (
	"time"

	"github.com/pratique/pratique/internal/report"
)

// VulnerabilityFilter selects vulnerabilities in questions about many images.
type VulnerabilityFilter struct {
	ImageFilter
	// Severity leaves out what is less severe.
	Severity report.Severity
	// Query is part of an id or of a package's name.
	Query string
}

// VulnerabilityKey is a name under which advisories speak of a package with a
// vulnerability.
type VulnerabilityKey struct {
	ID string
	AdvisoryKey
}

// RuleUse is a rule that found something, with how many images it did so in.
type RuleUse struct {
	Category report.Category
	Rule     string
	Title    string
	// Severity is the worst in any image.
	Severity report.Severity
	// Images counts the images, Amount the findings in all of them.
	Images, Amount int
}

// RuleFilter selects rules in questions about many images.
type RuleFilter struct {
	ImageFilter
	Category report.Category
	Severity report.Severity
	// Query is part of a rule's id or title.
	Query string
}

// FoundImage is an image in which a rule found something.
type FoundImage struct {
	ArtifactID int64
	Key        RepositoryKey
	Digest     string
	// Tags are up to a hundred, sorted.
	Tags     []string
	Title    string
	Severity report.Severity
	Amount   int
}

// SeverityCount counts something by severity. Rest is what is below low.
type SeverityCount struct{ Critical, High, Medium, Low, Rest int }

// Total is the sum.
func (c SeverityCount) Total() int { return c.Critical + c.High + c.Medium + c.Low + c.Rest }

// Add counts one more.
func (c *SeverityCount) Add(s report.Severity) {
	switch s {
	case report.Critical:
		c.Critical++
	case report.High:
		c.High++
	case report.Medium:
		c.Medium++
	case report.Low:
		c.Low++
	default:
		c.Rest++
	}
}

// Standing is how images stand.
type Standing struct {
	// Images counts all, Reported those with a report, Blocked those whose pull
	// is refused for what was found.
	Images, Reported, Blocked int
	// Worst counts the images with vulnerabilities by their worst one.
	Worst SeverityCount
}

// TrendDay is how images stood at the end of a day.
type TrendDay struct {
	Day time.Time
	Standing
}

// Exposed is a repository with the vulnerabilities of the image of it that was
// pushed last.
type Exposed struct {
	Namespace, Repository, Digest string
	Tags                          []string
	Count                         SeverityCount
	Decision                      Decision
}

// ActiveScan is a scan that waits or runs, with the image it is of.
type ActiveScan struct {
	Scan   Scan
	Key    RepositoryKey
	Digest string
	Tags   []string
}

// PullDay counts the pulls of a day (in UTC), and those that were refused.
type PullDay struct {
	Day            time.Time
	Pulls, Refused int64
}

// PackageFilter selects packages in questions about many images.
type PackageFilter struct {
	ImageFilter
	// Query is part of a name.
	Query string
	// Type is a purl type.
	Type string
}

// PackageNameUse is all packages of a name and type that images hold.
type PackageNameUse struct {
	Name, Type string
	// Versions counts the versions, Images the images that hold one of them.
	Versions, Images int
	// Vulnerabilities counts those of any version; Severity is the worst of them.
	Vulnerabilities int
	Severity        report.Severity
}
