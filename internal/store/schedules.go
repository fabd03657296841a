package store

import (
	"context"
	"encoding/json"

	"github.com/pratique/pratique/internal/catalog"
)

const scheduleColumns = `id, instance_id, name, enabled, every_days, at_minute, selection, categories, rate, set_by,
	created_at, updated_at, next_run, last_run, last_batch, problem`

func scanSchedule(row scanner) (s catalog.Schedule, err error) {
	var selection, categories string
	var created, updated, next, last int64
	if err := row.Scan(&s.ID, &s.InstanceID, &s.Name, &s.Enabled, &s.Every, &s.Minute, &selection, &categories, &s.Rate, &s.By,
		&created, &updated, &next, &last, &s.LastBatch, &s.Problem); err != nil {
		return s, err
	}
	s.Categories = splitCategories(categories)
	s.CreatedAt, s.UpdatedAt, s.NextRun, s.LastRun = fromMillis(created), fromMillis(updated), fromMillis(next), fromMillis(last)
	return s, json.Unmarshal([]byte(selection), &s.Selection)
}

func scheduleNotFound(name string) error {
	return catalog.Errorf(catalog.NotFound, "schedule_not_found", "there is no schedule %q", name).
		Advise("list schedules with: pratique admin schedule list")
}

// SetSchedule adds a schedule, or replaces the one of its name. Its next run is
// at the next time of day it names, unless it has the same days and time as
// before.
//
// Errors: as catalog.Schedule.Check; NotFound "instance_not_found" and
// "namespace_not_found".
func (s *Store) SetSchedule(ctx context.Context, want catalog.Schedule) (got catalog.Schedule, err error) {
	if err := want.Check(); err != nil {
		return got, err
	}
	selection, err := json.Marshal(want.Selection)
	if err != nil {
		return got, err
	}
	err = s.update(ctx, s.front, "set a schedule", func(tx *tx) error {
		if _, err := readInstance(ctx, tx, want.InstanceID); err != nil {
			return err
		}
		for _, n := range want.Selection.Namespaces {
			if _, err := readNamespace(ctx, tx, want.InstanceID, n); err != nil {
				return err
			}
		}
		got, err = one(ctx, tx, nil, scanSchedule, `INSERT INTO schedule (instance_id, name, enabled, every_days, at_minute, selection, categories,
				rate, set_by, created_at, updated_at, next_run, last_run, last_batch, problem)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $11, 0, 0, '')
			ON CONFLICT (instance_id, name) DO UPDATE SET enabled = excluded.enabled, every_days = excluded.every_days, at_minute = excluded.at_minute,
				selection = excluded.selection, categories = excluded.categories, rate = excluded.rate, set_by = excluded.set_by,
				updated_at = excluded.updated_at, problem = '',
				next_run = CASE WHEN schedule.enabled AND schedule.every_days = excluded.every_days AND schedule.at_minute = excluded.at_minute
					THEN schedule.next_run ELSE excluded.next_run END
			RETURNING `+scheduleColumns,
			want.InstanceID, want.Name, want.Enabled, want.Every, want.Minute, string(selection), joinCategories(want.Categories),
			want.Rate, want.By, millis(tx.now), millis(want.First(tx.now)))
		return err
	})
	return got, err
}

// Schedule reads a schedule by name. NotFound "schedule_not_found".
func (s *Store) Schedule(ctx context.Context, instanceID, name string) (catalog.Schedule, error) {
	got, err := one(ctx, s.reads, scheduleNotFound(name), scanSchedule,
		`SELECT `+scheduleColumns+` FROM schedule WHERE instance_id = $1 AND name = $2`, instanceID, name)
	return got, s.fail("read a schedule", err)
}

// Schedules lists the schedules of an instance by name.
func (s *Store) Schedules(ctx context.Context, instanceID string) ([]catalog.Schedule, error) {
	list, err := all(ctx, s.reads, scanSchedule, `SELECT `+scheduleColumns+` FROM schedule WHERE instance_id = $1 ORDER BY name`, instanceID)
	return list, s.fail("list schedules", err)
}

