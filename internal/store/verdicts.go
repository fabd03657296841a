package store

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/pratique/pratique/internal/catalog"
)

// maxMessage bounds the texts of verdicts and failures, in bytes.
const maxMessage = 8 << 10

// Exposure returns what the last successful scan of an artifact found, for the
// gate, worst first. NotFound "not_scanned" if there was none.
func (s *Store) Exposure(ctx context.Context, artifactID int64) ([]catalog.Exposure, error) {
	data, err := one(ctx, s.reads, notScanned(artifactID), scalar[[]byte],
		`SELECT d.content FROM report r JOIN document d ON d.key = r.exposure_key WHERE r.artifact_id = $1`, artifactID)
	if err != nil {
		return nil, s.fail("read what a scan found", err)
	}
	text, err := s.docs.unpack(data)
	if err != nil {
		return nil, err
	}
	var list []catalog.Exposure
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, fmt.Errorf("read what a scan of artifact %d found: %w", artifactID, err)
	}
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
		if _, err := tx.exec(ctx, `UPDATE report SET decision = $1, reason = $2, message = $3, revision = $4, changes_at = $5, remaining = $6, severity = $7
			WHERE artifact_id = $8`,
			string(v.Decision), v.Reason, clean(v.Message, maxMessage), v.Revision, millis(v.ChangesAt), v.Remaining, int64(v.Severity), artifactID); err != nil {
			return err
		}
		cause := "expiry"
		switch {
		case before.Revision == v.Revision:
		case before.Revision < policyRevision:
			cause = "policy"
		case before.Revision < attachedRevision:
			cause = "statements"
		default:
			cause = "exception"
		}
		return tx.verdictEvent(ctx, artifactID, before.Decision, v, v.ScanID, cause)
	})
}

// Report returns the report document in force of an artifact and the scan that
// made it. NotFound "not_scanned".
func (s *Store) Report(ctx context.Context, artifactID int64) ([]byte, catalog.Scan, error) {
	type found struct {
		scan catalog.Scan
		data []byte
	}
	f, err := one(ctx, s.reads, notScanned(artifactID), func(row scanner) (f found, err error) {
		var r scanRow
		err = row.Scan(append(r.dest(), &f.data)...)
		f.scan = r.value()
		return f, err
	}, `SELECT `+scanColumns+`, d.content FROM report r JOIN scan s ON s.id = r.scan_id JOIN document d ON d.key = r.document_key
		WHERE r.artifact_id = $1`, artifactID)
	if err != nil {
		return nil, f.scan, s.fail("read a report", err)
	}
	doc, err := s.docs.unpack(f.data)
	return doc, f.scan, err
}
