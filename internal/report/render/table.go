package render

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/mattn/go-runewidth"

	"github.com/pratique/pratique/internal/report"
)

const (
	// maxTableCell bounds a cell where no width is given, in columns.
	maxTableCell = 80
	// maxTableBytes bounds what is looked at of a text, whatever its width.
	maxTableBytes = 1000
	maxTableNotes = 20
	columnGap     = 2
	// minWidth is the width prose is not made narrower than.
	minWidth = 40
)

// displayWidth measures text. It does not depend on the locale, so that the same
// report is laid out the same everywhere.
var displayWidth = runewidth.Condition{StrictEmojiNeutral: true}

func writeTable(w *bufio.Writer, r *report.Report, opts Options) error {
	p := &printer{w: w, opts: opts}
	p.header(r)
	if opts.Details {
		p.details(r)
	} else {
		p.vulnerabilities(r)
		p.findingTables(r.Findings)
	}
	p.notes(r.Notes)
	p.totals(r)
	p.next(r)
	return nil // errors of a bufio.Writer stay until it is flushed
}

// printer writes the parts of the table.
type printer struct {
	w    *bufio.Writer
	opts Options
}

const (
	bold  = "1"
	faint = "2"
)

func (p *printer) paint(style, s string) string {
	if !p.opts.Color || style == "" || s == "" {
		return s
	}
	return "\x1b[" + style + "m" + s + "\x1b[0m"
}

func severityStyle(s report.Severity) string {
	switch s {
	case report.Critical:
		return "1;31"
	case report.High:
		return "31"
	case report.Medium:
		return "33"
	case report.Low:
		return "36"
	}
	return faint
}

// field writes a line of the header; a field without a value is left out.
func (p *printer) field(name, value string) {
	if value != "" {
		const indent = 12
		p.lines(p.paint(bold, name)+strings.Repeat(" ", indent-len(name)), indent, value)
	}
}

// lines writes text after a first part that is already indent columns wide,
// broken into lines where a width is given.
func (p *printer) lines(first string, indent int, text string) {
	io.WriteString(p.w, first)
	column := indent
	for i, word := range strings.Fields(text) {
		if p.opts.Width > 0 {
			word = displayWidth.Truncate(word, max(p.opts.Width, minWidth)-indent, "…")
		}
		width := displayWidth.StringWidth(word)
		switch {
		case i == 0:
		case p.opts.Width > 0 && column+1+width > max(p.opts.Width, minWidth):
			io.WriteString(p.w, "\n"+strings.Repeat(" ", indent))
			column = indent
		default:
			io.WriteString(p.w, " ")
			column++
		}
		io.WriteString(p.w, word)
		column += width
	}
	io.WriteString(p.w, "\n")
}

// text makes a value from the report fit to be printed.
func text(s string) string { return visible(clip(s, maxTableBytes)) }

func (p *printer) header(r *report.Report) {
	p.field("Image", text(imageName(r)))
	if r.Image.Digest != imageName(r) {
		p.field("Digest", text(r.Image.Digest))
	}
	p.field("Platform", text(r.Image.Platform))
	p.field("System", text(systemName(r.OS)))
	p.field("Layers", count(len(r.Image.Layers))+", "+bytesText(r.Image.Size)+" as stored")
	p.field("Base image", text(baseText(r.Base)))
	p.field("Advisories", advisories(r.Advisories))
	p.field("Findings", summary(r))
	p.field("", findingSummary(r))
	p.field("", decisionSummary(r))
	p.field("Checks", checksText(r.Checks))
}

func systemName(os report.OS) string {
	switch {
	case os.ID == "" && os.Name == "":
		return "none found"
	case os.Name == "":
		return os.ID + " " + os.Version
	case os.Version == "" || strings.Contains(os.Name, os.Version):
		return os.Name
	}
	return os.Name + ", release " + os.Version
}

func advisories(k report.Knowledge) string {
	switch {
	case k.Newest != "":
		return "newest of " + text(k.Newest)
	case k.Revision != "":
		return "revision " + text(k.Revision)
	}
	return ""
}

// summary is one sentence: how many, how bad, how many can be cured.
func summary(r *report.Report) string {
	s := r.Summary
	switch {
	case s.Total == 0 && len(r.Categories) > 0 && !slices.Contains(r.Categories, report.System):
		return "vulnerabilities were not looked for"
	case s.Total == 0:
		return "no vulnerabilities"
	}
	return fmt.Sprintf("%s (%s); %s with a fix", plural(s.Total, "vulnerability", "vulnerabilities"), bySeverity(s.BySeverity), count(s.Fixable))
}

func (p *printer) heading(s string) {
	io.WriteString(p.w, "\n"+p.paint(bold, s)+"\n")
}

