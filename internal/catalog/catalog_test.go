package catalog

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// The page users read lists every cause with the advice the program gives.
func TestFailurePageIsTrue(t *testing.T) {
	const page = "../../docs/failures.md"
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	head, _, _ := strings.Cut(string(text), "| --- | --- |\n")
	want := head + "| --- | --- |\n"
	for _, c := range Causes() {
		if c.Advice() == "" {
			t.Errorf("%s has no advice", c)
		}
		want += fmt.Sprintf("| `%s` | %s |\n", c, c.Advice())
	}
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(text) != want {
		t.Errorf("%s is not what the program says; run make gen", page)
	}
}

func TestCausesAreComplete(t *testing.T) {
	if got, want := len(Causes()), len(causeAdvice); got != want || got != 21 {
		t.Errorf("%d causes listed, %d with advice, want the 20 of the specification and that of stopping", got, want)
	}
}

func TestNames(t *testing.T) {
	long := strings.Repeat("a", 65)
	for _, tc := range []struct {
		check func(string) error
		name  string
		ok    bool
	}{
		{CheckNamespaceName, "team", true},
		{CheckNamespaceName, "a", true},
		{CheckNamespaceName, "a.b_c-d", true},
		{CheckNamespaceName, "a--b", false},
		{CheckNamespaceName, "a._b", false},
		{CheckNamespaceName, "-a", false},
		{CheckNamespaceName, "a-", false},
		{CheckNamespaceName, "Team", false},
		{CheckNamespaceName, "", false},
		{CheckNamespaceName, long, false},
		{CheckNamespaceName, long[:64], true},
		{CheckRepositoryName, "app", true},
		{CheckRepositoryName, "a/b/c", true},
		{CheckRepositoryName, "a__b", true},
		{CheckRepositoryName, "a---b", true},
		{CheckRepositoryName, "a//b", false},
		{CheckRepositoryName, "../b", false},
		{CheckRepositoryName, "a/", false},
		{CheckTag, "1.0", true},
		{CheckTag, "_x", true},
		{CheckTag, ".x", false},
		{CheckTag, "-x", false},
		{CheckTag, "a b", false},
		{CheckTag, strings.Repeat("a", 128), true},
		{CheckTag, strings.Repeat("a", 129), false},
	} {
		err := tc.check(tc.name)
		if (err == nil) != tc.ok {
			t.Errorf("%q: error %v, want ok=%v", tc.name, err, tc.ok)
		}
		if err != nil && !Is(err, Invalid) {
			t.Errorf("%q: kind %s, want %s", tc.name, KindOf(err), Invalid)
		}
	}
}

func TestSplitName(t *testing.T) {
	ns, repo, err := SplitName("team/app/web")
	if err != nil || ns != "team" || repo != "app/web" {
		t.Errorf("got %q, %q, %v", ns, repo, err)
	}
	for _, bad := range []string{"app", "Team/app", "team/", "/app", "team/App", strings.Repeat("a/", 128) + "a"} {
		if _, _, err := SplitName(bad); !Is(err, Invalid) {
			t.Errorf("SplitName(%q): %v, want an Invalid error", bad, err)
		}
	}
}

func TestNewAllowlist(t *testing.T) {
	many := make([]string, MaxAllowlist+1)
	for i := range many {
		many[i] = fmt.Sprintf("CVE-2024-%d", 10000+i)
	}
	for _, tc := range []struct {
		name  string
		items []string
		code  string
	}{
		{"empty", nil, ""},
		{"trimmed and upper-cased", []string{" cve-2024-3094 "}, ""},
		{"another database's id", []string{"GHSA-jfh8-c2jp-5v3q", "DSA-5514-1", "ALSA-2023:1234"}, ""},
		{"as many as may be", many[:MaxAllowlist], ""},
		{"too many", many, "allowlist_too_long"},
		{"blank", []string{"  "}, "allowlist_entry_blank"},
		{"malformed", []string{"please"}, "allowlist_entry_malformed"},
		{"injection", []string{"CVE-2024-1'--"}, "allowlist_entry_malformed"},
		{"twice in another case", []string{"CVE-2024-1", "cve-2024-1"}, "allowlist_entry_duplicate"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			list, err := NewAllowlist(tc.items, time.Time{})
			if tc.code == "" {
				if err != nil {
					t.Fatal(err)
				}
				for _, item := range tc.items {
					if !list.Contains(item) && !list.Contains(strings.TrimSpace(item)) {
						t.Errorf("the list does not contain %q", item)
					}
				}
				return
			}
			var e *Error
			if !errors.As(err, &e) || e.Code != tc.code || e.Kind != Invalid {
				t.Errorf("got %v, want code %s", err, tc.code)
			}
		})
	}
}

func TestAllowlistExpires(t *testing.T) {
	at := time.Unix(1_800_000_000, 0)
	list := Allowlist{ExpiresAt: at}
	for _, tc := range []struct {
		now  time.Time
		want bool
	}{{at.Add(-time.Second), false}, {at, true}, {at.Add(time.Hour), true}} {
		if got := list.Expired(tc.now); got != tc.want {
			t.Errorf("at %v: expired %v, want %v", tc.now, got, tc.want)
		}
	}
	if (Allowlist{}).Expired(at) {
		t.Error("a list without expiry expired")
	}
}

func TestErrors(t *testing.T) {
	inner := errors.New("disk on fire")
	err := fmt.Errorf("put blob: %w", Errorf(Unavailable, "storage", "nothing can be stored: %w", inner).Advise("free some space"))
	if KindOf(err) != Unavailable || !errors.Is(err, inner) {
		t.Errorf("kind %s, chain broken: %v", KindOf(err), !errors.Is(err, inner))
	}
	if KindOf(inner) != Internal {
		t.Errorf("a foreign error has kind %s, want %s", KindOf(inner), Internal)
	}
	scan := fmt.Errorf("judge: %w", ScanErrorf(CauseSchema1, "team/app:1 has a schema 1 manifest"))
	if CauseOf(scan) != CauseSchema1 || CauseOf(inner) != CauseUnknown {
		t.Errorf("causes %s, %s", CauseOf(scan), CauseOf(inner))
	}
	if text := scan.Error(); !strings.Contains(text, CauseSchema1.Advice()) || !strings.Contains(text, string(CauseSchema1)) {
		t.Errorf("error text %q lacks advice or code", text)
	}
}
