package store_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/store"
	"github.com/pratique/pratique/internal/store/storetest"
)

// limit is how long a test waits for what must happen.
const limit = 30 * time.Second

// bench sets up a namespace that scans automatically.
type bench struct {
	testing.TB
	s    *store.Store
	inst string
}

func newBench(t testing.TB, s *store.Store) *bench {
	t.Helper()
	inst, _, err := s.EnsureDefaults(t.Context())
	b := &bench{t, s, inst.ID}
	b.ok(err)
	if _, err := s.CreateNamespace(t.Context(), inst.ID, "team", false); err == nil {
		auto := true
		_, err = s.UpdateNamespace(t.Context(), inst.ID, "team", catalog.NamespaceChange{AutoScan: &auto})
		b.ok(err)
	}
	store.Hasten(s)
	return b
}

func (b *bench) ok(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func (b *bench) key() catalog.RepositoryKey {
	return catalog.RepositoryKey{InstanceID: b.inst, Namespace: "team", Repository: "app"}
}

// push pushes an image that has one layer, named like it.
func (b *bench) push(name string) catalog.Artifact {
	b.Helper()
	blob := catalog.Descriptor{Digest: "sha256:" + name, Size: 1}
	b.ok(b.s.AddBlob(b.Context(), b.key(), blob.Digest, 1))
	a, _, err := b.s.PutManifest(b.Context(), catalog.ManifestPush{
		Key: b.key(), Digest: "sha256:manifest-" + name, Tag: name, Content: []byte(name),
		Kind: catalog.KindImage, Blobs: []catalog.Descriptor{blob},
	})
	b.ok(err)
	return a
}

func (b *bench) promote() []catalog.Scan {
	b.Helper()
	scans, err := b.s.Promote(b.Context(), b.inst, 1000, time.Hour)
	b.ok(err)
	return scans
}

// running pushes an image and promotes its scan.
func (b *bench) running(name string) catalog.Scan {
	b.Helper()
	b.push(name)
	scans := b.promote()
	if len(scans) != 1 {
		b.Fatalf("%d scans were promoted", len(scans))
	}
	return scans[0]
}

func (b *bench) work(h store.Handlers) (stop func(context.Context) error) {
	b.Helper()
	stop, err := b.s.Work(b.Context(), h, store.QueueOptions{Layers: 2, Judges: 2, PollInterval: 20 * time.Millisecond})
	b.ok(err)
	b.Cleanup(func() { b.ok(stop(context.WithoutCancel(b.Context()))) })
	return stop
}

// ended waits until a scan has ended.
func (b *bench) ended(id int64) catalog.Scan {
	b.Helper()
	timeout := time.After(limit)
	again := time.NewTicker(time.Second) // as whoever waits for signals does
	defer again.Stop()
	for {
		scan, err := b.s.Scan(b.Context(), id)
		b.ok(err)
		if scan.State.Ended() {
			return scan
		}
		select {
		case <-b.s.Signal():
		case <-again.C:
		case <-timeout:
			jobs, _ := store.Jobs(b.Context(), b.s)
			b.Fatalf("scan has not ended: %+v, jobs %v", scan, jobs)
		}
	}
}

func (b *bench) rows(table string) int {
	b.Helper()
	n, err := store.Rows(b.Context(), b.s, table)
	b.ok(err)
	return n
}

func (b *bench) jobs() []string {
	b.Helper()
	jobs, err := store.Jobs(b.Context(), b.s)
	b.ok(err)
	return jobs
}

func layer(name string) catalog.LayerJob {
	return catalog.LayerJob{DiffID: "sha256:diff-" + name, Collectors: "c1", Digest: "sha256:" + name, MediaType: "tar", Size: 7}
}

// receive waits for a value.
func receive[T any](b *bench, what string, c <-chan T) T {
	b.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(limit):
		b.Fatalf("%s does not happen", what)
		panic("unreachable")
	}
}

// record counts calls by name.
type record struct {
	mu    sync.Mutex
	calls map[string]int
}

func (r *record) add(name string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.calls == nil {
		r.calls = map[string]int{}
	}
	r.calls[name]++
	return r.calls[name]
}

func (r *record) get() map[string]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := map[string]int{}
	for k, v := range r.calls {
		out[k] = v
	}
	return out
}

