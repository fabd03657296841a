package registry

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/pratique/pratique/internal/catalog"
)

const (
	// recordInterval is how often pulls are written.
	recordInterval = 10 * time.Second
	// maxRecords bounds how many artifacts, and how many incidents, wait to be
	// written. What is beyond is lost, which costs nothing but precision.
	maxRecords = 10_000
)

// recorder notes which artifacts were pulled, and which were refused or let pass
// against the rule, to whom, and writes it in the background, many at once, so that a pull does not wait for
// the database to write.
type recorder struct {
	store listings
	log   *slog.Logger
	stop  context.CancelFunc
	done  chan struct{}

	mu        sync.Mutex
	pulls     map[int64]catalog.PullRecord // guarded by mu
	incidents map[incident]int             // guarded by mu
}

// incident is what makes pulls the same that the gate has something to tell
// about: what became of whose pull of what, and why.
type incident struct {
	kind            catalog.EventKind
	key             catalog.RepositoryKey
	digest          string
	account, reason string
	message         string
}

// startRecorder starts a recorder; close ends it.
func startRecorder(store listings, log *slog.Logger) *recorder {
	ctx, stop := context.WithCancel(context.Background()) // until close
	r := &recorder{store: store, log: log, stop: stop, done: make(chan struct{})}
	r.take()
	go r.run(ctx)
	return r
}

// pulled notes that an artifact was pulled.
func (r *recorder) pulled(artifactID int64, at time.Time) {
	r.count(artifactID, func(p *catalog.PullRecord) {
		p.At = at
		p.Pulls++
	})
}

// refused notes that the pull of an artifact was refused; the artifact's id is 0
// for content that belongs to none.
func (r *recorder) refused(artifactID int64) {
	if artifactID != 0 {
		r.count(artifactID, func(p *catalog.PullRecord) { p.Refused++ })
	}
}

// happened notes an incident.
func (r *recorder) happened(what incident) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, known := r.incidents[what]; known || len(r.incidents) < maxRecords {
		r.incidents[what]++
	}
}

func (r *recorder) count(artifactID int64, change func(*catalog.PullRecord)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p, known := r.pulls[artifactID]
	if !known && len(r.pulls) >= maxRecords {
		return
	}
	p.ArtifactID = artifactID
	change(&p)
	r.pulls[artifactID] = p
}

// close writes the rest and returns when that is done.
func (r *recorder) close() {
	r.stop()
	<-r.done
}

func (r *recorder) run(ctx context.Context) {
	defer close(r.done)
	ticker := time.NewTicker(recordInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			r.flush(context.WithoutCancel(ctx))
			return
		case <-ticker.C:
			r.flush(ctx)
		}
	}
}

// take returns what is to be written and begins anew.
func (r *recorder) take() (map[int64]catalog.PullRecord, map[incident]int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	pulls, incidents := r.pulls, r.incidents
	r.pulls, r.incidents = map[int64]catalog.PullRecord{}, map[incident]int{}
	return pulls, incidents
}

func (r *recorder) flush(ctx context.Context) {
	pulls, incidents := r.take()
	ctx, cancel := context.WithTimeout(ctx, recordInterval)
	defer cancel()
	if len(pulls) > 0 {
		if err := r.store.RecordPulls(ctx, slices.Collect(maps.Values(pulls))); err != nil {
			r.log.Warn("pulls not recorded", "artifacts", len(pulls), "error", err)
		}
	}
	if len(incidents) > 0 {
		if err := r.store.EmitPulls(ctx, eventsOf(incidents)); err != nil {
			r.log.Warn("what the gate did is not recorded", "incidents", len(incidents), "error", err)
		}
	}
}

func eventsOf(incidents map[incident]int) []catalog.Event {
	events := make([]catalog.Event, 0, len(incidents))
	for what, count := range incidents {
		events = append(events, catalog.Event{
			Kind: what.kind, InstanceID: what.key.InstanceID, Namespace: what.key.Namespace, Repository: what.key.Repository, Digest: what.digest,
			Cause: what.reason,
			Data:  catalog.EventData{Account: what.account, Count: count, Detail: what.message},
		})
	}
	return events
}
