package advisory

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/osv-scalibr/semantic"

	"github.com/pratique/pratique/internal/report"
)

// ErrVersion says that a version cannot be put in order with others, so nothing
// can be said about the package.
var ErrVersion = errors.New("version is not understood")

// maxVersion bounds the length of a version; comparing hostile ones must not
// become expensive.
const maxVersion = 256

// scheme is a way to order versions: one of ours, or the name of an ecosystem
// that package semantic knows.
type scheme string

const (
	debVersions scheme = "deb"
	rpmVersions scheme = "rpm"
)

// version is one that others are compared with.
type version interface {
	// compare returns a negative number if the version is lower than other, a
	// positive one if it is higher.
	compare(other string) (int, error)
}

// parse reads a version; an error wraps ErrVersion.
func (s scheme) parse(v string) (version, error) {
	if v == "" || len(v) > maxVersion {
		return nil, fmt.Errorf("%q: %w", clip(v, 40), ErrVersion)
	}
	switch s {
	case debVersions:
		return debVersion(v), nil
	case rpmVersions:
		return rpmVersion(v), nil
	case "Go":
		v = goVersion(v)
		fallthrough
	case "npm", "crates.io", "Bitnami", "Hex", "ConanCenter", "SwiftURL", "Pub":
		// The library orders any text as a semantic version. What does not
		// start as one ("(devel)", "workspace:*", "latest") has no order.
		if c := strings.TrimPrefix(v, "v"); c == "" || c[0] < '0' || c[0] > '9' {
			return nil, fmt.Errorf("%q: %w", clip(v, 40), ErrVersion)
		}
	}
	return s.parseForeign(v)
}

// CompareVersions puts two versions in the order of a package's kind: negative if
// a is lower than b. An error wraps ErrVersion if they have none.
func CompareVersions(p report.Package, a, b string) (int, error) {
	i := slices.IndexFunc(ecosystems, func(e ecosystem) bool { return e.purl == p.Type })
	if i < 0 {
		return 0, fmt.Errorf("packages of type %q: %w", clip(p.Type, 40), ErrVersion)
	}
	v, err := ecosystems[i].versions.parse(a)
	if err != nil {
		return 0, err
	}
	if _, err := ecosystems[i].versions.parse(b); err != nil {
		return 0, err
	}
	return v.compare(b)
}

// parseForeign calls the library, which is not ours to trust with input from
// images: a panic is an error.
func (s scheme) parseForeign(v string) (_ version, err error) {
	defer recovered(v, &err)
	parsed, err := semantic.Parse(v, string(s))
	if err != nil {
		return nil, fmt.Errorf("%q: %w (%w)", clip(v, 40), ErrVersion, err)
	}
	return semanticVersion{s, parsed}, nil
}

func recovered(v string, err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("%q: %w", clip(v, 40), ErrVersion)
	}
}

type semanticVersion struct {
	scheme scheme
	semantic.Version
}

func (v semanticVersion) compare(other string) (_ int, err error) {
	defer recovered(other, &err)
	if len(other) > maxVersion {
		return 0, fmt.Errorf("%q: %w", clip(other, 40), ErrVersion)
	}
	if v.scheme == "Go" {
		other = goVersion(other)
	}
	n, err := v.CompareStr(other)
	if err != nil {
		return 0, fmt.Errorf("%q: %w (%w)", clip(other, 40), ErrVersion, err)
	}
	return n, nil
}

// goVersion turns the Go project's own version form into a semantic version:
// "go1.21rc2" into "1.21.0-rc.2"; everything behind a space or after "-X:" names
// experiments and is dropped. Module versions stay as they are.
func goVersion(v string) string {
	v = strings.TrimPrefix(v, "go")
	v, _, _ = strings.Cut(v, " ")
	v, _, _ = strings.Cut(v, "-X:")
	for _, pre := range []string{"rc", "beta"} {
		release, n, ok := strings.Cut(v, pre)
		if ok && release != "" && strings.Trim(release, "0123456789.") == "" {
			if strings.Count(release, ".") == 1 {
				release += ".0"
			}
			return release + "-" + pre + "." + n
		}
	}
	return v
}

// debVersion orders as dpkg does.
type debVersion string

func (v debVersion) compare(other string) (int, error) {
	ae, au, ar := splitDeb(string(v))
	be, bu, br := splitDeb(other)
	if c := compareNumbers(ae, be); c != 0 {
		return c, nil
	}
	if c := compareDebPart(au, bu); c != 0 {
		return c, nil
	}
	return compareDebPart(ar, br), nil
}

