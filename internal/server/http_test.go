package server_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/pratique/pratique/internal/api"
	"github.com/pratique/pratique/internal/api/client"
	"github.com/pratique/pratique/internal/catalog"
)

func TestPaths(t *testing.T) {
	t.Parallel()
	e := start(t, config(t))
	nobody := "Authorization: "
	for _, tc := range []struct {
		method, path string
		status       int
		says         string
	}{
		{"GET", "/healthz", 200, "ok\n"},
		{"GET", "/readyz", 200, "ok, but there are no advisories yet: scans wait\n"},
		{"GET", "/metrics", 401, "metrics.open"},
		{"POST", "/metrics", 405, ""},
		{"GET", "/", 200, "<html"},
		{"POST", "/healthz", 405, ""},
		{"POST", "/", 405, ""},
		{"GET", "/nothing", 404, ""},
		{"GET", "/healthz/x", 404, ""},
		{"GET", "/../../etc/passwd", 404, ""},
		{"GET", "/v2", 401, "UNAUTHORIZED"},
		{"GET", "/v2/", 401, "UNAUTHORIZED"},
		{"GET", "/v2/team/app/tags/list", 401, "UNAUTHORIZED"},
		{"PUT", "/v2/team/app/manifests/1", 401, "UNAUTHORIZED"},
		{"GET", "/v2/token?service=elsewhere", 400, "service"},
		{"GET", "/api/v1/nothing", 404, "path_not_found"},
		{"GET", "/api/v1/namespaces", 401, "credentials_missing"},
		{"GET", "/api/v1/info", 200, `"limits"`},
	} {
		a := e.do(tc.method, tc.path, nil, nobody)
		if a.StatusCode == http.StatusMovedPermanently || a.StatusCode == http.StatusTemporaryRedirect || a.StatusCode == http.StatusPermanentRedirect {
			a = e.do(tc.method, a.Header.Get("Location"), nil, nobody)
		}
		if a.StatusCode != tc.status || !strings.Contains(a.body, tc.says) {
			t.Errorf("%s %s: %s, want %d and %q: %.300s", tc.method, tc.path, a.Status, tc.status, tc.says, a.body)
		}
	}
	e.do("GET", "/v2/nothing", nil).want(t, 404, "errors")
	e.do("GET", "/metrics", nil).want(t, 200, `pratique_http_request_seconds_count{area="other",method="GET",status="404"}`)
	a := e.do("BREW", "/nothing", nil)
	a.want(t, 404)
	e.do("GET", "/metrics", nil).want(t, 200, `method="other"`)
}

// TestMetrics: metrics are for those who may read what concerns everything, with
// a credential that is for nothing else, or for everybody where that is set.
func TestMetrics(t *testing.T) {
	t.Parallel()
	cfg := config(t)
	e := start(t, cfg)
	login := func(name string, realm client.Realm, role catalog.Role, verbs ...string) string {
		_, err := e.control.CreateAccount(t.Context(), api.AccountCreate{Name: name})
		e.must(err)
		e.must(e.control.GrantRole(t.Context(), realm, name, false, role))
		made, err := e.control.CreateCredential(t.Context(), api.CredentialCreate{Account: name, Kind: "long-term", Verbs: verbs})
		e.must(err)
		return "Authorization: Bearer " + made.Token
	}
	prometheus := login("prometheus", client.Realm{Everywhere: true}, catalog.Auditor, "audit")
	e.do("GET", "/metrics", nil, prometheus).want(t, 200, "pratique_held")
	e.do("GET", "/metrics", nil, login("narrow", client.Realm{Everywhere: true}, catalog.Auditor, "read")).want(t, 403, "auditors everywhere")
	e.do("GET", "/metrics", nil, login("here", client.Realm{}, catalog.Administrator)).want(t, 403, "auditors everywhere")
	e.do("GET", "/metrics", nil, "Authorization: Bearer x.y.z").want(t, 401)
	e.do("GET", "/api/v1/audit?action=metrics&actor=here", nil).want(t, 200, `"result":"denied"`)
	e.must(e.stop())
	cfg.Metrics.Open = true
	start(t, cfg).do("GET", "/metrics", nil, "Authorization: ").want(t, 200, "pratique_held")
}

