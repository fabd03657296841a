package server

import (
	"context"
	"strings"

	"github.com/pratique/pratique/internal/access"
	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/console"
)

// signInPath is where people sign in with the provider, empty without one.
func signInPath(cfg OIDC) string {
	if cfg.Issuer == "" {
		return ""
	}
	return access.OIDCLoginPath
}

// openOIDC sets up the OpenID provider of the configuration, if there is one,
// with the groups it names and their roles.
func (s *Server) openOIDC(ctx context.Context) error {
	cfg := s.cfg.OIDC
	if cfg.Issuer == "" {
		return nil
	}
	groups := make(map[string]string, len(cfg.Groups))
	for _, g := range cfg.Groups {
		groups[g.Claim] = g.Group
		if err := s.auth.CreateGroup(ctx, g.Group); err != nil && !catalog.Is(err, catalog.Conflict) {
			return err
		}
		if g.Role == "" {
			continue
		}
		role, err := catalog.ParseRole(g.Role)
		if err != nil {
			return err
		}
		if err := s.auth.GrantRole(ctx, catalog.RoleGrant{Role: role, Group: g.Group, GrantedBy: "configuration"}); err != nil {
			return err
		}
	}
	var failed string
	if console.Built() {
		failed = "/auth/failed"
	}
	s.oidc = s.auth.OIDC(access.OIDCConfig{
		Issuer: cfg.Issuer, ClientID: cfg.ClientID, ClientSecret: cfg.ClientSecret, Scopes: cfg.Scopes,
		PublicURL: strings.TrimSuffix(s.cfg.PublicURL, "/"), NameClaim: cfg.NameClaim, GroupsClaim: cfg.GroupsClaim,
		KnownOnly: cfg.KnownOnly, Groups: groups, FailedPath: failed,
	})
	return nil
}