// splitDeb gives epoch, upstream version and revision.
func splitDeb(v string) (epoch, upstream, revision string) {
	v = strings.TrimSpace(v)
	if i := strings.IndexByte(v, ':'); i >= 0 {
		epoch, v = v[:i], v[i+1:]
	}
	if i := strings.LastIndexByte(v, '-'); i >= 0 {
		v, revision = v[:i], v[i+1:]
	}
	return epoch, v, revision
}

func compareDebPart(a, b string) int {
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		for i < len(a) && !isDigit(a[i]) || j < len(b) && !isDigit(b[j]) {
			if c := debOrder(a, i) - debOrder(b, j); c != 0 {
				return c
			}
			i, j = i+1, j+1
		}
		ai, bj := i, j
		for i < len(a) && isDigit(a[i]) {
			i++
		}
		for j < len(b) && isDigit(b[j]) {
			j++
		}
		if c := compareNumbers(sub(a, ai, i), sub(b, bj, j)); c != 0 {
			return c
		}
	}
	return 0
}

// sub is s[from:to] for bounds that may have run past the end.
func sub(s string, from, to int) string {
	if from >= len(s) {
		return ""
	}
	return s[from:min(to, len(s))]
}

// debOrder ranks a character: a tilde before the end of the part, the end (or
// a number) before letters, letters before everything else.
func debOrder(s string, i int) int {
	switch {
	case i >= len(s) || isDigit(s[i]):
		return 0
	case s[i] == '~':
		return -1
	case isLetter(s[i]):
		return int(s[i])
	}
	return int(s[i]) + 256
}

// compareNumbers compares runs of digits of any length; an empty one is zero.
func compareNumbers(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}

func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// rpmVersion orders as rpm does: epoch, version, release; a release counts only
// if both have one.
type rpmVersion string

func (v rpmVersion) compare(other string) (int, error) {
	ae, av, ar := splitRPM(string(v))
	be, bv, br := splitRPM(other)
	if c := compareNumbers(ae, be); c != 0 {
		return c, nil
	}
	if c := compareRPMPart(av, bv); c != 0 {
		return c, nil
	}
	if ar == "" || br == "" {
		return 0, nil
	}
	return compareRPMPart(ar, br), nil
}

func splitRPM(v string) (epoch, ver, release string) {
	if e, rest, ok := strings.Cut(v, ":"); ok && strings.Trim(e, "0123456789") == "" {
		epoch, v = e, rest
	}
	ver, release, _ = strings.Cut(v, "-")
	return epoch, ver, release
}

// compareRPMPart compares segment by segment; separators only separate. A tilde
// sorts before everything, even the end; a caret after the end, but before
// anything else.
func compareRPMPart(a, b string) int {
	for {
		a, b = strings.TrimLeftFunc(a, rpmSeparator), strings.TrimLeftFunc(b, rpmSeparator)
		if done, c := rpmMark(a, b, '~', -1, -1); done {
			return c
		} else if c == skipMark {
			a, b = a[1:], b[1:]
			continue
		}
		if done, c := rpmMark(a, b, '^', -1, 1); done {
			return c
		} else if c == skipMark {
			a, b = a[1:], b[1:]
			continue
		}
		if a == "" || b == "" {
			return len(a) - len(b)
		}
		is, numeric := isLetter, isDigit(a[0])
		if numeric {
			is = isDigit
		}
		i, j := segment(a, is), segment(b, is)
		if j == 0 { // the other's segment is of the other kind: numbers are newer
			if numeric {
				return 1
			}
			return -1
		}
		c := strings.Compare(a[:i], b[:j])
		if numeric {
			c = compareNumbers(a[:i], b[:j])
		}
		if c != 0 {
			return c
		}
		a, b = a[i:], b[j:]
	}
}

const skipMark = 2

// rpmMark handles a tilde or caret at the front: the result for the side that
// has it is other if something follows on the other side, end if nothing does.
// Both having it gives skipMark.
func rpmMark(a, b string, mark byte, other, end int) (bool, int) {
	am, bm := a != "" && a[0] == mark, b != "" && b[0] == mark
	result := func(rest string) int {
		if rest == "" {
			return end
		}
		return other
	}
	switch {
	case am && bm:
		return false, skipMark
	case am:
		return true, result(b)
	case bm:
		return true, -result(a)
	}
	return false, 0
}

func rpmSeparator(r rune) bool {
	return r != '~' && r != '^' && (r > 127 || !isDigit(byte(r)) && !isLetter(byte(r)))
}

func segment(s string, is func(byte) bool) int {
	i := 0
	for i < len(s) && is(s[i]) {
		i++
	}
	return i
}

// clip shortens a text for a message.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}
