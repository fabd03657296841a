package storetest

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/report"
	"github.com/pratique/pratique/internal/store"
)

func (f *fixture) scans(artifactID int64) []catalog.Scan {
	f.Helper()
	list, err := f.s.Scans(f.Context(), artifactID, 100)
	f.ok(err)
	return list
}

func (f *fixture) scan(id int64) catalog.Scan {
	f.Helper()
	scan, err := f.s.Scan(f.Context(), id)
	f.ok(err)
	return scan
}

func testAutomaticScans(f *fixture) {
	ctx := f.Context()
	f.namespace("manual", catalog.NamespaceChange{})
	f.namespace("auto", catalog.NamespaceChange{AutoScan: ptr(true)})
	count := func(a catalog.Artifact, want int, when string) {
		f.Helper()
		if got := len(f.scans(a.ID)); got != want {
			f.Errorf("%s: %d scans, want %d", when, got, want)
		}
	}
	count(f.push(f.image(f.key("manual", "app"), "1", "l1")), 0, "a namespace that does not scan automatically")
	key := f.key("auto", "app")
	untagged := f.push(f.image(key, "", "l1"))
	count(untagged, 1, "an untagged image")
	chart := f.image(key, "chart", "l2")
	chart.Kind = catalog.KindChart
	count(f.push(chart), 1, "a chart")
	push := f.image(key, "1", "l3")
	a := f.push(push)
	count(a, 1, "a tagged image")
	scan := f.scans(a.ID)[0]
	equal(f, "scan", scan, catalog.Scan{ID: scan.ID, InstanceID: f.inst, ArtifactID: a.ID, State: catalog.Pending, Trigger: catalog.TriggerPush, Priority: catalog.PriorityPush, CreatedAt: f.now})
	f.push(push)
	count(a, 1, "pushed again while its scan waits")
	f.ok(f.s.FailScan(ctx, scan.ID, catalog.CauseDownload, "gone"))
	f.push(push)
	count(a, 2, "pushed again after its scan failed")
	promoted, err := f.s.Promote(ctx, f.inst, 10, time.Hour)
	f.ok(err)
	f.push(push)
	count(a, 2, "pushed again while its scan runs")
	own := slices.IndexFunc(promoted, func(s catalog.Scan) bool { return s.ArtifactID == a.ID })
	f.ok(f.s.FinishScan(ctx, promoted[own], catalog.Result{Document: []byte("{}")}))
	f.push(push)
	count(a, 2, "pushed again after its scan succeeded")

	index := catalog.ManifestPush{Key: key, Digest: digest("index"), Content: []byte("index"), Kind: catalog.KindIndex,
		Manifests: []catalog.Descriptor{{Digest: untagged.Digest}, {Digest: a.Digest}, {Digest: chart.Digest}}}
	f.push(index)
	outer := catalog.ManifestPush{Key: key, Digest: digest("outer"), Content: []byte("outer"), Kind: catalog.KindIndex, Tag: "outer",
		Manifests: []catalog.Descriptor{{Digest: index.Digest}, {Digest: index.Digest}}}
	outerArtifact := f.push(outer)
	count(untagged, 1, "an image in an index in a tagged index")
	count(a, 2, "a scanned member")
	count(outerArtifact, 0, "an index")
}

func testRequestScan(f *fixture) {
	ctx := f.Context()
	f.namespace("team", catalog.NamespaceChange{})
	a := f.push(f.image(f.key("team", "app"), "1", "l1"))
	scan, err := f.s.RequestScan(ctx, a.ID, catalog.TriggerManual)
	f.ok(err)
	equal(f, "scan", scan, f.scan(scan.ID))
	_, err = f.s.RequestScan(ctx, a.ID, catalog.TriggerManual)
	f.code(err, catalog.Conflict, "scan_in_progress")
	_, err = f.s.RequestScan(ctx, 12345, catalog.TriggerManual)
	f.code(err, catalog.NotFound, "artifact_not_found")
	_, err = f.s.Scan(ctx, 12345)
	f.code(err, catalog.NotFound, "scan_not_found")
	f.code(f.s.FailScan(ctx, 12345, catalog.CauseUnknown, ""), catalog.NotFound, "scan_not_found")
	f.ok(f.s.FailScan(ctx, scan.ID, catalog.CauseNotAuthorized, "no"))
	f.code(f.s.FailScan(ctx, scan.ID, catalog.CauseUnknown, ""), catalog.Conflict, "scan_ended")
	got := f.scan(scan.ID)
	if got.State != catalog.Failed || got.Cause != catalog.CauseNotAuthorized || got.Detail != "no" || !got.EndedAt.Equal(f.now) {
		f.Errorf("failed scan: %+v", got)
	}
	again, err := f.s.RequestScan(ctx, a.ID, catalog.TriggerManual)
	f.ok(err)
	if list := f.scans(a.ID); len(list) != 2 || list[0].ID != again.ID {
		f.Errorf("scans are not newest first: %+v", list)
	}
	p, err := f.s.ArtifactPull(ctx, a.ID)
	f.ok(err)
	equal(f, "latest scan", *p.Scan, again)
	_, err = f.s.Promote(ctx, "nowhere", 10, time.Hour)
	f.ok(err) // nothing waits there
}

