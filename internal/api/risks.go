package api

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/report"
)

// RiskStore answers questions across images.
type RiskStore interface {
	// VulnerabilityUses tells of all of them, VulnerabilityKeys of names under which
	// advisories speak of packages that have them.
	VulnerabilityUses(ctx context.Context, instanceID string, f catalog.VulnerabilityFilter) ([]catalog.VulnerabilityUse, error)
	VulnerabilityKeys(ctx context.Context, ids []string) ([]catalog.VulnerabilityKey, error)
	VulnerableImages(ctx context.Context, instanceID, vulnerability string, f catalog.ImageFilter, after int64, limit int) ([]catalog.PackageUse, error)
	PackageNames(ctx context.Context, instanceID string, f catalog.PackageFilter, offset, limit int) (list []catalog.PackageNameUse, total int, err error)
	VulnerabilityHistory(ctx context.Context, instanceID, vulnerability string, f catalog.ImageFilter, offset, limit int) ([]catalog.VulnerabilityPeriod, error)
	PackageImages(ctx context.Context, instanceID, name, version, kind string, f catalog.ImageFilter, after int64, limit int) ([]catalog.PackageUse, error)
	// RuleUses returns some of them, and how many there are.
	RuleUses(ctx context.Context, instanceID string, f catalog.RuleFilter, offset, limit int) (list []catalog.RuleUse, total int, err error)
	FoundImages(ctx context.Context, instanceID string, category, rule string, f catalog.ImageFilter, after int64, limit int) ([]catalog.FoundImage, error)
	Standing(ctx context.Context, instanceID string, f catalog.ImageFilter) (catalog.Standing, error)
	Trend(ctx context.Context, instanceID string, f catalog.ImageFilter, since time.Time) ([]catalog.TrendDay, error)
	PullDays(ctx context.Context, instanceID string, f catalog.ImageFilter, since time.Time) ([]catalog.PullDay, error)
	MostExposed(ctx context.Context, instanceID string, f catalog.ImageFilter, limit int) ([]catalog.Exposed, error)
	ActiveScans(ctx context.Context, instanceID string, f catalog.ImageFilter, limit int) (list []catalog.ActiveScan, running, waiting int, err error)
}

func (h *handlers) registerRisks(api huma.API) {
	tags := []string{"Risks"}
	route(h, api, huma.Operation{
		OperationID: "listRiskVulnerabilities", Method: http.MethodGet, Path: "/risks/vulnerabilities", Tags: tags,
		Summary:     "List the vulnerabilities of all images",
		Description: "As found, before anybody's decision about them; each image's own report tells those.",
	}, h.listRiskVulnerabilities)
	route(h, api, huma.Operation{
		OperationID: "getRiskVulnerability", Method: http.MethodGet, Path: "/risks/vulnerabilities/{vulnerability}", Tags: tags,
		Summary: "Describe a vulnerability that an image has",
	}, h.getRiskVulnerability)
	route(h, api, huma.Operation{
		OperationID: "listVulnerableImages", Method: http.MethodGet, Path: "/risks/vulnerabilities/{vulnerability}/images", Tags: tags,
		Summary: "List the images that have a vulnerability, with the packages they have it by",
	}, h.listVulnerableImages)
	route(h, api, huma.Operation{
		OperationID: "listVulnerabilityHistory", Method: http.MethodGet, Path: "/risks/vulnerabilities/{vulnerability}/history", Tags: tags,
		Summary:     "List when images had a vulnerability, what happened last first",
		Description: "Of images that are still here. What is over is kept for as long as events are.",
	}, h.listVulnerabilityHistory)
	route(h, api, huma.Operation{
		OperationID: "listRiskFindings", Method: http.MethodGet, Path: "/risks/findings", Tags: tags,
		Summary:     "List what rules found in all images, the worst first",
		Description: "Malicious files, unsafe settings, weak passwords, sensitive information and software compliance, as found.",
	}, h.listRiskFindings)
	route(h, api, huma.Operation{
		OperationID: "getRiskRule", Method: http.MethodGet, Path: "/risks/findings/rule", Tags: tags,
		Summary:     "Describe a rule that found something, and what to do about it",
		Description: "In the words of the report of one of the images in which it did, which may be about that image.",
	}, h.getRiskRule)
	route(h, api, huma.Operation{
		OperationID: "listFoundImages", Method: http.MethodGet, Path: "/risks/findings/images", Tags: tags,
		Summary: "List the images in which a rule found something",
	}, h.listFoundImages)
	route(h, api, huma.Operation{
		OperationID: "listRiskPackages", Method: http.MethodGet, Path: "/risks/packages", Tags: tags,
		Summary: "List the packages that images hold by name, those that begin with what is looked for first",
	}, h.listRiskPackages)
	route(h, api, huma.Operation{
		OperationID: "listPackageImages", Method: http.MethodGet, Path: "/risks/packages/images", Tags: tags,
		Summary: "List the images that hold a package",
	}, h.listPackageImages)
}

