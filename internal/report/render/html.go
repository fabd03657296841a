package render

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/pratique/pratique/internal/report"
)

// The page is one file that needs nothing else: no script, no font, no picture.
// All text goes through html/template, and the policy in it lets a browser use
// its style sheet and nothing more, whatever an image has put into its names.

var (
	//go:embed html/report.html
	htmlPage string
	//go:embed html/style.css
	htmlStyle string
)

// htmlTemplate is parsed when the first page is written.
var htmlTemplate = sync.OnceValues(func() (*template.Template, error) {
	return template.New("report").Parse(htmlPage)
})

// HTMLPolicy is the Content-Security-Policy that a page is to be sent with. The
// page holds the part of it that counts in a page.
func HTMLPolicy() string {
	return htmlPagePolicy() + "; frame-ancestors 'none'; sandbox allow-popups allow-popups-to-escape-sandbox"
}

func htmlPagePolicy() string {
	hash := sha256.Sum256([]byte(htmlStyle))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(hash[:]) + "'; base-uri 'none'; form-action 'none'"
}

func writeHTML(w io.Writer, r *report.Report, opts Options) error {
	t, err := htmlTemplate()
	if err != nil {
		return err
	}
	return t.Execute(w, htmlReport{
		Policy:   htmlPagePolicy(),
		Style:    template.CSS(htmlStyle),
		Name:     text(imageName(r)),
		Version:  text(opts.ToolVersion),
		Identity: htmlIdentity(r),
		Summary:  htmlSummaryOf(r),
		Sections: htmlSections(r),
	})
}

// htmlReport is what the template shows.
type htmlReport struct {
	Policy        string
	Style         template.CSS
	Name, Version string
	Identity      []htmlFact
	Summary       htmlSummary
	Sections      []htmlSection
}

// htmlFact is a name and its value, written as code if it is for machines.
type htmlFact struct {
	Name, Value string
	Code        bool
}

// htmlFacts leave out what has no value.
type htmlFacts []htmlFact

func (f *htmlFacts) add(name, value string) { f.put(htmlFact{name, text(value), false}) }

func (f *htmlFacts) code(name, value string) { f.put(htmlFact{name, text(value), true}) }

func (f *htmlFacts) put(fact htmlFact) {
	if fact.Value != "" {
		*f = append(*f, fact)
	}
}

func htmlIdentity(r *report.Report) []htmlFact {
	var facts htmlFacts
	if r.Image.Digest != imageName(r) {
		facts.code("Digest", r.Image.Digest)
	}
	facts.add("Platform", r.Image.Platform)
	facts.add("System", systemName(r.OS))
	facts.add("Created", r.Image.Created)
	facts.add("Size", plural(len(r.Image.Layers), "layer", "layers")+", "+bytesText(r.Image.Size)+" as stored")
	facts.add("Base image", baseName(r.Base))
	facts.add("Advisories", advisories(r.Advisories))
	return facts
}

// htmlSummary is what a reader is to know who reads nothing else.
type htmlSummary struct {
	// Worst is the worst severity of all, empty if nothing was found.
	Worst, Verdict string
	// Label tells what the bar of Segments shows.
	Label     string
	Segments  []htmlSegment
	Sentences []string
	Steps     [][]htmlProse
}

// htmlSegment is one part of the bar, which is 1,000 wide.
type htmlSegment struct {
	Severity, Count string
	X, Width        int
}

func htmlSummaryOf(r *report.Report) htmlSummary {
	s := htmlSummary{Verdict: "Nothing was found."}
	total := r.Summary.Total + r.Summary.Findings.Total
	if total > 0 {
		var worst report.Severity
		if r.Summary.Total > 0 {
			worst = r.Summary.Severity
		}
		if r.Summary.Findings.Total > 0 {
			worst = max(worst, r.Summary.Findings.Severity)
		}
		s.Worst, s.Verdict = worst.String(), plural(total, "finding", "findings")+". The worst is"
		s.Segments, s.Label = htmlBar(r.Summary, total)
	}
	for _, sentence := range []string{summary(r), findingSummary(r), decisionSummary(r), notLookedFor(r)} {
		if sentence != "" {
			s.Sentences = append(s.Sentences, strings.TrimSuffix(sentence, ".")+".")
		}
	}
	for _, step := range steps(r) {
		s.Steps = append(s.Steps, proseOf(step))
	}
	return s
}

