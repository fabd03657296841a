package scan

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/report"
)

// What the gate decides by has vulnerabilities with their day of publication, and
// the findings that can block, as exceptions look at them.
func TestExposure(t *testing.T) {
	at := func(layer int, paths ...string) (list []report.Location) {
		for _, p := range paths {
			list = append(list, report.Location{Path: p, Layer: layer})
		}
		return list
	}
	got := exposureOfReport(&report.Report{
		Vulnerabilities: []report.Vulnerability{
			{ID: "CVE-1", Aliases: []string{"GHSA-1"}, Category: report.System, FindingID: "f1", Severity: report.High, Package: "p", Version: "1", FixedVersion: "2",
				Published: "2026-01-02T05:04:05+02:00", Locations: at(3, "a", "a", "b")},
			{ID: "CVE-2", Category: report.Application, Published: "yesterday"},
		},
		Findings: []report.Finding{
			{FindingID: "f2", Category: report.Sensitive, Rule: "jwt", Title: "Token", Severity: report.High, Locations: at(report.NoLayer, "")},
			{FindingID: "f3", Category: report.BaseImage, Rule: "newer-base"},
			{FindingID: "f4", Category: report.Malicious, Rule: "miner", Title: strings.Repeat("界", 100), Severity: report.Critical},
		},
	})
	want := []catalog.Exposure{
		{ID: "CVE-1", Aliases: []string{"GHSA-1"}, Category: report.System, FindingID: "f1", Severity: report.High, Package: "p", Version: "1", FixedVersion: "2",
			Published: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Paths: []string{"a", "b"}, Layer: 3},
		{ID: "CVE-2", Category: report.Application},
		{FindingID: "f2", Category: report.Sensitive, Rule: "jwt", Title: "Token", Severity: report.High, Paths: []string{""}, Layer: report.NoLayer},
		{FindingID: "f4", Category: report.Malicious, Rule: "miner", Title: strings.Repeat("界", 40), Severity: report.Critical},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for i, vulnerable := range []bool{true, true, false, false} {
		if got[i].IsVulnerability() != vulnerable {
			t.Errorf("entry %d is a vulnerability: %t", i, !vulnerable)
		}
	}
	if s := got[2].Subject(); s.Rule != "jwt" || len(s.IDs) != 0 || s.Category != report.Sensitive {
		t.Errorf("exceptions look at %+v", s)
	}
}

func exposureOfReport(r *report.Report) []catalog.Exposure {
	return exposureOf(r.Vulnerabilities, r.Findings)
}
