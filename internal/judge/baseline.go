package judge

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pratique/pratique/internal/baseline"
	"github.com/pratique/pratique/internal/report"
)

// Baseline checks settings (§3.6, §3.11). It returns what each rule came to, in
// the order of the rules, and findings for those that failed, worst first: one
// for each, or one for several of the same trouble. The slice of findings is
// never nil.
func Baseline(facts *report.ImageFacts, rules *baseline.Rules, known baseline.Known) ([]report.Check, []report.Finding) {
	return baselineFindings(facts.Image, rules.Check(facts, known))
}

func baselineFindings(img report.Image, outcomes []baseline.Outcome) ([]report.Check, []report.Finding) {
	checks := make([]report.Check, 0, len(outcomes))
	failed := make(map[string][]baseline.Outcome)
	var order []string
	for _, o := range outcomes {
		checks = append(checks, o.Check)
		if o.Result != report.Failed {
			continue
		}
		if failed[o.Finding] == nil {
			order = append(order, o.Finding)
		}
		failed[o.Finding] = append(failed[o.Finding], o)
	}
	findings := make([]report.Finding, 0, len(order))
	for _, id := range order {
		findings = append(findings, baselineFinding(failed[id], img))
	}
	slices.SortStableFunc(findings, func(a, b report.Finding) int { return cmp.Compare(b.Severity, a.Severity) })
	return checks, findings
}

// baselineKnown is what is known beside facts: whether secrets were looked for,
// and the time of the newest advisory. k may be nil.
func baselineKnown(categories []report.Category, k Knowledge) baseline.Known {
	known := baseline.Known{Secrets: slices.Contains(categories, report.Sensitive)}
	if k == nil {
		return known
	}
	if day, err := time.Parse(time.RFC3339, k.Knowledge().Newest); err == nil {
		known.Day = day
	}
	return known
}

// baselineFinding makes one finding of rules that failed for one trouble.
func baselineFinding(failed []baseline.Outcome, img report.Image) report.Finding {
	first := failed[0]
	f := report.Finding{
		FindingID:  findingID(report.Baseline, first.Finding, ""),
		Category:   report.Baseline,
		Rule:       first.Finding,
		Title:      first.FindingTitle,
		Details:    first.Means,
		References: first.References,
	}
	for _, o := range failed {
		f.Severity = max(f.Severity, o.Severity)
		for _, e := range o.Evidence {
			if len(f.Evidence) < maxEvidence && !slices.Contains(f.Evidence, e) {
				f.Evidence = append(f.Evidence, e)
			}
		}
		for _, p := range o.Places {
			at := locate(img, p.Path, p.Layer)
			at.Line, at.Config, at.Hidden = p.Line, p.Config, p.Hidden
			f.Locations = append(f.Locations, at)
		}
	}
	slices.SortStableFunc(f.Locations, func(a, b report.Location) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), cmp.Compare(a.Layer, b.Layer), cmp.Compare(a.Line, b.Line), strings.Compare(a.Config, b.Config))
	})
	f.Locations = slices.Compact(f.Locations)
	f.Solution = baselineSolution(first, f.Locations)
	return f
}

// baselineSolution tells what to do, by which lines of a Dockerfile, and where.
func baselineSolution(o baseline.Outcome, at []report.Location) string {
	var s strings.Builder
	s.WriteString(o.Advice)
	where := ""
	if len(at) > 0 && at[0].Layer >= 0 && at[0].Instruction != "" {
		where = code(instruction(at[0]))
	}
	switch {
	case o.Command != "" && where != "":
		fmt.Fprintf(&s, " In the Dockerfile, after %s: %s.", where, commandLines(o.Command))
	case o.Command != "":
		fmt.Fprintf(&s, " In the Dockerfile: %s.", commandLines(o.Command))
	case where != "":
		fmt.Fprintf(&s, " It comes with %s.", where)
	}
	if len(at) > 0 && at[0].Layer == 0 {
		s.WriteString(" It is in the lowest layer, which mostly is a base image's: a newer one may have it right.")
	}
	return s.String()
}

func commandLines(lines string) string {
	var all []string
	for line := range strings.SplitSeq(lines, "\n") {
		all = append(all, code(line))
	}
	return strings.Join(all, " and ")
}
