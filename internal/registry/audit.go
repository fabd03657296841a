package registry

import (
	"errors"
	"net/http"

	"github.com/pratique/pratique/internal/access"
	"github.com/pratique/pratique/internal/catalog"
)

// Routes lists the endpoints with the verb that each method needs, as METHOD and
// PATH, for the table of who may do what. A route without verb is open to
// whoever is logged in.
func Routes() map[[2]string]access.Verb {
	const name = "/v2/{name}/"
	paths := map[endpoint]string{
		endpointBase: "/v2/", endpointCatalog: "/v2/_catalog", endpointTags: name + "tags/list", endpointManifest: name + "manifests/{reference}",
		endpointBlob: name + "blobs/{digest}", endpointUploads: name + "blobs/uploads/", endpointUpload: name + "blobs/uploads/{upload}",
		endpointReferrers: name + "referrers/{digest}",
	}
	routes := make(map[[2]string]access.Verb)
	for e, methods := range handlers {
		for method, h := range methods {
			routes[[2]string{method, paths[e]}] = h.verb
		}
	}
	return routes
}

// audit records pulls, pushes and deletions of manifests, and deletions of
// blobs, each once. What a push or pull consists of is not told apart.
func (reg *Registry) audit(req *request, verb access.Verb, err error) {
	if reg.Audit == nil || req.recorded || !audited(req) {
		return
	}
	req.recorded = true
	e := req.auditEntry(verb)
	if err != nil {
		e.Result, e.Detail = catalog.AuditFailed, errorCode(err)
		if catalog.Is(err, catalog.Blocked) {
			e.Result = catalog.AuditDenied
		}
	}
	reg.Audit(e)
}

func audited(req *request) bool {
	switch req.endpoint {
	case endpointManifest:
		return req.r.Method != http.MethodHead
	case endpointBlob:
		return req.r.Method == http.MethodDelete
	}
	return false
}

// auditRefused records that somebody may not do something. Those who are only
// asked to log in are how every client begins.
func (reg *Registry) auditRefused(req *request, verb access.Verb, err error) {
	if reg.Audit == nil || !catalog.Is(err, catalog.Denied) {
		return
	}
	e := req.auditEntry(verb)
	e.Result, e.Detail = catalog.AuditDenied, errorCode(err)
	reg.Audit(e)
}

func (req *request) auditEntry(verb access.Verb) catalog.AuditEntry {
	target := req.key.String()
	switch {
	case req.tag != "":
		target += ":" + req.tag
	case req.digest != "":
		target += "@" + req.digest
	}
	return catalog.AuditEntry{
		InstanceID: req.key.InstanceID, Actor: req.actor.Name, Via: req.actor.Via, Address: access.Address(req.r),
		Action: "registry." + string(verb), Namespace: req.key.Namespace, Target: target, Result: catalog.AuditDone,
	}
}

func errorCode(err error) string {
	var known *catalog.Error
	if errors.As(err, &known) {
		return known.Code
	}
	return "internal"
}
