package render

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/report"
)

var update = flag.Bool("update", false, "rewrite the golden files under testdata")

// sample is a small report with something of everything.
func sample() *report.Report {
	layers := []report.Layer{
		{Index: 0, Digest: "sha256:" + strings.Repeat("a", 64), DiffID: "sha256:" + strings.Repeat("1", 64), Size: 29_000_000, Instruction: "ADD rootfs.tar / # buildkit"},
		{Index: 1, Digest: "sha256:" + strings.Repeat("b", 64), DiffID: "sha256:" + strings.Repeat("2", 64), Size: 1_200_000, Instruction: "RUN apt-get update && apt-get install -y openssl"},
		{Index: 2, DiffID: "sha256:" + strings.Repeat("3", 64), Size: 5_000},
	}
	at := func(layer int, path string) report.Location {
		l := layers[layer]
		return report.Location{Path: path, Layer: layer, LayerDigest: digest(l), Instruction: l.Instruction}
	}
	const status = "var/lib/dpkg/status"
	vulnerabilities := []report.Vulnerability{
		{
			FindingID: "f-1", ID: "CVE-2024-0001", Aliases: []string{"DSA-5000-1", "GHSA-aaaa-bbbb-cccc"}, Category: report.System,
			Package: "libssl3", Type: "deb", PURL: "pkg:deb/debian/libssl3@3.0.11-1~deb12u2?arch=amd64&distro=debian-12.5", Source: "openssl",
			Version: "3.0.11-1~deb12u2", FixedVersion: "3.0.13-1~deb12u1", FixState: report.Fixed, Severity: report.Critical, SeveritySource: "cvss-3.1",
			CVSS: []report.CVSS{
				{Version: "3.1", Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Score: 9.8},
				{Version: "2.0", Vector: "AV:N/AC:L/Au:N/C:P/I:P/A:P", Score: 7.5},
			},
			CWEs: []string{"CWE-787"}, KEV: &report.KEV{DateAdded: "2024-02-01", DueDate: "2024-02-22"},
			EPSS:      &report.EPSS{Score: 0.94321, Percentile: 0.999, Date: "2024-03-01"},
			Locations: []report.Location{at(1, status)}, Title: "Heap overflow in the parser of certificates",
			Details:    "A certificate with a long name\noverflows the heap & <more>.",
			References: []string{"https://example.org/advisory?id=1&x=2", "not a link", "https://example.org/advisory?id=1&x=2"},
			Published:  "2024-01-31T10:00:00Z", Modified: "2024-02-02T10:00:00.5Z",
			Solution: "Upgrade libssl3 to 3.0.13-1~deb12u1 or later with apt-get.",
		},
		{
			FindingID: "f-2", ID: "CVE-2024-0001", Category: report.System, Package: "openssl", Type: "deb", Version: "3.0.11-1~deb12u2",
			FixedVersion: "3.0.13-1~deb12u1", FixState: report.Fixed, Severity: report.High, SeveritySource: "debian",
			Locations: []report.Location{at(1, status)}, Solution: "Upgrade openssl.",
		},
		{
			FindingID: "f-3", ID: "CVE-2011-3374", Category: report.System, Package: "apt", Type: "deb", Version: "2.6.1",
			FixState: report.WontFix, Severity: report.Negligible, SeveritySource: "debian",
			CVSS:      []report.CVSS{{Version: "3.1", Vector: "CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:N/I:L/A:N", Score: 3.7}},
			Locations: []report.Location{at(0, status)}, Title: "apt-key does not check signatures", Solution: "Debian will not fix it.",
		},
		{
			FindingID: "f-4", ID: "GHSA-xxxx-yyyy-zzzz", Category: report.Application, Package: "org.example:logger", Type: "maven",
			PURL: "pkg:maven/org.example/logger@1.2", Version: "1.2", FixState: report.NotFixed, Severity: report.Medium, SeveritySource: "cvss-4.0",
			CVSS: []report.CVSS{{Version: "4.0", Vector: "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N", Score: 6.9}},
			Locations: []report.Location{
				{Path: "opt/app/a b.jar!lib/logger.jar", Layer: 2, LayerDigest: digest(layers[2])}, at(1, "opt/other.jar"),
			},
			EPSS: &report.EPSS{Score: 0.0001}, Title: "日本語の説明 of a leak", Solution: "No fixed version is known.",
		},
		{
			FindingID: "f-5", ID: "MAL-2024-7", Category: report.Application, Package: "left-päd", Type: "npm", Version: "0.0.1",
			FixState: report.NotFixed, Severity: report.Unknown, Locations: []report.Location{at(2, "srv/node_modules/left-päd/package.json")},
			Solution: "Remove it.",
		},
	}
	hidden := at(1, "root/.netrc")
	hidden.Line, hidden.Hidden = 3, report.Deleted
	visible := at(2, "srv/app/config.yaml")
	visible.Line = 12
	findings := []report.Finding{
		{
			FindingID: "s-1", Category: report.Sensitive, Rule: "netrc", Title: "Password in a .netrc file", Severity: report.Critical,
			Details: "Whoever can read the image knows the password.", Evidence: []string{"password ********"}, Locations: []report.Location{hidden},
			Solution: "Change the password. Then take root/.netrc out of layer 1.", References: []string{"https://example.org/netrc"},
		},
		{
			FindingID: "s-2", Category: report.Sensitive, Rule: "github-token", Title: "GitHub token", Severity: report.High,
			Evidence:  []string{"token: ghp_********", "GITHUB_TOKEN=ghp_********"},
			Locations: []report.Location{{Layer: report.NoLayer, Config: "environment variable GITHUB_TOKEN"}, visible}, Solution: "Revoke the token.",
		},
	}
	return &report.Report{
		SchemaVersion: report.SchemaVersion,
		Image: report.Image{
			Name: "team/java:1", Digest: "sha256:" + strings.Repeat("d", 64), MediaType: "application/vnd.oci.image.manifest.v1+json",
			ConfigDigest: "sha256:" + strings.Repeat("c", 64), Platform: "linux/amd64", Created: "2024-03-01T12:00:00.123Z", Size: 30_205_000, Layers: layers,
		},
		OS:         report.OS{ID: "debian", Version: "12.5", Codename: "bookworm", Name: "Debian GNU/Linux 12 (bookworm)", Like: []string{}},
		Advisories: report.Knowledge{Revision: "r1", Newest: "2024-03-01T00:00:00Z"},
		Summary:    summarize(vulnerabilities, findings), Categories: report.Categories(), Vulnerabilities: vulnerabilities, Findings: findings,
		Packages: []report.Package{
			{Name: "apt", Version: "2.6.1", Type: "deb", PURL: "pkg:deb/debian/apt@2.6.1?arch=amd64", Source: "apt", SourceVersion: "2.6.1", Arch: "amd64", Licences: []string{"GPL-2.0-or-later"}, Supplier: "APT Team <apt@example.org>", Path: status},
			{Name: "libssl3", Version: "3.0.11-1~deb12u2", Type: "deb", PURL: "pkg:deb/debian/libssl3@3.0.11-1~deb12u2?arch=amd64&distro=debian-12.5", Source: "openssl", SourceVersion: "3.0.11-1~deb12u2", Path: status, Layer: 1},
			{Name: "openssl", Version: "3.0.11-1~deb12u2", Type: "deb", PURL: "pkg:deb/debian/openssl@3.0.11-1~deb12u2?arch=amd64", Source: "openssl", SourceVersion: "3.0.11-1~deb12u2", Path: status, Layer: 1},
			{Name: "org.example:logger", Version: "1.2", Type: "maven", Ecosystem: "Maven", PURL: "pkg:maven/org.example/logger@1.2", Licences: []string{"Apache-2.0 OR MIT", "BSD-3-Clause", "Apache-2.0 OR MIT"}, Path: "opt/app/a b.jar!lib/logger.jar", Layer: 2},
			{Name: "org.example:logger", Version: "1.2", Type: "maven", Ecosystem: "Maven", PURL: "pkg:maven/org.example/logger@1.2", Licences: []string{"The Example Licence, v. 1"}, Path: "opt/other.jar", Layer: 1},
			{Name: "left-päd", Version: "0.0.1", Type: "npm", Ecosystem: "npm", Licences: []string{"MIT", "Do What You Like"}, Path: "srv/node_modules/left-päd/package.json", Layer: 2},
		},
		Files: report.FileSummary{Count: 3210, Size: 87_654_321, Largest: []report.LargeFile{{Path: "usr/lib/libicudata.so", Size: 31_000_000}}},
		Notes: []report.Note{{Code: "file-too-large", Message: "a jar of 3 GB was not opened; packages in it are missing", Path: "opt/big.jar", Collector: "packages"}},
	}
}

