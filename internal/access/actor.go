package access

import (
	"context"
	"slices"

	"github.com/pratique/pratique/internal/catalog"
)

// Verb is what somebody wants to do.
type Verb string

const (
	// Read is to see what is known about content: names, reports, verdicts,
	// events, settings.
	Read Verb = "read"
	// Pull is to get the content itself.
	Pull Verb = "pull"
	Push Verb = "push"
	// Scan is to begin and to stop scans.
	Scan   Verb = "scan"
	Delete Verb = "delete"
	// Handle is to decide about findings: to ignore or whitelist them.
	Handle Verb = "handle"
	// Manage is to change settings, rules and members of a namespace.
	Manage Verb = "manage"
	// List is to read the names of those repositories of an instance that may be
	// seen. Whoever is logged in may.
	List Verb = "list"
	// Audit is to read what concerns an instance as a whole: its audit log,
	// accounts, roles, schedules and statistics.
	Audit Verb = "audit"
	// Administer covers everything else: namespaces, accounts, gates, schedules.
	Administer Verb = "administer"
)

// Verbs lists all verbs.
func Verbs() []Verb {
	return []Verb{Read, Pull, Push, Scan, Delete, Handle, Manage, List, Audit, Administer}
}

// rights says what each role may do where it holds.
var rights = map[catalog.Role][]Verb{
	catalog.Administrator: Verbs(),
	catalog.Maintainer:    {Read, Pull, Push, Scan, Delete, Handle, Manage},
	catalog.Writer:        {Read, Pull, Push, Scan},
	catalog.Reader:        {Read, Pull},
	catalog.Auditor:       {Read, Audit},
}

// Rights returns the verbs of a role, in the order of Verbs. List stands in all
// of them, as it is everybody's who is logged in.
func Rights(role catalog.Role) []Verb {
	var verbs []Verb
	for _, v := range Verbs() {
		if v == List || slices.Contains(rights[role], v) {
			verbs = append(verbs, v)
		}
	}
	return verbs
}

// Actor is who asks. The zero value is anonymous.
type Actor struct {
	Name string
	// Admin is an administrator everywhere without an account that says so. It
	// counts only together with a name.
	Admin bool
	// Roles are those of the account, also by its groups.
	Roles []catalog.HeldRole
	// Grants, when not nil, restrict the actor to what its token was issued
	// for: "namespace/repository" → verbs, and "/" for the instance. An empty
	// map grants nothing.
	Grants map[string][]Verb
	// Limit, when not nil, restricts the actor to what its credential is for.
	Limit *Limit
	// OneTime: the actor has a password that must be changed, and may do nothing
	// else.
	OneTime bool
	// Via is how the actor showed who it is, for the audit log: "password",
	// "session", "credential ID", "token", "socket".
	Via string
	// Session is the hash of the session's id, if there is one.
	Session string
}

// Anonymous reports whether the actor gave no credentials, or has a token that
// was issued to somebody who gave none.
func (a Actor) Anonymous() bool { return a.Name == "" }

// Restricted reports whether the actor has a token or credential in somebody's
// name, rather than being that somebody.
func (a Actor) Restricted() bool { return a.Grants != nil || a.Limit != nil }

// Limit narrows what a credential may be used for. What is empty does not.
type Limit struct {
	Namespaces []string
	Verbs      []Verb
}

// allows reports whether the limit lets pass what verb says in scope. A limit to
// namespaces leaves of an instance the lists, which show what may be seen.
func (l *Limit) allows(verb Verb, scope Scope) bool {
	if len(l.Verbs) > 0 && !slices.Contains(l.Verbs, verb) {
		return false
	}
	return len(l.Namespaces) == 0 || slices.Contains(l.Namespaces, scope.Namespace) || scope.Namespace == "" && verb == List
}

// Scope is the thing acted on. An empty repository means the namespace, an empty
// namespace the instance, an empty instance all of them.
type Scope struct {
	Instance   string
	Namespace  string
	Repository string // within the namespace
	Public     bool   // the namespace may be pulled from without logging in
}

// grant is the key of the scope in Actor.Grants.
func (s Scope) grant() string { return s.Namespace + "/" + s.Repository }

func (s Scope) realm() catalog.Realm {
	return catalog.Realm{InstanceID: s.Instance, Namespace: s.Namespace}
}

// Can decides whether the actor may do what verb says to what scope says: if a
// role that holds there says so. Beside that anybody may pull from a public
// namespace, whoever is logged in may read it, and List. A token and a
// credential narrow that to what they were issued for. All else is refused.
func Can(actor Actor, verb Verb, scope Scope) bool {
	if !slices.Contains(Verbs(), verb) {
		return false
	}
	if actor.Grants != nil && !slices.Contains(actor.Grants[scope.grant()], verb) {
		return false
	}
	if actor.Limit != nil && !actor.Limit.allows(verb, scope) {
		return false
	}
	public := scope.Public && scope.Namespace != ""
	switch {
	case actor.Anonymous():
		return verb == Pull && public
	case actor.OneTime:
		return false
	case actor.Admin, verb == List, public && (verb == Pull || verb == Read):
		return true
	}
	return slices.ContainsFunc(actor.Roles, func(r catalog.HeldRole) bool {
		return r.Covers(scope.realm()) && slices.Contains(rights[r.Role], verb)
	})
}

// Visible tells which namespaces of an instance the actor may Read, for lists.
// What the actor's token was issued for does not count.
func Visible(actor Actor, instance string) catalog.Visibility {
	if actor.Anonymous() || actor.OneTime {
		return catalog.Visibility{}
	}
	see := catalog.Visibility{Public: true}
	if l := actor.Limit; l != nil {
		if len(l.Verbs) > 0 && !slices.Contains(l.Verbs, Read) {
			return catalog.Visibility{}
		}
		see.Among = l.Namespaces
	}
	person := Actor{Name: actor.Name, Admin: actor.Admin, Roles: actor.Roles}
	see.All = Can(person, Read, Scope{Instance: instance})
	for _, r := range actor.Roles {
		if r.InstanceID == instance && r.Namespace != "" && slices.Contains(rights[r.Role], Read) && !slices.Contains(see.Names, r.Namespace) {
			see.Names = append(see.Names, r.Namespace)
		}
	}
	return see
}

// CanSomewhere reports whether there is anything in an instance to which the actor
// may do what verb says, public namespaces aside.
func CanSomewhere(actor Actor, verb Verb, instance string) bool {
	return Can(actor, verb, Scope{Instance: instance}) || slices.ContainsFunc(actor.Roles, func(r catalog.HeldRole) bool {
		return r.InstanceID == instance && Can(actor, verb, Scope{Instance: instance, Namespace: r.Namespace})
	})
}

type actorKey struct{}

// WithActor carries the actor of a request that was authenticated by other
// means (the local control socket), or already. Authenticate believes it.
func WithActor(ctx context.Context, a Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, a)
}

// ActorOf returns the actor put there by WithActor.
func ActorOf(ctx context.Context) (Actor, bool) {
	a, ok := ctx.Value(actorKey{}).(Actor)
	return a, ok
}
