package api

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/access"
	"github.com/pratique/pratique/internal/catalog"
)

// now is the time of all tests.
var now = time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)

const instanceID = "11111111-2222-3333-4444-555555555555"

// accounts knows an administrator and somebody else, by Basic credentials.
type accounts struct {
	Access    // what it does not have
	passwords map[string]string
}

func newAccounts() *accounts {
	return &accounts{passwords: map[string]string{"admin": "right", "guest": "guest"}}
}

func (a *accounts) Still(context.Context, access.Actor) bool { return true }

func (a *accounts) Authenticate(r *http.Request) (access.Actor, error) {
	user, password, ok := r.BasicAuth()
	if !ok {
		return access.Actor{}, nil
	}
	if want, ok := a.passwords[user]; !ok || want != password {
		return access.Actor{}, catalog.Errorf(catalog.Unauthorized, "credentials_wrong", "the name or the password is wrong")
	}
	return access.Actor{Name: user, Admin: user == "admin"}, nil
}

func (a *accounts) ResetPassword(ctx context.Context, name string, _ bool) (string, error) {
	return "made-up", a.SetPassword(ctx, name, "made-up")
}

func (a *accounts) SetPassword(_ context.Context, name, password string) error {
	if _, ok := a.passwords[name]; !ok {
		return catalog.Errorf(catalog.NotFound, "account_not_found", "there is no account %s", name)
	}
	a.passwords[name] = password
	return nil
}

// failingStore answers every question about a namespace with one error, or
// panics. All else is not there.
type failingStore struct {
	Store
	err   error
	panic any
}

func (s failingStore) Namespace(context.Context, string, string) (catalog.Namespace, error) {
	if s.panic != nil {
		panic(s.panic)
	}
	return catalog.Namespace{}, s.err
}

// testConfig is a configuration without a store.
func testConfig(t testing.TB) Config {
	return Config{
		Access:     newAccounts(),
		Instance:   func(*http.Request) (catalog.Instance, error) { return catalog.Instance{ID: instanceID}, nil },
		Advisories: &noAdvisories{},
		Version:    "test",
		Now:        func() time.Time { return now },
		Logger:     slog.New(slog.NewTextHandler(t.Output(), nil)),
	}
}

func serve(t testing.TB, cfg Config) *httptest.Server {
	t.Helper()
	srv := httptest.NewServer(New(cfg))
	t.Cleanup(srv.Close)
	return srv
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// problem reads the answer as a problem document and checks what all of them
// have in common.
func (a answer) problem(t testing.TB) Problem {
	t.Helper()
	var p Problem
	if got := a.header.Get("Content-Type"); got != "application/problem+json" {
		t.Fatalf("content type %q of %d %s", got, a.status, a.body)
	}
	if err := json.Unmarshal(a.body, &p); err != nil {
		t.Fatal(err)
	}
	if p.Status != a.status || p.Title != http.StatusText(a.status) || p.Code == "" || p.Detail == "" {
		t.Errorf("incomplete problem for status %d: %s", a.status, a.body)
	}
	return p
}

// call sends a request. Headers are "Name: value"; without one for
// Authorization the administrator asks.
func call(t testing.TB, srv *httptest.Server, method, path, body string, headers ...string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, srv.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth("admin", "right")
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
		if value == "" {
			req.Header.Del(name)
		}
	}
	resp, err := srv.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, content}
}

