package server_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/pratique/pratique/internal/api"
)

// TestHostileNames: names that lead elsewhere, or are none, are refused by the
// registry and the REST interface alike, which say what is wrong and what to do, and
// those at the edge of what is allowed work in both.
func TestHostileNames(t *testing.T) {
	t.Parallel()
	e := start(t, config(t))
	e.namespace("team", api.NamespaceChange{})
	rest := func(repository string) string {
		return "/api/v1/namespaces/team/repositories/" + repository + "/artifacts"
	}
	for _, name := range []string{strings.Repeat("a", 250), strings.Repeat("a/", 124) + "bc", "a__b", "a.b-c---d"} {
		e.do("POST", "/v2/team/"+name+"/blobs/uploads/", nil).want(t, http.StatusAccepted)
		e.do("GET", "/v2/team/"+name+"/tags/list", nil).want(t, 404, "NAME_UNKNOWN")
		e.do("GET", rest(url.PathEscape(name)), nil).want(t, 404, "repository_not_found")
	}
	for _, tc := range []struct{ what, registry, rest string }{
		{"of 256 characters", strings.Repeat("a", 251), strings.Repeat("a", 256)},
		{"in upper case", "App", "App"},
		{"above", "%2e%2e", "%2e%2e"},
		{"above, in a path", "a/%2e%2e/b", "a%2F..%2Fb"},
		{"above, encoded", "%2e%2e%2fb", "%252e%252e%252Fb"},
		{"with an encoded slash, twice", "a%252fb", "a%25252Fb"},
		{"with a zero byte", "a%00b", "a%00b"},
		{"with a line's end", "a%0ab", "a%0Ab"},
		{"with markup", "%3Cscript%3Ealert(1)%3C%2Fscript%3E", "%3Cscript%3Ealert(1)%3C%2Fscript%3E"},
		{"that turns the direction", "%E2%80%AEexe.png", "%E2%80%AEexe.png"},
		{"that is no UTF-8", "%ff%fe", "%ff%fe"},
		{"with a blank", "a%20b", "a%20b"},
	} {
		for _, method := range []string{"POST", "GET"} {
			path := "/v2/team/" + tc.registry + map[string]string{"POST": "/blobs/uploads/", "GET": "/tags/list"}[method]
			a := e.do(method, path, nil)
			if a.StatusCode != 400 || !strings.Contains(a.body, `"NAME_INVALID"`) || strings.ContainsAny(a.body, "<\x00\u202e") {
				t.Errorf("a name %s: %s %s: %s %s", tc.what, method, path, a.Status, a.body)
			}
		}
		a := e.do("GET", rest(tc.rest), nil)
		if a.StatusCode != 400 || !strings.Contains(a.body, `"advice"`) || strings.ContainsAny(a.body, "\x00\u202e") {
			t.Errorf("a name %s: GET %s: %s %s", tc.what, rest(tc.rest), a.Status, a.body)
		}
	}
	// Dots as they are stand for another path, which clients take out themselves (RFC
	// 3986 §5.2.4); whoever does not is sent there, and authorized there.
	for path, to := range map[string]string{
		"/v2/team/../../../etc/passwd": "/etc/passwd",
		"/v2/team/../other/tags/list":  "/v2/other/tags/list",
		"/v2/team/a/../b/tags/list":    "/v2/team/b/tags/list",
	} {
		e.do("GET", path, nil).want(t, http.StatusTemporaryRedirect).header(t, "Location", to)
	}
	e.do("GET", "/v2/_catalog", nil).want(t, 200, `"repositories":[]`)
}
