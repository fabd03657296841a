package registry

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/pratique/pratique/internal/access"
	"github.com/pratique/pratique/internal/blob"
	"github.com/pratique/pratique/internal/catalog"
)

const (
	// maxPage is how many names one answer lists. Clients follow the Link header
	// to the rest.
	maxPage = 1000
	// maxReferrersBytes is how long a list of referrers may become before it is
	// continued on another page, as the specification demands.
	maxReferrersBytes = 4 << 20
)

// parsePage reads n and last. n may be anything from 0 on; the answer then has
// at most maxPage entries.
func parsePage(query url.Values) (page catalog.Page, err error) {
	page = catalog.Page{After: text(query.Get("last")), Limit: maxPage}
	if s := query.Get("n"); s != "" {
		n, ok := parseDecimal(s)
		if !ok {
			return page, catalog.Errorf(catalog.Invalid, "page_invalid", "n=%s is not a number of entries", clip(s))
		}
		page.Limit = int(min(n, maxPage))
	}
	return page, nil
}

// text makes what a client sent fit for any database, as the store does with
// what it keeps: UTF-8 without NUL.
func text(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// names asks for one page of names and sets the Link header if there are more.
func (req *request) names(list func(catalog.Page) ([]string, error)) ([]string, error) {
	page, err := parsePage(req.r.URL.Query())
	if err != nil {
		return nil, err
	}
	if page.Limit == 0 {
		// Nothing is wanted but whether there is such a list.
		_, err := list(catalog.Page{Limit: 1})
		return []string{}, err
	}
	names, err := list(page)
	if err != nil || len(names) < page.Limit {
		return append([]string{}, names...), err
	}
	last := names[len(names)-1]
	more, err := list(catalog.Page{After: last, Limit: 1})
	if len(more) > 0 {
		req.setNext(url.Values{"n": {strconv.Itoa(page.Limit)}, "last": {last}})
	}
	return names, err
}

// setNext points to the next page of the list.
func (req *request) setNext(query url.Values) {
	next := url.URL{Path: req.r.URL.Path, RawQuery: query.Encode()}
	req.w.Header().Set("Link", "<"+next.String()+`>; rel="next"`)
}

func (reg *Registry) listTags(req *request) error {
	tags, err := req.names(func(p catalog.Page) ([]string, error) { return reg.Store.Tags(req.r.Context(), req.key, p) })
	if err != nil {
		return err
	}
	return req.document("application/json", struct {
		Name string   `json:"name"`
		Tags []string `json:"tags"`
	}{req.key.String(), tags})
}

// catalog lists the repositories that the actor may see.
func (reg *Registry) catalog(req *request) error {
	instance := req.key.InstanceID
	if scope := (access.Scope{Instance: instance}); !access.Can(req.actor, access.List, scope) {
		person := req.actor
		person.Grants = nil
		if !person.Anonymous() && !access.Can(person, access.List, scope) {
			return catalog.Errorf(catalog.Denied, "denied", "%s may not list repositories", person.Name)
		}
		req.w.Header().Set("WWW-Authenticate", access.Challenge(req.r, "", access.List))
		return catalog.Errorf(catalog.Unauthorized, "unauthorized", "logging in is necessary to list repositories")
	}
	see := access.Visible(req.actor, instance)
	names, err := req.names(func(p catalog.Page) ([]string, error) {
		return reg.Store.RepositoryNames(req.r.Context(), instance, see, p)
	})
	if err != nil {
		return err
	}
	return req.document("application/json", struct {
		Repositories []string `json:"repositories"`
	}{names})
}

// listReferrers lists the manifests whose subject is the digest. That there is
// no such repository is no error, by the specification.
func (reg *Registry) listReferrers(req *request) error {
	query := req.r.URL.Query()
	artifactType := text(query.Get("artifactType"))
	found, err := reg.Store.Referrers(req.r.Context(), req.key, req.digest, artifactType)
	if err != nil && !catalog.Is(err, catalog.NotFound) {
		return err
	}
	after := query.Get("last")
	if after != "" {
		if _, _, err := blob.ParseDigest(after); err != nil {
			return err
		}
	}
	page, more, err := referrersPage(found, after, maxReferrersBytes)
	if err != nil {
		return err
	}
	if artifactType != "" {
		req.w.Header().Set("OCI-Filters-Applied", "artifactType")
	}
	if more != "" {
		next := url.Values{"last": {more}}
		if artifactType != "" {
			next.Set("artifactType", artifactType)
		}
		req.setNext(next)
	}
	return req.document(mediaOCIIndex, struct {
		SchemaVersion int               `json:"schemaVersion"`
		MediaType     string            `json:"mediaType"`
		Manifests     []json.RawMessage `json:"manifests"`
	}{2, mediaOCIIndex, page})
}

// referrersPage encodes the descriptors, which are ordered by digest, from after
// on until they have limit bytes, but at least one. more is the last digest of
// the page if others follow.
func referrersPage(found []catalog.Descriptor, after string, limit int) (page []json.RawMessage, more string, err error) {
	page, size, last := []json.RawMessage{}, 0, ""
	for i := range found {
		if after != "" && found[i].Digest <= after {
			continue
		}
		doc, err := json.Marshal(found[i])
		if err != nil {
			return nil, "", err
		}
		if size += len(doc) + 1; size > limit && len(page) > 0 {
			return page, last, nil
		}
		page, last = append(page, doc), found[i].Digest
	}
	return page, "", nil
}

func (req *request) document(contentType string, doc any) error {
	b, err := json.Marshal(doc)
	if err != nil {
		return err
	}
	return writeJSON(req.w, http.StatusOK, contentType, b)
}
