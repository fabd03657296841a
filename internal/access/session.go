package access

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/pratique/pratique/internal/catalog"
)

// SessionLimits say how long a session lasts.
type SessionLimits struct {
	// Idle is how long it lasts without being used: 8 hours unless set.
	Idle time.Duration
	// Most is how long it lasts however much it is used: 7 days unless set.
	Most time.Duration
	// Lax lets the cookie go along when another site leads here, which signing
	// in with an OpenID provider needs.
	Lax bool
}

func (l SessionLimits) idle() time.Duration { return cmp.Or(l.Idle, 8*time.Hour) }
func (l SessionLimits) most() time.Duration { return cmp.Or(l.Most, 7*24*time.Hour) }

// The name of a session's cookie. The first makes browsers insist that it comes
// from this host over TLS; without TLS they would not take it.
const (
	secureCookie = "__Host-pratique-session"
	plainCookie  = "pratique-session"
)

func cookieName(r *http.Request) string {
	if Scheme(r) == "https" {
		return secureCookie
	}
	return plainCookie
}

// cookie carries a session's id to the browser; an empty one takes it away.
func (a *Authenticator) cookie(r *http.Request, id string, expires time.Time) *http.Cookie {
	c := &http.Cookie{
		Name: cookieName(r), Value: id, Path: "/", HttpOnly: true, Secure: Scheme(r) == "https",
		SameSite: http.SameSiteStrictMode, Expires: expires,
	}
	if a.Sessions.Lax {
		c.SameSite = http.SameSiteLaxMode
	}
	if id == "" {
		c.MaxAge = -1
	}
	return c
}

// sessionID is the id a request carries, if it looks like one.
func sessionID(r *http.Request) (hash []byte, ok bool) {
	c, err := r.Cookie(cookieName(r))
	if err != nil {
		return nil, false
	}
	id, err := base64.RawURLEncoding.DecodeString(c.Value)
	if err != nil || len(id) != 32 {
		return nil, false
	}
	sum := sha256.Sum256(id)
	return sum[:], true
}

// SignIn begins a session for whoever knows the password, with an id of its own
// whatever the browser sent; the session it had ends. An account with a one-time
// password gets one too, in which it may choose another.
//
// Errors: those of Authenticate.
func (a *Authenticator) SignIn(r *http.Request, name, password string) (*http.Cookie, Actor, error) {
	c, err := newCredentials(name, password)
	if err != nil {
		return nil, Actor{}, err
	}
	if isCredential(password) {
		return nil, Actor{}, catalog.Errorf(catalog.Unauthorized, "credential_not_for_people", "a credential begins no session").
			Advise("use the account's password; credentials are for programs")
	}
	actor, err := a.login(r, c)
	if err != nil {
		return nil, Actor{}, err
	}
	cookie, err := a.begin(r, actor.Name, "password")
	return cookie, actor, err
}

// begin makes a session and ends the one the request carries.
func (a *Authenticator) begin(r *http.Request, account, method string) (*http.Cookie, error) {
	ctx := r.Context()
	if err := a.end(r); err != nil {
		return nil, err
	}
	id := make([]byte, 32)
	rand.Read(id) // never fails
	hash := sha256.Sum256(id)
	expires := a.now().Add(a.Sessions.most())
	err := a.store.CreateSession(ctx, catalog.Session{
		Hash: hash[:], Account: account, Address: Address(r), Agent: r.UserAgent(), Method: method, ExpiresAt: expires,
	})
	if err != nil {
		return nil, err
	}
	if a.Log != nil {
		a.Log.Record(catalog.AuditEntry{Actor: account, Via: method, Address: Address(r), Action: "login", Result: catalog.AuditDone})
	}
	return a.cookie(r, base64.RawURLEncoding.EncodeToString(id), expires), nil
}

// end ends the session a request carries, if any.
func (a *Authenticator) end(r *http.Request) error {
	hash, ok := sessionID(r)
	if !ok {
		return nil
	}
	s, err := a.store.Session(r.Context(), hash)
	if catalog.Is(err, catalog.NotFound) {
		return nil
	}
	if err == nil {
		err = a.store.DeleteSession(r.Context(), s.Account, hash)
	}
	return a.changed(err)
}

