package store

import (
	"context"
	"fmt"
	"time"

	"github.com/pratique/pratique/internal/catalog"
)

// RecordAudit adds entries to the audit log and sets their ids. Their time is their
// own. Of one with an id, which was added before, it sets the count.
func (s *Store) RecordAudit(ctx context.Context, entries []catalog.AuditEntry) error {
	ids := make([]int64, len(entries))
	err := s.update(ctx, s.front, "write the audit log", func(tx *tx) (err error) {
		for i, e := range entries {
			if ids[i], err = recordAudit(ctx, tx, e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for i := range entries {
		entries[i].ID = ids[i]
	}
	return nil
}

func recordAudit(ctx context.Context, tx *tx, e catalog.AuditEntry) (id int64, err error) {
	times := max(e.Count, 1)
	if e.ID != 0 {
		_, err := tx.exec(ctx, `UPDATE audit SET times = $1 WHERE id = $2`, times, e.ID)
		return e.ID, err
	}
	return one(ctx, tx, nil, scalar[int64], `INSERT INTO audit (instance_id, at, actor, via, address, action, namespace, target, result, detail, times)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING id`,
		e.InstanceID, millis(e.At), clean(e.Actor, 128), clean(e.Via, 100), clean(e.Address, 100), e.Action, clean(e.Namespace, 100),
		clean(e.Target, 600), string(e.Result), clean(e.Detail, 600), times)
}

// Audit lists entries of an instance's audit log, the latest first: those that
// come after the entry with the id before, if that is not 0. Entries of no
// instance are in all.
func (s *Store) Audit(ctx context.Context, instanceID string, f catalog.AuditFilter, before int64, limit int) ([]catalog.AuditEntry, error) {
	where, args := "instance_id IN ($1, '')", []any{instanceID}
	add := func(condition string, value any) {
		args = append(args, value)
		where += fmt.Sprintf(" AND "+condition, len(args))
	}
	for _, c := range []struct{ condition, value string }{
		{"actor = $%d", f.Actor}, {"address = $%d", f.Address}, {"action = $%d", f.Action},
		{"namespace = $%d", f.Namespace}, {"result = $%d", string(f.Result)},
	} {
		if c.value != "" {
			add(c.condition, c.value)
		}
	}
	if !f.Since.IsZero() {
		add("at >= $%d", millis(f.Since))
	}
	if !f.Until.IsZero() {
		add("at < $%d", millis(f.Until))
	}
	if before > 0 {
		add("(at, id) < (SELECT at, id FROM audit WHERE id = $%d)", before)
	}
	args = append(args, min(max(limit, 1), 1000))
	list, err := all(ctx, s.reads, func(row scanner) (e catalog.AuditEntry, err error) {
		var at int64
		err = row.Scan(&e.ID, &e.InstanceID, &at, &e.Actor, &e.Via, &e.Address, &e.Action, &e.Namespace, &e.Target, &e.Result, &e.Detail, &e.Count)
		e.At = fromMillis(at)
		return e, err
	}, `SELECT id, instance_id, at, actor, via, address, action, namespace, target, result, detail, times FROM audit
		WHERE `+where+fmt.Sprintf(` ORDER BY at DESC, id DESC LIMIT $%d`, len(args)), args...)
	return list, s.fail("read the audit log", err)
}

// PruneAudit removes entries from before a moment.
func (s *Store) PruneAudit(ctx context.Context, before time.Time) (removed int64, err error) {
	err = s.update(ctx, s.back, "remove old entries of the audit log", func(tx *tx) (err error) {
		removed, err = tx.exec(ctx, `DELETE FROM audit WHERE at < $1`, millis(before))
		return err
	})
	return removed, err
}
