package api

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/gate"
	"github.com/pratique/pratique/internal/report"
	"github.com/pratique/pratique/internal/report/render"
)

// scanned is a service with images team/app:1 and team/web:1 that block, each
// with a report of two vulnerabilities and three other findings.
func scanned(t *testing.T) *service {
	t.Helper()
	s := newService(t)
	s.do("POST", "/namespaces", `{"name":"team"}`, 201, nil)
	s.do("PATCH", "/namespaces/team", `{"preventVul":true,"severity":"high"}`, 200, nil)
	for letter, repository := range map[string]string{"a": "app", "b": "web"} {
		s.push(repository, "1", letter)
		s.do("POST", "/namespaces/team/repositories/"+repository+"/artifacts/1/scan", "", 202, nil)
		s.finish(repository, "1", vulnerable(report.Critical, report.Low))
	}
	return s
}

const (
	appImage = "/namespaces/team/repositories/app/artifacts/1"
	webImage = "/namespaces/team/repositories/web/artifacts/1"
)

func (s *service) except(body string) (e Exception) {
	s.t.Helper()
	a := s.do("POST", "/exceptions", body, 201, &e)
	if got, want := a.header.Get("Location"), fmt.Sprintf("%s/exceptions/%d", Prefix, e.ID); got != want {
		s.t.Errorf("Location is %q, want %q", got, want)
	}
	return e
}

func (s *service) report(image string) (r report.Report) {
	s.t.Helper()
	s.do("GET", image+"/report", "", 200, &r)
	return r
}

func (s *service) verdict(image string, decision catalog.Decision, reason string) (v Verdict) {
	s.t.Helper()
	s.do("GET", image+"/verdict", "", 200, &v)
	if v.Decision != decision || v.Reason != reason {
		s.t.Errorf("%s: %+v, want %s, %s", image, v, decision, reason)
	}
	return v
}

// Whitelisted in one repository: gone from its reports, open its gate, until it
// expires; the other repository is as it was.
func TestWhitelist(t *testing.T) {
	s := scanned(t)
	before := s.do("GET", appImage+"/report", "", 200, nil)
	expires := now.Add(time.Hour)
	e := s.except(fmt.Sprintf(`{"scope":"repository","targets":[{"namespace":"team","repository":"app"}],"action":"whitelist",
		"vulnerability":"cve-2024-0000","reason":"not reachable","expiresAt":%q}`, expires.Format(time.RFC3339)))
	want := Exception{ID: e.ID, Scope: "repository", Targets: []Target{{Namespace: "team", Repository: "app"}}, Action: "whitelist",
		ExceptionCriteria: ExceptionCriteria{Vulnerability: "CVE-2024-0000"}, Author: "admin", Reason: "not reachable", State: "active",
		CreatedAt: now, UpdatedAt: now, ExpiresAt: expires}
	if diff := cmp.Diff(want, e, cmp.AllowUnexported(Target{})); diff != "" {
		t.Error(diff)
	}

	if v := s.verdict(appImage, catalog.Allow, gate.ReasonBelowThreshold); v.Remaining != 1 || !v.ChangesAt.Equal(expires) {
		t.Errorf("%+v", v)
	}
	s.verdict(webImage, catalog.Block, gate.ReasonVulnerable)
	r := s.report(appImage)
	if len(r.Vulnerabilities) != 1 || r.Vulnerabilities[0].ID != "CVE-2024-0001" || r.Summary.Total != 1 || r.Summary.Whitelisted != 1 {
		t.Errorf("%d vulnerabilities, summary %+v", len(r.Vulnerabilities), r.Summary)
	}
	if r := s.report(webImage); len(r.Vulnerabilities) != 2 || r.Summary.Whitelisted != 0 {
		t.Errorf("the other image: %+v", r.Summary)
	}
	for _, format := range render.Formats() {
		if a := s.do("GET", appImage+"/report?format="+string(format), "", 200, nil); strings.Contains(string(a.body), "CVE-2024-0000") {
			t.Errorf("%s tells what is whitelisted", format)
		}
	}
	var part Part[report.Vulnerability]
	s.do("GET", appImage+"/vulnerabilities", "", 200, &part)
	if part.Total != 1 || part.Items[0].ID != "CVE-2024-0001" {
		t.Errorf("%+v", part)
	}
	var a Artifact
	s.do("GET", appImage, "", 200, &a)
	if f := a.ScanOverview.Findings; f.Total != 1 || f.Whitelisted != 1 || f.Severity != "low" {
		t.Errorf("%+v", f)
	}
	var list List[Artifact]
	s.do("GET", "/namespaces/team/repositories/app/artifacts", "", 200, &list)
	if diff := cmp.Diff([]Artifact{a}, list.Items); diff != "" {
		t.Error(diff)
	}

	s.clock = expires
	s.verdict(appImage, catalog.Block, gate.ReasonVulnerable)
	if after := s.do("GET", appImage+"/report", "", 200, nil); string(after.body) != string(before.body) {
		t.Errorf("after the expiry the report is %s", after.body)
	}
	s.do("GET", fmt.Sprintf("/exceptions/%d", e.ID), "", 200, &e)
	if e.State != "expired" {
		t.Errorf("after the expiry it is %s", e.State)
	}
}

