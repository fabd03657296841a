package render

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/pratique/pratique/internal/report"
)

// The tables of what an image consists of.

// htmlTable is a table that can be folded away.
type htmlTable struct {
	Title, Caption string
	Open           bool
	// Stack says that a row becomes a paragraph where the page is narrow; other
	// tables are scrolled.
	Stack   bool
	Columns []htmlHead
	Rows    [][]htmlCell
	// More tells what was left out.
	More string
}

type htmlHead struct{ Title, Class string }

type htmlCell struct{ Text, Class string }

// htmlColumn says how a row of a table is told.
type htmlColumn[T any] struct {
	title, class string
	value        func(T) string
}

// Classes of the style sheet: how a column is set, and how wide it is at least.
const (
	mono   = "mono"
	number = "num"
	tight  = "tight"
	mid    = "mid"
	long   = "long"
)

// table adds a table, without the columns in which no row has a value; one
// without rows is left out.
func table[T any](s *htmlSection, t htmlTable, rows []T, columns []htmlColumn[T]) {
	if len(rows) == 0 {
		return
	}
	if more := len(rows) - maxHTMLRows; more > 0 {
		t.More = fmt.Sprintf("And %s more, which the JSON form of this report has.", count(more))
		rows = rows[:maxHTMLRows]
	}
	if t.Caption == "" {
		t.Caption = t.Title
	}
	t.Rows = make([][]htmlCell, len(rows))
	for _, c := range columns {
		cells := make([]string, len(rows))
		empty := true
		for i, row := range rows {
			cells[i] = text(c.value(row))
			empty = empty && cells[i] == ""
		}
		if empty {
			continue
		}
		t.Columns = append(t.Columns, htmlHead{c.title, c.class})
		for i, cell := range cells {
			t.Rows[i] = append(t.Rows[i], htmlCell{cell, c.class})
		}
	}
	s.Tables = append(s.Tables, t)
}

func (s *htmlSection) software(packages []report.Package) {
	if len(packages) == 0 {
		return
	}
	if s.Worst == "" {
		s.Count = count(len(packages))
	}
	s.Text = plural(len(packages), "package", "packages") + ": " + typeTotals(packages) + "."
	table(s, htmlTable{Title: "Software (" + count(len(packages)) + ")", Caption: "Packages and what is known of them"}, packages, []htmlColumn[report.Package]{
		{"Name", "", func(p report.Package) string { return p.Name }},
		{"Version", mono, func(p report.Package) string { return p.Version }},
		{"Type", tight, func(p report.Package) string { return p.Type }},
		{"Vulnerabilities", number, func(p report.Package) string { return nonZero(p.Vulnerabilities) }},
		{"Licence", mid, func(p report.Package) string { return list(distinct(p.Licences)) }},
		{"Supplier", mid, func(p report.Package) string { return p.Supplier }},
		{"Source", "", sourceMark},
		{"Layer", number, func(p report.Package) string { return strconv.Itoa(p.Layer) }},
		{"Path", mono + " " + long, func(p report.Package) string { return p.Path }},
	})
}

func nonZero(n int) string {
	if n == 0 {
		return ""
	}
	return count(n)
}