// htmlBar divides the bar by severity. What is there at all is wide enough to be
// seen.
func htmlBar(s report.Summary, total int) (segments []htmlSegment, label string) {
	const width, least = 1000, 6
	severities := report.Severities()
	room := width - least*len(severities)
	x := 0
	var parts []string
	for _, severity := range severities {
		n := s.BySeverity[severity] + s.Findings.BySeverity[severity]
		if n <= 0 {
			continue
		}
		w := least + int(int64(room)*int64(n)/int64(max(total, n)))
		segments = append(segments, htmlSegment{severity.String(), count(n), x, w})
		parts = append(parts, count(n)+" "+severity.String())
		x += w
	}
	if len(segments) > 0 {
		last := &segments[len(segments)-1]
		last.Width = max(width-last.X, least)
	}
	return segments, "Findings by severity: " + strings.Join(parts, ", ")
}

// notLookedFor lists the categories a report says nothing about.
func notLookedFor(r *report.Report) string {
	if len(r.Categories) == 0 {
		return ""
	}
	var missing []string
	for _, c := range report.Categories() {
		if !slices.Contains(r.Categories, c) {
			missing = append(missing, strings.ToLower(categoryTitle(c)))
		}
	}
	if len(missing) == 0 {
		return ""
	}
	return "Not looked for: " + strings.Join(missing, ", ") + "."
}

// htmlProse is a part of a sentence, in code or not.
type htmlProse struct {
	Text string
	Code bool
}

// proseOf splits text at its backquotes.
func proseOf(s string) []htmlProse {
	s = text(s)
	if s == "" {
		return nil
	}
	if strings.Count(s, "`")%2 != 0 {
		return []htmlProse{{Text: s}}
	}
	var all []htmlProse
	for i, part := range strings.Split(s, "`") {
		if part != "" {
			all = append(all, htmlProse{part, i%2 == 1})
		}
	}
	return all
}

// htmlSection is one part of the page; what it has not is left out.
type htmlSection struct {
	ID, Title string
	// Count is what the contents say of it, Worst the severity it is coloured by.
	Count, Worst    string
	Text            string
	Facts           []htmlFact
	Vulnerabilities []htmlVulnerability
	Findings        []htmlFinding
	// Open says that there are so few findings that all can be read at once.
	Open   bool
	Tables []htmlTable
	Notes  []htmlNote
}

type htmlNote struct{ Message, Place string }

// htmlSections are the ten categories in the order of the specification, then
// what belongs to none, the image's configuration, and what could not be looked
// at.
func htmlSections(r *report.Report) []htmlSection {
	byCategory := findingsByCategory(r.Findings)
	var all []htmlSection
	for i, c := range report.Categories() {
		all = append(all, htmlCategory(r, c, byCategory[i]))
	}
	if other := byCategory[len(byCategory)-1]; len(other) > 0 {
		s := htmlSection{ID: "other", Title: categoryTitle(""), Findings: htmlFindings(other), Open: len(other) <= maxOpen}
		s.counted(len(other), worstFinding(other))
		all = append(all, s)
	}
	all = append(all, htmlConfiguration(r))
	if len(r.Notes) > 0 {
		all = append(all, htmlNotes(r.Notes))
	}
	return all
}

func (s *htmlSection) counted(n int, worst report.Severity) {
	if n > 0 {
		s.Count, s.Worst = count(n), worst.String()
	}
}

func htmlCategory(r *report.Report, c report.Category, findings []report.Finding) htmlSection {
	s := htmlSection{ID: string(c), Title: categoryTitle(c), Findings: htmlFindings(findings), Open: len(findings) <= maxOpen}
	s.counted(len(findings), worstFinding(findings))
	looked := len(r.Categories) == 0 || slices.Contains(r.Categories, c)
	switch c {
	case report.System, report.Application:
		s.vulnerabilities(r.Vulnerabilities, c)
	case report.Software:
		s.software(r.Packages)
	case report.Files:
		s.files(r.Files)
	case report.Baseline:
		s.checks(r.Checks)
	case report.BaseImage:
		s.base(r)
	}
	if s.Count == "" && s.Text == "" {
		s.Count, s.Text = "none", "Nothing was found."
		if !looked {
			s.Count, s.Text = "–", "This was not looked for."
		}
	}
	return s
}

func worstFinding(findings []report.Finding) report.Severity {
	var worst report.Severity
	for _, f := range findings {
		worst = max(worst, f.Severity)
	}
	return worst
}

func htmlNotes(notes []report.Note) htmlSection {
	s := htmlSection{ID: "notes", Title: "What could not be looked at", Count: count(len(notes))}
	for _, n := range notes[:min(len(notes), maxHTMLNotes)] {
		place := n.Path
		if n.Path == "" {
			place = n.Layer
		}
		s.Notes = append(s.Notes, htmlNote{text(n.Message), text(place)})
	}
	if more := len(notes) - maxHTMLNotes; more > 0 {
		s.Notes = append(s.Notes, htmlNote{Message: fmt.Sprintf("And %s more, which the JSON form of this report has.", count(more))})
	}
	return s
}
