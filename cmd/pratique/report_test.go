package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pratique/pratique/internal/api"
	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/report"
)

func TestReport(t *testing.T) {
	digest := "sha256:" + strings.Repeat("a", 64)
	byTag := "GET /namespaces/team/repositories/app/artifacts/1"
	byDigest := "GET /namespaces/team/repositories/app/artifacts/" + digest + "/report"
	artifact := func(state catalog.ScanState) api.Artifact {
		return api.Artifact{Digest: digest, ScanOverview: &api.ScanOverview{Scan: api.Scan{ID: 7, State: state, Cause: catalog.CauseSchema1, Detail: "it is schema 1"}}}
	}
	rep := &report.Report{SchemaVersion: 1, Vulnerabilities: []report.Vulnerability{{ID: "CVE-2024-3094", Package: "xz-utils", Locations: []report.Location{}}}}
	rep.Summary = report.Summarize(rep.Vulnerabilities)
	none := api.Problem{Status: 404, Code: "not_scanned", Detail: "there is no report", Advice: "scan it"}

	t.Run("to a file", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "report.json")
		out, _, err := runAgainst(t, map[string]any{byTag: artifact(catalog.Success), byDigest: rep}, "report", "team/app:1", "--format", "json", "--output", file)
		if err != nil {
			t.Fatal(err)
		}
		if text, err := os.ReadFile(file); err != nil || !strings.Contains(string(text), "CVE-2024-3094") || out != "" {
			t.Errorf("%v: %s; on standard output %q", err, text, out)
		}
	})
	for _, tt := range []struct {
		name    string
		answers map[string]any
		args    []string
		want    string
	}{
		{"unknown image", nil, nil, "there is no GET /namespaces/team"},
		{"never scanned", map[string]any{byTag: api.Artifact{Digest: digest}, byDigest: none}, nil, "there is no report: scan it [not_scanned]"},
		{"waiting", map[string]any{byTag: artifact(catalog.Pending), byDigest: none}, nil, "--wait"},
		{"failed", map[string]any{byTag: artifact(catalog.Failed), byDigest: none}, nil, "it is schema 1"},
		{"failed while we waited", map[string]any{byTag: artifact(catalog.Pending), byDigest: none,
			"GET /scans/7": artifact(catalog.Failed).ScanOverview.Scan}, []string{"--wait"}, "it is schema 1"},
		{"unknown format", nil, []string{"--format", "pdf"}, "pdf"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out, _, err := runAgainst(t, tt.answers, append([]string{"report", "team/app:1"}, tt.args...)...)
			if err == nil || !strings.Contains(err.Error(), tt.want) || out != "" {
				t.Errorf("got %v, want %q; on standard output %q", err, tt.want, out)
			}
		})
	}
}