// hostile is a report whose every text tries to break out of something.
func hostile() *report.Report {
	const evil = "=cmd|'/C calc'!A0\r\n\x1b]0;owned\x07\x1b[2J\x00\xff\xfe\u202e\"'<&>;,\u2028#%20../../x"
	huge := evil + strings.Repeat("界", 350_000) // 1 MB
	v := report.Vulnerability{
		FindingID: evil, ID: evil, Aliases: []string{evil, evil, ""}, Category: report.Category(evil), Package: huge, Type: evil, PURL: evil, Source: evil,
		Version: huge, FixedVersion: huge, FixState: report.FixState(evil), Severity: report.High, SeveritySource: evil,
		CVSS: []report.CVSS{{Version: evil, Vector: evil, Score: 99}, {Version: "3.1", Vector: evil, Score: 7}}, CWEs: []string{evil, "CWE--1", "CWE-0", "CWE-79", "79"},
		KEV: &report.KEV{DateAdded: evil}, EPSS: &report.EPSS{Score: 7, Date: evil},
		Locations: []report.Location{{Path: huge, Layer: -1, LayerDigest: evil, Instruction: huge}, {Path: "//c:/" + evil, Layer: 99}, {}},
		Title:     evil, Details: huge, References: []string{evil, "javascript:alert(1)", "https://[", "http://example.org/\x00"}, Published: evil, Modified: "9999999-01-01T00:00:00Z",
		Solution: huge,
	}
	none := report.Vulnerability{}
	system := v
	system.Category = report.System
	p := report.Package{
		Name: huge, Version: huge, Type: evil, PURL: evil, Ecosystem: evil, Source: evil, SourceVersion: evil, Arch: evil, Module: evil,
		Licences: []string{evil, huge, "", " ", strings.Repeat("(", 400), "NONE", "NOASSERTION", "LicenseRef-x", "MIT WITH"}, Supplier: evil, Path: huge, OwnedBy: "", Layer: -7,
	}
	vulnerabilities := []report.Vulnerability{v, system, none, none}
	f := report.Finding{
		FindingID: evil, Category: evil, Rule: evil, Title: huge, Severity: report.High, Details: huge, Evidence: []string{huge, evil, ""},
		Locations: []report.Location{
			{Path: huge, Layer: -7, LayerDigest: evil, Instruction: huge, Line: -3, Hidden: evil},
			{Config: huge, Layer: 99, Line: 1 << 40}, {},
		},
		Solution: huge, References: []string{evil, "javascript:alert(1)", "https://[", "http://example.org/\x00"},
	}
	secret := f
	secret.Category = report.Sensitive
	findings := []report.Finding{f, secret, {}, {}}
	decided := &report.Handling{ID: -1, Action: evil, Author: huge, Reason: huge, Expires: evil, Scope: evil}
	v.Origin, v.Handling, f.Origin, f.Handling, f.Package, f.Version = evil, decided, evil, decided, huge, huge
	findings[0], vulnerabilities[0] = f, v
	many := map[string]string{evil: huge, "": "", huge: evil}
	c := report.Check{ID: evil, Group: evil, Title: huge, Standard: huge, Severity: report.High, Result: evil, Looked: huge, Current: huge, Suggested: huge, Edit: huge}
	r := &report.Report{
		Image:           report.Image{Name: huge, Digest: evil, MediaType: evil, ConfigDigest: evil, Platform: evil, Created: evil, Size: -1, Layers: []report.Layer{{Index: 5, Digest: evil, DiffID: evil, Instruction: evil}}},
		OS:              report.OS{ID: evil, Version: huge, Name: evil},
		Advisories:      report.Knowledge{Revision: evil, Newest: evil},
		Summary:         summarize(vulnerabilities, findings),
		Categories:      []report.Category{evil, ""},
		Vulnerabilities: vulnerabilities,
		Findings:        findings,
		Packages:        []report.Package{p, p, {}, {}},
		Files:           report.FileSummary{Count: -1, Size: -1},
		Notes:           []report.Note{{Code: evil, Message: huge, Path: evil}, {}},
		Checks:          []report.Check{c, {}},
		Base: &report.Base{Name: huge, Version: huge, Digest: evil, Source: evil, Layers: -1, EndOfLife: evil, Findings: -1, OwnFindings: -1,
			Newer: &report.NewerBase{Name: huge, Digest: evil, Removes: -1, Adds: 1 << 62}},
	}
	r.Image.Config = report.ImageConfig{
		User: huge, WorkingDir: evil, Entrypoint: []string{huge, evil}, Cmd: []string{evil}, Healthcheck: []string{evil}, Env: []string{evil, huge, "", "="},
		Ports: []string{evil}, Volumes: []string{huge}, Labels: many, Steps: []report.BuildStep{{Instruction: huge, Layer: -9}, {}},
	}
	r.Image.Annotations = many
	r.Files.Largest = []report.LargeFile{{Path: huge, Size: -1, Layer: -1}, {}}
	r.Files.Types = []report.FileType{{Type: huge, Count: -1, Size: -1}}
	r.Files.Layers = []report.LayerFiles{{Layer: -1, Count: -1, Size: -1, Replaced: -1, Deleted: -1, Wasted: -1}}
	r.Files.WastedFiles = []report.WastedFile{{Path: huge, Size: -1, Layer: -1, Hidden: evil, By: -1}}
	r.Files.SpecialCount, r.Files.Special = -5, []report.SpecialFile{{Path: huge, Kinds: []string{evil, huge}, Mode: evil, UID: -1, GID: -1, Capabilities: []string{huge}, Layer: -1}}
	return r
}

