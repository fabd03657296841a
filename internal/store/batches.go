package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/report"
)

const batchColumns = `id, instance_id, kind, schedule_id, schedule, selection, categories, rate, requested_by, state,
	images, not_images, untagged, success, failed, stopped, risky, open, began_at, ended_at, next_at`

func scanBatch(row scanner) (b catalog.Batch, err error) {
	var selection, categories string
	var began, ended, next int64
	if err := row.Scan(&b.ID, &b.InstanceID, &b.Kind, &b.ScheduleID, &b.Schedule, &selection, &categories, &b.Rate, &b.By, &b.State,
		&b.Selected.Images, &b.Selected.NotImages, &b.Selected.Untagged, &b.Success, &b.Failed, &b.Stopped, &b.Risky, &b.Open,
		&began, &ended, &next); err != nil {
		return b, err
	}
	b.Categories = splitCategories(categories)
	b.BeganAt, b.EndedAt, b.NextAt = fromMillis(began), fromMillis(ended), fromMillis(next)
	return b, json.Unmarshal([]byte(selection), &b.Selection)
}

// joinCategories and splitCategories turn categories into text and back.
func joinCategories(categories []report.Category) string {
	words := make([]string, len(categories))
	for i, c := range categories {
		words[i] = string(c)
	}
	return strings.Join(words, ",")
}

func splitCategories(text string) (categories []report.Category) {
	for _, word := range split(text) {
		categories = append(categories, report.Category(word))
	}
	return categories
}

// Select counts what a selection would come to now.
//
// Errors: as catalog.Selection.Check; NotFound for namespaces and images that
// are not there.
func (s *Store) Select(ctx context.Context, instanceID string, sel catalog.Selection) (catalog.Selected, error) {
	if err := sel.Check(); err != nil {
		return catalog.Selected{}, err
	}
	chosen, err := newSelector(ctx, s.reads, instanceID, sel, s.now())
	if err != nil {
		return catalog.Selected{}, s.fail("select images", err)
	}
	count, err := chosen.count(ctx, s.reads)
	return count, s.fail("select images", err)
}

// selector is the part of statements that finds what a selection means: the
// table tree (id), which holds the artifacts selected and, through indexes,
// their members.
type selector struct {
	with string
	args []any
	// scope is that of the instance.
	scope catalog.Scope
}

// newSelector checks that what is selected exists.
func newSelector(ctx context.Context, q querier, instanceID string, sel catalog.Selection, now time.Time) (selector, error) {
	var named []string
	args := []any{instanceID, int64(0)}
	if sel.PushedDays > 0 {
		args[1] = millis(now.AddDate(0, 0, -sel.PushedDays))
	}
	name := func(condition string, value any) {
		args = append(args, value)
		named = append(named, fmt.Sprintf(condition, len(args)))
	}
	for _, n := range sel.Namespaces {
		ns, err := readNamespace(ctx, q, instanceID, n)
		if err != nil {
			return selector{}, err
		}
		name("n.id = $%d", ns.ID)
	}
	for _, pattern := range sel.Repositories {
		name("n.name || '/' || r.name LIKE $%d ESCAPE '!'", strings.NewReplacer("_", "!_", "*", "%").Replace(pattern))
	}
	for _, image := range sel.Images {
		id, err := imageID(ctx, q, instanceID, image)
		if err != nil {
			return selector{}, err
		}
		name("a.id = $%d", id)
	}
	where := "TRUE"
	if !sel.All {
		where = strings.Join(named, " OR ")
	}
	settings, err := instanceSettings(ctx, q, instanceID)
	if err != nil {
		return selector{}, err
	}
	roots := `
			SELECT a.id FROM namespace n JOIN repository r ON r.namespace_id = n.id JOIN artifact a ON a.repository_id = r.id
			WHERE n.instance_id = $1 AND a.pushed_at >= $2 AND (` + where + `)`
	scope := settings.Scope()
	return selector{args: args, scope: scope, with: withTree(roots, !scope.Refuses(catalog.RefuseIndexes))}, nil
}

func imageID(ctx context.Context, q querier, instanceID, image string) (int64, error) {
	key, reference, err := catalog.SplitImage(image)
	if err != nil {
		return 0, err
	}
	key.InstanceID = instanceID
	repo, err := repositoryID(ctx, q, key, "")
	if err != nil {
		return 0, err
	}
	query := `SELECT artifact_id FROM tag WHERE repository_id = $1 AND name = $2`
	if strings.Contains(reference, ":") { // no tag does
		query = `SELECT id FROM artifact WHERE repository_id = $1 AND digest = $2`
	}
	return one(ctx, q, manifestUnknown(key, reference), scalar[int64], query, repo, reference)
}

