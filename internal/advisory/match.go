package advisory

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pratique/pratique/internal/report"
)

// Match is one vulnerability that affects a package.
type Match struct {
	// ID is the CVE id; the GHSA id or the record's own where there is none.
	ID string
	// Aliases are the other names, sorted; ids that only put a prefix before
	// the CVE ("DEBIAN-CVE-…") are not among them.
	Aliases []string
	// Advisories are the ids of the records the match rests on, sorted.
	Advisories []string
	// Ecosystem is where the package was looked up: "Debian:12", "npm".
	Ecosystem string
	// Source is the package the advisories name, where that is another than
	// the installed one; its versions are what FixedVersion is one of.
	Source string
	// FixedVersion is the lowest version above the installed one without the
	// vulnerability; empty unless FixState is Fixed.
	FixedVersion string
	FixState     report.FixState
	// SubscriptionFix says that only Ubuntu Pro offers FixedVersion.
	SubscriptionFix bool
	Severity        report.Severity
	// SeveritySource says what the severity rests on: "cvss-3.1",
	// "cvss-3.1 via ubuntu", "ghsa"; empty when it is unknown.
	SeveritySource string
	// Urgency is the distribution's own word, if it has one.
	Urgency    string
	CVSS       []report.CVSS
	CWEs       []string
	Title      string
	Details    string
	References []string
	// Published and Modified are RFC 3339 times.
	Published string
	Modified  string
}

// Match returns the vulnerabilities of one package, sorted by id: one match for
// each CVE, whatever number of records name it. The operating system matters
// for distribution packages only. Packages without a version, language packages
// that a distribution package ships, and packages that the distribution did not
// build (Foreign) have none.
//
// An error wraps ErrVersion if the package has advisories but its version cannot
// be compared with them; any other error means that the database is damaged.
func (db *DB) Match(os report.OS, p report.Package) ([]Match, error) {
	m := matcher{pkg: p, decided: make(map[cveKey]bool), cleared: make(map[cveKey]bool)}
	for _, l := range lookups(os, p) {
		if err := m.look(db.ecosystems[l.eco.name], l); err != nil {
			return nil, err
		}
	}
	if len(m.hits) == 0 {
		return nil, nil
	}
	return m.matches(db.rates)
}

// hit is a part of a record that affects the package.
type hit struct {
	lookup
	part  storedPart
	rec   *record
	fixed string
}

// about is the number of CVEs the hit's record is about; one at least.
func (h *hit) about() int { return max(1, len(h.rec.cves)) }

// matcher collects what the database says about one package.
type matcher struct {
	pkg  report.Package
	hits []hit
	// decided holds the CVEs that a record of their own decides about;
	// cleared those among them of which it says that the version is not, or no
	// longer, affected.
	decided, cleared map[cveKey]bool
}

// look weighs all parts stored about one key.
func (m *matcher) look(f *ecosystemFile, l lookup) error {
	if f == nil {
		return nil
	}
	parts, err := f.parts(l.Ecosystem, l.Name)
	if err != nil || len(parts) == 0 {
		return err
	}
	v, err := l.eco.versions.parse(l.version)
	if err != nil {
		return fmt.Errorf("match %s in %s: %w", clip(l.Name, 100), l.Ecosystem, err)
	}
	own := make(map[cveKey]bool) // CVE to whether its own record says affected
	for _, p := range parts {
		if l.eco.purl == "rpm" && !streamFits(m.pkg.Module, l.version, &p.part) {
			continue
		}
		hits := affected(v, l.version, p.ranges, p.versions)
		if p.own {
			own[p.cve] = own[p.cve] || hits
		}
		if !hits {
			continue
		}
		rec, err := f.record(p.record)
		if err != nil {
			return err
		}
		m.hits = append(m.hits, hit{l, p, rec, lowestFix(l.eco.versions, v, p.ranges, p.versions)})
	}
	for cve, affected := range own {
		m.decided[cve] = true
		if !affected {
			m.cleared[cve] = true
		}
	}
	return nil
}

