package registry_test

import (
	"archive/tar"
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/gate"
	"github.com/pratique/pratique/internal/report"
)

var (
	critical = catalog.Exposure{ID: "CVE-2026-0001", Severity: report.Critical, Package: "openssl", Version: "3.0.1", FixedVersion: "3.0.2"}
	medium   = catalog.Exposure{ID: "CVE-2026-0002", Severity: report.Medium, Package: "zlib", Version: "1.2"}
)

// key is where the images of these tests are.
func (e *env) key() catalog.RepositoryKey {
	return catalog.RepositoryKey{InstanceID: e.instance.ID, Namespace: "team", Repository: "app"}
}

func (e *env) pull(reference string) catalog.Pull {
	e.Helper()
	p, err := e.store.Pull(e.Context(), e.key(), reference)
	e.must(err)
	return p
}

// policy changes the policy of namespace team, which holds no pulls.
func (e *env) policy(block bool, allowlist *catalog.Allowlist) {
	e.Helper()
	threshold := report.High
	now := catalog.Answer{Action: catalog.AnswerBlock}
	_, err := e.store.UpdateNamespace(e.Context(), e.instance.ID, "team", catalog.NamespaceChange{Block: &block, Threshold: &threshold, Allowlist: allowlist,
		Gate: &catalog.GateChange{Answers: map[catalog.PullState]catalog.Answer{catalog.WaitingForScan: now, catalog.BeingScanned: now}}})
	e.must(err)
}

// except decides about the critical vulnerability in targets, of one kind, or
// in the whole instance; it expires after a time, or never.
func (e *env) except(action catalog.ExceptionAction, expires time.Duration, targets ...catalog.Target) catalog.Exception {
	e.Helper()
	x := catalog.Exception{InstanceID: e.instance.ID, Scope: catalog.ScopeInstance, Targets: targets, Action: action,
		Criteria: catalog.Criteria{Vulnerability: critical.ID}, Author: "ada", Reason: "not reachable"}
	for _, t := range targets {
		switch {
		case t.Digest != "":
			x.Scope = catalog.ScopeArtifact
		case t.Repository != "":
			x.Scope = catalog.ScopeRepository
		default:
			x.Scope = catalog.ScopeNamespace
		}
	}
	if expires != 0 {
		x.ExpiresAt = e.clock.now().Add(expires)
	}
	x, err := e.store.CreateException(e.Context(), x)
	e.must(err)
	return x
}

func (e *env) exceptions(p catalog.Pull) []catalog.Exception {
	e.Helper()
	list, err := e.store.ArtifactExceptions(e.Context(), p.Artifact.Key, p.Artifact.Digest)
	e.must(err)
	return list
}

// scan requests a scan, and takes it to a state.
func (e *env) scan(reference string, state catalog.ScanState, exposure ...catalog.Exposure) {
	e.Helper()
	ctx := e.Context()
	p := e.pull(reference)
	_, err := e.store.RequestScan(ctx, p.Artifact.ID, catalog.TriggerManual)
	e.must(err)
	if state == catalog.Pending {
		return
	}
	e.promote()
	switch state {
	case catalog.Success:
		e.end(reference, exposure...)
	case catalog.Failed:
		e.must(e.store.FailScan(ctx, e.pull(reference).Scan.ID, catalog.CauseDownload, "layer 1 is gone"))
	}
}

// promote has all scans run that wait.
func (e *env) promote() {
	e.Helper()
	_, err := e.store.Promote(e.Context(), e.instance.ID, 10, time.Hour)
	e.must(err)
}

// end has the running scan of an image succeed.
func (e *env) end(reference string, exposure ...catalog.Exposure) {
	e.Helper()
	p := e.pull(reference)
	p.Reported = true
	v := gate.Decide(p, exposure, e.exceptions(p), e.clock.now())
	e.must(e.store.FinishScan(e.Context(), *p.Scan, catalog.Result{Document: []byte("{}"), Exposure: exposure, Verdict: v}))
}

