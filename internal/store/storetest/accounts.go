package storetest

import (
	"fmt"
	"strings"
	"time"

	"github.com/pratique/pratique/internal/catalog"
)

func (f *fixture) account(name string, roles ...catalog.HeldRole) catalog.Account {
	f.Helper()
	a, err := f.s.CreateAccount(f.Context(), catalog.Account{Name: name, PasswordHash: "h", Roles: roles}, "test")
	f.ok(err)
	return a
}

func everywhere(role catalog.Role) catalog.HeldRole { return catalog.HeldRole{Role: role} }

func testAccounts(f *fixture) {
	ctx := f.Context()
	made := f.account("admin", everywhere(catalog.Administrator))
	_, err := f.s.CreateAccount(ctx, catalog.Account{Name: "admin"}, "")
	f.code(err, catalog.Conflict, "account_exists")
	f.ok(f.s.UpdateAccount(ctx, "admin", catalog.AccountChange{PasswordHash: ptr("h2"), OneTime: ptr(true)}))
	f.code(f.s.UpdateAccount(ctx, "nobody", catalog.AccountChange{PasswordHash: ptr("h")}), catalog.NotFound, "account_not_found")
	got, err := f.s.Account(ctx, "admin")
	f.ok(err)
	made.PasswordHash, made.OneTime = "h2", true
	equal(f, "account", got, made)
	equal(f, "roles", got.Roles, []catalog.HeldRole{everywhere(catalog.Administrator)})
	_, err = f.s.Account(ctx, "nobody")
	f.code(err, catalog.NotFound, "account_not_found")

	zoe, err := f.s.CreateAccount(ctx, catalog.Account{Name: "Zoe", Issuer: "https://idp", Subject: "1"}, "")
	f.ok(err)
	_, err = f.s.CreateAccount(ctx, catalog.Account{Name: "Zoe2", Issuer: "https://idp", Subject: "1"}, "")
	f.code(err, catalog.Conflict, "account_exists")
	got, err = f.s.AccountOf(ctx, "https://idp", "1")
	f.ok(err)
	equal(f, "account at the provider", got, zoe)
	for _, who := range [][2]string{{"https://idp", "2"}, {"https://other", "1"}, {"", ""}} {
		_, err = f.s.AccountOf(ctx, who[0], who[1])
		f.code(err, catalog.NotFound, "account_not_found")
	}
	list, err := f.s.Accounts(ctx, catalog.Page{Limit: 10})
	f.ok(err)
	if len(list) != 2 || list[0].Name != "Zoe" || len(list[1].Roles) != 1 {
		f.Errorf("accounts: %+v", list)
	}
	f.ok(f.s.DeleteAccount(ctx, "Zoe"))
	f.code(f.s.DeleteAccount(ctx, "Zoe"), catalog.NotFound, "account_not_found")
}

// held writes the roles of an account as "realm role (group)".
func (f *fixture) held(name string) string {
	f.Helper()
	a, err := f.s.Account(f.Context(), name)
	f.ok(err)
	var out []string
	for _, r := range a.Roles {
		realm := "everywhere"
		if r.InstanceID == f.inst {
			realm = "instance"
		}
		if r.Namespace != "" {
			realm = r.Namespace
		}
		text := realm + " " + string(r.Role)
		if r.Group != "" {
			text += " by " + r.Group
		}
		out = append(out, text)
	}
	return strings.Join(out, ", ")
}

