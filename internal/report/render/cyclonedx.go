package render

import (
	"io"
	"strconv"
	"unicode/utf8"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/pratique/pratique/internal/report"
)

const (
	cdxSchema = "http://cyclonedx.org/schema/bom-1.6.schema.json"
	// rootRef refers to the image, osRef to its operating system.
	rootRef = "image"
	osRef   = "os"
	// maxCDXVersion is the length the schema allows a version, in characters.
	maxCDXVersion = 1024
)

func writeCycloneDX(w io.Writer, r *report.Report, opts Options) error {
	id, err := documentUUID(CycloneDX, r, opts)
	if err != nil {
		return err
	}
	refs := packageIDs(r.Packages)
	components := cdxComponents(r, refs)
	bom := &cdx.BOM{
		JSONSchema:      cdxSchema,
		BOMFormat:       cdx.BOMFormat,
		SpecVersion:     cdx.SpecVersion1_6,
		SerialNumber:    "urn:uuid:" + id,
		Version:         1,
		Metadata:        cdxMetadata(r, opts),
		Components:      &components,
		Dependencies:    cdxDependencies(components),
		Vulnerabilities: cdxVulnerabilities(r, refs),
	}
	return cdx.NewBOMEncoder(w, cdx.BOMFileFormatJSON).SetEscapeHTML(false).SetPretty(true).Encode(bom)
}

func cdxMetadata(r *report.Report, opts Options) *cdx.Metadata {
	properties := cdxProperties{}
	properties.add("image:digest", r.Image.Digest)
	properties.add("image:configDigest", r.Image.ConfigDigest)
	properties.add("image:mediaType", r.Image.MediaType)
	properties.add("image:platform", r.Image.Platform)
	properties.add("advisories:revision", r.Advisories.Revision)
	properties.add("advisories:newest", r.Advisories.Newest)
	if r.Base != nil {
		properties.add("base:name", r.Base.Name)
		properties.add("base:version", r.Base.Version)
		properties.add("base:digest", r.Base.Digest)
		properties.add("base:source", r.Base.Source)
	}
	// What is no component and no vulnerability has no place in a bill of
	// materials; that there is some is told, the other formats say what.
	for _, c := range report.Categories() {
		if n := r.Summary.Findings.ByCategory[c]; n > 0 {
			properties.add("findings:"+string(c), strconv.Itoa(n))
		}
	}
	for _, l := range r.Image.Layers {
		properties.add("layer:"+strconv.Itoa(l.Index), digest(l))
	}
	return &cdx.Metadata{
		Timestamp: timestamp(r, opts),
		Tools: &cdx.ToolsChoice{Components: &[]cdx.Component{{
			Type: cdx.ComponentTypeApplication, Name: toolName, Version: opts.ToolVersion,
			ExternalReferences: &[]cdx.ExternalReference{{Type: cdx.ERTypeWebsite, URL: toolURL}},
		}}},
		Component: &cdx.Component{
			BOMRef: rootRef, Type: cdx.ComponentTypeContainer, Name: imageName(r), Version: cdxVersion(r.Image.Digest),
			Properties: properties.list(),
		},
	}
}

func cdxComponents(r *report.Report, refs []string) []cdx.Component {
	components := make([]cdx.Component, 0, len(r.Packages)+1)
	if r.OS.ID != "" {
		components = append(components, cdx.Component{
			BOMRef: osRef, Type: cdx.ComponentTypeOS, Name: r.OS.ID, Version: cdxVersion(r.OS.Version), Description: r.OS.Name,
		})
	}
	known := newLicences()
	for i, p := range r.Packages {
		components = append(components, cdxComponent(r, p, refs[i], known))
	}
	return components
}

