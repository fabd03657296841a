package judge

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/advisory"
	"github.com/pratique/pratique/internal/report"
)

var _ Knowledge = (*advisory.DB)(nil)

// known is knowledge from tables; matches are by package name.
type known struct {
	matches  map[string][]advisory.Match
	kev      map[string]*report.KEV
	epss     map[string]*report.EPSS
	life     map[string]advisory.LifeCycle
	releases []string
	newest   string
	err      error
}

func (k *known) Match(os report.OS, p report.Package) ([]advisory.Match, error) {
	if p.Version == "odd" {
		return nil, fmt.Errorf("match %s: %w", p.Name, advisory.ErrVersion)
	}
	return k.matches[p.Name], k.err
}

func (k *known) Covers(os report.OS) bool              { return slices.Contains(k.releases, os.ID) }
func (k *known) CoversPackage(p report.Package) bool   { return slices.Contains(k.releases, p.Ecosystem) }
func (k *known) KEV(cve string) (*report.KEV, error)   { return k.kev[cve], nil }
func (k *known) EPSS(cve string) (*report.EPSS, error) { return k.epss[cve], nil }
func (k *known) Knowledge() report.Knowledge {
	return report.Knowledge{Revision: "r1", Newest: k.newest}
}
func (k *known) LifeCycles(p string) ([]advisory.LifeCycle, error) {
	var all []advisory.LifeCycle
	for _, l := range k.life {
		if l.Product == p {
			all = append(all, l)
		}
	}
	return all, k.err
}
func (k *known) EndOfLife(p, r string) (advisory.LifeCycle, bool, error) {
	l, ok := k.life[p+" "+r]
	return l, ok, k.err
}

var layers = []report.Layer{
	{Index: 0, Digest: "sha256:base", DiffID: "sha256:d0", Instruction: "ADD rootfs.tar /"},
	{Index: 1, DiffID: "sha256:d1", Instruction: "RUN apt-get install -y curl"},
}

func TestVulnerabilities(t *testing.T) {
	k := &known{
		releases: []string{"debian", "npm"},
		matches: map[string][]advisory.Match{
			"curl": {
				{ID: "CVE-2023-0001", FixState: report.Fixed, FixedVersion: "2", Severity: report.High},
				{ID: "CVE-2023-0002", FixState: report.NotFixed, Severity: report.Critical},
			},
			"left-pad": {
				{ID: "CVE-2023-0003", FixState: report.Fixed, FixedVersion: "2.0.0", Severity: report.High},
				{ID: "CVE-2023-0004", FixState: report.Fixed, FixedVersion: "2.0.0", Severity: report.High},
				{ID: "CVE-2023-0005", FixState: report.Fixed, FixedVersion: "2.0.0", Severity: report.High},
			},
			"owned": {{ID: "CVE-2023-0009"}},
		},
		kev:  map[string]*report.KEV{"CVE-2023-0005": {DateAdded: "2024-01-01"}},
		epss: map[string]*report.EPSS{"CVE-2023-0004": {Score: 0.5}, "CVE-2023-0001": {Score: 0.1}},
	}
	facts := &report.ImageFacts{
		OS:    report.OS{ID: "debian", Version: "12"},
		Image: report.Image{Layers: layers},
		Packages: []report.Package{
			{Type: "deb", Name: "curl", Version: "1", Source: "curl", SourceVersion: "1", Path: "var/lib/dpkg/status", Layer: 1},
			{Type: "npm", Ecosystem: "npm", Name: "left-pad", Version: "1.0.0", Path: "b/package.json", Layer: 1},
			{Type: "npm", Ecosystem: "npm", Name: "left-pad", Version: "1.0.0", Path: "a/package.json", Layer: 0},
			{Type: "npm", Ecosystem: "npm", Name: "owned", Version: "1.0.0", Path: "c/package.json", OwnedBy: "node"},
		},
	}
	vulns, notes, err := Vulnerabilities(facts, k, 1)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, v := range vulns {
		got = append(got, fmt.Sprintf("%s %s %s %s in %d", v.ID, v.Severity, v.Category, v.Package, len(v.Locations)))
	}
	want := []string{
		"CVE-2023-0002 critical system-vulnerability curl in 1",
		"CVE-2023-0005 high application-vulnerability left-pad in 2", // exploited
		"CVE-2023-0004 high application-vulnerability left-pad in 2", // likely
		"CVE-2023-0001 high system-vulnerability curl in 1",
		"CVE-2023-0003 high application-vulnerability left-pad in 2",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("findings (-want +got):\n%s", d)
	}
	if len(notes) != 0 {
		t.Errorf("notes: %v", notes)
	}
	wantAt := []report.Location{
		{Path: "a/package.json", Layer: 0, LayerDigest: "sha256:base", Instruction: "ADD rootfs.tar /"},
		{Path: "b/package.json", Layer: 1, LayerDigest: "sha256:d1", Instruction: "RUN apt-get install -y curl"},
	}
	if d := cmp.Diff(wantAt, vulns[1].Locations); d != "" {
		t.Errorf("locations (-want +got):\n%s", d)
	}
}

