package judge

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pratique/pratique/internal/report"
	"github.com/pratique/pratique/internal/secret"
)

// maxEvidence bounds the excerpts of one finding.
const maxEvidence = 20

// Sensitive turns the secrets of an image into findings, worst first: one for
// all that a rule found in files of one path, in however many layers and lines,
// and one for all that it found in the configuration. What is at a path that the
// user excluded is left out. The slice is never nil.
func Sensitive(facts *report.ImageFacts, rules *secret.Rules) []report.Finding {
	all := slices.Concat(facts.Secrets, facts.Image.Secrets)
	all = slices.DeleteFunc(all, func(s report.Secret) bool { return s.Config == "" && rules.Excluded(s.Path) })
	return group(all, func(s report.Secret) placeKey { return placeKey{s.Rule, s.Path} },
		func(key placeKey, same []report.Secret) report.Finding {
			return sensitiveFinding(key, same, facts.Image, rules)
		})
}

// placeKey is what makes a finding about files one. Line, layer and what was found
// are not part of it: they change while the trouble stays the same.
type placeKey struct{ rule, path string }

func (k placeKey) compare(o placeKey) int {
	return cmp.Or(strings.Compare(k.path, o.path), strings.Compare(k.rule, o.rule))
}

// group makes one finding of all facts with the same key, worst first.
func group[F any](facts []F, keyOf func(F) placeKey, finding func(placeKey, []F) report.Finding) []report.Finding {
	groups := make(map[placeKey][]F)
	for _, f := range facts {
		key := keyOf(f)
		groups[key] = append(groups[key], f)
	}
	findings := make([]report.Finding, 0, len(groups))
	for _, key := range slices.SortedFunc(maps.Keys(groups), placeKey.compare) {
		findings = append(findings, finding(key, groups[key]))
	}
	slices.SortStableFunc(findings, func(a, b report.Finding) int { return cmp.Compare(b.Severity, a.Severity) })
	return findings
}

// findingID is the same for the same rule and subject, whenever it is found.
func findingID(category report.Category, rule, subject string) string {
	h := sha256.New()
	for _, s := range []string{string(category), rule, subject} {
		fmt.Fprintf(h, "%d:%s,", len(s), s)
	}
	return hex.EncodeToString(h.Sum(nil)[:10])
}

func sensitiveFinding(key placeKey, group []report.Secret, img report.Image, rules *secret.Rules) report.Finding {
	d, known := rules.Describe(key.rule)
	if !known {
		// Facts of a set of rules that is no longer in force.
		d = secret.Description{ID: key.rule, Title: "Secret", Severity: report.Medium,
			Revoke: "Revoke or change it wherever it is in use.", Instead: "Inject it when the container starts."}
	}
	f := report.Finding{
		FindingID:  findingID(report.Sensitive, key.rule, key.path),
		Category:   report.Sensitive,
		Rule:       key.rule,
		Title:      d.Title,
		Severity:   d.Severity,
		Details:    d.Means,
		References: slices.Clone(d.References),
	}
	for _, s := range group {
		if s.Excerpt != "" && len(f.Evidence) < maxEvidence && !slices.Contains(f.Evidence, s.Excerpt) {
			f.Evidence = append(f.Evidence, s.Excerpt)
		}
		f.Locations = append(f.Locations, secretLocation(s, img))
	}
	slices.SortStableFunc(f.Locations, func(a, b report.Location) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), cmp.Compare(a.Layer, b.Layer), cmp.Compare(a.Line, b.Line), strings.Compare(a.Config, b.Config))
	})
	f.Locations = slices.Compact(f.Locations)
	f.Solution = sensitiveSolution(d, f.Locations)
	return f
}

func secretLocation(s report.Secret, img report.Image) report.Location {
	at := locate(img, s.Path, s.Layer)
	at.Line, at.Hidden, at.Config = s.Line, s.Hidden, s.Config
	if s.Config != "" {
		at.Line = 0
	}
	return at
}

// sensitiveSolution tells what to do, in the order to do it (§3.8): make the
// secret worthless, get it out of the layer that adds it, do without it.
func sensitiveSolution(d secret.Description, at []report.Location) string {
	var s strings.Builder
	s.WriteString(d.Revoke)
	s.WriteString(removal(at))
	s.WriteString(" " + d.Instead)
	if len(at) > 0 && at[0].Config == "" && at[0].Layer == 0 {
		s.WriteString(" If it comes with the base image, tell those who make that.")
	}
	return s.String()
}

// removal says from where the secret must go.
func removal(at []report.Location) string {
	if len(at) == 0 {
		return ""
	}
	first := at[0]
	if first.Config != "" {
		return fmt.Sprintf(" Then take it out of the image's configuration (%s) and build again: everybody who can pull the image can read that.", report.Printable(first.Config, 120))
	}
	var s strings.Builder
	layer := fmt.Sprintf("layer %d", first.Layer)
	if first.Instruction != "" {
		layer += " (" + code(instruction(first)) + ")"
	}
	name := report.Printable(first.Path, 160)
	fmt.Fprintf(&s, " Then take %s out of %s, which adds it, and build again", name, layer)
	if slices.ContainsFunc(at, func(l report.Location) bool { return l.Hidden != "" }) {
		s.WriteString(": a later layer hides it, but it can still be read in the one below.")
	} else {
		s.WriteString(": deleting it in a later layer leaves it readable.")
	}
	return s.String()
}
