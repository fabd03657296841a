package storetest

import (
	"fmt"
	"strings"
	"time"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/report"
)

// waiting lists "repository level cause" of what waits to be judged again.
func (f *fixture) waiting() []string {
	f.Helper()
	items, err := f.s.NextJudgings(f.Context(), 100)
	f.ok(err)
	list := []string{}
	for _, i := range items {
		list = append(list, fmt.Sprintf("%s %d %s", i.Pull.Artifact.Key.Repository, i.Level, i.Cause))
	}
	return list
}

// judged publishes a scan by the advisories of a revision.
func (f *fixture) judged(scan catalog.Scan, advisories string, v catalog.Verdict, sets ...catalog.PackageSet) {
	f.Helper()
	f.ok(f.s.FinishScan(f.Context(), scan, catalog.Result{Document: []byte("report"), Verdict: v, Advisories: advisories, Packages: sets,
		Exposure: []catalog.Exposure{{ID: "CVE-1", Severity: report.Low, Category: report.System}}}))
}

func testJudging(f *fixture) {
	ctx := f.Context()
	f.namespace("team", catalog.NamespaceChange{})
	none, err := f.s.Judging(ctx)
	f.ok(err)
	equal(f, "at the beginning", none, catalog.JudgingState{})
	n, err := f.s.JudgePackages(ctx, "r1", "2026-01-01", nil, true)
	f.ok(err)
	equal(f, "waiting without images", n, 0)

	allow := catalog.Verdict{Decision: catalog.Allow, Reason: "below-threshold", Revision: 1}
	app := f.running(f.key("team", "app"), "a")
	f.judged(app, "r1", allow, packageSet(0, deb("zlib", "1")), packageSet(1, deb("curl", "7")))
	web := f.running(f.key("team", "web"), "b")
	f.judged(web, "r1", allow, packageSet(0, deb("zlib", "1")))
	equal(f, "waiting after scans by these advisories", f.waiting(), []string{})

	// Advisories about a package that one image has.
	n, err = f.s.JudgePackages(ctx, "r2", "2026-02-01", []catalog.AdvisoryKey{{Ecosystem: "Debian:12", Name: "src-curl"}, {Ecosystem: "npm", Name: "src-zlib"}}, false)
	f.ok(err)
	equal(f, "images with it", n, 1)
	equal(f, "waiting", f.waiting(), []string{"app 2 advisories"})
	items, err := f.s.NextJudgings(ctx, 10)
	f.ok(err)
	item := items[0]
	if item.ScanID != app.ID || item.Advisories != "r1" || len(item.Exposure) != 1 || len(item.Sets) != 2 || item.Sets[1].Layer != 1 || item.Pull.Content != nil || !item.Pull.Reported {
		f.Errorf("item: %+v", item)
	}
	docs, err := f.s.SetDocuments(ctx, []int64{item.Sets[0].ID, item.Sets[1].ID, 12345})
	f.ok(err)
	equal(f, "documents", docs, map[int64][]byte{item.Sets[0].ID: []byte("[zlib 1]"), item.Sets[1].ID: []byte("[curl 7]")})

	// Whoever judged by what has changed again does not take it off the list.
	_, err = f.s.JudgePackages(ctx, "r3", "2026-02-02", []catalog.AdvisoryKey{{Ecosystem: "Debian:12", Name: "src-zlib"}}, false)
	f.ok(err)
	done := catalog.Judged{Item: item, Result: catalog.Result{Verdict: catalog.Verdict{Decision: catalog.Block, Reason: "vulnerable", Message: "no", Revision: 1},
		Exposure: []catalog.Exposure{{ID: "CVE-2", Severity: report.High}},
		Packages: []catalog.PackageSet{{ID: item.Sets[1].ID, Packages: []catalog.HeldPackage{deb("curl", "7", "CVE-2 high 8")}}}},
		New: []catalog.Exposure{{ID: "CVE-2"}}}
	f.ok(f.s.Judged(ctx, []catalog.Judged{done}))
	equal(f, "waiting after another change", f.waiting(), []string{"app 2 advisories", "web 2 advisories"})

	f.advance(time.Minute)
	items, err = f.s.NextJudgings(ctx, 10)
	f.ok(err)
	done.Item = items[0]
	same := catalog.Judged{Item: items[1], Result: catalog.Result{Verdict: allow, Exposure: items[1].Exposure}}
	f.ok(f.s.Judged(ctx, []catalog.Judged{done, same}))
	state, err := f.s.Judging(ctx)
	f.ok(err)
	equal(f, "state", state, catalog.JudgingState{Advisories: "r3", Newest: "2026-02-02", Done: 2, Changed: 1, Verdicts: 1,
		StartedAt: f.now.Add(-time.Minute), EndedAt: f.now})
	pull, err := f.s.ArtifactPull(ctx, app.ArtifactID)
	f.ok(err)
	if v := pull.Verdict; v.Decision != catalog.Block || v.Message != "no" || v.ScanID != app.ID {
		f.Errorf("verdict: %+v", v)
	}
	exposure, err := f.s.Exposure(ctx, app.ArtifactID)
	f.ok(err)
	equal(f, "exposure", exposure, done.Result.Exposure)
	changes, err := f.s.VerdictChanges(ctx, app.ArtifactID, 0, 10)
	f.ok(err)
	if len(changes) != 2 || changes[0].Cause != catalog.ByAdvisories || changes[0].After != catalog.Block || changes[0].ScanID != app.ID {
		f.Errorf("changes: %+v", changes)
	}
	equal(f, "images with CVE-2", len(f.vulnerable(f.now, "CVE-2")), 1)
	events, err := f.s.Events(ctx, f.inst, catalog.EventFilter{Kinds: []catalog.EventKind{catalog.EventVulnerability, catalog.EventVerdict}, Repository: "app"}, 0, 2)
	f.ok(err)
	if len(events) != 2 || events[0].Kind != catalog.EventVulnerability || events[0].Data.Count != 1 || events[1].Cause != catalog.ByAdvisories {
		f.Errorf("events: %+v", events)
	}

	// The document is still that of the scan's advisories.
	_, by, err := f.s.JudgedReport(ctx, app.ArtifactID)
	f.ok(err)
	equal(f, "advisories of the document", by.Advisories, "r1")

	// A scan that took longer than the change is not forgotten.
	late := f.rescan(web.ArtifactID)
	f.judged(late, "r2", allow)
	equal(f, "waiting after a scan by old advisories", f.waiting(), []string{"web 2 advisories"})
	items, err = f.s.NextJudgings(ctx, 10)
	f.ok(err)
	again := f.rescan(web.ArtifactID)
	f.judged(again, "r3", allow)
	equal(f, "waiting after a scan by the new ones", f.waiting(), []string{})
	f.ok(f.s.Judged(ctx, []catalog.Judged{{Item: items[0], Result: done.Result}}))
	if pull, err = f.s.ArtifactPull(ctx, web.ArtifactID); err != nil || pull.Verdict.Decision != catalog.Allow {
		f.Errorf("what was judged before a scan replaced its verdict: %+v %v", pull.Verdict, err)
	}

	// What cannot be judged stays as it is, and what is deleted is forgotten.
	_, err = f.s.JudgePackages(ctx, "r4", "", nil, true)
	f.ok(err)
	items, err = f.s.NextJudgings(ctx, 10)
	f.ok(err)
	f.ok(f.s.Judged(ctx, []catalog.Judged{{Item: items[0], Failed: true}}))
	f.ok(f.s.DeleteRepository(ctx, f.key("team", "web")))
	waiting, err := f.s.JudgeOutdated(ctx)
	f.ok(err)
	state, err = f.s.Judging(ctx)
	f.ok(err)
	if waiting || state.Failed != 1 || state.EndedAt.IsZero() || len(f.waiting()) != 0 {
		f.Errorf("after a failure: %+v", state)
	}
}

