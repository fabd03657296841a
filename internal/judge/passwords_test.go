package judge

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/report"
)

func TestPasswords(t *testing.T) {
	weak := func(service, user, path, how string, layer int, hidden report.Hidden) report.WeakPassword {
		return report.WeakPassword{Service: service, User: user, Path: path, Line: layer + 1, Scheme: "yescrypt", How: how,
			Masked: "********", Changed: "2024-03-01", Layer: layer, Hidden: hidden}
	}
	facts := &report.ImageFacts{
		Image: report.Image{
			Layers: layers,
			Passwords: []report.WeakPassword{
				{Service: "mysql", User: "app", Scheme: "plain", How: "word", Masked: "********", Config: "environment variable MYSQL_PASSWORD", Layer: report.NoLayer},
				{Service: "nonsense", Scheme: "plain", How: "common", Masked: "********", Config: "environment variable X_PASSWORD", Layer: report.NoLayer},
			},
		},
		Passwords: []report.WeakPassword{
			weak("system", "app", "etc/shadow", "common", 0, report.Replaced),
			weak("system", "app", "etc/shadow", "common", 1, ""),
			weak("system", "old", "etc/shadow", "account-name", 0, report.Replaced),
			weak("system", "root", "etc/shadow", "account-name", 1, ""),
			weak("system", "nobody; rm -rf /\x1b[2J", "etc/shadow", "empty", 1, ""),
		},
	}
	got := Passwords(facts)
	type brief struct {
		Rule     string
		Severity report.Severity
		Evidence []string
		At       int
	}
	var briefs []brief
	ids := make(map[string]bool)
	for _, f := range got {
		briefs = append(briefs, brief{f.Rule, f.Severity, f.Evidence, len(f.Locations)})
		if f.FindingID == "" || ids[f.FindingID] || f.Category != report.Password || f.Title == "" || f.Details == "" || len(f.References) == 0 {
			t.Errorf("%+v", f)
		}
		ids[f.FindingID] = true
		if text := f.Solution + f.Details + strings.Join(f.Evidence, ""); strings.Contains(text, "\x1b") || strings.Contains(f.Solution, "rm -rf") {
			t.Errorf("%q", text)
		}
	}
	want := []brief{
		{"no-system-password", report.Critical, []string{"account nobody; rm -rf / [2J: no password"}, 1},
		{"weak-system-password", report.Critical, []string{"account root: ******** (yescrypt), the account's own name or a variant of it"}, 1},
		{"weak-mysql-password", report.High, []string{"account app: ******** (plain), a word of the list given with the rules"}, 1},
		{"weak-nonsense-password", report.High, []string{"account without a name: ******** (plain), a common password"}, 1},
		{"weak-system-password", report.High, []string{"account app: ******** (yescrypt), a common password"}, 2},
		{"weak-system-password", report.Medium, []string{"account old: ******** (yescrypt), the account's own name or a variant of it"}, 1},
	}
	if diff := cmp.Diff(want, briefs); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for i, words := range [][]string{
		{"passwd -l ACCOUNT", "layer 1", "etc/shadow"},
		{"passwd -l root", "layer 1 (`RUN apt-get install -y curl`)", "etc/shadow", "chpasswd -e", "more than eight"},
		{"ALTER USER 'app'", "environment variable MYSQL_PASSWORD", "MYSQL_ROOT_PASSWORD_FILE"},
		{"Change the password in the application", "environment variable X_PASSWORD"},
		{"passwd -l app", "below later ones", "base image"},
		{"passwd -l old", "layer 0"},
	} {
		at := 0
		for _, w := range words {
			n := strings.Index(got[i].Solution[at:], w)
			if n < 0 {
				t.Errorf("%d: no %q in its place in %q", i, w, got[i].Solution)
				continue
			}
			at += n
		}
	}
	if !strings.Contains(got[1].Details, "2024-03-01") || !strings.Contains(got[0].Details, "without a password") {
		t.Errorf("%q, %q", got[1].Details, got[0].Details)
	}
	if none := Passwords(&report.ImageFacts{}); none == nil || len(none) != 0 {
		t.Errorf("nothing became %v", none)
	}
}

// The id of a finding does not depend on layer, line, scheme or kind of guess.
func TestPasswordFindingIDIsStable(t *testing.T) {
	one := Passwords(&report.ImageFacts{Passwords: []report.WeakPassword{{Service: "system", User: "a", Path: "etc/shadow", Line: 1, Scheme: "descrypt", How: "common"}}})
	two := Passwords(&report.ImageFacts{Passwords: []report.WeakPassword{
		{Service: "system", User: "a", Path: "etc/shadow", Line: 7, Scheme: "yescrypt", How: "word", Layer: 3},
		{Service: "system", User: "b", Path: "etc/shadow", Line: 8},
	}})
	if one[0].FindingID != two[0].FindingID || two[0].FindingID == two[1].FindingID {
		t.Errorf("%s, %s, %s", one[0].FindingID, two[0].FindingID, two[1].FindingID)
	}
}
