package server_test

import (
	"testing"

	"github.com/pratique/pratique/internal/api/client"
	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/server"
)

// TestProvider: a server with an OpenID provider that is down starts, has the
// groups and roles of the configuration, also after a restart, and says at a
// sign-in what is wrong. The protocol is tested in package access.
func TestProvider(t *testing.T) {
	t.Parallel()
	cfg := config(t)
	cfg.PublicURL = "https://registry.example"
	cfg.OIDC = server.OIDC{Issuer: "http://127.0.0.1:1", ClientID: "us", ClientSecret: "our-secret", Groups: []server.OIDCGroup{
		{Claim: "platform-admins", Group: "administrators", Role: "administrator"}, {Claim: "developers"},
	}}
	for range 2 {
		e := start(t, cfg)
		groups, err := e.control.Groups(t.Context())
		e.must(err)
		if len(groups) != 2 || groups[0].Name != "administrators" || groups[1].Name != "developers" {
			t.Errorf("groups: %+v", groups)
		}
		roles, err := e.control.Roles(t.Context(), client.Realm{Everywhere: true})
		e.must(err)
		if len(roles) != 2 || roles[0].Group != "administrators" && roles[1].Group != "administrators" || roles[0].Role != catalog.Administrator {
			t.Errorf("roles: %+v", roles)
		}
		e.do("GET", "/auth/oidc/login", nil).want(t, 502, "cannot be reached")
		e.do("GET", "/auth/oidc/callback?code=x&state=y", nil).want(t, 403, "no sign-in was begun")
		e.do("GET", "/auth/oidc/else", nil).want(t, 404)
		e.must(e.stop())
	}
	for name, broken := range map[string]server.OIDC{
		"no client": {Issuer: "https://idp.example"},
		"no URL":    {Issuer: "idp.example", ClientID: "us"},
		"no TLS":    {Issuer: "http://idp.example", ClientID: "us"},
		"bad role":  {Issuer: "https://idp.example", ClientID: "us", Groups: []server.OIDCGroup{{Claim: "a", Role: "root"}}},
		"bad group": {Issuer: "https://idp.example", ClientID: "us", Groups: []server.OIDCGroup{{Claim: "a", Group: "a b"}}},
		"no claim":  {Issuer: "https://idp.example", ClientID: "us", Groups: []server.OIDCGroup{{Group: "a"}}},
	} {
		cfg := server.Config{PublicURL: "https://registry.example", OIDC: broken}
		if err := cfg.Complete(); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
