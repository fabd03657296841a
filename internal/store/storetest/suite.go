package storetest

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/report"
	"github.com/pratique/pratique/internal/store"
)

// Run runs the suite on databases that dsn makes, one per test.
func Run(t *testing.T, dsn func(testing.TB) string) {
	for _, c := range []struct {
		name string
		test func(*fixture)
	}{
		{"Defaults", testDefaults},
		{"Accounts", testAccounts},
		{"Roles", testRoles},
		{"LastAdministrator", testLastAdministrator},
		{"Credentials", testCredentials},
		{"Sessions", testSessions},
		{"Audit", testAudit},
		{"VisibleNamespaces", testVisibleNamespaces},
		{"Secret", testSecret},
		{"Namespaces", testNamespaces},
		{"Policy", testPolicy},
		{"ChangedMeanwhile", testChangedMeanwhile},
		{"GateSettings", testGateSettings},
		{"VerdictCauses", testVerdictCauses},
		{"PulledArtifacts", testPulledArtifacts},
		{"DeleteNamespace", testDeleteNamespace},
		{"Rules", testRules},
		{"Gates", testGates},
		{"Usage", testUsage},
		{"Events", testEvents},
		{"FollowEvents", testFollowEvents},
		{"Repositories", testRepositories},
		{"Blobs", testBlobs},
		{"Manifests", testManifests},
		{"ManifestReferences", testManifestReferences},
		{"HostileText", testHostileText},
		{"Tags", testTags},
		{"Referrers", testReferrers},
		{"Index", testIndex},
		{"Bases", testBases},
		{"NewerImages", testNewerImages},
		{"Previous", testPrevious},
		{"Pull", testPull},
		{"BlobPulls", testBlobPulls},
		{"RecordPulls", testRecordPulls},
		{"AutomaticScans", testAutomaticScans},
		{"RequestScan", testRequestScan},
		{"ScanLife", testScanLife},
		{"Rescan", testRescan},
		{"LostScans", testLostScans},
		{"SetVerdict", testSetVerdict},
		{"ExceptionLife", testExceptionLife},
		{"ExceptionRefused", testExceptionRefused},
		{"ArtifactExceptions", testArtifactExceptions},
		{"ExceptionRevisions", testExceptionRevisions},
		{"ExceptionLists", testExceptionLists},
		{"ExceptionsOfDeletedNamespace", testExceptionsOfDeletedNamespace},
		{"ParallelExceptions", testParallelExceptions},
		{"ImportException", testImportException},
		{"Attachments", testAttachments},
		{"OverlappingExceptions", testOverlappingExceptions},
		{"Contents", testContents},
		{"Uses", testUses},
		{"Lesson17Growth", testLesson17Growth},
		{"HostileContents", testHostileContents},
		{"ParallelContents", testParallelContents},
		{"Judging", testJudging},
		{"Lesson17JudgingGrowth", testLesson17JudgingGrowth},
		{"OutdatedVerdicts", testOutdatedVerdicts},
		{"JudgingLease", testJudgingLease},
		{"FailLayer", testFailLayer},
		{"Deadlines", testDeadlines},
		{"DeleteWhileRunning", testDeleteWhileRunning},
		{"ParallelPromotion", testParallelPromotion},
		{"ParallelFacts", testParallelFacts},
		{"ParallelPushes", testParallelPushes},
		{"ParallelEnds", testParallelEnds},
		{"Progress", testProgress},
		{"NamedImages", testNamedImages},
		{"ClockSetBack", testClockSetBack},
		{"DeleteWhatIsScanned", testDeleteWhatIsScanned},
		{"InstanceSettings", testInstanceSettings},
		{"Eligible", testEligible},
		{"FirstInFirstOut", testFirstInFirstOut},
		{"Signal", testSignal},
		{"Risks", testRisks},
		{"Trend", testTrend},
		{"PastVulnerabilities", testPastVulnerabilities},
		{"PastFindings", testPastFindings},
		{"VulnerabilityHistory", testVulnerabilityHistory},
		{"ActiveScans", testActiveScans},
		{"Priorities", testPriorities},
		{"NobodyStarves", testNobodyStarves},
		{"UrgentRequest", testUrgentRequest},
		{"BatchSelection", testBatchSelection},
		{"BatchLife", testBatchLife},
		{"BatchRate", testBatchRate},
		{"BatchJoins", testBatchJoins},
		{"StopBatch", testStopBatch},
		{"ParallelBatch", testParallelBatch},
		{"Schedules", testSchedules},
		{"ScheduleClock", testScheduleClock},
		{"ParallelSchedule", testParallelSchedule},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := &fixture{T: t, dsn: dsn(t), now: time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)}
			f.s = f.open()
			inst, _, err := f.s.EnsureDefaults(t.Context())
			f.ok(err)
			f.inst = inst.ID
			c.test(f)
		})
	}
}