func testRoles(f *fixture) {
	ctx := f.Context()
	f.namespace("team", catalog.NamespaceChange{})
	f.account("ann")
	f.account("bob")
	f.ok(f.s.CreateGroup(ctx, "devs"))
	f.code(f.s.CreateGroup(ctx, "devs"), catalog.Conflict, "group_exists")
	f.ok(f.s.SetMember(ctx, "devs", "bob", true))
	f.ok(f.s.SetMember(ctx, "devs", "bob", true))
	f.code(f.s.SetMember(ctx, "devs", "eve", true), catalog.NotFound, "account_not_found")
	f.code(f.s.SetMember(ctx, "ops", "bob", true), catalog.NotFound, "group_not_found")

	team := catalog.Realm{InstanceID: f.inst, Namespace: "team"}
	instance := catalog.Realm{InstanceID: f.inst}
	f.ok(f.s.GrantRole(ctx, catalog.RoleGrant{Realm: team, Role: catalog.Reader, Account: "ann", GrantedBy: "x"}))
	f.ok(f.s.GrantRole(ctx, catalog.RoleGrant{Realm: team, Role: catalog.Writer, Account: "ann", GrantedBy: "x"}))
	f.ok(f.s.GrantRole(ctx, catalog.RoleGrant{Realm: instance, Role: catalog.Auditor, Account: "ann"}))
	f.ok(f.s.GrantRole(ctx, catalog.RoleGrant{Realm: team, Role: catalog.Maintainer, Group: "devs"}))
	f.ok(f.s.GrantRole(ctx, catalog.RoleGrant{Role: catalog.Reader, Account: "bob"}))
	equal(f, "ann", f.held("ann"), "instance auditor, team writer")
	equal(f, "bob", f.held("bob"), "everywhere reader, team maintainer by devs")
	for _, g := range []catalog.RoleGrant{
		{Realm: team, Role: catalog.Reader, Account: "eve"},
		{Realm: team, Role: catalog.Reader, Group: "ops"},
		{Realm: catalog.Realm{InstanceID: f.inst, Namespace: "none"}, Role: catalog.Reader, Account: "ann"},
	} {
		if err := f.s.GrantRole(ctx, g); !catalog.Is(err, catalog.NotFound) {
			f.Errorf("%+v: %v", g, err)
		}
	}
	grants, err := f.s.RoleGrants(ctx, team)
	f.ok(err)
	equal(f, "grants", grants, []catalog.RoleGrant{
		{Realm: team, Role: catalog.Maintainer, Group: "devs", GrantedAt: f.clock()},
		{Realm: team, Role: catalog.Writer, Account: "ann", GrantedAt: f.clock(), GrantedBy: "x"},
	})
	f.ok(f.s.RevokeRole(ctx, catalog.RoleGrant{Realm: instance, Account: "ann"}))
	f.code(f.s.RevokeRole(ctx, catalog.RoleGrant{Realm: instance, Account: "ann"}), catalog.NotFound, "role_not_held")
	equal(f, "ann afterwards", f.held("ann"), "team writer")

	// What a provider says replaces what it said before, and nothing else.
	f.ok(f.s.CreateGroup(ctx, "ops"))
	f.ok(f.s.SetExternalGroups(ctx, "bob", []string{"ops", "unknown"}))
	f.ok(f.s.SetExternalGroups(ctx, "ann", []string{"devs"}))
	f.ok(f.s.SetExternalGroups(ctx, "bob", []string{}))
	groups, err := f.s.Groups(ctx)
	f.ok(err)
	if len(groups) != 2 || strings.Join(groups[0].Members, " ") != "ann bob" || len(groups[1].Members) != 0 {
		f.Errorf("groups: %+v", groups)
	}

	// A namespace that is made anew begins without roles.
	f.ok(f.s.DeleteNamespace(ctx, f.inst, "team"))
	f.namespace("team", catalog.NamespaceChange{})
	equal(f, "ann in the new namespace", f.held("ann"), "")
	f.ok(f.s.DeleteGroup(ctx, "devs"))
	f.code(f.s.DeleteGroup(ctx, "devs"), catalog.NotFound, "group_not_found")
	equal(f, "bob in the end", f.held("bob"), "everywhere reader")
}

