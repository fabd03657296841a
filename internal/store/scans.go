package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/pratique/pratique/internal/catalog"
)

const scanColumns = `s.id, s.instance_id, s.artifact_id, s.state, s.requested_by, s.percent, s.cause, s.detail,
	s.created_at, s.started_at, s.ended_at, s.deadline, s.attempt, s.priority, s.categories, s.risky, s.progress`

// returningScan is scanColumns for RETURNING, where there is no alias.
const returningScan = ` RETURNING id, instance_id, artifact_id, state, requested_by, percent, cause, detail,
	created_at, started_at, ended_at, deadline, attempt, priority, categories, risky, progress`

// scanRow collects the columns of scanColumns.
type scanRow struct {
	scan                              catalog.Scan
	created, started, ended, deadline int64
	categories, progress              string
}

func (r *scanRow) dest() []any {
	s := &r.scan
	return []any{&s.ID, &s.InstanceID, &s.ArtifactID, &s.State, &s.Trigger, &s.Percent, &s.Cause, &s.Detail,
		&r.created, &r.started, &r.ended, &r.deadline, &s.Attempt, &s.Priority, &r.categories, &s.Risky, &r.progress}
}

func (r *scanRow) value() catalog.Scan {
	r.scan.CreatedAt, r.scan.StartedAt = fromMillis(r.created), fromMillis(r.started)
	r.scan.EndedAt, r.scan.Deadline = fromMillis(r.ended), fromMillis(r.deadline)
	r.scan.Categories = splitCategories(r.categories)
	if r.progress != "" {
		// What cannot be read only informs.
		_ = json.Unmarshal([]byte(r.progress), &r.scan.Progress)
	}
	return r.scan
}

func scanScan(row scanner) (catalog.Scan, error) {
	var r scanRow
	err := row.Scan(r.dest()...)
	return r.value(), err
}

// insertScan begins the statement that adds a pending scan.
const insertScan = `INSERT INTO scan (instance_id, artifact_id, state, requested_by, percent, cause, detail,
	created_at, started_at, ended_at, deadline, attempt, priority, categories) `

// RequestScan adds a pending scan for everything.
//
// Errors: NotFound "artifact_not_found"; Conflict "scan_in_progress" while one
// is pending or running. One that is pending is then as urgent as the new one
// would have been, and looks for everything.
func (s *Store) RequestScan(ctx context.Context, artifactID int64, trigger catalog.Trigger) (scan catalog.Scan, err error) {
	err = s.update(ctx, s.front, "request a scan", func(tx *tx) error {
		instance, err := one(ctx, tx, artifactNotFound(artifactID), scalar[string], `SELECT n.instance_id FROM artifact a
			JOIN repository r ON r.id = a.repository_id JOIN namespace n ON n.id = r.namespace_id WHERE a.id = $1`, artifactID)
		if err != nil {
			return err
		}
		scan, err = one(ctx, tx, nil, scanScan, insertScan+`VALUES ($1, $2, 'Pending', $3, 0, '', '', $4, 0, 0, 0, 0, $5, '') ON CONFLICT DO NOTHING`+returningScan,
			instance, artifactID, string(trigger), millis(tx.now), trigger.Priority())
		if err != nil {
			return err
		}
		if scan.ID == 0 {
			_, err := tx.exec(ctx, `UPDATE scan SET priority = CASE WHEN priority > $1 THEN $1 ELSE priority END, categories = ''
				WHERE artifact_id = $2 AND state = 'Pending'`, trigger.Priority(), artifactID)
			return err
		}
		tx.signal = true
		return tx.scanEvent(ctx, catalog.EventScanWaiting, scan, catalog.EventData{})
	})
	if err == nil && scan.ID == 0 {
		err = catalog.Errorf(catalog.Conflict, "scan_in_progress", "artifact number %d is being scanned or waits for it", artifactID).
			Advise("wait until that scan has ended")
	}
	return scan, err
}

// Scan reads a scan. NotFound "scan_not_found", also if its artifact has been
// deleted.
func (s *Store) Scan(ctx context.Context, scanID int64) (catalog.Scan, error) {
	scan, err := one(ctx, s.reads, scanNotFound(scanID), scanScan, `SELECT `+scanColumns+` FROM scan s WHERE s.id = $1`, scanID)
	return scan, s.fail("read a scan", err)
}

