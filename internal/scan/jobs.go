package scan

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/pratique/pratique/internal/advisory"
	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/engine"
	"github.com/pratique/pratique/internal/gate"
	"github.com/pratique/pratique/internal/image"
	"github.com/pratique/pratique/internal/judge"
	"github.com/pratique/pratique/internal/priority"
	"github.com/pratique/pratique/internal/report"
)

// plan turns a promoted scan into layer jobs.
func (s *Service) plan(ctx context.Context, scanID int64) error {
	scan, pull, err := s.subject(ctx, scanID)
	if err != nil || scan.State != catalog.Running {
		return s.finally(ctx, scanID, err)
	}
	if err := s.passGates(ctx, pull); err != nil {
		return s.finally(ctx, scanID, err)
	}
	settings, err := s.settings(ctx, scan.InstanceID)
	if err != nil {
		return err
	}
	img, named, err := s.look(ctx, pull)
	if err == nil {
		pull.Artifact.Platform = img.Platform // which older pushes did not record
		err = eligible(pull)
	}
	if err == nil {
		err = s.limits(settings).Check(img)
	}
	if err != nil {
		return s.finally(ctx, scanID, err)
	}
	lens, err := s.lens(ctx, pull.Artifact.Key.InstanceID, pull.Artifact.Key.Namespace)
	if err != nil {
		return s.finally(ctx, scanID, err)
	}
	var jobs []catalog.LayerJob
	for _, l := range img.Layers {
		if here, err := s.here(ctx, l); err != nil {
			return err
		} else if !here {
			continue
		}
		jobs = append(jobs, catalog.LayerJob{
			InstanceID: scan.InstanceID,
			DiffID:     l.DiffID,
			Collectors: lens.engine.Version(),
			Digest:     l.Digest,
			MediaType:  l.MediaType,
			Size:       l.Size,
		})
	}
	if pull.Artifact.Kind == catalog.KindChart {
		err = s.cfg.Store.SetNamedImages(ctx, scan.ArtifactID, named)
	} else {
		err = s.cfg.Store.SetStack(ctx, scan.ArtifactID, img.Stack())
	}
	if err != nil {
		return s.finally(ctx, scanID, err)
	}
	return s.cfg.Store.Plan(ctx, scanID, jobs)
}

// here reports whether a layer is to be read: one that may be elsewhere is if the
// registry has it all the same.
func (s *Service) here(ctx context.Context, l image.Layer) (bool, error) {
	if !l.Elsewhere {
		return true, nil
	}
	r, err := s.cfg.Blobs.Get(ctx, l.Digest)
	if catalog.Is(err, catalog.NotFound) {
		return false, nil
	}
	if err != nil {
		return false, &storageError{l.Digest, err}
	}
	return true, r.Close()
}

// layer gains the facts of one layer and stores them.
func (s *Service) layer(ctx context.Context, job catalog.LayerJob) error {
	settings, err := s.settings(ctx, job.InstanceID)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, settings.Timeout)
	defer cancel()
	lens, err := s.lensFor(ctx, job.InstanceID, job.Namespace, job.Collectors)
	if err != nil {
		return s.layerError(ctx, job, err)
	}
	reading, done := s.meter.begin(job)
	defer done()
	var facts *report.LayerFacts
	err = priority.Run(ctx, func(ctx context.Context) (err error) {
		facts, err = lens.engine.Layer(ctx, image.Layer{
			Digest:    job.Digest,
			DiffID:    job.DiffID,
			MediaType: job.MediaType,
			Size:      job.Size,
			Open: func(ctx context.Context) (io.ReadCloser, error) {
				r, err := s.openBlob(ctx, job.Digest)
				if err != nil {
					return nil, err
				}
				return reading.count(r), nil
			},
		})
		return err
	})
	if err != nil {
		return s.layerError(ctx, job, err)
	}
	if !engine.Repeatable(facts) && !job.LastAttempt {
		// Facts are kept for as long as the layer is, so what only bad luck has
		// left out of them is worth another try.
		return fmt.Errorf("layer %s was not read completely", job.Digest)
	}
	doc, err := engine.EncodeFacts(facts)
	if err != nil {
		return err
	}
	return s.cfg.Store.PutFacts(ctx, job, doc)
}

// layerError decides what it means that a layer could not be read: an error
// makes the job run again, unless this was its last attempt.
func (s *Service) layerError(ctx context.Context, job catalog.LayerJob, err error) error {
	var storage *storageError
	if errors.As(err, &storage) {
		return storage
	}
	var scan *catalog.ScanError
	if errors.As(err, &scan) && ctx.Err() == nil {
		s.failLayer(ctx, job, scan)
		return nil
	}
	return err
}

