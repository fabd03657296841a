package access

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/pratique/pratique/internal/catalog"
)

// basicChallenge asks for a name and a password (RFC 7617).
const basicChallenge = `Basic realm="pratique", charset="UTF-8"`

// Challenge is the WWW-Authenticate value for a refused request: where to fetch
// a token for the verbs on the repository ("namespace/repository"; empty for
// none in particular, and to List). It trusts the connection and the Host header only.
func Challenge(r *http.Request, repository string, verbs ...Verb) string {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	host := service(r)
	challenge := `Bearer realm="` + scheme + `://` + host + `/v2/token",service="` + host + `"`
	var actions []string
	for _, v := range verbs {
		if v == Pull || v == Push || v == Delete {
			actions = append(actions, string(v))
		}
	}
	if repository == "" && slices.Contains(verbs, List) {
		challenge += `,scope="` + catalogScope + `"`
	}
	// A name no repository can have must not get into a header either.
	if _, _, err := catalog.SplitName(repository); err == nil && len(actions) > 0 {
		challenge += `,scope="repository:` + repository + `:` + strings.Join(actions, ",") + `"`
	}
	return challenge
}

// service names the instance towards token clients: the host they reach it by.
// Signs no host name has are left out.
func service(r *http.Request) string {
	return strings.Map(func(c rune) rune {
		switch {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', strings.ContainsRune("-._:[]", c):
			return c
		case 'A' <= c && c <= 'Z':
			return c + 'a' - 'A'
		}
		return -1
	}, r.Host)
}

// Middleware puts the actor of each request into its context (see ActorOf) and
// keeps one that is there already. It lets anonymous requests pass: what they
// may do is for next to ask Can. Requests with wrong credentials end here, with
// a problem document.
func (a *Authenticator) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		actor, err := a.Authenticate(r)
		if err != nil {
			a.refuse(w, r, err)
			return
		}
		next.ServeHTTP(w, r.WithContext(WithActor(r.Context(), actor)))
	})
}

// refuse answers with RFC 9457's problem document.
func (a *Authenticator) refuse(w http.ResponseWriter, r *http.Request, err error) {
	var own *catalog.Error
	status, code, detail := http.StatusInternalServerError, "internal", "the credentials could not be checked; the server's log says why"
	switch {
	case !errors.As(err, &own):
		a.report(r, err)
	case own.Kind == catalog.Unauthorized:
		w.Header().Set("WWW-Authenticate", basicChallenge)
		status, code, detail = http.StatusUnauthorized, own.Code, own.Error()
	case own.Kind == catalog.Busy:
		status, code, detail = http.StatusTooManyRequests, own.Code, own.Error()
	case own.Kind == catalog.Unavailable:
		status, code, detail = http.StatusServiceUnavailable, own.Code, own.Error()
	default:
		a.report(r, err)
	}
	setRetryAfter(w.Header(), err)
	writeJSON(w, "application/problem+json", status, map[string]any{
		"type": "about:blank", "title": http.StatusText(status), "status": status, "code": code, "detail": detail,
	})
}