// ways are all the ways by which the content of an image can leave.
func (e *env) ways(img image) map[string]response {
	e.Helper()
	got := map[string]response{}
	for name, path := range map[string]string{
		"tag":    "/v2/team/app/manifests/1",
		"digest": "/v2/team/app/manifests/" + img.digest,
		"config": "/v2/team/app/blobs/" + img.config.Digest,
		"layer":  "/v2/team/app/blobs/" + img.layer.Digest,
	} {
		got["GET "+name] = e.do("GET", path, nil)
		got["HEAD "+name] = e.do("HEAD", path, nil)
	}
	layer := "/v2/team/app/blobs/" + img.layer.Digest
	got["range of layer"] = e.do("GET", layer, nil, "Range: bytes=1-3")
	got["layer that is cached"] = e.do("GET", layer, nil, `If-None-Match: "`+img.layer.Digest+`"`)
	got["manifest that is cached"] = e.do("GET", "/v2/team/app/manifests/1", nil, `If-None-Match: "`+img.digest+`"`)
	got["mount"] = e.do("POST", "/v2/other/app/blobs/uploads/?from=team/app&mount="+img.layer.Digest, nil)
	got["mount from anywhere"] = e.do("POST", "/v2/other/app2/blobs/uploads/?mount="+img.layer.Digest, nil)
	return got
}

// checkWays checks that all ways are open, or all shut for the given reason.
func (e *env) checkWays(img image, open bool, message string) {
	e.Helper()
	for way, got := range e.ways(img) {
		want := http.StatusOK
		switch {
		case strings.HasPrefix(way, "mount"):
			if want = http.StatusAccepted; open { // "upload it yourself"
				want = http.StatusCreated
			}
		case !open:
			want = http.StatusPreconditionFailed
		case way == "range of layer":
			want = http.StatusPartialContent
		case strings.HasSuffix(way, "cached"):
			want = http.StatusNotModified
		}
		if got.StatusCode != want {
			e.Errorf("%s: status %d, want %d: %s", way, got.StatusCode, want, got.body)
		}
		if want != http.StatusPreconditionFailed {
			continue
		}
		if got.Header.Get("Docker-Content-Digest") != "" || got.Header.Get("Etag") != "" {
			e.Errorf("%s: the refusal tells about the content: %v", way, got.Header)
		}
		if got.Request.Method == http.MethodGet && (got.code() != "PROJECTPOLICYVIOLATION" || !strings.Contains(got.message(), message)) {
			e.Errorf("%s: %s, want a message with %q", way, got.body, message)
		}
	}
	// Mounts of one check must not help the next.
	for _, repository := range []string{"app", "app2"} {
		e.do("DELETE", "/v2/other/"+repository+"/blobs/"+img.layer.Digest, nil)
	}
}

