package compliance

import (
	"errors"
	"fmt"
	"os"
	"path"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/report"
	"github.com/pratique/pratique/internal/rulefile"
)

// builtinPolicy is what Default returns, with the error that it hides.
func builtinPolicy(t testing.TB) *Policy {
	t.Helper()
	p, err := newPolicy()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func ids(rules []Rule) string {
	var all []string
	for _, r := range rules {
		all = append(all, r.ID)
	}
	return strings.Join(all, " ")
}

// example makes a name that a pattern is about.
func example(pattern string) string {
	return strings.NewReplacer("[0-9]", "7", "*", "x", "?", "x").Replace(pattern)
}

// packageFor makes a package that a pattern is about.
func packageFor(p namePattern) report.Package {
	kind := p.scope
	if kind == distributionScope || kind == anyScope {
		kind = "deb"
	}
	return report.Package{Type: kind, Name: example(p.name), Version: "1"}
}

// Every built-in rule finds what it names and nothing that only looks so: a
// package of another kind, a name that goes on, a file among data.
func TestEveryBuiltinRule(t *testing.T) {
	p := builtinPolicy(t)
	names := 0
	for _, r := range p.software.rules {
		t.Run(r.ID, func(t *testing.T) {
			has := func(rules []Rule) bool { return strings.Contains(" "+ids(rules)+" ", " "+r.ID+" ") }
			for _, pattern := range r.packages {
				names++
				pkg := packageFor(pattern)
				if !has(p.Forbidden(pkg, nil)) {
					t.Errorf("%s %s is not found", pkg.Type, pkg.Name)
				}
				upper := pkg
				upper.Name = strings.ToUpper(pkg.Name)
				if !has(p.Forbidden(upper, nil)) {
					t.Errorf("%s is not found", upper.Name)
				}
				other := pkg
				other.Type = "julia"
				if pattern.scope != anyScope && has(p.Forbidden(other, nil)) {
					t.Errorf("%s %s is found", other.Type, other.Name)
				}
				if strings.HasPrefix(pattern.name, "*") {
					continue
				}
				for _, name := range []string{"lib" + pkg.Name + "0", "python3-x" + pkg.Name, "my" + pkg.Name} {
					if lookalike := (report.Package{Type: pkg.Type, Name: name}); has(p.Forbidden(lookalike, nil)) {
						t.Errorf("%s is found", name)
					}
				}
			}
			for _, e := range r.executables {
				names++
				if file := "opt/tools/" + e; !has(p.ForbiddenProgram(file)) {
					t.Errorf("%s is not found", file)
				}
				for _, file := range []string{"usr/share/bash-completion/completions/" + e, "opt/tools/" + e + ".txt", "opt/tools/zz" + path.Base(e), e + "/readme"} {
					if has(p.ForbiddenProgram(file)) {
						t.Errorf("%s is found", file)
					}
				}
			}
			if r.Title == "" || r.Reason == "" || r.Remedy == "" || r.Severity == report.Unknown {
				t.Errorf("%+v", r.Rule)
			}
		})
	}
	if names < 80 {
		t.Errorf("the list has %d names", names)
	}
}

// Packages that images have and nobody minds.
func TestOrdinarySoftwareIsNotForbidden(t *testing.T) {
	p := builtinPolicy(t)
	for _, name := range strings.Fields(`adduser apt base-files bash busybox ca-certificates coreutils curl wget openssl libssl3 openssh-client
		openssh-clients gnupg git perl perl-base python3 python3-minimal python3-make nodejs npm libgcc-s1 gcc-12-base libgcc libstdc++ libstdc++6
		libc6 musl libpcap0.8 libnetfilter-conntrack3 openjdk-17-jre openjdk-17-jre-headless java-17-openjdk-headless openjdk17-jre tzdata
		tzdata-java util-linux mount procps iproute2 iputils-ping net-tools dnsutils bind-tools libmake-dev-perl mailcap make-dfsg-doc
		golang-github-foo postgresql-client-15 redis-tools nginx libldap-2.5-0 telnetlib ftplib set-x john-doe hydrapaper medusa-icons`) {
		for _, kind := range []string{"deb", "rpm", "apk"} {
			if name == "golang-github-foo" && kind != "deb" {
				continue
			}
			if got := p.Forbidden(report.Package{Type: kind, Name: name, Version: "1"}, nil); len(got) > 0 {
				t.Errorf("%s %s: %s", kind, name, ids(got))
			}
		}
	}
	for _, pkg := range []report.Package{{Type: "npm", Name: "make"}, {Type: "npm", Name: "telnet"}, {Type: "pypi", Name: "cmake"}, {Type: "pypi", Name: "nmap"}, {Type: "cargo", Name: "cargo"}} {
		if got := p.Forbidden(pkg, nil); len(got) > 0 {
			t.Errorf("%+v: %s", pkg, ids(got))
		}
	}
	for _, file := range []string{"usr/bin/nc", "usr/local/bin/node", "usr/bin/python3.11", "usr/local/bin/go", "bin/busybox", "usr/lib/git-core/git", "app/node_modules/x/bin/make", "usr/share/doc/gdb/examples/gdb", "usr/lib/apt/methods/rsh", "usr/lib/apt/methods/ftp"} {
		if got := p.ForbiddenProgram(file); len(got) > 0 {
			t.Errorf("%s: %s", file, ids(got))
		}
	}
}

// byNumber orders versions that are one number.
func byNumber(_ report.Package, a, b string) (int, error) {
	m, errM := strconv.Atoi(a)
	n, errN := strconv.Atoi(b)
	return m - n, errors.Join(errM, errN)
}

func TestVersions(t *testing.T) {
	p := load(t, `
rules:
  - {id: old, category: debug, packages: [tool], versions: ">=2, <5"}
  - {id: other, category: debug, packages: [tool], versions: "!=3"}
  - {id: one, category: debug, packages: [tool], versions: "=7"}
`, "")
	for _, c := range []struct{ version, want string }{
		{"1", "other"}, {"2", "old other"}, {"3", "old"}, {"4", "old other"}, {"5", "other"}, {"7", "one other"},
		{"", "old one other"}, {"unknown", "old one other"},
	} {
		if got := ids(p.Forbidden(report.Package{Type: "deb", Name: "tool", Version: c.version}, byNumber)); got != c.want {
			t.Errorf("%q: %q, want %q", c.version, got, c.want)
		}
	}
}

// load makes a policy of the built-in one and two files.
func load(t testing.TB, software, licences string) *Policy {
	t.Helper()
	files := fstest.MapFS{"secrets.yaml": {Data: []byte("not ours")}}
	if software != "" {
		files["software-team.yaml"] = &fstest.MapFile{Data: []byte(software)}
	}
	if licences != "" {
		files["licences.yaml"] = &fstest.MapFile{Data: []byte(licences)}
	}
	p, err := Load(files)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestLoad(t *testing.T) {
	if p, err := Load(fstest.MapFS{"secrets.yaml": {}}); err != nil || p != Default() {
		t.Errorf("%v, %v", p, err)
	}
	p := load(t, `
categories:
  debug: {title: Tracer, severity: high, reason: "Because.", remedy: "Away with it."}
  games: {title: Game, severity: low, reason: "It keeps people from work.", remedy: "Remove it."}
rules:
  - {id: nethack, category: games, packages: ["nethack-*", "*:adventure"], executables: [games/nethack]}
  - {id: tcpdump, disabled: true}
  - {id: gdb, category: debug, severity: medium, packages: [gdb]}
`, "")
	for _, c := range []struct {
		kind, name, want string
		severity         report.Severity
	}{
		{"deb", "nethack-console", "nethack", report.Low},
		{"npm", "adventure", "nethack", report.Low},
		{"deb", "tcpdump", "", 0},
		{"deb", "gdb", "gdb", report.Medium},
		{"deb", "gdbserver", "", 0},
		{"deb", "strace", "strace", report.High},
	} {
		got := p.Forbidden(report.Package{Type: c.kind, Name: c.name}, nil)
		if ids(got) != c.want || len(got) > 0 && got[0].Severity != c.severity {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
	if got := ids(p.ForbiddenProgram("usr/games/nethack")); got != "nethack" {
		t.Errorf("%q", got)
	}
	if Default().Forbidden(report.Package{Type: "deb", Name: "tcpdump"}, nil) == nil {
		t.Error("a user's files changed the built-in policy")
	}
}

func TestLoadErrors(t *testing.T) {
	const rule = "rules:\n  - {id: x, category: debug, packages: [x]}\n"
	for _, c := range []struct{ name, file, text, want string }{
		{"empty", "software.yaml", "", "software.yaml:1: the file is empty"},
		{"no yaml", "software.yaml", "rules: [", "software.yaml:1: did not find"},
		{"unknown field", "software.yaml", rule + "rule: 1\n", `software.yaml:3: "rule" is not a field`},
		{"unknown field of a rule", "software.yaml", "rules:\n  - id: x\n    pakages: [x]\n", `software.yaml:3: "pakages" is not a field`},
		{"wrong kind", "software.yaml", "rules:\n  - id: [x]\n", "software.yaml:2: a list is not what belongs here"},
		{"two documents", "software.yaml", rule + "---\n" + rule, "software.yaml:1: there is more than one document"},
		{"no id", "software.yaml", "rules:\n  - {category: debug, packages: [x]}\n", `software.yaml:2: id ""`},
		{"twice", "software.yaml", rule + "  - {id: x, category: debug, packages: [y]}\n", "software.yaml:3: rule x is there twice, the first time in software.yaml:2"},
		{"reserved", "licences.yaml", "rules:\n  - {id: licence-missing, action: deny, licences: [X]}\n", "licences.yaml:2: id licence-missing is taken"},
		{"id of another kind", "licences.yaml", "rules:\n  - {id: gdb, action: deny, licences: [X]}\n", "licences.yaml:2: id gdb is that of a built-in rule about something else"},
		{"category", "software.yaml", "rules:\n  - {id: x, category: nonsense, packages: [x]}\n", `software.yaml:2: rule x: category "nonsense" is not known`},
		{"new category", "software.yaml", "categories:\n  x: {title: X, severity: low, reason: Y.}\n", "software.yaml:2: category x: remedy is missing"},
		{"severity", "software.yaml", "rules:\n  - {id: x, category: debug, severity: bad, packages: [x]}\n", `severity "bad"`},
		{"nothing", "software.yaml", "rules:\n  - {id: x, category: debug}\n", "packages or executables are missing"},
		{"type", "software.yaml", "rules:\n  - {id: x, category: debug, packages: [\"nmp:x\"]}\n", `"nmp" is no type of packages`},
		{"pattern", "software.yaml", "rules:\n  - {id: x, category: debug, packages: [\"a[\"]}\n", "no pattern of a name"},
		{"path", "software.yaml", "rules:\n  - {id: x, category: debug, executables: [/usr/bin/x]}\n", "neither a name nor the end of a path"},
		{"operator", "software.yaml", "rules:\n  - {id: x, category: debug, packages: [x], versions: \"2.0\"}\n", "put one of <= >= != < > = before a version"},
		{"version", "software.yaml", "rules:\n  - {id: x, category: debug, packages: [x], versions: \"> =2\"}\n", "is no version"},
		{"version of a program", "software.yaml", "rules:\n  - {id: x, category: debug, executables: [x], versions: \">2\"}\n", "do not go together"},
		{"disabled", "software.yaml", "rules:\n  - {id: x, disabled: true}\n", "no such rule to disable"},
		{"disabled licence", "licences.yaml", "rules:\n  - {id: x, disabled: true}\n", "no such rule to disable"},
		{"action", "licences.yaml", "rules:\n  - {id: x, action: forbid, licences: [X]}\n", `action: "forbid": use allow, warn, deny`},
		{"no licences", "licences.yaml", "rules:\n  - {id: x, action: warn}\n", "licences are missing"},
		{"types", "licences.yaml", "rules:\n  - {id: x, action: warn, licences: [X], types: [all]}\n", `types: "all" is none`},
		{"setting", "licences.yaml", "unlisted: maybe\n", `licences.yaml:1: unlisted: "maybe"`},
		{"exemption", "licences.yaml", "exemptions:\n  - {packages: [x]}\n", "licences.yaml:2: reason is missing"},
		{"text", "licences.yaml", "exemptions:\n  - {packages: [x], reason: \"a\\u202eb\"}\n", "cannot be printed"},
		{"large", "licences.yaml", strings.Repeat("#", rulefile.MaxFile+1), "more than 1048576 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Load(fstest.MapFS{c.file: {Data: []byte(c.text)}})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v\nwant %s", err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), "compliance.") {
				t.Errorf("%v names a type of the program", err)
			}
		})
	}
}

func TestOwns(t *testing.T) {
	for name, want := range map[string]bool{"software.yaml": true, "software-a.yaml": true, "licences.yaml": true, "licences2.yaml": true,
		"licences.yml": false, "secrets.yaml": false, "x/software.yaml": false} {
		if Owns(name) != want {
			t.Errorf("%s: %v", name, !want)
		}
	}
}

func TestCanonical(t *testing.T) {
	for name, want := range map[string]string{
		"MIT": "MIT", "mit": "MIT", "Expat": "MIT", "MIT License": "MIT", "The MIT License": "MIT", "The MIT License (MIT)": "MIT",
		"GPL-2": "GPL-2.0-only", "GPL-2+": "GPL-2.0-or-later", "GPL-2.0": "GPL-2.0-only", "GPL-2.0+": "GPL-2.0-or-later", "GPL": "GPL-1.0-or-later",
		"GPLv3+": "GPL-3.0-or-later", "GPLv2": "GPL-2.0-only", "LGPLv2+": "LGPL-2.0-or-later", "LGPL-2.1+": "LGPL-2.1-or-later", "LGPL-3": "LGPL-3.0-only",
		"AGPL-3+": "AGPL-3.0-or-later", "AGPLv3": "AGPL-3.0-only", "GNU AGPLv3": "AGPL-3.0-only", "GNU Affero General Public License v3": "AGPL-3.0-only",
		"License :: OSI Approved :: GNU General Public License v2 or later (GPLv2+)": "GPL-2.0-or-later",
		"License :: OSI Approved :: Apache Software License":                         "Apache-2.0",
		"License :: OSI Approved :: MIT License":                                     "MIT",
		"GNU General Public License, version 2":                                      "GPL-2.0-only",
		"GNU Lesser General Public License v2.1 or later":                            "LGPL-2.1-or-later",
		"Apache 2.0": "Apache-2.0", "Apache License, Version 2.0": "Apache-2.0", "The Apache Software License, Version 2.0": "Apache-2.0",
		"Apache-2": "Apache-2.0", "ASL 2.0": "Apache-2.0", "apache-2.0": "Apache-2.0",
		"BSD-3-clause": "BSD-3-Clause", "BSD-2-Clause": "BSD-2-Clause", "New BSD License": "BSD-3-Clause", "3-Clause BSD License": "BSD-3-Clause",
		"Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0", "MPL-2": "MPL-2.0", "Eclipse Public License - v 2.0": "EPL-2.0",
		"GFDL-1.3+": "GFDL-1.3-or-later", "GFDL-NIV-1.3+": "GFDL-1.3-no-invariants-or-later", "Artistic": "Artistic-1.0-Perl", "Artistic-2": "Artistic-2.0",
		"GPL-2+ with OpenSSL exception":             "GPL-2.0-or-later WITH openvpn-openssl-exception",
		"GPL-2.0-only WITH Classpath-exception-2.0": "GPL-2.0-only WITH Classpath-exception-2.0",
		"gpl-3+ with autoconf exception":            "GPL-3.0-or-later WITH Autoconf-exception-generic",
		"Server Side Public License, version 1":     "SSPL-1.0",
		"Business Source License 1.1":               "BUSL-1.1",
		"BSD":                                       "", "BSD License": "", "public-domain": "", "Other": "", "": "", "GPL-7": "", "LGPL-2.7": "", "MIT-style": "", "See LICENSE": "",
		"GPL-2 with a hat": "", "Proprietary": "", "Custom": "", "GPL-2 or Artistic": "", "AGPL": "", strings.Repeat("x", 500): "",
	} {
		got, ok := Canonical(name)
		if ok != (want != "") || ok && got != want {
			t.Errorf("%q: %q %v, want %q", name, got, ok, want)
		}
	}
}

func TestLicences(t *testing.T) {
	p := load(t, "", `
unlisted: warn
missing: deny
rules:
  - {id: fine, action: allow, licences: [MIT, Apache-2.0, "BSD-*", ISC, "GPL-2.0-only WITH Classpath-exception-2.0"]}
  - {id: gpl, title: Strong copyleft, action: deny, licences: ["GPL-*"]}
  - {id: lgpl, action: warn, severity: medium, licences: ["LGPL-*"], types: [distribution, npm]}
exemptions:
  - {packages: ["npm:@team/*"], reason: ours}
  - {packages: ["*:ghost"], licences: ["AGPL-*"], reason: "bought a licence"}
`)
	npm := func(licences ...string) report.Package {
		return report.Package{Type: "npm", Name: "x", Licences: licences}
	}
	named := func(kind, name string, licences ...string) report.Package {
		return report.Package{Type: kind, Name: name, Licences: licences}
	}
	for _, c := range []struct {
		name string
		pkg  report.Package
		want string
	}{
		{"allowed", npm("MIT"), ""},
		{"allowed by another name", npm("The Apache Software License, Version 2.0"), ""},
		{"denied", npm("GPL-3.0-only"), "gpl high true GPL-3.0-only"},
		{"denied by another name", npm("GPLv3+"), "gpl high true GPL-3.0-or-later"},
		{"and", npm("MIT AND GPL-2.0"), "gpl high true GPL-2.0-only"},
		{"or", npm("MIT OR GPL-2.0"), ""},
		{"or of bad ones", npm("GPL-2.0 OR LGPL-3.0"), "lgpl medium false LGPL-3.0-only"},
		{"nested", npm("(GPL-2.0 OR MIT) AND (ISC AND (LGPL-2.1 OR GPL-3.0))"), "lgpl medium false LGPL-2.1-only"},
		{"and before or", npm("GPL-2.0 AND ISC OR MIT"), ""},
		{"several", npm("MIT", "GPL-2.0+"), "gpl high true GPL-2.0-or-later"},
		{"exception allowed", npm("GPL-2.0-only WITH Classpath-exception-2.0"), ""},
		{"other exception", npm("GPL-2.0-only WITH GCC-exception-3.1"), "gpl high true GPL-2.0-only WITH GCC-exception-3.1"},
		{"unlisted", npm("WTFPL"), "licence-unlisted low false WTFPL"},
		{"unlisted or allowed", npm("WTFPL or MIT"), ""},
		{"text", npm("See the file"), "licence-unlisted low false See the file"},
		{"built-in rule", npm("AGPL-3.0"), "network-copyleft medium false AGPL-3.0-only"},
		{"built-in rule, text", npm("MIT with Commons Clause"), "source-available medium false MIT with Commons Clause"},
		{"non-commercial", npm("CC-BY-NC-SA-4.0"), "non-commercial medium false CC-BY-NC-SA-4.0"},
		{"missing", npm(), "licence-missing high true "},
		{"missing of a distribution", named("deb", "x"), ""},
		{"a distribution's", named("deb", "x", "GPL-3.0"), ""},
		{"a distribution's, named", named("deb", "x", "LGPL-3.0"), "lgpl medium false LGPL-3.0-only"},
		{"other type", named("pypi", "x", "LGPL-3.0"), "licence-unlisted low false LGPL-3.0-only"},
		{"packaged by a distribution", report.Package{Type: "pypi", Name: "x", OwnedBy: "python3-x", Licences: []string{"GPL-3.0"}}, ""},
		{"exempt", named("npm", "@team/core", "GPL-3.0"), ""},
		{"exempt without licence", named("npm", "@team/core"), ""},
		{"exempt licence", named("pypi", "Ghost", "AGPL-3.0"), ""},
		{"licence not exempt", named("pypi", "ghost", "AGPL-3.0 AND GPL-2.0"), "gpl high true GPL-2.0-only"},
		{"unbalanced", npm("(MIT"), "licence-unlisted low false (MIT"},
		{"operators only", npm("AND OR"), "licence-unlisted low false AND OR"},
		{"deep", npm(strings.Repeat("(", 50) + "GPL-2.0" + strings.Repeat(")", 50)), "licence-unlisted"},
		{"wide", npm("GPL-2.0" + strings.Repeat(" AND MIT", 10000)), "gpl high true GPL-2.0 AND"}, // one text, but its beginning tells
	} {
		t.Run(c.name, func(t *testing.T) {
			judge := p.Licences()
			for range 2 { // from memory too
				got := ""
				if b := judge.Package(c.pkg); b != nil {
					got = fmt.Sprint(b.ID, " ", b.Severity, " ", b.Denied, " ", b.Licence)
				}
				if got != c.want && (c.name != "deep" && c.name != "wide" || !strings.HasPrefix(got, c.want)) {
					t.Errorf("%q, want %q", got, c.want)
				}
			}
		})
	}
	judge := builtinPolicy(t).Licences()
	if b := judge.File(report.LicenceFile{Path: "opt/app/LICENSE", Licences: []string{"MIT", "SSPL-1.0"}}); b == nil || b.ID != "network-copyleft" {
		t.Errorf("%+v", b)
	}
	for _, licences := range [][]string{{"GPL-3.0"}, {"WTFPL"}, nil, {"BSL-1.0"}, {"PSF-2.0"}} {
		if b := judge.Package(npm(licences...)); b != nil {
			t.Errorf("%v: %+v", licences, b)
		}
	}
	if diff := cmp.Diff((*Breach)(nil), judge.Package(named("deb", "ghostscript", "AGPL-3.0-or-later"))); diff != "" {
		t.Error(diff)
	}
}

// Every built-in rule about licences finds each licence it names, and not one
// that begins in the same way.
func TestEveryBuiltinLicence(t *testing.T) {
	p := builtinPolicy(t)
	for _, r := range p.licences.rules {
		for _, pattern := range r.licences {
			pkg := report.Package{Type: "npm", Name: "x", Licences: []string{example(pattern)}}
			if b := p.Licences().Package(pkg); b == nil || b.Severity < report.Low || b.Reason == "" || b.Remedy == "" {
				t.Errorf("%s: %s: %+v", r.ID, pattern, b)
			}
			pkg.Licences = []string{"X" + strings.ReplaceAll(example(pattern), " ", "")}
			if b := p.Licences().Package(pkg); b != nil && !strings.HasPrefix(pattern, "*") {
				t.Errorf("%s: %v: %+v", r.ID, pkg.Licences, b)
			}
		}
	}
}

func FuzzLicences(f *testing.F) {
	for _, s := range []string{"MIT OR (GPL-2.0-only WITH Classpath-exception-2.0 AND ISC)", "((", "a with b with c", "GPLv2+ and LGPLv2+ with exceptions", "License :: x :: y (z)"} {
		f.Add(s)
	}
	p := builtinPolicy(f)
	f.Fuzz(func(t *testing.T, text string) {
		one := p.Licences().Package(report.Package{Type: "npm", Name: "x", Licences: []string{text}})
		two := p.Licences().Package(report.Package{Type: "npm", Name: "x", Licences: []string{text}})
		if diff := cmp.Diff(one, two); diff != "" {
			t.Error(diff)
		}
		if spdx, ok := Canonical(text); ok {
			if again, ok := Canonical(spdx); !ok || again != spdx {
				t.Errorf("%q is %q, and that %q", text, spdx, again)
			}
		}
	})
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte("rules:\n  - {id: x, category: debug, packages: [x], versions: '<2'}\n"), true)
	f.Add([]byte("unlisted: warn\nexemptions:\n  - {packages: ['*:x'], reason: y}\n"), false)
	f.Add([]byte("a: &a [*a]\n"), true)
	f.Fuzz(func(t *testing.T, text []byte, software bool) {
		name := "licences.yaml"
		if software {
			name = "software.yaml"
		}
		parser := newParser()
		parser.categories["debug"] = Rule{Category: "debug", Title: "x", Severity: report.Low}
		if err := parser.read(file{rulefile.Source{Name: name, Content: text}, false}); err != nil {
			if !strings.Contains(err.Error(), name) {
				t.Errorf("%v does not name the file", err)
			}
			return
		}
		p := parser.policy()
		p.Forbidden(report.Package{Type: "deb", Name: "gdb", Version: "1"}, byNumber)
		p.ForbiddenProgram("usr/bin/gdb")
		p.Licences().Package(report.Package{Type: "npm", Name: "x", Licences: []string{"MIT OR ISC"}})
	})
}

