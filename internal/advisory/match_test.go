package advisory

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/report"
)

var (
	debian12 = report.OS{ID: "debian", Version: "12.5"}
	jammy    = report.OS{ID: "ubuntu", Version: "22.04"}
	focal    = report.OS{ID: "ubuntu", Version: "20.04"}
	alpine   = report.OS{ID: "alpine", Version: "3.19.1"}
	alma8    = report.OS{ID: "almalinux", Version: "8.9"}
)

func deb(name, version, source string) report.Package {
	return report.Package{Type: "deb", Name: name, Version: version, Source: source, SourceVersion: version}
}

func lang(kind, ecosystem, name, version string) report.Package {
	return report.Package{Type: kind, Ecosystem: ecosystem, Name: name, Version: version}
}

// line is a match in one line.
func line(m Match) string {
	s := fmt.Sprintf("%s %s %s", m.ID, m.FixState, m.Severity)
	if m.SeveritySource != "" {
		s += " (" + m.SeveritySource + ")"
	}
	if m.FixedVersion != "" {
		s += " -> " + m.FixedVersion
	}
	if m.SubscriptionFix {
		s += " with Pro"
	}
	if len(m.Aliases) > 0 {
		s += " = " + strings.Join(m.Aliases, ",")
	}
	return s
}

