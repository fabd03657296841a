package catalog

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pratique/pratique/internal/report"
)

var (
	vulnerability = Subject{Category: report.System, FindingID: "f1", IDs: []string{"CVE-2024-1", "ghsa-aaaa"}, Package: "zlib1g", Paths: []string{"var/lib/dpkg/status"}}
	secret        = Subject{Category: report.Sensitive, FindingID: "f2", Rule: "jwt", Paths: []string{"srv/a.json", "srv/b/c.json"}}
	setting       = Subject{Category: report.Baseline, FindingID: "f3", Rule: "user", Paths: []string{""}}
)

func TestHandleCriteria(t *testing.T) {
	for _, tc := range []struct {
		name     string
		criteria Criteria
		subject  Subject
		want     bool
	}{
		{"vulnerability", Criteria{Vulnerability: "CVE-2024-1"}, vulnerability, true},
		{"alias", Criteria{Vulnerability: "GHSA-AAAA"}, vulnerability, true},
		{"part of an id", Criteria{Vulnerability: "CVE-2024"}, vulnerability, false},
		{"vulnerability and package", Criteria{Vulnerability: "CVE-2024-1", Package: "zlib1g"}, vulnerability, true},
		{"vulnerability and another package", Criteria{Vulnerability: "CVE-2024-1", Package: "zlib"}, vulnerability, false},
		{"vulnerability and its category", Criteria{Vulnerability: "CVE-2024-1", Category: report.System}, vulnerability, true},
		{"vulnerability and another category", Criteria{Vulnerability: "CVE-2024-1", Category: report.Application}, vulnerability, false},
		{"package", Criteria{Package: "zlib1g"}, vulnerability, true},
		{"package in another case", Criteria{Package: "ZLIB1G"}, vulnerability, false},
		{"finding", Criteria{FindingID: "f1"}, vulnerability, true},
		{"another finding", Criteria{FindingID: "f2"}, vulnerability, false},
		{"path of a vulnerability", Criteria{Path: "var/lib/**"}, vulnerability, true},
		{"rule", Criteria{Rule: "jwt"}, secret, true},
		{"another rule", Criteria{Rule: "jw"}, secret, false},
		{"rule of another finding", Criteria{Rule: "jwt"}, vulnerability, false},
		{"rule and all places", Criteria{Rule: "jwt", Path: "srv/**"}, secret, true},
		{"rule and one of the places", Criteria{Rule: "jwt", Path: "srv/*.json"}, secret, false},
		{"category", Criteria{Category: report.Sensitive}, secret, true},
		{"another category", Criteria{Category: report.Sensitive}, setting, false},
		{"path of what is in no file", Criteria{Path: "**"}, setting, false},
		{"path of what is nowhere", Criteria{Path: "**"}, Subject{}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, action := range []ExceptionAction{Ignore, Whitelist} {
				x := InForce([]Exception{{ID: 1, Action: action, Criteria: tc.criteria}}, noon)
				h := x.Handle(tc.subject)
				if h.Whitelisted != (tc.want && action == Whitelist) || (h.Ignored != nil) != (tc.want && action == Ignore) {
					t.Errorf("%s: %+v, want %v", action, h, tc.want)
				}
			}
		})
	}
}

