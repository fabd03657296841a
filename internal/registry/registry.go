package registry

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/pratique/pratique/internal/access"
	"github.com/pratique/pratique/internal/catalog"
)

// Registry serves /v2/, except /v2/token. Make it with New; it may be used by
// many goroutines.
type Registry struct {
	Config
	log    *slog.Logger
	gate   *Gatekeeper
	record *recorder
	// streams holds a place for each body being received.
	streams chan struct{}
	// origin tells what a page of another origin makes a browser ask for.
	origin http.CrossOriginProtection
}

// New makes a registry. The caller closes it after the last request.
func New(cfg Config) *Registry {
	cfg.Limits = cfg.Limits.withDefaults()
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.ObservePull == nil {
		cfg.ObservePull = func(catalog.Decision) {}
	}
	if cfg.OnPush == nil {
		cfg.OnPush = func(context.Context, catalog.Artifact, bool) {}
	}
	return &Registry{
		Config:  cfg,
		log:     cfg.Logger,
		gate:    NewGatekeeper(cfg.Store, cfg.Now, cfg.Limits.Held, cfg.Logger, cfg.ObservePull),
		record:  startRecorder(cfg.Store, cfg.Logger),
		streams: make(chan struct{}, cfg.Limits.Streams),
	}
}

// Held counts the pulls that wait for the end of a scan.
func (reg *Registry) Held() int { return len(reg.gate.holds.places) }

// Release answers all pulls that wait for the end of a scan, and lets none wait
// any more, so that a server that stops need not wait for them.
func (reg *Registry) Release() { reg.gate.Release() }

// Close writes what is not yet written: which artifacts were pulled or refused.
func (reg *Registry) Close() error {
	reg.Release()
	reg.record.close()
	return nil
}

// request is one request with all that is known about it before its handler
// runs.
type request struct {
	target
	w     http.ResponseWriter
	r     *http.Request
	actor access.Actor
	// key addresses the repository; its names are empty if the path has none.
	key catalog.RepositoryKey
	// recorded tells that the audit log has it.
	recorded bool
}

// handler answers requests of one method at one endpoint, once the actor has
// been found allowed to do what verb says. An error it returns becomes the
// answer, so it returns none after it began to answer. A handler without a verb
// checks for itself.
type handler struct {
	verb  access.Verb
	serve func(*Registry, *request) error
}

// handlers is the whole interface.
var handlers = map[endpoint]map[string]handler{
	endpointBase: {
		http.MethodGet: {"", (*Registry).base},
	},
	endpointCatalog: {
		http.MethodGet: {"", (*Registry).catalog},
	},
	endpointTags: {
		http.MethodGet: {access.Pull, (*Registry).listTags},
	},
	endpointReferrers: {
		http.MethodGet: {access.Pull, (*Registry).listReferrers},
	},
	endpointManifest: {
		http.MethodGet:    {access.Pull, (*Registry).getManifest},
		http.MethodPut:    {access.Push, (*Registry).putManifest},
		http.MethodDelete: {access.Delete, (*Registry).deleteManifest},
	},
	endpointBlob: {
		http.MethodGet:    {access.Pull, (*Registry).getBlob},
		http.MethodDelete: {access.Delete, (*Registry).deleteBlob},
	},
	endpointUploads: {
		http.MethodPost: {access.Push, (*Registry).startUpload},
	},
	endpointUpload: {
		http.MethodGet:    {access.Push, (*Registry).uploadStatus},
		http.MethodPatch:  {access.Push, (*Registry).patchUpload},
		http.MethodPut:    {access.Push, (*Registry).putUpload},
		http.MethodDelete: {access.Push, (*Registry).cancelUpload},
	},
}

// ServeHTTP serves one request.
func (reg *Registry) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Docker-Distribution-Api-Version", "registry/2.0")
	// What users pushed is served here: no browser shall run any of it.
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	if r.Body != http.NoBody {
		// Also for bodies that are never read: the connection waits for them.
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(reg.Limits.Idle))
	}
	paced := reg.newPacedWriter(w)
	defer paced.done()
	w = paced
	if err := reg.serve(w, r); err != nil {
		reg.fail(w, r, err)
	}
}

