package compliance

import (
	"regexp"
	"strings"
	"sync"

	"github.com/github/go-spdx/v2/spdxexp/spdxlicenses"
)

// maxName bounds the names of licences that are looked at, in bytes.
const maxName = 200

// spdxNames has the ids of the SPDX list by their lower-case form, without those
// that have a newer name.
var spdxNames = sync.OnceValue(func() map[string]string { return lowerCase(spdxlicenses.GetLicenses()) })

var spdxExceptions = sync.OnceValue(func() map[string]string { return lowerCase(spdxlicenses.GetExceptions()) })

func lowerCase(ids []string) map[string]string {
	m := make(map[string]string, len(ids))
	for _, id := range ids {
		m[strings.ToLower(id)] = id
	}
	return m
}

// Canonical returns the SPDX id for the name of one licence, or false for a name
// that says of no single licence for certain that it is meant. It knows SPDX's
// own ids in any case, those of Debian ("GPL-2+", "Expat") and of Fedora before
// it had SPDX's ("GPLv2+", "ASL 2.0"), Python's classifiers, and the titles that
// people write ("Apache License, Version 2.0"). A licence may come with an
// exception: "GPL-2+ with OpenSSL exception".
func Canonical(name string) (spdx string, ok bool) {
	if name == "" || len(name) > maxName {
		return "", false
	}
	if id, ok := spdxNames()[strings.ToLower(name)]; ok {
		return id, true
	}
	if base, exception, ok := cutFold(name, " with "); ok {
		id, known := Canonical(base)
		e, named := exceptionOf(exception)
		return id + " WITH " + e, known && named
	}
	plain := plainName(name)
	if id, ok := gnuName(plain); ok {
		return id, true
	}
	if id, ok := titles[plain]; ok {
		return id, true
	}
	key := strings.ReplaceAll(plain, " ", "-")
	for _, k := range []string{key, key + ".0"} {
		if id, ok := spdxNames()[k]; ok {
			return id, true
		}
	}
	return "", false
}

func cutFold(s, sep string) (before, after string, ok bool) {
	i := strings.Index(strings.ToLower(s), sep)
	if i < 0 || i+len(sep) > len(s) {
		return "", "", false
	}
	return s[:i], s[i+len(sep):], true
}

var (
	inParentheses = regexp.MustCompile(`\s*\([^()]*\)\s*$`)
	orLater       = regexp.MustCompile(`(?:,)?[ -](?:or|and)[ -](?:\(at your option\) )?(?:any )?(?:later|newer|above|greater)(?: version)?s?$`)
	beforeNumber  = regexp.MustCompile(`\bv(?:er)?\.? ?([0-9])`)
	punctuation   = regexp.MustCompile(`[-_,/:;"'\s]+`)
)

// plainName strips from a licence's name what different people write differently.
func plainName(name string) string {
	s := strings.ToLower(name)
	if i := strings.LastIndex(s, ":: "); i >= 0 {
		s = s[i+3:] // a classifier of Python
	}
	s = inParentheses.ReplaceAllString(s, "")
	s = orLater.ReplaceAllString(strings.TrimSpace(s), "+")
	s = beforeNumber.ReplaceAllString(s, " $1")
	var words []string
	for _, w := range strings.Fields(punctuation.ReplaceAllString(s, " ")) {
		switch w {
		case "the", "license", "licence", "licenses", "version", "gnu":
		default:
			words = append(words, w)
		}
	}
	s = strings.Join(words, " ")
	// "license+" is what is left of "license or later".
	s = strings.NewReplacer("license+", "+", " +", "+").Replace(s)
	for _, long := range [][2]string{
		{"affero general public", "agpl"}, {"affero gpl", "agpl"},
		{"library or lesser general public", "lgpl"}, {"lesser general public", "lgpl"}, {"library general public", "lgpl"}, {"lesser gpl", "lgpl"},
		{"general public", "gpl"}, {"free documentation", "gfdl"},
	} {
		if rest, ok := strings.CutPrefix(s, long[0]); ok {
			return long[1] + rest
		}
	}
	return s
}

var gnu = regexp.MustCompile(`^(agpl|lgpl|gpl|gfdl|fdl)( niv)? ?v?([0-9](?:\.[0-9])?)?(?:\.0)?(\+| only)?$`)

// gnuName names a licence of GNU, whose version is part of the id. One without
// a version means any.
func gnuName(plain string) (string, bool) {
	m := gnu.FindStringSubmatch(plain)
	if m == nil {
		return "", false
	}
	family, number, suffix := strings.ToUpper(m[1]), m[3], m[4]
	if family == "FDL" {
		family = "GFDL"
	}
	if number == "" {
		switch family {
		case "GPL":
			return "GPL-1.0-or-later", suffix != " only"
		case "LGPL":
			return "LGPL-2.0-or-later", suffix != " only"
		}
		return "", false
	}
	if !strings.Contains(number, ".") {
		number += ".0"
	}
	id := family + "-" + number
	if m[2] != "" {
		id += "-no-invariants"
	}
	if suffix == "+" {
		id += "-or-later"
	} else {
		id += "-only"
	}
	_, ok := spdxNames()[strings.ToLower(id)]
	return id, ok
}

