package storetest

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/report"
	"github.com/pratique/pratique/internal/store"
)

// images pushes so many tagged images to a repository.
func (f *fixture) images(key catalog.RepositoryKey, n int) []catalog.Artifact {
	f.Helper()
	var list []catalog.Artifact
	for i := range n {
		list = append(list, f.push(f.image(key, fmt.Sprint("t", i), fmt.Sprint(key.Repository, i))))
	}
	return list
}

func (f *fixture) promote(limit int) []catalog.Scan {
	f.Helper()
	scans, err := f.s.Promote(f.Context(), f.inst, limit, time.Hour)
	f.ok(err)
	return scans
}

func (f *fixture) finish(s catalog.Scan) {
	f.Helper()
	f.ok(f.s.FinishScan(f.Context(), s, catalog.Result{Document: []byte("report"), Verdict: catalog.Verdict{Decision: catalog.Allow}}))
}

func (f *fixture) batch(r catalog.BatchRequest) catalog.Batch {
	f.Helper()
	b, err := f.s.CreateBatch(f.Context(), f.inst, r)
	f.ok(err)
	return b
}

func (f *fixture) advanceBatch(id int64, ahead int) catalog.Batch {
	f.Helper()
	b, err := f.s.AdvanceBatch(f.Context(), id, ahead)
	f.ok(err)
	stored, err := f.s.Batch(f.Context(), f.inst, id)
	f.ok(err)
	equal(f, "the batch as it is stored", stored, b)
	return b
}

// items describes the images of a batch.
func (f *fixture) items(id int64, state catalog.ItemState) []string {
	f.Helper()
	list, err := f.s.BatchItems(f.Context(), id, state, 0, 100)
	f.ok(err)
	text := []string{}
	for _, i := range list {
		text = append(text, strings.TrimSpace(fmt.Sprintf("%s:%s %s %s", i.Repository, i.Tag, i.State, i.Cause)))
	}
	return text
}

var everything = catalog.BatchRequest{Selection: catalog.Selection{All: true}, By: "ann"}

func testPriorities(f *fixture) {
	f.namespace("team", catalog.NamespaceChange{})
	f.namespace("auto", catalog.NamespaceChange{AutoScan: ptr(true)})
	list := f.images(f.key("team", "app"), 6)
	request := func(a catalog.Artifact, trigger catalog.Trigger) int64 {
		f.Helper()
		s, err := f.s.RequestScan(f.Context(), a.ID, trigger)
		f.ok(err)
		return s.ID
	}
	schedule := request(list[0], catalog.TriggerSchedule)
	sync := request(list[1], catalog.TriggerSynchronized)
	push := f.scans(f.push(f.image(f.key("auto", "app"), "1", "auto")).ID)[0].ID
	manual := request(list[2], catalog.TriggerManual)
	push2 := request(list[3], catalog.TriggerPush)
	manual2 := request(list[4], catalog.TriggerManual)
	var got []int64
	for _, s := range f.promote(3) {
		got = append(got, s.ID)
	}
	equal(f, "promoted first", got, []int64{manual, manual2, push})
	got = nil
	for _, s := range f.promote(100) {
		got = append(got, s.ID)
	}
	equal(f, "promoted then", got, []int64{push2, sync, schedule})
}

// However many urgent scans come, the oldest gets its turn, once in ten.
func testNobodyStarves(f *fixture) {
	f.namespace("team", catalog.NamespaceChange{})
	list := f.images(f.key("team", "app"), 32)
	old := []int64{}
	for _, a := range list[:2] {
		s, err := f.s.RequestScan(f.Context(), a.ID, catalog.TriggerSchedule)
		f.ok(err)
		old = append(old, s.ID)
	}
	for _, a := range list[2:] {
		_, err := f.s.RequestScan(f.Context(), a.ID, catalog.TriggerManual)
		f.ok(err)
	}
	var turns []int
	for turn := 1; turn <= 30; {
		for _, s := range f.promote(3) {
			if slices.Contains(old, s.ID) {
				turns = append(turns, (turn+9)/10)
			}
			turn++
			f.ok(f.s.FailScan(f.Context(), s.ID, catalog.CauseUnknown, ""))
		}
	}
	equal(f, "the tens in which the oldest were promoted", turns, []int{1, 2})
}

