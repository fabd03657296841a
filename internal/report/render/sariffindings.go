package render

import (
	"fmt"
	"strings"

	"github.com/pratique/pratique/internal/report"
)

// sarifFindings adds rules and results for findings; a setting whose check failed
// is a finding, too. A rule's id begins with the category, so that it cannot be
// taken for a vulnerability's. What is said of a rule holds for all its results;
// what to do about one stands in its message.
func sarifFindings(r *report.Report, rules []sarifRule) ([]sarifRule, []sarifResult) {
	index := make(map[string]int)
	worst := make(map[string]report.Severity)
	checks := checksByID(r)
	var results []sarifResult
	for _, f := range r.Findings {
		id := sarifFindingRule(f)
		at, known := index[id]
		switch {
		case !known:
			at = len(rules)
			index[id], worst[id] = at, f.Severity
			rules = append(rules, sarifRuleOfFinding(id, f))
		case f.Severity > worst[id]:
			worst[id] = f.Severity
			rules[at] = sarifRuleOfFinding(id, f)
		}
		results = append(results, sarifResultOfFinding(r, f, checkOf(checks, f), id, at))
	}
	return rules, results
}

func sarifFindingRule(f report.Finding) string {
	return clip("pratique/"+oneLine(string(f.Category))+"/"+oneLine(f.Rule), 255)
}

func sarifRuleOfFinding(id string, f report.Finding) sarifRule {
	title, details := oneLine(f.Title), prose(f.Details)
	if title == "" {
		title = id
	}
	if details == "" {
		details = title
	}
	help, links := []string{details, "", categoryHelp(f.Category)}, webLinks(f.References)
	if len(links) > 0 {
		help = append(append(help, ""), links...)
	}
	helpURI := toolURL
	for _, l := range links {
		if strings.HasPrefix(l, "https://") {
			helpURI = l
			break
		}
	}
	return sarifRule{
		ID: id, Name: sarifName(f.Category),
		ShortDescription:     sarifText{clip(title, maxSARIFText)},
		FullDescription:      sarifText{clip(details, maxSARIFText)},
		HelpURI:              helpURI,
		Help:                 sarifText{clip(strings.Join(help, "\n"), maxSARIFHelp)},
		DefaultConfiguration: sarifConfig{sarifLevel(f.Severity)},
		Properties: map[string]any{
			"tags":              []string{"security", oneLine(string(f.Category)), f.Severity.String()},
			"precision":         "high",
			"security-severity": securitySeverity(report.Vulnerability{Severity: f.Severity}),
		},
	}
}

// sarifName is a category in the form SARIF wants names of rules in.
func sarifName(c report.Category) string {
	var b strings.Builder
	for word := range strings.FieldsSeq(strings.Map(letterOrSpace, string(c))) {
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	if b.Len() == 0 {
		return "Finding"
	}
	return clip(b.String(), 100)
}

func letterOrSpace(r rune) rune {
	if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
		return r
	}
	return ' '
}

func sarifResultOfFinding(r *report.Report, f report.Finding, check report.Check, id string, rule int) sarifResult {
	message := oneLine(clip(f.Title, 200)) + " (" + f.Severity.String() + ")."
	if len(f.Evidence) > 0 {
		message += " " + oneLine(clip(f.Evidence[0], 200))
	}
	if solution := prose(f.Solution); solution != "" {
		message += " " + solution
	}
	result := sarifResult{
		RuleID: id, RuleIndex: rule, Level: sarifLevel(f.Severity),
		Message:    sarifText{clip(message, maxSARIFText)},
		Locations:  sarifFindingLocations(r, f),
		Properties: map[string]any{"category": f.Category, "severity": f.Severity.String(), "evidence": f.Evidence},
	}
	properties := result.Properties
	for name, value := range map[string]string{
		"package": f.Package, "version": f.Version, "origin": string(f.Origin),
		"standard": check.Standard, "currentValue": check.Current, "suggestedValue": check.Suggested, "edit": check.Edit,
	} {
		if value != "" {
			properties[name] = value
		}
	}
	if f.FindingID != "" {
		result.Fingerprints = map[string]string{"pratique/v1": f.FindingID}
		result.PartialFingerprints = map[string]string{"pratiqueFindingId/v1": f.FindingID}
	}
	return result
}

func sarifFindingLocations(r *report.Report, f report.Finding) []sarifLocation {
	var all []sarifLocation
	for _, l := range f.Locations[:min(len(f.Locations), maxSARIFLocations)] {
		message := oneLine(l.Config)
		if l.Layer >= 0 {
			message = strings.TrimPrefix(message+fmt.Sprintf(", layer %d", l.Layer), ", ")
		}
		if hidden := hiddenText(l.Hidden); hidden != "" {
			message += " (" + hidden + ")"
		}
		if l.Instruction != "" {
			message += ": " + oneLine(l.Instruction)
		}
		at := sarifLocation{PhysicalLocation: sarifPhysical{sarifArtifact{relativeURI(l.Path)}, sarifRegion{max(l.Line, 1)}}}
		if message != "" {
			at.Message = &sarifText{clip(message, maxSARIFText)}
		}
		if l.Config != "" {
			at.PhysicalLocation.ArtifactLocation = sarifArtifact{relativeURI(imageName(r))}
			at.LogicalLocations = []sarifLogical{{Name: oneLine(clip(l.Config, 200)), Kind: "member"}}
		}
		all = append(all, at)
	}
	if len(all) == 0 {
		all = append(all, sarifLocation{PhysicalLocation: sarifPhysical{sarifArtifact{relativeURI(imageName(r))}, sarifRegion{1}}})
	}
	return all
}

// categoryHelp is what to do about findings of a category in general.
func categoryHelp(c report.Category) string {
	switch c {
	case report.Malicious:
		return "Do not run the image. Take the file out of the layer that adds it, find out how it came in, change every secret it could have read, and build again from sources you trust."
	case report.Software:
		return "Replace the software by a release that is still supported, build again and scan again."
	case report.Files:
		return "Change the file in the step of the build that adds it; a later step leaves it readable in the layer below."
	case report.Baseline:
		return "Change the setting in the step of the build that makes it, or in the Dockerfile where the image's own configuration is meant."
	case report.Password:
		return "Lock the account or remove its password in the build, change the password wherever else it is in use, and give every installation one of its own."
	case report.Sensitive:
		return "Revoke or change the secret first: whoever could pull the image has it. Then take it out of the layer that adds it, and inject it when the container starts."
	case report.Compliance:
		return "Leave the software out of the image, or install it in an earlier stage of the build that is not shipped. If you need it, have the rule changed."
	case report.BaseImage:
		return "Begin the Dockerfile with a newer base image that is still supported, by digest, and build again."
	}
	return "The message of each result says what to do."
}
