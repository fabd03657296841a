package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/pratique/pratique/internal/catalog"
)

// broadcast wakes everybody who waits for the next change.
type broadcast struct {
	mu   sync.Mutex
	next chan struct{} // guarded by mu; closed at the next change
}

// wait returns a channel that is closed at the next change.
func (b *broadcast) wait() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.next == nil {
		b.next = make(chan struct{})
	}
	return b.next
}

func (b *broadcast) tell() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.next != nil {
		close(b.next)
		b.next = nil
	}
}

// emit records an event with the transaction.
func (t *tx) emit(ctx context.Context, e catalog.Event) error {
	data, err := encodeEvent(&e)
	if err != nil {
		return err
	}
	t.happened = true
	_, err = t.exec(ctx, `INSERT INTO event (instance_id, at, kind, namespace, repository, digest, scan_id, cause, data)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		e.InstanceID, millis(t.now), string(e.Kind), e.Namespace, e.Repository, e.Digest, e.ScanID, clean(e.Cause, maxMessage), data)
	return err
}

// emitAbout records an event about an artifact, whose names it looks up.
func (t *tx) emitAbout(ctx context.Context, artifactID int64, e catalog.Event) error {
	data, err := encodeEvent(&e)
	if err != nil {
		return err
	}
	t.happened = true
	_, err = t.exec(ctx, `INSERT INTO event (instance_id, at, kind, namespace, repository, digest, scan_id, cause, data)
		SELECT n.instance_id, CAST($1 AS BIGINT), CAST($2 AS TEXT), n.name, r.name, a.digest, CAST($3 AS BIGINT), CAST($4 AS TEXT), CAST($5 AS TEXT)
		FROM artifact a JOIN repository r ON r.id = a.repository_id JOIN namespace n ON n.id = r.namespace_id WHERE a.id = $6`,
		millis(t.now), string(e.Kind), e.ScanID, clean(e.Cause, maxMessage), data, artifactID)
	return err
}

func encodeEvent(e *catalog.Event) (string, error) {
	e.Data.Detail = clean(e.Data.Detail, maxMessage)
	data, err := json.Marshal(e.Data)
	if err != nil {
		return "", fmt.Errorf("encode an event: %w", err)
	}
	return string(data), nil
}

// scanEvent records what became of a scan.
func (t *tx) scanEvent(ctx context.Context, kind catalog.EventKind, s catalog.Scan, data catalog.EventData) error {
	cause := string(s.Trigger)
	if kind == catalog.EventScanFailed {
		cause, data.Detail, data.Advice = string(s.Cause), s.Detail, s.Cause.Advice()
	}
	return t.emitAbout(ctx, s.ArtifactID, catalog.Event{Kind: kind, ScanID: s.ID, Cause: cause, Data: data})
}

// verdictEvent records the change of a verdict, if it is one.
func (t *tx) verdictEvent(ctx context.Context, artifactID int64, before catalog.Decision, v catalog.Verdict, scanID int64, cause string) error {
	if before == v.Decision {
		return nil
	}
	if before == "" {
		before = catalog.Undecided
	}
	if _, err := t.exec(ctx, `INSERT INTO verdict_change (artifact_id, at, before, after, reason, cause, remaining, severity, scan_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, artifactID, millis(t.now), string(before), string(v.Decision), v.Reason, cause,
		v.Remaining, int64(v.Severity), scanID); err != nil {
		return err
	}
	return t.emitAbout(ctx, artifactID, catalog.Event{Kind: catalog.EventVerdict, ScanID: scanID, Cause: cause,
		Data: catalog.EventData{Before: string(before), After: string(v.Decision), Reason: v.Reason, Detail: v.Message}})
}

// EmitPulls records pulls about which the gate has something to tell, as counted
// since they were recorded last: of kind EventBlocked, EventReported or
// EventExempted. Each names its repository, digest and what was answered.
func (s *Store) EmitPulls(ctx context.Context, pulls []catalog.Event) error {
	return s.update(ctx, s.front, "record pulls at the gate", func(tx *tx) error {
		for _, e := range pulls {
			if err := tx.emit(ctx, e); err != nil {
				return err
			}
		}
		return nil
	})
}

const eventColumns = `id, instance_id, at, kind, namespace, repository, digest, scan_id, cause, data`

func scanEventRow(row scanner) (e catalog.Event, err error) {
	var at int64
	var data string
	if err := row.Scan(&e.ID, &e.InstanceID, &at, &e.Kind, &e.Namespace, &e.Repository, &e.Digest, &e.ScanID, &e.Cause, &data); err != nil {
		return e, err
	}
	e.At = fromMillis(at)
	return e, json.Unmarshal([]byte(data), &e.Data)
}

// Events lists events of an instance, the latest first: those with an id below
// before, if that is not 0.
func (s *Store) Events(ctx context.Context, instanceID string, f catalog.EventFilter, before int64, limit int) ([]catalog.Event, error) {
	where, args := eventFilter(instanceID, f)
	if before > 0 {
		args = append(args, before)
		where += fmt.Sprintf(" AND id < $%d", len(args))
	}
	args = append(args, min(max(limit, 1), 1000))
	list, err := all(ctx, s.reads, scanEventRow, `SELECT `+eventColumns+` FROM event WHERE `+where+
		fmt.Sprintf(` ORDER BY id DESC LIMIT $%d`, len(args)), args...)
	return list, s.fail("list events", err)
}

func eventFilter(instanceID string, f catalog.EventFilter) (where string, args []any) {
	where, args = "instance_id = $1", []any{instanceID}
	add := func(condition string, value any) {
		args = append(args, value)
		where += fmt.Sprintf(" AND "+condition, len(args))
	}
	if f.Namespace != "" {
		add("namespace = $%d", f.Namespace)
	}
	if f.Repository != "" {
		add("repository = $%d", f.Repository)
	}
	if f.Digest != "" {
		add("digest = $%d", f.Digest)
	}
	if f.ScanID != 0 {
		add("scan_id = $%d", f.ScanID)
	}
	if !f.Since.IsZero() {
		add("at >= $%d", millis(f.Since))
	}
	if f.See != nil && !f.See.Everything() {
		condition, more := visible(*f.See, args)
		where += " AND namespace IN (SELECT n.name FROM namespace n WHERE n.instance_id = $1 AND " + condition + ")"
		args = more
	}
	if len(f.Kinds) > 0 {
		where += " AND kind IN (" + places(len(args)+1, len(f.Kinds)) + ")"
		for _, k := range f.Kinds {
			args = append(args, string(k))
		}
	}
	return where, args
}

const (
	// followEvery is how often events of other processes are looked for.
	followEvery = time.Second
	// settle is how long a transaction may take from the moment of its event to
	// its commit. Ids are given before, so events can appear out of order.
	settle = 15 * time.Second
	// followBatch bounds the events read at a time.
	followBatch = 500
)

// FollowEvents calls f for every event of an instance with an id above after, as
// they happen, until ctx is done or f fails; with after -1 for those from now on.
// Events that happen at the same time may come in another order than their ids.
func (s *Store) FollowEvents(ctx context.Context, instanceID string, filter catalog.EventFilter, after int64, f func(catalog.Event) error) error {
	newest, err := one(ctx, s.reads, nil, scalar[int64], `SELECT COALESCE(max(id), 0) FROM event WHERE instance_id = $1`, instanceID)
	if err != nil {
		return s.fail("follow events", err)
	}
	if after < 0 || after > newest {
		after = newest
	}
	told := make(map[int64]time.Time) // events above after that were told
	ticker := time.NewTicker(followEvery)
	defer ticker.Stop()
	for {
		changed := s.events.wait()
		if after, err = s.tellEvents(ctx, instanceID, filter, after, told, f); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		case <-ticker.C:
		}
	}
}