func testScanLife(f *fixture) {
	ctx := f.Context()
	f.namespace("team", catalog.NamespaceChange{})
	scan := f.running(f.key("team", "app"), "l1", "l2", "l3")
	if scan.State != catalog.Running || scan.Attempt != 1 || !scan.Deadline.Equal(f.now.Add(time.Hour)) || !scan.StartedAt.Equal(f.now) {
		f.Errorf("promoted: %+v", scan)
	}
	f.ok(f.s.PutFacts(ctx, layerJob("l2"), []byte("facts 2"))) // before the plan
	progress := func(want int) {
		f.Helper()
		if got := f.scan(scan.ID).Percent; got != want {
			f.Errorf("percent = %d, want %d", got, want)
		}
	}
	f.ok(f.s.Plan(ctx, scan.ID, layerJobs("l1", "l2", "l3", "l1")))
	progress(30)
	f.ok(f.s.PutFacts(ctx, layerJob("l1"), []byte("facts 1")))
	progress(60)
	f.ok(f.s.PutFacts(ctx, layerJob("l1"), []byte("facts 1 again")))
	progress(60)
	f.ok(f.s.PutFacts(ctx, layerJob("l3"), []byte{}))
	progress(90)
	facts, err := f.s.Facts(ctx, []string{layerJob("l1").DiffID, layerJob("l3").DiffID, digest("none")}, collectors)
	f.ok(err)
	equal(f, "facts", facts, map[string][]byte{layerJob("l1").DiffID: []byte("facts 1"), layerJob("l3").DiffID: {}})
	if facts, err = f.s.Facts(ctx, []string{layerJob("l1").DiffID}, "c2"); err != nil || len(facts) != 0 {
		f.Errorf("facts of other collectors: %v %v", facts, err)
	}
	_, _, err = f.s.Report(ctx, scan.ArtifactID)
	f.code(err, catalog.NotFound, "not_scanned")
	_, err = f.s.Exposure(ctx, scan.ArtifactID)
	f.code(err, catalog.NotFound, "not_scanned")
	exposure := []catalog.Exposure{{ID: "CVE-2024-1", Aliases: []string{"GHSA-1"}, Severity: report.High, Package: "p", Version: "1", FixedVersion: "2", Layer: 3}}
	f.advance(time.Minute)
	f.ok(f.s.FinishScan(ctx, scan, catalog.Result{Document: []byte("report"), Exposure: exposure, Verdict: catalog.Verdict{Decision: catalog.Allow}}))
	doc, by, err := f.s.Report(ctx, scan.ArtifactID)
	f.ok(err)
	equal(f, "report", string(doc), "report")
	want := scan
	want.State, want.Percent, want.EndedAt = catalog.Success, 100, f.now
	equal(f, "scan", by, want)
	got, err := f.s.Exposure(ctx, scan.ArtifactID)
	f.ok(err)
	equal(f, "exposure", got, exposure)
	f.code(f.s.FinishScan(ctx, scan, catalog.Result{Document: []byte("report")}), catalog.Conflict, "scan_lost")
}

