package judge

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/report"
)

func TestCountVulnerabilities(t *testing.T) {
	packages := []report.Package{
		{Type: "deb", Name: "openssl", Version: "1"},
		{Type: "deb", Name: "openssl", Version: "2"},
		{Type: "npm", Name: "openssl", Version: "1"},
		{Type: "npm", Name: "left", Version: "1", Path: "a"},
		{Type: "npm", Name: "left", Version: "1", Path: "b"},
		{Type: "npm", Name: "left", Version: "1", Path: "c", OwnedBy: "node-left"},
		{Type: "npm", Name: "right", Version: "1", Vulnerabilities: 7},
	}
	vulnerability := func(id, kind, name, version string) report.Vulnerability {
		return report.Vulnerability{ID: id, Type: kind, Package: name, Version: version}
	}
	countVulnerabilities(packages, []report.Vulnerability{
		vulnerability("CVE-1", "deb", "openssl", "1"),
		vulnerability("CVE-1", "deb", "openssl", "1"),
		vulnerability("CVE-2", "deb", "openssl", "1"),
		vulnerability("CVE-1", "deb", "openssl", "2"),
		vulnerability("CVE-3", "npm", "left", "1"),
	})
	var got []int
	for _, p := range packages {
		got = append(got, p.Vulnerabilities)
	}
	if diff := cmp.Diff([]int{2, 1, 0, 1, 1, 0, 0}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
