package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pratique/pratique/internal/access"
	"github.com/pratique/pratique/internal/catalog"
)

func (h *handlers) registerAccounts(api huma.API) {
	tags := []string{"Accounts"}
	route(h, api, huma.Operation{
		OperationID: "listAccounts", Method: http.MethodGet, Path: "/accounts", Tags: tags,
		Summary: "List accounts by name with their groups and roles",
	}, h.listAccounts)
	route(h, api, huma.Operation{
		OperationID: "createAccount", Method: http.MethodPost, Path: "/accounts", Tags: tags,
		DefaultStatus: http.StatusCreated, Summary: "Create an account, without roles",
		Description: "Without a password it can only be used with credentials, by programs. A one-time password is told in the answer, only this once, and must be changed at its first use.",
	}, h.createAccount)
	route(h, api, huma.Operation{
		OperationID: "getAccount", Method: http.MethodGet, Path: "/accounts/{account}", Tags: tags,
		Summary: "Get an account",
	}, h.getAccount)
	route(h, api, huma.Operation{
		OperationID: "changeAccount", Method: http.MethodPatch, Path: "/accounts/{account}", Tags: tags,
		Summary:     "Disable or enable an account",
		Description: "Disabled accounts can do nothing, at once: their sessions end, their tokens and credentials open nothing.",
	}, h.changeAccount)
	route(h, api, huma.Operation{
		OperationID: "deleteAccount", Method: http.MethodDelete, Path: "/accounts/{account}", Tags: tags,
		Summary: "Delete an account with its roles, credentials and sessions",
	}, h.deleteAccount)
	route(h, api, huma.Operation{
		OperationID: "changePassword", Method: http.MethodPost, Path: "/accounts/{account}/password", Tags: tags,
		Summary:     "Give an account another password",
		Description: "Without a body the password is made at random and told in the answer, only this once. The sessions of the account end.",
	}, h.changePassword)
	route(h, api, huma.Operation{
		OperationID: "listGroups", Method: http.MethodGet, Path: "/groups", Tags: tags,
		Summary: "List groups by name with their members",
	}, h.listGroups)
	route(h, api, huma.Operation{
		OperationID: "createGroup", Method: http.MethodPost, Path: "/groups", Tags: tags,
		DefaultStatus: http.StatusCreated, Summary: "Create a group",
	}, h.createGroup)
	route(h, api, huma.Operation{
		OperationID: "deleteGroup", Method: http.MethodDelete, Path: "/groups/{group}", Tags: tags,
		Summary: "Delete a group with its roles",
	}, h.deleteGroup)
	route(h, api, huma.Operation{
		OperationID: "addMember", Method: http.MethodPut, Path: "/groups/{group}/members/{account}", Tags: tags,
		Summary: "Put an account into a group",
	}, h.addMember)
	route(h, api, huma.Operation{
		OperationID: "removeMember", Method: http.MethodDelete, Path: "/groups/{group}/members/{account}", Tags: tags,
		Summary: "Take an account out of a group",
	}, h.removeMember)
}

// Account is somebody who can log in.
type Account struct {
	Name        string     `json:"name"`
	Disabled    bool       `json:"disabled" doc:"Whether it can do nothing"`
	HasPassword bool       `json:"hasPassword" doc:"Whether it can log in with a password; others use credentials or an OpenID provider"`
	OneTime     bool       `json:"oneTimePassword" doc:"Whether the password must be changed at its first use"`
	Issuer      string     `json:"issuer,omitempty" doc:"The OpenID provider it belongs to"`
	Groups      []string   `json:"groups" nullable:"false"`
	Roles       []HeldRole `json:"roles" nullable:"false" doc:"Those it holds itself and by its groups"`
	CreatedAt   time.Time  `json:"createdAt"`
}