// A request for what waits already makes that as urgent and as thorough.
func testUrgentRequest(f *fixture) {
	f.namespace("team", catalog.NamespaceChange{})
	list := f.images(f.key("team", "app"), 3)
	r := everything
	r.Categories = []report.Category{report.Sensitive}
	f.advanceBatch(f.batch(r).ID, 10)
	_, err := f.s.RequestScan(f.Context(), list[2].ID, catalog.TriggerManual)
	f.code(err, catalog.Conflict, "scan_in_progress")
	scans := f.promote(1)
	if len(scans) != 1 || scans[0].ArtifactID != list[2].ID || scans[0].Priority != catalog.PriorityManual || scans[0].Categories != nil {
		f.Errorf("promoted first: %+v", scans)
	}
	next := f.promote(2)
	if len(next) != 1 || !slices.Equal(next[0].Categories, r.Categories) {
		f.Errorf("promoted then: %+v", next)
	}
	_, err = f.s.RequestScan(f.Context(), next[0].ArtifactID, catalog.TriggerManual)
	f.code(err, catalog.Conflict, "scan_in_progress")
	if s := f.scan(next[0].ID); !slices.Equal(s.Categories, r.Categories) {
		f.Errorf("a scan that runs looks for something else: %+v", s)
	}
}

func testBatchSelection(f *fixture) {
	ctx := f.Context()
	for _, n := range []string{"team", "other"} {
		f.namespace(n, catalog.NamespaceChange{})
	}
	app := f.key("team", "app")
	single := f.push(f.image(app, "1", "l1"))
	f.push(f.image(f.key("team", "back_end/api"), "1", "l2"))
	f.push(f.image(f.key("team", "backxend/api"), "1", "l3"))
	f.push(f.image(f.key("other", "app"), "1", "l4"))
	f.push(f.image(app, "", "untagged"))
	f.advance(5 * 24 * time.Hour)
	member := f.push(f.image(app, "", "member"))
	f.advance(5 * 24 * time.Hour)
	chart := f.image(app, "chart", "l5")
	chart.Kind = catalog.KindChart
	f.push(chart)
	inner := catalog.ManifestPush{Key: app, Digest: digest("inner"), Content: []byte("inner"), Kind: catalog.KindIndex,
		Manifests: []catalog.Descriptor{{Digest: member.Digest}}}
	f.push(inner)
	f.push(catalog.ManifestPush{Key: app, Digest: digest("outer"), Content: []byte("outer"), Kind: catalog.KindIndex, Tag: "multi",
		Manifests: []catalog.Descriptor{{Digest: inner.Digest}, {Digest: member.Digest}}})

	got, err := f.s.Select(ctx, f.inst, catalog.Selection{All: true})
	f.ok(err)
	equal(f, "all, with nothing refused", got, catalog.Selected{Images: 6, NotImages: 1})
	f.refuse(catalog.RefuseUntagged)
	for _, c := range []struct {
		name string
		sel  catalog.Selection
		want catalog.Selected
	}{
		{"all", catalog.Selection{All: true}, catalog.Selected{Images: 5, NotImages: 1, Untagged: 1}},
		{"a namespace", catalog.Selection{Namespaces: []string{"other"}}, catalog.Selected{Images: 1}},
		{"two namespaces", catalog.Selection{Namespaces: []string{"other", "team"}}, catalog.Selected{Images: 5, NotImages: 1, Untagged: 1}},
		{"a repository", catalog.Selection{Repositories: []string{"team/app"}}, catalog.Selected{Images: 2, NotImages: 1, Untagged: 1}},
		{"what stands for one character elsewhere", catalog.Selection{Repositories: []string{"team/back_end/api"}}, catalog.Selected{Images: 1}},
		{"by pattern", catalog.Selection{Repositories: []string{"*/api", "*er/app"}}, catalog.Selected{Images: 3}},
		{"an image", catalog.Selection{Images: []string{"team/app:1"}}, catalog.Selected{Images: 1}},
		{"by digest", catalog.Selection{Images: []string{"team/app@" + member.Digest}}, catalog.Selected{Images: 1}},
		{"an index", catalog.Selection{Images: []string{"team/app:multi", "team/app@" + member.Digest}}, catalog.Selected{Images: 1}},
		{"a chart", catalog.Selection{Images: []string{"team/app:chart"}}, catalog.Selected{NotImages: 1}},
		{"of the last days, and through an index older ones", catalog.Selection{All: true, PushedDays: 3}, catalog.Selected{Images: 1, NotImages: 1}},
		{"of more days", catalog.Selection{All: true, PushedDays: 10}, catalog.Selected{Images: 5, NotImages: 1, Untagged: 1}},
		{"nothing", catalog.Selection{Repositories: []string{"nothing/*"}}, catalog.Selected{}},
	} {
		got, err := f.s.Select(ctx, f.inst, c.sel)
		f.ok(err)
		equal(f, c.name, got, c.want)
		if b, err := f.s.CreateBatch(ctx, f.inst, catalog.BatchRequest{Selection: c.sel}); c.want.Images == 0 {
			f.code(err, catalog.Invalid, "nothing_selected")
		} else {
			f.ok(err)
			equal(f, c.name+" as a batch", b.Selected, c.want)
			if items := f.items(b.ID, catalog.ItemWaiting); len(items) != c.want.Images {
				f.Errorf("%s: %v", c.name, items)
			}
		}
	}
	for code, sel := range map[string]catalog.Selection{
		"namespace_not_found":          {Namespaces: []string{"team", "nowhere"}},
		"repository_not_found":         {Images: []string{"team/nothing:1"}},
		"manifest_unknown":             {Images: []string{"team/app:2"}},
		"selection_empty":              {},
		"selection_contradicts":        {All: true, Namespaces: []string{"team"}},
		"selection_days_invalid":       {All: true, PushedDays: -1},
		"namespace_name_invalid":       {Namespaces: []string{"team\x00"}},
		"selection_repository_invalid": {Repositories: []string{"team/%"}},
		"selection_image_invalid":      {Images: []string{"team/app"}},
	} {
		if _, err := f.s.Select(ctx, f.inst, sel); err == nil || !strings.Contains(fmt.Sprintf("%#v", err), code) {
			f.Errorf("%+v: %v, want %s", sel, err, code)
		}
	}
	_, err = f.s.CreateBatch(ctx, f.inst, catalog.BatchRequest{Selection: catalog.Selection{All: true}, Rate: 1001})
	f.code(err, catalog.Invalid, "rate_invalid")
	_, err = f.s.Batch(ctx, f.inst, 4711)
	f.code(err, catalog.NotFound, "batch_not_found")

	// What was scanned longest ago comes first.
	scan := f.rescan(single.ID)
	f.finish(scan)
	b := f.batch(catalog.BatchRequest{Selection: catalog.Selection{Repositories: []string{"team/app"}}})
	equal(f, "order", f.items(b.ID, ""), []string{"team/app: waiting", "team/app:1 waiting"})
	list, err := f.s.Batches(ctx, f.inst, b.ID, 2)
	f.ok(err)
	if len(list) != 2 || list[0].ID >= b.ID || list[1].ID >= list[0].ID {
		f.Errorf("batches before %d: %+v", b.ID, list)
	}
}

