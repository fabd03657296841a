package scan_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/engine"
	"github.com/pratique/pratique/internal/scan"
	"github.com/pratique/pratique/internal/store"
	"github.com/pratique/pratique/internal/store/storetest"
)

// No more scans run than may, also where two processes work on PostgreSQL, and
// all of them end once, oldest first.
func TestTenAtATime(t *testing.T) {
	t.Parallel()
	const images, most = 25, 10
	storetest.Each(t, func(t *testing.T, open func() *store.Store) {
		e := newEnv(t, open(), func(o *options) { o.settings.Workers = images })
		own := map[string]bool{}
		for i := range images {
			img := small(e, i)
			own[img.Layers[0].Digest] = true
			e.push(img, fmt.Sprint("app", i), "1")
		}
		reading, proceed := make(chan struct{}, images), make(chan struct{}, images)
		e.blobs.interfere(func(ctx context.Context, d string) error {
			if own[d] {
				reading <- struct{}{}
				<-proceed
			}
			return nil
		})
		release := sync.OnceFunc(func() { close(proceed) })
		defer release()
		e.start()
		if t.Name() == "TestTenAtATime/postgres" {
			second := e.config
			second.Store, second.Engine = open(), engine.New(engine.Options{})
			e.run(scan.New(second))
		}
		for range most {
			<-reading
		}
		for ended := range images {
			st, err := e.store.Statistics(t.Context())
			e.must(err)
			if st.ScansRunning > most || st.ScansRunning+st.ScansPending != images-ended {
				t.Errorf("%d scans run and %d wait, %d have ended", st.ScansRunning, st.ScansPending, ended)
			}
			if ended+most <= images {
				// All that may run do, so one more would be one too many.
				if st.ScansRunning != most {
					t.Errorf("%d scans run after %d have ended", st.ScansRunning, ended)
				}
			}
			proceed <- struct{}{}
			if s := e.next(); s.State != catalog.Success {
				t.Errorf("scan: %+v", s)
			}
			if ended+most < images {
				<-reading
			}
		}
		e.quiet()
		if len(reading) != 0 {
			t.Errorf("%d layers were read once more", len(reading))
		}
	})
}

// The limit counts per instance: one that is busy does not hold up another.
func TestLimitCountsPerInstance(t *testing.T) {
	each(t, func(e *env) {
		second, err := e.store.CreateInstance(e.Context(), catalog.Instance{Name: "second", Region: "default", Host: "second.example"})
		e.must(err)
		e.namespace(second.ID, "team")
		reading, proceed := make(chan struct{}, 4), make(chan struct{})
		own := map[string]bool{}
		for i := range 4 {
			img := small(e, i)
			own[img.Layers[0].Digest] = true
			key := e.key(fmt.Sprint("app", i))
			if i%2 == 1 {
				key.InstanceID = second.ID
			}
			e.pushTo(key, img, "1")
		}
		e.blobs.interfere(func(ctx context.Context, d string) error {
			if own[d] {
				reading <- struct{}{}
				<-proceed
			}
			return nil
		})
		e.start()
		<-reading
		<-reading
		st, err := e.store.Statistics(e.Context())
		e.must(err)
		if st.ScansRunning != 2 || st.ScansPending != 2 {
			e.Errorf("%d scans run and %d wait", st.ScansRunning, st.ScansPending)
		}
		close(proceed)
		for range 4 {
			e.next()
		}
		e.quiet()
	}, func(o *options) { o.settings.Concurrent, o.settings.Workers = 1, 4 })
}