// fixture is a store with the default instance and a clock that stands still.
type fixture struct {
	*testing.T
	dsn  string
	s    *store.Store
	inst string

	mu  sync.Mutex
	now time.Time // guarded by mu
}

func (f *fixture) open() *store.Store {
	f.Helper()
	return open(f.T, f.dsn, []Option{func(c *store.Config) { c.Now = f.clock }})
}

func (f *fixture) clock() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

func (f *fixture) advance(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = f.now.Add(d)
}

func (f *fixture) ok(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

// code checks the kind and code of an error.
func (f *fixture) code(err error, kind catalog.Kind, code string) {
	f.Helper()
	var e *catalog.Error
	if !errors.As(err, &e) || e.Kind != kind || e.Code != code {
		f.Fatalf("error = %v, want %s %s", err, kind, code)
	}
	if e.Message == "" {
		f.Errorf("error %s has no message", code)
	}
}

func equal[T any](f *fixture, what string, got, want T) {
	f.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		f.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func digest(text string) string { return fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(text))) }

func (f *fixture) key(namespace, repository string) catalog.RepositoryKey {
	return catalog.RepositoryKey{InstanceID: f.inst, Namespace: namespace, Repository: repository}
}

func (f *fixture) namespace(name string, change catalog.NamespaceChange) catalog.Namespace {
	f.Helper()
	_, err := f.s.CreateNamespace(f.Context(), f.inst, name, false)
	f.ok(err)
	ns, err := f.s.UpdateNamespace(f.Context(), f.inst, name, change)
	f.ok(err)
	return ns
}

// image is a push of an image of named layers whose blobs are in the
// repository.
func (f *fixture) image(key catalog.RepositoryKey, tag string, layers ...string) catalog.ManifestPush {
	f.Helper()
	push := catalog.ManifestPush{
		Key: key, MediaType: "application/vnd.oci.image.manifest.v1+json", Tag: tag, Kind: catalog.KindImage,
		Content: fmt.Appendf(nil, "image of %v", layers),
	}
	push.Digest = digest(string(push.Content))
	for _, l := range layers {
		push.Blobs = append(push.Blobs, catalog.Descriptor{MediaType: "application/vnd.oci.image.layer.v1.tar+gzip", Digest: digest(l), Size: 100})
		f.ok(f.s.AddBlob(f.Context(), key, digest(l), 100))
	}
	return push
}

func (f *fixture) push(p catalog.ManifestPush) catalog.Artifact {
	f.Helper()
	a, _, err := f.s.PutManifest(f.Context(), p)
	f.ok(err)
	return a
}

// running pushes an image, requests its scan and promotes it.
func (f *fixture) running(key catalog.RepositoryKey, layers ...string) catalog.Scan {
	f.Helper()
	a := f.push(f.image(key, "latest", layers...))
	return f.rescan(a.ID)
}

func (f *fixture) rescan(artifactID int64) catalog.Scan {
	f.Helper()
	requested, err := f.s.RequestScan(f.Context(), artifactID, catalog.TriggerManual)
	f.ok(err)
	promoted, err := f.s.Promote(f.Context(), f.inst, 1000, time.Hour)
	f.ok(err)
	for _, s := range promoted {
		if s.ID == requested.ID {
			return s
		}
	}
	f.Fatalf("scan %d was not promoted", requested.ID)
	return catalog.Scan{}
}

const collectors = "c1"

func layerJob(name string) catalog.LayerJob {
	return catalog.LayerJob{DiffID: digest("diff " + name), Collectors: collectors, Digest: digest(name), MediaType: "tar", Size: 100}
}

func layerJobs(names ...string) []catalog.LayerJob {
	jobs := make([]catalog.LayerJob, len(names))
	for i, n := range names {
		jobs[i] = layerJob(n)
	}
	return jobs
}

func ptr[T any](v T) *T { return &v }