func TestFindingIDs(t *testing.T) {
	k := &known{releases: []string{"npm"}, matches: map[string][]advisory.Match{"a": {{ID: "CVE-2023-0001"}, {ID: "CVE-2023-0002"}}}}
	id := func(p report.Package) []string {
		vulns, _, err := Vulnerabilities(&report.ImageFacts{Packages: []report.Package{p}}, k, 1)
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, v := range vulns {
			ids = append(ids, v.FindingID)
		}
		return ids
	}
	a := id(report.Package{Type: "npm", Ecosystem: "npm", Name: "a", Version: "1", Path: "x"})
	moved := id(report.Package{Type: "npm", Ecosystem: "npm", Name: "a", Version: "1", Path: "y", Layer: 3})
	other := id(report.Package{Type: "npm", Ecosystem: "npm", Name: "a", Version: "2", Path: "x"})
	if d := cmp.Diff(a, moved); d != "" {
		t.Errorf("a package that moved has other findings:\n%s", d)
	}
	if a[0] == a[1] || slices.Contains(other, a[0]) {
		t.Errorf("findings share ids: %v, %v", a, other)
	}
	if len(a[0]) != 20 {
		t.Errorf("finding id %q", a[0])
	}
}

func TestNotes(t *testing.T) {
	k := &known{
		releases: []string{"debian", "npm"}, newest: "2024-08-01T00:00:00Z",
	}
	deb := func(n int, p report.Package) []report.Package {
		var out []report.Package
		for i := range n {
			q := p
			q.Type = "deb"
			q.Name += fmt.Sprint(i)
			out = append(out, q)
		}
		return out
	}
	tests := []struct {
		name string
		os   report.OS
		pkgs []report.Package
		want []string
	}{
		{"nothing to say", report.OS{ID: "debian", Version: "12.5"}, deb(1, report.Package{Version: "1"}), nil},
		{"empty image", report.OS{}, nil, nil},
		{"unknown system", report.OS{}, deb(2, report.Package{Version: "1"}),
			[]string{"os-unknown: The operating system was not recognized, so its 2 packages are listed but not matched with advisories."}},
		{"system without advisories", report.OS{ID: "openeuler", Version: "22.03", Name: "openEuler 22.03 LTS"}, deb(1, report.Package{Version: "1"}),
			[]string{"no-advisories: The database has no advisories for openEuler 22.03 LTS, so its 1 package is listed but not matched."}},
		{"language without advisories", report.OS{}, []report.Package{{Type: "hex", Ecosystem: "Hex", Name: "a", Version: "1"}},
			[]string{"no-advisories: The database has no advisories for Hex, so 1 package is listed but not matched."}},
		{"no version", report.OS{ID: "debian", Version: "12"}, deb(7, report.Package{Name: "p"}),
			[]string{"no-version: 7 packages are not matched because they name no version: p0, p1, p2, p3, p4, …."}},
		{"odd version", report.OS{}, []report.Package{{Type: "npm", Ecosystem: "npm", Name: "a\x1b[31m", Version: "odd"}},
			[]string{"version-not-understood: 1 package is not matched because the version cannot be compared with those in advisories: a [31m."}},
		{"third party", report.OS{ID: "debian", Version: "12", Name: "Debian GNU/Linux 12"}, deb(1, report.Package{Name: "nodejs", Version: "18-1nodesource1"}),
			[]string{"foreign-packages: 1 package is not built by Debian GNU/Linux 12, so its advisories do not apply and nothing is known about them: nodejs0."}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			vulns, notes, err := Vulnerabilities(&report.ImageFacts{OS: tt.os, Packages: tt.pkgs}, k, 1)
			if err != nil || vulns == nil {
				t.Fatal(vulns, err)
			}
			var got []string
			for _, n := range notes {
				got = append(got, n.Code+": "+n.Message)
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("notes (-want +got):\n%s", d)
			}
		})
	}
}