// TestNobodyUnknown asks every operation without credentials and with wrong
// ones. There is no store, so an operation that began would panic. What those
// may do who are logged in is tested with the whole server.
func TestNobodyUnknown(t *testing.T) {
	srv := serve(t, testConfig(t))
	parameter := regexp.MustCompile(`\{\w+\}`)
	var open []string
	for _, route := range Routes() {
		if !route.Listed {
			t.Errorf("nobody has said what %s needs: add it to requirements", route.Operation)
		}
		target := strings.ReplaceAll(route.Path, "{kind}", "accounts")
		target = parameter.ReplaceAllString(target, "1")
		anonymous := call(t, srv, route.Method, target, "", "Authorization: ")
		if route.On == OnNothing {
			open = append(open, route.Method+" "+strings.TrimPrefix(route.Path, Prefix))
			continue
		}
		if p := anonymous.problem(t); p.Status != 401 || p.Advice == "" || !strings.HasPrefix(anonymous.header.Get("WWW-Authenticate"), "Basic ") {
			t.Errorf("%s without credentials: %d %s, WWW-Authenticate %q", route.Operation, p.Status, p.Detail, anonymous.header.Get("WWW-Authenticate"))
		}
		if p := call(t, srv, route.Method, target, "", "Authorization: Basic YWRtaW46d3Jvbmc=").problem(t); p.Status != 401 || p.Code != "credentials_wrong" {
			t.Errorf("%s with a wrong password: %d %s", route.Operation, p.Status, p.Code)
		}
		for _, sign := range []string{"Sec-Fetch-Mode: cors", access.CSRFHeader + ": 1"} { // the first only comes over TLS
			page := call(t, srv, route.Method, target, "", "Authorization: ", sign)
			if got := page.header.Get("WWW-Authenticate"); page.status != 401 || strings.HasPrefix(got, "Basic") {
				t.Errorf("%s, asked by a page with %s: %d, WWW-Authenticate %q", route.Operation, sign, page.status, got)
			}
		}
	}
	want := []string{"GET /info", "GET /openapi-3.0.json", "GET /openapi-3.0.yaml", "GET /openapi.json", "GET /openapi.yaml", "POST /session"}
	if diff := cmp.Diff(want, open); diff != "" {
		t.Errorf("what is open to everybody (-want +got):\n%s", diff)
	}
	for operation := range requirements {
		if !slices.ContainsFunc(Routes(), func(r Route) bool { return r.Operation == operation }) {
			t.Errorf("there is no operation %s any more", operation)
		}
	}
}

func TestActorOfContext(t *testing.T) {
	cfg := testConfig(t)
	cfg.Store = failingStore{err: catalog.Errorf(catalog.NotFound, "namespace_not_found", "no")}
	handler := New(cfg)
	for _, tt := range []struct {
		name  string
		actor access.Actor
		want  int
	}{
		{"control socket", access.Actor{Name: "control-socket", Admin: true}, 404},
		{"nobody", access.Actor{}, 401},
		{"restricted token of the administrator", access.Actor{Name: "admin", Admin: true, Grants: map[string][]access.Verb{"team/app": {access.Pull}}}, 403},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest("GET", Prefix+"/namespaces/team", nil)
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r.WithContext(access.WithActor(r.Context(), tt.actor)))
			if w.Code != tt.want {
				t.Errorf("status %d, want %d: %s", w.Code, tt.want, w.Body)
			}
		})
	}
}

func TestPublicDocuments(t *testing.T) {
	srv := serve(t, testConfig(t))
	for path, part := range map[string]string{
		"/openapi.yaml": "openapi: 3.1.0",
		"/openapi.json": `"openapi":"3.1.0"`,
		"/info":         `"version":"test"`,
	} {
		a := call(t, srv, "GET", Prefix+path, "", "Authorization: ")
		if a.status != 200 || !strings.Contains(string(a.body), part) {
			t.Errorf("%s: %d without %s", path, a.status, part)
		}
	}
}

