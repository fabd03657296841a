package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pratique/pratique/internal/api"
	"github.com/pratique/pratique/internal/api/client"
	"github.com/pratique/pratique/internal/report"
	"github.com/pratique/pratique/internal/server"
	"github.com/pratique/pratique/internal/store/storetest"
)

// databases are what every whole server is tried on.
func databases(t *testing.T, test func(t *testing.T, cfg server.Config)) {
	t.Run("sqlite", func(t *testing.T) { test(t, config(t)) })
	t.Run("postgres", func(t *testing.T) {
		cfg := config(t)
		cfg.Database = storetest.PostgreSQLDSN(t)
		test(t, cfg)
	})
}

// Push, scan, report, refusal; and a scan that fails, in every place that tells
// of it.
func TestEndToEnd(t *testing.T) {
	databases(t, func(t *testing.T, cfg server.Config) {
		e := start(t, cfg)
		e.do("GET", "/readyz", nil).want(e, 200, "no advisories yet")
		e.namespace("team", strict())
		img := debian(t, "end to end")
		manifest := e.push(img, "team/app", "1")
		e.do("GET", manifest, nil).want(e, 412, "PROJECTPOLICYVIOLATION", "waiting to be scanned")
		importAdvisories(t, cfg.Data)
		if s := e.scanned("team", "app", "1"); s.State != "Success" || s.Trigger != "push" {
			t.Fatalf("scan: %+v", s)
		}
		e.do("GET", "/readyz", nil).want(e, 200, "ok\n")

		const artifact = "/api/v1/namespaces/team/repositories/app/artifacts/1"
		rep := decode[report.Report](t, e.do("GET", artifact+"/report", nil).want(e, 200).body)
		if len(rep.Vulnerabilities) != 1 || rep.Vulnerabilities[0].ID != "CVE-2026-0001" || rep.Image.Digest != img.Digest {
			t.Errorf("report: %+v", rep)
		}
		e.do("GET", manifest, nil).want(e, 412, "PROJECTPOLICYVIOLATION", "CVE-2026-0001", "libhole 1.0-1 → 2.0-1")
		e.do("HEAD", manifest, nil).want(e, 412)
		e.do("GET", "/v2/team/app/blobs/"+img.Layers[0].Digest, nil).want(e, 412)
		e.do("GET", manifest, nil, "Authorization: ").want(e, 401)

		bad := debian(t, "bad")
		path := e.push(bad, "team/bad", "1")
		if s := e.scanned("team", "bad", "1"); s.State != "Success" {
			t.Fatalf("scan: %+v", s)
		}
		e.must(os.Remove(e.blobFile(bad.ConfigDigest)))
		_, err := e.control.RequestScan(t.Context(), client.Image{Namespace: "team", Repository: "bad", Reference: "1"})
		e.must(err)
		failed := e.scanned("team", "bad", "1")
		if failed.Cause != "download_failed" || !strings.Contains(failed.Detail, bad.ConfigDigest) || failed.Advice == "" {
			t.Errorf("scan: %+v", failed)
		}
		// The report from before stays in force.
		e.do("GET", path, nil).want(e, 412, "CVE-2026-0001")
		e.do("GET", "/metrics", nil).want(e, 200,
			`pratique_scans_total{cause="download_failed",state="Error"}`,
			`pratique_scans_total{cause="",state="Success"}`,
			`pratique_held{kind="artifacts"} 2`,
			`pratique_scans{state="pending"} 0`,
			`pratique_pulls_total{decision="block"}`,
			`pratique_http_request_seconds_count{area="manifests",method="GET",status="412"}`,
			"go_goroutines", "process_resident_memory_bytes")
		if err := e.stop(); err != nil {
			t.Error(err)
		}

		// Everything is there after a start.
		password := e.password
		e = start(t, cfg)
		if e.password != "" {
			t.Error("there is another first administrator")
		}
		e.password = password
		e.do("GET", manifest, nil).want(e, 412, "CVE-2026-0001")
		if again := e.do("GET", artifact+"/report", nil).want(e, 200).body; decode[report.Report](t, again).Image.Digest != img.Digest {
			t.Error("another report after the start")
		}
	})
}

