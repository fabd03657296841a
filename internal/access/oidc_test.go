package access

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/store"
)

// provider is an OpenID provider that signs everybody in as who it is told. It
// checks PKCE and the client's password, as real ones do.
type provider struct {
	testing.TB
	server *httptest.Server
	key    *rsa.PrivateKey

	mu     sync.Mutex
	codes  map[string]url.Values // guarded by mu; what was asked for, by code
	claims map[string]any        // guarded by mu; of who signs in
	// forge, if not nil, makes the token instead. Guarded by mu.
	forge func(p *provider, claims map[string]any) string
}

func newProvider(t testing.TB) *provider {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p := &provider{TB: t, key: key, codes: map[string]url.Values{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		p.answer(w, map[string]any{
			"issuer": p.server.URL, "authorization_endpoint": p.server.URL + "/authorize", "token_endpoint": p.server.URL + "/token",
			"jwks_uri": p.server.URL + "/keys", "id_token_signing_alg_values_supported": []string{"RS256"},
		})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.answer(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: p.key.Public(), KeyID: "k", Algorithm: "RS256", Use: "sig"}}})
	})
	mux.HandleFunc("GET /authorize", p.authorize)
	mux.HandleFunc("POST /token", p.token)
	p.server = httptest.NewServer(mux)
	t.Cleanup(p.server.Close)
	return p
}

func (p *provider) answer(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(body)
}

func (p *provider) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if q.Get("code_challenge_method") != "S256" || q.Get("nonce") == "" || !strings.Contains(q.Get("scope"), "openid") || q.Get("client_id") != "us" {
		http.Error(w, "this is not how it is done", http.StatusBadRequest)
		return
	}
	code := rand.Text()
	p.mu.Lock()
	p.codes[code] = q
	p.mu.Unlock()
	http.Redirect(w, r, q.Get("redirect_uri")+"?code="+code+"&state="+url.QueryEscape(q.Get("state")), http.StatusFound)
}

func (p *provider) token(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	asked, ok := p.codes[r.PostFormValue("code")]
	delete(p.codes, r.PostFormValue("code"))
	id, secret, _ := r.BasicAuth()
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	if !ok || id != "us" || secret != "our-secret" || base64.RawURLEncoding.EncodeToString(sum[:]) != asked.Get("code_challenge") ||
		r.PostFormValue("redirect_uri") != asked.Get("redirect_uri") {
		http.Error(w, `{"error":"invalid_grant"}`, http.StatusBadRequest)
		return
	}
	claims := map[string]any{"iss": p.server.URL, "aud": "us", "nonce": asked.Get("nonce"),
		"iat": time.Now().Unix(), "exp": time.Now().Add(time.Minute).Unix()}
	for k, v := range p.claims {
		claims[k] = v
	}
	token := p.sign(p.key, claims)
	if p.forge != nil {
		token = p.forge(p, claims)
	}
	p.answer(w, map[string]any{"access_token": "opaque", "token_type": "Bearer", "id_token": token})
}

func (p *provider) sign(key *rsa.PrivateKey, claims any) string {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: key, KeyID: "k"}}, nil)
	if err != nil {
		p.Error(err)
		return ""
	}
	token, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		p.Error(err)
	}
	return token
}

// person sets who signs in next.
func (p *provider) person(claims map[string]any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.claims, p.forge = claims, nil
}

// site is a server with accounts in a real store, whose middleware tells who
// asks.
type site struct {
	testing.TB
	auth   *Authenticator
	store  *store.Store
	server *httptest.Server
	inst   string
}

func newSite(t testing.TB) *site { return newSiteAt(t, time.Now) }

func newSiteAt(t testing.TB, now func() time.Time) *site {
	t.Helper()
	st, err := store.Open(t.Context(), store.Config{DSN: "sqlite:" + filepath.Join(t.TempDir(), "test.db"), Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	inst, _, err := st.EnsureDefaults(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s := &site{TB: t, store: st, inst: inst.ID}
	if s.auth, err = New(st, testKey); err != nil {
		t.Fatal(err)
	}
	s.auth.now = now
	s.auth.Logger = slog.New(slog.NewTextHandler(t.Output(), nil))
	return s
}

func (s *site) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// serve starts the site with a provider.
func (s *site) serve(cfg OIDCConfig) {
	mux := http.NewServeMux()
	s.server = httptest.NewServer(mux)
	s.Cleanup(s.server.Close)
	cfg.PublicURL, cfg.ClientID, cfg.ClientSecret = s.server.URL, "us", "our-secret"
	cfg.NameClaim, cfg.GroupsClaim = "preferred_username", "groups"
	mux.Handle("/auth/oidc/", s.auth.OIDC(cfg))
	mux.Handle("/", s.auth.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		actor, _ := ActorOf(r.Context())
		_, _ = io.WriteString(w, r.URL.Path+" as "+actor.Name+" "+actor.Via)
	})))
}

