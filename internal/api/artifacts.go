package api

import (
	"context"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pratique/pratique/internal/catalog"
)

// artifactPath is where an artifact is found.
const artifactPath = "/namespaces/{namespace}/repositories/{repository}/artifacts/{reference}"

func (h *handlers) registerArtifacts(api huma.API) {
	tags := []string{"Artifacts"}
	route(h, api, huma.Operation{
		OperationID: "listArtifacts", Method: http.MethodGet, Path: "/namespaces/{namespace}/repositories/{repository}/artifacts", Tags: tags,
		Summary: "List the artifacts of a repository with scan overview and verdict",
	}, h.listArtifacts)
	route(h, api, huma.Operation{
		OperationID: "getArtifact", Method: http.MethodGet, Path: artifactPath, Tags: tags,
		Summary: "Get an artifact with scan overview and verdict",
	}, h.getArtifact)
	route(h, api, huma.Operation{
		OperationID: "deleteArtifact", Method: http.MethodDelete, Path: artifactPath, Tags: tags,
		Summary:     "Delete an artifact with all its tags",
		Description: "To delete one tag only, use the path of the tag.",
	}, h.deleteArtifact)
	route(h, api, huma.Operation{
		OperationID: "deleteTag", Method: http.MethodDelete, Path: artifactPath + "/tags/{tag}", Tags: tags,
		Summary: "Delete a tag of an artifact",
	}, h.deleteTag)
	route(h, api, huma.Operation{
		OperationID: "getVerdict", Method: http.MethodGet, Path: artifactPath + "/verdict", Tags: tags,
		Summary: "Tell whether an artifact can be downloaded now, and why",
	}, h.getVerdict)
}

type listArtifactsIn struct {
	InRepository
	Paging
}

type listArtifactsOut struct {
	Body List[Artifact]
}

func (h *handlers) listArtifacts(ctx context.Context, in *listArtifactsIn) (*listArtifactsOut, error) {
	key, err := in.key(instance(ctx))
	if err != nil {
		return nil, err
	}
	found, err := h.cfg.Store.Artifacts(ctx, key, in.page())
	if err != nil {
		return nil, err
	}
	out := &listArtifactsOut{}
	out.Body = listOf(found, in.Paging, func(p catalog.Pull) Artifact {
		f, failed := h.found(ctx, p)
		if failed != nil {
			err = failed
		}
		return h.artifact(p, f)
	}, func(p catalog.Pull) string { return p.Artifact.Digest })
	return out, err
}

// found is what the report in force of an artifact found, and what was decided
// about that. It is empty where there is no report.
type found struct {
	exposure   []catalog.Exposure
	exceptions []catalog.Exception
	// members are the images of an index, or those that a chart names and the
	// instance holds; others are those it does not hold, as the chart writes them.
	members []member
	others  []string
}

// member is an image of an index or a chart.
type member struct {
	pull  catalog.Pull
	found found
}

func (h *handlers) found(ctx context.Context, p catalog.Pull) (f found, err error) {
	switch p.Artifact.Kind {
	case catalog.KindIndex:
		f.members, err = h.members(ctx, p)
		return f, err
	case catalog.KindChart:
		if f.members, f.others, err = h.named(ctx, p); err != nil {
			return f, err
		}
	}
	if !p.Reported {
		return f, nil
	}
	if f.exposure, err = h.cfg.Store.Exposure(ctx, p.Artifact.ID); err != nil {
		return f, err
	}
	f.exceptions, err = h.exceptions(ctx, p)
	return f, err
}

func (h *handlers) members(ctx context.Context, index catalog.Pull) ([]member, error) {
	pulls, err := h.cfg.Store.MemberPulls(ctx, index.Artifact.ID)
	if err != nil {
		return nil, err
	}
	return h.foundIn(ctx, pulls)
}

