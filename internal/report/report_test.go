package report

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSeverityOfScore(t *testing.T) {
	for score, want := range map[float64]Severity{
		0: Unknown, 0.1: Low, 3.9: Low, 4: Medium, 6.9: Medium, 7: High, 8.9: High, 9: Critical, 10: Critical,
	} {
		if got := SeverityOfScore(score); got != want {
			t.Errorf("score %v is %v, want %v", score, got, want)
		}
	}
}

func TestSeverityText(t *testing.T) {
	for _, s := range Severities() {
		text, err := s.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		var back Severity
		if err := back.UnmarshalText(text); err != nil || back != s {
			t.Errorf("%s came back as %v (%v)", text, back, err)
		}
	}
	if s, err := ParseSeverity(" HIGH "); err != nil || s != High {
		t.Errorf("got %v, %v", s, err)
	}
	if s, err := ParseSeverity("none"); err != nil || s != Unknown {
		t.Errorf("none is %v (%v), want unknown", s, err)
	}
	if _, err := ParseSeverity("urgent"); err == nil {
		t.Error("urgent was taken for a severity")
	}
	if _, err := Severity(17).MarshalText(); err == nil {
		t.Error("a severity out of range was written")
	}
}

func TestSummarize(t *testing.T) {
	got := Summarize([]Vulnerability{
		{Severity: Low, Category: System},
		{Severity: Critical, Category: Application, FixedVersion: "2"},
		{Severity: Unknown, Category: System},
	})
	want := Summary{
		Severity: Critical, Total: 3, Fixable: 1, System: 2, Application: 1,
		BySeverity: map[Severity]int{Critical: 1, High: 0, Medium: 0, Low: 1, Negligible: 0, Unknown: 1},
		Findings:   SummarizeFindings(nil),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("summary (-want +got):\n%s", diff)
	}
	// Every severity is a key of the JSON form, so that readers need no defaults.
	text, err := json.Marshal(Summarize(nil))
	if err != nil {
		t.Fatal(err)
	}
	var back struct{ BySeverity map[string]int }
	if err := json.Unmarshal(text, &back); err != nil || len(back.BySeverity) != 6 {
		t.Errorf("%s: %v", text, err)
	}
}

// Findings are counted apart: they change nothing that the gate looks at.
func TestSummarizeFindings(t *testing.T) {
	got := SummarizeFindings([]Finding{
		{Severity: High, Category: Sensitive}, {Severity: Low, Category: Sensitive}, {Severity: Low, Category: Baseline},
	})
	want := FindingSummary{
		Severity: High, Total: 3,
		BySeverity: map[Severity]int{Critical: 0, High: 1, Medium: 0, Low: 2, Negligible: 0, Unknown: 0},
		ByCategory: map[Category]int{Sensitive: 2, Baseline: 1},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("summary (-want +got):\n%s", diff)
	}
	if text, err := json.Marshal(SummarizeFindings(nil)); err != nil || !strings.Contains(string(text), `"byCategory":{}`) {
		t.Errorf("%s: %v", text, err)
	}
}

func TestCategories(t *testing.T) {
	seen := make(map[Category]bool)
	for _, c := range Categories() {
		if c == "" || seen[c] {
			t.Errorf("%q twice or empty", c)
		}
		seen[c] = true
	}
	if len(seen) != 10 {
		t.Errorf("%d categories, want ten", len(seen))
	}
}