func testDefaults(f *fixture) {
	ctx := f.Context()
	again, first, err := f.s.EnsureDefaults(ctx)
	f.ok(err)
	if first || again.ID != f.inst || again.Region != "default" || again.Host != "" {
		f.Errorf("second call: first %v, %+v", first, again)
	}
	_, err = f.s.CreateInstance(ctx, catalog.Instance{Region: "north", Name: "second", Host: "registry.example"})
	f.ok(err)
	_, err = f.s.CreateInstance(ctx, catalog.Instance{Region: "south", Name: "third", Host: "registry.example"})
	f.code(err, catalog.Conflict, "instance_exists")
	_, err = f.s.CreateInstance(ctx, catalog.Instance{TenantID: 99, Region: "south", Name: "third", Host: "x"})
	f.code(err, catalog.NotFound, "tenant_not_found")
	list, err := f.s.Instances(ctx)
	f.ok(err)
	if len(list) != 2 {
		f.Errorf("instances: %+v", list)
	}
	f.ok(f.s.Ping(ctx))
}

func testSecret(f *fixture) {
	var wg sync.WaitGroup
	stores := []*store.Store{f.s, f.open()}
	got := make([][]byte, 8)
	for i := range got {
		wg.Go(func() {
			var err error
			if got[i], err = stores[i%2].Secret(f.Context(), "key"); err != nil {
				f.Error(err)
			}
		})
	}
	wg.Wait()
	for _, g := range got {
		if len(g) != 32 || string(g) != string(got[0]) {
			f.Fatalf("secrets differ or are short: %x", got)
		}
	}
	other, err := f.s.Secret(f.Context(), "other")
	f.ok(err)
	if string(other) == string(got[0]) {
		f.Error("two names share a secret")
	}
}

func testNamespaces(f *fixture) {
	ctx := f.Context()
	ns, err := f.s.CreateNamespace(ctx, f.inst, "team", true)
	f.ok(err)
	want := catalog.Namespace{ID: ns.ID, InstanceID: f.inst, Name: "team", Public: true, Revision: 1, Scope: catalog.Scope{Profile: catalog.ProfileDefault},
		Policy: catalog.Policy{Threshold: catalog.DefaultThreshold}, CreatedAt: f.now, UpdatedAt: f.now}
	equal(f, "created", ns, want)
	_, err = f.s.CreateNamespace(ctx, f.inst, "team", true)
	f.code(err, catalog.Conflict, "namespace_exists")
	_, err = f.s.CreateNamespace(ctx, f.inst, "Team", true)
	f.code(err, catalog.Invalid, "namespace_name_invalid")
	_, err = f.s.CreateNamespace(ctx, "nowhere", "team", true)
	f.code(err, catalog.NotFound, "instance_not_found")
	_, err = f.s.Namespace(ctx, f.inst, "none")
	f.code(err, catalog.NotFound, "namespace_not_found")
	for _, name := range []string{"a-b", "a.b", "a", "b"} {
		f.namespace(name, catalog.NamespaceChange{})
	}
	var names []string
	page := catalog.Page{Limit: 2}
	for {
		list, err := f.s.Namespaces(ctx, f.inst, catalog.Visibility{All: true}, page)
		f.ok(err)
		if len(list) == 0 {
			break
		}
		for _, n := range list {
			names = append(names, n.Name)
		}
		page.After = names[len(names)-1]
	}
	equal(f, "names", names, []string{"a", "a-b", "a.b", "b", "team"})
}

