package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/api"
	"github.com/pratique/pratique/internal/catalog"
)

func TestParseExpiry(t *testing.T) {
	now := time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]string{
		"2026-12-31":                "2026-12-31T00:00:00Z",
		"2026-12-31T10:00:00+02:00": "2026-12-31T08:00:00Z",
		"+72h":                      "2026-09-04T12:00:00Z",
		"+90m":                      "2026-09-01T13:30:00Z",
		"+30d":                      "2026-10-01T12:00:00Z",
		"30d":                       "2026-10-01T12:00:00Z",
		"72h":                       "2026-09-04T12:00:00Z",
		"-72h":                      "error",
		"30":                        "error",
		"never":                     "never",
		"":                          "error",
		"tomorrow":                  "error",
		"+-1h":                      "error",
		"+d":                        "error",
		"+99999999d":                "error",
		"31.12.2026":                "error",
	} {
		at, err := parseExpiry(text, now)
		got := "never"
		switch {
		case err != nil:
			got = "error"
		case at != nil:
			got = time.Unix(*at, 0).UTC().Format(time.RFC3339)
		}
		if got != want {
			t.Errorf("%q is %s (%v), want %s", text, got, err, want)
		}
	}
}

func TestParsePast(t *testing.T) {
	now := time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]string{
		"2026-08-31":                "2026-08-31T00:00:00Z",
		"2026-08-31T10:00:00+02:00": "2026-08-31T08:00:00Z",
		"7d":                        "2026-08-25T12:00:00Z",
		"90m":                       "2026-09-01T10:30:00Z",
		"+7d":                       "error",
		"-1h":                       "error",
		"99999999d":                 "error",
		"yesterday":                 "error",
		"":                          "error",
	} {
		at, err := parsePast(text, now)
		got := at.UTC().Format(time.RFC3339)
		if err != nil {
			got = "error"
		}
		if got != want {
			t.Errorf("%q is %s (%v), want %s", text, got, err, want)
		}
	}
}

func TestReadIDs(t *testing.T) {
	got, err := readIDs(strings.NewReader("# why\nCVE-2024-1\n\n  CVE-2024-2   # because\r\n#CVE-2024-3\n"))
	if diff := cmp.Diff([]string{"CVE-2024-1", "CVE-2024-2"}, got); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	if _, err := readIDs(strings.NewReader(strings.Repeat("x", 1<<20))); err == nil {
		t.Error("a line without end is not refused")
	}
}

// fakeServer answers by method and path and remembers the bodies it was sent.
type fakeServer struct {
	answers map[string]any
	bodies  map[string]string
}

func (s *fakeServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	key := r.Method + " " + strings.TrimPrefix(r.URL.EscapedPath(), api.Prefix)
	body, _ := io.ReadAll(r.Body)
	s.bodies[key] = string(body)
	answer, ok := s.answers[key]
	if !ok {
		answer = api.Problem{Status: 404, Code: "not_found", Detail: "there is no " + key}
	}
	if p, ok := answer.(api.Problem); ok {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(p.Status)
	}
	_ = json.NewEncoder(w).Encode(answer)
}

// runAgainst runs a command line against a server that gives these answers.
func runAgainst(t *testing.T, answers map[string]any, args ...string) (out string, bodies map[string]string, err error) {
	t.Helper()
	s := &fakeServer{answers: answers, bodies: map[string]string{}}
	srv := httptest.NewServer(s)
	defer srv.Close()
	t.Setenv("DOCKER_CONFIG", t.TempDir())
	t.Setenv("PRATIQUE_SERVER", srv.URL)
	root := newRootCommand()
	var buf bytes.Buffer
	root.SetOut(&buf)
	root.SetErr(io.Discard)
	root.SetArgs(args)
	err = root.ExecuteContext(t.Context())
	return buf.String(), s.bodies, err
}

