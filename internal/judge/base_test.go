package judge

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/advisory"
	"github.com/pratique/pratique/internal/report"
)

const someDigest = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

// based are facts of an image of three layers: the distribution, a runtime, and
// what was built on them.
func based() *report.ImageFacts {
	return &report.ImageFacts{
		OS: report.OS{ID: "debian", Version: "12.5", Name: "Debian GNU/Linux 12 (bookworm)"},
		Image: report.Image{
			Layers: []report.Layer{
				{Index: 0, DiffID: "sha256:d0", Instruction: "ADD file:1234 in /"},
				{Index: 1, DiffID: "sha256:d1", Instruction: "RUN apt-get install -y java"},
				{Index: 2, DiffID: "sha256:d2", Instruction: "COPY app /"},
			},
			Secrets: []report.Secret{
				{Rule: "github-token", Config: "environment variable GH", Excerpt: "GH=ghp_********", Layer: report.NoLayer},
				{Rule: "github-token", Config: "build instruction 2", Excerpt: "GH=ghp_********", Layer: 1},
			},
		},
		Packages: []report.Package{
			{Type: "deb", Name: "libc", Version: "1", Path: "var/lib/dpkg/status", Layer: 0},
			{Type: "deb", Name: "java", Version: "1", Path: "var/lib/dpkg/status", Layer: 1},
			{Type: "npm", Ecosystem: "npm", Name: "pad", Version: "1", Path: "a/package.json", Layer: 1},
			{Type: "npm", Ecosystem: "npm", Name: "pad", Version: "1", Path: "b/package.json", Layer: 2},
		},
		Secrets: []report.Secret{
			{Rule: "netrc", Path: "root/.netrc", Line: 1, Excerpt: "password ********", Layer: 0},
			{Rule: "netrc", Path: "app/.netrc", Line: 1, Excerpt: "password ********", Layer: 2},
		},
	}
}

func baseKnowledge() *known {
	k := &known{releases: []string{"debian", "npm"}, matches: map[string][]advisory.Match{}, newest: "2026-01-01T00:00:00Z",
		life: map[string]advisory.LifeCycle{"debian 12": {EndOfLife: "2028-06-30"}}}
	for _, name := range []string{"libc", "java", "pad"} {
		k.matches[name] = []advisory.Match{{ID: "CVE-2026-" + name, Severity: report.High, FixState: report.NotFixed}}
	}
	return k
}