func testPolicy(f *fixture) {
	ctx := f.Context()
	update := func(c catalog.NamespaceChange) catalog.Namespace {
		f.Helper()
		ns, err := f.s.UpdateNamespace(ctx, f.inst, "team", c)
		f.ok(err)
		return ns
	}
	f.namespace("team", catalog.NamespaceChange{})
	if ns := update(catalog.NamespaceChange{AutoScan: ptr(true), Public: ptr(true), Block: ptr(false)}); ns.Revision != 1 || !ns.AutoScan || !ns.Public {
		f.Errorf("nothing of the policy changed: %+v", ns)
	}
	if ns := update(catalog.NamespaceChange{Block: ptr(true), Threshold: ptr(report.Medium)}); ns.Revision != 2 || !ns.Policy.Block || ns.Policy.Threshold != report.Medium || !ns.AutoScan {
		f.Errorf("blocking: %+v", ns)
	}
	first := f.now
	f.advance(time.Minute)
	expires := f.now.Add(time.Hour)
	ns := update(catalog.NamespaceChange{Allowlist: &catalog.Allowlist{Items: []string{" cve-2024-2 ", "CVE-2024-1"}, ExpiresAt: expires}})
	equal(f, "allowlist", ns.Policy.Allowlist, catalog.Allowlist{Items: []string{"CVE-2024-2", "CVE-2024-1"},
		ExpiresAt: expires, CreatedAt: f.now, UpdatedAt: f.now})
	if ns.Revision != 3 || !ns.CreatedAt.Equal(first) || !ns.UpdatedAt.Equal(f.now) {
		f.Errorf("allowlist: %+v", ns)
	}
	created := f.now
	f.advance(time.Minute)
	ns = update(catalog.NamespaceChange{Allowlist: &catalog.Allowlist{}})
	equal(f, "emptied allowlist", ns.Policy.Allowlist, catalog.Allowlist{CreatedAt: created, UpdatedAt: f.now})
	_, err := f.s.UpdateNamespace(ctx, f.inst, "team", catalog.NamespaceChange{Block: ptr(false), Allowlist: &catalog.Allowlist{Items: []string{"CVE-2024-1", "cve-2024-1"}}})
	f.code(err, catalog.Invalid, "allowlist_entry_duplicate")
	got, err := f.s.Namespace(ctx, f.inst, "team")
	f.ok(err)
	equal(f, "after a refused change", got, ns)
	_, err = f.s.UpdateNamespace(ctx, f.inst, "none", catalog.NamespaceChange{})
	f.code(err, catalog.NotFound, "namespace_not_found")
}

func testDeleteNamespace(f *fixture) {
	ctx := f.Context()
	f.namespace("team", catalog.NamespaceChange{})
	key := f.key("team", "app")
	a := f.push(f.image(key, "1", "l1"))
	f.code(f.s.DeleteNamespace(ctx, f.inst, "team"), catalog.Conflict, "namespace_not_empty")
	f.ok(f.s.DeleteManifest(ctx, key, a.Digest))
	f.ok(f.s.DeleteNamespace(ctx, f.inst, "team"))
	f.code(f.s.DeleteNamespace(ctx, f.inst, "team"), catalog.NotFound, "namespace_not_found")
	_, err := f.s.BlobLink(ctx, key, digest("l1"))
	f.code(err, catalog.NotFound, "blob_unknown")
	f.code(f.s.AddBlob(ctx, key, digest("l1"), 1), catalog.NotFound, "namespace_not_found")
}

func testRepositories(f *fixture) {
	ctx := f.Context()
	for _, ns := range []string{"a", "a-b", "b"} {
		f.namespace(ns, catalog.NamespaceChange{})
		for _, repo := range []string{"x/y", "x", "x-y"} {
			f.push(f.image(f.key(ns, repo), "1", "l1", repo))
		}
	}
	f.push(f.image(f.key("b", "x"), "2", "l1", "l2"))
	f.push(f.image(f.key("b", "x"), "3", "l1", "l2"))
	names, err := f.s.RepositoryNames(ctx, f.inst, catalog.Visibility{All: true}, catalog.Page{After: "a-b/x", Limit: 3})
	f.ok(err)
	equal(f, "catalog", names, []string{"a-b/x-y", "a-b/x/y", "a/x"})
	found := func(text string, see catalog.Visibility, page catalog.Page) []string {
		f.Helper()
		list, err := f.s.AllRepositories(ctx, f.inst, text, see, page)
		f.ok(err)
		out := []string{}
		for _, r := range list {
			out = append(out, fmt.Sprintf("%s/%s %d %d %d %t", r.Namespace, r.Name, r.Artifacts, r.Tags, r.Standing.Images, r.PushedAt.Equal(f.now)))
		}
		return out
	}
	all, ten := catalog.Visibility{All: true}, catalog.Page{Limit: 10}
	equal(f, "all, the first", found("", all, catalog.Page{Limit: 2}), []string{"a/x 1 1 1 true", "a/x-y 1 1 1 true"})
	equal(f, "all, the next", found("", all, catalog.Page{After: "a/x-y", Limit: 2}), []string{"a/x/y 1 1 1 true", "a-b/x 1 1 1 true"})
	equal(f, "by part of a name", found("B/X", all, catalog.Page{After: "a-b/x-y", Limit: 3}), []string{"a-b/x/y 1 1 1 true", "b/x 2 3 2 true", "b/x-y 1 1 1 true"})
	equal(f, "what may be seen", found("x/y", catalog.Visibility{Names: []string{"b"}}, ten), []string{"b/x/y 1 1 1 true"})
	equal(f, "nothing may be seen", found("", catalog.Visibility{}, ten), []string{})
	equal(f, "a sign that stands for itself", found("x_y", all, ten), []string{})
	list, err := f.s.Repositories(ctx, f.inst, "b", catalog.Page{Limit: 2})
	f.ok(err)
	if len(list) != 2 || list[0].Name != "x" || list[0].Artifacts != 2 || list[0].Tags != 3 || list[1].Name != "x-y" {
		f.Errorf("repositories: %+v", list)
	}
	_, err = f.s.Repositories(ctx, f.inst, "none", catalog.Page{Limit: 2})
	f.code(err, catalog.NotFound, "namespace_not_found")
	f.ok(f.s.DeleteRepository(ctx, f.key("b", "x")))
	f.code(f.s.DeleteRepository(ctx, f.key("b", "x")), catalog.NotFound, "repository_not_found")
	f.code(f.s.DeleteRepository(ctx, f.key("none", "x")), catalog.NotFound, "namespace_not_found")
	ns, err := f.s.Namespace(ctx, f.inst, "b")
	f.ok(err)
	if ns.Repositories != 2 {
		f.Errorf("repositories = %d", ns.Repositories)
	}
	f.code(f.s.AddBlob(ctx, f.key("b", "UPPER"), digest("x"), 1), catalog.Invalid, "repository_name_invalid")
	st, err := f.s.Statistics(ctx)
	f.ok(err)
	equal(f, "statistics", st, store.Statistics{Artifacts: 8, Repositories: 8, Namespaces: 3})
}