// TestBlockedPulls is the table of specification §4.3, for all ways.
func TestBlockedPulls(t *testing.T) {
	day := 24 * time.Hour
	list := func(e *env, ids []string, d time.Duration) *catalog.Allowlist {
		l := &catalog.Allowlist{Items: ids}
		if d != 0 {
			l.ExpiresAt = e.clock.now().Add(d)
		}
		return l
	}
	cases := []struct {
		name string
		do   func(e *env)
		open bool
		// message is part of what the user reads.
		message string
	}{
		{"never scanned", func(*env) {}, false, "has not been scanned"},
		{"waiting", func(e *env) { e.scan("1", catalog.Pending) }, false, "waiting to be scanned"},
		{"running", func(e *env) { e.scan("1", catalog.Running) }, false, "is running"},
		{"failed", func(e *env) { e.scan("1", catalog.Failed) }, false, "download_failed"},
		{"no vulnerability", func(e *env) { e.scan("1", catalog.Success) }, true, ""},
		{"below the threshold", func(e *env) { e.scan("1", catalog.Success, medium) }, true, ""},
		{"at or above the threshold", func(e *env) { e.scan("1", catalog.Success, critical, medium) }, false, "CVE-2026-0001"},
		{"on the allowlist", func(e *env) {
			e.scan("1", catalog.Success, critical, medium)
			e.policy(true, list(e, []string{"CVE-2026-0001"}, 0))
		}, true, ""},
		{"something else on the allowlist", func(e *env) {
			e.scan("1", catalog.Success, critical)
			e.policy(true, list(e, []string{"CVE-2026-9999"}, 0))
		}, false, "CVE-2026-0001"},
		{"allowlist still valid", func(e *env) {
			e.scan("1", catalog.Success, critical)
			e.policy(true, list(e, []string{"CVE-2026-0001"}, day))
			e.clock.add(day - time.Second)
		}, true, ""},
		{"allowlist expired", func(e *env) {
			e.scan("1", catalog.Success, critical)
			e.policy(true, list(e, []string{"CVE-2026-0001"}, day))
			e.do("GET", "/v2/team/app/manifests/1", nil).want(e, 200)
			e.clock.add(day)
		}, false, "CVE-2026-0001"},
		// Exceptions count from the moment they are made to the moment they end,
		// also for verdicts that are stored, and only where they hold.
		{"whitelisted in the repository", func(e *env) {
			e.scan("1", catalog.Success, critical, medium)
			e.do("GET", "/v2/team/app/manifests/1", nil).want(e, 412)
			e.except(catalog.Whitelist, 0, catalog.Target{Namespace: "team", Repository: "app"})
		}, true, ""},
		{"whitelisted in the instance before the scan", func(e *env) {
			e.except(catalog.Whitelist, 0)
			e.scan("1", catalog.Success, critical)
		}, true, ""},
		{"whitelisted in another repository", func(e *env) {
			e.scan("1", catalog.Success, critical)
			e.pushImage("team/other", "one", "1")
			e.except(catalog.Whitelist, 0, catalog.Target{Namespace: "team", Repository: "other"})
		}, false, "CVE-2026-0001"},
		{"whitelisted in another image of the repository", func(e *env) {
			e.scan("1", catalog.Success, critical)
			other := e.pushImage("team/app", "two", "2")
			e.except(catalog.Whitelist, 0, catalog.Target{Namespace: "team", Repository: "app", Digest: other.digest})
		}, false, "CVE-2026-0001"},
		{"ignored", func(e *env) {
			e.scan("1", catalog.Success, critical)
			e.except(catalog.Ignore, 0, catalog.Target{Namespace: "team"})
		}, false, "CVE-2026-0001"},
		{"exception still valid", func(e *env) {
			e.scan("1", catalog.Success, critical)
			e.except(catalog.Whitelist, day, catalog.Target{Namespace: "team"})
			e.clock.add(day - time.Second)
		}, true, ""},
		{"exception expired", func(e *env) {
			e.scan("1", catalog.Success, critical)
			e.except(catalog.Whitelist, day, catalog.Target{Namespace: "team"})
			e.do("GET", "/v2/team/app/manifests/1", nil).want(e, 200)
			e.clock.add(day)
		}, false, "CVE-2026-0001"},
		{"exception extended", func(e *env) {
			e.scan("1", catalog.Success, critical)
			x := e.except(catalog.Whitelist, day, catalog.Target{Namespace: "team"})
			e.clock.add(day)
			e.do("GET", "/v2/team/app/manifests/1", nil).want(e, 412)
			never := time.Time{}
			_, err := e.store.ChangeException(e.Context(), e.instance.ID, x.ID, catalog.ExceptionChange{Author: "ada", ExpiresAt: &never})
			e.must(err)
		}, true, ""},
		{"exception removed", func(e *env) {
			e.scan("1", catalog.Success, critical)
			x := e.except(catalog.Whitelist, 0, catalog.Target{Namespace: "team"})
			e.do("GET", "/v2/team/app/manifests/1", nil).want(e, 200)
			e.must(e.store.RemoveException(e.Context(), e.instance.ID, x.ID, "ada", ""))
		}, false, "CVE-2026-0001"},
		{"blocking switched off", func(e *env) {
			e.scan("1", catalog.Success, critical)
			e.policy(false, nil)
		}, true, ""},
		{"blocking switched off, never scanned", func(e *env) { e.policy(false, nil) }, true, ""},
		{"blocking switched off and on", func(e *env) {
			e.scan("1", catalog.Success, critical)
			e.policy(false, nil)
			e.do("GET", "/v2/team/app/manifests/1", nil).want(e, 200)
			e.policy(true, nil)
		}, false, "CVE-2026-0001"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := newEnv(t)
			img := e.pushImage("team/app", "one", "1")
			e.policy(true, nil)
			c.do(e)
			e.checkWays(img, c.open, c.message)
			e.checkWays(img, c.open, c.message) // by the verdict that was stored
		})
	}
}