// InImages narrows a question about many images, of which it is about those that
// whoever asks may see.
type InImages struct {
	Namespace  string `query:"namespace" maxLength:"64" doc:"Only images of this namespace"`
	Repository string `query:"repository" maxLength:"255" doc:"Only images of this repository of the namespace"`
}

func (in InImages) filter(ctx context.Context) catalog.ImageFilter {
	see := visible(ctx)
	f := catalog.ImageFilter{Repository: in.Repository, See: &see}
	if in.Namespace != "" {
		f.Namespaces = []string{in.Namespace}
	}
	return f
}

// More selects part of a list that is ordered by how bad things are.
type More struct {
	Offset int `query:"offset" default:"0" minimum:"0" maximum:"1000000" doc:"Entries to leave out"`
	Limit  int `query:"limit" default:"50" minimum:"1" maximum:"500" doc:"Entries to return"`
}

// Some is part of such a list.
type Some[T any] struct {
	Items []T  `json:"items" nullable:"false"`
	More  bool `json:"more" doc:"Whether there are others after these"`
}

// Counted is part of such a list of which it is known how long it is.
type Counted[T any] struct {
	Some[T]
	Total int `json:"total" doc:"How many there are with those before and after"`
}

// someOf makes part of a list of what the store returned when it was asked for
// one more.
func someOf[S, T any](found []S, limit int, convert func(S) T) Some[T] {
	out := Some[T]{Items: []T{}, More: len(found) > limit}
	for _, f := range found[:min(len(found), limit)] {
		out.Items = append(out.Items, convert(f))
	}
	return out
}

// countedOf makes part of a list of total entries.
func countedOf[S, T any](found []S, offset, total int, convert func(S) T) Counted[T] {
	out := Counted[T]{someOf(found, len(found), convert), total}
	out.More = offset+len(found) < total
	return out
}

// InVulnerability is the part of a path that names a vulnerability.
type InVulnerability struct {
	Vulnerability string `path:"vulnerability" maxLength:"128" doc:"Its id, as reports have it" example:"CVE-2024-3094"`
}

type getRiskVulnerabilityOut struct {
	Body report.Vulnerability
}

// getRiskVulnerability describes a vulnerability as the report of one of the
// images that have it does, without what is about that image.
func (h *handlers) getRiskVulnerability(ctx context.Context, in *InVulnerability) (*getRiskVulnerabilityOut, error) {
	inst := instance(ctx)
	uses, err := h.cfg.Store.VulnerableImages(ctx, inst, in.Vulnerability, InImages{}.filter(ctx), 0, describers)
	if err != nil {
		return nil, err
	}
	for _, u := range uses {
		v, err := h.described(ctx, u, in.Vulnerability)
		if err != nil && !catalog.Is(err, catalog.NotFound) {
			return nil, err
		}
		if v != nil {
			v.FindingID, v.Locations, v.Origin, v.Handling, v.Solution = "", []report.Location{}, "", nil, ""
			return &getRiskVulnerabilityOut{*v}, nil
		}
	}
	return nil, catalog.Errorf(catalog.NotFound, "vulnerability_not_found", "no image has the vulnerability %q", in.Vulnerability).
		Advise("write the id as reports do, such as CVE-2024-3094")
}