// SignOut ends the session a request carries. The cookie takes the browser's
// away.
func (a *Authenticator) SignOut(r *http.Request) (*http.Cookie, error) {
	return a.cookie(r, "", time.Time{}), a.end(r)
}

// Renew gives the browser a session with another id, after its password was
// changed.
func (a *Authenticator) Renew(r *http.Request, account string) (*http.Cookie, error) {
	return a.begin(r, account, "password")
}

// session returns who has the session whose cookie a request carries: nobody if
// there is none, or it has ended.
func (a *Authenticator) session(r *http.Request) (Actor, error) {
	hash, ok := sessionID(r)
	if !ok {
		return Actor{}, nil
	}
	ctx, now := r.Context(), a.now()
	s, err := a.known.sessions.get(string(hash), now, func() (catalog.Session, error) { return a.store.Session(ctx, hash) })
	if catalog.Is(err, catalog.NotFound) {
		return Actor{}, nil
	}
	if err != nil {
		return Actor{}, err
	}
	if !now.Before(s.ExpiresAt) || now.After(a.used.seen(s).Add(a.Sessions.idle())) {
		return Actor{}, nil
	}
	account, err := a.account(ctx, s.Account)
	if catalog.Is(err, catalog.NotFound) || err == nil && account.Disabled {
		return Actor{}, nil
	}
	if err != nil {
		return Actor{}, err
	}
	a.used.session(string(hash), now)
	return Actor{Name: account.Name, Roles: account.Roles, OneTime: account.OneTime, Via: "session", Session: hex.EncodeToString(hash)}, nil
}

// seen is when a session was used last, as far as this process knows.
func (u *used) seen(s catalog.Session) time.Time {
	u.mu.Lock()
	defer u.mu.Unlock()
	if at, ok := u.sessions[string(s.Hash)]; ok && at.After(s.SeenAt) {
		return at
	}
	return s.SeenAt
}

// SessionName is how a session is named to people: enough of its hash to tell it
// from others.
func SessionName(hash []byte) string { return hex.EncodeToString(hash[:min(len(hash), 16)]) }

// ListSessions lists the sessions of an account that have not ended, the latest
// first.
func (a *Authenticator) ListSessions(ctx context.Context, account string) ([]catalog.Session, error) {
	list, err := a.store.Sessions(ctx, account)
	now := a.now()
	open := []catalog.Session{}
	for _, s := range list {
		if s.SeenAt = a.used.seen(s); now.Before(s.ExpiresAt) && !now.After(s.SeenAt.Add(a.Sessions.idle())) {
			open = append(open, s)
		}
	}
	return open, err
}

// EndSession ends one session of an account, named as SessionName does. NotFound
// "session_not_found".
func (a *Authenticator) EndSession(ctx context.Context, account, name string) error {
	list, err := a.store.Sessions(ctx, account)
	if err != nil {
		return err
	}
	for _, s := range list {
		if SessionName(s.Hash) == name {
			return a.changed(a.store.DeleteSession(ctx, account, s.Hash))
		}
	}
	return catalog.Errorf(catalog.NotFound, "session_not_found", "%s has no such session", account)
}

// Still reports whether an actor is who it was when it was authenticated, with
// the same roles: its account is enabled, its session or credential has not
// ended. For answers that take long.
func (a *Authenticator) Still(ctx context.Context, actor Actor) bool {
	if actor.Anonymous() || actor.Admin {
		return true
	}
	account, err := a.account(ctx, actor.Name)
	if err != nil || account.Disabled || !slices.Equal(account.Roles, actor.Roles) {
		return false
	}
	if id, ok := strings.CutPrefix(actor.Via, "credential "); ok {
		c, err := a.credential(ctx, id)
		return err == nil && c.Active(a.now())
	}
	if actor.Session == "" {
		return true
	}
	hash, err := hex.DecodeString(actor.Session)
	if err != nil {
		return false
	}
	s, err := a.store.Session(ctx, hash)
	if err != nil || !a.now().Before(s.ExpiresAt) {
		return false
	}
	a.used.session(string(hash), a.now())
	return true
}
