package advisory

import (
	"testing"

	"github.com/pratique/pratique/internal/report"
)

func TestParseCVSS(t *testing.T) {
	for _, tt := range []struct {
		vector, version string
		score           float64
	}{
		{"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", "4.0", 9.3},
		{"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", "3.1", 10},
		{"CVSS:3.0/AV:A/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", "3.0", 6.5},
		{"AV:N/AC:L/Au:N/C:P/I:P/A:P", "2.0", 7.5},
		{"(AV:N/AC:L/Au:N/C:P/I:P/A:P)", "2.0", 7.5},
	} {
		c, err := parseCVSS(tt.vector)
		if err != nil || c.Version != tt.version || c.Score != tt.score {
			t.Errorf("%s: %+v, %v", tt.vector, c, err)
		}
	}
	for _, vector := range []string{"", "CVSS:3.1/", "CVSS:9.9/AV:N", "high", "CVSS:3.1/AV:N/AC:L"} {
		if c, err := parseCVSS(vector); err == nil {
			t.Errorf("%q is %+v", vector, c)
		}
	}
}

func TestSeverityWords(t *testing.T) {
	for word, want := range map[string]report.Severity{
		"CRITICAL": report.Critical, "HIGH": report.High, "Important": report.High, "MODERATE": report.Medium,
		"medium": report.Medium, "LOW": report.Low, "unimportant": report.Negligible, "negligible": report.Negligible,
	} {
		if got, ok := severityOfWord(word); got != want || !ok {
			t.Errorf("%s: %v, %v", word, got, ok)
		}
	}
	for _, word := range []string{"", "untriaged", "not yet assigned", "none"} {
		if got, ok := severityOfWord(word); ok {
			t.Errorf("%q is rated %v", word, got)
		}
	}
}
