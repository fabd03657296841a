package server

import (
	"context"
	"time"

	"github.com/pratique/pratique/internal/advisory"
)

// retryAdvisories is how long the server waits after a failed download.
const retryAdvisories = 10 * time.Minute

// keepAdvisories fetches advisories in the background: at once where there are
// none, and from then on as often as configured. A failure is logged, with
// what can be done, and never stops the server.
func (s *Server) keepAdvisories(ctx context.Context) error {
	every := *s.cfg.Advisories.Update
	wait := every
	if !s.knowledge.Ready() {
		wait = 0
	}
	for {
		if every == 0 && s.knowledge.Ready() {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
		wait = every
		if err := s.fetchAdvisories(ctx); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			s.log.Warn("advisories could not be fetched; the server goes on with what it has",
				"source", s.cfg.Advisories.Source, "error", err,
				"do", "pratique advisories import DIRECTORY")
			wait = retryAdvisories
		}
	}
}

func (s *Server) fetchAdvisories(ctx context.Context) error {
	dir := AdvisoriesDir(s.cfg.Data)
	opts := advisory.ImportOptions{Logger: s.log}
	fetch := func() (advisory.ImportResult, error) { return advisory.Import(ctx, dir, s.cfg.Advisories.Source, opts) }
	if s.knowledge.Ready() {
		fetch = func() (advisory.ImportResult, error) { return advisory.Update(ctx, dir, opts) }
	}
	result, err := fetch()
	if err != nil {
		return err
	}
	s.log.Info("advisories fetched", "source", s.cfg.Advisories.Source, "revision", result.Revision, "changed", result.Changed)
	return nil
}