// describers is how many reports are read for the description of a
// vulnerability. One is enough unless it is being replaced.
const describers = 3

func (h *handlers) described(ctx context.Context, u catalog.PackageUse, id string) (*report.Vulnerability, error) {
	r, err := h.cfg.Scanner.DecodedReport(ctx, u.ArtifactID)
	if err != nil {
		return nil, err
	}
	for i := range r.Vulnerabilities {
		if v := r.Vulnerabilities[i]; v.ID == id {
			return &v, nil
		}
	}
	return nil, nil
}

// RiskImage is an image with what it has that was asked for.
type RiskImage struct {
	Namespace  string   `json:"namespace"`
	Repository string   `json:"repository"`
	Digest     string   `json:"digest"`
	Tags       []string `json:"tags" nullable:"false"`
}

func riskImage(key catalog.RepositoryKey, digest string, tags []string) RiskImage {
	return RiskImage{Namespace: key.Namespace, Repository: key.Repository, Digest: digest, Tags: append([]string{}, tags...)}
}

// PackageImage is an image with a package it holds.
type PackageImage struct {
	RiskImage
	Package   string `json:"package"`
	Version   string `json:"version"`
	Type      string `json:"type" doc:"The purl type: deb, npm, maven, …"`
	Ecosystem string `json:"ecosystem,omitempty"`
	Layer     int    `json:"layer" doc:"Index from 0 of the layer that brought it"`
	// The rest is there where a vulnerability was asked for.
	Severity     string    `json:"severity,omitempty"`
	FixedVersion string    `json:"fixedVersion,omitempty"`
	Since        time.Time `json:"since,omitzero" doc:"When the image had it first, or it became known"`
	Decided      string    `json:"decided,omitempty" enum:"ignored,whitelisted" doc:"What somebody decided about it for this image"`
}

func packageImage(u catalog.PackageUse) PackageImage {
	out := PackageImage{
		RiskImage: riskImage(u.Key, u.Digest, u.Tags),
		Package:   u.Package.Name, Version: u.Package.Version, Type: u.Package.Type, Ecosystem: u.Package.Ecosystem, Layer: u.Layer,
		FixedVersion: u.Vulnerability.FixedVersion, Since: u.Since,
	}
	if u.Vulnerability.ID != "" {
		out.Severity = u.Vulnerability.Severity.String()
	}
	return out
}

// ByArtifact selects part of a list that is ordered by image. All that is about
// one image is on the same page, so there may be more entries than Limit.
type ByArtifact struct {
	After string `query:"after" maxLength:"20" doc:"The \"next\" of the page before"`
	Limit int    `query:"limit" default:"100" minimum:"1" maximum:"500" doc:"Images per page"`
}

func (p ByArtifact) after() (int64, error) {
	if p.After == "" {
		return 0, nil
	}
	id, err := strconv.ParseInt(p.After, 10, 64)
	if err != nil || id < 0 {
		return 0, catalog.Errorf(catalog.Invalid, "after_invalid", "%q is not the \"next\" of a page", p.After).Advise("leave it out for the first page")
	}
	return id, nil
}

// byArtifact makes a page of what the store returned when it was asked for one
// image more.
func byArtifact[S, T any](found []S, p ByArtifact, artifact func(S) int64, convert func(S) T) List[T] {
	list := List[T]{Items: []T{}}
	images, last := 0, int64(0)
	for _, f := range found {
		if id := artifact(f); id != last || images == 0 {
			if images == p.Limit {
				list.Next = fmt.Sprint(last)
				break
			}
			images, last = images+1, id
		}
		list.Items = append(list.Items, convert(f))
	}
	return list
}

type packageImagesOut struct {
	Body List[PackageImage]
}

type listVulnerableImagesIn struct {
	InVulnerability
	InImages
	ByArtifact
}