// honest handlers plan the given layers for every scan and do what is asked.
func (b *bench) honest(r *record, layers ...catalog.LayerJob) store.Handlers {
	return store.Handlers{
		Plan: func(ctx context.Context, id int64) error {
			r.add(fmt.Sprint("plan ", id))
			return b.s.Plan(ctx, id, layers)
		},
		Layer: func(ctx context.Context, job catalog.LayerJob) error {
			r.add("layer " + job.DiffID)
			return b.s.PutFacts(ctx, job, []byte("facts of "+job.DiffID))
		},
		Judge: func(ctx context.Context, id int64) error {
			r.add(fmt.Sprint("judge ", id))
			scan, err := b.s.Scan(ctx, id)
			if err != nil {
				return err
			}
			return b.s.FinishScan(ctx, scan, catalog.Result{Document: []byte("report"), Verdict: catalog.Verdict{Decision: catalog.Allow}})
		},
		PlanFailed:  func(ctx context.Context, id int64, err error) { b.failed(ctx, id, err) },
		JudgeFailed: func(ctx context.Context, id int64, err error) { b.failed(ctx, id, err) },
		LayerFailed: func(ctx context.Context, job catalog.LayerJob, err error) {
			if err := b.s.FailLayer(ctx, job, catalog.CauseOf(err), err.Error()); err != nil {
				b.Error(err)
			}
		},
	}
}

func (b *bench) failed(ctx context.Context, id int64, err error) {
	if err := b.s.FailScan(ctx, id, catalog.CauseOf(err), err.Error()); err != nil {
		b.Error(err)
	}
}

func TestWork(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func() *store.Store) {
		b := newBench(t, open())
		var r record
		b.work(b.honest(&r, layer("one"), layer("two")))
		if _, err := b.s.Work(t.Context(), store.Handlers{}, store.QueueOptions{}); !catalog.Is(err, catalog.Conflict) {
			t.Errorf("working twice: %v", err)
		}
		const images = 12
		for i := range images {
			b.push(fmt.Sprint(i))
		}
		want := map[string]int{"layer sha256:diff-one": 1, "layer sha256:diff-two": 1}
		for _, scan := range b.promote() {
			want[fmt.Sprint("plan ", scan.ID)] = 1
			want[fmt.Sprint("judge ", scan.ID)] = 1
			if got := b.ended(scan.ID); got.State != catalog.Success || got.Percent != 100 {
				t.Errorf("scan: %+v", got)
			}
		}
		if diff := cmp.Diff(want, r.get()); diff != "" {
			t.Errorf("every layer and every scan once (-want +got):\n%s", diff)
		}
		if n := b.rows("document"); n != 4 { // two facts, one report, one exposure
			t.Errorf("%d documents", n)
		}
	})
}

// Two processes work on one PostgreSQL database.
func TestWorkTogether(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func() *store.Store) {
		b := newBench(t, open())
		if store.IsSQLite(b.s) {
			return // has one working process
		}
		other := newBench(t, open())
		var r record
		b.work(b.honest(&r, layer("one"), layer("two"), layer("three")))
		other.work(other.honest(&r, layer("one"), layer("two"), layer("three")))
		for i := range 30 {
			b.push(fmt.Sprint(i))
		}
		for _, scan := range other.promote() {
			for !b.scan(scan.ID).State.Ended() {
				select {
				case <-b.s.Signal():
				case <-other.s.Signal():
				case <-time.After(limit):
					t.Fatalf("scan %d has not ended: %v", scan.ID, b.jobs())
				}
			}
		}
		for call, n := range r.get() {
			if n != 1 {
				t.Errorf("%s was done %d times", call, n)
			}
		}
	})
}

func (b *bench) scan(id int64) catalog.Scan {
	b.Helper()
	scan, err := b.s.Scan(b.Context(), id)
	b.ok(err)
	return scan
}

