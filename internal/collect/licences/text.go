package licences

import (
	"bytes"
	"slices"
	"sync"

	"github.com/google/licensecheck"

	"github.com/pratique/pratique/internal/compliance"
)

// How much of a text must be that of licences, in percent of its words. Copyright
// files tell other things too, but all of the licences in them are meant.
const (
	coverageOfText      = 70
	coverageOfCopyright = 0
)

// common are the licences whose texts are recognised. Preparing to look for all
// that are known takes most of a second of each run, for texts that hardly
// anybody uses.
var common = []string{
	"0BSD", "AFL-2.1", "AFL-3.0", "AGPL-3.0", "AGPL-3.0-only", "AGPL-3.0-or-later", "Apache-1.1", "Apache-2.0", "Artistic-1.0-Perl", "Artistic-2.0",
	"BlueOak-1.0.0", "BSD-2-Clause", "BSD-3-Clause", "BSD-4-Clause", "BSL-1.0", "CC-BY-3.0", "CC-BY-4.0", "CC-BY-NC-4.0", "CC-BY-NC-SA-4.0",
	"CC-BY-SA-4.0", "CC0-1.0", "CDDL-1.0", "CDDL-1.1", "CommonsClause", "EPL-1.0", "EPL-2.0", "GPL-2.0", "GPL-2.0-only", "GPL-2.0-or-later",
	"GPL-3.0", "GPL-3.0-only", "GPL-3.0-or-later", "HPND", "HPND-sell-variant", "ISC", "LGPL-2.1", "LGPL-2.1-only", "LGPL-2.1-or-later", "LGPL-3.0", "LGPL-3.0-only",
	"LGPL-3.0-or-later", "MIT", "MIT-0", "MPL-1.1", "MPL-2.0", "NCSA", "OFL-1.1", "OpenSSL", "PolyForm-Noncommercial-1.0.0", "PSF-2.0",
	"PostgreSQL", "Python-2.0", "SSPL-1.0", "Unicode-DFS-2016", "Unlicense", "WTFPL", "X11", "Zlib", "ZPL-2.1",
}

// scanner is made at first use: most layers have no text to look at.
var scanner = sync.OnceValues(newScanner)

func newScanner() (*licensecheck.Scanner, error) {
	known := slices.DeleteFunc(licensecheck.BuiltinLicenses(), func(l licensecheck.License) bool {
		return l.URL != "" || !slices.Contains(common, l.ID)
	})
	return licensecheck.NewScanner(known)
}

// titled are licences of a few makers that are recognised by the title of the
// text.
var titled = []struct{ title, id string }{
	{"Business Source License 1.1", "BUSL-1.1"},
	{"Elastic License 2.0", "Elastic-2.0"},
	{"Functional Source License, Version 1.1", "FSL-1.1"},
	{"Redis Source Available License", "Redis Source Available License"},
}

// headOfText is where a title stands, in bytes.
const headOfText = 300

// ofText returns the licences of a licence file.
func ofText(text []byte) []string {
	head := text[:min(len(text), headOfText)]
	for _, t := range titled {
		if bytes.Contains(head, []byte(t.title)) {
			return []string{t.id}
		}
	}
	return recognise(text, coverageOfText)
}

// recognise returns the licences whose texts are found, if they are most of what
// there is.
func recognise(text []byte, least float64) []string {
	s, err := scanner()
	if err != nil {
		return nil // not with the licences above: a test makes the scanner
	}
	found := s.Scan(text)
	if found.Percent < least {
		return nil
	}
	var out []string
	for _, m := range found.Match {
		if m.IsURL {
			continue
		}
		id, ok := compliance.Canonical(m.ID)
		if !ok {
			id = m.ID
		}
		out = add(out, id)
	}
	return out
}