// TestBlockingOffIsTheDefault: who does not ask for blocking is never refused.
func TestBlockingOffIsTheDefault(t *testing.T) {
	e := newEnv(t)
	img := e.pushImage("team/app", "one", "1")
	e.checkWays(img, true, "")
}

// TestKindsNobodyScans: charts, signatures and artifacts leave, with their
// blobs.
func TestKindsNobodyScans(t *testing.T) {
	e := newEnv(t)
	e.policy(true, nil)
	content := []byte(`{"critical": {}}`)
	layer := e.pushBlob("team/app", content)
	config := []byte("{}")
	configDigest := e.pushBlob("team/app", config)
	for _, m := range []manifest{
		{Config: &descriptor{MediaType: "application/vnd.cncf.helm.config.v1+json"}, Layers: []descriptor{{MediaType: "application/vnd.cncf.helm.chart.content.v1.tar+gzip"}}},
		{Config: &descriptor{MediaType: typeConfig}, Layers: []descriptor{{MediaType: "application/vnd.dev.cosign.simplesigning.v1+json"}}},
		{Config: &descriptor{MediaType: "application/vnd.oci.empty.v1+json"}, ArtifactType: "application/x", Layers: []descriptor{{MediaType: "text/plain"}}},
	} {
		m.MediaType = typeManifest
		m.Config.Digest, m.Config.Size = configDigest, len(config)
		m.Layers[0].Digest, m.Layers[0].Size = layer, len(content)
		digest := e.pushManifest("team/app", "1", typeManifest, m.encode(t))
		for _, path := range []string{"manifests/1", "manifests/" + digest, "blobs/" + layer, "blobs/" + configDigest} {
			for _, method := range []string{"GET", "HEAD"} {
				e.do(method, "/v2/team/app/"+path, nil).want(t, 200)
			}
		}
		e.do("DELETE", "/v2/team/app/manifests/"+digest, nil).want(t, 202)
	}
}