func BenchmarkForbidden(b *testing.B) {
	p := builtinPolicy(b)
	names := make([]string, 2000)
	for i := range names {
		names[i] = "lib" + strconv.Itoa(i) + "-tools"
	}
	b.ResetTimer()
	for b.Loop() {
		for _, n := range names {
			p.Forbidden(report.Package{Type: "deb", Name: n, Version: "1"}, nil)
		}
	}
}

func BenchmarkLoad(b *testing.B) {
	files := fstest.MapFS{"licences.yaml": {Data: []byte("unlisted: warn\n")}}
	for b.Loop() {
		if _, err := Load(files); err != nil {
			b.Fatal(err)
		}
	}
}

// The examples of the documentation can be loaded, and do what they say.
func TestDocumentedExamples(t *testing.T) {
	page, err := os.ReadFile("../../docs/software-compliance.md")
	if err != nil {
		t.Fatal(err)
	}
	files := make(fstest.MapFS)
	for _, block := range strings.Split(string(page), "```yaml\n# ")[1:] {
		block, _, _ = strings.Cut(block, "```")
		name, _, _ := strings.Cut(block, "\n")
		files[name] = &fstest.MapFile{Data: []byte("# " + block)}
	}
	p, err := Load(files)
	if err != nil || len(files) != 2 {
		t.Fatal(len(files), err)
	}
	if got := ids(p.Forbidden(report.Package{Type: "npm", Name: "left-pad"}, nil)); got != "request" {
		t.Errorf("%q", got)
	}
	if got := ids(p.ForbiddenProgram("srv/opt/agent/run")); got != "agent" {
		t.Errorf("%q", got)
	}
	if b := p.Licences().Package(report.Package{Type: "maven", Name: "com.example:pdf", Licences: []string{"AGPL-3.0-only"}}); b != nil {
		t.Errorf("%+v", b)
	}
	if b := p.Licences().Package(report.Package{Type: "maven", Name: "com.example:other", Licences: []string{"AGPL-3.0-only"}}); b == nil || !b.Denied {
		t.Errorf("%+v", b)
	}
}
