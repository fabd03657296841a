package store

import (
	"cmp"
	"context"

	"github.com/pratique/pratique/internal/catalog"
)

// EnsureInstance makes sure that the registry for inst.Host exists, creating it
// and the tenant if need be, and returns it as it is stored. An empty tenant or
// region is the one called "default". Whether scans are authorized is for the
// tenant to say.
//
// Errors: Conflict "instance_exists" if the host is served for another tenant,
// region or name already.
func (s *Store) EnsureInstance(ctx context.Context, tenant string, inst catalog.Instance) (catalog.Instance, error) {
	tenant, region := cmp.Or(tenant, defaultName), cmp.Or(inst.Region, defaultName)
	err := s.update(ctx, s.front, "create an instance", func(tx *tx) error {
		now := millis(tx.now)
		if _, err := tx.exec(ctx, `INSERT INTO tenant (name, created_at) VALUES ($1, $2) ON CONFLICT DO NOTHING`, tenant, now); err != nil {
			return err
		}
		if _, err := tx.exec(ctx, `INSERT INTO instance (id, tenant_id, region, name, host, created_at)
			SELECT CAST($1 AS TEXT), id, $2, $3, $4, CAST($5 AS BIGINT) FROM tenant WHERE name = $6
			ON CONFLICT DO NOTHING`, newUUID(), region, inst.Name, inst.Host, now, tenant); err != nil {
			return err
		}
		taken := catalog.Errorf(catalog.Conflict, "instance_exists",
			"the host %q or the name %q belongs to another instance already", inst.Host, inst.Name).
			Advise("choose another name and another host")
		var err error
		inst, err = one(ctx, tx, taken, scanInstance,
			`SELECT i.id, i.tenant_id, i.region, i.name, i.host FROM instance i JOIN tenant t ON t.id = i.tenant_id
			WHERE i.host = $1 AND i.name = $2 AND i.region = $3 AND t.name = $4`, inst.Host, inst.Name, region, tenant)
		return err
	})
	return inst, err
}
