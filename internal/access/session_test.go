package access

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/pratique/pratique/internal/catalog"
)

const annsPassword = "a password of ann's"

// withAnn is a site with the account "ann", who reads namespace "team", and a
// clock.
func withAnn(t testing.TB) (*site, *clock) {
	t.Helper()
	c := &clock{at: time.Now().Truncate(time.Second)}
	s := newSiteAt(t, c.now)
	ctx := t.Context()
	_, err := s.store.CreateNamespace(ctx, s.inst, "team", false)
	s.must(err)
	_, _, err = s.auth.CreateAccount(ctx, "ann", annsPassword, false, "test")
	s.must(err)
	s.must(s.auth.GrantRole(ctx, catalog.RoleGrant{Realm: catalog.Realm{InstanceID: s.inst, Namespace: "team"}, Role: catalog.Reader, Account: "ann"}))
	return s, c
}

// signIn begins a session and returns its cookie.
func (s *site) signIn(password string, change ...func(*http.Request)) *http.Cookie {
	s.Helper()
	r := httptest.NewRequest(http.MethodPost, "http://registry.example/api/v1/session", nil)
	for _, f := range change {
		f(r)
	}
	cookie, actor, err := s.auth.SignIn(r, "ann", password)
	s.must(err)
	if actor.Name != "ann" {
		s.Fatalf("signed in as %+v", actor)
	}
	return cookie
}