func TestJobErrors(t *testing.T) {
	flaky := func(times int, err error) func(n int) error {
		return func(n int) error {
			if n <= times {
				return err
			}
			return nil
		}
	}
	refused := catalog.ScanErrorf(catalog.CauseDownload, "layer is cut off")
	cases := []struct {
		name  string
		fail  func(n int) error
		calls int
		state catalog.ScanState
		cause catalog.Cause
	}{
		{"once", flaky(1, errors.New("hiccup")), 2, catalog.Success, ""},
		{"twice", flaky(2, errors.New("hiccup")), 3, catalog.Success, ""},
		{"always", flaky(99, errors.New("broken")), 3, catalog.Failed, catalog.CauseUnknown},
		{"final", flaky(99, fmt.Errorf("layer: %w", refused)), 1, catalog.Failed, catalog.CauseDownload},
		{"panic", func(n int) error { panic("no") }, 3, catalog.Failed, catalog.CauseUnknown},
		{"unavailable", flaky(1, catalog.Errorf(catalog.Unavailable, "database_error", "locked")), 2, catalog.Success, ""},
	}
	storetest.Each(t, func(t *testing.T, open func() *store.Store) {
		b := newBench(t, open())
		var r record
		h := b.honest(&r)
		var mu sync.Mutex
		failing := map[int64]func(int) error{}
		breaks := func(kind string, id int64) error {
			mu.Lock()
			fail := failing[id]
			mu.Unlock()
			return fail(r.add(fmt.Sprint(kind, id)))
		}
		// Scans with an odd index fail while planning, others while judging.
		plan, judge := h.Plan, h.Judge
		h.Plan = func(ctx context.Context, id int64) error {
			if id%2 == 1 {
				if err := breaks("breaks", id); err != nil {
					return err
				}
			}
			return plan(ctx, id)
		}
		h.Judge = func(ctx context.Context, id int64) error {
			if id%2 == 0 {
				if err := breaks("breaks", id); err != nil {
					return err
				}
			}
			return judge(ctx, id)
		}
		type running struct {
			index int
			scan  catalog.Scan
		}
		var all []running
		for range 2 {
			for i := range cases {
				b.push(fmt.Sprint(i, len(all)))
				scan := b.promote()[0]
				failing[scan.ID] = cases[i].fail
				all = append(all, running{i, scan})
			}
		}
		b.work(h)
		for _, run := range all {
			c := cases[run.index]
			got := b.ended(run.scan.ID)
			if got.State != c.state || got.Cause != c.cause {
				t.Errorf("%s: scan ended as %s %s (%s)", c.name, got.State, got.Cause, got.Detail)
			}
			if n := r.get()[fmt.Sprint("breaks", run.scan.ID)]; n != c.calls {
				t.Errorf("%s: tried %d times, want %d", c.name, n, c.calls)
			}
		}
	})
}

func TestLayerFails(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func() *store.Store) {
		b := newBench(t, open())
		var r record
		h := b.honest(&r, layer("bad"), layer("good"))
		put := h.Layer
		h.Layer = func(ctx context.Context, job catalog.LayerJob) error {
			if job.DiffID == layer("bad").DiffID {
				return catalog.ScanErrorf(catalog.CauseDownload, "bad")
			}
			return put(ctx, job)
		}
		b.push("one")
		b.push("two")
		scans := b.promote()
		b.work(h)
		for _, scan := range scans {
			if got := b.ended(scan.ID); got.State != catalog.Failed || got.Cause != catalog.CauseDownload {
				t.Errorf("scan: %+v", got)
			}
		}
	})
}

// An image that claims the diff ID of another one's layer for a blob that is
// something else fails alone.
func TestFalseClaim(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func() *store.Store) {
		b := newBench(t, open())
		var r record
		h := b.honest(&r)
		claims := map[int64]catalog.LayerJob{}
		h.Plan = func(ctx context.Context, id int64) error { return b.s.Plan(ctx, id, []catalog.LayerJob{claims[id]}) }
		h.Layer = func(ctx context.Context, job catalog.LayerJob) error {
			if job.Digest != layer("true").Digest {
				return catalog.ScanErrorf(catalog.CauseDownload, "its diff ID is another")
			}
			return b.s.PutFacts(ctx, job, []byte("facts"))
		}
		honest, liar := b.running("honest"), b.running("liar")
		claims[honest.ID] = layer("true")
		lie := layer("true")
		lie.Digest = "sha256:false"
		claims[liar.ID] = lie
		b.work(h)
		if got := b.ended(liar.ID); got.State != catalog.Failed {
			t.Errorf("the liar's scan: %+v", got)
		}
		if got := b.ended(honest.ID); got.State != catalog.Success {
			t.Errorf("the honest scan: %+v", got)
		}
	})
}

