package judge

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/baseline"
	"github.com/pratique/pratique/internal/report"
)

func baselineFacts() *report.ImageFacts {
	return &report.ImageFacts{
		OS: report.OS{ID: "debian"},
		Image: report.Image{Layers: layers, Config: report.ImageConfig{User: "app", Healthcheck: []string{"x"}, Steps: []report.BuildStep{
			{Instruction: "ADD rootfs.tar /", Layer: 0}, {Instruction: "RUN curl https://a | sh", Layer: 1}}}},
		Configs: []report.ConfigFile{
			{Path: "etc/pam.d/common-password", Mode: 0o644, Content: "password required pam_unix.so\n"},
			{Path: "etc/passwd", Mode: 0o644, Content: "root:x:0:0::/root:\napp:x:5:5::/:\n", Layer: 1},
			{Path: "etc/shadow", Mode: 0o640, Content: "root:*:1:\napp::1:\n", Layer: 1},
		},
	}
}

func TestBaseline(t *testing.T) {
	checks, findings := Baseline(baselineFacts(), baseline.Default(), baseline.Known{})
	if len(checks) != len(baseline.Default().IDs()) {
		t.Errorf("%d checks of %d rules", len(checks), len(baseline.Default().IDs()))
	}
	counts := make(map[report.CheckResult]int)
	for _, c := range checks {
		counts[c.Result]++
	}
	if counts[report.Failed] != 7 || counts[report.Passed] == 0 || counts[report.NotApplicable] == 0 {
		t.Errorf("%v", counts)
	}
	type brief struct {
		Rule      string
		Severity  report.Severity
		Locations []report.Location
	}
	var got []brief
	ids := make(map[string]bool)
	for _, f := range findings {
		got = append(got, brief{f.Rule, f.Severity, f.Locations})
		if ids[f.FindingID] || len(f.FindingID) != 20 || f.Category != report.Baseline || f.Title == "" || f.Details == "" || len(f.Evidence) == 0 {
			t.Errorf("%+v", f)
		}
		ids[f.FindingID] = true
	}
	base := report.Location{Layer: 0, LayerDigest: "sha256:base", Instruction: "ADD rootfs.tar /"}
	top := report.Location{Layer: 1, LayerDigest: "sha256:d1", Instruction: "RUN apt-get install -y curl"}
	with := func(l report.Location, path string, line int, config string) report.Location {
		l.Path, l.Line, l.Config = path, line, config
		return l
	}
	want := []brief{
		{"account-empty-password", report.High, []report.Location{with(top, "etc/shadow", 2, "")}},
		{"image-pipe-to-shell", report.Medium, []report.Location{with(top, "", 0, "build instruction 2")}},
		{"password-complexity", report.Low, []report.Location{with(base, "etc/pam.d/common-password", 0, "")}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("(-want +got):\n%s", diff)
	}
	for n, words := range [][]string{
		{"Lock the account", "after `RUN apt-get install -y curl`: `RUN passwd -l app`"},
		{"compare its checksum", "It comes with `RUN apt-get"},
		{"libpam-pwquality", "In the Dockerfile, after `ADD rootfs.tar /`: `RUN apt-get update", "base image"},
	} {
		at := 0
		for _, w := range words {
			i := strings.Index(findings[n].Solution[at:], w)
			if i < 0 {
				t.Errorf("%s: no %q in its place in %q", findings[n].Rule, w, findings[n].Solution)
				continue
			}
			at += i
		}
	}
	if _, none := Baseline(&report.ImageFacts{}, new(baseline.Rules), baseline.Known{}); none == nil || len(none) != 0 {
		t.Errorf("nothing became %v", none)
	}
}

// The same facts make the same bytes; where it is does not make another finding.
func TestBaselineIsStable(t *testing.T) {
	encode := func(facts *report.ImageFacts) string {
		checks, findings := Baseline(facts, baseline.Default(), baseline.Known{})
		raw, err := json.Marshal([]any{checks, findings})
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	if first, second := encode(baselineFacts()), encode(baselineFacts()); first != second {
		t.Error("not the same again")
	}
	_, one := Baseline(baselineFacts(), baseline.Default(), baseline.Known{})
	moved := baselineFacts()
	moved.Configs[2].Layer, moved.Configs[2].Content = 0, "x:*:1:\nroot:*:1:\nb::1:\n"
	_, two := Baseline(moved, baseline.Default(), baseline.Known{})
	if one[0].FindingID != two[0].FindingID || one[0].Locations[0] == two[0].Locations[0] {
		t.Errorf("%+v\n%+v", one[0], two[0])
	}
}

// A report has the checks if settings were to be looked at.
func TestReportChecks(t *testing.T) {
	r, err := Report(baselineFacts(), nil, Options{Categories: []report.Category{report.Baseline}})
	if err != nil || len(r.Checks) == 0 || len(r.Findings) != 3 || r.Summary.Findings.ByCategory[report.Baseline] != 3 || r.Summary.Total != 0 {
		t.Errorf("%d checks, %d findings, %+v, %v", len(r.Checks), len(r.Findings), r.Summary, err)
	}
	if r, err = Report(baselineFacts(), nil, Options{Categories: []report.Category{report.Sensitive}}); err != nil || r.Checks != nil || len(r.Findings) != 0 {
		t.Errorf("%+v, %v", r, err)
	}
}