// A client that sends headers without end, or slowly, is dismissed.
func TestHostileHeaders(t *testing.T) {
	t.Parallel()
	e := start(t, config(t))
	a := e.do("GET", "/healthz", nil, "Large: "+strings.Repeat("x", 80<<10))
	if a.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("80 kB of headers: %s", a.Status)
	}
	conn, err := net.Dial("tcp", e.server.Addr())
	e.must(err)
	defer conn.Close()
	_, err = io.WriteString(conn, "GET /healthz HTTP/1.1\r\nHost: x\r\nSlow")
	e.must(err)
	began := time.Now()
	e.must(conn.SetReadDeadline(began.Add(30 * time.Second)))
	if _, err := io.ReadAll(conn); err != nil {
		t.Errorf("the connection was not closed: %v", err)
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("the connection was closed after %v", took)
	}
	e.do("GET", "/healthz", nil).want(t, 200)
}

// A client that sends the body of a request slowly is dismissed, and so is one
// that sends more than there can be.
func TestHostileBodies(t *testing.T) {
	t.Parallel()
	e := start(t, config(t))
	for _, path := range []string{"/api/v1/session", "/v2/token"} {
		conn, err := net.Dial("tcp", e.server.Addr())
		e.must(err)
		defer conn.Close()
		_, err = io.WriteString(conn, "POST "+path+" HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\n{")
		e.must(err)
		e.must(conn.SetReadDeadline(time.Now().Add(readTimeout + 15*time.Second)))
		if _, err := io.ReadAll(conn); err != nil {
			t.Errorf("%s: the connection was not closed: %v", path, err)
		}
	}
	long := []byte(`{"name":"` + strings.Repeat("x", 2<<20) + `"}`)
	for _, path := range []string{"/api/v1/session", "/api/v1/namespaces", "/api/v1/accounts"} {
		e.do("POST", path, long, "Content-Type: application/json").want(t, 413)
	}
	if a := e.do("PUT", "/v2/team/app/manifests/1", make([]byte, 5<<20), "Content-Type: application/vnd.oci.image.manifest.v1+json"); a.StatusCode != 404 && a.StatusCode != 413 && a.StatusCode != 400 {
		t.Errorf("a manifest of 5 MiB: %s", a.Status)
	}
}

// readTimeout is how long the server waits for what is small.
const readTimeout = 30 * time.Second

func TestPanic(t *testing.T) {
	t.Parallel()
	e := start(t, config(t))
	handler := func(f http.HandlerFunc) *httptest.Server {
		s := httptest.NewServer(e.server.Observe(f))
		t.Cleanup(s.Close)
		return s
	}
	early := handler(func(http.ResponseWriter, *http.Request) { panic("secret") })
	a := e.do("GET", early.URL+"/", nil).want(t, 500, "internal error; the log tells more")
	if strings.Contains(a.body, "secret") {
		t.Errorf("the answer tells the panic: %s", a.body)
	}
	for name, f := range map[string]http.HandlerFunc{
		"panic": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(make([]byte, 100))
			_ = http.NewResponseController(w).Flush()
			panic("late")
		},
		"abort": func(w http.ResponseWriter, _ *http.Request) {
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		},
	} {
		if a, err := e.try("GET", handler(f).URL+"/", nil); err == nil {
			t.Errorf("%s: half an answer looks whole: %s %q", name, a.Status, a.body)
		}
	}
	// Reading from a file goes the kernel's way, and is counted.
	copied := handler(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.(io.ReaderFrom).ReadFrom(strings.NewReader("content"))
	})
	e.do("GET", copied.URL+"/", nil).want(t, 200, "content")
	e.do("GET", "/metrics", nil).want(t, 200, `area="other",method="GET",status="500"`)
}

// Requests that follow each other on one connection do not share a deadline.
func TestKeepAlive(t *testing.T) {
	t.Parallel()
	e := start(t, config(t))
	conn, err := net.Dial("tcp", e.server.Addr())
	e.must(err)
	defer conn.Close()
	r := bufio.NewReader(conn)
	for _, path := range []string{"/healthz", "/v2/", "/api/v1/info", "/healthz"} {
		_, err := io.WriteString(conn, "GET "+path+" HTTP/1.1\r\nHost: x\r\n\r\n")
		e.must(err)
		res, err := http.ReadResponse(r, nil)
		e.must(err)
		_, err = io.Copy(io.Discard, res.Body)
		e.must(err)
	}
}

// A stream is there as soon as it is asked for, though nothing happens.
func TestStreamBegins(t *testing.T) {
	t.Parallel()
	e := start(t, config(t))
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second) // before anything keeps it alive
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, e.url+"/api/v1/events/stream", nil)
	e.must(err)
	req.SetBasicAuth("admin", e.password)
	res, err := http.DefaultClient.Do(req)
	e.must(err)
	defer res.Body.Close()
	if line, err := bufio.NewReader(res.Body).ReadString('\n'); err != nil || line != ": following\n" {
		t.Errorf("the stream begins with %q, %v", line, err)
	}
}