// testLesson17JudgingGrowth: judging again without news writes nothing.
func testLesson17JudgingGrowth(f *fixture) {
	ctx := f.Context()
	f.namespace("team", catalog.NamespaceChange{})
	set := packageSet(0, deb("zlib", "1", "CVE-1 low"))
	v := catalog.Verdict{Decision: catalog.Allow, Revision: 1, Reason: "below-threshold", Remaining: 1, Severity: report.Low}
	for i := range 20 {
		f.judged(f.running(f.key("team", fmt.Sprint("app", i)), fmt.Sprint("l", i)), "r1", v, set)
	}
	_, err := f.s.JudgeOutdated(ctx)
	f.ok(err)
	before := Rows(f, f.dsn)
	for round := range 3 {
		n, err := f.s.JudgePackages(ctx, fmt.Sprint("r", round+2), "", []catalog.AdvisoryKey{set.Packages[0].Keys[0]}, false)
		f.ok(err)
		equal(f, "waiting", n, 20)
		items, err := f.s.NextJudgings(ctx, 100)
		f.ok(err)
		var list []catalog.Judged
		for _, i := range items {
			list = append(list, catalog.Judged{Item: i, Result: catalog.Result{Verdict: v, Exposure: i.Exposure,
				Packages: []catalog.PackageSet{{ID: i.Sets[0].ID, Packages: set.Packages}}}})
		}
		f.ok(f.s.Judged(ctx, list))
	}
	equal(f, "rows after judging again without news", Rows(f, f.dsn), before)
	state, err := f.s.Judging(ctx)
	f.ok(err)
	if state.Done != 20 || state.Changed+state.Verdicts+state.Failed != 0 {
		f.Errorf("state: %+v", state)
	}
}

