package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pratique/pratique/internal/access"
	"github.com/pratique/pratique/internal/catalog"
)

func (h *handlers) registerSessions(api huma.API) {
	tags := []string{"Own account"}
	public(h, api, huma.Operation{
		OperationID: "signIn", Method: http.MethodPost, Path: "/session", Tags: tags,
		Summary:     "Begin a session of a browser",
		Description: "The answer sets a cookie that no script can read. Changes with it need the header " + access.CSRFHeader + ", with any value.",
	}, h.signIn)
	route(h, api, huma.Operation{
		OperationID: "getSession", Method: http.MethodGet, Path: "/session", Tags: tags,
		Summary: "Tell who is signed in, as the account does",
	}, h.getOwnAccount)
	route(h, api, huma.Operation{
		OperationID: "signOut", Method: http.MethodDelete, Path: "/session", Tags: tags,
		Summary: "End the session the request is made in",
	}, h.signOut)
	route(h, api, huma.Operation{
		OperationID: "listSessions", Method: http.MethodGet, Path: "/sessions", Tags: tags,
		Summary: "List the own sessions, latest first",
	}, h.listSessions)
	route(h, api, huma.Operation{
		OperationID: "endSession", Method: http.MethodDelete, Path: "/sessions/{session}", Tags: tags,
		Summary: "End one of the own sessions",
	}, h.endSession)
	route(h, api, huma.Operation{
		OperationID: "getOwnAccount", Method: http.MethodGet, Path: "/account", Tags: tags,
		Summary: "Tell who asks, and what that account may do",
	}, h.getOwnAccount)
	route(h, api, huma.Operation{
		OperationID: "changeOwnPassword", Method: http.MethodPost, Path: "/account/password", Tags: tags,
		Summary:     "Change the own password",
		Description: "All sessions of the account end; a browser that asks gets a new one.",
	}, h.changeOwnPassword)
}

// OwnAccount is who asks.
type OwnAccount struct {
	Name               string     `json:"name"`
	Groups             []string   `json:"groups" nullable:"false"`
	Roles              []HeldRole `json:"roles" nullable:"false"`
	Administrator      bool       `json:"administrator" doc:"Whether the account is administrator of this instance"`
	Rights             []string   `json:"rights" nullable:"false" doc:"What it may do in the whole instance" example:"[\"read\"]"`
	HasPassword        bool       `json:"hasPassword" doc:"Whether it can log in with a password; others use credentials or an OpenID provider"`
	PasswordMustChange bool       `json:"passwordMustChange" doc:"Whether nothing is possible but to change the password"`
	Via                string     `json:"via" doc:"How it showed who it is: password, session, credential, socket"`
}

type ownAccountOut struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
	Body      OwnAccount
}

func (h *handlers) getOwnAccount(ctx context.Context, _ *struct{}) (*struct{ Body OwnAccount }, error) {
	own, err := h.own(ctx, askedOf(ctx).actor)
	if err != nil {
		return nil, err
	}
	return &struct{ Body OwnAccount }{own}, nil
}

func (h *handlers) own(ctx context.Context, actor access.Actor) (OwnAccount, error) {
	out := OwnAccount{Name: actor.Name, Groups: []string{}, Roles: []HeldRole{}, Rights: []string{}, PasswordMustChange: actor.OneTime, Via: actor.Via}
	scope := access.Scope{Instance: instance(ctx)}
	out.Administrator = access.Can(actor, access.Administer, scope)
	for _, v := range access.Verbs() {
		if access.Can(actor, v, scope) {
			out.Rights = append(out.Rights, string(v))
		}
	}
	if actor.Admin {
		return out, nil // has no account
	}
	a, err := h.cfg.Access.Account(ctx, actor.Name)
	if err != nil {
		return out, err
	}
	shown := account(ctx, a)
	out.Groups, out.Roles, out.HasPassword = shown.Groups, shown.Roles, shown.HasPassword
	return out, nil
}

// SignIn is a name and a password.
type SignIn struct {
	_        struct{} `additionalProperties:"false"`
	Name     string   `json:"name" minLength:"1" maxLength:"255"`
	Password string   `json:"password" minLength:"1" maxLength:"1024"`
}

