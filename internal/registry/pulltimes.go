package registry

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

const (
	// pullTimesInterval is how often pull times are written.
	pullTimesInterval = 10 * time.Second
	// maxPullTimes bounds how many artifacts wait to have theirs written. Beyond
	// it pull times are lost, which costs nothing but precision.
	maxPullTimes = 10_000
)

// pullTimes notes when artifacts were pulled and writes it in the background,
// many at once, so that a pull does not wait for the database to write.
type pullTimes struct {
	store listings
	log   *slog.Logger
	stop  context.CancelFunc
	done  chan struct{}

	mu sync.Mutex
	at map[int64]time.Time
}

// recordPullTimes starts the recorder; close ends it.
func recordPullTimes(store listings, log *slog.Logger) *pullTimes {
	ctx, stop := context.WithCancel(context.Background()) // until close
	p := &pullTimes{store: store, log: log, stop: stop, done: make(chan struct{}), at: map[int64]time.Time{}}
	go p.run(ctx)
	return p
}

// note notes that an artifact was pulled.
func (p *pullTimes) note(artifactID int64, at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, known := p.at[artifactID]; known || len(p.at) < maxPullTimes {
		p.at[artifactID] = at
	}
}

// close writes the rest and returns when that is done.
func (p *pullTimes) close() {
	p.stop()
	<-p.done
}

func (p *pullTimes) run(ctx context.Context) {
	defer close(p.done)
	ticker := time.NewTicker(pullTimesInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			p.flush(context.WithoutCancel(ctx))
			return
		case <-ticker.C:
			p.flush(ctx)
		}
	}
}

func (p *pullTimes) flush(ctx context.Context) {
	p.mu.Lock()
	at := p.at
	p.at = map[int64]time.Time{}
	p.mu.Unlock()
	if len(at) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, pullTimesInterval)
	defer cancel()
	if err := p.store.TouchPulls(ctx, at); err != nil {
		p.log.Warn("pull times not stored", "artifacts", len(at), "error", err)
	}
}
