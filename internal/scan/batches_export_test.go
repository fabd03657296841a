package scan

import "context"

// Tell does what Run does every second while layers are read.
func (s *Service) Tell(ctx context.Context) { s.tell(ctx) }

// Tick does what Run does every second.
func (s *Service) Tick(ctx context.Context) error { return s.tick(ctx, s.cfg.Knowledge.Ready()) }