func (p *printer) vulnerabilities(r *report.Report) {
	var system, application []report.Vulnerability
	for _, v := range r.Vulnerabilities {
		if v.Category == report.System {
			system = append(system, v)
		} else {
			application = append(application, v)
		}
	}
	if len(system) > 0 {
		p.heading(fmt.Sprintf("System vulnerabilities (%s)", count(len(system))))
		rows := bySource(system)
		p.table(vulnerabilityColumns(rows, false), ignoredRow(rows))
		if len(rows) < len(system) {
			p.lines("", 0, p.paint(faint, "+N: so many more packages built from the same source."))
		}
	}
	if len(application) > 0 {
		p.heading(fmt.Sprintf("Application vulnerabilities (%s)", count(len(application))))
		rows := rowEach(application)
		p.table(vulnerabilityColumns(rows, true), ignoredRow(rows))
	}
}

func ignoredRow(rows []row) func(int) bool {
	return func(i int) bool { return rows[i].Handling != nil }
}

// row is one line of a table of vulnerabilities: the same vulnerability in one
// or more packages.
type row struct {
	report.Vulnerability
	packages []string
}

func rowEach(vs []report.Vulnerability) []row {
	rows := make([]row, len(vs))
	for i, v := range vs {
		rows[i] = row{v, []string{v.Package}}
	}
	return rows
}

// bySource makes one row of a vulnerability in several packages that were built
// from the same source, where nothing but the package differs.
func bySource(vs []report.Vulnerability) []row {
	type key struct {
		id, source, version, fix, layers string
		severity                         report.Severity
		origin                           report.Origin
		handling                         string
	}
	at := make(map[key]int)
	var rows []row
	for _, v := range vs {
		k := key{v.ID, cmp.Or(v.Source, v.Package), v.Version, fixMark(v), layerMark(v), v.Severity, v.Origin, handlingText(v.Handling)}
		if i, ok := at[k]; ok {
			rows[i].packages = append(rows[i].packages, v.Package)
			continue
		}
		at[k] = len(rows)
		rows = append(rows, row{v, []string{v.Package}})
	}
	return rows
}

// packageMark is the package, of several the one named like their source, and
// how many more there are.
func packageMark(r row) string {
	if len(r.packages) == 1 {
		return r.Package
	}
	name := r.Package
	if source := cmp.Or(r.Source, r.Package); slices.Contains(r.packages, source) {
		name = source
	}
	return fmt.Sprintf("%s +%d", clip(name, maxTableBytes), len(r.packages)-1)
}

// column is one column of a table.
type column struct {
	title string
	// min is what the column is not made narrower than, unless its cells are.
	min int
	// optional says that the column is narrowed first, and goes where there is
	// no room for min. Only the last columns are optional.
	optional bool
	// keepEnd says that the end of a cell tells more than its beginning.
	keepEnd bool
	right   bool
	cells   []string
	// style, if not nil, is the style of each cell.
	style func(row int) string
	width int
}

func vulnerabilityColumns(rows []row, paths bool) []*column {
	add := func(title string, min int, value func(report.Vulnerability) string) *column {
		return cells(title, min, rows, func(r row) string { return value(r.Vulnerability) })
	}
	severity := add("SEVERITY", maxTableCell, func(v report.Vulnerability) string { return v.Severity.String() })
	severity.style = func(i int) string { return severityStyle(rows[i].Severity) }
	name := cells("PACKAGE", 10, rows, packageMark)
	name.keepEnd = paths // "org.apache.logging.log4j:log4j-core"
	epss := add("EPSS", maxTableCell, epssMark)
	epss.right = true
	layer := add("LAYER", maxTableCell, layerMark)
	layer.right = true
	columns := []*column{
		add("ID", 19, func(v report.Vulnerability) string { return v.ID }),
		severity,
		name,
		add("INSTALLED", 9, func(v report.Vulnerability) string { return v.Version }),
		add("FIXED", 10, fixMark),
		add("KEV", maxTableCell, kevMark),
		epss,
		add("ORIGIN", maxTableCell, func(v report.Vulnerability) string { return originMark(v.Origin) }),
		add("DECISION", 7, func(v report.Vulnerability) string { return handlingMark(v.Handling) }),
		layer,
	}
	if paths {
		path := add("PATH", 24, pathMark)
		path.optional, path.keepEnd = true, true
		columns = append(columns, path)
	}
	title := add("TITLE", 12, func(v report.Vulnerability) string { return v.Title })
	title.optional = true
	return nonEmpty(append(columns, title))
}

// cells makes a column of the values of rows.
func cells[T any](title string, min int, rows []T, value func(T) string) *column {
	c := &column{title: title, min: min, cells: make([]string, len(rows))}
	for i, row := range rows {
		c.cells[i] = displayWidth.Truncate(text(value(row)), maxTableCell, "…")
	}
	return c
}

// nonEmpty leaves out columns in which no row has a value.
func nonEmpty(columns []*column) []*column {
	return slices.DeleteFunc(columns, func(c *column) bool {
		return !slices.ContainsFunc(c.cells, func(s string) bool { return s != "" })
	})
}

func fixMark(v report.Vulnerability) string {
	switch {
	case v.FixedVersion != "":
		return v.FixedVersion
	case v.FixState == report.WontFix:
		return "won't fix"
	}
	return "no fix yet"
}

func kevMark(v report.Vulnerability) string {
	if v.KEV == nil {
		return ""
	}
	return "yes"
}

