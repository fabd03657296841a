package advisory

import (
	"fmt"
	"slices"
	"strings"

	gocvss20 "github.com/pandatix/go-cvss/20"
	gocvss30 "github.com/pandatix/go-cvss/30"
	gocvss31 "github.com/pandatix/go-cvss/31"
	gocvss40 "github.com/pandatix/go-cvss/40"

	"github.com/pratique/pratique/internal/report"
)

// parseCVSS reads a vector of any version and computes its base score.
func parseCVSS(vector string) (report.CVSS, error) {
	if len(vector) > maxVector {
		return report.CVSS{}, fmt.Errorf("a CVSS vector of %d characters", len(vector))
	}
	c := report.CVSS{Vector: vector}
	switch {
	case strings.HasPrefix(vector, "CVSS:4.0/"):
		v, err := gocvss40.ParseVector(vector)
		if err != nil {
			return report.CVSS{}, err
		}
		c.Version, c.Score = "4.0", v.Score()
	case strings.HasPrefix(vector, "CVSS:3.1/"):
		v, err := gocvss31.ParseVector(vector)
		if err != nil {
			return report.CVSS{}, err
		}
		c.Version, c.Score = "3.1", v.BaseScore()
	case strings.HasPrefix(vector, "CVSS:3.0/"):
		v, err := gocvss30.ParseVector(vector)
		if err != nil {
			return report.CVSS{}, err
		}
		c.Version, c.Score = "3.0", v.BaseScore()
	default:
		v, err := gocvss20.ParseVector(strings.Trim(vector, "()"))
		if err != nil {
			return report.CVSS{}, err
		}
		c.Version, c.Score = "2.0", v.BaseScore()
	}
	return c, nil
}

// maxVector is longer than any vector with all metrics of CVSS 4.0.
const maxVector = 400

// compareCVSS puts the rating to prefer first: the newest version of the
// standard, then the highest score.
func compareCVSS(a, b report.CVSS) int {
	if c := strings.Compare(b.Version, a.Version); c != 0 {
		return c
	}
	switch {
	case a.Score > b.Score:
		return -1
	case a.Score < b.Score:
		return 1
	}
	return strings.Compare(a.Vector, b.Vector)
}

// severityOfWord reads the words databases use. Words that rate nothing, such
// as "untriaged", give Unknown and false.
func severityOfWord(word string) (report.Severity, bool) {
	switch strings.ToLower(word) {
	case "critical":
		return report.Critical, true
	case "high", "important":
		return report.High, true
	case "medium", "moderate":
		return report.Medium, true
	case "low":
		return report.Low, true
	case "negligible", "unimportant":
		return report.Negligible, true
	}
	return report.Unknown, false
}

// vectorsOf returns the valid CVSS vectors among severities, without repeats.
func vectorsOf(severities []osvSeverity) []string {
	var out []string
	for _, s := range severities {
		if !strings.HasPrefix(s.Type, "CVSS") {
			continue
		}
		vector := string(s.Score)
		if _, err := parseCVSS(vector); err == nil && !slices.Contains(out, vector) {
			out = append(out, vector)
		}
	}
	return out
}
