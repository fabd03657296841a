package scan

import (
	"context"
	"log/slog"
	"time"

	"github.com/pratique/pratique/internal/blob"
	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/engine"
	"github.com/pratique/pratique/internal/image"
	"github.com/pratique/pratique/internal/rules"
	"github.com/pratique/pratique/internal/store"
)

// Settings are those of this program. An instance may set its own limits.
type Settings struct {
	// Concurrent is the number of artifacts of one instance that are scanned at
	// the same time.
	Concurrent int
	// Timeout ends a scan that takes longer.
	Timeout time.Duration
	// Image bounds what is looked into.
	Image image.Limits
	// Workers is the number of layers read at the same time by this process.
	Workers int
}

// DefaultSettings are those of the specification: ten scans at a time, three
// hours, 50 GB, 127 layers, 10 GB a layer.
func DefaultSettings() Settings {
	return Settings{Concurrent: 10, Timeout: 3 * time.Hour, Image: image.DefaultLimits(), Workers: 2}
}

// Defaults are the limits of an instance that sets none (§2.2, §2.5).
func (s Settings) Defaults() catalog.InstanceSettings {
	d := catalog.DefaultInstanceSettings()
	d.Concurrent, d.Timeout = s.Concurrent, s.Timeout
	d.ImageSize, d.Layers, d.LayerSize = s.Image.ImageSize, s.Image.Layers, s.Image.LayerSize
	return d
}

// settings returns those in force in an instance.
func (s *Service) settings(ctx context.Context, instanceID string) (catalog.InstanceSettings, error) {
	stored, err := s.cfg.Store.InstanceSettings(ctx, instanceID)
	return stored.Over(s.cfg.Settings.Defaults()), err
}

// limits are what bounds an image of an instance.
func (s *Service) limits(in catalog.InstanceSettings) image.Limits {
	l := s.cfg.Settings.Image
	l.ImageSize, l.Layers, l.LayerSize = in.ImageSize, in.Layers, in.LayerSize
	return l
}

// Blobs is where layers are read from.
type Blobs interface {
	Get(ctx context.Context, digest string) (blob.Reader, error)
}

// Config is what a Service needs; all fields but Rules, RuleSet, Now, Observe and
// Probe are required.
type Config struct {
	Store     *store.Store
	Blobs     Blobs
	Engine    *engine.Engine
	Knowledge *Knowledge
	// Rules are files with rules that hold for all namespaces, beside the
	// built-in ones; RuleSet is both, loaded, and what Engine goes by.
	Rules    rules.Files
	RuleSet  *rules.Set
	Settings Settings
	Logger   *slog.Logger
	Now      func() time.Time
	// Observe is told of every scan that ended, for metrics.
	Observe func(catalog.Scan)
	// Probe lets tests provoke failures of judging, see judge.Options.
	Probe func(catalog.Cause) error
}

// Service runs scans.
type Service struct {
	cfg    Config
	lenses *lenses
	meter  *meter
	// renewals holds a place for each report that is being made anew.
	renewals chan struct{}
	decoded  *decoded
}

// New returns a service that does nothing until Run is called, but accepts
// requests.
func New(cfg Config) *Service {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Observe == nil {
		cfg.Observe = func(catalog.Scan) {}
	}
	if cfg.RuleSet == nil {
		cfg.RuleSet = rules.Default()
	}
	return &Service{cfg: cfg, lenses: newLenses(cfg.Rules, cfg.RuleSet, cfg.Engine), meter: newMeter(),
		renewals: make(chan struct{}, maxRenewals), decoded: newDecoded()}
}

// Request asks for a scan of an artifact. It answers at once; the scan waits
// its turn. For an index the images it names are scanned, and the scan returned
// is what catalog.JoinScans makes of theirs. Errors: NotFound for an unknown artifact, Denied "gate_closed" at a
// gate that is not open, Invalid as catalog.Scope.Ineligible has it, Conflict "scan_in_progress" while another
// one of the same artifact waits or runs.
func (s *Service) Request(ctx context.Context, artifactID int64, trigger catalog.Trigger) (catalog.Scan, error) {
	pull, err := s.cfg.Store.ArtifactPull(ctx, artifactID)
	if err != nil {
		return catalog.Scan{}, err
	}
	if err := s.mayRequest(ctx, pull.Artifact.Key.InstanceID); err != nil {
		return catalog.Scan{}, err
	}
	if err := pull.Namespace.Scope.Ineligible(pull.Artifact); err != nil {
		return catalog.Scan{}, err
	}
	if pull.Artifact.Kind == catalog.KindIndex {
		return s.requestMembers(ctx, pull, trigger)
	}
	scan, err := s.cfg.Store.RequestScan(ctx, artifactID, trigger)
	if catalog.Is(err, catalog.Conflict) {
		err = catalog.Errorf(catalog.Conflict, "scan_in_progress", "%s is being scanned or waits for it", pull.Artifact.Name()).
			Advise("wait until that scan has ended")
	}
	return scan, err
}

// requestMembers asks for scans of the images of an index. Those that are being
// scanned already are not scanned twice; there must be another one.
func (s *Service) requestMembers(ctx context.Context, index catalog.Pull, trigger catalog.Trigger) (catalog.Scan, error) {
	members, err := s.cfg.Store.MemberPulls(ctx, index.Artifact.ID)
	if err != nil {
		return catalog.Scan{}, err
	}
	eligible, asked := 0, 0
	for i, m := range members {
		if m.Namespace.Scope.Ineligible(m.Artifact) != nil {
			continue
		}
		eligible++
		scan, err := s.cfg.Store.RequestScan(ctx, m.Artifact.ID, trigger)
		if catalog.Is(err, catalog.Conflict) || catalog.Is(err, catalog.NotFound) { // deleted meanwhile
			continue
		}
		if err != nil {
			return catalog.Scan{}, err
		}
		asked++
		members[i].Scan = &scan
	}
	name := index.Artifact.Name()
	switch {
	case eligible == 0:
		return catalog.Scan{}, catalog.Errorf(catalog.Invalid, "not_scannable", "%s names no image in this repository that can be scanned", name).
			Advise("push its members, or have an administrator change what the instance refuses: pratique admin settings")
	case asked == 0:
		return catalog.Scan{}, catalog.Errorf(catalog.Conflict, "scan_in_progress", "all images of %s are being scanned or wait for it", name).
			Advise("wait until those scans have ended")
	}
	return *catalog.JoinScans(members), nil
}

// Stop ends a scan that waits or runs; the artifact's earlier report stays in
// force. by names who wants it.
//
// Errors: NotFound "scan_not_found"; Conflict "scan_ended".
func (s *Service) Stop(ctx context.Context, scanID int64, by string) error {
	return s.cfg.Store.FailScan(ctx, scanID, catalog.CauseStopped, "stopped by "+by)
}