// A batch keeps few scans ahead, takes note of how each ends, survives a
// restart, and ends with an event.
func testBatchLife(f *fixture) {
	f.namespace("team", catalog.NamespaceChange{})
	f.images(f.key("team", "app"), 6)
	b := f.batch(everything)
	if b.State != catalog.BatchRunning || b.Selected.Images != 6 || b.TaskStatus() != 0 || !b.BeganAt.Equal(f.clock()) || b.By != "ann" {
		f.Errorf("begun: %+v", b)
	}
	if _, ok := b.Remaining(f.clock()); ok {
		f.Error("there is an estimate before the first image is done")
	}
	for range 2 { // the second time there is nothing to do
		if b = f.advanceBatch(b.ID, 3); b.Open != 3 {
			f.Errorf("%d scans are open, want 3", b.Open)
		}
	}
	scans := f.promote(10)
	if len(scans) != 3 || scans[0].Trigger != catalog.TriggerManual || scans[0].Priority != catalog.PriorityBatch {
		f.Fatalf("promoted: %+v", scans)
	}
	f.advance(time.Minute)
	scans[0].Risky = true
	f.finish(scans[0])
	f.ok(f.s.FailScan(f.Context(), scans[1].ID, catalog.CauseDownload, "a layer is missing"))
	f.ok(f.s.FailScan(f.Context(), scans[2].ID, catalog.CauseStopped, "stopped by bob"))
	f.s = f.open() // as after a restart
	b = f.advanceBatch(b.ID, 3)
	if b.Success != 1 || b.Risky != 1 || b.Failed != 1 || b.Stopped != 1 || b.Open != 3 || b.TaskStatus() != 50 {
		f.Errorf("half done: %+v", b)
	}
	if left, ok := b.Remaining(f.clock()); !ok || left != time.Minute {
		f.Errorf("it is estimated to take %s", left)
	}
	list, err := f.s.BatchItems(f.Context(), b.ID, catalog.ItemFailed, 0, 10)
	f.ok(err)
	if len(list) != 1 || list[0].Cause != catalog.CauseDownload || list[0].Detail != "a layer is missing" || list[0].ScanID != scans[1].ID {
		f.Errorf("failures: %+v", list)
	}

	// Images can go while they are scanned and before.
	f.ok(f.s.DeleteRepository(f.Context(), f.key("team", "app")))
	f.images(f.key("team", "late"), 1)
	b = f.advanceBatch(b.ID, 3)
	if b.State != catalog.BatchFinished || b.Failed != 4 || b.TaskStatus() != 100 || !b.EndedAt.Equal(f.clock()) || b.Open != 0 {
		f.Errorf("done: %+v", b)
	}
	equal(f, "failures", f.items(b.ID, catalog.ItemFailed)[1:], []string{
		"team/app:t3 failed get_detail_info_not_found", "team/app:t4 failed get_detail_info_not_found", "team/app:t5 failed get_detail_info_not_found",
	})
	if active, err := f.s.ActiveBatches(f.Context()); err != nil || len(active) != 0 {
		f.Errorf("active: %+v %v", active, err)
	}
	equal(f, "events", f.events(catalog.EventFilter{Kinds: []catalog.EventKind{catalog.EventBatch}}), []string{"batch.done / manual"})

	if n, err := f.s.PruneBatches(f.Context(), f.clock()); n != 0 || err != nil {
		f.Errorf("%d batches removed too early: %v", n, err)
	}
	if n, err := f.s.PruneBatches(f.Context(), f.clock().Add(1)); n != 0 || err != nil {
		f.Errorf("%d batches removed: %v", n, err)
	}
	if n, err := f.s.PruneBatches(f.Context(), f.clock().Add(time.Second)); n != 1 || err != nil || len(f.items(b.ID, "")) != 0 {
		f.Errorf("%d batches removed: %v", n, err)
	}

	late := f.batch(everything)
	f.advance(catalog.MaxBatchAge)
	if late = f.advanceBatch(late.ID, 0); late.State != catalog.BatchRunning {
		f.Errorf("at the limit: %+v", late)
	}
	f.advance(time.Second)
	if late = f.advanceBatch(late.ID, 0); late.State != catalog.BatchTimedOut || late.Stopped != 1 || late.TaskStatus() != -2 {
		f.Errorf("beyond the limit: %+v", late)
	}
}

