package access

import (
	"slices"
	"strings"

	"github.com/pratique/pratique/internal/catalog"
)

// Bounds on the scopes of a token request.
const (
	maxScopes      = 32
	maxScopeLength = 512
)

// catalogScope is what clients ask for to List.
const catalogScope = "registry:catalog:*"

// resource is one scope a client asks a token for. Without names it is the
// instance.
type resource struct {
	namespace, repository string
	verbs                 []Verb
}

// parseScopes reads scopes of the Docker token protocol:
// "repository:NAME:ACTIONS" or catalogScope, several in one value with spaces
// between them.
// Resources of other types, names that no repository can have and actions
// nobody knows are left out: a token for the rest is still of use. Scopes of the
// same repository are joined. Too many or too long ones are an error.
func parseScopes(values []string) ([]resource, error) {
	var found []resource
	total := 0
	for _, value := range values {
		for scope := range strings.FieldsSeq(value) {
			if total++; total > maxScopes || len(scope) > maxScopeLength {
				return nil, catalog.Errorf(catalog.Invalid, "scope_invalid", "the token request has too many scopes, or one that is too long").
					Advise("ask for at most %d repositories at a time", maxScopes)
			}
			if r, ok := parseScope(scope); ok {
				found = join(found, r)
			}
		}
	}
	return found, nil
}

func parseScope(scope string) (resource, bool) {
	if scope == catalogScope {
		return resource{verbs: []Verb{List}}, true
	}
	kind, rest, _ := strings.Cut(scope, ":")
	// A class in parentheses, as in "repository(plugin)", changes nothing.
	kind, _, _ = strings.Cut(kind, "(")
	end := strings.LastIndexByte(rest, ':')
	if kind != "repository" || end < 0 {
		return resource{}, false
	}
	namespace, repository, err := catalog.SplitName(rest[:end])
	if err != nil {
		return resource{}, false
	}
	r := resource{namespace: namespace, repository: repository}
	for action := range strings.SplitSeq(rest[end+1:], ",") {
		switch action {
		case "pull", "push", "delete":
			r.add(Verb(action))
		case "*":
			r.add(Pull, Push, Delete)
		}
	}
	return r, len(r.verbs) > 0
}

// add adds verbs that are not there yet.
func (r *resource) add(verbs ...Verb) {
	for _, v := range verbs {
		if !slices.Contains(r.verbs, v) {
			r.verbs = append(r.verbs, v)
		}
	}
}

func join(list []resource, r resource) []resource {
	for i := range list {
		if list[i].namespace == r.namespace && list[i].repository == r.repository {
			list[i].add(r.verbs...)
			return list
		}
	}
	return append(list, r)
}
