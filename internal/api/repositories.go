package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pratique/pratique/internal/catalog"
)

func (h *handlers) registerRepositories(api huma.API) {
	tags := []string{"Repositories"}
	route(h, api, huma.Operation{
		OperationID: "listRepositories", Method: http.MethodGet, Path: "/namespaces/{namespace}/repositories", Tags: tags,
		Summary: "List the repositories of a namespace by name",
	}, h.listRepositories)
	route(h, api, huma.Operation{
		OperationID: "deleteRepository", Method: http.MethodDelete, Path: "/namespaces/{namespace}/repositories/{repository}", Tags: tags,
		Summary: "Delete a repository with all that is in it",
	}, h.deleteRepository)
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
