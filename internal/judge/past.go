package judge

import (
	"slices"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/report"
)

// Past returns what a report without any exceptions applied was at an earlier
// moment, as far as findings go. Of those that are gone it has no more than what
// names them. Its categories leave out what is not known of that moment. The rest
// is that of now, which is not changed.
func Past(now *report.Report, p catalog.Past) *report.Report {
	then := *now
	then.Categories = slices.DeleteFunc(slices.Clone(now.Categories), func(c report.Category) bool { return c == report.BaseImage })
	then.Vulnerabilities = pastVulnerabilities(now, p)
	then.Findings = pastFindings(now, p)
	return &then
}

func pastVulnerabilities(now *report.Report, p catalog.Past) []report.Vulnerability {
	came := make(map[findingKey]bool, len(p.Came))
	for _, v := range p.Came {
		came[pastKey(v)] = true
	}
	malicious := make(map[string]bool) // of which the same is told as a finding
	for _, f := range p.FindingsWent {
		malicious[f.Rule] = malicious[f.Rule] || f.Category == report.Malicious
	}
	then := make([]report.Vulnerability, 0, len(now.Vulnerabilities))
	for _, v := range now.Vulnerabilities {
		if !came[findingKey{v.ID, v.Type, v.Package, v.Version}] {
			then = append(then, v)
		}
	}
	for _, v := range p.Went {
		category := report.Application
		if (report.Package{Type: v.Type}).Distribution() {
			category = report.System
		}
		if slices.Contains(now.Categories, category) && !malicious[v.ID] {
			then = append(then, report.Vulnerability{
				FindingID: pastKey(v).findingID(), ID: v.ID, Category: category, Package: v.Package, Type: v.Type, Version: v.Version,
				FixedVersion: v.FixedVersion, Severity: v.Severity, Locations: []report.Location{},
			})
		}
	}
	return then
}

func pastKey(v catalog.PastVulnerability) findingKey {
	return findingKey{v.ID, v.Type, v.Package, v.Version}
}

func pastFindings(now *report.Report, p catalog.Past) []report.Finding {
	came := make(map[string]bool, len(p.FindingsCame))
	for _, f := range p.FindingsCame {
		came[f.ID] = true
	}
	has := make(map[string]bool, len(now.Findings))
	then := make([]report.Finding, 0, len(now.Findings))
	for _, f := range now.Findings {
		has[f.FindingID] = true
		if !came[f.FindingID] {
			then = append(then, f)
		}
	}
	for _, f := range p.FindingsWent {
		if has[f.ID] || !slices.Contains(now.Categories, f.Category) {
			continue
		}
		at := []report.Location{}
		if f.Path != "" {
			at = append(at, report.Location{Path: f.Path, Layer: report.NoLayer})
		}
		then = append(then, report.Finding{FindingID: f.ID, Category: f.Category, Rule: f.Rule, Title: f.Title, Severity: f.Severity,
			Package: f.Package, Version: f.Version, Locations: at})
	}
	return then
}
