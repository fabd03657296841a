package judge

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/pratique/pratique/internal/report"
)

// maliciousPackage is the rule about packages that were published to do harm.
const maliciousPackage = "malicious-package"

// maliciousPackages takes the packages that were published to do harm out of
// vulnerabilities and returns the rest and the findings they are. The OSV project
// and those it takes records from name such packages in advisories MAL-…. Neither
// slice is nil.
func maliciousPackages(vulns []report.Vulnerability) ([]report.Vulnerability, []report.Finding) {
	rest := make([]report.Vulnerability, 0, len(vulns))
	bad := make(map[[3]string]*report.Finding)
	findings := []report.Finding{}
	var order [][3]string
	for _, v := range vulns {
		id := maliciousID(v)
		if id == "" {
			rest = append(rest, v)
			continue
		}
		key := [3]string{v.Type, v.Package, v.Version}
		f := bad[key]
		if f == nil {
			f = maliciousFinding(v)
			bad[key] = f
			order = append(order, key)
		}
		f.Evidence = append(f.Evidence, fmt.Sprintf("%s %s, by %s", printable(v.Package, 200), printable(v.Version, 120), printable(id, 80)))
		f.Locations = append(f.Locations, v.Locations...)
		for _, r := range v.References {
			if !slices.Contains(f.References, r) {
				f.References = append(f.References, r)
			}
		}
	}
	for _, key := range order {
		f := bad[key]
		slices.SortFunc(f.Locations, func(a, b report.Location) int {
			return cmp.Or(strings.Compare(a.Path, b.Path), cmp.Compare(a.Layer, b.Layer))
		})
		f.Locations = slices.Compact(f.Locations)
		findings = append(findings, *f)
	}
	return rest, findings
}

// maliciousID returns the name of a vulnerability that says the package is
// malicious, if it has one.
func maliciousID(v report.Vulnerability) string {
	for _, id := range append([]string{v.ID}, v.Aliases...) {
		if strings.HasPrefix(id, "MAL-") {
			return id
		}
	}
	return ""
}

func maliciousFinding(v report.Vulnerability) *report.Finding {
	name, version := printable(v.Package, 200), printable(v.Version, 120)
	f := &report.Finding{
		FindingID: findingID(report.Malicious, maliciousPackage, strings.Join([]string{v.Type, v.Package, v.Version}, " ")),
		Category:  report.Malicious,
		Rule:      maliciousPackage,
		Title:     "Malicious package: " + name,
		Severity:  report.Critical,
		Package:   v.Package,
		Version:   v.Version,
		Details:   fmt.Sprintf("%s %s was published to do harm, or was taken over by somebody who did: its code may have run when it was installed, and runs whenever the program loads it.", name, version),
	}
	if v.Title != "" {
		f.Details += " " + printable(v.Title, 300)
	}
	where := ""
	if len(v.Locations) > 0 && v.Locations[0].Instruction != "" {
		where = fmt.Sprintf(" It was brought by %s.", code(instruction(v.Locations[0])))
	}
	f.Solution = fmt.Sprintf("Stop containers of this image and do not run it again. Change every secret that the build or a container could reach: tokens of registries and of the pipeline, cloud keys, passwords, keys for SSH. "+
		"Remove %s from the dependencies and the lock file, look for a misspelt or look-alike name, and clear caches of packages.%s Then build on a clean machine, without caches, push and scan again.", name, where)
	return f
}
