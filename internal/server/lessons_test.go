package server_test

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pratique/pratique/internal/api"
	"github.com/pratique/pratique/internal/server"
)

// These tests hold what users of other registries suffer from, one test a
// lesson, with the whole server. The others are in package registry.

// A stored verdict counts also while the scanner is down.
func TestLesson02VerdictsOutliveTheScanner(t *testing.T) {
	databases(t, func(t *testing.T, cfg server.Config) {
		importAdvisories(t, cfg.Data)
		e := start(t, cfg)
		e.namespace("team", strict())
		e.namespace("lenient", api.NamespaceChange{AutoScan: ptr(true)})
		img := debian(t, "lesson 2")
		refused, given := e.push(img, "team/app", "1"), e.push(img, "lenient/app", "1")
		for _, namespace := range []string{"team", "lenient"} {
			if s := e.scanned(namespace, "app", "1"); s.State != "Success" {
				t.Fatalf("scan: %+v", s)
			}
		}
		allow := api.NamespaceChange{PreventVul: ptr(true), Severity: ptr("critical"), Allowlist: &api.AllowlistChange{Items: []api.AllowlistItem{{CVEID: "CVE-2026-0001"}}}}
		_, err := e.control.UpdateNamespace(t.Context(), "lenient", allow)
		e.must(err)
		e.do("GET", given, nil).want(e, 200)
		e.must(e.stop())

		// Without advisories nothing can be scanned.
		e.must(os.RemoveAll(server.AdvisoriesDir(cfg.Data)))
		password := e.password
		e = start(t, cfg)
		e.password = password
		e.do("GET", "/readyz", nil).want(e, 200, "no advisories yet")
		e.do("GET", given, nil).want(e, 200)
		e.do("GET", refused, nil).want(e, 412, "CVE-2026-0001")
		for _, namespace := range []string{"team", "lenient"} {
			e.do("POST", "/api/v1/namespaces/"+namespace+"/repositories/app/artifacts/1/scan", nil).want(e, 202)
		}
		e.do("GET", given, nil).want(e, 200)
		e.do("GET", "/v2/lenient/app/blobs/"+img.Layers[0].Digest, nil).want(e, 200)
		e.do("GET", refused, nil).want(e, 412, "CVE-2026-0001")
	})
}

// Turning scans or blocking off un-blocks; what was decided can be listed and set
// aside by the interface.
func TestLesson08DecisionsCanBeSetAside(t *testing.T) {
	databases(t, func(t *testing.T, cfg server.Config) {
		importAdvisories(t, cfg.Data)
		e := start(t, cfg)
		e.namespace("team", strict())
		img := debian(t, "lesson 8")
		manifest := e.push(img, "team/app", "1")
		e.scanned("team", "app", "1")
		const artifact = "/api/v1/namespaces/team/repositories/app/artifacts/1"
		set := func(c api.NamespaceChange) {
			t.Helper()
			_, err := e.control.UpdateNamespace(t.Context(), "team", c)
			e.must(err)
		}
		e.do("GET", manifest, nil).want(e, 412, "CVE-2026-0001")
		e.do("GET", artifact+"/verdict", nil).want(e, 200, `"decision":"block"`, `"reason":"vulnerable"`)
		e.do("GET", artifact+"/verdicts", nil).want(e, 200, `"cause":"scan"`, `"after":"block"`)

		set(api.NamespaceChange{PreventVul: ptr(false)})
		e.do("GET", manifest, nil).want(e, 200)
		e.do("GET", "/v2/team/app/blobs/"+img.Layers[0].Digest, nil).want(e, 200)
		set(api.NamespaceChange{PreventVul: ptr(true)})
		e.do("GET", manifest, nil).want(e, 412)

		// Set aside for one image.
		body := `{"scope":"artifact","targets":[{"namespace":"team","repository":"app","reference":"1"}],"action":"whitelist","vulnerability":"CVE-2026-0001","reason":"lesson 8"}`
		made := decode[struct{ ID int64 }](t, e.do("POST", "/api/v1/exceptions", []byte(body), "Content-Type: application/json").want(e, 201).body)
		e.do("GET", manifest, nil).want(e, 200)
		e.do("GET", artifact+"/verdicts", nil).want(e, 200, `"cause":"exception"`)
		e.do("DELETE", fmt.Sprintf("/api/v1/exceptions/%d", made.ID), nil).want(e, 204)
		e.do("GET", manifest, nil).want(e, 412)

		// Without scans what was not scanned need not be shut out.
		set(api.NamespaceChange{AutoScan: ptr(false)})
		later := e.push(debian(t, "lesson 8, later"), "team/later", "1")
		e.do("GET", later, nil).want(e, 412, "has not been scanned")
		set(api.NamespaceChange{Gate: &api.GateSettingsChange{NotScanned: ptr("allow")}})
		e.do("GET", later, nil).want(e, 200)
		e.do("GET", manifest, nil).want(e, 412, "CVE-2026-0001")
	})
}

