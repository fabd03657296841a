package api

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/report"
)

func (h *handlers) registerJudging(api huma.API) {
	tags := []string{"Across images"}
	route(h, api, huma.Operation{
		OperationID: "getJudging", Method: http.MethodGet, Path: "/judging", Tags: tags,
		Summary:     "Tell how far all images are judged by what is in force",
		Description: "Images are judged again, without a scan, when advisories, rules, policies or exceptions change or something expires.",
	}, h.getJudging)
	route(h, api, huma.Operation{
		OperationID: "listVulnerabilityUses", Method: http.MethodGet, Path: "/vulnerabilities", Tags: tags,
		Summary:     "List the vulnerabilities of all images, the worst first",
		Description: "Whether something exempts them is not looked at.",
	}, h.listVulnerabilityUses)
	route(h, api, huma.Operation{
		OperationID: "listVulnerableImages", Method: http.MethodGet, Path: "/vulnerabilities/{vulnerability}/images", Tags: tags,
		Summary: "List the images that have a vulnerability",
	}, h.listVulnerableImages)
	route(h, api, huma.Operation{
		OperationID: "listPackageImages", Method: http.MethodGet, Path: "/packages/images", Tags: tags,
		Summary: "List the images that hold a package",
	}, h.listPackageImages)
}

// Judging tells how far all images are judged by what is in force.
type Judging struct {
	Advisories string    `json:"advisories" doc:"Revision of the advisories that all was judged by, or waits to be; empty before the first"`
	Newest     string    `json:"newest,omitempty" doc:"Date of the latest of them"`
	Waiting    int       `json:"waiting" doc:"Images that wait to be judged again, in all instances"`
	Done       int       `json:"done" doc:"Images that were, since startedAt"`
	Changed    int       `json:"changed" doc:"Those of them in which something else was found than before"`
	Verdicts   int       `json:"verdicts" doc:"Those of them whose verdict changed"`
	Failed     int       `json:"failed" doc:"Those of them that could not be judged; the log says why"`
	StartedAt  time.Time `json:"startedAt,omitzero"`
	EndedAt    time.Time `json:"endedAt,omitzero" doc:"Absent while something waits"`
}

type judgingOut struct {
	Body Judging
}

func (h *handlers) getJudging(ctx context.Context, _ *struct{}) (*judgingOut, error) {
	s, err := h.cfg.Store.Judging(ctx)
	if err != nil {
		return nil, err
	}
	return &judgingOut{Judging{
		Advisories: s.Advisories, Newest: s.Newest, Waiting: s.Waiting, Done: s.Done, Changed: s.Changed,
		Verdicts: s.Verdicts, Failed: s.Failed, StartedAt: s.StartedAt, EndedAt: s.EndedAt,
	}}, nil
}

// InImages selects images by where they are.
type InImages struct {
	Namespace  string `query:"namespace" doc:"Only images of a namespace"`
	Repository string `query:"repository" doc:"Only images of a repository, by its name within a namespace"`
}

func (in InImages) filter() catalog.ImageFilter {
	f := catalog.ImageFilter{Repository: in.Repository}
	if in.Namespace != "" {
		f.Namespaces = []string{in.Namespace}
	}
	return f
}

// VulnerabilityUse is a vulnerability with how many images have it.
type VulnerabilityUse struct {
	ID       string          `json:"id" example:"CVE-2024-3094"`
	Severity report.Severity `json:"severity" doc:"The worst of its packages"`
	Images   int             `json:"images"`
	Packages int             `json:"packages" doc:"Versions of packages that have it"`
	Fixable  int             `json:"fixable" doc:"Those of them with a fixed version"`
	Since    time.Time       `json:"since" doc:"When it was first found here"`
}

type listVulnerabilityUsesIn struct {
	InImages
	Offset
}

type listVulnerabilityUsesOut struct {
	Body struct {
		Items []VulnerabilityUse `json:"items" nullable:"false"`
	} `nameHint:"ListVulnerabilityUse"`
}