// No more images begin than the rate allows, also over restarts and when the
// clock goes back.
func testBatchRate(f *fixture) {
	f.namespace("team", catalog.NamespaceChange{})
	f.images(f.key("team", "app"), 5)
	r := everything
	r.Rate = 60
	b := f.batch(r)
	open := func(what string, want int) {
		f.Helper()
		if b = f.advanceBatch(b.ID, 10); b.Open != want {
			f.Errorf("%s: %d scans have begun, want %d", what, b.Open, want)
		}
	}
	open("at once", 1)
	f.advance(59 * time.Second)
	open("too early", 1)
	f.advance(time.Second)
	open("after a minute", 2)
	if left, ok := b.Remaining(f.clock()); !ok || left != 5*time.Minute {
		f.Errorf("it is estimated to take %s, %v", left, ok)
	}
	f.advance(30 * time.Minute) // time in which nobody fed it is not made up for
	open("after a pause", 3)
	f.advance(-24 * time.Hour)
	open("after the clock went back", 4)
	f.advance(-time.Second)
	open("and again a little", 5)
}

// Where an image is being scanned, the batch joins that scan, if it looks for
// enough or can be made to.
func testBatchJoins(f *fixture) {
	f.namespace("team", catalog.NamespaceChange{})
	list := f.images(f.key("team", "app"), 3)
	secrets, some := everything, everything
	secrets.Categories = []report.Category{report.Sensitive}
	some.Categories = []report.Category{report.Sensitive, report.Malicious}
	first := f.advanceBatch(f.batch(secrets).ID, 2)
	runs := f.promote(1)[0]
	second := f.advanceBatch(f.batch(some).ID, 10)
	if second.Open != 2 {
		f.Errorf("%d are open", second.Open)
	}
	equal(f, "joined", f.items(second.ID, ""), []string{"team/app:t0 waiting", "team/app:t1 scanning", "team/app:t2 scanning"})
	if s := f.scans(list[1].ID); len(s) != 1 || s[0].Categories != nil {
		f.Errorf("the scan that waits looks for too little: %+v", s)
	}
	third := f.advanceBatch(f.batch(secrets).ID, 10)
	if third.Open != 3 {
		f.Errorf("%d are open", third.Open)
	}
	f.finish(runs)
	second = f.advanceBatch(second.ID, 10)
	if second.Open != 3 || second.Done() != 0 {
		f.Errorf("after the scan that looked for less: %+v", second)
	}
	for _, s := range f.promote(10) {
		f.finish(s)
	}
	for _, b := range []catalog.Batch{first, second, third} {
		b = f.advanceBatch(b.ID, 10)
		if b.ID == first.ID { // which has begun but two
			for _, s := range f.promote(10) {
				f.finish(s)
			}
			b = f.advanceBatch(b.ID, 10)
		}
		if b.State != catalog.BatchFinished || b.Success != 3 {
			f.Errorf("batch %d: %+v", b.ID, b)
		}
	}
}

