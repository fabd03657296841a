package api

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pratique/pratique/internal/report"
)

func (h *handlers) registerFindings(api huma.API) {
	tags := []string{"Reports"}
	route(h, api, huma.Operation{
		OperationID: "getOverview", Method: http.MethodGet, Path: artifactPath + "/overview", Tags: tags,
		Summary:     "Get a report without its long lists",
		Description: "The image and its layers, what was counted, checks of settings, the base image and notes.",
	}, h.getOverview)
	route(h, api, huma.Operation{
		OperationID: "listVulnerabilities", Method: http.MethodGet, Path: artifactPath + "/vulnerabilities", Tags: tags,
		Summary: "List the vulnerabilities of a report",
	}, h.listVulnerabilities)
	route(h, api, huma.Operation{
		OperationID: "listFindings", Method: http.MethodGet, Path: artifactPath + "/findings", Tags: tags,
		Summary:     "List the findings of a report that are no vulnerabilities of packages",
		Description: "Secrets are masked; they are nowhere in the registry's database.",
	}, h.listFindings)
	route(h, api, huma.Operation{
		OperationID: "listPackages", Method: http.MethodGet, Path: artifactPath + "/packages", Tags: tags,
		Summary: "List the software of a report",
	}, h.listPackages)
	route(h, api, huma.Operation{
		OperationID: "getFiles", Method: http.MethodGet, Path: artifactPath + "/files", Tags: tags,
		Summary: "Get the file information of a report: totals, by type and by layer, the largest files, what is wasted, special rights",
	}, h.getFiles)
}

// Overview is a report without its long lists.
type Overview struct {
	Image      report.Image      `json:"image"`
	OS         report.OS         `json:"os"`
	Advisories report.Knowledge  `json:"advisories"`
	Summary    report.Summary    `json:"summary"`
	Packages   int               `json:"packages" doc:"Pieces of software"`
	Categories []report.Category `json:"categories" nullable:"false" doc:"What was looked for"`
	Layers     []LayerOverview   `json:"layers" nullable:"false" doc:"What each layer brought, the lowest first"`
	Checks     []report.Check    `json:"checks" nullable:"false"`
	Base       *report.Base      `json:"base,omitempty"`
	Notes      []report.Note     `json:"notes" nullable:"false"`
}

// LayerOverview counts what a layer brought. What stands in several layers is
// counted in each.
type LayerOverview struct {
	Layer      int                     `json:"layer" doc:"Index from 0, the lowest; -1 for the image's configuration"`
	Packages   int                     `json:"packages"`
	Total      int                     `json:"total" doc:"Vulnerabilities and other findings"`
	BySeverity map[report.Severity]int `json:"bySeverity"`
}

type overviewOut struct {
	Body Overview
}

func (h *handlers) getOverview(ctx context.Context, in *InArtifact) (*overviewOut, error) {
	r, err := h.report(ctx, in)
	if err != nil {
		return nil, err
	}
	return &overviewOut{Overview{
		Image: r.Image, OS: r.OS, Advisories: r.Advisories, Summary: r.Summary, Packages: len(r.Packages), Categories: r.Categories,
		Layers: layerOverviews(r), Checks: append([]report.Check{}, r.Checks...), Base: r.Base, Notes: append([]report.Note{}, r.Notes...),
	}}, nil
}

// layerOverviews counts by layer; the configuration comes last, if it has any
// findings.
func layerOverviews(r *report.Report) []LayerOverview {
	layers := make([]LayerOverview, len(r.Image.Layers), len(r.Image.Layers)+1)
	for i := range layers {
		layers[i] = LayerOverview{Layer: i, BySeverity: map[report.Severity]int{}}
	}
	config := LayerOverview{Layer: report.NoLayer, BySeverity: map[report.Severity]int{}}
	count := func(severity report.Severity, locations []report.Location) {
		for _, i := range layersOf(locations) {
			l := &config
			if i >= 0 && i < len(layers) {
				l = &layers[i]
			}
			l.Total++
			l.BySeverity[severity]++
		}
	}
	for i := range r.Vulnerabilities {
		count(r.Vulnerabilities[i].Severity, r.Vulnerabilities[i].Locations)
	}
	for i := range r.Findings {
		count(r.Findings[i].Severity, r.Findings[i].Locations)
	}
	for i := range r.Packages {
		if l := r.Packages[i].Layer; l >= 0 && l < len(layers) {
			layers[l].Packages++
		}
	}
	if config.Total > 0 {
		layers = append(layers, config)
	}
	return layers
}