func testOutdatedVerdicts(f *fixture) {
	ctx := f.Context()
	f.namespace("team", catalog.NamespaceChange{})
	f.namespace("other", catalog.NamespaceChange{})
	ns, err := f.s.Namespace(ctx, f.inst, "team")
	f.ok(err)
	expires := f.now.Add(time.Hour)
	scan := f.running(f.key("team", "app"), "a")
	f.judged(scan, "r1", catalog.Verdict{Decision: catalog.Allow, Revision: ns.Revision, ChangesAt: expires})
	f.judged(f.running(f.key("other", "app"), "a"), "r1", catalog.Verdict{Decision: catalog.Allow, Revision: ns.Revision})
	outdated := func(want ...string) {
		f.Helper()
		waits, err := f.s.JudgeOutdated(ctx)
		f.ok(err)
		equal(f, "waiting", f.waiting(), append([]string{}, want...))
		equal(f, "something waits", waits, len(want) > 0)
	}
	settle := func(v catalog.Verdict, cause string) {
		f.Helper()
		items, err := f.s.NextJudgings(ctx, 10)
		f.ok(err)
		f.ok(f.s.Judged(ctx, []catalog.Judged{{Item: items[0], Result: catalog.Result{Verdict: v, Exposure: items[0].Exposure}}}))
		changes, err := f.s.VerdictChanges(ctx, scan.ArtifactID, 0, 1)
		f.ok(err)
		equal(f, "cause", changes[0].Cause, cause)
	}
	outdated()
	f.advance(2 * time.Hour)
	outdated("app 1 expiry")
	outdated("app 1 expiry") // and not for a second reason
	settle(catalog.Verdict{Decision: catalog.Block, Revision: ns.Revision}, catalog.ByExpiry)
	outdated()

	ns, err = f.s.UpdateNamespace(ctx, f.inst, "team", catalog.NamespaceChange{Block: ptr(true)})
	f.ok(err)
	outdated("app 1 policy")
	settle(catalog.Verdict{Decision: catalog.Allow, Revision: ns.Revision}, catalog.ByPolicy)
	outdated()

	rules, err := f.s.Rules(ctx, f.inst, "team")
	f.ok(err)
	f.ok(f.s.PutRule(ctx, rules, catalog.RuleFile{Name: "software.yaml", Content: []byte("x")}))
	outdated("app 3 rules")
	items, err := f.s.NextJudgings(ctx, 10)
	f.ok(err)
	if len(items[0].Pull.Content) == 0 {
		f.Error("the manifest is missing of what is judged as a whole")
	}
	_, by, err := f.s.JudgedReport(ctx, scan.ArtifactID)
	f.ok(err)
	equal(f, "advisories of a report by old rules", by.Advisories, "")
	inForce, err := f.s.ReportInForce(ctx, scan.ArtifactID)
	f.ok(err)
	equal(f, "the same without the document", inForce, by)
}

// testJudgingLease: of several processes one judges again.
func testJudgingLease(f *fixture) {
	second := f.open()
	first, err := f.s.LeaseJudging(f.Context(), "one")
	f.ok(err)
	again, err := f.s.LeaseJudging(f.Context(), "one")
	f.ok(err)
	other, err := second.LeaseJudging(f.Context(), "two")
	f.ok(err)
	f.ok(f.s.ReleaseJudging(f.Context(), "two"))
	f.ok(f.s.ReleaseJudging(f.Context(), "one"))
	later, err := second.LeaseJudging(f.Context(), "two")
	f.ok(err)
	if !first || !again || !later || other && strings.HasPrefix(f.dsn, "postgres") {
		f.Errorf("one: %t, again: %t; two: %t, after a release: %t", first, again, other, later)
	}
}