func (s *htmlSection) files(f report.FileSummary) {
	if s.Worst == "" {
		s.Count = count(f.Count)
	}
	s.Text = filesText(f) + "."
	table(s, htmlTable{Title: "By type"}, f.Types, []htmlColumn[report.FileType]{
		{"Type", "", func(t report.FileType) string { return t.Type }},
		{"Files", number, func(t report.FileType) string { return count(t.Count) }},
		{"Size", number, func(t report.FileType) string { return bytesText(t.Size) }},
	})
	table(s, htmlTable{Title: "By layer"}, f.Layers, []htmlColumn[report.LayerFiles]{
		{"Layer", number, func(l report.LayerFiles) string { return strconv.Itoa(l.Layer) }},
		{"Files", number, func(l report.LayerFiles) string { return count(l.Count) }},
		{"Size", number, func(l report.LayerFiles) string { return bytesText(l.Size) }},
		{"Replaced", number, func(l report.LayerFiles) string { return nonZero(l.Replaced) }},
		{"Deleted", number, func(l report.LayerFiles) string { return nonZero(l.Deleted) }},
		{"Wasted", number, func(l report.LayerFiles) string { return nonZeroBytes(l.Wasted) }},
	})
	table(s, htmlTable{Title: fmt.Sprintf("Largest files (%s of %s)", count(len(f.Largest)), count(f.Count))}, f.Largest, []htmlColumn[report.LargeFile]{
		{"Size", number, func(l report.LargeFile) string { return bytesText(l.Size) }},
		{"Layer", number, func(l report.LargeFile) string { return strconv.Itoa(l.Layer) }},
		{"Path", mono + " " + long, func(l report.LargeFile) string { return l.Path }},
	})
	table(s, htmlTable{Title: "Wasted: " + bytesText(f.Wasted), Caption: "The largest files that a later layer hides"}, f.WastedFiles, []htmlColumn[report.WastedFile]{
		{"Size", number, func(w report.WastedFile) string { return bytesText(w.Size) }},
		{"Layer", number, func(w report.WastedFile) string { return strconv.Itoa(w.Layer) }},
		{"What became of it", tight, wastedText},
		{"Path", mono + " " + long, func(w report.WastedFile) string { return w.Path }},
	})
	table(s, htmlTable{Title: "Special rights (" + count(f.SpecialCount) + ")", Caption: specialCaption(f)}, f.Special, []htmlColumn[report.SpecialFile]{
		{"Rights", mono + " " + tight, func(p report.SpecialFile) string { return p.Mode }},
		{"Owner", number, specialOwner},
		{"Why", "", specialWhy},
		{"Layer", number, func(p report.SpecialFile) string { return strconv.Itoa(p.Layer) }},
		{"Path", mono + " " + long, func(p report.SpecialFile) string { return p.Path }},
	})
}

func nonZeroBytes(n int64) string {
	if n == 0 {
		return ""
	}
	return bytesText(n)
}

func specialCaption(f report.FileSummary) string {
	if more := f.SpecialCount - len(f.Special); more > 0 {
		return fmt.Sprintf("Files with special rights, the first %s", count(len(f.Special)))
	}
	return "Files with special rights"
}

func (s *htmlSection) checks(checks []report.Check) {
	if len(checks) == 0 {
		return
	}
	s.Text = checksText(checks) + "."
	if s.Count == "" {
		s.Count = "none"
	}
	table(s, htmlTable{Title: "All checks (" + count(len(checks)) + ")", Caption: "Checks of settings, the failed ones first", Stack: true},
		failedFirst(checks), []htmlColumn[report.Check]{
			{"Result", tight, func(c report.Check) string { return resultText(c.Result) }},
			{"Check", mid, checkName},
			{"Severity", tight, func(c report.Check) string { return c.Severity.String() }},
			{"Looked at", mid, func(c report.Check) string { return c.Looked }},
			{"Found", mono, func(c report.Check) string { return c.Current }},
			{"Should be", mid, func(c report.Check) string { return c.Suggested }},
			{"Edit", mono + " " + long, func(c report.Check) string { return c.Edit }},
		})
	last := &s.Tables[len(s.Tables)-1]
	for _, row := range last.Rows {
		// The word says it too; the colour only helps to find it.
		row[0].Class = strings.TrimSpace(row[0].Class + " " + row[0].Text)
	}
}

// checkName is a check and the standard it comes from.
func checkName(c report.Check) string {
	if c.Standard == "" {
		return c.Title
	}
	return c.Title + " (" + c.Standard + ")"
}

