package server

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/pratique/pratique/internal/access"
	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/console"
)

// part is what answers at a pattern of the public address.
type part struct {
	pattern string
	handler http.Handler
}

// parts is everything that answers at the public address. Nothing does that does
// not stand here: TestRoutes asks each as everybody.
func (s *Server) parts() []part {
	small := func(h http.Handler) http.Handler { return secured(bounded(h)) }
	list := []part{
		{"/v2/", s.registry},
		{"/v2/token", small(s.auth.Token(s.locate))},
		{"/api/v1/", small(s.auth.Middleware(s.api()))},
		{"/metrics", small(readOnly(s.guardMetrics(s.metrics.handler())))},
		{"/healthz", small(readOnly(http.HandlerFunc(s.healthy)))},
		{"/readyz", small(readOnly(http.HandlerFunc(s.ready)))},
		{"/", small(console.Handler())},
	}
	if s.oidc != nil {
		list = append(list, part{access.OIDCLoginPath, small(s.oidc)}, part{access.OIDCCallbackPath, small(s.oidc)})
	}
	return list
}

// handler serves everything at the public address.
func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	for _, p := range s.parts() {
		mux.Handle(p.pattern, p.handler)
	}
	return s.origin.handler(s.observe(mux))
}

// secured tells browsers to do nothing with what is served but what it says of
// itself. Pages that need more set their own policy.
func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		next.ServeHTTP(w, r)
	})
}

// How long a request may take to arrive and its answer to be taken, where both
// are small. Those of the registry are not; it watches their pace itself.
const (
	readTimeout  = 30 * time.Second
	writeTimeout = 5 * time.Minute
)

// bounded ends requests of clients that neither send nor take, so that nobody
// can hold connections for ever.
func bounded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, now := http.NewResponseController(w), time.Now()
		// A writer without deadlines is none of a connection.
		_ = c.SetReadDeadline(now.Add(readTimeout))
		_ = c.SetWriteDeadline(now.Add(writeTimeout))
		next.ServeHTTP(w, r)
	})
}

// readOnly refuses methods other than GET and HEAD.
func readOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			answer(w, http.StatusMethodNotAllowed, "method not allowed")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// controlHandler serves the REST interface at the control socket. Whoever can
// open the socket is the administrator: the file system says who that is.
func (s *Server) controlHandler() http.Handler {
	api := s.api()
	return s.observe(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		actor := access.Actor{Name: catalog.SocketActor, Admin: true, Via: "socket"}
		api.ServeHTTP(w, r.WithContext(access.WithActor(r.Context(), actor)))
	}))
}

// healthy answers that the program runs.
func (s *Server) healthy(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, "ok")
}

// ready answers whether requests can be served: the database answers. Missing
// advisories do not make a registry unready.
func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	if err := s.store.Ping(ctx); err != nil {
		s.log.Error("not ready", "error", err)
		answer(w, http.StatusServiceUnavailable, "the database does not answer")
		return
	}
	if !s.knowledge.Ready() {
		answer(w, http.StatusOK, "ok, but there are no advisories yet: scans wait")
		return
	}
	answer(w, http.StatusOK, "ok")
}

func answer(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text + "\n"))
}

// locate tells the token endpoint which instance a repository is in, and whether
// its namespace may be pulled from without logging in.
func (s *Server) locate(r *http.Request, namespace, repository string) access.Scope {
	scope := access.Scope{Namespace: namespace, Repository: repository}
	inst, err := s.instances.of(r)
	if err != nil {
		return scope
	}
	scope.Instance = inst.ID
	if namespace != "" {
		ns, err := s.store.Namespace(r.Context(), inst.ID, namespace)
		scope.Public = err == nil && ns.Public
	}
	return scope
}

// observe logs and counts requests. A panic becomes a 500, or cuts an answer
// short that was begun, so that it does not look whole.
func (s *Server) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		rec := &recorder{ResponseWriter: w, status: http.StatusOK}
		defer func() {
			p := recover()
			if p != nil && p != http.ErrAbortHandler {
				s.log.Error("panic while serving", "method", r.Method, "path", access.MaskTokens(r.URL.Path), "panic", p, "stack", string(debug.Stack()))
				if rec.wrote {
					p = http.ErrAbortHandler
				} else {
					http.Error(rec, "internal error; the log tells more", http.StatusInternalServerError)
					p = nil
				}
			}
			s.metrics.observeRequest(r, rec.status, time.Since(start))
			s.log.Log(r.Context(), requestLevel(rec.status), "request", "method", r.Method, "path", access.MaskTokens(r.URL.Path),
				"status", rec.status, "bytes", rec.bytes, "took", time.Since(start).Round(time.Microsecond), "from", r.RemoteAddr)
			if p != nil {
				panic(p)
			}
		}()
		next.ServeHTTP(rec, r)
	})
}

func requestLevel(status int) slog.Level {
	if status >= 500 {
		return slog.LevelWarn
	}
	return slog.LevelDebug
}

// recorder remembers the status and size of a response.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
	wrote  bool
}

func (r *recorder) WriteHeader(status int) {
	if !r.wrote {
		r.status, r.wrote = status, true
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(p []byte) (int, error) {
	r.wrote = true
	n, err := r.ResponseWriter.Write(p)
	r.bytes += int64(n)
	return n, err
}

// ReadFrom keeps the way open for the kernel to copy a blob by itself.
func (r *recorder) ReadFrom(src io.Reader) (int64, error) {
	r.wrote = true
	n, err := io.Copy(r.ResponseWriter, src)
	r.bytes += n
	return n, err
}

// Flush sends what was written so far. Writers that compress look for it here
// and not behind Unwrap.
func (r *recorder) Flush() {
	r.wrote = true
	_ = http.NewResponseController(r.ResponseWriter).Flush()
}

// Unwrap lets http.ResponseController reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
