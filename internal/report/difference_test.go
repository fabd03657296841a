package report

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// older and newer are two builds of the same image.
func older() *Report {
	return &Report{
		Image:      Image{Size: 100, Layers: []Layer{{DiffID: "base"}, {DiffID: "old"}}},
		Categories: Categories(),
		Files:      FileSummary{Count: 10},
		Packages: []Package{
			{Type: "deb", Name: "openssl", Version: "3.0.1"}, {Type: "deb", Name: "zlib1g", Version: "1.2"},
			{Type: "npm", Name: "debug", Version: "2.0.0"}, {Type: "npm", Name: "debug", Version: "4.0.0"}, {Type: "npm", Name: "debug", Version: "4.0.0"},
			{Type: "npm", Name: "left-pad", Version: "1.0.0"},
		},
		Vulnerabilities: []Vulnerability{
			{FindingID: "1", ID: "CVE-2024-0001", Category: System, Package: "openssl", Version: "3.0.1", Severity: High},
			{FindingID: "2", ID: "CVE-2024-0002", Category: System, Package: "openssl", Version: "3.0.1", Severity: Low, FixedVersion: "3.0.2"},
			{FindingID: "3", ID: "GHSA-left", Category: Application, Package: "left-pad", Version: "1.0.0", Severity: Critical},
		},
		Findings: []Finding{
			{FindingID: "s1", Category: Sensitive, Rule: "netrc", Severity: High, Locations: []Location{{Path: "root/.netrc"}}},
			{FindingID: "c1", Category: Compliance, Rule: "licence", Severity: Medium},
		},
	}
}

func newer() *Report {
	return &Report{
		Image:      Image{Size: 130, Layers: []Layer{{DiffID: "base"}, {DiffID: "new"}, {DiffID: "old"}}},
		Categories: Categories(),
		Files:      FileSummary{Count: 8},
		Packages: []Package{
			{Type: "deb", Name: "openssl", Version: "3.0.2"}, {Type: "deb", Name: "zlib1g", Version: "1.2"},
			{Type: "npm", Name: "debug", Version: "4.0.0"}, {Type: "pypi", Name: "flask", Version: "1"},
		},
		Vulnerabilities: []Vulnerability{
			{FindingID: "4", ID: "CVE-2024-0001", Category: System, Package: "openssl", Version: "3.0.2", Severity: High},
			{FindingID: "5", ID: "PYSEC-1", Category: Application, Package: "flask", Version: "1", Severity: Low, FixedVersion: "2", Title: "XSS", Locations: []Location{{Path: "usr/lib/flask"}}},
			{FindingID: "6", ID: "PYSEC-2", Category: Application, Package: "flask", Version: "1", Severity: Critical},
		},
		Findings: []Finding{
			{FindingID: "s1", Category: Sensitive, Rule: "netrc", Severity: High, Locations: []Location{{Path: "root/.netrc"}}},
			{FindingID: "s2", Category: Sensitive, Rule: "label", Severity: Low, Locations: []Location{{Config: "label token", Layer: NoLayer}}},
		},
	}
}

func TestDiff(t *testing.T) {
	want := Difference{
		Added: []Change{
			{FindingID: "6", Category: Application, Rule: "PYSEC-2", Severity: Critical, Package: "flask", Version: "1"},
			{FindingID: "5", Category: Application, Rule: "PYSEC-1", Title: "XSS", Severity: Low, Package: "flask", Version: "1", FixedVersion: "2", Path: "usr/lib/flask"},
			{FindingID: "s2", Category: Sensitive, Rule: "label", Severity: Low, Path: "label token"},
		},
		Removed: []Change{
			{FindingID: "3", Category: Application, Rule: "GHSA-left", Severity: Critical, Package: "left-pad", Version: "1.0.0"},
			{FindingID: "c1", Category: Compliance, Rule: "licence", Severity: Medium},
			{FindingID: "2", Category: System, Rule: "CVE-2024-0002", Severity: Low, Package: "openssl", Version: "3.0.1", FixedVersion: "3.0.2"},
		},
		Kept: 2,
		Packages: []PackageChange{
			{Type: "deb", Name: "openssl", Before: []string{"3.0.1"}, After: []string{"3.0.2"}},
			{Type: "npm", Name: "debug", Before: []string{"2.0.0", "4.0.0"}, After: []string{"4.0.0"}},
			{Type: "npm", Name: "left-pad", Before: []string{"1.0.0"}, After: []string{}},
			{Type: "pypi", Name: "flask", Before: []string{}, After: []string{"1"}},
		},
		Layers: 1, Size: 30, Files: -2,
	}
	if diff := cmp.Diff(want, Diff(older(), newer())); diff != "" {
		t.Errorf("difference (-want +got):\n%s", diff)
	}
}

func TestDiffOfTheSame(t *testing.T) {
	want := Difference{Added: []Change{}, Removed: []Change{}, Packages: []PackageChange{}, Kept: 5, Layers: 2}
	if diff := cmp.Diff(want, Diff(older(), older())); diff != "" {
		t.Errorf("difference (-want +got):\n%s", diff)
	}
}

// What one of the two scans did not look for has neither come nor gone.
func TestDiffOfOtherCategories(t *testing.T) {
	before := older()
	before.Categories = []Category{System, Application, Software, Files, BaseImage}
	before.Findings = nil
	d := Diff(before, newer())
	if diff := cmp.Diff([]Category{Malicious, Baseline, Password, Sensitive, Compliance}, d.NotCompared); diff != "" {
		t.Errorf("not compared (-want +got):\n%s", diff)
	}
	for _, c := range d.Added {
		if c.Category == Sensitive {
			t.Errorf("%s counts as new", c.FindingID)
		}
	}
}
