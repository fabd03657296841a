package access

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCan(t *testing.T) {
	admin := Actor{Name: "admin", Admin: true}
	user := Actor{Name: "user"}
	with := func(a Actor, verbs ...Verb) Actor {
		a.Grants = map[string][]Verb{"team/app": verbs}
		return a
	}
	app := Scope{Namespace: "team", Repository: "app"}
	public := Scope{Namespace: "team", Repository: "app", Public: true}
	other := Scope{Namespace: "team", Repository: "other", Public: true}
	for _, tc := range []struct {
		name  string
		actor Actor
		scope Scope
		want  []Verb
	}{
		{"administrator", admin, app, []Verb{Pull, Push, Delete, List, Administer}},
		{"administrator, instance", admin, Scope{}, []Verb{Pull, Push, Delete, List, Administer}},
		{"administrator, namespace", admin, Scope{Namespace: "team"}, []Verb{Pull, Push, Delete, List, Administer}},
		{"administrator without a name", Actor{Admin: true}, app, nil},
		{"anonymous", Actor{}, app, nil},
		{"anonymous, public", Actor{}, public, []Verb{Pull}},
		{"anonymous, instance", Actor{}, Scope{}, nil},
		{"anonymous, public without namespace", Actor{}, Scope{Public: true}, nil},
		{"user", user, app, nil},
		{"user, public", user, public, []Verb{Pull}},
		{"administrator, granted pull", with(admin, Pull), app, []Verb{Pull}},
		{"administrator, granted elsewhere", with(admin, Pull, Push), other, nil},
		{"administrator, granted, instance", with(admin, Pull, Push), Scope{}, nil},
		{"administrator, granted the catalog", Actor{Name: "admin", Admin: true, Grants: map[string][]Verb{"/": {List}}}, Scope{}, []Verb{List}},
		{"administrator, granted nothing", Actor{Name: "admin", Admin: true, Grants: map[string][]Verb{}}, app, nil},
		{"anonymous, granted pull, public", with(Actor{}, Pull), public, []Verb{Pull}},
		{"anonymous, granted pull, no longer public", with(Actor{}, Pull), app, nil},
		{"anonymous, granted too much", with(Actor{}, Pull, Push, Delete), public, []Verb{Pull}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got []Verb
			for _, v := range []Verb{Pull, Push, Delete, List, Administer, "", "root"} {
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

func TestActorOf(t *testing.T) {
	if a, ok := ActorOf(context.Background()); ok || !a.Anonymous() {
		t.Errorf("an empty context holds %+v", a)
	}
	want := Actor{Name: "local", Admin: true}
	if got, ok := ActorOf(WithActor(context.Background(), want)); !ok || !cmp.Equal(got, want) {
		t.Errorf("got %+v, %t", got, ok)
	}
}
