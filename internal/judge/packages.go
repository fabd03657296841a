package judge

import "github.com/pratique/pratique/internal/report"

// Packages finds what is wrong with the packages of an image: vulnerabilities as
// they are in its report, and packages that were published to do harm. It needs
// no facts but the operating system and the packages; layers that facts do not
// describe have no digest in the locations, and solutions take the lowest layer
// for the base image's. Neither slice is nil.
func Packages(facts *report.ImageFacts, k Knowledge) ([]report.Vulnerability, []report.Finding, error) {
	vulns, _, err := Vulnerabilities(facts, k, 1)
	if err != nil {
		return nil, nil, err
	}
	vulns, malicious := maliciousPackages(vulns)
	return vulns, malicious, nil
}

// Urgency orders vulnerabilities as reports do, what is most urgent first.
func Urgency(a, b *report.Vulnerability) int { return compareVulnerabilities(a, b) }
