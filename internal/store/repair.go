package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pratique/pratique/internal/catalog"
)

// scanAttempts is how often a scan is planned anew before it is given up.
const scanAttempts = 10

// upkeep says that this process lives, puts back what dead ones left, and
// removes what nobody uses, until ctx is done.
func (w *workers) upkeep(ctx context.Context) {
	defer close(w.upkept)
	t := w.store.timing
	beat, repair, prune := time.NewTicker(t.heartbeat), time.NewTicker(t.repair), time.NewTicker(t.prune)
	defer beat.Stop()
	defer repair.Stop()
	defer prune.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return
		case <-beat.C:
			err = w.heartbeat(ctx)
		case <-repair.C:
			if w.store.dialect.heartbeats {
				err = w.repair(ctx)
			} else {
				err = w.store.restartScans(ctx)
			}
		case <-prune.C:
			_, err = w.store.Prune(ctx, w.store.now().Add(-t.keep))
		}
		if err != nil && ctx.Err() == nil {
			w.store.log.Warn("upkeep of the queue", "error", err)
		}
	}
}

// heartbeat tells other processes, by the database's clock, that this one
// lives.
func (w *workers) heartbeat(ctx context.Context) error {
	if !w.store.dialect.heartbeats {
		return nil
	}
	return w.store.update(ctx, w.store.back, "say that this process lives", func(tx *tx) error {
		_, err := tx.exec(ctx, `INSERT INTO worker (id, seen_at) VALUES ($1, `+databaseClock+`)
			ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at`, w.id)
		return err
	})
}

// databaseClock is PostgreSQL's clock in milliseconds.
const databaseClock = `CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)`

// leave takes this process off the list.
func (w *workers) leave(ctx context.Context) error {
	if !w.store.dialect.heartbeats {
		return nil
	}
	return w.store.update(ctx, w.store.back, "stop working", func(tx *tx) error {
		_, err := tx.exec(ctx, `DELETE FROM worker WHERE id = $1`, w.id)
		return err
	})
}

// repair puts back jobs and scans of processes that died.
func (w *workers) repair(ctx context.Context) error {
	exhausted, err := w.store.putBack(ctx)
	if err != nil {
		return err
	}
	for _, job := range exhausted {
		w.giveUp(ctx, job)
	}
	return w.store.restartScans(ctx)
}

// giveUp reports a job during which the process died each time it was tried.
func (w *workers) giveUp(ctx context.Context, job jobRow) {
	err := catalog.ScanErrorf(catalog.CauseUnknown, "the process working on it ended unexpectedly, %d times", jobAttempts)
	w.store.log.Error("job given up", "job", job.kind, "args", job.args, "error", err)
	var scan planArgs
	var layer layerArgs
	switch job.kind {
	case planArgs{}.Kind():
		if json.Unmarshal([]byte(job.args), &scan) == nil {
			w.handlers.PlanFailed(ctx, scan.ScanID, err)
		}
	case judgeArgs{}.Kind():
		if json.Unmarshal([]byte(job.args), &scan) == nil {
			w.handlers.JudgeFailed(ctx, scan.ScanID, err)
		}
	case layerArgs{}.Kind():
		if json.Unmarshal([]byte(job.args), &layer) != nil {
			return
		}
		if need, ok, lookup := w.store.neededLayer(ctx, layer); ok && lookup == nil {
			w.handlers.LayerFailed(ctx, need, err)
		}
	}
}

// jobRow is what repair reads of the queue's table. It is the one place that
// knows River's columns; a new version of River is checked by its tests.
type jobRow struct {
	id   int64
	kind string
	args string
	// exhausted: it may not be tried again.
	exhausted bool
}

func (s *Store) jobs(ctx context.Context, q querier, where string, args ...any) ([]jobRow, error) {
	return all(ctx, q, func(row scanner) (j jobRow, err error) {
		err = row.Scan(&j.id, &j.kind, &j.args, &j.exhausted)
		return j, err
	}, `SELECT id, kind, `+s.dialect.jobArgs+`, attempt >= max_attempts FROM river_job WHERE `+where, args...)
}