// Ignored: visible, marked, and the gate decides as before, until it is removed.
func TestIgnore(t *testing.T) {
	s := scanned(t)
	secret := s.except(`{"scope":"artifact","targets":[{"namespace":"team","repository":"app","reference":"1"}],"action":"ignore","findingId":"s0","reason":"a test's"}`)
	if diff := cmp.Diff([]Target{{Namespace: "team", Repository: "app", Reference: digestOf("a")}}, secret.Targets, cmp.AllowUnexported(Target{})); diff != "" {
		t.Errorf("the tag was not resolved: %s", diff)
	}
	vulnerability := s.except(`{"scope":"instance","action":"ignore","vulnerability":"CVE-2024-0000","package":"lib0","reason":"later"}`)
	check := func(handledSecret, handledVulnerability bool) {
		t.Helper()
		r := s.report(appImage)
		if len(r.Vulnerabilities) != 2 || len(r.Findings) != 3 || r.Summary.Total != 2 {
			t.Errorf("%d vulnerabilities, %d findings", len(r.Vulnerabilities), len(r.Findings))
		}
		for _, h := range []struct {
			got  *report.Handling
			e    Exception
			want bool
		}{{r.Findings[0].Handling, secret, handledSecret}, {r.Vulnerabilities[0].Handling, vulnerability, handledVulnerability}} {
			var want *report.Handling
			if h.want {
				want = &report.Handling{ID: h.e.ID, Action: "ignore", Author: "admin", Reason: h.e.Reason, Scope: string(h.e.Scope)}
			}
			if diff := cmp.Diff(want, h.got); diff != "" {
				t.Error(diff)
			}
		}
	}
	check(true, true)
	if r := s.report(webImage); r.Findings[0].Handling != nil || r.Vulnerabilities[0].Handling == nil || r.Summary.Ignored != 1 || r.Summary.Findings.Ignored != 0 {
		t.Errorf("the other image: %+v", r.Summary)
	}
	s.verdict(appImage, catalog.Block, gate.ReasonVulnerable)
	var part Part[report.Finding]
	s.do("GET", appImage+"/findings?category=sensitive-information", "", 200, &part)
	if part.Total != 2 || part.Items[0].Handling == nil || part.Items[1].Handling != nil {
		t.Errorf("%+v", part)
	}

	s.do("DELETE", fmt.Sprintf("/exceptions/%d?reason=it+was+real", secret.ID), "", 204, nil)
	check(false, true)
	s.refused("DELETE", fmt.Sprintf("/exceptions/%d", secret.ID), "", 409, "exception_removed")
	s.refused("PATCH", fmt.Sprintf("/exceptions/%d", secret.ID), `{"reason":"x"}`, 409, "exception_removed")

	var history List[ExceptionEvent]
	s.do("GET", "/exceptions/history", "", 200, &history)
	var got []string
	for _, v := range history.Items {
		got = append(got, fmt.Sprintf("%d %s by %s: %s (%s)", v.Exception.ID, v.What, v.Author, v.Reason, v.Exception.State))
	}
	want := []string{
		fmt.Sprintf("%d removed by admin: it was real (removed)", secret.ID),
		fmt.Sprintf("%d created by admin: later (active)", vulnerability.ID),
		fmt.Sprintf("%d created by admin: a test's (removed)", secret.ID),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	s.do("GET", "/exceptions/history?finding=s0&limit=1", "", 200, &history)
	if len(history.Items) != 1 || history.Items[0].What != "removed" || history.Next == "" {
		t.Errorf("%+v", history)
	}
}

func TestExceptions(t *testing.T) {
	s := scanned(t)
	e := s.except(`{"scope":"namespace","targets":[{"namespace":"team"}],"action":"whitelist","package":"lib0","reason":"why"}`)
	one := fmt.Sprintf("/exceptions/%d", e.ID)
	list := func(query string, want ...int64) {
		t.Helper()
		var got List[Exception]
		s.do("GET", "/exceptions"+query, "", 200, &got)
		ids := []int64{}
		for _, e := range got.Items {
			ids = append(ids, e.ID)
		}
		if diff := cmp.Diff(append([]int64{}, want...), ids); diff != "" {
			t.Errorf("%s: %s", query, diff)
		}
	}
	other := s.except(`{"scope":"instance","action":"ignore","rule":"jwt","category":"sensitive-information","reason":"why"}`)
	list("", e.ID, other.ID)
	list("?limit=1", e.ID)
	list(fmt.Sprintf("?limit=1&after=%d", e.ID), other.ID)
	list("?action=ignore", other.ID)
	list("?namespace=team&repository=app&digest="+digestOf("a"), e.ID, other.ID)
	list("?namespace=other", other.ID)
	list("?category=sensitive-information", other.ID)
	list("?vulnerability=CVE-2024-1")
	list("?state=expired")

	s.do("PATCH", one, fmt.Sprintf(`{"reason":"because","expiresAt":%q}`, now.Add(time.Hour).Format(time.RFC3339)), 200, &e)
	if e.Reason != "because" || !e.ExpiresAt.Equal(now.Add(time.Hour)) {
		t.Errorf("%+v", e)
	}
	s.clock = now.Add(time.Hour)
	list("?state=expired", e.ID)
	list("?state=active", other.ID)
	var again Exception // expiresAt is absent, which leaves an old value alone
	s.do("PATCH", one, `{"neverExpires":true}`, 200, &again)
	if again.Reason != "because" || !again.ExpiresAt.IsZero() || again.State != "active" {
		t.Errorf("%+v", again)
	}
	s.do("DELETE", one, "", 204, nil)
	list("", other.ID)
	list("?state=removed", e.ID)

	const valid = `{"scope":"repository","targets":[{"namespace":"team","repository":"app"}],"action":"ignore","vulnerability":"CVE-2024-1","reason":"why"}`
	s.do("POST", "/exceptions", valid, 201, nil)
	for _, tc := range []struct {
		method, path, body string
		status             int
		code               string
	}{
		{"POST", "/exceptions", valid, 409, "exception_exists"},
		{"POST", "/exceptions", strings.Replace(valid, "CVE-2024-1", "everything", 1), 400, "exception_vulnerability_malformed"},
		{"POST", "/exceptions", strings.Replace(valid, `"reason":"why"`, `"reason":" "`, 1), 400, "exception_reason_missing"},
		{"POST", "/exceptions", strings.Replace(valid, `,"reason":"why"`, "", 1), 400, "invalid_request"},
		{"POST", "/exceptions", strings.Replace(valid, `"ignore"`, `"forget"`, 1), 400, "invalid_request"},
		{"POST", "/exceptions", strings.Replace(valid, `"why"`, `"why","author":"somebody else"`, 1), 400, "invalid_request"},
		{"POST", "/exceptions", strings.Replace(valid, `"why"`, `"why","expiresAt":"tomorrow"`, 1), 400, "invalid_request"},
		{"POST", "/exceptions", strings.Replace(valid, `"why"`, `"why","expiresAt":"2020-01-01T00:00:00Z"`, 1), 400, "exception_expired"},
		{"POST", "/exceptions", strings.Replace(valid, `"repository":"app"`, `"repository":"none"`, 1), 404, "repository_not_found"},
		{"POST", "/exceptions", strings.Replace(valid, `"repository":"app"`, `"repository":"app","reference":"9"`, 1), 404, "manifest_unknown"},
		{"POST", "/exceptions", strings.Replace(valid, `"repository":"app"`, `"repository":"app","reference":"1"`, 1), 400, "exception_targets_invalid"},
		{"POST", "/exceptions", `{"scope":"instance","action":"whitelist","reason":"why"}`, 400, "exception_without_criteria"},
		{"POST", "/exceptions", `{"scope":"instance","action":"whitelist","category":"system-vulnerability","reason":"why"}`, 400, "exception_too_wide"},
		{"GET", "/exceptions/999", "", 404, "exception_not_found"},
		{"GET", "/exceptions/x", "", 400, "invalid_request"},
		{"GET", "/exceptions?state=gone", "", 400, "invalid_request"},
		{"GET", "/exceptions?after=x", "", 400, "after_invalid"},
		{"DELETE", "/exceptions/999", "", 404, "exception_not_found"},
		{"PATCH", "/exceptions/999", `{"reason":"x"}`, 404, "exception_not_found"},
		{"PATCH", one, `{}`, 400, "nothing_to_change"},
		{"PATCH", one, `{"neverExpires":true,"expiresAt":"2030-01-01T00:00:00Z"}`, 400, "exception_expiry_invalid"},
		{"PATCH", one, `{"vulnerability":"CVE-2024-2"}`, 400, "invalid_request"},
	} {
		s.refused(tc.method, tc.path, tc.body, tc.status, tc.code)
	}
}

// The categories a client may name are all there are.
func TestExceptionCategories(t *testing.T) {
	var all []string
	for _, c := range report.Categories() {
		all = append(all, string(c))
	}
	for _, in := range []reflect.Type{reflect.TypeFor[ExceptionCriteria](), reflect.TypeFor[InExceptionFilter]()} {
		field, _ := in.FieldByName("Category")
		if diff := cmp.Diff(strings.Join(all, ","), field.Tag.Get("enum")); diff != "" {
			t.Errorf("%s: %s", in, diff)
		}
	}
}

// A document is imported statement by statement, and only once.
func TestOpenVEX(t *testing.T) {
	s := scanned(t)
	document := func(statements string) string {
		return `{"@context":"https://openvex.dev/ns/v0.2.0","@id":"urn:x","author":"builder","timestamp":"2026-08-03T00:00:00Z","version":1,"statements":[` + statements + `]}`
	}
	const app, nobody = `"products":[{"@id":"pkg:oci/app?repository_url=registry.example.com/team/app"}]`, `"products":[{"@id":"pkg:oci/app?repository_url=nobody/app"}]`
	statements := `{"vulnerability":{"name":"CVE-2024-0000"},` + app + `,"status":"not_affected","justification":"component_not_present"},
		{"vulnerability":{"name":"CVE-2024-0001"},` + app + `,"status":"affected","action_statement":"wait"},
		{"vulnerability":{"name":"CVE-2024-0001"},` + nobody + `,"status":"fixed"},
		{"vulnerability":{"name":"not one"},` + app + `,"status":"fixed"}`
	var got ExceptionImport
	s.do("POST", "/exceptions/openvex", document(statements), 200, &got)
	if got.Created != 1 || got.Unchanged != 0 || got.Refused != 3 || len(got.Items) != 4 {
		t.Fatalf("%+v", got)
	}
	for i, problem := range []string{"", "what is affected", "nobody", "is not the id of a vulnerability"} {
		if p := got.Items[i].Problem; !strings.Contains(p, problem) || (p == "") != (problem == "") {
			t.Errorf("statement %d: %q, want %q", i+1, p, problem)
		}
	}
	s.verdict(appImage, catalog.Allow, gate.ReasonBelowThreshold)
	s.verdict(webImage, catalog.Block, gate.ReasonVulnerable)

	exported := s.do("GET", "/exceptions/openvex?namespace=team&registry=registry.example.com:5000", "", 200, nil)
	s.do("POST", "/exceptions/openvex", string(exported.body), 200, &got)
	if got.Created != 0 || got.Unchanged != 1 || got.Refused != 0 {
		t.Errorf("again: %+v\n%s", got, exported.body)
	}
	s.refused("POST", "/exceptions/openvex", document(statements+`,{"vulnerability":{"name":"CVE-1"},"status":"fine"}`), 400, "openvex_invalid")
	s.refused("POST", "/exceptions/openvex", `{}`, 400, "openvex_invalid")
	s.refused("POST", "/exceptions/openvex", `[`, 400, "openvex_invalid")
	s.refused("GET", "/exceptions/openvex?vulnerability=CVE-1", "", 404, "nothing_to_export")
	s.refused("GET", "/exceptions/openvex?registry=a%2Fb", "", 400, "invalid_request")
}
