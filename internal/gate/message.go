package gate

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/report"
)

// Bounds on what a message repeats, in bytes. Clients print a message on one
// line after "unknown:"; one that fills a screen is not read.
const (
	maxMessage   = 900
	maxName      = 100 // namespace/repository in prose
	maxTag       = 40
	maxReference = 130 // in a command, where it is given whole or not at all
	maxID        = 40
	maxPackage   = 60
	maxVersion   = 40
	maxDetail    = 200
)

// wouldBe begins the message of a pull that passes because its namespace only
// reports.
const wouldBe = "would be refused: "

// maxExamples is how many vulnerabilities a message names.
const maxExamples = 5

// unreported is the verdict's reason and message for an artifact in a state in
// which no report decides: what is wrong and what to do about it (§4.5).
func unreported(p catalog.Pull, state catalog.PullState, a catalog.Answer) (reason, message string) {
	subject, rule := subject(p), rule(p.Namespace)
	switch state {
	case catalog.NotScannable:
		return ReasonNotScannable, fmt.Sprintf(
			"%s may not be pulled: no scan can look into it, as it is no image, and namespace %s does not give out what cannot be scanned. Ask an administrator of the namespace to allow that.",
			subject, clip(p.Namespace.Name, maxTag))
	case catalog.ScanRefused:
		return ReasonScanRefused, refusedMessage(p, subject, rule)
	case catalog.NotScanned:
		return ReasonNotScanned, fmt.Sprintf(
			"%s may not be pulled: it has not been scanned, and %s. Ask an administrator of the namespace to scan it, then pull again.",
			subject, rule)
	case catalog.BeingScanned:
		return ReasonRunning, fmt.Sprintf(
			"%s may not be pulled yet: its first scan is running (%d %%), and %s. Pull again when it is done; most scans take less than three minutes.%s",
			subject, min(max(p.Scan.Percent, 0), 100), rule, waiting(a))
	case catalog.ScanFailed:
		return ReasonFailed, fmt.Sprintf(
			"%s may not be pulled: its scan failed%s, and %s. What to do: %s.",
			subject, failure(*p.Scan), rule, advice(p.Scan.Cause))
	}
	return ReasonPending, fmt.Sprintf(
		"%s may not be pulled yet: it is waiting to be scanned (%s), and %s. Pull again in a few minutes; if it still waits then, ask an administrator of the namespace.%s",
		subject, clip(string(p.Scan.State), maxID), rule, waiting(a))
}

// refusedMessage is what the user reads who asks for an image that the instance
// does not scan.
func refusedMessage(p catalog.Pull, subject, rule string) string {
	why := map[string]string{
		"untagged": "it has no tag, and this instance scans tagged images only",
		"windows":  "it is an image for Windows, and this instance scans Linux images only",
	}[p.Namespace.Scope.Ineligible(p.Artifact).Code]
	return fmt.Sprintf("%s may not be pulled: it cannot be scanned, as %s, and %s. Ask an administrator to change the instance's settings or to allow such images in the namespace.",
		subject, why, rule)
}

// waiting tells that pulls are held.
func waiting(a catalog.Answer) string {
	if a.Action != catalog.AnswerHold {
		return ""
	}
	return fmt.Sprintf(" Each pull waits up to %s for it.", a.Hold)
}

// looseMessage is what the user reads who asks for a blob of no manifest.
func looseMessage(key catalog.RepositoryKey, digest string) string {
	return fmt.Sprintf("no image in %s uses the blob %s, and namespace %s lets only content leave that was scanned; push the image's manifest, too",
		clip(key.String(), maxName), clip(digest, maxReference), clip(key.Namespace, maxTag))
}

// failure quotes cause and detail of a failed scan: " (code: detail)".
func failure(s catalog.Scan) string {
	cause := s.Cause
	if cause == "" {
		cause = catalog.CauseUnknown
	}
	code, detail := clip(string(cause), maxID), clip(s.Detail, maxDetail)
	if detail == "" {
		return " (" + code + ")"
	}
	return " (" + code + ": " + detail + ")"
}

