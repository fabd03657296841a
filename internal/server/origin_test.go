package server

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/pratique/pratique/internal/access"
)

func TestOrigin(t *testing.T) {
	const stranger, proxy = "203.0.113.9:1234", "10.0.0.2:80"
	for _, tc := range []struct {
		name, remote, host string
		headers            string
		public             string
		want               string // scheme, host and address
	}{
		{"no proxy", stranger, "r.example", "", "", "http r.example 203.0.113.9:1234"},
		{"a stranger forwards", stranger, "r.example", "X-Forwarded-For: 1.2.3.4|X-Forwarded-Proto: https|X-Forwarded-Host: evil.example", "", "http r.example 203.0.113.9:1234"},
		{"a stranger forwards by the standard", stranger, "r.example", `Forwarded: for=1.2.3.4;proto=https;host=evil.example`, "", "http r.example 203.0.113.9:1234"},
		{"proxy", proxy, "backend", "X-Forwarded-For: 203.0.113.9|X-Forwarded-Proto: https|X-Forwarded-Host: r.example", "", "https r.example 203.0.113.9:0"},
		{"proxy says nothing", proxy, "r.example", "", "", "http r.example 10.0.0.2:80"},
		{"what the client wrote before", proxy, "b", "X-Forwarded-For: 1.1.1.1, 203.0.113.9|X-Forwarded-Proto: https", "", "https b 203.0.113.9:0"},
		{"two proxies", proxy, "b", "X-Forwarded-For: 1.1.1.1, 203.0.113.9, 10.0.0.3", "", "http b 203.0.113.9:0"},
		{"two headers", proxy, "b", "X-Forwarded-For: 1.1.1.1|X-Forwarded-For: 203.0.113.9", "", "http b 203.0.113.9:0"},
		{"only proxies", proxy, "b", "X-Forwarded-For: 10.0.0.9, 10.0.0.3", "", "http b 10.0.0.9:0"},
		{"rubbish", proxy, "b", "X-Forwarded-For: 203.0.113.9, unknown|X-Forwarded-Proto: gopher|X-Forwarded-Host: a/b?c", "", "http b 10.0.0.2:80"},
		{"standard", proxy, "b", `Forwarded: for="[2001:db8::1]:4711";proto=https;host=r.example`, "", "https r.example [2001:db8::1]:0"},
		{"standard, two proxies", proxy, "b", `Forwarded: for=203.0.113.9;host=evil.example, for=10.0.0.3;proto=https;host="r.example:8443"`, "", "https r.example:8443 203.0.113.9:0"},
		{"IPv6 proxy", "[::1]:80", "b", "X-Forwarded-For: 2001:db8::1", "", "http b [2001:db8::1]:0"},
		{"mapped proxy", "[::ffff:10.0.0.2]:80", "b", "X-Forwarded-For: 203.0.113.9", "", "http b 203.0.113.9:0"},
		{"public URL", stranger, "10.1.1.1:8480", "", "https://R.example/", "https r.example 203.0.113.9:1234"},
		{"public URL, another instance", stranger, "north.example", "", "https://r.example", "http north.example 203.0.113.9:1234"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o, err := newOrigin(Config{Proxies: []string{"10.0.0.0/8", "::1"}, PublicURL: tc.public}, func(host string) bool { return host == "north.example" })
			if err != nil {
				t.Fatal(err)
			}
			r := httptest.NewRequest(http.MethodGet, "/v2/", nil)
			r.Host, r.RemoteAddr = tc.host, tc.remote
			for h := range strings.SplitSeq(tc.headers, "|") {
				if name, value, ok := strings.Cut(h, ": "); ok {
					r.Header.Add(name, value)
				}
			}
			var got string
			o.handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				got = access.Scheme(r) + " " + r.Host + " " + r.RemoteAddr
				if challenge := access.Challenge(r, ""); !strings.Contains(challenge, access.Scheme(r)+"://"+r.Host+"/v2/token") {
					t.Errorf("challenge %s", challenge)
				}
			})).ServeHTTP(httptest.NewRecorder(), r)
			if got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

func FuzzForwarded(f *testing.F) {
	f.Add("for=1.2.3.4;proto=https;host=a, for=\"[::1]:80\"", "1.1.1.1, 10.0.0.1", "https,http", "a.example")
	f.Add(";;=,=\"", ",,", "", "[")
	f.Fuzz(func(t *testing.T, forwarded, addresses, scheme, host string) {
		h := http.Header{"X-Forwarded-For": {addresses}, "X-Forwarded-Proto": {scheme}, "X-Forwarded-Host": {host}}
		for range 2 {
			got := forwardedOf(h, netip.Addr.IsPrivate)
			if got.scheme != "" && got.scheme != "http" && got.scheme != "https" || strings.ContainsAny(got.host, "/\\ \"\r\n?#@") {
				t.Errorf("%+v", got)
			}
			h.Set("Forwarded", forwarded)
		}
	})
}

func TestOriginRefused(t *testing.T) {
	for name, cfg := range map[string]Config{
		"no address":  {Proxies: []string{"proxy.example"}},
		"no network":  {Proxies: []string{"10.0.0.0/33"}},
		"path":        {PublicURL: "https://r.example/registry"},
		"no scheme":   {PublicURL: "r.example"},
		"credentials": {PublicURL: "https://a:b@r.example"},
		"other":       {PublicURL: "ftp://r.example"},
	} {
		if _, err := newOrigin(cfg, nil); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