func (c selector) count(ctx context.Context, q querier) (catalog.Selected, error) {
	return one(ctx, q, nil, func(row scanner) (n catalog.Selected, err error) {
		err = row.Scan(&n.Images, &n.NotImages, &n.Untagged)
		return n, err
	}, c.with+`SELECT count(CASE WHEN eligible THEN 1 END), count(CASE WHEN kind NOT IN ('image', 'index') THEN 1 END),
			count(CASE WHEN kind = 'image' AND NOT eligible THEN 1 END)
		FROM (SELECT a.kind, (`+eligibleImage(c.scope)+`) AS eligible FROM tree CROSS JOIN artifact a WHERE a.id = tree.id) AS found`, c.args...)
}

// CreateBatch begins a batch: it finds out which images are meant and has them
// wait for their turn, those that were scanned longest ago first.
//
// Errors: as catalog.BatchRequest.Check; NotFound for namespaces and images that
// are not there; Invalid "nothing_selected" where there is no image to scan.
func (s *Store) CreateBatch(ctx context.Context, instanceID string, r catalog.BatchRequest) (b catalog.Batch, err error) {
	if err := r.Check(); err != nil {
		return b, err
	}
	err = s.update(ctx, s.front, "begin a batch", func(tx *tx) error {
		b, err = createBatch(ctx, tx, catalog.Batch{InstanceID: instanceID, Kind: catalog.BatchManual, BatchRequest: r})
		if err == nil && b.Selected.Images == 0 {
			err = catalog.Errorf(catalog.Invalid, "nothing_selected", "there is no image to scan among what is selected").
				Advise("check the selection; %d selected artifacts are no images, %d images are not scanned by the instance's settings", b.Selected.NotImages, b.Selected.Untagged)
		}
		return err
	})
	return b, err
}

func createBatch(ctx context.Context, tx *tx, b catalog.Batch) (catalog.Batch, error) {
	chosen, err := newSelector(ctx, tx, b.InstanceID, b.Selection, tx.now)
	if err != nil {
		return b, err
	}
	count, err := chosen.count(ctx, tx)
	if err != nil {
		return b, err
	}
	selection, err := json.Marshal(b.Selection)
	if err != nil {
		return b, err
	}
	id, err := one(ctx, tx, nil, scalar[int64], `INSERT INTO batch (instance_id, kind, schedule_id, schedule, selection, categories, rate,
			requested_by, state, images, not_images, untagged, success, failed, stopped, risky, open, began_at, ended_at, next_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'running', 0, $9, $10, 0, 0, 0, 0, 0, $11, 0, 0) RETURNING id`,
		b.InstanceID, string(b.Kind), b.ScheduleID, b.Schedule, string(selection), joinCategories(b.Categories), b.Rate, b.By,
		count.NotImages, count.Untagged, millis(tx.now))
	if err != nil {
		return b, err
	}
	last := len(chosen.args) + 1
	images, err := tx.exec(ctx, fmt.Sprintf(`INSERT INTO batch_item (batch_id, position, artifact_id, repository, digest, tag, state, scan_id, own, cause, detail)
		`+chosen.with+`SELECT CAST($%d AS BIGINT), row_number() OVER (ORDER BY COALESCE(p.created_at, 0), a.id), a.id, n.name || '/' || r.name, a.digest,
			COALESCE((SELECT min(t.name) FROM tag t WHERE t.artifact_id = a.id), ''), 'waiting', 0, FALSE, '', ''
		FROM tree CROSS JOIN artifact a JOIN repository r ON r.id = a.repository_id JOIN namespace n ON n.id = r.namespace_id
			LEFT JOIN report p ON p.artifact_id = a.id
		WHERE a.id = tree.id AND `+eligibleImage(chosen.scope), last), append(chosen.args, id)...)
	if err != nil {
		return b, err
	}
	tx.signal = true
	return one(ctx, tx, batchNotFound(id), scanBatch, `UPDATE batch SET images = $1 WHERE id = $2 RETURNING `+batchColumns, images, id)
}

func batchNotFound(id int64) error {
	return catalog.Errorf(catalog.NotFound, "batch_not_found", "there is no batch number %d", id).
		Advise("list batches with: pratique admin batch list")
}

// Batch reads a batch of an instance. NotFound "batch_not_found".
func (s *Store) Batch(ctx context.Context, instanceID string, id int64) (catalog.Batch, error) {
	b, err := one(ctx, s.reads, batchNotFound(id), scanBatch,
		`SELECT `+batchColumns+` FROM batch WHERE instance_id = $1 AND id = $2`, instanceID, id)
	return b, s.fail("read a batch", err)
}

