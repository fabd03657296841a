package render

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/pratique/pratique/internal/report"
)

// What the formats need to know of a report beyond its fields.

const (
	toolName = "pratique"
	toolURL  = "https://github.com/pratique/pratique"
)

// imageName is how a document calls the image. It is never empty.
func imageName(r *report.Report) string {
	switch {
	case r.Image.Name != "":
		return r.Image.Name
	case r.Image.Digest != "":
		return r.Image.Digest
	case r.Image.ConfigDigest != "":
		return r.Image.ConfigDigest
	}
	return "image"
}

// layerAt returns the layer of the given index, or an empty one.
func layerAt(r *report.Report, index int) report.Layer {
	if index < 0 || index >= len(r.Image.Layers) {
		return report.Layer{Index: index}
	}
	return r.Image.Layers[index]
}

// checksByID finds the checks that failed by their ids.
func checksByID(r *report.Report) map[string]report.Check {
	byID := make(map[string]report.Check)
	for _, c := range r.Checks {
		if c.Result == report.Failed {
			byID[c.ID] = c
		}
	}
	return byID
}

// checkOf is the failed check that a finding is about, the zero value if it is
// about none: a finding of a setting has the check's id as its rule.
func checkOf(checks map[string]report.Check, f report.Finding) report.Check {
	if f.Category != report.Baseline {
		return report.Check{}
	}
	return checks[f.Rule]
}

// digest is how a layer is addressed: its digest as stored, else its diff ID.
func digest(l report.Layer) string {
	if l.Digest != "" {
		return l.Digest
	}
	return l.DiffID
}

// rating returns the CVSS rating a finding's severity rests on, else the best
// one there is; false if there is none that makes sense.
func rating(v report.Vulnerability) (report.CVSS, bool) {
	var best report.CVSS
	found := false
	for _, c := range v.CVSS {
		if !sensible(c) {
			continue
		}
		if "cvss-"+c.Version == v.SeveritySource {
			return c, true
		}
		if !found || c.Version > best.Version {
			best, found = c, true
		}
	}
	return best, found
}

// sensible reports whether a score is one.
func sensible(c report.CVSS) bool {
	return !math.IsNaN(c.Score) && c.Score >= 0 && c.Score <= 10
}

// link is the page about a vulnerability that everybody can open. What is no
// id leads to the front page.
func link(id string) string {
	switch {
	case !vulnerabilityID.MatchString(id):
		return "https://osv.dev/"
	case strings.HasPrefix(id, "CVE-"):
		return "https://nvd.nist.gov/vuln/detail/" + id
	case strings.HasPrefix(id, "GHSA-"):
		return "https://github.com/advisories/" + id
	}
	return "https://osv.dev/vulnerability/" + id
}

// vulnerabilityID is what ids look like that may stand in an address as they
// are.
var vulnerabilityID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$`)

// webHost is what hosts look like that are no attack on whoever reads the
// address, with or without a port. url.Parse takes quotes and brackets too,
// which do not survive being written and read again.
var webHost = regexp.MustCompile(`^([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?$`)

// webLinks returns those of the references that are addresses of pages, each
// once.
func webLinks(references []string) []string {
	seen := make(map[string]bool)
	var links []string
	for _, s := range references {
		u, err := url.Parse(s)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || !webHost.MatchString(u.Host) || len(s) > 2048 {
			continue
		}
		if s = u.String(); !seen[s] && ascii(s) {
			seen[s] = true
			links = append(links, s)
		}
	}
	return links
}

// ascii reports whether s has only printable ASCII signs.
func ascii(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// cweNumbers returns the numbers of "CWE-79" and the like, each once.
func cweNumbers(cwes []string) []int {
	seen := make(map[int]bool)
	var numbers []int
	for _, s := range cwes {
		n, err := strconv.Atoi(strings.TrimPrefix(strings.ToUpper(s), "CWE-"))
		if err == nil && n > 0 && n < 1e6 && !seen[n] {
			seen[n] = true
			numbers = append(numbers, n)
		}
	}
	return numbers
}

// timestamp is when a document says it was made: RFC 3339 in UTC, to the
// second.
func timestamp(r *report.Report, opts Options) string {
	t := opts.Generated
	if t.IsZero() {
		t, _ = time.Parse(time.RFC3339, r.Image.Created)
	}
	if t.Year() < 1970 || t.Year() > 9999 {
		t = time.Unix(0, 0)
	}
	return t.UTC().Format(time.RFC3339)
}

// rfc3339 returns the time if it is one a schema accepts, else nothing.
func rfc3339(s string) string {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil || t.Year() < 1 || t.Year() > 9999 {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// documentUUID is a UUID (version 8) made from all that goes into a document,
// so that equal documents have the same and others another one.
func documentUUID(format Format, r *report.Report, opts Options) (string, error) {
	h := sha256.New()
	fmt.Fprintf(h, "%s %q %s\n", format, opts.ToolVersion, timestamp(r, opts))
	if err := json.NewEncoder(h).Encode(r); err != nil {
		return "", err
	}
	var u [16]byte
	copy(u[:], h.Sum(nil))
	u[6] = u[6]&0x0f | 0x80
	u[8] = u[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:]), nil
}

// shortHash names the parts in 16 hexadecimal digits.
func shortHash(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:", len(p))
		h.Write([]byte(p))
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// packageIDs names each package of the report, uniquely and as long as the
// package stays what and where it is.
func packageIDs(packages []report.Package) []string {
	ids := make([]string, len(packages))
	seen := make(map[string]int)
	for i, p := range packages {
		id := shortHash(p.Type, p.Name, p.Version, p.Arch, p.PURL, p.Path)
		seen[id]++
		if n := seen[id]; n > 1 {
			id += "." + strconv.Itoa(n)
		}
		ids[i] = id
	}
	return ids
}