// named reads the images that a chart names. Those the actor may not see are not
// here.
func (h *handlers) named(ctx context.Context, chart catalog.Pull) ([]member, []string, error) {
	here, others, err := h.cfg.Store.NamedImages(ctx, chart.Artifact)
	if err != nil {
		return nil, nil, err
	}
	sight := h.sight(ctx)
	here = slices.DeleteFunc(here, func(p catalog.Pull) bool {
		hidden := !sight.sees(ctx, p.Artifact.Key.Namespace)
		if hidden {
			others = append(others, p.Artifact.Key.String())
		}
		return hidden
	})
	if sight.err != nil {
		return nil, nil, sight.err
	}
	list, err := h.foundIn(ctx, here)
	return list, others, err
}

func (h *handlers) foundIn(ctx context.Context, pulls []catalog.Pull) ([]member, error) {
	list := make([]member, len(pulls))
	for i, p := range pulls {
		f, err := h.found(ctx, p)
		if err != nil {
			return nil, err
		}
		list[i] = member{p, f}
	}
	return list, nil
}

// latest is the latest scan of an artifact; of an index it is that of its images
// together. It is nil where there is none.
func latest(p catalog.Pull, members []member) *catalog.Scan {
	if p.Artifact.Kind != catalog.KindIndex {
		return p.Scan
	}
	pulls := make([]catalog.Pull, len(members))
	for i, m := range members {
		pulls[i] = m.pull
	}
	return catalog.JoinScans(pulls)
}

// exceptions reads those that hold for an artifact.
func (h *handlers) exceptions(ctx context.Context, p catalog.Pull) ([]catalog.Exception, error) {
	return h.cfg.Store.ArtifactExceptions(ctx, p.Artifact.Key, p.Artifact.Digest)
}

// pull reads the artifact a path names.
func (h *handlers) pull(ctx context.Context, in *InArtifact) (catalog.Pull, error) {
	key, err := in.key(instance(ctx))
	if err != nil {
		return catalog.Pull{}, err
	}
	reference, err := in.reference()
	if err != nil {
		return catalog.Pull{}, err
	}
	return h.cfg.Store.Pull(ctx, key, reference)
}

// judged reads the artifact a path names and what its report in force found.
func (h *handlers) judged(ctx context.Context, in *InArtifact) (catalog.Pull, found, error) {
	p, err := h.pull(ctx, in)
	if err != nil {
		return p, found{}, err
	}
	f, err := h.found(ctx, p)
	return p, f, err
}

type artifactOut struct {
	Body Artifact
}

func (h *handlers) getArtifact(ctx context.Context, in *InArtifact) (*artifactOut, error) {
	p, f, err := h.judged(ctx, in)
	if err != nil {
		return nil, err
	}
	return &artifactOut{h.artifact(p, f)}, nil
}

func (h *handlers) deleteArtifact(ctx context.Context, in *InArtifact) (*struct{}, error) {
	p, err := h.pull(ctx, in)
	if err != nil {
		return nil, err
	}
	return nil, h.cfg.Store.DeleteManifest(ctx, p.Artifact.Key, p.Artifact.Digest)
}

type deleteTagIn struct {
	InArtifact
	Tag string `path:"tag" doc:"A tag of the artifact"`
}

func (h *handlers) deleteTag(ctx context.Context, in *deleteTagIn) (*struct{}, error) {
	p, err := h.pull(ctx, &in.InArtifact)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(p.Artifact.Tags, in.Tag) {
		return nil, catalog.Errorf(catalog.NotFound, "tag_not_found", "%s@%s has no such tag", p.Artifact.Key, p.Artifact.Digest).
			Advise("read the artifact again: its tags may have moved")
	}
	return nil, h.cfg.Store.DeleteTag(ctx, p.Artifact.Key, in.Tag)
}

type verdictOut struct {
	Body Verdict
}

func (h *handlers) getVerdict(ctx context.Context, in *InArtifact) (*verdictOut, error) {
	p, f, err := h.judged(ctx, in)
	if err != nil {
		return nil, err
	}
	return &verdictOut{h.verdict(p, f)}, nil
}
