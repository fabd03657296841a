package store

import (
	"context"

	"github.com/pratique/pratique/internal/catalog"
)

// gateScope narrows the key of a gate to what it is about.
func gateScope(g catalog.ScanGate, inst catalog.Instance) (region, instance string) {
	switch g {
	case catalog.GateScanning:
		return "", ""
	case catalog.GateFeature:
		return inst.Region, inst.ID
	}
	return inst.Region, ""
}

// Gates returns the gates of an instance in the order in which they are checked.
// NotFound "instance_not_found".
func (s *Store) Gates(ctx context.Context, instanceID string) ([]catalog.GateState, error) {
	states, err := s.gates(ctx, instanceID)
	return states, s.fail("read the gates of an instance", err)
}

func (s *Store) gates(ctx context.Context, instanceID string) ([]catalog.GateState, error) {
	inst, err := readInstance(ctx, s.reads, instanceID)
	if err != nil {
		return nil, err
	}
	set, err := all(ctx, s.reads, func(row scanner) (g catalog.GateState, err error) {
		var changed int64
		err = row.Scan(&g.Gate, &g.Open, &g.ChangedBy, &changed)
		g.ChangedAt = fromMillis(changed)
		return g, err
	}, `SELECT gate, open, changed_by, changed_at FROM scan_gate
		WHERE tenant_id = $1 AND region IN ('', $2) AND instance_id IN ('', $3)`, inst.TenantID, inst.Region, inst.ID)
	if err != nil {
		return nil, err
	}
	var states []catalog.GateState
	for _, gate := range catalog.ScanGates() {
		state := catalog.GateState{Gate: gate, Open: gate.Open()}
		for _, g := range set {
			if g.Gate == gate {
				state = g
			}
		}
		states = append(states, state)
	}
	return states, nil
}

// SetGate opens or closes a gate for an instance; by names who did. One of a
// tenant or region changes for all their instances. NotFound
// "instance_not_found".
func (s *Store) SetGate(ctx context.Context, instanceID string, gate catalog.ScanGate, open bool, by string) error {
	return s.update(ctx, s.front, "change a gate", func(tx *tx) error {
		inst, err := readInstance(ctx, tx, instanceID)
		if err != nil {
			return err
		}
		return setGate(ctx, tx, inst, gate, open, by)
	})
}

func setGate(ctx context.Context, tx *tx, inst catalog.Instance, gate catalog.ScanGate, open bool, by string) error {
	region, instance := gateScope(gate, inst)
	_, err := tx.exec(ctx, `INSERT INTO scan_gate (tenant_id, region, instance_id, gate, open, changed_at, changed_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (tenant_id, region, instance_id, gate) DO UPDATE SET open = excluded.open, changed_at = excluded.changed_at, changed_by = excluded.changed_by`,
		inst.TenantID, region, instance, string(gate), open, millis(tx.now), by)
	return err
}

func readInstance(ctx context.Context, q querier, id string) (catalog.Instance, error) {
	return one(ctx, q, instanceNotFound(id), scanInstance,
		`SELECT `+instanceColumns+` FROM instance WHERE id = $1`, id)
}
