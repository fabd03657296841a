package server

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/pratique/pratique/internal/advisory"
	"github.com/pratique/pratique/internal/api"
	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/scan"
)

// retryAdvisories is how long the server waits after a failed download.
const retryAdvisories = 10 * time.Minute

// advisories fetches advisories in the background, and tells of those in force
// and of how the fetching goes.
type advisories struct {
	knowledge   *scan.Knowledge
	dir, source string
	// every is the time between two downloads; 0 for one where there are none,
	// and none from then on but on request.
	every time.Duration
	log   *slog.Logger
	// wake holds a request to fetch now.
	wake chan struct{}

	mu    sync.Mutex
	state api.AdvisoryFetch
}

func newAdvisories(cfg Config, knowledge *scan.Knowledge, log *slog.Logger) *advisories {
	return &advisories{
		knowledge: knowledge,
		dir:       AdvisoriesDir(cfg.Data),
		source:    cfg.Advisories.Source,
		every:     *cfg.Advisories.Update,
		log:       log,
		wake:      make(chan struct{}, 1),
		state:     api.AdvisoryFetch{Source: cfg.Advisories.Source},
	}
}

// run fetches at once where there are no advisories, from then on as often as
// configured, and whenever somebody asks for it. A failure is logged, with what
// can be done, and never stops the server.
func (a *advisories) run(ctx context.Context) error {
	wait := a.every
	if !a.knowledge.Ready() {
		wait = 0
	}
	for {
		if err := a.pause(ctx, wait); err != nil {
			return nil
		}
		wait = a.every
		if err := a.fetch(ctx); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			a.log.Warn("advisories could not be fetched; the server goes on with what it has",
				"source", a.source, "error", err, "do", "pratique advisories import DIRECTORY")
			wait = retryAdvisories
		}
	}
}

// pause waits for a time, or until somebody asks for advisories. Where they are
// there and none are to be fetched by themselves it waits for that alone.
func (a *advisories) pause(ctx context.Context, wait time.Duration) error {
	var due <-chan time.Time
	var next time.Time
	if a.every != 0 || !a.knowledge.Ready() {
		due, next = time.After(wait), time.Now().Add(wait)
	}
	a.mu.Lock()
	a.state.NextAt = next
	a.mu.Unlock()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-due:
	case <-a.wake:
	}
	return nil
}

func (a *advisories) fetch(ctx context.Context) error {
	a.mu.Lock()
	a.state = api.AdvisoryFetch{Source: a.source, Running: true, StartedAt: time.Now()}
	a.mu.Unlock()
	err := a.download(ctx)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.state.Running, a.state.EndedAt = false, time.Now()
	if err != nil {
		a.state.Error = err.Error()
	}
	return err
}

func (a *advisories) download(ctx context.Context) error {
	opts := advisory.ImportOptions{Logger: a.log}
	fetch := func() (advisory.ImportResult, error) { return advisory.Import(ctx, a.dir, a.source, opts) }
	if a.knowledge.Ready() {
		fetch = func() (advisory.ImportResult, error) { return advisory.Update(ctx, a.dir, opts) }
	}
	result, err := fetch()
	if err != nil {
		return err
	}
	a.log.Info("advisories fetched", "source", a.source, "revision", result.Revision, "changed", result.Changed)
	return nil
}

// Update asks for advisories now and reports whether that is news.
func (a *advisories) Update() bool {
	if a.Fetch().Running {
		return false
	}
	select {
	case a.wake <- struct{}{}:
		return true
	default:
		return false
	}
}

// Fetch tells how fetching goes.
func (a *advisories) Fetch() api.AdvisoryFetch {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.state
}

// InForce describes the database in force, nil if there is none.
func (a *advisories) InForce() []api.AdvisoryInfo {
	var out []api.AdvisoryInfo
	err := a.knowledge.Use(func(db *advisory.DB) error {
		for _, e := range append(db.Info(), db.Tables()...) {
			out = append(out, api.AdvisoryInfo{Ecosystem: e.Name, Records: e.Records, Newest: e.Newest, Size: e.Size})
		}
		return nil
	})
	if err != nil {
		return nil
	}
	return out
}

// Threats tells what is known of vulnerabilities apart from any package.
func (a *advisories) Threats(ids []string) ([]api.Threat, error) {
	out := make([]api.Threat, len(ids))
	err := a.use(func(db *advisory.DB) error {
		threats, err := db.Threats(ids)
		for i, t := range threats {
			out[i] = api.Threat(t)
		}
		return err
	})
	return out, err
}

// Titles returns the titles of vulnerabilities by id.
func (a *advisories) Titles(keys []catalog.VulnerabilityKey) (titles map[string]string, err error) {
	ids := make(map[advisory.PackageKey][]string)
	for _, k := range keys {
		key := advisory.PackageKey(k.AdvisoryKey)
		ids[key] = append(ids[key], k.ID)
	}
	err = a.use(func(db *advisory.DB) (err error) {
		titles, err = db.Titles(ids)
		return err
	})
	return titles, err
}

// use calls f with the database in force, if there is one.
func (a *advisories) use(f func(*advisory.DB) error) error {
	err := a.knowledge.Use(f)
	if errors.Is(err, advisory.ErrNone) {
		return nil
	}
	return err
}
