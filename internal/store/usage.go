package store

import (
	"context"

	"github.com/pratique/pratique/internal/catalog"
)

// meter counts a scan that succeeded.
func meter(ctx context.Context, tx *tx, artifactID int64) error {
	_, err := tx.exec(ctx, `INSERT INTO scan_usage (tenant_id, month, instance_id, namespace, scans)
		SELECT i.tenant_id, CAST($1 AS TEXT), i.id, n.name, 1 FROM artifact a JOIN repository r ON r.id = a.repository_id
			JOIN namespace n ON n.id = r.namespace_id JOIN instance i ON i.id = n.instance_id WHERE a.id = $2
		ON CONFLICT (tenant_id, month, instance_id, namespace) DO UPDATE SET scans = scan_usage.scans + 1`,
		catalog.MonthOf(tx.now), artifactID)
	return err
}

// Usage returns the scans of a month that the tenant of an instance pays for, in
// all its instances, by instance and namespace.
func (s *Store) Usage(ctx context.Context, instanceID, month string) ([]catalog.Usage, error) {
	list, err := all(ctx, s.reads, func(row scanner) (u catalog.Usage, err error) {
		err = row.Scan(&u.Instance, &u.Namespace, &u.Scans)
		return u, err
	}, `SELECT i.name, u.namespace, u.scans FROM scan_usage u JOIN instance i ON i.id = u.instance_id
		WHERE u.tenant_id = (SELECT tenant_id FROM instance WHERE id = $1) AND u.month = $2 ORDER BY i.name, i.id, u.namespace`, instanceID, month)
	return list, s.fail("read the usage", err)
}