func TestSolution(t *testing.T) {
	debian := report.OS{ID: "debian", Version: "12", Name: "Debian GNU/Linux 12"}
	base := report.Location{Layer: 0, Path: "p"}
	step := report.Location{Layer: 2, Path: "p", Instruction: "RUN  apt-get install -y `curl`"}
	fixed := func(version string) *advisory.Match {
		return &advisory.Match{ID: "CVE-2023-0001", FixState: report.Fixed, FixedVersion: version}
	}
	tests := []struct {
		name string
		os   report.OS
		pkg  report.Package
		m    *advisory.Match
		at   report.Location
		want string
	}{
		{"deb of the base image", debian, report.Package{Type: "deb", Name: "curl", Version: "1", SourceVersion: "1"}, fixed("2"), base,
			"Upgrade curl from 1 to 2 or later. It comes with the base image: rebuild on a newer one, or add `RUN apt-get update && apt-get install -y --only-upgrade curl` to the Dockerfile. Then push and scan again."},
		{"deb of a later step", debian, report.Package{Type: "deb", Name: "curl", Version: "1"}, fixed("2"), step,
			"Upgrade curl from 1 to 2 or later: add `RUN apt-get update && apt-get install -y --only-upgrade curl` after `RUN apt-get install -y 'curl'`, or rebuild that step without the cache. Then push and scan again."},
		{"version of the source differs", debian, report.Package{Type: "deb", Name: "libdevmapper1.02.1", Version: "2:1.02.185-2", SourceVersion: "2.03.16-2"},
			&advisory.Match{FixState: report.Fixed, FixedVersion: "2.03.16-3", Source: "lvm2"}, report.Location{Layer: 1},
			"Upgrade libdevmapper1.02.1 from 2:1.02.185-2 to a build of lvm2 2.03.16-3 or later: add `RUN apt-get update && apt-get install -y --only-upgrade libdevmapper1.02.1` to the Dockerfile, or rebuild without the cache. Then push and scan again."},
		{"ubuntu pro", report.OS{ID: "ubuntu"}, report.Package{Type: "deb", Name: "jq", Version: "1"},
			&advisory.Match{FixState: report.Fixed, FixedVersion: "1+esm1", SubscriptionFix: true}, base,
			"Upgrade jq from 1 to 1+esm1 or later. It comes with the base image: rebuild on a newer one, or add `RUN apt-get update && apt-get install -y --only-upgrade jq` to the Dockerfile. Only Ubuntu Pro has this fix: attach a subscription in the build, or move to a release with standard support. Then push and scan again."},
		{"apk", report.OS{ID: "alpine"}, report.Package{Type: "apk", Name: "libssl3", Version: "1"}, fixed("2"), base,
			"Upgrade libssl3 from 1 to 2 or later. It comes with the base image: rebuild on a newer one, or add `RUN apk upgrade --no-cache libssl3` to the Dockerfile. Then push and scan again."},
		{"hostile name", debian, report.Package{Type: "deb", Name: "a; rm -rf /", Version: "1"}, fixed("2"), base,
			"Upgrade a; rm -rf / from 1 to 2 or later. It comes with the base image: rebuild on a newer one. Then push and scan again."},
		{"no fix", debian, report.Package{Type: "deb", Name: "curl", Version: "1"}, &advisory.Match{ID: "CVE-2023-0001", FixState: report.NotFixed}, base,
			"No fixed version yet. Remove curl if the image works without it, or limit what can reach it; exempt CVE-2023-0001 for a limited time if you accept the risk, and scan again when there is a fix."},
		{"will not be fixed", debian, report.Package{Type: "deb", Name: "curl", Version: "1"}, &advisory.Match{ID: "CVE-2023-0001", FixState: report.WontFix}, base,
			"Debian GNU/Linux 12 will not fix this in this release. Remove curl if the image works without it, or move to a newer release; if neither is possible, limit what can reach it and exempt CVE-2023-0001 for a limited time."},
		{"npm", debian, report.Package{Type: "npm", Name: "@a/b", Version: "1.0.0"}, fixed("1.2.0"), report.Location{Layer: 3, Path: "app/node_modules/@a/b/package.json", Instruction: "RUN npm ci"},
			"Upgrade @a/b from 1.0.0 to 1.2.0 or later in package.json (`npm install @a/b@1.2.0` or `yarn up @a/b@1.2.0` or `pnpm update @a/b@1.2.0`). It was brought by `RUN npm ci`. Then rebuild, push and scan again."},
		{"part of npm", debian, report.Package{Type: "npm", Name: "tar", Version: "1.0.0"}, fixed("1.2.0"), report.Location{Path: "usr/lib/node_modules/npm/node_modules/tar/package.json"},
			"Upgrade tar from 1.0.0 to 1.2.0 or later. It is part of npm: upgrade npm or the Node.js image. It comes with the base image: a newer one may have the fix. Then rebuild, push and scan again."},
		{"nested jar", debian, report.Package{Type: "maven", Name: "org.a:b", Version: "1.0"}, fixed("1.2"), report.Location{Layer: 1, Path: "app/app.jar!/BOOT-INF/lib/b-1.0.jar"},
			"Upgrade org.a:b from 1.0 to 1.2 or later in pom.xml or build.gradle. It is inside app/app.jar (BOOT-INF/lib/b-1.0.jar): rebuild or replace that archive. Then rebuild, push and scan again."},
		{"go standard library", debian, report.Package{Type: "golang", Name: "stdlib", Version: "1.20.1"}, fixed("1.20.10"), report.Location{Layer: 1, Path: "usr/local/bin/tool"},
			"Upgrade stdlib from 1.20.1 to 1.20.10 or later: rebuild tool with Go 1.20.10 or later. Then rebuild, push and scan again."},
		{"go module", debian, report.Package{Type: "golang", Name: "golang.org/x/net", Version: "v0.1.0"}, fixed("0.17.0"), report.Location{Layer: 1, Path: "usr/local/bin/tool"},
			"Upgrade golang.org/x/net from v0.1.0 to 0.17.0 or later in go.mod (`go get golang.org/x/net@v0.17.0`) and rebuild tool. Then rebuild, push and scan again."},
		{"python", debian, report.Package{Type: "pypi", Name: "requests", Version: "2.0"}, fixed("2.31.0"), report.Location{Layer: 1},
			"Upgrade requests from 2.0 to 2.31.0 or later in requirements.txt or pyproject.toml (`pip install 'requests>=2.31.0'`). Then rebuild, push and scan again."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := solution(tt.os, tt.pkg, tt.m, []report.Location{tt.at}, 1)
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("solution (-want +got):\n%s", d)
			}
		})
	}
	for layer, want := range map[int]bool{0: true, 1: true, 2: false} {
		for _, kind := range []string{"deb", "npm"} {
			got := solution(debian, report.Package{Type: kind, Name: "x", Version: "1"}, fixed("2"), []report.Location{{Layer: layer}}, 2)
			if strings.Contains(got, "base image") != want {
				t.Errorf("%s in layer %d of a base of two layers: %s", kind, layer, got)
			}
		}
	}
	for _, kind := range []string{"gem", "composer", "cargo", "nuget", "hex", "pub", "bitnami"} {
		if got := solution(debian, report.Package{Type: kind, Name: "x", Version: "1"}, fixed("2"), []report.Location{{Layer: 1}}, 1); !strings.Contains(got, "from 1 to 2 or later") || !strings.Contains(got, " in ") && kind != "bitnami" {
			t.Errorf("%s: %s", kind, got)
		}
	}
}

