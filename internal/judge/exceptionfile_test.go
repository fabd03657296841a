package judge

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/report"
)

func TestParseExceptions(t *testing.T) {
	got, err := ParseExceptions("ci/ours.yaml", []byte(`# what we know of
exceptions:
  - action: whitelist
    vulnerability: cve-2024-3094
    package: xz-utils
    reason: not reachable
    expires: 2027-01-31
  - {action: ignore, rule: jwt, path: /srv/**, category: sensitive-information, reason: "a test's", author: ada, expires: "2027-01-31T10:00:00+02:00"}
  - action: ignore
    category: unsafe-setting
    reason: |
      two
      lines
`))
	want := []catalog.Exception{
		{ID: 3, Scope: catalog.ScopeArtifact, Action: catalog.Whitelist, Author: "ours.yaml", Reason: "not reachable",
			Criteria: catalog.Criteria{Vulnerability: "CVE-2024-3094", Package: "xz-utils"}, ExpiresAt: time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC)},
		{ID: 8, Scope: catalog.ScopeArtifact, Action: catalog.Ignore, Author: "ada", Reason: "a test's",
			Criteria: catalog.Criteria{Rule: "jwt", Path: "srv/**", Category: report.Sensitive}, ExpiresAt: time.Date(2027, 1, 31, 8, 0, 0, 0, time.UTC)},
		{ID: 9, Scope: catalog.ScopeArtifact, Action: catalog.Ignore, Author: "ours.yaml", Reason: "two\nlines",
			Criteria: catalog.Criteria{Category: report.Baseline}},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	if none, err := ParseExceptions("f", []byte("exceptions: []\n")); err != nil || len(none) != 0 {
		t.Errorf("an empty list: %v, %v", none, err)
	}
}

func TestParseExceptionsErrors(t *testing.T) {
	const head = "exceptions:\n  - action: ignore\n    reason: why\n"
	for _, tc := range []struct{ name, text, want string }{
		{"empty", "", "f:1: the file is empty"},
		{"only a comment", "# nothing\n", "f:1: the file is empty"},
		{"another list", "- a\n", "f:1: there is something else"},
		{"another key", "exemptions: []\n", `f:1: there is no field "exemptions"`},
		{"no list", "exceptions: {}\n", `f:1: there is no list "exceptions"`},
		{"nothing in it", "exceptions:\n", `f:1: there is no list "exceptions"`},
		{"no YAML", "exceptions: [\n", "f: yaml: line "},
		{"two documents", "exceptions: []\n---\nexceptions: []\n", "f:1: there is more than one document"},
		{"a text for an entry", "exceptions:\n  - CVE-2024-1\n", "f:2: there is something else"},
		{"an unknown field", head + "    cve: CVE-2024-1\n", `f:4: there is no field "cve": use action, vulnerability`},
		{"a field twice", head + "    rule: a\n    rule: b\n", "f:5: rule is given twice"},
		{"a list for a text", head + "    vulnerability: [CVE-2024-1]\n", "f:4: vulnerability is no text"},
		{"an alias", "exceptions:\n  - &a {action: ignore, reason: why, rule: a}\n  - *a\n", "f:3: there is something else"},
		{"an alias for a text", head + "    rule: &r a\n    package: *r\n", "f:5: package is no text"},
		{"no action", "exceptions:\n  - reason: why\n    rule: a\n", `f:2: "" is nothing to do with a finding`},
		{"no reason", "exceptions:\n  - action: ignore\n    rule: a\n", "f:2: the exception has no reason"},
		{"no criteria", head, "f:2: the exception does not say which findings"},
		{"a wrong id", head + "    vulnerability: all\n", `f:2: "ALL" is not the id`},
		{"a wrong category", head + "    category: secrets\n", `f:2: "secrets" is no category`},
		{"a wrong expiry", head + "    rule: a\n    expires: 31.1.2027\n", "f:5: expires is no time"},
		{"no expiry", head + "    rule: a\n    expires:\n", "f:5: expires is no time"},
		{"too large", strings.Repeat("#", MaxExceptionFile+1), "f:1: the file has more than"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := ParseExceptions("f", []byte(tc.text))
			if err == nil || !strings.HasPrefix(err.Error(), tc.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %v, want %q on one line", err, tc.want)
			}
		})
	}
}

func FuzzParseExceptions(f *testing.F) {
	f.Add([]byte("exceptions:\n  - {action: ignore, rule: jwt, reason: why, expires: 2027-01-31}\n"))
	f.Add([]byte("exceptions: [{action: whitelist, path: '**/[a-', reason: \"\\x00\"}]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		list, err := ParseExceptions("f", text)
		if err != nil {
			return
		}
		Handled(handled(), list, noon)
		for _, e := range list {
			if _, err := catalog.CheckDecision(e); err != nil || e.ID < 1 {
				t.Errorf("%+v: %v", e, err)
			}
		}
	})
}
