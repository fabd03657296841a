package judge

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/advisory"
	"github.com/pratique/pratique/internal/compliance"
	"github.com/pratique/pratique/internal/report"
)

// lives are the life cycles that the tests know.
var lives = map[string]advisory.LifeCycle{
	"debian 10":     {Product: "debian", Release: "10", Released: "2019-07-06", EndOfLife: "2022-09-10", ExtendedEnd: "2024-06-30"},
	"debian 11":     {Product: "debian", Release: "11", Released: "2021-08-14", EndOfLife: "2024-07-31", ExtendedEnd: "2026-08-31"},
	"debian 12":     {Product: "debian", Release: "12", Released: "2023-06-10", EndOfLife: "2026-06-10"},
	"debian 13":     {Product: "debian", Release: "13", Released: "2025-08-09", EndOfLife: "2028-08-09"},
	"rocky-linux 8": {Product: "rocky-linux", Release: "8", Ended: true},
	"nodejs 16":     {Product: "nodejs", Release: "16", Released: "2021-04-20", EndOfLife: "2023-09-11"},
	"nodejs 18":     {Product: "nodejs", Release: "18", Released: "2022-04-19", EndOfLife: "2025-04-30"},
	"nodejs 20":     {Product: "nodejs", Release: "20", Released: "2023-04-18", EndOfLife: "2026-04-30"},
	"nodejs 24":     {Product: "nodejs", Release: "24", Released: "2025-05-06", EndOfLife: "2028-04-30"},
	"go 1.20":       {Product: "go", Release: "1.20", Released: "2023-02-01", EndOfLife: "2024-02-06"},
	"go 1.22":       {Product: "go", Release: "1.22", Released: "2024-02-06"},

	"eclipse-temurin 8":  {Product: "eclipse-temurin", Release: "8", Released: "2014-03-18", EndOfLife: "2026-12-31"},
	"eclipse-temurin 16": {Product: "eclipse-temurin", Release: "16", Released: "2021-03-16", EndOfLife: "2021-09-14"},
	"postgresql 9.6":     {Product: "postgresql", Release: "9.6", Released: "2016-09-29", EndOfLife: "2021-11-11"},
	"postgresql 9":       {Product: "postgresql", Release: "9", Ended: false},
	"rabbitmq 3.12":      {Product: "rabbitmq", Release: "3.12", EndOfLife: "2024-02-21", ExtendedEnd: "2025-06-29"},
}

func lifeOn(day string) *known { return &known{life: lives, newest: day + "T00:00:00Z"} }

func TestEndOfLife(t *testing.T) {
	k := lifeOn("2024-08-01")
	for _, c := range []struct {
		name     string
		os       report.OS
		severity report.Severity
		words    []string
	}{
		{"ended", report.OS{ID: "debian", Version: "10.1"}, report.High, []string{"Support of debian 10.1 has ended", "on 2022-09-10", "release with support (12): change FROM"}},
		{"extended", report.OS{ID: "debian", Version: "11.9", Name: "Debian 11"}, report.Medium, []string{"Regular support of Debian 11 has ended", "on 2024-07-31; extended support", "until 2026-08-31", "(12)"}},
		{"without a day", report.OS{ID: "rocky", Version: "8.4"}, report.High, []string{"has ended", "Support of rocky 8.4 ended: new", "with support: change"}},
		{"supported", report.OS{ID: "debian", Version: "12.1"}, 0, nil},
		{"last day", report.OS{ID: "debian", Version: "12"}, 0, nil},
		{"unknown release", report.OS{ID: "debian", Version: "99"}, 0, nil},
		{"unknown system", report.OS{ID: "debain", Version: "10"}, 0, nil},
		{"none", report.OS{}, 0, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := EndOfLife(&report.ImageFacts{OS: c.os, Image: report.Image{Layers: layers}}, k)
			if err != nil || got == nil || (len(got) > 0) != (c.words != nil) {
				t.Fatalf("%+v, %v", got, err)
			}
			if c.words == nil {
				return
			}
			f := got[0]
			if f.Severity != c.severity || f.Category != report.BaseImage || f.Rule != "end-of-life-distribution" || f.Locations[0].Layer != 0 || len(f.FindingID) != 20 {
				t.Errorf("%+v", f)
			}
			inOrder(t, f.Title+" "+f.Details+" "+f.Solution, c.words...)
		})
	}
	k.err = errors.New("broken")
	if _, err := EndOfLife(&report.ImageFacts{OS: report.OS{ID: "debian", Version: "10"}}, k); !errors.Is(err, k.err) {
		t.Errorf("%v", err)
	}
}

