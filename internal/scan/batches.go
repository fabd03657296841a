package scan

import (
	"context"
	"errors"
	"slices"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/report"
)

// StartBatch begins to scan all images of a selection, one after the other.
// Errors: Denied "gate_closed" at any gate that is not open, since each of many
// scans would end there; else as store.CreateBatch.
func (s *Service) StartBatch(ctx context.Context, instanceID string, r catalog.BatchRequest) (catalog.Batch, error) {
	gate, err := s.closedGate(ctx, instanceID)
	if err != nil {
		return catalog.Batch{}, err
	}
	if gate != "" {
		return catalog.Batch{}, gate.Closed()
	}
	return s.cfg.Store.CreateBatch(ctx, instanceID, r)
}

// runSchedules begins the runs that are due.
func (s *Service) runSchedules(ctx context.Context) error {
	due, err := s.cfg.Store.DueSchedules(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, schedule := range due {
		errs = append(errs, s.runSchedule(ctx, schedule))
	}
	return errors.Join(errs...)
}

func (s *Service) runSchedule(ctx context.Context, schedule catalog.Schedule) error {
	gate, err := s.closedGate(ctx, schedule.InstanceID)
	if err != nil {
		return err
	}
	var problem string
	if gate != "" {
		problem = gate.Closed().Error()
	}
	batch, ok, err := s.cfg.Store.RunSchedule(ctx, schedule, problem)
	switch {
	case err != nil:
		return err
	case ok && batch.ID != 0:
		s.cfg.Logger.Info("scheduled scans begin", "schedule", schedule.Name, "batch", batch.ID, "images", batch.Selected.Images)
	case ok && problem != "":
		s.cfg.Logger.Warn("scheduled scans do not begin", "schedule", schedule.Name, "reason", problem)
	}
	return nil
}

// advanceBatches goes on with the batches that have something to do. As many
// images of each wait as may run, so that none of those is ever idle and yet a
// batch that is stopped leaves little behind.
func (s *Service) advanceBatches(ctx context.Context) error {
	active, err := s.cfg.Store.ActiveBatches(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, before := range active {
		settings, err := s.settings(ctx, before.InstanceID)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		b, err := s.cfg.Store.AdvanceBatch(ctx, before.ID, 2*settings.Concurrent)
		if err == nil && before.State == catalog.BatchRunning && b.State != catalog.BatchRunning {
			s.cfg.Logger.Info("batch of scans ended", "batch", b.ID, "state", b.State,
				"images", b.Selected.Images, "success", b.Success, "failed", b.Failed, "stopped", b.Stopped)
		}
		if !catalog.Is(err, catalog.NotFound) { // removed meanwhile
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// judged are the categories of the report of a scan that was asked to look for
// some; nil is all. The gate decides by vulnerabilities, so they are never left
// out, nor is what only informs.
func judged(chosen []report.Category) []report.Category {
	if len(chosen) == 0 {
		return nil
	}
	always := []report.Category{report.System, report.Application, report.Software, report.Files, report.BaseImage}
	return slices.DeleteFunc(report.Categories(), func(c report.Category) bool {
		return !slices.Contains(always, c) && !slices.Contains(chosen, c)
	})
}

// risky reports whether an image has what the specification counts as a risk: a
// vulnerability, an unsafe setting or password, or a malicious file (§2.4).
func risky(rep *report.Report) bool {
	return len(rep.Vulnerabilities) > 0 || slices.ContainsFunc(rep.Findings, func(f report.Finding) bool {
		return f.Category == report.Malicious || f.Category == report.Baseline || f.Category == report.Password
	})
}
