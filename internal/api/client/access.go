package client

import (
	"context"
	"io"
	"net/http"
	"net/url"

	"github.com/pratique/pratique/internal/api"
	"github.com/pratique/pratique/internal/catalog"
)

func accountPath(name string) string { return "/accounts/" + url.PathEscape(name) }

// Accounts lists all accounts by name.
func (c *Client) Accounts(ctx context.Context) ([]api.Account, error) {
	return pages[api.Account](ctx, c, "/accounts", url.Values{"limit": {"500"}})
}

// Account reads an account.
func (c *Client) Account(ctx context.Context, name string) (a api.Account, err error) {
	return a, c.do(ctx, http.MethodGet, accountPath(name), nil, nil, &a)
}

// OwnAccount tells who the server takes the client for.
func (c *Client) OwnAccount(ctx context.Context) (a api.OwnAccount, err error) {
	return a, c.do(ctx, http.MethodGet, "/account", nil, nil, &a)
}

// CreateAccount adds an account.
func (c *Client) CreateAccount(ctx context.Context, in api.AccountCreate) (made api.AccountCreated, err error) {
	return made, c.do(ctx, http.MethodPost, "/accounts", nil, in, &made)
}

// DisableAccount disables or enables an account.
func (c *Client) DisableAccount(ctx context.Context, name string, disabled bool) error {
	return c.do(ctx, http.MethodPatch, accountPath(name), nil, map[string]bool{"disabled": disabled}, nil)
}

// DeleteAccount removes an account.
func (c *Client) DeleteAccount(ctx context.Context, name string) error {
	return c.do(ctx, http.MethodDelete, accountPath(name), nil, nil, nil)
}

// ResetPassword gives an account a one-time password and returns it.
func (c *Client) ResetPassword(ctx context.Context, name string) (string, error) {
	var out api.PasswordChanged
	err := c.do(ctx, http.MethodPost, accountPath(name)+"/password", url.Values{"oneTime": {"true"}}, nil, &out)
	return out.Password, err
}

// ChangePassword changes the own password.
func (c *Client) ChangePassword(ctx context.Context, old, password string) error {
	return c.do(ctx, http.MethodPost, "/account/password", nil, api.OwnPasswordChange{Old: old, New: password}, nil)
}

// Groups lists all groups.
func (c *Client) Groups(ctx context.Context) ([]api.Group, error) {
	var out struct{ Items []api.Group }
	err := c.do(ctx, http.MethodGet, "/groups", nil, nil, &out)
	return out.Items, err
}

// CreateGroup adds a group.
func (c *Client) CreateGroup(ctx context.Context, name string) error {
	return c.do(ctx, http.MethodPost, "/groups", nil, api.GroupCreate{Name: name}, nil)
}

// DeleteGroup removes a group.
func (c *Client) DeleteGroup(ctx context.Context, name string) error {
	return c.do(ctx, http.MethodDelete, "/groups/"+url.PathEscape(name), nil, nil, nil)
}

// SetMember puts an account into a group or takes it out.
func (c *Client) SetMember(ctx context.Context, group, account string, member bool) error {
	method := http.MethodDelete
	if member {
		method = http.MethodPut
	}
	return c.do(ctx, method, "/groups/"+url.PathEscape(group)+"/members/"+url.PathEscape(account), nil, nil, nil)
}

// Realm is where a role holds: in a namespace, or everywhere, or in the instance.
type Realm struct {
	Namespace  string
	Everywhere bool
}

func (r Realm) path() (string, url.Values) {
	if r.Namespace != "" {
		return "/namespaces/" + url.PathEscape(r.Namespace) + "/roles", nil
	}
	if r.Everywhere {
		return "/roles", url.Values{"everywhere": {"true"}}
	}
	return "/roles", nil
}

// holderPath names an account or a group.
func holderPath(name string, group bool) string {
	if group {
		return "/groups/" + url.PathEscape(name)
	}
	return "/accounts/" + url.PathEscape(name)
}

// Roles lists who holds which role in a realm.
func (c *Client) Roles(ctx context.Context, realm Realm) ([]api.RoleGrant, error) {
	var out struct{ Items []api.RoleGrant }
	path, query := realm.path()
	err := c.do(ctx, http.MethodGet, path, query, nil, &out)
	return out.Items, err
}

// GrantRole gives an account or a group a role in a realm.
func (c *Client) GrantRole(ctx context.Context, realm Realm, name string, group bool, role catalog.Role) error {
	path, query := realm.path()
	return c.do(ctx, http.MethodPut, path+holderPath(name, group), query, api.RoleChange{Role: role}, nil)
}

// RevokeRole takes the role away that an account or a group has in a realm.
func (c *Client) RevokeRole(ctx context.Context, realm Realm, name string, group bool) error {
	path, query := realm.path()
	return c.do(ctx, http.MethodDelete, path+holderPath(name, group), query, nil, nil)
}

// Credentials lists the own credentials, those of an account, or all.
func (c *Client) Credentials(ctx context.Context, account string, all bool) ([]api.Credential, error) {
	query := url.Values{"limit": {"500"}}
	if account != "" {
		query.Set("account", account)
	}
	if all {
		query.Set("all", "true")
	}
	return pages[api.Credential](ctx, c, "/credentials", query)
}

// CreateCredential makes a credential.
func (c *Client) CreateCredential(ctx context.Context, in api.CredentialCreate) (made api.CredentialCreated, err error) {
	return made, c.do(ctx, http.MethodPost, "/credentials", nil, in, &made)
}

// DisableCredential disables or enables a credential.
func (c *Client) DisableCredential(ctx context.Context, id string, disabled bool) error {
	return c.do(ctx, http.MethodPatch, "/credentials/"+url.PathEscape(id), nil, map[string]bool{"disabled": disabled}, nil)
}

// RevokeCredential removes a credential.
func (c *Client) RevokeCredential(ctx context.Context, id string) error {
	return c.do(ctx, http.MethodDelete, "/credentials/"+url.PathEscape(id), nil, nil, nil)
}

// Audit lists entries of the audit log, latest first. query selects as the
// interface says.
func (c *Client) Audit(ctx context.Context, query url.Values) ([]api.AuditEntry, error) {
	var page api.Latest[api.AuditEntry]
	err := c.do(ctx, http.MethodGet, "/audit", query, nil, &page)
	return page.Items, err
}

// ExportAudit returns all entries that query selects, as its format says.
func (c *Client) ExportAudit(ctx context.Context, query url.Values) (io.ReadCloser, error) {
	return c.send(ctx, http.MethodGet, "/audit/export", query, nil)
}
