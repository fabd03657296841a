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

// csvFindingColumns are the columns of a finding by name; it has nothing to say
// in the others.
var csvFindingColumns = map[string]func(*report.Report, report.Finding) string{
	"image":    func(r *report.Report, _ report.Finding) string { return r.Image.Name },
	"digest":   func(r *report.Report, _ report.Finding) string { return r.Image.Digest },
	"platform": func(r *report.Report, _ report.Finding) string { return r.Image.Platform },
	"os": func(r *report.Report, _ report.Finding) string {
		return strings.TrimSpace(r.OS.ID + " " + r.OS.Version)
	},
	"category":      func(_ *report.Report, f report.Finding) string { return string(f.Category) },
	"id":            func(_ *report.Report, f report.Finding) string { return f.Rule },
	"severity":      func(_ *report.Report, f report.Finding) string { return f.Severity.String() },
	"paths":         findingLocations(func(l report.Location) string { return l.Path }),
	"layers":        findingLocations(csvLayer),
	"layer_digests": findingLocations(func(l report.Location) string { return l.LayerDigest }),
	"instructions":  findingLocations(func(l report.Location) string { return l.Instruction }),
	"title":         func(_ *report.Report, f report.Finding) string { return f.Title },
	"solution":      func(_ *report.Report, f report.Finding) string { return f.Solution },
	"references":    func(_ *report.Report, f report.Finding) string { return list(f.References) },
	"finding_id":    func(_ *report.Report, f report.Finding) string { return f.FindingID },
	"lines":         findingLocations(csvLine),
	"configuration": findingLocations(func(l report.Location) string { return l.Config }),
	"hidden":        findingLocations(func(l report.Location) string { return string(l.Hidden) }),
	"evidence":      func(_ *report.Report, f report.Finding) string { return list(f.Evidence) },
}

func findingLocations(value func(report.Location) string) func(*report.Report, report.Finding) string {
	return func(_ *report.Report, f report.Finding) string { return locationList(f.Locations, value) }
}

func csvLayer(l report.Location) string {
	if l.Layer < 0 {
		return ""
	}
	return strconv.Itoa(l.Layer)
}

func csvLine(l report.Location) string {
	if l.Line == 0 {
		return ""
	}
	return strconv.Itoa(l.Line)
}

// sarifFindings adds rules and results for findings. A rule's id begins with
// the category, so that it cannot be taken for a vulnerability's.
func sarifFindings(r *report.Report, rules []sarifRule) ([]sarifRule, []sarifResult) {
	index := make(map[string]int)
	var results []sarifResult
	for _, f := range r.Findings {
		id := sarifFindingRule(f)
		at, known := index[id]
		if !known {
			at = len(rules)
			index[id] = at
			rules = append(rules, sarifRuleOfFinding(id, f))
		}
		results = append(results, sarifResultOfFinding(r, f, id, at))
	}
	return rules, results
}

func sarifFindingRule(f report.Finding) string {
	return clip("pratique/"+oneLine(string(f.Category))+"/"+oneLine(f.Rule), 255)
}

func sarifRuleOfFinding(id string, f report.Finding) sarifRule {
	title, details, solution := oneLine(f.Title), prose(f.Details), prose(f.Solution)
	if title == "" {
		title = id
	}
	if details == "" {
		details = title
	}
	if solution == "" {
		solution = details
	}
	helpURI := toolURL
	links := webLinks(f.References)
	for _, l := range links {
		if strings.HasPrefix(l, "https://") {
			helpURI = l
			break
		}
	}
	return sarifRule{
		ID: id, Name: sarifName(f.Category),
		ShortDescription:     sarifText{clip(title, maxSARIFText)},
		FullDescription:      sarifText{clip(details, maxSARIFText)},
		HelpURI:              helpURI,
		Help:                 sarifText{clip(strings.Join(append([]string{solution, ""}, links...), "\n"), maxSARIFHelp)},
		DefaultConfiguration: sarifConfig{sarifLevel(f.Severity)},
		Properties: map[string]any{
			"tags":              []string{"security", oneLine(string(f.Category)), f.Severity.String()},
			"precision":         "high",
			"security-severity": securitySeverity(report.Vulnerability{Severity: f.Severity}),
		},
	}
}

// sarifName is a category in the form SARIF wants names of rules in.
func sarifName(c report.Category) string {
	var b strings.Builder
	for word := range strings.FieldsSeq(strings.Map(letterOrSpace, string(c))) {
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	if b.Len() == 0 {
		return "Finding"
	}
	return clip(b.String(), 100)
}

func letterOrSpace(r rune) rune {
	if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
		return r
	}
	return ' '
}

func sarifResultOfFinding(r *report.Report, f report.Finding, id string, rule int) sarifResult {
	message := oneLine(clip(f.Title, 200)) + " (" + f.Severity.String() + ")."
	if len(f.Evidence) > 0 {
		message += " " + oneLine(clip(f.Evidence[0], 200))
	}
	if solution := prose(f.Solution); solution != "" {
		message += " " + solution
	}
	result := sarifResult{
		RuleID: id, RuleIndex: rule, Level: sarifLevel(f.Severity),
		Message:    sarifText{clip(message, maxSARIFText)},
		Locations:  sarifFindingLocations(r, f),
		Properties: map[string]any{"category": f.Category, "severity": f.Severity.String(), "evidence": f.Evidence},
	}
	if f.FindingID != "" {
		result.Fingerprints = map[string]string{"pratique/v1": f.FindingID}
		result.PartialFingerprints = map[string]string{"pratiqueFindingId/v1": f.FindingID}
	}
	return result
}

func sarifFindingLocations(r *report.Report, f report.Finding) []sarifLocation {
	var all []sarifLocation
	for _, l := range f.Locations[:min(len(f.Locations), maxSARIFLocations)] {
		message := oneLine(l.Config)
		if l.Layer >= 0 {
			message = strings.TrimPrefix(message+fmt.Sprintf(", layer %d", l.Layer), ", ")
		}
		if hidden := hiddenText(l.Hidden); hidden != "" {
			message += " (" + hidden + ")"
		}
		if l.Instruction != "" {
			message += ": " + oneLine(l.Instruction)
		}
		at := sarifLocation{PhysicalLocation: sarifPhysical{sarifArtifact{relativeURI(l.Path)}, sarifRegion{max(l.Line, 1)}}}
		if message != "" {
			at.Message = &sarifText{clip(message, maxSARIFText)}
		}
		if l.Config != "" {
			at.PhysicalLocation.ArtifactLocation = sarifArtifact{relativeURI(imageName(r))}
			at.LogicalLocations = []sarifLogical{{Name: oneLine(clip(l.Config, 200)), Kind: "member"}}
		}
		all = append(all, at)
	}
	if len(all) == 0 {
		all = append(all, sarifLocation{PhysicalLocation: sarifPhysical{sarifArtifact{relativeURI(imageName(r))}, sarifRegion{1}}})
	}
	return all
}
