package render

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/pratique/pratique/internal/report"
)

// What the formats make of findings that are no vulnerabilities.

// categoryTitle is how a category is called for people.
func categoryTitle(c report.Category) string {
	switch c {
	case report.System:
		return "System vulnerabilities"
	case report.Application:
		return "Application vulnerabilities"
	case report.Malicious:
		return "Malicious files"
	case report.Software:
		return "Software"
	case report.Files:
		return "Files"
	case report.Baseline:
		return "Unsafe settings"
	case report.Password:
		return "Weak passwords"
	case report.Sensitive:
		return "Sensitive information"
	case report.Compliance:
		return "Software compliance"
	case report.BaseImage:
		return "Base image"
	}
	return "Other findings"
}

// findingsByCategory divides findings in the order of report.Categories; the
// last part is those of none of them.
func findingsByCategory(findings []report.Finding) [][]report.Finding {
	known := report.Categories()
	parts := make([][]report.Finding, len(known)+1)
	for _, finding := range findings {
		i := slices.Index(known, finding.Category)
		if i < 0 {
			i = len(known)
		}
		parts[i] = append(parts[i], finding)
	}
	return parts
}

// eachCategory calls f for each category that has findings.
func eachCategory(findings []report.Finding, f func(title string, of []report.Finding)) {
	for _, of := range findingsByCategory(findings) {
		if len(of) > 0 {
			f(categoryTitle(of[0].Category), of)
		}
	}
}

// where tells a place in one line: the file with its line, or the part of the
// configuration.
func where(l report.Location) string {
	switch {
	case l.Config != "":
		return clip(l.Config, maxTableBytes)
	case l.Line > 0:
		return clip(l.Path, maxTableBytes) + ":" + strconv.Itoa(l.Line)
	}
	return clip(l.Path, maxTableBytes)
}

// hiddenText says what became of a file.
func hiddenText(h report.Hidden) string {
	switch h {
	case report.Deleted:
		return "deleted by a later layer, but readable in this one"
	case report.Replaced:
		return "replaced by a later layer, but readable in this one"
	}
	return ""
}

// findingTables writes a table for each category.
func (p *printer) findingTables(findings []report.Finding) {
	eachCategory(findings, func(title string, of []report.Finding) {
		p.heading(fmt.Sprintf("%s (%s)", title, count(len(of))))
		p.table(findingColumns(of), func(row int) bool { return of[row].Handling != nil })
	})
}

func findingColumns(fs []report.Finding) []*column {
	add := func(title string, min int, value func(report.Finding) string) *column {
		return cells(title, min, fs, value)
	}
	severity := add("SEVERITY", maxTableCell, func(f report.Finding) string { return f.Severity.String() })
	severity.style = func(row int) string { return severityStyle(fs[row].Severity) }
	layer := add("LAYER", maxTableCell, func(f report.Finding) string { return layersMark(f.Locations) })
	layer.right = true
	place := add("WHERE", 12, func(f report.Finding) string { return whereMark(f.Locations) })
	place.keepEnd = true
	return nonEmpty([]*column{
		severity,
		add("FINDING", 16, func(f report.Finding) string { return f.Title }),
		add("PACKAGE", 10, func(f report.Finding) string { return strings.TrimSpace(f.Package + " " + f.Version) }),
		add("ORIGIN", maxTableCell, func(f report.Finding) string { return originMark(f.Origin) }),
		add("DECISION", 7, func(f report.Finding) string { return handlingMark(f.Handling) }),
		layer,
		add("HIDDEN", 8, func(f report.Finding) string {
			if len(f.Locations) == 0 {
				return ""
			}
			return string(f.Locations[0].Hidden)
		}),
		place,
		add("EVIDENCE", 12, func(f report.Finding) string {
			if len(f.Evidence) == 0 {
				return ""
			}
			return f.Evidence[0]
		}),
	})
}

// findingDetails writes everything there is to read about each finding.
func (p *printer) findingDetails(findings []report.Finding) {
	eachCategory(findings, func(title string, of []report.Finding) {
		p.heading(fmt.Sprintf("%s (%s)", title, count(len(of))))
		for _, f := range of {
			p.findingDetail(f)
		}
	})
}

func (p *printer) findingDetail(f report.Finding) {
	title := text(f.Title)
	if p.opts.Width > 0 {
		title = displayWidth.Truncate(title, max(p.opts.Width, minWidth)-12, "…")
	}
	io.WriteString(p.w, "\n"+p.paint(bold, title)+"  "+p.paint(severityStyle(f.Severity), f.Severity.String())+"\n")
	p.field("Decision", handlingText(f.Handling))
	p.field("Rule", text(f.Rule))
	p.field("Software", text(strings.TrimSpace(f.Package+" "+f.Version)))
	p.field("Origin", originText(f.Origin))
	p.field("Meaning", text(f.Details))
	for _, e := range f.Evidence[:min(len(f.Evidence), maxPlaces)] {
		p.field("Evidence", text(e))
	}
	for _, l := range f.Locations[:min(len(f.Locations), maxPlaces)] {
		p.field("Found in", findingPlace(l))
	}
	if more := len(f.Locations) - maxPlaces; more > 0 {
		p.field("", "and "+plural(more, "more place", "more places"))
	}
	p.field("Solution", text(f.Solution))
	if len(f.References) > 0 {
		p.field("See", text(f.References[0]))
	}
}

func findingPlace(l report.Location) string {
	s := text(where(l))
	if l.Layer >= 0 {
		s += fmt.Sprintf(", layer %d", l.Layer)
	}
	if hidden := hiddenText(l.Hidden); hidden != "" {
		s += " (" + hidden + ")"
	}
	if l.Instruction != "" {
		s += ": " + text(l.Instruction)
	}
	return s
}

// findingSummary is one sentence, empty if nothing was looked for that makes
// such findings.
func findingSummary(r *report.Report) string {
	s := r.Summary.Findings
	if s.Total == 0 {
		return ""
	}
	return fmt.Sprintf("%s (%s)", plural(s.Total, "other finding", "other findings"), bySeverity(s.BySeverity))
}
