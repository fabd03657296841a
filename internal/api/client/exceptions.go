package client

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"github.com/pratique/pratique/internal/api"
)

// ExceptionFilter selects exceptions. What is empty selects all; without State
// removed ones are left out, but not of histories.
type ExceptionFilter struct {
	ID                            int64
	Namespace, Repository, Digest string
	Vulnerability, Finding, Rule  string
	Category, Action, State       string
}

func (f ExceptionFilter) query() url.Values {
	query := url.Values{"limit": {"500"}}
	for name, value := range map[string]string{
		"namespace": f.Namespace, "repository": f.Repository, "digest": f.Digest, "vulnerability": f.Vulnerability,
		"finding": f.Finding, "rule": f.Rule, "category": f.Category, "action": f.Action, "state": f.State,
	} {
		if value != "" {
			query.Set(name, value)
		}
	}
	if f.ID != 0 {
		query.Set("exception", strconv.FormatInt(f.ID, 10))
	}
	return query
}

// Exceptions returns all that fit the filter, by id.
func (c *Client) Exceptions(ctx context.Context, f ExceptionFilter) ([]api.Exception, error) {
	return pages[api.Exception](ctx, c, "/exceptions", f.query())
}

// ExceptionHistory returns what happened to exceptions that fit the filter,
// latest first.
func (c *Client) ExceptionHistory(ctx context.Context, f ExceptionFilter) ([]api.ExceptionEvent, error) {
	return pages[api.ExceptionEvent](ctx, c, "/exceptions/history", f.query())
}

// ExportExceptions returns those that fit the filter as an OpenVEX document; without
// State those in force. registry, if not empty, stands before the names of
// repositories.
func (c *Client) ExportExceptions(ctx context.Context, f ExceptionFilter, registry string) ([]byte, error) {
	query := f.query()
	query.Del("limit") // it is one answer
	if registry != "" {
		query.Set("registry", registry)
	}
	body, err := c.send(ctx, http.MethodGet, "/exceptions/openvex", query, nil)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return io.ReadAll(body)
}

// ImportExceptions makes exceptions of an OpenVEX document.
func (c *Client) ImportExceptions(ctx context.Context, document []byte) (r api.ExceptionImport, err error) {
	return r, c.do(ctx, http.MethodPost, "/exceptions/openvex", nil, json.RawMessage(document), &r)
}

// CreateException ignores or whitelists findings. It may fail with code
// "exception_exists".
func (c *Client) CreateException(ctx context.Context, in api.ExceptionCreate) (e api.Exception, err error) {
	return e, c.do(ctx, http.MethodPost, "/exceptions", nil, in, &e)
}

// ChangeException gives an exception another reason or expiry.
func (c *Client) ChangeException(ctx context.Context, id int64, change api.ExceptionChange) (e api.Exception, err error) {
	return e, c.do(ctx, http.MethodPatch, exceptionPath(id), nil, change, &e)
}

// RemoveException ends an exception; the reason is for the history and may be
// empty.
func (c *Client) RemoveException(ctx context.Context, id int64, reason string) error {
	var query url.Values
	if reason != "" {
		query = url.Values{"reason": {reason}}
	}
	return c.do(ctx, http.MethodDelete, exceptionPath(id), query, nil, nil)
}

func exceptionPath(id int64) string { return "/exceptions/" + strconv.FormatInt(id, 10) }

// pages reads a listing to its end.
func pages[T any](ctx context.Context, c *Client, path string, query url.Values) ([]T, error) {
	var all []T
	for {
		var page api.List[T]
		if err := c.do(ctx, http.MethodGet, path, query, nil, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Items...)
		if page.Next == "" || page.Next == query.Get("after") {
			return all, nil
		}
		query.Set("after", page.Next)
	}
}