func testLastAdministrator(f *fixture) {
	ctx := f.Context()
	f.account("ann", everywhere(catalog.Administrator))
	f.account("bob")
	last := func(err error) {
		f.Helper()
		f.code(err, catalog.Conflict, "last_administrator")
	}
	last(f.s.DeleteAccount(ctx, "ann"))
	last(f.s.UpdateAccount(ctx, "ann", catalog.AccountChange{Disabled: ptr(true)}))
	last(f.s.RevokeRole(ctx, catalog.RoleGrant{Account: "ann"}))
	last(f.s.GrantRole(ctx, catalog.RoleGrant{Role: catalog.Reader, Account: "ann"}))
	f.ok(f.s.CreateGroup(ctx, "admins"))
	f.ok(f.s.GrantRole(ctx, catalog.RoleGrant{Role: catalog.Administrator, Group: "admins"}))
	last(f.s.DeleteAccount(ctx, "ann"))
	f.ok(f.s.SetMember(ctx, "admins", "bob", true))
	f.ok(f.s.DeleteAccount(ctx, "ann"))
	last(f.s.SetMember(ctx, "admins", "bob", false))
	last(f.s.DeleteGroup(ctx, "admins"))
}

func testCredentials(f *fixture) {
	ctx := f.Context()
	f.account("ann")
	c := catalog.Credential{ID: "c1", Account: "ann", Name: "ci", Hash: []byte{1, 2}, Namespaces: []string{"a", "b"}, Verbs: []string{"pull"}}
	made, err := f.s.CreateCredential(ctx, c)
	f.ok(err)
	got, err := f.s.Credential(ctx, "c1")
	f.ok(err)
	equal(f, "credential", got, made)
	_, err = f.s.CreateCredential(ctx, catalog.Credential{ID: "c2", Account: "eve"})
	f.code(err, catalog.NotFound, "account_not_found")
	_, err = f.s.Credential(ctx, "c2")
	f.code(err, catalog.NotFound, "credential_not_found")
	f.ok(f.s.SetCredential(ctx, "c1", true))
	used := f.clock().Add(time.Minute)
	f.ok(f.s.RecordUse(ctx, map[string]time.Time{"c1": used, "gone": used}, nil))
	f.ok(f.s.RecordUse(ctx, map[string]time.Time{"c1": f.clock()}, nil))
	got, err = f.s.Credential(ctx, "c1")
	f.ok(err)
	made.Disabled, made.UsedAt = true, used
	equal(f, "after use", got, made)

	for i := range catalog.MaxCredentials - 1 {
		_, err := f.s.CreateCredential(ctx, catalog.Credential{ID: fmt.Sprintf("d%02d", i), Account: "ann", Hash: []byte{1}, ExpiresAt: f.clock().Add(time.Hour)})
		f.ok(err)
	}
	_, err = f.s.CreateCredential(ctx, catalog.Credential{ID: "e", Account: "ann", Hash: []byte{1}})
	f.code(err, catalog.Conflict, "too_many_credentials")
	f.advance(time.Hour) // the old ones make room
	_, err = f.s.CreateCredential(ctx, catalog.Credential{ID: "e", Account: "ann", Hash: []byte{1}})
	f.ok(err)
	for account, want := range map[string]int{"ann": 2, "": 2, "eve": 0} {
		list, err := f.s.Credentials(ctx, account, catalog.Page{Limit: 500})
		f.ok(err)
		equal(f, "credentials of "+account, len(list), want)
	}
	f.ok(f.s.DeleteCredential(ctx, "e"))
	f.code(f.s.DeleteCredential(ctx, "e"), catalog.NotFound, "credential_not_found")
	f.code(f.s.SetCredential(ctx, "e", true), catalog.NotFound, "credential_not_found")
}