func testRescan(f *fixture) {
	ctx := f.Context()
	f.namespace("team", catalog.NamespaceChange{})
	first := f.running(f.key("team", "app"), "l1")
	f.ok(f.s.FinishScan(ctx, first, catalog.Result{Document: []byte("first"), Verdict: catalog.Verdict{Decision: catalog.Block}}))
	stands := func(scan catalog.Scan, doc string, decision catalog.Decision) {
		f.Helper()
		got, by, err := f.s.Report(ctx, first.ArtifactID)
		f.ok(err)
		p, err := f.s.ArtifactPull(ctx, first.ArtifactID)
		f.ok(err)
		if string(got) != doc || by.ID != scan.ID || !p.Reported || p.Verdict.Decision != decision || p.Verdict.ScanID != scan.ID {
			f.Errorf("report %q of scan %d, verdict %+v; want %q of %d, %s", got, by.ID, p.Verdict, doc, scan.ID, decision)
		}
	}
	second := f.rescan(first.ArtifactID)
	stands(first, "first", catalog.Block)
	f.ok(f.s.FailScan(ctx, second.ID, catalog.CauseDownload, "gone"))
	stands(first, "first", catalog.Block)
	third := f.rescan(first.ArtifactID)
	f.ok(f.s.FinishScan(ctx, third, catalog.Result{Document: []byte("third"), Verdict: catalog.Verdict{Decision: catalog.Allow}}))
	stands(third, "third", catalog.Allow)
}

func testLostScans(f *fixture) {
	ctx := f.Context()
	f.namespace("team", catalog.NamespaceChange{})
	a := f.push(f.image(f.key("team", "app"), "1", "l1"))
	scan, err := f.s.RequestScan(ctx, a.ID, catalog.TriggerManual)
	f.ok(err)
	lost := func(err error) { f.Helper(); f.code(err, catalog.Conflict, "scan_lost") }
	lost(f.s.Plan(ctx, scan.ID, layerJobs("l1"))) // pending
	lost(f.s.Plan(ctx, 12345, layerJobs("l1")))
	lost(f.s.FinishScan(ctx, scan, catalog.Result{}))
	promoted, err := f.s.Promote(ctx, f.inst, 1, time.Hour)
	f.ok(err)
	wrong := promoted[0]
	wrong.Attempt++
	lost(f.s.FinishScan(ctx, wrong, catalog.Result{Document: []byte("wrong")}))
	f.ok(f.s.FailScan(ctx, scan.ID, catalog.CauseUnknown, ""))
	lost(f.s.FinishScan(ctx, promoted[0], catalog.Result{Document: []byte("late")}))
	lost(f.s.Plan(ctx, scan.ID, layerJobs("l1")))
	_, _, err = f.s.Report(ctx, a.ID)
	f.code(err, catalog.NotFound, "not_scanned")
}

func testSetVerdict(f *fixture) {
	ctx := f.Context()
	f.namespace("team", catalog.NamespaceChange{})
	first := f.running(f.key("team", "app"), "l1")
	verdict := func() catalog.Verdict {
		f.Helper()
		p, err := f.s.ArtifactPull(ctx, first.ArtifactID)
		f.ok(err)
		return p.Verdict
	}
	f.ok(f.s.SetVerdict(ctx, first.ArtifactID, catalog.Verdict{Decision: catalog.Allow, ScanID: first.ID}))
	equal(f, "without a report", verdict(), catalog.Verdict{})
	f.ok(f.s.FinishScan(ctx, first, catalog.Result{Document: []byte("first"), Verdict: catalog.Verdict{Decision: catalog.Block, Revision: 2}}))
	want := catalog.Verdict{Decision: catalog.Allow, Reason: "r", Message: "m", Revision: 3, ChangesAt: f.now, Remaining: 1, Severity: report.Low, ScanID: first.ID}
	f.ok(f.s.SetVerdict(ctx, first.ArtifactID, want))
	equal(f, "set", verdict(), want)
	for _, v := range []catalog.Verdict{
		{Decision: catalog.Block, Revision: 2, ScanID: first.ID},     // an older policy
		{Decision: catalog.Block, Revision: 4, ScanID: first.ID + 1}, // another scan
		{Decision: catalog.Block, Revision: 4},                       // nobody knows which
	} {
		f.ok(f.s.SetVerdict(ctx, first.ArtifactID, v))
		equal(f, "refused", verdict(), want)
	}
	f.ok(f.s.SetVerdict(ctx, 12345, want))
}

