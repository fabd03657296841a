package access

import (
	"context"
	"slices"
)

// Verb is what somebody wants to do.
type Verb string

const (
	Pull   Verb = "pull"
	Push   Verb = "push"
	Delete Verb = "delete"
	// List is to read the names of all repositories of an instance.
	List Verb = "list"
	// Administer covers everything that is not content: namespaces, policies,
	// accounts, scans. No registry token ever grants it.
	Administer Verb = "administer"
)

// Actor is who asks. The zero value is anonymous.
type Actor struct {
	Name string
	// Admin counts only together with a name.
	Admin bool
	// Grants, when not nil, restrict the actor to what its token was issued
	// for: "namespace/repository" → verbs, and "/" for the instance. An empty
	// map grants nothing.
	Grants map[string][]Verb
}

// Anonymous reports whether the actor gave no credentials, or has a token that
// was issued to somebody who gave none.
func (a Actor) Anonymous() bool { return a.Name == "" }

// Scope is the thing acted on. An empty namespace means the instance, an empty
// repository the namespace.
type Scope struct {
	Namespace  string
	Repository string // within the namespace
	Public     bool   // the namespace may be pulled from without logging in
}

// grant is the key of the scope in Actor.Grants.
func (s Scope) grant() string { return s.Namespace + "/" + s.Repository }

// Can decides whether the actor may do what verb says to what scope says. The
// administrator may do everything, anybody may pull from a public namespace,
// and a token narrows either to what it was issued for. All else is refused.
func Can(actor Actor, verb Verb, scope Scope) bool {
	switch verb {
	case Pull, Push, Delete, List, Administer:
	default:
		return false
	}
	if actor.Grants != nil && !slices.Contains(actor.Grants[scope.grant()], verb) {
		return false
	}
	if actor.Admin && !actor.Anonymous() {
		return true
	}
	return verb == Pull && scope.Public && scope.Namespace != ""
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