// HeldRole is a role somebody holds.
type HeldRole struct {
	Role      catalog.Role `json:"role" enum:"administrator,maintainer,writer,reader,auditor"`
	Realm     string       `json:"realm" enum:"everything,instance,other-instance,namespace" doc:"Where it holds"`
	Namespace string       `json:"namespace,omitempty" doc:"The namespace, if it holds in one only"`
	Group     string       `json:"group,omitempty" doc:"The group by which it is held"`
	Rights    []string     `json:"rights" nullable:"false" doc:"What it allows there" example:"[\"read\",\"pull\"]"`
}

func account(ctx context.Context, a catalog.Account) Account {
	out := Account{
		Name: a.Name, Disabled: a.Disabled, HasPassword: a.PasswordHash != "", OneTime: a.OneTime, Issuer: a.Issuer,
		Groups: append([]string{}, a.Groups...), Roles: []HeldRole{}, CreatedAt: a.CreatedAt,
	}
	for _, r := range a.Roles {
		out.Roles = append(out.Roles, heldRole(ctx, r))
	}
	return out
}

func heldRole(ctx context.Context, r catalog.HeldRole) HeldRole {
	out := HeldRole{Role: r.Role, Realm: "namespace", Namespace: r.Namespace, Group: r.Group, Rights: []string{}}
	for _, v := range access.Rights(r.Role) {
		out.Rights = append(out.Rights, string(v))
	}
	switch {
	case r.InstanceID == "":
		out.Realm = "everything"
	case r.InstanceID != instance(ctx):
		out.Realm = "other-instance"
	case r.Namespace == "":
		out.Realm = "instance"
	}
	return out
}

type listAccountsOut struct {
	Body List[Account]
}

func (h *handlers) listAccounts(ctx context.Context, in *struct{ Paging }) (*listAccountsOut, error) {
	found, err := h.cfg.Access.Accounts(ctx, in.page())
	if err != nil {
		return nil, err
	}
	convert := func(a catalog.Account) Account { return account(ctx, a) }
	return &listAccountsOut{listOf(found, in.Paging, convert, func(a catalog.Account) string { return a.Name })}, nil
}

// AccountCreate asks for an account.
type AccountCreate struct {
	_        struct{} `additionalProperties:"false"`
	Name     string   `json:"name" maxLength:"128" example:"ann"`
	Password string   `json:"password,omitempty" maxLength:"1024" doc:"The password it gets"`
	OneTime  bool     `json:"oneTimePassword,omitempty" doc:"Make a password at random, which must be changed at its first use"`
}

// AccountCreated is an account with the password that was made for it.
type AccountCreated struct {
	Account
	Password string `json:"password,omitempty" doc:"The one-time password; it is shown only now"`
}

type createAccountOut struct {
	Location string `header:"Location"`
	Body     AccountCreated
}

func (h *handlers) createAccount(ctx context.Context, in *struct{ Body AccountCreate }) (*createAccountOut, error) {
	if in.Body.OneTime && in.Body.Password != "" {
		return nil, catalog.Errorf(catalog.Invalid, "password_twice", "a password is given, and one is to be made").Advise("choose one of the two")
	}
	made, shown, err := h.cfg.Access.CreateAccount(ctx, in.Body.Name, in.Body.Password, in.Body.OneTime, author(ctx))
	if err != nil {
		return nil, err
	}
	return &createAccountOut{Prefix + "/accounts/" + made.Name, AccountCreated{account(ctx, made), shown}}, nil
}

// InAccount is the part of a path that names an account.
type InAccount struct {
	Account string `path:"account" maxLength:"128" doc:"Name of the account" example:"admin"`
}

type accountOut struct {
	Body Account
}

func (h *handlers) getAccount(ctx context.Context, in *InAccount) (*accountOut, error) {
	a, err := h.cfg.Access.Account(ctx, in.Account)
	if err != nil {
		return nil, err
	}
	return &accountOut{account(ctx, a)}, nil
}

type changeAccountIn struct {
	InAccount
	Body struct {
		_        struct{} `additionalProperties:"false"`
		Disabled bool     `json:"disabled" doc:"Whether it can do nothing"`
	} `nameHint:"AccountChange"`
}