func (h *handlers) listVulnerableImages(ctx context.Context, in *listVulnerableImagesIn) (*packageImagesOut, error) {
	after, err := in.after()
	if err != nil {
		return nil, err
	}
	uses, err := h.cfg.Store.VulnerableImages(ctx, instance(ctx), in.Vulnerability, in.filter(ctx), after, in.Limit+1)
	if err != nil {
		return nil, err
	}
	decide := h.decisions(ctx)
	list := byArtifact(uses, in.ByArtifact, artifactOfUse, func(u catalog.PackageUse) PackageImage {
		out := packageImage(u)
		decided, failed := decide(u)
		if failed != nil {
			err = failed
		}
		out.Decided = decided
		return out
	})
	return &packageImagesOut{list}, err
}

// VulnerabilityPeriod is a time in which an image had a vulnerability.
type VulnerabilityPeriod struct {
	RiskImage
	Package      string    `json:"package" doc:"The first by name of those that it had it by"`
	Packages     int       `json:"packages" doc:"How many these were"`
	Severity     string    `json:"severity"`
	FixedVersion string    `json:"fixedVersion,omitempty"`
	Since        time.Time `json:"since" doc:"When the image had it first, or it became known"`
	Until        time.Time `json:"until,omitzero" doc:"From when on no advisory said so any more; missing while one does"`
}

type listVulnerabilityHistoryIn struct {
	InVulnerability
	InImages
	More
}

type listVulnerabilityHistoryOut struct {
	Body Some[VulnerabilityPeriod]
}

func (h *handlers) listVulnerabilityHistory(ctx context.Context, in *listVulnerabilityHistoryIn) (*listVulnerabilityHistoryOut, error) {
	list, err := h.cfg.Store.VulnerabilityHistory(ctx, instance(ctx), in.Vulnerability, in.filter(ctx), in.Offset, in.Limit+1)
	if err != nil {
		return nil, err
	}
	return &listVulnerabilityHistoryOut{someOf(list, in.Limit, func(p catalog.VulnerabilityPeriod) VulnerabilityPeriod {
		return VulnerabilityPeriod{
			RiskImage: riskImage(p.Key, p.Digest, p.Tags), Package: p.Package, Packages: p.Packages,
			Severity: p.Severity.String(), FixedVersion: p.FixedVersion, Since: p.Since, Until: p.Until,
		}
	})}, nil
}

func artifactOfUse(u catalog.PackageUse) int64 { return u.ArtifactID }

// decisions returns a function that tells what was decided about a vulnerability
// of an image, which reads the exceptions of each image once as long as it is
// asked about one after the other.
func (h *handlers) decisions(ctx context.Context) func(catalog.PackageUse) (string, error) {
	var last int64
	var force catalog.Exceptions
	return func(u catalog.PackageUse) (string, error) {
		if u.ArtifactID != last {
			exceptions, err := h.cfg.Store.ArtifactExceptions(ctx, u.Key, u.Digest)
			if err != nil {
				return "", err
			}
			last, force = u.ArtifactID, catalog.InForce(exceptions, h.cfg.Now())
		}
		handling := force.Handle(catalog.Subject{IDs: []string{u.Vulnerability.ID}, Category: categoryOf(u.Package), Package: u.Package.Name})
		switch {
		case handling.Whitelisted:
			return "whitelisted", nil
		case handling.Ignored != nil:
			return "ignored", nil
		}
		return "", nil
	}
}

// categoryOf is the category of a package's vulnerabilities.
func categoryOf(p catalog.PackageIdentity) report.Category {
	if (report.Package{Type: p.Type}).Distribution() {
		return report.System
	}
	return report.Application
}

// RiskPackage is all packages of a name and type that images hold.
type RiskPackage struct {
	Name            string `json:"name"`
	Type            string `json:"type" doc:"The purl type: deb, npm, maven, …"`
	Versions        int    `json:"versions"`
	Images          int    `json:"images" doc:"Images that hold one of the versions"`
	Vulnerabilities int    `json:"vulnerabilities" doc:"Of any of the versions"`
	Severity        string `json:"severity,omitempty" doc:"The worst of them"`
}

