package catalog

import (
	"cmp"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/pratique/pratique/internal/report"
)

// pathElements splits a path, or a pattern for paths, into its names.
func pathElements(p string) []string { return strings.Split(strings.TrimPrefix(p, "/"), "/") }

func isPathPattern(pattern string) bool {
	for _, element := range pathElements(pattern) {
		if _, err := path.Match(element, ""); err != nil {
			return false
		}
	}
	return true
}

// fitsPath reports whether a path fits a pattern, both split into names. It
// goes back to the latest "**" only, since what an earlier one could swallow
// that one can, too; so the time is bounded by the product of the lengths.
func fitsPath(pattern, name []string) bool {
	p, n := 0, 0
	star, retry := -1, 0
	for n < len(name) {
		switch {
		case p < len(pattern) && pattern[p] == "**":
			star, retry = p, n
			p++
		case p < len(pattern) && fitsName(pattern[p], name[n]):
			p++
			n++
		case star >= 0:
			retry++
			p, n = star+1, retry
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == "**" {
		p++
	}
	return p == len(pattern)
}

func fitsName(pattern, name string) bool {
	ok, err := path.Match(pattern, name)
	return ok && err == nil
}

// Subject is what exceptions look at in a finding.
type Subject struct {
	Category  report.Category
	FindingID string
	// IDs are a vulnerability's id and its aliases; none for other findings.
	IDs     []string
	Package string
	Rule    string
	// Paths are where the finding is; "" for what is in no file.
	Paths []string
}

// Exceptions are those in force at one moment, made ready to be asked about
// many findings. The zero value holds none.
type Exceptions struct {
	// by holds each exception under the most selective of its criteria.
	by map[criterion][]inForce
}

// criterion is one criterion's name and value.
type criterion struct{ name, value string }

type inForce struct {
	*Exception
	path []string
}

// InForce selects from list those that are in force at the moment now. The list
// must not be changed as long as the result is in use.
func InForce(list []Exception, now time.Time) Exceptions {
	x := Exceptions{by: make(map[criterion][]inForce)}
	for i := range list {
		e := &list[i]
		if e.State(now) != ExceptionActive {
			continue
		}
		f := inForce{Exception: e}
		if e.Criteria.Path != "" {
			f.path = pathElements(e.Criteria.Path)
		}
		key := e.Criteria.selective()
		x.by[key] = append(x.by[key], f)
	}
	return x
}

// Empty reports whether no exception is in force.
func (x Exceptions) Empty() bool { return len(x.by) == 0 }

func (c Criteria) selective() criterion {
	switch {
	case c.FindingID != "":
		return criterion{"finding", c.FindingID}
	case c.Vulnerability != "":
		return criterion{"vulnerability", c.Vulnerability}
	case c.Rule != "":
		return criterion{"rule", c.Rule}
	case c.Package != "":
		return criterion{"package", c.Package}
	}
	return criterion{}
}

// Handling is what exceptions say about one finding.
type Handling struct {
	// Whitelisted: it counts as not there, up to the moment Until; the zero time
	// means for ever.
	Whitelisted bool
	Until       time.Time
	// Ignored is the decision to ignore it; nil if there is none.
	Ignored *Exception
}

// Handle says what is to become of a finding. A whitelist wins over a decision
// to ignore, since who ignores what another has allowed does not mean to forbid
// it. Of several decisions to ignore the one with the narrowest scope is told,
// and of those the earliest.
func (x Exceptions) Handle(s Subject) Handling {
	var h Handling
	x.each(s, func(e *Exception) {
		switch {
		case e.Action == Ignore && (h.Ignored == nil || e.before(h.Ignored)):
			h.Ignored = e
		case e.Action != Whitelist:
		case !h.Whitelisted:
			h.Whitelisted, h.Until = true, e.ExpiresAt
		case e.ExpiresAt.IsZero():
			h.Until = time.Time{}
		case !h.Until.IsZero() && e.ExpiresAt.After(h.Until):
			h.Until = e.ExpiresAt
		}
	})
	return h
}

// FromDocuments returns those exceptions about a finding that documents make.
func (x Exceptions) FromDocuments(s Subject) []*Exception {
	var list []*Exception
	x.each(s, func(e *Exception) {
		if e.Document != nil {
			list = append(list, e)
		}
	})
	return list
}

// each calls f for every exception about a finding.
func (x Exceptions) each(s Subject, f func(*Exception)) {
	if x.Empty() {
		return
	}
	ask := func(key criterion) {
		for _, e := range x.by[key] {
			if e.covers(s) {
				f(e.Exception)
			}
		}
	}
	ask(criterion{"finding", s.FindingID})
	for i, id := range s.IDs {
		if id = normalizeID(id); !slices.ContainsFunc(s.IDs[:i], func(earlier string) bool { return normalizeID(earlier) == id }) {
			ask(criterion{"vulnerability", id})
		}
	}
	ask(criterion{"rule", s.Rule})
	ask(criterion{"package", s.Package})
	ask(criterion{})
}

// before orders decisions to ignore: the narrower scope first, then the earlier.
func (e *Exception) before(o *Exception) bool {
	width := ExceptionScopes()
	return cmp.Or(cmp.Compare(slices.Index(width, o.Scope), slices.Index(width, e.Scope)), cmp.Compare(e.ID, o.ID)) < 0
}

// covers reports whether the finding fits all criteria.
func (e inForce) covers(s Subject) bool {
	c := &e.Criteria
	return (c.Category == "" || c.Category == s.Category) &&
		(c.FindingID == "" || c.FindingID == s.FindingID) &&
		(c.Vulnerability == "" || slices.ContainsFunc(s.IDs, func(id string) bool { return normalizeID(id) == c.Vulnerability })) &&
		(c.Rule == "" || c.Rule == s.Rule) &&
		(c.Package == "" || c.Package == s.Package) &&
		(c.Path == "" || e.coversAll(s.Paths))
}

// coversAll reports whether all paths fit. What is elsewhere as well is not
// covered: it would go away everywhere.
func (e inForce) coversAll(paths []string) bool {
	for _, p := range paths {
		if p == "" || !fitsPath(e.path, pathElements(p)) {
			return false
		}
	}
	return len(paths) > 0
}

func normalizeID(id string) string { return strings.ToUpper(strings.TrimSpace(id)) }