// "What would this policy have blocked" is answered from the pulls there were,
// and changes nothing.
func TestLesson14Preview(t *testing.T) {
	databases(t, func(t *testing.T, cfg server.Config) {
		importAdvisories(t, cfg.Data)
		e := start(t, cfg)
		e.namespace("team", api.NamespaceChange{AutoScan: ptr(true)})
		img := debian(t, "lesson 14")
		manifest := e.push(img, "team/app", "1")
		e.scanned("team", "app", "1")
		for range 3 {
			e.do("GET", manifest, nil).want(e, 200)
		}
		e.push(debian(t, "lesson 14, never pulled"), "team/other", "1")
		e.must(e.stop()) // writes what was pulled
		password := e.password
		e = start(t, cfg)
		e.password = password

		p, err := e.control.PreviewPolicy(t.Context(), "team", api.NamespaceChange{Severity: ptr("high")})
		e.must(err)
		if p.Artifacts != 1 || p.Pulls != 3 || p.Refused != 0 || !p.Complete || p.Blocked != (api.PreviewCount{Artifacts: 1, Pulls: 3}) || p.ByReason["vulnerable"] != 1 || len(p.Items) != 1 {
			t.Fatalf("preview: %+v", p)
		}
		if i := p.Items[0]; i.Repository != "app" || i.Digest != img.Digest || len(i.Tags) != 1 || i.Severity != "critical" || i.Remaining != 1 || !strings.Contains(i.Message, "CVE-2026-0001") {
			t.Errorf("preview: %+v", i)
		}
		p, err = e.control.PreviewPolicy(t.Context(), "team", api.NamespaceChange{Severity: ptr("high"),
			Allowlist: &api.AllowlistChange{Items: []api.AllowlistItem{{CVEID: "CVE-2026-0001"}}}})
		e.must(err)
		if p.Artifacts != 1 || p.Blocked.Artifacts != 0 || len(p.Items) != 0 {
			t.Errorf("preview with an allowlist: %+v", p)
		}
		e.do("GET", manifest, nil).want(e, 200)
		n, err := e.control.Namespace(t.Context(), "team")
		e.must(err)
		if n.PreventVul || len(n.Allowlist.Items) != 0 {
			t.Errorf("the preview changed the namespace: %+v", n)
		}
	})
}

// The first pull right after a push gets what the scan comes to, by the settings
// that are the default, and a server that stops does not wait for those it holds.
func TestLesson15FirstPullAfterPush(t *testing.T) {
	databases(t, func(t *testing.T, cfg server.Config) {
		importAdvisories(t, cfg.Data)
		e := start(t, cfg)
		e.namespace("team", api.NamespaceChange{AutoScan: ptr(true), PreventVul: ptr(true), Severity: ptr("high")})
		e.namespace("any", api.NamespaceChange{AutoScan: ptr(true), PreventVul: ptr(true), Severity: ptr("critical"),
			Allowlist: &api.AllowlistChange{Items: []api.AllowlistItem{{CVEID: "CVE-2026-0001"}}}})
		img := debian(t, "lesson 15")
		refused, given := e.push(img, "team/app", "1"), e.push(img, "any/app", "1")
		var pulls sync.WaitGroup
		for range 4 {
			pulls.Go(func() {
				for path, status := range map[string]int{refused: 412, given: 200} {
					got, err := e.try("GET", path, nil)
					if err != nil || got.StatusCode != status || status == 412 && !strings.Contains(got.body, "CVE-2026-0001") {
						t.Errorf("%s: %v, %s %s", path, err, got.Status, got.body)
					}
				}
			})
		}
		pulls.Wait()

		_, err := e.control.UpdateNamespace(t.Context(), "team", api.NamespaceChange{AutoScan: ptr(false), Gate: &api.GateSettingsChange{NotScanned: ptr("hold:300s")}})
		e.must(err)
		held := e.push(debian(t, "lesson 15, never scanned"), "team/never", "1")
		answer := make(chan answer, 1)
		go func() {
			got, err := e.try("GET", held, nil)
			if err != nil {
				t.Error(err)
			}
			answer <- got
		}()
		for !strings.Contains(e.do("GET", "/metrics", nil).want(e, 200).body, "pratique_pulls_waiting 1\n") {
			if t.Context().Err() != nil || len(answer) > 0 {
				t.Fatal("the pull is not held")
			}
		}
		begin := time.Now()
		e.must(e.stop())
		if got := <-answer; got.StatusCode != 412 || time.Since(begin) > 4*time.Second {
			t.Errorf("a held pull of a server that stops, after %s: %s %s", time.Since(begin), got.Status, got.body)
		}
	})
}