func TestReportIsDeterministic(t *testing.T) {
	k := &known{releases: []string{"npm"}, matches: make(map[string][]advisory.Match)}
	facts := &report.ImageFacts{Notes: []report.Note{{Code: "collector-failed"}}}
	for i := range 50 {
		name := fmt.Sprint("p", i)
		facts.Packages = append(facts.Packages, report.Package{Type: "npm", Ecosystem: "npm", Name: name, Version: "1"})
		k.matches[name] = []advisory.Match{{ID: "CVE-2023-0001"}, {ID: "CVE-2023-0002"}}
	}
	facts.Packages = append(facts.Packages, report.Package{Type: "hex", Ecosystem: "Hex", Name: "x", Version: "1"})
	var first string
	for range 5 {
		rep, err := Report(facts, k, Options{})
		if err != nil {
			t.Fatal(err)
		}
		b, err := json.Marshal(rep)
		if err != nil {
			t.Fatal(err)
		}
		if first == "" {
			first = string(b)
		}
		if first != string(b) {
			t.Fatal("two reports of the same differ")
		}
		if rep.Summary.Total != 100 || rep.Advisories.Revision != "r1" || len(rep.Notes) != 2 || rep.Notes[0].Code != "collector-failed" {
			t.Fatalf("report %+v", rep)
		}
	}
}

