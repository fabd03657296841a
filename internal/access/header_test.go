package access

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/catalog"
)

func basic(name, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(name+":"+password))
}

func TestParseAuthorization(t *testing.T) {
	login := func(name, password string) credentials {
		return credentials{basic: true, name: name, password: password}
	}
	for _, tc := range []struct {
		name   string
		values []string
		want   credentials
		bad    bool
	}{
		{name: "none"},
		{name: "basic", values: []string{basic("admin", "pa:ss wörd")}, want: login("admin", "pa:ss wörd")},
		{name: "basic, any case", values: []string{"bAsIc  " + base64.StdEncoding.EncodeToString([]byte("a:b")) + " "}, want: login("a", "b")},
		{name: "empty password", values: []string{basic("admin", "")}, want: login("admin", "")},
		{name: "bearer", values: []string{"Bearer abc.DEF-_~+/9=="}, want: credentials{token: "abc.DEF-_~+/9=="}},
		{name: "bearer, lower case", values: []string{"bearer abc"}, want: credentials{token: "abc"}},
		{name: "two headers", values: []string{basic("a", "b"), basic("c", "d")}, bad: true},
		{name: "empty", values: []string{""}, bad: true},
		{name: "scheme only", values: []string{"Basic"}, bad: true},
		{name: "bearer only", values: []string{"Bearer "}, bad: true},
		{name: "unknown scheme", values: []string{"Digest abc"}, bad: true},
		{name: "not base64", values: []string{"Basic !!!"}, bad: true},
		{name: "no colon", values: []string{"Basic " + base64.StdEncoding.EncodeToString([]byte("admin"))}, bad: true},
		{name: "no name", values: []string{basic("", "x")}, bad: true},
		{name: "control character", values: []string{basic("ad\nmin", "x")}, bad: true},
		{name: "control character in password", values: []string{basic("admin", "x\x00")}, bad: true},
		{name: "not UTF-8", values: []string{basic("ad\xff", "x")}, bad: true},
		{name: "long name", values: []string{basic(strings.Repeat("n", 256), "x")}, bad: true},
		{name: "long password", values: []string{basic("admin", strings.Repeat("p", 1025))}, bad: true},
		{name: "huge", values: []string{basic("admin", strings.Repeat("p", 1<<20))}, bad: true},
		{name: "token with space", values: []string{"Bearer a b"}, bad: true},
		{name: "token with quote", values: []string{`Bearer a"b`}, bad: true},
		{name: "token of padding", values: []string{"Bearer ==="}, bad: true},
		{name: "token too long", values: []string{"Bearer " + strings.Repeat("t", maxToken+1)}, bad: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := parseAuthorization(http.Header{"Authorization": tc.values})
			if (err != nil) != tc.bad || tc.bad && !catalog.Is(err, catalog.Unauthorized) {
				t.Fatalf("error: %v", err)
			}
			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(credentials{})); diff != "" {
				t.Errorf("credentials (-want +got):\n%s", diff)
			}
		})
	}
}

func FuzzParseAuthorization(f *testing.F) {
	f.Add(basic("admin", "secret"))
	f.Add("Bearer abc")
	f.Add("Basic =")
	f.Fuzz(func(t *testing.T, value string) {
		c, err := parseAuthorization(http.Header{"Authorization": {value}})
		switch {
		case err != nil:
			if c != (credentials{}) || strings.Contains(err.Error(), value) && len(value) > 20 {
				t.Errorf("credentials %+v with error %v", c, err)
			}
		case c.basic == (c.token != ""):
			t.Errorf("neither or both of password and token: %+v", c)
		case c.basic && (c.name == "" || !plain(c.name) || !plain(c.password) || len(c.name) > maxUserName || len(c.password) > maxPassword):
			t.Errorf("let through: %+v", c)
		}
	})
}

func TestParseScopes(t *testing.T) {
	app := func(verbs ...Verb) resource { return resource{"team", "app", verbs} }
	for _, tc := range []struct {
		name   string
		values []string
		want   []resource
		bad    bool
	}{
		{name: "none"},
		{name: "pull", values: []string{"repository:team/app:pull"}, want: []resource{app(Pull)}},
		{name: "push and pull", values: []string{"repository:team/app:push,pull"}, want: []resource{app(Push, Pull)}},
		{name: "everything", values: []string{"repository:team/app:*"}, want: []resource{app(Pull, Push, Delete)}},
		{name: "class", values: []string{"repository(plugin):team/app:pull"}, want: []resource{app(Pull)}},
		{name: "deep name", values: []string{"repository:team/a/b/c:pull"}, want: []resource{{"team", "a/b/c", []Verb{Pull}}}},
		{name: "two values", values: []string{"repository:team/app:pull", "repository:x/y:push"}, want: []resource{app(Pull), {"x", "y", []Verb{Push}}}},
		{name: "two in one value", values: []string{" repository:team/app:pull  repository:x/y:push"}, want: []resource{app(Pull), {"x", "y", []Verb{Push}}}},
		{name: "joined", values: []string{"repository:team/app:pull", "repository:team/app:pull,push"}, want: []resource{app(Pull, Push)}},
		{name: "unknown verbs", values: []string{"repository:team/app:pull,administer,,PUSH"}, want: []resource{app(Pull)}},
		{name: "only unknown verbs", values: []string{"repository:team/app:administer"}},
		{name: "no verbs", values: []string{"repository:team/app:"}},
		{name: "catalog", values: []string{"registry:catalog:*"}, want: []resource{{"", "", []Verb{List}}}},
		{name: "other parts of the registry", values: []string{"registry:catalog:pull", "registry:catalog", "registry:other:*", "repository:/:*", "repository:/:list"}},
		{name: "no namespace", values: []string{"repository:app:pull"}},
		{name: "upper case", values: []string{"repository:Team/App:pull"}},
		{name: "host in name", values: []string{"repository:localhost:5000/app:pull"}},
		{name: "traversal", values: []string{"repository:team/../x:pull"}},
		{name: "nonsense", values: []string{"", ":", "::", "repository", "repository:", "repository:team/app"}},
		{name: "too long", values: []string{"repository:team/" + strings.Repeat("a", 600) + ":pull"}, bad: true},
		{name: "too many", values: []string{strings.Repeat("repository:team/app:pull ", maxScopes+1)}, bad: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := parseScopes(tc.values)
			if (err != nil) != tc.bad || tc.bad && !catalog.Is(err, catalog.Invalid) {
				t.Fatalf("error: %v", err)
			}
			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(resource{})); diff != "" {
				t.Errorf("resources (-want +got):\n%s", diff)
			}
		})
	}
}

func FuzzParseScopes(f *testing.F) {
	f.Add("repository:team/app:pull,push repository(plugin):a/b:*")
	f.Fuzz(func(t *testing.T, value string) {
		found, err := parseScopes([]string{value})
		if err != nil && found != nil {
			t.Errorf("resources with error %v", err)
		}
		for _, r := range found {
			if r.namespace == "" && cmp.Equal(r.verbs, []Verb{List}) {
				continue
			}
			if _, _, err := catalog.SplitName(r.namespace + "/" + r.repository); err != nil || len(r.verbs) == 0 || len(r.verbs) > 3 {
				t.Errorf("resource %+v from %q", r, value)
			}
		}
	})
}
