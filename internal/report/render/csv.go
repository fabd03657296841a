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

// csvColumns are the columns: which image, which finding, where, what to do.
// New ones are added at the end, since people address them by number.
var csvColumns = []struct {
	name  string
	value func(*report.Report, report.Vulnerability) string
}{
	{"image", func(r *report.Report, _ report.Vulnerability) string { return r.Image.Name }},
	{"digest", func(r *report.Report, _ report.Vulnerability) string { return r.Image.Digest }},
	{"platform", func(r *report.Report, _ report.Vulnerability) string { return r.Image.Platform }},
	{"os", func(r *report.Report, _ report.Vulnerability) string {
		return strings.TrimSpace(r.OS.ID + " " + r.OS.Version)
	}},
	{"category", func(_ *report.Report, v report.Vulnerability) string { return string(v.Category) }},
	{"id", func(_ *report.Report, v report.Vulnerability) string { return v.ID }},
	{"aliases", func(_ *report.Report, v report.Vulnerability) string { return list(v.Aliases) }},
	{"severity", func(_ *report.Report, v report.Vulnerability) string { return v.Severity.String() }},
	{"severity_source", func(_ *report.Report, v report.Vulnerability) string { return v.SeveritySource }},
	{"package", func(_ *report.Report, v report.Vulnerability) string { return v.Package }},
	{"type", func(_ *report.Report, v report.Vulnerability) string { return v.Type }},
	{"source_package", func(_ *report.Report, v report.Vulnerability) string { return v.Source }},
	{"installed_version", func(_ *report.Report, v report.Vulnerability) string { return v.Version }},
	{"fixed_version", func(_ *report.Report, v report.Vulnerability) string { return v.FixedVersion }},
	{"fix_state", func(_ *report.Report, v report.Vulnerability) string { return string(v.FixState) }},
	{"purl", func(_ *report.Report, v report.Vulnerability) string { return v.PURL }},
	{"cvss_version", cvss(func(c report.CVSS) string { return c.Version })},
	{"cvss_score", cvss(func(c report.CVSS) string { return strconv.FormatFloat(c.Score, 'f', 1, 64) })},
	{"cvss_vector", cvss(func(c report.CVSS) string { return c.Vector })},
	{"cwes", func(_ *report.Report, v report.Vulnerability) string { return list(v.CWEs) }},
	{"kev_date", func(_ *report.Report, v report.Vulnerability) string {
		if v.KEV == nil {
			return ""
		}
		return v.KEV.DateAdded
	}},
	{"epss_score", epss(func(e report.EPSS) float64 { return e.Score })},
	{"epss_percentile", epss(func(e report.EPSS) float64 { return e.Percentile })},
	{"paths", locations(func(l report.Location) string { return l.Path })},
	{"layers", locations(func(l report.Location) string { return strconv.Itoa(l.Layer) })},
	{"layer_digests", locations(func(l report.Location) string { return l.LayerDigest })},
	{"instructions", locations(func(l report.Location) string { return l.Instruction })},
	{"title", func(_ *report.Report, v report.Vulnerability) string { return v.Title }},
	{"solution", func(_ *report.Report, v report.Vulnerability) string { return v.Solution }},
	{"references", func(_ *report.Report, v report.Vulnerability) string { return list(v.References) }},
	{"published", func(_ *report.Report, v report.Vulnerability) string { return v.Published }},
	{"modified", func(_ *report.Report, v report.Vulnerability) string { return v.Modified }},
	{"finding_id", func(_ *report.Report, v report.Vulnerability) string { return v.FindingID }},
	{"lines", onlyFindings},
	{"configuration", onlyFindings},
	{"hidden", onlyFindings},
	{"evidence", onlyFindings},
}

// onlyFindings is for columns that only findings of other categories fill.
func onlyFindings(*report.Report, report.Vulnerability) string { return "" }

func cvss(value func(report.CVSS) string) func(*report.Report, report.Vulnerability) string {
	return func(_ *report.Report, v report.Vulnerability) string {
		if c, ok := rating(v); ok {
			return value(c)
		}
		return ""
	}
}

func epss(value func(report.EPSS) float64) func(*report.Report, report.Vulnerability) string {
	return func(_ *report.Report, v report.Vulnerability) string {
		if v.EPSS == nil {
			return ""
		}
		return strconv.FormatFloat(value(*v.EPSS), 'f', 5, 64)
	}
}

// locations lists a property of the finding's locations, without repetitions.
func locations(value func(report.Location) string) func(*report.Report, report.Vulnerability) string {
	return func(_ *report.Report, v report.Vulnerability) string { return locationList(v.Locations, value) }
}

func locationList(locations []report.Location, value func(report.Location) string) string {
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

func list(values []string) string { return strings.Join(values, "; ") }

// writeCSV writes RFC 4180: one line per finding, CRLF at its end.
func writeCSV(w io.Writer, r *report.Report) error {
	out := csv.NewWriter(w)
	out.UseCRLF = true
	record := make([]string, len(csvColumns))
	for i, c := range csvColumns {
		record[i] = c.name
	}
	if err := out.Write(record); err != nil {
		return err
	}
	for _, v := range r.Vulnerabilities {
		for i, c := range csvColumns {
			record[i] = cell(c.value(r, v))
		}
		if err := out.Write(record); err != nil {
			return err
		}
	}
	for _, f := range r.Findings {
		for i, c := range csvColumns {
			record[i] = ""
			if value := csvFindingColumns[c.name]; value != nil {
				record[i] = cell(value(r, f))
			}
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