func testStopBatch(f *fixture) {
	ctx := f.Context()
	f.namespace("team", catalog.NamespaceChange{})
	list := f.images(f.key("team", "app"), 7)
	manual, err := f.s.RequestScan(ctx, list[0].ID, catalog.TriggerManual)
	f.ok(err)
	b := f.batch(everything)
	other := f.batch(catalog.BatchRequest{Selection: catalog.Selection{Images: []string{"team/app:t5"}}})
	b = f.advanceBatch(b.ID, 6)
	f.advanceBatch(other.ID, 6)
	running := f.promote(2)
	_, err = f.s.RequestScan(ctx, list[2].ID, catalog.TriggerManual) // somebody else wants this one too
	f.code(err, catalog.Conflict, "scan_in_progress")
	b, err = f.s.StopBatch(ctx, f.inst, b.ID, false, "bob")
	f.ok(err)
	if b.State != catalog.BatchStopped || b.Stopped != 3 || b.Open != 4 || b.TaskStatus() != -1 {
		f.Errorf("stopped: %+v", b)
	}
	equal(f, "images", f.items(b.ID, ""), []string{
		"team/app:t0 scanning", "team/app:t1 scanning", "team/app:t2 scanning", "team/app:t3 stopped image_scan_stop",
		"team/app:t4 stopped image_scan_stop", "team/app:t5 scanning", "team/app:t6 stopped image_scan_stop",
	})
	if s := f.scan(manual.ID); s.State != catalog.Running {
		f.Errorf("what somebody asked for is stopped: %+v", s)
	}
	_, err = f.s.StopBatch(ctx, f.inst, b.ID, false, "bob")
	f.code(err, catalog.Conflict, "batch_ended")
	_, err = f.s.StopBatch(ctx, f.inst, 4711, false, "bob")
	f.code(err, catalog.NotFound, "batch_not_found")
	_, err = f.s.StopBatch(ctx, "elsewhere", b.ID, false, "bob")
	f.code(err, catalog.NotFound, "batch_not_found")
	// What still runs is counted when it ends, and nothing new begins.
	for _, s := range append(running, f.promote(10)...) {
		f.finish(s)
	}
	if b = f.advanceBatch(b.ID, 10); b.Success != 4 || b.Open != 0 || b.State != catalog.BatchStopped {
		f.Errorf("later: %+v", b)
	}
	if f.advanceBatch(other.ID, 10).Success != 1 {
		f.Error("another batch lost its image")
	}

	// With the flag, what runs is stopped too.
	b = f.advanceBatch(f.batch(everything).ID, 2)
	f.promote(1)
	if b, err = f.s.StopBatch(ctx, f.inst, b.ID, true, "bob"); err != nil || b.Open != 0 || b.Stopped != 7 {
		f.Errorf("stopped with what runs: %+v %v", b, err)
	}
	if st, err := f.s.Statistics(ctx); err != nil || st.ScansPending+st.ScansRunning != 0 {
		f.Errorf("left: %+v %v", st, err)
	}
}