func cdxComponent(r *report.Report, p report.Package, ref string, known *licences) cdx.Component {
	layer := layerAt(r, p.Layer)
	properties := cdxProperties{}
	properties.add("package:type", p.Type)
	properties.add("package:arch", p.Arch)
	properties.add("package:source", p.Source)
	properties.add("package:sourceVersion", p.SourceVersion)
	properties.add("package:module", p.Module)
	properties.add("package:ownedBy", p.OwnedBy)
	if p.Vulnerabilities > 0 {
		properties.add("package:vulnerabilities", strconv.Itoa(p.Vulnerabilities))
	}
	properties.add("layer:index", strconv.Itoa(p.Layer))
	properties.add("layer:digest", layer.Digest)
	properties.add("layer:diffId", layer.DiffID)
	c := cdx.Component{
		BOMRef: ref, Type: cdx.ComponentTypeLibrary, Name: p.Name, Version: cdxVersion(p.Version), PackageURL: p.PURL,
		Licenses: cdxLicences(p.Licences, known), Properties: properties.list(),
	}
	if p.Supplier != "" {
		c.Supplier = &cdx.OrganizationalEntity{Name: p.Supplier}
	}
	if p.Path != "" {
		c.Evidence = &cdx.Evidence{Occurrences: &[]cdx.EvidenceOccurrence{{Location: p.Path}}}
	}
	return c
}

// cdxLicences is one expression where all texts are SPDX, else a list of names;
// the schema does not let them be mixed.
func cdxLicences(texts []string, known *licences) *cdx.Licenses {
	texts = distinct(texts)
	if len(texts) == 0 {
		return nil
	}
	named := make(cdx.Licenses, 0, len(texts))
	spdx := true
	for _, t := range texts {
		spdx = spdx && known.expression(t)
		named = append(named, cdx.LicenseChoice{License: &cdx.License{Name: t}})
	}
	if spdx {
		return &cdx.Licenses{{Expression: join(texts)}}
	}
	return &named
}

// cdxDependencies says that the image holds every component; what they need of
// each other is not known.
func cdxDependencies(components []cdx.Component) *[]cdx.Dependency {
	all := make([]string, len(components))
	for i, c := range components {
		all[i] = c.BOMRef
	}
	return &[]cdx.Dependency{{Ref: rootRef, Dependencies: &all}}
}

// packageKey joins findings to the packages they are about.
type packageKey struct{ kind, name, version string }

func cdxVulnerabilities(r *report.Report, refs []string) *[]cdx.Vulnerability {
	affected := make(map[packageKey][]string)
	for i, p := range r.Packages {
		// What belongs to another package has that package's vulnerabilities.
		if p.OwnedBy == "" {
			k := packageKey{p.Type, p.Name, p.Version}
			affected[k] = append(affected[k], refs[i])
		}
	}
	all := make([]cdx.Vulnerability, 0, len(r.Vulnerabilities))
	seen := make(map[string]int)
	for _, v := range r.Vulnerabilities {
		ref := "finding-" + v.FindingID
		if seen[ref]++; seen[ref] > 1 {
			ref += "." + strconv.Itoa(seen[ref])
		}
		all = append(all, cdxVulnerability(v, ref, affected[packageKey{v.Type, v.Package, v.Version}]))
	}
	return &all
}

func cdxVulnerability(v report.Vulnerability, ref string, affected []string) cdx.Vulnerability {
	if len(affected) == 0 {
		affected = []string{rootRef}
	}
	affects := make([]cdx.Affects, len(affected))
	for i, ref := range affected {
		affects[i] = cdx.Affects{Ref: ref, Range: cdxAffected(v.Version)}
	}
	properties := cdxProperties{}
	properties.add("finding:id", v.FindingID)
	properties.add("finding:category", string(v.Category))
	properties.add("finding:package", v.Package)
	properties.add("finding:fixedVersion", v.FixedVersion)
	properties.add("finding:fixState", string(v.FixState))
	properties.add("finding:origin", string(v.Origin))
	if v.KEV != nil {
		properties.add("kev:dateAdded", v.KEV.DateAdded)
		properties.add("kev:dueDate", v.KEV.DueDate)
	}
	if v.EPSS != nil && probability(v.EPSS.Score) {
		properties.add("epss:score", strconv.FormatFloat(v.EPSS.Score, 'f', 5, 64))
	}
	for _, l := range v.Locations[:min(len(v.Locations), maxSARIFLocations)] {
		properties.add("location", l.Path+" (layer "+strconv.Itoa(l.Layer)+" "+l.LayerDigest+")")
	}
	out := cdx.Vulnerability{
		BOMRef: ref, ID: v.ID, Source: &cdx.Source{URL: link(v.ID)}, References: cdxReferences(v.Aliases), Ratings: cdxRatings(v),
		Description: v.Title, Detail: v.Details, Recommendation: v.Solution, Advisories: cdxAdvisories(v.References),
		Published: rfc3339(v.Published), Updated: rfc3339(v.Modified), Affects: &affects, Properties: properties.list(),
		Analysis: cdxAnalysis(v.Handling),
	}
	if cwes := cweNumbers(v.CWEs); len(cwes) > 0 {
		out.CWEs = &cwes
	}
	return out
}