func testFailLayer(f *fixture) {
	ctx := f.Context()
	f.namespace("team", catalog.NamespaceChange{})
	var scans []catalog.Scan
	for i := range 3 {
		scan := f.running(f.key("team", fmt.Sprint("app", i)), "base", fmt.Sprint("own", i))
		scans = append(scans, scan)
	}
	f.ok(f.s.Plan(ctx, scans[0].ID, layerJobs("base", "own0")))
	f.ok(f.s.Plan(ctx, scans[1].ID, layerJobs("own1")))
	// The third claims the same diff ID for another blob.
	claim := layerJob("base")
	claim.Digest = digest("something else")
	f.ok(f.s.Plan(ctx, scans[2].ID, []catalog.LayerJob{claim}))
	f.ok(f.s.FailLayer(ctx, claim, catalog.CauseDownload, "its diff ID is wrong"))
	for i, want := range []catalog.ScanState{catalog.Running, catalog.Running, catalog.Failed} {
		if got := f.scan(scans[i].ID).State; got != want {
			f.Errorf("scan %d is %s, want %s", i, got, want)
		}
	}
	f.ok(f.s.FailLayer(ctx, layerJob("base"), catalog.CauseDownload, "cut off"))
	for i, want := range []catalog.ScanState{catalog.Failed, catalog.Running, catalog.Failed} {
		if got := f.scan(scans[i].ID).State; got != want {
			f.Errorf("scan %d is %s, want %s", i, got, want)
		}
	}
	if got := f.scan(scans[0].ID); got.Cause != catalog.CauseDownload || got.Detail != "cut off" {
		f.Errorf("failed scan: %+v", got)
	}
	// Facts that come late harm nobody.
	f.ok(f.s.PutFacts(ctx, layerJob("base"), []byte("late")))
	if got := f.scan(scans[0].ID); got.State != catalog.Failed || got.Percent != 0 {
		f.Errorf("failed scan: %+v", got)
	}
}

func testDeadlines(f *fixture) {
	ctx := f.Context()
	f.namespace("team", catalog.NamespaceChange{})
	early := f.running(f.key("team", "early"), "l1")
	f.advance(30 * time.Minute)
	late := f.running(f.key("team", "late"), "l2")
	f.advance(30*time.Minute - time.Millisecond)
	if ended, err := f.s.SweepDeadlines(ctx); err != nil || len(ended) != 0 {
		f.Errorf("before the deadline: %v %v", ended, err)
	}
	f.advance(time.Millisecond)
	ended, err := f.s.SweepDeadlines(ctx)
	f.ok(err)
	if len(ended) != 1 || ended[0].ID != early.ID || ended[0].State != catalog.Failed || ended[0].Cause != catalog.CauseTimeout {
		f.Errorf("ended: %+v", ended)
	}
	equal(f, "stored", f.scan(early.ID), ended[0])
	if got := f.scan(late.ID).State; got != catalog.Running {
		f.Errorf("the other scan is %s", got)
	}
	f.code(f.s.FinishScan(ctx, early, catalog.Result{}), catalog.Conflict, "scan_lost")
}

func testDeleteWhileRunning(f *fixture) {
	ctx := f.Context()
	f.namespace("team", catalog.NamespaceChange{})
	byManifest, byRepository := f.key("team", "one"), f.key("team", "two")
	first, second := f.running(byManifest, "l1"), f.running(byRepository, "l1")
	f.ok(f.s.Plan(ctx, first.ID, layerJobs("l1")))
	f.ok(f.s.Plan(ctx, second.ID, layerJobs("l1")))
	p, err := f.s.ArtifactPull(ctx, first.ArtifactID)
	f.ok(err)
	f.ok(f.s.DeleteManifest(ctx, byManifest, p.Artifact.Digest))
	f.ok(f.s.DeleteRepository(ctx, byRepository))
	f.ok(f.s.PutFacts(ctx, layerJob("l1"), []byte("facts")))
	for _, scan := range []catalog.Scan{first, second} {
		f.code(f.s.FinishScan(ctx, scan, catalog.Result{Document: []byte("r")}), catalog.Conflict, "scan_lost")
		_, err := f.s.Scan(ctx, scan.ID)
		f.code(err, catalog.NotFound, "scan_not_found")
	}
	f.ok(f.s.DeleteNamespace(ctx, f.inst, "team"))
	st, err := f.s.Statistics(ctx)
	f.ok(err)
	equal(f, "statistics", st, store.Statistics{})
}