// titles are names that are not near their SPDX id, as plainName leaves them.
var titles = map[string]string{
	"apache": "Apache-2.0", "apache software": "Apache-2.0", "apache software 2.0": "Apache-2.0", "apache software 2": "Apache-2.0",
	"asl 2.0": "Apache-2.0", "asl 2": "Apache-2.0", "asl 1.1": "Apache-1.1", "al2": "Apache-2.0", "apache2": "Apache-2.0", "apache2.0": "Apache-2.0",
	"expat": "MIT", "mit expat": "MIT", "mit x11": "MIT", "x11 mit": "MIT", "mit mit": "MIT", "expat mit": "MIT",
	"bsd 2": "BSD-2-Clause", "2 clause bsd": "BSD-2-Clause", "simplified bsd": "BSD-2-Clause", "freebsd": "BSD-2-Clause", "bsd 2 clauses": "BSD-2-Clause",
	"bsd 3": "BSD-3-Clause", "3 clause bsd": "BSD-3-Clause", "new bsd": "BSD-3-Clause", "modified bsd": "BSD-3-Clause", "revised bsd": "BSD-3-Clause",
	"bsd 3 clauses": "BSD-3-Clause", "eclipse distribution 1.0": "BSD-3-Clause", "edl 1.0": "BSD-3-Clause", "bsd 4": "BSD-4-Clause",
	"mozilla public 1.0": "MPL-1.0", "mozilla public 1.1": "MPL-1.1", "mozilla public 2.0": "MPL-2.0", "mplv2.0": "MPL-2.0", "mplv1.1": "MPL-1.1",
	"eclipse public 1.0": "EPL-1.0", "eclipse public 2.0": "EPL-2.0", "eclipse public": "EPL-1.0", "common public 1.0": "CPL-1.0",
	"cddl": "CDDL-1.0", "common development and distribution 1.0": "CDDL-1.0", "common development and distribution 1.1": "CDDL-1.1",
	"isc iscl": "ISC", "python software foundation": "PSF-2.0", "psf": "PSF-2.0", "psfl": "PSF-2.0", "psf 2": "PSF-2.0",
	"boost software 1.0": "BSL-1.0", "boost 1.0": "BSL-1.0", "boost": "BSL-1.0", "artistic": "Artistic-1.0-Perl", "zlib libpng": "Zlib",
	"cc0": "CC0-1.0", "cc0 1.0 universal": "CC0-1.0", "creative commons zero 1.0 universal": "CC0-1.0", "unlicense": "Unlicense", "universal permissive": "UPL-1.0",
	"sil open font 1.1": "OFL-1.1", "ofl": "OFL-1.1", "ofl 1.1": "OFL-1.1", "openssl": "OpenSSL", "postgresql": "PostgreSQL", "vim": "Vim",
	"zope public 2.1": "ZPL-2.1", "academic free 2.1": "AFL-2.1", "academic free 3.0": "AFL-3.0", "bouncy castle": "MIT", "go": "BSD-3-Clause",
	"server side public 1": "SSPL-1.0", "server side public 1.0": "SSPL-1.0", "sspl": "SSPL-1.0", "business source 1.1": "BUSL-1.1", "busl": "BUSL-1.1",
	"bsl 1.1": "BUSL-1.1", "elastic 2.0": "Elastic-2.0", "european union public 1.2": "EUPL-1.2", "european union public 1.1": "EUPL-1.1",
}

// exceptions are names of exceptions that are not SPDX ids, in lower case and
// without the word "exception".
var exceptions = map[string]string{
	"classpath": "Classpath-exception-2.0", "openssl": "openvpn-openssl-exception", "autoconf": "Autoconf-exception-generic",
	"autoconf-2.0": "Autoconf-exception-2.0", "autoconf-3.0": "Autoconf-exception-3.0", "bison": "Bison-exception-2.2", "bison-2.2": "Bison-exception-2.2",
	"libtool": "Libtool-exception", "font": "Font-exception-2.0", "gcc": "GCC-exception-3.1", "gcc-runtime": "GCC-exception-3.1",
	"llvm": "LLVM-exception", "linux-syscall": "Linux-syscall-note",
}

func exceptionOf(name string) (string, bool) {
	lower := strings.ToLower(strings.TrimSpace(name))
	if id, ok := spdxExceptions()[lower]; ok {
		return id, true
	}
	words := strings.FieldsFunc(lower, func(r rune) bool { return r == ' ' || r == '-' })
	var kept []string
	for _, w := range words {
		if w != "exception" && w != "exceptions" {
			kept = append(kept, w)
		}
	}
	id := exceptions[strings.Join(kept, "-")]
	return id, id != ""
}
