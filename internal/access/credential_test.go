package access

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pratique/pratique/internal/catalog"
)

func TestCredential(t *testing.T) {
	s, c := withAnn(t)
	ctx := t.Context()
	team := Scope{Instance: s.inst, Namespace: "team", Repository: "app"}
	made, token, err := s.auth.CreateCredential(ctx, CredentialRequest{Account: "ann", Name: "ci", Namespaces: []string{"team"}, Verbs: []string{"pull", "push"}})
	s.must(err)
	if strings.Contains(token, string(made.Hash)) || !credentialToken.MatchString(token) {
		t.Errorf("token %s", token)
	}
	for name, authorization := range map[string]string{"password": basic("ann", token), "bearer": "Bearer " + token} {
		actor, err := s.auth.Authenticate(request(authorization))
		if err != nil || actor.Name != "ann" || actor.Via != "credential "+made.ID {
			t.Fatalf("as %s: %+v, %v", name, actor, err)
		}
		// What it is for and what its account may, together.
		if !Can(actor, Pull, team) || Can(actor, Push, team) || Can(actor, Read, team) {
			t.Errorf("as %s: %+v", name, actor)
		}
	}
	// A token of the registry for it, which ends with it.
	h := s.auth.Token(func(_ *http.Request, namespace, repository string) Scope {
		return Scope{Instance: s.inst, Namespace: namespace, Repository: repository}
	})
	_, issued := fetch(t, h, tokenGet(basic("ann", token), "scope=repository:team/app:pull,push"))
	actor, err := s.auth.Authenticate(request("Bearer " + issued.Token))
	if err != nil || !Can(actor, Pull, team) || Can(actor, Push, team) || Can(actor, Pull, Scope{Instance: s.inst, Namespace: "team", Repository: "other"}) {
		t.Errorf("its token: %+v, %v", actor, err)
	}
	// The account gets the right, but the token was not issued for it.
	s.must(s.auth.GrantRole(ctx, catalog.RoleGrant{Realm: catalog.Realm{InstanceID: s.inst, Namespace: "team"}, Role: catalog.Writer, Account: "ann"}))
	if actor, err := s.auth.Authenticate(request("Bearer " + issued.Token)); err != nil || Can(actor, Push, team) {
		t.Errorf("its token afterwards: %+v, %v", actor, err)
	}

	s.must(s.auth.flush(ctx))
	if kept, err := s.store.Credential(ctx, made.ID); err != nil || !kept.UsedAt.Equal(c.now().Truncate(time.Millisecond)) {
		t.Errorf("last use: %v, %v", kept.UsedAt, err)
	}

	refused := func(when string) {
		t.Helper()
		for name, authorization := range map[string]string{"password": basic("ann", token), "bearer": "Bearer " + token, "token": "Bearer " + issued.Token} {
			if actor, err := s.auth.Authenticate(request(authorization)); !catalog.Is(err, catalog.Unauthorized) || !actor.Anonymous() {
				t.Errorf("%s, as %s: %+v, %v", when, name, actor, err)
			}
		}
	}
	s.must(s.auth.SetCredential(ctx, made.ID, true))
	refused("disabled")
	s.must(s.auth.SetCredential(ctx, made.ID, false))
	if _, err := s.auth.Authenticate(request("Bearer " + token)); err != nil {
		t.Errorf("enabled: %v", err)
	}
	s.must(s.auth.DisableAccount(ctx, "ann", true))
	refused("account disabled")
	s.must(s.auth.DisableAccount(ctx, "ann", false))
	s.must(s.auth.DeleteCredential(ctx, made.ID))
	refused("revoked")
}

// TestCredentialOfAnotherLife: an account that is deleted and made again under
// the same name is another one.
func TestCredentialOfAnotherLife(t *testing.T) {
	s, _ := withAnn(t)
	ctx := t.Context()
	h := s.auth.Token(publicLibrary)
	_, issued := fetch(t, h, tokenGet(basic("ann", annsPassword), "scope=repository:library/app:pull"))
	_, token, err := s.auth.CreateCredential(ctx, CredentialRequest{Account: "ann"})
	s.must(err)
	s.must(s.auth.DeleteAccount(ctx, "ann"))
	_, _, err = s.auth.CreateAccount(ctx, "ann", annsPassword, false, "test")
	s.must(err)
	for _, old := range []string{issued.Token, token} {
		if actor, err := s.auth.Authenticate(request("Bearer " + old)); !catalog.Is(err, catalog.Unauthorized) {
			t.Errorf("%+v, %v", actor, err)
		}
	}
}