// DeleteSchedule removes a schedule; a run of it goes on. NotFound
// "schedule_not_found".
func (s *Store) DeleteSchedule(ctx context.Context, instanceID, name string) error {
	return s.update(ctx, s.front, "delete a schedule", func(tx *tx) error {
		n, err := tx.exec(ctx, `DELETE FROM schedule WHERE instance_id = $1 AND name = $2`, instanceID, name)
		if err == nil && n == 0 {
			err = scheduleNotFound(name)
		}
		return err
	})
}

// DueSchedules lists the schedules of all instances that are to run now, or whose
// next run is lost. One whose last run goes on is not due before that has ended.
func (s *Store) DueSchedules(ctx context.Context) ([]catalog.Schedule, error) {
	enabled, err := all(ctx, s.background, scanSchedule, `SELECT `+scheduleColumns+` FROM schedule
		WHERE enabled AND NOT EXISTS (SELECT 1 FROM batch b WHERE b.schedule_id = schedule.id AND b.state = 'running') ORDER BY next_run, id`)
	if err != nil {
		return nil, s.fail("look for schedules", err)
	}
	var due []catalog.Schedule
	for _, one := range enabled {
		if now := s.now(); !now.Before(one.NextRun) || one.Lost(now) {
			due = append(due, one)
		}
	}
	return due, nil
}

// RunSchedule begins the run of a schedule that DueSchedules listed, unless
// somebody else has, or has changed it: ok is then false. A lost run is not made
// up for, but put a cycle ahead. Where problem says why there can be no run, that
// is kept for this time.
func (s *Store) RunSchedule(ctx context.Context, due catalog.Schedule, problem string) (b catalog.Batch, ok bool, err error) {
	err = s.update(ctx, s.back, "run a schedule", func(tx *tx) error {
		b, ok = catalog.Batch{}, false
		lost := due.Lost(tx.now)
		if !lost && tx.now.Before(due.NextRun) {
			return nil // the clock went back since
		}
		last := tx.now
		if lost {
			last = due.LastRun
		}
		// Who changes next_run from what both have read has it; to others the
		// row is another one.
		claimed, err := tx.exec(ctx, `UPDATE schedule SET next_run = $1, last_run = $2, problem = $3
			WHERE id = $4 AND enabled AND next_run = $5 AND updated_at = $6
				AND NOT EXISTS (SELECT 1 FROM batch b WHERE b.schedule_id = schedule.id AND b.state = 'running')`,
			millis(due.After(tx.now)), millis(last), clean(problem, maxMessage), due.ID, millis(due.NextRun), millis(due.UpdatedAt))
		if err != nil || claimed == 0 {
			return err
		}
		if ok = true; lost || problem != "" {
			return nil
		}
		request := due.BatchRequest
		if request.Selection.Namespaces, err = present(ctx, tx, due.InstanceID, request.Selection.Namespaces); err != nil {
			return err
		}
		if request.Selection.Check() != nil {
			_, err = tx.exec(ctx, `UPDATE schedule SET problem = $1 WHERE id = $2`, "none of its namespaces is there any more", due.ID)
			return err
		}
		b, err = createBatch(ctx, tx, catalog.Batch{
			InstanceID: due.InstanceID, Kind: catalog.BatchCycle, ScheduleID: due.ID, Schedule: due.Name, BatchRequest: request,
		})
		if err != nil {
			return err
		}
		_, err = tx.exec(ctx, `UPDATE schedule SET last_batch = $1 WHERE id = $2`, b.ID, due.ID)
		return err
	})
	return b, ok, err
}

// present leaves out namespaces that were deleted.
func present(ctx context.Context, q querier, instanceID string, names []string) (there []string, err error) {
	for _, n := range names {
		_, err := readNamespace(ctx, q, instanceID, n)
		switch {
		case err == nil:
			there = append(there, n)
		case !catalog.Is(err, catalog.NotFound):
			return nil, err
		}
	}
	return there, nil
}