func advice(cause catalog.Cause) string {
	if text := cause.Advice(); text != "" {
		return text
	}
	return catalog.CauseUnknown.Advice()
}

// rule says in a clause what the namespace demands.
func rule(ns catalog.Namespace) string {
	return fmt.Sprintf("namespace %s only gives out images whose scan shows no vulnerability of severity %s",
		clip(ns.Name, maxTag), orHigher(thresholdOf(ns.Policy)))
}

// orHigher names a threshold. "none" is the word that sets it.
func orHigher(threshold report.Severity) string {
	if threshold == report.Unknown {
		return "none or higher (that is, none at all)"
	}
	if threshold == report.Critical {
		return "critical"
	}
	return threshold.String() + " or higher"
}

// nouns name one and many of what blocks for a reason.
var nouns = map[string][2]string{
	ReasonVulnerable: {"vulnerability", "vulnerabilities"},
	ReasonMalware:    {"malicious file", "malicious files"},
	ReasonSecrets:    {"secret", "secrets"},
	ReasonPasswords:  {"weak password", "weak passwords"},
	ReasonSettings:   {"unsafe setting", "unsafe settings"},
	ReasonCompliance: {"breach of the rules for software", "breaches of the rules for software"},
}

func (g group) count() string {
	noun := nouns[g.reason]
	return plural(len(g.found), noun[0], noun[1])
}

// blockedMessage is what the user of a blocked pull reads. blocking is not empty;
// the first group is told at length.
func blockedMessage(p catalog.Pull, blocking []group) string {
	first, verb, level := blocking[0], "are", "the level from which such findings block in namespace"
	if len(first.found) == 1 {
		verb = "is"
	}
	if first.reason == ReasonVulnerable {
		level = "the threshold of namespace"
	}
	head := fmt.Sprintf("%s may not be pulled: %s in it %s of severity %s, %s %s.",
		subject(p), first.count(), verb, orHigher(first.level), level, clip(p.Namespace.Name, maxTag))
	var beside []string
	for _, g := range blocking[1:] {
		beside = append(beside, g.count())
	}
	if len(beside) > 0 {
		head += " It is blocked for " + strings.Join(beside, ", ") + " as well."
	}
	tail := fmt.Sprintf(" Upgrade to the fixed versions, rebuild and push; full report: `pratique report %s`."+
		" To have it as it is, ask an administrator of the namespace to put the ids on its allowlist.",
		reference(p.Artifact))
	if first.reason != ReasonVulnerable {
		tail = fmt.Sprintf(" Take out what was found, rebuild and push; how is in the full report: `pratique report %s`."+
			" To have it as it is, ask an administrator of the namespace for an exception.",
			reference(p.Artifact))
	}
	return head + examples(first.found, maxMessage-len(wouldBe)-len(head)-len(tail)) + tail
}

// examples is a sentence that names the worst vulnerabilities, each once with
// the first package it is in, and counts those it leaves out. It is at most
// limit bytes long and empty where that is not enough for one.
func examples(blocking []catalog.Exposure, limit int) string {
	worst := slices.Clone(blocking)
	slices.SortStableFunc(worst, func(a, b catalog.Exposure) int { return int(rank(b.Severity) - rank(a.Severity)) })
	packages := make(map[string]int) // per vulnerability; 0 once it is named
	for _, e := range worst {
		packages[name(e)]++
	}
	const reserve = len("; and 1000000 more.")
	var b strings.Builder
	named, left := 0, len(worst)
	for _, e := range worst {
		id := name(e)
		if packages[id] == 0 {
			continue
		}
		separator := "; "
		if named == 0 {
			separator = " Worst first: "
		}
		text := separator + example(e, packages[id]-1)
		if named == maxExamples || b.Len()+len(text)+reserve > limit {
			break
		}
		b.WriteString(text)
		named++
		left -= packages[id]
		packages[id] = 0
	}
	switch {
	case named == 0:
		return ""
	case left > 0:
		fmt.Fprintf(&b, "; and %d more", left)
	}
	return b.String() + "."
}