func TestForgedCredentials(t *testing.T) {
	s, c := withAnn(t)
	ctx := t.Context()
	_, token, err := s.auth.CreateCredential(ctx, CredentialRequest{Account: "ann", Temporary: true, ExpiresAt: c.now().Add(time.Hour)})
	s.must(err)
	_, _, err = s.auth.CreateAccount(ctx, "bob", "", false, "test")
	s.must(err)
	last := byte('0')
	if token[len(token)-1] == '0' {
		last = '1'
	}
	for name, authorization := range map[string]string{
		"another secret":     "Bearer " + token[:len(token)-1] + string(last),
		"another id":         "Bearer prq_000000000000" + token[16:],
		"cut":                "Bearer " + token[:len(token)-1],
		"longer":             "Bearer " + token + "0",
		"upper case":         "Bearer " + strings.Replace(strings.ToUpper(token), "PRQ", "prq", 1),
		"only the beginning": "Bearer prq_",
		"somebody else's":    basic("bob", token),
		"nobody's":           basic("eve", token),
	} {
		if actor, err := s.auth.Authenticate(request(authorization)); !catalog.Is(err, catalog.Unauthorized) || !actor.Anonymous() {
			t.Errorf("%s: %+v, %v", name, actor, err)
		}
	}
	if _, err := s.auth.Authenticate(request("Bearer " + token)); err != nil {
		t.Errorf("the right one: %v", err)
	}
	c.advance(time.Hour)
	if _, err := s.auth.Authenticate(request("Bearer " + token)); !catalog.Is(err, catalog.Unauthorized) {
		t.Errorf("expired: %v", err)
	}
	if _, _, err := s.auth.SignIn(request(""), "ann", token); !catalog.Is(err, catalog.Unauthorized) {
		t.Errorf("a session by a credential: %v", err)
	}
}

// TestFailingCredentialHoldsUpNobody: one client that does not give up is told to
// wait; others at its address are let in, also by password.
func TestFailingCredentialHoldsUpNobody(t *testing.T) {
	s, _ := withAnn(t)
	_, token, err := s.auth.CreateCredential(t.Context(), CredentialRequest{Account: "ann"})
	s.must(err)
	wrong := "Bearer " + token[:len(token)-4] + "0000"
	for range 10 * addressRate.burst {
		_, err = s.auth.Authenticate(request(wrong))
	}
	if !catalog.Is(err, catalog.Busy) || RetryAfter(err) == 0 {
		t.Errorf("many failures: %v", err)
	}
	for name, authorization := range map[string]string{"credential": "Bearer " + token, "password": basic("ann", annsPassword)} {
		if _, err := s.auth.Authenticate(request(authorization)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCredentialRequests(t *testing.T) {
	s, c := withAnn(t)
	now := c.now()
	for name, r := range map[string]CredentialRequest{
		"temporary for ever":  {Account: "ann", Temporary: true},
		"temporary too long":  {Account: "ann", Temporary: true, ExpiresAt: now.Add(25 * time.Hour)},
		"expired":             {Account: "ann", ExpiresAt: now},
		"a far year":          {Account: "ann", ExpiresAt: now.AddDate(200, 0, 0)},
		"unknown verb":        {Account: "ann", Verbs: []string{"pull", "own"}},
		"no namespace's name": {Account: "ann", Namespaces: []string{"../team"}},
		"upper case":          {Account: "ann", Namespaces: []string{"Team"}},
		"control characters":  {Account: "ann", Name: "a\nb"},
		"too long a name":     {Account: "ann", Name: strings.Repeat("a", 129)},
		"too many namespaces": {Account: "ann", Namespaces: make([]string, 101)},
	} {
		if _, _, err := s.auth.CreateCredential(t.Context(), r); !catalog.Is(err, catalog.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := s.auth.CreateCredential(t.Context(), CredentialRequest{Account: "eve"}); !catalog.Is(err, catalog.NotFound) {
		t.Errorf("nobody's: %v", err)
	}
	for _, name := range []string{"", "control-socket", "a b", "-a", "a/b", strings.Repeat("a", 129), "a\x00"} {
		if _, _, err := s.auth.CreateAccount(t.Context(), name, "", true, ""); !catalog.Is(err, catalog.Invalid) {
			t.Errorf("account %q: %v", name, err)
		}
	}
}
