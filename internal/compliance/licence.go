package compliance

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pratique/pratique/internal/report"
	"github.com/pratique/pratique/internal/rulefile"
)

// Rules that no file describes.
const (
	unlistedRule = "licence-unlisted"
	missingRule  = "licence-missing"
)

// action is what is done about a licence, from good to bad.
type action int

const (
	allow action = iota
	ignore
	warn
	deny
)

var actions = map[string]action{"allow": allow, "ignore": ignore, "warn": warn, "deny": deny}

func parseAction(word string, known ...string) (action, error) {
	if !slices.Contains(known, word) {
		return 0, fmt.Errorf("%q: use %s", rulefile.Clip(word), strings.Join(known, ", "))
	}
	return actions[word], nil
}

// severity is that of a finding where the rule does not say.
func (a action) severity() report.Severity {
	if a == deny {
		return report.High
	}
	return report.Low
}

// licenceRule is a rule about licences.
type licenceRule struct {
	Rule
	action   action
	licences []string // patterns, in lower case
	types    []string
}

// exemption leaves out packages.
type exemption struct {
	packages []namePattern
	licences []string // patterns; empty for all
}

// licences is the rules about licences, the deciding ones first.
type licences struct {
	rules             []*licenceRule
	exemptions        []exemption
	unlisted, missing *licenceRule // nil for ignore
}

func newLicences(rules []*licenceRule, exemptions []exemption, unlisted, missing action) *licences {
	return &licences{
		rules: rules, exemptions: exemptions,
		unlisted: generalRule(unlistedRule, unlisted, "Licence that the policy does not list",
			"Nobody decided yet whether software under this licence may be used.",
			"Have those who answer for licences decide, and name it in a rule of the licence policy."),
		missing: generalRule(missingRule, missing, "Package without a licence",
			"Without a licence nobody may use or pass on the software, as far as the package tells.",
			"Look up the licence where the package comes from; then add an exemption with the reason, or use another component."),
	}
}

func generalRule(id string, a action, title, reason, remedy string) *licenceRule {
	if a < warn {
		return nil
	}
	return &licenceRule{action: a, Rule: Rule{ID: id, Title: title, Severity: a.severity(), Reason: reason, Remedy: remedy}}
}

// Breach says which licence of a package is not wanted, and by which rule.
type Breach struct {
	Rule
	// Denied says that the policy denies it; otherwise it warns.
	Denied bool
	// Licence is the part of the expression the rule is about; empty where the
	// package names none.
	Licence string
}

// Licences judges licences; it remembers what it was asked, as an image has
// thousands of packages and dozens of licences. It is for one goroutine.
type Licences struct {
	policy *licences
	known  map[string]verdict
}

// Licences returns a judge of licences.
func (p *Policy) Licences() *Licences {
	return &Licences{policy: p.licences, known: make(map[string]verdict)}
}

// Package judges the licences of a package: all of them apply. The breach is nil
// if they are wanted.
func (l *Licences) Package(p report.Package) *Breach {
	if len(p.Licences) == 0 {
		if p.Distribution() || p.OwnedBy != "" || l.policy.missing == nil || l.exempt(p, "") {
			return nil
		}
		return breach(verdict{deciding: l.policy.missing})
	}
	return l.worst(p, p.Licences)
}

// File judges the licences that a file states that belongs to no package.
func (l *Licences) File(f report.LicenceFile) *Breach {
	return l.worst(report.Package{Type: fileScope}, f.Licences)
}

func (l *Licences) worst(p report.Package, texts []string) *Breach {
	var worst verdict
	for _, text := range texts {
		if v := l.judge(p, text); v.rank() > worst.rank() {
			worst = v
		}
	}
	return breach(worst)
}

func breach(v verdict) *Breach {
	if v.rank() < warn {
		return nil
	}
	return &Breach{Rule: v.deciding.Rule, Denied: v.rank() == deny, Licence: v.licence}
}

// verdict is what is thought of a licence or an expression.
type verdict struct {
	deciding *licenceRule // nil where nothing decides
	licence  string
}

