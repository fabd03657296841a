package store

import (
	"context"
	"fmt"
	"time"

	"github.com/pratique/pratique/internal/catalog"
)

// RecordAudit adds entries to the audit log. Their time is their own.
func (s *Store) RecordAudit(ctx context.Context, entries []catalog.AuditEntry) error {
	rows := make([][]any, len(entries))
	for i, e := range entries {
		rows[i] = []any{e.InstanceID, millis(e.At), clean(e.Actor, 128), clean(e.Via, 100), clean(e.Address, 100), e.Action, clean(e.Namespace, 100),
			clean(e.Target, 600), string(e.Result), clean(e.Detail, 600), max(e.Count, 1)}
	}
	return s.update(ctx, s.front, "write the audit log", func(tx *tx) error {
		return tx.insert(ctx, `INSERT INTO audit (instance_id, at, actor, via, address, action, namespace, target, result, detail, times)`, rows, "")
	})
}

// Audit lists entries of an instance's audit log, the latest first: those with
// an id below before, if that is not 0. Entries of no instance are in all.
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
		add("id < $%d", before)
	}
	args = append(args, min(max(limit, 1), 1000))
	list, err := all(ctx, s.reads, func(row scanner) (e catalog.AuditEntry, err error) {
		var at int64
		err = row.Scan(&e.ID, &e.InstanceID, &at, &e.Actor, &e.Via, &e.Address, &e.Action, &e.Namespace, &e.Target, &e.Result, &e.Detail, &e.Count)
		e.At = fromMillis(at)
		return e, err
	}, `SELECT id, instance_id, at, actor, via, address, action, namespace, target, result, detail, times FROM audit
		WHERE `+where+fmt.Sprintf(` ORDER BY id DESC LIMIT $%d`, len(args)), args...)
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
