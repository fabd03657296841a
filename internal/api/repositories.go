package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pratique/pratique/internal/catalog"
)

func (h *handlers) registerRepositories(api huma.API) {
	tags := []string{"Repositories"}
	route(h, api, huma.Operation{
		OperationID: "listAllRepositories", Method: http.MethodGet, Path: "/repositories", Tags: tags,
		Summary: "List the repositories of all namespaces by namespace and name, with how their images stand",
	}, h.listAllRepositories)
	route(h, api, huma.Operation{
		OperationID: "listRepositories", Method: http.MethodGet, Path: "/namespaces/{namespace}/repositories", Tags: tags,
		Summary: "List the repositories of a namespace by name",
	}, h.listRepositories)
	route(h, api, huma.Operation{
		OperationID: "deleteRepository", Method: http.MethodDelete, Path: "/namespaces/{namespace}/repositories/{repository}", Tags: tags,
		Summary: "Delete a repository with all that is in it",
	}, h.deleteRepository)
}

// RepositorySummary is a repository with how its images stand.
type RepositorySummary struct {
	Repository
	PushedAt time.Time `json:"pushedAt,omitzero" doc:"When something was pushed to it last"`
	Standing Standing  `json:"standing"`
}

type listAllRepositoriesIn struct {
	Query string `query:"q" maxLength:"320" doc:"Only with this in NAMESPACE/REPOSITORY"`
	Paging
}

type listAllRepositoriesOut struct {
	Body List[RepositorySummary]
}

func (h *handlers) listAllRepositories(ctx context.Context, in *listAllRepositoriesIn) (*listAllRepositoriesOut, error) {
	found, err := h.cfg.Store.AllRepositories(ctx, instance(ctx), in.Query, visible(ctx), in.page())
	if err != nil {
		return nil, err
	}
	return &listAllRepositoriesOut{listOf(found, in.Paging, func(r catalog.RepositorySummary) RepositorySummary {
		return RepositorySummary{Repository: repository(r.Repository), PushedAt: r.PushedAt, Standing: standing(r.Standing)}
	}, func(r catalog.RepositorySummary) string { return r.Namespace + "/" + r.Name })}, nil
}

type listRepositoriesIn struct {
	InNamespace
	Paging
}

type listRepositoriesOut struct {
	Body List[Repository]
}

func (h *handlers) listRepositories(ctx context.Context, in *listRepositoriesIn) (*listRepositoriesOut, error) {
	found, err := h.cfg.Store.Repositories(ctx, instance(ctx), in.Namespace, in.page())
	if err != nil {
		return nil, err
	}
	return &listRepositoriesOut{listOf(found, in.Paging, repository, func(r catalog.Repository) string { return r.Name })}, nil
}

func (h *handlers) deleteRepository(ctx context.Context, in *InRepository) (*struct{}, error) {
	key, err := in.key(instance(ctx))
	if err != nil {
		return nil, err
	}
	return nil, h.cfg.Store.DeleteRepository(ctx, key)
}
