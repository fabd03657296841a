package judge

import (
	"cmp"
	"slices"

	"github.com/pratique/pratique/internal/advisory"
	"github.com/pratique/pratique/internal/report"
	"github.com/pratique/pratique/internal/rules"
)

// Knowledge is what findings are judged by; *advisory.DB is one. The answers
// must not change while a report is made.
type Knowledge interface {
	// Match returns the vulnerabilities of one package. An error wraps
	// advisory.ErrVersion if the package's version cannot be compared.
	Match(os report.OS, p report.Package) ([]advisory.Match, error)
	// Covers and CoversPackage report whether there are advisories for a
	// release, and for the ecosystem of a language package.
	Covers(os report.OS) bool
	CoversPackage(p report.Package) bool
	// KEV and EPSS return nil for a CVE they do not know.
	KEV(cve string) (*report.KEV, error)
	EPSS(cve string) (*report.EPSS, error)
	// EndOfLife returns the life cycle of a release by endoflife.date's names.
	EndOfLife(product, release string) (advisory.LifeCycle, bool, error)
	// Knowledge names the state of all of this.
	Knowledge() report.Knowledge
}

// Options say what to judge by beside advisories. The zero value of each field
// is the default.
type Options struct {
	// Categories are what to look for; all by default. What only informs is part
	// of every report.
	Categories []report.Category
	// Rules describe what was found by them; the built-in ones by default.
	Rules *rules.Set
	// Bases is what a registry knows of the image's base; nil if none was asked.
	Bases *Bases
}

// Report judges an image in the categories chosen. Without those of
// vulnerabilities k may be nil.
func Report(facts *report.ImageFacts, k Knowledge, o Options) (*report.Report, error) {
	if o.Categories == nil {
		o.Categories = Categories()
	}
	if o.Rules == nil {
		o.Rules = rules.Default()
	}
	r := &report.Report{
		SchemaVersion:   report.SchemaVersion,
		Image:           facts.Image,
		OS:              facts.OS,
		Categories:      o.Categories,
		Vulnerabilities: []report.Vulnerability{},
		Findings:        []report.Finding{},
		Packages:        append([]report.Package{}, facts.Packages...),
		Files:           facts.Files,
		Notes:           append([]report.Note{}, facts.Notes...),
	}
	r.Image.Secrets = nil // they become findings
	var life Knowledge    // nil where k may be
	if slices.Contains(o.Categories, report.System) || slices.Contains(o.Categories, report.Application) {
		vulns, notes, err := Vulnerabilities(facts, k)
		if err != nil {
			return nil, err
		}
		r.Advisories = k.Knowledge()
		r.Vulnerabilities = vulns
		r.Notes = append(r.Notes, notes...)
		life = k
	}
	if slices.Contains(o.Categories, report.Baseline) {
		checks, findings := Baseline(facts, o.Rules.Baseline, baselineKnown(o.Categories, r.Advisories))
		r.Checks = checks
		r.Findings = append(r.Findings, findings...)
	}
	if slices.Contains(o.Categories, report.Sensitive) {
		r.Findings = append(r.Findings, Sensitive(facts, o.Rules.Secrets)...)
	}
	if slices.Contains(o.Categories, report.BaseImage) { // last: it tells of all findings where they come from
		if err := setBase(r, life, o.Bases); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(r.Findings, func(a, b report.Finding) int { return cmp.Compare(b.Severity, a.Severity) })
	r.Summary = report.Summarize(r.Vulnerabilities)
	r.Summary.Findings = report.SummarizeFindings(r.Findings)
	return r, nil
}

// Categories lists those that can be judged so far.
func Categories() []report.Category {
	return []report.Category{report.System, report.Application, report.Software, report.Files, report.Baseline, report.Sensitive, report.BaseImage}
}