func (h *handlers) changeAccount(ctx context.Context, in *changeAccountIn) (*accountOut, error) {
	if err := h.cfg.Access.DisableAccount(ctx, in.Account, in.Body.Disabled); err != nil {
		return nil, err
	}
	return h.getAccount(ctx, &in.InAccount)
}

func (h *handlers) deleteAccount(ctx context.Context, in *InAccount) (*struct{}, error) {
	return nil, h.cfg.Access.DeleteAccount(ctx, in.Account)
}

// PasswordChange chooses a password.
type PasswordChange struct {
	_        struct{} `additionalProperties:"false"`
	Password string   `json:"password" minLength:"1" maxLength:"1024"`
}

// PasswordChanged tells a password that was made.
type PasswordChanged struct {
	Account  string `json:"account"`
	Password string `json:"password,omitempty" doc:"The new password, if none was chosen; it is shown only now"`
}

type changePasswordIn struct {
	InAccount
	OneTime bool            `query:"oneTime" doc:"The password that is made must be changed at its first use, and opens nothing before"`
	Body    *PasswordChange `required:"false"`
}

type changePasswordOut struct {
	Body PasswordChanged
}

func (h *handlers) changePassword(ctx context.Context, in *changePasswordIn) (*changePasswordOut, error) {
	out := &changePasswordOut{PasswordChanged{Account: in.Account}}
	var err error
	switch {
	case in.Body == nil:
		out.Body.Password, err = h.cfg.Access.ResetPassword(ctx, in.Account, in.OneTime)
	case in.OneTime:
		err = catalog.Errorf(catalog.Invalid, "password_twice", "a one-time password is made at random").Advise("leave out the password")
	default:
		err = h.cfg.Access.SetPassword(ctx, in.Account, in.Body.Password)
	}
	if err != nil {
		return nil, err
	}
	return out, nil
}

// Group holds roles for its members.
type Group struct {
	Name      string    `json:"name"`
	Members   []string  `json:"members" nullable:"false" doc:"Names of accounts"`
	CreatedAt time.Time `json:"createdAt"`
}

type listGroupsOut struct {
	Body struct {
		Items []Group `json:"items" nullable:"false"`
	} `nameHint:"ListGroup"`
}

func (h *handlers) listGroups(ctx context.Context, _ *struct{}) (*listGroupsOut, error) {
	groups, err := h.cfg.Access.Groups(ctx)
	if err != nil {
		return nil, err
	}
	out := &listGroupsOut{}
	out.Body.Items = make([]Group, len(groups))
	for i, g := range groups {
		out.Body.Items[i] = Group{g.Name, g.Members, g.CreatedAt}
	}
	return out, nil
}

// GroupCreate asks for a group.
type GroupCreate struct {
	_    struct{} `additionalProperties:"false"`
	Name string   `json:"name" maxLength:"128" example:"developers"`
}

func (h *handlers) createGroup(ctx context.Context, in *struct{ Body GroupCreate }) (*struct{}, error) {
	return nil, h.cfg.Access.CreateGroup(ctx, in.Body.Name)
}

// InGroup is the part of a path that names a group.
type InGroup struct {
	Group string `path:"group" maxLength:"128" doc:"Name of the group"`
}

func (h *handlers) deleteGroup(ctx context.Context, in *InGroup) (*struct{}, error) {
	return nil, h.cfg.Access.DeleteGroup(ctx, in.Group)
}

type memberIn struct {
	InGroup
	InAccount
}

func (h *handlers) addMember(ctx context.Context, in *memberIn) (*struct{}, error) {
	return nil, h.cfg.Access.SetMember(ctx, in.Group, in.Account, true)
}

func (h *handlers) removeMember(ctx context.Context, in *memberIn) (*struct{}, error) {
	return nil, h.cfg.Access.SetMember(ctx, in.Group, in.Account, false)
}
