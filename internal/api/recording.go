package api

import (
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/pratique/pratique/internal/access"
	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/report"
)

// unrecorded are operations that change nothing, though their method might, and
// those that are recorded where they happen.
var unrecorded = map[string]bool{"previewPolicy": true, "previewBatch": true, "signIn": true}

// told are operations whose body stands in the audit log: it says what was asked
// for, and has no place for a password, a token or the content of a file.
var told = map[string]bool{
	"createNamespace": true, "updateNamespace": true, "patchNamespace": true,
	"grantRole": true, "grantNamespaceRole": true, "changeAccount": true, "createGroup": true,
	"createCredential": true, "changeCredential": true,
	"createException": true, "changeException": true,
	"startBatch": true, "setSchedule": true, "setGate": true, "setSettings": true,
}

// maxTold is how many bytes of a body the audit log holds.
const maxTold = 500

// recording is what the audit log says about one request.
type recording struct {
	h *handlers
	asked
	operation, namespace string
	body                 strings.Builder // the beginning of what was asked for
}

// listen keeps the beginning of the body as it is read, if it may be told.
func (r *recording) listen() {
	if told[r.operation] {
		r.request.Body = struct {
			io.Reader
			io.Closer
		}{io.TeeReader(r.request.Body, r), r.request.Body}
	}
}

// Write keeps what fits, and a little more to show that there was more.
func (r *recording) Write(p []byte) (int, error) {
	r.body.Write(p[:min(len(p), maxTold+4-r.body.Len())])
	return len(p), nil
}

// answered records a request that was let in, if it changed something or was
// refused after all. What it made, if anything, is at location.
func (r *recording) answered(status int, location string) {
	if *r.denied {
		status = http.StatusForbidden
	}
	reads := safe(r.request.Method)
	switch {
	case status == http.StatusForbidden || status == http.StatusUnauthorized:
		r.refused("")
	case status >= http.StatusBadRequest && !reads:
		r.record(r.entry(catalog.AuditFailed, http.StatusText(status)))
	case status < http.StatusBadRequest && !reads && !unrecorded[r.operation]:
		e := r.entry(catalog.AuditDone, report.Printable(r.body.String(), maxTold))
		if status == http.StatusCreated && location != "" {
			e.Target = r.request.Method + " " + location
		}
		r.record(e)
	}
}

// refused records that a request was refused, by the code of the error if it is
// known.
func (r *recording) refused(code string) { r.record(r.entry(catalog.AuditDenied, code)) }

// record writes what was done before it returns, and the rest soon. Those who
// could not log in are recorded where that is found out.
func (r *recording) record(e catalog.AuditEntry) {
	switch log := r.h.cfg.Audit; {
	case log == nil || r.actor.Anonymous():
	case e.Result == catalog.AuditDone:
		log.Write(r.request.Context(), e)
	default:
		log.Record(e)
	}
}

// entry is about a path without parameters, which may hold what people wrote.
func (r *recording) entry(result catalog.AuditResult, detail string) catalog.AuditEntry {
	return catalog.AuditEntry{
		InstanceID: r.instance.ID, Actor: r.actor.Name, Via: r.actor.Via, Address: access.Address(r.request),
		Action: r.operation, Namespace: r.namespace, Target: r.request.Method + " " + r.request.URL.Path, Result: result, Detail: detail,
	}
}

// codeOf is the code of an error, for the audit log.
func codeOf(err error) string {
	var known *catalog.Error
	if errors.As(err, &known) {
		return known.Code
	}
	return "internal"
}