func TestStopPutsJobsBack(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func() *store.Store) {
		b := newBench(t, open())
		var r record
		h := b.honest(&r, layer("slow"))
		put := h.Layer
		started := make(chan struct{}, 10)
		h.Layer = func(ctx context.Context, job catalog.LayerJob) error {
			started <- struct{}{}
			<-ctx.Done()
			// What a handler makes of being interrupted does not count.
			return catalog.ScanErrorf(catalog.CauseDownload, "the layer broke off")
		}
		scan := b.running("one")
		now, cancel := context.WithCancel(t.Context())
		cancel()
		for range 5 { // more often than a job is tried
			stop := b.work(h)
			receive(b, "the layer's job", started)
			b.ok(stop(now))
		}
		if got := b.scan(scan.ID); got.State != catalog.Running {
			t.Fatalf("scan after stopping: %+v", got)
		}
		h.Layer = put
		b.work(h)
		if got := b.ended(scan.ID); got.State != catalog.Success || got.Attempt != 1 {
			t.Errorf("scan: %+v", got)
		}
	})
}

func TestStopLetsJobsEnd(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func() *store.Store) {
		b := newBench(t, open())
		var r record
		h := b.honest(&r, layer("slow"))
		put := h.Layer
		started, finish := make(chan struct{}), make(chan struct{})
		h.Layer = func(ctx context.Context, job catalog.LayerJob) error {
			close(started)
			<-finish
			return put(ctx, job)
		}
		b.running("one")
		ctx, cancel := context.WithCancel(t.Context())
		stop, err := b.s.Work(ctx, h, store.QueueOptions{})
		b.ok(err)
		receive(b, "the layer's job", started)
		cancel() // the context of Work has no say any more
		stopped := make(chan error)
		go func() { stopped <- stop(context.WithoutCancel(ctx)) }()
		close(finish)
		b.ok(receive(b, "stopping", stopped))
		if n := b.rows("facts"); n != 1 {
			t.Errorf("%d facts: the job was not allowed to end", n)
		}
		b.ok(stop(t.Context()))
	})
}

func TestUnwantedJobsAreCancelled(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func() *store.Store) {
		b := newBench(t, open())
		var r record
		h := b.honest(&r, layer("slow"))
		started, cancelled := make(chan struct{}), make(chan struct{})
		h.Layer = func(ctx context.Context, job catalog.LayerJob) error {
			close(started)
			<-ctx.Done()
			close(cancelled)
			return ctx.Err()
		}
		h.LayerFailed = func(context.Context, catalog.LayerJob, error) { t.Error("a dropped job counts as failed") }
		a := b.push("one")
		b.promote()
		b.work(h)
		receive(b, "the layer's job", started)
		b.ok(b.s.DeleteManifest(t.Context(), b.key(), a.Digest))
		receive(b, "cancelling", cancelled)
	})
}

// TestNewJobsAreToldOf works without ever looking for jobs by itself, which the
// queue for SQLite does not need.
func TestNewJobsAreToldOf(t *testing.T) {
	b := newBench(t, storetest.SQLite(t))
	const images = 5
	planned := make(chan int64, images)
	stop, err := b.s.Work(t.Context(), store.Handlers{Plan: func(ctx context.Context, id int64) error {
		err := b.s.FailScan(ctx, id, catalog.CauseUnknown, "") // so that it is not begun again
		planned <- id
		return err
	}}, store.QueueOptions{PollInterval: time.Hour})
	b.ok(err)
	defer func() { b.ok(stop(context.Background())) }()
	for i := range images {
		scan := b.running(fmt.Sprint("image", i))
		select {
		case id := <-planned:
			if id != scan.ID {
				t.Fatalf("scan %d was planned, not %d", id, scan.ID)
			}
		case <-time.After(limit):
			t.Fatal("nobody told the workers of scan", scan.ID)
		}
	}
}

func TestJudgeIsEnqueuedOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func() *store.Store) {
		b := newBench(t, open())
		judges := func(want int) {
			t.Helper()
			n := 0
			for _, job := range b.jobs() {
				if strings.HasPrefix(job, "scan_judge") {
					n++
				}
			}
			if n != want {
				t.Errorf("%d judge jobs, want %d: %v", n, want, b.jobs())
			}
		}
		scan := b.running("one")
		layers := []catalog.LayerJob{layer("1"), layer("2"), layer("3"), layer("4")}
		b.ok(b.s.Plan(t.Context(), scan.ID, layers))
		b.ok(b.s.Plan(t.Context(), scan.ID, layers)) // again, as after a crash
		if diff := cmp.Diff([]string{"scan_plan available", "scan_layer available", "scan_layer available", "scan_layer available", "scan_layer available"}, b.jobs()); diff != "" {
			t.Errorf("jobs (-want +got):\n%s", diff)
		}
		for _, l := range layers[:3] {
			b.ok(b.s.PutFacts(t.Context(), l, []byte("f")))
		}
		judges(0)
		other := newBench(t, open())
		var wg sync.WaitGroup
		for i := range 4 {
			wg.Go(func() {
				if err := []*bench{b, other}[i%2].s.PutFacts(t.Context(), layers[3], []byte("f")); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		judges(1)
		// With all facts there, the next image is judged at once.
		next := b.running("two")
		b.ok(b.s.Plan(t.Context(), next.ID, layers))
		judges(2)
		// An image without layers too.
		empty := b.running("three")
		b.ok(b.s.Plan(t.Context(), empty.ID, nil))
		judges(3)
	})
}

func TestRepeatedScanAddsNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func() *store.Store) {
		b := newBench(t, open())
		var r record
		b.work(b.honest(&r, layer("1"), layer("2")))
		a := b.push("one")
		b.ended(b.promote()[0].ID)
		tables := []string{"document", "facts", "report", "scan_layer", "scan"}
		count := func() (n []int) {
			for _, table := range tables {
				n = append(n, b.rows(table))
			}
			return n
		}
		before := count()
		for range 3 {
			_, err := b.s.RequestScan(t.Context(), a.ID, catalog.TriggerManual)
			b.ok(err)
			b.ended(b.promote()[0].ID)
		}
		before[4] += 3
		if diff := cmp.Diff(before, count()); diff != "" {
			t.Errorf("rows of %v (-want +got):\n%s", tables, diff)
		}
	})
}

func TestPrune(t *testing.T) {
	now := time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)
	storetest.Each(t, func(t *testing.T, open func() *store.Store) {
		b := newBench(t, open())
		a := b.push("one")
		scan := b.promote()[0]
		b.ok(b.s.Plan(t.Context(), scan.ID, []catalog.LayerJob{layer("used")}))
		b.ok(b.s.PutFacts(t.Context(), layer("used"), []byte("used")))
		b.ok(b.s.PutFacts(t.Context(), layer("unused"), []byte("unused")))
		b.ok(b.s.FinishScan(t.Context(), scan, catalog.Result{Document: []byte("report")}))
		prune := func(before time.Time, want int64) {
			t.Helper()
			n, err := b.s.Prune(t.Context(), before)
			b.ok(err)
			if n != want {
				t.Errorf("%d documents removed, want %d", n, want)
			}
		}
		prune(now, 0) // nothing is that old
		prune(now.Add(time.Second), 1)
		b.ok(b.s.DeleteManifest(t.Context(), b.key(), a.Digest))
		prune(now, 0)
		prune(now.Add(time.Second), 3)
		if n := b.rows("document") + b.rows("facts"); n != 0 {
			t.Errorf("%d rows left", n)
		}
	}, func(c *store.Config) { c.Now = func() time.Time { return now } })
}

