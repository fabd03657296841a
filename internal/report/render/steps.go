package render

import (
	"fmt"
	"slices"

	"github.com/pratique/pratique/internal/report"
)

// steps says what the reader can do now, the most urgent first. What somebody
// decided to ignore is not asked for.
func steps(r *report.Report) []string {
	var all []string
	if slices.ContainsFunc(r.Notes, func(n report.Note) bool { return n.Code == "no-advisories" }) {
		all = append(all, "Some packages could not be compared with advisories, see the notes: run `pratique advisories update` and scan again.")
	}
	all = append(all, findingSteps(r.Findings)...)
	all = append(all, vulnerabilitySteps(r.Vulnerabilities)...)
	all = append(all, baseSteps(r)...)
	if len(r.Vulnerabilities) == 0 {
		all = append(all, "Scan again from time to time: new vulnerabilities are published every day.")
	}
	return all
}

func findingSteps(findings []report.Finding) []string {
	n := make(map[report.Category]int)
	hidden := false
	for _, f := range findings {
		if f.Handling != nil {
			continue
		}
		n[f.Category]++
		hidden = hidden || f.Category == report.Sensitive && slices.ContainsFunc(f.Locations, func(l report.Location) bool { return l.Hidden != "" })
	}
	counted := func(c report.Category) string { return plural(n[c], "finding", "findings") }
	var all []string
	if n[report.Malicious] > 0 {
		all = append(all, fmt.Sprintf("Do not run the image until it is known how the malicious files came in: %s.", counted(report.Malicious)))
	}
	if n[report.Sensitive] > 0 {
		step := fmt.Sprintf("Revoke the secrets in the image first, then build it without them: %s.", counted(report.Sensitive))
		if hidden {
			step += " That a later layer deletes a file does not help: anybody can read the layer below."
		}
		all = append(all, step)
	}
	if n[report.Password] > 0 {
		all = append(all, fmt.Sprintf("Lock the accounts with weak passwords, and change these wherever else they are in use: %s.", counted(report.Password)))
	}
	return all
}

func vulnerabilitySteps(vulnerabilities []report.Vulnerability) []string {
	var total, exploited, fixable int
	for _, v := range vulnerabilities {
		if v.Handling != nil {
			continue
		}
		total++
		if v.KEV != nil {
			exploited++
		}
		if v.FixedVersion != "" {
			fixable++
		}
	}
	var all []string
	if exploited > 0 {
		all = append(all, fmt.Sprintf("Start with what is known to be exploited (KEV): %s.", plural(exploited, "finding", "findings")))
	}
	switch {
	case fixable > 0:
		all = append(all, fmt.Sprintf("Upgrade to the fixed versions, rebuild and scan again: that cures %s of %s.", count(fixable), plural(total, "finding", "findings")))
	case total > 0:
		all = append(all, "No fixed versions are known yet: consider removing the packages, or scan again later.")
	}
	return all
}

// baseSteps says what another base image would change, as far as that is known.
func baseSteps(r *report.Report) []string {
	if b := r.Base; b != nil {
		switch n := b.Newer; {
		case n != nil && n.Removes > 0 && n.Adds >= 0:
			return []string{fmt.Sprintf("Build on %s: that %s.", text(n.Name), newerText(n))}
		case n != nil && (n.Removes < 0 || n.Adds < 0):
			return []string{fmt.Sprintf("There is a newer base image, %s: scan it to know what it would change.", text(n.Name))}
		case b.EndOfLife != "":
			return []string{fmt.Sprintf("Build on another release: support for %s ended on %s.", text(baseName(b)), text(b.EndOfLife))}
		}
	}
	lowest, total := 0, len(r.Vulnerabilities)
	for _, v := range r.Vulnerabilities {
		if slices.ContainsFunc(v.Locations, func(l report.Location) bool { return l.Layer == 0 }) {
			lowest++
		}
	}
	if lowest == 0 || len(r.Image.Layers) < 2 {
		return nil
	}
	return []string{fmt.Sprintf("Look for a newer base image: %s of %s came with the lowest layer.", count(lowest), plural(total, "finding", "findings"))}
}
