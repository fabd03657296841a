package access

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/pratique/pratique/internal/catalog"
)

const (
	// tokenLife is how long a token counts. Clients fetch another when it is
	// refused; a push that takes longer is not interrupted.
	tokenLife = 5 * time.Minute
	// tokenLeeway forgives the clocks of several processes.
	tokenLeeway = 30 * time.Second
	tokenIssuer = "pratique"
	// maxTokenForm bounds the body of a token request, in bytes.
	maxTokenForm = 64 << 10
	// tokenFormTime is how long a client may take to send it.
	tokenFormTime = 10 * time.Second
)

// tokens signs and checks tokens.
type tokens struct {
	key []byte
	now func() time.Time
}

func newTokens(key []byte, now func() time.Time) tokens {
	// A key of its own, so that the secret may serve other ends too.
	h := hmac.New(sha256.New, key)
	h.Write([]byte("pratique registry token"))
	return tokens{key: h.Sum(nil), now: now}
}

// claims is the content of a token.
type claims struct {
	jwt.Claims
	// Account is the id of the subject's account, Credential that of the
	// credential it logged in with, if any.
	Account    int64  `json:"account,omitempty"`
	Credential string `json:"credential,omitempty"`
	// Access is what the token grants, in the form of the Docker token protocol.
	Access []access `json:"access"`
}

type access struct {
	Type    string `json:"type"`
	Name    string `json:"name"`
	Actions []Verb `json:"actions"`
}

// accessTo is what grants verbs in the scope.
func accessTo(scope Scope, verbs []Verb) access {
	if scope.Namespace == "" {
		return access{Type: "registry", Name: "catalog", Actions: []Verb{"*"}}
	}
	return access{Type: "repository", Name: scope.grant(), Actions: verbs}
}

// grant undoes accessTo. What it does not know grants nothing.
func (a access) grant() (key string, verbs []Verb) {
	switch {
	case a.Type == "repository":
		return a.Name, a.Actions
	case a.Type == "registry" && a.Name == "catalog":
		return Scope{}.grant(), []Verb{List}
	}
	return "", nil
}

// grants is what the token was issued for, as Actor.Grants has it.
func (c claims) grants() map[string][]Verb {
	grants := make(map[string][]Verb, len(c.Access))
	for _, a := range c.Access {
		if key, verbs := a.grant(); key != "" {
			grants[key] = verbs
		}
	}
	return grants
}

// bearer is whom a token is issued to.
type bearer struct {
	name       string
	account    int64
	credential string
}

// issue makes a token that lets the bearer do what granted lists, at service.
func (t tokens) issue(to bearer, granted []access, service string) (token string, issued time.Time, err error) {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: t.key}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return "", time.Time{}, err
	}
	now := t.now()
	token, err = jwt.Signed(signer).Claims(claims{
		Claims: jwt.Claims{
			Issuer: tokenIssuer, Subject: to.name, Audience: jwt.Audience{service}, ID: rand.Text(),
			IssuedAt: jwt.NewNumericDate(now), NotBefore: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(tokenLife)),
		},
		Account:    to.account,
		Credential: to.credential,
		Access:     granted,
	}).Serialize()
	return token, now, err
}

// verify returns what a token says, if it was issued here and still counts.
func (t tokens) verify(token, service string) (claims, error) {
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.HS256})
	if err != nil {
		return claims{}, badToken("the token is malformed", err)
	}
	var c claims
	if err := parsed.Claims(t.key, &c); err != nil {
		return claims{}, badToken("the token was not issued here", err)
	}
	err = c.ValidateWithLeeway(jwt.Expected{Issuer: tokenIssuer, AnyAudience: jwt.Audience{service}, Time: t.now()}, tokenLeeway)
	switch {
	case errors.Is(err, jwt.ErrExpired) || c.Expiry == nil:
		return claims{}, badToken("the token has expired", err)
	case err != nil:
		return claims{}, badToken("the token is not for this service or not valid yet", err)
	}
	return c, nil
}

