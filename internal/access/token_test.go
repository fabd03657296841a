package access

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/pratique/pratique/internal/catalog"
)

const testHost = "registry.example:8480"

func publicLibrary(_ *http.Request, namespace, repository string) Scope {
	return Scope{Instance: "here", Namespace: namespace, Repository: repository, Public: namespace == "library"}
}

type tokenResponse struct {
	Token       string    `json:"token"`
	AccessToken string    `json:"access_token"`
	ExpiresIn   int       `json:"expires_in"`
	IssuedAt    time.Time `json:"issued_at"`
	Error       string    `json:"error"`
	Errors      []struct{ Code, Message string }
}

func fetch(t *testing.T, h http.Handler, r *http.Request) (*http.Response, tokenResponse) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	var body tokenResponse
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
		t.Fatalf("status %d, body %q: %v", w.Code, w.Body, err)
	}
	return w.Result(), body
}

func tokenGet(authorization, query string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "http://"+testHost+"/v2/token?"+query, nil)
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	return r
}

func tokenPost(form url.Values) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "http://"+testHost+"/v2/token", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

func TestToken(t *testing.T) {
	a, _, c, password := newTest(t)
	h := a.Token(publicLibrary)
	admin := basic("admin", password)
	const app, lib = "repository:team/app:", "repository:library/app:"
	type grants = map[string][]Verb
	form := func(scopes ...string) url.Values {
		return url.Values{"grant_type": {"password"}, "service": {testHost}, "client_id": {"containerd-client"}, "username": {"admin"}, "password": {password}, "scope": scopes}
	}
	for _, tc := range []struct {
		name    string
		request *http.Request
		actor   string
		want    grants
	}{
		{"anonymous, nothing asked", tokenGet("", ""), "", grants{}},
		{"anonymous, private", tokenGet("", "scope="+app+"pull"), "", grants{}},
		{"anonymous, public", tokenGet("", "service="+testHost+"&scope="+lib+"pull,push"), "", grants{"library/app": {Pull}}},
		{"login", tokenGet(admin, "account=admin&client_id=docker&offline_token=true&service="+testHost), "admin", grants{}},
		{"administrator", tokenGet(admin, "scope="+app+"pull,push"), "admin", grants{"team/app": {Pull, Push}}},
		{"administrator, only what was asked", tokenGet(admin, "scope="+app+"pull&scope="+lib+"delete"), "admin", grants{"team/app": {Pull}, "library/app": {Delete}}},
		{"administrator, administer", tokenGet(admin, "scope="+app+"administer"), "admin", grants{}},
		{"administrator, catalog", tokenGet(admin, "scope=registry:catalog:*&scope="+app+"pull"), "admin", grants{"/": {List}, "team/app": {Pull}}},
		{"user, catalog", tokenGet(basic("user", "user"), "scope=registry:catalog:*"), "user", grants{"/": {List}}},
		{"anonymous, catalog", tokenGet("", "scope=registry:catalog:*"), "", grants{}},
		{"user, private", tokenGet(basic("user", "user"), "scope="+app+"pull,push"), "user", grants{}},
		{"user, public", tokenGet(basic("user", "user"), "scope="+lib+"*"), "user", grants{"library/app": {Pull}}},
		{"form", tokenPost(form(app + "pull " + lib + "pull")), "admin", grants{"team/app": {Pull}, "library/app": {Pull}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			response, body := fetch(t, h, tc.request)
			if response.StatusCode != http.StatusOK || response.Header.Get("Cache-Control") != "no-store" {
				t.Fatalf("status %s, body %+v", response.Status, body)
			}
			if body.Token == "" || body.Token != body.AccessToken || body.ExpiresIn < 60 || !body.IssuedAt.Equal(c.now()) {
				t.Errorf("body %+v", body)
			}
			got, err := a.Authenticate(request("Bearer " + body.Token))
			if err != nil {
				t.Fatal(err)
			}
			want := Actor{Name: tc.actor, Grants: tc.want, Via: "token"}
			if tc.actor == "admin" {
				want.Roles = []catalog.HeldRole{{Role: catalog.Administrator}}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("actor (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTokenRefused(t *testing.T) {
	a, store, _, password := newTest(t)
	h := a.Token(publicLibrary)
	_, issued := fetch(t, h, tokenGet(basic("admin", password), ""))
	form := func(change ...string) *http.Request {
		f := url.Values{"grant_type": {"password"}, "service": {testHost}, "username": {"admin"}, "password": {password}}
		for i := 0; i < len(change); i += 2 {
			f.Set(change[i], change[i+1])
		}
		return tokenPost(f)
	}
	withType := func(r *http.Request, mediaType string) *http.Request {
		r.Header.Set("Content-Type", mediaType)
		return r
	}
	for _, tc := range []struct {
		name    string
		request *http.Request
		status  int
		oauth   string
	}{
		{"wrong password", tokenGet(basic("admin", "x"), ""), http.StatusUnauthorized, "invalid_grant"},
		{"malformed", tokenGet("Basic ?", ""), http.StatusUnauthorized, "invalid_grant"},
		{"token for token", tokenGet("Bearer "+issued.Token, ""), http.StatusUnauthorized, "invalid_grant"},
		{"other service", tokenGet(basic("admin", password), "service=elsewhere"), http.StatusBadRequest, "invalid_request"},
		{"too many scopes", tokenGet("", "scope="+strings.Repeat("repository:a/b:pull+", 100)), http.StatusBadRequest, "invalid_request"},
		{"form, wrong password", form("password", "x"), http.StatusUnauthorized, "invalid_grant"},
		{"form, no name", form("username", ""), http.StatusUnauthorized, "invalid_grant"},
		{"form, other service", form("service", "elsewhere"), http.StatusBadRequest, "invalid_request"},
		{"form, refresh token", form("grant_type", "refresh_token"), http.StatusBadRequest, "unsupported_grant_type"},
		{"form, no grant type", form("grant_type", ""), http.StatusBadRequest, "unsupported_grant_type"},
		{"form, JSON", withType(form(), "application/json"), http.StatusBadRequest, "invalid_request"},
		{"form, too long", form("client_id", strings.Repeat("x", maxTokenForm)), http.StatusBadRequest, "invalid_request"},
		{"method", httptest.NewRequest(http.MethodPut, "http://"+testHost+"/v2/token", nil), http.StatusMethodNotAllowed, "invalid_request"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			response, body := fetch(t, h, tc.request)
			if response.StatusCode != tc.status || body.Error != tc.oauth || body.Token != "" || len(body.Errors) != 1 || body.Errors[0].Message == "" {
				t.Errorf("status %s, body %+v", response.Status, body)
			}
			if (response.Header.Get("WWW-Authenticate") != "") != (tc.status == http.StatusUnauthorized) {
				t.Errorf("header %v", response.Header)
			}
		})
	}
	t.Run("too many failures", func(t *testing.T) {
		var response *http.Response
		for range accountRate.burst + 1 {
			response, _ = fetch(t, h, tokenGet(basic("user", "x"), ""))
		}
		if response.StatusCode != http.StatusTooManyRequests || response.Header.Get("Retry-After") != "6" {
			t.Errorf("status %s, header %v", response.Status, response.Header)
		}
	})
	t.Run("store fails", func(t *testing.T) {
		store.err = errors.New("password column of table accounts")
		response, body := fetch(t, h, tokenGet(basic("admin", password), ""))
		if response.StatusCode != http.StatusInternalServerError || strings.Contains(body.Errors[0].Message, "column") {
			t.Errorf("status %s, body %+v", response.Status, body)
		}
	})
}

func TestTokenNotAccepted(t *testing.T) {
	a, _, c, _ := newTest(t)
	issue := func(key []byte, change func(*claims)) string {
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: key}, nil)
		if err != nil {
			t.Fatal(err)
		}
		cl := claims{Access: []access{{"repository", "team/app", []Verb{Pull}}}, Claims: jwt.Claims{
			Issuer: tokenIssuer, Subject: "admin", Audience: jwt.Audience{testHost},
			IssuedAt: jwt.NewNumericDate(c.now()), NotBefore: jwt.NewNumericDate(c.now()), Expiry: jwt.NewNumericDate(c.now().Add(time.Minute)),
		}}
		if change != nil {
			change(&cl)
		}
		token, err := jwt.Signed(signer).Claims(cl).Serialize()
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	good := issue(a.tokens.key, nil)
	if _, err := a.Authenticate(request("Bearer " + good)); err != nil {
		t.Fatalf("the token all others differ from: %v", err)
	}
	part := strings.Split(good, ".")
	none := "eyJhbGciOiJub25lIn0" // {"alg":"none"}
	for name, token := range map[string]string{
		"other key":     issue([]byte(strings.Repeat("k", 32)), nil),
		"the bare key":  issue(testKey, nil),
		"other issuer":  issue(a.tokens.key, func(c *claims) { c.Issuer = "elsewhere" }),
		"other host":    issue(a.tokens.key, func(c *claims) { c.Audience = jwt.Audience{"other.example"} }),
		"no audience":   issue(a.tokens.key, func(c *claims) { c.Audience = nil }),
		"no expiry":     issue(a.tokens.key, func(c *claims) { c.Expiry = nil }),
		"expired":       issue(a.tokens.key, func(cl *claims) { cl.Expiry = jwt.NewNumericDate(c.now().Add(-tokenLeeway - time.Second)) }),
		"not yet valid": issue(a.tokens.key, func(cl *claims) { cl.NotBefore = jwt.NewNumericDate(c.now().Add(time.Hour)) }),
		"unsigned":      none + "." + part[1] + ".",
		"none, signed":  none + "." + part[1] + "." + part[2],
		"cut":           good[:len(good)-4],
		"other claims":  part[0] + "." + part[1] + "A" + "." + part[2],
	} {
		if actor, err := a.Authenticate(request("Bearer " + token)); !catalog.Is(err, catalog.Unauthorized) || !actor.Anonymous() {
			t.Errorf("%s: %+v, %v", name, actor, err)
		}
	}
}

func TestTokenExpires(t *testing.T) {
	a, _, c, password := newTest(t)
	_, body := fetch(t, a.Token(publicLibrary), tokenGet(basic("admin", password), ""))
	c.advance(tokenLife)
	if _, err := a.Authenticate(request("Bearer " + body.Token)); err != nil {
		t.Errorf("within the leeway: %v", err)
	}
	c.advance(tokenLeeway + time.Second)
	if _, err := a.Authenticate(request("Bearer " + body.Token)); !catalog.Is(err, catalog.Unauthorized) {
		t.Errorf("after expiry: %v", err)
	}
}

// The largest token anybody can be issued must be one that is accepted.
func TestLargestToken(t *testing.T) {
	a, _, _, password := newTest(t)
	var scopes []string
	for i := range maxScopes {
		scopes = append(scopes, "repository:team/"+strings.Repeat("a", catalog.MaxNameLength-len("team/")-2)+string(rune('a'+i%26))+string(rune('a'+i/26))+":*")
	}
	_, body := fetch(t, a.Token(publicLibrary), tokenPost(url.Values{
		"grant_type": {"password"}, "username": {"admin"}, "password": {password}, "scope": {strings.Join(scopes, " ")},
	}))
	actor, err := a.Authenticate(request("Bearer " + body.Token))
	if err != nil || len(actor.Grants) != maxScopes {
		t.Errorf("a token of %d bytes: %d grants, %v", len(body.Token), len(actor.Grants), err)
	}
}

func TestChallenge(t *testing.T) {
	for _, tc := range []struct {
		name       string
		host       string
		tls        bool
		repository string
		verbs      []Verb
		want       string
	}{
		{"plain", testHost, false, "", nil, `Bearer realm="http://registry.example:8480/v2/token",service="registry.example:8480"`},
		{"TLS", "Registry.Example", true, "team/app", []Verb{Pull, Push}, `Bearer realm="https://registry.example/v2/token",service="registry.example",scope="repository:team/app:pull,push"`},
		{"IPv6", "[::1]:80", false, "team/app", []Verb{Delete}, `Bearer realm="http://[::1]:80/v2/token",service="[::1]:80",scope="repository:team/app:delete"`},
		{"no token grants it", testHost, false, "team/app", []Verb{Administer}, `Bearer realm="http://registry.example:8480/v2/token",service="registry.example:8480"`},
		{"catalog", testHost, false, "", []Verb{List}, `Bearer realm="http://registry.example:8480/v2/token",service="registry.example:8480",scope="registry:catalog:*"`},
		{"nothing to list there", testHost, false, "team/app", []Verb{List}, `Bearer realm="http://registry.example:8480/v2/token",service="registry.example:8480"`},
		{"hostile host", "a\"b\r\nX: y/z", false, "", nil, `Bearer realm="http://abx:yz/v2/token",service="abx:yz"`},
		{"hostile name", testHost, false, `team/"app`, []Verb{Pull}, `Bearer realm="http://registry.example:8480/v2/token",service="registry.example:8480"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "/v2/", nil)
			r.Host = tc.host
			// Nobody has said that these may be believed.
			r.Header.Set("X-Forwarded-Proto", "https")
			r.Header.Set("X-Forwarded-Host", "evil.example")
			if tc.tls {
				r.TLS = &tls.ConnectionState{}
			}
			if got := Challenge(r, tc.repository, tc.verbs...); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

func TestMiddleware(t *testing.T) {
	a, store, _, password := newTest(t)
	h := a.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		actor, ok := ActorOf(r.Context())
		if !ok {
			t.Error("no actor in context")
		}
		w.Write([]byte(actor.Name))
	}))
	serve := func(r *http.Request) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	local := WithActor(t.Context(), Actor{Name: "local", Admin: true})
	for _, tc := range []struct {
		name    string
		request *http.Request
		status  int
		body    string
	}{
		{"anonymous", request(""), 200, ""},
		{"basic", request(basic("admin", password)), 200, "admin"},
		{"there already", request(basic("admin", "x")).WithContext(local), 200, "local"},
		{"wrong", request(basic("admin", "x")), 401, `{"code":"credentials_wrong","detail":"user name or password is wrong: log in again; an administrator can reset a password","status":401,"title":"Unauthorized","type":"about:blank"}` + "\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := serve(tc.request)
			if w.Code != tc.status || w.Body.String() != tc.body {
				t.Errorf("status %d, body %s", w.Code, w.Body)
			}
		})
	}
	store.err = errors.New("secret")
	if w := serve(request(basic("admin", password))); w.Code != 500 || strings.Contains(w.Body.String(), "secret") ||
		w.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("store fails: status %d, %v, %s", w.Code, w.Header(), w.Body)
	}
}

// deadlines is a response that notes the deadlines of its connection.
type deadlines struct {
	http.ResponseWriter
	reads []time.Time
}

func (d *deadlines) SetReadDeadline(t time.Time) error { d.reads = append(d.reads, t); return nil }

// TestSlowForm: nobody holds a connection by sending a form for ever.
func TestSlowForm(t *testing.T) {
	a, _, _, _ := newTest(t)
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut} {
		r := httptest.NewRequest(method, "/v2/token", iotest.ErrReader(errors.New("too slow")))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		d := &deadlines{ResponseWriter: httptest.NewRecorder()}
		a.Token(publicLibrary).ServeHTTP(d, r)
		if len(d.reads) != 1 || d.reads[0].IsZero() {
			t.Errorf("%s: deadlines %v", method, d.reads)
		}
	}
}

// crane's client finds its way from the challenge over the token to the
// content.
func TestRegistryClient(t *testing.T) {
	a, _, _, password := newTest(t)
	mux := http.NewServeMux()
	mux.Handle("/v2/token", a.Token(publicLibrary))
	mux.HandleFunc("/v2/", func(w http.ResponseWriter, r *http.Request) {
		actor, err := a.Authenticate(r)
		if err != nil || !Can(actor, Push, Scope{Namespace: "team", Repository: "app"}) {
			w.Header().Set("WWW-Authenticate", Challenge(r, "team/app", Pull, Push))
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	repository, err := name.NewRepository(strings.TrimPrefix(server.URL, "http://")+"/team/app", name.Insecure)
	if err != nil {
		t.Fatal(err)
	}
	get := func(auth authn.Authenticator) (int, error) {
		rt, err := transport.NewWithContext(t.Context(), repository.Registry, auth, http.DefaultTransport, []string{repository.Scope(transport.PushScope)})
		if err != nil {
			return 0, err
		}
		response, err := (&http.Client{Transport: rt}).Get(server.URL + "/v2/team/app/manifests/1")
		if err != nil {
			return 0, err
		}
		defer response.Body.Close()
		return response.StatusCode, nil
	}
	if status, err := get(&authn.Basic{Username: "admin", Password: password}); status != http.StatusOK || err != nil {
		t.Errorf("administrator: %d, %v", status, err)
	}
	if status, err := get(authn.Anonymous); status != http.StatusUnauthorized || err != nil {
		t.Errorf("anonymous: %d, %v", status, err)
	}
	if _, err := get(&authn.Basic{Username: "admin", Password: "wrong"}); err == nil || !strings.Contains(err.Error(), "user name or password is wrong") {
		t.Errorf("wrong password: %v", err)
	}
}

func BenchmarkAuthenticateToken(b *testing.B) {
	a, _, _, _ := newTest(b)
	token, _, err := a.tokens.issue(bearer{name: "admin"}, []access{{"repository", "team/app", []Verb{Pull}}}, testHost)
	if err != nil {
		b.Fatal(err)
	}
	r := request("Bearer " + token)
	for b.Loop() {
		if _, err := a.Authenticate(r); err != nil {
			b.Fatal(err)
		}
	}
}
