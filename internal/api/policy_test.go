package api

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/access"
	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/report"
)

func TestGateSettings(t *testing.T) {
	s := newService(t)
	s.do("POST", "/namespaces", `{"name":"team"}`, 201, nil)
	var n Namespace
	s.do("GET", "/namespaces/team", "", 200, &n)
	want := GateSettings{NotScanned: "block", Waiting: "hold:30s", Running: "hold:30s", Failed: "block", NotScannable: "allow", ScanRefused: "block",
		AlsoBlock: map[string]string{}, ExemptAccounts: []string{}, Statements: "off", StatementKeys: []string{}}
	if diff := cmp.Diff(want, n.Gate); diff != "" {
		t.Errorf("by default (-want +got):\n%s", diff)
	}
	s.do("PATCH", "/namespaces/team", `{"gate":{"notScanned":"allow","waiting":"hold:2m","failed":"hold","notScannable":"block","reportOnly":true,
		"graceDays":365,"alsoBlock":{"malicious-file":"none","weak-password":"high"},"exemptAccounts":["deployer"],"statements":"any"}}`, 200, &n)
	want = GateSettings{NotScanned: "allow", Waiting: "hold:120s", Running: "hold:30s", Failed: "hold:30s", NotScannable: "block", ScanRefused: "block", ReportOnly: true,
		GraceDays: 365, AlsoBlock: map[string]string{"malicious-file": "none", "weak-password": "high"}, ExemptAccounts: []string{"deployer"},
		Statements: "any", StatementKeys: []string{}}
	if diff := cmp.Diff(want, n.Gate); diff != "" {
		t.Errorf("all set (-want +got):\n%s", diff)
	}
	n = Namespace{}
	s.do("PATCH", "/namespaces/team", `{"preventVul":true,"gate":{"alsoBlock":{"weak-password":"off","unsafe-setting":"critical"},"exemptAccounts":[]}}`, 200, &n)
	want.AlsoBlock, want.ExemptAccounts = map[string]string{"malicious-file": "none", "unsafe-setting": "critical"}, []string{}
	if diff := cmp.Diff(want, n.Gate); diff != "" || !n.PreventVul {
		t.Errorf("some changed (-want +got):\n%s", diff)
	}
	for body, code := range map[string]string{
		`{"gate":{"waiting":"wait"}}`:                               "answer_invalid",
		`{"gate":{"waiting":"hold:301s"}}`:                          "answer_invalid",
		`{"gate":{"notScannable":"hold:30s"}}`:                      "answer_invalid",
		`{"gate":{"graceDays":366}}`:                                "invalid_request",
		`{"gate":{"graceDays":-1}}`:                                 "invalid_request",
		`{"gate":{"alsoBlock":{"files":"low"}}}`:                    "category_cannot_block",
		`{"gate":{"alsoBlock":{"system-vulnerability":"off"}}}`:     "category_cannot_block",
		`{"gate":{"alsoBlock":{"malicious-file":"severe"}}}`:        "severity_unknown",
		`{"gate":{"alsoBlock":{"malicious-file":""}}}`:              "severity_unknown",
		`{"gate":{"exemptAccounts":["a","a"]}}`:                     "exempt_accounts_invalid",
		`{"gate":{"exemptAccounts":[""]}}`:                          "exempt_accounts_invalid",
		`{"gate":{"reports":true}}`:                                 "invalid_request",
		`{"gate":{"statements":"some"}}`:                            "invalid_request",
		`{"gate":{"statements":"signed"}}`:                          "statement_keys_missing",
		`{"gate":{"statementKeys":["ssh-rsa AAAA"]}}`:               "public_key_invalid",
		`{"gate":{"statements":"signed","statementKeys":[]}}`:       "statement_keys_missing",
		`{"autoScan":true,"gate":{"waiting":"allow","running":""}}`: "answer_invalid",
	} {
		s.refused("PATCH", "/namespaces/team", body, 400, code)
		s.refused("POST", "/namespaces/team/policy/preview", body, 400, code)
	}
	var after Namespace
	s.do("GET", "/namespaces/team", "", 200, &after)
	if diff := cmp.Diff(n, after); diff != "" {
		t.Errorf("refused changes changed something (-want +got):\n%s", diff)
	}
}

