package render

import (
	"encoding/csv"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/pratique/pratique/internal/report"
)

// maxCell bounds a cell, in bytes; spreadsheets take 32,767 characters.
const maxCell = 32000

// csvImage are the columns that say which image a row is about; they are the
// same in all rows.
var csvImage = []struct {
	name  string
	value func(*report.Report) string
}{
	{"image", func(r *report.Report) string { return r.Image.Name }},
	{"digest", func(r *report.Report) string { return r.Image.Digest }},
	{"platform", func(r *report.Report) string { return r.Image.Platform }},
	{"os", func(r *report.Report) string { return strings.TrimSpace(r.OS.ID + " " + r.OS.Version) }},
}

// csvFinding is a finding, with the check that failed where it is about one.
type csvFinding struct {
	report.Finding
	check report.Check
}

// csvColumns are the other columns: which finding, where, what to do. A function
// is nil where vulnerabilities or findings have nothing to say. New columns are
// added at the end, since people address them by number.
var csvColumns = []struct {
	name          string
	vulnerability func(report.Vulnerability) string
	finding       func(csvFinding) string
}{
	{"category", func(v report.Vulnerability) string { return string(v.Category) }, func(f csvFinding) string { return string(f.Category) }},
	{"id", func(v report.Vulnerability) string { return v.ID }, func(f csvFinding) string { return f.Rule }},
	{"aliases", func(v report.Vulnerability) string { return list(v.Aliases) }, nil},
	{"severity", func(v report.Vulnerability) string { return v.Severity.String() }, func(f csvFinding) string { return f.Severity.String() }},
	{"severity_source", func(v report.Vulnerability) string { return v.SeveritySource }, nil},
	{"package", func(v report.Vulnerability) string { return v.Package }, func(f csvFinding) string { return f.Package }},
	{"type", func(v report.Vulnerability) string { return v.Type }, nil},
	{"source_package", func(v report.Vulnerability) string { return v.Source }, nil},
	{"installed_version", func(v report.Vulnerability) string { return v.Version }, func(f csvFinding) string { return f.Version }},
	{"fixed_version", func(v report.Vulnerability) string { return v.FixedVersion }, nil},
	{"fix_state", func(v report.Vulnerability) string { return string(v.FixState) }, nil},
	{"purl", func(v report.Vulnerability) string { return v.PURL }, nil},
	{"cvss_version", csvCVSS(func(c report.CVSS) string { return c.Version }), nil},
	{"cvss_score", csvCVSS(func(c report.CVSS) string { return strconv.FormatFloat(c.Score, 'f', 1, 64) }), nil},
	{"cvss_vector", csvCVSS(func(c report.CVSS) string { return c.Vector }), nil},
	{"cwes", func(v report.Vulnerability) string { return list(v.CWEs) }, nil},
	{"kev_date", csvKEVDate, nil},
	{"epss_score", csvEPSS(func(e report.EPSS) float64 { return e.Score }), nil},
	{"epss_percentile", csvEPSS(func(e report.EPSS) float64 { return e.Percentile }), nil},
	{"paths", places(func(l report.Location) string { return l.Path }), findingPlaces(func(l report.Location) string { return l.Path })},
	{"layers", places(csvLayer), findingPlaces(csvLayer)},
	{"layer_digests", places(func(l report.Location) string { return l.LayerDigest }), findingPlaces(func(l report.Location) string { return l.LayerDigest })},
	{"instructions", places(func(l report.Location) string { return l.Instruction }), findingPlaces(func(l report.Location) string { return l.Instruction })},
	{"title", func(v report.Vulnerability) string { return v.Title }, func(f csvFinding) string { return f.Title }},
	{"solution", func(v report.Vulnerability) string { return v.Solution }, func(f csvFinding) string { return f.Solution }},
	{"references", func(v report.Vulnerability) string { return list(v.References) }, func(f csvFinding) string { return list(f.References) }},
	{"published", func(v report.Vulnerability) string { return v.Published }, nil},
	{"modified", func(v report.Vulnerability) string { return v.Modified }, nil},
	{"finding_id", func(v report.Vulnerability) string { return v.FindingID }, func(f csvFinding) string { return f.FindingID }},
	{"lines", nil, findingPlaces(csvLine)},
	{"configuration", nil, findingPlaces(func(l report.Location) string { return l.Config })},
	{"hidden", nil, findingPlaces(func(l report.Location) string { return string(l.Hidden) })},
	{"evidence", nil, func(f csvFinding) string { return list(f.Evidence) }},
	{"origin", func(v report.Vulnerability) string { return string(v.Origin) }, func(f csvFinding) string { return string(f.Origin) }},
	{"decision", csvDecision(func(h report.Handling) string { return h.Action }), csvFindingDecision(func(h report.Handling) string { return h.Action })},
	{"decision_author", csvDecision(func(h report.Handling) string { return h.Author }), csvFindingDecision(func(h report.Handling) string { return h.Author })},
	{"decision_reason", csvDecision(func(h report.Handling) string { return h.Reason }), csvFindingDecision(func(h report.Handling) string { return h.Reason })},
	{"decision_scope", csvDecision(func(h report.Handling) string { return h.Scope }), csvFindingDecision(func(h report.Handling) string { return h.Scope })},
	{"decision_expires", csvDecision(func(h report.Handling) string { return h.Expires }), csvFindingDecision(func(h report.Handling) string { return h.Expires })},
	{"details", func(v report.Vulnerability) string { return v.Details }, func(f csvFinding) string { return f.Details }},
	{"standard", nil, func(f csvFinding) string { return f.check.Standard }},
	{"current_value", nil, func(f csvFinding) string { return f.check.Current }},
	{"suggested_value", nil, func(f csvFinding) string { return f.check.Suggested }},
	{"edit", nil, func(f csvFinding) string { return f.check.Edit }},
}