func TestNamespaceSet(t *testing.T) {
	file := filepath.Join(t.TempDir(), "allow.txt")
	if err := os.WriteFile(file, []byte("CVE-2024-2 # reason\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	current := api.Namespace{Name: "team", Severity: "high", Allowlist: api.Allowlist{
		Items: []api.AllowlistItem{{CVEID: "CVE-2024-9"}}, ExpiresAt: 1798761600,
	}}
	for _, tt := range []struct {
		name string
		args []string
		want string
	}{
		{"policy", []string{"--auto-scan=true", "--block", "--severity", "High", "--public=false"},
			`{"public":false,"autoScan":true,"preventVul":true,"severity":"high"}`},
		{"list and expiry", []string{"--allow", "CVE-2024-1", "--allow-file", file, "--allow-expires", "2026-12-31"},
			`{"allowlist":{"items":[{"cveId":"CVE-2024-1"},{"cveId":"CVE-2024-2"}],"expiresAt":1798675200}}`},
		{"list keeps the expiry", []string{"--allow", "CVE-2024-1"},
			`{"allowlist":{"items":[{"cveId":"CVE-2024-1"}],"expiresAt":1798761600}}`},
		{"expiry keeps the list", []string{"--allow-expires", "never"},
			`{"allowlist":{"items":[{"cveId":"CVE-2024-9"}]}}`},
		{"empty", []string{"--allow-none", "--allow-expires", "never"}, `{"allowlist":{"items":[]}}`},
		{"empty forgets the expiry", []string{"--allow-none"}, `{"allowlist":{"items":[]}}`},
		{"answers", []string{"--not-scanned", "block", "--waiting", "hold:2m", "--running=hold:30s", "--failed", "allow", "--not-scannable", "block"},
			`{"gate":{"notScanned":"block","waiting":"hold:2m","running":"hold:30s","failed":"allow","notScannable":"block"}}`},
		{"gate", []string{"--report-only=false", "--grace", "0", "--also-block", "malicious-file=low,weak-password=off", "--exempt", "a", "--exempt", "b,c"},
			`{"gate":{"reportOnly":false,"graceDays":0,"alsoBlock":{"malicious-file":"low","weak-password":"off"},"exemptAccounts":["a","b,c"]}}`},
		{"nobody exempt", []string{"--exempt-none"}, `{"gate":{"exemptAccounts":[]}}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			answers := map[string]any{"PATCH /namespaces/team": current, "GET /namespaces/team": current}
			out, bodies, err := runAgainst(t, answers, append([]string{"admin", "namespace", "set", "team"}, tt.args...)...)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, bodies["PATCH /namespaces/team"]); diff != "" {
				t.Errorf("request (-want +got):\n%s", diff)
			}
			if !strings.Contains(out, "CVE-2024-9") {
				t.Errorf("the result is not shown: %s", out)
			}
		})
	}
	for _, args := range [][]string{nil, {"--severity", "severe"}, {"--severity", "negligible"}, {"--severity", ""}, {"--allow-expires", "soon"}, {"--allow-file", "missing"}, {"--allow-none", "--allow", "CVE-1-1"},
		{"--grace", "many"}, {"--also-block", "malicious-file"}, {"--exempt-none", "--exempt", "a"}} {
		_, bodies, err := runAgainst(t, map[string]any{"GET /namespaces/team": current}, append([]string{"admin", "namespace", "set", "team"}, args...)...)
		if _, sent := bodies["PATCH /namespaces/team"]; err == nil || sent {
			t.Errorf("%v was not refused before anything was sent: %v", args, err)
		}
	}
}

func TestNamespaceShowsGate(t *testing.T) {
	out, _, err := runAgainst(t, map[string]any{"GET /namespaces/team": api.Namespace{Name: "team", Gate: api.GateSettings{
		Waiting: "hold:30s", ReportOnly: true, GraceDays: 14, AlsoBlock: map[string]string{"weak-password": "high"}, ExemptAccounts: []string{"deployer"}}}},
		"admin", "namespace", "show", "team")
	for _, part := range []string{"hold:30s", "14 days", "weak-password from high on", "deployer"} {
		if err != nil || !strings.Contains(out, part) {
			t.Errorf("%v, no %q in\n%s", err, part, out)
		}
	}
}

func TestNamespacePreview(t *testing.T) {
	answer := api.PolicyPreview{Since: "2026-08-03", Artifacts: 9, Pulls: 120, Refused: 3, Blocked: api.PreviewCount{Artifacts: 3, Pulls: 80}, Items: []api.PreviewBlocked{
		{Repository: "app", Digest: "sha256:0123456789abcdef", Tags: []string{"1", "2", "3", "4"}, Pulls: 60, Reason: "vulnerable", Severity: "high"},
		{Repository: "tool", Digest: "sha256:1123456789abcdef", Pulls: 20, Reason: "not-scanned"},
	}}
	const path = "POST /namespaces/team/policy/preview"
	out, bodies, err := runAgainst(t, map[string]any{path: answer}, "admin", "namespace", "preview", "team", "--severity", "medium", "--grace", "14")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(`{"severity":"medium","gate":{"graceDays":14}}`, bodies[path]); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
	want := `since 2026-08-03: 9 artifacts were asked for 120 times; 3 of those pulls were refused
the policy refuses 3 of them, asked for 80 times
more artifacts were asked for than were looked at: these are the ones most often asked for
PULLS  REPOSITORY  TAGS        DIGEST               REASON       WORST
60     app         1, 2, 3, …  sha256:0123456789ab  vulnerable   high
20     tool                    sha256:1123456789ab  not-scanned  
and 1 more
`
	if diff := cmp.Diff(want, out); diff != "" {
		t.Errorf("output (-want +got):\n%s", diff)
	}
	// The policy as it is.
	if _, bodies, err = runAgainst(t, map[string]any{path: api.PolicyPreview{Complete: true}}, "admin", "namespace", "preview", "team"); err != nil || bodies[path] != "{}" {
		t.Errorf("%v, %v", err, bodies)
	}
}

func TestRefusalIsTold(t *testing.T) {
	_, _, err := runAgainst(t, map[string]any{
		"POST /namespaces": api.Problem{Status: 409, Code: "namespace_exists", Detail: "there is a namespace team", Advice: "choose another name"},
	}, "admin", "namespace", "create", "team")
	if want := "there is a namespace team: choose another name [namespace_exists]"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestScanAndWait(t *testing.T) {
	const image = "/namespaces/team/repositories/a%2Fb/artifacts/1"
	ended := api.Scan{ID: 7, State: catalog.Success, Percent: 100, DurationSeconds: 3}
	artifact := api.Artifact{
		ScanOverview: &api.ScanOverview{Scan: ended, Findings: &api.Findings{Total: 2, Fixable: 1, BySeverity: map[string]int{"high": 1, "low": 1}}},
		Verdict:      api.Verdict{Decision: catalog.Block, Reason: "vulnerable", Message: "1 vulnerability is too many"},
	}
	out, _, err := runAgainst(t, map[string]any{
		"POST " + image + "/scan": api.Problem{Status: 409, Code: "scan_in_progress", Detail: "one runs"},
		"GET " + image + "/scan":  ended,
		"GET " + image:            artifact,
	}, "admin", "scan", "team/a/b:1", "--wait")
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"scan 7 of team/a/b:1: Success", "2 vulnerabilities (1 high, 1 low), 1 with a fixed version", "download: block (vulnerable)", "1 vulnerability is too many"} {
		if !strings.Contains(out, part) {
			t.Errorf("%q is missing in:\n%s", part, out)
		}
	}
	failed := api.Scan{ID: 8, State: catalog.Failed, Cause: catalog.CauseSchema1, Detail: "the manifest is of schema 1"}
	_, _, err = runAgainst(t, map[string]any{"POST " + image + "/scan": failed}, "admin", "scan", "team/a/b:1", "--wait")
	if err == nil || !strings.Contains(err.Error(), "schema 1") || !strings.Contains(err.Error(), string(catalog.CauseSchema1)) {
		t.Errorf("a failed scan: %v", err)
	}
}

func TestVerdictExitCode(t *testing.T) {
	const path = "GET /namespaces/team/repositories/app/artifacts/latest/verdict"
	out, _, err := runAgainst(t, map[string]any{path: api.Verdict{Decision: catalog.Block, Reason: "pending"}}, "admin", "verdict", "team/app")
	var exit exitError
	if !errors.As(err, &exit) || exit.code != 2 || !strings.Contains(out, "block (pending)") {
		t.Errorf("%v %s", err, out)
	}
	if _, _, err := runAgainst(t, map[string]any{path: api.Verdict{Decision: catalog.Allow}}, "admin", "verdict", "team/app"); err != nil {
		t.Error(err)
	}
}

// Of an index the worst of its images counts, and each is told.
func TestVerdictOfIndex(t *testing.T) {
	const path = "GET /namespaces/team/repositories/app/artifacts/latest"
	out, _, err := runAgainst(t, map[string]any{
		path + "/verdict": api.Verdict{Decision: catalog.Allow, Reason: "index", Members: catalog.Block},
		path: api.Artifact{Kind: catalog.KindIndex, OtherImages: []string{"quay.io/else/where:1"}, Members: []api.Member{
			{Image: "team/app@sha256:1", Platform: "linux/amd64", Verdict: api.Verdict{Decision: catalog.Block, Reason: "vulnerable"},
				ScanOverview: &api.ScanOverview{Scan: api.Scan{State: catalog.Success}, Findings: &api.Findings{Severity: "high"}}},
			{Image: "team/app@sha256:2", Platform: "linux/arm64", Verdict: api.Verdict{Decision: catalog.Undecided, Reason: "running"},
				ScanOverview: &api.ScanOverview{Scan: api.Scan{State: catalog.Running, Percent: 30}}},
		}},
	}, "admin", "verdict", "team/app")
	var exit exitError
	if !errors.As(err, &exit) || exit.code != 2 {
		t.Errorf("error: %v", err)
	}
	for _, line := range []string{`sha256:1 +linux/amd64 +Success +block \(vulnerable\) +high`, `sha256:2 +linux/arm64 +Running 30 % +unknown \(running\)`, `not in this registry: quay.io`} {
		if !regexp.MustCompile(line).MatchString(out) {
			t.Errorf("no line %s in:\n%s", line, out)
		}
	}
}

func TestUnknownSubcommand(t *testing.T) {
	for _, args := range [][]string{{"admin", "bogus"}, {"admin", "namespace", "bogus"}, {"admin", "namespace", "create"}} {
		if _, _, err := runAgainst(t, nil, args...); err == nil {
			t.Errorf("%v succeeded", args)
		}
	}
	if out, _, err := runAgainst(t, nil, "admin", "namespace"); err != nil || !strings.Contains(out, "Usage:") {
		t.Errorf("no help: %v %s", err, out)
	}
}
