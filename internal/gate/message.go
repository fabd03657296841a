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

// maxExamples is how many vulnerabilities a message names.
const maxExamples = 5

// unreported is the verdict's reason and message for an artifact without a
// report: which state it is in and what to do about it (§4.5).
func unreported(p catalog.Pull) (reason, message string) {
	subject, rule := subject(p), rule(p.Namespace)
	if p.Scan == nil || p.Scan.State == catalog.Success {
		// A success without a report has nothing to show for itself.
		return ReasonNotScanned, fmt.Sprintf(
			"%s may not be pulled: it has not been scanned, and %s. Ask an administrator of the namespace to scan it, then pull again.",
			subject, rule)
	}
	switch p.Scan.State {
	case catalog.Running:
		return ReasonRunning, fmt.Sprintf(
			"%s may not be pulled yet: its first scan is running (%d %%), and %s. Pull again when it is done; most scans take less than three minutes.",
			subject, min(max(p.Scan.Percent, 0), 100), rule)
	case catalog.Failed:
		return ReasonFailed, fmt.Sprintf(
			"%s may not be pulled: its scan failed%s, and %s. What to do: %s.",
			subject, failure(*p.Scan), rule, advice(p.Scan.Cause))
	}
	// Pending, and whatever state a newer version may have stored.
	return ReasonPending, fmt.Sprintf(
		"%s may not be pulled yet: it is waiting to be scanned (%s), and %s. Pull again in a few minutes; if it still waits then, ask an administrator of the namespace.",
		subject, clip(string(p.Scan.State), maxID), rule)
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

// blockedMessage is what the user of a blocked pull reads. blocking holds the
// entries at or above the threshold and is not empty.
func blockedMessage(p catalog.Pull, blocking []catalog.Exposure, threshold report.Severity) string {
	verb := "are"
	if len(blocking) == 1 {
		verb = "is"
	}
	head := fmt.Sprintf("%s may not be pulled: %s in it %s of severity %s, the threshold of namespace %s.",
		subject(p), plural(len(blocking), "vulnerability", "vulnerabilities"), verb,
		orHigher(threshold), clip(p.Namespace.Name, maxTag))
	tail := fmt.Sprintf(" Upgrade to the fixed versions, rebuild and push; full report: `pratique report %s`."+
		" To have it as it is, ask an administrator of the namespace to put the ids on its allowlist.",
		reference(p.Artifact))
	return head + examples(blocking, maxMessage-len(head)-len(tail)) + tail
}

// examples is a sentence that names the worst vulnerabilities, each once with
// the first package it is in, and counts those it leaves out. It is at most
// limit bytes long and empty where that is not enough for one.
func examples(blocking []catalog.Exposure, limit int) string {
	worst := slices.Clone(blocking)
	slices.SortStableFunc(worst, func(a, b catalog.Exposure) int { return int(rank(b.Severity) - rank(a.Severity)) })
	packages := make(map[string]int) // per vulnerability; 0 once it is named
	for _, e := range worst {
		packages[e.ID]++
	}
	const reserve = len("; and 1000000 more.")
	var b strings.Builder
	named, left := 0, len(worst)
	for _, e := range worst {
		if packages[e.ID] == 0 {
			continue
		}
		separator := "; "
		if named == 0 {
			separator = " Worst first: "
		}
		text := separator + example(e, packages[e.ID]-1)
		if named == maxExamples || b.Len()+len(text)+reserve > limit {
			break
		}
		b.WriteString(text)
		named++
		left -= packages[e.ID]
		packages[e.ID] = 0
	}
	switch {
	case named == 0:
		return ""
	case left > 0:
		fmt.Fprintf(&b, "; and %d more", left)
	}
	return b.String() + "."
}

// example describes one vulnerability: "CVE-2024-1 (high) in zlib1g 1.2.11 →
// 1.2.13, layer 0".
func example(e catalog.Exposure, others int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s) in %s %s", clip(e.ID, maxID), word(e.Severity), clip(e.Package, maxPackage), clip(e.Version, maxVersion))
	if e.FixedVersion != "" {
		b.WriteString(" → " + clip(e.FixedVersion, maxVersion))
	} else {
		b.WriteString(" (no fix yet)")
	}
	fmt.Fprintf(&b, ", layer %d", e.Layer)
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