func TestErrorsBecomeProblems(t *testing.T) {
	secret := errors.New("connection to 10.0.0.1 as postgres:hunter2 lost")
	kinds := map[catalog.Kind]int{
		catalog.NotFound: 404, catalog.Invalid: 400, catalog.Unauthorized: 401, catalog.Denied: 403, catalog.Conflict: 409,
		catalog.TooLarge: 413, catalog.Blocked: 412, catalog.Busy: 429, catalog.Unavailable: 503,
	}
	for kind, status := range kinds {
		t.Run(string(kind), func(t *testing.T) {
			cfg := testConfig(t)
			err := catalog.Errorf(kind, "some_code", "it happened").Advise("do this")
			err.Err = secret
			cfg.Store = failingStore{err: err}
			a := call(t, serve(t, cfg), "GET", Prefix+"/namespaces/team", "")
			want := Problem{Title: http.StatusText(status), Status: status, Code: "some_code", Detail: "it happened", Advice: "do this"}
			if diff := cmp.Diff(want, a.problem(t), cmp.AllowUnexported(Problem{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if retry := a.header.Get("Retry-After"); (retry != "") != (status == 429 || status == 503) {
				t.Errorf("Retry-After is %q", retry)
			}
		})
	}
	for name, store := range map[string]failingStore{
		"unknown error": {err: secret},
		"internal kind": {err: catalog.Errorf(catalog.Internal, "boom", "%w", secret)},
		"panic":         {panic: secret},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := testConfig(t)
			var log strings.Builder
			cfg.Logger = slog.New(slog.NewTextHandler(&log, nil))
			cfg.Store = store
			a := call(t, serve(t, cfg), "GET", Prefix+"/namespaces/team", "")
			if p := a.problem(t); p.Status != 500 || p.Code != "internal" || p.Advice == "" {
				t.Errorf("problem %+v", p)
			}
			if strings.Contains(string(a.body), "hunter2") || !strings.Contains(log.String(), "hunter2") {
				t.Errorf("the text of the error belongs in the log, and only there: %s\nlog: %s", a.body, log.String())
			}
		})
	}
}

func TestBadRequests(t *testing.T) {
	srv := serve(t, testConfig(t))
	long := `{"name":"` + strings.Repeat("a", maxBody) + `"}`
	for _, tt := range []struct {
		name, method, path, body string
		headers                  []string
		status                   int
		code, location           string
	}{
		{name: "no body", method: "POST", path: "/namespaces", status: 400, code: "invalid_request"},
		{name: "half a body", method: "POST", path: "/namespaces", body: `{"name":`, status: 400, code: "invalid_request", location: "body"},
		{name: "wrong type", method: "POST", path: "/namespaces", body: `{"name":"team","public":"true"}`, status: 400, code: "invalid_request", location: "body.public"},
		{name: "unknown property", method: "POST", path: "/namespaces", body: `{"name":"team","owner":"me"}`, status: 400, code: "invalid_request", location: "body.owner"},
		{name: "no name", method: "POST", path: "/namespaces", body: `{}`, status: 400, code: "invalid_request", location: "body"},
		{name: "body too large", method: "POST", path: "/namespaces", body: long, status: 413, code: "body_too_large"},
		{name: "not JSON", method: "POST", path: "/namespaces", body: `name: team`, headers: []string{"Content-Type: application/yaml"}, status: 415, code: "unsupported_media_type", location: "body"},
		{name: "bad name", method: "POST", path: "/namespaces", body: `{"name":"Team"}`, status: 400, code: "namespace_name_invalid"},
		{name: "auto-scan on creation", method: "POST", path: "/namespaces", body: `{"name":"team","autoScan":true}`, status: 400, code: "not_on_creation"},
		{name: "blocking on creation", method: "POST", path: "/namespaces", body: `{"name":"team","preventVul":true}`, status: 400, code: "not_on_creation"},
		{name: "severity on creation", method: "POST", path: "/namespaces", body: `{"name":"team","severity":"low"}`, status: 400, code: "not_on_creation"},
		{name: "allowlist on creation", method: "POST", path: "/namespaces", body: `{"name":"team","allowlist":{"items":[]}}`, status: 400, code: "not_on_creation"},
		{name: "put without public", method: "PUT", path: "/namespaces/team", body: `{"autoScan":true}`, status: 400, code: "public_missing"},
		{name: "another name", method: "PATCH", path: "/namespaces/team", body: `{"name":"other"}`, status: 400, code: "name_mismatch"},
		{name: "unknown severity", method: "PATCH", path: "/namespaces/team", body: `{"severity":"severe"}`, status: 400, code: "invalid_request", location: "body.severity"},
		{name: "upper-case severity", method: "PATCH", path: "/namespaces/team", body: `{"severity":"HIGH"}`, status: 400, code: "invalid_request", location: "body.severity"},
		{name: "allowlist without items", method: "PATCH", path: "/namespaces/team", body: `{"allowlist":{"expiresAt":1}}`, status: 400, code: "invalid_request", location: "body.allowlist"},
		{name: "null items", method: "PATCH", path: "/namespaces/team", body: `{"allowlist":{"items":null}}`, status: 400, code: "invalid_request", location: "body.allowlist.items"},
		{name: "expiry as text", method: "PATCH", path: "/namespaces/team", body: `{"allowlist":{"items":[],"expiresAt":"2026-01-01"}}`, status: 400, code: "invalid_request", location: "body.allowlist.expiresAt"},
		{name: "expiry of zero", method: "PATCH", path: "/namespaces/team", body: `{"allowlist":{"items":[],"expiresAt":0}}`, status: 400, code: "invalid_request", location: "body.allowlist.expiresAt"},
		{name: "101 entries", method: "PATCH", path: "/namespaces/team", body: allowlistOf(101), status: 400, code: "allowlist_too_long"},
		{name: "entry twice", method: "PATCH", path: "/namespaces/team", body: `{"allowlist":{"items":[{"cveId":"CVE-2024-1"},{"cveId":" cve-2024-1 "}]}}`, status: 400, code: "allowlist_entry_duplicate"},
		{name: "blank entry", method: "PATCH", path: "/namespaces/team", body: `{"allowlist":{"items":[{"cveId":"  "}]}}`, status: 400, code: "allowlist_entry_blank"},
		{name: "malformed entry", method: "PATCH", path: "/namespaces/team", body: `{"allowlist":{"items":[{"cveId":"log4shell"}]}}`, status: 400, code: "allowlist_entry_malformed"},
		{name: "entry without id", method: "PATCH", path: "/namespaces/team", body: `{"allowlist":{"items":[{}]}}`, status: 400, code: "invalid_request", location: "body.allowlist.items[0]"},
		{name: "page too long", method: "GET", path: "/namespaces?limit=501", status: 400, code: "invalid_request", location: "query.limit"},
		{name: "unknown parameter", method: "GET", path: "/namespaces?page=2", status: 400, code: "invalid_request", location: "query.page"},
		{name: "bad repository", method: "DELETE", path: "/namespaces/team/repositories/App", status: 400, code: "repository_name_invalid"},
		{name: "bad tag", method: "GET", path: "/namespaces/team/repositories/app/artifacts/.tag", status: 400, code: "tag_invalid"},
		{name: "bad digest", method: "GET", path: "/namespaces/team/repositories/app/artifacts/sha256:12", status: 400, code: "digest_invalid"},
		{name: "unknown format", method: "GET", path: "/namespaces/team/repositories/app/artifacts/1/report?format=pdf", status: 400, code: "invalid_request", location: "query.format"},
		{name: "no number", method: "GET", path: "/scans/x", status: 400, code: "invalid_request", location: "path.scan"},
		{name: "empty password", method: "POST", path: "/accounts/admin/password", body: `{"password":""}`, status: 400, code: "invalid_request", location: "body.password"},
		{name: "NUL in a name", method: "GET", path: "/namespaces/a%00", status: 400, code: "text_invalid"},
		{name: "name that is no text", method: "DELETE", path: "/namespaces/a%ff", status: 400, code: "text_invalid"},
		{name: "NUL in a parameter", method: "GET", path: "/namespaces?after=%00", status: 400, code: "text_invalid"},
		{name: "parameter that is no text", method: "GET", path: "/namespaces?after=%ff", status: 400, code: "text_invalid"},
		{name: "unknown path", method: "GET", path: "/projects", status: 404, code: "path_not_found"},
		{name: "repository with a slash", method: "DELETE", path: "/namespaces/team/repositories/a/b", status: 404, code: "path_not_found"},
		{name: "wrong method", method: "DELETE", path: "/namespaces", status: 405, code: "method_not_allowed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := call(t, srv, tt.method, Prefix+tt.path, tt.body, tt.headers...).problem(t)
			var location string
			if len(p.Errors) > 0 {
				location = p.Errors[0].Location
			}
			if p.Status != tt.status || p.Code != tt.code || location != tt.location {
				t.Errorf("got %d %s at %q (%s), want %d %s at %q", p.Status, p.Code, location, p.Detail, tt.status, tt.code, tt.location)
			}
		})
	}
}

