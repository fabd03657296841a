package render

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pratique/pratique/internal/report"
)

// What the formats for people say of the parts of a report, in the same words.

// originMark is whose a finding is, in a word; empty where nobody knows.
func originMark(o report.Origin) string {
	switch o {
	case report.FromBase:
		return "base"
	case report.FromOwn:
		return "own"
	}
	return ""
}

// originText is originMark in a phrase.
func originText(o report.Origin) string {
	switch o {
	case report.FromBase:
		return "comes with the base image"
	case report.FromOwn:
		return "comes with what was built on the base image"
	}
	return ""
}

// handlingMark is what somebody decided about a finding, in a few words.
func handlingMark(h *report.Handling) string {
	if h == nil {
		return ""
	}
	mark := "ignored"
	if h.Action != "ignore" {
		mark = h.Action
	}
	if h.Expires != "" {
		mark += " until " + day(h.Expires)
	}
	return text(mark)
}

// handlingText is the decision in a sentence: who, until when, and why.
func handlingText(h *report.Handling) string {
	if h == nil {
		return ""
	}
	s := "Ignored"
	if h.Action != "ignore" {
		s = "Decision: " + h.Action
	}
	if h.Author != "" {
		s += " by " + h.Author
	}
	if h.Expires != "" {
		s += " until " + day(h.Expires)
	}
	if h.Scope != "" {
		s += ", for this " + h.Scope
	}
	if h.Reason != "" {
		s += ": " + h.Reason
	}
	return text(s)
}

// day is the date of a time, or what stands in its place.
func day(s string) string {
	if rfc3339(s) == "" {
		return s
	}
	return s[:len("2006-01-02")]
}

// decisionSummary tells how many findings are shown but ignored, and how many are
// not shown because they are whitelisted.
func decisionSummary(r *report.Report) string {
	n := 0
	for _, v := range r.Vulnerabilities {
		if v.Handling != nil {
			n++
		}
	}
	for _, f := range r.Findings {
		if f.Handling != nil {
			n++
		}
	}
	var parts []string
	if n > 0 {
		parts = append(parts, plural(n, "finding is", "findings are")+" ignored by decision")
	}
	if w := r.Summary.Whitelisted + r.Summary.Findings.Whitelisted; w > 0 {
		parts = append(parts, plural(w, "finding is", "findings are")+" whitelisted and not shown")
	}
	return strings.Join(parts, "; ")
}

// baseName is the base image with its version.
func baseName(b *report.Base) string {
	if b == nil {
		return ""
	}
	name := cmp.Or(b.Name, b.Digest, "unknown")
	if b.Version != "" && !strings.Contains(name, b.Version) {
		name += " " + b.Version
	}
	return name
}

// baseSource says how the base was recognised.
func baseSource(b *report.Base) string {
	switch b.Source {
	case report.BaseByLayers:
		return "by its layers, the lowest " + count(b.Layers)
	case report.BaseByAnnotation:
		return "by the image's annotations"
	case report.BaseByDistribution:
		return "by the distribution"
	}
	return b.Source
}

// baseText is all of the base in one sentence.
func baseText(b *report.Base) string {
	if b == nil {
		return ""
	}
	s := baseName(b) + ", recognised " + baseSource(b)
	if b.EndOfLife != "" {
		s += "; its support ended on " + b.EndOfLife
	}
	if b.Layers > 0 {
		s += fmt.Sprintf("; %s with it, %s with what is above it", plural(b.Findings, "finding comes", "findings come"), count(b.OwnFindings))
	} else {
		s += "; which layers are its is not known"
	}
	if b.Newer != nil {
		s += "; newer: " + b.Newer.Name + ", which " + newerText(b.Newer)
	}
	return s
}

// newerText says what a newer base would change.
func newerText(n *report.NewerBase) string {
	if n.Removes < 0 || n.Adds < 0 {
		return "is not scanned yet"
	}
	return fmt.Sprintf("removes %s and adds %s", plural(n.Removes, "finding", "findings"), count(n.Adds))
}