// TestDisguisedImages: what some container runtime runs is judged as an image,
// whatever the media types in its manifest say.
func TestDisguisedImages(t *testing.T) {
	const (
		typeDocker      = "application/vnd.docker.distribution.manifest.v2+json"
		typeDockerLayer = "application/vnd.docker.image.rootfs.diff.tar.gzip"
		imageConfig     = `{"os":"linux","rootfs":{"type":"layers","diff_ids":["sha256:0"]}}`
	)
	cases := []struct {
		name                              string
		manifest, config, layer, artifact string // media types
		content                           string // of the config
	}{
		{"Docker manifest, type of a config that never was", typeDocker, "application/x", typeDockerLayer, "", imageConfig},
		{"Docker manifest, config without root file system", typeDocker, "application/x", typeDockerLayer, "", "{}"},
		{"Docker manifest, config of a chart", typeDocker, "application/vnd.cncf.helm.config.v1+json", typeDockerLayer, "", imageConfig},
		{"Docker plugin", typeDocker, "application/vnd.docker.plugin.v1+json", typeDockerLayer, "", imageConfig},
		{"Docker manifest, layers of a signature", typeDocker, typeConfig, "application/vnd.in-toto+json", "", imageConfig},
		{"type Docker accepts", typeManifest, "text/html", typeLayer, "", "{}"},
		{"type in other letters", typeManifest, "Application/vnd.oci.image.config.v1+json; a=b", typeLayer, "", "{}"},
		{"artifact with an image's config", typeManifest, "application/x", typeLayer, "", imageConfig},
		{"chart with an image's config", typeManifest, "application/vnd.cncf.helm.config.v1+json", typeLayer, "", imageConfig},
		{"bundle with an image's config", typeManifest, "application/x", typeLayer, "application/vnd.dev.sigstore.bundle.v0.3+json", imageConfig},
		{"attestation with layers of an image", typeManifest, typeConfig, "application/vnd.in-toto+json", "", imageConfig},
		{"signature with layers of an image", typeManifest, typeConfig, "application/vnd.dev.cosign.simplesigning.v1+json", "", "{}"},
		{"names in other letters", typeManifest, "application/x", typeLayer, "", `{"RootFS":{"Diff_IDs":["sha256:0"]}}`},
		{"config too large to look into", typeManifest, "application/x", typeLayer, "", `{"x":"` + strings.Repeat("x", 5<<20) + `","rootfs":{"diff_ids":["sha256:0"]}}`},
	}
	e := newEnv(t)
	e.policy(true, nil)
	for i, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			// No two have a layer in common, lest one shuts the other's gate.
			layer := fmt.Appendf(nil, "\x1f\x8b\x08 layer %d", i)
			e.pushBlob("team/app", layer)
			e.pushBlob("team/app", []byte(c.content))
			config, content := describe(c.config, []byte(c.content)), describe(c.layer, layer)
			digest := e.pushManifest("team/app", "1", c.manifest,
				manifest{MediaType: c.manifest, ArtifactType: c.artifact, Config: &config, Layers: []descriptor{content}}.encode(t))
			for _, path := range []string{"manifests/1", "manifests/" + digest, "blobs/" + content.Digest} {
				e.do("GET", "/v2/team/app/"+path, nil).want(t, 412, "PROJECTPOLICYVIOLATION")
			}
		})
	}
}

// TestArchiveThatLooksLikeJSON: a tar archive may begin with any byte.
func TestArchiveThatLooksLikeJSON(t *testing.T) {
	e := newEnv(t)
	e.policy(true, nil)
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	e.must(w.WriteHeader(&tar.Header{Name: `{"critical"`, Mode: 0o755, Size: 4}))
	_, err := w.Write([]byte("#!sh"))
	e.must(err)
	e.must(w.Close())
	e.pushBlob("team/app", archive.Bytes())
	e.pushBlob("team/app", []byte("{}"))
	config, layer := describe(typeConfig, []byte("{}")), describe("application/vnd.in-toto+json", archive.Bytes())
	e.pushManifest("team/app", "1", typeManifest, manifest{MediaType: typeManifest, Config: &config, Layers: []descriptor{layer}}.encode(t))
	e.do("GET", "/v2/team/app/manifests/1", nil).want(t, 412, "PROJECTPOLICYVIOLATION")
	e.do("GET", "/v2/team/app/blobs/"+layer.Digest, nil).want(t, 412, "PROJECTPOLICYVIOLATION")
}

