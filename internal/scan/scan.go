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

// Settings are the limits of an instance (§2.2, §2.5).
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

// Blobs is where layers are read from.
type Blobs interface {
	Get(ctx context.Context, digest string) (blob.Reader, error)
}

// Config is what a Service needs; all fields but Rules, RuleSet, Now and Observe are
// required.
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
}

// Service runs scans.
type Service struct {
	cfg    Config
	lenses *lenses
	// renewals holds a place for each report that is being made anew.
	renewals chan struct{}
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
	return &Service{cfg: cfg, lenses: newLenses(cfg.Rules, cfg.RuleSet, cfg.Engine), renewals: make(chan struct{}, maxRenewals)}
}

// Request asks for a scan of an artifact. It answers at once; the scan waits
// its turn. Errors: NotFound for an unknown artifact, Denied "gate_closed" at a
// gate that is not open, Invalid where its kind
// cannot be scanned or it has no tag, Conflict "scan_in_progress" while another
// one of the same artifact waits or runs.
func (s *Service) Request(ctx context.Context, artifactID int64, trigger catalog.Trigger) (catalog.Scan, error) {
	pull, err := s.cfg.Store.ArtifactPull(ctx, artifactID)
	if err != nil {
		return catalog.Scan{}, err
	}
	if err := s.mayRequest(ctx, pull.Artifact.Key.InstanceID); err != nil {
		return catalog.Scan{}, err
	}
	if err := s.eligible(ctx, pull.Artifact); err != nil {
		return catalog.Scan{}, err
	}
	scan, err := s.cfg.Store.RequestScan(ctx, artifactID, trigger)
	if catalog.Is(err, catalog.Conflict) {
		err = catalog.Errorf(catalog.Conflict, "scan_in_progress", "%s is being scanned or waits for it", artifactName(pull.Artifact)).
			Advise("wait until that scan has ended")
	}
	return scan, err
}

// Stop ends a scan that waits or runs; the artifact's earlier report stays in
// force. by names who wants it.
//
// Errors: NotFound "scan_not_found"; Conflict "scan_ended".
func (s *Service) Stop(ctx context.Context, scanID int64, by string) error {
	return s.cfg.Store.FailScan(ctx, scanID, catalog.CauseStopped, "stopped by "+by)
}

// eligible says whether an artifact may be scanned at all (§2.2). What only
// its manifest tells is checked when the scan is planned.
func (s *Service) eligible(ctx context.Context, a catalog.Artifact) error {
	name := artifactName(a)
	switch a.Kind {
	case catalog.KindImage:
	case catalog.KindIndex:
		return catalog.Errorf(catalog.Invalid, "multi_architecture",
			"%s is an index of images for several platforms, which is not scanned as a whole", name).
			Advise("scan its members by digest; they are scanned by themselves where the namespace scans automatically")
	case catalog.KindChart:
		return catalog.Errorf(catalog.Invalid, "not_scannable", "%s is a Helm chart, not an image", name).
			Advise("scan the images the chart names")
	default:
		return catalog.Errorf(catalog.Invalid, "not_scannable", "%s is not a container image", name)
	}
	if len(a.Tags) > 0 {
		return nil
	}
	member, err := s.cfg.Store.IsMember(ctx, a.ID)
	if err != nil {
		return err
	}
	if !member {
		return catalog.Errorf(catalog.Invalid, "untagged", "%s has no tag, and only tagged images are scanned", name).
			Advise("tag it and scan again")
	}
	return nil
}

// artifactName is how messages name an artifact: by its first tag, or else by
// its digest.
func artifactName(a catalog.Artifact) string {
	if len(a.Tags) > 0 {
		return a.Key.String() + ":" + a.Tags[0]
	}
	return a.Key.String() + "@" + a.Digest
}