func testParallelPromotion(f *fixture) {
	const scans, limit, promoters = 50, 10, 6
	ctx := f.Context()
	f.namespace("team", catalog.NamespaceChange{AutoScan: ptr(true)})
	for i := range scans {
		f.push(f.image(f.key("team", "app"), fmt.Sprint(i), fmt.Sprint("l", i)))
	}
	stores := []*store.Store{f.s, f.open()}
	var (
		wg      sync.WaitGroup
		mu      sync.Mutex
		running int
		most    int
		seen    []int64
	)
	for i := range promoters {
		wg.Go(func() {
			s := stores[i%len(stores)]
			for {
				mu.Lock()
				done := len(seen) == scans
				mu.Unlock()
				if done {
					return
				}
				// What this process believes to run can only be too few by
				// those that others are promoting now, so the database is asked
				// for the truth below.
				promoted, err := s.Promote(ctx, f.inst, limit, time.Hour)
				if err != nil {
					f.Error(err)
					return
				}
				st, err := s.Statistics(ctx)
				if err != nil {
					f.Error(err)
					return
				}
				mu.Lock()
				most = max(most, st.ScansRunning)
				running += len(promoted)
				for _, p := range promoted {
					seen = append(seen, p.ID)
				}
				mu.Unlock()
				for j, p := range promoted {
					if j%2 == 0 {
						err = s.FinishScan(ctx, p, catalog.Result{Document: []byte("r")})
					} else {
						err = s.FailScan(ctx, p.ID, catalog.CauseUnknown, "")
					}
					if err != nil {
						f.Error(err)
						return
					}
				}
			}
		})
	}
	wg.Wait()
	if most > limit {
		f.Errorf("%d scans ran at the same time, the limit is %d", most, limit)
	}
	slices.Sort(seen)
	if n := len(slices.Compact(slices.Clone(seen))); n != scans || len(seen) != scans {
		f.Errorf("%d scans were promoted, %d of them different, want %d", len(seen), n, scans)
	}
	st, err := f.s.Statistics(ctx)
	f.ok(err)
	if st.ScansPending != 0 || st.ScansRunning != 0 {
		f.Errorf("left: %+v", st)
	}
}

func testParallelFacts(f *fixture) {
	const images, layers = 6, 8
	ctx := f.Context()
	f.namespace("team", catalog.NamespaceChange{})
	names := make([]string, layers)
	for i := range names {
		names[i] = fmt.Sprint("shared", i)
	}
	scans := make([]catalog.Scan, images)
	for i := range scans {
		scans[i] = f.running(f.key("team", fmt.Sprint("app", i)), append(names, fmt.Sprint(i))...)
	}
	stores := []*store.Store{f.s, f.open()}
	var wg sync.WaitGroup
	for i, scan := range scans {
		wg.Go(func() { // plans and facts cross each other
			if err := stores[i%2].Plan(ctx, scan.ID, layerJobs(names...)); err != nil {
				f.Error(err)
			}
		})
	}
	for i, name := range names {
		for j := range 2 {
			wg.Go(func() {
				if err := stores[(i+j)%2].PutFacts(ctx, layerJob(name), []byte("facts of "+name)); err != nil {
					f.Error(err)
				}
			})
		}
	}
	wg.Wait()
	for _, scan := range scans {
		if got := f.scan(scan.ID); got.Percent != 90 {
			f.Errorf("scan %d waits although all facts are there: %+v", scan.ID, got)
		}
	}
}

func testParallelPushes(f *fixture) {
	ctx := f.Context()
	f.namespace("team", catalog.NamespaceChange{AutoScan: ptr(true)})
	key := f.key("team", "app")
	push := f.image(key, "1", "l1", "l2")
	stores := []*store.Store{f.s, f.open()}
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		fresh int
	)
	for i := range 12 {
		wg.Go(func() {
			p := push
			p.Tag = fmt.Sprint(i % 3)
			_, created, err := stores[i%2].PutManifest(ctx, p)
			if err != nil {
				f.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			if created {
				fresh++
			}
		})
		wg.Go(func() {
			if err := stores[i%2].AddBlob(ctx, f.key("team", fmt.Sprint("new", i/4)), digest("l1"), 100); err != nil {
				f.Error(err)
			}
		})
	}
	wg.Wait()
	if fresh != 1 {
		f.Errorf("%d pushes created the manifest", fresh)
	}
	p, err := f.s.Pull(ctx, key, "0")
	f.ok(err)
	if n := len(f.scans(p.Artifact.ID)); n != 1 {
		f.Errorf("%d scans", n)
	}
	equal(f, "tags", p.Artifact.Tags, []string{"0", "1", "2"})
}