func (s *site) browser() *http.Client {
	jar, err := cookiejar.New(nil)
	s.must(err)
	return &http.Client{Jar: jar}
}

func (s *site) get(browser *http.Client, path string) (int, string) {
	s.Helper()
	res, err := browser.Get(s.server.URL + path)
	s.must(err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	s.must(err)
	return res.StatusCode, string(body)
}

func TestOIDC(t *testing.T) {
	s, idp := newSite(t), newProvider(t)
	ctx := t.Context()
	s.must(s.store.CreateGroup(ctx, "developers"))
	s.must(s.store.CreateGroup(ctx, "operators"))
	// A local account that shares a name and an address with somebody elsewhere.
	_, _, err := s.auth.CreateAccount(ctx, "ann", "a long password", false, "test")
	s.must(err)
	s.serve(OIDCConfig{Issuer: idp.server.URL, Groups: map[string]string{"dev": "developers", "ops": "operators"}})

	idp.person(map[string]any{"sub": "1", "preferred_username": "ann", "email": "ann", "groups": []any{"dev", "other", 7, "dev"}})
	browser := s.browser()
	if status, body := s.get(browser, OIDCLoginPath+"?next=/reports"); status != 200 || body != "/reports as ann-2 session" {
		t.Fatalf("signed in: %d %s", status, body)
	}
	account, err := s.store.AccountOf(ctx, idp.server.URL, "1")
	if err != nil || account.Name != "ann-2" || len(account.Groups) != 1 || account.Groups[0] != "developers" || account.PasswordHash != "" {
		t.Errorf("account: %+v, %v", account, err)
	}
	if local, err := s.store.Account(ctx, "ann"); err != nil || local.Issuer != "" || len(local.Groups) != 0 {
		t.Errorf("the local account: %+v, %v", local, err)
	}

	// The same person comes again with another name and other groups.
	idp.person(map[string]any{"sub": "1", "preferred_username": "eve", "groups": "ops"})
	if status, body := s.get(browser, OIDCLoginPath+"?next=//evil.example/"); status != 200 || body != "/ as ann-2 session" {
		t.Errorf("again: %d %s", status, body)
	}
	if account, err = s.store.AccountOf(ctx, idp.server.URL, "1"); err != nil || len(account.Groups) != 1 || account.Groups[0] != "operators" {
		t.Errorf("groups: %+v, %v", account.Groups, err)
	}
	if sessions, err := s.auth.ListSessions(ctx, "ann-2"); err != nil || len(sessions) != 1 || sessions[0].Method != "oidc" {
		t.Errorf("a sign-in leaves the session before: %+v, %v", sessions, err)
	}

	// Somebody without a usable name.
	idp.person(map[string]any{"sub": "2", "preferred_username": "../<x>"})
	if status, body := s.get(s.browser(), OIDCLoginPath); status != 200 || body != "/ as x- session" && body != "/ as user session" {
		t.Errorf("a strange name: %d %s", status, body)
	}

	s.must(s.auth.DisableAccount(ctx, "ann-2", true))
	idp.person(map[string]any{"sub": "1"})
	if status, body := s.get(s.browser(), OIDCLoginPath); status != 403 || !strings.Contains(body, "disabled") {
		t.Errorf("disabled: %d %s", status, body)
	}
}

// TestOIDCRefused: tokens that are not what they should be, and sign-ins nobody
// began.
func TestOIDCRefused(t *testing.T) {
	s, idp := newSite(t), newProvider(t)
	s.serve(OIDCConfig{Issuer: idp.server.URL})
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	s.must(err)
	with := func(name string, value any) func(*provider, map[string]any) string {
		return func(p *provider, claims map[string]any) string {
			claims[name] = value
			return p.sign(p.key, claims)
		}
	}
	for name, forge := range map[string]func(*provider, map[string]any) string{
		"alg none": func(_ *provider, claims map[string]any) string {
			body, _ := json.Marshal(claims)
			encode := base64.RawURLEncoding.EncodeToString
			return encode([]byte(`{"alg":"none"}`)) + "." + encode(body) + "."
		},
		"signed with the public key": func(p *provider, claims map[string]any) string {
			signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: p.key.N.Bytes()}, nil)
			s.must(err)
			token, err := jwt.Signed(signer).Claims(claims).Serialize()
			s.must(err)
			return token
		},
		"another key":    func(p *provider, claims map[string]any) string { return p.sign(other, claims) },
		"wrong audience": with("aud", "them"),
		"wrong issuer":   with("iss", "https://elsewhere.example"),
		"wrong nonce":    with("nonce", "x"),
		"no nonce":       with("nonce", ""),
		"expired":        with("exp", time.Now().Add(-time.Hour).Unix()),
		"no subject":     with("sub", ""),
		"no token":       func(*provider, map[string]any) string { return "" },
	} {
		t.Run(name, func(t *testing.T) {
			idp.person(map[string]any{"sub": "1", "preferred_username": "ann"})
			idp.mu.Lock()
			idp.forge = forge
			idp.mu.Unlock()
			if status, body := s.get(s.browser(), OIDCLoginPath); status != 403 || strings.Contains(body, "as ann") {
				t.Errorf("%d %s", status, body)
			}
		})
	}
	if list, err := s.store.Accounts(t.Context(), catalog.Page{Limit: 10}); err != nil || len(list) != 0 {
		t.Errorf("accounts were made: %+v, %v", list, err)
	}

	idp.person(map[string]any{"sub": "1"})
	t.Run("not begun", func(t *testing.T) {
		if status, _ := s.get(s.browser(), OIDCCallbackPath+"?code=x&state=y"); status != 403 {
			t.Errorf("status %d", status)
		}
	})
	t.Run("another browser's state", func(t *testing.T) {
		stop := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		begun, err := stop.Get(s.server.URL + OIDCLoginPath)
		s.must(err)
		begun.Body.Close()
		back, err := stop.Get(begun.Header.Get("Location"))
		s.must(err)
		back.Body.Close()
		victim := s.browser()
		victim.CheckRedirect = stop.CheckRedirect
		s.get(victim, OIDCLoginPath) // has begun one of its own
		callback := strings.TrimPrefix(back.Header.Get("Location"), s.server.URL)
		if status, _ := s.get(victim, callback); status != 403 {
			t.Errorf("status %d", status)
		}
	})
	t.Run("used twice", func(t *testing.T) {
		s := newSite(t)
		s.serve(OIDCConfig{Issuer: idp.server.URL})
		var callback string
		browser := s.browser()
		browser.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
			if strings.HasPrefix(r.URL.Path, OIDCCallbackPath) {
				callback = r.URL.RequestURI()
			}
			return nil
		}
		if status, _ := s.get(browser, OIDCLoginPath); status != 200 {
			t.Fatalf("status %d", status)
		}
		if status, _ := s.get(browser, callback); status != 403 {
			t.Errorf("the second time: status %d", status)
		}
	})
	t.Run("a cookie of one's own", func(t *testing.T) {
		signer := &signIn{a: s.auth, key: []byte("guessed")}
		cookie := signer.seal(pending{State: "y", Expires: time.Now().Add(time.Hour).Unix()})
		r, err := http.NewRequest(http.MethodGet, s.server.URL+OIDCCallbackPath+"?code=x&state=y", nil)
		s.must(err)
		r.AddCookie(&http.Cookie{Name: "pratique-oidc", Value: cookie})
		res, err := http.DefaultClient.Do(r)
		s.must(err)
		res.Body.Close()
		if res.StatusCode != 403 {
			t.Errorf("status %d", res.StatusCode)
		}
	})
	t.Run("known only", func(t *testing.T) {
		s := newSite(t)
		s.serve(OIDCConfig{Issuer: idp.server.URL, KnownOnly: true})
		if status, body := s.get(s.browser(), OIDCLoginPath); status != 403 || !strings.Contains(body, "no account for you") {
			t.Errorf("%d %s", status, body)
		}
	})
	t.Run("provider down", func(t *testing.T) {
		s := newSite(t)
		s.serve(OIDCConfig{Issuer: "http://127.0.0.1:1"})
		if status, body := s.get(s.browser(), OIDCLoginPath); status != 502 || !strings.Contains(body, "cannot be reached") {
			t.Errorf("%d %s", status, body)
		}
	})
}

