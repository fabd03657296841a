package judge

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/report"
	"github.com/pratique/pratique/internal/signature"
)

func TestMalicious(t *testing.T) {
	bad, good := sha256.Sum256([]byte("bad")), sha256.Sum256([]byte("good"))
	rules, err := signature.Load(fstest.MapFS{
		"ours.sha256": {Data: fmt.Appendf(nil, "%x  Our.Miner\n", bad)},
		"ours.sfp":    {Data: fmt.Appendf(nil, "%x:4:harmless\n", good)},
	})
	if err != nil {
		t.Fatal(err)
	}
	facts := &report.ImageFacts{
		Image: report.Image{Layers: []report.Layer{{DiffID: "sha256:0"}, {Index: 1, DiffID: "sha256:1", Instruction: "COPY . /srv"}}},
		Malware: []report.Malware{
			{Rule: "eicar", Engine: signature.EngineRules, Path: "srv/a.zip", Inner: "x/e.com", Size: 68, SHA256: "aa", Layer: 1},
			{Rule: "eicar", Engine: signature.EngineRules, Path: "srv/a.zip", Inner: "y/e.com", Size: 68, SHA256: "aa", Layer: 1},
			{Rule: "miner-stratum-address", Engine: signature.EngineRules, Path: "srv/run.sh", Line: 3, Excerpt: "stratum…", Layer: 0, Hidden: report.Deleted},
			{Rule: "Win.Test", Engine: signature.EngineClamd, Path: "srv/b", Layer: 1},
			{Rule: "Good.Test", Engine: signature.EngineSignatures, Path: "srv/g", Size: 4, SHA256: hex.EncodeToString(good[:]), Layer: 1},
			{Rule: "rule-of-yesterday", Engine: signature.EngineRules, Path: "srv/old", Layer: 1},
		},
		Hashes: []report.FileHash{
			{Path: "srv/miner", Size: 3, SHA256: base64.RawStdEncoding.EncodeToString(bad[:]), Layer: 1},
			{Path: "srv/other", Size: 3, SHA256: base64.RawStdEncoding.EncodeToString(good[:]), Layer: 1},
			{Path: "srv/odd", Size: 3, SHA256: "%"},
		},
	}
	var got []string
	for _, f := range Malicious(facts, rules) {
		got = append(got, fmt.Sprintf("%s %s %s %d×", f.Severity, f.Rule, f.Locations[0].Path, len(f.Locations)))
		for _, w := range []string{"Do not run this image.", f.Locations[0].Path, "build again"} {
			if !strings.Contains(f.Solution, w) {
				t.Errorf("%s: no %q in %q", f.Rule, w, f.Solution)
			}
		}
		if f.Title == "" || f.Details == "" || f.FindingID == "" {
			t.Errorf("%+v", f)
		}
	}
	want := []string{
		"critical Our.Miner srv/miner 1×",
		"critical miner-stratum-address srv/run.sh 1×",
		"high eicar srv/a.zip 1×",
		"high Win.Test srv/b 1×",
		"high rule-of-yesterday srv/old 1×",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	if none := Malicious(&report.ImageFacts{}, rules); none == nil || len(none) != 0 {
		t.Errorf("nothing became %v", none)
	}
}

// TestMaliciousSignatures is about what signatures of a user find: within archives,
// unwanted programs, and signatures that are not supported.
func TestMaliciousSignatures(t *testing.T) {
	bad := sha256.Sum256([]byte("bad"))
	rules, err := signature.Load(fstest.MapFS{
		"ours.sha256": {Data: fmt.Appendf(nil, "%x\n", bad)},
		"ours.ndb":    {Data: []byte("Ours.Pattern:0:*:61626364\nOurs.Page:3:*:61626364\nOurs.Mail:4:*:61626364\n")},
	})
	if err != nil {
		t.Fatal(err)
	}
	facts := &report.ImageFacts{
		Image:  report.Image{Layers: []report.Layer{{DiffID: "sha256:0"}}},
		Hashes: []report.FileHash{{Path: "srv/a.jar", Inner: "native/x.so", Size: 3, SHA256: base64.RawStdEncoding.EncodeToString(bad[:])}},
		Malware: []report.Malware{
			{Rule: "Ours.Pattern", Engine: signature.EngineSignatures, Path: "srv/b", Line: 2},
			{Rule: "PUA.Tool", Engine: signature.EngineClamd, Path: "srv/c"},
			{Rule: "web-shell-php-eval", Engine: signature.EngineRules, Path: "srv/d.zip", Inner: "x.php", Line: 7},
		},
	}
	var got []string
	for _, f := range Malicious(facts, rules) {
		got = append(got, fmt.Sprintf("%s %s %s:%d %q", f.Severity, f.Rule, f.Locations[0].Path, f.Locations[0].Line, f.Evidence[:min(len(f.Evidence), 1)]))
	}
	want := []string{
		`critical listed-hash srv/a.jar:0 ["in native/x.so"]`,
		`critical web-shell-php-eval srv/d.zip:0 ["in x.php"]`,
		`high Ours.Pattern srv/b:2 []`,
		`medium PUA.Tool srv/c:0 []`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	notes := skippedSignatures(rules)
	if len(notes) != 1 || !strings.Contains(notes[0].Message, "2 signatures") || !strings.Contains(notes[0].Message, "ours.ndb, line 2") || skippedSignatures(signature.Default()) != nil {
		t.Errorf("%+v", notes)
	}
}