func (reg *Registry) serve(w http.ResponseWriter, r *http.Request) error {
	if reg.origin.Check(r) != nil {
		// Browsers add the password somebody typed at another time.
		return catalog.Errorf(catalog.Denied, "cross_origin", "a page of another origin asked for a change").
			Advise("use a client that is not a browser")
	}
	// Authentication comes first: strangers are told nothing but that they are.
	actor, err := reg.Access.Authenticate(r)
	if err != nil {
		return err
	}
	t, err := parsePath(r.URL.Path)
	if err != nil {
		return err
	}
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	h, ok := handlers[t.endpoint][method]
	if !ok {
		w.Header().Set("Allow", allowed(t.endpoint))
		return catalog.Errorf(catalog.Invalid, "method_unsupported", "%s is not possible here", clip(r.Method))
	}
	instance, err := reg.Instance(r)
	if err != nil {
		return err
	}
	req := &request{
		target: t, w: w, r: r, actor: actor,
		key: catalog.RepositoryKey{InstanceID: instance.ID, Namespace: t.namespace, Repository: t.repository},
	}
	if h.verb != "" {
		if err := reg.authorize(req, h.verb); err != nil {
			reg.auditRefused(req, h.verb, err)
			return err
		}
	}
	err = h.serve(reg, req)
	reg.audit(req, h.verb, err)
	return err
}

// allowed lists the methods of an endpoint, for the Allow header.
func allowed(e endpoint) string {
	var methods []string
	for m := range handlers[e] {
		methods = append(methods, m)
		if m == http.MethodGet {
			methods = append(methods, http.MethodHead)
		}
	}
	slices.Sort(methods)
	return strings.Join(methods, ", ")
}

// authorize checks that the actor may do what verb says in the repository of
// the path. Whoever might with other credentials is asked for them, others are
// denied; neither learns whether the repository exists.
func (reg *Registry) authorize(req *request, verb access.Verb) error {
	ok, err := reg.can(req, req.actor, verb, req.key)
	if ok || err != nil {
		return err
	}
	person := req.actor
	person.Grants = nil
	if !req.actor.Anonymous() {
		// A token issued for less is no reason to deny: clients fetch another.
		ok, err := reg.can(req, person, verb, req.key)
		if err != nil {
			return err
		}
		if !ok {
			return catalog.Errorf(catalog.Denied, "denied", "%s may not %s %s", req.actor.Name, verb, req.key).
				Advise("ask a maintainer of the namespace, or an administrator")
		}
	}
	verbs := []access.Verb{verb}
	if verb == access.Push {
		verbs = []access.Verb{access.Pull, access.Push}
	}
	req.w.Header().Set("WWW-Authenticate", access.Challenge(req.r, req.key.String(), verbs...))
	return catalog.Errorf(catalog.Unauthorized, "unauthorized", "logging in is necessary to %s %s", verb, req.key)
}

// can reports whether the actor may do what verb says in a repository. Only
// where that depends on the namespace being public, the store is asked.
func (reg *Registry) can(req *request, actor access.Actor, verb access.Verb, key catalog.RepositoryKey) (bool, error) {
	scope := access.Scope{Instance: key.InstanceID, Namespace: key.Namespace, Repository: key.Repository}
	if access.Can(actor, verb, scope) {
		return true, nil
	}
	scope.Public = true
	if !access.Can(actor, verb, scope) {
		return false, nil
	}
	ns, err := reg.Store.Namespace(req.r.Context(), key.InstanceID, key.Namespace)
	if catalog.Is(err, catalog.NotFound) {
		return false, nil
	}
	return ns.Public, err
}

// isPusher reports whether the client holds a token for pushing to the
// repository. Its HEAD requests ask what need not be pushed any more.
func (req *request) isPusher() bool {
	return slices.Contains(req.actor.Grants[req.key.String()], access.Push)
}

// base answers clients that ask whether this is a registry, and how to log in.
func (reg *Registry) base(req *request) error {
	if req.actor.Anonymous() && req.actor.Grants == nil {
		return catalog.Errorf(catalog.Unauthorized, "unauthorized", "logging in is necessary")
	}
	return writeJSON(req.w, http.StatusOK, "application/json", []byte("{}"))
}
