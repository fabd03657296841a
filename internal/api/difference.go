package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pratique/pratique/internal/access"
	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/report"
)

func (h *handlers) registerDifference(api huma.API) {
	route(h, api, huma.Operation{
		OperationID: "getDifference", Method: http.MethodGet, Path: artifactPath + "/difference", Tags: []string{"Reports"},
		Summary: "Tell what an image has that an earlier one had not, and the other way round",
		Description: "Both must have a report. What is whitelisted now is left out of both. The same vulnerability in another version " +
			"of the same package has neither come nor gone.",
	}, h.getDifference)
}

type getDifferenceIn struct {
	InArtifact
	Namespace  string `query:"fromNamespace" maxLength:"64" doc:"Namespace of the earlier image; the same by default"`
	Repository string `query:"fromRepository" maxLength:"255" doc:"Repository of the earlier image; the same by default"`
	Reference  string `query:"from" maxLength:"200" doc:"Tag or digest of the earlier image; by default the one that was pushed before"`
}

// Difference is what changed between two images.
type Difference struct {
	From Compared `json:"from"`
	To   Compared `json:"to"`
	report.Difference
}

// Compared names one of two images.
type Compared struct {
	Namespace  string   `json:"namespace"`
	Repository string   `json:"repository"`
	Digest     string   `json:"digest"`
	Tags       []string `json:"tags" nullable:"false"`
	Total      int      `json:"total" doc:"Vulnerabilities and other findings"`
}

type differenceOut struct {
	Body Difference
}

func (h *handlers) getDifference(ctx context.Context, in *getDifferenceIn) (*differenceOut, error) {
	later, err := h.pull(ctx, &in.InArtifact)
	if err != nil {
		return nil, err
	}
	after, err := h.reportOf(ctx, later)
	if err != nil {
		return nil, err
	}
	earlier, err := h.earlier(ctx, in, later)
	if err != nil {
		return nil, err
	}
	before, err := h.reportOf(ctx, earlier)
	if err != nil {
		return nil, err
	}
	return &differenceOut{Difference{From: compared(earlier, before), To: compared(later, after), Difference: report.Diff(before, after)}}, nil
}

// earlier reads what an image is compared with.
func (h *handlers) earlier(ctx context.Context, in *getDifferenceIn, later catalog.Pull) (catalog.Pull, error) {
	if in.Reference == "" && in.Repository == "" && in.Namespace == "" {
		return h.cfg.Store.Previous(ctx, later.Artifact.ID)
	}
	if in.Reference == "" {
		return catalog.Pull{}, catalog.Errorf(catalog.Invalid, "reference_missing", "the request names another repository and no image in it").
			Advise(`add "from" with a tag or a digest`)
	}
	from := in.InArtifact
	from.Reference = in.Reference
	if in.Repository != "" {
		from.Repository = in.Repository
	}
	if in.Namespace != "" {
		from.Namespace = in.Namespace
	}
	if err := h.may(ctx, access.Read, decode(from.Namespace)); err != nil {
		return catalog.Pull{}, err
	}
	return h.pull(ctx, &from)
}

func compared(p catalog.Pull, r *report.Report) Compared {
	return Compared{
		Namespace:  p.Artifact.Key.Namespace,
		Repository: p.Artifact.Key.Repository,
		Digest:     p.Artifact.Digest,
		Tags:       append([]string{}, p.Artifact.Tags...),
		Total:      len(r.Vulnerabilities) + len(r.Findings),
	}
}