// as asks with a cookie and returns who the middleware takes that for, or the
// status of its refusal.
func (s *site) as(method string, cookie *http.Cookie, change ...func(*http.Request)) (Actor, int) {
	s.Helper()
	var actor Actor
	h := s.auth.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { actor, _ = ActorOf(r.Context()) }))
	r := httptest.NewRequest(method, "http://registry.example/api/v1/namespaces", nil)
	r.AddCookie(cookie)
	for _, f := range change {
		f(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return actor, w.Code
}

func secure(r *http.Request) { *r = *r.WithContext(WithScheme(r.Context(), "https")) }

func (s *site) open(cookie *http.Cookie) bool {
	s.Helper()
	actor, status := s.as(http.MethodGet, cookie)
	if status != http.StatusOK {
		s.Fatalf("status %d", status)
	}
	return actor.Name == "ann"
}

func TestSessionCookie(t *testing.T) {
	s, _ := withAnn(t)
	plain := s.signIn(annsPassword)
	if plain.Name != plainCookie || plain.Secure || !plain.HttpOnly || plain.SameSite != http.SameSiteStrictMode || plain.Path != "/" || plain.Domain != "" {
		t.Errorf("without TLS: %+v", plain)
	}
	sealed := s.signIn(annsPassword, secure)
	if sealed.Name != secureCookie || !sealed.Secure || !sealed.HttpOnly || sealed.SameSite != http.SameSiteStrictMode || sealed.Path != "/" || sealed.Domain != "" {
		t.Errorf("with TLS: %+v", sealed)
	}
	if actor, _ := s.as(http.MethodGet, sealed, secure); actor.Name != "ann" || actor.Via != "session" || len(actor.Roles) != 1 {
		t.Errorf("with TLS: %+v", actor)
	}
	if s.open(&http.Cookie{Name: plainCookie, Value: sealed.Value + "x"}) || s.open(&http.Cookie{Name: plainCookie, Value: "AAAA"}) || s.open(sealed) {
		t.Error("a cookie of another name or value counts")
	}
	list, err := s.auth.ListSessions(t.Context(), "ann")
	if err != nil || len(list) != 2 || strings.Contains(plain.Value, string(list[0].Hash)) {
		t.Errorf("sessions: %+v, %v", list, err)
	}
	// The registry does not take cookies.
	r := httptest.NewRequest(http.MethodGet, "http://registry.example/v2/", nil)
	r.AddCookie(plain)
	if actor, err := s.auth.Authenticate(r); err != nil || !actor.Anonymous() {
		t.Errorf("%+v, %v", actor, err)
	}
}

func TestCSRF(t *testing.T) {
	s, _ := withAnn(t)
	cookie := s.signIn(annsPassword)
	for _, method := range []string{"POST", "PUT", "PATCH", "DELETE", "BREW"} {
		if actor, status := s.as(method, cookie); status != http.StatusForbidden || actor.Name != "" {
			t.Errorf("%s without the header: %d as %s", method, status, actor.Name)
		}
		if actor, status := s.as(method, cookie, func(r *http.Request) { r.Header.Set(CSRFHeader, "1") }); status != http.StatusOK || actor.Name != "ann" {
			t.Errorf("%s with the header: %d as %s", method, status, actor.Name)
		}
	}
	if _, status := s.as("POST", &http.Cookie{Name: plainCookie, Value: "gone"}); status != http.StatusOK {
		t.Errorf("nobody in particular: %d", status)
	}
}

// TestReplayedSession: a cookie that was kept opens nothing after its session
// ended, whichever way.
func TestReplayedSession(t *testing.T) {
	s, c := withAnn(t)
	ctx := t.Context()
	end := func(name string, f func(cookie *http.Cookie)) {
		t.Helper()
		cookie := s.signIn(annsPassword)
		if !s.open(cookie) {
			t.Fatalf("%s: the session is not open", name)
		}
		f(cookie)
		if s.open(cookie) {
			t.Errorf("%s: the session is open still", name)
		}
	}
	with := func(cookie *http.Cookie) *http.Request {
		r := httptest.NewRequest(http.MethodDelete, "http://registry.example/api/v1/session", nil)
		r.AddCookie(cookie)
		return r
	}
	end("logout", func(cookie *http.Cookie) {
		gone, err := s.auth.SignOut(with(cookie))
		s.must(err)
		if gone.MaxAge >= 0 || gone.Value != "" {
			t.Errorf("the cookie stays: %+v", gone)
		}
	})
	end("another sign-in", func(cookie *http.Cookie) {
		next := s.signIn(annsPassword, func(r *http.Request) { r.AddCookie(cookie) })
		if next.Value == cookie.Value || !s.open(next) {
			t.Error("the id stays the same")
		}
	})
	end("idle", func(*http.Cookie) { c.advance(8*time.Hour + time.Second) })
	end("too old", func(cookie *http.Cookie) {
		for range 7 * 24 {
			c.advance(time.Hour)
			s.as(http.MethodGet, cookie)
		}
	})
	end("ended from elsewhere", func(*http.Cookie) {
		list, err := s.auth.ListSessions(ctx, "ann")
		s.must(err)
		if err := s.auth.EndSession(ctx, "bob", SessionName(list[0].Hash)); !catalog.Is(err, catalog.NotFound) {
			t.Errorf("somebody else's session: %v", err)
		}
		s.must(s.auth.EndSession(ctx, "ann", SessionName(list[0].Hash)))
	})
	end("disabled", func(*http.Cookie) { s.must(s.auth.DisableAccount(ctx, "ann", true)) })
	s.must(s.auth.DisableAccount(ctx, "ann", false))
	end("password set", func(*http.Cookie) { s.must(s.auth.SetPassword(ctx, "ann", annsPassword)) })
	end("deleted", func(*http.Cookie) { s.must(s.auth.DeleteAccount(ctx, "ann")) })
}

// TestSessionRoles: a session has the roles that hold at the moment.
func TestSessionRoles(t *testing.T) {
	s, _ := withAnn(t)
	ctx := t.Context()
	cookie := s.signIn(annsPassword)
	app := Scope{Instance: s.inst, Namespace: "team", Repository: "app"}
	may := func(verb Verb) bool {
		actor, _ := s.as(http.MethodGet, cookie)
		return Can(actor, verb, app)
	}
	if !may(Pull) || may(Push) {
		t.Error("a reader's session")
	}
	actor, _ := s.as(http.MethodGet, cookie)
	team := catalog.Realm{InstanceID: s.inst, Namespace: "team"}
	s.must(s.auth.GrantRole(ctx, catalog.RoleGrant{Realm: team, Role: catalog.Writer, Account: "ann"}))
	if !may(Push) || s.auth.Still(ctx, actor) {
		t.Error("a new role does not count at once")
	}
	s.must(s.auth.RevokeRole(ctx, catalog.RoleGrant{Realm: team, Account: "ann"}))
	if may(Pull) {
		t.Error("a role that was taken away counts still")
	}
	actor, _ = s.as(http.MethodGet, cookie)
	if !s.auth.Still(ctx, actor) {
		t.Error("nothing changed")
	}
	s.must(s.store.DeleteSessions(ctx, "ann"))
	if s.auth.Still(ctx, actor) {
		t.Error("a session that ended goes on")
	}
}

func TestOneTimePassword(t *testing.T) {
	s, _ := withAnn(t)
	ctx := t.Context()
	password, err := s.auth.ResetPassword(ctx, "ann", true)
	s.must(err)
	login := func(password string) (Actor, error) { return s.auth.Authenticate(request(basic("ann", password))) }
	if _, err := login(annsPassword); !catalog.Is(err, catalog.Unauthorized) {
		t.Errorf("the old one: %v", err)
	}
	actor, err := login(password)
	if err != nil || !actor.OneTime || Can(actor, Read, Scope{Instance: s.inst, Namespace: "team"}) {
		t.Errorf("the one-time one: %+v, %v", actor, err)
	}
	response, _ := fetch(t, s.auth.Token(publicLibrary), tokenGet(basic("ann", password), "scope=repository:library/app:pull"))
	if response.StatusCode == http.StatusOK {
		t.Error("a one-time password gets a token")
	}
	const chosen = "something ann chose"
	for _, c := range []struct{ old, next, code string }{
		{"wrong", chosen, "old_password_wrong"}, {password, "short", "password_unacceptable"}, {password, password, "password_unchanged"},
		{password, "ann", "password_unacceptable"}, {password, "prq_0123456789ab", "password_unacceptable"}, {password, chosen + "\x00", "password_unacceptable"},
	} {
		err := s.auth.ChangePassword(ctx, "ann", c.old, c.next, "10.0.0.1:1")
		if err == nil || !strings.Contains(codeIn(err), c.code) {
			t.Errorf("%q to %q: %v, want %s", c.old, c.next, err, c.code)
		}
	}
	s.must(s.auth.ChangePassword(ctx, "ann", password, chosen, "10.0.0.1:1"))
	if actor, err := login(chosen); err != nil || actor.OneTime || !Can(actor, Read, Scope{Instance: s.inst, Namespace: "team"}) {
		t.Errorf("afterwards: %+v, %v", actor, err)
	}
	if _, err := login(password); !catalog.Is(err, catalog.Unauthorized) {
		t.Errorf("the one-time one counts still: %v", err)
	}
}

func codeIn(err error) string {
	var known *catalog.Error
	if errors.As(err, &known) {
		return known.Code
	}
	return ""
}