// resultText is what a check came to.
func resultText(r report.CheckResult) string {
	if r == report.NotApplicable {
		return "does not apply"
	}
	return string(r)
}

// checksText counts checks by what they came to.
func checksText(checks []report.Check) string {
	if len(checks) == 0 {
		return ""
	}
	n := make(map[report.CheckResult]int)
	for _, c := range checks {
		n[c.Result]++
	}
	return fmt.Sprintf("%s: %s failed, %s passed, %s", plural(len(checks), "check", "checks"),
		count(n[report.Failed]), count(n[report.Passed]), plural(n[report.NotApplicable], "does not apply", "do not apply"))
}

// failedFirst is the checks in the order people look for them.
func failedFirst(checks []report.Check) []report.Check {
	results := []report.CheckResult{report.Failed, report.Passed, report.NotApplicable}
	sorted := slices.Clone(checks)
	slices.SortStableFunc(sorted, func(a, b report.Check) int {
		return cmp.Compare(slices.Index(results, a.Result), slices.Index(results, b.Result))
	})
	return sorted
}

// filesText is the file information in one line.
func filesText(f report.FileSummary) string {
	s := plural(f.Count, "file", "files") + ", " + bytesText(f.Size)
	if f.Wasted > 0 {
		s += "; " + bytesText(f.Wasted) + " wasted by files that later layers hide"
	}
	if f.SpecialCount > 0 {
		s += "; " + count(f.SpecialCount) + " with special rights"
	}
	return s
}

// wastedText tells what hides a file.
func wastedText(f report.WastedFile) string { return fmt.Sprintf("%s by layer %d", f.Hidden, f.By) }

func specialOwner(f report.SpecialFile) string { return fmt.Sprintf("%d:%d", f.UID, f.GID) }

// specialWhy says what is special about a file.
func specialWhy(f report.SpecialFile) string {
	why := strings.Join(f.Kinds, ", ")
	if len(f.Capabilities) > 0 {
		why += " (" + strings.Join(f.Capabilities, ", ") + ")"
	}
	return why
}

// typeTotals is "290 deb, 20 maven, 2 npm".
func typeTotals(packages []report.Package) string {
	byType := make(map[string]int)
	for _, p := range packages {
		byType[p.Type]++
	}
	types := slices.SortedFunc(maps.Keys(byType), func(a, b string) int {
		return cmp.Or(cmp.Compare(byType[b], byType[a]), cmp.Compare(a, b))
	})
	var parts []string
	for _, t := range types[:min(len(types), 20)] {
		parts = append(parts, count(byType[t])+" "+text(t))
	}
	return strings.Join(parts, ", ")
}

// epssText is the estimate that a vulnerability will be exploited, in a phrase.
func epssText(v report.Vulnerability) string {
	if v.EPSS == nil {
		return ""
	}
	return fmt.Sprintf("%s, higher than that of %d%% of all vulnerabilities", epssMark(v), int(v.EPSS.Percentile*100))
}

// exploited says since when a vulnerability is known to be.
func exploited(k report.KEV) string {
	s := "known to be exploited since " + text(k.DateAdded)
	if k.Ransomware {
		s += ", also by ransomware"
	}
	return s
}

// bySeverity is "1 critical, 2 low", without what there is none of.
func bySeverity(counts map[report.Severity]int) string {
	var parts []string
	for _, severity := range report.Severities() {
		if n := counts[severity]; n > 0 {
			parts = append(parts, count(n)+" "+severity.String())
		}
	}
	return strings.Join(parts, ", ")
}

// whereMark is the first place and how many more there are.
func whereMark(locations []report.Location) string {
	switch n := len(locations); n {
	case 0:
		return ""
	case 1:
		return where(locations[0])
	default:
		return fmt.Sprintf("%s +%d", where(locations[0]), n-1)
	}
}
