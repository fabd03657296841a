package access

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/catalog"
)

func TestCan(t *testing.T) {
	admin := Actor{Name: "admin", Admin: true}
	user := Actor{Name: "user"}
	with := func(a Actor, verbs ...Verb) Actor {
		a.Grants = map[string][]Verb{"team/app": verbs}
		return a
	}
	held := func(role catalog.Role, instance, namespace string) Actor {
		return Actor{Name: "user", Roles: []catalog.HeldRole{{Realm: catalog.Realm{InstanceID: instance, Namespace: namespace}, Role: role}}}
	}
	limited := func(a Actor, namespace string, verbs ...Verb) Actor {
		a.Limit = &Limit{Verbs: verbs}
		if namespace != "" {
			a.Limit.Namespaces = []string{namespace}
		}
		return a
	}
	app := Scope{Instance: "i", Namespace: "team", Repository: "app"}
	public := Scope{Instance: "i", Namespace: "team", Repository: "app", Public: true}
	other := Scope{Instance: "i", Namespace: "team", Repository: "other", Public: true}
	team, instance := Scope{Instance: "i", Namespace: "team"}, Scope{Instance: "i"}
	all := Verbs()
	reader := []Verb{Read, Pull, List}
	writer := []Verb{Read, Pull, Push, Scan, List}
	maintainer := []Verb{Read, Pull, Push, Scan, Delete, Handle, Manage, List}
	auditor := []Verb{Read, List, Audit}
	for _, tc := range []struct {
		name  string
		actor Actor
		scope Scope
		want  []Verb
	}{
		{"administrator", admin, app, all},
		{"administrator, instance", admin, Scope{}, all},
		{"administrator, namespace", admin, team, all},
		{"administrator without a name", Actor{Admin: true}, app, nil},
		{"anonymous", Actor{}, app, nil},
		{"anonymous, public", Actor{}, public, []Verb{Pull}},
		{"anonymous, instance", Actor{}, Scope{}, nil},
		{"anonymous, public without namespace", Actor{}, Scope{Public: true}, nil},
		{"user", user, app, []Verb{List}},
		{"user, public", user, public, reader},
		{"administrator, granted pull", with(admin, Pull), app, []Verb{Pull}},
		{"administrator, granted elsewhere", with(admin, Pull, Push), other, nil},
		{"administrator, granted, instance", with(admin, Pull, Push), Scope{}, nil},
		{"administrator, granted the catalog", Actor{Name: "admin", Admin: true, Grants: map[string][]Verb{"/": {List}}}, Scope{}, []Verb{List}},
		{"administrator, granted nothing", Actor{Name: "admin", Admin: true, Grants: map[string][]Verb{}}, app, nil},
		{"anonymous, granted pull, public", with(Actor{}, Pull), public, []Verb{Pull}},
		{"anonymous, granted pull, no longer public", with(Actor{}, Pull), app, nil},
		{"anonymous, granted too much", with(Actor{}, Pull, Push, Delete), public, []Verb{Pull}},

		{"administrator everywhere", held(catalog.Administrator, "", ""), Scope{}, all},
		{"administrator of the instance", held(catalog.Administrator, "i", ""), app, all},
		{"administrator of the instance, everywhere", held(catalog.Administrator, "i", ""), Scope{}, []Verb{List}},
		{"administrator of another instance", held(catalog.Administrator, "j", ""), app, []Verb{List}},
		{"maintainer", held(catalog.Maintainer, "i", "team"), app, maintainer},
		{"writer", held(catalog.Writer, "i", "team"), app, writer},
		{"reader", held(catalog.Reader, "i", "team"), app, reader},
		{"reader of the instance", held(catalog.Reader, "i", ""), app, reader},
		{"reader everywhere", held(catalog.Reader, "", ""), app, reader},
		{"reader of another namespace", held(catalog.Reader, "i", "other"), app, []Verb{List}},
		{"reader of that namespace of another instance", held(catalog.Reader, "j", "team"), app, []Verb{List}},
		{"maintainer, instance", held(catalog.Maintainer, "i", "team"), instance, []Verb{List}},
		{"auditor", held(catalog.Auditor, "i", ""), app, auditor},
		{"auditor, instance", held(catalog.Auditor, "i", ""), instance, auditor},
		{"auditor, public", held(catalog.Auditor, "i", ""), public, []Verb{Read, Pull, List, Audit}},
		{"an unknown role", held("root", "i", "team"), app, []Verb{List}},
		{"a role nowhere", held(catalog.Maintainer, "", "team"), app, []Verb{List}},

		{"credential for pulling", limited(admin, "", Pull), app, []Verb{Pull}},
		{"credential for a namespace", limited(admin, "team"), app, all},
		{"credential for another namespace", limited(admin, "other"), public, nil},
		{"credential for a namespace, instance", limited(admin, "team"), instance, []Verb{List}},
		{"credential of a reader for pushing", limited(held(catalog.Reader, "i", "team"), "team", Push, Pull), app, []Verb{Pull}},
		{"credential and token", limited(with(admin, Pull, Push), "team", Push), app, []Verb{Push}},
		{"one-time password", Actor{Name: "admin", Admin: true, OneTime: true}, public, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got []Verb
			for _, v := range append(Verbs(), "", "root") {
				if Can(tc.actor, v, tc.scope) {
					got = append(got, v)
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("verbs (-want +got):\n%s", diff)
			}
		})
	}
}

// TestVisible: a list shows a namespace if and only if the actor may Read it.
func TestVisible(t *testing.T) {
	roles := []catalog.HeldRole{
		{Realm: catalog.Realm{}, Role: catalog.Reader}, {Realm: catalog.Realm{InstanceID: "i"}, Role: catalog.Auditor},
		{Realm: catalog.Realm{InstanceID: "i", Namespace: "team"}, Role: catalog.Writer},
		{Realm: catalog.Realm{InstanceID: "j", Namespace: "team"}, Role: catalog.Writer},
		{Realm: catalog.Realm{InstanceID: "i", Namespace: "other"}, Role: "root"},
	}
	limits := []*Limit{nil, {}, {Namespaces: []string{"team"}}, {Namespaces: []string{"other", "open"}}, {Verbs: []Verb{Read}}, {Verbs: []Verb{Push}}, {Namespaces: []string{"team"}, Verbs: []Verb{Read, Scan}}}
	for subset := range 1 << len(roles) {
		for _, limit := range limits {
			for _, actor := range []Actor{{Name: "user"}, {Name: "admin", Admin: true}, {}, {Name: "user", OneTime: true}} {
				actor.Limit = limit
				for i, r := range roles {
					if subset>>i&1 == 1 {
						actor.Roles = append(actor.Roles, r)
					}
				}
				see := Visible(actor, "i")
				for name, public := range map[string]bool{"team": false, "other": false, "open": true} {
					want := Can(actor, Read, Scope{Instance: "i", Namespace: name, Public: public})
					if got := see.Sees(name, public); got != want {
						t.Errorf("%+v with %+v sees %s: %t, may read it: %t", actor, limit, name, got, want)
					}
				}
			}
		}
	}
}

func TestActorOf(t *testing.T) {
	if a, ok := ActorOf(context.Background()); ok || !a.Anonymous() {
		t.Errorf("an empty context holds %+v", a)
	}
	want := Actor{Name: "local", Admin: true}
	if got, ok := ActorOf(WithActor(context.Background(), want)); !ok || !cmp.Equal(got, want) {
		t.Errorf("got %+v, %t", got, ok)
	}
}
