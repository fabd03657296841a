package baseline

import (
	"cmp"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/pratique/pratique/internal/report"
)

// system is an image as rules look at it. Its files are parsed at most once.
type system struct {
	facts *report.ImageFacts
	known Known
	files []report.ConfigFile // by path

	passwd func() []account
	shadow func() []shadowEntry
	group  func() []group
	sshd   func() *sshConfig
	policy func() passwordPolicy
}

func newSystem(facts *report.ImageFacts, known Known) *system {
	s := &system{facts: facts, known: known, files: slices.Clone(facts.Configs)}
	slices.SortStableFunc(s.files, func(a, b report.ConfigFile) int { return cmp.Compare(a.Path, b.Path) })
	s.passwd = sync.OnceValue(func() []account { return parsePasswd(s.content("etc/passwd")) })
	s.shadow = sync.OnceValue(func() []shadowEntry { return parseShadow(s.content("etc/shadow")) })
	s.group = sync.OnceValue(func() []group { return parseGroup(s.content("etc/group")) })
	s.sshd = sync.OnceValue(func() *sshConfig { return readSSHConfig(s) })
	s.policy = sync.OnceValue(func() passwordPolicy { return readPasswordPolicy(s) })
	return s
}

// file returns a file by its path; nil if there is none that can be read.
func (s *system) file(p string) *report.ConfigFile {
	n, ok := slices.BinarySearchFunc(s.files, p, func(f report.ConfigFile, p string) int { return cmp.Compare(f.Path, p) })
	if !ok {
		return nil
	}
	return &s.files[n]
}

// first returns the first of several paths at which there is a file.
func (s *system) first(paths ...string) *report.ConfigFile {
	for _, p := range paths {
		if f := s.file(p); f != nil {
			return f
		}
	}
	return nil
}

func (s *system) content(p string) string {
	if f := s.file(p); f != nil {
		return f.Content
	}
	return ""
}

// matching returns the files that a pattern matches, by path. A pattern without
// a slash is compared with names, wherever the file is.
func (s *system) matching(patterns []string) []*report.ConfigFile {
	var found []*report.ConfigFile
	for n := range s.files {
		f := &s.files[n]
		if slices.ContainsFunc(patterns, func(p string) bool {
			name := f.Path
			if !strings.Contains(p, "/") {
				name = path.Base(f.Path)
			}
			ok, err := path.Match(p, name)
			return ok && err == nil
		}) {
			found = append(found, f)
		}
	}
	return found
}

// installed reports whether a distribution package of one of these names is
// there, and returns it.
func (s *system) installed(names []string) (report.Package, bool) {
	for _, p := range s.facts.Packages {
		if p.Distribution() && slices.Contains(names, p.Name) {
			return p, true
		}
	}
	return report.Package{}, false
}

// at is a place in a file.
func at(f *report.ConfigFile, line int) report.Location {
	return report.Location{Path: f.Path, Layer: f.Layer, Line: line}
}

// lines goes over the lines of a text, counting from 1.
func lines(text string) func(yield func(int, string) bool) {
	return func(yield func(int, string) bool) {
		n := 0
		for line := range strings.Lines(text) {
			n++
			if !yield(n, strings.TrimRight(line, "\r\n")) {
				return
			}
		}
	}
}

// integer reads a decimal number that fits in 32 bits, with a sign.
func integer(s string) (int, bool) {
	n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 32)
	return int(n), err == nil
}

// number returns a parameter that is one.
func (r *rule) number(name string) int {
	if v := r.With[name]; len(v) == 1 {
		n, _ := integer(v[0])
		return n
	}
	return 0
}

// whole makes a verdict that nothing is wrong one that nothing is known, if one
// of the files was not read to its end.
func (v verdict) whole(files ...*report.ConfigFile) verdict {
	if v.result != report.Passed {
		return v
	}
	for _, f := range files {
		if f != nil && f.Truncated {
			return verdict{looked: v.looked, current: f.Path + " is too large to be read whole"}
		}
	}
	return v
}

// missing is the verdict where there is nothing to look at.
func missing(looked, what string) verdict { return verdict{looked: looked, current: what} }

// tally collects what is wrong.
type tally struct {
	places   []report.Location
	evidence []string
	names    []string
	count    int
	// cut says that not all there is was looked at.
	cut bool
}

// add says what is wrong with name at a place. What goes beyond what is told is
// only counted.
func (t *tally) add(place report.Location, name, said string) {
	t.count++
	if len(t.places) < maxPlaces {
		t.places = append(t.places, place)
		t.evidence = append(t.evidence, said)
		t.names = append(t.names, name)
	}
}

// verdict is failed if anything was added; otherwise fine says what is right.
func (t *tally) verdict(looked, fine string) verdict {
	switch {
	case t.count == 0 && t.cut:
		return missing(looked, "there is too much of it to look at all")
	case t.count == 0:
		return verdict{result: report.Passed, looked: looked, current: fine}
	}
	current := strings.Join(t.evidence[:min(len(t.evidence), maxNamed)], "; ")
	if rest := t.count - maxNamed; rest > 0 {
		current += " and " + strconv.Itoa(rest) + " more"
	}
	return verdict{result: report.Failed, looked: looked, current: current, places: t.places, evidence: t.evidence, names: t.names}
}
