package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pratique/pratique/internal/access"
	"github.com/pratique/pratique/internal/catalog"
)

func (h *handlers) registerCredentials(api huma.API) {
	tags := []string{"Credentials"}
	route(h, api, huma.Operation{
		OperationID: "listCredentials", Method: http.MethodGet, Path: "/credentials", Tags: tags,
		Summary:     "List the own credentials, or those of another account or of all",
		Description: "Those of others are for auditors and administrators of the whole program.",
	}, h.listCredentials)
	route(h, api, huma.Operation{
		OperationID: "createCredential", Method: http.MethodPost, Path: "/credentials", Tags: tags,
		DefaultStatus: http.StatusCreated, Summary: "Make a credential for a program",
		Description: "It is used in place of the password by registry clients and here, and here also as a bearer token. It may do what the account may at the time, narrowed to the namespaces and verbs named. Administrators make them for other accounts too.",
	}, h.createCredential)
	route(h, api, huma.Operation{
		OperationID: "changeCredential", Method: http.MethodPatch, Path: "/credentials/{credential}", Tags: tags,
		Summary: "Disable or enable a credential, at once",
	}, h.changeCredential)
	route(h, api, huma.Operation{
		OperationID: "deleteCredential", Method: http.MethodDelete, Path: "/credentials/{credential}", Tags: tags,
		Summary: "Revoke a credential, at once",
	}, h.deleteCredential)
}

// Credential is what a program logs in with.
type Credential struct {
	ID         string    `json:"id"`
	Account    string    `json:"account" doc:"In whose name it is used"`
	Name       string    `json:"name,omitempty" doc:"What it is for"`
	Kind       string    `json:"kind" enum:"temporary,long-term"`
	Namespaces []string  `json:"namespaces" nullable:"false" doc:"What it is narrowed to; empty for all the account may see"`
	Verbs      []string  `json:"verbs" nullable:"false" doc:"What it is narrowed to; empty for all the account may do"`
	State      string    `json:"state" enum:"active,disabled,expired"`
	CreatedAt  time.Time `json:"createdAt"`
	ExpiresAt  time.Time `json:"expiresAt,omitzero" doc:"From when it no longer counts; absent if it never expires"`
	UsedAt     time.Time `json:"usedAt,omitzero" doc:"When it was used last, to a few minutes; absent if never"`
}

func (h *handlers) credential(c catalog.Credential) Credential {
	out := Credential{
		ID: c.ID, Account: c.Account, Name: c.Name, Kind: "long-term", State: "active",
		Namespaces: append([]string{}, c.Namespaces...), Verbs: append([]string{}, c.Verbs...),
		CreatedAt: c.CreatedAt, ExpiresAt: c.ExpiresAt, UsedAt: c.UsedAt,
	}
	if c.Temporary {
		out.Kind = "temporary"
	}
	if !c.Active(h.cfg.Now()) {
		out.State = "expired"
	}
	if c.Disabled {
		out.State = "disabled"
	}
	return out
}

type listCredentialsIn struct {
	Paging
	Account string `query:"account" maxLength:"128" doc:"Only those of this account"`
	All     bool   `query:"all" doc:"Those of all accounts"`
}

type listCredentialsOut struct {
	Body List[Credential]
}

func (h *handlers) listCredentials(ctx context.Context, in *listCredentialsIn) (*listCredentialsOut, error) {
	account := in.Account
	if account == "" && !in.All {
		account = author(ctx)
	}
	if account != author(ctx) {
		if err := h.mayEverywhere(ctx, access.Audit); err != nil {
			return nil, err
		}
	}
	found, err := h.cfg.Access.Credentials(ctx, account, in.page())
	if err != nil {
		return nil, err
	}
	return &listCredentialsOut{listOf(found, in.Paging, h.credential, func(c catalog.Credential) string { return c.ID })}, nil
}

