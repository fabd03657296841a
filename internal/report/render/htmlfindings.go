package render

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/pratique/pratique/internal/report"
)

// How findings are shown on the page.

const (
	// maxOpen is up to how many findings of a category are shown with all that
	// there is to say about them; more would hide each other.
	maxOpen = 12
	// maxHTMLNotes and maxHTMLRows bound what informs. Findings are all shown.
	maxHTMLNotes = 500
	maxHTMLRows  = 5000
	// maxHTMLDetails bounds a description, in bytes: advisories run to pages.
	maxHTMLDetails = 700
	// maxDescribed is how many vulnerabilities of a category are shown with their
	// description; of the less severe rest the page that is linked to tells.
	maxDescribed = 1000
)

// htmlChip is a word or two about a finding.
type htmlChip struct{ Text, Class string }

// htmlPlace is one place of a finding.
type htmlPlace struct{ Path, Layer, Instruction string }

// htmlFinding is a finding that is no vulnerability.
type htmlFinding struct {
	Severity, Title, Where string
	Chips                  []htmlChip
	Ignored, Details       string
	Evidence               []string
	Places                 []htmlPlace
	Solution               []htmlProse
	Facts                  []htmlFact
	Links                  []string
}

func htmlFindings(findings []report.Finding) []htmlFinding {
	all := make([]htmlFinding, 0, len(findings))
	for _, f := range findings {
		h := htmlFinding{
			Severity: f.Severity.String(), Title: text(f.Title), Where: text(whereMark(f.Locations)),
			Chips: htmlChips(f.Origin, f.Handling), Ignored: handlingText(f.Handling),
			Details: htmlDetails(f.Details), Places: htmlPlaces(f.Locations), Solution: proseOf(f.Solution),
			Links: htmlLinks(f.References),
		}
		if h.Title == "" {
			h.Title = text(f.Rule)
		}
		for _, e := range f.Evidence[:min(len(f.Evidence), maxPlaces)] {
			h.Evidence = append(h.Evidence, text(e))
		}
		if more := len(f.Evidence) - maxPlaces; more > 0 {
			h.Evidence = append(h.Evidence, fmt.Sprintf("and %s more", count(more)))
		}
		var facts htmlFacts
		facts.add("Software", strings.TrimSpace(f.Package+" "+f.Version))
		facts.code("Rule", f.Rule)
		h.Facts = facts
		all = append(all, h)
	}
	return all
}

// htmlVulnerability is one vulnerability in one or more packages of one source.
type htmlVulnerability struct {
	Severity, ID, Package, Version string
	// Fixed is the version to go to; where there is none, Unfixed says why.
	Fixed, Unfixed          string
	Chips                   []htmlChip
	Title, Ignored, Details string
	Places                  []htmlPlace
	Solution                []htmlProse
	Facts                   []htmlFact
	Links                   []string
}

func (s *htmlSection) vulnerabilities(all []report.Vulnerability, c report.Category) {
	var own []report.Vulnerability
	var worst report.Severity
	for _, v := range all {
		if v.Category == c || c == report.Application && v.Category != report.System {
			own = append(own, v)
			worst = max(worst, v.Severity)
		}
	}
	if len(own) == 0 {
		return
	}
	rows := rowEach(own)
	if c == report.System {
		rows = bySource(own)
	}
	s.Vulnerabilities = make([]htmlVulnerability, len(rows))
	for i, r := range rows {
		if i >= maxDescribed {
			r.Details = ""
		}
		s.Vulnerabilities[i] = htmlVulnerabilityOf(r)
	}
	s.Text = "Open a line for its places and for what to do."
	if len(rows) < len(own) {
		s.Text += " A line stands for all packages that were built from the same source."
	}
	s.counted(len(own)+len(s.Findings), max(worst, worstOf(s.Worst)))
}

// worstOf is the severity a section had so far; none is the lowest.
func worstOf(name string) report.Severity {
	severity, _ := report.ParseSeverity(name)
	return severity
}

func htmlVulnerabilityOf(r row) htmlVulnerability {
	v := r.Vulnerability
	h := htmlVulnerability{
		Severity: v.Severity.String(), ID: text(v.ID), Package: text(packageMark(r)), Version: text(v.Version),
		Fixed: text(v.FixedVersion), Chips: htmlChips(v.Origin, v.Handling), Title: text(v.Title),
		Ignored: handlingText(v.Handling), Places: htmlPlaces(v.Locations), Solution: proseOf(v.Solution),
		Links: htmlLinks(append([]string{link(v.ID)}, v.References...)),
	}
	if v.FixedVersion == "" {
		h.Unfixed = fixMark(v)
	}
	// Many advisories have but a title that is the beginning of their details.
	if details := htmlDetails(v.Details); !strings.HasPrefix(h.Title, strings.TrimRight(details, ".…")) {
		h.Details = details
	}
	if v.KEV != nil {
		h.Chips = append([]htmlChip{{"known exploited", "exploited"}}, h.Chips...)
	}
	var facts htmlFacts
	if len(r.packages) > 1 {
		facts.add("Packages", strings.Join(r.packages[:min(len(r.packages), 50)], ", "))
	}
	for _, c := range v.CVSS {
		facts.add("CVSS", strconv.FormatFloat(c.Score, 'f', 1, 64)+"  "+c.Vector)
	}
	facts.add("Rated by", v.SeveritySource)
	if v.KEV != nil {
		facts.add("Exploited", exploited(*v.KEV))
	}
	facts.add("EPSS", epssText(v))
	facts.add("Weakness", strings.Join(v.CWEs, ", "))
	facts.add("Also", strings.Join(v.Aliases, ", "))
	facts.add("Published", day(v.Published))
	h.Facts = facts
	return h
}

func htmlChips(o report.Origin, h *report.Handling) []htmlChip {
	var chips []htmlChip
	if mark := originMark(o); mark != "" {
		chips = append(chips, htmlChip{Text: mark})
	}
	if h != nil {
		chips = append(chips, htmlChip{Text: handlingMark(h)})
	}
	return chips
}

// htmlDetails is a description, shortened.
func htmlDetails(s string) string { return prose(clip(s, maxHTMLDetails)) }

// htmlLinks are the pages to read, few enough to choose from.
func htmlLinks(references []string) []string {
	links := webLinks(references)
	return links[:min(len(links), 5)]
}

func htmlPlaces(locations []report.Location) []htmlPlace {
	var all []htmlPlace
	for _, l := range locations[:min(len(locations), maxPlaces)] {
		p := htmlPlace{Path: text(where(l)), Instruction: text(l.Instruction)}
		if l.Layer >= 0 {
			p.Layer = "layer " + strconv.Itoa(l.Layer)
		}
		if hidden := hiddenText(l.Hidden); hidden != "" {
			p.Layer = strings.TrimPrefix(p.Layer+", "+hidden, ", ")
		}
		all = append(all, p)
	}
	if more := len(locations) - maxPlaces; more > 0 {
		all = append(all, htmlPlace{Layer: "and " + plural(more, "more place", "more places")})
	}
	return all
}