// streamFits reports whether an advisory for a module stream, or for none, can
// be about an installed package: builds of different streams have versions that
// cannot be compared.
func streamFits(module, installed string, p *part) bool {
	end := ""
	for _, i := range p.ranges {
		if i.end != "" {
			end = i.end
		}
	}
	if end == "" {
		return true
	}
	const mark = ".module"
	ofModule := strings.Contains(end, mark)
	if ofModule != (module != "" || strings.Contains(installed, mark)) {
		return false
	}
	if !ofModule || p.stream == "" {
		return true
	}
	if parts := strings.SplitN(module, ":", 3); len(parts) >= 2 {
		return parts[0]+":"+parts[1] == p.stream
	}
	// The package does not tell its stream. That of the advisory often is the
	// beginning of its version; then it has to be of the installed one's too.
	_, stream, _ := strings.Cut(p.stream, ":")
	return !versionBegins(end, stream) || versionBegins(installed, stream)
}

func versionBegins(v, prefix string) bool {
	_, v, _ = splitRPM(v)
	rest, ok := strings.CutPrefix(v, prefix)
	return ok && (rest == "" || !isDigit(rest[0]))
}

// group is a match in the making.
type group struct {
	id       string
	hits     []*hit
	mentions []string // advisories that name it without deciding about it
}

// matches joins hits by vulnerability.
func (m *matcher) matches(rates *ratingTable) ([]Match, error) {
	// Records about one thing tell more of it than advisories about many.
	slices.SortStableFunc(m.hits, func(a, b hit) int {
		if a.about() != b.about() {
			return a.about() - b.about()
		}
		return strings.Compare(a.rec.id, b.rec.id)
	})
	groups := make(map[string]*group)
	get := func(id string) *group {
		if groups[id] == nil {
			groups[id] = &group{id: id}
		}
		return groups[id]
	}
	cveOf := m.knownNames()
	for i := range m.hits {
		h := &m.hits[i]
		for _, id := range m.idsOf(h, cveOf) {
			key, _ := parseCVE(id)
			switch {
			case key != 0 && m.cleared[key]:
			case key != 0 && m.decided[key] && !h.part.own:
				get(id).mentions = append(get(id).mentions, h.rec.id)
			default:
				get(id).hits = append(get(id).hits, h)
			}
		}
	}
	var out []Match
	for _, g := range groups {
		if len(g.hits) == 0 {
			continue
		}
		match, err := m.join(g, rates)
		if err != nil {
			return nil, err
		}
		out = append(out, match)
	}
	slices.SortFunc(out, func(a, b Match) int { return strings.Compare(a.ID, b.ID) })
	return out, nil
}

// knownNames maps the names of records about one CVE to it, so that a record
// that knows only another of its names joins them.
func (m *matcher) knownNames() map[string]string {
	known := make(map[string]string)
	for _, h := range m.hits {
		if len(h.rec.cves) == 1 {
			known[h.rec.id] = h.rec.cves[0]
			for _, alias := range h.rec.aliases {
				known[alias] = h.rec.cves[0]
			}
		}
	}
	return known
}

// idsOf names the vulnerabilities a hit is about.
func (m *matcher) idsOf(h *hit, cveOf map[string]string) []string {
	if len(h.rec.cves) > 0 {
		return h.rec.cves
	}
	names := append([]string{h.rec.id}, h.rec.aliases...)
	for _, name := range names {
		if cve := cveOf[name]; cve != "" {
			return []string{cve}
		}
	}
	for _, name := range names {
		if strings.HasPrefix(name, "GHSA-") {
			return []string{name}
		}
	}
	return names[:1]
}

// join makes the match of a group. Its hits are sorted, the most telling first.
func (m *matcher) join(g *group, rates *ratingTable) (Match, error) {
	first := g.hits[0]
	out := Match{ID: g.id, Ecosystem: first.Ecosystem}
	if first.Name != m.pkg.Name && m.pkg.Distribution() {
		out.Source = first.Name
	}
	out.Aliases = append(out.Aliases, g.mentions...)
	for _, h := range g.hits {
		out.Advisories = append(out.Advisories, h.rec.id)
		out.Aliases = append(out.Aliases, namesOf(h)...)
		out.Title = firstOf(out.Title, h.rec.title)
		out.Details = firstOf(out.Details, h.rec.details)
		out.Published = firstOf(out.Published, h.rec.published)
		out.Modified = firstOf(out.Modified, h.rec.modified)
		out.Urgency = firstOf(out.Urgency, h.part.urgency)
		for _, r := range h.rec.references {
			if len(out.References) < maxReferences && !slices.Contains(out.References, r) {
				out.References = append(out.References, r)
			}
		}
		if h.about() == 1 {
			out.CWEs = append(out.CWEs, h.rec.cwes...)
		}
	}
	out.Advisories = sortedSet(out.Advisories)
	out.Aliases = slices.DeleteFunc(sortedSet(out.Aliases), func(s string) bool { return s == g.id || repeatsCVE(s) })
	setFix(&out, g.hits)
	if err := rate(&out, g.hits, rates); err != nil {
		return Match{}, err
	}
	out.CWEs = sortedSet(out.CWEs)
	return out, nil
}