// Two processes on the same batch scan each image once.
func testParallelBatch(f *fixture) {
	const images = 30
	ctx := f.Context()
	f.namespace("team", catalog.NamespaceChange{})
	f.images(f.key("team", "app"), images)
	b := f.batch(everything)
	stores := []*store.Store{f.s, f.open()}
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			s := stores[i%2]
			for {
				b, err := s.AdvanceBatch(ctx, b.ID, 5)
				if err != nil {
					f.Error(err)
					return
				}
				if b.State != catalog.BatchRunning {
					return
				}
				promoted, err := s.Promote(ctx, f.inst, 5, time.Hour)
				if err != nil {
					f.Error(err)
					return
				}
				for _, p := range promoted {
					if err := s.FinishScan(ctx, p, catalog.Result{Document: []byte("r")}); err != nil {
						f.Error(err)
						return
					}
				}
			}
		})
	}
	wg.Wait()
	b, err := f.s.Batch(ctx, f.inst, b.ID)
	f.ok(err)
	if b.Success != images || b.Open != 0 || b.State != catalog.BatchFinished {
		f.Errorf("%+v", b)
	}
	month, err := f.s.Usage(ctx, f.inst, catalog.MonthOf(f.clock()))
	f.ok(err)
	if len(month) != 1 || month[0].Scans != images {
		f.Errorf("usage: %+v", month)
	}
	if events := f.events(catalog.EventFilter{Kinds: []catalog.EventKind{catalog.EventBatch}}); len(events) != 1 {
		f.Errorf("events: %v", events)
	}
}

// nightly runs every three days at two in the morning; the clock of a fixture
// begins at noon.
func (f *fixture) nightly() catalog.Schedule {
	return catalog.Schedule{InstanceID: f.inst, Name: "nightly", Enabled: true, Every: 3, Minute: 120, BatchRequest: everything}
}

// run runs what is due and returns how many batches that began.
func (f *fixture) run(problem string) int {
	f.Helper()
	due, err := f.s.DueSchedules(f.Context())
	f.ok(err)
	began := 0
	for _, s := range due {
		b, _, err := f.s.RunSchedule(f.Context(), s, problem)
		f.ok(err)
		if b.ID != 0 {
			began++
			f.advanceBatch(b.ID, 0)
		}
	}
	return began
}