// name is what tells a vulnerability, or another finding, from the others.
func name(e catalog.Exposure) string {
	if e.IsVulnerability() {
		return e.ID
	}
	return "finding " + e.FindingID
}

// example describes one vulnerability: "CVE-2024-1 (high) in zlib1g 1.2.11 →
// 1.2.13, layer 0"; or another finding: "Private key (high) in srv/key.pem,
// layer 2".
func example(e catalog.Exposure, others int) string {
	var b strings.Builder
	if !e.IsVulnerability() {
		fmt.Fprintf(&b, "%s (%s)", clip(e.Title, maxPackage), word(e.Severity))
		switch {
		case len(e.Paths) > 0 && e.Paths[0] != "":
			b.WriteString(" in " + clip(e.Paths[0], maxPackage))
		case e.Package != "":
			b.WriteString(" in " + clip(e.Package+" "+e.Version, maxPackage))
		}
	} else {
		fmt.Fprintf(&b, "%s (%s) in %s %s", clip(e.ID, maxID), word(e.Severity), clip(e.Package, maxPackage), clip(e.Version, maxVersion))
		if e.FixedVersion != "" {
			b.WriteString(" → " + clip(e.FixedVersion, maxVersion))
		} else {
			b.WriteString(" (no fix yet)")
		}
	}
	if e.Layer != report.NoLayer {
		fmt.Fprintf(&b, ", layer %d", e.Layer)
	}
	if others > 0 {
		b.WriteString(", and " + plural(others, "other package", "other packages"))
	}
	return b.String()
}

func word(s report.Severity) string {
	if rank(s) > report.Critical {
		return "unrecognized severity"
	}
	return s.String()
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// subject names the image in prose: "team/app@sha256:0123456789ab (tags 1.0,
// latest)".
func subject(p catalog.Pull) string {
	name := clip(p.Artifact.Key.String(), maxName) + "@" + shortDigest(p.Artifact.Digest)
	tags := p.Artifact.Tags
	if len(tags) == 0 {
		return name
	}
	shown := make([]string, 0, 3)
	for _, tag := range tags[:min(len(tags), 3)] {
		shown = append(shown, clip(tag, maxTag))
	}
	list := strings.Join(shown, ", ")
	if more := len(tags) - len(shown); more > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	if len(tags) == 1 {
		return name + " (tag " + list + ")"
	}
	return name + " (tags " + list + ")"
}

// reference names the image in a command. It is exact; where it would be too
// long for the message a placeholder stands for it.
func reference(a catalog.Artifact) string {
	ref := a.Key.String() + "@" + a.Digest
	if len(a.Tags) > 0 {
		ref = a.Key.String() + ":" + a.Tags[0]
	}
	if len(ref) > maxReference || clip(ref, maxReference) != ref {
		return "NAME"
	}
	return ref
}

// shortDigest is the algorithm and the first twelve digits.
func shortDigest(digest string) string {
	algorithm, hex, ok := strings.Cut(digest, ":")
	if !ok {
		return clip(digest, maxID)
	}
	return clip(algorithm, 10) + ":" + clip(hex[:min(len(hex), 12)], maxID)
}

// clip makes what came from an image fit to be printed: on one line, without
// characters that steer a terminal, and at most limit bytes long.
func clip(s string, limit int) string {
	const ellipsis = "…"
	var b strings.Builder
	for _, r := range s {
		// What is not valid UTF-8 arrives here as the replacement character.
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			r = '?'
		}
		if b.Len()+utf8.RuneLen(r) > limit {
			return cut(b.String(), limit-len(ellipsis)) + ellipsis
		}
		b.WriteRune(r)
	}
	return b.String()
}

// cut shortens valid UTF-8 to at most n bytes without splitting a character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