// putBack makes running jobs whose process is dead available again, and
// discards and returns those that were tried often enough.
func (s *Store) putBack(ctx context.Context) (exhausted []jobRow, err error) {
	err = s.update(ctx, s.back, "put jobs back", func(tx *tx) error {
		exhausted = nil
		where, args := "state = 'running'", []any(nil)
		if tx.dialect.heartbeats {
			where += ` AND NOT EXISTS (SELECT 1 FROM worker w
				WHERE w.id = attempted_by[array_length(attempted_by, 1)] AND w.seen_at > ` + databaseClock + ` - $1)
				ORDER BY id FOR UPDATE SKIP LOCKED`
			args = append(args, s.timing.stale.Milliseconds())
			if _, err := tx.exec(ctx, `DELETE FROM worker WHERE seen_at < `+databaseClock+` - 100 * CAST($1 AS BIGINT)`,
				s.timing.stale.Milliseconds()); err != nil {
				return err
			}
		}
		orphans, err := s.jobs(ctx, tx, where, args...)
		if err != nil {
			return err
		}
		for _, job := range orphans {
			change := `UPDATE river_job SET state = 'available' WHERE id = $1`
			if job.exhausted {
				change = `UPDATE river_job SET state = 'discarded', finalized_at = ` + tx.dialect.jobTime + ` WHERE id = $1`
				exhausted = append(exhausted, job)
			}
			if _, err := tx.exec(ctx, change, job.id); err != nil {
				return err
			}
		}
		if len(orphans) > 0 {
			s.log.Info("jobs of a process that died were put back", "jobs", len(orphans), "given up", len(exhausted))
		}
		return nil
	})
	return exhausted, err
}

// restartScans plans running scans anew for which no job waits or runs.
func (s *Store) restartScans(ctx context.Context) error {
	running, err := all(ctx, s.background, scanScan, `SELECT `+scanColumns+` FROM scan s WHERE s.state = 'Running'`)
	if err != nil {
		return s.fail("look for interrupted scans", err)
	}
	var errs []error
	for _, scan := range running {
		// Look first without a lock: nearly always all is well.
		if ok, err := s.hasJobs(ctx, s.background, scan); err != nil || ok {
			errs = append(errs, s.fail("look for interrupted scans", err))
			continue
		}
		err := s.restart(ctx, scan.ID)
		if !isLost(err) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// hasJobs reports whether something will carry a running scan on: its own plan
// or judge job, or a job for each layer it waits for.
func (s *Store) hasJobs(ctx context.Context, q querier, scan catalog.Scan) (bool, error) {
	needs, err := all(ctx, q, func(row scanner) (n layerArgs, err error) {
		err = row.Scan(&n.DiffID, &n.Collectors, &n.Digest)
		return n, err
	}, `SELECT diff_id, collectors, digest FROM scan_layer WHERE scan_id = $1 AND NOT done`, scan.ID)
	if err != nil {
		return false, err
	}
	live := make([]string, len(liveStates))
	for i, state := range liveStates {
		live[i] = "'" + string(state) + "'"
	}
	jobs, err := s.jobs(ctx, q, "state IN ("+strings.Join(live, ", ")+")")
	if err != nil {
		return false, err
	}
	layers := map[layerArgs]bool{}
	for _, job := range jobs {
		var own planArgs // and judgeArgs, which are alike
		var layer layerArgs
		switch {
		case job.kind == layer.Kind() && json.Unmarshal([]byte(job.args), &layer) == nil:
			layers[layer] = true
		case job.kind != layer.Kind() && json.Unmarshal([]byte(job.args), &own) == nil:
			if own.ScanID == scan.ID && own.Attempt == scan.Attempt {
				return true, nil
			}
		}
	}
	for _, n := range needs {
		if !layers[n] {
			return false, nil
		}
	}
	return len(needs) > 0, nil
}

// restart begins the next attempt of a running scan that has no jobs.
func (s *Store) restart(ctx context.Context, scanID int64) error {
	return s.update(ctx, s.back, "restart a scan", func(tx *tx) error {
		scan, err := lockScan(ctx, tx, scanID)
		if err != nil {
			return err
		}
		// With the scan locked nobody can finish a layer for it, or the scan.
		if ok, err := s.hasJobs(ctx, tx, scan); err != nil || ok {
			return err
		}
		if scan.Attempt >= scanAttempts {
			_, _, err := endScan(ctx, tx, scanID, catalog.CauseUnknown, fmt.Sprintf("the scan was interrupted %d times", scan.Attempt))
			return err
		}
		if _, err := tx.exec(ctx, `UPDATE scan SET attempt = attempt + 1 WHERE id = $1`, scanID); err != nil {
			return err
		}
		s.log.Info("an interrupted scan runs again", "scan", scanID, "attempt", scan.Attempt+1)
		var jobs jobList
		jobs.plan(scanID, scan.Attempt+1)
		return tx.add(ctx, jobs)
	})
}