// judge merges the facts of a scan's layers, judges them by today's knowledge
// and publishes report and verdict.
func (s *Service) judge(ctx context.Context, scanID int64) error {
	scan, pull, err := s.subject(ctx, scanID)
	if err != nil || scan.State != catalog.Running {
		return s.finally(ctx, scanID, err)
	}
	collectors, err := s.cfg.Store.Collectors(ctx, scanID)
	if err != nil {
		return err
	}
	lens, err := s.lensFor(ctx, scan.InstanceID, pull.Artifact.Key.Namespace, collectors)
	if err != nil {
		return s.finally(ctx, scanID, err)
	}
	var result catalog.Result
	var rep *report.Report
	err = priority.Run(ctx, func(ctx context.Context) (err error) {
		result, rep, err = s.examine(ctx, pull, scan, lens, collectors)
		return err
	})
	if err != nil {
		return s.finally(ctx, scanID, err)
	}
	pull.Reported = true
	scan.Risky = risky(rep)
	if result.Verdict, err = s.decide(ctx, pull, result.Exposure); err != nil {
		return err
	}
	if err := s.cfg.Store.FinishScan(ctx, scan, result); err != nil {
		if catalog.Is(err, catalog.Conflict) {
			s.cfg.Logger.Info("scan ended elsewhere, result dropped", "scan", scanID)
			return nil
		}
		return err
	}
	s.cfg.Logger.Info("scan done", "scan", scanID, "image", pull.Artifact.Name(),
		"vulnerabilities", rep.Summary.Total, "findings", rep.Summary.Findings.Total, "worst", rep.Summary.Severity, "verdict", result.Verdict.Decision)
	return nil
}

// examine judges an artifact by today's knowledge and the rules of a lens, from
// the facts that collectors of a version have gained for a scan.
func (s *Service) examine(ctx context.Context, pull catalog.Pull, scan catalog.Scan, l lens, collectors string) (r catalog.Result, rep *report.Report, err error) {
	img, named, err := s.look(ctx, pull)
	if err != nil {
		return r, nil, err
	}
	facts, err := s.facts(ctx, img, l, collectors)
	if err != nil {
		return r, nil, err
	}
	if pull.Artifact.Kind == catalog.KindChart {
		facts.Notes = append(facts.Notes, chartNote(named))
	}
	bases, err := s.bases(ctx, pull.Artifact, &facts.Image, l)
	if err != nil {
		return r, nil, &stepError{catalog.CauseBaseImage, err}
	}
	return s.result(facts, judge.Options{Rules: l.rules, Bases: bases, Categories: categoriesOf(pull.Artifact.Kind, judged(scan.Categories)), Probe: s.cfg.Probe})
}

// chartNote says that the report is of the chart's own files.
func chartNote(named []string) report.Note {
	n := report.Note{Code: "chart", Message: "This is the report of the chart's own files; it names no images that could be made out."}
	if len(named) > 0 {
		n.Message = fmt.Sprintf("This is the report of the chart's own files. The images it names have reports of their own: %s.", strings.Join(named, ", "))
	}
	return n
}

// categoriesOf leaves out what is about images only: nobody starts a chart.
func categoriesOf(kind catalog.ArtifactKind, chosen []report.Category) []report.Category {
	if kind != catalog.KindChart {
		return chosen
	}
	if chosen == nil {
		chosen = report.Categories()
	}
	return slices.DeleteFunc(slices.Clone(chosen), func(c report.Category) bool { return c == report.Baseline || c == report.BaseImage })
}

// result judges facts and makes of that what is to be published, but for the
// verdict.
func (s *Service) result(facts *report.ImageFacts, o judge.Options) (r catalog.Result, rep *report.Report, err error) {
	err = s.know(func(db *advisory.DB) error {
		known := judge.Memo(db)
		if rep, err = judge.Report(facts, known, o); err != nil {
			return err
		}
		r.Advisories = rep.Advisories.Revision
		r.Packages, err = packageSets(facts, known)
		return err
	})
	if err != nil {
		return r, nil, err
	}
	r.Exposure = exposureOf(rep.Vulnerabilities, rep.Findings)
	r.Base = baseRules(rep.Findings)
	r.Document, err = json.Marshal(rep)
	return r, rep, err
}

