package judge

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/report"
)

// What documents say stands in the report, also about what is gone for it.
func TestHandledStatements(t *testing.T) {
	now := time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)
	said := func(action catalog.ExceptionAction, c catalog.Criteria, d catalog.Document) catalog.Exception {
		return catalog.Exception{Scope: catalog.ScopeArtifact, Action: action, Criteria: c, Author: "builder", Reason: "because", Document: &d}
	}
	r := &report.Report{Vulnerabilities: []report.Vulnerability{
		{ID: "CVE-1", Package: "a"}, {ID: "GHSA-1", Aliases: []string{"CVE-1"}, Package: "b"}, {ID: "CVE-2", Package: "a"}, {ID: "CVE-3", Package: "a"},
	}}
	expired := said(catalog.Whitelist, catalog.Criteria{Vulnerability: "CVE-3"}, catalog.Document{Status: "fixed"})
	expired.ExpiresAt = now
	r = Handled(r, []catalog.Exception{
		{ID: 7, Action: catalog.Ignore, Scope: catalog.ScopeInstance, Criteria: catalog.Criteria{Vulnerability: "CVE-3"}},
		said(catalog.Whitelist, catalog.Criteria{Vulnerability: "CVE-1"}, catalog.Document{Digest: "sha256:d", Status: "not_affected", Key: "k"}),
		said(catalog.Ignore, catalog.Criteria{Vulnerability: "CVE-2", Package: "a"}, catalog.Document{Digest: "sha256:e", Status: "under_investigation"}),
		said(catalog.Ignore, catalog.Criteria{Vulnerability: "CVE-9"}, catalog.Document{Digest: "sha256:e", Status: "under_investigation"}),
		expired,
	}, now)
	want := []report.VEXStatement{
		{Vulnerability: "CVE-1", Status: "not_affected", Action: "whitelist", Author: "builder", Reason: "because", Document: "sha256:d", Verified: true, Key: "k", Findings: 2},
		{Vulnerability: "CVE-2", Package: "a", Status: "under_investigation", Action: "ignore", Author: "builder", Reason: "because", Document: "sha256:e", Findings: 1},
	}
	if diff := cmp.Diff(want, r.Statements); diff != "" {
		t.Errorf("statements (-want +got):\n%s", diff)
	}
	if len(r.Vulnerabilities) != 2 || r.Vulnerabilities[0].Handling.Document != "sha256:e" || r.Vulnerabilities[1].Handling.ID != 7 {
		t.Errorf("%+v", r.Vulnerabilities)
	}
}
