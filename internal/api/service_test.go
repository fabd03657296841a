package api

import (
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/access"
	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/gate"
	"github.com/pratique/pratique/internal/report"
	"github.com/pratique/pratique/internal/report/render"
	"github.com/pratique/pratique/internal/store"
)

// What the program puts behind the interface.
var (
	_ Store  = (*store.Store)(nil)
	_ Access = (*access.Authenticator)(nil)
)

// service is the interface over a real store, with a clock of its own.
type service struct {
	t     testing.TB
	store *store.Store
	inst  catalog.Instance
	srv   *httptest.Server
	clock time.Time
}

// requestScans accepts every request for a scan. It shares decoded reports, as the
// program does.
type requestScans struct {
	*store.Store
	decoded *sync.Map // *report.Report by the key of its document
}

func (s requestScans) DecodedReport(ctx context.Context, artifactID int64) (*report.Report, error) {
	of, err := s.ReportInForce(ctx, artifactID)
	if err != nil {
		return nil, err
	}
	if shared, ok := s.decoded.Load(of.Key); ok {
		return shared.(*report.Report), nil
	}
	doc, _, err := s.Report(ctx, artifactID)
	if err != nil {
		return nil, err
	}
	var r report.Report
	if err := json.Unmarshal(doc, &r); err != nil {
		return nil, err
	}
	shared, _ := s.decoded.LoadOrStore(of.Key, &r)
	return shared.(*report.Report), nil
}

// unchanged fails a test in which somebody changed a shared report.
func (s requestScans) unchanged(t testing.TB) {
	s.decoded.Range(func(key, r any) bool {
		doc, err := json.Marshal(r)
		if sum := sha256.Sum256(doc); err != nil || "sha256:"+hex.EncodeToString(sum[:]) != key {
			t.Errorf("a report that is shared was changed (%v): %s", err, doc)
		}
		return true
	})
}

func (s requestScans) Request(ctx context.Context, artifactID int64, trigger catalog.Trigger) (catalog.Scan, error) {
	return s.RequestScan(ctx, artifactID, trigger)
}

func (s requestScans) Stop(ctx context.Context, scanID int64, by string) error {
	return s.FailScan(ctx, scanID, catalog.CauseStopped, by)
}

func (s requestScans) StartBatch(ctx context.Context, instanceID string, r catalog.BatchRequest) (catalog.Batch, error) {
	return s.CreateBatch(ctx, instanceID, r)
}

func (s requestScans) NeedScan(context.Context, string, string) (int, error) { return 3, nil }

func (s requestScans) SetRule(ctx context.Context, instanceID, namespace string, f catalog.RuleFile) error {
	before, err := s.Rules(ctx, instanceID, namespace)
	if err != nil {
		return err
	}
	return s.PutRule(ctx, before, f)
}

func newService(t testing.TB) *service {
	t.Helper()
	s := &service{t: t, clock: now}
	cfg := testConfig(t)
	cfg.Now = func() time.Time { return s.clock }
	var err error
	s.store, err = store.Open(t.Context(), store.Config{
		DSN: "sqlite:" + filepath.Join(t.TempDir(), "test.db"), Logger: cfg.Logger, Now: cfg.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.store.Close() })
	if s.inst, _, err = s.store.EnsureDefaults(t.Context()); err != nil {
		t.Fatal(err)
	}
	scanner := requestScans{s.store, new(sync.Map)}
	t.Cleanup(func() { scanner.unchanged(t) })
	cfg.Store, cfg.Scanner, cfg.Advisories = s.store, scanner, &someAdvisories{}
	cfg.Instance = func(*http.Request) (catalog.Instance, error) { return s.inst, nil }
	s.srv = serve(t, cfg)
	return s
}

// do sends a request, checks the status and decodes a successful answer.
func (s *service) do(method, path, body string, status int, out any) answer {
	s.t.Helper()
	a := call(s.t, s.srv, method, Prefix+path, body)
	if a.status != status {
		s.t.Fatalf("%s %s: %d, want %d: %s", method, path, a.status, status, a.body)
	}
	if out != nil {
		if err := json.Unmarshal(a.body, out); err != nil {
			s.t.Fatalf("%s %s: %v in %s", method, path, err, a.body)
		}
	}
	return a
}

// refused checks that a request is refused with a code.
func (s *service) refused(method, path, body string, status int, code string) {
	s.t.Helper()
	if p := s.do(method, path, body, status, nil).problem(s.t); p.Code != code {
		s.t.Errorf("%s %s: code %s (%s), want %s", method, path, p.Code, p.Detail, code)
	}
}

func digestOf(c string) string { return "sha256:" + strings.Repeat(c, 64) }

