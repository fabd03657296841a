package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/report"
)

func (h *handlers) registerNamespaces(api huma.API) {
	tags := []string{"Namespaces"}
	route(h, api, huma.Operation{
		OperationID: "listNamespaces", Method: http.MethodGet, Path: "/namespaces", Tags: tags,
		Summary: "List namespaces by name",
	}, h.listNamespaces)
	route(h, api, huma.Operation{
		OperationID: "createNamespace", Method: http.MethodPost, Path: "/namespaces", Tags: tags,
		DefaultStatus: http.StatusCreated, Summary: "Create a namespace",
		Description: "Scans and blocking are off in a new namespace, and can be set only by modifying it.",
	}, h.createNamespace)
	route(h, api, huma.Operation{
		OperationID: "getNamespace", Method: http.MethodGet, Path: "/namespaces/{namespace}", Tags: tags,
		Summary: "Get a namespace with its policy and allowlist",
	}, h.getNamespace)
	route(h, api, huma.Operation{
		OperationID: "updateNamespace", Method: http.MethodPut, Path: "/namespaces/{namespace}", Tags: tags,
		Summary:     "Modify a namespace",
		Description: "\"public\" must be given. What else is absent keeps its value; an allowlist replaces the whole list.",
	}, h.putNamespace)
	route(h, api, huma.Operation{
		OperationID: "patchNamespace", Method: http.MethodPatch, Path: "/namespaces/{namespace}", Tags: tags,
		Summary:     "Modify parts of a namespace",
		Description: "What is absent keeps its value; an allowlist replaces the whole list.",
	}, h.patchNamespace)
	route(h, api, huma.Operation{
		OperationID: "deleteNamespace", Method: http.MethodDelete, Path: "/namespaces/{namespace}", Tags: tags,
		Summary: "Delete a namespace that holds nothing",
	}, h.deleteNamespace)
}

type namespaceOut struct {
	Body Namespace
}

type listNamespacesOut struct {
	Body List[Namespace]
}

func (h *handlers) listNamespaces(ctx context.Context, in *struct{ Paging }) (*listNamespacesOut, error) {
	found, err := h.cfg.Store.Namespaces(ctx, instance(ctx), visible(ctx), in.page())
	if err != nil {
		return nil, err
	}
	return &listNamespacesOut{listOf(found, in.Paging, h.namespace, func(n catalog.Namespace) string { return n.Name })}, nil
}

type createNamespaceIn struct {
	Body NamespaceCreate
}

type createNamespaceOut struct {
	Location string `header:"Location"`
	Body     Namespace
}

func (h *handlers) createNamespace(ctx context.Context, in *createNamespaceIn) (*createNamespaceOut, error) {
	if err := catalog.CheckNamespaceName(in.Body.Name); err != nil {
		return nil, err
	}
	if in.Body.AutoScan || in.Body.PreventVul || in.Body.Severity != nil || in.Body.Allowlist != nil {
		return nil, catalog.Errorf(catalog.Invalid, "not_on_creation",
			"automatic scans and blocking cannot be set while a namespace is created").
			Advise("create %s without autoScan, preventVul, severity and allowlist, and modify it afterwards: PATCH %s/namespaces/%[1]s",
				in.Body.Name, Prefix)
	}
	n, err := h.cfg.Store.CreateNamespace(ctx, instance(ctx), in.Body.Name, in.Body.Public)
	if err != nil {
		return nil, err
	}
	return &createNamespaceOut{Location: Prefix + "/namespaces/" + n.Name, Body: h.namespace(n)}, nil
}

func (h *handlers) getNamespace(ctx context.Context, in *InNamespace) (*namespaceOut, error) {
	n, err := h.cfg.Store.Namespace(ctx, instance(ctx), in.Namespace)
	if err != nil {
		return nil, err
	}
	return &namespaceOut{h.namespace(n)}, nil
}

type updateNamespaceIn struct {
	InNamespace
	Body NamespaceChange
}

// putNamespace differs from patchNamespace in that "public" must be given
// (specification §4.1).
func (h *handlers) putNamespace(ctx context.Context, in *updateNamespaceIn) (*namespaceOut, error) {
	if in.Body.Public == nil {
		return nil, catalog.Errorf(catalog.Invalid, "public_missing", `"public" is missing`).
			Advise("repeat its value, or use PATCH, which leaves alone what is absent")
	}
	return h.patchNamespace(ctx, in)
}

func (h *handlers) patchNamespace(ctx context.Context, in *updateNamespaceIn) (*namespaceOut, error) {
	if err := h.checkEcho(ctx, in); err != nil {
		return nil, err
	}
	change, err := in.Body.change()
	if err != nil {
		return nil, err
	}
	n, err := h.cfg.Store.UpdateNamespace(ctx, instance(ctx), in.Namespace, change)
	if err != nil {
		return nil, err
	}
	return &namespaceOut{h.namespace(n)}, nil
}

// checkEcho refuses a change that names another namespace than the path.
func (h *handlers) checkEcho(ctx context.Context, in *updateNamespaceIn) error {
	if in.Body.Name != nil && *in.Body.Name != in.Namespace {
		return catalog.Errorf(catalog.Invalid, "name_mismatch", "the request is about namespace %s, but its body names another one", in.Namespace).
			Advise("leave out the name; namespaces cannot be renamed")
	}
	if in.Body.ID == nil {
		return nil
	}
	n, err := h.cfg.Store.Namespace(ctx, instance(ctx), in.Namespace)
	if err == nil && n.ID != *in.Body.ID {
		err = catalog.Errorf(catalog.Invalid, "id_mismatch", "namespace %s has the id %d, not %d", n.Name, n.ID, *in.Body.ID).
			Advise("leave out the id, or read the namespace again: it may have been deleted and created anew")
	}
	return err
}

// change turns the request into what the store understands.
func (c NamespaceChange) change() (catalog.NamespaceChange, error) {
	change := catalog.NamespaceChange{Public: c.Public, AutoScan: c.AutoScan, Block: c.PreventVul}
	if c.UpdatedAt != nil {
		change.ReadAt = *c.UpdatedAt
	}
	if c.Severity != nil {
		severity, err := report.ParseSeverity(*c.Severity)
		if err != nil {
			return change, catalog.Errorf(catalog.Invalid, "severity_unknown", "%w", err)
		}
		change.Threshold = &severity
	}
	if c.Allowlist != nil {
		list, err := c.Allowlist.list()
		if err != nil {
			return change, err
		}
		change.Allowlist = &list
	}
	if c.Gate == nil {
		return change, nil
	}
	var err error
	change.Gate, err = c.Gate.change()
	return change, err
}

func (c AllowlistChange) list() (catalog.Allowlist, error) {
	ids := make([]string, len(c.Items))
	for i, item := range c.Items {
		ids[i] = item.CVEID
	}
	var expires time.Time
	if c.ExpiresAt != nil {
		expires = time.Unix(*c.ExpiresAt, 0).UTC()
	}
	return catalog.NewAllowlist(ids, expires)
}

func (h *handlers) deleteNamespace(ctx context.Context, in *InNamespace) (*struct{}, error) {
	return nil, h.cfg.Store.DeleteNamespace(ctx, instance(ctx), in.Namespace)
}
