package store

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/pratique/pratique/internal/catalog"
)

const defaultName = "default"

// EnsureDefaults makes sure that tenant "default", region "default" and one
// instance without host exist and that scans are authorized for them; it
// returns the instance. first tells whether it made the instance. An
// authorization that somebody took back later stays taken back.
func (s *Store) EnsureDefaults(ctx context.Context) (inst catalog.Instance, first bool, err error) {
	err = s.update(ctx, s.front, "create the default instance", func(tx *tx) error {
		now := millis(tx.now)
		if _, err := tx.exec(ctx, `INSERT INTO tenant (name, created_at) VALUES ($1, $2) ON CONFLICT DO NOTHING`, defaultName, now); err != nil {
			return err
		}
		made, err := tx.exec(ctx, `INSERT INTO instance (id, tenant_id, region, name, host, created_at)
			SELECT CAST($1 AS TEXT), id, $2, $3, '', CAST($4 AS BIGINT) FROM tenant WHERE name = $5
			ON CONFLICT DO NOTHING`, newUUID(), defaultName, defaultName, now, defaultName)
		if err != nil {
			return err
		}
		first = made == 1
		inst, err = one(ctx, tx, fmt.Errorf("the default instance is missing"), scanInstance,
			`SELECT `+instanceColumns+` FROM instance WHERE host = ''`)
		if err != nil || !first {
			return err
		}
		return setGate(ctx, tx, inst, catalog.GateAuthorization, true, "first start")
	})
	return inst, first, err
}

// CreateInstance adds a registry. An empty ID is replaced by a new UUID; a
// TenantID of zero is the tenant "default".
//
// Errors: Conflict "instance_exists" if host, or name within tenant and region,
// is taken; NotFound "tenant_not_found".
func (s *Store) CreateInstance(ctx context.Context, inst catalog.Instance) (catalog.Instance, error) {
	if inst.ID == "" {
		inst.ID = newUUID()
	}
	err := s.update(ctx, s.front, "create an instance", func(tx *tx) error {
		tenant, err := one(ctx, tx, catalog.Errorf(catalog.NotFound, "tenant_not_found", "there is no such tenant"), scalar[int64],
			`SELECT id FROM tenant WHERE id = $1 OR (CAST($1 AS BIGINT) = 0 AND name = $2)`, inst.TenantID, defaultName)
		if err != nil {
			return err
		}
		inst.TenantID = tenant
		made, err := tx.exec(ctx, `INSERT INTO instance (id, tenant_id, region, name, host, created_at)
			VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
			inst.ID, inst.TenantID, inst.Region, inst.Name, inst.Host, millis(tx.now))
		if err == nil && made == 0 {
			err = catalog.Errorf(catalog.Conflict, "instance_exists", "there is an instance %q or one for the host %q already", inst.Name, inst.Host).
				Advise("choose another name and another host")
		}
		return err
	})
	return inst, err
}

const instanceColumns = `id, tenant_id, region, name, host`

func scanInstance(row scanner) (inst catalog.Instance, err error) {
	err = row.Scan(&inst.ID, &inst.TenantID, &inst.Region, &inst.Name, &inst.Host)
	return inst, err
}

// Instances lists all instances, oldest first.
func (s *Store) Instances(ctx context.Context) ([]catalog.Instance, error) {
	list, err := all(ctx, s.reads, scanInstance, `SELECT `+instanceColumns+` FROM instance ORDER BY created_at, id`)
	return list, s.fail("list instances", err)
}

// Secret returns the named random secret, creating it (32 bytes) at first use.
// All processes that share the database get the same one.
func (s *Store) Secret(ctx context.Context, name string) ([]byte, error) {
	var value []byte
	err := s.update(ctx, s.front, "read a secret", func(tx *tx) (err error) {
		fresh := make([]byte, 32)
		rand.Read(fresh) // never fails
		if _, err := tx.exec(ctx, `INSERT INTO secret (name, value, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
			name, fresh, millis(tx.now)); err != nil {
			return err
		}
		value, err = one(ctx, tx, fmt.Errorf("secret %s is missing", name), scalar[[]byte], `SELECT value FROM secret WHERE name = $1`, name)
		return err
	})
	return value, err
}

// newUUID returns a random UUID (version 4).
func newUUID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:])
}