// layersOf lists the layers of locations, each once.
func layersOf(locations []report.Location) []int {
	layers := make([]int, len(locations))
	for i, l := range locations {
		layers[i] = l.Layer
	}
	slices.Sort(layers)
	return slices.Compact(layers)
}

// anyLayer stands for all layers and the configuration.
const anyLayer = -2

// Wanted says which findings of a report to list.
type Wanted struct {
	Offset
	Severity string `query:"severity" enum:"unknown,negligible,low,medium,high,critical" doc:"Only of this severity or higher"`
	Query    string `query:"q" maxLength:"256" doc:"Only with this in an id, title, package, version, path or rule"`
	Origin   string `query:"origin" enum:"base,own" doc:"Only what came with the base image, or only what is the image's own"`
	Handling string `query:"handling" enum:"open,ignored" doc:"Only what nobody decided to ignore, or only what somebody did"`
	Layer    int    `query:"layer" default:"-2" minimum:"-2" doc:"Only in this layer, from 0; -1 is the configuration, -2 all"`
	Path     string `query:"path" maxLength:"256" doc:"Only where a path contains this"`
	Package  string `query:"package" maxLength:"256" doc:"Only about packages whose name contains this"`
}

// wanted is Wanted for one finding after the other.
type wanted struct {
	Wanted
	least report.Severity
}

func (w Wanted) parse() (wanted, error) {
	least, err := leastSeverity(w.Severity)
	return wanted{Wanted: w, least: least}, err
}

// fits reports whether a finding with these properties is wanted. texts are what
// else is searched.
func (w wanted) fits(s report.Severity, name string, o report.Origin, ignored bool, locations []report.Location, texts ...string) bool {
	switch {
	case s < w.least,
		w.Origin != "" && string(o) != w.Origin,
		w.Handling != "" && ignored != (w.Handling == "ignored"),
		!contains(name, w.Package),
		w.Layer != anyLayer && !slices.ContainsFunc(locations, func(l report.Location) bool { return l.Layer == w.Layer }),
		w.Path != "" && !within(w.Path, locations):
		return false
	}
	return w.Query == "" || contains(name, w.Query) || within(w.Query, locations) ||
		slices.ContainsFunc(texts, func(text string) bool { return contains(text, w.Query) })
}

// within reports whether a path, or the part of the configuration, contains a
// text.
func within(part string, locations []report.Location) bool {
	return slices.ContainsFunc(locations, func(l report.Location) bool { return contains(l.Path, part) || contains(l.Config, part) })
}

// contains compares without regard to case; every name contains "".
func contains(name, part string) bool {
	return part == "" || strings.Contains(strings.ToLower(name), strings.ToLower(part))
}

type listVulnerabilitiesIn struct {
	InArtifact
	Wanted
	Category string `query:"category" enum:"system-vulnerability,application-vulnerability" doc:"Only of this category"`
	Fixable  bool   `query:"fixable" doc:"Only with a fixed version"`
	Sort     string `query:"sort" enum:"severity,id,package,epss" default:"severity" doc:"By severity and EPSS the highest come first"`
}

type listVulnerabilitiesOut struct {
	Body Part[report.Vulnerability]
}

func (h *handlers) listVulnerabilities(ctx context.Context, in *listVulnerabilitiesIn) (*listVulnerabilitiesOut, error) {
	w, err := in.Wanted.parse()
	if err != nil {
		return nil, err
	}
	r, err := h.report(ctx, &in.InArtifact)
	if err != nil {
		return nil, err
	}
	return &listVulnerabilitiesOut{partOf(r.Vulnerabilities, in.Offset, func(v *report.Vulnerability) bool {
		return (in.Category == "" || string(v.Category) == in.Category) && (!in.Fixable || v.FixedVersion != "") &&
			w.fits(v.Severity, v.Package, v.Origin, v.Handling != nil, v.Locations, append([]string{v.ID, v.Title, v.Version, v.Source}, v.Aliases...)...)
	}, vulnerabilityOrders[in.Sort])}, nil
}

// vulnerabilityOrders are those a list of vulnerabilities can be asked for in.
var vulnerabilityOrders = map[string]func(a, b *report.Vulnerability) int{
	"severity": func(a, b *report.Vulnerability) int { return cmp.Compare(b.Severity, a.Severity) },
	"id":       func(a, b *report.Vulnerability) int { return cmp.Compare(a.ID, b.ID) },
	"package":  func(a, b *report.Vulnerability) int { return cmp.Compare(a.Package, b.Package) },
	"epss":     func(a, b *report.Vulnerability) int { return cmp.Compare(likelihood(b), likelihood(a)) },
}