// TestSharedLayers: a layer leaves if one image that uses it may leave, and an
// artifact around the layer of a blocked image changes nothing.
func TestSharedLayers(t *testing.T) {
	e := newEnv(t)
	e.policy(true, nil)
	bad := e.pushImage("team/app", "bad", "1")
	e.scan("1", catalog.Success, critical)
	layer := "/v2/team/app/blobs/" + bad.layer.Digest
	e.do("GET", layer, nil).want(t, 412)

	e.pushBlob("team/app", []byte("{}"))
	empty := describe("application/x", []byte("{}"))
	smuggler := manifest{
		MediaType: typeManifest, ArtifactType: "application/x", Config: &empty,
		Layers: []descriptor{{MediaType: "application/x", Digest: bad.layer.Digest, Size: bad.layer.Size}},
	}
	e.pushManifest("team/app", "smuggler", typeManifest, smuggler.encode(t))
	e.do("GET", "/v2/team/app/manifests/smuggler", nil).want(t, 200)
	e.do("GET", layer, nil).want(t, 412, "PROJECTPOLICYVIOLATION")

	config := []byte(`{"os":"linux"}`)
	e.pushBlob("team/app", config)
	configDescriptor := describe(typeConfig, config)
	e.pushManifest("team/app", "good", typeManifest,
		manifest{MediaType: typeManifest, Config: &configDescriptor, Layers: []descriptor{bad.layer}}.encode(t))
	e.do("GET", layer, nil).want(t, 412)
	e.scan("good", catalog.Success, medium)
	e.do("GET", layer, nil).want(t, 200)
	e.do("GET", "/v2/team/app/blobs/"+bad.config.Digest, nil).want(t, 412)
}

// TestBlobsWithoutManifest: nobody knows what they are, so nobody gets them,
// but they are there for whoever pushes.
func TestBlobsWithoutManifest(t *testing.T) {
	e := newEnv(t)
	e.policy(true, nil)
	digest := e.pushBlob("team/app", []byte("content"))
	for _, actor := range []string{"admin", "puller", "pusher"} {
		e.do("GET", "/v2/team/app/blobs/"+digest, nil, "Test-Actor: "+actor).want(t, 412, "PROJECTPOLICYVIOLATION")
	}
	e.do("HEAD", "/v2/team/app/blobs/"+digest, nil, "Test-Actor: puller").want(t, 412)
	e.do("HEAD", "/v2/team/app/blobs/"+digest, nil, "Test-Actor: pusher").want(t, 200)
}

// TestMountNeedsPull: a blob of a repository the token says nothing about is
// not mounted.
func TestMountNeedsPull(t *testing.T) {
	e := newEnv(t)
	img := e.pushImage("team/app", "one", "1")
	mount := "/v2/other/app/blobs/uploads/?from=team/app&mount=" + img.layer.Digest
	e.do("POST", mount, nil, "Test-Actor: narrow").want(t, 202)
	e.do("POST", "/v2/other/app/blobs/uploads/?mount="+img.layer.Digest, nil, "Test-Actor: narrow").want(t, 202)
	e.do("HEAD", "/v2/other/app/blobs/"+img.layer.Digest, nil).want(t, 404)
	e.do("POST", mount, nil, "Test-Actor: mounter").want(t, 201).
		header(t, "Location", "/v2/other/app/blobs/"+img.layer.Digest).header(t, "Docker-Content-Digest", img.layer.Digest)
	if got := e.do("GET", "/v2/other/app/blobs/"+img.layer.Digest, nil).want(t, 200); string(got.body) != "layer of one" {
		t.Errorf("the mounted blob is %q", got.body)
	}
	for _, from := range []string{"team/nothing", "nothing/app", "../etc", "x", "TEAM/app"} {
		e.do("POST", "/v2/other/app3/blobs/uploads/?from="+from+"&mount="+img.layer.Digest, nil).want(t, 202)
	}
	e.do("POST", "/v2/other/app/blobs/uploads/?from=team/app&mount=sha256:x", nil).want(t, 400, "DIGEST_INVALID")
}

