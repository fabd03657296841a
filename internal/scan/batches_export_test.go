package scan

import "context"

// Tick does what Run does every second.
func (s *Service) Tick(ctx context.Context) error { return s.tick(ctx, s.cfg.Knowledge.Ready()) }
