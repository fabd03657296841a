package report

// SchemaVersion is the version of the JSON form of Report. It grows by one
// when a field changes its meaning or goes away; new fields do not change it.
const SchemaVersion = 1

// Report is the result of one scan.
type Report struct {
	SchemaVersion int   `json:"schemaVersion"`
	Image         Image `json:"image"`
	OS            OS    `json:"os"`
	// Advisories says which knowledge the findings rest on.
	Advisories Knowledge `json:"advisories"`
	Summary    Summary   `json:"summary"`
	// Categories says what was looked for, in the order of Categories().
	Categories      []Category      `json:"categories"`
	Vulnerabilities []Vulnerability `json:"vulnerabilities"`
	// Findings are those of all other categories, worst first; never nil.
	Findings []Finding   `json:"findings"`
	Packages []Package   `json:"packages"`
	Files    FileSummary `json:"files"`
	// Checks are all that were made of settings, also those passed; what failed
	// is a finding as well.
	Checks []Check `json:"checks,omitempty"`
	// Base is the image this one was built on; nil where nothing tells.
	Base  *Base  `json:"base,omitempty"`
	Notes []Note `json:"notes,omitempty"`
	// Statements are those of OpenVEX documents that handled findings of this
	// report, also findings that are gone for it.
	Statements []VEXStatement `json:"statements,omitempty"`
}

// VEXStatement is what an OpenVEX document says about findings of an image.
type VEXStatement struct {
	Vulnerability string `json:"vulnerability"`
	// Package is empty where all are meant.
	Package string `json:"package,omitempty"`
	// Status is the document's word: "not_affected", "fixed", "under_investigation".
	Status string `json:"status"`
	// Action is "whitelist" or "ignore", as with other decisions.
	Action  string `json:"action"`
	Author  string `json:"author"`
	Reason  string `json:"reason,omitempty"`
	Expires string `json:"expires,omitempty"`
	// Document is the digest of the artifact that holds it; empty for a file.
	Document string `json:"document,omitempty"`
	// Verified tells that one of the namespace's keys signed it; Key is its id.
	Verified bool   `json:"verified"`
	Key      string `json:"key,omitempty"`
	// Findings is how many it is about.
	Findings int `json:"findings"`
}

// CheckResult is what a check of a setting came to.
type CheckResult string

const (
	Passed        CheckResult = "passed"
	Failed        CheckResult = "failed"
	NotApplicable CheckResult = "not-applicable"
)

// Check is one rule of the baseline, applied to an image (§3.6).
type Check struct {
	// ID names the rule: "account-duplicate-uid".
	ID string `json:"id"`
	// Group is what it belongs to: "accounts", "ssh", "password-policy", "image".
	Group string `json:"group"`
	Title string `json:"title"`
	// Standard is where the rule comes from, such as "CIS Docker Benchmark 4.1".
	Standard string      `json:"standard,omitempty"`
	Severity Severity    `json:"severity"`
	Result   CheckResult `json:"result"`
	// Looked says what was looked at, Current what was found there, Suggested
	// what should be there.
	Looked    string `json:"looked"`
	Current   string `json:"current,omitempty"`
	Suggested string `json:"suggested,omitempty"`
	// Edit is the change to make, fit for a Dockerfile where that is possible.
	Edit string `json:"edit,omitempty"`
}

// How the base of an image was recognised.
const (
	BaseByLayers       = "layers"
	BaseByAnnotation   = "annotation"
	BaseByDistribution = "distribution"
)

// Base is the image that another one was built on (§3.10).
type Base struct {
	// Name is as much as is known of "registry/repository:tag".
	Name string `json:"name"`
	// Version is its tag, or the release of the distribution.
	Version string `json:"version,omitempty"`
	Digest  string `json:"digest,omitempty"`
	// Source is one of the constants above.
	Source string `json:"source"`
	// Layers is how many layers, from the lowest, are the base's; 0 if unknown.
	Layers int `json:"layers"`
	// EndOfLife is the day its support ended, "2006-01-02", if it has.
	EndOfLife string `json:"endOfLife,omitempty"`
	// Findings and OwnFindings count vulnerabilities and findings of the base
	// and of what is above it; both are 0 where Layers is.
	Findings    int `json:"findings"`
	OwnFindings int `json:"ownFindings"`
	// Newer is the newest other image of the same repository; nil if this one is
	// it, or the repository is not in this registry.
	Newer *NewerBase `json:"newer,omitempty"`
}

// NewerBase is what a base image could be replaced with.
type NewerBase struct {
	Name   string `json:"name"`
	Digest string `json:"digest"`
	// Removes counts the findings of the base that the newer one has not, Adds
	// those that only the newer one has. Both are -1 while it is not scanned, and
	// compare the images as they were judged: exceptions, which are applied when
	// a report is read and hold for one image, change neither.
	Removes int `json:"removes"`
	Adds    int `json:"adds"`
}

// Knowledge names the state of the advisory database a report was judged by.
type Knowledge struct {
	// Revision is the content name of the database.
	Revision string `json:"revision,omitempty"`
	// Newest is the latest modification time among its records, RFC 3339.
	Newest string `json:"newest,omitempty"`
}

