package judge

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/pratique/pratique/internal/advisory"
	"github.com/pratique/pratique/internal/compliance"
	"github.com/pratique/pratique/internal/report"
)

// Compliance finds software that the policy does not want, licences that it does
// not want, and runtimes that get no fixes any more; worst first. Without
// knowledge (k is nil) nothing is said of the last. The slice is never nil.
func Compliance(facts *report.ImageFacts, policy *compliance.Policy, k Knowledge) ([]report.Finding, error) {
	findings := slices.Concat(forbiddenSoftware(facts, policy), unwantedLicences(facts, policy))
	if k != nil {
		ended, err := endedRuntimes(facts, k)
		if err != nil {
			return nil, err
		}
		findings = append(findings, ended...)
	}
	slices.SortStableFunc(findings, func(a, b report.Finding) int { return cmp.Compare(b.Severity, a.Severity) })
	return append([]report.Finding{}, findings...), nil
}

// subject is what makes a finding of this category one: a rule, and what it is
// about. Versions are no part of it, so that a decision outlives an upgrade.
type subject struct{ rule, kind, name string }

func (s subject) compare(o subject) int {
	return cmp.Or(strings.Compare(s.rule, o.rule), strings.Compare(s.kind, o.kind), strings.Compare(s.name, o.name))
}

// offence is what a finding is made of.
type offence struct {
	rule     compliance.Rule
	packages []report.Package
	files    []report.Location
	evidence []string
}

// offences collects what findings are made of.
type offences map[subject]*offence

func (o offences) at(s subject, rule compliance.Rule) *offence {
	if o[s] == nil {
		o[s] = &offence{rule: rule}
	}
	return o[s]
}

// findings turns offences into findings, in the order of their subjects.
func (o offences) findings(facts *report.ImageFacts) []report.Finding {
	var out []report.Finding
	for _, s := range slices.SortedFunc(maps.Keys(o), subject.compare) {
		out = append(out, complianceFinding(s, o[s], facts))
	}
	return out
}

func complianceFinding(s subject, o *offence, facts *report.ImageFacts) report.Finding {
	f := report.Finding{
		FindingID:  findingID(report.Compliance, s.rule, s.kind+" "+s.name),
		Category:   report.Compliance,
		Rule:       s.rule,
		Title:      o.rule.Title,
		Severity:   o.rule.Severity,
		Details:    o.rule.Reason,
		References: slices.Clone(o.rule.References),
	}
	if s.name != "" && s.rule != endOfLifeRuntime {
		f.Title += ": " + report.Printable(s.name, 200)
	}
	f.Package, f.Version = oneOf(o.packages)
	for _, e := range o.evidence {
		if !slices.Contains(f.Evidence, e) {
			f.Evidence = append(f.Evidence, e)
		}
	}
	if more := len(f.Evidence) - maxEvidence; more > 0 {
		f.Evidence = append(f.Evidence[:maxEvidence], fmt.Sprintf("and %d more", more))
	}
	f.Locations = slices.Clone(o.files)
	for _, p := range o.packages {
		f.Locations = append(f.Locations, locate(facts.Image, p.Path, p.Layer))
	}
	slices.SortFunc(f.Locations, func(a, b report.Location) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), cmp.Compare(a.Layer, b.Layer), strings.Compare(a.Config, b.Config))
	})
	f.Locations = slices.Compact(f.Locations)
	f.Solution = o.rule.Remedy + source(facts.OS, o.packages, f.Locations)
	return f
}

// oneOf returns the name and the version that packages share; empty where they
// share none.
func oneOf(pkgs []report.Package) (name, version string) {
	if len(pkgs) == 0 {
		return "", ""
	}
	name, version = pkgs[0].Name, pkgs[0].Version
	for _, p := range pkgs[1:] {
		if p.Name != name {
			return "", ""
		}
		if p.Version != version {
			version = ""
		}
	}
	return name, version
}

// source says what brought something and where to take it out.
func source(os report.OS, pkgs []report.Package, at []report.Location) string {
	if len(at) == 0 || at[0].Layer == report.NoLayer {
		return ""
	}
	upper := slices.MaxFunc(at, func(a, b report.Location) int { return cmp.Compare(a.Layer, b.Layer) })
	lower := slices.MinFunc(at, func(a, b report.Location) int { return cmp.Compare(a.Layer, b.Layer) })
	var s strings.Builder
	switch {
	case upper.Layer > 0 && upper.Instruction != "":
		fmt.Fprintf(&s, " It was brought by %s.", code(instruction(upper)))
	case upper.Layer > 0:
		fmt.Fprintf(&s, " It was brought by layer %d.", upper.Layer)
	}
	if lower.Layer == 0 {
		s.WriteString(" It comes with the base image: use a smaller one")
		if command := removeCommand(os, pkgs); command != "" {
			fmt.Fprintf(&s, ", or add %s, which keeps it from being used but not from being read", code(command))
		}
		s.WriteString(".")
	}
	return s.String()
}

