package judge

import (
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/pratique/pratique/internal/report"
	"github.com/pratique/pratique/internal/signature"
)

// Malicious turns what was recognised as malicious into findings, worst first:
// one for all that a rule or signature found in one file, in however many layers
// and members. Executables and scripts whose hash a list of the rules has are
// found by their facts, so that a new list finds them in images that were read
// before; files on a list of harmless ones are left out. The slice is never nil.
func Malicious(facts *report.ImageFacts, rules *signature.Rules) []report.Finding {
	all := slices.Concat(facts.Malware, listed(facts.Hashes, rules))
	all = slices.DeleteFunc(all, func(m report.Malware) bool { return harmless(m, rules) })
	return group(all, func(m report.Malware) placeKey { return placeKey{m.Rule, m.Path} },
		func(key placeKey, same []report.Malware) report.Finding {
			return malwareFinding(key, same, facts.Image, rules)
		})
}

// noteSkipped says that signatures of a user are not applied.
const noteSkipped = "signatures-skipped"

// skippedSignatures notes the signatures that are passed over.
func skippedSignatures(rules *signature.Rules) []report.Note {
	skips, n := rules.Skipped()
	if n == 0 {
		return nil
	}
	return []report.Note{{Code: noteSkipped, Message: fmt.Sprintf("%d signatures of malicious files are not supported and were not applied; the first is in %s, line %d: %s",
		n, report.Printable(skips[0].File, 80), skips[0].Line, skips[0].Reason)}}
}

// listed returns the files whose hash a list of malicious files has.
func listed(hashes []report.FileHash, rules *signature.Rules) []report.Malware {
	var found []report.Malware
	for _, h := range hashes {
		sum, err := base64.RawStdEncoding.DecodeString(h.SHA256)
		if err != nil {
			continue
		}
		if name, ok := rules.KnownHash(sum, h.Size); ok {
			found = append(found, report.Malware{Rule: name, Engine: signature.EngineSignatures, Path: h.Path, Inner: h.Inner,
				Size: h.Size, SHA256: hex.EncodeToString(sum), Layer: h.Layer})
		}
	}
	return found
}

func harmless(m report.Malware, rules *signature.Rules) bool {
	sum, err := hex.DecodeString(m.SHA256)
	return err == nil && rules.Harmless(sum, m.Size)
}

func malwareFinding(key placeKey, group []report.Malware, img report.Image, rules *signature.Rules) report.Finding {
	d := describeMalware(group[0], rules)
	f := report.Finding{
		FindingID:  findingID(report.Malicious, key.rule, key.path),
		Category:   report.Malicious,
		Rule:       key.rule,
		Title:      report.Printable(d.Title, 200),
		Severity:   d.Severity,
		Details:    malwareDetails(d, group),
		References: slices.Clone(d.References),
	}
	for _, m := range group {
		for _, e := range malwareEvidence(m) {
			if len(f.Evidence) < maxEvidence && !slices.Contains(f.Evidence, e) {
				f.Evidence = append(f.Evidence, e)
			}
		}
		at := locate(img, m.Path, m.Layer)
		if at.Hidden = m.Hidden; m.Inner == "" {
			at.Line = m.Line // not one of the archive's
		}
		f.Locations = append(f.Locations, at)
	}
	slices.SortStableFunc(f.Locations, func(a, b report.Location) int {
		return cmp.Or(cmp.Compare(a.Layer, b.Layer), cmp.Compare(a.Line, b.Line))
	})
	f.Locations = slices.Compact(f.Locations)
	f.Solution = malwareSolution(d, f.Locations)
	return f
}

// describeMalware tells about a rule, or about a signature, of which nothing is
// known but its name. A hash is that of one file and cannot be wrong; a pattern
// can.
func describeMalware(m report.Malware, rules *signature.Rules) signature.Description {
	if m.Engine == signature.EngineRules {
		if d, ok := rules.Describe(m.Rule); ok {
			return d
		}
	}
	d := signature.Description{
		ID:       m.Rule,
		Title:    "Malicious file: " + m.Rule,
		Severity: report.Critical,
		Family:   m.Rule,
		Means:    "A list of malicious files has this one.",
		Remove:   "Treat every machine that ran the image as taken over.",
	}
	switch {
	case m.Rule == signature.UnnamedHash:
		d.Title, d.Family = "File on a list of malicious files", ""
	case strings.HasPrefix(m.Rule, "PUA.") || strings.HasPrefix(m.Rule, "Heuristics."):
		// ClamAV's names for what is unwanted or looks strange.
		d.Severity = report.Medium
		d.Title, d.Means = "Unwanted or suspicious file: "+m.Rule, "It has the signs of a program that is unwanted, or of one that hides what it does."
		d.Remove = "If the file is meant to be there, list its SHA-256 as harmless."
	case m.Engine == signature.EngineClamd || rules.IsPattern(m.Rule):
		d.Severity = report.High
		d.Means = "It has the signature of a malicious program."
	case m.Engine == signature.EngineRules:
		// Facts of a set of rules that is no longer in force.
		d.Severity, d.Family = report.High, ""
		d.Means = "It was recognised as malicious by a rule that is no longer in force."
	}
	return d
}

func malwareDetails(d signature.Description, group []report.Malware) string {
	text := d.Means
	if d.Family != "" && !strings.Contains(d.Title, d.Family) {
		text += " It is known as " + report.Printable(d.Family, 120) + "."
	}
	if slices.ContainsFunc(group, func(m report.Malware) bool { return m.Engine == signature.EngineClamd }) {
		text += " ClamAV says so."
	}
	return text
}

// malwareEvidence tells where within the file it is, what was recognised, and by
// which hash others can look it up.
func malwareEvidence(m report.Malware) []string {
	var all []string
	if m.Inner != "" {
		all = append(all, "in "+report.Printable(m.Inner, 300))
	}
	if m.Excerpt != "" {
		all = append(all, report.Printable(m.Excerpt, 300))
	}
	if m.SHA256 != "" {
		all = append(all, fmt.Sprintf("SHA-256 %s, %d bytes", m.SHA256, m.Size))
	}
	return all
}

// malwareSolution tells what to do (§3.3): get the file out of the layer that
// adds it, find out how it got in, and undo what it may have done.
func malwareSolution(d signature.Description, at []report.Location) string {
	var s strings.Builder
	s.WriteString("Do not run this image.")
	s.WriteString(strings.Replace(removal(at), " Then take", " Take", 1))
	if d.Remove != "" {
		s.WriteString(" " + d.Remove)
	}
	if d.Severity >= report.High {
		s.WriteString(" Change the secrets that a container of the image could reach.")
	}
	if len(at) > 0 && at[0].Layer == 0 {
		s.WriteString(" It comes with the base image: build on another one, from a source you trust.")
	}
	return s.String()
}
