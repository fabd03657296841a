package server

import (
	"net/http"

	"github.com/pratique/pratique/internal/api"
	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/registry"
	"github.com/pratique/pratique/internal/scan"
)

func (s *Server) openRegistry() {
	s.registry = registry.New(registry.Config{
		Store:       s.store,
		Blobs:       s.blobs,
		Access:      s.auth,
		Instance:    s.instances.of,
		Logger:      s.log,
		ObservePull: s.metrics.observePull,
		Audit:       s.audit.Record,
	})
	s.metrics.observeHeld(s.registry.Held)
}

// api makes the handler of the REST interface.
func (s *Server) api() http.Handler {
	image := scan.DefaultSettings().Image
	return api.New(api.Config{
		Store:      s.store,
		Access:     s.auth,
		Scanner:    s.scanner,
		Audit:      s.audit,
		Instance:   s.instances.of,
		Advisories: s.advisories,
		Limits: api.Limits{
			ConcurrentScans:    s.cfg.Scan.Concurrent,
			ScanTimeoutSeconds: int64(s.cfg.Scan.Timeout.Seconds()),
			ImageBytes:         image.ImageSize,
			Layers:             image.Layers,
			LayerBytes:         image.LayerSize,
			AllowlistItems:     catalog.MaxAllowlist,
		},
		Defaults:     s.settings.Defaults(),
		Rules:        s.rules,
		Tariff:       s.cfg.Metering.tariff(),
		Version:      s.version,
		OpenIDSignIn: signInPath(s.cfg.OIDC),
		Stopping:     s.stopping,
		Logger:       s.log,
	})
}