// decide is the gate's answer about an artifact, now.
func (s *Service) decide(ctx context.Context, pull catalog.Pull, exposure []catalog.Exposure) (catalog.Verdict, error) {
	exceptions, err := s.cfg.Store.ArtifactExceptions(ctx, pull.Artifact.Key, pull.Artifact.Digest)
	if err != nil {
		return catalog.Verdict{}, err
	}
	return gate.Decide(pull, exposure, exceptions, s.cfg.Now()), nil
}

// subject reads a scan and the artifact it is about.
func (s *Service) subject(ctx context.Context, scanID int64) (catalog.Scan, catalog.Pull, error) {
	scan, err := s.cfg.Store.Scan(ctx, scanID)
	if err != nil {
		return scan, catalog.Pull{}, err
	}
	pull, err := s.cfg.Store.ArtifactPull(ctx, scan.ArtifactID)
	return scan, pull, err
}

// finally ends a job whose outcome will not change by trying again: a scan
// that cannot succeed fails with its cause, one that is gone is forgotten.
// Other errors are returned, so that the job is tried again.
func (s *Service) finally(ctx context.Context, scanID int64, err error) error {
	var scan *catalog.ScanError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &scan): // first: what is missing may be a blob
		s.fail(ctx, scanID, scan)
		return nil
	case catalog.Is(err, catalog.NotFound):
		return nil
	}
	return err
}

// open reads manifest and configuration of an artifact from our own storage.
func (s *Service) open(ctx context.Context, pull catalog.Pull) (*image.Image, error) {
	img, _, err := s.look(ctx, pull)
	return img, err
}

// look is open, and returns the images that a chart names.
func (s *Service) look(ctx context.Context, pull catalog.Pull) (img *image.Image, named []string, err error) {
	if pull.Artifact.Kind != catalog.KindChart {
		img, err = s.openImage(ctx, pull)
		return img, nil, err
	}
	img, named, err = image.NewChart(ctx, pull.Artifact.Name(), pull.Content, pull.Artifact.MediaType,
		func(ctx context.Context, d catalog.Descriptor) (io.ReadCloser, error) {
			return s.openBlob(ctx, d.Digest)
		})
	var storage *storageError
	if errors.As(err, &storage) {
		err = storage // which may pass
	}
	return img, named, err
}

func (s *Service) openImage(ctx context.Context, pull catalog.Pull) (*image.Image, error) {
	name := pull.Artifact.Name()
	config, err := s.config(ctx, pull.Content)
	if err != nil {
		return nil, fmt.Errorf("the configuration of %s: %w", name, err)
	}
	img, err := image.New(name, pull.Content, pull.Artifact.MediaType, config,
		func(ctx context.Context, d catalog.Descriptor) (io.ReadCloser, error) {
			return s.openBlob(ctx, d.Digest)
		})
	if catalog.Is(err, catalog.Invalid) {
		return nil, catalog.ScanErrorf(catalog.CauseDetailNotFound, "%s: %w", name, err)
	}
	return img, err
}

// config reads the configuration that a manifest names. A manifest that names
// none has an empty one, which image.New refuses with the reason.
func (s *Service) config(ctx context.Context, manifest []byte) ([]byte, error) {
	var m struct{ Config struct{ Digest string } }
	if json.Unmarshal(manifest, &m) != nil || m.Config.Digest == "" {
		return nil, nil
	}
	r, err := s.openBlob(ctx, m.Config.Digest)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	raw, err := io.ReadAll(io.LimitReader(r, image.MaxConfig+1))
	if err == nil && len(raw) > image.MaxConfig {
		err = catalog.ScanErrorf(catalog.CauseDetailNotFound, "it has more than %d bytes", image.MaxConfig)
	}
	return raw, err
}

// openBlob opens a blob of our own storage. What goes wrong with it is a
// *storageError, unless it is certain that the blob is missing.
func (s *Service) openBlob(ctx context.Context, digest string) (io.ReadCloser, error) {
	r, err := s.cfg.Blobs.Get(ctx, digest)
	switch {
	case catalog.Is(err, catalog.NotFound):
		return nil, catalog.ScanErrorf(catalog.CauseDownload, "blob %s is missing: %w", digest, err)
	case err != nil:
		return nil, &storageError{digest, err}
	}
	return blobReader{r, digest}, nil
}

// storageError says that a blob could not be read although it is there. That
// may pass, so it is worth trying again.
type storageError struct {
	digest string
	err    error
}

func (e *storageError) Error() string {
	return fmt.Sprintf("blob %s cannot be read from the storage: %v", e.digest, e.err)
}

func (e *storageError) Unwrap() error { return e.err }

// blobReader tells trouble of the storage from trouble with what it holds.
type blobReader struct {
	io.ReadCloser
	digest string
}

