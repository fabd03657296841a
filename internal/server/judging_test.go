package server_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pratique/pratique/internal/advisory"
	"github.com/pratique/pratique/internal/advisory/advisorytest"
	"github.com/pratique/pratique/internal/api"
	"github.com/pratique/pratique/internal/server"
)

// A server that runs learns of a vulnerability, and later that it was none: what
// may be pulled changes without a scan, and says why.
func TestAdvisoriesOfTonight(t *testing.T) {
	databases(t, func(t *testing.T, cfg server.Config) {
		know := func(records string) {
			t.Helper()
			if _, err := advisory.Import(t.Context(), server.AdvisoriesDir(cfg.Data), advisorytest.Bucket(t, records), advisory.ImportOptions{}); err != nil {
				t.Fatal(err)
			}
		}
		other := strings.NewReplacer("0001", "0002", "libhole", "elsewhere").Replace(records)
		know(other)
		e := start(t, cfg)
		e.namespace("team", strict())
		img := debian(t, "tonight")
		manifest := e.push(img, "team/app", "1")
		e.scanned("team", "app", "1")
		e.do("GET", manifest, nil).want(e, 200)
		e.must(e.stop()) // writes that it was pulled
		password := e.password
		e = start(t, cfg)
		e.password = password
		const artifact = "/api/v1/namespaces/team/repositories/app/artifacts/1"
		// until asks until a pull is answered so.
		until := func(status int) {
			t.Helper()
			for deadline := time.Now().Add(time.Minute); e.do("GET", manifest, nil).StatusCode != status; {
				if time.Now().After(deadline) {
					t.Fatalf("no pull is answered by %d: %s", status, e.do("GET", "/api/v1/judging", nil).body)
				}
			}
		}

		know(other + records)
		until(412)
		e.do("GET", manifest, nil).want(e, 412, "CVE-2026-0001", "2.0-1")
		e.do("GET", artifact+"/verdicts", nil).want(e, 200, `"after":"block"`, `"cause":"advisories"`)
		e.do("GET", artifact+"/report", nil).want(e, 200, "CVE-2026-0001", `"newest":"2026-02-01T00:00:00Z"`)
		e.do("GET", "/api/v1/events?kind=vulnerability.new", nil).want(e, 200, `"cause":"advisories"`, "CVE-2026-0001", `"repository":"app"`)
		e.do("GET", "/api/v1/risks/vulnerabilities", nil).want(e, 200, `"id":"CVE-2026-0001"`, `"images":1`)
		e.do("GET", "/api/v1/risks/vulnerabilities/CVE-2026-0001/images", nil).want(e, 200, `"package":"libhole"`, `"fixedVersion":"2.0-1"`)
		e.do("GET", "/api/v1/risks/packages/images?package=libhole", nil).want(e, 200, img.Digest)
		e.do("GET", artifact+"/difference?since=2026-01-01T00:00:00Z", nil).want(e, 200, `"first":true,"decision":"allow"`, `"decision":"block"`,
			`"rule":"CVE-2026-0001"`, `"removed":[]`)
		between := time.Now().UTC().Format(time.RFC3339Nano)
		e.do("GET", "/metrics", nil).want(e, 200, `pratique_judge_again{state="waiting"} 0`)

		know(other + strings.Replace(records, `"modified"`, `"withdrawn":"2026-04-01T00:00:00Z","modified"`, 1))
		until(200)
		if got := strings.Count(e.do("GET", artifact+"/verdicts", nil).want(e, 200).body, `"cause":"advisories"`); got != 2 {
			t.Errorf("the verdict changed %d times because of advisories", got)
		}
		if got := e.do("GET", "/api/v1/risks/vulnerabilities", nil).want(e, 200).body; strings.Contains(got, "CVE-2026-0001") {
			t.Errorf("after it was withdrawn: %s", got)
		}
		e.do("GET", artifact+"/difference?since="+between, nil).want(e, 200, `"added":[],"removed":[{`, `"rule":"CVE-2026-0001"`, `"fixedVersion":"2.0-1"`)
		e.do("GET", artifact+"/difference?since=2026-01-01T00:00:00Z", nil).want(e, 200, `"added":[],"removed":[]`)
		e.do("GET", "/api/v1/risks/vulnerabilities/CVE-2026-0001/history", nil).want(e, 200, `"package":"libhole"`, `"until":"`)
		if got := e.do("GET", artifact+"/scans", nil).want(e, 200).body; strings.Count(got, `"state"`) != 1 {
			t.Errorf("scans: %s", got)
		}
		j, err := e.control.Judging(t.Context())
		if err != nil || j.Waiting != 0 || j.Done != 1 || j.Verdicts != 1 || j.Failed != 0 || j == (api.Judging{}) {
			t.Errorf("judging: %+v %v", j, err)
		}
	})
}