// push puts an image into team/REPOSITORY. letter makes its digests.
func (s *service) push(repository, tag, letter string) {
	s.t.Helper()
	key := catalog.RepositoryKey{InstanceID: s.inst.ID, Namespace: "team", Repository: repository}
	blobs := []catalog.Descriptor{
		{MediaType: "application/vnd.oci.image.config.v1+json", Digest: digestOf("0"), Size: 2},
		{MediaType: "application/vnd.oci.image.layer.v1.tar+gzip", Digest: digestOf("1"), Size: 100},
	}
	for _, b := range blobs {
		if err := s.store.AddBlob(s.t.Context(), key, b.Digest, b.Size); err != nil {
			s.t.Fatal(err)
		}
	}
	_, _, err := s.store.PutManifest(s.t.Context(), catalog.ManifestPush{
		Key: key, Digest: digestOf(letter), MediaType: "application/vnd.oci.image.manifest.v1+json",
		Content: []byte("{}"), Tag: tag, Kind: catalog.KindImage, Blobs: blobs,
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// vulnerable is a report with a vulnerability of each of some severities.
func vulnerable(severities ...report.Severity) *report.Report {
	r := &report.Report{
		SchemaVersion: report.SchemaVersion,
		Image:         report.Image{Name: "team/app:1", Layers: []report.Layer{{DiffID: digestOf("d")}}},
		Packages:      []report.Package{},
		Files:         report.FileSummary{Count: 3, Size: 30, Largest: []report.LargeFile{{Path: "usr/bin/big", Size: 20}}},
	}
	for i, severity := range severities {
		name := fmt.Sprintf("lib%d", i)
		v := report.Vulnerability{
			FindingID: name, ID: fmt.Sprintf("CVE-2024-%04d", i), Category: report.System, Package: name, Type: "deb",
			Version: "1", Severity: severity, FixState: report.NotFixed, Locations: []report.Location{{Path: "var/lib/dpkg/status"}},
			Solution: "Wait for a fixed version.",
		}
		if i%2 == 0 {
			v.FixState, v.FixedVersion, v.Solution = report.Fixed, "2", "Upgrade to 2."
		}
		r.Vulnerabilities = append(r.Vulnerabilities, v)
		r.Packages = append(r.Packages, report.Package{Name: name, Version: "1", Type: "deb"})
	}
	r.Findings = []report.Finding{
		{FindingID: "s0", Category: report.Sensitive, Rule: "netrc", Severity: report.Critical, Locations: []report.Location{{Path: "root/.netrc", Line: 1}}},
		{FindingID: "s1", Category: report.Sensitive, Rule: "jwt", Severity: report.Medium, Locations: []report.Location{{Path: "srv/a", Line: 1}}},
		{FindingID: "b0", Category: report.Baseline, Rule: "user", Severity: report.High, Details: "It may do everything.", Solution: "Name a user.", Locations: []report.Location{{Path: "root/.netrc"}}},
	}
	r.Summary = report.Summarize(r.Vulnerabilities)
	r.Summary.Findings = report.SummarizeFindings(r.Findings)
	return r
}

// finish completes the running scan of an artifact with a report.
func (s *service) finish(repository, reference string, r *report.Report) []byte {
	s.t.Helper()
	ctx := s.t.Context()
	if _, err := s.store.Promote(ctx, s.inst.ID, 10, time.Hour); err != nil {
		s.t.Fatal(err)
	}
	p, err := s.store.Pull(ctx, catalog.RepositoryKey{InstanceID: s.inst.ID, Namespace: "team", Repository: repository}, reference)
	if err != nil || p.Scan == nil || p.Scan.State != catalog.Running {
		s.t.Fatalf("there is no running scan: %+v, %v", p.Scan, err)
	}
	doc, err := json.Marshal(r)
	if err != nil {
		s.t.Fatal(err)
	}
	exposure := []catalog.Exposure{}
	for _, v := range r.Vulnerabilities {
		exposure = append(exposure, catalog.Exposure{ID: v.ID, Severity: v.Severity, Package: v.Package, Version: v.Version, FixedVersion: v.FixedVersion, Category: v.Category, FindingID: v.FindingID})
	}
	slices.SortStableFunc(exposure, func(a, b catalog.Exposure) int { return int(b.Severity) - int(a.Severity) })
	for _, f := range r.Findings {
		exposure = append(exposure, catalog.Exposure{Category: f.Category, FindingID: f.FindingID, Rule: f.Rule, Title: f.Title, Severity: f.Severity})
	}
	p.Reported = true
	if err := s.store.FinishScan(ctx, *p.Scan, catalog.Result{
		Document: doc, Exposure: exposure, Verdict: gate.Decide(p, exposure, nil, s.clock), Packages: held(r),
	}); err != nil {
		s.t.Fatal(err)
	}
	return doc
}

// held are the packages of a report in one layer, with their vulnerabilities.
func held(r *report.Report) []catalog.PackageSet {
	set := catalog.PackageSet{Document: fmt.Append(nil, "packages ", r.Packages)}
	for _, p := range r.Packages {
		h := catalog.HeldPackage{
			PackageIdentity: catalog.PackageIdentity{Name: p.Name, Version: p.Version, Type: p.Type, Judged: true},
			Keys:            []catalog.AdvisoryKey{{Ecosystem: "Debian:12", Name: p.Name}},
		}
		for _, v := range r.Vulnerabilities {
			if v.Package == p.Name {
				h.Vulnerabilities = append(h.Vulnerabilities, catalog.PackageVulnerability{ID: v.ID, Severity: v.Severity, FixedVersion: v.FixedVersion})
			}
		}
		set.Packages = append(set.Packages, h)
	}
	return []catalog.PackageSet{set}
}

func TestNamespaces(t *testing.T) {
	s := newService(t)
	var n Namespace
	a := s.do("POST", "/namespaces", `{"name":"team","public":false,"autoScan":false,"preventVul":false}`, 201, &n)
	if n.Name != "team" || n.AutoScan || n.PreventVul || n.Severity != "high" || len(n.Allowlist.Items) != 0 {
		t.Errorf("a new namespace is %+v", n)
	}
	if got := a.header.Get("Location"); got != Prefix+"/namespaces/team" {
		t.Errorf("Location is %q", got)
	}
	s.refused("POST", "/namespaces", `{"name":"team"}`, 409, "namespace_exists")
	s.refused("GET", "/namespaces/other", "", 404, "namespace_not_found")
	s.refused("PATCH", "/namespaces/other", `{}`, 404, "namespace_not_found")
	s.refused("DELETE", "/namespaces/other", "", 404, "namespace_not_found")
	s.refused("PATCH", "/namespaces/team", fmt.Sprintf(`{"id":%d}`, n.ID+1), 400, "id_mismatch")

	expires := now.Add(time.Hour).Unix()
	s.do("PUT", "/namespaces/team", fmt.Sprintf(`{"id":%d,"name":"team","public":true,"autoScan":true,"preventVul":true,"severity":"low",
		"allowlist":{"items":[{"cveId":" cve-2024-1 "},{"cveId":"GHSA-jfh8-c2jp-5v3q"}],"expiresAt":%d}}`, n.ID, expires), 200, &n)
	list := Allowlist{Items: []AllowlistItem{{CVEID: "CVE-2024-1"}, {CVEID: "GHSA-JFH8-C2JP-5V3Q"}}, ExpiresAt: expires}
	if diff := cmp.Diff(list.Items, n.Allowlist.Items, cmp.AllowUnexported(AllowlistItem{})); diff != "" || n.Allowlist.ExpiresAt != expires || n.Allowlist.Expired {
		t.Errorf("allowlist is %+v", n.Allowlist)
	}

	t.Run("absent keys keep their values", func(t *testing.T) {
		var got Namespace
		s.do("PUT", "/namespaces/team", `{"public":true}`, 200, &got)
		s.do("PATCH", "/namespaces/team", `{"autoScan":true}`, 200, &got)
		s.do("GET", "/namespaces/team", "", 200, &got)
		if !got.Public || !got.AutoScan || !got.PreventVul || got.Severity != "low" || len(got.Allowlist.Items) != 2 || got.Allowlist.ExpiresAt != expires {
			t.Errorf("%+v", got)
		}
	})
	t.Run("severity none", func(t *testing.T) {
		var got Namespace
		s.do("PATCH", "/namespaces/team", `{"severity":"none"}`, 200, &got)
		if got.Severity != "none" {
			t.Errorf("%+v", got)
		}
	})
	t.Run("expiry passes", func(t *testing.T) {
		s.clock = now.Add(time.Hour)
		defer func() { s.clock = now }()
		var got Namespace
		s.do("GET", "/namespaces/team", "", 200, &got)
		if !got.Allowlist.Expired {
			t.Errorf("%+v", got.Allowlist)
		}
	})
	t.Run("no items empty the list", func(t *testing.T) {
		var got Namespace
		s.do("PATCH", "/namespaces/team", `{"allowlist":{"items":[]}}`, 200, &got)
		if len(got.Allowlist.Items) != 0 || got.Allowlist.ExpiresAt != 0 {
			t.Errorf("%+v", got.Allowlist)
		}
	})
	t.Run("a full list", func(t *testing.T) {
		var got Namespace
		s.do("PATCH", "/namespaces/team", allowlistOf(100), 200, &got)
		if len(got.Allowlist.Items) != 100 {
			t.Errorf("%d entries", len(got.Allowlist.Items))
		}
	})
	t.Run("pages", func(t *testing.T) {
		s.do("POST", "/namespaces", `{"name":"alpha"}`, 201, nil)
		s.do("POST", "/namespaces", `{"name":"zulu"}`, 201, nil)
		var names []string
		path := "/namespaces?limit=2"
		for range 3 {
			var page List[Namespace]
			s.do("GET", path, "", 200, &page)
			for _, n := range page.Items {
				names = append(names, n.Name)
			}
			if page.Next == "" {
				break
			}
			path = "/namespaces?limit=2&after=" + page.Next
		}
		if diff := cmp.Diff([]string{"alpha", "team", "zulu"}, names); diff != "" {
			t.Error(diff)
		}
	})
	s.do("DELETE", "/namespaces/zulu", "", 204, nil)
	s.refused("GET", "/namespaces/zulu", "", 404, "namespace_not_found")
}

// TestPushToBlockedPull follows an image from its push to its refusal and its
// exemption.
func TestPushToBlockedPull(t *testing.T) {
	s := newService(t)
	s.do("POST", "/namespaces", `{"name":"team"}`, 201, nil)
	s.push("backend/api", "1", "a")
	const image = "/namespaces/team/repositories/backend%2Fapi/artifacts/1"

	var verdict Verdict
	s.do("GET", image+"/verdict", "", 200, &verdict)
	if verdict.Decision != catalog.Allow || verdict.Reason != gate.ReasonBlockingOff {
		t.Errorf("blocking is off: %+v", verdict)
	}
	s.do("PATCH", "/namespaces/team", `{"preventVul":true}`, 200, nil)
	var a Artifact
	s.do("GET", image, "", 200, &a)
	if a.Digest != digestOf("a") || a.ScanOverview != nil || a.Verdict.Reason != gate.ReasonNotScanned || !slices.Equal(a.Tags, []string{"1"}) {
		t.Errorf("before a scan: %+v", a)
	}
	for _, part := range []string{"/scan", "/report", "/overview", "/vulnerabilities", "/findings", "/packages", "/files", "/difference"} {
		s.refused("GET", image+part, "", 404, "not_scanned")
	}

	var scan Scan
	accepted := s.do("POST", image+"/scan", "", 202, &scan)
	if scan.State != catalog.Pending || scan.Trigger != catalog.TriggerManual || accepted.header.Get("Location") != fmt.Sprintf("%s/scans/%d", Prefix, scan.ID) {
		t.Errorf("requested scan: %+v at %s", scan, accepted.header.Get("Location"))
	}
	s.refused("POST", image+"/scan", "", 409, "scan_in_progress")
	doc := s.finish("backend/api", "1", vulnerable(report.Critical, report.High, report.Low))
	s.clock = now.Add(90 * time.Second)

	t.Run("scan", func(t *testing.T) {
		var latest, byID Scan
		s.do("GET", image+"/scan", "", 200, &latest)
		s.do("GET", fmt.Sprintf("/scans/%d", scan.ID), "", 200, &byID)
		if latest.State != catalog.Success || latest.Percent != 100 || latest.StartedAt.IsZero() || latest.EndedAt.IsZero() {
			t.Errorf("%+v", latest)
		}
		if diff := cmp.Diff(latest, byID); diff != "" {
			t.Error(diff)
		}
		var list struct{ Items []Scan }
		s.do("GET", image+"/scans", "", 200, &list)
		if diff := cmp.Diff([]Scan{latest}, list.Items); diff != "" {
			t.Error(diff)
		}
		s.refused("GET", "/scans/999", "", 404, "scan_not_found")
	})
	t.Run("artifact", func(t *testing.T) {
		s.do("GET", image, "", 200, &a)
		want := &Findings{Severity: "critical", Total: 3, Fixable: 2, BySeverity: map[string]int{
			"critical": 1, "high": 1, "medium": 0, "low": 1, "negligible": 0, "unknown": 0,
		}}
		if diff := cmp.Diff(want, a.ScanOverview.Findings); diff != "" {
			t.Error(diff)
		}
		if a.Verdict.Decision != catalog.Block || a.Verdict.Remaining != 3 || a.Verdict.Severity != "critical" || !strings.Contains(a.Verdict.Message, "CVE-2024-0000") {
			t.Errorf("%+v", a.Verdict)
		}
		var list List[Artifact]
		s.do("GET", "/namespaces/team/repositories/backend%2Fapi/artifacts", "", 200, &list)
		if diff := cmp.Diff([]Artifact{a}, list.Items); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("report", func(t *testing.T) { checkReport(t, s, image, doc) })
	t.Run("parts", func(t *testing.T) { checkParts(t, s, image) })
	t.Run("exempt", func(t *testing.T) {
		s.do("PATCH", "/namespaces/team", fmt.Sprintf(`{"allowlist":{"items":[{"cveId":"CVE-2024-0000"},{"cveId":"CVE-2024-0001"}],"expiresAt":%d}}`,
			now.Add(time.Hour).Unix()), 200, nil)
		s.do("GET", image+"/verdict", "", 200, &verdict)
		if verdict.Decision != catalog.Allow || verdict.Reason != gate.ReasonBelowThreshold || verdict.Remaining != 1 || !verdict.ChangesAt.Equal(now.Add(time.Hour)) {
			t.Errorf("%+v", verdict)
		}
		s.clock = now.Add(time.Hour)
		s.do("GET", image+"/verdict", "", 200, &verdict)
		if verdict.Decision != catalog.Block {
			t.Errorf("after the expiry: %+v", verdict)
		}
	})
	t.Run("a later scan hides nothing", func(t *testing.T) {
		s.do("POST", image+"/scan", "", 202, nil)
		s.do("GET", image, "", 200, &a)
		if a.ScanOverview.State != catalog.Pending || a.ScanOverview.Findings == nil || a.ScanOverview.Findings.Total != 3 {
			t.Errorf("%+v", a.ScanOverview)
		}
		if got := s.do("GET", image+"/report", "", 200, nil); string(got.body) != string(doc) {
			t.Errorf("the report is %s", got.body)
		}
	})
}

func checkReport(t *testing.T, s *service, image string, doc []byte) {
	plain := s.do("GET", image+"/report", "", 200, nil)
	if string(plain.body) != string(doc) || plain.header.Get("Content-Type") != "application/json" {
		t.Errorf("%s: %s", plain.header.Get("Content-Type"), plain.body)
	}
	packed := call(t, s.srv, "GET", Prefix+image+"/report", "", "Accept-Encoding: gzip")
	if packed.header.Get("Content-Encoding") != "gzip" {
		t.Errorf("not compressed: %d bytes", len(packed.body))
	}
	if r, err := gzip.NewReader(strings.NewReader(string(packed.body))); err != nil {
		t.Error(err)
	} else if err := json.NewDecoder(r).Decode(&report.Report{}); err != nil {
		t.Error(err)
	}
	for _, format := range render.Formats() {
		a := s.do("GET", image+"/report?format="+string(format), "", 200, nil)
		if a.header.Get("Content-Type") != format.MediaType() || !strings.Contains(string(a.body), "lib0") {
			t.Errorf("%s: %s without its content", format, a.header.Get("Content-Type"))
		}
		if strings.Contains(format.MediaType(), "json") && !json.Valid(a.body) {
			t.Errorf("%s is no JSON", format)
		}
		policy := a.header.Get("Content-Security-Policy")
		if !strings.HasPrefix(policy, "default-src 'none'; ") || !strings.Contains(policy, "sandbox") || strings.Contains(policy, "style-src") != (format == render.HTML) {
			t.Errorf("%s: a browser may %q", format, policy)
		}
	}
}

func checkParts(t *testing.T, s *service, image string) {
	for query, want := range map[string][]string{
		"":                                    {"lib0", "lib1", "lib2"},
		"?severity=high":                      {"lib0", "lib1"},
		"?severity=critical":                  {"lib0"},
		"?package=LIB2":                       {"lib2"},
		"?fixable=true":                       {"lib0", "lib2"},
		"?offset=1&limit=1":                   {"lib1"},
		"?offset=3":                           nil,
		"?severity=low&package=nix":           nil,
		"?q=cve-2024-0001":                    {"lib1"},
		"?sort=id&q=lib":                      {"lib0", "lib1", "lib2"},
		"?category=application-vulnerability": nil,
		"?layer=0&sort=package&path=DPKG&handling=open": {"lib0", "lib1", "lib2"},
		"?layer=-1": nil,
	} {
		var part Part[report.Vulnerability]
		s.do("GET", image+"/vulnerabilities"+query, "", 200, &part)
		var got []string
		for _, v := range part.Items {
			got = append(got, v.Package)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("vulnerabilities%s: %s", query, diff)
		}
		if strings.Contains(query, "offset") && part.Total != 3 {
			t.Errorf("total of %s is %d", query, part.Total)
		}
	}
	for query, want := range map[string][]string{
		"":                                       {"s0", "b0", "s1"},
		"?category=sensitive-information":        {"s0", "s1"},
		"?severity=high":                         {"s0", "b0"},
		"?path=NETRC&category=unsafe-setting":    {"b0"},
		"?rule=jwt":                              {"s1"},
		"?q=.NETRC":                              {"s0", "b0"},
		"?q=jwt":                                 {"s1"},
		"?offset=2":                              {"s1"},
		"?severity=high&path=srv":                nil,
		"?layer=0":                               {"s0", "b0", "s1"},
		"?layer=-1":                              nil,
		"?layer=1":                               nil,
		"?origin=base":                           nil,
		"?handling=ignored":                      nil,
		"?handling=open&sort=path&severity=high": {"s0", "b0"},
		"?sort=title&category=malicious-file":    nil,
	} {
		var part Part[report.Finding]
		s.do("GET", image+"/findings"+query, "", 200, &part)
		var got []string
		for _, f := range part.Items {
			got = append(got, f.FindingID)
		}
		if diff := cmp.Diff(want, got); diff != "" || part.Items == nil {
			t.Errorf("findings%s: %s", query, diff)
		}
	}
	for _, query := range []string{"?category=system-vulnerability", "?sort=x", "?layer=-3", "?origin=x", "?severity=urgent", "?limit=1001", "?unknown=1"} {
		s.refused("GET", image+"/findings"+query, "", 400, "invalid_request")
	}
	var overview Overview
	s.do("GET", image+"/overview", "", 200, &overview)
	want := []LayerOverview{{Packages: 3, Total: 6, BySeverity: map[report.Severity]int{report.Critical: 2, report.High: 2, report.Low: 1, report.Medium: 1}}}
	if diff := cmp.Diff(want, overview.Layers); diff != "" || overview.Summary.Total != 3 || overview.Packages != 3 || overview.Checks == nil || overview.Notes == nil {
		t.Errorf("overview %+v: %s", overview, diff)
	}
	var packages Part[report.Package]
	s.do("GET", image+"/packages?package=lib1&type=deb", "", 200, &packages)
	if packages.Total != 1 || packages.Items[0].Name != "lib1" {
		t.Errorf("%+v", packages)
	}
	s.do("GET", image+"/packages?type=rpm", "", 200, &packages)
	if packages.Total != 0 || packages.Items == nil {
		t.Errorf("%+v", packages)
	}
	var files report.FileSummary
	s.do("GET", image+"/files", "", 200, &files)
	if diff := cmp.Diff(report.FileSummary{Count: 3, Size: 30, Largest: []report.LargeFile{{Path: "usr/bin/big", Size: 20}}}, files); diff != "" {
		t.Error(diff)
	}
}

// Of two people who change what they both have read the second is told.
func TestNamespaceChangedMeanwhile(t *testing.T) {
	s := newService(t)
	var n Namespace
	s.do("POST", "/namespaces", `{"name":"team"}`, 201, &n)
	change := func(severity string, read time.Time) string {
		return fmt.Sprintf(`{"severity":%q,"updatedAt":%q}`, severity, read.Format(time.RFC3339Nano))
	}
	read := n.UpdatedAt
	s.do("PATCH", "/namespaces/team", change("low", read), 200, &n)
	s.refused("PATCH", "/namespaces/team", change("critical", read), 409, "namespace_changed")
	s.do("PATCH", "/namespaces/team", change("critical", n.UpdatedAt), 200, &n)
	if n.Severity != "critical" {
		t.Errorf("severity is %s", n.Severity)
	}
	s.do("PATCH", "/namespaces/team", `{"severity":"none"}`, 200, nil)
}

// A difference is told to the image pushed before, or to any other.
func TestDifference(t *testing.T) {
	s := newService(t)
	s.do("POST", "/namespaces", `{"name":"team"}`, 201, nil)
	const image = "/namespaces/team/repositories/app/artifacts/"
	for i, letter := range []string{"a", "b", "c"} {
		s.clock = s.clock.Add(time.Minute)
		tag := strconv.Itoa(i + 1)
		s.push("app", tag, letter)
		if letter == "b" { // is not scanned, so nothing can be told of it
			continue
		}
		s.do("POST", image+tag+"/scan", "", 202, nil)
		s.finish("app", tag, vulnerable([]report.Severity{report.High, report.Low, report.Critical}[:i+1]...))
	}
	var d Difference
	s.do("GET", image+"3/difference", "", 200, &d)
	if d.From.Digest != digestOf("a") || d.To.Digest != digestOf("c") || d.From.Total != 4 || d.To.Total != 6 {
		t.Errorf("compares %+v with %+v", d.To, d.From)
	}
	var added []string
	for _, c := range d.Added {
		added = append(added, c.Rule)
	}
	if diff := cmp.Diff([]string{"CVE-2024-0002", "CVE-2024-0001"}, added); diff != "" || len(d.Removed) != 0 || d.Kept != 4 {
		t.Errorf("%s: %+v", diff, d)
	}
	s.do("GET", image+"1/difference?from="+digestOf("c"), "", 200, &d)
	if len(d.Added) != 0 || len(d.Removed) != 2 || len(d.Packages) != 2 {
		t.Errorf("the other way round: %+v", d)
	}
	s.do("GET", image+"1/difference?from=3&fromNamespace=team&fromRepository=app", "", 200, &d)
	if d.From.Digest != digestOf("c") {
		t.Errorf("from %+v", d.From)
	}

	s.refused("GET", image+"1/difference", "", 404, "nothing_before")
	s.refused("GET", image+"1/difference?from=2", "", 404, "not_scanned")
	s.refused("GET", image+"2/difference", "", 404, "not_scanned")
	s.refused("GET", image+"1/difference?from=9", "", 404, "manifest_unknown")
	s.refused("GET", image+"1/difference?from=!", "", 400, "tag_invalid")
	s.refused("GET", image+"1/difference?fromRepository=app", "", 400, "reference_missing")
	s.refused("GET", image+"1/difference?from=1&fromNamespace=other", "", 404, "namespace_not_found")
}

// An image is compared with itself, as its report was.
func TestDifferenceSince(t *testing.T) {
	s := newService(t)
	s.do("POST", "/namespaces", `{"name":"team"}`, 201, nil)
	const image = "/namespaces/team/repositories/app/artifacts/1"
	s.push("app", "1", "a")
	scan := func(change func(*report.Report)) {
		t.Helper()
		s.clock = s.clock.Add(time.Hour)
		r := vulnerable(report.High, report.Low, report.Critical)
		r.Categories = report.Categories()
		change(r)
		s.do("POST", image+"/scan", "", 202, nil)
		s.finish("app", "1", r)
	}
	scan(func(r *report.Report) { r.Vulnerabilities = r.Vulnerabilities[:2] })
	first := s.clock
	scan(func(r *report.Report) { r.Vulnerabilities = r.Vulnerabilities[1:]; r.Findings = r.Findings[1:] })
	s.clock = s.clock.Add(time.Hour)
	since := func(at time.Time) (d Difference, lines []string) {
		t.Helper()
		s.do("GET", image+"/difference?since="+at.Format(time.RFC3339), "", 200, &d)
		for _, c := range d.Added {
			lines = append(lines, "+"+c.Rule)
		}
		for _, c := range d.Removed {
			lines = append(lines, fmt.Sprintf("-%s %s %s %s", c.Rule, c.Package, c.FixedVersion, c.Severity))
		}
		return d, lines
	}
	want := []string{"+CVE-2024-0002", "-netrc   critical", "-CVE-2024-0000 lib0 2 high"}
	d, lines := since(first.Add(time.Minute))
	if diff := cmp.Diff(want, lines); diff != "" || d.Kept != 3 || d.From.Total != 5 || d.To.Total != 4 || d.From.First || !d.From.At.Equal(first.Add(time.Minute)) ||
		d.From.Decision != catalog.Allow || d.To.Decision != catalog.Allow || d.Layers != 1 || len(d.Packages) != 0 {
		t.Errorf("%s: %+v", diff, d)
	}
	if diff := cmp.Diff([]report.Category{report.BaseImage}, d.NotCompared); diff != "" {
		t.Error(diff)
	}
	if d, lines = since(first.AddDate(0, 0, -7)); !slices.Equal(lines, want) || !d.From.First || !d.From.At.Equal(first) {
		t.Errorf("before there was a report: %+v", d)
	}
	if d, lines = since(s.clock); len(lines) != 0 || d.Kept != 4 || d.Added == nil {
		t.Errorf("now: %+v", d)
	}

	// What is whitelisted now was never there.
	s.do("POST", "/exceptions", `{"scope":"instance","action":"whitelist","vulnerability":"CVE-2024-0000","reason":"a test"}`, 201, nil)
	if d, lines = since(first); !slices.Equal(lines, want[:2]) || d.From.Total != 4 {
		t.Errorf("after whitelisting: %+v", d)
	}
	s.refused("GET", image+"/difference?since="+s.clock.Add(time.Hour).Format(time.RFC3339), "", 400, "since_in_future")
	s.refused("GET", image+"/difference?since=2026-01-01T00:00:00Z&from=1", "", 400, "difference_ambiguous")
	s.refused("GET", image+"/difference?since=yesterday", "", 400, "invalid_request")
	s.refused("GET", "/namespaces/team/repositories/app/artifacts/2/difference?since=2026-01-01T00:00:00Z", "", 404, "manifest_unknown")

	var history Some[VulnerabilityPeriod]
	s.do("GET", "/risks/vulnerabilities/CVE-2024-0000/history", "", 200, &history)
	if len(history.Items) != 1 || history.More || history.Items[0].Package != "lib0" || history.Items[0].Until.IsZero() || history.Items[0].Tags[0] != "1" {
		t.Errorf("%+v", history)
	}
	s.do("GET", "/risks/vulnerabilities/CVE-2024-0000/history?namespace=other", "", 200, &history)
	if history.Items == nil || len(history.Items) != 0 {
		t.Errorf("of another namespace: %+v", history)
	}
}

// Advisories that are being fetched are not asked for twice.
func TestUpdateAdvisories(t *testing.T) {
	s := newService(t)
	a := s.do("POST", "/advisories/update", "", 202, nil)
	if !strings.Contains(string(a.body), `"source":"nowhere"`) {
		t.Errorf("%s", a.body)
	}
	s.refused("POST", "/advisories/update", "", 409, "update_in_progress")
}

func TestDeletes(t *testing.T) {
	s := newService(t)
	s.do("POST", "/namespaces", `{"name":"team"}`, 201, nil)
	s.push("app", "1", "a")
	s.push("app", "latest", "a")
	s.push("app", "2", "b")
	s.push("tools", "1", "c")
	const app = "/namespaces/team/repositories/app"

	var repositories List[Repository]
	s.do("GET", "/namespaces/team/repositories?limit=1", "", 200, &repositories)
	if len(repositories.Items) != 1 || repositories.Items[0].Name != "app" || repositories.Items[0].Artifacts != 2 || repositories.Next != "app" {
		t.Errorf("%+v", repositories)
	}
	s.refused("GET", "/namespaces/other/repositories", "", 404, "namespace_not_found")
	s.refused("DELETE", "/namespaces/team", "", 409, "namespace_not_empty")

	s.refused("DELETE", app+"/artifacts/1/tags/2", "", 404, "tag_not_found")
	s.do("DELETE", app+"/artifacts/1/tags/latest", "", 204, nil)
	s.refused("GET", app+"/artifacts/latest", "", 404, "manifest_unknown")
	s.do("GET", app+"/artifacts/"+digestOf("a"), "", 200, nil)
	s.do("DELETE", app+"/artifacts/1", "", 204, nil)
	s.refused("GET", app+"/artifacts/"+digestOf("a"), "", 404, "manifest_unknown")
	s.refused("DELETE", app+"/artifacts/1", "", 404, "manifest_unknown")

	s.do("DELETE", app, "", 204, nil)
	s.refused("GET", app+"/artifacts/2", "", 404, "repository_not_found")
	s.refused("DELETE", app, "", 404, "repository_not_found")
	s.do("DELETE", "/namespaces/team/repositories/tools", "", 204, nil)
	s.do("DELETE", "/namespaces/team", "", 204, nil)
}

func TestScansOfOtherInstances(t *testing.T) {
	s := newService(t)
	s.do("POST", "/namespaces", `{"name":"team"}`, 201, nil)
	s.push("app", "1", "a")
	var scan Scan
	s.do("POST", "/namespaces/team/repositories/app/artifacts/1/scan", "", 202, &scan)
	other, err := s.store.CreateInstance(t.Context(), catalog.Instance{TenantID: s.inst.TenantID, Region: s.inst.Region, Name: "other", Host: "other.example.com"})
	if err != nil {
		t.Fatal(err)
	}
	s.inst = other
	s.refused("GET", fmt.Sprintf("/scans/%d", scan.ID), "", 404, "scan_not_found")
	s.refused("GET", "/namespaces/team", "", 404, "namespace_not_found")
}

func TestStatistics(t *testing.T) {
	s := newService(t)
	s.do("POST", "/namespaces", `{"name":"team"}`, 201, nil)
	s.push("app", "1", "a")
	s.do("POST", "/namespaces/team/repositories/app/artifacts/1/scan", "", 202, nil)
	var got Statistics
	s.do("GET", "/statistics", "", 200, &got)
	if diff := cmp.Diff(Statistics{Namespaces: 1, Repositories: 1, Artifacts: 1, ScansPending: 1}, got); diff != "" {
		t.Error(diff)
	}
}

// BenchmarkVulnerabilities selects from the vulnerabilities of a large report.
func BenchmarkVulnerabilities(b *testing.B) {
	severities := make([]report.Severity, 12_000)
	for i := range severities {
		severities[i] = report.Severity(i % 6)
	}
	s := newService(b)
	s.do("POST", "/namespaces", `{"name":"team"}`, 201, nil)
	s.push("app", "1", "a")
	s.do("POST", "/namespaces/team/repositories/app/artifacts/1/scan", "", 202, nil)
	s.finish("app", "1", vulnerable(severities...))
	for _, query := range []string{"", "?severity=high", "?q=cve-2026-00", "?sort=epss", "?sort=id&offset=11900"} {
		b.Run(query, func(b *testing.B) {
			for b.Loop() {
				s.do("GET", "/namespaces/team/repositories/app/artifacts/1/vulnerabilities"+query, "", 200, nil)
			}
		})
	}
}
