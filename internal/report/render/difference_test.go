package render

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/report"
)

func TestDifference(t *testing.T) {
	d := report.Difference{
		Added:   []report.Change{{Category: report.Application, Rule: "CVE-2024-1", Severity: report.High, Package: "flask", Version: "1", FixedVersion: "2", Path: "usr/lib/flask", Title: "XSS"}},
		Removed: []report.Change{{Category: report.Sensitive, Rule: "netrc", Severity: report.Low, Path: "root/.netrc"}},
		Packages: []report.PackageChange{
			{Type: "deb", Name: "openssl", Before: []string{"3.0.1"}, After: []string{"3.0.2"}},
			{Type: "pypi", Name: "flask", Before: []string{}, After: []string{"1", "2"}},
		},
		Kept: 3, Layers: 1, Size: -1500, NotCompared: []report.Category{report.Malicious},
	}
	want := `From        team/app:1
To          team/app:2
Layers      1 layer in common
Size        1.5 kB less

Added (1)
SEVERITY  CATEGORY                   FINDING     PACKAGE  FIXED  WHERE          TITLE
high      application-vulnerability  CVE-2024-1  flask 1  2      usr/lib/flask  XSS

Removed (1)
SEVERITY  CATEGORY               FINDING  WHERE
low       sensitive-information  netrc    root/.netrc

Software (2)
TYPE  PACKAGE  BEFORE  AFTER
deb   openssl  3.0.1   3.0.2
pypi  flask    -       1, 2

1 added, 1 removed, 3 in both
Only one of the two scans looked for malicious-file: scan the other one again to compare that too.
`
	var b bytes.Buffer
	if err := Difference(&b, &d, "team/app:1", "team/app:2", Options{}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("tables (-want +got):\n%s", diff)
	}
}

func TestDifferenceSince(t *testing.T) {
	d := report.Difference{
		Added: []report.Change{{Category: report.System, Rule: "CVE-2024-1", Severity: report.High, Package: "zlib", Version: "1", FixedVersion: "2"}},
		Kept:  3, NotCompared: []report.Category{report.BaseImage},
	}
	want := `Image       team/app:1
Since       2026-09-01 12:00:00 UTC, its first report
Verdict     allow then, block now

Came (1)
SEVERITY  CATEGORY              FINDING     PACKAGE  FIXED
high      system-vulnerability  CVE-2024-1  zlib 1   2

1 came, 0 went, 3 stayed
What was found of base-image at that time is not kept.
`
	var b bytes.Buffer
	then := Then{Image: "team/app:1", At: time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC), First: true, Before: "allow", After: "block"}
	if err := DifferenceSince(&b, &d, then, Options{}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("tables (-want +got):\n%s", diff)
	}
}

func TestDifferenceIsSafe(t *testing.T) {
	const attack = "\x1b[31m\u202e\nx\xff"
	d := report.Difference{
		Added:    []report.Change{{Rule: attack, Title: attack, Package: attack, Version: attack, Path: attack, Category: attack}},
		Packages: []report.PackageChange{{Type: attack, Name: attack, Before: []string{attack}, After: []string{strings.Repeat(attack, 1000)}}},
	}
	var b bytes.Buffer
	if err := Difference(&b, &d, attack, attack, Options{Width: 100}); err != nil {
		t.Fatal(err)
	}
	checkPrintable(t, b.String())
}
