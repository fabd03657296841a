package advisory

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/report"
)

func TestThreats(t *testing.T) {
	db := smallDB(t)
	got, err := db.Threats([]string{"GHSA-x", "CVE-2023-1001", "CVE-2021-44228", "", "CVE-2099-0001"})
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 5 || got[1].EPSS == nil || got[1].KEV != nil || got[2].KEV == nil {
		t.Errorf("%+v", got)
	}
	for _, i := range []int{0, 3, 4} {
		if got[i] != (Threat{}) {
			t.Errorf("%d: %+v", i, got[i])
		}
	}
}

// The titles are those of reports.
func TestTitles(t *testing.T) {
	db := smallDB(t)
	curl, jq := PackageKey{"Debian:12", "curl"}, PackageKey{"Ubuntu:20.04:LTS", "jq"}
	got, err := db.Titles(map[PackageKey][]string{
		curl:                     {"CVE-2023-1001", "CVE-2023-1005", "CVE-2023-1003", "CVE-1999-0001"},
		jq:                       {"CVE-2023-2001"},
		{"Debian:12", "nothing"}: {"CVE-2023-1001"},
		{"Nowhere:1", "curl"}:    {"CVE-2023-1001"},
		{"", ""}:                 {""},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"CVE-2023-1001": "A flaw in curl.", "CVE-2023-1005": "curl - security update"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	matches, err := db.Match(report.OS{ID: "debian", Version: "12.5"}, deb("curl", "7.1", "curl"))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range matches {
		if title := want[m.ID]; title != "" && title != m.Title {
			t.Errorf("%s is %q in reports", m.ID, m.Title)
		}
	}
}