// TestVerdictIsStored: the findings are read once per change.
func TestVerdictIsStored(t *testing.T) {
	e := newEnv(t)
	e.pushImage("team/app", "one", "1")
	e.policy(true, nil)
	e.scan("1", catalog.Success, critical)
	e.policy(true, &catalog.Allowlist{Items: []string{"CVE-2026-0001"}})
	before := e.pull("1")
	if before.Verdict.Valid(before.Namespace.Revision, e.clock.now()) {
		t.Fatal("the verdict holds although the policy has changed")
	}
	e.do("GET", "/v2/team/app/manifests/1", nil).want(t, 200)
	after := e.pull("1")
	if !after.Verdict.Valid(after.Namespace.Revision, e.clock.now()) || after.Verdict.Decision != catalog.Allow || after.Verdict.Reason != gate.ReasonAllowlisted {
		t.Errorf("stored: %+v", after.Verdict)
	}
}

// TestVerdictOfBlobIsStored: also blobs have the findings read once per change,
// however many images use them.
func TestVerdictOfBlobIsStored(t *testing.T) {
	e := newEnv(t)
	img := e.pushImage("team/app", "one", "1")
	e.policy(true, nil)
	e.scan("1", catalog.Success, critical)
	e.policy(true, &catalog.Allowlist{Items: []string{"CVE-2026-9999"}})
	e.do("GET", "/v2/team/app/blobs/"+img.layer.Digest, nil).want(t, 412)
	after := e.pull("1")
	if v := after.Verdict; !v.Valid(after.Namespace.Revision, e.clock.now()) || v.Decision != catalog.Block || !strings.Contains(v.Message, "(tag 1)") {
		t.Errorf("stored: %+v", v)
	}
}

// TestObservation: pulls and refusals are counted, and written down.
func TestObservation(t *testing.T) {
	e := newEnv(t)
	img := e.pushImage("team/app", "one", "1")
	e.pushImage("team/app", "one", "2")
	e.do("GET", "/v2/team/app/manifests/1", nil).want(t, 200)
	e.do("HEAD", "/v2/team/app/manifests/1", nil).want(t, 200)
	e.do("GET", "/v2/team/app/blobs/"+img.layer.Digest, nil).want(t, 200)
	e.policy(true, nil)
	e.do("GET", "/v2/team/app/manifests/1", nil).want(t, 412)
	e.do("HEAD", "/v2/team/app/blobs/"+img.layer.Digest, nil).want(t, 412)
	e.scan("1", catalog.Success, critical)
	e.do("GET", "/v2/team/app/manifests/1", nil).want(t, 412)
	e.observed.mu.Lock()
	want := map[catalog.Decision]int{catalog.Allow: 1, catalog.Undecided: 2, catalog.Block: 1}
	if diff := cmp.Diff(want, e.observed.pulls); diff != "" {
		t.Error(diff)
	}
	if e.observed.fresh != 1 {
		t.Errorf("OnPush was told of %d new artifacts", e.observed.fresh)
	}
	e.observed.mu.Unlock()
	if at := e.pull("1").Artifact.PulledAt; !at.IsZero() {
		t.Errorf("pulled at %v, before anything was written", at)
	}
	e.must(e.registry.Close())
	if at := e.pull("1").Artifact.PulledAt; !at.Equal(e.clock.now()) {
		t.Errorf("pulled at %v", at)
	}
	events, err := e.store.Events(t.Context(), e.instance.ID, catalog.EventFilter{Kinds: []catalog.EventKind{catalog.EventBlocked}}, 0, 10)
	e.must(err)
	var got []string
	for _, b := range events {
		got = append(got, fmt.Sprintf("%s/%s %t by %s: %s ×%d, %t", b.Namespace, b.Repository, b.Digest != "", b.Data.Account, b.Cause, b.Data.Count, b.Data.Detail != ""))
	}
	slices.Sort(got)
	if diff := cmp.Diff([]string{
		"team/app true by admin: not-scanned ×1, true",
		"team/app true by admin: not-scanned ×1, true",
		"team/app true by admin: vulnerable ×1, true",
	}, got); diff != "" {
		t.Errorf("refusals on record (-want +got):\n%s", diff)
	}
}