type listRiskPackagesIn struct {
	InImages
	More
	Query string `query:"q" maxLength:"256" doc:"Only with this in the name"`
	Type  string `query:"type" maxLength:"32" doc:"Only of this type: deb, npm, maven, …"`
}

type listRiskPackagesOut struct {
	Body Counted[RiskPackage]
}

func (h *handlers) listRiskPackages(ctx context.Context, in *listRiskPackagesIn) (*listRiskPackagesOut, error) {
	f := catalog.PackageFilter{ImageFilter: in.filter(ctx), Query: in.Query, Type: in.Type}
	list, total, err := h.cfg.Store.PackageNames(ctx, instance(ctx), f, in.Offset, in.Limit)
	if err != nil {
		return nil, err
	}
	return &listRiskPackagesOut{countedOf(list, in.Offset, total, func(u catalog.PackageNameUse) RiskPackage {
		out := RiskPackage{Name: u.Name, Type: u.Type, Versions: u.Versions, Images: u.Images, Vulnerabilities: u.Vulnerabilities}
		if u.Vulnerabilities > 0 {
			out.Severity = u.Severity.String()
		}
		return out
	})}, nil
}

type listPackageImagesIn struct {
	InImages
	ByArtifact
	Package string `query:"package" required:"true" minLength:"1" maxLength:"256" doc:"Name of the package"`
	Version string `query:"version" maxLength:"128" doc:"Only of this version"`
	Type    string `query:"type" maxLength:"32" doc:"Only of this type: deb, npm, maven, …"`
}

func (h *handlers) listPackageImages(ctx context.Context, in *listPackageImagesIn) (*packageImagesOut, error) {
	after, err := in.after()
	if err != nil {
		return nil, err
	}
	uses, err := h.cfg.Store.PackageImages(ctx, instance(ctx), in.Package, in.Version, in.Type, in.filter(ctx), after, in.Limit+1)
	if err != nil {
		return nil, err
	}
	return &packageImagesOut{byArtifact(uses, in.ByArtifact, artifactOfUse, packageImage)}, nil
}

// RiskFinding is a rule that found something, with how many images it did so in.
type RiskFinding struct {
	Category report.Category `json:"category"`
	Rule     string          `json:"rule"`
	Title    string          `json:"title"`
	Severity string          `json:"severity" doc:"The worst in any image"`
	Images   int             `json:"images"`
	Findings int             `json:"findings" doc:"In all images"`
}

type listRiskFindingsIn struct {
	InImages
	More
	Category string `query:"category" enum:"malicious-file,unsafe-setting,weak-password,sensitive-information,software-compliance,base-image"`
	Severity string `query:"severity" enum:"unknown,negligible,low,medium,high,critical" doc:"Only of this severity or higher"`
	Query    string `query:"q" maxLength:"256" doc:"Only with this in the rule's name or title"`
}

type listRiskFindingsOut struct {
	Body Counted[RiskFinding]
}

func (h *handlers) listRiskFindings(ctx context.Context, in *listRiskFindingsIn) (*listRiskFindingsOut, error) {
	least, err := leastSeverity(in.Severity)
	if err != nil {
		return nil, err
	}
	f := catalog.RuleFilter{ImageFilter: in.filter(ctx), Category: report.Category(in.Category), Severity: least, Query: in.Query}
	list, total, err := h.cfg.Store.RuleUses(ctx, instance(ctx), f, in.Offset, in.Limit)
	if err != nil {
		return nil, err
	}
	return &listRiskFindingsOut{countedOf(list, in.Offset, total, func(u catalog.RuleUse) RiskFinding {
		return RiskFinding{Category: u.Category, Rule: u.Rule, Title: u.Title, Severity: u.Severity.String(), Images: u.Images, Findings: u.Amount}
	})}, nil
}

