package judge

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pratique/pratique/internal/report"
)

// maliciousPrefix begins the ids of advisories about packages that were published
// to do harm, of the OSV project and of those who gather such packages for it.
const maliciousPrefix = "MAL-"

// maliciousPackages takes the packages that were published to do harm out of
// vulnerabilities, and returns the rest and the findings they are; both are in
// the order of vulns and neither is nil. The advisory is the finding's rule.
func maliciousPackages(vulns []report.Vulnerability) ([]report.Vulnerability, []report.Finding) {
	rest := make([]report.Vulnerability, 0, len(vulns))
	findings := []report.Finding{}
	for _, v := range vulns {
		if id := maliciousID(v); id != "" {
			findings = append(findings, maliciousFinding(id, v))
		} else {
			rest = append(rest, v)
		}
	}
	return rest, findings
}

// maliciousID returns the name of a vulnerability that says that the package is
// malicious, if it has one.
func maliciousID(v report.Vulnerability) string {
	for _, id := range append([]string{v.ID}, v.Aliases...) {
		if strings.HasPrefix(id, maliciousPrefix) {
			return id
		}
	}
	return ""
}

func maliciousFinding(id string, v report.Vulnerability) report.Finding {
	name, version := report.Printable(v.Package, 200), report.Printable(v.Version, 120)
	f := report.Finding{
		FindingID:  findingID(report.Malicious, id, strings.Join([]string{v.Type, v.Package, v.Version}, " ")),
		Category:   report.Malicious,
		Rule:       id,
		Title:      "Malicious package: " + name,
		Severity:   report.Critical,
		Package:    v.Package,
		Version:    v.Version,
		Details:    fmt.Sprintf("This package was published to do harm, or its maker's account was taken over for that (%s). Its code may have run when it was installed, and runs whenever a program loads it.", report.Printable(id, 80)),
		Evidence:   []string{name + " " + version},
		Locations:  slices.Clone(v.Locations),
		References: slices.Clone(v.References),
	}
	if v.Title != "" {
		f.Details += " " + report.Printable(v.Title, 300)
	}
	where := ""
	if len(v.Locations) > 0 && v.Locations[0].Instruction != "" {
		where = fmt.Sprintf(" It was brought by %s.", code(instruction(v.Locations[0])))
	}
	f.Solution = fmt.Sprintf("Stop containers of this image and do not run it again. Change every secret that the build or a container could reach: tokens of registries and of the pipeline, cloud keys, passwords, SSH keys. "+
		"Remove %s from the dependencies and the lock file; look for a misspelt name, and empty the caches of packages.%s Then build on a clean machine, push and scan again.", name, where)
	return f
}