// inOrder checks that words stand in a text one after the other.
func inOrder(t *testing.T, text string, words ...string) {
	t.Helper()
	rest := text
	for _, w := range words {
		_, after, ok := strings.Cut(rest, w)
		if !ok {
			t.Errorf("no %q in its place in %q", w, text)
			return
		}
		rest = after
	}
}

func TestEndedRuntimes(t *testing.T) {
	deb := func(name, version, supplier string) report.Package {
		return report.Package{Type: "deb", Name: name, Version: version, Supplier: supplier, Path: "var/lib/dpkg/status", Layer: 1}
	}
	debian := func(version string) report.OS { return report.OS{ID: "debian", Version: version} }
	for _, c := range []struct {
		name string
		os   report.OS
		pkgs []report.Package
		env  []string
		want string
	}{
		{"the distribution's", debian("12"), []report.Package{deb("nodejs", "18.19.0+dfsg-6", "")}, nil, ""},
		{"the distribution's, extended", debian("11"), []report.Package{deb("nodejs", "16.19.0", "")}, nil, ""},
		{"the distribution's, which ended", debian("10"), []report.Package{deb("nodejs", "16.19.0", "")}, nil, "medium Node.js 16 gets no fixes any more [nodejs 16.19.0]"},
		{"a third party's", debian("12"), []report.Package{deb("nodejs", "18.20.1-1nodesource1", "")}, nil, "medium Node.js 18 gets no fixes any more [nodejs 18.20.1-1nodesource1]"},
		{"a third party's, supported", debian("12"), []report.Package{deb("nodejs", "24.1.0-1nodesource1", "")}, nil, ""},
		{"a third party's library", debian("12"), []report.Package{deb("nodejs-doc", "16.0-1nodesource1", "")}, nil, ""},
		{"one product once", debian("12"), []report.Package{deb("postgresql-9.6", "9.6.24-1.pgdg120+1", "")}, []string{"PG_VERSION=9.6.24-1"},
			"medium PostgreSQL 9.6 gets no fixes any more [postgresql-9.6 9.6.24-1.pgdg120+1 PG_VERSION=9.6.24-1]"},
		{"variable", report.OS{}, nil, []string{"PATH=/bin", "NODE_VERSION=18.1.0", "YARN_VERSION=1.0"}, "medium Node.js 18 gets no fixes any more [NODE_VERSION=18.1.0]"},
		{"variable that tells nothing", report.OS{}, nil, []string{"NODE_VERSION", "GOLANG_VERSION=", "NODE_VERSION=lts", "JAVA_VERSION=" + strings.Repeat("1", 300)}, ""},
		{"Java", report.OS{}, nil, []string{"JAVA_VERSION=jdk-16.0.2+7"}, "medium Java 16 gets no fixes any more [JAVA_VERSION=jdk-16.0.2+7]"},
		{"Java 8", report.OS{}, nil, []string{"JAVA_VERSION=1.8.0_392"}, ""},
		{"programs in Go", report.OS{}, []report.Package{{Type: "golang", Name: "stdlib", Version: "1.20.3", Path: "app"}, {Type: "golang", Name: "stdlib", Version: "1.20.5", Path: "tool"}, {Type: "golang", Name: "stdlib", Version: "1.22.0", Path: "new"}}, nil,
			"low Go 1.20 gets no fixes any more [stdlib 1.20.3 stdlib 1.20.5]"},
		{"a distribution's program in Go", debian("12"), []report.Package{{Type: "golang", Name: "stdlib", Version: "1.20.3", Path: "app", OwnedBy: "app"}}, nil, ""},
		{"bitnami", report.OS{}, []report.Package{{Type: "bitnami", Name: "node", Version: "18.20.0-1"}}, nil, "medium Node.js 18 gets no fixes any more [node 18.20.0-1]"},
		{"npm package of the same name", report.OS{}, []report.Package{{Type: "npm", Name: "node", Version: "18.20.0"}}, nil, ""},
		{"extended", report.OS{}, []report.Package{{Type: "bitnami", Name: "rabbitmq", Version: "3.12.1"}}, nil, "low RabbitMQ 3.12 gets no fixes any more [rabbitmq 3.12.1]"},
		{"odd versions", report.OS{}, []report.Package{{Type: "bitnami", Name: "node", Version: ""}, {Type: "bitnami", Name: "node", Version: "99999999999"}, {Type: "bitnami", Name: "node", Version: "18beta"}}, nil,
			"medium Node.js 18 gets no fixes any more [node 18beta]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			facts := &report.ImageFacts{OS: c.os, Packages: c.pkgs, Image: report.Image{Layers: layers, Config: report.ImageConfig{Env: c.env}}}
			all, err := Compliance(facts, compliance.Default(), lifeOn("2025-06-01"))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range all {
				if f.Rule == "end-of-life-runtime" {
					got = append(got, fmt.Sprint(f.Severity, " ", f.Title, " ", f.Evidence))
				}
			}
			if text := strings.Join(got, "; "); text != c.want {
				t.Errorf("%s\nwant %s", text, c.want)
			}
		})
	}
	facts := &report.ImageFacts{Image: report.Image{Config: report.ImageConfig{Env: []string{"NODE_VERSION=18"}}}}
	all, err := Compliance(facts, compliance.Default(), lifeOn("2025-06-01"))
	if err != nil || len(all) != 1 {
		t.Fatal(all, err)
	}
	inOrder(t, all[0].Details+all[0].Solution, "Node.js 18", "on 2025-04-30", "gets fixes (24 or 20)")
	if diff := cmp.Diff([]report.Location{{Layer: report.NoLayer, Config: "environment variable NODE_VERSION"}}, all[0].Locations); diff != "" {
		t.Error(diff)
	}
	if all, err := Compliance(facts, compliance.Default(), nil); err != nil || all == nil || len(all) != 0 {
		t.Errorf("%v, %v", all, err)
	}
}