// namesOf returns the other names a hit gives. An advisory about many things
// is a name of none of their aliases.
func namesOf(h *hit) []string {
	if h.about() > 1 {
		return []string{h.rec.id}
	}
	return append([]string{h.rec.id}, h.rec.aliases...)
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func sortedSet(s []string) []string {
	slices.Sort(s)
	return slices.Compact(s)
}

// setFix finds the version that satisfies all records, preferring one that
// needs no subscription.
func setFix(out *Match, hits []*hit) {
	var open, pro string
	wont := false
	for _, h := range hits {
		if h.pro {
			pro = higher(h.eco.versions, pro, h.fixed)
		} else {
			open = higher(h.eco.versions, open, h.fixed)
		}
		switch strings.ToLower(firstOf(h.part.status, h.part.urgency)) {
		case "ignored", "wont-fix", "won't fix", "will not fix", "end-of-life", "out of support scope":
			wont = true
		}
	}
	switch {
	case open != "":
		out.FixedVersion, out.FixState = open, report.Fixed
	case pro != "":
		out.FixedVersion, out.FixState, out.SubscriptionFix = pro, report.Fixed, true
	case wont:
		out.FixState = report.WontFix
	default:
		out.FixState = report.NotFixed
	}
}

func higher(s scheme, a, b string) string {
	if a == "" {
		return b
	}
	if v, err := s.parse(a); err == nil && less(v, b) {
		return b
	}
	return a
}

// rate sets CVSS, CWEs and severity, in the order the package comment gives.
func rate(out *Match, hits []*hit, rates *ratingTable) error {
	key, _ := parseCVE(out.ID)
	shared, err := rates.find(key)
	if err != nil {
		return err
	}
	if len(out.CWEs) == 0 && shared.cwes != "" {
		out.CWEs = cwesOf(strings.Split(shared.cwes, ","))
	}
	via := ""
	out.CVSS = cvssOf(hits, true)
	if len(out.CVSS) == 0 && shared.vector != "" {
		if c, err := parseCVSS(shared.vector); err == nil {
			out.CVSS, via = []report.CVSS{c}, " via "+shared.source
		}
	}
	if len(out.CVSS) == 0 {
		out.CVSS = cvssOf(hits, false)
	}
	if len(out.CVSS) > 0 {
		if s := report.SeverityOfScore(out.CVSS[0].Score); s != report.Unknown {
			out.Severity, out.SeveritySource = s, "cvss-"+out.CVSS[0].Version+via
		}
	}
	for _, h := range hits {
		if s, ok := severityOfWord(h.rec.word); ok && !strings.HasPrefix(out.SeveritySource, "cvss") && s > out.Severity {
			out.Severity, out.SeveritySource = s, h.rec.wordSource
		}
	}
	if strings.EqualFold(out.Urgency, "unimportant") {
		out.Severity, out.SeveritySource = report.Negligible, sourceName(hits[0].eco.name)
	}
	return nil
}

// cvssOf collects the ratings of records about this one thing, or of all, the
// preferred one first.
func cvssOf(hits []*hit, single bool) []report.CVSS {
	var out []report.CVSS
	for _, h := range hits {
		if single && h.about() > 1 {
			continue
		}
		for _, vector := range h.rec.vectors {
			if c, err := parseCVSS(vector); err == nil && !slices.Contains(out, c) {
				out = append(out, c)
			}
		}
	}
	slices.SortFunc(out, compareCVSS)
	return out
}