func TestMatch(t *testing.T) {
	db := smallDB(t)
	rpm := func(name, version, module string) report.Package {
		return report.Package{Type: "rpm", Name: name, Version: version, Source: "x", SourceVersion: version, Module: module}
	}
	tests := []struct {
		name string
		os   report.OS
		pkg  report.Package
		want []string
	}{
		{
			// 1001 and its advisory; 1002 has no effect; 1003 is given up; 1004 is
			// withdrawn; 1005 and 1006 only the advisory names.
			"source package with advisories", debian12, deb("libcurl4", "7.88.1-10", "curl"),
			[]string{
				"CVE-2023-1001 fixed high (cvss-3.1 via ubuntu) -> 7.88.1-10+deb12u4 = DSA-1-1",
				"CVE-2023-1002 not-fixed negligible (debian)",
				"CVE-2023-1003 wont-fix unknown",
				"CVE-2023-1005 fixed unknown -> 7.88.1-10+deb12u6 = DSA-1-1",
				"CVE-2023-1006 fixed unknown -> 7.88.1-10+deb12u6 = DSA-1-1",
			},
		},
		{
			"the record of the CVE outranks the advisory", debian12, deb("curl", "7.88.1-10+deb12u4", "curl"),
			[]string{
				"CVE-2023-1002 not-fixed negligible (debian)",
				"CVE-2023-1003 wont-fix unknown",
				"CVE-2023-1005 fixed unknown -> 7.88.1-10+deb12u6 = DSA-1-1",
				"CVE-2023-1006 fixed unknown -> 7.88.1-10+deb12u6 = DSA-1-1",
			},
		},
		{"release by codename", report.OS{ID: "debian", Codename: "bullseye"}, deb("curl", "7.74.0-1.3+deb11u9", "curl"),
			[]string{"CVE-2023-1001 fixed high (cvss-3.1 via ubuntu) -> 7.74.0-1.3+deb11u10"}},
		{"release without advisories", report.OS{ID: "debian", Version: "10.1"}, deb("curl", "1", "curl"), nil},
		{"no operating system", report.OS{}, deb("curl", "1", "curl"), nil},
		{"package without version", debian12, deb("curl", "", "curl"), nil},
		{"package of a third party", debian12, deb("curl", "7.0-1nodesource1", "curl"), nil},
		{"ubuntu", jammy, deb("curl", "7.81.0-1ubuntu1.10", "curl"),
			[]string{"CVE-2023-1001 fixed high (cvss-3.1) -> 7.81.0-1ubuntu1.14 = USN-99-1"}},
		{"only Pro has the fix", focal, deb("jq", "1.6-1ubuntu0.20.04.1", "jq"), []string{
			"CVE-2023-2001 fixed medium (ubuntu) -> 1.6-1ubuntu0.20.04.1+esm1 with Pro",
			"CVE-2023-2002 wont-fix negligible (ubuntu)",
		}},
		{"installed from Pro", focal, deb("jq", "1.6-1ubuntu0.20.04.1+esm1", "jq"), []string{"CVE-2023-2002 wont-fix negligible (ubuntu)"}},
		{"apk by origin, events in any order", alpine, report.Package{Type: "apk", Name: "libssl3", Version: "3.1.4-r2", Source: "openssl", SourceVersion: "3.1.4-r2"},
			[]string{"CVE-2023-3001 fixed unknown -> 3.1.4-r3"}},
		{"apk fixed", alpine, report.Package{Type: "apk", Name: "libssl3", Version: "3.1.4-r10", Source: "openssl"}, nil},
		{"rpm by binary name, one match for each CVE", alma8, rpm("openssl-libs", "1:1.1.1k-7.el8_6", ""), []string{
			"CVE-2023-1001 fixed high (cvss-3.1 via ubuntu) -> 1:1.1.1k-9.el8_7 = ALSA-2023:2",
			"CVE-2023-4003 fixed medium (almalinux) -> 1:1.1.1k-9.el8_7 = ALSA-2023:2",
		}},
		{"rpm epoch counts", alma8, rpm("openssl-libs", "2:1.0-1", ""), nil},
		{"rpm of another vendor", alma8, report.Package{Type: "rpm", Name: "openssl-libs", Version: "1", Supplier: "Fedora Project"}, nil},
		{"module of the stream", alma8, rpm("nodejs", "1:18.12.1-2.module_el8.7.0+3370+55706295", "nodejs:18"), []string{
			"CVE-2023-4001 fixed high (almalinux) -> 1:18.14.2-3.module_el8.8.0+3557+0ac3e6f2 = ALSA-2023:1",
			"CVE-2023-4002 fixed high (almalinux) -> 1:18.14.2-3.module_el8.8.0+3557+0ac3e6f2 = ALSA-2023:1",
		}},
		{"module of another stream", alma8, rpm("nodejs", "1:16.12.1-2.module_el8.7.0+3370+55706295", "nodejs:16:8060:abc:x86_64"), nil},
		{"module that does not tell its stream", alma8, rpm("nodejs", "1:16.12.1-2.module_el8.7.0+3370+55706295", ""), nil},
		{"no module build", alma8, rpm("nodejs", "1:10.24.0-1.el8", ""), nil},
		{"branch with a fix", report.OS{}, lang("npm", "npm", "@scope/pkg", "1.2.0"),
			[]string{"CVE-2023-5001 fixed critical (cvss-4.0) -> 1.5.0 = GHSA-aaaa-bbbb-cccc"}},
		{"branch without a fix goes up to the next", report.OS{}, lang("npm", "npm", "@scope/pkg", "2.3.0"),
			[]string{"CVE-2023-5001 fixed critical (cvss-4.0) -> 3.1.0 = GHSA-aaaa-bbbb-cccc"}},
		{"between branches", report.OS{}, lang("npm", "npm", "@scope/pkg", "2.3.1"), nil},
		{"pre-release", report.OS{}, lang("npm", "npm", "@scope/pkg", "3.0.0-beta.1"),
			[]string{"CVE-2023-5001 fixed critical (cvss-4.0) -> 3.1.0 = GHSA-aaaa-bbbb-cccc"}},
		{"owned by a distribution package", debian12, report.Package{Type: "npm", Ecosystem: "npm", Name: "@scope/pkg", Version: "1.2.0", OwnedBy: "nodejs"}, nil},
		{"list of versions, no CVE", report.OS{}, lang("npm", "", "nocve", "1.0.1"),
			[]string{"GHSA-dddd-eeee-ffff not-fixed medium (ghsa)"}},
		{"not in the list", report.OS{}, lang("npm", "npm", "nocve", "1.0.2"), nil},
		{"malicious", report.OS{}, lang("npm", "npm", "evil", "1"), []string{"MAL-2024-1 not-fixed critical (malicious-packages)"}},
		{"two records of one CVE, names normalized", report.OS{}, lang("pypi", "PyPI", "my.Package", "1.5"),
			[]string{"CVE-2023-5002 fixed high (ghsa) -> 2.0.1 = GHSA-gggg-hhhh-jjjj,PYSEC-2023-1"}},
		{"only one of them still affects", report.OS{}, lang("pypi", "PyPI", "my-package", "2.0"),
			[]string{"GHSA-gggg-hhhh-jjjj fixed unknown -> 2.0.1 = PYSEC-2023-1"}},
		{"records of another ecosystem's archive", report.OS{}, lang("pypi", "PyPI", "elsewhere", "1"), nil},
		{"go standard library", report.OS{}, lang("golang", "Go", "stdlib", "go1.21.1"),
			[]string{"CVE-2023-6001 fixed unknown -> 1.21.3 = GHSA-go11-go11-go11,GO-2023-1"}},
		{"go release candidate", report.OS{}, lang("golang", "Go", "stdlib", "1.21rc2"),
			[]string{"CVE-2023-6001 fixed unknown -> 1.21.3 = GHSA-go11-go11-go11,GO-2023-1"}},
		{"go between branches", report.OS{}, lang("golang", "Go", "stdlib", "1.20.10"), nil},
		{"go versions of its own", report.OS{}, lang("golang", "Go", "example.com/product", "v8.1.0+incompatible"), nil},
		{"go pseudo-version", report.OS{}, lang("golang", "Go", "example.com/product", "v0.0.0-20210101000000-abcdefabcdef"),
			[]string{"CVE-2023-6002 fixed unknown -> 8.1.0 = GO-2023-2"}},
		{"maven", report.OS{}, lang("maven", "Maven", "org.apache.logging.log4j:log4j-core", "2.12.1"),
			[]string{"CVE-2021-44228 fixed critical (cvss-3.1) -> 2.12.2 = GHSA-mmmm-mmmm-mmmm"}},
		{"several CVEs in one record", report.OS{}, lang("nuget", "NuGet", "system.text.json", "6.0.1"), []string{
			"CVE-2023-7001 fixed unknown -> 6.0.10 = GHSA-nnnn-nnnn-nnnn",
			"CVE-2023-7002 fixed unknown -> 6.0.10 = GHSA-nnnn-nnnn-nnnn",
		}},
		{"nobody maintains it is no vulnerability", report.OS{}, lang("cargo", "crates.io", "old", "1.0.0"), nil},
		{"record without any alias", report.OS{}, lang("cargo", "crates.io", "time", "0.1.45"), []string{"RUSTSEC-2023-0002 fixed unknown -> 0.2.23"}},
		{"unknown type", report.OS{}, lang("odd", "", "x", "1"), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ms, err := db.Match(tt.os, tt.pkg)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, m := range ms {
				got = append(got, line(m))
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("matches (-want +got):\n%s", d)
			}
		})
	}
}