// allowlistOf is a change with n different entries.
func allowlistOf(n int) string {
	var c NamespaceChange
	c.Allowlist = &AllowlistChange{}
	for i := range n {
		c.Allowlist.Items = append(c.Allowlist.Items, AllowlistItem{CVEID: "CVE-2024-" + string(rune('0'+i%10)) + strings.Repeat("1", i/10)})
	}
	b, _ := json.Marshal(c)
	return string(b)
}

func TestSecretsAreNotRepeated(t *testing.T) {
	srv := serve(t, testConfig(t))
	for _, body := range []string{`{"password":"hunter2","x":1}`, `{"password":["hunter2"]}`, `{"password":"hunter2"`} {
		if a := call(t, srv, "POST", Prefix+"/accounts/admin/password", body); a.status != 400 || strings.Contains(string(a.body), "hunter2") {
			t.Errorf("%d %s", a.status, a.body)
		}
	}
}

func TestPassword(t *testing.T) {
	cfg := testConfig(t)
	accounts := newAccounts()
	cfg.Access = accounts
	srv := serve(t, cfg)
	chosen := call(t, srv, "POST", Prefix+"/accounts/guest/password", `{"password":"chosen"}`)
	if chosen.status != 200 || strings.Contains(string(chosen.body), "chosen") || accounts.passwords["guest"] != "chosen" {
		t.Errorf("%d %s, password %q", chosen.status, chosen.body, accounts.passwords["guest"])
	}
	made := call(t, srv, "POST", Prefix+"/accounts/guest/password", "")
	if made.status != 200 || !strings.Contains(string(made.body), `"password":"made-up"`) {
		t.Errorf("%d %s", made.status, made.body)
	}
	if p := call(t, srv, "POST", Prefix+"/accounts/nobody/password", "").problem(t); p.Code != "account_not_found" {
		t.Errorf("%+v", p)
	}
}