// tellEvents tells what is new, and returns the id up to which nothing new can
// appear.
func (s *Store) tellEvents(ctx context.Context, instanceID string, filter catalog.EventFilter, after int64, told map[int64]time.Time, f func(catalog.Event) error) (int64, error) {
	where, args := eventFilter(instanceID, filter)
	for from := after; ; {
		query := `SELECT ` + eventColumns + ` FROM event WHERE ` + where + fmt.Sprintf(` AND id > $%d ORDER BY id LIMIT %d`, len(args)+1, followBatch)
		list, err := all(ctx, s.reads, scanEventRow, query, append(args[:len(args):len(args)], from)...)
		if err != nil {
			if ctx.Err() != nil {
				return after, nil
			}
			return after, s.fail("follow events", err)
		}
		for _, e := range list {
			from = e.ID
			if _, known := told[e.ID]; known {
				continue
			}
			if err := f(e); err != nil {
				return after, err
			}
			told[e.ID] = e.At
		}
		if len(list) < followBatch {
			break
		}
	}
	settled := s.now().Add(-settle)
	for id, at := range told {
		if at.Before(settled) {
			after = max(after, id)
		}
	}
	for id := range told {
		if id <= after {
			delete(told, id)
		}
	}
	return after, nil
}

// PruneEvents removes events that happened before a moment.
func (s *Store) PruneEvents(ctx context.Context, before time.Time) (removed int64, err error) {
	err = s.update(ctx, s.back, "remove old events", func(tx *tx) (err error) {
		removed, err = tx.exec(ctx, `DELETE FROM event WHERE at < $1`, millis(before))
		return err
	})
	return removed, err
}

// VerdictChanges lists the changes of an artifact's verdict, the latest first:
// those with an id below before, if that is not 0.
func (s *Store) VerdictChanges(ctx context.Context, artifactID, before int64, limit int) ([]catalog.VerdictChange, error) {
	var where strings.Builder
	args := []any{artifactID, min(max(limit, 1), 1000)}
	if before > 0 {
		args = append(args, before)
		where.WriteString(" AND id < $3")
	}
	list, err := all(ctx, s.reads, func(row scanner) (c catalog.VerdictChange, err error) {
		var at int64
		err = row.Scan(&c.ID, &at, &c.Before, &c.After, &c.Reason, &c.Cause, &c.Remaining, &c.Severity, &c.ScanID)
		c.At = fromMillis(at)
		return c, err
	}, `SELECT id, at, before, after, reason, cause, remaining, severity, scan_id FROM verdict_change
		WHERE artifact_id = $1`+where.String()+` ORDER BY id DESC LIMIT $2`, args...)
	return list, s.fail("list the changes of a verdict", err)
}
