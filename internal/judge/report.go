package judge

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/pratique/pratique/internal/baseline"
	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/report"
	"github.com/pratique/pratique/internal/rules"
)

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
	// Probe, if not nil, is called at the beginning of each step with the cause
	// of its failure. What it returns, or panics with, is the step's: so tests
	// provoke failures that no image is known to cause.
	Probe func(catalog.Cause) error
}

// Report judges an image in the categories chosen. Without those of
// vulnerabilities k may be nil; what depends on it is then not known.
//
// Each category is judged on its own. The error is a *catalog.ScanError with the
// cause that the specification has for the category that failed (§2.7), also
// where judging panicked.
func Report(facts *report.ImageFacts, k Knowledge, o Options) (*report.Report, error) {
	if o.Categories == nil {
		o.Categories = report.Categories()
	}
	if o.Rules == nil {
		o.Rules = rules.Default()
	}
	j := &judging{facts: facts, k: k, o: o, r: begin(facts, o)}
	if k != nil {
		j.r.Advisories = k.Knowledge()
	}
	for _, s := range steps {
		if !slices.ContainsFunc(s.categories, func(c report.Category) bool { return slices.Contains(o.Categories, c) }) {
			continue
		}
		if err := s.run(j); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(j.r.Findings, func(a, b report.Finding) int { return cmp.Compare(b.Severity, a.Severity) })
	findings := report.SummarizeFindings(j.r.Findings)
	j.r.Summary = report.Summarize(j.r.Vulnerabilities)
	j.r.Summary.Findings = findings
	return j.r, nil
}

// begin makes a report without any findings.
func begin(facts *report.ImageFacts, o Options) *report.Report {
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
	r.Image.Secrets, r.Image.Passwords = nil, nil // they become findings
	return r
}

// judging is the judging of one image in all categories.
type judging struct {
	facts *report.ImageFacts
	k     Knowledge // nil where it is not known
	o     Options
	r     *report.Report
	// built is what the rules about the image's build came to.
	built []baseline.Outcome
}

// add adds findings to the report.
func (j *judging) add(findings ...report.Finding) { j.r.Findings = append(j.r.Findings, findings...) }

// step judges categories.
type step struct {
	categories []report.Category
	// cause is what a scan fails with where the step fails.
	cause catalog.Cause
	do    func(j *judging) error
}

// steps are all, in their order: what a base image brought is told last, of all
// findings.
var steps = []step{
	{[]report.Category{report.System, report.Application}, catalog.CauseVulnerabilities, (*judging).vulnerabilities},
	{[]report.Category{report.Malicious}, catalog.CauseFiles, (*judging).malicious},
	{[]report.Category{report.Software}, catalog.CauseSoftware, (*judging).software},
	{[]report.Category{report.Baseline}, catalog.CauseBuildInstructions, (*judging).buildInstructions},
	{[]report.Category{report.Baseline}, catalog.CauseBaseline, (*judging).baseline},
	{[]report.Category{report.Password}, catalog.CauseBaseline, (*judging).passwords},
	{[]report.Category{report.Sensitive}, catalog.CauseSensitive, (*judging).sensitive},
	{[]report.Category{report.Compliance}, catalog.CauseCompliance, (*judging).compliance},
	{[]report.Category{report.BaseImage}, catalog.CauseBaseImage, (*judging).endOfLife},
	{[]report.Category{report.BaseImage}, catalog.CauseBaseImage, (*judging).baseImage},
}

// run does a step, and gives whatever goes wrong the step's cause.
func (s step) run(j *judging) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = catalog.ScanErrorf(s.cause, "judging %s panicked: %v", s.what(), p)
		}
	}()
	if j.o.Probe != nil {
		err = j.o.Probe(s.cause)
	}
	if err == nil {
		err = s.do(j)
	}
	var known *catalog.ScanError
	if err != nil && !errors.As(err, &known) {
		err = &catalog.ScanError{Cause: s.cause, Detail: fmt.Sprintf("judging %s failed", s.what()), Err: err}
	}
	return err
}

// what names what a step judges.
func (s step) what() string {
	if s.cause == catalog.CauseBuildInstructions {
		return "build instructions"
	}
	return string(s.categories[0])
}

func (j *judging) vulnerabilities() error {
	vulns, notes, err := Vulnerabilities(j.facts, j.k, likelyBaseLayers(baseOf(&j.facts.Image, j.facts.OS, j.o.Bases)))
	if err != nil {
		return err
	}
	vulns, malicious := maliciousPackages(vulns)
	j.r.Vulnerabilities = vulns
	j.add(malicious...)
	j.r.Notes = append(j.r.Notes, notes...)
	return nil
}

func (j *judging) malicious() error {
	j.add(Malicious(j.facts, j.o.Rules.Malware)...)
	j.r.Notes = append(j.r.Notes, skippedSignatures(j.o.Rules.Malware)...)
	return nil
}

func (j *judging) software() error {
	countVulnerabilities(j.r.Packages, j.r.Vulnerabilities)
	return nil
}

// buildInstructions checks how the image was built and is configured; baseline
// tells of it, since what is wrong there and in files may be one finding.
func (j *judging) buildInstructions() error {
	j.built = j.o.Rules.Baseline.CheckBuild(j.facts, baselineKnown(j.o.Categories, j.k))
	return nil
}

func (j *judging) baseline() error {
	rules, known := j.o.Rules.Baseline, baselineKnown(j.o.Categories, j.k)
	checks, findings := baselineFindings(j.facts.Image, rules.Complete(j.facts, known, j.built))
	j.r.Checks = checks
	j.add(findings...)
	return nil
}

func (j *judging) passwords() error {
	j.add(Passwords(j.facts)...)
	return nil
}

func (j *judging) sensitive() error {
	j.add(Sensitive(j.facts, j.o.Rules.Secrets)...)
	return nil
}

func (j *judging) compliance() error {
	findings, err := Compliance(j.facts, j.o.Rules.Compliance, j.k)
	if err != nil {
		return err
	}
	j.add(findings...)
	if j.k == nil {
		j.r.Notes = append(j.r.Notes, report.Note{Code: "no-advisories",
			Message: "There is no advisory database, so nothing is said about software that gets no fixes any more."})
	}
	return nil
}

// endOfLife is told of every image, if it is known.
func (j *judging) endOfLife() error {
	if j.k == nil {
		return nil
	}
	findings, err := EndOfLife(j.facts, j.k)
	j.add(findings...)
	return err
}

func (j *judging) baseImage() error { return setBase(j.r, j.k, j.o.Bases) }
