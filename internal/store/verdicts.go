package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/lru"
)

// maxMessage bounds the texts of verdicts and failures, in bytes.
const maxMessage = 8 << 10

// cachedExposures bounds the exposures that are kept, in bytes.
const cachedExposures = 32 << 20

// exposures keeps those used last by the digest of their document. A list of
// images asks for as many as it has lines.
type exposures = lru.Cache[string, cachedExposure]

type cachedExposure struct {
	list   []catalog.Exposure
	weight int
}

func newExposures() *exposures {
	return lru.New[string](cachedExposures, func(e cachedExposure) int { return e.weight })
}

// Exposure returns what the last successful scan of an artifact found, for the
// gate, worst first. It must not be changed. NotFound "not_scanned" if there was
// none.
func (s *Store) Exposure(ctx context.Context, artifactID int64) ([]catalog.Exposure, error) {
	key, err := one(ctx, s.reads, notScanned(artifactID), scalar[string], `SELECT exposure_key FROM report WHERE artifact_id = $1`, artifactID)
	if err != nil {
		return nil, s.fail("read what a scan found", err)
	}
	if kept, ok := s.exposures.Get(key); ok {
		return kept.list, nil
	}
	// By the artifact again: the document of the key may be gone since.
	content, err := one(ctx, s.reads, notScanned(artifactID), func(row scanner) (data []byte, err error) {
		return data, row.Scan(&key, &data)
	}, `SELECT r.exposure_key, d.content FROM report r JOIN document d ON d.key = r.exposure_key WHERE r.artifact_id = $1`, artifactID)
	if err != nil {
		return nil, s.fail("read what a scan found", err)
	}
	text, err := s.docs.unpack(content)
	if err != nil {
		return nil, err
	}
	var list []catalog.Exposure
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, fmt.Errorf("read what a scan of artifact %d found: %w", artifactID, err)
	}
	s.exposures.Put(key, cachedExposure{list, 2 * len(text)})
	return list, nil
}

func notScanned(artifactID int64) error {
	return catalog.Errorf(catalog.NotFound, "not_scanned", "artifact number %d has not been scanned successfully yet", artifactID).
		Advise("scan it, or wait until its scan is done")
}

// SetVerdict stores a verdict made from what Pull and Exposure returned. It
// does nothing if v.ScanID is no longer the artifact's reported scan, or if a
// verdict under a newer revision of the policy is stored already.
func (s *Store) SetVerdict(ctx context.Context, artifactID int64, v catalog.Verdict) error {
	return s.update(ctx, s.front, "store a verdict", func(tx *tx) error {
		var policyRevision, attachedRevision int64
		before, err := one(ctx, tx, nil, func(row scanner) (v catalog.Verdict, err error) {
			return v, row.Scan(&v.Decision, &v.Revision, &policyRevision, &attachedRevision)
		}, `SELECT v.decision, v.revision, (SELECT n.policy_revision FROM artifact a JOIN repository r ON r.id = a.repository_id
				JOIN namespace n ON n.id = r.namespace_id WHERE a.id = v.artifact_id),
				(SELECT a.attached_revision FROM artifact a WHERE a.id = v.artifact_id)
			FROM report v WHERE v.artifact_id = $1 AND v.scan_id = $2 AND v.revision <= $3`+tx.dialect.forUpdate,
			artifactID, v.ScanID, v.Revision)
		if err != nil || before.Decision == "" {
			return err
		}
		if err := updateVerdict(ctx, tx, artifactID, v); err != nil {
			return err
		}
		return tx.verdictEvent(ctx, artifactID, before.Decision, v, v.ScanID, verdictCause(before.Revision, v.Revision, policyRevision, attachedRevision))
	})
}

// verdictCause tells what changed a verdict that was made anew of the same
// findings: under a revision later than the one before, the policy did if its own
// revision is later, too, else what is attached to the artifact, and else an
// exception; under the same one, the time.
func verdictCause(before, now, policy, attached int64) string {
	switch {
	case before == now:
		return catalog.ByExpiry
	case before < policy:
		return catalog.ByPolicy
	case before < attached:
		return catalog.ByStatements
	}
	return catalog.ByException
}

func updateVerdict(ctx context.Context, tx *tx, artifactID int64, v catalog.Verdict) error {
	_, err := tx.exec(ctx, `UPDATE report SET decision = $1, reason = $2, message = $3, revision = $4, changes_at = $5, remaining = $6, severity = $7
		WHERE artifact_id = $8`,
		string(v.Decision), v.Reason, clean(v.Message, maxMessage), v.Revision, millis(v.ChangesAt), v.Remaining, int64(v.Severity), artifactID)
	return err
}

// Report returns the report document in force of an artifact and the scan that
// made it. The document may be of other advisories than those in force: whoever
// shows it to people asks the scanner for it. NotFound "not_scanned".
func (s *Store) Report(ctx context.Context, artifactID int64) ([]byte, catalog.Scan, error) {
	doc, of, err := s.JudgedReport(ctx, artifactID)
	return doc, of.Scan, err
}

// StoredReport describes the report document in force of an artifact.
type StoredReport struct {
	// Key names the document by its content.
	Key string
	// Scan is the one that made it.
	Scan catalog.Scan
	// Advisories is the revision of the advisories it was made by; empty if it has
	// to be made anew for another reason.
	Advisories string
}

// storedReport are the columns of a StoredReport, of "report r JOIN scan s".
var storedReport = scanColumns + `, r.document_key, CASE WHEN EXISTS (SELECT 1 FROM rejudge j WHERE j.artifact_id = r.artifact_id AND j.level = ` +
	strconv.Itoa(int(catalog.JudgeAll)) + `) THEN '' ELSE r.advisories END`

func (r *StoredReport) scan(row scanner, more ...any) error {
	var scan scanRow
	err := row.Scan(append(append(scan.dest(), &r.Key, &r.Advisories), more...)...)
	r.Scan = scan.value()
	return err
}

// ReportInForce is JudgedReport without the document. NotFound "not_scanned".
func (s *Store) ReportInForce(ctx context.Context, artifactID int64) (StoredReport, error) {
	r, err := one(ctx, s.reads, notScanned(artifactID), func(row scanner) (r StoredReport, err error) {
		return r, r.scan(row)
	}, `SELECT `+storedReport+` FROM report r JOIN scan s ON s.id = r.scan_id WHERE r.artifact_id = $1`, artifactID)
	if err != nil {
		return StoredReport{}, s.fail("read which report is in force", err)
	}
	return r, nil
}

// JudgedReport is Report with what it is by.
func (s *Store) JudgedReport(ctx context.Context, artifactID int64) (doc []byte, of StoredReport, err error) {
	var data []byte
	of, err = one(ctx, s.reads, notScanned(artifactID), func(row scanner) (r StoredReport, err error) {
		return r, r.scan(row, &data)
	}, `SELECT `+storedReport+`, d.content
		FROM report r JOIN scan s ON s.id = r.scan_id JOIN document d ON d.key = r.document_key
		WHERE r.artifact_id = $1`, artifactID)
	if err != nil {
		return nil, StoredReport{}, s.fail("read a report", err)
	}
	doc, err = s.docs.unpack(data)
	return doc, of, err
}