// Batches lists the batches of an instance, latest first: those with an id below
// before, if that is not 0.
func (s *Store) Batches(ctx context.Context, instanceID string, before int64, limit int) ([]catalog.Batch, error) {
	list, err := all(ctx, s.reads, scanBatch, `SELECT `+batchColumns+` FROM batch
		WHERE instance_id = $1 AND (CAST($2 AS BIGINT) = 0 OR id < $2) ORDER BY id DESC LIMIT $3`, instanceID, before, min(max(limit, 1), 1000))
	return list, s.fail("list batches", err)
}

const itemColumns = `position, artifact_id, repository, digest, tag, state, scan_id, cause, detail`

func scanItem(row scanner) (i catalog.BatchItem, err error) {
	err = row.Scan(&i.Position, &i.ArtifactID, &i.Repository, &i.Digest, &i.Tag, &i.State, &i.ScanID, &i.Cause, &i.Detail)
	return i, err
}

// BatchItems lists images of a batch by position, those behind after; state ""
// means all.
func (s *Store) BatchItems(ctx context.Context, batchID int64, state catalog.ItemState, after int64, limit int) ([]catalog.BatchItem, error) {
	query := `SELECT ` + itemColumns + ` FROM batch_item WHERE batch_id = $1 AND position > $2`
	args := []any{batchID, after, min(max(limit, 1), 1000)}
	if state != "" {
		query += ` AND state = $4`
		args = append(args, string(state))
	}
	list, err := all(ctx, s.reads, scanItem, query+` ORDER BY position LIMIT $3`, args...)
	return list, s.fail("list the images of a batch", err)
}

// StopBatch ends a batch that runs: no further image is scanned, and what waits
// for its turn by this batch alone does so no more. Scans that run go on to their
// end, unless running is set. by names who wants it.
//
// Errors: NotFound "batch_not_found"; Conflict "batch_ended".
func (s *Store) StopBatch(ctx context.Context, instanceID string, id int64, running bool, by string) (b catalog.Batch, err error) {
	err = s.update(ctx, s.front, "stop a batch", func(tx *tx) error {
		if b, err = lockBatch(ctx, tx, id); err != nil {
			return err
		}
		if b.InstanceID != instanceID {
			return batchNotFound(id)
		}
		if b.State != catalog.BatchRunning {
			return catalog.Errorf(catalog.Conflict, "batch_ended", "batch number %d has ended already, it is %s", id, b.State)
		}
		if err := settleBatch(ctx, tx, &b); err != nil {
			return err
		}
		return endBatch(ctx, tx, &b, catalog.BatchStopped, running, "stopped by "+by)
	})
	return b, err
}

// lockBatch reads a batch and keeps others from changing it. Whoever locks scans
// as well locks the batch first.
func lockBatch(ctx context.Context, tx *tx, id int64) (catalog.Batch, error) {
	return one(ctx, tx, batchNotFound(id), scanBatch, `SELECT `+batchColumns+` FROM batch WHERE id = $1`+tx.dialect.forUpdate, id)
}

// save writes what changes of a batch.
func saveBatch(ctx context.Context, tx *tx, b catalog.Batch) error {
	_, err := tx.exec(ctx, `UPDATE batch SET state = $1, success = $2, failed = $3, stopped = $4, risky = $5, open = $6, ended_at = $7, next_at = $8
		WHERE id = $9`, string(b.State), b.Success, b.Failed, b.Stopped, b.Risky, b.Open, millis(b.EndedAt), millis(b.NextAt), b.ID)
	return err
}

// endBatch drops what waits and ends the batch.
func endBatch(ctx context.Context, tx *tx, b *catalog.Batch, state catalog.BatchState, running bool, why string) error {
	dropped, err := tx.exec(ctx, `UPDATE batch_item SET state = 'stopped', cause = $1, detail = $2 WHERE batch_id = $3 AND state = 'waiting'`,
		string(catalog.CauseStopped), clean(why, maxMessage), b.ID)
	if err != nil {
		return err
	}
	b.Stopped += int(dropped)
	if err := dropScans(ctx, tx, b, running, why); err != nil {
		return err
	}
	if err := settleBatch(ctx, tx, b); err != nil {
		return err
	}
	b.State, b.EndedAt = state, fromMillis(millis(tx.now))
	if err := saveBatch(ctx, tx, *b); err != nil {
		return err
	}
	return tx.emit(ctx, batchEvent(*b))
}

