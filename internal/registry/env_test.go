package registry_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pratique/pratique/internal/access"
	"github.com/pratique/pratique/internal/blob"
	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/registry"
	"github.com/pratique/pratique/internal/store"
)

const (
	typeManifest = "application/vnd.oci.image.manifest.v1+json"
	typeIndex    = "application/vnd.oci.image.index.v1+json"
	typeConfig   = "application/vnd.oci.image.config.v1+json"
	typeLayer    = "application/vnd.oci.image.layer.v1.tar+gzip"
)

// env is a registry on a real store that listens on 127.0.0.1. Namespaces
// "team" and "other" are private, "open" is public; nobody scans or blocks yet.
type env struct {
	testing.TB
	dir      string
	store    *store.Store
	blobs    *blob.Store
	registry *registry.Registry
	server   *httptest.Server
	instance catalog.Instance
	password string
	clock    *clock
	observed *observed
}

// clock is a clock that stands still.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// observed counts what the registry tells.
type observed struct {
	mu    sync.Mutex
	pulls map[catalog.Decision]int
	fresh int
}

func newEnv(t testing.TB, change ...func(*registry.Config)) *env {
	t.Helper()
	return newEnvOn(t, "sqlite:"+filepath.Join(t.TempDir(), "pratique.db"), change...)
}

// newEnvOn is newEnv with a database.
func newEnvOn(t testing.TB, dsn string, change ...func(*registry.Config)) *env {
	t.Helper()
	e := &env{
		TB:       t,
		dir:      t.TempDir(),
		clock:    &clock{t: time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)},
		observed: &observed{pulls: map[catalog.Decision]int{}},
	}
	ctx := t.Context()
	var err error
	e.store, err = store.Open(ctx, store.Config{DSN: dsn, Now: e.clock.now})
	e.must(err)
	t.Cleanup(func() { e.store.Close() })
	e.blobs, err = blob.Open(filepath.Join(e.dir, "blobs"))
	e.must(err)
	t.Cleanup(func() { e.blobs.Close() })
	e.instance, _, err = e.store.EnsureDefaults(ctx)
	e.must(err)
	for name, public := range map[string]bool{"team": false, "other": false, "open": true} {
		_, err := e.store.CreateNamespace(ctx, e.instance.ID, name, public)
		e.must(err)
	}
	auth, err := access.New(e.store, []byte("a secret of thirty-two bytes ...."))
	e.must(err)
	_, e.password, err = auth.Bootstrap(ctx)
	e.must(err)
	cfg := registry.Config{
		Store:    e.store,
		Blobs:    e.blobs,
		Access:   auth,
		Instance: func(*http.Request) (catalog.Instance, error) { return e.instance, nil },
		Logger:   slog.New(slog.DiscardHandler),
		Now:      e.clock.now,
		ObservePull: func(d catalog.Decision) {
			e.observed.mu.Lock()
			defer e.observed.mu.Unlock()
			e.observed.pulls[d]++
		},
		OnPush: func(_ context.Context, _ catalog.Artifact, created bool) {
			e.observed.mu.Lock()
			defer e.observed.mu.Unlock()
			if created {
				e.observed.fresh++
			}
		},
	}
	for _, f := range change {
		f(&cfg)
	}
	e.registry = registry.New(cfg)
	t.Cleanup(func() { e.registry.Close() })
	locate := func(r *http.Request, namespace, repository string) access.Scope {
		ns, err := e.store.Namespace(r.Context(), e.instance.ID, namespace)
		return access.Scope{Instance: e.instance.ID, Namespace: namespace, Repository: repository, Public: err == nil && ns.Public}
	}
	mux := http.NewServeMux()
	mux.Handle("/v2/", e.registry)
	mux.Handle("/v2/token", auth.Token(locate))
	e.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if a, ok := actors[r.Header.Get("Test-Actor")]; ok {
			r = r.WithContext(access.WithActor(r.Context(), a))
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(e.server.Close)
	return e
}

// actors are who requests can be sent by, without the cost of a login. The
// tests of package access are about logging in; TestTokens goes the whole way.
var actors = map[string]access.Actor{
	"admin":  {Name: "admin", Admin: true},
	"user":   {Name: "user"},
	"puller": {Name: "admin", Admin: true, Grants: grants("team/app", access.Pull)},
	"pusher": {Name: "admin", Admin: true, Grants: grants("team/app", access.Pull, access.Push)},
	"mounter": {Name: "admin", Admin: true, Grants: map[string][]access.Verb{
		"other/app": {access.Pull, access.Push}, "team/app": {access.Pull},
	}},
	"lister": {Name: "admin", Admin: true, Grants: grants("/", access.List)},
	"narrow": {Name: "admin", Admin: true, Grants: grants("other/app", access.Pull, access.Push)},
}

func grants(name string, verbs ...access.Verb) map[string][]access.Verb {
	return map[string][]access.Verb{name: verbs}
}

func (e *env) must(err error) {
	e.Helper()
	if err != nil {
		e.Fatal(err)
	}
}

// response is an answer, read to its end.
type response struct {
	*http.Response
	body []byte
}

// do sends a request as admin, unless headers ("Name: value") say otherwise
// ("Test-Actor: " for nobody). A body of type io.Reader is streamed.
func (e *env) do(method, path string, body any, headers ...string) response {
	e.Helper()
	res, err := e.try(method, path, body, headers...)
	e.must(err)
	return res
}