func csvCVSS(value func(report.CVSS) string) func(report.Vulnerability) string {
	return func(v report.Vulnerability) string {
		if c, ok := rating(v); ok {
			return value(c)
		}
		return ""
	}
}

func csvKEVDate(v report.Vulnerability) string {
	if v.KEV == nil {
		return ""
	}
	return v.KEV.DateAdded
}

func csvEPSS(value func(report.EPSS) float64) func(report.Vulnerability) string {
	return func(v report.Vulnerability) string {
		if v.EPSS == nil {
			return ""
		}
		return strconv.FormatFloat(value(*v.EPSS), 'f', 5, 64)
	}
}

func csvDecision(value func(report.Handling) string) func(report.Vulnerability) string {
	return func(v report.Vulnerability) string { return decided(v.Handling, value) }
}

func csvFindingDecision(value func(report.Handling) string) func(csvFinding) string {
	return func(f csvFinding) string { return decided(f.Handling, value) }
}

func decided(h *report.Handling, value func(report.Handling) string) string {
	if h == nil {
		return ""
	}
	return value(*h)
}

func places(value func(report.Location) string) func(report.Vulnerability) string {
	return func(v report.Vulnerability) string { return placeList(v.Locations, value) }
}

func findingPlaces(value func(report.Location) string) func(csvFinding) string {
	return func(f csvFinding) string { return placeList(f.Locations, value) }
}

// placeList lists a property of places, without repetitions.
func placeList(locations []report.Location, value func(report.Location) string) string {
	var all []string
	for _, l := range locations {
		if s := value(l); s != "" && !slices.Contains(all, s) {
			all = append(all, s)
		}
		if len(all) == 100 { // far beyond what fits a cell usefully
			break
		}
	}
	return list(all)
}

// csvLayer is empty for what no layer brings.
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

func list(values []string) string { return strings.Join(values, "; ") }

// writeCSV writes RFC 4180: one line per finding, CRLF at its end. Checks that
// passed are no findings; the JSON form has them.
func writeCSV(w io.Writer, r *report.Report) error {
	out := csv.NewWriter(w)
	out.UseCRLF = true
	var names, image []string
	for _, c := range csvImage {
		names, image = append(names, c.name), append(image, cell(c.value(r)))
	}
	for _, c := range csvColumns {
		names = append(names, c.name)
	}
	if err := out.Write(names); err != nil {
		return err
	}
	record := make([]string, 0, len(names))
	for _, v := range r.Vulnerabilities {
		record = append(record[:0], image...)
		for _, c := range csvColumns {
			value := ""
			if c.vulnerability != nil {
				value = cell(c.vulnerability(v))
			}
			record = append(record, value)
		}
		if err := out.Write(record); err != nil {
			return err
		}
	}
	checks := checksByID(r)
	for _, f := range r.Findings {
		finding := csvFinding{f, checkOf(checks, f)}
		record = append(record[:0], image...)
		for _, c := range csvColumns {
			value := ""
			if c.finding != nil {
				value = cell(c.finding(finding))
			}
			record = append(record, value)
		}
		if err := out.Write(record); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// cell makes a value safe for spreadsheets: one line, bounded, and never a
// formula. What could start one gets an apostrophe in front, which spreadsheets
// read as "this is text".
func cell(s string) string {
	line := oneLine(clip(s, maxCell))
	if startsFormula(s) || startsFormula(line) {
		return "'" + line
	}
	return line
}

// startsFormula reports whether a spreadsheet may take s for a formula, also
// after leading white space or in full-width signs.
func startsFormula(s string) bool {
	if s == "" {
		return false
	}
	if s[0] == '\t' || s[0] == '\r' || s[0] == '\n' {
		return true
	}
	s = strings.TrimLeft(s, " \u00a0\ufeff")
	for _, sign := range []string{"=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"} {
		if strings.HasPrefix(s, sign) {
			return true
		}
	}
	return false
}