func TestPreview(t *testing.T) {
	s := newService(t)
	s.do("POST", "/namespaces", `{"name":"team"}`, 201, nil)
	var records []catalog.PullRecord
	for i, image := range []struct {
		tag string
		rep *report.Report
	}{{"bad", vulnerable(report.Critical, report.Low)}, {"good", vulnerable(report.Low)}, {"unseen", nil}, {"unpulled", vulnerable(report.Critical)}} {
		s.push("app", image.tag, fmt.Sprint(i+2))
		p, err := s.store.Pull(t.Context(), catalog.RepositoryKey{InstanceID: s.inst.ID, Namespace: "team", Repository: "app"}, image.tag)
		if err != nil {
			t.Fatal(err)
		}
		if image.rep != nil {
			s.do("POST", "/namespaces/team/repositories/app/artifacts/"+image.tag+"/scan", "", 202, nil)
			s.finish("app", image.tag, image.rep)
		}
		if image.tag != "unpulled" {
			records = append(records, catalog.PullRecord{ArtifactID: p.Artifact.ID, At: s.clock, Pulls: int64(10 * (i + 1)), Refused: 1})
		}
	}
	if err := s.store.RecordPulls(t.Context(), records); err != nil {
		t.Fatal(err)
	}
	preview := func(body string) (p PolicyPreview) {
		t.Helper()
		s.do("POST", "/namespaces/team/policy/preview", body, 200, &p)
		return p
	}
	p := preview(`{}`)
	if p.Artifacts != 3 || p.Pulls != 63 || p.Refused != 3 || !p.Complete || p.Blocked != (PreviewCount{2, 42}) ||
		!cmp.Equal(p.ByReason, map[string]int{"vulnerable": 1, "not-scanned": 1}) || len(p.Items) != 2 {
		t.Errorf("preview: %+v", p)
	}
	if p.Since != s.clock.AddDate(0, 0, -29).Format(time.DateOnly) {
		t.Errorf("since %s", p.Since)
	}
	bad := PreviewBlocked{Repository: "app", Digest: digestOf("2"), Tags: []string{"bad"}, Pulls: 11, Reason: "vulnerable", Severity: "critical", Remaining: 2, Message: p.Items[1].Message}
	if diff := cmp.Diff(bad, p.Items[1]); diff != "" || p.Items[0].Reason != "not-scanned" || !strings.Contains(p.Items[1].Message, "may not be pulled") {
		t.Errorf("items (-want +got):\n%s\n%+v", diff, p.Items)
	}
	for body, want := range map[string]PreviewCount{
		`{"severity":"none"}`: {3, 63},
		`{"severity":"critical","gate":{"notScanned":"allow"}}`:                   {1, 11},
		`{"preventVul":false,"gate":{"reportOnly":true,"notScanned":"hold:30s"}}`: {2, 42}, // what it would do, were it on
		`{"allowlist":{"items":[{"cveId":"CVE-2024-0000"}]}}`:                     {1, 31},
	} {
		if p := preview(body); p.Blocked != want {
			t.Errorf("%s: %+v, want %+v", body, p.Blocked, want)
		}
	}
	s.refused("POST", "/namespaces/none/policy/preview", `{}`, 404, "namespace_not_found")
	s.refused("POST", "/namespaces/team/policy/preview", `{"name":"other"}`, 400, "name_mismatch")
	s.clock = s.clock.AddDate(0, 0, 29)
	if p := preview(`{}`); p.Artifacts != 3 {
		t.Errorf("on the last day: %+v", p)
	}
	s.clock = s.clock.AddDate(0, 0, 1)
	if p := preview(`{}`); p.Artifacts != 0 || p.Items == nil {
		t.Errorf("when all pulls are too old: %+v", p)
	}
}

// A preview lists a hundred, and counts all.
func TestPreviewIsBounded(t *testing.T) {
	p := PolicyPreview{ByReason: map[string]int{}}
	for range previewShown + 7 {
		p.add(catalog.PulledArtifact{Pulls: 2}, catalog.Verdict{Decision: catalog.Block, Reason: "vulnerable"})
	}
	if len(p.Items) != previewShown || p.Blocked != (PreviewCount{previewShown + 7, 2 * (previewShown + 7)}) || p.ByReason["vulnerable"] != previewShown+7 {
		t.Errorf("%d items, %+v", len(p.Items), p.Blocked)
	}
}

// Only some previews are made at a time.
func TestPreviewIsBusy(t *testing.T) {
	s := newService(t)
	s.do("POST", "/namespaces", `{"name":"team"}`, 201, nil)
	cfg := testConfig(t)
	cfg.Store, cfg.Instance = s.store, func(*http.Request) (catalog.Instance, error) { return s.inst, nil }
	h := &handlers{cfg: cfg, previewing: make(chan struct{}, previews)}
	for range previews {
		h.previewing <- struct{}{}
	}
	in := &updateNamespaceIn{InNamespace: InNamespace{Namespace: "team"}}
	if _, err := h.previewPolicy(context.WithValue(t.Context(), askedKey{}, asked{instance: s.inst, actor: access.Actor{Name: "admin", Admin: true}}), in); !catalog.Is(err, catalog.Busy) {
		t.Errorf("%v, want busy", err)
	}
	<-h.previewing
	if _, err := h.previewPolicy(context.WithValue(t.Context(), askedKey{}, asked{instance: s.inst, actor: access.Actor{Name: "admin", Admin: true}}), in); err != nil || len(h.previewing) != previews-1 {
		t.Errorf("%v, %d are being made", err, len(h.previewing))
	}
}

// Findings of other categories are no vulnerabilities.
func TestFindingsAreNotCounted(t *testing.T) {
	h := &handlers{cfg: Config{Now: func() time.Time { return now }}}
	got := h.findings(found{exposure: []catalog.Exposure{
		{ID: "CVE-2024-1", Severity: report.Low}, {Category: report.Malicious, Severity: report.Critical, FindingID: "f"},
	}})
	if got.Total != 1 || got.Severity != "low" {
		t.Errorf("%+v", got)
	}
}