// Scans lists the scans of an artifact, newest first.
func (s *Store) Scans(ctx context.Context, artifactID int64, limit int) ([]catalog.Scan, error) {
	list, err := all(ctx, s.reads, scanScan, `SELECT `+scanColumns+` FROM scan s WHERE s.artifact_id = $1 ORDER BY s.id DESC LIMIT $2`,
		artifactID, min(max(limit, 1), 1000))
	return list, s.fail("list scans", err)
}

// oldestEvery is how often the scan that waits longest is promoted, whatever
// its priority: once in so many promotions. So those of low priority get their
// turn however many others come, and those cost a tenth of the throughput at
// most.
const oldestEvery = 10

// Promote moves pending scans of an instance to Running while fewer than limit
// run, and enqueues a plan job for each, in one transaction under a lock on the
// instance's row, so that the limit holds across all processes. The most urgent
// go first, the oldest among them before others; every tenth promotion is that
// of the oldest of all. Where the instance's scans wait first in first out, the
// oldest always goes first. timeout sets their deadline. It returns the promoted
// scans in that order.
//
// Errors: NotFound "instance_not_found".
func (s *Store) Promote(ctx context.Context, instanceID string, limit int, timeout time.Duration) (promoted []catalog.Scan, err error) {
	// Most calls find nothing to do; they need not take the lock.
	waiting, err := one(ctx, s.background, nil, scalar[bool],
		`SELECT EXISTS (SELECT 1 FROM scan WHERE instance_id = $1 AND state = 'Pending')`, instanceID)
	if err != nil {
		return nil, s.fail("promote scans", err)
	}
	if !waiting {
		return nil, nil
	}
	err = s.update(ctx, s.back, "promote scans", func(tx *tx) error {
		promoted = nil
		before, err := one(ctx, tx, instanceNotFound(instanceID), scalar[int],
			`SELECT promotions FROM instance WHERE id = $1`+tx.dialect.forNoKeyUpdate, instanceID)
		if err != nil {
			return err
		}
		running, err := one(ctx, tx, nil, scalar[int],
			`SELECT count(*) FROM scan WHERE instance_id = $1 AND state = 'Running'`, instanceID)
		if err != nil || running >= limit {
			return err
		}
		settings, err := instanceSettings(ctx, tx, instanceID)
		if err != nil {
			return err
		}
		ids, err := nextScans(ctx, tx, instanceID, settings.Scope(), before, limit-running)
		if err != nil || len(ids) == 0 {
			return err
		}
		args := []any{millis(tx.now), millis(tx.now.Add(timeout))}
		for _, id := range ids {
			args = append(args, id)
		}
		promoted, err = all(ctx, tx, scanScan, `UPDATE scan SET state = 'Running', started_at = $1, deadline = $2, attempt = 1
			WHERE state = 'Pending' AND id IN (`+places(3, len(ids))+`)`+returningScan, args...)
		if err != nil {
			return err
		}
		if _, err := tx.exec(ctx, `UPDATE instance SET promotions = $1 WHERE id = $2`, before+len(promoted), instanceID); err != nil {
			return err
		}
		slices.SortFunc(promoted, func(a, b catalog.Scan) int { return slices.Index(ids, a.ID) - slices.Index(ids, b.ID) })
		var jobs jobList
		for _, scan := range promoted {
			jobs.plan(scan.ID, scan.Attempt)
			if err := tx.scanEvent(ctx, catalog.EventScanRunning, scan, catalog.EventData{}); err != nil {
				return err
			}
		}
		return tx.add(ctx, jobs)
	})
	return promoted, err
}

// nextScans chooses up to n scans for promotion, after so many promotions
// before.
func nextScans(ctx context.Context, tx *tx, instanceID string, scope catalog.Scope, before, n int) ([]int64, error) {
	const pending = `SELECT id FROM scan WHERE instance_id = $1 AND state = 'Pending' `
	if scope.FirstInFirstOut() {
		return all(ctx, tx, scalar[int64], pending+`ORDER BY id LIMIT $2`, instanceID, n)
	}
	urgent, err := all(ctx, tx, scalar[int64], pending+`ORDER BY priority, id LIMIT $2`, instanceID, n)
	if err != nil {
		return nil, err
	}
	oldest := (before+n)/oldestEvery - before/oldestEvery
	if oldest == 0 || len(urgent) < n {
		return urgent, nil
	}
	chosen, err := all(ctx, tx, scalar[int64], pending+`ORDER BY id LIMIT $2`, instanceID, oldest)
	if err != nil {
		return nil, err
	}
	for _, id := range urgent {
		if len(chosen) < n && !slices.Contains(chosen, id) {
			chosen = append(chosen, id)
		}
	}
	return chosen, nil
}