// An image that never had a report is refused with what is wrong and what to
// do, and the interface tells the same.
func TestFailureIsExplained(t *testing.T) {
	cfg := config(t)
	e := start(t, cfg)
	e.namespace("team", strict())
	img := debian(t, "without a layer")
	manifest := e.push(img, "team/app", "1")
	e.must(os.Remove(e.blobFile(img.Layers[0].Digest)))
	importAdvisories(t, cfg.Data) // now it is scanned
	s := e.scanned("team", "app", "1")
	if s.State != "Error" || s.Cause != "download_failed" || !strings.Contains(s.Detail, img.Layers[0].Digest) || s.Advice != s.Cause.Advice() {
		t.Errorf("scan: %+v", s)
	}
	e.do("GET", manifest, nil).want(e, 412, "its scan failed (download_failed", s.Advice)
	e.do("GET", "/api/v1/namespaces/team/repositories/app/artifacts/1/scan", nil).want(e, 200, `"cause":"download_failed"`, s.Advice)
	e.do("GET", "/api/v1/namespaces/team/repositories/app/artifacts/1/report", nil).want(e, 404, "not_scanned")
	e.do("GET", "/metrics", nil).want(e, 200, `pratique_scans_total{cause="download_failed",state="Error"} 1`)
}

func TestControlSocketIsItsOwners(t *testing.T) {
	t.Parallel()
	e := start(t, config(t))
	info, err := os.Lstat(filepath.Join(e.cfg.Data, api.ControlSocket))
	e.must(err)
	if info.Mode() != os.ModeSocket|0o600 {
		t.Errorf("the control socket has mode %v", info.Mode())
	}
	if left, _ := filepath.Glob(filepath.Join(e.cfg.Data, ".s*")); left != nil {
		t.Errorf("left behind: %q", left)
	}
	e.must(e.stop())
	if _, err := os.Lstat(filepath.Join(e.cfg.Data, api.ControlSocket)); !os.IsNotExist(err) {
		t.Errorf("the control socket is there after the server: %v", err)
	}
}

func TestSecondServer(t *testing.T) {
	e := start(t, config(t))
	cfg := e.cfg
	_, err := server.New(t.Context(), cfg, slog.New(slog.DiscardHandler), "test")
	if err == nil {
		t.Fatal("a second server uses the same directory")
	}
	for _, says := range []string{fmt.Sprintf("process %d", os.Getpid()), cfg.Data, "stop it", "--data"} {
		if !strings.Contains(err.Error(), says) {
			t.Errorf("the error does not say %q: %v", says, err)
		}
	}
	e.do("GET", "/healthz", nil).want(e, 200, "ok\n") // the first is none the worse
	if _, err := e.control.Namespaces(t.Context()); err != nil {
		t.Errorf("the control socket of the first is gone: %v", err)
	}

	cfg = config(t)
	cfg.Address = e.server.Addr()
	if _, err := server.New(t.Context(), cfg, slog.New(slog.DiscardHandler), "test"); err == nil || !strings.Contains(err.Error(), "--address") {
		t.Errorf("the same address: %v", err)
	}
	// What did not come up has let go of everything.
	cfg.Address = "127.0.0.1:0"
	start(t, cfg)
}

// A database and a data directory that do not belong together are refused.
func TestForeignDataDirectory(t *testing.T) {
	databases(t, func(t *testing.T, cfg server.Config) {
		e := start(t, cfg)
		e.namespace("team", strict())
		e.push(debian(t, "mine"), "team/app", "1")
		e.must(e.stop())
		refused := func(cfg server.Config, says string) {
			t.Helper()
			s, err := server.New(context.Background(), cfg, slog.New(slog.DiscardHandler), "test")
			if err == nil {
				s.Close()
				t.Errorf("no error, want %q", says)
			} else if !strings.Contains(err.Error(), says) {
				t.Errorf("error %v, want %q", err, says)
			}
		}
		other := config(t)
		other.Database = cfg.Database
		if other.Database == "" {
			other.Database = "sqlite:" + filepath.Join(cfg.Data, "pratique.db")
		}
		refused(other, "none of their content")
		mine := cfg
		mine.Database = "sqlite:" + filepath.Join(other.Data, "another.db")
		refused(mine, "belongs to another database")
		start(t, cfg)
	})
}

