package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pratique/pratique/internal/access"
	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/gate"
	"github.com/pratique/pratique/internal/judge"
	"github.com/pratique/pratique/internal/report"
)

func (h *handlers) registerDifference(api huma.API) {
	route(h, api, huma.Operation{
		OperationID: "getDifference", Method: http.MethodGet, Path: artifactPath + "/difference", Tags: []string{"Reports"},
		Summary: "Tell what an image has that an earlier one had not, and the other way round",
		Description: "Both must have a report. What is whitelisted now is left out of both. The same vulnerability in another version " +
			"of the same package has neither come nor gone. With \"since\" the image is compared with itself: with what its report said then, " +
			"or if that is not known, at the first moment that is; \"from.at\" tells which. What is known of an earlier time are the findings of categories that can block pulls.",
	}, h.getDifference)
}

type getDifferenceIn struct {
	InArtifact
	Namespace  string `query:"fromNamespace" maxLength:"64" doc:"Namespace of the earlier image; the same by default"`
	Repository string `query:"fromRepository" maxLength:"255" doc:"Repository of the earlier image; the same by default"`
	Reference  string `query:"from" maxLength:"200" doc:"Tag or digest of the earlier image; by default the one that was pushed before"`

	Since time.Time `query:"since" doc:"Compare the image with itself, as its report was at this time"`
}

// Difference is what changed between two images, or in one since an earlier time.
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
	// What follows is there where an image is compared with itself.
	At       time.Time        `json:"at,omitzero" doc:"When its report said so: the time that was asked for, or the first of which something is known"`
	First    bool             `json:"first,omitempty" doc:"That was its first report"`
	Decision catalog.Decision `json:"decision,omitempty" enum:"allow,block,unknown" doc:"The verdict at that time"`
}

type differenceOut struct {
	Body Difference
}

func (h *handlers) getDifference(ctx context.Context, in *getDifferenceIn) (*differenceOut, error) {
	later, err := h.pull(ctx, &in.InArtifact)
	if err != nil {
		return nil, err
	}
	if !in.Since.IsZero() {
		return h.differenceSince(ctx, in, later)
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

// differenceSince compares an image with itself.
func (h *handlers) differenceSince(ctx context.Context, in *getDifferenceIn, p catalog.Pull) (*differenceOut, error) {
	now := h.cfg.Now()
	switch {
	case in.Reference != "" || in.Repository != "" || in.Namespace != "":
		return nil, catalog.Errorf(catalog.Invalid, "difference_ambiguous", "the request names a time and another image").
			Advise(`leave out "since", to compare two images as they are now, or all that begins with "from"`)
	case in.Since.After(now):
		return nil, catalog.Errorf(catalog.Invalid, "since_in_future", "%s has not come yet", in.Since.UTC().Format(time.RFC3339)).
			Advise("name an earlier time; the clock of this registry says %s", now.UTC().Format(time.RFC3339))
	}
	// First the report, as reading it may bring it up to date.
	doc, exceptions, err := h.documentOf(ctx, p)
	if err != nil {
		return nil, err
	}
	past, err := h.cfg.Store.Past(ctx, p.Artifact.ID, in.Since)
	if err != nil {
		return nil, err
	}
	after, err := h.handled(doc, nil)
	if err != nil {
		return nil, err
	}
	before := judge.Past(after, past)
	judge.Apply(before, exceptions, now)
	judge.Apply(after, exceptions, now)
	exposure, err := h.cfg.Store.Exposure(ctx, p.Artifact.ID)
	if err != nil {
		return nil, err
	}
	out := &differenceOut{Difference{From: compared(p, before), To: compared(p, after), Difference: report.Diff(before, after)}}
	out.Body.From.At, out.Body.From.First, out.Body.From.Decision = past.At, past.First, past.Decision
	out.Body.To.At, out.Body.To.Decision = now, gate.Decide(p, exposure, exceptions, now).Decision
	return out, nil
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
