package judge

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/report"
)

var noon = time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)

// handled is a report with two vulnerabilities and two other findings.
func handled() *report.Report {
	r := &report.Report{
		Vulnerabilities: []report.Vulnerability{
			{FindingID: "v1", ID: "CVE-2024-1", Aliases: []string{"GHSA-1"}, Category: report.System, Type: "deb", Package: "zlib1g", Version: "1",
				FixedVersion: "2", Severity: report.Critical, Origin: report.FromBase, Locations: []report.Location{{Path: "var/lib/dpkg/status"}}},
			{FindingID: "v2", ID: "CVE-2024-2", Category: report.Application, Type: "npm", Package: "left-pad", Version: "1",
				Severity: report.Low, Origin: report.FromOwn, Locations: []report.Location{{Path: "srv/package.json"}}},
		},
		Findings: []report.Finding{
			{FindingID: "s1", Category: report.Sensitive, Rule: "jwt", Severity: report.High, Origin: report.FromOwn, Locations: []report.Location{{Path: "srv/token"}}},
			{FindingID: "b1", Category: report.Baseline, Rule: "user", Severity: report.Medium, Locations: []report.Location{{Config: "user"}}},
		},
		Packages: []report.Package{
			{Name: "zlib1g", Version: "1", Type: "deb", Vulnerabilities: 1},
			{Name: "zlib1g", Version: "1", Type: "rpm", Vulnerabilities: 1},
			{Name: "left-pad", Version: "1", Type: "npm", Vulnerabilities: 1},
		},
		Base: &report.Base{Name: "debian:12", Findings: 1, OwnFindings: 2},
	}
	r.Summary = report.Summarize(r.Vulnerabilities)
	r.Summary.Findings = report.SummarizeFindings(r.Findings)
	return r
}

func whitelist(c catalog.Criteria) catalog.Exception {
	return catalog.Exception{ID: 1, Scope: catalog.ScopeNamespace, Action: catalog.Whitelist, Criteria: c, Author: "ada", Reason: "why"}
}

func ignore(c catalog.Criteria) catalog.Exception {
	e := whitelist(c)
	e.ID, e.Action, e.Scope, e.ExpiresAt = 2, catalog.Ignore, catalog.ScopeArtifact, noon.Add(time.Hour)
	return e
}

func TestHandledWhitelist(t *testing.T) {
	r := Handled(handled(), []catalog.Exception{whitelist(catalog.Criteria{Vulnerability: "GHSA-1"}), whitelist(catalog.Criteria{Rule: "jwt", Path: "srv/*"})}, noon)
	if len(r.Vulnerabilities) != 1 || r.Vulnerabilities[0].ID != "CVE-2024-2" || len(r.Findings) != 1 || r.Findings[0].Rule != "user" {
		t.Errorf("left are %+v and %+v", r.Vulnerabilities, r.Findings)
	}
	s := r.Summary
	if s.Total != 1 || s.Whitelisted != 1 || s.Ignored != 0 || s.Severity != report.Low || s.Fixable != 0 || s.System != 0 || s.BySeverity[report.Critical] != 0 {
		t.Errorf("summary: %+v", s)
	}
	if f := s.Findings; f.Total != 1 || f.Whitelisted != 1 || f.Ignored != 0 || f.Severity != report.Medium || f.ByCategory[report.Sensitive] != 0 {
		t.Errorf("summary of findings: %+v", f)
	}
	if r.Base.Findings != 0 || r.Base.OwnFindings != 1 {
		t.Errorf("base: %+v", r.Base)
	}
	var counts []int
	for _, p := range r.Packages {
		counts = append(counts, p.Vulnerabilities)
	}
	if diff := cmp.Diff([]int{0, 1, 1}, counts); diff != "" {
		t.Errorf("vulnerabilities of packages: %s", diff)
	}
}

func TestHandledIgnore(t *testing.T) {
	r := Handled(handled(), []catalog.Exception{ignore(catalog.Criteria{Package: "zlib1g"}), ignore(catalog.Criteria{FindingID: "b1"})}, noon)
	want := &report.Handling{ID: 2, Action: "ignore", Author: "ada", Reason: "why", Expires: "2026-09-01T13:00:00Z", Scope: "artifact"}
	if diff := cmp.Diff(want, r.Vulnerabilities[0].Handling); diff != "" {
		t.Errorf("vulnerability: %s", diff)
	}
	if diff := cmp.Diff(want, r.Findings[1].Handling); diff != "" {
		t.Errorf("finding: %s", diff)
	}
	if r.Vulnerabilities[1].Handling != nil || r.Findings[0].Handling != nil {
		t.Error("something else is marked, too")
	}
	// What is ignored stays in all counts, and has one of its own.
	want2 := handled().Summary
	want2.Ignored, want2.Findings.Ignored = 1, 1
	if diff := cmp.Diff(want2, r.Summary); diff != "" {
		t.Errorf("summary: %s", diff)
	}
}

// Nothing that counts: the report is what it was, byte for byte.
func TestHandledNothing(t *testing.T) {
	expired := whitelist(catalog.Criteria{Vulnerability: "CVE-2024-1"})
	expired.ExpiresAt = noon
	removed := whitelist(catalog.Criteria{Vulnerability: "CVE-2024-1"})
	removed.EndedAt = noon.Add(-time.Hour)
	other := whitelist(catalog.Criteria{Vulnerability: "CVE-2024-1", Package: "zlib"})
	before, err := json.Marshal(handled())
	if err != nil {
		t.Fatal(err)
	}
	for name, list := range map[string][]catalog.Exception{"none": nil, "expired": {expired}, "removed": {removed}, "another": {other}} {
		r := Handled(handled(), list, noon)
		after, err := json.Marshal(r)
		if diff := cmp.Diff(string(before), string(after)); diff != "" || err != nil {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
}

// A report is shared by all who read it, so handling it changes nothing in it.
func TestHandledLeavesTheReport(t *testing.T) {
	r := handled()
	for _, action := range []func(catalog.Criteria) catalog.Exception{whitelist, ignore} {
		for _, c := range []catalog.Criteria{{Vulnerability: "CVE-2024-1"}, {Package: "zlib1g"}, {Rule: "jwt"}} {
			Handled(r, []catalog.Exception{action(c)}, noon)
			if diff := cmp.Diff(handled(), r); diff != "" {
				t.Errorf("%+v changed the report:\n%s", c, diff)
			}
		}
	}
}