func TestMatchCarriesAll(t *testing.T) {
	ms, err := smallDB(t).Match(report.OS{}, lang("npm", "npm", "@scope/pkg", "1.2.0"))
	if err != nil {
		t.Fatal(err)
	}
	want := []Match{{
		ID:             "CVE-2023-5001",
		Aliases:        []string{"GHSA-aaaa-bbbb-cccc"},
		Advisories:     []string{"GHSA-aaaa-bbbb-cccc"},
		Ecosystem:      "npm",
		FixedVersion:   "1.5.0",
		FixState:       report.Fixed,
		Severity:       report.Critical,
		SeveritySource: "cvss-4.0",
		CVSS: []report.CVSS{
			{Version: "4.0", Vector: "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", Score: 9.3},
			{Version: "3.1", Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:L", Score: 5.3},
		},
		CWEs:      []string{"CWE-79"},
		Title:     "Branches in @scope/pkg",
		Details:   "Long text",
		Published: "2023-12-01T00:00:00Z",
		Modified:  "2024-01-02T03:04:05Z",
	}}
	if d := cmp.Diff(want, ms); d != "" {
		t.Errorf("match (-want +got):\n%s", d)
	}
}

func TestMatchDistributionDetail(t *testing.T) {
	ms, err := smallDB(t).Match(debian12, deb("libcurl4", "7.88.1-10", "curl"))
	if err != nil {
		t.Fatal(err)
	}
	m := ms[0]
	got := []any{m.Source, m.Title, m.Details, m.References, m.Ecosystem}
	want := []any{"curl", "A flaw in curl.", "A flaw in curl. It is bad.", []string{"https://example.com/advisory", "https://example.com/web"}, "Debian:12"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("match (-want +got):\n%s", d)
	}
}

func TestMatchVersionWithoutOrder(t *testing.T) {
	db := smallDB(t)
	for _, version := range []string{"(devel)", "workspace:*", strings.Repeat("1", 1000)} {
		_, err := db.Match(report.OS{}, lang("golang", "Go", "stdlib", version))
		if !errors.Is(err, ErrVersion) {
			t.Errorf("version %.20s: error %v, want ErrVersion", version, err)
		}
		// Nothing is known about the package, so its version does not matter.
		if ms, err := db.Match(report.OS{}, lang("golang", "Go", "example.com/unknown", version)); err != nil || ms != nil {
			t.Errorf("unknown package: %v, %v", ms, err)
		}
	}
}

func TestKEVAndEPSSAndEndOfLife(t *testing.T) {
	db := smallDB(t)
	kev, err := db.KEV("CVE-2021-44228")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(&report.KEV{DateAdded: "2021-12-10", DueDate: "2021-12-24", Ransomware: true}, kev); d != "" {
		t.Error(d)
	}
	epss, err := db.EPSS("CVE-2023-1001")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(&report.EPSS{Score: 0.00042, Percentile: 0.05, Date: "2025-01-01"}, epss); d != "" {
		t.Error(d)
	}
	for _, id := range []string{"CVE-1999-0001", "CVE-1999-0002", "CVE-2099-1", "GHSA-x", ""} {
		if kev, err := db.KEV(id); kev != nil || err != nil {
			t.Errorf("KEV(%q) = %v, %v", id, kev, err)
		}
		if epss, err := db.EPSS(id); epss != nil || err != nil {
			t.Errorf("EPSS(%q) = %v, %v", id, epss, err)
		}
	}
	l, ok, err := db.EndOfLife("debian", "9")
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	if d := cmp.Diff(LifeCycle{Product: "debian", Release: "9", Codename: "Stretch", EndOfLife: "2020-07-18", ExtendedEnd: "2022-06-30"}, l); d != "" {
		t.Error(d)
	}
	if !l.EndedOn("2021-01-01T00:00:00Z") || l.EndedOn("2020-07-18") {
		t.Error("a release ends with the day after its end of life")
	}
	if all, err := db.LifeCycles("debian"); err != nil || !slices.Contains(all, l) {
		t.Errorf("%+v, %v", all, err)
	}
	if all, err := db.LifeCycles("no-such-product"); err != nil || all != nil {
		t.Errorf("%+v, %v", all, err)
	}
	if l, ok, _ := db.EndOfLife("odd", "1"); !ok || !l.EndedOn("") {
		t.Errorf("end of life without a day: %+v, %v", l, ok)
	}
	if _, ok, _ := db.EndOfLife("debian", "99"); ok {
		t.Error("an unknown release is known")
	}
}

func TestCovers(t *testing.T) {
	db := smallDB(t)
	for _, tt := range []struct {
		id, version string
		want        bool
	}{
		{"debian", "12.5", true},
		{"debian", "10", false},
		{"openeuler", "22.03", false},
		{"almalinux", "8.9", true},
		{"ubuntu", "22.04.3", true},
		{"alpine", "3.20.0_alpha1", false},
		{"", "", false},
	} {
		if got := db.Covers(report.OS{ID: tt.id, Version: tt.version}); got != tt.want {
			t.Errorf("Covers(%s %s) = %v", tt.id, tt.version, got)
		}
	}
	if !db.CoversPackage(lang("npm", "", "x", "")) || db.CoversPackage(lang("hex", "Hex", "x", "1")) {
		t.Error("coverage of npm or of Hex is wrong")
	}
}