// try is do for other goroutines than the test's.
func (e *env) try(method, path string, body any, headers ...string) (response, error) {
	var r io.Reader
	switch b := body.(type) {
	case nil:
	case []byte:
		r = bytes.NewReader(b)
	case string:
		r = strings.NewReader(b)
	case io.Reader:
		r = b
	}
	if strings.HasPrefix(path, "/") {
		path = e.server.URL + path
	}
	req, err := http.NewRequestWithContext(e.Context(), method, path, r)
	if err != nil {
		return response{}, err
	}
	req.Header.Set("Test-Actor", "admin")
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		if name == "Accept" || value == "" {
			req.Header.Del(name)
		}
		if value != "" {
			req.Header.Set(name, value)
		}
	}
	res, err := e.server.Client().Do(req)
	if err != nil {
		return response{}, err
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	return response{res, got}, err
}

// want checks the status, and the OCI code of an error.
func (r response) want(t testing.TB, status int, code ...string) response {
	t.Helper()
	if r.StatusCode != status {
		t.Errorf("%s %s: status %d, want %d: %.500s", r.Request.Method, r.Request.URL, r.StatusCode, status, r.body)
	}
	if len(code) > 0 && r.code() != code[0] {
		t.Errorf("%s %s: code %s, want %s: %.500s", r.Request.Method, r.Request.URL, r.code(), code[0], r.body)
	}
	return r
}

func (r response) first() (e struct {
	Code, Message string
	Detail        map[string]any
}) {
	doc := struct{ Errors []json.RawMessage }{}
	if json.Unmarshal(r.body, &doc) == nil && len(doc.Errors) == 1 {
		_ = json.Unmarshal(doc.Errors[0], &e)
	}
	return e
}

func (r response) code() string    { return r.first().Code }
func (r response) message() string { return r.first().Message }

// header checks a header of the answer.
func (r response) header(t testing.TB, name, want string) response {
	t.Helper()
	if got := r.Header.Get(name); got != want {
		t.Errorf("%s %s: %s is %q, want %q", r.Request.Method, r.Request.URL, name, got, want)
	}
	return r
}

func sha256Of(b []byte) string { return blob.SHA256.Of(b) }
func sha512Of(b []byte) string { return blob.SHA512.Of(b) }

// pushBlob uploads content in one request.
func (e *env) pushBlob(repository string, content []byte) (digest string) {
	e.Helper()
	digest = sha256Of(content)
	e.do("POST", "/v2/"+repository+"/blobs/uploads/?digest="+digest, content).want(e, 201)
	return digest
}

// descriptor as manifests have it.
type descriptor struct {
	MediaType string            `json:"mediaType"`
	Digest    string            `json:"digest"`
	Size      int               `json:"size"`
	Platform  map[string]string `json:"platform,omitempty"`
}

type manifest struct {
	SchemaVersion int               `json:"schemaVersion"`
	MediaType     string            `json:"mediaType"`
	ArtifactType  string            `json:"artifactType,omitempty"`
	Config        *descriptor       `json:"config,omitempty"`
	Layers        []descriptor      `json:"layers,omitempty"`
	Manifests     []descriptor      `json:"manifests,omitempty"`
	Subject       *descriptor       `json:"subject,omitempty"`
	Annotations   map[string]string `json:"annotations,omitempty"`
}

func (m manifest) encode(t testing.TB) []byte {
	t.Helper()
	if m.SchemaVersion == 0 {
		m.SchemaVersion = 2
	}
	b, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func describe(mediaType string, content []byte) descriptor {
	return descriptor{MediaType: mediaType, Digest: sha256Of(content), Size: len(content)}
}

// image is an image that was pushed.
type image struct {
	digest        string
	raw           []byte
	config, layer descriptor
}

func (i image) descriptor(platform string) descriptor {
	d := describe(typeManifest, i.raw)
	if os, arch, ok := strings.Cut(platform, "/"); ok {
		d.Platform = map[string]string{"os": os, "architecture": arch}
	}
	return d
}

// pushImage pushes an image with one layer, both unlike those of other names.
// reference is a tag or "" for a push by digest.
func (e *env) pushImage(repository, name, reference string) image {
	e.Helper()
	config := fmt.Appendf(nil, `{"architecture":"amd64","os":"linux","config":{"Labels":{"name":%q}},"rootfs":{"type":"layers","diff_ids":[]}}`, name)
	layer := []byte("layer of " + name)
	e.pushBlob(repository, config)
	e.pushBlob(repository, layer)
	img := image{config: describe(typeConfig, config), layer: describe(typeLayer, layer)}
	img.raw = manifest{MediaType: typeManifest, Config: &img.config, Layers: []descriptor{img.layer}}.encode(e)
	img.digest = e.pushManifest(repository, reference, typeManifest, img.raw)
	return img
}

func (e *env) pushManifest(repository, reference, mediaType string, raw []byte) (digest string) {
	e.Helper()
	digest = sha256Of(raw)
	if reference == "" {
		reference = digest
	}
	e.do("PUT", "/v2/"+repository+"/manifests/"+reference, raw, "Content-Type: "+mediaType).want(e, 201).
		header(e, "Docker-Content-Digest", digest).header(e, "Location", "/v2/"+repository+"/manifests/"+digest)
	return digest
}