func TestConfig(t *testing.T) {
	none := func(string) string { return "" }
	file := func(text string) string {
		path := filepath.Join(t.TempDir(), "config.yaml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, tc := range []struct{ name, text, says string }{
		{"empty", "", ""},
		{"all", "address: :1\ndata: d\ndatabase: postgres://u@h/n\nscan: {concurrent: 1, workers: 2, timeout: 1h, memory: 16777216}\n" +
			"advisories: {source: x, update: 10m}\nlog: {format: json, level: debug}\ngrace: 1m\ninstances: [{name: a, host: A.example., tenant: t, region: r}]", ""},
		{"never updated", "advisories: {update: 0s}", ""},
		{"an unknown key", "adress: :1\nscan: {paralel: 3}", `line 1: there is no setting "adress"; line 2: there is no setting "paralel"`},
		{"a wrong type", "scan: {concurrent: many}", "cannot use `many` here"},
		{"no mapping", "- a", "cannot use a list here"},
		{"no YAML", "a: [", "line 1"},
		{"a wrong level", "log: {level: loud}", "loud"},
		{"an address without port", "address: localhost", "use HOST:PORT"},
		{"another database", "database: mysql://x", "sqlite:PATH or postgres://"},
		{"too many scans", "scan: {concurrent: 101}", "scan.concurrent is 101; use 1 to 100"},
		{"fewer than none", "scan: {concurrent: -1}", "use 1 to 100"},
		{"too many workers", "scan: {workers: 257}", "scan.workers"},
		{"too short a limit", "scan: {timeout: 59s}", "scan.timeout is 59 seconds"},
		{"too little memory", "scan: {memory: 1}", "scan.memory"},
		{"updated too often", "advisories: {update: 9m}", "at least 10m"},
		{"another log", "log: {format: xml}", "text or json"},
		{"too much grace", "grace: 11m", "grace is 660 seconds"},
		{"an instance without host", "instances: [{name: a}]", "instances[0] needs a name and a host"},
		{"a host with port", "instances: [{name: a, host: 'a:1'}]", "leave out scheme, port and path"},
		{"a URL for a host", "instances: [{name: a, host: 'https://a'}]", "leave out scheme, port and path"},
		{"a host twice", "instances: [{name: a, host: h}, {name: b, host: H}]", "host h is taken"},
	} {
		cfg, err := server.LoadConfig(file(tc.text), none)
		if err == nil {
			err = cfg.Complete()
		}
		switch {
		case tc.says == "" && err != nil:
			t.Errorf("%s: %v", tc.name, err)
		case tc.says != "" && (err == nil || !strings.Contains(err.Error(), tc.says) || strings.Contains(err.Error(), "\n")):
			t.Errorf("%s: error %v, want %q on one line", tc.name, err, tc.says)
		}
	}
	if _, err := server.LoadConfig(filepath.Join(t.TempDir(), "absent"), none); err == nil || !strings.Contains(err.Error(), "absent") {
		t.Errorf("no file: %v", err)
	}

	// The environment counts more than the file.
	env := map[string]string{"PRATIQUE_ADDRESS": ":2", "PRATIQUE_DATA": "e", "PRATIQUE_SCAN_WORKERS": "7"}
	cfg, err := server.LoadConfig(file("address: :1\nlog: {format: json}"), func(k string) string { return env[k] })
	if err != nil || cfg.Complete() != nil {
		t.Fatal(err)
	}
	if cfg.Address != ":2" || cfg.Scan.Workers != 7 || cfg.Log.Format != "json" || cfg.Database != "sqlite:e/pratique.db" {
		t.Errorf("configuration: %+v", cfg)
	}
	env["PRATIQUE_SCAN_WORKERS"] = "all"
	if _, err := server.LoadConfig("", func(k string) string { return env[k] }); err == nil || !strings.Contains(err.Error(), `"all" is not a number`) {
		t.Errorf("PRATIQUE_SCAN_WORKERS: %v", err)
	}
	if _, err := json.Marshal(cfg); err != nil {
		t.Error(err)
	}
}
