package report

// Finding is something wrong with an image that is no vulnerability of a
// package. All categories but the two of vulnerabilities have this form.
type Finding struct {
	// FindingID is stable: the same finding in the same image always has the
	// same one. It does not depend on layers or lines, so that a decision about
	// it survives a rebuild.
	FindingID string   `json:"findingId"`
	Category  Category `json:"category"`
	// Rule is what found it, for machines: "github-token". It is unique within
	// the category.
	Rule     string   `json:"rule"`
	Title    string   `json:"title"`
	Severity Severity `json:"severity"`
	// Package and Version name the software it is about, if it is about some.
	Package string `json:"package,omitempty"`
	Version string `json:"version,omitempty"`
	// Details says what it means, in sentences.
	Details string `json:"details,omitempty"`
	// Evidence holds excerpts of what was found, without repetitions. What is
	// secret in them is masked, whole.
	Evidence []string `json:"evidence,omitempty"`
	// Locations tell where, sorted by path, layer and line.
	Locations []Location `json:"locations"`
	// Solution tells the reader what to do, in sentences.
	Solution   string   `json:"solution"`
	References []string `json:"references,omitempty"`
	// Origin says whose it is, where the base image is known.
	Origin Origin `json:"origin,omitempty"`
	// Handling is what somebody decided about it.
	Handling *Handling `json:"handling,omitempty"`
}

// Origin says what brought something into an image.
type Origin string

const (
	// FromBase: it comes with the base image.
	FromBase Origin = "base"
	// FromOwn: it comes with what was built on the base image.
	FromOwn Origin = "own"
)

// Handling is a decision about a finding that stays visible (§6.3). What is
// whitelisted is not in a report at all.
type Handling struct {
	// ID names the decision; 0 for one that a document made.
	ID int64 `json:"id"`
	// Action is "ignore".
	Action string `json:"action"`
	Author string `json:"author"`
	Reason string `json:"reason,omitempty"`
	// Expires is an RFC 3339 time; empty for never.
	Expires string `json:"expires,omitempty"`
	// Scope is what it holds for: "instance", "namespace", "repository", "artifact".
	Scope string `json:"scope"`
	// Document is the digest of the document it is from, if it is from one that is
	// attached to the image: see Report.Statements.
	Document string `json:"document,omitempty"`
}

// NoLayer is the layer of what is in an image's configuration alone.
const NoLayer = -1

// Hidden says how a layer's file came to be out of sight.
type Hidden string

const (
	// Deleted: a later layer removes it.
	Deleted Hidden = "deleted"
	// Replaced: a later layer has something else in its place.
	Replaced Hidden = "replaced"
)

// FindingSummary counts findings.
type FindingSummary struct {
	// Severity is the worst finding's; meaningless when Total is 0.
	Severity Severity `json:"severity"`
	Total    int      `json:"total"`
	// BySeverity counts findings by severity; all keys are always present.
	BySeverity map[Severity]int `json:"bySeverity"`
	// ByCategory counts findings by category, those without any left out.
	ByCategory map[Category]int `json:"byCategory"`
	// Ignored and Whitelisted are those of Summary, for findings.
	Ignored     int `json:"ignored,omitempty"`
	Whitelisted int `json:"whitelisted,omitempty"`
}

// SummarizeFindings counts findings.
func SummarizeFindings(findings []Finding) FindingSummary {
	s := FindingSummary{BySeverity: countedSeverities(), ByCategory: make(map[Category]int)}
	for _, f := range findings {
		s.Total++
		s.BySeverity[f.Severity]++
		s.ByCategory[f.Category]++
		s.Severity = max(s.Severity, f.Severity)
		if f.Handling != nil {
			s.Ignored++
		}
	}
	return s
}

// countedSeverities has every severity as a key, so that readers need no
// defaults.
func countedSeverities() map[Severity]int {
	counts := make(map[Severity]int, 6)
	for _, sev := range Severities() {
		counts[sev] = 0
	}
	return counts
}
