// Package console serves the web console: a page of ours in the browser that
// speaks to the REST interface and needs nothing else of the server.
//
// The sources are in web; "make console" builds them into dist/build, which is
// embedded and not committed. A program that was built without it, for instance
// by go install, serves a page that tells how to use it from a terminal.
//
// Guarantees: no page runs script or loads anything that is not part of the
// program, whatever stands in names, labels or descriptions that it shows; no
// page can be framed; and nothing in a request chooses a file but the path of
// one that was embedded.
package console

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
)

//go:embed placeholder.html
var placeholder []byte

//go:embed all:dist
var dist embed.FS

// Built reports whether the console is part of this program.
func Built() bool {
	_, err := fs.Stat(dist, "dist/build/index.html")
	return err == nil
}

// Handler serves the console at the root of the server. A path that names no
// file gets the console's page where a browser navigates to it, as the console
// knows its own paths, and is not found otherwise.
func Handler() http.Handler {
	build, err := fs.Sub(dist, "dist/build")
	if err != nil {
		return http.HandlerFunc(servePlaceholder)
	}
	return newHandler(build)
}

// newHandler serves what a build left in a directory.
func newHandler(build fs.FS) http.Handler {
	index, err := fs.ReadFile(build, "index.html")
	if err != nil { // a directory that is no build
		return http.HandlerFunc(servePlaceholder)
	}
	return &handler{files: build, index: index}
}

func servePlaceholder(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/" {
		http.NotFound(w, r)
		return
	}
	if !readOnly(w, r) {
		return
	}
	protect(w.Header(), "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(placeholder)
}

// readOnly refuses methods other than GET and HEAD, and reports whether the
// request is to be answered.
func readOnly(w http.ResponseWriter, r *http.Request) bool {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return true
	}
	w.Header().Set("Allow", "GET, HEAD")
	http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
	return false
}

type handler struct {
	files fs.FS
	// index is the page, with nonceMark where a nonce belongs.
	index []byte
}

// nonceMark stands in the page for the nonce of an answer.
const nonceMark = "NONCE"

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
	if name != "index.html" && h.serveFile(w, r, name) {
		return
	}
	if r.URL.Path != "/" && !strings.Contains(r.Header.Get("Accept"), "text/html") {
		http.NotFound(w, r)
		return
	}
	if readOnly(w, r) {
		h.servePage(w)
	}
}

// policy is what the page may do. Scripts, styles and connections are the
// program's own. The style elements that Mantine and react-remove-scroll add are
// let in by a nonce, so that no style attribute and no foreign element is.
const policy = "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-%s'; " +
	"img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

func (h *handler) servePage(w http.ResponseWriter) {
	var random [18]byte
	rand.Read(random[:]) // never fails
	nonce := base64.StdEncoding.EncodeToString(random[:])
	protect(w.Header(), fmt.Sprintf(policy, nonce))
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	// A nonce is for one answer. The page is small; what is large is kept by name.
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(bytes.ReplaceAll(h.index, []byte(nonceMark), []byte(nonce)))
}

// encodings are the forms in which a build may hold a file beside the plain
// one, the smallest first.
var encodings = []struct{ name, extension string }{{"br", ".br"}, {"gzip", ".gz"}}

// serveFile serves a file of the build and reports whether there is one.
func (h *handler) serveFile(w http.ResponseWriter, r *http.Request, name string) bool {
	plain, err := fs.ReadFile(h.files, name)
	if err != nil {
		return false
	}
	if !readOnly(w, r) {
		return true
	}
	protect(w.Header(), "default-src 'none'; frame-ancestors 'none'")
	w.Header().Set("Content-Type", contentType(name))
	w.Header().Set("Vary", "Accept-Encoding")
	if strings.HasPrefix(name, "assets/") { // its name holds a hash of its content
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		etag := fmt.Sprintf(`"%x"`, sha256.Sum256(plain))
		w.Header().Set("Cache-Control", "no-cache")
		w.Header().Set("ETag", etag)
		if r.Header.Get("If-None-Match") == etag {
			w.WriteHeader(http.StatusNotModified)
			return true
		}
	}
	content := plain
	for _, e := range encodings {
		if packed, err := fs.ReadFile(h.files, name+e.extension); err == nil && accepts(r.Header.Get("Accept-Encoding"), e.name) {
			w.Header().Set("Content-Encoding", e.name)
			content = packed
			break
		}
	}
	_, _ = w.Write(content)
	return true
}

// contentType tells the type of a file of the build by its name.
func contentType(name string) string {
	if t := mime.TypeByExtension(path.Ext(name)); t != "" {
		return t
	}
	return "application/octet-stream"
}

// accepts reports whether an Accept-Encoding header names an encoding and does
// not refuse it (RFC 9110, section 12.5.3).
func accepts(header, encoding string) bool {
	for entry := range strings.SplitSeq(header, ",") {
		name, parameters, _ := strings.Cut(entry, ";")
		if !strings.EqualFold(strings.TrimSpace(name), encoding) {
			continue
		}
		weight := strings.ReplaceAll(parameters, " ", "")
		return strings.Trim(weight, "0.") != "q=" || weight == ""
	}
	return false
}

// protect sets what every answer has.
func protect(h http.Header, policy string) {
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
}
