package advisory

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Bounds on what the database keeps of a record. Longer texts are cut, more
// references dropped; everything that decides a match is kept or the record is
// skipped.
const (
	maxID         = 128
	maxTitle      = 300
	maxDetails    = 4 << 10
	maxReferences = 20
	maxURL        = 500
	maxIDs        = 2000 // aliases, upstream and related of one record
	maxCWEs       = 50
)

// record is an advisory as the database keeps it: all that does not depend on
// the package.
type record struct {
	id string
	// cves are the CVEs it is about, sorted. One that is about several is a
	// distribution's advisory, or a database's entry for several at once.
	cves []string
	// aliases are the other names of the same thing, sorted, without CVEs and
	// without ids that only repeat a CVE behind a prefix.
	aliases    []string
	title      string
	details    string
	vectors    []string
	word       string // severity in the database's own words
	wordSource string
	cwes       []string
	references []string
	published  string
	modified   string
}

// part is what a record says about one package of one release.
type part struct {
	release  string
	name     string
	ranges   []interval
	versions []string
	// status is what the distribution says of a missing fix: "needed",
	// "ignored", …; urgency its own rating.
	status  string
	urgency string
	// stream is the module stream the advisory is about ("nodejs:14").
	stream string
	// cve is set if the record is about this CVE only.
	cve cveKey
	// own says that the record is the distribution's own record about cve, not
	// one of the advisories that announce a fix.
	own bool
}

// errNotVulnerability says that a record is in order but describes no
// vulnerability: bug fixes, unmaintained packages, withdrawn records.
var errNotVulnerability = errors.New("not a vulnerability")

// compile reduces an OSV record to what the database keeps. It returns
// errNotVulnerability for records that are left out on purpose.
func compile(eco ecosystem, r *osvRecord) (*record, []part, error) {
	if err := checkID(r.ID); err != nil {
		return nil, nil, err
	}
	if r.Withdrawn != "" {
		return nil, nil, errNotVulnerability
	}
	rec := &record{
		id:         r.ID,
		cves:       cvesOf(eco, r),
		title:      titleOf(r),
		details:    cut(r.Details, maxDetails),
		references: referencesOf(r.References),
		published:  timestamp(r.Published),
		modified:   timestamp(r.Modified),
		cwes:       cwesOf(r.DatabaseSpecific.CWEs),
		vectors:    vectorsOf(r.Severity),
	}
	if len(rec.cves) == 0 && bugFix.MatchString(r.ID) {
		return nil, nil, errNotVulnerability
	}
	rec.aliases = aliasesOf(r)
	rec.word, rec.wordSource = wordOf(eco, r)
	parts, err := partsOf(eco, r, rec)
	if err != nil {
		return nil, nil, err
	}
	if len(parts) == 0 {
		return nil, nil, errNotVulnerability
	}
	return rec, parts, nil
}

func checkID(id string) error {
	if id == "" {
		return errors.New("the record has no id")
	}
	if len(id) > maxID {
		return fmt.Errorf("the id %s is longer than %d characters", clip(id, 40), maxID)
	}
	for _, c := range id {
		if c <= ' ' || c == 0x7f || c == utf8.RuneError {
			return fmt.Errorf("the id %q has characters that no id has", clip(id, 40))
		}
	}
	return nil
}

// bugFix recognizes the advisories by which AlmaLinux, Rocky Linux and Red Hat
// announce bug fixes and enhancements.
var bugFix = regexp.MustCompile(`^(AL|RL|RH|RX|FE)[BE]A-`)

// cvesOf finds the CVEs a record is about. Aliases and upstream name the thing
// itself; related only where the ecosystem uses it for the CVEs that an
// advisory fixes.
func cvesOf(eco ecosystem, r *osvRecord) []string {
	var out []string
	add := func(id string) {
		if id = strings.ToUpper(id); isCVE(id) && !slices.Contains(out, id) && len(out) < maxIDs {
			out = append(out, id)
		}
	}
	add(r.ID)
	for _, id := range r.Aliases {
		add(id)
	}
	for _, id := range r.Upstream {
		add(id)
	}
	if len(out) == 0 {
		if i := strings.Index(r.ID, "-CVE-"); i > 0 {
			add(r.ID[i+1:])
		}
	}
	if len(out) == 0 && eco.related {
		for _, id := range r.Related {
			add(id)
		}
	}
	slices.Sort(out)
	return out
}

