package scan_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/pratique/pratique/internal/advisory"
	"github.com/pratique/pratique/internal/advisory/advisorytest"
	"github.com/pratique/pratique/internal/blob"
	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/engine"
	"github.com/pratique/pratique/internal/gate"
	"github.com/pratique/pratique/internal/image/imagetest"
	"github.com/pratique/pratique/internal/report"
	"github.com/pratique/pratique/internal/scan"
	"github.com/pratique/pratique/internal/store"
	"github.com/pratique/pratique/internal/store/storetest"
)

// patience bounds every wait in these tests.
const patience = 60 * time.Second

// records are advisories about packages of the images below.
const records = `
{"id":"DEBIAN-CVE-2026-0001","modified":"2026-02-01T00:00:00Z","published":"2026-01-01T00:00:00Z","upstream":["CVE-2026-0001"],
 "details":"A hole in libhole.","severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
 "affected":[{"package":{"ecosystem":"Debian:12","name":"libhole"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"2.0-1"}]}]}]}
{"id":"DEBIAN-CVE-2026-0002","modified":"2026-02-02T00:00:00Z","published":"2026-01-01T00:00:00Z","upstream":["CVE-2026-0002"],
 "affected":[{"package":{"ecosystem":"Debian:12","name":"elsewhere"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"}]}]}]}
`

// debian is an image with one vulnerable package and nothing else to be found.
// More layers may follow.
const debian = `
user: app
healthcheck: app --check
-- layer --
ADD rootfs.tar /
-- etc/os-release --
PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
VERSION_ID="12"
VERSION_CODENAME=bookworm
ID=debian
-- var/lib/dpkg/status --
Package: libhole
Status: install ok installed
Architecture: amd64
Version: 1.0-1
Description: a library with a hole

Package: base-files
Status: install ok installed
Architecture: amd64
Version: 12.4
Description: files
`

// env is the scanner on a real store and real blobs, with one namespace,
// "team", that scans automatically and blocks what is high or worse.
type env struct {
	testing.TB
	store      *store.Store
	blobs      *blobs
	blobDir    string
	instance   catalog.Instance
	advisories string
	knowledge  *scan.Knowledge
	config     scan.Config
	service    *scan.Service
	ended      chan catalog.Scan
}

// options change how a test's scanner is set up.
type options struct {
	settings scan.Settings
	engine   engine.Options
	// probe fails steps of judging.
	probe func(catalog.Cause) error
	// noAdvisories leaves the database to the test.
	noAdvisories bool
}

// blobs are those of the real store; a test may interfere with reading them.
type blobs struct {
	*blob.Store
	mu     sync.Mutex
	before func(ctx context.Context, digest string) error
	served map[string]int
}

func (b *blobs) Get(ctx context.Context, digest string) (blob.Reader, error) {
	b.mu.Lock()
	b.served[digest]++
	before := b.before
	b.mu.Unlock()
	if before != nil {
		if err := before(ctx, digest); err != nil {
			return nil, err
		}
	}
	return b.Store.Get(ctx, digest)
}

// interfere calls f before each blob is opened.
func (b *blobs) interfere(f func(ctx context.Context, digest string) error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.before = f
}

// reads returns how often a blob was opened.
func (b *blobs) reads(digest string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.served[digest]
}

// each runs a test with an environment on every database. The scanner works
// from the call of start on.
func each(t *testing.T, test func(e *env), change ...func(*options)) {
	t.Helper()
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func() *store.Store) {
		test(newEnv(t, open(), change...))
	})
}

func newEnv(t testing.TB, st *store.Store, change ...func(*options)) *env {
	t.Helper()
	o := options{settings: scan.DefaultSettings()}
	for _, f := range change {
		f(&o)
	}
	e := &env{TB: t, store: st, advisories: filepath.Join(t.TempDir(), "advisories"), ended: make(chan catalog.Scan, 1000)}
	e.blobDir = t.TempDir()
	real, err := blob.Open(e.blobDir)
	e.must(err)
	t.Cleanup(func() { real.Close() })
	e.blobs = &blobs{Store: real, served: map[string]int{}}
	e.instance, _, err = st.EnsureDefaults(t.Context())
	e.must(err)
	e.namespace(e.instance.ID, "team")
	if !o.noAdvisories {
		e.importAdvisories()
	}
	log := slog.New(slog.DiscardHandler)
	if testing.Verbose() {
		log = slog.New(slog.NewTextHandler(t.Output(), nil))
	}
	o.engine.TempDir, o.engine.Limits = t.TempDir(), o.settings.Image
	e.knowledge = scan.NewKnowledge(e.advisories, log)
	t.Cleanup(func() { e.knowledge.Close() })
	e.config = scan.Config{
		Store:     st,
		Blobs:     e.blobs,
		Engine:    engine.New(o.engine),
		Knowledge: e.knowledge,
		Settings:  o.settings,
		Logger:    log,
		Observe:   func(s catalog.Scan) { e.ended <- s },
		Probe:     o.probe,
	}
	e.service = scan.New(e.config)
	return e
}

func (e *env) must(err error) {
	e.Helper()
	if err != nil {
		e.Fatal(err)
	}
}