// large is a report of n findings in n/4 packages.
func large(n int) *report.Report {
	r := sample()
	template := r.Vulnerabilities
	r.Vulnerabilities, r.Packages = nil, nil
	for i := range n {
		v := template[i%len(template)]
		v.FindingID, v.ID = fmt.Sprintf("f-%d", i), fmt.Sprintf("CVE-2024-%d", i%(n/2+1))
		v.Package = fmt.Sprintf("package-%d", i%(n/4+1))
		r.Vulnerabilities = append(r.Vulnerabilities, v)
		if i%4 == 0 {
			r.Packages = append(r.Packages, report.Package{
				Name: v.Package, Version: v.Version, Type: v.Type, PURL: fmt.Sprintf("pkg:deb/debian/package-%d@1", i), Source: "source", SourceVersion: "1",
				Licences: []string{"MIT", "GPL-2.0-or-later"}, Path: "var/lib/dpkg/status",
			})
		}
	}
	r.Summary = summarize(r.Vulnerabilities, r.Findings)
	return r
}

func summarize(vulnerabilities []report.Vulnerability, findings []report.Finding) report.Summary {
	s := report.Summarize(vulnerabilities)
	s.Findings = report.SummarizeFindings(findings)
	return s
}

var testOptions = Options{ToolVersion: "1.2.3"}