// Scans end, fail, are planned anew and lose their artifact at the same time:
// each call succeeds or says that somebody else was first.
func testParallelEnds(f *fixture) {
	const images = 12
	ctx := f.Context()
	f.namespace("team", catalog.NamespaceChange{})
	stores := []*store.Store{f.s, f.open()}
	var wg sync.WaitGroup
	race := func(what string, call func() error) {
		wg.Go(func() {
			if err := call(); err != nil && !catalog.Is(err, catalog.Conflict) && !catalog.Is(err, catalog.NotFound) {
				f.Errorf("%s: %v", what, err)
			}
		})
	}
	type started struct {
		scan   catalog.Scan
		key    catalog.RepositoryKey
		digest string
	}
	var all []started
	for i := range images {
		key := f.key("team", fmt.Sprint("app", i%3))
		push := f.image(key, fmt.Sprint(i), fmt.Sprint("l", i))
		a := f.push(push)
		scan := f.rescan(a.ID)
		f.ok(f.s.Plan(ctx, scan.ID, layerJobs("a", "b", "c")))
		all = append(all, started{scan, key, push.Digest})
	}
	for i, x := range all {
		s, t := stores[i%2], stores[(i+1)%2]
		race("plan", func() error { return s.Plan(ctx, x.scan.ID, layerJobs("c", "b", "a")) })
		race("finish", func() error {
			return t.FinishScan(ctx, x.scan, catalog.Result{Document: []byte("same"), Verdict: catalog.Verdict{Decision: catalog.Allow}})
		})
		race("fail", func() error { return s.FailScan(ctx, x.scan.ID, catalog.CauseUnknown, "") })
		race("delete", func() error { return t.DeleteManifest(ctx, x.key, x.digest) })
		race("facts", func() error { return s.PutFacts(ctx, layerJob([]string{"a", "b", "c"}[i%3]), []byte("facts")) })
		race("fail layer", func() error {
			return t.FailLayer(ctx, layerJob([]string{"a", "b", "c"}[i%3]), catalog.CauseDownload, "")
		})
		race("prune", func() error { _, err := s.Prune(ctx, f.clock()); return err })
		if i%4 == 3 {
			race("delete repository", func() error { return t.DeleteRepository(ctx, x.key) })
		}
	}
	wg.Wait()
	st, err := f.s.Statistics(ctx)
	f.ok(err)
	if st.Artifacts != 0 || st.ScansPending != 0 || st.ScansRunning != 0 {
		f.Errorf("left: %+v", st)
	}
}

func testSignal(f *fixture) {
	ctx := f.Context()
	signalled := func(what string, want bool) {
		f.Helper()
		select {
		case <-f.s.Signal():
			if !want {
				f.Errorf("%s signals", what)
			}
		default:
			if want {
				f.Errorf("%s does not signal", what)
			}
		}
	}
	f.namespace("team", catalog.NamespaceChange{AutoScan: ptr(true)})
	key := f.key("team", "app")
	signalled("a change of a namespace", false)
	push := f.image(key, "1", "l1")
	a := f.push(push)
	signalled("a push that is scanned", true)
	f.push(push)
	signalled("a push that is not scanned", false)
	promoted, err := f.s.Promote(ctx, f.inst, 1, time.Hour)
	f.ok(err)
	signalled("promotion", false)
	own := slices.IndexFunc(promoted, func(s catalog.Scan) bool { return s.ArtifactID == a.ID })
	f.ok(f.s.FinishScan(ctx, promoted[own], catalog.Result{}))
	signalled("the end of a scan", true)
	scan := f.rescan(a.ID)
	signalled("a request", true)
	f.ok(f.s.FailScan(ctx, scan.ID, catalog.CauseUnknown, ""))
	signalled("a failure", true)
	f.rescan(a.ID)
	signalled("a request", true)
	f.ok(f.s.DeleteManifest(ctx, key, a.Digest))
	signalled("the deletion of an image that is scanned", true)
}

