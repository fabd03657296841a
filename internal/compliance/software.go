package compliance

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/pratique/pratique/internal/report"
	"github.com/pratique/pratique/internal/rulefile"
)

// Compare puts two versions of a package in the order of its kind: negative if
// a is lower than b. An error says that they have no order.
type Compare func(p report.Package, a, b string) (int, error)

// softwareRule is a rule about software.
type softwareRule struct {
	Rule
	packages    []namePattern
	versions    []constraint
	executables []string
}

// software is the rules about software, found by names.
type software struct {
	rules []*softwareRule
	// exact has the rules by scope and name, patterns those with wildcards.
	exact    map[scopedName][]*softwareRule
	patterns []ruleGlob
	// programs has the rules by the last element of an executable's path.
	programs map[string][]program
}

type scopedName struct{ scope, name string }

type ruleGlob struct {
	namePattern
	rule *softwareRule
}

type program struct {
	path string
	rule *softwareRule
}

func newSoftware(rules []*softwareRule) *software {
	s := &software{rules: rules, exact: make(map[scopedName][]*softwareRule), programs: make(map[string][]program)}
	for _, r := range rules {
		for _, p := range r.packages {
			if key := (scopedName{p.scope, p.name}); p.exact() {
				s.exact[key] = append(s.exact[key], r)
			} else {
				s.patterns = append(s.patterns, ruleGlob{p, r})
			}
		}
		for _, e := range r.executables {
			s.programs[path.Base(e)] = append(s.programs[path.Base(e)], program{e, r})
		}
	}
	return s
}

// Forbidden returns the rules that forbid a package in its version, by id.
func (p *Policy) Forbidden(pkg report.Package, compare Compare) []Rule {
	name := strings.ToLower(pkg.Name)
	var found []*softwareRule
	for _, scope := range scopesOf(pkg) {
		found = append(found, p.software.exact[scopedName{scope, name}]...)
	}
	for _, g := range p.software.patterns {
		if g.matches(pkg, name) {
			found = append(found, g.rule)
		}
	}
	found = slices.DeleteFunc(found, func(r *softwareRule) bool { return !within(r.versions, pkg, compare) })
	return sortedRules(found)
}

// ForbiddenProgram returns the rules that forbid a program that no package
// brings, by id. Files that are named like programs but lie among data are none.
func (p *Policy) ForbiddenProgram(file string) []Rule {
	candidates := p.software.programs[path.Base(file)]
	if len(candidates) == 0 || amongData(file) {
		return nil
	}
	var found []*softwareRule
	for _, c := range candidates {
		if strings.HasSuffix("/"+file, "/"+c.path) {
			found = append(found, c.rule)
		}
	}
	return sortedRules(found)
}

// amongData reports whether a path lies where nobody starts programs from: among
// data, or among the parts of other programs, such as apt's method "rsh".
func amongData(file string) bool {
	for _, parts := range []string{"usr/lib/", "usr/lib64/", "usr/libexec/", "lib/", "lib64/"} {
		if strings.HasPrefix(file, parts) {
			return true
		}
	}
	for dir := range strings.SplitSeq(path.Dir(file), "/") {
		switch dir {
		case "share", "node_modules", "site-packages", "dist-packages", "doc", "docs", "completions", "test", "tests", "testdata":
			return true
		}
	}
	return false
}

func sortedRules(found []*softwareRule) []Rule {
	slices.SortFunc(found, func(a, b *softwareRule) int { return strings.Compare(a.ID, b.ID) })
	var rules []Rule
	for _, r := range slices.Compact(found) {
		rules = append(rules, r.Rule)
	}
	return rules
}

// Scopes of a name beside the types of packages.
const (
	anyScope          = "*"
	distributionScope = ""
)

// packageTypes are the purl types of packages that images have.
var packageTypes = []string{"alpm", "apk", "bitnami", "cargo", "cocoapods", "composer", "conan", "conda", "cran", "deb", "gem",
	"generic", "github", "golang", "hackage", "hex", "julia", "maven", "npm", "nuget", "opam", "pub", "pypi", "rpm", "swift", "wordpress"}