// CredentialCreate asks for a credential.
type CredentialCreate struct {
	_          struct{}   `additionalProperties:"false"`
	Account    string     `json:"account,omitempty" maxLength:"128" doc:"In whose name it is used; absent for the own"`
	Name       string     `json:"name,omitempty" maxLength:"128" doc:"What it is for" example:"build server"`
	Kind       string     `json:"kind" enum:"temporary,long-term"`
	Hours      int        `json:"hours,omitempty" minimum:"0" maximum:"24" doc:"How long a temporary one counts; 12 if absent"`
	ExpiresAt  *time.Time `json:"expiresAt,omitempty" doc:"From when a long-term one is not to count any more; absent for never"`
	Namespaces []string   `json:"namespaces,omitempty" maxItems:"100" doc:"What it is narrowed to" example:"[\"team\"]"`
	Verbs      []string   `json:"verbs,omitempty" maxItems:"20" doc:"What it is narrowed to" enum:"read,pull,push,scan,delete,handle,manage,list,audit,administer" example:"[\"pull\"]"`
}

// CredentialCreated is a credential with its token.
type CredentialCreated struct {
	Credential
	Token string `json:"token" doc:"What to log in with; it is shown only now"`
}

type createCredentialOut struct {
	Body CredentialCreated
}

func (h *handlers) createCredential(ctx context.Context, in *struct{ Body CredentialCreate }) (*createCredentialOut, error) {
	b := in.Body
	r := access.CredentialRequest{Account: b.Account, Name: b.Name, Namespaces: b.Namespaces, Verbs: b.Verbs}
	if r.Account == "" {
		r.Account = author(ctx)
	}
	if err := h.mayKeep(ctx, r.Account); err != nil {
		return nil, err
	}
	switch {
	case b.Kind == "temporary" && b.ExpiresAt != nil || b.Kind != "temporary" && b.Hours != 0:
		return nil, catalog.Errorf(catalog.Invalid, "credential_invalid", "a temporary credential counts for hours, a long-term one until a moment").
			Advise(`send "hours" for the one, "expiresAt" for the other`)
	case b.Kind == "temporary":
		hours := b.Hours
		if hours == 0 {
			hours = 12
		}
		r.Temporary, r.ExpiresAt = true, h.cfg.Now().Add(time.Duration(hours)*time.Hour)
	case b.ExpiresAt != nil:
		r.ExpiresAt = *b.ExpiresAt
	}
	made, token, err := h.cfg.Access.CreateCredential(ctx, r)
	if err != nil {
		return nil, err
	}
	return &createCredentialOut{CredentialCreated{h.credential(made), token}}, nil
}

// mayKeep lets somebody look after the own credentials, and administrators after
// those of others. Whoever has but a credential looks after none of its
// account's: it could outlive itself.
func (h *handlers) mayKeep(ctx context.Context, account string) error {
	actor := askedOf(ctx).actor
	if actor.Name == account && !actor.Restricted() {
		return nil
	}
	return h.mayEverywhere(ctx, access.Administer)
}

// InCredential is the part of a path that names a credential.
type InCredential struct {
	ID string `path:"credential" maxLength:"64" doc:"Id of the credential"`
}

type changeCredentialIn struct {
	InCredential
	Body struct {
		_        struct{} `additionalProperties:"false"`
		Disabled bool     `json:"disabled" doc:"Whether it opens nothing"`
	} `nameHint:"CredentialChange"`
}

type credentialOut struct {
	Body Credential
}

// credentialFor reads a credential for whoever may look after it. Others' are
// not there.
func (h *handlers) credentialFor(ctx context.Context, id string) (catalog.Credential, error) {
	c, err := h.cfg.Access.Credential(ctx, id)
	if err != nil {
		return c, err
	}
	if err := h.mayKeep(ctx, c.Account); err != nil && c.Account != author(ctx) {
		return c, catalog.Errorf(catalog.NotFound, "credential_not_found", "there is no credential %q", id)
	} else if err != nil {
		return c, err
	}
	return c, nil
}

func (h *handlers) changeCredential(ctx context.Context, in *changeCredentialIn) (*credentialOut, error) {
	c, err := h.credentialFor(ctx, in.ID)
	if err == nil {
		err = h.cfg.Access.SetCredential(ctx, in.ID, in.Body.Disabled)
	}
	if err != nil {
		return nil, err
	}
	c.Disabled = in.Body.Disabled
	return &credentialOut{h.credential(c)}, nil
}

func (h *handlers) deleteCredential(ctx context.Context, in *InCredential) (*struct{}, error) {
	if _, err := h.credentialFor(ctx, in.ID); err != nil {
		return nil, err
	}
	return nil, h.cfg.Access.DeleteCredential(ctx, in.ID)
}