func testBlobs(f *fixture) {
	ctx := f.Context()
	f.namespace("team", catalog.NamespaceChange{})
	one, two, d := f.key("team", "one"), f.key("team", "two"), digest("l1")
	f.code(f.s.MountBlob(ctx, one, two, d), catalog.NotFound, "blob_unknown")
	f.ok(f.s.AddBlob(ctx, one, d, 42))
	f.ok(f.s.AddBlob(ctx, one, d, 42))
	_, err := f.s.BlobLink(ctx, two, d)
	f.code(err, catalog.NotFound, "blob_unknown")
	f.code(f.s.MountBlob(ctx, one, f.key("none", "x"), d), catalog.NotFound, "namespace_not_found")
	f.ok(f.s.MountBlob(ctx, one, two, d))
	size, err := f.s.BlobLink(ctx, two, d)
	f.ok(err)
	if size != 42 {
		f.Errorf("size = %d", size)
	}
	sources, err := f.s.BlobSources(ctx, f.inst, d)
	f.ok(err)
	equal(f, "sources", sources, []catalog.RepositoryKey{one, two})
	if sources, err = f.s.BlobSources(ctx, "elsewhere", d); err != nil || len(sources) != 0 {
		f.Errorf("sources of another instance: %v %v", sources, err)
	}
	a := f.push(f.image(two, "1", "l1"))
	f.code(f.s.DeleteBlobLink(ctx, two, d), catalog.Conflict, "blob_in_use")
	f.ok(f.s.DeleteBlobLink(ctx, one, d))
	f.code(f.s.DeleteBlobLink(ctx, one, d), catalog.NotFound, "blob_unknown")
	f.ok(f.s.DeleteManifest(ctx, two, a.Digest))
	f.ok(f.s.DeleteBlobLink(ctx, two, d))
}

