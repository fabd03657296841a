package render

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/pratique/pratique/internal/report"
)

// Difference writes what changed between two images as tables. names are those
// of the earlier and of the later one. It fails with w's error.
func Difference(w io.Writer, d *report.Difference, from, to string, opts Options) error {
	b := bufio.NewWriter(w)
	p := &printer{w: b, opts: opts}
	p.field("From", text(from))
	p.field("To", text(to))
	p.field("Layers", plural(d.Layers, "layer in common", "layers in common"))
	p.field("Size", signedBytes(d.Size))
	p.changes("Added", d.Added)
	p.changes("Removed", d.Removed)
	p.packageChanges(d.Packages)
	fmt.Fprintf(b, "\n%s added, %s removed, %s in both\n", count(len(d.Added)), count(len(d.Removed)), count(d.Kept))
	if len(d.NotCompared) > 0 {
		p.lines("", 0, "Only one of the two scans looked for "+categories(d.NotCompared)+": scan the other one again to compare that too.")
	}
	return b.Flush()
}

// Then says what an image is compared with that is compared with itself.
type Then struct {
	Image string
	// At is the earlier moment, First that of the first report.
	At    time.Time
	First bool
	// Before and After are the verdict then and now.
	Before, After string
}

// DifferenceSince writes what came to the report of an image and went from it as
// tables. It fails with w's error.
func DifferenceSince(w io.Writer, d *report.Difference, then Then, opts Options) error {
	b := bufio.NewWriter(w)
	p := &printer{w: b, opts: opts}
	since := then.At.UTC().Format("2006-01-02 15:04:05 UTC")
	if then.First {
		since += ", its first report"
	}
	p.field("Image", text(then.Image))
	p.field("Since", since)
	p.field("Verdict", fmt.Sprintf("%s then, %s now", text(then.Before), text(then.After)))
	p.changes("Came", d.Added)
	p.changes("Went", d.Removed)
	fmt.Fprintf(b, "\n%s came, %s went, %s stayed\n", count(len(d.Added)), count(len(d.Removed)), count(d.Kept))
	if len(d.NotCompared) > 0 {
		p.lines("", 0, "What was found of "+categories(d.NotCompared)+" at that time is not kept.")
	}
	return b.Flush()
}

func categories(list []report.Category) string {
	names := make([]string, len(list))
	for i, c := range list {
		names[i] = string(c)
	}
	return strings.Join(names, ", ")
}

func (p *printer) changes(title string, all []report.Change) {
	if len(all) == 0 {
		return
	}
	p.heading(fmt.Sprintf("%s (%s)", title, count(len(all))))
	add := func(title string, min int, value func(report.Change) string) *column {
		return cells(title, min, all, value)
	}
	severity := add("SEVERITY", maxTableCell, func(c report.Change) string { return c.Severity.String() })
	severity.style = func(row int) string { return severityStyle(all[row].Severity) }
	what := add("TITLE", 12, func(c report.Change) string { return c.Title })
	what.optional = true
	place := add("WHERE", 12, func(c report.Change) string { return c.Path })
	place.keepEnd, place.optional = true, true
	p.table(nonEmpty([]*column{
		severity,
		add("CATEGORY", 8, func(c report.Change) string { return string(c.Category) }),
		add("FINDING", 19, func(c report.Change) string { return c.Rule }),
		add("PACKAGE", 10, func(c report.Change) string { return strings.TrimSpace(c.Package + " " + c.Version) }),
		add("FIXED", 10, func(c report.Change) string { return c.FixedVersion }),
		place,
		what,
	}), func(int) bool { return false })
}

func (p *printer) packageChanges(all []report.PackageChange) {
	if len(all) == 0 {
		return
	}
	p.heading(fmt.Sprintf("Software (%s)", count(len(all))))
	add := func(title string, value func(report.PackageChange) string) *column {
		return cells(title, 10, all, value)
	}
	versions := func(list []string) string {
		if len(list) == 0 {
			return "-"
		}
		return strings.Join(list, ", ")
	}
	p.table([]*column{
		add("TYPE", func(c report.PackageChange) string { return c.Type }),
		add("PACKAGE", func(c report.PackageChange) string { return c.Name }),
		add("BEFORE", func(c report.PackageChange) string { return versions(c.Before) }),
		add("AFTER", func(c report.PackageChange) string { return versions(c.After) }),
	}, func(int) bool { return false })
}

// signedBytes tells how much larger or smaller something became.
func signedBytes(n int64) string {
	switch {
	case n > 0:
		return bytesText(n) + " more"
	case n < 0:
		return bytesText(-n) + " less"
	}
	return "the same"
}