func testProgress(f *fixture) {
	ctx := f.Context()
	f.namespace("team", catalog.NamespaceChange{})
	a := f.running(f.key("team", "a"), "small", "large")
	b := f.running(f.key("team", "b"), "large")
	small, large := layerJob("small"), layerJob("large")
	small.Size, large.Size = 100, 900
	check := func(what string, scan catalog.Scan, percent int, want catalog.Progress) {
		f.Helper()
		got := f.scan(scan.ID)
		if got.Percent != percent {
			f.Errorf("%s: %d %%, want %d", what, got.Percent, percent)
		}
		equal(f, what, got.Progress, want)
	}
	events := func() int {
		list, err := f.s.Events(ctx, f.inst, catalog.EventFilter{Kinds: []catalog.EventKind{catalog.EventScanProgress}}, 0, 1000)
		f.ok(err)
		return len(list)
	}
	read := func(job catalog.LayerJob, n int64) {
		f.Helper()
		f.ok(f.s.LayersRead(ctx, []catalog.LayerRead{{LayerJob: job, Bytes: n}}))
	}
	// The same layer may come twice; it is read once.
	f.ok(f.s.Plan(ctx, a.ID, []catalog.LayerJob{small, large, small}))
	f.ok(f.s.Plan(ctx, b.ID, []catalog.LayerJob{large}))
	check("planned", a, 0, catalog.Progress{Layers: 3, Size: 1000})
	read(large, 450)
	half := catalog.Progress{Layer: 2, Layers: 3, Digest: large.Digest, LayerRead: 450, LayerSize: 900, Read: 450, Size: 1000}
	check("half of the large one", a, 40, half)
	check("half of the large one", b, 45, catalog.Progress{Layer: 1, Layers: 1, Digest: large.Digest, LayerRead: 450, LayerSize: 900, Read: 450, Size: 900})
	if n := events(); n != 2 {
		f.Errorf("%d events", n)
	}
	read(large, 451)
	if n := events(); n != 2 {
		f.Errorf("%d events although no percentage has changed", n)
	}
	read(large, 10) // it is read again
	half.LayerRead, half.Read = 10, 10
	check("read again", a, 40, half)
	read(large, 1<<40) // longer than it says
	half.LayerRead, half.Read = 900, 900
	check("too long", a, 81, half)
	f.ok(f.s.PutFacts(ctx, large, []byte("facts")))
	read(large, 5) // too late
	check("the large one done", a, 81, half)
	check("all done", b, 90, catalog.Progress{Layer: 1, Layers: 1, Digest: large.Digest, LayerRead: 900, LayerSize: 900, Read: 900, Size: 900})
	p, err := f.s.ArtifactPull(ctx, a.ArtifactID)
	f.ok(err)
	equal(f, "as a pull sees it", p.Scan.Progress, half)
	f.ok(f.s.FailScan(ctx, a.ID, catalog.CauseStopped, "enough"))
	check("stopped", a, 81, catalog.Progress{})
	read(small, 50)
	f.ok(f.s.LayersRead(ctx, nil))
}

// The clock may be set back while scans wait and run.
func testClockSetBack(f *fixture) {
	ctx := f.Context()
	f.namespace("team", catalog.NamespaceChange{})
	scan := f.running(f.key("team", "app"), "l1")
	waiting := f.push(f.image(f.key("team", "app"), "2", "l2"))
	_, err := f.s.RequestScan(ctx, waiting.ID, catalog.TriggerManual)
	f.ok(err)
	sweep := func(want int) {
		f.Helper()
		ended, err := f.s.SweepDeadlines(ctx)
		f.ok(err)
		if len(ended) != want {
			f.Errorf("%d scans were ended, want %d: %+v", len(ended), want, ended)
		}
	}
	f.advance(-clockSkew)
	sweep(0)
	if got := f.scan(scan.ID); !got.StartedAt.Equal(scan.StartedAt) {
		f.Errorf("clocks may differ a little: %+v", got)
	}
	f.advance(-24 * time.Hour)
	sweep(0)
	got := f.scan(scan.ID)
	if !got.StartedAt.Equal(f.now) || !got.Deadline.Equal(f.now.Add(time.Hour)) || got.State != catalog.Running {
		f.Errorf("its time does not begin now: %+v", got)
	}
	promoted, err := f.s.Promote(ctx, f.inst, 2, time.Hour)
	f.ok(err)
	if len(promoted) != 1 || promoted[0].ArtifactID != waiting.ID {
		f.Errorf("what waited does not run: %+v", promoted)
	}
	f.advance(time.Hour - time.Millisecond)
	sweep(0)
	f.advance(time.Millisecond)
	sweep(2)
}

