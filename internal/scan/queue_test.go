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
