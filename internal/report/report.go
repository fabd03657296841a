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
	Advisories      Knowledge       `json:"advisories"`
	Summary         Summary         `json:"summary"`
	Vulnerabilities []Vulnerability `json:"vulnerabilities"`
	Packages        []Package       `json:"packages"`
	Files           FileSummary     `json:"files"`
	Notes           []Note          `json:"notes,omitempty"`
}

// Knowledge names the state of the advisory database a report was judged by.
type Knowledge struct {
	// Revision is the content name of the database.
	Revision string `json:"revision,omitempty"`
	// Newest is the latest modification time among its records, RFC 3339.
	Newest string `json:"newest,omitempty"`
}

// Summary counts findings.
type Summary struct {
	// Severity is the worst finding's; meaningless when Total is 0.
	Severity Severity `json:"severity"`
	Total    int      `json:"total"`
	// Fixable counts findings for which a fixed version is known.
	Fixable     int `json:"fixable"`
	System      int `json:"system"`
	Application int `json:"application"`
	// BySeverity counts findings by severity; all keys are always present.
	BySeverity map[Severity]int `json:"bySeverity"`
}

// Summarize counts vulnerabilities.
func Summarize(vulns []Vulnerability) Summary {
	s := Summary{BySeverity: make(map[Severity]int, 6)}
	for _, sev := range Severities() {
		s.BySeverity[sev] = 0
	}
	for _, v := range vulns {
		s.Total++
		s.BySeverity[v.Severity]++
		s.Severity = max(s.Severity, v.Severity)
		if v.FixedVersion != "" {
			s.Fixable++
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

// Category is one of the ten scan categories (§3).
type Category string

const (
	System      Category = "system-vulnerability"
	Application Category = "application-vulnerability"
)

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

// Location is one place where a package was found.
type Location struct {
	Path string `json:"path"`
	// Layer is the index of the layer that brought it; LayerDigest its digest
	// as stored, or its diff ID where it has none; Instruction the build
	// instruction that made the layer.
	Layer       int    `json:"layer"`
	LayerDigest string `json:"layerDigest"`
	Instruction string `json:"instruction,omitempty"`
}
