package api

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/report"
)

// twoImages has the vulnerabilities CVE-2024-0000 and -0001 in app and the first
// of them in tools as well.
func twoImages(t *testing.T) *service {
	t.Helper()
	s := newService(t)
	s.do("POST", "/namespaces", `{"name":"team"}`, 201, nil)
	for i, name := range []string{"app", "tools"} {
		s.push(name, "1", string(rune('a'+i)))
		s.do("POST", "/namespaces/team/repositories/"+name+"/artifacts/1/scan", "", 202, nil)
		s.finish(name, "1", vulnerable([]report.Severity{report.Critical, report.Low}[:2-i]...))
	}
	return s
}

// someAdvisories know the second vulnerability of twoImages to be exploited, and
// the first for a title.
type someAdvisories struct{ noAdvisories }

func (*someAdvisories) Threats(ids []string) ([]Threat, error) {
	threats := make([]Threat, len(ids))
	for i, id := range ids {
		if id == "CVE-2024-0001" {
			threats[i] = Threat{KEV: &report.KEV{}, EPSS: &report.EPSS{Score: 0.9}}
		}
	}
	return threats, nil
}

func (*someAdvisories) Titles(keys []catalog.VulnerabilityKey) (map[string]string, error) {
	titles := map[string]string{}
	for _, k := range keys {
		titles[k.ID] = "A hole in " + k.Name
	}
	return titles, nil
}

func TestRiskVulnerabilities(t *testing.T) {
	s := twoImages(t)
	first, second := `CVE-2024-0000 "A hole in lib0" critical 2 1 false`, `CVE-2024-0001 "A hole in lib1" low 1 0 true`
	for query, want := range map[string][]string{
		"":                                   {first, second},
		"?severity=high":                     {first},
		"?fixable=yes":                       {first},
		"?fixable=no":                        {second},
		"?exploited=true":                    {second},
		"?exploited=true&fixable=yes":        nil,
		"?sort=epss":                         {second, first},
		"?sort=images":                       {first, second},
		"?sort=since":                        {first, second},
		"?sort=id":                           {first, second},
		"?q=LIB1":                            {second},
		"?q=2024-0001":                       {second},
		"?q=_":                               nil,
		"?limit=1":                           {first},
		"?limit=1&sort=epss":                 {second},
		"?offset=1":                          {second},
		"?offset=7":                          nil,
		"?namespace=other":                   nil,
		"?namespace=team&repository=tools":   {`CVE-2024-0000 "A hole in lib0" critical 1 1 false`},
		"?namespace=team&repository=nothing": nil,
	} {
		var list Counted[RiskVulnerability]
		s.do("GET", "/risks/vulnerabilities"+query, "", 200, &list)
		var got []string
		for _, v := range list.Items {
			got = append(got, fmt.Sprintf("%s %q %s %d %d %t", v.ID, v.Title, v.Severity, v.Images, v.Fixable, v.Exploited))
		}
		total := len(want)
		if strings.Contains(query, "limit") || strings.Contains(query, "offset") {
			total = 2
		}
		if diff := cmp.Diff(want, got); diff != "" || list.Items == nil || list.More != strings.Contains(query, "limit=1") || list.Total != total {
			t.Errorf("%s: more %t, %d in all, %s", query, list.More, list.Total, diff)
		}
	}
	s.refused("GET", "/risks/vulnerabilities?sort=cvss", "", 400, "invalid_request")
	s.refused("GET", "/risks/vulnerabilities?fixable=true", "", 400, "invalid_request")
	var v report.Vulnerability
	s.do("GET", "/risks/vulnerabilities/CVE-2024-0001", "", 200, &v)
	if v.ID != "CVE-2024-0001" || v.Package != "lib1" || len(v.Locations) != 0 || v.Solution != "" {
		t.Errorf("%+v", v)
	}
	s.refused("GET", "/risks/vulnerabilities/CVE-1", "", 404, "vulnerability_not_found")
	s.refused("GET", "/risks/vulnerabilities/CVE-1%00", "", 400, "text_invalid")
	s.refused("GET", "/risks/vulnerabilities?severity=urgent", "", 400, "invalid_request")
}

