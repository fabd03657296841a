package catalog

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/report"
)

var noon = time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)

// exception is a valid one for team/app; change adapts it.
func exception(change ...func(*Exception)) Exception {
	e := Exception{
		Scope: ScopeRepository, Targets: []Target{{Namespace: "team", Repository: "app"}},
		Action: Whitelist, Criteria: Criteria{Vulnerability: "CVE-2024-1"}, Author: "ada", Reason: "not reachable",
	}
	for _, c := range change {
		c(&e)
	}
	return e
}

func criteria(c Criteria) func(*Exception) { return func(e *Exception) { e.Criteria = c } }

func scope(s ExceptionScope, targets ...Target) func(*Exception) {
	return func(e *Exception) { e.Scope, e.Targets = s, targets }
}

func TestNewException(t *testing.T) {
	team, app := Target{Namespace: "team"}, Target{Namespace: "team", Repository: "app"}
	image := Target{Namespace: "team", Repository: "app", Digest: "sha256:0"}
	many := make([]Target, MaxTargets+1)
	for i := range many {
		many[i] = Target{Namespace: fmt.Sprintf("n%d", i)}
	}
	for _, tc := range []struct {
		name   string
		change func(*Exception)
		code   string
	}{
		{"a repository", func(*Exception) {}, ""},
		{"the instance", scope(ScopeInstance), ""},
		{"as many as may be", scope(ScopeNamespace, many[:MaxTargets]...), ""},
		{"images", scope(ScopeArtifact, image), ""},
		{"no scope", scope(""), "exception_scope_unknown"},
		{"another scope", scope("universe"), "exception_scope_unknown"},
		{"the instance and more", scope(ScopeInstance, team), "exception_targets_invalid"},
		{"nothing", scope(ScopeNamespace), "exception_targets_invalid"},
		{"too many", scope(ScopeNamespace, many...), "exception_targets_invalid"},
		{"a repository for a namespace", scope(ScopeNamespace, app), "exception_targets_invalid"},
		{"a namespace for a repository", scope(ScopeRepository, team), "exception_targets_invalid"},
		{"kinds mixed", scope(ScopeArtifact, image, app), "exception_targets_invalid"},
		{"no name", scope(ScopeNamespace, Target{}), "namespace_name_invalid"},
		{"a bad repository", scope(ScopeRepository, Target{Namespace: "team", Repository: "../x"}), "repository_name_invalid"},
		{"a digest without repository", scope(ScopeArtifact, Target{Namespace: "team", Digest: "sha256:0"}), "repository_name_invalid"},
		{"a tag for a digest", scope(ScopeArtifact, Target{Namespace: "team", Repository: "app", Digest: "1"}), "digest_invalid"},

		{"no action", func(e *Exception) { e.Action = "" }, "exception_action_unknown"},
		{"another action", func(e *Exception) { e.Action = "forget" }, "exception_action_unknown"},
		{"no author", func(e *Exception) { e.Author = " " }, "exception_author_invalid"},
		{"an author of two lines", func(e *Exception) { e.Author = "a\nb" }, "exception_author_invalid"},
		{"no reason", func(e *Exception) { e.Reason = "\t " }, "exception_reason_missing"},
		{"a reason of two lines", func(e *Exception) { e.Reason = "a\r\nb" }, ""},
		{"a reason that steers a terminal", func(e *Exception) { e.Reason = "a\x1b[2J" }, "exception_reason_invalid"},
		{"a reason that is no text", func(e *Exception) { e.Reason = "a\xff" }, "exception_reason_invalid"},
		{"a long reason", func(e *Exception) { e.Reason = strings.Repeat("ü", MaxReason) }, ""},
		{"too long a reason", func(e *Exception) { e.Reason = strings.Repeat("ü", MaxReason+1) }, "exception_reason_invalid"},
		{"expires next instant", func(e *Exception) { e.ExpiresAt = noon.Add(1) }, ""},
		{"expires now", func(e *Exception) { e.ExpiresAt = noon }, "exception_expired"},
		{"expired", func(e *Exception) { e.ExpiresAt = noon.Add(-time.Hour) }, "exception_expired"},
		{"expires out of range", func(e *Exception) { e.ExpiresAt = latest }, "exception_expiry_invalid"},

		{"a package", criteria(Criteria{Package: "linux-libc-dev"}), ""},
		{"a vulnerability in a package", criteria(Criteria{Vulnerability: "ghsa-aaaa-bbbb-cccc", Package: "a", Category: report.Application}), ""},
		{"a rule in a path", criteria(Criteria{Rule: "jwt", Path: "/srv/**/*.json", Category: report.Sensitive}), ""},
		{"a finding", criteria(Criteria{FindingID: "0123456789abcdef0123", Category: report.Baseline}), ""},
		{"all of a category in an image", func(e *Exception) {
			e.Scope, e.Targets, e.Criteria = ScopeArtifact, []Target{image}, Criteria{Category: report.System}
		}, ""},
		{"all of a category in a repository", criteria(Criteria{Category: report.System}), "exception_too_wide"},
		{"nothing said", criteria(Criteria{}), "exception_without_criteria"},
		{"blanks", criteria(Criteria{Package: " "}), "exception_without_criteria"},
		{"an unknown category", criteria(Criteria{Category: "secrets", Rule: "jwt"}), "exception_category_unknown"},
		{"no id", criteria(Criteria{Vulnerability: "all"}), "exception_vulnerability_malformed"},
		{"injection", criteria(Criteria{Vulnerability: "CVE-1'--"}), "exception_vulnerability_malformed"},
		{"too long an id", criteria(Criteria{Vulnerability: "CVE-" + strings.Repeat("1", 64)}), "exception_vulnerability_malformed"},
		{"a finding that is none", criteria(Criteria{FindingID: "a b"}), "exception_finding_malformed"},
		{"a rule with NUL", criteria(Criteria{Rule: "a\x00"}), "exception_rule_malformed"},
		{"too long a package", criteria(Criteria{Package: strings.Repeat("p", maxPackage+1)}), "exception_package_malformed"},
		{"a bad pattern", criteria(Criteria{Path: "a/[b"}), "exception_path_malformed"},
		{"too long a pattern", criteria(Criteria{Path: strings.Repeat("p", maxPath+1)}), "exception_path_malformed"},
		{"a vulnerability by a rule", criteria(Criteria{Vulnerability: "CVE-2024-1", Rule: "jwt"}), "exception_fits_nothing"},
		{"a vulnerability among secrets", criteria(Criteria{Vulnerability: "CVE-2024-1", Category: report.Sensitive}), "exception_fits_nothing"},
		{"a rule among vulnerabilities", criteria(Criteria{Rule: "jwt", Category: report.System}), "exception_fits_nothing"},
		{"a finding and what it is", criteria(Criteria{FindingID: "a", Vulnerability: "CVE-2024-3094", Package: "b"}), ""},
		{"a finding of what cannot be", criteria(Criteria{FindingID: "a", Vulnerability: "CVE-2024-3094", Rule: "b"}), "exception_fits_nothing"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := NewException(exception(tc.change), noon)
			var known *Error
			switch {
			case tc.code == "" && err != nil:
				t.Error(err)
			case tc.code != "" && (!errors.As(err, &known) || known.Kind != Invalid || known.Code != tc.code || known.Message == ""):
				t.Errorf("error %v, want %s", err, tc.code)
			}
		})
	}
}