func (s *htmlSection) base(r *report.Report) {
	b := r.Base
	if b == nil {
		if s.Count == "" && (len(r.Categories) == 0 || slices.Contains(r.Categories, report.BaseImage)) {
			s.Count, s.Text = "unknown", "Nothing tells which image this one was built on."
		}
		return
	}
	if s.Worst == "" {
		s.Count = text(clip(b.Name, 40))
	}
	s.Text = "Which layers are the base's is not known, so neither is which findings come with it."
	if b.Layers > 0 {
		s.Text = "The findings that come with the base are marked “base”, those of what was built on it “own”."
	}
	var facts htmlFacts
	facts.add("Name", b.Name)
	facts.add("Version", b.Version)
	facts.code("Digest", b.Digest)
	facts.add("Recognised", baseSource(b))
	facts.add("End of support", b.EndOfLife)
	if b.Layers > 0 {
		facts.add("Findings of the base", count(b.Findings))
		facts.add("Findings above it", count(b.OwnFindings))
	}
	if n := b.Newer; n != nil {
		facts.add("Newer", n.Name)
		facts.code("", n.Digest)
		facts.add("Would change", newerText(n))
	}
	s.Facts = facts
}

func htmlConfiguration(r *report.Report) htmlSection {
	c := r.Image.Config
	s := htmlSection{ID: "configuration", Title: "Configuration and layers", Count: plural(len(r.Image.Layers), "layer", "layers")}
	var facts htmlFacts
	facts.code("User", c.User)
	if c.User == "" {
		facts.add("User", "none is set, so it is root")
	}
	facts.code("Working directory", c.WorkingDir)
	facts.code("Entry point", strings.Join(c.Entrypoint, " "))
	facts.code("Command", strings.Join(c.Cmd, " "))
	facts.code("Health check", strings.Join(c.Healthcheck, " "))
	facts.code("Ports", strings.Join(c.Ports, ", "))
	facts.code("Volumes", strings.Join(c.Volumes, ", "))
	facts.code("Configuration", r.Image.ConfigDigest)
	facts.add("Media type", r.Image.MediaType)
	s.Facts = facts
	table(&s, htmlTable{Title: "Layers (" + count(len(r.Image.Layers)) + ")", Open: len(r.Image.Layers) <= maxOpen}, r.Image.Layers, []htmlColumn[report.Layer]{
		{"Layer", number, func(l report.Layer) string { return strconv.Itoa(l.Index) }},
		{"Size", number, func(l report.Layer) string { return bytesText(l.Size) }},
		{"Digest", mono + " " + tight, shortDigest},
		{"Instruction", mono + " " + long, func(l report.Layer) string { return l.Instruction }},
	})
	table(&s, htmlTable{Title: "Build steps (" + count(len(c.Steps)) + ")"}, c.Steps, []htmlColumn[report.BuildStep]{
		{"Layer", number, func(b report.BuildStep) string { return csvLayer(report.Location{Layer: b.Layer}) }},
		{"Instruction", mono + " " + long, func(b report.BuildStep) string { return b.Instruction }},
	})
	variable := func(s string) string { name, _, _ := strings.Cut(s, "="); return name }
	table(&s, htmlTable{Title: "Environment (" + count(len(c.Env)) + ")"}, c.Env, []htmlColumn[string]{
		{"Name", mono, variable},
		{"Value", mono + " " + long, func(s string) string { _, value, _ := strings.Cut(s, "="); return value }},
	})
	s.pairs("Labels", c.Labels)
	s.pairs("Annotations", r.Image.Annotations)
	return s
}

func (s *htmlSection) pairs(title string, of map[string]string) {
	table(s, htmlTable{Title: title + " (" + count(len(of)) + ")"}, slices.Sorted(maps.Keys(of)), []htmlColumn[string]{
		{"Name", mono, func(k string) string { return k }},
		{"Value", mono + " " + long, func(k string) string { return of[k] }},
	})
}
