package scan_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/image/imagetest"
	"github.com/pratique/pratique/internal/report"
	"github.com/pratique/pratique/internal/store"
	"github.com/pratique/pratique/internal/store/storetest"
)

var all = catalog.BatchRequest{Selection: catalog.Selection{All: true}, By: "ann"}

// batchEnded waits until a batch is done.
func (e *env) batchEnded(id int64) catalog.Batch {
	e.Helper()
	ctx, cancel := context.WithTimeout(e.Context(), patience)
	defer cancel()
	err := errors.New("the events ended")
	followed := e.store.FollowEvents(ctx, e.instance.ID, catalog.EventFilter{Kinds: []catalog.EventKind{catalog.EventBatch}}, 0, func(catalog.Event) error {
		b, failed := e.store.Batch(ctx, e.instance.ID, id)
		if err = failed; err == nil && b.State == catalog.BatchRunning {
			return nil
		}
		return errDone
	})
	if !errors.Is(followed, errDone) || err != nil {
		e.Fatalf("batch %d does not end: %v, %v", id, followed, err)
	}
	b, err := e.store.Batch(e.Context(), e.instance.ID, id)
	e.must(err)
	return b
}

var errDone = errors.New("done")

// manual turns off the automatic scans of the namespace.
func (e *env) manual() {
	e.Helper()
	no := false
	_, err := e.store.UpdateNamespace(e.Context(), e.instance.ID, "team", catalog.NamespaceChange{AutoScan: &no})
	e.must(err)
}

// A batch scans every image there is, tells which failed and why, and which have
// a risk.
func TestBatch(t *testing.T) {
	each(t, func(e *env) {
		e.manual()
		risky := e.push(imagetest.Build(e, debian), "risky", "1")
		for i := range 5 {
			e.push(small(e, i), fmt.Sprint("app", i), "1")
		}
		bad := layers(e, plainTar(e, "missing layer"))
		e.push(bad, "bad", "1")
		e.must(e.blobs.Delete(e.Context(), bad.Layers[0].Digest))
		r := all
		r.Categories = []report.Category{report.System, report.Application} // all of them have an unsafe setting
		b, err := e.service.StartBatch(e.Context(), e.instance.ID, r)
		e.must(err)
		defer e.start()()
		b = e.batchEnded(b.ID)
		if b.State != catalog.BatchFinished || b.Selected.Images != 7 || b.Success != 6 || b.Failed != 1 || b.Risky != 1 || b.Open != 0 {
			e.Errorf("%+v", b)
		}
		failed, err := e.store.BatchItems(e.Context(), b.ID, catalog.ItemFailed, 0, 10)
		e.must(err)
		if len(failed) != 1 || failed[0].Repository != "team/bad" || failed[0].Cause != catalog.CauseDownload || failed[0].Detail == "" {
			e.Errorf("failures: %+v", failed)
		}
		if s := e.scans(risky); len(s) != 1 || !s[0].Risky || s[0].Trigger != catalog.TriggerManual {
			e.Errorf("%+v", s)
		}
		used, err := e.store.Usage(e.Context(), e.instance.ID, catalog.MonthOf(time.Now()))
		e.must(err)
		if len(used) != 1 || used[0].Scans != 6 {
			e.Errorf("usage: %+v", used)
		}
	})
}

// What is not chosen is not in the report, except for vulnerabilities, by which
// the gate decides.
func TestBatchCategories(t *testing.T) {
	each(t, func(e *env) {
		e.manual()
		a := e.push(imagetest.Build(e, debian+"-- srv/b --\npostgres://a:"+"kW7"+"zQ2mT9xLr@db/a\n"), "app", "1")
		defer e.start()()
		for _, c := range []struct {
			chosen []report.Category
			found  bool
		}{{[]report.Category{report.Sensitive}, true}, {[]report.Category{report.System, report.Application}, false}, {nil, true}} {
			r := all
			r.Categories = c.chosen
			b, err := e.service.StartBatch(e.Context(), e.instance.ID, r)
			e.must(err)
			if b = e.batchEnded(b.ID); b.Success != 1 {
				e.Fatalf("%+v", b)
			}
			rep, _ := e.report(a)
			found := slices.ContainsFunc(rep.Findings, func(f report.Finding) bool { return f.Category == report.Sensitive })
			if found != c.found || slices.Contains(rep.Categories, report.Sensitive) != c.found {
				e.Errorf("%v: categories %v, findings %+v", c.chosen, rep.Categories, rep.Findings)
			}
			if len(rep.Vulnerabilities) != 1 || !slices.Contains(rep.Categories, report.System) || !slices.Contains(rep.Categories, report.Files) {
				e.Errorf("%v: categories %v, vulnerabilities %+v", c.chosen, rep.Categories, rep.Vulnerabilities)
			}
			if e.refusal(a) == "" {
				e.Errorf("%v: the gate is open", c.chosen)
			}
		}
	})
}