func TestRiskPackages(t *testing.T) {
	s := twoImages(t)
	for query, want := range map[string][]string{
		"":                           {`lib0 deb 1 2 1 "critical" of 2`, `lib1 deb 1 1 1 "low" of 2`},
		"?q=IB1":                     {`lib1 deb 1 1 1 "low" of 1`},
		"?offset=1":                  {`lib1 deb 1 1 1 "low" of 2`},
		"?q=lib_":                    nil,
		"?type=rpm":                  nil,
		"?namespace=other":           nil,
		"?repository=tools&limit=10": {`lib0 deb 1 1 1 "critical" of 1`},
	} {
		var list Counted[RiskPackage]
		s.do("GET", "/risks/packages"+query, "", 200, &list)
		var got []string
		for _, p := range list.Items {
			got = append(got, fmt.Sprintf("%s %s %d %d %d %q of %d", p.Name, p.Type, p.Versions, p.Images, p.Vulnerabilities, p.Severity, list.Total))
		}
		if diff := cmp.Diff(want, got); diff != "" || list.Items == nil {
			t.Errorf("%s: %s", query, diff)
		}
	}
	s.refused("GET", "/risks/packages?q=%00", "", 400, "text_invalid")
}

func TestAllRepositories(t *testing.T) {
	s := twoImages(t)
	var list List[RepositorySummary]
	s.do("GET", "/repositories?q=TEAM/&limit=1", "", 200, &list)
	if len(list.Items) != 1 || list.Next != "team/app" {
		t.Fatalf("%+v", list)
	}
	r := list.Items[0]
	if r.Name != "app" || r.Namespace != "team" || r.Tags != 1 || r.PushedAt.IsZero() || r.Standing.Images != 1 || r.Standing.Worst.Critical != 1 {
		t.Errorf("%+v", r)
	}
	list = List[RepositorySummary]{}
	s.do("GET", "/repositories?after=team/app", "", 200, &list)
	if len(list.Items) != 1 || list.Items[0].Name != "tools" || list.Next != "" {
		t.Errorf("%+v", list)
	}
	s.do("GET", "/repositories?q=nothing", "", 200, &list)
	if len(list.Items) != 0 {
		t.Errorf("%+v", list)
	}
	s.refused("GET", "/repositories?q=%00", "", 400, "text_invalid")
}

func TestVulnerableImages(t *testing.T) {
	s := twoImages(t)
	s.do("POST", "/exceptions", `{"scope":"repository","targets":[{"namespace":"team","repository":"tools"}],"action":"whitelist","vulnerability":"CVE-2024-0000","reason":"a test"}`, 201, nil)
	images := func(query string) (names []string, next string) {
		t.Helper()
		var list List[PackageImage]
		s.do("GET", "/risks/vulnerabilities/CVE-2024-0000/images"+query, "", 200, &list)
		for _, i := range list.Items {
			names = append(names, fmt.Sprintf("%s/%s %v %s %s %s %s %q", i.Namespace, i.Repository, i.Tags, i.Package, i.Version, i.Severity, i.FixedVersion, i.Decided))
		}
		return names, list.Next
	}
	app, tools := `team/app [1] lib0 1 critical 2 ""`, `team/tools [1] lib0 1 critical 2 "whitelisted"`
	names, next := images("")
	if diff := cmp.Diff([]string{app, tools}, names); diff != "" || next != "" {
		t.Errorf("next %q: %s", next, diff)
	}
	names, next = images("?limit=1")
	if diff := cmp.Diff([]string{app}, names); diff != "" || next == "" {
		t.Errorf("first page, next %q: %s", next, diff)
	}
	names, next = images("?limit=1&after=" + next)
	if diff := cmp.Diff([]string{tools}, names); diff != "" || next != "" {
		t.Errorf("last page, next %q: %s", next, diff)
	}
	s.refused("GET", "/risks/vulnerabilities/CVE-2024-0000/images?after=x", "", 400, "after_invalid")

	var list List[PackageImage]
	s.do("GET", "/risks/packages/images?package=lib1&type=deb&version=1", "", 200, &list)
	if len(list.Items) != 1 || list.Items[0].Repository != "app" || list.Items[0].Severity != "" {
		t.Errorf("images with lib1: %+v", list.Items)
	}
	s.refused("GET", "/risks/packages/images", "", 400, "invalid_request")
}