func TestCrossOriginChangesAreRefused(t *testing.T) {
	cfg := testConfig(t)
	cfg.Store = failingStore{err: catalog.Errorf(catalog.NotFound, "namespace_not_found", "no")}
	srv := serve(t, cfg)
	if p := call(t, srv, "POST", Prefix+"/accounts/admin/password", "", "Sec-Fetch-Site: cross-site").problem(t); p.Status != 403 || p.Code != "cross_origin" {
		t.Errorf("change from another origin: %+v", p)
	}
	if a := call(t, srv, "POST", Prefix+"/accounts/admin/password", "", "Sec-Fetch-Site: same-origin"); a.status != 200 {
		t.Errorf("change from the same origin: %d %s", a.status, a.body)
	}
}

func TestInfoTellsOfOpenID(t *testing.T) {
	cfg := testConfig(t)
	if a := call(t, serve(t, cfg), "GET", Prefix+"/info", ""); strings.Contains(string(a.body), "openIDSignIn") {
		t.Errorf("without a provider: %s", a.body)
	}
	cfg.OpenIDSignIn = access.OIDCLoginPath
	if a := call(t, serve(t, cfg), "GET", Prefix+"/info", "", "Authorization: "); !strings.Contains(string(a.body), `"openIDSignIn":"/auth/oidc/login"`) {
		t.Errorf("with a provider: %s", a.body)
	}
}

func TestAnswersAreNotStored(t *testing.T) {
	a := call(t, serve(t, testConfig(t)), "GET", Prefix+"/info", "")
	for name, want := range map[string]string{"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Content-Type": "application/json"} {
		if got := a.header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// noAdvisories is what a server tells that has fetched none yet. It remembers
// that it was asked to.
type noAdvisories struct{ asked bool }

func (*noAdvisories) InForce() []AdvisoryInfo { return nil }

func (a *noAdvisories) Fetch() AdvisoryFetch {
	return AdvisoryFetch{Source: "nowhere", Running: a.asked}
}

func (a *noAdvisories) Update() bool {
	defer func() { a.asked = true }()
	return !a.asked
}

func (*noAdvisories) Threats(ids []string) ([]Threat, error) { return make([]Threat, len(ids)), nil }

func (*noAdvisories) Titles([]catalog.VulnerabilityKey) (map[string]string, error) { return nil, nil }