func TestForbiddenSoftware(t *testing.T) {
	facts := &report.ImageFacts{
		OS:    report.OS{ID: "debian", Version: "12"},
		Image: report.Image{Layers: layers},
		Packages: []report.Package{
			{Type: "deb", Name: "bash", Version: "5.2", Path: "var/lib/dpkg/status"},
			{Type: "deb", Name: "gdb", Version: "13.1-3", Path: "var/lib/dpkg/status", Layer: 1},
			{Type: "deb", Name: "libc6-dev", Version: "2.36", Path: "var/lib/dpkg/status"},
			{Type: "deb", Name: "libssl-dev", Version: "3.0", Path: "var/lib/dpkg/status", Layer: 1},
			{Type: "deb", Name: "nmap", Version: "7.93", Path: "var/lib/dpkg/status"},
			{Type: "npm", Name: "make", Version: "1"},
			{Type: "pypi", Name: "scapy", Version: "2", OwnedBy: "python3-scapy"},
			{Type: "pypi", Name: "sqlmap", Version: "1.7", Path: "opt/a/METADATA", Layer: 1},
			{Type: "pypi", Name: "sqlmap", Version: "1.8", Path: "opt/b/METADATA", Layer: 1},
		},
		Hashes: []report.FileHash{
			{Path: "opt/tools/nmap", Layer: 1},
			{Path: "usr/bin/gdb", Layer: 1},
			{Path: "usr/local/bin/tcpdump", Layer: 1},
			{Path: "usr/share/bash-completion/completions/strace"},
		},
	}
	all, err := Compliance(facts, compliance.Default(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range all {
		if f.Category != report.Compliance || f.Details == "" || len(f.Locations) == 0 {
			t.Errorf("%+v", f)
		}
		got = append(got, fmt.Sprint(f.Severity, " ", f.Rule, ": ", f.Title, ": ", f.Package, " ", f.Version, " ", f.Evidence, " ", len(f.Locations)))
	}
	want := []string{
		"high sqlmap: Attack tool: sqlmap: sqlmap  [sqlmap 1.7 sqlmap 1.8] 2",
		"medium nmap: Network scanner: nmap: nmap 7.93 [nmap 7.93] 1",
		"medium nmap: Network scanner: nmap:   [opt/tools/nmap] 1",
		"medium tcpdump: Network sniffer: tcpdump:   [usr/local/bin/tcpdump] 1",
		"low development-files: Headers and libraries to build with:   [libc6-dev 2.36 libssl-dev 3.0] 2",
		"low gdb: Debugger or tracer: gdb: gdb 13.1-3 [gdb 13.1-3] 1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	inOrder(t, all[1].Solution, "Remove it", "comes with the base image", "`RUN apt-get purge -y --auto-remove nmap`")
	inOrder(t, all[5].Solution, "debug container", "brought by `RUN apt-get install -y curl`")
	seen := make(map[string]bool)
	for _, f := range all {
		if seen[f.FindingID] {
			t.Errorf("%s is there twice", f.FindingID)
		}
		seen[f.FindingID] = true
	}
	upgraded := &report.ImageFacts{Packages: []report.Package{{Type: "deb", Name: "nmap", Version: "8", Layer: 1}}}
	if again, _ := Compliance(upgraded, compliance.Default(), nil); again[0].FindingID != all[1].FindingID {
		t.Error("the id depends on version, layer or place")
	}
}

// Versions are ordered as those of their own kind of package are.
func TestForbiddenVersions(t *testing.T) {
	policy, err := compliance.Load(fstest.MapFS{"software.yaml": {Data: []byte("rules:\n  - {id: old, category: debug, packages: [\"*:tool\"], versions: \"<1.10\"}\n")}})
	if err != nil {
		t.Fatal(err)
	}
	for version, want := range map[string]int{"1.9": 1, "1.10": 0, "1.10~rc1": 1, "1:1.2": 0} {
		facts := &report.ImageFacts{Packages: []report.Package{{Type: "deb", Name: "tool", Version: version}}}
		if got, _ := Compliance(facts, policy, nil); len(got) != want {
			t.Errorf("%s: %+v", version, got)
		}
	}
}

func TestUnwantedLicences(t *testing.T) {
	facts := &report.ImageFacts{
		Image: report.Image{Layers: layers},
		Packages: []report.Package{
			{Type: "deb", Name: "ghostscript", Version: "10", Licences: []string{"AGPL-3.0-or-later"}},
			{Type: "npm", Name: "good", Version: "1", Licences: []string{"MIT OR AGPL-3.0"}},
			{Type: "npm", Name: "net", Version: "1", Licences: []string{"AGPL-3.0"}, Path: "app/node_modules/net/package.json", Layer: 1},
			{Type: "npm", Name: "nothing", Version: "1"},
		},
		Licences: []report.LicenceFile{
			{Path: "app/node_modules/net/LICENSE", Licences: []string{"AGPL-3.0-only"}},
			{Path: "opt/db/LICENSE.txt", Licences: []string{"BUSL-1.1"}, Layer: 1},
			{Path: "opt/tool/LICENSE", Licences: []string{"GPL-3.0-only"}},
			{Path: "usr/share/doc/ghostscript/copyright", Package: "ghostscript", Licences: []string{"AGPL-3.0-or-later"}},
			{Path: "usr/lib/x/LICENSE", Licences: []string{"AGPL-3.0-only"}},
		},
	}
	all, err := Compliance(facts, compliance.Default(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range all {
		got = append(got, fmt.Sprint(f.Severity, " ", f.Rule, " ", f.Title, " ", f.Package, " ", f.Evidence))
	}
	want := []string{
		"medium network-copyleft Licence with obligations towards users over the network: net net [net 1: AGPL-3.0-only]",
		"medium source-available Licence that limits use: opt/db/LICENSE.txt  [opt/db/LICENSE.txt: BUSL-1.1]",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	inOrder(t, all[0].Solution, "Have those who answer for licences decide", "brought by `RUN apt-get install -y curl`")
	policy, err := compliance.Load(fstest.MapFS{"licences.yaml": {Data: []byte("missing: warn\n")}})
	if err != nil {
		t.Fatal(err)
	}
	all, _ = Compliance(facts, policy, nil)
	if last := all[len(all)-1]; last.Rule != "licence-missing" || last.Package != "nothing" || last.Evidence[0] != "nothing 1: no licence" {
		t.Errorf("%+v", last)
	}
}

func TestMaliciousPackages(t *testing.T) {
	k := &known{
		releases: []string{"npm"},
		matches: map[string][]advisory.Match{
			"evil":  {{ID: "MAL-2025-7", Title: "Malicious code in evil", References: []string{"https://example.com/7"}}},
			"taken": {{ID: "GHSA-aaaa", Aliases: []string{"MAL-2024-1"}, Severity: report.High}, {ID: "CVE-2024-1", Severity: report.Low}},
			"mall":  {{ID: "CVE-2024-2", Aliases: []string{"GHSA-MAL-1"}}},
		},
	}
	npm := func(name string) report.Package {
		return report.Package{Type: "npm", Ecosystem: "npm", Name: name, Version: "1.0", Path: "app/node_modules/" + name + "/package.json", Layer: 1}
	}
	facts := &report.ImageFacts{Image: report.Image{Layers: layers}, Packages: []report.Package{npm("evil"), npm("mall"), npm("taken")}}
	r, err := Report(facts, k, Options{Categories: []report.Category{report.System, report.Application}})
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, v := range r.Vulnerabilities {
		ids = append(ids, v.ID)
	}
	if diff := cmp.Diff([]string{"CVE-2024-1", "CVE-2024-2"}, ids); diff != "" {
		t.Errorf("vulnerabilities (-want +got):\n%s", diff)
	}
	if len(r.Findings) != 2 || r.Summary.Findings.Total != 2 || r.Summary.Total != 2 {
		t.Fatalf("%+v", r.Findings)
	}
	byRule := map[string]report.Finding{r.Findings[0].Rule: r.Findings[0], r.Findings[1].Rule: r.Findings[1]}
	for rule, name := range map[string]string{"MAL-2025-7": "evil", "MAL-2024-1": "taken"} {
		f := byRule[rule]
		if f.Category != report.Malicious || f.Severity != report.Critical || f.Package != name || f.Version != "1.0" || len(f.Locations) != 1 || f.Locations[0].Layer != 1 {
			t.Errorf("%s: %+v", rule, f)
		}
		inOrder(t, f.Title+" "+f.Details+" "+f.Solution, name, "published to do harm", rule, "Stop containers", "Change every secret", "Remove "+name, "brought by `RUN apt-get", "build on a clean machine")
	}
}

// What is judged without an advisory database says so.
func TestComplianceWithoutKnowledge(t *testing.T) {
	r, err := Report(&report.ImageFacts{OS: report.OS{ID: "debian", Version: "10"}}, nil, Options{Categories: []report.Category{report.Compliance, report.BaseImage}})
	if err != nil || len(r.Findings) != 0 || len(r.Notes) != 1 || r.Notes[0].Code != "no-advisories" {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestCommandsByPackageManager(t *testing.T) {
	for _, c := range []struct {
		os              report.OS
		kind            string
		upgrade, remove string
	}{
		{report.OS{ID: "debian", Version: "12"}, "deb", "apt-get install -y --only-upgrade x", "apt-get purge -y --auto-remove x"},
		{report.OS{ID: "alpine", Version: "3.20"}, "apk", "apk upgrade --no-cache x", "apk del x"},
		{report.OS{ID: "rocky", Version: "9.4"}, "rpm", "dnf upgrade -y x", "dnf remove -y x"},
		{report.OS{ID: "centos", Version: "7"}, "rpm", "yum update -y x", "yum remove -y x"},
		{report.OS{ID: "rhel", Version: "7.9"}, "rpm", "yum update -y x", "yum remove -y x"},
		{report.OS{ID: "amzn", Version: "2"}, "rpm", "yum update -y x", "yum remove -y x"},
		{report.OS{ID: "amzn", Version: "2023"}, "rpm", "dnf upgrade -y x", "dnf remove -y x"},
		{report.OS{ID: "sles", Version: "15.5"}, "rpm", "zypper --non-interactive update x", "zypper --non-interactive remove x"},
		{report.OS{ID: "opensuse-leap", Version: "15.6"}, "rpm", "zypper --non-interactive update x", "zypper --non-interactive remove x"},
		{report.OS{ID: "photon", Version: "5.0"}, "rpm", "tdnf update -y x", "tdnf remove -y x"},
		{report.OS{ID: "azurelinux", Version: "3.0"}, "rpm", "tdnf update -y x", "tdnf remove -y x"},
		{report.OS{ID: "arch"}, "alpm", "pacman -Syu --noconfirm", ""},
	} {
		p := report.Package{Type: c.kind, Name: "x"}
		if got := upgradeCommand(c.os, p); !strings.HasSuffix(got, c.upgrade) {
			t.Errorf("%s %s: %s", c.os.ID, c.os.Version, got)
		}
		if got := removeCommand(c.os, []report.Package{p}); !strings.HasSuffix(got, c.remove) || (got == "") != (c.remove == "") {
			t.Errorf("%s %s: %s", c.os.ID, c.os.Version, got)
		}
	}
	for kind, want := range map[string]string{
		"npm": "`npm install x@2` or `yarn up x@2` or `pnpm update x@2`", "pypi": "`pip install 'x>=2'`", "conda": "`conda install 'x>=2'`",
		"maven": " in pom.xml or build.gradle", "golang": "`go get x@v2`", "gem": "`bundle update --conservative x`",
		"composer": "`composer require --with-all-dependencies x:^2`", "cargo": "`cargo update -p x --precise 2`", "nuget": "`dotnet add package x --version 2`",
		"hex": "`mix deps.update x` or `rebar3 upgrade x`", "pub": "`dart pub upgrade x`", "swift": "`swift package update`", "cocoapods": "`pod update x`",
		"conan": "conanfile", "hackage": "cabal.project", "cran": "renv::install", "julia": "Pkg.update", "bitnami": "newer image",
	} {
		if got := dependencyChange(report.Package{Type: kind, Name: "x"}, "2"); !strings.Contains(got, want) {
			t.Errorf("%s: %s", kind, got)
		}
	}
	if got := dependencyChange(report.Package{Type: "npm", Name: "x; rm -rf /"}, "2"); got != " in package.json" {
		t.Errorf("%s", got)
	}
}
