package advisory

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/report"
)

func TestReleases(t *testing.T) {
	for _, tt := range []struct {
		os   report.OS
		want []string
	}{
		{report.OS{ID: "debian", Version: "12.5"}, []string{"Debian:12"}},
		{report.OS{ID: "debian", Version: "trixie/sid", Codename: "trixie"}, []string{"Debian:13"}},
		{report.OS{ID: "debian", Codename: "sid"}, nil},
		{report.OS{ID: "ubuntu", Version: "22.04"}, []string{"Ubuntu:22.04:LTS", "Ubuntu:Pro:22.04:LTS"}},
		{report.OS{ID: "ubuntu", Version: "23.04"}, []string{"Ubuntu:23.04"}},
		{report.OS{ID: "ubuntu", Version: "22.10"}, []string{"Ubuntu:22.10"}},
		{report.OS{ID: "ubuntu"}, nil},
		{report.OS{ID: "alpine", Version: "3.19.1"}, []string{"Alpine:v3.19"}},
		{report.OS{ID: "alpine", Version: "edge"}, nil},
		{report.OS{ID: "almalinux", Version: "9.3"}, []string{"AlmaLinux:9"}},
		{report.OS{ID: "rocky", Version: "8.10"}, []string{"Rocky Linux:8"}},
		{report.OS{ID: "rhel", Version: "9.4"}, []string{"Red Hat:9"}},
		{report.OS{ID: "sles", Version: "15.5"}, []string{"SUSE:15.5"}},
		{report.OS{ID: "opensuse-leap", Version: "15.6"}, []string{"openSUSE:Leap 15.6"}},
		{report.OS{ID: "openeuler", Version: "22.03", Name: "openEuler 22.03 (LTS-SP3)"}, []string{"openEuler:22.03-LTS-SP3"}},
		{report.OS{ID: "openeuler", Version: "22.03", Name: "openEuler 22.03 LTS"}, []string{"openEuler:22.03-LTS"}},
		{report.OS{ID: "openeuler"}, nil},
		{report.OS{ID: "wolfi", Version: "20230201"}, []string{"Wolfi"}},
		{report.OS{ID: "haiku", Version: "1"}, nil},
		{report.OS{}, nil},
	} {
		if d := cmp.Diff(tt.want, releasesOf(tt.os)); d != "" {
			t.Errorf("%+v (-want +got):\n%s", tt.os, d)
		}
	}
}

func TestCanonicalRelease(t *testing.T) {
	for in, want := range map[string]string{
		"Debian:12":                                          "Debian:12",
		"Red Hat:enterprise_linux:9::baseos":                 "Red Hat:9",
		"Red Hat:rhel_eus:9.2::appstream":                    "Red Hat:rhel_eus:9.2::appstream",
		"SUSE:Linux Enterprise Server 15 SP5":                "SUSE:15.5",
		"SUSE:Linux Enterprise Module for Basesystem 15 SP5": "SUSE:15.5",
		"SUSE:Linux Enterprise Server 12 SP5-LTSS":           "SUSE:12.5",
		"SUSE:Linux Enterprise Server 16":                    "SUSE:16",
		"openSUSE:Leap 15.5":                                 "openSUSE:Leap 15.5",
		"npm":                                                "npm",
	} {
		if got := canonicalRelease(in); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

func TestKeys(t *testing.T) {
	got := Keys(report.OS{ID: "ubuntu", Version: "20.04"}, report.Package{Type: "deb", Name: "libcurl4", Version: "1", Source: "curl", SourceVersion: "1"})
	want := []PackageKey{{"Ubuntu:20.04:LTS", "curl"}, {"Ubuntu:Pro:20.04:LTS", "curl"}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	rocky := report.OS{ID: "rocky", Version: "9.1"}
	got = Keys(rocky, report.Package{Type: "rpm", Name: "openssl-libs", Version: "1", Source: "openssl", SourceVersion: "1", Supplier: "Rocky Enterprise Software Foundation"})
	want = []PackageKey{{"Rocky Linux:9", "openssl-libs"}, {"Rocky Linux:9", "openssl"}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if got := Keys(rocky, report.Package{Type: "deb", Name: "x", Version: "1"}); got != nil {
		t.Errorf("a deb in Rocky Linux has keys %v", got)
	}
}

func TestNormalNames(t *testing.T) {
	for _, tt := range [][3]string{
		{"PyPI", "Foo__Bar.baz", "foo-bar-baz"},
		{"NuGet", "Newtonsoft.Json", "newtonsoft.json"},
		{"Packagist", "Symfony/HTTP-Kernel", "symfony/http-kernel"},
		{"npm", "@Scope/Name", "@Scope/Name"},
		{"Maven", "org.a/b", "org.a:b"},
		{"Go", "github.com/A/b", "github.com/A/b"},
		{"SwiftURL", "https://github.com/Apple/swift-nio.git", "github.com/apple/swift-nio"},
	} {
		if got := normalName(tt[0], tt[1]); got != tt[2] {
			t.Errorf("%s %s: %s, want %s", tt[0], tt[1], got, tt[2])
		}
	}
}

func TestForeign(t *testing.T) {
	debian := report.OS{ID: "debian", Version: "12"}
	for _, tt := range []struct {
		version, supplier string
		want              bool
	}{
		{"7.88.1-10+deb12u4", "Alessandro Ghedini <ghedo@debian.org>", false},
		{"1.0-1", "Somebody <me@example.org>", false},
		{"18.20.4-1nodesource1", "Ivan Iguaran <ivan@nodesource.com>", true},
		{"16.2-1.pgdg120+2", "", true},
		{"1.25.3-1~bookworm", "NGINX Packaging <nginx-packaging@f5.com>", true},
	} {
		if got := Foreign(debian, report.Package{Type: "deb", Version: tt.version, Supplier: tt.supplier}); got != tt.want {
			t.Errorf("%s of %s: %v", tt.version, tt.supplier, got)
		}
	}
	alma := report.OS{ID: "almalinux"}
	for supplier, want := range map[string]bool{"AlmaLinux": false, "": false, "Fedora Project": true} {
		if got := Foreign(alma, report.Package{Type: "rpm", Version: "1", Supplier: supplier}); got != want {
			t.Errorf("rpm of %q: %v", supplier, got)
		}
	}
}

func TestEcosystemsAreMatchable(t *testing.T) {
	names := Matchable()
	if !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Errorf("not a sorted set: %v", names)
	}
	for _, e := range ecosystems {
		if _, err := e.versions.parse("1.0"); err != nil {
			t.Errorf("%s: %v", e.name, err)
		}
	}
}
