package licences

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/licensecheck"

	"github.com/pratique/pratique/internal/compliance"
	"github.com/pratique/pratique/internal/report"
)

// memory is content in memory.
type memory struct{ *bytes.Reader }

func (m memory) Bytes() []byte { return nil }

func collected(t testing.TB, p, text string) []report.LicenceFile {
	t.Helper()
	var c Collector
	f := report.File{Path: p, Size: int64(len(text))}
	if !c.Want(f) {
		return nil
	}
	var facts report.LayerFacts
	if err := c.Collect(context.Background(), f, memory{bytes.NewReader([]byte(text))}, &facts); err != nil {
		t.Fatal(err)
	}
	return facts.Licences
}

const mit = `The MIT License (MIT)

Copyright (c) 2026 Somebody

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
`

const isc = `Permission to use, copy, modify, and/or distribute this software for any
purpose with or without fee is hereby granted, provided that the above
copyright notice and this permission notice appear in all copies.

THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES
WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF
MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR
ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES
WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN
ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF
OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.
`

func TestCollect(t *testing.T) {
	const dep5 = `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: tool

Files: *
Copyright: 2026 Somebody
License: GPL-2+
 This text says GPL-3+ in passing.
License: twice

Files: lib/*
License: Expat or Artistic, and BSD-3-clause

Files: doc/*
License: GPL-2+

License: GFDL-1.3
 Only a text.
`
	const old = `This package was debianized by Somebody in 1999.

   This program is free software; you can redistribute it and/or modify
   it under the terms of the GNU General Public License as published by
   the Free Software Foundation; either version 2 of the License, or
   (at your option) any later version.

On Debian systems, the complete text of the GNU General Public License
can be found in /usr/share/common-licenses/GPL file.

The library is under version 2.1 of the lesser licence,
see /usr/share/common-licenses/LGPL-2.1 and /usr/share/common-licenses/Artistic.
`
	for _, c := range []struct {
		name, path, text string
		pkg              string
		want             []string
	}{
		{"machine-readable", "usr/share/doc/tool/copyright", dep5, "tool", []string{"BSD-3-Clause", "GPL-2.0-or-later", "MIT OR Artistic-1.0-Perl"}},
		{"texts only", "usr/share/doc/tool/copyright", "Format: x\n\nLicense: Expat\n Text.\n", "tool", []string{"MIT"}},
		{"of the whole", "usr/share/doc/tool/copyright", "Format: x\nLicense: Zlib\n\nFiles: a\nLicense: my-own\n", "tool", []string{"Zlib", "my-own"}},
		{"CRLF", "usr/share/doc/tool/copyright", "Format: x\r\n\r\nFiles: *\r\nLicense: ISC\r\n", "tool", []string{"ISC"}},
		{"references", "usr/share/doc/tool/copyright", old, "tool", []string{"Artistic-1.0-Perl", "GPL-2.0-or-later", "LGPL-2.1-only"}},
		{"free text", "usr/share/doc/tool/copyright", "Packaged by me.\n" + mit, "tool", []string{"MIT"}},
		{"not machine-readable", "usr/share/doc/tool/copyright", "  Format: x\nLicense: GPL-2\n", "", nil},
		{"format too late", "usr/share/doc/tool/copyright", "Name: x\n\nFormat: x\nLicense: GPL-2\n", "", nil},
		{"documentation", "usr/share/doc/tool/LICENSE", mit, "", nil},
		{"example", "usr/share/doc/tool/examples/copyright", dep5, "", nil},
		{"kept texts", "usr/share/common-licenses/LICENSE", mit, "", nil},
		{"Fedora", "usr/share/licenses/tool/COPYING", mit, "tool", []string{"MIT"}},
		{"Fedora, any name", "usr/share/licenses/tool/terms.text", isc, "tool", []string{"ISC"}},
		{"text", "app/node_modules/x/LICENSE", mit, "", []string{"MIT"}},
		{"British", "app/licence.md", mit, "", []string{"MIT"}},
		{"two", "app/LICENSES.txt", mit + isc, "", []string{"ISC", "MIT"}},
		{"suffix", "app/LICENSE-MIT", mit, "", []string{"MIT"}},
		{"extension", "app/LICENSE.apache2", mit, "", []string{"MIT"}},
		{"prefix", "app/foo-LICENSE.txt", mit, "", []string{"MIT"}},
		{"program", "app/license.js", mit, "", nil},
		{"data", "app/licenses.json", mit, "", nil},
		{"other name", "app/licensed", mit, "", nil},
		{"readme", "app/README", mit, "", nil},
		{"mention", "app/LICENSE", strings.Repeat("Ask our lawyers before you do anything with this. ", 40) + mit, "", nil},
		{"unknown", "app/LICENSE", "All rights reserved. " + strings.Repeat("Nobody may do anything. ", 30), "", nil},
		{"title", "app/LICENSE", "Business Source License 1.1\n\nParameters\n", "", []string{"BUSL-1.1"}},
		{"no title", "app/LICENSE", strings.Repeat("text ", 100) + "Business Source License 1.1\n", "", nil},
		{"empty", "app/LICENSE", "", "", nil},
		{"binary", "app/LICENSE", "\x00\xff\xfe", "", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			var want []report.LicenceFile
			if c.want != nil {
				want = []report.LicenceFile{{Path: c.path, Package: c.pkg, Licences: c.want}}
			}
			if diff := cmp.Diff(want, collected(t, c.path, c.text)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestSynopsis(t *testing.T) {
	for text, want := range map[string]string{
		"":                     "",
		"Expat":                "MIT",
		"GPL-2+ and LGPL-2.1+": "GPL-2.0-or-later | LGPL-2.1-or-later",
		"GPL-1+ or Artistic":   "GPL-1.0-or-later OR Artistic-1.0-Perl",
		"GPL-1+ or Artistic, and BSD-4-clause-UC": "GPL-1.0-or-later OR Artistic-1.0-Perl | BSD-4-Clause-UC",
		"Expat and GPL-2, or Apache-2.0":          "(MIT AND GPL-2.0-only) OR Apache-2.0",
		"GPL-2+ with OpenSSL exception":           "GPL-2.0-or-later WITH openvpn-openssl-exception",
		"custom-1 OR  Expat":                      "custom-1 OR MIT",
		"public-domain, Expat, ISC":               "public-domain | MIT | ISC",
		"and":                                     "and",
		", or ,":                                  "or",
		"Expat or Expat":                          "MIT",
	} {
		if got := strings.Join(synopsis(text), " | "); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestBounds(t *testing.T) {
	var many strings.Builder
	many.WriteString("Format: x\n")
	for i := range 1000 {
		many.WriteString("\nFiles: *\nLicense: own-" + strings.Repeat("x", i%200) + "\n")
	}
	got := collected(t, "usr/share/doc/a/copyright", many.String())
	if len(got) != 1 || len(got[0].Licences) > maxLicences {
		t.Errorf("%d licences", len(got[0].Licences))
	}
	if got := collected(t, "usr/share/doc/a/copyright", "Format: x\n\nFiles: *\nLicense: "+strings.Repeat("x", 10_000)+"\n"); got != nil {
		t.Errorf("%+v", got)
	}
	if (Collector{}).Want(report.File{Path: "LICENSE", Size: maxText + 1}) || (Collector{}).Want(report.File{Path: "usr/share/doc/a/copyright", Size: maxSize + 1}) {
		t.Error("a large file is read")
	}
}

// The texts that are looked for are there, and each is known by an SPDX id.
func TestScanner(t *testing.T) {
	s, err := scanner()
	if err != nil || s == nil {
		t.Fatal(err)
	}
	known := make(map[string]bool)
	for _, l := range licensecheck.BuiltinLicenses() {
		known[l.ID] = true
	}
	for _, id := range common {
		if _, ok := compliance.Canonical(id); !known[id] || !ok && id != "CommonsClause" {
			t.Errorf("%s: known %v, on the SPDX list %v", id, known[id], ok)
		}
	}
}

func FuzzOfCopyright(f *testing.F) {
	f.Add([]byte("Format: x\n\nFiles: *\nLicense: GPL-2+ or Artistic, and Expat\n"))
	f.Add([]byte("see /usr/share/common-licenses/GPL or any later version"))
	f.Add([]byte("License:\xff\n or"))
	f.Fuzz(func(t *testing.T, text []byte) {
		one, two := ofCopyright(text), ofCopyright(text)
		if diff := cmp.Diff(one, two); diff != "" {
			t.Error(diff)
		}
		for _, l := range one {
			if strings.TrimSpace(l) == "" || strings.ContainsAny(l, "\n\r") {
				t.Errorf("%q", l)
			}
		}
	})
}

func BenchmarkCopyright(b *testing.B) {
	paths, _ := filepath.Glob("/usr/share/doc/*/copyright")
	if len(paths) == 0 {
		b.Skip("this system has no copyright files")
	}
	var texts [][]byte
	size := 0
	for _, p := range paths {
		if text, err := os.ReadFile(p); err == nil && len(text) <= maxSize {
			texts = append(texts, text)
			size += len(text)
		}
	}
	if _, err := scanner(); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(size))
	b.ResetTimer()
	for b.Loop() {
		for _, text := range texts {
			ofCopyright(text)
		}
	}
}

func BenchmarkScannerSetUp(b *testing.B) {
	for b.Loop() {
		newScanner()
	}
}
