package render

import (
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/pratique/pratique/internal/report"
)

// The part of SARIF 2.1.0 we write.

const (
	sarifSchema  = "https://json.schemastore.org/sarif-2.1.0.json"
	sarifVersion = "2.1.0"
)

// Bounds, in bytes: code scanning services refuse longer texts, and a finding
// with thousands of places is one of a package that was copied thousands of
// times.
const (
	maxSARIFText      = 1000
	maxSARIFHelp      = 8000
	maxSARIFPath      = 2000
	maxSARIFLocations = 100
	maxSARIFNotes     = 200
)

type sarifLog struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool        sarifTool         `json:"tool"`
	Invocations []sarifInvocation `json:"invocations"`
	Results     []sarifResult     `json:"results"`
	ColumnKind  string            `json:"columnKind"`
	Properties  map[string]any    `json:"properties"`
}

type sarifTool struct {
	Driver sarifDriver `json:"driver"`
}

type sarifDriver struct {
	Name           string      `json:"name"`
	Version        string      `json:"version,omitempty"`
	InformationURI string      `json:"informationUri"`
	Rules          []sarifRule `json:"rules"`
}

type sarifRule struct {
	ID                   string         `json:"id"`
	Name                 string         `json:"name"`
	ShortDescription     sarifText      `json:"shortDescription"`
	FullDescription      sarifText      `json:"fullDescription"`
	HelpURI              string         `json:"helpUri"`
	Help                 sarifText      `json:"help"`
	DefaultConfiguration sarifConfig    `json:"defaultConfiguration"`
	Properties           map[string]any `json:"properties"`
}

type sarifText struct {
	Text string `json:"text"`
}

type sarifConfig struct {
	Level string `json:"level"`
}

type sarifResult struct {
	RuleID              string            `json:"ruleId"`
	RuleIndex           int               `json:"ruleIndex"`
	Level               string            `json:"level"`
	Message             sarifText         `json:"message"`
	Locations           []sarifLocation   `json:"locations"`
	Fingerprints        map[string]string `json:"fingerprints,omitempty"`
	PartialFingerprints map[string]string `json:"partialFingerprints,omitempty"`
	// Suppressions are in all results of a run or in none, as the standard wants;
	// an empty list says that the result counts.
	Suppressions *[]sarifSuppression `json:"suppressions,omitempty"`
	Properties   map[string]any      `json:"properties"`
}

// sarifSuppression is a decision that a result does not count.
type sarifSuppression struct {
	Kind          string            `json:"kind"`
	Status        string            `json:"status"`
	Justification string            `json:"justification,omitempty"`
	Properties    map[string]string `json:"properties,omitempty"`
}

type sarifLocation struct {
	PhysicalLocation sarifPhysical  `json:"physicalLocation"`
	LogicalLocations []sarifLogical `json:"logicalLocations,omitempty"`
	Message          *sarifText     `json:"message,omitempty"`
}

type sarifPhysical struct {
	ArtifactLocation sarifArtifact `json:"artifactLocation"`
	Region           sarifRegion   `json:"region"`
}

type sarifArtifact struct {
	URI string `json:"uri"`
}

type sarifRegion struct {
	StartLine int `json:"startLine"`
}

type sarifLogical struct {
	Name               string `json:"name"`
	FullyQualifiedName string `json:"fullyQualifiedName,omitempty"`
	Kind               string `json:"kind"`
}

type sarifInvocation struct {
	ExecutionSuccessful bool                `json:"executionSuccessful"`
	Notifications       []sarifNotification `json:"toolExecutionNotifications,omitempty"`
}

type sarifNotification struct {
	Level      string            `json:"level"`
	Message    sarifText         `json:"message"`
	Descriptor map[string]string `json:"descriptor,omitempty"`
}

