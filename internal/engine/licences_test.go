package engine

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/report"
)

func TestAttachLicences(t *testing.T) {
	pkgs := []report.Package{
		{Type: "deb", Name: "bash"},
		{Type: "deb", Name: "known", Licences: []string{"X"}},
		{Type: "deb", Name: "libstdc++6", Source: "gcc", SourceVersion: "12"},
		{Type: "deb", Name: "gcc-base", Source: "gcc", SourceVersion: "12"},
		{Type: "deb", Name: "gcc-old", Source: "gcc", SourceVersion: "11"},
		{Type: "golang", Name: "g", Path: "app/tool"},
		{Type: "npm", Name: "bash", Path: "app/node_modules/bash/package.json"},
		{Type: "npm", Name: "n", Path: "app/node_modules/n/package.json"},
		{Type: "npm", Name: "locked", Path: "app/package-lock.json"},
		{Type: "pypi", Name: "p", Path: "lib/p-1.dist-info/METADATA"},
		{Type: "pypi", Name: "q", Path: "lib/q.py"},
	}
	files := []report.LicenceFile{
		{Path: "app/LICENSE", Licences: []string{"GPL-3.0-only"}},
		{Path: "app/node_modules/n/LICENSE", Licences: []string{"MIT"}},
		{Path: "app/node_modules/n/LICENSE.bsd", Licences: []string{"BSD-3-Clause", "MIT"}},
		{Path: "lib/LICENSE", Licences: []string{"GPL-3.0-only"}},
		{Path: "lib/p-1.dist-info/LICENSE", Licences: []string{"MIT"}},
		{Path: "lib/p-1.dist-info/licenses/LICENSE", Licences: []string{"Apache-2.0"}},
		{Path: "usr/share/doc/bash/copyright", Package: "bash", Licences: []string{"GPL-3.0-or-later"}},
		{Path: "usr/share/doc/gcc-base/copyright", Package: "gcc-base", Licences: []string{"GPL-3.0-only"}},
		{Path: "usr/share/doc/known/copyright", Package: "known", Licences: []string{"Y"}},
	}
	attachLicences(pkgs, files)
	var got [][]string
	for _, p := range pkgs {
		got = append(got, p.Licences)
	}
	want := [][]string{
		{"GPL-3.0-or-later"}, {"X"}, {"GPL-3.0-only"}, {"GPL-3.0-only"}, nil, nil,
		nil, {"BSD-3-Clause", "MIT"}, nil, {"Apache-2.0", "MIT"}, nil,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