func TestNewExceptionNormalizes(t *testing.T) {
	a, b := Target{Namespace: "team", Repository: "a"}, Target{Namespace: "team", Repository: "b"}
	got, err := NewException(exception(scope(ScopeRepository, b, a, b), criteria(Criteria{Vulnerability: " cve-2024-1 ", Path: "/usr/lib/*"}),
		func(e *Exception) { e.Reason, e.Author = " why\n", " ada " }), noon)
	want := exception(scope(ScopeRepository, a, b), criteria(Criteria{Vulnerability: "CVE-2024-1", Path: "usr/lib/*"}),
		func(e *Exception) { e.Reason = "why" })
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
}

func TestExceptionState(t *testing.T) {
	for _, tc := range []struct {
		expires, ended time.Time
		want           ExceptionState
	}{
		{time.Time{}, time.Time{}, ExceptionActive},
		{noon.Add(1), time.Time{}, ExceptionActive},
		{noon, time.Time{}, ExceptionExpired},
		{time.Time{}, noon.Add(-1), ExceptionRemoved},
		{noon, noon.Add(-1), ExceptionRemoved},
	} {
		e := Exception{ExpiresAt: tc.expires, EndedAt: tc.ended}
		if got := e.State(noon); got != tc.want {
			t.Errorf("expires %s, ended %s: %s, want %s", tc.expires, tc.ended, got, tc.want)
		}
	}
}

func TestCriteriaAreNamed(t *testing.T) {
	for want, c := range map[string]Criteria{
		"CVE-1 in package zlib in category system-vulnerability": {Vulnerability: "CVE-1", Package: "zlib", Category: report.System},
		"rule jwt in path srv/**":                                {Rule: "jwt", Path: "srv/**"},
		"finding ab":                                             {FindingID: "ab"},
		"finding ab of CVE-1 in package zlib":                    {FindingID: "ab", Vulnerability: "CVE-1", Package: "zlib"},
		"":                                                       {},
	} {
		if got := c.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