func writeSARIF(w io.Writer, r *report.Report, opts Options) error {
	rules, index := sarifRules(r.Vulnerabilities)
	results := make([]sarifResult, 0, len(r.Vulnerabilities))
	for _, v := range r.Vulnerabilities {
		results = append(results, sarifResultOf(r, v, index[v.ID]))
	}
	rules, more := sarifFindings(r, rules)
	results = append(results, more...)
	suppress(results, r)
	return writeIndented(w, sarifLog{
		Schema:  sarifSchema,
		Version: sarifVersion,
		Runs: []sarifRun{{
			Tool: sarifTool{sarifDriver{
				Name: toolName, Version: opts.ToolVersion, InformationURI: toolURL, Rules: rules,
			}},
			Invocations: []sarifInvocation{{ExecutionSuccessful: true, Notifications: sarifNotes(r.Notes)}},
			Results:     results,
			ColumnKind:  "utf16CodeUnits",
			Properties: map[string]any{
				"imageName": imageName(r), "imageDigest": r.Image.Digest, "platform": r.Image.Platform,
				"os": r.OS.ID, "osVersion": r.OS.Version, "advisories": r.Advisories.Revision,
			},
		}},
	})
}

// suppress marks the results that somebody decided to ignore. The results are
// those of the vulnerabilities, then those of the findings, in their order.
func suppress(results []sarifResult, r *report.Report) {
	handled := make([]*report.Handling, 0, len(results))
	for _, v := range r.Vulnerabilities {
		handled = append(handled, v.Handling)
	}
	for _, f := range r.Findings {
		handled = append(handled, f.Handling)
	}
	if !slices.ContainsFunc(handled, func(h *report.Handling) bool { return h != nil }) {
		return
	}
	for i, h := range handled {
		suppressions := []sarifSuppression{}
		if h != nil {
			s := sarifSuppression{Kind: "external", Status: "accepted", Justification: clip(oneLine(h.Reason), maxSARIFText)}
			s.Properties = map[string]string{"author": oneLine(h.Author), "scope": oneLine(h.Scope)}
			if h.Expires != "" {
				s.Properties["expires"] = oneLine(h.Expires)
			}
			suppressions = append(suppressions, s)
		}
		results[i].Suppressions = &suppressions
	}
}

// sarifRules makes one rule per vulnerability, in order of appearance, and
// tells its index by id. Where a vulnerability is rated differently in several
// packages its rule says the worst.
func sarifRules(vulnerabilities []report.Vulnerability) ([]sarifRule, map[string]int) {
	rules := []sarifRule{}
	index := make(map[string]int)
	worst := make(map[string]report.Severity)
	for _, v := range vulnerabilities {
		i, known := index[v.ID]
		switch {
		case !known:
			index[v.ID] = len(rules)
			rules = append(rules, sarifRuleOf(v))
			worst[v.ID] = v.Severity
		case v.Severity > worst[v.ID]:
			rules[i] = sarifRuleOf(v)
			worst[v.ID] = v.Severity
		}
	}
	return rules, index
}

func sarifRuleOf(v report.Vulnerability) sarifRule {
	id, title, details := oneLine(clip(v.ID, 255)), oneLine(v.Title), prose(v.Details)
	if id == "" {
		id = "unnamed"
	}
	if title == "" {
		title = id + " in " + oneLine(v.Package)
	}
	if details == "" {
		details = title
	}
	name := "PackageVulnerability"
	if v.Category == report.System {
		name = "SystemPackageVulnerability"
	}
	properties := map[string]any{
		"tags":              []string{"vulnerability", "security", v.Severity.String()},
		"precision":         "very-high",
		"security-severity": securitySeverity(v),
	}
	if cwes := cweNumbers(v.CWEs); len(cwes) > 0 {
		tags := properties["tags"].([]string)
		for _, n := range cwes {
			tags = append(tags, fmt.Sprintf("external/cwe/cwe-%03d", n))
		}
		properties["tags"] = tags
	}
	return sarifRule{
		ID: id, Name: name,
		ShortDescription:     sarifText{clip(title, maxSARIFText)},
		FullDescription:      sarifText{clip(details, maxSARIFText)},
		HelpURI:              link(id),
		Help:                 sarifText{clip(strings.Join(append([]string{details, ""}, webLinks(v.References)...), "\n"), maxSARIFHelp)},
		DefaultConfiguration: sarifConfig{sarifLevel(v.Severity)},
		Properties:           properties,
	}
}