func badToken(what string, err error) error {
	return &catalog.Error{Kind: catalog.Unauthorized, Code: "token_invalid", Message: what, Advice: "fetch a new one from /v2/token", Err: err}
}

// Token serves the Docker token protocol at GET and POST /v2/token: GET with
// Basic credentials or none, POST with the OAuth 2 password grant. locate
// completes the scope of a repository, or of the instance where both names are
// empty: with the instance, and whether the namespace is public.
//
// A token grants those of the verbs asked for that Can allows, perhaps none;
// that is no error, as clients ask for more than they need. A token is good for
// the host it was fetched from, and cannot be exchanged for another.
func (a *Authenticator) Token(locate func(r *http.Request, namespace, repository string) Scope) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body != http.NoBody {
			// Also for bodies that are never read: the connection waits for them.
			_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(tokenFormTime))
		}
		request, err := readTokenRequest(w, r)
		if err != nil {
			a.refuseToken(w, r, err)
			return
		}
		var actor Actor
		if request.credentials.basic {
			if actor, err = a.login(r, request.credentials); err == nil && actor.OneTime {
				err = mustChange()
			}
			if err != nil {
				a.refuseToken(w, r, err)
				return
			}
		}
		to, err := a.bearerOf(r.Context(), actor)
		if err != nil {
			a.refuseToken(w, r, err)
			return
		}
		granted := grants(actor, request.resources, func(namespace, repository string) Scope { return locate(r, namespace, repository) })
		token, issued, err := a.tokens.issue(to, granted, service(r))
		if err != nil {
			a.refuseToken(w, r, err)
			return
		}
		writeJSON(w, "application/json", http.StatusOK, map[string]any{
			"token":        token,
			"access_token": token,
			"token_type":   "Bearer",
			"expires_in":   int(tokenLife / time.Second),
			"issued_at":    issued.UTC().Format(time.RFC3339),
		})
	})
}

// bearerOf is the actor as a token names it.
func (a *Authenticator) bearerOf(ctx context.Context, actor Actor) (bearer, error) {
	if actor.Anonymous() {
		return bearer{}, nil
	}
	account, err := a.account(ctx, actor.Name)
	to := bearer{name: account.Name, account: account.ID}
	if id, ok := strings.CutPrefix(actor.Via, "credential "); ok {
		to.credential = id
	}
	return to, err
}

// grants lists what of the resources asked for the actor is allowed.
func grants(actor Actor, asked []resource, locate func(namespace, repository string) Scope) []access {
	granted := []access{}
	for _, r := range asked {
		scope := locate(r.namespace, r.repository)
		var verbs []Verb
		for _, v := range r.verbs {
			if Can(actor, v, scope) {
				verbs = append(verbs, v)
			}
		}
		if len(verbs) > 0 {
			granted = append(granted, accessTo(scope, verbs))
		}
	}
	return granted
}

// tokenRequest is what a client asks for.
type tokenRequest struct {
	credentials credentials
	resources   []resource
}

func readTokenRequest(w http.ResponseWriter, r *http.Request) (tokenRequest, error) {
	switch r.Method {
	case http.MethodGet:
		return readTokenQuery(r)
	case http.MethodPost:
		return readTokenForm(w, r)
	}
	return tokenRequest{}, errMethod
}

func readTokenQuery(r *http.Request) (tokenRequest, error) {
	query := r.URL.Query()
	if err := checkService(r, query.Get("service")); err != nil {
		return tokenRequest{}, err
	}
	c, err := parseAuthorization(r.Header)
	if err != nil {
		return tokenRequest{}, err
	}
	if c.token != "" {
		return tokenRequest{}, malformed("a token cannot be exchanged for another")
	}
	resources, err := parseScopes(query["scope"])
	return tokenRequest{c, resources}, err
}