func render(t testing.TB, f Format, r *report.Report, opts Options) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, f, r, opts); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestGolden(t *testing.T) {
	wide, narrow, color, details := testOptions, testOptions, testOptions, testOptions
	narrow.Width = 80
	color.Color, color.Width = true, 120
	details.Details, details.Width = true, 100
	type golden struct {
		file    string
		format  Format
		report  *report.Report
		options Options
	}
	empty := &report.Report{SchemaVersion: report.SchemaVersion, Vulnerabilities: []report.Vulnerability{}, Findings: []report.Finding{}, Packages: []report.Package{}, Summary: report.Summarize(nil)}
	cases := []golden{
		{"sample-80.txt", Table, sample(), narrow},
		{"sample-color.txt", Table, sample(), color},
		{"sample-details.txt", Table, sample(), details},
		{"complete-color.txt", Table, complete(), color},
		{"complete-details.txt", Table, complete(), details},
	}
	for _, f := range Formats() {
		cases = append(cases, golden{"sample" + f.Extension(), f, sample(), wide}, golden{"complete" + f.Extension(), f, complete(), wide}, golden{"empty" + f.Extension(), f, empty, Options{}})
	}
	for _, tc := range cases {
		t.Run(tc.file, func(t *testing.T) {
			got := render(t, tc.format, tc.report, tc.options)
			path := filepath.Join("testdata", tc.file)
			if *update {
				if err := os.MkdirAll("testdata", 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("differs from %s; if that is intended run the test with -update (-want +got):\n%s", path, diff)
			}
		})
	}
}

// The same report gives the same bytes, and writing does not change it.
func TestDeterministic(t *testing.T) {
	for _, f := range Formats() {
		r := large(50)
		first := render(t, f, r, testOptions)
		if diff := cmp.Diff(large(50), r); diff != "" {
			t.Errorf("%s: writing changed the report:\n%s", f, diff)
		}
		for range 5 {
			if !bytes.Equal(first, render(t, f, large(50), testOptions)) {
				t.Errorf("%s: the second time the bytes differ", f)
			}
		}
	}
}

func TestGenerated(t *testing.T) {
	opts := Options{Generated: time.Date(2030, 1, 2, 3, 4, 5, 6, time.FixedZone("", 3600))}
	for _, f := range Formats() {
		for _, tc := range []struct {
			name string
			opts Options
			r    *report.Report
			want string
		}{
			{"given", opts, sample(), "2030-01-02T02:04:05Z"},
			{"of the image", Options{}, sample(), `"2024-03-01T12:00:00Z"`},
			{"unknown", Options{}, &report.Report{}, "1970-01-01T00:00:00Z"},
		} {
			got := bytes.Contains(render(t, f, tc.r, tc.opts), []byte(tc.want))
			if want := f == CycloneDX || f == SPDX; got != want {
				t.Errorf("%s: holds the time %s: %t", f, tc.name, got)
			}
		}
	}
}

func TestParseFormat(t *testing.T) {
	for _, f := range Formats() {
		if got, err := ParseFormat(" " + strings.ToUpper(string(f))); got != f || err != nil {
			t.Errorf("parse %s: %s, %v", f, got, err)
		}
		if f.MediaType() == "" || f.Extension() == "" {
			t.Errorf("%s has no media type or extension", f)
		}
	}
	if _, err := ParseFormat("pdf\x1b[2J"); err == nil || strings.Contains(err.Error(), "\x1b") || !strings.Contains(err.Error(), "cyclonedx") {
		t.Errorf("parse pdf: %v", err)
	}
}

// broken is a writer that fails after n bytes.
type broken struct{ n int }

func (b *broken) Write(p []byte) (int, error) {
	if b.n -= len(p); b.n < 0 {
		return 0, io.ErrShortWrite
	}
	return len(p), nil
}

func TestWriteErrors(t *testing.T) {
	for _, f := range Formats() {
		if err := Write(&broken{100}, f, large(500), testOptions); err == nil {
			t.Errorf("%s: the writer's error got lost", f)
		}
		if err := Write(io.Discard, f, nil, testOptions); err == nil {
			t.Errorf("%s: no report is no error", f)
		}
	}
	if err := Write(io.Discard, "pdf", sample(), testOptions); err == nil {
		t.Error("an unknown format is no error")
	}
}

func BenchmarkWrite(b *testing.B) {
	r := large(5000)
	for _, f := range Formats() {
		b.Run(string(f), func(b *testing.B) {
			opts := Options{Width: 160}
			b.SetBytes(int64(len(render(b, f, r, opts))))
			b.ReportAllocs()
			for b.Loop() {
				if err := Write(io.Discard, f, r, opts); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