// dropScans ends the scans of a batch that nobody else has asked for: those that
// wait, and with running those that run as well.
func dropScans(ctx context.Context, tx *tx, b *catalog.Batch, running bool, why string) error {
	scans, err := all(ctx, tx, scalar[int64], `SELECT s.id FROM batch_item i JOIN scan s ON s.id = i.scan_id
		WHERE i.batch_id = $1 AND i.state = 'scanning' AND i.own AND s.priority = $2
			AND (s.state = 'Pending' OR ($3 AND s.state = 'Running'))
			AND NOT EXISTS (SELECT 1 FROM batch_item o JOIN batch c ON c.id = o.batch_id
				WHERE o.scan_id = s.id AND o.batch_id <> i.batch_id AND o.state = 'scanning' AND c.state = 'running')
		ORDER BY s.id`, b.ID, catalog.PriorityBatch, running)
	if err != nil {
		return err
	}
	for _, id := range scans {
		if _, _, err := endScan(ctx, tx, id, catalog.CauseStopped, why); err != nil {
			return err
		}
	}
	return nil
}

func batchEvent(b catalog.Batch) catalog.Event {
	cause := string(b.Kind)
	if b.Schedule != "" {
		cause = "schedule " + b.Schedule
	}
	return catalog.Event{InstanceID: b.InstanceID, Kind: catalog.EventBatch, Cause: cause, Data: catalog.EventData{
		Count: b.Done(),
		Detail: fmt.Sprintf("batch %d is %s: of %d images %d were scanned, %d failed, %d were stopped", b.ID, b.State,
			b.Selected.Images, b.Success, b.Failed, b.Stopped),
	}}
}

// ActiveBatches lists the batches of all instances that have something to do,
// oldest first.
func (s *Store) ActiveBatches(ctx context.Context) ([]catalog.Batch, error) {
	list, err := all(ctx, s.background, scanBatch, `SELECT `+batchColumns+` FROM batch WHERE state = 'running' OR open > 0 ORDER BY id`)
	return list, s.fail("look for batches", err)
}

// AdvanceBatch takes note of images whose scan has ended, and has further images
// scanned as long as fewer than ahead wait or run for this batch and its rate
// allows it. It ends a batch that is done or took longer than MaxBatchAge.
// Several processes may do so at the same time.
func (s *Store) AdvanceBatch(ctx context.Context, id int64, ahead int) (b catalog.Batch, err error) {
	err = s.update(ctx, s.back, "go on with a batch", func(tx *tx) error {
		if b, err = lockBatch(ctx, tx, id); err != nil {
			return err
		}
		before := b
		if err := settleBatch(ctx, tx, &b); err != nil {
			return err
		}
		if b.State == catalog.BatchRunning && tx.now.Sub(b.BeganAt) > catalog.MaxBatchAge {
			return endBatch(ctx, tx, &b, catalog.BatchTimedOut, false, fmt.Sprintf("the batch was not done after %s", catalog.MaxBatchAge))
		}
		if b.State == catalog.BatchRunning {
			if err := feedBatch(ctx, tx, &b, ahead); err != nil {
				return err
			}
			if b.Done() >= b.Selected.Images {
				return endBatch(ctx, tx, &b, catalog.BatchFinished, false, "")
			}
		}
		if b.Done() == before.Done() && b.Open == before.Open && b.NextAt.Equal(before.NextAt) {
			return nil
		}
		return saveBatch(ctx, tx, b)
	})
	return b, err
}

// outcome is how the scan of an image of a batch has ended.
type outcome struct {
	position      int64
	state         catalog.ScanState
	cause, detail string
	risky         bool
}

// settleBatch takes note of scans that have ended, also with their image.
func settleBatch(ctx context.Context, tx *tx, b *catalog.Batch) error {
	if b.Open == 0 {
		return nil
	}
	ended, err := all(ctx, tx, func(row scanner) (o outcome, err error) {
		err = row.Scan(&o.position, &o.state, &o.cause, &o.detail, &o.risky)
		return o, err
	}, `SELECT i.position, COALESCE(s.state, ''), COALESCE(s.cause, ''), COALESCE(s.detail, ''), COALESCE(s.risky, FALSE)
		FROM batch_item i LEFT JOIN scan s ON s.id = i.scan_id
		WHERE i.batch_id = $1 AND i.state = 'scanning' AND (s.id IS NULL OR s.state IN ('Success', 'Error')) ORDER BY i.position`, b.ID)
	if err != nil {
		return err
	}
	for _, o := range ended {
		state, cause, detail := catalog.ItemFailed, catalog.Cause(o.cause), o.detail
		switch {
		case o.state == catalog.Success:
			state = catalog.ItemSuccess
			b.Success++
			if o.risky {
				b.Risky++
			}
		case cause == catalog.CauseStopped:
			state = catalog.ItemStopped
			b.Stopped++
		case o.state == "":
			cause, detail = catalog.CauseDetailNotFound, "it was deleted while it was scanned"
			b.Failed++
		default:
			b.Failed++
		}
		b.Open--
		if err := setItem(ctx, tx, b.ID, o.position, state, cause, detail); err != nil {
			return err
		}
	}
	return nil
}