func (h *handlers) listVulnerabilityUses(ctx context.Context, in *listVulnerabilityUsesIn) (*listVulnerabilityUsesOut, error) {
	list, err := h.cfg.Store.VulnerabilityUses(ctx, instance(ctx), in.filter(), in.Offset.Offset, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &listVulnerabilityUsesOut{}
	out.Body.Items = make([]VulnerabilityUse, len(list))
	for i, u := range list {
		out.Body.Items[i] = VulnerabilityUse(u)
	}
	return out, nil
}

// PackageUse is an image that holds a package.
type PackageUse struct {
	Namespace  string   `json:"namespace"`
	Repository string   `json:"repository"`
	Digest     string   `json:"digest"`
	Tags       []string `json:"tags" nullable:"false"`
	Package    string   `json:"package"`
	Version    string   `json:"version"`
	Type       string   `json:"type" example:"deb"`
	Ecosystem  string   `json:"ecosystem,omitempty" example:"Debian:12"`
	Layer      int      `json:"layer" doc:"Index of the layer that brought the package"`
	// What follows is told where a vulnerability was asked for.
	Severity     *report.Severity `json:"severity,omitempty" doc:"Of the vulnerability, where one was asked for, like all below"`
	FixedVersion string           `json:"fixedVersion,omitempty"`
	Since        time.Time        `json:"since,omitzero" doc:"Since when it is known and the image is here"`
}

// ListPackageUse is one page of images that hold a package. One image can have
// several entries, which are all on one page.
type ListPackageUse struct {
	Items []PackageUse `json:"items" nullable:"false"`
	Next  string       `json:"next,omitempty" doc:"Pass it as \"after\" for the next page; absent on the last"`
}

type listPackageUseOut struct {
	Body ListPackageUse
}

// packageUses makes a page of what the store returned for more images than the
// page has.
func packageUses(list []catalog.PackageUse, p Paging) *listPackageUseOut {
	out := &listPackageUseOut{ListPackageUse{Items: []PackageUse{}}}
	images, last := 0, int64(0)
	for _, u := range list {
		if u.ArtifactID != last {
			if images == p.Limit {
				out.Body.Next = strconv.FormatInt(last, 10)
				break
			}
			images, last = images+1, u.ArtifactID
		}
		use := PackageUse{
			Namespace: u.Key.Namespace, Repository: u.Key.Repository, Digest: u.Digest, Tags: append([]string{}, u.Tags...),
			Package: u.Package.Name, Version: u.Package.Version, Type: u.Package.Type, Ecosystem: u.Package.Ecosystem, Layer: u.Layer,
		}
		if v := u.Vulnerability; v.ID != "" {
			use.Severity, use.FixedVersion, use.Since = &v.Severity, v.FixedVersion, u.Since
		}
		out.Body.Items = append(out.Body.Items, use)
	}
	return out
}

// afterImage reads the image a page begins after.
func afterImage(after string) (int64, error) {
	if after == "" {
		return 0, nil
	}
	id, err := strconv.ParseInt(after, 10, 64)
	if err != nil || id < 0 {
		return 0, catalog.Errorf(catalog.Invalid, "after_invalid", "no page begins after what was given").
			Advise(`pass the "next" of the page before`)
	}
	return id, nil
}

type listVulnerableImagesIn struct {
	Vulnerability string `path:"vulnerability" maxLength:"128" doc:"Id, as reports show it" example:"CVE-2024-3094"`
	InImages
	Paging
}

func (h *handlers) listVulnerableImages(ctx context.Context, in *listVulnerableImagesIn) (*listPackageUseOut, error) {
	after, err := afterImage(in.After)
	if err != nil {
		return nil, err
	}
	list, err := h.cfg.Store.VulnerableImages(ctx, instance(ctx), in.Vulnerability, in.filter(), after, in.Limit+1)
	if err != nil {
		return nil, err
	}
	return packageUses(list, in.Paging), nil
}

type listPackageImagesIn struct {
	Name    string `query:"name" required:"true" minLength:"1" maxLength:"256" doc:"Exact name of the package" example:"log4j:log4j"`
	Version string `query:"version" maxLength:"128" doc:"Only this version"`
	Type    string `query:"type" maxLength:"32" doc:"Only packages of a type" example:"deb"`
	InImages
	Paging
}

func (h *handlers) listPackageImages(ctx context.Context, in *listPackageImagesIn) (*listPackageUseOut, error) {
	after, err := afterImage(in.After)
	if err != nil {
		return nil, err
	}
	list, err := h.cfg.Store.PackageImages(ctx, instance(ctx), in.Name, in.Version, in.Type, in.filter(), after, in.Limit+1)
	if err != nil {
		return nil, err
	}
	return packageUses(list, in.Paging), nil
}
