package client

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/api"
	"github.com/pratique/pratique/internal/catalog"
)

// request is what a server saw.
type request struct {
	Method, Target, User, Password, Body string
}

// recorder answers each request with the next answer and remembers it.
type recorder struct {
	seen    []request
	answers []any
}

func (s *recorder) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	user, password, _ := r.BasicAuth()
	s.seen = append(s.seen, request{r.Method, r.URL.RequestURI(), user, password, string(body)})
	answer := s.answers[0]
	s.answers = s.answers[1:]
	w.Header().Set("Content-Type", "application/json")
	if p, ok := answer.(api.Problem); ok {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(p.Status)
	}
	_ = json.NewEncoder(w).Encode(answer)
}

func connect(t *testing.T, answers ...any) (*Client, *recorder) {
	t.Helper()
	t.Setenv("DOCKER_CONFIG", t.TempDir())
	s := &recorder{answers: answers}
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	c, err := New(Config{Server: srv.URL, User: "admin", Password: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	return c, s
}

func TestRequests(t *testing.T) {
	image := Image{"team", "backend/api", "1.0"}
	public := true
	for _, tt := range []struct {
		name   string
		call   func(context.Context, *Client) error
		answer any
		want   request
	}{
		{"create", func(ctx context.Context, c *Client) error {
			_, err := c.CreateNamespace(ctx, api.NamespaceCreate{Name: "team"})
			return err
		}, api.Namespace{}, request{Method: "POST", Target: "/api/v1/namespaces", Body: `{"name":"team"}`}},
		{"update", func(ctx context.Context, c *Client) error {
			_, err := c.UpdateNamespace(ctx, "team", api.NamespaceChange{Public: &public})
			return err
		}, api.Namespace{}, request{Method: "PATCH", Target: "/api/v1/namespaces/team", Body: `{"public":true}`}},
		{"delete", func(ctx context.Context, c *Client) error { return c.DeleteNamespace(ctx, "te/am") },
			nil, request{Method: "DELETE", Target: "/api/v1/namespaces/te%2Fam"}},
		{"random password", func(ctx context.Context, c *Client) error { _, err := c.SetPassword(ctx, "admin", ""); return err },
			api.PasswordChanged{}, request{Method: "POST", Target: "/api/v1/accounts/admin/password"}},
		{"chosen password", func(ctx context.Context, c *Client) error { _, err := c.SetPassword(ctx, "admin", "x"); return err },
			api.PasswordChanged{}, request{Method: "POST", Target: "/api/v1/accounts/admin/password", Body: `{"password":"x"}`}},
		{"scan", func(ctx context.Context, c *Client) error { _, err := c.RequestScan(ctx, image); return err },
			api.Scan{}, request{Method: "POST", Target: "/api/v1/namespaces/team/repositories/backend%2Fapi/artifacts/1.0/scan"}},
		{"report", func(ctx context.Context, c *Client) error {
			r, err := c.Report(ctx, image)
			if err == nil {
				err = r.Close()
			}
			return err
		}, "{}", request{Method: "GET", Target: "/api/v1/namespaces/team/repositories/backend%2Fapi/artifacts/1.0/report"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, s := connect(t, tt.answer)
			if err := tt.call(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			tt.want.User, tt.want.Password = "admin", "secret"
			if diff := cmp.Diff([]request{tt.want}, s.seen); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestNamespacesReadsAllPages(t *testing.T) {
	c, s := connect(t,
		api.List[api.Namespace]{Items: []api.Namespace{{Name: "a"}}, Next: "a"},
		api.List[api.Namespace]{Items: []api.Namespace{{Name: "b"}}})
	all, err := c.Namespaces(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 2 || s.seen[1].Target != "/api/v1/namespaces?after=a&limit=500" {
		t.Errorf("%v after %v", all, s.seen)
	}
}

func TestWaitForScan(t *testing.T) {
	c, s := connect(t, api.Scan{ID: 7, State: catalog.Running, Percent: 50}, api.Scan{ID: 7, State: catalog.Success, Percent: 100})
	c.poll = time.Millisecond
	var told []int
	got, err := c.WaitForScan(t.Context(), Image{}, api.Scan{ID: 7, State: catalog.Pending}, func(s api.Scan) { told = append(told, s.Percent) })
	if err != nil || got.State != catalog.Success {
		t.Fatalf("%+v, %v", got, err)
	}
	if diff := cmp.Diff([]int{0, 50}, told); diff != "" || s.seen[0].Target != "/api/v1/scans/7" {
		t.Errorf("%s %v", diff, s.seen)
	}
}

func TestErrors(t *testing.T) {
	problem := api.Problem{Status: 409, Code: "namespace_exists", Detail: "there is a namespace team already", Advice: "choose another name"}
	c, _ := connect(t, problem)
	_, err := c.CreateNamespace(t.Context(), api.NamespaceCreate{Name: "team"})
	if want := "there is a namespace team already: choose another name [namespace_exists]"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if !IsCode(fmt.Errorf("wrapped: %w", err), "namespace_exists") || IsCode(err, "other") || IsCode(nil, "") {
		t.Error("IsCode is wrong")
	}
	problem.Errors = []api.FieldError{{Location: "body.a", Message: "is bad"}, {Location: "body.b", Message: "is worse"}}
	c, _ = connect(t, problem)
	_, err = c.CreateNamespace(t.Context(), api.NamespaceCreate{})
	if err == nil || !strings.Contains(err.Error(), "\n  body.b: is worse") {
		t.Errorf("a list of wrong fields is missing: %v", err)
	}
}

func TestNotAServer(t *testing.T) {
	srv := httptest.NewServer(http.NotFoundHandler())
	defer srv.Close()
	c, err := New(Config{Server: srv.URL})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Namespace(t.Context(), "team"); err == nil || !strings.Contains(err.Error(), "404") || !strings.Contains(err.Error(), "--server") {
		t.Errorf("%v", err)
	}
	srv.Close()
	if _, err := c.Namespace(t.Context(), "team"); err == nil || !strings.Contains(err.Error(), srv.URL) || !strings.Contains(err.Error(), "pratique serve") {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Namespace(ctx, "team"); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestControlSocket(t *testing.T) {
	data, err := os.MkdirTemp("", "sock") // short: a socket's path is limited
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(data) })
	l, err := net.Listen("unix", filepath.Join(data, api.ControlSocket))
	if err != nil {
		t.Fatal(err)
	}
	s := &recorder{answers: []any{api.Namespace{Name: "team"}}}
	srv := httptest.NewUnstartedServer(s)
	srv.Listener = l
	srv.Start()
	t.Cleanup(srv.Close)
	c, err := New(Config{Data: data, User: "admin", Password: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	n, err := c.Namespace(t.Context(), "team")
	if err != nil || n.Name != "team" {
		t.Fatalf("%+v, %v", n, err)
	}
	if diff := cmp.Diff([]request{{Method: "GET", Target: "/api/v1/namespaces/team"}}, s.seen); diff != "" {
		t.Errorf("the socket needs no credentials (-want +got):\n%s", diff)
	}
	if c.Place() != filepath.Join(data, api.ControlSocket) {
		t.Errorf("place is %s", c.Place())
	}
}

func TestStoredLogin(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("DOCKER_CONFIG", dir)
	s := &recorder{answers: []any{api.Namespace{}}}
	srv := httptest.NewServer(s)
	defer srv.Close()
	u, err := url.Parse(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	config := fmt.Sprintf(`{"auths":{%q:{"auth":%q}}}`, u.Host, base64.StdEncoding.EncodeToString([]byte("robot:stored")))
	if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := New(Config{Server: srv.URL})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Namespace(t.Context(), "team"); err != nil {
		t.Fatal(err)
	}
	if got := s.seen[0]; got.User != "robot" || got.Password != "stored" {
		t.Errorf("logged in as %q with %q", got.User, got.Password)
	}
}

func TestServerAddress(t *testing.T) {
	for in, want := range map[string]string{
		"http://127.0.0.1:8480":         "http://127.0.0.1:8480",
		"localhost:8480":                "http://localhost:8480",
		"127.0.0.1":                     "http://127.0.0.1",
		"[::1]:8480":                    "http://[::1]:8480",
		"registry.example.com":          "https://registry.example.com",
		"https://example.com/registry/": "https://example.com/registry",
		"ftp://example.com":             "",
		"https://user:pw@example.com":   "",
		"http://":                       "",
		"":                              "",
		"http://a b":                    "",
	} {
		u, err := parseServer(in)
		var got string
		if err == nil {
			got = u.String()
		}
		if got != want {
			t.Errorf("%q is %q (%v), want %q", in, got, err, want)
		}
	}
}

func TestParseImage(t *testing.T) {
	digest := "sha256:" + strings.Repeat("a", 64)
	for in, want := range map[string]Image{
		"team/app":           {"team", "app", "latest"},
		"team/app:1":         {"team", "app", "1"},
		"team/a/b/c:1.0":     {"team", "a/b/c", "1.0"},
		"team/app@" + digest: {"team", "app", digest},
		"app:1":              {},
		"team/":              {},
		"/app":               {},
		"team/app:":          {},
		"team/app@":          {},
		"":                   {},
		"team:80/app":        {"team:80", "app", "latest"},
	} {
		got, err := ParseImage(in)
		if got != want || (err != nil) != (want == Image{}) {
			t.Errorf("%q is %+v, %v; want %+v", in, got, err, want)
		}
	}
	for _, s := range []string{"team/app:1", "team/app@" + digest} {
		if i, err := ParseImage(s); err != nil || i.String() != s {
			t.Errorf("%s became %s, %v", s, i, err)
		}
	}
}