func judged(t *testing.T, facts *report.ImageFacts, known *Bases) *report.Report {
	t.Helper()
	// An image of so few facts fails many checks of settings, which is not what
	// these tests are about.
	categories := slices.DeleteFunc(report.Categories(), func(c report.Category) bool { return c == report.Baseline })
	r, err := Report(facts, baseKnowledge(), Options{Bases: known, Categories: categories})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// origins lists "finding origin" of all there are.
func origins(r *report.Report) []string {
	var out []string
	for _, v := range r.Vulnerabilities {
		out = append(out, fmt.Sprintf("%s %s", v.Package, v.Origin))
	}
	for _, f := range r.Findings {
		where := f.Locations[0].Path
		if where == "" {
			where = f.Locations[0].Config
		}
		out = append(out, fmt.Sprintf("%s %s %s", f.Rule, where, f.Origin))
	}
	return out
}

// A base that gets no fixes any more is told as such, and is a finding of its own.
func TestBaseEndOfLife(t *testing.T) {
	k := baseKnowledge()
	for newest, want := range map[string]string{"2026-01-01T00:00:00Z": "", "2030-01-01T00:00:00Z": "2028-06-30"} {
		k.newest = newest
		r, err := Report(based(), k, Options{})
		if err != nil {
			t.Fatal(err)
		}
		found := slices.ContainsFunc(r.Findings, func(f report.Finding) bool { return f.Rule == "end-of-life-distribution" })
		if r.Base.EndOfLife != want || found != (want != "") {
			t.Errorf("on %s: %q, %t", newest, r.Base.EndOfLife, found)
		}
	}
}

func TestBaseByLayers(t *testing.T) {
	facts := based()
	// Annotations say something else, which counts less.
	facts.Image.Annotations = map[string]string{annotationBaseName: "elsewhere:1"}
	base := &BaseImage{Registry: "registry.example", Name: "team/java", Tag: "17", Digest: "sha256:old", Layers: 2, ByLayers: true}
	newer := &BaseImage{Registry: "registry.example", Name: "team/java", Tag: "21", Digest: "sha256:new"}
	want := &report.Base{
		Name: "registry.example/team/java:17", Version: "17", Digest: "sha256:old", Source: report.BaseByLayers, Layers: 2,
		Findings: 3, OwnFindings: 3,
	}
	r := judged(t, facts, &Bases{Base: base})
	if diff := cmp.Diff(want, r.Base); diff != "" {
		t.Errorf("without a newer one (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{
		"java base", "libc base", "pad own", // pad is also above the base
		"github-token environment variable GH own", // and in the history of the base
		"netrc app/.netrc own", "netrc root/.netrc base",
	}, origins(r)); diff != "" {
		t.Errorf("origins (-want +got):\n%s", diff)
	}
	if r.Summary.Total+r.Summary.Findings.Total != r.Base.Findings+r.Base.OwnFindings {
		t.Errorf("the base counts %d and %d of %d findings", r.Base.Findings, r.Base.OwnFindings, r.Summary.Total+r.Summary.Findings.Total)
	}

	// Not scanned.
	r = judged(t, facts, &Bases{Base: base, Newer: newer})
	want.Newer = &report.NewerBase{Name: "registry.example/team/java:21", Digest: "sha256:new", Removes: -1, Adds: -1}
	want.OwnFindings++
	if diff := cmp.Diff(want, r.Base); diff != "" {
		t.Errorf("with a newer one (-want +got):\n%s", diff)
	}
	f := r.Findings[len(r.Findings)-1]
	if f.Rule != "newer-base" || f.Category != report.BaseImage || f.Severity != report.Low || f.Origin != report.FromOwn ||
		!strings.Contains(f.Details, "once both are scanned") {
		t.Errorf("finding: %+v", f)
	}

	// The newer one has mended java and the secret, keeps libc, and brings two
	// of its own, one of which the old base had, too.
	newer.Flaws = Flaws{"CVE-2026-libc deb libc": true, "CVE-2026-new deb libc": true, "CVE-2026-gone deb perl": true}
	base.Flaws = Flaws{"CVE-2026-libc deb libc": true, "CVE-2026-java deb java": true, "CVE-2026-gone deb perl": true}
	again := judged(t, facts, &Bases{Base: base, Newer: newer})
	if n := again.Base.Newer; n.Removes != 2 || n.Adds != 1 {
		t.Errorf("newer: %+v", n)
	}
	var found *report.Finding
	for i := range again.Findings {
		if again.Findings[i].Rule == "newer-base" {
			found = &again.Findings[i]
		}
	}
	if found == nil || found.Severity != report.Medium || found.FindingID != f.FindingID ||
		!strings.Contains(found.Details, "2 of this base's findings and brings 1 of its own") ||
		!strings.Contains(found.Solution, "`FROM registry.example/team/java:21@sha256:new` in the Dockerfile and build") {
		t.Errorf("finding: %+v", found)
	}

	// A registry without a name of its own cannot say where to pull from.
	base.Registry, newer.Registry = "", ""
	r = judged(t, facts, &Bases{Base: base, Newer: newer})
	if text, _ := json.Marshal(r.Findings); !strings.Contains(string(text), "with the address of this registry before the name") || r.Base.Name != "team/java:17" {
		t.Errorf("%s", text)
	}

	// The same facts and knowledge, the same bytes.
	one, _ := json.Marshal(judged(t, based(), &Bases{Base: base, Newer: newer}))
	two, _ := json.Marshal(judged(t, based(), &Bases{Base: base, Newer: newer}))
	if string(one) != string(two) {
		t.Error("two reports differ")
	}
}

func TestBaseByAnnotation(t *testing.T) {
	type says map[string]string
	for _, tc := range []struct {
		name        string
		annotations says
		labels      says
		held        *BaseImage
		want        report.Base
	}{
		{"name and digest", says{annotationBaseName: "docker.io/library/debian:12", annotationBaseDigest: someDigest}, nil, nil,
			report.Base{Name: "docker.io/library/debian:12", Version: "12", Digest: someDigest}},
		{"digest in the name", says{annotationBaseName: "registry:5000/debian@" + someDigest}, nil, nil,
			report.Base{Name: "registry:5000/debian", Digest: someDigest}},
		{"no digest", says{annotationBaseName: "debian:12", annotationBaseDigest: "sha256:short"}, nil, nil,
			report.Base{Name: "debian:12", Version: "12"}},
		{"labels", says{"other": "x"}, says{annotationBaseName: "debian:12"}, nil,
			report.Base{Name: "debian:12", Version: "12"}},
		{"annotations before labels", says{annotationBaseDigest: someDigest}, says{annotationBaseName: "debian:12"}, nil,
			report.Base{Digest: someDigest}},
		{"hostile", says{annotationBaseName: "deb\x1b[2Jian:\xff" + strings.Repeat("x", 9999)}, nil, nil,
			report.Base{Name: "deb [2Jian:?" + strings.Repeat("x", 500) + "…", Version: "?" + strings.Repeat("x", 500) + "…"}},
		{"held, of other layers", says{annotationBaseName: "debian:12", annotationBaseDigest: someDigest}, nil, &BaseImage{Name: "team/debian", Tag: "12.5"},
			report.Base{Name: "debian:12", Version: "12", Digest: someDigest}},
		{"held, without a name", says{annotationBaseDigest: someDigest}, nil, &BaseImage{Name: "team/debian", Tag: "12.5", Layers: 3},
			report.Base{Name: "team/debian:12.5", Version: "12.5", Digest: someDigest, Layers: 3, Findings: 5, OwnFindings: 1}}, // the environment's is its own
	} {
		t.Run(tc.name, func(t *testing.T) {
			facts := based()
			facts.Image.Annotations, facts.Image.Config.Labels = tc.annotations, tc.labels
			r := judged(t, facts, &Bases{Base: tc.held})
			tc.want.Source = report.BaseByAnnotation
			if diff := cmp.Diff(tc.want, *r.Base); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			for _, f := range r.Findings {
				if f.Category == report.BaseImage {
					t.Errorf("finding: %+v", f)
				}
			}
		})
	}
}

func TestBaseByDistribution(t *testing.T) {
	for _, tc := range []struct {
		instruction string
		want        int
	}{
		{"ADD file:1234 in /", 1},
		{"ADD rootfs in /", 1},
		{"ADD alpine-minirootfs-3.20.0-x86_64.tar.gz /", 1},
		{"ADD almalinux-9.tar.xz /", 1},
		{"ADD rootfs.tar /", 1},
		{"# debian.sh --arch 'amd64' out/ 'bookworm'", 1},
		{"ADD file:1234 in /app/", 0},
		{"ADD app.jar /", 0},
		{"ADD a.tar b.tar /", 0},
		{"ADD in /", 0},
		{"ADD /", 0},
		{"COPY rootfs.tar /", 0},
		{"RUN debian.sh --arch", 0},
		{"", 0},
	} {
		facts := based()
		facts.Image.Layers[0].Instruction = tc.instruction
		r := judged(t, facts, nil)
		want := &report.Base{Name: "debian", Version: "12.5", Source: report.BaseByDistribution, Layers: tc.want}
		if tc.want > 0 {
			want.Findings, want.OwnFindings = 2, 4
		}
		if diff := cmp.Diff(want, r.Base); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tc.instruction, diff)
		}
		for _, o := range origins(r) {
			if strings.HasSuffix(o, "base") && tc.want == 0 {
				t.Errorf("%q: %s", tc.instruction, o)
			}
		}
	}
	// Without an operating system and without annotations nothing tells.
	facts := based()
	facts.OS = report.OS{}
	if r := judged(t, facts, &Bases{}); r.Base != nil || len(r.Findings) != 3 {
		t.Errorf("%+v, %d findings", r.Base, len(r.Findings))
	}
	// No layers, and no knowledge where no vulnerabilities are looked for.
	facts = &report.ImageFacts{OS: report.OS{ID: "debian", Version: "12"}}
	r, err := Report(facts, nil, Options{Categories: []report.Category{report.BaseImage}})
	if err != nil || r.Base.EndOfLife != "" || r.Base.Layers != 0 {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestNoKnownBase(t *testing.T) {
	for _, tc := range []struct {
		name  string
		set   func(*report.ImageFacts)
		known *Bases
		want  bool
	}{
		{"on an unknown base", func(*report.ImageFacts) {}, &Bases{}, true},
		{"of unknown layers", func(f *report.ImageFacts) { f.Image.Layers[0].Instruction = "" }, &Bases{}, true},
		{"no registry asked", func(*report.ImageFacts) {}, nil, false},
		{"annotated", func(f *report.ImageFacts) { f.Image.Annotations = map[string]string{annotationBaseName: "debian:12"} }, &Bases{}, false},
		{"known", func(*report.ImageFacts) {}, &Bases{Base: &BaseImage{ByLayers: true, Layers: 1}}, false},
		{"the distribution itself", func(f *report.ImageFacts) { f.Image.Layers = f.Image.Layers[:1] }, &Bases{}, false},
		{"a single layer", func(f *report.ImageFacts) {
			f.Image.Layers = f.Image.Layers[:1]
			f.Image.Layers[0].Instruction = ""
		}, &Bases{}, false},
	} {
		facts := based()
		tc.set(facts)
		found := false
		for _, f := range judged(t, facts, tc.known).Findings {
			if f.Rule == "no-known-base" {
				found = true
				if f.Severity != report.Low || f.Category != report.BaseImage || f.Solution == "" || !strings.Contains(f.Details, "Debian GNU/Linux 12") {
					t.Errorf("%s: %+v", tc.name, f)
				}
			}
		}
		if found != tc.want {
			t.Errorf("%s: found %v, want %v", tc.name, found, tc.want)
		}
	}
}

func TestFlaws(t *testing.T) {
	r := judged(t, based(), &Bases{})
	want := Flaws{"CVE-2026-libc deb libc": true, "CVE-2026-java deb java": true, "CVE-2026-pad npm pad": true}
	for _, f := range r.Findings {
		if f.Rule == "netrc" {
			want[f.FindingID] = true
		}
	}
	if diff := cmp.Diff(want, FlawsOf(r)); diff != "" || len(want) != 5 {
		t.Errorf("all layers (-want +got):\n%s", diff)
	}
	// A newer version of a package with the same trouble is no better.
	facts := based()
	facts.Packages[0].Version = "2"
	if n := FlawsOf(r).without(FlawsOf(judged(t, facts, nil))); n != 0 {
		t.Errorf("%d flaws less by a newer version that has them, too", n)
	}
	if n := FlawsOf(r).without(nil); n != 5 {
		t.Errorf("%d flaws that nothing lacks", n)
	}
}

func FuzzAnnotatedBase(f *testing.F) {
	f.Add("registry:5000/debian:12@"+someDigest, "", "ADD file:1234 in /")
	f.Add("debian", someDigest, "ADD a.tar.gz /")
	f.Fuzz(func(t *testing.T, name, digest, instruction string) {
		img := &report.Image{
			Annotations: map[string]string{annotationBaseName: name, annotationBaseDigest: digest},
			Layers:      []report.Layer{{Instruction: instruction}},
		}
		gotName, gotDigest := AnnotatedBase(img)
		if gotDigest != "" && !wholeDigest.MatchString(gotDigest) {
			t.Errorf("digest %q", gotDigest)
		}
		if len(gotName) > 600 || gotName != report.Printable(gotName, 600) || !strings.HasSuffix(gotName, tagOf(gotName)) {
			t.Errorf("name %q, tag %q", gotName, tagOf(gotName))
		}
		if n := rootLayers(img); n < 0 || n > len(img.Layers) {
			t.Errorf("%d layers", n)
		}
	})
}
