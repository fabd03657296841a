package judge

import "github.com/pratique/pratique/internal/report"

// software is one version of a package, however many copies there are.
type software struct{ kind, name, version string }

// countVulnerabilities tells each package how many distinct vulnerabilities its
// version has (§3.4). What belongs to a distribution package has none of its
// own: those are the owner's.
func countVulnerabilities(packages []report.Package, vulnerabilities []report.Vulnerability) {
	ids := make(map[software]map[string]bool)
	for _, v := range vulnerabilities {
		of := software{v.Type, v.Package, v.Version}
		if ids[of] == nil {
			ids[of] = make(map[string]bool)
		}
		ids[of][v.ID] = true
	}
	for n := range packages {
		p := &packages[n]
		p.Vulnerabilities = 0
		if p.OwnedBy == "" {
			p.Vulnerabilities = len(ids[software{p.Type, p.Name, p.Version}])
		}
	}
}