// clockSkew is by how much the clocks of two machines may differ.
const clockSkew = time.Minute

// What is being scanned can be deleted in every way, and what was said about it
// is gone with it. A tag that is deleted changes nothing for a scan that runs.
func testDeleteWhatIsScanned(f *fixture) {
	ctx := f.Context()
	f.namespace("team", catalog.NamespaceChange{})
	for name, del := range map[string]func(catalog.RepositoryKey, catalog.Artifact) error{
		"artifact": func(key catalog.RepositoryKey, a catalog.Artifact) error {
			return f.s.DeleteManifest(ctx, key, a.Digest)
		},
		"repository": func(key catalog.RepositoryKey, _ catalog.Artifact) error { return f.s.DeleteRepository(ctx, key) },
		"tag":        func(key catalog.RepositoryKey, _ catalog.Artifact) error { return f.s.DeleteTag(ctx, key, "latest") },
	} {
		key := f.key("team", name)
		scan := f.running(key, "of "+name)
		job := layerJob("of " + name)
		f.ok(f.s.Plan(ctx, scan.ID, layerJobs("of "+name)))
		f.code(f.s.DeleteNamespace(ctx, f.inst, "team"), catalog.Conflict, "namespace_not_empty")
		p, err := f.s.ArtifactPull(ctx, scan.ArtifactID)
		f.ok(err)
		f.ok(del(key, p.Artifact))
		f.ok(f.s.LayersRead(ctx, []catalog.LayerRead{{LayerJob: job, Bytes: 50}}))
		f.ok(f.s.PutFacts(ctx, job, []byte("facts")))
		finish := f.s.FinishScan(ctx, scan, catalog.Result{Document: []byte("r"), Verdict: catalog.Verdict{Decision: catalog.Allow}})
		if name == "tag" {
			f.ok(finish)
			f.code(f.s.FailScan(ctx, scan.ID, catalog.CauseStopped, "too late"), catalog.Conflict, "scan_ended")
			f.ok(f.s.DeleteRepository(ctx, key))
			continue
		}
		f.code(finish, catalog.Conflict, "scan_lost")
		f.code(f.s.FailScan(ctx, scan.ID, catalog.CauseStopped, "too late"), catalog.NotFound, "scan_not_found")
	}
	// Nothing is left that would keep others from their turn.
	st, err := f.s.Statistics(ctx)
	f.ok(err)
	if st.ScansRunning+st.ScansPending != 0 {
		f.Errorf("scans are left: %+v", st)
	}
	f.ok(f.s.DeleteNamespace(ctx, f.inst, "team"))
}

func testNamedImages(f *fixture) {
	ctx := f.Context()
	f.namespace("team", catalog.NamespaceChange{})
	push := f.image(f.key("team", "shop"), "1", "chart")
	push.Kind = catalog.KindChart
	chart := f.push(push)
	app := f.push(f.image(f.key("team", "app"), "1", "l1"))
	f.ok(f.s.SetNamedImages(ctx, chart.ID, []string{"other:1"}))
	f.ok(f.s.SetNamedImages(ctx, chart.ID, []string{"here.example:5000/team/app:1", "here.example/team/app@" + app.Digest, "here.example/team/gone:1",
		"here.example/team/shop:1", "docker.io/team/app:1", "team/app:1", "here.example/Team/app:1", "nonsense"}))
	here, others, err := f.s.NamedImages(ctx, chart)
	f.ok(err)
	if len(here) != 2 || here[0].Artifact.ID != app.ID || here[1].Artifact.ID != app.ID {
		f.Errorf("here: %+v", here)
	}
	equal(f, "others", others, []string{"here.example/team/gone:1", "here.example/team/shop:1", "docker.io/team/app:1", "team/app:1", "here.example/Team/app:1", "nonsense"})
	f.code(f.s.SetNamedImages(ctx, 12345, nil), catalog.NotFound, "artifact_not_found")
	f.ok(f.s.DeleteManifest(ctx, f.key("team", "shop"), chart.Digest))
}