func TestEmptyReport(t *testing.T) {
	rep, err := Report(&report.ImageFacts{}, &known{}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(rep)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"vulnerabilities":[]`, `"packages":[]`} {
		if !strings.Contains(string(b), want) {
			t.Errorf("%s is not in %s", want, b)
		}
	}
}

func TestUnreadableKnowledge(t *testing.T) {
	broken := errors.New("disk on fire")
	k := &known{releases: []string{"npm"}, err: broken}
	facts := &report.ImageFacts{Packages: []report.Package{{Type: "npm", Ecosystem: "npm", Name: "a", Version: "1"}}}
	if _, err := Report(facts, k, Options{}); !errors.Is(err, broken) {
		t.Errorf("error %v, want the one of the knowledge", err)
	}
}

func TestHostileLayerIndex(t *testing.T) {
	k := &known{releases: []string{"npm"}, matches: map[string][]advisory.Match{"a": {{ID: "CVE-2023-0001"}}}}
	for _, layer := range []int{-1, 0, 7} {
		facts := &report.ImageFacts{Packages: []report.Package{{Type: "npm", Ecosystem: "npm", Name: "a", Version: "1", Layer: layer}}}
		if vulns, _, err := Vulnerabilities(facts, k, 1); err != nil || len(vulns) != 1 {
			t.Errorf("layer %d: %v, %v", layer, vulns, err)
		}
	}
}