func readTokenForm(w http.ResponseWriter, r *http.Request) (tokenRequest, error) {
	if media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); media != "application/x-www-form-urlencoded" {
		return tokenRequest{}, oauthError{"invalid_request", "the body is not application/x-www-form-urlencoded"}
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxTokenForm)
	if err := r.ParseForm(); err != nil {
		return tokenRequest{}, oauthError{"invalid_request", "the form is malformed or too long"}
	}
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{}) // the login takes its own time
	form := r.PostForm
	if grant := form.Get("grant_type"); grant != "password" {
		return tokenRequest{}, oauthError{"unsupported_grant_type", "use the password grant; refresh tokens are not issued here"}
	}
	if err := checkService(r, form.Get("service")); err != nil {
		return tokenRequest{}, err
	}
	c, err := newCredentials(form.Get("username"), form.Get("password"))
	if err != nil {
		return tokenRequest{}, err
	}
	resources, err := parseScopes(form["scope"])
	return tokenRequest{c, resources}, err
}

// checkService refuses a token for another service than the one asked. Some
// clients name none.
func checkService(r *http.Request, asked string) error {
	if asked == "" || strings.EqualFold(asked, service(r)) {
		return nil
	}
	return catalog.Errorf(catalog.Invalid, "service_unknown", "tokens for this service are not issued here").
		Advise("ask for the service that the registry's challenge names")
}

// oauthError is an error of the OAuth 2 protocol (RFC 6749 §5.2).
type oauthError struct{ code, description string }

func (e oauthError) Error() string { return e.description }

var errMethod = errors.New("method not allowed")

// refuseToken answers with an error both kinds of client understand: those of
// the registry read "errors", those of OAuth 2 "error". What is no error of
// package catalog stays inside.
func (a *Authenticator) refuseToken(w http.ResponseWriter, r *http.Request, err error) {
	var own *catalog.Error
	var protocol oauthError
	status, code, oauth, message := http.StatusInternalServerError, "UNKNOWN", "server_error", "the token could not be issued; the server's log says why"
	switch {
	case errors.Is(err, errMethod):
		w.Header().Set("Allow", "GET, POST")
		status, code, oauth, message = http.StatusMethodNotAllowed, "UNSUPPORTED", "invalid_request", "use GET or POST"
	case errors.As(err, &protocol):
		status, code, oauth, message = http.StatusBadRequest, "UNSUPPORTED", protocol.code, protocol.description
	case !errors.As(err, &own):
		a.report(r, err)
	case own.Kind == catalog.Unauthorized:
		w.Header().Set("WWW-Authenticate", basicChallenge)
		status, code, oauth, message = http.StatusUnauthorized, "UNAUTHORIZED", "invalid_grant", own.Error()
	case own.Kind == catalog.Busy:
		status, code, oauth, message = http.StatusTooManyRequests, "TOOMANYREQUESTS", "temporarily_unavailable", own.Error()
	case own.Kind == catalog.Unavailable:
		status, code, oauth, message = http.StatusServiceUnavailable, "UNAVAILABLE", "temporarily_unavailable", own.Error()
	case own.Kind == catalog.Invalid:
		status, code, oauth, message = http.StatusBadRequest, "UNSUPPORTED", "invalid_request", own.Error()
	default:
		a.report(r, err)
	}
	setRetryAfter(w.Header(), err)
	writeJSON(w, "application/json", status, map[string]any{
		"error":             oauth,
		"error_description": message,
		"errors":            []map[string]string{{"code": code, "message": message}},
	})
}

func setRetryAfter(h http.Header, err error) {
	if wait := RetryAfter(err); wait > 0 {
		h.Set("Retry-After", strconv.Itoa(int(wait/time.Second)))
	}
}

func writeJSON(w http.ResponseWriter, mediaType string, status int, body any) {
	w.Header().Set("Content-Type", mediaType)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	// The client may be gone; there is nobody else to tell.
	_ = json.NewEncoder(w).Encode(body)
}