// lockScan reads a scan that must be running and keeps others from changing it.
func lockScan(ctx context.Context, tx *tx, scanID int64) (catalog.Scan, error) {
	scan, err := one(ctx, tx, scanLost(scanID, "it or its artifact has been deleted"), scanScan,
		`SELECT `+scanColumns+` FROM scan s WHERE s.id = $1`+tx.dialect.forUpdate, scanID)
	if err == nil && scan.State != catalog.Running {
		err = scanLost(scanID, fmt.Sprintf("it is in state %s", scan.State))
	}
	return scan, err
}

// Plan records which layers a running scan consists of and enqueues, in one
// transaction, one unique layer job for each that has no facts yet, or the
// judge job if none is missing. It replaces an earlier plan of the same scan.
//
// A layer has facts if PutFacts was called for its diff ID and collectors, and
// was called for its blob with that diff ID: facts of another blob that turned
// out to be the same layer count, facts of one that was only said to be do not.
// Layers with the same diff ID and digest are one.
//
// Errors: Conflict "scan_lost" if the scan is not running.
func (s *Store) Plan(ctx context.Context, scanID int64, layers []catalog.LayerJob) error {
	planned := distinct(layers)
	keys := make([]string, len(planned))
	for i, l := range planned {
		keys[i] = layerKey(l.LayerJob)
	}
	return s.update(ctx, s.back, "plan a scan", func(tx *tx) error {
		// Layers before scans, in all transactions that lock both. With the
		// layers locked, facts are either here now, or whoever stores them will
		// see that this scan waits for them.
		if err := tx.dialect.lockLayers(ctx, tx, keys); err != nil {
			return err
		}
		scan, err := lockScan(ctx, tx, scanID)
		if err != nil {
			return err
		}
		if _, err := tx.exec(ctx, `DELETE FROM scan_layer WHERE scan_id = $1`, scanID); err != nil {
			return err
		}
		var jobs jobList
		rows := make([][]any, len(planned))
		for i, l := range planned {
			done, err := one(ctx, tx, nil, scalar[bool],
				`SELECT EXISTS (SELECT 1 FROM facts f JOIN layer_blob b ON b.diff_id = f.diff_id
				WHERE f.diff_id = $1 AND f.collectors = $2 AND b.digest = $3)`, l.DiffID, l.Collectors, l.Digest)
			if err != nil {
				return err
			}
			rows[i] = []any{scanID, l.DiffID, l.Collectors, l.Digest, clean(l.MediaType, 255), l.Size, done, l.position}
			if !done {
				jobs.layer(l.LayerJob)
			}
		}
		if err := tx.insert(ctx, `INSERT INTO scan_layer (scan_id, diff_id, collectors, digest, media_type, size, done, position)`, rows, ""); err != nil {
			return err
		}
		scan.Progress.Layers = len(layers)
		if _, err := advance(ctx, tx, scan, catalog.LayerJob{}); err != nil {
			return err
		}
		if len(jobs) == 0 {
			jobs.judge(scanID, scan.Attempt)
		}
		return tx.add(ctx, jobs)
	})
}

// layerKey names the facts of a layer.
func layerKey(l catalog.LayerJob) string { return l.DiffID + " " + l.Collectors }