func (h *handlers) signIn(ctx context.Context, in *struct{ Body SignIn }) (*ownAccountOut, error) {
	cookie, actor, err := h.cfg.Access.SignIn(askedOf(ctx).request, in.Body.Name, in.Body.Password)
	if err != nil {
		return nil, err
	}
	own, err := h.own(ctx, actor)
	if err != nil {
		return nil, err
	}
	return &ownAccountOut{*cookie, own}, nil
}

type cookieOut struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
}

func (h *handlers) signOut(ctx context.Context, _ *struct{}) (*cookieOut, error) {
	cookie, err := h.cfg.Access.SignOut(askedOf(ctx).request)
	if err != nil {
		return nil, err
	}
	return &cookieOut{*cookie}, nil
}

// Session is a browser that is logged in.
type Session struct {
	ID        string    `json:"id" doc:"Names it; it is not what the browser holds"`
	Current   bool      `json:"current" doc:"Whether the request was made in it"`
	Address   string    `json:"address" doc:"Where it was begun"`
	Agent     string    `json:"agent" doc:"What the browser said it is"`
	Method    string    `json:"method" enum:"password,oidc" doc:"How it was begun"`
	CreatedAt time.Time `json:"createdAt"`
	SeenAt    time.Time `json:"seenAt" doc:"When it was used last, to a minute"`
	ExpiresAt time.Time `json:"expiresAt" doc:"When it ends, however much it is used"`
}

type listSessionsOut struct {
	Body struct {
		Items []Session `json:"items" nullable:"false"`
	} `nameHint:"ListSession"`
}

func (h *handlers) listSessions(ctx context.Context, _ *struct{}) (*listSessionsOut, error) {
	c := askedOf(ctx)
	if err := mayKeepSessions(c.actor); err != nil {
		return nil, err
	}
	found, err := h.cfg.Access.ListSessions(ctx, c.actor.Name)
	if err != nil {
		return nil, err
	}
	out := &listSessionsOut{}
	out.Body.Items = []Session{}
	for _, s := range found {
		id := access.SessionName(s.Hash)
		current := c.actor.Session != "" && len(c.actor.Session) >= len(id) && c.actor.Session[:len(id)] == id
		out.Body.Items = append(out.Body.Items, Session{id, current, s.Address, s.Agent, s.Method, s.CreatedAt, s.SeenAt, s.ExpiresAt})
	}
	return out, nil
}

// mayKeepSessions refuses what is people's own to whoever has but a credential.
func mayKeepSessions(actor access.Actor) error {
	if actor.Restricted() {
		return catalog.Errorf(catalog.Denied, "credential_restricted", "a credential cannot be used for this").
			Advise("log in with name and password")
	}
	return nil
}

type endSessionIn struct {
	ID string `path:"session" maxLength:"64" doc:"Id of the session, as listed"`
}

func (h *handlers) endSession(ctx context.Context, in *endSessionIn) (*struct{}, error) {
	c := askedOf(ctx)
	if err := mayKeepSessions(c.actor); err != nil {
		return nil, err
	}
	return nil, h.cfg.Access.EndSession(ctx, c.actor.Name, in.ID)
}

// OwnPasswordChange changes the own password.
type OwnPasswordChange struct {
	_   struct{} `additionalProperties:"false"`
	Old string   `json:"oldPassword" minLength:"1" maxLength:"1024"`
	New string   `json:"newPassword" minLength:"1" maxLength:"1024"`
}

type changeOwnPasswordOut struct {
	SetCookie string `header:"Set-Cookie"`
}

func (h *handlers) changeOwnPassword(ctx context.Context, in *struct{ Body OwnPasswordChange }) (*changeOwnPasswordOut, error) {
	c := askedOf(ctx)
	if err := mayKeepSessions(c.actor); err != nil {
		return nil, err
	}
	if err := h.cfg.Access.ChangePassword(ctx, c.actor.Name, in.Body.Old, in.Body.New, c.request.RemoteAddr); err != nil {
		return nil, err
	}
	out := &changeOwnPasswordOut{}
	if c.actor.Session == "" {
		return out, nil
	}
	cookie, err := h.cfg.Access.Renew(c.request, c.actor.Name)
	if err != nil {
		return nil, err
	}
	out.SetCookie = cookie.String()
	return out, nil
}