// TestOIDCFailedPage: a browser is led to the page that says what went wrong, with
// a code and a way back, and with nothing that the provider or an address said.
func TestOIDCFailedPage(t *testing.T) {
	s, idp := newSite(t), newProvider(t)
	s.serve(OIDCConfig{Issuer: idp.server.URL, FailedPath: "/failed"})
	idp.person(map[string]any{"sub": ""})
	browser := s.browser()
	browser.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if r.URL.Path == "/failed" {
			return http.ErrUseLastResponse
		}
		return nil
	}
	for path, want := range map[string]string{
		OIDCLoginPath + "?next=/reports%3Fq%3D1":                                 "/failed?code=oidc_token_wrong&next=%2Freports%3Fq%3D1",
		OIDCCallbackPath + "?code=x&state=y&error=<b>&next=https://evil.example": "/failed?code=oidc_not_begun&next=%2F",
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.server.URL+path, nil)
		s.must(err)
		r.Header.Set("Accept", "text/html,*/*;q=0.8")
		res, err := browser.Do(r)
		s.must(err)
		res.Body.Close()
		if got := res.Header.Get("Location"); res.StatusCode != http.StatusSeeOther || got != want {
			t.Errorf("%s: %d %s, want %s", path, res.StatusCode, got, want)
		}
	}
}