// likelihood is the EPSS score, below all others where there is none.
func likelihood(v *report.Vulnerability) float64 {
	if v.EPSS == nil {
		return -1
	}
	return v.EPSS.Score
}

type listFindingsIn struct {
	InArtifact
	Wanted
	Category string `query:"category" enum:"malicious-file,unsafe-setting,weak-password,sensitive-information,software-compliance,base-image" doc:"Only of this category"`
	Rule     string `query:"rule" maxLength:"256" doc:"Only found by this rule"`
	Sort     string `query:"sort" enum:"severity,title,path" default:"severity" doc:"By severity the highest come first"`
}

type listFindingsOut struct {
	Body Part[report.Finding]
}

func (h *handlers) listFindings(ctx context.Context, in *listFindingsIn) (*listFindingsOut, error) {
	w, err := in.Wanted.parse()
	if err != nil {
		return nil, err
	}
	r, err := h.report(ctx, &in.InArtifact)
	if err != nil {
		return nil, err
	}
	return &listFindingsOut{partOf(r.Findings, in.Offset, func(f *report.Finding) bool {
		return (in.Category == "" || string(f.Category) == in.Category) && (in.Rule == "" || f.Rule == in.Rule) &&
			w.fits(f.Severity, f.Package, f.Origin, f.Handling != nil, f.Locations, f.Title, f.Rule, f.Version)
	}, findingOrders[in.Sort])}, nil
}

// findingOrders are those a list of other findings can be asked for in.
var findingOrders = map[string]func(a, b *report.Finding) int{
	"severity": func(a, b *report.Finding) int { return cmp.Compare(b.Severity, a.Severity) },
	"title":    func(a, b *report.Finding) int { return cmp.Compare(a.Title, b.Title) },
	"path":     func(a, b *report.Finding) int { return cmp.Compare(firstPath(a), firstPath(b)) },
}

func firstPath(f *report.Finding) string {
	if len(f.Locations) == 0 {
		return ""
	}
	return cmp.Or(f.Locations[0].Path, f.Locations[0].Config)
}

type listPackagesIn struct {
	InArtifact
	Offset
	Package    string `query:"package" maxLength:"256" doc:"Only packages whose name contains this"`
	Query      string `query:"q" maxLength:"256" doc:"Only with this in name, version, licence, supplier or path"`
	Type       string `query:"type" maxLength:"32" doc:"Only packages of this type: deb, npm, maven, …"`
	Layer      int    `query:"layer" default:"-2" minimum:"-2" doc:"Only of this layer, from 0; -2 is all"`
	Vulnerable bool   `query:"vulnerable" doc:"Only packages with vulnerabilities"`
	Sort       string `query:"sort" enum:"name,vulnerabilities" default:"name"`
}

type listPackagesOut struct {
	Body Part[report.Package]
}

func (h *handlers) listPackages(ctx context.Context, in *listPackagesIn) (*listPackagesOut, error) {
	r, err := h.report(ctx, &in.InArtifact)
	if err != nil {
		return nil, err
	}
	return &listPackagesOut{partOf(r.Packages, in.Offset, func(p *report.Package) bool {
		texts := append([]string{p.Name, p.Version, p.Supplier, p.Path, p.Source}, p.Licences...)
		return contains(p.Name, in.Package) && (in.Type == "" || p.Type == in.Type) &&
			(in.Layer == anyLayer || p.Layer == in.Layer) && (!in.Vulnerable || p.Vulnerabilities > 0) &&
			slices.ContainsFunc(texts, func(text string) bool { return contains(text, in.Query) })
	}, packageOrders[in.Sort])}, nil
}

// packageOrders are those a list of packages can be asked for in; by name is how
// reports have them.
var packageOrders = map[string]func(a, b *report.Package) int{
	"name":            func(a, b *report.Package) int { return 0 },
	"vulnerabilities": func(a, b *report.Package) int { return cmp.Compare(b.Vulnerabilities, a.Vulnerabilities) },
}

type filesOut struct {
	Body report.FileSummary
}

func (h *handlers) getFiles(ctx context.Context, in *InArtifact) (*filesOut, error) {
	r, err := h.report(ctx, in)
	if err != nil {
		return nil, err
	}
	return &filesOut{r.Files}, nil
}