func testManifests(f *fixture) {
	ctx := f.Context()
	f.namespace("team", catalog.NamespaceChange{})
	key := f.key("team", "app")
	push := f.image(key, "1", "l1", "l2", "l1")
	a, created, err := f.s.PutManifest(ctx, push)
	f.ok(err)
	want := catalog.Artifact{ID: a.ID, RepositoryID: a.RepositoryID, NamespaceID: a.NamespaceID, Key: key, Digest: push.Digest,
		MediaType: push.MediaType, Kind: catalog.KindImage, Size: 300 + int64(len(push.Content)), Tags: []string{"1"}, Tagged: true, PushedAt: f.now}
	equal(f, "artifact", a, want)
	if !created {
		f.Error("the first push did not create the manifest")
	}
	push.Tag = "2"
	again, created, err := f.s.PutManifest(ctx, push)
	f.ok(err)
	want.Tags = []string{"1", "2"}
	equal(f, "pushed again", again, want)
	if created {
		f.Error("the second push created the manifest")
	}
	next := f.push(f.image(key, "2", "l3"))
	if p, err := f.s.Pull(ctx, key, "2"); err != nil || p.Artifact.ID != next.ID {
		f.Errorf("tag 2 was not moved: %+v %v", p.Artifact, err)
	}
	f.ok(f.s.DeleteTag(ctx, key, "2"))
	f.code(f.s.DeleteTag(ctx, key, "2"), catalog.NotFound, "manifest_unknown")
	f.code(f.s.DeleteTag(ctx, f.key("team", "none"), "2"), catalog.NotFound, "repository_not_found")
	f.code(f.s.DeleteManifest(ctx, key, digest("none")), catalog.NotFound, "manifest_unknown")
	f.ok(f.s.DeleteManifest(ctx, key, a.Digest))
	_, err = f.s.Pull(ctx, key, "1")
	f.code(err, catalog.NotFound, "manifest_unknown")
	_, err = f.s.ArtifactPull(ctx, a.ID)
	f.code(err, catalog.NotFound, "artifact_not_found")
	list, err := f.s.Artifacts(ctx, key, catalog.Page{Limit: 10})
	f.ok(err)
	if len(list) != 1 || list[0].Artifact.ID != next.ID || list[0].Content != nil {
		f.Errorf("artifacts: %+v", list)
	}
	_, _, err = f.s.PutManifest(ctx, catalog.ManifestPush{Key: key, Digest: digest("big"), Content: make([]byte, store.MaxManifest+1)})
	f.code(err, catalog.TooLarge, "manifest_too_large")
	_, _, err = f.s.PutManifest(ctx, f.withKey(push, f.key("none", "app")))
	f.code(err, catalog.NotFound, "namespace_not_found")
}

func (f *fixture) withKey(p catalog.ManifestPush, key catalog.RepositoryKey) catalog.ManifestPush {
	p.Key = key
	return p
}

func testManifestReferences(f *fixture) {
	ctx := f.Context()
	f.namespace("team", catalog.NamespaceChange{})
	key := f.key("team", "app")
	missing := digest("missing")
	push := f.image(key, "1", "l1")
	push.Blobs = append(push.Blobs, catalog.Descriptor{Digest: missing, Size: 1})
	_, _, err := f.s.PutManifest(ctx, push)
	f.code(err, catalog.NotFound, "manifest_blob_unknown")
	if !strings.Contains(err.Error(), missing) || strings.Contains(err.Error(), digest("l1")) {
		f.Errorf("the message does not name what is missing: %v", err)
	}
	_, err = f.s.Pull(ctx, key, "1")
	f.code(err, catalog.NotFound, "manifest_unknown")
	push.Blobs[1].MediaType = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
	f.push(push)
	// What another repository holds does not count.
	_, _, err = f.s.PutManifest(ctx, f.withKey(push, f.key("team", "other")))
	f.code(err, catalog.NotFound, "manifest_blob_unknown")
	index := catalog.ManifestPush{Key: key, Digest: digest("index"), Content: []byte("index"), Kind: catalog.KindIndex,
		Manifests: []catalog.Descriptor{{Digest: missing}}}
	_, _, err = f.s.PutManifest(ctx, index)
	f.code(err, catalog.NotFound, "manifest_blob_unknown")
	// More references than one statement can carry.
	many := f.image(key, "", "l1")
	many.Digest = digest("many")
	for i := range 1200 {
		many.Blobs = append(many.Blobs, catalog.Descriptor{Digest: digest(fmt.Sprint(i)), Size: 1})
	}
	_, _, err = f.s.PutManifest(ctx, many)
	f.code(err, catalog.NotFound, "manifest_blob_unknown")
	if !strings.Contains(err.Error(), "and 1195 more") {
		f.Errorf("the message: %v", err)
	}
	many.Blobs = many.Blobs[:1]
	for range 6000 {
		many.Manifests = append(many.Manifests, catalog.Descriptor{Digest: push.Digest, Size: 1})
	}
	members, err := f.s.Members(ctx, f.push(many).ID)
	f.ok(err)
	if len(members) != 6000 {
		f.Errorf("%d members", len(members))
	}
}

