package console

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

var build = fstest.MapFS{
	"index.html":          {Data: []byte(`<!doctype html><script type="module" src="/assets/a-1.js" nonce="NONCE"></script>`)},
	"favicon.svg":         {Data: []byte("<svg/>")},
	"assets/a-1.js":       {Data: []byte("plain")},
	"assets/a-1.js.gz":    {Data: []byte("packed by gzip")},
	"assets/a-1.js.br":    {Data: []byte("packed by brotli")},
	"assets/small-2.woff": {Data: []byte("font")},
}

func get(t *testing.T, h http.Handler, method, target string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestFiles(t *testing.T) {
	h := newHandler(build)
	for _, c := range []struct {
		name, method, target string
		header               []string
		status               int
		body                 string
		want                 map[string]string
	}{
		{"asset", "GET", "/assets/a-1.js", nil, 200, "plain", map[string]string{"Cache-Control": "public, max-age=31536000, immutable", "Content-Encoding": "", "Vary": "Accept-Encoding"}},
		{"gzip", "GET", "/assets/a-1.js", []string{"Accept-Encoding", "gzip, deflate"}, 200, "packed by gzip", map[string]string{"Content-Encoding": "gzip"}},
		{"brotli", "GET", "/assets/a-1.js", []string{"Accept-Encoding", "gzip, br;q=0.5"}, 200, "packed by brotli", map[string]string{"Content-Encoding": "br"}},
		{"refused encoding", "GET", "/assets/a-1.js", []string{"Accept-Encoding", "br;q=0, gzip; q=0.0"}, 200, "plain", map[string]string{"Content-Encoding": ""}},
		{"file without a hash", "GET", "/favicon.svg", nil, 200, "<svg/>", map[string]string{"Cache-Control": "no-cache", "Content-Type": "image/svg+xml"}},
		{"unknown to a program", "GET", "/assets/a-2.js", []string{"Accept", "*/*"}, 404, "", nil},
		{"directory", "GET", "/assets", []string{"Accept", "*/*"}, 404, "", nil},
		{"upward", "GET", "/assets/../../console.go", []string{"Accept", "*/*"}, 404, "", nil},
		{"post", "POST", "/", nil, 405, "", map[string]string{"Allow": "GET, HEAD"}},
		{"post to nothing", "POST", "/nothing", []string{"Accept", "*/*"}, 404, "", nil},
		{"page under a tag with dots", "GET", "/repositories/team/app:1.2.js", []string{"Accept", "text/html,*/*;q=0.8"}, 200, "", map[string]string{"Cache-Control": "no-store", "Content-Type": "text/html; charset=utf-8"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := get(t, h, c.method, c.target, c.header...)
			if w.Code != c.status {
				t.Fatalf("status %d, want %d", w.Code, c.status)
			}
			if c.body != "" && w.Body.String() != c.body {
				t.Errorf("body %q, want %q", w.Body, c.body)
			}
			for k, v := range c.want {
				if got := w.Header().Get(k); got != v {
					t.Errorf("%s: %q, want %q", k, got, v)
				}
			}
		})
	}
}

func TestNotModified(t *testing.T) {
	h := newHandler(build)
	etag := get(t, h, "GET", "/favicon.svg").Header().Get("ETag")
	if w := get(t, h, "GET", "/favicon.svg", "If-None-Match", etag); w.Code != http.StatusNotModified || w.Body.Len() != 0 {
		t.Errorf("status %d with %d bytes, want 304 with none", w.Code, w.Body.Len())
	}
}

// The page must not be usable against its reader: what it may load is its own,
// and a nonce is never used twice.
func TestPagePolicy(t *testing.T) {
	h := newHandler(build)
	first, second := get(t, h, "GET", "/"), get(t, h, "GET", "/index.html", "Accept", "text/html")
	for _, w := range []*httptest.ResponseRecorder{first, second} {
		policy := w.Header().Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'none'", "script-src 'self';", "frame-ancestors 'none'", "base-uri 'none'"} {
			if !strings.Contains(policy, part) {
				t.Errorf("policy %q lacks %q", policy, part)
			}
		}
		if strings.Contains(policy, "unsafe") {
			t.Errorf("policy %q has an exception", policy)
		}
		_, nonce, _ := strings.Cut(policy, "'nonce-")
		nonce, _, _ = strings.Cut(nonce, "'")
		if len(nonce) < 22 || !strings.Contains(w.Body.String(), `nonce="`+nonce+`"`) {
			t.Errorf("nonce %q is not that of the page %q", nonce, w.Body)
		}
		if w.Header().Get("X-Content-Type-Options") != "nosniff" || w.Header().Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("header %v", w.Header())
		}
	}
	if first.Body.String() == second.Body.String() {
		t.Error("two pages have the same nonce")
	}
}

func TestPlaceholder(t *testing.T) {
	h := newHandler(fstest.MapFS{"README": {Data: []byte("no build")}})
	if w := get(t, h, "GET", "/"); w.Code != 200 || !strings.Contains(w.Body.String(), "pratique admin namespace create") {
		t.Errorf("status %d: %s", w.Code, w.Body)
	}
	if w := get(t, h, "GET", "/repositories"); w.Code != 404 {
		t.Errorf("status %d, want 404", w.Code)
	}
}