// Jobs and scans that lost their process are found again.
func TestRepair(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func() *store.Store) {
		b := newBench(t, open())
		ctx := t.Context()
		orphan := `UPDATE river_job SET state = 'running', attempt = %d, attempted_by = '["dead"]' WHERE kind = '%s' AND state = 'available'`
		if !store.IsSQLite(b.s) {
			orphan = strings.Replace(orphan, `'["dead"]'`, `'{"dead"}'`, 1)
		}
		scans := map[string]catalog.Scan{}
		scans["plan job running"] = b.running("1")
		b.ok(store.Exec(ctx, b.s, fmt.Sprintf(orphan, 1, "scan_plan")))
		scans["plan job worn out"] = b.running("2")
		b.ok(store.Exec(ctx, b.s, fmt.Sprintf(orphan, 3, "scan_plan")))
		planned := func(name string) catalog.Scan { // its plan job is done
			scan := b.running(name)
			b.ok(store.Exec(ctx, b.s, `DELETE FROM river_job WHERE id = (SELECT max(id) FROM river_job)`))
			return scan
		}
		scans["judge job worn out"] = planned("3")
		b.ok(b.s.Plan(ctx, scans["judge job worn out"].ID, nil))
		b.ok(store.Exec(ctx, b.s, fmt.Sprintf(orphan, 3, "scan_judge")))
		scans["layer job running"] = planned("4")
		b.ok(b.s.Plan(ctx, scans["layer job running"].ID, []catalog.LayerJob{layer("4")}))
		b.ok(store.Exec(ctx, b.s, fmt.Sprintf(orphan, 2, "scan_layer")))
		scans["layer job worn out"] = planned("5")
		b.ok(b.s.Plan(ctx, scans["layer job worn out"].ID, []catalog.LayerJob{layer("5")}))
		b.ok(store.Exec(ctx, b.s, fmt.Sprintf(orphan, 3, "scan_layer")))
		scans["layer job gone"] = planned("6")
		b.ok(b.s.Plan(ctx, scans["layer job gone"].ID, []catalog.LayerJob{layer("6")}))
		b.ok(store.Exec(ctx, b.s, `DELETE FROM river_job WHERE state = 'available' AND kind = 'scan_layer'`))
		scans["no job"] = planned("7")

		var r record
		b.work(b.honest(&r, layer("4")))
		got := map[string]string{}
		for name, scan := range scans {
			end := b.ended(scan.ID)
			got[name] = fmt.Sprint(end.State, " ", end.Attempt)
		}
		want := map[string]string{
			"plan job running": "Success 1", "plan job worn out": "Error 1", "judge job worn out": "Error 1",
			"layer job running": "Success 1", "layer job worn out": "Error 1", "layer job gone": "Success 2", "no job": "Success 2",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("scans (-want +got):\n%s", diff)
		}
		if n := b.rows("report"); n != 4 {
			t.Errorf("%d reports", n)
		}
	})
}

func TestEndlessInterruptions(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func() *store.Store) {
		b := newBench(t, open())
		scan := b.running("one")
		for range store.ScanAttempts {
			b.ok(store.Restart(t.Context(), b.s))
			b.ok(store.Restart(t.Context(), b.s)) // its plan job waits
			b.ok(store.Exec(t.Context(), b.s, `DELETE FROM river_job`))
		}
		// The attempt that was current first is long past.
		err := b.s.FinishScan(t.Context(), scan, catalog.Result{})
		if !catalog.Is(err, catalog.Conflict) {
			t.Errorf("an old attempt publishes: %v", err)
		}
		b.ok(store.Restart(t.Context(), b.s))
		if got := b.scan(scan.ID); got.State != catalog.Failed || got.Attempt != store.ScanAttempts {
			t.Errorf("scan: %+v", got)
		}
	})
}

// A live process keeps its jobs however long they take.
func TestLongJobsAreNotTaken(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func() *store.Store) {
		b := newBench(t, open())
		if store.IsSQLite(b.s) {
			return // has one working process
		}
		other := newBench(t, open())
		var r record
		started, finish := make(chan struct{}, 10), make(chan struct{})
		h := b.honest(&r, layer("slow"))
		put := h.Layer
		h.Layer = func(ctx context.Context, job catalog.LayerJob) error {
			started <- struct{}{}
			<-finish
			return put(ctx, job)
		}
		scan := b.running("one")
		b.work(h)
		receive(b, "the layer's job", started)
		other.work(h) // looks for orphans when it starts
		close(finish)
		for !b.scan(scan.ID).State.Ended() {
			select {
			case <-b.s.Signal():
			case <-other.s.Signal():
			case <-time.After(limit):
				t.Fatal("the scan does not end")
			}
		}
		if len(started) != 0 {
			t.Error("another process took a job that was being done")
		}
	})
}
