package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pratique/pratique/internal/access"
	"github.com/pratique/pratique/internal/catalog"
)

func (h *handlers) registerRoles(api huma.API) {
	tags := []string{"Roles"}
	route(h, api, huma.Operation{
		OperationID: "listRoles", Method: http.MethodGet, Path: "/roles", Tags: tags,
		Summary:     "List who holds which role in the whole instance",
		Description: "Those that hold everywhere are listed on request.",
	}, h.listRoles)
	route(h, api, huma.Operation{
		OperationID: "grantRole", Method: http.MethodPut, Path: "/roles/{kind}/{name}", Tags: tags,
		Summary:     "Give an account or a group a role in the whole instance",
		Description: "It takes the place of the role it has there.",
	}, h.grantRole)
	route(h, api, huma.Operation{
		OperationID: "revokeRole", Method: http.MethodDelete, Path: "/roles/{kind}/{name}", Tags: tags,
		Summary: "Take away the role an account or a group has in the whole instance",
	}, h.revokeRole)
	const members = "/namespaces/{namespace}/roles"
	route(h, api, huma.Operation{
		OperationID: "listNamespaceRoles", Method: http.MethodGet, Path: members, Tags: tags,
		Summary: "List who holds which role in a namespace itself",
	}, h.listNamespaceRoles)
	route(h, api, huma.Operation{
		OperationID: "grantNamespaceRole", Method: http.MethodPut, Path: members + "/{kind}/{name}", Tags: tags,
		Summary:     "Give an account or a group a role in a namespace",
		Description: "It takes the place of the role it has there. Administrators and auditors are of the whole instance only.",
	}, h.grantNamespaceRole)
	route(h, api, huma.Operation{
		OperationID: "revokeNamespaceRole", Method: http.MethodDelete, Path: members + "/{kind}/{name}", Tags: tags,
		Summary: "Take away the role an account or a group has in a namespace",
	}, h.revokeNamespaceRole)
}

// RoleGrant is a role given to an account or a group.
type RoleGrant struct {
	Role      catalog.Role `json:"role" enum:"administrator,maintainer,writer,reader,auditor"`
	Account   string       `json:"account,omitempty"`
	Group     string       `json:"group,omitempty"`
	GrantedBy string       `json:"grantedBy,omitempty"`
	GrantedAt time.Time    `json:"grantedAt"`
}

// InEverywhere says that what holds everywhere is meant.
type InEverywhere struct {
	Everywhere bool `query:"everywhere" doc:"In all instances, and over accounts, rather than in this instance"`
}

// InHolder is the part of a path that names who holds a role.
type InHolder struct {
	Kind string `path:"kind" enum:"accounts,groups"`
	Name string `path:"name" maxLength:"128" doc:"Name of the account or group"`
}

func (in InHolder) grant(realm catalog.Realm) catalog.RoleGrant {
	if in.Kind == "groups" {
		return catalog.RoleGrant{Realm: realm, Group: in.Name}
	}
	return catalog.RoleGrant{Realm: realm, Account: in.Name}
}

// RoleChange names a role.
type RoleChange struct {
	_    struct{}     `additionalProperties:"false"`
	Role catalog.Role `json:"role" enum:"administrator,maintainer,writer,reader,auditor"`
}

type listRolesOut struct {
	Body struct {
		Items []RoleGrant `json:"items" nullable:"false"`
	} `nameHint:"ListRoleGrant"`
}

// realm is where a role in the whole instance, or everywhere, holds. The latter
// is only for those who may do everywhere what verb says.
func (h *handlers) realm(ctx context.Context, everywhere bool, verb access.Verb) (catalog.Realm, error) {
	if everywhere {
		return catalog.Realm{}, h.mayEverywhere(ctx, verb)
	}
	return catalog.Realm{InstanceID: instance(ctx)}, nil
}

func (h *handlers) rolesIn(ctx context.Context, realm catalog.Realm) (*listRolesOut, error) {
	found, err := h.cfg.Access.RoleGrants(ctx, realm)
	if err != nil {
		return nil, err
	}
	out := &listRolesOut{}
	out.Body.Items = []RoleGrant{}
	for _, g := range found {
		out.Body.Items = append(out.Body.Items, RoleGrant{g.Role, g.Account, g.Group, g.GrantedBy, g.GrantedAt})
	}
	return out, nil
}

func (h *handlers) listRoles(ctx context.Context, in *struct{ InEverywhere }) (*listRolesOut, error) {
	realm, err := h.realm(ctx, in.Everywhere, access.Audit)
	if err != nil {
		return nil, err
	}
	return h.rolesIn(ctx, realm)
}

type grantRoleIn struct {
	InHolder
	InEverywhere
	Body RoleChange
}

func (h *handlers) grantRole(ctx context.Context, in *grantRoleIn) (*struct{}, error) {
	realm, err := h.realm(ctx, in.Everywhere, access.Administer)
	if err != nil {
		return nil, err
	}
	return nil, h.give(ctx, in.InHolder, realm, in.Body.Role)
}

func (h *handlers) give(ctx context.Context, holder InHolder, realm catalog.Realm, role catalog.Role) error {
	g := holder.grant(realm)
	g.Role, g.GrantedBy = role, author(ctx)
	return h.cfg.Access.GrantRole(ctx, g)
}

type revokeRoleIn struct {
	InHolder
	InEverywhere
}

func (h *handlers) revokeRole(ctx context.Context, in *revokeRoleIn) (*struct{}, error) {
	realm, err := h.realm(ctx, in.Everywhere, access.Administer)
	if err != nil {
		return nil, err
	}
	return nil, h.cfg.Access.RevokeRole(ctx, in.grant(realm))
}

func namespaceRealm(ctx context.Context, namespace string) catalog.Realm {
	return catalog.Realm{InstanceID: instance(ctx), Namespace: namespace}
}

func (h *handlers) listNamespaceRoles(ctx context.Context, in *InNamespace) (*listRolesOut, error) {
	if _, err := h.cfg.Store.Namespace(ctx, instance(ctx), in.Namespace); err != nil {
		return nil, err
	}
	return h.rolesIn(ctx, namespaceRealm(ctx, in.Namespace))
}

type grantNamespaceRoleIn struct {
	InNamespace
	InHolder
	Body RoleChange
}

func (h *handlers) grantNamespaceRole(ctx context.Context, in *grantNamespaceRoleIn) (*struct{}, error) {
	return nil, h.give(ctx, in.InHolder, namespaceRealm(ctx, in.Namespace), in.Body.Role)
}

type revokeNamespaceRoleIn struct {
	InNamespace
	InHolder
}

func (h *handlers) revokeNamespaceRole(ctx context.Context, in *revokeNamespaceRoleIn) (*struct{}, error) {
	return nil, h.cfg.Access.RevokeRole(ctx, in.grant(namespaceRealm(ctx, in.Namespace)))
}