func (e *env) importAdvisories() {
	e.Helper()
	_, err := advisory.Import(e.Context(), e.advisories, advisorytest.Bucket(e, records), advisory.ImportOptions{})
	e.must(err)
}

func (e *env) namespace(instanceID, name string) {
	e.Helper()
	_, err := e.store.CreateNamespace(e.Context(), instanceID, name, false)
	e.must(err)
	yes, high := true, report.High
	_, err = e.store.UpdateNamespace(e.Context(), instanceID, name, catalog.NamespaceChange{AutoScan: &yes, Block: &yes, Threshold: &high})
	e.must(err)
}

// settings changes those of the instance.
func (e *env) settings(c catalog.InstanceChange) {
	e.Helper()
	before, err := e.store.InstanceSettings(e.Context(), e.instance.ID)
	e.must(err)
	_, err = e.store.SetInstanceSettings(e.Context(), e.instance.ID, c, before.Revision, "test")
	e.must(err)
}

// refuse has the instance refuse what can be scanned.
func (e *env) refuse(what ...catalog.Refusal) {
	e.Helper()
	e.settings(catalog.InstanceChange{Refuse: &what})
}

// start lets the scanner work until the test ends or stop is called.
func (e *env) start() (stop func()) {
	e.Helper()
	return e.run(e.service)
}

func (e *env) run(service *scan.Service) (stop func()) {
	e.Helper()
	ctx, cancel := context.WithCancel(e.Context())
	done := make(chan error, 1)
	go func() { done <- service.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			e.Errorf("the scanner stopped: %v", err)
		}
	})
	e.Cleanup(stop)
	return stop
}

func (e *env) key(repository string) catalog.RepositoryKey {
	return catalog.RepositoryKey{InstanceID: e.instance.ID, Namespace: "team", Repository: repository}
}

// push stores an image as the registry does. An empty tag pushes by digest.
func (e *env) push(img *imagetest.Image, repository, tag string) catalog.Artifact {
	e.Helper()
	return e.pushTo(e.key(repository), img, tag)
}

func (e *env) pushTo(key catalog.RepositoryKey, img *imagetest.Image, tag string) catalog.Artifact {
	e.Helper()
	var m struct {
		Config catalog.Descriptor
		Layers []catalog.Descriptor
	}
	e.must(json.Unmarshal(img.Manifest, &m))
	refs := append([]catalog.Descriptor{m.Config}, m.Layers...)
	for _, d := range refs {
		content, ok := img.Blobs[d.Digest]
		if !ok {
			continue // a foreign layer
		}
		_, err := e.blobs.Put(e.Context(), d.Digest, bytes.NewReader(content))
		e.must(err)
		e.must(e.store.AddBlob(e.Context(), key, d.Digest, d.Size))
	}
	return e.put(catalog.ManifestPush{
		Key: key, Digest: img.Digest, MediaType: img.MediaType, Content: img.Manifest, Tag: tag,
		Kind: catalog.KindImage, Blobs: refs,
	})
}

func (e *env) put(push catalog.ManifestPush) catalog.Artifact {
	e.Helper()
	a, _, err := e.store.PutManifest(e.Context(), push)
	e.must(err)
	return a
}

// next returns the next scan that ended.
func (e *env) next() catalog.Scan {
	e.Helper()
	select {
	case s := <-e.ended:
		return s
	case <-time.After(patience):
		e.Fatal("no scan ends")
		panic("unreachable")
	}
}

// quiet checks that no more scans have ended than were waited for, and that
// none waits or runs.
func (e *env) quiet() {
	e.Helper()
	st, err := e.store.Statistics(e.Context())
	e.must(err)
	if st.ScansPending+st.ScansRunning != 0 {
		e.Errorf("%d scans wait and %d run", st.ScansPending, st.ScansRunning)
	}
	select {
	case s := <-e.ended:
		e.Errorf("one more scan has ended: %+v", s)
	default:
	}
}

// report returns the report in force of an artifact and the scan behind it.
func (e *env) report(a catalog.Artifact) (report.Report, catalog.Scan) {
	e.Helper()
	doc, s, err := e.store.Report(e.Context(), a.ID)
	e.must(err)
	var rep report.Report
	e.must(json.Unmarshal(doc, &rep))
	return rep, s
}

// refusal is what a client reads that pulls the artifact; empty if it may.
func (e *env) refusal(a catalog.Artifact) string {
	e.Helper()
	pull, err := e.store.ArtifactPull(e.Context(), a.ID)
	e.must(err)
	if pull.Reported {
		return pull.Verdict.Message
	}
	return gate.Decide(pull, nil, nil, time.Now()).Message
}

func (e *env) scans(a catalog.Artifact) []catalog.Scan {
	e.Helper()
	list, err := e.store.Scans(e.Context(), a.ID, 100)
	e.must(err)
	return list
}

// plainTar is a layer of one file, told from others by its content.
func plainTar(t testing.TB, content string) []byte {
	t.Helper()
	return imagetest.Tar(t, "-- srv/file --\n"+content+"\n")
}

// small is an image with a single layer of its own.
func small(t testing.TB, n int) *imagetest.Image {
	t.Helper()
	return imagetest.FromLayers(t, imagetest.RawLayer{Tar: plainTar(t, fmt.Sprint("image ", n)), Compression: "gzip"})
}
