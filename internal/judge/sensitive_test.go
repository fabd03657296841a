package judge

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/report"
	"github.com/pratique/pratique/internal/secret"
)

func TestSensitive(t *testing.T) {
	facts := &report.ImageFacts{
		Image: report.Image{
			Layers: layers,
			Secrets: []report.Secret{
				{Rule: "github-token", Config: "environment variable GH", Excerpt: "GH=ghp_********", Layer: report.NoLayer},
				{Rule: "github-token", Config: "build instruction 2", Line: 7, Excerpt: "GH=ghp_********", Layer: 1},
			},
		},
		Secrets: []report.Secret{
			{Rule: "netrc", Path: "root/.netrc", Line: 2, Excerpt: "password ********", Layer: 1},
			{Rule: "netrc", Path: "root/.netrc", Line: 1, Excerpt: "password ********", Layer: 0, Hidden: report.Replaced},
			{Rule: "shell-history", Path: "root/.bash_history", Layer: 1, Hidden: report.Deleted},
			{Rule: "no-such-rule", Path: "a\x1b[2J", Line: 1, Layer: 99},
		},
	}
	got := Sensitive(facts, secret.Default())
	type brief struct {
		Rule      string
		Severity  report.Severity
		Evidence  int
		Locations []report.Location
	}
	var briefs []brief
	ids := make(map[string]bool)
	for _, f := range got {
		briefs = append(briefs, brief{f.Rule, f.Severity, len(f.Evidence), f.Locations})
		if ids[f.FindingID] || f.FindingID == "" || f.Category != report.Sensitive || f.Title == "" {
			t.Errorf("%+v", f)
		}
		ids[f.FindingID] = true
		if strings.Contains(f.Solution, "\x1b") {
			t.Errorf("%q", f.Solution)
		}
	}
	base := report.Location{Layer: 0, LayerDigest: "sha256:base", Instruction: "ADD rootfs.tar /"}
	top := report.Location{Layer: 1, LayerDigest: "sha256:d1", Instruction: "RUN apt-get install -y curl"}
	with := func(l report.Location, path string, line int, hidden report.Hidden, config string) report.Location {
		l.Path, l.Line, l.Hidden, l.Config = path, line, hidden, config
		return l
	}
	want := []brief{
		{"github-token", report.Critical, 1, []report.Location{
			{Layer: report.NoLayer, Config: "environment variable GH"}, with(top, "", 0, "", "build instruction 2")}},
		{"netrc", report.Critical, 1, []report.Location{
			with(base, "root/.netrc", 1, report.Replaced, ""), with(top, "root/.netrc", 2, "", "")}},
		{"no-such-rule", report.Medium, 0, []report.Location{{Path: "a\x1b[2J", Layer: 99, Line: 1}}},
		{"shell-history", report.Low, 0, []report.Location{with(top, "root/.bash_history", 0, report.Deleted, "")}},
	}
	if diff := cmp.Diff(want, briefs); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for i, words := range [][]string{
		{"Revoke the token", "environment variable GH", "build secret"},
		{"Change every password", "root/.netrc", "layer 0 (`ADD rootfs.tar /`)", "hides it", "base image"},
		{"Revoke"},
		{"layer 1 (`RUN apt-get install -y curl`)", "hides it"},
	} {
		at := 0
		for _, w := range words {
			n := strings.Index(got[i].Solution[at:], w)
			if n < 0 {
				t.Errorf("%s: no %q in its place in %q", got[i].Rule, w, got[i].Solution)
				continue
			}
			at += n
		}
	}
	if none := Sensitive(&report.ImageFacts{}, secret.Default()); none == nil || len(none) != 0 {
		t.Errorf("nothing became %v", none)
	}
}

// A finding's id does not change with lines, layers or what else is found.
func TestFindingIDIsStable(t *testing.T) {
	one := Sensitive(&report.ImageFacts{Secrets: []report.Secret{{Rule: "netrc", Path: "a", Line: 1}}}, secret.Default())
	two := Sensitive(&report.ImageFacts{Secrets: []report.Secret{{Rule: "jwt", Path: "a"}, {Rule: "netrc", Path: "a", Line: 9, Layer: 3}}}, secret.Default())
	if one[0].FindingID != two[0].FindingID || two[0].FindingID == two[1].FindingID {
		t.Errorf("%s, %s, %s", one[0].FindingID, two[0].FindingID, two[1].FindingID)
	}
	if len(one[0].FindingID) != 20 {
		t.Errorf("%s", one[0].FindingID)
	}
}

// The categories chosen are judged and no others; none of it changes what the
// gate decides by.
func TestCategoriesChosen(t *testing.T) {
	facts := &report.ImageFacts{Secrets: []report.Secret{{Rule: "netrc", Path: "a", Line: 1}}, Image: report.Image{Secrets: []report.Secret{{Rule: "jwt", Config: "label a"}}}}
	r, err := Report(facts, nil, Options{Categories: []report.Category{report.Sensitive}})
	if err != nil || len(r.Findings) != 2 || r.Summary.Total != 0 || r.Summary.Findings.Total != 2 || r.Image.Secrets != nil {
		t.Errorf("%+v, %v", r, err)
	}
	r, err = Report(facts, &known{}, Options{Categories: []report.Category{report.System}})
	if err != nil || r.Findings == nil || len(r.Findings) != 0 {
		t.Errorf("%+v, %v", r, err)
	}
	if facts.Image.Secrets == nil {
		t.Error("the facts were changed")
	}
}