// PutFacts stores the facts of a layer and, in the same transaction, enqueues
// the judge job of each running scan that waited for nothing else. It also
// updates Percent of the waiting scans. The caller vouches that the blob
// job.Digest is the layer job.DiffID. Facts that are there already stay as they
// are; the scans are told again.
func (s *Store) PutFacts(ctx context.Context, job catalog.LayerJob, doc []byte) error {
	packed, err := s.docs.pack(doc)
	if err != nil {
		return err
	}
	return s.update(ctx, s.back, "store the facts of a layer", func(tx *tx) error {
		if err := tx.dialect.lockLayers(ctx, tx, []string{layerKey(job)}); err != nil {
			return err
		}
		if err := tx.put(ctx, packed); err != nil {
			return err
		}
		if _, err := tx.exec(ctx, `INSERT INTO facts (diff_id, collectors, document_key, created_at) VALUES ($1, $2, $3, $4)
			ON CONFLICT DO NOTHING`, job.DiffID, job.Collectors, packed.key, millis(tx.now)); err != nil {
			return err
		}
		if _, err := tx.exec(ctx, `INSERT INTO layer_blob (digest, diff_id, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
			job.Digest, job.DiffID, millis(tx.now)); err != nil {
			return err
		}
		return layerDone(ctx, tx, job)
	})
}

// waitingScans locks the running scans that wait for a layer.
func waitingScans(ctx context.Context, tx *tx, job catalog.LayerJob) ([]catalog.Scan, error) {
	return all(ctx, tx, scanScan, `SELECT `+scanColumns+` FROM scan s WHERE s.state = 'Running' AND s.id IN (
			SELECT scan_id FROM scan_layer WHERE diff_id = $1 AND collectors = $2 AND digest = $3 AND NOT done)
		ORDER BY s.id`+tx.dialect.forUpdate, job.DiffID, job.Collectors, job.Digest)
}

// layerDone tells the scans that wait for a layer that its facts are there. The
// caller has locked the layer.
func layerDone(ctx context.Context, tx *tx, job catalog.LayerJob) error {
	scans, err := waitingScans(ctx, tx, job)
	if err != nil {
		return err
	}
	var jobs jobList
	for _, scan := range scans {
		if _, err := tx.exec(ctx, `UPDATE scan_layer SET done = TRUE WHERE scan_id = $1 AND diff_id = $2 AND digest = $3`,
			scan.ID, job.DiffID, job.Digest); err != nil {
			return err
		}
		missing, err := advance(ctx, tx, scan, job)
		if err != nil {
			return err
		}
		if missing == 0 {
			jobs.judge(scan.ID, scan.Attempt)
		}
	}
	return tx.add(ctx, jobs)
}

// FailLayer fails every running scan that waits for the layer. Images that
// claim the same diff ID for another blob wait for another layer.
func (s *Store) FailLayer(ctx context.Context, job catalog.LayerJob, cause catalog.Cause, detail string) error {
	return s.update(ctx, s.back, "fail a layer", func(tx *tx) error {
		if err := tx.dialect.lockLayers(ctx, tx, []string{layerKey(job)}); err != nil {
			return err
		}
		scans, err := waitingScans(ctx, tx, job)
		if err != nil {
			return err
		}
		for _, scan := range scans {
			if _, _, err := endScan(ctx, tx, scan.ID, cause, detail); err != nil {
				return err
			}
		}
		return nil
	})
}

// endScan moves a scan that has not ended to Error; ok is false if it has.
func endScan(ctx context.Context, tx *tx, scanID int64, cause catalog.Cause, detail string) (scan catalog.Scan, ok bool, err error) {
	scan, err = one(ctx, tx, nil, scanScan, `UPDATE scan SET state = 'Error', cause = $1, detail = $2, ended_at = $3, progress = ''
		WHERE id = $4 AND state IN ('Pending', 'Running')`+returningScan, string(cause), clean(detail, maxMessage), millis(tx.now), scanID)
	if err != nil || scan.ID == 0 {
		return scan, false, err
	}
	tx.signal, tx.ended = true, append(tx.ended, scan)
	if err := tx.scanEvent(ctx, catalog.EventScanFailed, scan, catalog.EventData{}); err != nil {
		return scan, false, err
	}
	_, err = tx.exec(ctx, `DELETE FROM scan_layer WHERE scan_id = $1`, scanID)
	return scan, true, err
}

// FailScan ends a pending or running scan as Error; the artifact's earlier
// report stays in force.
//
// Errors: NotFound "scan_not_found"; Conflict "scan_ended".
func (s *Store) FailScan(ctx context.Context, scanID int64, cause catalog.Cause, detail string) error {
	return s.update(ctx, s.back, "fail a scan", func(tx *tx) error {
		_, ok, err := endScan(ctx, tx, scanID, cause, detail)
		if err != nil || ok {
			return err
		}
		state, err := one(ctx, tx, scanNotFound(scanID), scalar[string], `SELECT state FROM scan WHERE id = $1`, scanID)
		if err != nil {
			return err
		}
		return catalog.Errorf(catalog.Conflict, "scan_ended", "scan number %d has ended already, in state %s", scanID, state)
	})
}

// clockBack is how far in the future the start of a scan may lie before the clock
// is taken to have been set back. Clocks of several machines differ by less.
const clockBack = time.Minute

// SweepDeadlines fails running scans past their deadline (CauseTimeout) and
// returns them. One that has begun in the future, for the clock was set back
// meanwhile, begins its time now: it is neither ended too early nor much too late.
func (s *Store) SweepDeadlines(ctx context.Context) (ended []catalog.Scan, err error) {
	// Ordering by an expression keeps SQLite from reading all scans there ever
	// were in the order of their ids.
	const overdue = ` FROM scan s WHERE s.state = 'Running' AND s.deadline <= $1`
	some, err := one(ctx, s.background, nil, scalar[bool],
		`SELECT EXISTS (SELECT 1 FROM scan s WHERE s.state = 'Running' AND (s.deadline <= $1 OR s.started_at > $2))`,
		millis(s.now()), millis(s.now().Add(clockBack)))
	if err != nil {
		return nil, s.fail("end overdue scans", err)
	}
	if !some {
		return nil, nil
	}
	err = s.update(ctx, s.back, "end overdue scans", func(tx *tx) error {
		ended = nil
		if _, err := tx.exec(ctx, `UPDATE scan SET deadline = deadline - started_at + $1, started_at = $1
			WHERE state = 'Running' AND started_at > $2`, millis(tx.now), millis(tx.now.Add(clockBack))); err != nil {
			return err
		}
		scans, err := all(ctx, tx, scanScan, `SELECT `+scanColumns+overdue+` ORDER BY s.id + 0`+tx.dialect.forUpdate, millis(tx.now))
		if err != nil {
			return err
		}
		for _, scan := range scans {
			detail := fmt.Sprintf("the scan was not done after %s", scan.Deadline.Sub(scan.StartedAt))
			scan, ok, err := endScan(ctx, tx, scan.ID, catalog.CauseTimeout, detail)
			if err != nil {
				return err
			}
			if ok {
				ended = append(ended, scan)
			}
		}
		return nil
	})
	return ended, err
}

// Facts returns the stored documents by diff ID; missing ones are absent.
func (s *Store) Facts(ctx context.Context, diffIDs []string, collectors string) (map[string][]byte, error) {
	facts := make(map[string][]byte, len(diffIDs))
	for _, id := range diffIDs {
		if _, ok := facts[id]; ok {
			continue
		}
		// One by one: a document is large, and only one is held compressed.
		data, err := one(ctx, s.background, nil, scalar[[]byte],
			`SELECT d.content FROM facts f JOIN document d ON d.key = f.document_key WHERE f.diff_id = $1 AND f.collectors = $2`, id, collectors)
		if err != nil {
			return nil, s.fail("read the facts of a layer", err)
		}
		if data == nil {
			continue
		}
		if facts[id], err = s.docs.unpack(data); err != nil {
			return nil, fmt.Errorf("facts of layer %s: %w", id, err)
		}
	}
	return facts, nil
}

// Collectors returns the version of the facts that a running scan was planned
// with; empty for an image without layers.
func (s *Store) Collectors(ctx context.Context, scanID int64) (string, error) {
	version, err := one(ctx, s.background, nil, scalar[string], `SELECT collectors FROM scan_layer WHERE scan_id = $1 LIMIT 1`, scanID)
	return version, s.fail("read a scan's layers", err)
}

// FinishScan publishes a result and counts one unit of usage: document (kept
// under its content key; equal documents are stored once), exposure, verdict,
// what the image holds, state Success and whether it is risky, in one
// transaction. Nothing of an earlier report is left in force. If all has been
// judged by other advisories meanwhile, the artifact is to be judged again.
//
// Errors: Conflict "scan_lost" unless the scan is Running in the given attempt;
// TooLarge "document_too_large".
func (s *Store) FinishScan(ctx context.Context, scan catalog.Scan, r catalog.Result) error {
	packed, err := s.docs.packResult(r)
	if err != nil {
		return fmt.Errorf("scan %d: %w", scan.ID, err)
	}
	return s.update(ctx, s.back, "publish a report", func(tx *tx) error {
		current, err := lockScan(ctx, tx, scan.ID)
		if err != nil {
			return err
		}
		if current.Attempt != scan.Attempt {
			return scanLost(scan.ID, fmt.Sprintf("attempt %d has taken over from attempt %d", current.Attempt, scan.Attempt))
		}
		if err := tx.put(ctx, packed.document); err != nil {
			return err
		}
		if err := tx.put(ctx, packed.exposure); err != nil {
			return err
		}
		if err := putContents(ctx, tx, current.ArtifactID, packed.sets); err != nil {
			return err
		}
		if err := putRisks(ctx, tx, current.ArtifactID, r.Exposure); err != nil {
			return err
		}
		if err := putBaseRisks(ctx, tx, current.ArtifactID, r.Base); err != nil {
			return err
		}
		if err := s.putPast(ctx, tx, current, packed.exposure.key, r.Exposure); err != nil {
			return err
		}
		v := r.Verdict
		before, err := one(ctx, tx, nil, scalar[catalog.Decision], `SELECT decision FROM report WHERE artifact_id = $1`, current.ArtifactID)
		if err != nil {
			return err
		}
		if _, err := tx.exec(ctx, `INSERT INTO report (artifact_id, scan_id, document_key, exposure_key,
				decision, reason, message, revision, changes_at, remaining, severity, created_at, advisories, known_since)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $12)
			ON CONFLICT (artifact_id) DO UPDATE SET scan_id = excluded.scan_id, document_key = excluded.document_key,
				exposure_key = excluded.exposure_key, decision = excluded.decision, reason = excluded.reason, message = excluded.message,
				revision = excluded.revision, changes_at = excluded.changes_at, remaining = excluded.remaining,
				severity = excluded.severity, created_at = excluded.created_at, advisories = excluded.advisories`,
			current.ArtifactID, scan.ID, packed.document.key, packed.exposure.key, string(v.Decision), v.Reason, clean(v.Message, maxMessage), v.Revision,
			millis(v.ChangesAt), v.Remaining, int64(v.Severity), millis(tx.now), r.Advisories); err != nil {
			return err
		}
		if err := judgedBy(ctx, tx, current.ArtifactID, r.Advisories); err != nil {
			return err
		}
		if _, err := tx.exec(ctx, `UPDATE scan SET state = 'Success', percent = 100, progress = '', ended_at = $1, risky = $2 WHERE id = $3`, millis(tx.now), scan.Risky, scan.ID); err != nil {
			return err
		}
		// Layers are kept for the report in force only.
		if _, err := tx.exec(ctx, `DELETE FROM scan_layer WHERE scan_id IN (SELECT id FROM scan WHERE artifact_id = $1 AND id <> $2)`,
			current.ArtifactID, scan.ID); err != nil {
			return err
		}
		if err := meter(ctx, tx, current.ArtifactID); err != nil {
			return err
		}
		if err := tx.verdictEvent(ctx, current.ArtifactID, before, v, scan.ID, catalog.ByScan); err != nil {
			return err
		}
		current.State, current.Percent, current.Progress, current.EndedAt, current.Risky = catalog.Success, 100, catalog.Progress{}, fromMillis(millis(tx.now)), scan.Risky
		if err := tx.scanEvent(ctx, catalog.EventScanDone, current, catalog.EventData{Percent: 100, Count: vulnerabilities(r.Exposure)}); err != nil {
			return err
		}
		tx.signal, tx.ended = true, append(tx.ended, current)
		return nil
	})
}

// vulnerabilities counts those of an exposure.
func vulnerabilities(exposure []catalog.Exposure) (n int) {
	for _, e := range exposure {
		if e.IsVulnerability() {
			n++
		}
	}
	return n
}

// Statistics counts for /metrics.
type Statistics struct {
	ScansPending, ScansRunning          int
	Artifacts, Repositories, Namespaces int
}

// Statistics counts what there is, in all instances.
func (s *Store) Statistics(ctx context.Context) (Statistics, error) {
	var st Statistics
	err := s.reads.QueryRowContext(ctx, `SELECT
		(SELECT count(*) FROM scan WHERE state = 'Pending'), (SELECT count(*) FROM scan WHERE state = 'Running'),
		(SELECT count(*) FROM artifact), (SELECT count(*) FROM repository), (SELECT count(*) FROM namespace)`).
		Scan(&st.ScansPending, &st.ScansRunning, &st.Artifacts, &st.Repositories, &st.Namespaces)
	return st, s.fail("count what there is", err)
}
