package registry

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/pratique/pratique/internal/catalog"
)

// recheck is how often a held pull looks for itself whether its scan has ended,
// in case the event was missed.
const recheck = 5 * time.Second

// holds lets pulls wait for the end of scans. While they wait they hold nothing
// but their connection and one of a limited number of places: one goroutine per
// instance follows its events, for as long as anybody waits there, and wakes
// those who wait for the repository that an event is about.
type holds struct {
	store  eventStore
	log    *slog.Logger
	places chan struct{}

	// closing is done when nobody is to wait any more.
	closing context.Context
	close   context.CancelFunc
	running sync.WaitGroup

	mu      sync.Mutex
	follows map[string]*follow                 // by instance; guarded by mu
	waiting map[catalog.RepositoryKey]*meeting // guarded by mu
}

// eventStore tells what happens, also in other processes.
type eventStore interface {
	Events(ctx context.Context, instanceID string, f catalog.EventFilter, before int64, limit int) ([]catalog.Event, error)
	FollowEvents(ctx context.Context, instanceID string, filter catalog.EventFilter, after int64, f func(catalog.Event) error) error
}

// follow is the following of one instance's events.
type follow struct {
	// began is closed once no event that happens from now on is missed.
	began   chan struct{}
	stop    context.CancelFunc
	waiters int // guarded by holds.mu
}

// meeting is where those wait who wait for the same repository.
type meeting struct {
	next    chan struct{} // guarded by holds.mu; closed at the next end of a scan
	waiters int           // guarded by holds.mu
}

func newHolds(store eventStore, most int, log *slog.Logger) *holds {
	h := &holds{store: store, log: log, places: make(chan struct{}, most),
		follows: map[string]*follow{}, waiting: map[catalog.RepositoryKey]*meeting{}}
	h.closing, h.close = context.WithCancel(context.Background()) // until release
	return h
}

// release ends all waiting and lets nobody wait any more.
func (h *holds) release() {
	h.mu.Lock() // no goroutine is started after close
	h.close()
	h.mu.Unlock()
	h.running.Wait()
}

// wait returns when still says 0, or when more time has passed since the call
// than it says, or when there is no place to wait, or nobody may. It asks still
// at least once, unless it returns at once, and each time a scan in the
// repository has ended. An error is that of still, or of ctx.
func (h *holds) wait(ctx context.Context, key catalog.RepositoryKey, still func() (time.Duration, error)) error {
	select {
	case h.places <- struct{}{}:
		defer func() { <-h.places }()
	default:
		return nil
	}
	begin := time.Now()
	leave, ok := h.enter(ctx, key)
	if !ok {
		return ctx.Err()
	}
	defer leave()
	for {
		changed := h.changed(key)
		most, err := still()
		left := most - time.Since(begin)
		if err != nil || left <= 0 {
			return err
		}
		timer := time.NewTimer(min(left, recheck))
		select {
		case <-changed:
		case <-timer.C:
		case <-h.closing.Done():
			timer.Stop()
			return nil
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
		timer.Stop()
	}
}

// enter begins to wait for a repository; leave ends it. It is not ok if nobody
// may wait any more, or ctx is done.
func (h *holds) enter(ctx context.Context, key catalog.RepositoryKey) (leave func(), ok bool) {
	h.mu.Lock()
	if h.closing.Err() != nil {
		h.mu.Unlock()
		return nil, false
	}
	f := h.follows[key.InstanceID]
	if f == nil {
		f = h.follow(key.InstanceID)
	}
	f.waiters++
	at := h.waiting[key]
	if at == nil {
		at = &meeting{next: make(chan struct{})}
		h.waiting[key] = at
	}
	at.waiters++
	h.mu.Unlock()
	leave = func() { h.leave(key, f, at) }
	select {
	case <-f.began:
		return leave, true
	case <-h.closing.Done():
	case <-ctx.Done():
	}
	leave()
	return nil, false
}

func (h *holds) leave(key catalog.RepositoryKey, f *follow, at *meeting) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if at.waiters--; at.waiters == 0 {
		delete(h.waiting, key)
	}
	if f.waiters--; f.waiters == 0 {
		f.stop()
		delete(h.follows, key.InstanceID)
	}
}

// changed returns what is closed at the next end of a scan in the repository.
func (h *holds) changed(key catalog.RepositoryKey) <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.waiting[key].next
}

// follow begins to follow an instance's events. The caller holds mu.
func (h *holds) follow(instance string) *follow {
	ctx, stop := context.WithCancel(h.closing)
	f := &follow{began: make(chan struct{}), stop: stop}
	h.follows[instance] = f
	h.running.Go(func() {
		defer stop()
		latest, err := h.store.Events(ctx, instance, catalog.EventFilter{}, 0, 1)
		close(f.began)
		if err == nil {
			after := int64(0)
			if len(latest) > 0 {
				after = latest[0].ID
			}
			ends := catalog.EventFilter{Kinds: []catalog.EventKind{catalog.EventScanDone, catalog.EventScanFailed}}
			err = h.store.FollowEvents(ctx, instance, ends, after, h.wake)
		}
		if err != nil && ctx.Err() == nil {
			h.log.Warn("held pulls are not told of the end of scans; they look for themselves", "error", err)
		}
	})
	return f
}

// wake wakes those who wait for what an event is about.
func (h *holds) wake(e catalog.Event) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	key := catalog.RepositoryKey{InstanceID: e.InstanceID, Namespace: e.Namespace, Repository: e.Repository}
	if at := h.waiting[key]; at != nil {
		close(at.next)
		at.next = make(chan struct{})
	}
	return nil
}