// Summary counts vulnerabilities, which are what the download gate decides by,
// and beside them the findings of the other categories.
type Summary struct {
	// Severity is the worst vulnerability's; meaningless when Total is 0.
	Severity Severity `json:"severity"`
	Total    int      `json:"total"`
	// Fixable counts vulnerabilities for which a fixed version is known.
	Fixable     int `json:"fixable"`
	System      int `json:"system"`
	Application int `json:"application"`
	// BySeverity counts vulnerabilities by severity; all keys are always present.
	BySeverity map[Severity]int `json:"bySeverity"`
	// Ignored counts those of Total that somebody decided to ignore. They stay
	// visible, so they are in all counts above as well.
	Ignored int `json:"ignored,omitempty"`
	// Whitelisted counts what is not in the report, nor in any other count,
	// because somebody whitelisted it: a short list is not always a clean image.
	Whitelisted int `json:"whitelisted,omitempty"`
	// Findings counts what is in Report.Findings, and nothing that is counted
	// above.
	Findings FindingSummary `json:"findings"`
}

// Summarize counts vulnerabilities.
func Summarize(vulns []Vulnerability) Summary {
	s := Summary{BySeverity: countedSeverities(), Findings: SummarizeFindings(nil)}
	for _, v := range vulns {
		s.Total++
		s.BySeverity[v.Severity]++
		s.Severity = max(s.Severity, v.Severity)
		if v.FixedVersion != "" {
			s.Fixable++
		}
		if v.Handling != nil {
			s.Ignored++
		}
		switch v.Category {
		case System:
			s.System++
		case Application:
			s.Application++
		}
	}
	return s
}

// FixState says whether a vulnerability can be fixed by an upgrade.
type FixState string

const (
	// Fixed: FixedVersion is the lowest version without the vulnerability that
	// an installed one can be upgraded to.
	Fixed FixState = "fixed"
	// NotFixed: the advisory names no fixed version yet.
	NotFixed FixState = "not-fixed"
	// WontFix: the distribution said it will not fix it in this release.
	WontFix FixState = "wont-fix"
)

// Vulnerability is one finding: one vulnerability in one package version of an
// image, however many copies of the package there are.
type Vulnerability struct {
	// FindingID is stable: the same vulnerability in the same package of the
	// same image always has the same one.
	FindingID string `json:"findingId"`
	// ID is the CVE id, or the advisory's own id where there is no CVE.
	ID string `json:"id"`
	// Aliases are the other names, sorted: GHSA, DSA, USN, …
	Aliases  []string `json:"aliases,omitempty"`
	Category Category `json:"category"`
	Package  string   `json:"package"`
	Type     string   `json:"type"`
	PURL     string   `json:"purl,omitempty"`
	// Source is the source package the advisory is about, where it differs.
	Source  string `json:"source,omitempty"`
	Version string `json:"version"`
	// FixedVersion is empty unless FixState is Fixed.
	FixedVersion string   `json:"fixedVersion,omitempty"`
	FixState     FixState `json:"fixState"`
	Severity     Severity `json:"severity"`
	// SeveritySource says what the severity rests on: "cvss-4.0", "cvss-3.1",
	// "cvss-2.0", "ubuntu", "ghsa", …; empty when it is unknown.
	SeveritySource string   `json:"severitySource,omitempty"`
	CVSS           []CVSS   `json:"cvss,omitempty"`
	CWEs           []string `json:"cwes,omitempty"`
	KEV            *KEV     `json:"kev,omitempty"`
	EPSS           *EPSS    `json:"epss,omitempty"`
	// Locations tell where the package is, sorted by path then layer.
	Locations  []Location `json:"locations"`
	Title      string     `json:"title,omitempty"`
	Details    string     `json:"details,omitempty"`
	References []string   `json:"references,omitempty"`
	// Published and Modified are RFC 3339 times from the advisory.
	Published string `json:"published,omitempty"`
	Modified  string `json:"modified,omitempty"`
	// Solution tells the reader what to do, in sentences.
	Solution string `json:"solution"`
	// Origin says whose it is, where the base image is known.
	Origin Origin `json:"origin,omitempty"`
	// Handling is what somebody decided about it.
	Handling *Handling `json:"handling,omitempty"`
}

// CVSS is one rating of a vulnerability.
type CVSS struct {
	// Version is "2.0", "3.0", "3.1" or "4.0".
	Version string  `json:"version"`
	Vector  string  `json:"vector"`
	Score   float64 `json:"score"`
}

// KEV is the entry in CISA's catalogue of known exploited vulnerabilities.
type KEV struct {
	DateAdded  string `json:"dateAdded"`
	DueDate    string `json:"dueDate,omitempty"`
	Ransomware bool   `json:"ransomware,omitempty"`
}

// EPSS is FIRST's estimate that the vulnerability will be exploited within 30
// days; both numbers are between 0 and 1.
type EPSS struct {
	Score      float64 `json:"score"`
	Percentile float64 `json:"percentile"`
	Date       string  `json:"date,omitempty"`
}

// Location is one place where something was found.
type Location struct {
	// Path is the file; empty for what is in the image's configuration.
	Path string `json:"path"`
	// Layer is the index of the layer that brought it, NoLayer for what is in
	// the configuration alone; LayerDigest its digest as stored, or its diff ID
	// where it has none; Instruction the build instruction that made the layer.
	Layer       int    `json:"layer"`
	LayerDigest string `json:"layerDigest"`
	Instruction string `json:"instruction,omitempty"`
	// Line counts from 1; 0 where the finding is about the file as a whole.
	Line int `json:"line,omitempty"`
	// Hidden says that the file is in its layer, where anybody can read it, but
	// no longer in the file system of the finished image.
	Hidden Hidden `json:"hidden,omitempty"`
	// Config names the part of the image's configuration: "environment variable
	// TOKEN", "label maintainer", "build instruction 3".
	Config string `json:"config,omitempty"`
}