func (v verdict) rank() action {
	if v.deciding == nil {
		return ignore
	}
	return v.deciding.action
}

// judge judges one expression.
func (l *Licences) judge(p report.Package, text string) verdict {
	exempted := slices.ContainsFunc(l.policy.exemptions, func(e exemption) bool { return e.covers(p) })
	key := p.Type + "\x00" + text
	if p.OwnedBy != "" {
		key = "owned " + key
	}
	if v, ok := l.known[key]; ok && !exempted {
		return v
	}
	v := fold(parseExpression(text), func(licence string) verdict {
		if exempted && l.exempt(p, licence) {
			return verdict{licence: licence}
		}
		return l.policy.decide(p, licence)
	})
	if !exempted {
		l.known[key] = v
	}
	return v
}

func (e exemption) covers(p report.Package) bool {
	name := strings.ToLower(p.Name)
	return slices.ContainsFunc(e.packages, func(n namePattern) bool { return n.matches(p, name) })
}

// exempt reports whether an exemption is about a licence of a package.
func (l *Licences) exempt(p report.Package, licence string) bool {
	return slices.ContainsFunc(l.policy.exemptions, func(e exemption) bool {
		return e.covers(p) && (len(e.licences) == 0 || licence != "" && matchLicence(e.licences, licence))
	})
}

// decide judges one licence: the first rule that names it decides.
func (l *licences) decide(p report.Package, licence string) verdict {
	for _, r := range l.rules {
		if r.about(p) && matchLicence(r.licences, licence) {
			return verdict{r, licence}
		}
	}
	if languageScope.covers(p) && l.unlisted != nil {
		return verdict{l.unlisted, licence}
	}
	return verdict{licence: licence}
}

// scope is a word for many types of packages.
type scope string

const (
	languageScope scope = "language"
	systemScope   scope = "distribution"
	// fileScope is the type of what is no package.
	fileScope = "file"
)

// covers reports whether a package is meant. What a distribution packaged is
// its own, whatever language it is written in.
func (s scope) covers(p report.Package) bool {
	system := p.Distribution() || p.OwnedBy != ""
	switch s {
	case languageScope:
		return !system && p.Type != fileScope
	case systemScope:
		return system
	}
	return p.Type == string(s)
}

func (r *licenceRule) about(p report.Package) bool {
	return slices.ContainsFunc(r.types, func(t string) bool { return scope(t).covers(p) })
}

func parseTypes(types []string) ([]string, error) {
	if len(types) == 0 {
		return []string{string(languageScope)}, nil
	}
	for _, t := range types {
		if t != string(languageScope) && t != string(systemScope) && t != fileScope && !slices.Contains(packageTypes, t) {
			return nil, fmt.Errorf("types: %q is none: use language, distribution, file or one of %s", rulefile.Clip(t), strings.Join(packageTypes, ", "))
		}
	}
	return types, nil
}

// parseLicences reads patterns of licences.
func parseLicences(texts []string) ([]string, error) {
	if len(texts) > maxList {
		return nil, fmt.Errorf("more than %d licences", maxList)
	}
	var out []string
	for _, text := range texts {
		if err := checkGlob(text); err != nil {
			return nil, fmt.Errorf("licences: %q: %w", rulefile.Clip(text), err)
		}
		if spdx, ok := Canonical(text); ok {
			text = spdx
		}
		out = append(out, strings.ToLower(text))
	}
	return out, nil
}

// matchLicence reports whether a pattern names a licence. One that names no
// exception is about the licence with any that SPDX knows: those only permit
// more. What others add with a "with" is another licence.
func matchLicence(patterns []string, licence string) bool {
	without, _, with := strings.Cut(licence, " WITH ")
	if _, known := Canonical(licence); !with || !known {
		without = licence
	}
	licence, without = strings.ToLower(licence), strings.ToLower(without)
	return slices.ContainsFunc(patterns, func(p string) bool {
		return glob(p, licence) || without != licence && glob(p, without)
	})
}
