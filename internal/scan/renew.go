package scan

import (
	"context"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/store"
)

// maxRenewals is how many reports are made anew at the same time.
const maxRenewals = 2

// Report returns the report of an artifact by the advisories and rules in force,
// as a scan would write it now, and the scan whose facts it is made from. Where
// the one that is stored is not up to that, it is made anew from the facts; if that
// is not possible, the one that is stored is returned. NotFound "not_scanned".
func (s *Service) Report(ctx context.Context, artifactID int64) ([]byte, catalog.Scan, error) {
	doc, of, err := s.upToDate(ctx, artifactID)
	return doc, of.Scan, err
}

// upToDate is Report with what is stored of it; the key is empty where the document
// is not the one that is stored, or not up to date.
func (s *Service) upToDate(ctx context.Context, artifactID int64) ([]byte, store.StoredReport, error) {
	doc, of, err := s.cfg.Store.JudgedReport(ctx, artifactID)
	if err != nil || s.current(of) {
		return doc, of, err
	}
	select {
	case s.renewals <- struct{}{}:
		defer func() { <-s.renewals }()
	case <-ctx.Done():
		return nil, of, ctx.Err()
	}
	// Who waited may find that another one has done it.
	if doc, of, err = s.cfg.Store.JudgedReport(ctx, artifactID); err != nil || s.current(of) {
		return doc, of, err
	}
	of.Key = ""
	fresh, err := s.renew(ctx, artifactID, of.Scan.ID)
	if err != nil {
		s.cfg.Logger.Warn("a report cannot be made anew, the one that is stored is shown", "artifact", artifactID, "scan", of.Scan.ID, "error", err,
			"do", "scan the image again")
		return doc, of, nil
	}
	return fresh, of, nil
}

// current reports whether a report is by the advisories in force, or there are
// none.
func (s *Service) current(r store.StoredReport) bool {
	revision, err := s.cfg.Knowledge.Revision()
	return err != nil || revision == r.Advisories
}

// renew judges an artifact by all that is in force now, and stores what came of
// it.
func (s *Service) renew(ctx context.Context, artifactID, scanID int64) ([]byte, error) {
	pull, err := s.cfg.Store.ArtifactPull(ctx, artifactID)
	if err != nil {
		return nil, err
	}
	j := catalog.Judged{Item: catalog.JudgingItem{Level: catalog.JudgeAll, Cause: catalog.ByAdvisories, Pull: pull, ScanID: scanID}}
	if j.Item.Exposure, err = s.cfg.Store.Exposure(ctx, artifactID); err != nil {
		return nil, err
	}
	if j.Item.Exceptions, err = s.cfg.Store.ArtifactExceptions(ctx, pull.Artifact.Key, pull.Artifact.Digest); err != nil {
		return nil, err
	}
	if j.Result, err = s.reexamine(ctx, pull, scanID, false); err != nil {
		return nil, err
	}
	s.conclude(&j)
	if err := s.cfg.Store.Renew(ctx, j); err != nil && ctx.Err() == nil {
		s.cfg.Logger.Warn("a report that was made anew is not stored", "artifact", artifactID, "error", err)
	}
	return j.Result.Document, nil
}