// repeatsCVE reports whether an id is a CVE behind a prefix ("DEBIAN-CVE-…").
func repeatsCVE(id string) bool {
	i := strings.Index(id, "-CVE-")
	return i > 0 && isCVE(id[i+1:])
}

var noticePattern = regexp.MustCompile(`^(USN|LSN|DSA|DLA)-`)

func aliasesOf(r *osvRecord) []string {
	var out []string
	add := func(id string) {
		if id == "" || isCVE(strings.ToUpper(id)) || repeatsCVE(id) || checkID(id) != nil || len(out) >= maxIDs {
			return
		}
		out = append(out, id)
	}
	add(r.ID)
	for _, id := range r.Aliases {
		add(id)
	}
	for _, id := range r.Upstream {
		add(id)
	}
	for _, id := range r.Related {
		if noticePattern.MatchString(id) {
			add(id)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// titleOf is the summary, or the first sentence of the details.
func titleOf(r *osvRecord) string {
	t := strings.TrimSpace(r.Summary)
	if t == "" {
		t = strings.TrimSpace(r.Details)
		if i := strings.Index(t, ". "); i > 0 {
			t = t[:i+1]
		}
	}
	return cut(strings.Join(strings.Fields(t), " "), maxTitle)
}

// cut shortens a text to at most n bytes and shows that it did.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	n -= len("…")
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}

// referencesOf keeps addresses for the web, those that help most first.
func referencesOf(refs []osvReference) []string {
	rank := func(kind string) int {
		return slices.Index([]string{"WEB", "EVIDENCE", "PACKAGE", "ARTICLE", "REPORT", "FIX", "ADVISORY"}, kind)
	}
	refs = slices.Clone(refs)
	slices.SortStableFunc(refs, func(a, b osvReference) int { return rank(b.Type) - rank(a.Type) })
	var out []string
	for _, ref := range refs {
		if len(out) == maxReferences {
			break
		}
		u, err := url.Parse(ref.URL)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || len(ref.URL) > maxURL {
			continue
		}
		if !slices.Contains(out, ref.URL) {
			out = append(out, ref.URL)
		}
	}
	return out
}

// timestamp brings a time into one form, in UTC and whole seconds; what is not
// a time, or is before there were advisories, is dropped.
func timestamp(s string) string {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || t.Year() < 1970 {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

var cwePattern = regexp.MustCompile(`^CWE-[0-9]{1,6}$`)

func cwesOf(ids []string) []string {
	var out []string
	for _, id := range ids {
		if cwePattern.MatchString(id) && len(out) < maxCWEs {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// wordOf finds the severity a database expresses in a word, and whose word it
// is.
func wordOf(eco ecosystem, r *osvRecord) (word, source string) {
	if strings.HasPrefix(r.ID, "MAL-") {
		return "critical", "malicious-packages"
	}
	source = strings.ToLower(eco.name)
	if strings.HasPrefix(r.ID, "GHSA-") {
		source = "ghsa"
	}
	for _, s := range r.Severity {
		if _, ok := severityOfWord(string(s.Score)); ok {
			return strings.ToLower(string(s.Score)), strings.ToLower(s.Type)
		}
	}
	if _, ok := severityOfWord(string(r.DatabaseSpecific.Severity)); ok {
		return strings.ToLower(string(r.DatabaseSpecific.Severity)), source
	}
	// Red Hat's family begins the summary with it: "Important: kernel update".
	first, _, ok := strings.Cut(r.Summary, ":")
	if _, known := severityOfWord(first); ok && known && eco.purl == "rpm" {
		return strings.ToLower(first), source
	}
	return "", ""
}

// partsOf collects what the record says about packages of the ecosystem.
func partsOf(eco ecosystem, r *osvRecord, rec *record) ([]part, error) {
	stream := ""
	if eco.purl == "rpm" {
		stream = streamOf(r.Summary)
	}
	var cve cveKey
	if len(rec.cves) == 1 {
		cve, _ = parseCVE(rec.cves[0])
	}
	var out []part
	for i := range r.Affected {
		a := &r.Affected[i]
		release := canonicalRelease(a.Package.Ecosystem)
		if base, _, _ := strings.Cut(release, ":"); base != eco.name || a.Package.Name == "" {
			continue
		}
		if vulnerable := a.DatabaseSpecific.Informational; vulnerable == "unmaintained" || vulnerable == "notice" {
			continue
		}
		p := part{
			release: release,
			name:    normalName(eco.name, a.Package.Name),
			status:  cut(string(a.EcosystemSpecific.Status), 40),
			urgency: urgencyOf(a),
			stream:  stream,
			cve:     cve,
			own:     cve != 0 && (repeatsCVE(r.ID) || isCVE(r.ID)) && eco.names != byPackage,
		}
		if err := p.setVersions(eco, a); err != nil {
			return nil, fmt.Errorf("%s in %s: %w", clip(a.Package.Name, 100), clip(release, 100), err)
		}
		if len(rec.vectors) == 0 {
			rec.vectors = vectorsOf(a.Severity)
		}
		if len(p.ranges) > 0 || len(p.versions) > 0 {
			out = append(out, p)
		}
	}
	return out, nil
}

func urgencyOf(a *osvAffected) string {
	for _, w := range []text{a.EcosystemSpecific.Urgency, a.EcosystemSpecific.Priority, a.DatabaseSpecific.Urgency} {
		if w != "" {
			return cut(string(w), 40)
		}
	}
	return ""
}

// setVersions fills ranges and versions from the affected object.
func (p *part) setVersions(eco ecosystem, a *osvAffected) error {
	ranges, err := intervalsOf(eco, a.Ranges)
	// Go's database says "all versions" where a project's own numbers are no
	// module versions, and gives those apart. Some cannot be put in order; then
	// all versions it is.
	if custom := a.EcosystemSpecific.CustomRanges; eco.name == "Go" && len(custom) > 0 {
		if better, customErr := intervalsOf(eco, custom); customErr == nil {
			ranges, err = better, nil
		}
	}
	p.ranges = ranges
	p.versions = listedVersions(eco, p.ranges, a.Versions)
	return err
}

func intervalsOf(eco ecosystem, ranges []osvRange) ([]interval, error) {
	var out []interval
	for _, r := range ranges {
		if r.Type != "ECOSYSTEM" && r.Type != "SEMVER" {
			continue
		}
		ivs, err := intervals(eco.versions, r.Events)
		if err != nil {
			return nil, err
		}
		out = append(out, ivs...)
	}
	return out, nil
}

// listedVersions returns the listed versions that the ranges do not hold
// already. Distributions list what their ranges say, so theirs count only
// without ranges.
func listedVersions(eco ecosystem, ranges []interval, versions []string) []string {
	if eco.names != byPackage && len(ranges) > 0 {
		return nil
	}
	var out []string
	for _, listed := range versions {
		if listed == "" || len(listed) > maxVersion {
			continue
		}
		if len(ranges) > 0 {
			v, err := eco.versions.parse(listed)
			if err == nil && affected(v, listed, ranges, nil) {
				continue
			}
		}
		out = append(out, listed)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

var streamPattern = regexp.MustCompile(`(?:^|[\s(])([a-zA-Z0-9][\w.+-]*:[\w.+-]+)(?:\s|\)|,|$)`)

// streamOf finds the module stream in the summary of an advisory: "Moderate:
// nodejs:14 security update".
func streamOf(summary string) string {
	if m := streamPattern.FindStringSubmatch(cut(summary, maxTitle)); m != nil {
		return m[1]
	}
	return ""
}