func TestHandlePrecedence(t *testing.T) {
	cve := Criteria{Vulnerability: "CVE-2024-1"}
	alias := Criteria{Vulnerability: "GHSA-AAAA"}
	tomorrow, later := noon.AddDate(0, 0, 1), noon.AddDate(0, 1, 0)
	var never time.Time
	for _, tc := range []struct {
		name        string
		list        []Exception
		whitelisted bool
		until       time.Time
		ignored     int64
	}{
		{"none", nil, false, never, 0},
		{"whitelist beside ignore", []Exception{{ID: 1, Action: Ignore, Scope: ScopeArtifact, Criteria: cve}, {ID: 2, Action: Whitelist, Scope: ScopeInstance, Criteria: cve}}, true, never, 1},
		{"narrowest ignore", []Exception{{ID: 1, Action: Ignore, Scope: ScopeInstance, Criteria: cve}, {ID: 3, Action: Ignore, Scope: ScopeArtifact, Criteria: alias}, {ID: 2, Action: Ignore, Scope: ScopeNamespace, Criteria: cve}}, false, never, 3},
		{"earliest ignore", []Exception{{ID: 5, Action: Ignore, Scope: ScopeArtifact, Criteria: cve}, {ID: 4, Action: Ignore, Scope: ScopeArtifact, Criteria: Criteria{Package: "zlib1g"}}}, false, never, 4},
		{"last expiry", []Exception{{ID: 1, Action: Whitelist, Criteria: cve, ExpiresAt: later}, {ID: 2, Action: Whitelist, Criteria: alias, ExpiresAt: tomorrow}}, true, later, 0},
		{"one for ever", []Exception{{ID: 1, Action: Whitelist, Criteria: cve}, {ID: 2, Action: Whitelist, Criteria: alias, ExpiresAt: tomorrow}}, true, never, 0},
		{"another for ever", []Exception{{ID: 1, Action: Whitelist, Criteria: cve, ExpiresAt: tomorrow}, {ID: 2, Action: Whitelist, Criteria: alias}}, true, never, 0},
		{"expired", []Exception{{ID: 1, Action: Whitelist, Criteria: cve, ExpiresAt: noon}, {ID: 2, Action: Ignore, Criteria: cve, ExpiresAt: noon.Add(-1)}}, false, never, 0},
		{"removed", []Exception{{ID: 1, Action: Whitelist, Criteria: cve, EndedAt: noon.Add(-1)}}, false, never, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := InForce(tc.list, noon).Handle(vulnerability)
			var ignored int64
			if h.Ignored != nil {
				ignored = h.Ignored.ID
			}
			if h.Whitelisted != tc.whitelisted || !h.Until.Equal(tc.until) || ignored != tc.ignored {
				t.Errorf("whitelisted %v until %s, ignored by %d; want %v, %s, %d", h.Whitelisted, h.Until, ignored, tc.whitelisted, tc.until, tc.ignored)
			}
		})
	}
}

func TestFitsPath(t *testing.T) {
	for _, tc := range []struct {
		pattern, path string
		want          bool
	}{
		{"a", "a", true},
		{"a", "a/b", false},
		{"a", "/a", true},
		{"*", "a", true},
		{"*", "a/b", false},
		{"**", "a/b/c", true},
		{"a/**", "a/b/c", true},
		{"a/**", "a", true},
		{"a/**", "ab/c", false},
		{"**/c", "c", true},
		{"**/c", "a/b/c", true},
		{"**/c", "a/b/cc", false},
		{"a/**/d", "a/d", true},
		{"a/**/d", "a/b/c/d", true},
		{"a/**/b/**/c", "a/x/b/y/b/c", true},
		{"a/**/b/**/c", "a/x/y/c", false},
		{"**/b/*", "a/b/b/c", true},
		{"a/?.json", "a/b.json", true},
		{"a/[bc]*", "a/cat", true},
		{"a**", "a/b", false},
		{"", "a", false},
	} {
		if got := fitsPath(pathElements(tc.pattern), pathElements(tc.path)); got != tc.want {
			t.Errorf("%q fits %q: %v, want %v", tc.path, tc.pattern, got, tc.want)
		}
	}
	// What would take exponential time if it went back to every "**".
	pattern := strings.Repeat("**/a/", 80) + "b"
	if fitsPath(pathElements(pattern), pathElements(strings.Repeat("a/", 2000)+"c")) {
		t.Error("a path of a fits a pattern that ends in b")
	}
}

func FuzzPathPattern(f *testing.F) {
	f.Add("a/**/*.json", "a/b/c.json")
	f.Add("[a-", "x")
	f.Fuzz(func(t *testing.T, pattern, name string) {
		if !isPathPattern(pattern) {
			return
		}
		fits := fitsPath(pathElements(pattern), pathElements(name))
		if deeper := fitsPath(pathElements("**/"+pattern), pathElements("x/y/"+name)); fits && !strings.HasPrefix(pattern, "/") && !strings.HasPrefix(name, "/") && !deeper {
			t.Errorf("%q fits %q, but not below x/y", name, pattern)
		}
		if !fitsPath([]string{"**"}, pathElements(name)) {
			t.Errorf("%q does not fit **", name)
		}
	})
}

// Ten thousand exceptions of an instance and ten thousand findings of an image.
func BenchmarkHandle(b *testing.B) {
	var list []Exception
	for i := range MaxExceptions {
		list = append(list, Exception{ID: int64(i), Action: Whitelist, Criteria: Criteria{Vulnerability: fmt.Sprintf("CVE-2024-%d", i)}})
	}
	x := InForce(list, noon)
	s := Subject{Category: report.System, FindingID: "f", IDs: []string{"CVE-2025-1", "GHSA-AAAA"}, Package: "zlib1g", Paths: []string{"var/lib/dpkg/status"}}
	b.ReportAllocs()
	for b.Loop() {
		x.Handle(s)
	}
}
