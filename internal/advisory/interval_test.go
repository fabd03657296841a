package advisory

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func events(t *testing.T, s string) []osvEvent {
	t.Helper()
	var out []osvEvent
	for _, f := range strings.Fields(s) {
		key, value, _ := strings.Cut(f, "=")
		b, _ := json.Marshal(map[string]string{key: value})
		var e osvEvent
		if err := json.Unmarshal(b, &e); err != nil {
			t.Fatal(err)
		}
		out = append(out, e)
	}
	return out
}

// TestRanges gives a range's events, versions in and out of it, and for the
// first version in it the fix.
func TestRanges(t *testing.T) {
	tests := []struct {
		name, events string
		in, out      []string
		fix          string
	}{
		{"nothing", "", nil, []string{"1.0.0"}, ""},
		{"open", "introduced=0", []string{"0.0.0-alpha", "99.0.0"}, nil, ""},
		{"fixed", "introduced=0 fixed=1.2.0", []string{"1.1.9", "1.2.0-rc.1"}, []string{"1.2.0", "2.0.0"}, "1.2.0"},
		{"any order", "fixed=2.1.0 introduced=2.0.0 fixed=1.1.0 introduced=1.0.0", []string{"2.0.0", "1.0.5"}, []string{"0.9.0", "1.1.0", "1.9.0", "2.1.0"}, "2.1.0"},
		{"last affected", "introduced=1.0.0 last_affected=1.5.0", []string{"1.0.0", "1.5.0"}, []string{"1.5.1", "0.1.0"}, ""},
		{"last affected, then fixed branch", "introduced=1.0.0 last_affected=1.5.0 introduced=2.0.0 fixed=2.2.0", []string{"1.5.0", "2.1.0"}, []string{"1.6.0", "2.2.0"}, "2.2.0"},
		{"limit", "introduced=1.0.0 limit=2.0.0", []string{"1.9.9"}, []string{"2.0.0"}, ""},
		{"highest of limits", "introduced=1.0.0 limit=2.0.0 limit=3.0.0", []string{"2.5.0"}, []string{"3.0.0"}, ""},
		{"no limit", "introduced=1.0.0 limit=2.0.0 limit=*", []string{"2.5.0"}, nil, ""},
		{"no beginning", "fixed=1.0.0", []string{"0.1.0"}, []string{"1.0.0"}, "1.0.0"},
		{"two fixes, the first counts", "introduced=0 fixed=1.0.0 fixed=1.1.0", []string{"0.9.0"}, []string{"1.0.0", "1.0.5"}, "1.0.0"},
		{"one ends where the next begins", "introduced=0 fixed=1.0.0 introduced=1.0.0 fixed=1.1.0", []string{"0.5.0", "1.0.0"}, []string{"1.1.0"}, "1.1.0"},
		{"begins where it ends", "introduced=1.0.0 fixed=1.0.0", nil, []string{"0.9.0", "1.0.0", "1.0.1"}, ""},
		{"one version", "introduced=1.0.0 last_affected=1.0.0", []string{"1.0.0"}, []string{"0.9.0", "1.0.1"}, ""},
		{"twice the same", "introduced=0 introduced=0 fixed=1.0.0 fixed=1.0.0", []string{"0.1.0"}, []string{"1.0.0"}, "1.0.0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := scheme("npm")
			ivs, err := intervals(s, events(t, tt.events))
			if err != nil {
				t.Fatal(err)
			}
			check := func(versions []string, want bool) {
				for _, text := range versions {
					v, err := s.parse(text)
					if err != nil {
						t.Fatal(err)
					}
					if got := affected(v, text, ivs, nil); got != want {
						t.Errorf("%s affected: %v, want %v; intervals %+v", text, got, want, ivs)
					}
				}
			}
			check(tt.in, true)
			check(tt.out, false)
			if len(tt.in) > 0 {
				v, _ := s.parse(tt.in[0])
				if got := lowestFix(s, v, ivs, nil); got != tt.fix {
					t.Errorf("fix of %s: %q, want %q", tt.in[0], got, tt.fix)
				}
			}
		})
	}
}