// TestOIDCCookie: what a browser keeps of a sign-in is for this host, and for TLS
// where there is TLS; no script can read it, and it says nothing that could be
// changed.
func TestOIDCCookie(t *testing.T) {
	s, idp := newSite(t), newProvider(t)
	h := s.auth.OIDC(OIDCConfig{Issuer: idp.server.URL, ClientID: "us", PublicURL: "https://registry.example"})
	for name, change := range map[string]func(*http.Request){"pratique-oidc": func(*http.Request) {}, "__Host-pratique-oidc": secure} {
		r := httptest.NewRequest(http.MethodGet, "https://registry.example"+OIDCLoginPath+"?next=/a", nil)
		r.TLS = nil
		change(r)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		cookies := w.Result().Cookies()
		if w.Code != http.StatusFound || len(cookies) != 1 {
			t.Fatalf("%d %v", w.Code, cookies)
		}
		c := cookies[0]
		if c.Name != name || c.Secure != strings.HasPrefix(name, "__Host-") || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || c.MaxAge > 600 {
			t.Errorf("cookie: %+v", c)
		}
		at, err := url.Parse(w.Header().Get("Location"))
		s.must(err)
		for _, part := range []string{"state", "nonce", "code_challenge"} {
			if len(at.Query().Get(part)) < 22 { // 128 bits
				t.Errorf("%s is %q", part, at.Query().Get(part))
			}
		}
		signer := &signIn{a: s.auth, key: []byte("guessed")}
		if _, ok := signer.open(c.Value); ok {
			t.Error("another key opens it")
		}
	}
}

// TestOIDCProviderChanges: a provider that gets another key, or comes up later, is
// taken as it is; while it is away it is not asked for each who tries.
func TestOIDCProviderChanges(t *testing.T) {
	c := &clock{at: time.Now()}
	s, idp := newSiteAt(t, c.now), newProvider(t)
	var asked atomic.Int32
	working := idp.server.Config.Handler
	away := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		http.Error(w, "away", http.StatusServiceUnavailable)
	})
	var current atomic.Pointer[http.Handler]
	use := func(h http.Handler) { current.Store(&h) }
	use(away)
	idp.server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { (*current.Load()).ServeHTTP(w, r) })
	s.serve(OIDCConfig{Issuer: idp.server.URL})
	idp.person(map[string]any{"sub": "1", "preferred_username": "ann"})
	for range 5 {
		if status, _ := s.get(s.browser(), OIDCLoginPath); status != 502 {
			t.Errorf("away: status %d", status)
		}
	}
	if n := asked.Load(); n != 1 {
		t.Errorf("it was asked %d times", n)
	}
	use(working)
	c.advance(oidcPause)
	if status, body := s.get(s.browser(), OIDCLoginPath); status != 200 {
		t.Errorf("it is up: %d %s", status, body)
	}
	next, err := rsa.GenerateKey(rand.Reader, 2048)
	s.must(err)
	idp.mu.Lock()
	idp.key = next
	idp.mu.Unlock()
	if status, body := s.get(s.browser(), OIDCLoginPath); status != 200 {
		t.Errorf("another key: %d %s", status, body)
	}
}

// TestOIDCFailuresHoldUpNobody: whoever fails at the provider does not keep others
// at the same address out.
func TestOIDCFailuresHoldUpNobody(t *testing.T) {
	s, idp := newSite(t), newProvider(t)
	s.serve(OIDCConfig{Issuer: idp.server.URL})
	idp.person(map[string]any{"sub": ""})
	for range 2 * accountRate.burst {
		if status, _ := s.get(s.browser(), OIDCLoginPath); status != 403 {
			t.Fatalf("status %d", status)
		}
	}
	idp.person(map[string]any{"sub": "1", "preferred_username": "ann"})
	if status, body := s.get(s.browser(), OIDCLoginPath); status != 200 {
		t.Errorf("%d %s", status, body)
	}
}

func TestLocalPath(t *testing.T) {
	for next, want := range map[string]string{
		"": "/", "/": "/", "/a?b=c#d": "/a?b=c#d", "//evil.example": "/", "https://evil.example": "/", `/\evil.example`: "/",
		"/a\r\nX: y": "/", "/\t/evil.example": "/", "javascript:alert(1)": "/", "evil": "/", "/" + strings.Repeat("a", 2000): "/",
	} {
		if got := localPath(next); got != want {
			t.Errorf("%q: %q, want %q", next, got, want)
		}
	}
}