func scopesOf(p report.Package) []string {
	if p.Distribution() {
		return []string{anyScope, p.Type, distributionScope}
	}
	return []string{anyScope, p.Type}
}

// namePattern says which packages are meant. Names are in lower case.
type namePattern struct {
	scope string
	name  string
	// prefix is what the name begins with before its first wildcard.
	prefix string
}

// parsePackages reads NAME, TYPE:NAME and *:NAME.
func parsePackages(texts []string) ([]namePattern, error) {
	if len(texts) > maxList {
		return nil, fmt.Errorf("more than %d packages", maxList)
	}
	var out []namePattern
	for _, text := range texts {
		p := namePattern{scope: distributionScope, name: strings.ToLower(text)}
		if scope, name, ok := strings.Cut(text, ":"); ok {
			if scope != anyScope && !slices.Contains(packageTypes, scope) {
				return nil, fmt.Errorf("packages: %q is no type of packages: use one of %s, or * for any", rulefile.Clip(scope), strings.Join(packageTypes, ", "))
			}
			p.scope, p.name = scope, strings.ToLower(name)
		}
		if err := checkGlob(p.name); err != nil {
			return nil, fmt.Errorf("packages: %q: %w", rulefile.Clip(text), err)
		}
		p.prefix = literal(p.name)
		out = append(out, p)
	}
	return out, nil
}

func checkGlob(pattern string) error {
	if _, err := path.Match(pattern, "x"); err != nil || pattern == "" || len(pattern) > maxText {
		return errors.New("it is no pattern of a name")
	}
	return nil
}

// literal is what a pattern begins with before its first wildcard.
func literal(pattern string) string {
	if i := strings.IndexAny(pattern, `*?[\`); i >= 0 {
		return pattern[:i]
	}
	return pattern
}

func (p namePattern) exact() bool { return p.prefix == p.name }

// matches reports whether a package, whose name is given in lower case, is meant.
func (p namePattern) matches(pkg report.Package, name string) bool {
	switch p.scope {
	case anyScope:
	case distributionScope:
		if !pkg.Distribution() {
			return false
		}
	default:
		if pkg.Type != p.scope {
			return false
		}
	}
	if !strings.HasPrefix(name, p.prefix) {
		return false
	}
	return p.exact() && name == p.name || glob(p.name, name)
}

// glob matches a name that may hold slashes, which path.Match keeps apart.
func glob(pattern, name string) bool {
	if strings.Contains(name, "/") {
		pattern, name = strings.ReplaceAll(pattern, "/", "\x00"), strings.ReplaceAll(name, "/", "\x00")
	}
	ok, _ := path.Match(pattern, name)
	return ok
}

// constraint is one condition on a version.
type constraint struct{ operator, version string }

// operators, the longer before those that they begin with.
var operators = []string{"<=", ">=", "!=", "<", ">", "="}

// parseConstraints reads ">=1.0, <2.0".
func parseConstraints(text string) ([]constraint, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	if len(text) > maxText {
		return nil, fmt.Errorf("versions: %d bytes are more than %d", len(text), maxText)
	}
	var out []constraint
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		at := slices.IndexFunc(operators, func(o string) bool { return strings.HasPrefix(part, o) })
		if at < 0 {
			return nil, fmt.Errorf("versions: %q: put one of %s before a version", rulefile.Clip(part), strings.Join(operators, " "))
		}
		version := strings.TrimSpace(part[len(operators[at]):])
		if version == "" || strings.ContainsAny(version, " <>=!") {
			return nil, fmt.Errorf("versions: %q: %q is no version", rulefile.Clip(part), rulefile.Clip(version))
		}
		out = append(out, constraint{operators[at], version})
	}
	return out, nil
}

// within reports whether a package's version meets all constraints. What has no
// place in the order does: better one finding too many than none.
func within(all []constraint, p report.Package, compare Compare) bool {
	for _, c := range all {
		if p.Version == "" || compare == nil {
			continue
		}
		order, err := compare(p, p.Version, c.version)
		if err == nil && !c.holds(order) {
			return false
		}
	}
	return true
}

func (c constraint) holds(order int) bool {
	switch c.operator {
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	case ">=":
		return order >= 0
	case "!=":
		return order != 0
	}
	return order == 0
}
