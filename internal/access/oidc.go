package access

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/pratique/pratique/internal/catalog"
)

// Where people sign in with an OpenID provider, and where it sends them back to.
const (
	OIDCLoginPath    = "/auth/oidc/login"
	OIDCCallbackPath = "/auth/oidc/callback"
)

// OIDCConfig names an OpenID provider and says what its claims stand for.
type OIDCConfig struct {
	Issuer, ClientID, ClientSecret string
	// Scopes are asked for beside "openid".
	Scopes []string
	// PublicURL is where people reach this server.
	PublicURL string
	// NameClaim names accounts that are made, GroupsClaim lists groups.
	NameClaim, GroupsClaim string
	// KnownOnly refuses those who have no account yet.
	KnownOnly bool
	// Groups maps the provider's names of groups to ours. Others are left out.
	Groups map[string]string
	// FailedPath is a page of ours that says why somebody was not signed in. It
	// gets a code and where to go afterwards as the parameters "code" and "next".
	// Without one, and for what is no browser, the answer says it as text.
	FailedPath string
}

const (
	// oidcTime is how long somebody may take to sign in at the provider.
	oidcTime = 10 * time.Minute
	// oidcPatience is how long an answer of the provider may take, maxOIDCAnswer
	// how long it may be, in bytes.
	oidcPatience  = 15 * time.Second
	maxOIDCAnswer = 1 << 20
	// oidcPause is how long a provider is left alone that could not be reached.
	oidcPause = 5 * time.Second
	// maxOIDCGroups bounds how many groups of a claim are looked at.
	maxOIDCGroups = 1000
)

// signIn is the protocol with one provider: the authorization code flow of
// OpenID Connect with PKCE, state and nonce. Accounts are bound to issuer and
// subject, which no one else can have; an e-mail address or a name that is the
// same makes nobody the same.
type signIn struct {
	a   *Authenticator
	cfg OIDCConfig
	key []byte

	mu       sync.Mutex
	provider *oidc.Provider // guarded by mu; nil until it was reached
	failure  error          // guarded by mu; why it was not
	again    time.Time      // guarded by mu; when it may be asked again
}

// OIDC serves OIDCLoginPath and OIDCCallbackPath. The provider is asked what it
// can do at the first sign-in, so that it need not be up before.
func (a *Authenticator) OIDC(cfg OIDCConfig) http.Handler {
	h := hmac.New(sha256.New, a.tokens.key)
	h.Write([]byte("pratique oidc sign-in"))
	s := &signIn{a: a, cfg: cfg, key: h.Sum(nil)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+OIDCLoginPath, s.login)
	mux.HandleFunc("GET "+OIDCCallbackPath, s.callback)
	return mux
}

// pending is what a browser keeps of a sign-in that was begun. Nobody else needs
// to know about it, and it is signed.
type pending struct {
	State, Nonce, Verifier, Next string
	Expires                      int64
}

func (s *signIn) seal(p pending) string {
	doc, err := json.Marshal(p)
	if err != nil {
		return "" // strings and a number can be encoded
	}
	text := base64.RawURLEncoding.EncodeToString(doc)
	return text + "." + base64.RawURLEncoding.EncodeToString(s.mac(text))
}

func (s *signIn) open(sealed string) (p pending, ok bool) {
	text, sum, found := strings.Cut(sealed, ".")
	mac, err := base64.RawURLEncoding.DecodeString(sum)
	if !found || err != nil || !hmac.Equal(mac, s.mac(text)) {
		return p, false
	}
	doc, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || json.Unmarshal(doc, &p) != nil {
		return p, false
	}
	return p, s.a.now().Unix() < p.Expires
}

func (s *signIn) mac(text string) []byte {
	h := hmac.New(sha256.New, s.key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

func (s *signIn) cookie(r *http.Request, value string, age time.Duration) *http.Cookie {
	name := "pratique-oidc"
	if Scheme(r) == "https" {
		name = "__Host-" + name
	}
	return &http.Cookie{Name: name, Value: value, Path: "/", HttpOnly: true, Secure: Scheme(r) == "https",
		SameSite: http.SameSiteLaxMode, MaxAge: int(age / time.Second)}
}

// login sends somebody to the provider.
func (s *signIn) login(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := s.context(r.Context())
	defer cancel()
	next := localPath(r.URL.Query().Get("next"))
	flow, _, err := s.flow(ctx)
	if err != nil {
		s.fail(w, r, attempt{next: next}, err)
		return
	}
	p := pending{
		State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(), Next: next,
		Expires: s.a.now().Add(oidcTime).Unix(),
	}
	http.SetCookie(w, s.cookie(r, s.seal(p), oidcTime))
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, flow.AuthCodeURL(p.State, oauth2.S256ChallengeOption(p.Verifier), oidc.Nonce(p.Nonce)), http.StatusFound)
}

// localPath is where to go afterwards, if that is on this server.
func localPath(next string) string {
	if len(next) > 1000 || !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\r\n\t") {
		return "/"
	}
	return next
}

