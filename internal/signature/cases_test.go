package signature

import (
	"os"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/pratique/pratique/internal/rulefile"
)

// textCase is what one rule must find in texts, and what it must not.
type textCase struct {
	Rule         string
	Path         string
	Aggressive   bool
	Found, Other []string
}

func textCases(t testing.TB) []textCase {
	t.Helper()
	b, err := os.ReadFile("testdata/cases.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var cases []textCase
	if err := yaml.Unmarshal([]byte(strings.ReplaceAll(string(b), "§", "")), &cases); err != nil {
		t.Fatal(err)
	}
	return cases
}

// aggressive is the built-in rules with all of them in force.
func aggressive(t testing.TB) *Rules {
	t.Helper()
	r, err := newRules(rulefile.Source{Name: "malware.yaml", Content: builtin}, []rulefile.Source{{Name: "malware-a.yaml", Content: []byte("aggressive: true\n")}})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// find looks at a whole file.
func find(t testing.TB, r *Rules, path, content string) []Hit {
	t.Helper()
	b := []byte(content)
	hits, complete := r.Find(t.Context(), File{Path: path, Mode: 0o755, Size: int64(len(b)), Kind: KindOf(path, b), Content: b})
	if !complete {
		t.Errorf("%s: not looked at to the end", path)
	}
	return hits
}

func rulesOf(hits []Hit) []string {
	var ids []string
	for _, h := range hits {
		ids = append(ids, h.Rule)
	}
	return ids
}

func TestTextRules(t *testing.T) {
	all := aggressive(t)
	for _, c := range textCases(t) {
		r := Default()
		if c.Aggressive {
			r = all
		}
		for _, s := range c.Found {
			hits := find(t, r, c.Path, s)
			if !slices.Contains(rulesOf(hits), c.Rule) {
				t.Errorf("%s: not found in %q, but %v", c.Rule, s, rulesOf(hits))
			}
			// The same text under a name that nothing runs.
			if hits := find(t, all, "usr/share/doc/x/notes.md", s); len(hits) > 0 && !strings.HasPrefix(s, "#!") && !strings.HasPrefix(s, "<?php") && !strings.HasPrefix(s, "GIF") {
				t.Errorf("%s: found %v in documentation", c.Rule, rulesOf(hits))
			}
		}
		for _, s := range c.Other {
			if hits := find(t, all, c.Path, s); len(hits) > 0 {
				t.Errorf("%s: found %+v in the look-alike %q", c.Rule, hits, s)
			}
		}
	}
}

// TestEveryRuleIsTested holds that each rule has a case that is found and one
// that is not: rules for texts in testdata, those for programs in
// TestProgramRules, checks in TestChecks.
func TestEveryRuleIsTested(t *testing.T) {
	tested := make(map[string]bool)
	for _, c := range textCases(t) {
		tested[c.Rule] = len(c.Found) > 0 && len(c.Other) > 0
	}
	for _, one := range Default().rules {
		if one.types&(Executable|Class) != 0 && len(one.keywords) > 0 || len(checkCases[one.ID]) > 1 {
			tested[one.ID] = true
		}
		if !tested[one.ID] {
			t.Errorf("rule %s has no cases", one.ID)
		}
	}
}