func setItem(ctx context.Context, tx *tx, batchID, position int64, state catalog.ItemState, cause catalog.Cause, detail string) error {
	_, err := tx.exec(ctx, `UPDATE batch_item SET state = $1, cause = $2, detail = $3 WHERE batch_id = $4 AND position = $5`,
		string(state), string(cause), detail, batchID, position)
	return err
}

// feedBatch has images scanned whose turn it is.
func feedBatch(ctx context.Context, tx *tx, b *catalog.Batch, ahead int) error {
	if b.Open >= ahead || b.Waits(tx.now) {
		return nil
	}
	next, err := all(ctx, tx, scanItem, `SELECT `+itemColumns+` FROM batch_item WHERE batch_id = $1 AND state = 'waiting' ORDER BY position LIMIT $2`,
		b.ID, ahead)
	if err != nil {
		return err
	}
	for _, item := range next {
		if b.Open >= ahead || b.Waits(tx.now) {
			return nil
		}
		if err := feedItem(ctx, tx, b, item); err != nil {
			return err
		}
	}
	return nil
}

// feedItem has an image scanned, or joins a scan of it that waits or runs. One
// that runs and looks for less is waited for.
func feedItem(ctx context.Context, tx *tx, b *catalog.Batch, item catalog.BatchItem) error {
	own := true
	scan, err := one(ctx, tx, nil, scanScan, insertScan+`SELECT CAST($1 AS TEXT), a.id, 'Pending', CAST($2 AS TEXT), 0, '', '', CAST($3 AS BIGINT), 0, 0, 0, 0,
			CAST($4 AS BIGINT), CAST($5 AS TEXT) FROM artifact a WHERE a.id = $6 ON CONFLICT DO NOTHING`+returningScan,
		b.InstanceID, string(batchTrigger(b.Kind)), millis(tx.now), catalog.PriorityBatch, joinCategories(b.Categories), item.ArtifactID)
	if err == nil && scan.ID == 0 {
		own = false
		scan, err = one(ctx, tx, nil, scanScan, `SELECT `+scanColumns+` FROM scan s
			WHERE s.artifact_id = $1 AND s.state IN ('Pending', 'Running')`+tx.dialect.forUpdate, item.ArtifactID)
	}
	switch {
	case err != nil:
		return err
	case scan.ID == 0:
		b.Failed++
		return setItem(ctx, tx, b.ID, item.Position, catalog.ItemFailed, catalog.CauseDetailNotFound, "it was deleted before its turn")
	case own:
		tx.signal, b.NextAt = true, b.Fed(tx.now)
		err = tx.scanEvent(ctx, catalog.EventScanWaiting, scan, catalog.EventData{})
	case catalog.Covers(scan.Categories, b.Categories):
	case scan.State == catalog.Running:
		return nil
	default:
		_, err = tx.exec(ctx, `UPDATE scan SET categories = '' WHERE id = $1`, scan.ID)
	}
	if err != nil {
		return err
	}
	b.Open++
	_, err = tx.exec(ctx, `UPDATE batch_item SET state = 'scanning', scan_id = $1, own = $2 WHERE batch_id = $3 AND position = $4`,
		scan.ID, own, b.ID, item.Position)
	return err
}

// batchTrigger is what asks for the scans of a batch.
func batchTrigger(kind catalog.BatchKind) catalog.Trigger {
	if kind == catalog.BatchCycle {
		return catalog.TriggerSchedule
	}
	return catalog.TriggerManual
}

// PruneBatches removes batches that ended before a moment.
func (s *Store) PruneBatches(ctx context.Context, before time.Time) (removed int64, err error) {
	err = s.update(ctx, s.back, "remove old batches", func(tx *tx) (err error) {
		removed, err = tx.exec(ctx, `DELETE FROM batch WHERE state <> 'running' AND open = 0 AND ended_at < $1`, millis(before))
		return err
	})
	return removed, err
}