func testSchedules(f *fixture) {
	ctx := f.Context()
	f.namespace("team", catalog.NamespaceChange{})
	f.namespace("gone", catalog.NamespaceChange{})
	want := f.nightly()
	want.Selection = catalog.Selection{Namespaces: []string{"gone", "team"}, PushedDays: 7}
	want.Categories, want.Rate = []report.Category{report.Sensitive}, 100
	set, err := f.s.SetSchedule(ctx, want)
	f.ok(err)
	first := time.Date(2026, 9, 2, 2, 0, 0, 0, time.UTC)
	want.ID, want.CreatedAt, want.UpdatedAt, want.NextRun = set.ID, f.clock(), f.clock(), first
	equal(f, "as it was set", set, want)
	list, err := f.s.Schedules(ctx, f.inst)
	f.ok(err)
	equal(f, "listed", list, []catalog.Schedule{want})

	f.images(f.key("team", "app"), 2)
	f.ok(f.s.DeleteNamespace(ctx, f.inst, "gone"))
	if n := f.run(""); n != 0 {
		f.Errorf("%d batches began before the time", n)
	}
	f.advance(14 * time.Hour)
	if n := f.run(""); n != 1 {
		f.Errorf("%d batches began at the time", n)
	}
	got, err := f.s.Schedule(ctx, f.inst, "nightly")
	f.ok(err)
	if !got.LastRun.Equal(f.clock()) || !got.NextRun.Equal(first.AddDate(0, 0, 3)) || got.Problem != "" {
		f.Errorf("after its run: %+v", got)
	}
	b := f.advanceBatch(got.LastBatch, 0)
	if b.Kind != catalog.BatchCycle || b.Schedule != "nightly" || b.Selected.Images != 2 || b.Rate != 100 || !slices.Equal(b.Categories, want.Categories) {
		f.Errorf("its batch: %+v", b)
	}

	// While a run goes on there is no other; then it follows at once.
	f.advance(3 * 24 * time.Hour)
	if n := f.run(""); n != 0 {
		f.Errorf("%d batches began beside the one that runs", n)
	}
	b = f.advanceBatch(b.ID, 1)
	if s := f.promote(10); len(s) != 1 || s[0].Trigger != catalog.TriggerSchedule {
		f.Errorf("its scans: %+v", s)
	}
	_, err = f.s.StopBatch(ctx, f.inst, b.ID, true, "bob")
	f.ok(err)
	f.advance(time.Hour)
	if n := f.run(""); n != 1 {
		f.Errorf("%d batches began after it had ended", n)
	}
	equal(f, "events", f.events(catalog.EventFilter{Kinds: []catalog.EventKind{catalog.EventBatch}}), []string{"batch.done / schedule nightly"})

	// The same days and time keep the next run, others do not.
	before, err := f.s.Schedule(ctx, f.inst, "nightly")
	f.ok(err)
	again := f.nightly()
	again.Rate = 5
	got, err = f.s.SetSchedule(ctx, again)
	f.ok(err)
	if got.ID != set.ID || !got.NextRun.Equal(before.NextRun) || got.LastBatch != before.LastBatch || got.Rate != 5 {
		f.Errorf("set again: %+v", got)
	}
	again.Minute = 240
	if got, err = f.s.SetSchedule(ctx, again); err != nil || !got.NextRun.Equal(again.First(f.clock())) {
		f.Errorf("set to another time: %+v %v", got, err)
	}
	f.stopAll()
	again.Enabled = false
	_, err = f.s.SetSchedule(ctx, again)
	f.ok(err)
	f.advance(100 * 24 * time.Hour)
	if n := f.run(""); n != 0 {
		f.Errorf("%d batches began although it is switched off", n)
	}
	again.Enabled = true
	if got, err = f.s.SetSchedule(ctx, again); err != nil || !got.NextRun.After(f.clock()) {
		f.Errorf("switched on again: %+v %v", got, err)
	}

	// A run that cannot be tells why, once.
	f.advance(24 * time.Hour)
	if n := f.run("scans are switched off"); n != 0 {
		f.Errorf("%d batches began at a closed gate", n)
	}
	got, err = f.s.Schedule(ctx, f.inst, "nightly")
	f.ok(err)
	if got.Problem != "scans are switched off" || !got.NextRun.After(f.clock()) {
		f.Errorf("after a run that could not be: %+v", got)
	}
	alone := f.nightly()
	alone.Name, alone.Selection = "alone", catalog.Selection{Namespaces: []string{"team"}}
	_, err = f.s.SetSchedule(ctx, alone)
	f.ok(err)
	f.ok(f.s.DeleteRepository(ctx, f.key("team", "app")))
	f.ok(f.s.DeleteNamespace(ctx, f.inst, "team"))
	f.advance(24 * time.Hour)
	f.run("")
	if got, err = f.s.Schedule(ctx, f.inst, "alone"); err != nil || got.Problem == "" || got.LastBatch != 0 {
		f.Errorf("without its namespace: %+v %v", got, err)
	}

	f.ok(f.s.DeleteSchedule(ctx, f.inst, "nightly"))
	f.code(f.s.DeleteSchedule(ctx, f.inst, "nightly"), catalog.NotFound, "schedule_not_found")
	_, err = f.s.Schedule(ctx, f.inst, "nightly")
	f.code(err, catalog.NotFound, "schedule_not_found")
	wrong := f.nightly()
	wrong.InstanceID = "nowhere"
	_, err = f.s.SetSchedule(ctx, wrong)
	f.code(err, catalog.NotFound, "instance_not_found")
	wrong = f.nightly()
	wrong.Selection = catalog.Selection{Namespaces: []string{"nowhere"}}
	_, err = f.s.SetSchedule(ctx, wrong)
	f.code(err, catalog.NotFound, "namespace_not_found")
	wrong.Every = 0
	_, err = f.s.SetSchedule(ctx, wrong)
	f.code(err, catalog.Invalid, "schedule_cycle_invalid")
}