// A scan that somebody asks for goes before the images of a batch, which never
// has more waiting than may run.
func TestManualBeforeBatch(t *testing.T) {
	each(t, func(e *env) {
		e.manual()
		var pushed []catalog.Artifact
		own := map[string]bool{}
		for i := range 12 {
			img := small(e, i)
			own[img.Layers[0].Digest] = true
			pushed = append(pushed, e.push(img, fmt.Sprint("app", i), "1"))
		}
		reading, proceed := make(chan struct{}, len(pushed)), make(chan struct{})
		e.blobs.interfere(func(ctx context.Context, d string) error {
			if own[d] {
				reading <- struct{}{}
				<-proceed
			}
			return nil
		})
		b, err := e.service.StartBatch(e.Context(), e.instance.ID, all)
		e.must(err)
		defer e.start()()
		release := sync.OnceFunc(func() { close(proceed) })
		defer release()
		<-reading
		<-reading
		st, err := e.store.Statistics(e.Context())
		e.must(err)
		if st.ScansRunning != 2 || st.ScansPending != 2 {
			e.Errorf("%d scans run and %d wait", st.ScansRunning, st.ScansPending)
		}
		last := pushed[len(pushed)-1]
		mine, err := e.service.Request(e.Context(), last.ID, catalog.TriggerManual)
		e.must(err)
		for range 2 {
			proceed <- struct{}{}
		}
		before := 0
		for {
			s := e.next()
			if s.ID == mine.ID {
				break
			}
			if before++; before == 2 {
				// Those that were running have ended, now it is its turn.
				release()
			}
		}
		if before > 4 {
			e.Errorf("%d images of the batch went before", before)
		}
		if b = e.batchEnded(b.ID); b.Success != len(pushed) {
			e.Errorf("%+v", b)
		}
	}, func(o *options) { o.settings.Concurrent, o.settings.Workers = 2, 4 })
}

// A schedule runs once at its time, on the store's clock, also if two services
// look; at a closed gate it tells why it does not.
func TestSchedule(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	clock := time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)
	now := func() time.Time { mu.Lock(); defer mu.Unlock(); return clock }
	advance := func(d time.Duration) { mu.Lock(); defer mu.Unlock(); clock = clock.Add(d) }
	storetest.Each(t, func(t *testing.T, open func() *store.Store) {
		e := newEnv(t, open())
		e.manual()
		e.push(imagetest.Build(e, debian), "app", "1")
		_, err := e.store.SetSchedule(e.Context(), catalog.Schedule{InstanceID: e.instance.ID, Name: "nightly", Enabled: true, Every: 3, Minute: 120,
			BatchRequest: catalog.BatchRequest{Selection: catalog.Selection{Namespaces: []string{"team"}, PushedDays: 7}}})
		e.must(err)
		e.must(e.store.SetGate(e.Context(), e.instance.ID, catalog.GateScanning, false, "ann"))
		schedule := func() catalog.Schedule {
			e.Helper()
			s, err := e.store.Schedule(e.Context(), e.instance.ID, "nightly")
			e.must(err)
			return s
		}
		advance(24 * time.Hour)
		e.must(e.service.Tick(e.Context()))
		if s := schedule(); s.Problem == "" || s.LastBatch != 0 || !s.NextRun.After(now()) {
			e.Errorf("at a closed gate: %+v", s)
		}
		if _, err := e.service.StartBatch(e.Context(), e.instance.ID, all); !catalog.Is(err, catalog.Denied) {
			e.Errorf("a batch at a closed gate: %v", err)
		}
		e.must(e.store.SetGate(e.Context(), e.instance.ID, catalog.GateScanning, true, "ann"))
		e.must(e.service.Tick(e.Context()))
		if s := schedule(); s.LastBatch != 0 {
			e.Errorf("before its next time: %+v", s)
		}
		advance(72 * time.Hour)
		stop := e.start()
		s := e.next()
		if s.State != catalog.Success || s.Trigger != catalog.TriggerSchedule {
			e.Errorf("%+v", s)
		}
		b := e.batchEnded(schedule().LastBatch)
		if b.Kind != catalog.BatchCycle || b.Schedule != "nightly" || b.Success != 1 || b.Risky != 1 {
			e.Errorf("%+v", b)
		}
		stop()
		// Down for two weeks: one run.
		advance(14 * 24 * time.Hour)
		for range 3 {
			e.must(e.service.Tick(e.Context()))
		}
		list, err := e.store.Batches(e.Context(), e.instance.ID, 0, 10)
		e.must(err)
		if len(list) != 2 || list[0].State != catalog.BatchFinished || list[0].Selected.Images != 0 {
			e.Errorf("batches: %+v", list)
		}
	}, func(c *store.Config) { c.Now = now })
}
