package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pratique/pratique/internal/advisory"
	"github.com/pratique/pratique/internal/advisory/advisorytest"
	"github.com/pratique/pratique/internal/api"
	"github.com/pratique/pratique/internal/api/client"
	"github.com/pratique/pratique/internal/blob"
	"github.com/pratique/pratique/internal/image/imagetest"
	"github.com/pratique/pratique/internal/server"
)

const records = `
{"id":"DEBIAN-CVE-2026-0001","modified":"2026-02-01T00:00:00Z","published":"2026-01-01T00:00:00Z","upstream":["CVE-2026-0001"],
 "details":"A hole in libhole.","severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
 "affected":[{"package":{"ecosystem":"Debian:12","name":"libhole"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"2.0-1"}]}]}]}
`

// debian is an image with one vulnerable package, followed by a layer that
// tells images apart.
func debian(t testing.TB, own string) *imagetest.Image {
	t.Helper()
	return imagetest.Build(t, `
-- layer --
ADD rootfs.tar /
-- etc/os-release --
PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
VERSION_ID="12"
ID=debian
-- var/lib/dpkg/status --
Package: libhole
Status: install ok installed
Architecture: amd64
Version: 1.0-1

-- layer --
COPY app /srv/
-- srv/app --
`+own+"\n")
}

// env is a server that listens on 127.0.0.1, as it runs in production.
type env struct {
	testing.TB
	cfg      server.Config
	server   *server.Server
	url      string
	password string
	// control speaks through the control socket, as the administrator.
	control *client.Client
	stop    func() error
}

// config is a configuration with advisories at hand and a data directory whose
// name is short enough for the control socket.
func config(t testing.TB) server.Config {
	t.Helper()
	dir, err := os.MkdirTemp("", "pratique")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	never := time.Duration(0)
	return server.Config{
		Address:    "127.0.0.1:0",
		Data:       dir,
		Advisories: server.Advisories{Source: filepath.Join(dir, "nowhere"), Update: &never},
		Grace:      5 * time.Second,
	}
}

func importAdvisories(t testing.TB, data string) {
	t.Helper()
	if _, err := advisory.Import(t.Context(), server.AdvisoriesDir(data), advisorytest.Bucket(t, records), advisory.ImportOptions{}); err != nil {
		t.Fatal(err)
	}
}

func logger(t testing.TB) *slog.Logger {
	if testing.Verbose() {
		return slog.New(slog.NewTextHandler(t.Output(), nil))
	}
	return slog.New(slog.DiscardHandler)
}

func start(t testing.TB, cfg server.Config) *env {
	t.Helper()
	return startLogging(t, cfg, logger(t))
}

func startLogging(t testing.TB, cfg server.Config, log *slog.Logger) *env {
	t.Helper()
	s, err := server.New(t.Context(), cfg, log, "test")
	if err != nil {
		t.Fatal(err)
	}
	e := &env{TB: t, cfg: cfg, server: s, url: "http://" + s.Addr()}
	_, e.password = s.FirstAdministrator()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	e.stop = sync.OnceValue(func() error { cancel(); return <-done })
	t.Cleanup(func() {
		if err := e.stop(); err != nil {
			t.Errorf("the server stopped: %v", err)
		}
	})
	e.control, err = client.New(client.Config{Data: cfg.Data})
	e.must(err)
	return e
}

func (e *env) must(err error) {
	e.Helper()
	if err != nil {
		e.Fatal(err)
	}
}

func (e *env) namespace(name string, change api.NamespaceChange) {
	e.Helper()
	_, err := e.control.CreateNamespace(e.Context(), api.NamespaceCreate{Name: name})
	e.must(err)
	_, err = e.control.UpdateNamespace(e.Context(), name, change)
	e.must(err)
}

func ptr[T any](v T) *T { return &v }

// strict scans automatically and blocks what is high or worse, without holding
// pulls.
func strict() api.NamespaceChange {
	return api.NamespaceChange{AutoScan: ptr(true), PreventVul: ptr(true), Severity: ptr("high"),
		Gate: &api.GateSettingsChange{Waiting: ptr("block"), Running: ptr("block")}}
}

// answer is a response, read to its end.
type answer struct {
	*http.Response
	body string
}

// do sends a request as administrator. Headers are "Name: value"; "Host: …"
// asks for another instance, "Authorization: " for nobody.
func (e *env) do(method, path string, body any, headers ...string) answer {
	e.Helper()
	a, err := e.try(method, path, body, headers...)
	e.must(err)
	return a
}

func (e *env) try(method, path string, body any, headers ...string) (answer, error) {
	var r io.Reader
	switch b := body.(type) {
	case []byte:
		r = bytes.NewReader(b)
	case io.Reader:
		r = b
	}
	if strings.HasPrefix(path, "/") {
		path = e.url + path
	}
	req, err := http.NewRequestWithContext(e.Context(), method, path, r)
	if err != nil {
		return answer{}, err
	}
	req.SetBasicAuth("admin", e.password)
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		switch {
		case name == "Host":
			req.Host = value
		case value == "":
			req.Header.Del(name)
		default:
			req.Header.Set(name, value)
		}
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	return answer{res, string(got)}, err
}

func (a answer) want(t testing.TB, status int, says ...string) answer {
	t.Helper()
	if a.StatusCode != status {
		t.Fatalf("%s %s: %s, want %d: %.600s", a.Request.Method, a.Request.URL, a.Status, status, a.body)
	}
	for _, text := range says {
		if !strings.Contains(a.body, text) {
			t.Errorf("%s %s does not say %q: %.600s", a.Request.Method, a.Request.URL, text, a.body)
		}
	}
	return a
}

// header checks a header of the answer.
func (a answer) header(t testing.TB, name, want string) {
	t.Helper()
	if got := a.Header.Get(name); got != want {
		t.Errorf("%s %s: %s is %q, want %q", a.Request.Method, a.Request.URL, name, got, want)
	}
}

// sep begins, or continues, the query of a URL.
func sep(url string) string {
	if strings.Contains(url, "?") {
		return "&"
	}
	return "?"
}

// push pushes an image and returns the path of its manifest.
func (e *env) push(img *imagetest.Image, name, tag string, headers ...string) string {
	e.Helper()
	for digest, content := range img.Blobs {
		e.do("POST", "/v2/"+name+"/blobs/uploads/?digest="+digest, content, headers...).want(e, 201)
	}
	path := "/v2/" + name + "/manifests/" + tag
	e.do("PUT", path, img.Manifest, append(headers, "Content-Type: "+img.MediaType)...).want(e, 201)
	return path
}

// scanned waits until the latest scan of an image has ended.
func (e *env) scanned(namespace, repository, reference string) api.Scan {
	e.Helper()
	ctx, cancel := context.WithTimeout(e.Context(), time.Minute)
	defer cancel()
	s, err := e.control.LatestScan(ctx, client.Image{Namespace: namespace, Repository: repository, Reference: reference})
	e.must(err)
	s, err = e.control.WaitForScan(ctx, client.Image{}, s, nil)
	e.must(err)
	return s
}

func (e *env) blobFile(digest string) string {
	_, hex, err := blob.ParseDigest(digest)
	e.must(err)
	return filepath.Join(e.cfg.Data, "blobs", "sha256", hex[:2], hex)
}

func decode[T any](t testing.TB, text string) (v T) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v: %.300s", err, text)
	}
	return v
}
