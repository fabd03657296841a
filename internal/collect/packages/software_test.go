package packages_test

import (
	"archive/zip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/report"
)

// TestSoftwareInformation holds what the list of software tells beside name and
// version, as far as the evidence has it (§3.4).
func TestSoftwareInformation(t *testing.T) {
	jar := func(manifest string) []byte {
		return archive(t, zip.Deflate, map[string]any{"META-INF/MANIFEST.MF": manifest})
	}
	type info struct {
		Name, Source, Supplier string
		Licences               []string
	}
	tests := []struct {
		name, path string
		content    []byte
		want       info
	}{
		{
			"deb", "var/lib/dpkg/status",
			[]byte("Package: libssl3\nStatus: install ok installed\nVersion: 3\nSource: openssl\nMaintainer: Team <t@example.org>\n\n"),
			info{"libssl3", "openssl", "Team <t@example.org>", nil},
		},
		{
			"apk", "lib/apk/db/installed", []byte("P:libssl3\nV:3-r0\nL:Apache-2.0\no:openssl\nm:Jane <j@example.org>\n\n"),
			info{"libssl3", "openssl", "Jane <j@example.org>", []string{"Apache-2.0"}},
		},
		{
			"npm, author as a text", "a/node_modules/left/package.json", []byte(`{"name":"left","version":"1.0.0","license":"MIT","author":"Jane <j@example.org>"}`),
			info{"left", "", "Jane <j@example.org>", []string{"MIT"}},
		},
		{
			"npm, author and licences as objects", "a/node_modules/left/package.json", []byte(`{"name":"left","version":"1.0.0","licenses":[{"type":"MIT"},{"type":"ISC"}],"author":{"name":"Jane"}}`),
			info{"left", "", "Jane", []string{"MIT", "ISC"}},
		},
		{
			"python, an expression before all else", "p/a-1.dist-info/METADATA", []byte("Name: a\nVersion: 1\nLicense: see LICENSE\nLicense-Expression: MIT OR ISC\nAuthor-email: j@example.org\n\n"),
			info{"a", "", "j@example.org", []string{"MIT OR ISC"}},
		},
		{
			"python, classifiers instead of a text", "p/a-1.dist-info/METADATA", []byte("Name: a\nVersion: 1\nLicense: Copyright (c) 2001 Jane\n        All rights reserved.\nClassifier: License :: OSI Approved :: BSD License\nMaintainer: John\n\n"),
			info{"a", "", "John", []string{"BSD License"}},
		},
		{
			"python, a text where there is nothing else", "p/a-1.dist-info/METADATA", []byte("Name: a\nVersion: 1\nLicense: Copyright (c) 2001 Jane\nAuthor: Jane\nMaintainer: John\n\n"),
			info{"a", "", "Jane", []string{"Copyright (c) 2001 Jane"}},
		},
		{
			"jar, implementation", "a/commons-io-2.0.jar", jar("Implementation-Vendor: One\r\nBundle-Vendor: Two\r\nBundle-License: Apache-2.0\r\n"),
			info{"commons-io:commons-io", "", "One", []string{"Apache-2.0"}},
		},
		{
			"jar, bundle", "a/commons-io-2.0.jar", jar("Bundle-Vendor: Two\r\n"),
			info{"commons-io:commons-io", "", "Two", nil},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			facts, err := collectFile(t, test.path, test.content)
			if err != nil {
				t.Fatal(err)
			}
			var all []report.Package
			for _, set := range facts.Packages {
				all = append(all, set.Packages...)
			}
			if len(all) != 1 {
				t.Fatalf("%d packages", len(all))
			}
			p := all[0]
			if diff := cmp.Diff(test.want, info{p.Name, p.Source, p.Supplier, p.Licences}); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if p.Version == "" || strings.TrimSpace(p.Type) == "" {
				t.Errorf("%+v", p)
			}
		})
	}
}
