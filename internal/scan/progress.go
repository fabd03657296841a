package scan

import (
	"context"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pratique/pratique/internal/catalog"
)

// tellEvery bounds how often it is written down how far scans are: once for all
// layers that this process reads.
const tellEvery = time.Second

// meter knows how much of the layers being read was read.
type meter struct {
	mu      sync.Mutex
	reading map[*reading]bool // guarded by mu
}

// reading is a layer that is being read.
type reading struct {
	job   catalog.LayerJob
	bytes atomic.Int64
	told  int64 // owned by whoever calls news
}

func newMeter() *meter { return &meter{reading: map[*reading]bool{}} }

// begin adds a layer; done removes it.
func (m *meter) begin(job catalog.LayerJob) (r *reading, done func()) {
	r = &reading{job: job}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.reading[r] = true
	return r, func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.reading, r)
	}
}

// news returns the layers of which more was read since it was called last. It is
// called by one goroutine.
func (m *meter) news() (reads []catalog.LayerRead) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for r := range m.reading {
		if n := r.bytes.Load(); n != r.told {
			r.told = n
			reads = append(reads, catalog.LayerRead{LayerJob: r.job, Bytes: n})
		}
	}
	return reads
}

// count returns a reader that counts what is read of it for the meter.
func (r *reading) count(rc io.ReadCloser) io.ReadCloser { return counted{rc, &r.bytes} }

type counted struct {
	io.ReadCloser
	bytes *atomic.Int64
}

func (c counted) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	c.bytes.Add(int64(n))
	return n, err
}

// tellProgress writes down how far scans are until ctx is done.
func (s *Service) tellProgress(ctx context.Context) {
	ticker := time.NewTicker(tellEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			s.tell(ctx)
		}
	}
}

// tell does it once. Who watches misses a step if it fails, nothing else.
func (s *Service) tell(ctx context.Context) {
	if err := s.cfg.Store.LayersRead(ctx, s.meter.news()); err != nil && ctx.Err() == nil {
		s.cfg.Logger.Warn("telling how far scans are", "error", err)
	}
}
