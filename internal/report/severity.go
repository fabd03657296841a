package report

import (
	"fmt"
	"strings"
)

// Severity ranks a finding. The order of the constants is the order the
// download gate compares by (specification §4.2): a severity at or above a
// namespace's threshold blocks.
type Severity int

const (
	// Unknown means nobody rated the finding. It ranks below all others, so it
	// blocks only under the threshold "none".
	Unknown Severity = iota
	// Negligible is what some distributions call an issue they will not fix
	// because it has no practical effect.
	Negligible
	Low
	Medium
	High
	Critical
)

var severityNames = [...]string{"unknown", "negligible", "low", "medium", "high", "critical"}

// Severities lists all severities, worst first.
func Severities() []Severity {
	return []Severity{Critical, High, Medium, Low, Negligible, Unknown}
}

// String returns the lower-case name.
func (s Severity) String() string {
	if s < Unknown || s > Critical {
		return fmt.Sprintf("severity(%d)", int(s))
	}
	return severityNames[s]
}

// ParseSeverity reads a severity name in any case. "none" and the empty string
// are Unknown.
func ParseSeverity(name string) (Severity, error) {
	name = strings.ToLower(strings.TrimSpace(name))
	if name == "none" || name == "" {
		return Unknown, nil
	}
	for i, n := range severityNames {
		if n == name {
			return Severity(i), nil
		}
	}
	return Unknown, fmt.Errorf("%q is not a severity: use none, low, medium, high or critical", name)
}

// MarshalText writes the lower-case name.
func (s Severity) MarshalText() ([]byte, error) {
	if s < Unknown || s > Critical {
		return nil, fmt.Errorf("severity %d is out of range", int(s))
	}
	return []byte(severityNames[s]), nil
}

// UnmarshalText reads what MarshalText writes.
func (s *Severity) UnmarshalText(text []byte) error {
	v, err := ParseSeverity(string(text))
	if err != nil {
		return err
	}
	*s = v
	return nil
}

// SeverityOfScore is the qualitative rating of a CVSS base score (0.0 to 10.0)
// by the bands of CVSS 3.1 §5, which the specification repeats in §3.1. A score
// of 0 is Unknown: CVSS calls it "none", and nothing publishes an advisory to
// say that.
func SeverityOfScore(score float64) Severity {
	switch {
	case score >= 9.0:
		return Critical
	case score >= 7.0:
		return High
	case score >= 4.0:
		return Medium
	case score > 0:
		return Low
	}
	return Unknown
}