// cdxAnalysis tells of a decision. To ignore a vulnerability does not say that it
// cannot be exploited, only that nothing will be done about it.
func cdxAnalysis(h *report.Handling) *cdx.VulnerabilityAnalysis {
	if h == nil {
		return nil
	}
	return &cdx.VulnerabilityAnalysis{
		State: cdx.IASExploitable, Response: &[]cdx.ImpactAnalysisResponse{cdx.IARWillNotFix}, Detail: handlingText(h),
	}
}

// cdxAffected is a version that is affected; nothing where none is known.
func cdxAffected(version string) *[]cdx.AffectedVersions {
	if version == "" {
		return nil
	}
	return &[]cdx.AffectedVersions{{Version: cdxVersion(version), Status: cdx.VulnerabilityStatusAffected}}
}

// cdxRatings puts the severity we go by first and the CVSS ratings after it.
func cdxRatings(v report.Vulnerability) *[]cdx.VulnerabilityRating {
	own := cdx.VulnerabilityRating{Severity: cdxSeverity(v.Severity)}
	if v.SeveritySource != "" {
		own.Source = &cdx.Source{Name: v.SeveritySource}
	}
	ratings := []cdx.VulnerabilityRating{own}
	for _, c := range v.CVSS {
		if !sensible(c) {
			continue
		}
		ratings = append(ratings, cdx.VulnerabilityRating{
			Score: &c.Score, Severity: cdxSeverity(report.SeverityOfScore(c.Score)), Method: cdxMethod(c.Version), Vector: c.Vector,
		})
	}
	return &ratings
}

func cdxMethod(version string) cdx.ScoringMethod {
	switch version {
	case "2.0":
		return cdx.ScoringMethodCVSSv2
	case "3.0":
		return cdx.ScoringMethodCVSSv3
	case "3.1":
		return cdx.ScoringMethodCVSSv31
	case "4.0":
		return cdx.ScoringMethodCVSSv4
	}
	return cdx.ScoringMethodOther
}

func cdxSeverity(s report.Severity) cdx.Severity {
	switch s {
	case report.Critical:
		return cdx.SeverityCritical
	case report.High:
		return cdx.SeverityHigh
	case report.Medium:
		return cdx.SeverityMedium
	case report.Low:
		return cdx.SeverityLow
	case report.Negligible:
		return cdx.SeverityInfo
	}
	return cdx.SeverityUnknown
}

func cdxReferences(aliases []string) *[]cdx.VulnerabilityReference {
	var references []cdx.VulnerabilityReference
	for _, a := range distinct(aliases) {
		references = append(references, cdx.VulnerabilityReference{ID: a, Source: &cdx.Source{URL: link(a)}})
	}
	if references == nil {
		return nil
	}
	return &references
}

func cdxAdvisories(references []string) *[]cdx.Advisory {
	var advisories []cdx.Advisory
	for _, url := range webLinks(references) {
		advisories = append(advisories, cdx.Advisory{URL: url})
	}
	if advisories == nil {
		return nil
	}
	return &advisories
}

// cdxVersion keeps a version within what the schema allows.
func cdxVersion(s string) string {
	if len(s) <= maxCDXVersion || utf8.RuneCountInString(s) <= maxCDXVersion {
		return s
	}
	return clip(s, maxCDXVersion)
}

// cdxProperties are name and value pairs in our own name space. Those without a
// value are left out.
type cdxProperties []cdx.Property

func (p *cdxProperties) add(name, value string) {
	if value != "" {
		*p = append(*p, cdx.Property{Name: toolName + ":" + name, Value: value})
	}
}

func (p *cdxProperties) list() *[]cdx.Property {
	if len(*p) == 0 {
		return nil
	}
	list := []cdx.Property(*p)
	return &list
}
