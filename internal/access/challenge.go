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

// BasicChallenge is the WWW-Authenticate value for a refused request at the REST
// interface. A page's own request is not asked for a password: the browser would
// put a dialogue of its own in front of the page.
func BasicChallenge(r *http.Request) string {
	mode := r.Header.Get("Sec-Fetch-Mode") // absent where there is no TLS
	if r.Header.Get(CSRFHeader) != "" || mode != "" && mode != "navigate" {
		return `Session realm="pratique"`
	}
	return basicChallenge
}

// Challenge is the WWW-Authenticate value for a refused request: where to fetch
// a token for the verbs on the repository ("namespace/repository"; empty for
// none in particular, and to List). It names the server as Scheme and the Host header do.
func Challenge(r *http.Request, repository string, verbs ...Verb) string {
	host := service(r)
	challenge := `Bearer realm="` + Scheme(r) + `://` + host + `/v2/token",service="` + host + `"`
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

// CSRFHeader must be in every request that changes something and is
// authenticated by a cookie: no page of another origin can make a browser send
// it. Its value does not matter.
const CSRFHeader = "X-Requested-With"

// Middleware puts the actor of each request into its context (see ActorOf) and
// keeps one that is there already. Beside credentials it takes the cookie of a
// session; one that has ended counts as none. It lets anonymous requests pass:
// what they may do is for next to ask Can. Requests with wrong credentials, and
// changes with a cookie but without CSRFHeader, end here, with a problem
// document.
func (a *Authenticator) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		actor, err := a.Authenticate(r)
		if err == nil && actor.Anonymous() && actor.Grants == nil {
			actor, err = a.session(r)
		}
		if err == nil && actor.Session != "" && !safe(r.Method) && r.Header.Get(CSRFHeader) == "" {
			a.Log.Refused(r, actor, "csrf_header_missing")
			err = catalog.Errorf(catalog.Denied, "csrf_header_missing", "a change that a session's cookie stands for needs the header %s", CSRFHeader).
				Advise("send it with any value; no form of another site can")
		}
		if err != nil {
			a.refuse(w, r, err)
			return
		}
		next.ServeHTTP(w, r.WithContext(WithActor(r.Context(), actor)))
	})
}

func safe(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}

// refuse answers with RFC 9457's problem document.
func (a *Authenticator) refuse(w http.ResponseWriter, r *http.Request, err error) {
	var own *catalog.Error
	status, code, detail := http.StatusInternalServerError, "internal", "the credentials could not be checked; the server's log says why"
	switch {
	case !errors.As(err, &own):
		a.report(r, err)
	case own.Kind == catalog.Denied:
		status, code, detail = http.StatusForbidden, own.Code, own.Error()
	case own.Kind == catalog.Unauthorized:
		w.Header().Set("WWW-Authenticate", BasicChallenge(r))
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