func TestRiskFindings(t *testing.T) {
	s := twoImages(t)
	for query, want := range map[string]string{
		"":                                "netrc critical 2, user high 2, jwt medium 2, ",
		"?category=sensitive-information": "netrc critical 2, jwt medium 2, ",
		"?severity=critical":              "netrc critical 2, ",
		"?q=USER":                         "user high 2, ",
		"?namespace=other":                "",
	} {
		var list Counted[RiskFinding]
		s.do("GET", "/risks/findings"+query, "", 200, &list)
		got := ""
		for _, f := range list.Items {
			got += fmt.Sprintf("%s %s %d, ", f.Rule, f.Severity, f.Images)
		}
		if got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	var images List[FoundImage]
	query := url.Values{"category": {string(report.Baseline)}, "rule": {"user"}, "limit": {"1"}}
	s.do("GET", "/risks/findings/images?"+query.Encode(), "", 200, &images)
	if len(images.Items) != 1 || images.Items[0].Repository != "app" || images.Next == "" {
		t.Errorf("%+v", images)
	}
	s.refused("GET", "/risks/findings/images?rule=user&category=software", "", 400, "invalid_request")
}

func TestRiskRule(t *testing.T) {
	s := twoImages(t)
	var r RiskRule
	s.do("GET", "/risks/findings/rule?category=unsafe-setting&rule=user", "", 200, &r)
	want := RiskRule{Category: report.Baseline, Rule: "user", Severity: "high", Details: "It may do everything.", Solution: "Name a user.",
		References: []string{}, Image: RiskImage{Namespace: "team", Repository: "app", Digest: digestOf("a"), Tags: []string{"1"}}}
	if diff := cmp.Diff(want, r); diff != "" {
		t.Error(diff)
	}
	s.do("GET", "/risks/findings/rule?category=unsafe-setting&rule=user&namespace=team&repository=tools", "", 200, &r)
	if r.Image.Repository != "tools" {
		t.Errorf("%+v", r)
	}
	s.refused("GET", "/risks/findings/rule?category=unsafe-setting&rule=jwt", "", 404, "rule_not_found")
	s.refused("GET", "/risks/findings/rule?category=unsafe-setting&rule=user&namespace=other", "", 404, "rule_not_found")
	s.refused("GET", "/risks/findings/rule?category=unsafe-setting&rule=%00", "", 400, "text_invalid")
	s.refused("GET", "/risks/findings/rule?rule=user", "", 400, "invalid_request")
}

func TestDashboard(t *testing.T) {
	s := twoImages(t)
	s.do("PATCH", "/namespaces/team", `{"preventVul":true,"severity":"low"}`, 200, nil)
	s.push("tools", "2", "c")
	s.do("POST", "/namespaces/team/repositories/tools/artifacts/2/scan", "", 202, nil)
	p, err := s.store.Pull(t.Context(), catalog.RepositoryKey{InstanceID: s.inst.ID, Namespace: "team", Repository: "app"}, "1")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.store.RecordPulls(t.Context(), []catalog.PullRecord{{ArtifactID: p.Artifact.ID, At: s.clock, Pulls: 2, Refused: 1}}); err != nil {
		t.Fatal(err)
	}
	if err := s.store.RecordTrend(t.Context()); err != nil {
		t.Fatal(err)
	}
	var d Dashboard
	s.do("GET", "/dashboard", "", 200, &d)
	want := Standing{Images: 3, Reported: 2, Worst: SeverityCounts{Critical: 2}}
	if diff := cmp.Diff(want, d.Standing); diff != "" {
		t.Error(diff)
	}
	if n := len(d.Days); n != 30 || d.Days[0].Standing != nil || d.Days[29].Day != s.clock.UTC().Format(time.DateOnly) {
		t.Fatalf("%d days: %+v", n, d.Days)
	}
	if diff := cmp.Diff(Day{Day: d.Days[29].Day, Standing: &want, Pulls: 2, Refused: 1}, d.Days[29]); diff != "" {
		t.Error(diff)
	}
	if len(d.Exposed) != 2 || d.Exposed[0].Repository != "app" || d.Exposed[0].Vulnerabilities != (SeverityCounts{Critical: 1, Low: 1}) || d.Running != 0 || d.Waiting != 1 {
		t.Errorf("%+v", d)
	}
	s.do("GET", "/dashboard?namespace=other", "", 200, &d)
	if d.Standing.Images != 0 || len(d.Exposed) != 0 || d.Waiting != 0 {
		t.Errorf("of another namespace: %+v", d)
	}

	var active struct {
		Items            []ActiveScan
		Running, Waiting int
	}
	s.do("GET", "/scans", "", 200, &active)
	if len(active.Items) != 1 || active.Items[0].Repository != "tools" || active.Items[0].Scan.State != catalog.Pending || active.Waiting != 1 {
		t.Errorf("%+v", active)
	}
}