// RiskRule describes a rule by what it found in an image.
type RiskRule struct {
	Category   report.Category `json:"category"`
	Rule       string          `json:"rule"`
	Title      string          `json:"title"`
	Severity   string          `json:"severity"`
	Details    string          `json:"details,omitempty" doc:"What it means, in sentences"`
	Solution   string          `json:"solution" doc:"What to do, in sentences"`
	References []string        `json:"references" nullable:"false" doc:"Addresses that tell more"`
	Image      RiskImage       `json:"image" doc:"The image whose report says so"`
}

// OfRule names a rule that found something.
type OfRule struct {
	Category string `query:"category" required:"true" enum:"malicious-file,unsafe-setting,weak-password,sensitive-information,software-compliance,base-image"`
	Rule     string `query:"rule" required:"true" minLength:"1" maxLength:"256"`
}

type getRiskRuleIn struct {
	InImages
	OfRule
}

type getRiskRuleOut struct {
	Body RiskRule
}

// getRiskRule describes a rule as the report of one of the images does that whoever
// asks may see: rules of a namespace are nobody else's business.
func (h *handlers) getRiskRule(ctx context.Context, in *getRiskRuleIn) (*getRiskRuleOut, error) {
	images, err := h.cfg.Store.FoundImages(ctx, instance(ctx), in.Category, in.Rule, in.filter(ctx), 0, describers)
	if err != nil {
		return nil, err
	}
	for _, i := range images {
		f, err := h.foundBy(ctx, i.ArtifactID, in.OfRule)
		if err != nil && !catalog.Is(err, catalog.NotFound) {
			return nil, err
		}
		if f != nil {
			return &getRiskRuleOut{RiskRule{
				Category: f.Category, Rule: f.Rule, Title: f.Title, Severity: f.Severity.String(), Details: f.Details,
				Solution: f.Solution, References: append([]string{}, f.References...), Image: riskImage(i.Key, i.Digest, i.Tags),
			}}, nil
		}
	}
	return nil, catalog.Errorf(catalog.NotFound, "rule_not_found", "the rule %q found nothing in any image", in.Rule).
		Advise("GET /api/v1/risks/findings lists those that did")
}

// foundBy returns the first thing that a rule found in an artifact, nil if it found
// nothing.
func (h *handlers) foundBy(ctx context.Context, artifactID int64, of OfRule) (*report.Finding, error) {
	r, err := h.cfg.Scanner.DecodedReport(ctx, artifactID)
	if err != nil {
		return nil, err
	}
	for i := range r.Findings {
		if f := &r.Findings[i]; string(f.Category) == of.Category && f.Rule == of.Rule {
			return f, nil
		}
	}
	return nil, nil
}

// FoundImage is an image in which a rule found something.
type FoundImage struct {
	RiskImage
	Title    string `json:"title"`
	Severity string `json:"severity"`
	Findings int    `json:"findings"`
}

type listFoundImagesIn struct {
	InImages
	ByArtifact
	OfRule
}

type listFoundImagesOut struct {
	Body List[FoundImage]
}

func (h *handlers) listFoundImages(ctx context.Context, in *listFoundImagesIn) (*listFoundImagesOut, error) {
	after, err := in.after()
	if err != nil {
		return nil, err
	}
	list, err := h.cfg.Store.FoundImages(ctx, instance(ctx), in.Category, in.Rule, in.filter(ctx), after, in.Limit+1)
	if err != nil {
		return nil, err
	}
	return &listFoundImagesOut{byArtifact(list, in.ByArtifact, func(u catalog.FoundImage) int64 { return u.ArtifactID }, func(u catalog.FoundImage) FoundImage {
		return FoundImage{RiskImage: riskImage(u.Key, u.Digest, u.Tags), Title: u.Title, Severity: u.Severity.String(), Findings: u.Amount}
	})}, nil
}

// leastSeverity reads the parameter "severity".
func leastSeverity(text string) (report.Severity, error) {
	s, err := report.ParseSeverity(text)
	if err != nil {
		return s, catalog.Errorf(catalog.Invalid, "severity_unknown", "%w", err)
	}
	return s, nil
}
