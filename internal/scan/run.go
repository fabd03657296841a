package scan

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/store"
)

// promoteEvery bounds how long a scan waits for its turn when no signal tells
// of it, for example because another process accepted it.
const promoteEvery = time.Second

// stopGrace is how long running jobs may go on when the service stops. What
// is not done by then runs again after the next start.
const stopGrace = 10 * time.Second

// Run works on scans until ctx is done, and then stops: jobs under way may
// finish within ten seconds. It returns early only if the queue cannot start.
func (s *Service) Run(ctx context.Context) error {
	stop, err := s.cfg.Store.Work(ctx, s.handlers(), store.QueueOptions{
		Layers: s.cfg.Settings.Workers,
		Judges: 1,
	})
	if err != nil {
		if ctx.Err() != nil {
			return nil // stopped while it started
		}
		return err
	}
	var beside sync.WaitGroup
	beside.Go(func() { s.tellProgress(ctx) })
	beside.Go(func() { s.judgeAgainUntil(ctx) })
	s.promoteUntil(ctx)
	beside.Wait()
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopGrace)
	defer cancel()
	return stop(grace)
}

// promoteUntil promotes waiting scans and ends overdue ones until ctx is done.
func (s *Service) promoteUntil(ctx context.Context) {
	ticker := time.NewTicker(promoteEvery)
	defer ticker.Stop()
	var waiting bool
	for {
		ready := s.cfg.Knowledge.Ready()
		if !ready && !waiting {
			s.cfg.Logger.Warn("scans wait until there are advisories", "do", "pratique advisories import DIRECTORY or wait for the download")
		}
		waiting = !ready
		if err := s.tick(ctx, ready); err != nil && ctx.Err() == nil {
			s.cfg.Logger.Error("promoting scans", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case <-s.cfg.Store.Signal():
		}
	}
}

// tick promotes what may run in every instance, goes on with batches and sweeps
// what is overdue. No scan is promoted before there are advisories: its report
// would be empty and open the gate. Trouble with batches does not keep other
// scans from their turn.
func (s *Service) tick(ctx context.Context, ready bool) error {
	if _, err := s.cfg.Store.SweepDeadlines(ctx); err != nil {
		return err
	}
	batches := errors.Join(s.runSchedules(ctx), s.advanceBatches(ctx))
	if !ready {
		return batches
	}
	return errors.Join(batches, s.promote(ctx))
}

func (s *Service) promote(ctx context.Context) error {
	instances, err := s.cfg.Store.Instances(ctx)
	if err != nil {
		return err
	}
	for _, inst := range instances {
		settings, err := s.settings(ctx, inst.ID)
		if err != nil {
			return err
		}
		if _, err := s.cfg.Store.Promote(ctx, inst.ID, settings.Concurrent, settings.Timeout); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) handlers() store.Handlers {
	return store.Handlers{
		Plan:  s.plan,
		Layer: s.layer,
		Judge: s.judge,
		PlanFailed: func(ctx context.Context, scanID int64, err error) {
			s.fail(ctx, scanID, scanError(err, catalog.CauseUnknown))
		},
		LayerFailed: func(ctx context.Context, job catalog.LayerJob, err error) {
			s.failLayer(ctx, job, scanError(err, catalog.CauseSoftware))
		},
		JudgeFailed: func(ctx context.Context, scanID int64, err error) {
			s.fail(ctx, scanID, scanError(err, catalog.CauseVulnerabilities))
		},
		Ended: s.ended,
	}
}

// scanError finds the cause in an error, or gives it one: the store's own
// troubles are the database's, all else is what the step stands for.
func scanError(err error, otherwise catalog.Cause) *catalog.ScanError {
	var (
		scan    *catalog.ScanError
		storage *storageError
		step    *stepError
	)
	switch {
	case errors.As(err, &scan):
		return scan
	case errors.As(err, &storage):
		return &catalog.ScanError{Cause: catalog.CauseRegistryAccess, Err: err,
			Detail: fmt.Sprintf("blob %s cannot be read from the storage; the log tells why", storage.digest)}
	case errors.As(err, &step):
		otherwise = step.cause
	case errors.Is(err, context.DeadlineExceeded):
		otherwise = catalog.CauseTimeout
	case catalog.Is(err, catalog.Unavailable):
		return catalog.ScanErrorf(catalog.CauseDatabase, "%w", err)
	}
	return &catalog.ScanError{Cause: otherwise, Detail: "an unexpected error, which the log tells", Err: err}
}

// stepError gives the cause of a step to trouble that may pass.
type stepError struct {
	cause catalog.Cause
	err   error
}

func (e *stepError) Error() string { return e.err.Error() }
func (e *stepError) Unwrap() error { return e.err }

// fail ends a scan as failed. An error here leaves the scan to its deadline.
func (s *Service) fail(ctx context.Context, scanID int64, cause *catalog.ScanError) {
	err := s.cfg.Store.FailScan(ctx, scanID, cause.Cause, cause.Detail)
	switch {
	case catalog.Is(err, catalog.NotFound), catalog.Is(err, catalog.Conflict):
		// It was deleted or has ended meanwhile.
	case err != nil:
		s.cfg.Logger.Error("recording a failed scan", "scan", scanID, "cause", cause, "error", err)
	}
}

func (s *Service) failLayer(ctx context.Context, job catalog.LayerJob, cause *catalog.ScanError) {
	if err := s.cfg.Store.FailLayer(ctx, job, cause.Cause, cause.Detail); err != nil {
		s.cfg.Logger.Error("recording a failed layer", "layer", job.Digest, "error", err)
	}
}

// ended is told of every scan that this process has ended.
func (s *Service) ended(scan catalog.Scan) {
	if scan.State == catalog.Failed {
		s.cfg.Logger.Warn("scan failed", "scan", scan.ID, "cause", scan.Cause, "detail", scan.Detail)
	}
	s.cfg.Observe(scan)
}