// removeCommand removes one distribution package; empty where that is not one
// plain command.
func removeCommand(os report.OS, pkgs []report.Package) string {
	name, _ := oneOf(pkgs)
	if name == "" || !plainWord.MatchString(name) {
		return ""
	}
	switch pkgs[0].Type {
	case "deb":
		return "RUN apt-get purge -y --auto-remove " + name
	case "apk":
		return "RUN apk del " + name
	case "rpm":
		switch manager := rpmManager(os); manager {
		case "zypper":
			return "RUN zypper --non-interactive remove " + name
		default:
			return "RUN " + manager + " remove -y " + name
		}
	}
	return ""
}

// forbiddenSoftware finds packages and programs by the policy's rules.
func forbiddenSoftware(facts *report.ImageFacts, policy *compliance.Policy) []report.Finding {
	found := make(offences)
	packaged := make(map[string]bool) // rules of which a distribution package is installed
	for _, p := range facts.Packages {
		if p.OwnedBy != "" {
			continue // its owner is judged
		}
		for _, rule := range policy.Forbidden(p, advisory.CompareVersions) {
			s := subject{rule.ID, p.Type, p.Name}
			if rule.Together {
				s = subject{rule: rule.ID}
			}
			o := found.at(s, rule)
			o.packages = append(o.packages, p)
			o.evidence = append(o.evidence, packageName(p))
			packaged[rule.ID] = true
		}
	}
	for _, h := range facts.Hashes {
		for _, rule := range policy.ForbiddenProgram(h.Path) {
			if packaged[rule.ID] && ofSystem(h.Path) {
				continue // the package's
			}
			o := found.at(subject{rule.ID, "file", path.Base(h.Path)}, rule)
			o.files = append(o.files, locate(facts.Image, h.Path, h.Layer))
			o.evidence = append(o.evidence, report.Printable(h.Path, 200))
		}
	}
	return found.findings(facts)
}

func packageName(p report.Package) string {
	name := report.Printable(p.Name, 200)
	if p.Version != "" {
		name += " " + report.Printable(p.Version, 120)
	}
	return name
}

// ofSystem reports whether packages put their programs into a path's directory.
func ofSystem(p string) bool {
	for _, root := range []string{"usr/", "bin/", "sbin/", "lib/", "lib64/"} {
		if strings.HasPrefix(p, root) {
			return true
		}
	}
	return false
}

// unwantedLicences finds packages and texts under licences that the policy does
// not want.
func unwantedLicences(facts *report.ImageFacts, policy *compliance.Policy) []report.Finding {
	found := make(offences)
	judge := policy.Licences()
	for _, p := range facts.Packages {
		if b := judge.Package(p); b != nil {
			o := found.at(subject{b.ID, p.Type, p.Name}, b.Rule)
			o.packages = append(o.packages, p)
			o.evidence = append(o.evidence, licenceEvidence(packageName(p), b))
		}
	}
	for _, f := range facts.Licences {
		if f.Package != "" || ofSomePackage(f.Path) {
			continue
		}
		if b := judge.File(f); b != nil {
			o := found.at(subject{b.ID, "file", f.Path}, b.Rule)
			o.files = append(o.files, locate(facts.Image, f.Path, f.Layer))
			o.evidence = append(o.evidence, licenceEvidence(report.Printable(f.Path, 200), b))
		}
	}
	return found.findings(facts)
}

func licenceEvidence(name string, b *compliance.Breach) string {
	if b.Licence == "" {
		return name + ": no licence"
	}
	return name + ": " + report.Printable(b.Licence, 200)
}

// ofSomePackage reports whether a licence text lies where package managers put
// packages, which say themselves what their licence is.
func ofSomePackage(p string) bool {
	if strings.HasPrefix(p, "usr/") && !strings.HasPrefix(p, "usr/local/") && !strings.HasPrefix(p, "usr/src/") {
		return true
	}
	for dir := range strings.SplitSeq(path.Dir(p), "/") {
		switch dir {
		case "node_modules", "site-packages", "dist-packages", "gems", "vendor", "pkg", "registry":
			return true
		}
	}
	return false
}