func epssMark(v report.Vulnerability) string {
	if v.EPSS == nil {
		return ""
	}
	return strconv.FormatFloat(v.EPSS.Score*100, 'f', 1, 64) + "%"
}

func layerMark(v report.Vulnerability) string { return layersMark(v.Locations) }

// layersMark is the first layer and how many more there are.
func layersMark(locations []report.Location) string {
	var layers []int
	for _, l := range locations {
		if l.Layer != report.NoLayer && !slices.Contains(layers, l.Layer) {
			layers = append(layers, l.Layer)
		}
		if len(layers) > 99 {
			break
		}
	}
	switch len(layers) {
	case 0:
		return ""
	case 1:
		return strconv.Itoa(layers[0])
	}
	return fmt.Sprintf("%d+%d", layers[0], len(layers)-1)
}

func pathMark(v report.Vulnerability) string {
	switch len(v.Locations) {
	case 0:
		return ""
	case 1:
		return v.Locations[0].Path
	}
	return fmt.Sprintf("%s +%d", clip(v.Locations[0].Path, maxTableBytes), len(v.Locations)-1)
}

// table writes a table; what it says of rows that are dimmed is of less
// importance than the rest. dimmed may be nil.
func (p *printer) table(columns []*column, dimmed func(row int) bool) {
	for _, c := range columns {
		c.width = displayWidth.StringWidth(c.title)
		for _, s := range c.cells {
			c.width = max(c.width, displayWidth.StringWidth(s))
		}
	}
	columns = fit(columns, p.opts.Width)
	p.row(columns, func(c *column) (string, string) { return c.title, bold })
	for i := range columns[0].cells {
		p.row(columns, func(c *column) (string, string) {
			switch {
			case dimmed != nil && dimmed(i):
				return c.cells[i], faint
			case c.style != nil:
				return c.cells[i], c.style(i)
			}
			return c.cells[i], ""
		})
	}
}

// fit makes the table as narrow as width, if it can: from the last on, optional
// columns take what the others leave, or go; then the others are narrowed, always
// the widest.
func fit(columns []*column, width int) []*column {
	if width <= 0 {
		return columns
	}
	room := width + columnGap
	for _, c := range columns {
		room -= c.width + columnGap
	}
	for room < 0 && columns[len(columns)-1].optional {
		last := columns[len(columns)-1]
		if last.width+room >= last.min {
			last.width += room
			return columns
		}
		room += last.width + columnGap
		columns = columns[:len(columns)-1]
	}
	for ; room < 0; room++ {
		c := narrowNext(columns)
		if c == nil {
			break
		}
		c.width--
	}
	return columns
}

// narrowNext picks the column that is narrowed next, nil if none can be.
func narrowNext(columns []*column) *column {
	var pick *column
	for _, c := range columns {
		if c.width > c.min && (pick == nil || c.width >= pick.width) {
			pick = c
		}
	}
	return pick
}

// cut makes a text fit into the column.
func (c *column) cut(s string) string {
	over := displayWidth.StringWidth(s) - c.width
	if over <= 0 || !c.keepEnd {
		return displayWidth.Truncate(s, c.width, "…")
	}
	return displayWidth.TruncateLeft(s, over+1, "…")
}

// row writes a line of the table, without blanks at its end.
func (p *printer) row(columns []*column, value func(*column) (text, style string)) {
	blanks := 0
	for _, c := range columns {
		s, style := value(c)
		s = c.cut(s)
		padding := c.width - displayWidth.StringWidth(s)
		if c.right {
			blanks += padding
			padding = 0
		}
		if s != "" {
			io.WriteString(p.w, strings.Repeat(" ", blanks))
			io.WriteString(p.w, p.paint(style, s))
			blanks = 0
		}
		blanks += padding + columnGap
	}
	io.WriteString(p.w, "\n")
}

func (p *printer) notes(notes []report.Note) {
	if len(notes) == 0 {
		return
	}
	p.heading(fmt.Sprintf("Notes (%s)", count(len(notes))))
	for _, n := range notes[:min(len(notes), maxTableNotes)] {
		line := text(n.Message)
		if n.Path != "" {
			line += " (" + text(n.Path) + ")"
		}
		p.lines("- ", 2, line)
	}
	if more := len(notes) - maxTableNotes; more > 0 {
		p.lines("- ", 2, fmt.Sprintf("and %s more, which --format json shows", count(more)))
	}
}

func (p *printer) totals(r *report.Report) {
	io.WriteString(p.w, "\n")
	p.field("Packages", packageTotals(r.Packages))
	p.field("Files", filesText(r.Files))
}

// packageTotals is "312 (290 deb, 20 maven, 2 npm)".
func packageTotals(packages []report.Package) string {
	if len(packages) == 0 {
		return "none found"
	}
	return fmt.Sprintf("%s (%s)", count(len(packages)), typeTotals(packages))
}

// next says what the reader can do now.
func (p *printer) next(r *report.Report) {
	p.heading("What to do next")
	for _, step := range steps(r) {
		p.lines("- ", 2, step)
	}
	if !p.opts.Details {
		p.lines("- ", 2, "See every finding's solution and places, the software and the largest files with `--details`.")
	}
}
