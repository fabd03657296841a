package judge

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pratique/pratique/internal/advisory"
	"github.com/pratique/pratique/internal/report"
)

// gaps collects what cannot be judged, so that a short list of findings is not
// taken for a clean image.
type gaps struct {
	distribution int // distribution packages seen
	unversioned  names
	unordered    names
	foreign      names
	// uncovered counts language packages by ecosystem without advisories.
	uncovered map[string]int
}

func newGaps() *gaps { return &gaps{uncovered: make(map[string]int)} }

// names counts packages and keeps the first few to tell.
type names struct {
	count int
	first []string
}

func (n *names) add(p report.Package) {
	n.count++
	if len(n.first) < 5 {
		n.first = append(n.first, report.Printable(p.Name, 80))
	}
}

func (n names) String() string {
	list := strings.Join(n.first, ", ")
	if n.count > len(n.first) {
		list += ", …"
	}
	return list
}

// see notes what is missing to judge a package and reports whether it can be.
func (g *gaps) see(os report.OS, p report.Package, k Knowledge) bool {
	if p.Distribution() {
		g.distribution++
		if advisory.Foreign(os, p) {
			g.foreign.add(p)
			return false
		}
	} else {
		if p.OwnedBy != "" {
			return false
		}
		if !k.CoversPackage(p) {
			g.uncovered[ecosystemName(p)]++
			return false
		}
	}
	if p.Version == "" {
		g.unversioned.add(p)
		return false
	}
	return true
}

func ecosystemName(p report.Package) string {
	if p.Ecosystem != "" {
		return report.Printable(p.Ecosystem, 80)
	}
	return report.Printable(p.Type, 80)
}

func (g *gaps) notes(facts *report.ImageFacts, k Knowledge) []report.Note {
	var out []report.Note
	note := func(code, format string, args ...any) {
		out = append(out, report.Note{Code: code, Message: fmt.Sprintf(format, args...)})
	}
	os := facts.OS
	if strings.HasPrefix(facts.Image.Platform, "windows/") {
		note("windows", "This is an image for Windows: nothing is known of the vulnerabilities of Windows itself. Software, secrets and malicious files below Files are looked for.")
	}
	switch {
	case g.distribution == 0:
	case os.ID == "":
		note("os-unknown", "The operating system was not recognized, so its %s listed but not matched with advisories.", packages(g.distribution))
	case !k.Covers(os):
		note("no-advisories", "The database has no advisories for %s, so its %s listed but not matched.", osName(os), packages(g.distribution))
	}
	for _, name := range slices.Sorted(maps.Keys(g.uncovered)) {
		note("no-advisories", "The database has no advisories for %s, so %s listed but not matched.", name, packages(g.uncovered[name]))
	}
	if g.unversioned.count > 0 {
		note("no-version", "%s not matched because they name no version: %v.", packages(g.unversioned.count), g.unversioned)
	}
	if g.unordered.count > 0 {
		note("version-not-understood", "%s not matched because the version cannot be compared with those in advisories: %v.", packages(g.unordered.count), g.unordered)
	}
	if g.foreign.count > 0 {
		note("foreign-packages", "%s not built by %s, so its advisories do not apply and nothing is known about them: %v.", packages(g.foreign.count), osName(os), g.foreign)
	}
	return out
}

func packages(n int) string {
	if n == 1 {
		return "1 package is"
	}
	return fmt.Sprintf("%d packages are", n)
}

// osName names an operating system for people.
func osName(os report.OS) string {
	switch {
	case os.Name != "":
		return report.Printable(os.Name, 80)
	case os.ID == "":
		return "the distribution"
	}
	return report.Printable(strings.TrimSpace(os.ID+" "+os.Version), 80)
}
