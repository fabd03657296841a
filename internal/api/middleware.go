package api

import (
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/klauspost/compress/gzhttp"

	"github.com/pratique/pratique/internal/access"
)

// protect wraps the operations in what every request goes through, outermost
// first: answers are compressed, panics become problems, changes that a page of
// another origin makes a browser ask for are refused, and paths that lead
// nowhere get a problem too.
func (h *handlers) protect(mux *http.ServeMux) http.Handler {
	var origin http.CrossOriginProtection
	origin.SetDenyHandler(http.HandlerFunc(h.crossOrigin))
	return gzhttp.GzipHandler(h.recoverPanics(origin.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		if !plainText(r.URL) {
			(&Problem{
				Title: http.StatusText(http.StatusBadRequest), Status: http.StatusBadRequest, Code: "text_invalid",
				Detail: "the path or a parameter is not UTF-8 or contains NUL",
				Advice: "send text only",
			}).write(w)
			return
		}
		handler, pattern := mux.Handler(r)
		if pattern == "" {
			nowhere(w, r, handler)
			return
		}
		mux.ServeHTTP(w, r)
	}))))
}

// plainText reports whether path and parameters are what every database takes
// for text.
func plainText(u *url.URL) bool {
	query, err := url.QueryUnescape(u.RawQuery)
	both := u.Path + query
	return err == nil && utf8.ValidString(both) && !strings.Contains(both, "\x00")
}

// recoverPanics answers a request whose handling panicked, if it has not been
// answered yet, and logs where.
func (h *handlers) recoverPanics(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		started := &startedWriter{ResponseWriter: w}
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if p != http.ErrAbortHandler {
				h.cfg.Logger.ErrorContext(r.Context(), "api: panic", "method", r.Method, "path", access.MaskTokens(r.URL.Path), "panic", p, "stack", string(debug.Stack()))
				if !started.started {
					internalProblem().write(w)
					return
				}
				p = http.ErrAbortHandler // half an answer must not look whole
			}
			panic(p)
		}()
		next.ServeHTTP(started, r)
	})
}

// startedWriter remembers whether an answer was begun.
type startedWriter struct {
	http.ResponseWriter
	started bool
}

func (w *startedWriter) WriteHeader(status int) {
	w.started = true
	w.ResponseWriter.WriteHeader(status)
}

func (w *startedWriter) Write(p []byte) (int, error) {
	w.started = true
	return w.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *startedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (h *handlers) crossOrigin(w http.ResponseWriter, r *http.Request) {
	if h.cfg.Audit != nil {
		actor, _ := access.ActorOf(r.Context())
		h.cfg.Audit.Refused(r, actor, "cross_origin")
	}
	(&Problem{
		Title: http.StatusText(http.StatusForbidden), Status: http.StatusForbidden, Code: "cross_origin",
		Detail: "a page of another origin asked for a change",
		Advice: "use the console of this server, or a client that is not a browser",
	}).write(w)
}

// nowhere answers what no operation matches: the mux's own handler says
// whether the path or only the method is unknown.
func nowhere(w http.ResponseWriter, r *http.Request, handler http.Handler) {
	probe := &probeWriter{header: http.Header{}}
	handler.ServeHTTP(probe, r)
	if probe.status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", probe.header.Get("Allow"))
		(&Problem{
			Title: http.StatusText(probe.status), Status: probe.status, Code: "method_not_allowed",
			Detail: r.Method + " is not possible here",
			Advice: "use " + probe.header.Get("Allow"),
		}).write(w)
		return
	}
	(&Problem{
		Title: http.StatusText(http.StatusNotFound), Status: http.StatusNotFound, Code: "path_not_found",
		Detail: "there is no such path in this interface",
		Advice: `see ` + Prefix + `/openapi.yaml; a "/" in the name of a repository is sent as %2F`,
	}).write(w)
}

// probeWriter takes an answer that is not sent.
type probeWriter struct {
	header http.Header
	status int
}

func (w *probeWriter) Header() http.Header         { return w.header }
func (w *probeWriter) WriteHeader(status int)      { w.status = status }
func (w *probeWriter) Write(p []byte) (int, error) { return len(p), nil }

// humaContext names huma's context so that it can be embedded: it has a method
// of its own called Context.
type humaContext huma.Context

// badRequestContext sends 400 where huma sends 422.
type badRequestContext struct {
	humaContext
}

// Unwrap lets humago find its own context.
func (c badRequestContext) Unwrap() huma.Context { return c.humaContext }

func (c badRequestContext) SetStatus(status int) { c.humaContext.SetStatus(badRequestStatus(status)) }

func plainBadRequest(ctx huma.Context, next func(huma.Context)) { next(badRequestContext{ctx}) }