// callback takes back whom the provider sends.
func (s *signIn) callback(w http.ResponseWriter, r *http.Request) {
	empty := s.cookie(r, "", 0)
	kept, err := r.Cookie(empty.Name)
	empty.MaxAge = -1
	http.SetCookie(w, empty) // it serves once
	w.Header().Set("Cache-Control", "no-store")
	if err != nil {
		s.fail(w, r, attempt{}, refusedSignIn("oidc_not_begun", "no sign-in was begun in this browser"))
		return
	}
	p, ok := s.open(kept.Value)
	if !ok || subtle.ConstantTimeCompare([]byte(p.State), []byte(r.URL.Query().Get("state"))) != 1 {
		s.fail(w, r, attempt{}, refusedSignIn("oidc_state_wrong", "the sign-in took too long, or was begun elsewhere"))
		return
	}
	// Each sign-in counts for itself, so that one who fails holds up nobody else.
	refund, err := s.a.limiter.reserve("sign-in "+p.State, clientAddress(r.RemoteAddr))
	if err != nil {
		s.fail(w, r, attempt{next: p.Next}, err)
		return
	}
	account, err := s.account(r, p)
	if err != nil {
		s.fail(w, r, attempt{account.Name, p.Next}, err)
		return
	}
	refund()
	cookie, err := s.a.begin(r, account.Name, "oidc")
	if err != nil {
		s.fail(w, r, attempt{account.Name, p.Next}, err)
		return
	}
	http.SetCookie(w, cookie)
	http.Redirect(w, r, p.Next, http.StatusSeeOther)
}

// attempt is what is known about a sign-in that failed.
type attempt struct{ account, next string }

func refusedSignIn(code, format string, args ...any) *catalog.Error {
	return catalog.Errorf(catalog.Denied, code, format, args...).Advise("begin again; an administrator finds more in the server's log")
}

// account asks the provider who somebody is, and returns the account that is.
func (s *signIn) account(r *http.Request, p pending) (catalog.Account, error) {
	ctx, cancel := s.context(r.Context())
	defer cancel()
	query := r.URL.Query()
	if code := query.Get("error"); code != "" {
		return catalog.Account{}, refusedSignIn("oidc_refused", "the provider refused: %.80q", code)
	}
	claims, subject, err := s.claims(ctx, query.Get("code"), p)
	if err != nil {
		return catalog.Account{}, err
	}
	account, err := s.a.store.AccountOf(ctx, s.cfg.Issuer, subject)
	if catalog.Is(err, catalog.NotFound) {
		account, err = s.create(ctx, subject, claims)
	}
	if err != nil {
		return account, err
	}
	if account.Disabled {
		return account, refusedSignIn("account_disabled", "the account %s is disabled", account.Name)
	}
	return account, s.a.changed(s.a.store.SetExternalGroups(ctx, account.Name, s.groups(claims)))
}

// claims redeems a code and checks the token that the provider gives for it.
func (s *signIn) claims(ctx context.Context, code string, p pending) (claims map[string]any, subject string, err error) {
	flow, provider, err := s.flow(ctx)
	if err != nil {
		return nil, "", err
	}
	refused := func(err error) error {
		e := refusedSignIn("oidc_token_wrong", "what the provider says cannot be relied on")
		e.Err = err
		return e
	}
	token, err := flow.Exchange(ctx, code, oauth2.VerifierOption(p.Verifier))
	if err != nil {
		return nil, "", refused(err)
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return nil, "", refused(errors.New("there is no ID token in the answer"))
	}
	id, err := provider.VerifierContext(ctx, &oidc.Config{ClientID: s.cfg.ClientID, Now: s.a.now}).Verify(ctx, raw)
	if err != nil {
		return nil, "", refused(err)
	}
	if subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(p.Nonce)) != 1 {
		return nil, "", refused(errors.New("the nonce is another one"))
	}
	if id.Subject == "" || len(id.Subject) > 255 {
		return nil, "", refused(errors.New("the subject is empty or too long"))
	}
	if err := id.Claims(&claims); err != nil {
		return nil, "", refused(err)
	}
	return claims, id.Subject, nil
}

// create makes the account of somebody who signs in first.
func (s *signIn) create(ctx context.Context, subject string, claims map[string]any) (catalog.Account, error) {
	if s.cfg.KnownOnly {
		return catalog.Account{}, refusedSignIn("account_unknown", "there is no account for you here").Advise("ask an administrator")
	}
	name := accountName(claims[s.cfg.NameClaim])
	for n := 1; n <= 100; n++ {
		try := name
		if n > 1 {
			try = fmt.Sprintf("%s-%d", name, n)
		}
		account, err := s.a.store.CreateAccount(ctx, catalog.Account{Name: try, Issuer: s.cfg.Issuer, Subject: subject}, "oidc")
		if !catalog.Is(err, catalog.Conflict) {
			return account, err
		}
		// It may have been made meanwhile, in another window.
		if account, err := s.a.store.AccountOf(ctx, s.cfg.Issuer, subject); !catalog.Is(err, catalog.NotFound) {
			return account, err
		}
	}
	return catalog.Account{}, refusedSignIn("account_name_taken", "too many accounts are called %s", name)
}