func testSessions(f *fixture) {
	ctx := f.Context()
	f.account("ann")
	f.account("bob")
	begin := func(id, account string) catalog.Session {
		s := catalog.Session{Hash: []byte(id), Account: account, Address: "10.0.0.1", Agent: "a\x00b", Method: "password", ExpiresAt: f.clock().Add(24 * time.Hour)}
		f.ok(f.s.CreateSession(ctx, s))
		s.Agent, s.CreatedAt, s.SeenAt = "a\uFFFDb", f.clock(), f.clock()
		return s
	}
	s1 := begin("s1", "ann")
	begin("s2", "ann")
	begin("s3", "bob")
	f.code(f.s.CreateSession(ctx, catalog.Session{Hash: []byte("s4"), Account: "eve"}), catalog.NotFound, "account_not_found")
	got, err := f.s.Session(ctx, []byte("s1"))
	f.ok(err)
	equal(f, "session", got, s1)
	f.ok(f.s.DeleteSession(ctx, "bob", []byte("s1"))) // not his
	f.ok(f.s.DeleteSession(ctx, "ann", []byte("s1")))
	_, err = f.s.Session(ctx, []byte("s1"))
	f.code(err, catalog.NotFound, "session_not_found")
	f.ok(f.s.RecordUse(ctx, nil, map[string]time.Time{"s2": f.clock().Add(time.Hour)}))
	f.ok(f.s.PruneSessions(ctx, f.clock().Add(time.Minute)))
	list, err := f.s.Sessions(ctx, "bob")
	f.ok(err)
	equal(f, "idle sessions", len(list), 0)
	if list, err = f.s.Sessions(ctx, "ann"); err != nil || len(list) != 1 {
		f.Errorf("sessions: %v, %v", list, err)
	}
	f.ok(f.s.UpdateAccount(ctx, "ann", catalog.AccountChange{Disabled: ptr(true)}))
	if list, err = f.s.Sessions(ctx, "ann"); err != nil || len(list) != 0 {
		f.Errorf("sessions of a disabled account: %v, %v", list, err)
	}
	begin("s5", "bob")
	f.ok(f.s.DeleteSessions(ctx, "bob"))
	begin("s6", "bob")
	f.ok(f.s.DeleteAccount(ctx, "bob"))
	_, err = f.s.Session(ctx, []byte("s6"))
	f.code(err, catalog.NotFound, "session_not_found")
}