func (r blobReader) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		err = &storageError{r.digest, err}
	}
	return n, err
}

// facts reads the facts of all layers, of collectors of a version, and merges
// them with what the image's configuration tells by the rules of a lens.
func (s *Service) facts(ctx context.Context, img *image.Image, l lens, collectors string) (*report.ImageFacts, error) {
	diffIDs := make([]string, len(img.Layers))
	for i, l := range img.Layers {
		diffIDs[i] = l.DiffID
	}
	docs, err := s.cfg.Store.Facts(ctx, diffIDs, collectors)
	if err != nil {
		return nil, err
	}
	layers := make([]*report.LayerFacts, len(diffIDs))
	for i, id := range diffIDs {
		if docs[id] == nil && img.Layers[i].Elsewhere {
			layers[i] = engine.NotRead(img.Layers[i])
			continue
		}
		if layers[i], err = engine.DecodeFacts(docs[id]); err != nil {
			return nil, fmt.Errorf("facts of layer %s: %w", id, err)
		}
	}
	return engine.Merge(img.Report(ctx, l.rules), layers)
}

// report judges facts by rules and the advisories in force.
func (s *Service) report(facts *report.ImageFacts, o judge.Options) (rep *report.Report, err error) {
	err = s.know(func(db *advisory.DB) error {
		rep, err = judge.Report(facts, db, o)
		return err
	})
	return rep, err
}

// know calls f with the advisories in force. The error is a *catalog.ScanError
// if there are none.
func (s *Service) know(f func(*advisory.DB) error) error {
	err := s.cfg.Knowledge.Use(f)
	if errors.Is(err, advisory.ErrNone) {
		return catalog.ScanErrorf(catalog.CauseVulnerabilities, "there are no advisories to judge by: %w", err)
	}
	return err
}

// maxTitle bounds the title of a finding in an exposure, in bytes.
const maxTitle = 120

// exposureOf reduces a report to what the gate decides by: vulnerabilities, and
// findings of the categories that a namespace may block by. A package that is
// malicious counts as a vulnerability as well: it is found by advisories, too, and
// must not get out more easily for having a category of its own.
func exposureOf(vulnerabilities []report.Vulnerability, findings []report.Finding) []catalog.Exposure {
	out := make([]catalog.Exposure, 0, len(vulnerabilities))
	for i := range vulnerabilities {
		out = append(out, exposed(&vulnerabilities[i]))
	}
	for _, f := range findings {
		if f.Category == report.Malicious && f.Package != "" {
			e := catalog.Exposure{ID: f.Rule, Severity: f.Severity, Package: f.Package, Version: f.Version,
				Category: report.Application, FindingID: f.FindingID}
			e.Paths, e.Layer = places(f.Locations)
			out = append(out, e)
		}
	}
	for _, f := range findings {
		if !slices.Contains(catalog.BlockableCategories(), f.Category) {
			continue
		}
		e := catalog.Exposure{
			Severity: f.Severity, Package: f.Package, Version: f.Version,
			Category: f.Category, FindingID: f.FindingID, Rule: f.Rule,
			Title: strings.ToValidUTF8(f.Title[:min(len(f.Title), maxTitle)], ""),
		}
		e.Paths, e.Layer = places(f.Locations)
		out = append(out, e)
	}
	return out
}

// baseRules lists what was found of the base image. Each of its rules finds one
// thing at most.
func baseRules(findings []report.Finding) (rules []catalog.RuleUse) {
	for _, f := range findings {
		if f.Category == report.BaseImage {
			rules = append(rules, catalog.RuleUse{Rule: f.Rule, Title: f.Title, Severity: f.Severity, Amount: 1})
		}
	}
	return rules
}

func exposed(v *report.Vulnerability) catalog.Exposure {
	e := catalog.Exposure{
		ID: v.ID, Aliases: v.Aliases, Severity: v.Severity,
		Package: v.Package, Version: v.Version, FixedVersion: v.FixedVersion,
		Category: v.Category, FindingID: v.FindingID,
	}
	if at, err := time.Parse(time.RFC3339, v.Published); err == nil {
		e.Published = at.UTC()
	}
	e.Paths, e.Layer = places(v.Locations)
	return e
}

// places reduces locations, which are sorted by path, to paths and the first
// one's layer.
func places(at []report.Location) (paths []string, layer int) {
	for _, l := range at {
		paths = append(paths, l.Path)
	}
	if len(at) > 0 {
		layer = at[0].Layer
	}
	return slices.Compact(paths), layer
}
