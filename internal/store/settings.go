package store

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/pratique/pratique/internal/catalog"
)

// InstanceSettings returns what an instance sets over the defaults.
// NotFound "instance_not_found".
func (s *Store) InstanceSettings(ctx context.Context, instanceID string) (catalog.StoredSettings, error) {
	stored, err := instanceSettings(ctx, s.reads, instanceID)
	return stored, s.fail("read the settings of an instance", err)
}

func instanceSettings(ctx context.Context, q querier, instanceID string) (catalog.StoredSettings, error) {
	return one(ctx, q, instanceNotFound(instanceID), func(row scanner) (c catalog.StoredSettings, err error) {
		var text string
		var changed int64
		if err := row.Scan(&text, &c.Revision, &c.ChangedBy, &changed); err != nil {
			return c, err
		}
		c.ChangedAt = fromMillis(changed)
		c.InstanceChange, err = parseSettings(text)
		return c, err
	}, `SELECT COALESCE(s.settings, ''), COALESCE(s.revision, 0), COALESCE(s.changed_by, ''), COALESCE(s.changed_at, 0)
		FROM instance i LEFT JOIN instance_setting s ON s.instance_id = i.id WHERE i.id = $1`, instanceID)
}

func parseSettings(text string) (catalog.InstanceChange, error) {
	c, err := catalog.ParseInstanceChange(text)
	if err != nil {
		err = fmt.Errorf("read the settings of an instance: %w", err)
	}
	return c, err
}

// SetInstanceSettings replaces what an instance sets; by names who does. revision
// is that of the settings the change was made from.
//
// Errors: NotFound "instance_not_found"; Invalid "settings_invalid"; Conflict
// "settings_changed" if somebody else changed them meanwhile.
func (s *Store) SetInstanceSettings(ctx context.Context, instanceID string, c catalog.InstanceChange, revision int64, by string) (stored catalog.StoredSettings, err error) {
	if err := c.Check(); err != nil {
		return stored, err
	}
	text, err := json.Marshal(c)
	if err != nil {
		return stored, fmt.Errorf("encode the settings of an instance: %w", err)
	}
	err = s.update(ctx, s.front, "change the settings of an instance", func(tx *tx) error {
		// The lock keeps two changes from the same revision apart.
		if _, err := one(ctx, tx, instanceNotFound(instanceID), scalar[string],
			`SELECT id FROM instance WHERE id = $1`+tx.dialect.forNoKeyUpdate, instanceID); err != nil {
			return err
		}
		before, err := instanceSettings(ctx, tx, instanceID)
		if err != nil {
			return err
		}
		if before.Revision != revision {
			return catalog.Errorf(catalog.Conflict, "settings_changed", "%s changed the settings of the instance meanwhile", orSomebody(before.ChangedBy)).
				Advise("read them again, and make the change anew")
		}
		if _, err := tx.exec(ctx, `INSERT INTO instance_setting (instance_id, settings, revision, changed_at, changed_by) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (instance_id) DO UPDATE SET settings = excluded.settings, revision = excluded.revision,
				changed_at = excluded.changed_at, changed_by = excluded.changed_by`,
			instanceID, string(text), revision+1, millis(tx.now), by); err != nil {
			return err
		}
		tx.signal = true // more scans may run now
		stored, err = instanceSettings(ctx, tx, instanceID)
		return err
	})
	return stored, err
}

func orSomebody(name string) string {
	if name == "" {
		return "somebody"
	}
	return name
}

func instanceNotFound(id string) error {
	return catalog.Errorf(catalog.NotFound, "instance_not_found", "there is no instance %s", id)
}
