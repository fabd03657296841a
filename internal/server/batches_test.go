package server_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/pratique/pratique/internal/api"
	"github.com/pratique/pratique/internal/server"
)

// batch waits until a batch is done.
func (e *env) batch(id int64) api.Batch {
	e.Helper()
	ctx, cancel := context.WithTimeout(e.Context(), time.Minute)
	defer cancel()
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for {
		b, err := e.control.Batch(ctx, id)
		e.must(err)
		if b.State != "running" {
			return b
		}
		<-ticker.C
	}
}

// Many images at once: what it would cost, how it goes on after a restart, which
// images failed and why; and the same by a schedule.
func TestBatchEndToEnd(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, cfg server.Config) {
		e := start(t, cfg) // nothing is scanned without advisories
		e.namespace("team", api.NamespaceChange{})
		for i := range 4 {
			e.push(debian(t, fmt.Sprint("batch ", i)), "team/app", fmt.Sprint("t", i))
		}
		bad := debian(t, "bad")
		e.push(bad, "team/bad", "1")
		e.must(os.Remove(e.blobFile(bad.ConfigDigest)))
		in := api.BatchStart{Selection: api.Selection{Namespaces: []string{"team"}, PushedDays: 1}, ScanChoice: api.ScanChoice{Categories: []string{"secret"}}}
		preview, err := e.control.PreviewBatch(t.Context(), in)
		e.must(err)
		if preview.Images != 5 || preview.Units != (api.BatchUnits{Total: 5, Free: 5}) {
			t.Errorf("preview: %+v", preview)
		}
		b, err := e.control.StartBatch(t.Context(), in)
		e.must(err)

		e.must(e.stop())
		importAdvisories(t, cfg.Data)
		e = start(t, cfg)
		b = e.batch(b.ID)
		if b.State != "finished" || b.TaskStatus != 100 || b.Success != 4 || b.Failed != 1 || b.Risky != 4 {
			t.Errorf("batch: %+v", b)
		}
		failed, err := e.control.BatchImages(t.Context(), b.ID, "failed")
		e.must(err)
		if len(failed) != 1 || failed[0].Repository != "team/bad" || failed[0].Cause != "download_failed" || failed[0].Detail == "" || failed[0].Advice == "" {
			t.Errorf("failures: %+v", failed)
		}
		if images, err := e.control.BatchImages(t.Context(), b.ID, ""); err != nil || len(images) != 5 {
			t.Errorf("%d images, %v", len(images), err)
		}
		if s, err := e.control.Statement(t.Context(), ""); err != nil || s.Scans != 4 {
			t.Errorf("statement: %+v %v", s, err)
		}

		// What a schedule does at its time is tested with a clock, in package scan.
		_, err = e.control.SetSchedule(t.Context(), "weekly", api.ScheduleSet{EveryDays: 7, At: "02:00", ScanChoice: api.ScanChoice{ImagesPerHour: 100}})
		e.must(err)
		list, err := e.control.Schedules(t.Context())
		e.must(err)
		if len(list) != 1 || !list[0].Selection.All || !list[0].NextRun.After(time.Now()) || list[0].By == "" {
			t.Errorf("schedules: %+v", list)
		}
		e.must(e.control.DeleteSchedule(t.Context(), "weekly"))
	})
}