func testAudit(f *fixture) {
	ctx := f.Context()
	at := f.clock()
	var entries []catalog.AuditEntry
	for i, e := range []catalog.AuditEntry{
		{Actor: "ann", Action: "login", Result: catalog.AuditDone},
		{Actor: "ann", Action: "setGate", Target: "feature", Result: catalog.AuditDenied, Detail: "denied", Address: "10.0.0.1"},
		{Actor: "bob", Action: "registry.push", Namespace: "team", Target: "team/app:1", Result: catalog.AuditDone, Count: 3},
	} {
		e.InstanceID, e.At, e.Count = f.inst, at.Add(time.Duration(i)*time.Minute), max(e.Count, 1)
		entries = append(entries, e)
	}
	entries[0].InstanceID = ""
	f.ok(f.s.RecordAudit(ctx, nil))
	f.ok(f.s.RecordAudit(ctx, entries))
	f.ok(f.s.RecordAudit(ctx, []catalog.AuditEntry{{InstanceID: "another", At: at, Target: "\x00\xff" + strings.Repeat("x", 5000)}}))
	// What has an id is counted further; nothing is added.
	entries[1].Count = 7
	f.ok(f.s.RecordAudit(ctx, entries[1:2]))
	read := func(filter catalog.AuditFilter, before int64, limit int) []catalog.AuditEntry {
		f.Helper()
		list, err := f.s.Audit(ctx, f.inst, filter, before, limit)
		f.ok(err)
		return list
	}
	list := read(catalog.AuditFilter{}, 0, 10)
	if len(list) != 3 {
		f.Fatalf("%d entries", len(list))
	}
	for i := range list {
		equal(f, "entry", list[i], entries[2-i])
	}
	for _, c := range []struct {
		filter catalog.AuditFilter
		want   int
	}{
		{catalog.AuditFilter{Actor: "ann"}, 2}, {catalog.AuditFilter{Action: "login"}, 1}, {catalog.AuditFilter{Namespace: "team"}, 1},
		{catalog.AuditFilter{Result: catalog.AuditDenied}, 1}, {catalog.AuditFilter{Address: "10.0.0.1"}, 1},
		{catalog.AuditFilter{Since: at.Add(time.Minute)}, 2}, {catalog.AuditFilter{Until: at.Add(time.Minute)}, 1},
		{catalog.AuditFilter{Actor: "ann", Result: catalog.AuditDone}, 1},
	} {
		equal(f, fmt.Sprintf("entries for %+v", c.filter), len(read(c.filter, 0, 10)), c.want)
	}
	page := read(catalog.AuditFilter{}, 0, 2)
	equal(f, "the next page", len(read(catalog.AuditFilter{}, page[1].ID, 2)), 1)
	// What is written late stands where it happened, and is met once, page by page.
	for range 2 {
		f.ok(f.s.RecordAudit(ctx, []catalog.AuditEntry{{InstanceID: f.inst, At: at.Add(30 * time.Second), Action: "late", Count: 1}}))
	}
	var actions []string
	for before := int64(0); ; {
		page := read(catalog.AuditFilter{}, before, 1)
		if len(page) == 0 {
			break
		}
		actions, before = append(actions, page[0].Action), page[0].ID
	}
	equal(f, "the order", strings.Join(actions, " "), "registry.push setGate late late login")
	removed, err := f.s.PruneAudit(ctx, at.Add(time.Minute))
	f.ok(err)
	equal(f, "removed", removed, 4)
	equal(f, "what comes after one that is gone", len(read(catalog.AuditFilter{}, page[1].ID+100, 1)), 0)
}

func testVisibleNamespaces(f *fixture) {
	ctx := f.Context()
	for _, name := range []string{"a", "b", "c"} {
		f.namespace(name, catalog.NamespaceChange{Public: ptr(name == "c")})
		f.push(f.image(f.key(name, "app"), "1", "l1"))
	}
	for _, c := range []struct {
		see  catalog.Visibility
		want string
	}{
		{catalog.Visibility{}, ""},
		{catalog.Visibility{All: true}, "a b c"},
		{catalog.Visibility{Public: true}, "c"},
		{catalog.Visibility{Names: []string{"a", "x"}}, "a"},
		{catalog.Visibility{Names: []string{"a"}, Public: true}, "a c"},
		{catalog.Visibility{All: true, Among: []string{"b", "c"}}, "b c"},
		{catalog.Visibility{Names: []string{"a"}, Public: true, Among: []string{"b", "c"}}, "c"},
	} {
		list, err := f.s.Namespaces(ctx, f.inst, c.see, catalog.Page{Limit: 10})
		f.ok(err)
		repositories, err := f.s.RepositoryNames(ctx, f.inst, c.see, catalog.Page{Limit: 10})
		f.ok(err)
		events, err := f.s.Events(ctx, f.inst, catalog.EventFilter{See: &c.see}, 0, 100)
		f.ok(err)
		var names, seen []string
		for _, ns := range list {
			names = append(names, ns.Name)
			if !c.see.Sees(ns.Name, ns.Public) {
				f.Errorf("%+v does not see %s", c.see, ns.Name)
			}
		}
		for _, e := range events {
			if !strings.Contains(c.want, e.Namespace) {
				f.Errorf("%+v sees an event of %s", c.see, e.Namespace)
			}
		}
		for _, path := range repositories {
			seen = append(seen, strings.TrimSuffix(path, "/app"))
		}
		equal(f, fmt.Sprintf("namespaces for %+v", c.see), strings.Join(names, " "), c.want)
		equal(f, fmt.Sprintf("repositories for %+v", c.see), strings.Join(seen, " "), c.want)
	}
}