// stopAll stops all batches.
func (f *fixture) stopAll() {
	f.Helper()
	active, err := f.s.ActiveBatches(f.Context())
	f.ok(err)
	for _, b := range active {
		if b.State == catalog.BatchRunning {
			_, err := f.s.StopBatch(f.Context(), f.inst, b.ID, true, "ann")
			f.ok(err)
		}
	}
}

// Whatever the clock does, a run is neither made twice nor for ever put off.
func testScheduleClock(f *fixture) {
	ctx := f.Context()
	f.namespace("team", catalog.NamespaceChange{})
	set, err := f.s.SetSchedule(ctx, f.nightly())
	f.ok(err)
	began := 0
	tick := func(what string, by time.Duration, want int) {
		f.Helper()
		f.advance(by)
		if n := f.run(""); n != want {
			f.Errorf("%s: %d runs, want %d", what, n, want)
		}
		began += want
	}
	next := func() time.Time {
		f.Helper()
		s, err := f.s.Schedule(ctx, f.inst, set.Name)
		f.ok(err)
		return s.NextRun
	}
	const day = 24 * time.Hour
	tick("on time", 14*time.Hour, 1)
	tick("an hour back", -time.Hour, 0)
	tick("at the same time again", time.Hour, 0)
	tick("two days back", -2*day, 0)
	tick("at the same time once more", 2*day, 0)
	// Down for weeks: one run, and then at its old days.
	tick("after weeks", 30*day+5*time.Hour, 1)
	if want := time.Date(2026, 10, 5, 2, 0, 0, 0, time.UTC); !next().Equal(want) {
		f.Errorf("after weeks: next run at %s, want %s", next(), want)
	}
	tick("again", 0, 0)
	// Far in the future by mistake, and back.
	tick("in ten years", 3650*day, 1)
	tick("and back", -3650*day, 0)
	if left := next().Sub(f.clock()); left > 3*day || left <= 2*day {
		f.Errorf("after the clock went back: next run in %s", left)
	}
	tick("within a cycle of that", 3*day, 1)
	if list, err := f.s.Batches(ctx, f.inst, 0, 100); err != nil || len(list) != began {
		f.Errorf("%d batches, want %d: %v", len(list), began, err)
	}

	// What was due when it was looked up, and is not any more.
	f.advance(3 * day)
	due, err := f.s.DueSchedules(ctx)
	f.ok(err)
	f.advance(-day)
	if _, ok, err := f.s.RunSchedule(ctx, due[0], ""); ok || err != nil {
		f.Errorf("run after the clock went back: %v %v", ok, err)
	}
}

// Of several processes that find a schedule due, one runs it.
func testParallelSchedule(f *fixture) {
	ctx := f.Context()
	f.namespace("team", catalog.NamespaceChange{})
	f.images(f.key("team", "app"), 1)
	_, err := f.s.SetSchedule(ctx, f.nightly())
	f.ok(err)
	f.advance(24 * time.Hour)
	stores := []*store.Store{f.s, f.open()}
	var wg sync.WaitGroup
	var mu sync.Mutex
	won := 0
	for i := range 6 {
		s := stores[i%2]
		due, err := s.DueSchedules(ctx)
		f.ok(err)
		wg.Go(func() {
			for _, one := range due {
				_, ok, err := s.RunSchedule(ctx, one, "")
				if err != nil {
					f.Error(err)
				}
				if ok {
					mu.Lock()
					won++
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	if list, err := f.s.Batches(ctx, f.inst, 0, 10); err != nil || len(list) != 1 || won != 1 {
		f.Errorf("%d runs, %d batches, %v", won, len(list), err)
	}
}