// accountName makes the name of an account of what a provider calls somebody.
func accountName(claim any) string {
	text, _ := claim.(string)
	name := strings.Map(func(c rune) rune {
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.ContainsRune("._@+-", c) {
			return c
		}
		return '-'
	}, text)
	name = strings.TrimLeft(name[:min(len(name), 100)], "._@+-")
	if catalog.CheckAccountName(name) != nil {
		return "user"
	}
	return name
}

// groups maps the groups of a claim to ours.
func (s *signIn) groups(claims map[string]any) []string {
	var theirs []any
	switch claim := claims[s.cfg.GroupsClaim].(type) {
	case []any:
		theirs = claim[:min(len(claim), maxOIDCGroups)]
	case string:
		theirs = []any{claim}
	}
	ours := []string{}
	for _, g := range theirs {
		name, _ := g.(string)
		if group, ok := s.cfg.Groups[name]; ok && !slices.Contains(ours, group) {
			ours = append(ours, group)
		}
	}
	return ours
}

// flow is how to speak with the provider.
func (s *signIn) flow(ctx context.Context) (*oauth2.Config, *oidc.Provider, error) {
	provider, err := s.discover(ctx)
	if err != nil {
		return nil, nil, err
	}
	return &oauth2.Config{
		ClientID: s.cfg.ClientID, ClientSecret: s.cfg.ClientSecret, Endpoint: provider.Endpoint(),
		RedirectURL: s.cfg.PublicURL + OIDCCallbackPath, Scopes: append([]string{oidc.ScopeOpenID}, s.cfg.Scopes...),
	}, provider, nil
}

// discover asks the provider once what it can do, for all who wait for that. One
// that does not answer is left alone for a moment, so that nobody can make this
// server ask again and again.
func (s *signIn) discover(ctx context.Context) (*oidc.Provider, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.provider == nil && !s.a.now().Before(s.again) {
		var err error
		// Whoever began this may go away; the others need it still.
		asking, cancel := context.WithTimeout(context.WithoutCancel(ctx), oidcPatience)
		defer cancel()
		if s.provider, err = oidc.NewProvider(asking, s.cfg.Issuer); err != nil {
			s.provider, s.failure, s.again = nil, err, s.a.now().Add(oidcPause)
		}
	}
	if s.provider == nil {
		return nil, &catalog.Error{Kind: catalog.Unavailable, Code: "oidc_unreachable", Message: "the OpenID provider cannot be reached",
			Advice: "try again later, or sign in with a password", Err: s.failure}
	}
	return s.provider, nil
}

// context bounds what the provider is asked. Its keys are fetched in the
// background and outlive the request, so only the client bounds those.
func (s *signIn) context(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(ctx, oidcPatience)
	return oidc.ClientContext(ctx, oidcClient), cancel
}

var oidcClient = &http.Client{Timeout: oidcPatience, Transport: boundedTransport{http.DefaultTransport}}

// boundedTransport bounds the bodies of answers.
type boundedTransport struct{ http.RoundTripper }

func (t boundedTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := t.RoundTripper.RoundTrip(r)
	if err == nil {
		res.Body = http.MaxBytesReader(nil, res.Body, maxOIDCAnswer)
	}
	return res, err
}

// fail tells why somebody could not sign in, records it, and logs what the
// provider did wrong.
func (s *signIn) fail(w http.ResponseWriter, r *http.Request, tried attempt, err error) {
	var own *catalog.Error
	status, text := http.StatusInternalServerError, "something went wrong; the server's log says what"
	code := "internal"
	if errors.As(err, &own) {
		text, code, status = own.Error(), own.Code, http.StatusForbidden
		switch own.Kind {
		case catalog.Unavailable:
			status = http.StatusBadGateway
		case catalog.Busy:
			status = http.StatusTooManyRequests
		}
	}
	if s.a.Logger != nil {
		s.a.Logger.WarnContext(r.Context(), "sign-in with the OpenID provider failed", "code", code, "error", err, "cause", errors.Unwrap(err))
	}
	if s.a.Log != nil && status != http.StatusBadGateway {
		s.a.Log.Record(catalog.AuditEntry{Actor: tried.account, Via: "oidc", Address: Address(r), Action: "login", Result: catalog.AuditDenied, Detail: code})
	}
	if s.cfg.FailedPath != "" && strings.Contains(r.Header.Get("Accept"), "text/html") {
		// The code only: what an address says, anybody may have written.
		http.Redirect(w, r, s.cfg.FailedPath+"?"+url.Values{"code": {code}, "next": {cmp.Or(tried.next, "/")}}.Encode(), http.StatusSeeOther)
		return
	}
	setRetryAfter(w.Header(), err)
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, "You could not be signed in: "+text+"\n") // the browser may be gone
}