func testHostileText(f *fixture) {
	ctx := f.Context()
	f.namespace("team", catalog.NamespaceChange{})
	key := f.key("team", "app")
	push := f.image(key, "1", "l1")
	push.MediaType, push.ArtifactType = "a\x00b", "c\xffd"
	push.Annotations = map[string]string{"k\x00": "v\x00\xff"}
	push.Manifests = []catalog.Descriptor{{MediaType: "\x00", Digest: push.Digest, Platform: "linux/\x00", Annotations: push.Annotations}}
	push.Manifests[0].Digest = f.push(f.image(key, "0", "l0")).Digest
	a := f.push(push)
	if a.MediaType != "a\uFFFDb" {
		f.Errorf("media type %q", a.MediaType)
	}
	_, err := f.s.Members(ctx, a.ID)
	f.ok(err)
	scan := f.rescan(a.ID)
	f.ok(f.s.FailScan(ctx, scan.ID, catalog.CauseFiles, "file a\x00\xff"+string(make([]byte, 100_000))))
	got, err := f.s.Scan(ctx, scan.ID)
	f.ok(err)
	if len(got.Detail) > 40_000 {
		f.Errorf("detail of %d bytes", len(got.Detail))
	}
}

func testTags(f *fixture) {
	ctx := f.Context()
	f.namespace("team", catalog.NamespaceChange{})
	key := f.key("team", "app")
	for _, tag := range []string{"b", "B", "a", "_", "10", "9", "a-", "a."} {
		f.push(f.image(key, tag, "l1"))
	}
	tags, err := f.s.Tags(ctx, key, catalog.Page{Limit: 1000})
	f.ok(err)
	equal(f, "tags", tags, []string{"10", "9", "B", "_", "a", "a-", "a.", "b"})
	tags, err = f.s.Tags(ctx, key, catalog.Page{After: "B", Limit: 2})
	f.ok(err)
	equal(f, "page", tags, []string{"_", "a"})
	_, err = f.s.Tags(ctx, f.key("team", "none"), catalog.Page{Limit: 2})
	f.code(err, catalog.NotFound, "repository_not_found")
	_, err = f.s.Tags(ctx, f.key("none", "none"), catalog.Page{Limit: 2})
	f.code(err, catalog.NotFound, "namespace_not_found")
}

func testReferrers(f *fixture) {
	ctx := f.Context()
	f.namespace("team", catalog.NamespaceChange{})
	key, subject := f.key("team", "app"), digest("subject")
	var want []catalog.Descriptor
	for i, kind := range []string{"sbom", "signature", "sbom"} {
		push := f.image(key, "", "l1", fmt.Sprint(i))
		push.Subject, push.ArtifactType = subject, kind
		push.Annotations = map[string]string{"n": fmt.Sprint(i)}
		f.push(push)
		want = append(want, catalog.Descriptor{MediaType: push.MediaType, Digest: push.Digest, Size: int64(len(push.Content)),
			ArtifactType: kind, Annotations: push.Annotations})
	}
	got, err := f.s.Referrers(ctx, key, subject, "")
	f.ok(err)
	if len(got) != 3 || got[0].Digest > got[1].Digest || got[1].Digest > got[2].Digest {
		f.Errorf("referrers: %+v", got)
	}
	got, err = f.s.Referrers(ctx, key, subject, "signature")
	f.ok(err)
	equal(f, "signatures", got, want[1:2])
	for _, k := range []catalog.RepositoryKey{f.key("team", "none"), f.key("none", "none")} {
		if got, err := f.s.Referrers(ctx, k, subject, ""); err != nil || got == nil || len(got) != 0 {
			f.Errorf("referrers in %s: %v %v", k, got, err)
		}
	}
}

func testIndex(f *fixture) {
	ctx := f.Context()
	f.namespace("team", catalog.NamespaceChange{})
	key := f.key("team", "app")
	var members []catalog.Descriptor
	for _, arch := range []string{"linux/arm64", "linux/amd64"} {
		a := f.push(f.image(key, "", arch))
		members = append(members, catalog.Descriptor{MediaType: a.MediaType, Digest: a.Digest, Size: 10, Platform: arch, Annotations: map[string]string{"a": "b"}})
	}
	index := f.push(catalog.ManifestPush{Key: key, Digest: digest("index"), Content: []byte("index"), Kind: catalog.KindIndex, Manifests: members, Tag: "1"})
	got, err := f.s.Members(ctx, index.ID)
	f.ok(err)
	equal(f, "members", got, members)
	if index.Size != 25 {
		f.Errorf("size = %d", index.Size)
	}
}