func TestFixIsNotAffectedItself(t *testing.T) {
	s := scheme("npm")
	ivs := []interval{
		{introduced: "1.0.0", end: "1.5.0", kind: endFixed},
		{introduced: "0.5.0", end: "2.0.0", kind: endFixed},
	}
	v, _ := s.parse("1.2.0")
	if got := lowestFix(s, v, ivs, nil); got != "2.0.0" {
		t.Errorf("fix %s, want 2.0.0: 1.5.0 is affected by the other range", got)
	}
	if got := lowestFix(s, v, ivs, []string{"2.0.0"}); got != "" {
		t.Errorf("fix %s, want none: 2.0.0 is listed as affected", got)
	}
}

func TestRebuiltForARelease(t *testing.T) {
	ivs := []interval{{end: "1.2-3", kind: endFixed}}
	for installed, want := range map[string]bool{
		"1.2-3~deb12u1": false, "1.2-3~bpo12+1": false, "1.2-3": false,
		"1.2-3~rc1": true, "1.2-2~deb12u9": true, "1.2-3~": true, "1.2~deb12u1-3": true,
	} {
		v, _ := debVersions.parse(installed)
		if got := affected(v, installed, ivs, nil); got != want {
			t.Errorf("%s affected by what 1.2-3 fixes: %v", installed, got)
		}
	}
}

func TestBadRanges(t *testing.T) {
	for _, e := range [][]osvEvent{
		events(t, "introduced=nightly"),
		events(t, "introduced=0 limit=x"),
		make([]osvEvent, maxEvents+1),
	} {
		if ivs, err := intervals("npm", e); err == nil {
			t.Errorf("%.100v gives %v and no error", e, ivs)
		}
	}
}

// FuzzRanges checks that intervals are in order and that every fix offered is
// above the version it is offered for, and not affected.
func FuzzRanges(f *testing.F) {
	f.Add(`[{"introduced":"0"},{"fixed":"1.2"},{"introduced":"2"},{"last_affected":"3"}]`, "1.0")
	f.Fuzz(func(t *testing.T, text, installed string) {
		var e []osvEvent
		if json.Unmarshal([]byte(text), &e) != nil {
			return
		}
		for _, s := range []scheme{debVersions, rpmVersions} {
			ivs, err := intervals(s, e)
			if err != nil {
				continue
			}
			v, err := s.parse(installed)
			if err != nil || !affected(v, installed, ivs, nil) {
				continue
			}
			fix := lowestFix(s, v, ivs, nil)
			if fix == "" {
				continue
			}
			w, err := s.parse(fix)
			if err != nil || !less(v, fix) || affected(w, fix, ivs, nil) {
				t.Errorf("%s: %s is no fix for %s in %+v", s, fix, installed, ivs)
			}
		}
	})
}

func TestCVEKeys(t *testing.T) {
	for _, id := range []string{"CVE-1999-0001", "CVE-2021-44228", "CVE-2024-1234567", "CVE-2117-33554431"} {
		k, ok := parseCVE(id)
		if !ok || k.String() != id {
			t.Errorf("%s: %v, %v", id, k, ok)
		}
	}
	for _, id := range []string{"", "CVE-", "CVE-1990-0000", "CVE-1989-0001", "CVE-2118-0001", "CVE-2021-33554432", "CVE-2021-123", "CVE-2021-01234", "CVE-2021-+234", "CVE-2021-12345678901234567890", "GHSA-xxxx", "cve-2021-1234"} {
		if k, ok := parseCVE(id); ok {
			t.Errorf("%q has the key %v", id, k)
		}
	}
	keys := make([]cveKey, 0)
	for _, id := range []string{"CVE-1999-0001", "CVE-1999-9999", "CVE-1999-10000", "CVE-2000-0001"} {
		k, _ := parseCVE(id)
		keys = append(keys, k)
	}
	if d := cmp.Diff(true, keys[0] < keys[1] && keys[1] < keys[2] && keys[2] < keys[3]); d != "" {
		t.Error("keys are not in the order of years and numbers")
	}
}