// securitySeverity is the number by which code scanning services sort: the CVSS
// score if it agrees with the severity, else one from the middle of the
// severity's band.
func securitySeverity(v report.Vulnerability) string {
	if c, ok := rating(v); ok && report.SeverityOfScore(c.Score) == v.Severity {
		return fmt.Sprintf("%.1f", c.Score)
	}
	switch v.Severity {
	case report.Critical:
		return "9.5"
	case report.High:
		return "8.0"
	case report.Medium:
		return "5.5"
	case report.Low:
		return "2.0"
	case report.Negligible:
		return "0.5"
	}
	return "0.0"
}

func sarifLevel(s report.Severity) string {
	switch {
	case s >= report.High:
		return "error"
	case s == report.Medium:
		return "warning"
	}
	return "note"
}

func sarifResultOf(r *report.Report, v report.Vulnerability, rule int) sarifResult {
	id := oneLine(clip(v.ID, 255))
	if id == "" {
		id = "unnamed"
	}
	message := fmt.Sprintf("%s %s has %s (%s).", oneLine(clip(v.Package, 200)), oneLine(clip(v.Version, 200)), id, v.Severity)
	if solution := prose(v.Solution); solution != "" {
		message += " " + solution
	}
	result := sarifResult{
		RuleID: id, RuleIndex: rule, Level: sarifLevel(v.Severity),
		Message:   sarifText{clip(message, maxSARIFText)},
		Locations: sarifLocations(r, v),
		Properties: map[string]any{
			"category": v.Category, "severity": v.Severity.String(), "package": v.Package, "packageType": v.Type, "purl": v.PURL,
			"installedVersion": v.Version, "fixedVersion": v.FixedVersion, "fixState": v.FixState,
		},
	}
	if v.Origin != "" {
		result.Properties["origin"] = v.Origin
	}
	if v.FindingID != "" {
		result.Fingerprints = map[string]string{"pratique/v1": v.FindingID}
		result.PartialFingerprints = map[string]string{"pratiqueFindingId/v1": v.FindingID}
	}
	if v.KEV != nil {
		result.Properties["kevDateAdded"] = v.KEV.DateAdded
	}
	if v.EPSS != nil && probability(v.EPSS.Score) {
		result.Properties["epssScore"] = v.EPSS.Score
	}
	return result
}

func probability(f float64) bool { return f >= 0 && f <= 1 } // not for NaN

func sarifLocations(r *report.Report, v report.Vulnerability) []sarifLocation {
	logical := []sarifLogical{{Name: clip(v.Package, 200), FullyQualifiedName: clip(v.PURL, maxSARIFText), Kind: "package"}}
	all := make([]sarifLocation, 0, 1)
	for _, l := range v.Locations[:min(len(v.Locations), maxSARIFLocations)] {
		text := fmt.Sprintf("layer %d", l.Layer)
		if l.Instruction != "" {
			text += ": " + oneLine(l.Instruction)
		}
		all = append(all, sarifLocation{
			PhysicalLocation: sarifPhysical{sarifArtifact{relativeURI(l.Path)}, sarifRegion{1}},
			LogicalLocations: logical,
			Message:          &sarifText{clip(text, maxSARIFText)},
		})
	}
	if len(all) == 0 {
		// Services want a place for everything; the image is one.
		all = append(all, sarifLocation{
			PhysicalLocation: sarifPhysical{sarifArtifact{relativeURI(imageName(r))}, sarifRegion{1}},
			LogicalLocations: logical,
		})
	}
	return all
}

// relativeURI writes a path in an image as a relative URI reference.
func relativeURI(path string) string {
	path = strings.TrimLeft(clip(path, maxSARIFPath), "/")
	if path == "" {
		path = "."
	}
	return (&url.URL{Path: path}).String()
}

func sarifNotes(notes []report.Note) []sarifNotification {
	var all []sarifNotification
	for _, n := range notes[:min(len(notes), maxSARIFNotes)] {
		text := oneLine(n.Message)
		if n.Path != "" {
			text += " (" + oneLine(n.Path) + ")"
		}
		all = append(all, sarifNotification{
			Level: "warning", Message: sarifText{clip(text, maxSARIFText)},
			Descriptor: map[string]string{"id": oneLine(clip(n.Code, 100))},
		})
	}
	return all
}
