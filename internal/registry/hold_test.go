package registry

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pratique/pratique/internal/catalog"
)

// fakeEvents lets a test say that a scan has ended.
type fakeEvents struct {
	ended             chan catalog.Event
	following, starts atomic.Int64
	err               error
}

func (f *fakeEvents) Events(context.Context, string, catalog.EventFilter, int64, int) ([]catalog.Event, error) {
	return []catalog.Event{{ID: 7}}, f.err
}

func (f *fakeEvents) FollowEvents(ctx context.Context, _ string, filter catalog.EventFilter, after int64, tell func(catalog.Event) error) error {
	if after != 7 || len(filter.Kinds) != 2 {
		return errors.New("follows the wrong events")
	}
	f.following.Add(1)
	f.starts.Add(1)
	defer f.following.Add(-1)
	for {
		select {
		case <-ctx.Done():
			return nil
		case e := <-f.ended:
			if err := tell(e); err != nil {
				return err
			}
		}
	}
}

var held = catalog.RepositoryKey{InstanceID: "i", Namespace: "team", Repository: "app"}

func ended(k catalog.RepositoryKey) catalog.Event {
	return catalog.Event{InstanceID: k.InstanceID, Namespace: k.Namespace, Repository: k.Repository, Kind: catalog.EventScanDone}
}

// bubble runs a test with a clock of its own and checks that nothing is left
// behind.
func bubble(t *testing.T, most int, test func(t *testing.T, h *holds, f *fakeEvents)) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeEvents{ended: make(chan catalog.Event)}
		h := newHolds(f, most, slog.New(slog.DiscardHandler))
		test(t, h, f)
		h.release()
		if len(h.places) != 0 || len(h.follows) != 0 || len(h.waiting) != 0 || f.following.Load() != 0 {
			t.Errorf("left behind: %d places, %d follows, %d repositories, %d followers", len(h.places), len(h.follows), len(h.waiting), f.following.Load())
		}
	})
}

// always says that a pull is to wait for a time, and counts how often it is asked.
func always(most time.Duration, asked *atomic.Int64) func() (time.Duration, error) {
	return func() (time.Duration, error) { asked.Add(1); return most, nil }
}

func TestHoldEndsWithTheScan(t *testing.T) {
	bubble(t, 10, func(t *testing.T, h *holds, f *fakeEvents) {
		begin, left := time.Now(), make(chan time.Duration, 3)
		var done atomic.Bool
		for range 3 {
			go func() {
				if err := h.wait(t.Context(), held, func() (time.Duration, error) {
					if done.Load() {
						return 0, nil
					}
					return time.Hour, nil
				}); err != nil {
					t.Error(err)
				}
				left <- time.Since(begin)
			}()
		}
		synctest.Wait()
		time.Sleep(2 * time.Second)
		other := held
		other.Repository = "other"
		f.ended <- ended(other)
		synctest.Wait()
		done.Store(true)
		f.ended <- ended(held)
		for range 3 {
			if d := <-left; d != 2*time.Second {
				t.Errorf("held for %s", d)
			}
		}
		synctest.Wait()
		if f.starts.Load() != 1 || f.following.Load() != 0 {
			t.Errorf("%d followers were started, %d are left", f.starts.Load(), f.following.Load())
		}
	})
}

func TestHoldEndsWithTheTime(t *testing.T) {
	bubble(t, 1, func(t *testing.T, h *holds, f *fakeEvents) {
		var asked atomic.Int64
		begin := time.Now()
		if err := h.wait(t.Context(), held, always(12*time.Second, &asked)); err != nil {
			t.Error(err)
		}
		// At once, at each recheck, and at the end.
		if d := time.Since(begin); d != 12*time.Second || asked.Load() != 4 {
			t.Errorf("held for %s, asked %d times", d, asked.Load())
		}
	})
}

// A scan that ends between the first look and the wait is not missed, nor one of
// which no event comes.
func TestHoldLooksForItself(t *testing.T) {
	bubble(t, 1, func(t *testing.T, h *holds, f *fakeEvents) {
		var asked atomic.Int64
		begin := time.Now()
		if err := h.wait(t.Context(), held, always(0, &asked)); err != nil || time.Since(begin) != 0 || asked.Load() != 1 {
			t.Errorf("%v after %s, asked %d times", err, time.Since(begin), asked.Load())
		}
		f.err = errors.New("the database is away")
		n := 0
		err := h.wait(t.Context(), held, func() (time.Duration, error) {
			if n++; n == 3 {
				return 0, nil
			}
			return time.Hour, nil
		})
		if d := time.Since(begin); err != nil || d != 2*recheck {
			t.Errorf("%v after %s", err, d)
		}
	})
}

func TestHoldIsBounded(t *testing.T) {
	bubble(t, 1, func(t *testing.T, h *holds, _ *fakeEvents) {
		var asked, refused atomic.Int64
		first := make(chan error, 1)
		go func() { first <- h.wait(t.Context(), held, always(time.Minute, &asked)) }()
		synctest.Wait()
		begin := time.Now()
		if err := h.wait(t.Context(), held, always(time.Minute, &refused)); err != nil || time.Since(begin) != 0 || refused.Load() != 0 {
			t.Errorf("the second is held, too: %v, %s", err, time.Since(begin))
		}
		if err := <-first; err != nil {
			t.Error(err)
		}
	})
}

func TestHoldEndsWithClientAndServer(t *testing.T) {
	bubble(t, 10, func(t *testing.T, h *holds, _ *fakeEvents) {
		var asked atomic.Int64
		begin := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := h.wait(ctx, held, always(time.Minute, &asked)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the client is gone: %v", err)
		}
		trouble := errors.New("trouble")
		if err := h.wait(t.Context(), held, func() (time.Duration, error) { return time.Minute, trouble }); !errors.Is(err, trouble) {
			t.Errorf("%v, want the trouble", err)
		}
		served := make(chan error, 1)
		go func() { served <- h.wait(t.Context(), held, always(time.Minute, &asked)) }()
		synctest.Wait()
		h.release()
		if err := <-served; err != nil {
			t.Error(err)
		}
		if err := h.wait(t.Context(), held, always(time.Minute, &asked)); err != nil || time.Since(begin) != time.Second {
			t.Errorf("held after the release: %v, %s", err, time.Since(begin))
		}
	})
}
