package judge

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/report"
)

func TestPast(t *testing.T) {
	vulnerability := func(id, kind, name, version string) report.Vulnerability {
		category := report.Application
		if kind == "deb" {
			category = report.System
		}
		return report.Vulnerability{FindingID: findingKey{id, kind, name, version}.findingID(), ID: id, Category: category, Type: kind, Package: name, Version: version}
	}
	was := func(id, kind, name, version string) catalog.PastVulnerability {
		return catalog.PastVulnerability{PackageVulnerability: catalog.PackageVulnerability{ID: id}, Type: kind, Package: name, Version: version}
	}
	finding := func(id string, c report.Category) report.Finding {
		return report.Finding{FindingID: id, Category: c, Rule: id}
	}
	now := &report.Report{
		Categories:      report.Categories(),
		Vulnerabilities: []report.Vulnerability{vulnerability("CVE-1", "deb", "zlib", "1"), vulnerability("CVE-1", "npm", "zlib", "1"), vulnerability("CVE-2", "deb", "zlib", "1")},
		Findings:        []report.Finding{finding("token", report.Sensitive), finding("user", report.Baseline), finding("newer-base", report.BaseImage)},
	}
	p := catalog.Past{
		Came:         []catalog.PastVulnerability{was("CVE-1", "deb", "zlib", "1"), was("CVE-9", "deb", "gone", "1")},
		Went:         []catalog.PastVulnerability{was("CVE-3", "npm", "left-pad", "1"), was("MAL-1", "npm", "evil", "1")},
		FindingsCame: []catalog.PastFinding{{ID: "token"}, {ID: "came and went"}},
		FindingsWent: []catalog.PastFinding{{ID: "user", Category: report.Baseline}, {ID: "evil", Category: report.Malicious, Rule: "MAL-1", Path: "srv/evil"}},
	}
	told := func(r *report.Report) (ids []string) {
		d := report.Diff(Past(r, p), r)
		for _, c := range d.Added {
			ids = append(ids, "+"+c.Rule+" "+c.Package)
		}
		for _, c := range d.Removed {
			ids = append(ids, "-"+c.Rule+" "+c.Package+" "+string(c.Category)+" "+c.Path)
		}
		if diff := cmp.Diff([]report.Category{report.BaseImage}, d.NotCompared); diff != "" {
			t.Error(diff)
		}
		return ids
	}
	want := []string{"+token ", "+CVE-1 zlib", "-CVE-3 left-pad application-vulnerability ", "-MAL-1  malicious-file srv/evil"}
	got := told(now)
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if d := report.Diff(Past(now, catalog.Past{}), now); len(d.Added)+len(d.Removed) != 0 || d.Kept != 5 || len(now.Findings) != 3 {
		t.Errorf("without changes: %+v", d)
	}

	// What was not looked for has not gone.
	now.Categories, now.Vulnerabilities, now.Findings = []report.Category{report.System, report.BaseImage}, now.Vulnerabilities[:1], nil
	if diff := cmp.Diff([]string{"+CVE-1 zlib"}, told(now)); diff != "" {
		t.Error(diff)
	}
}