func testPull(f *fixture) {
	ctx := f.Context()
	expires := f.now.Add(time.Hour)
	ns := f.namespace("team", catalog.NamespaceChange{Block: ptr(true), Allowlist: &catalog.Allowlist{Items: []string{"CVE-2024-2", "CVE-2024-1"}, ExpiresAt: expires}})
	key := f.key("team", "app")
	push := f.image(key, "1", "l1")
	a := f.push(push)
	ns.Repositories = 0 // not counted in a pull
	want := catalog.Pull{Namespace: ns, Artifact: a, Content: push.Content}
	for _, ref := range []string{"1", a.Digest} {
		got, err := f.s.Pull(ctx, key, ref)
		f.ok(err)
		equal(f, "pull by "+ref, got, want)
	}
	for _, c := range []struct {
		key       catalog.RepositoryKey
		ref, code string
	}{
		{key, "2", "manifest_unknown"},
		{key, digest("2"), "manifest_unknown"},
		{f.key("team", "none"), "1", "repository_not_found"},
		{f.key("none", "app"), "1", "namespace_not_found"},
		{catalog.RepositoryKey{InstanceID: "other", Namespace: "team", Repository: "app"}, "1", "namespace_not_found"},
	} {
		_, err := f.s.Pull(ctx, c.key, c.ref)
		f.code(err, catalog.NotFound, c.code)
	}
	scan := f.rescan(a.ID)
	want.Scan = &scan
	got, err := f.s.Pull(ctx, key, "1")
	f.ok(err)
	equal(f, "while its scan runs", got, want)
	v := catalog.Verdict{Decision: catalog.Block, Reason: "vulnerable", Message: "no", Revision: ns.Revision,
		ChangesAt: expires, Remaining: 3, Severity: report.Critical}
	f.ok(f.s.FinishScan(ctx, scan, catalog.Result{Document: []byte("doc"), Verdict: v}))
	done, err := f.s.Scan(ctx, scan.ID)
	f.ok(err)
	v.ScanID = scan.ID
	want.Scan, want.Reported, want.Verdict = &done, true, v
	if got, err = f.s.ArtifactPull(ctx, a.ID); err != nil {
		f.Fatal(err)
	}
	equal(f, "after its scan", got, want)
}

func testBlobPulls(f *fixture) {
	ctx := f.Context()
	f.namespace("team", catalog.NamespaceChange{})
	key := f.key("team", "app")
	first := f.push(f.image(key, "1", "base", "l1"))
	second := f.running(key, "base", "l2")
	f.push(f.image(f.key("team", "other"), "1", "base"))
	f.ok(f.s.FinishScan(ctx, second, catalog.Result{Document: []byte("{}"), Verdict: catalog.Verdict{Decision: catalog.Allow}}))
	pulls, err := f.s.BlobPulls(ctx, key, digest("base"))
	f.ok(err)
	if len(pulls) != 2 || pulls[0].Artifact.ID != second.ArtifactID || !pulls[0].Reported || pulls[0].Namespace.Name != "team" ||
		pulls[1].Artifact.ID != first.ID || pulls[1].Artifact.Key != key || pulls[1].Reported {
		f.Errorf("pulls: %+v", pulls)
	}
	if pulls, err = f.s.BlobPulls(ctx, key, digest("l3")); err != nil || len(pulls) != 0 {
		f.Errorf("pulls of an unknown blob: %v %v", pulls, err)
	}
	_, err = f.s.BlobPulls(ctx, f.key("none", "app"), digest("base"))
	f.code(err, catalog.NotFound, "namespace_not_found")
}

func testRecordPulls(f *fixture) {
	ctx := f.Context()
	f.namespace("team", catalog.NamespaceChange{})
	a := f.push(f.image(f.key("team", "app"), "1", "l1"))
	late, early := f.now.Add(time.Hour), f.now.Add(time.Minute)
	f.ok(f.s.RecordPulls(ctx, nil))
	f.ok(f.s.RecordPulls(ctx, []catalog.PullRecord{{ArtifactID: 12345, At: late, Pulls: 1}, {ArtifactID: a.ID, At: late, Pulls: 2}}))
	f.ok(f.s.RecordPulls(ctx, []catalog.PullRecord{{ArtifactID: a.ID, At: early, Pulls: 1}, {ArtifactID: a.ID, Refused: 3}}))
	last := late.Add(time.Hour)
	f.ok(f.s.RecordPulls(ctx, []catalog.PullRecord{{ArtifactID: a.ID, At: last, Pulls: 1}}))
	p, err := f.s.ArtifactPull(ctx, a.ID)
	f.ok(err)
	if !p.Artifact.PulledAt.Equal(last) || !p.Artifact.FirstPulledAt.Equal(late) {
		f.Errorf("pulled at %v, first at %v", p.Artifact.PulledAt, p.Artifact.FirstPulledAt)
	}
}
