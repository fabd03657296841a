package store

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/pratique/pratique/internal/catalog"
)

// plannedLayer is a layer with its place in the image, from one.
type plannedLayer struct {
	catalog.LayerJob
	position int
}

// distinct returns each layer of an image once, in the order in which layers are
// locked.
func distinct(layers []catalog.LayerJob) []plannedLayer {
	planned := make([]plannedLayer, len(layers))
	for i, l := range layers {
		planned[i] = plannedLayer{l, i + 1}
	}
	slices.SortStableFunc(planned, func(a, b plannedLayer) int {
		return cmp.Or(cmp.Compare(a.DiffID, b.DiffID), cmp.Compare(a.Digest, b.Digest))
	})
	return slices.CompactFunc(planned, func(a, b plannedLayer) bool { return a.DiffID == b.DiffID && a.Digest == b.Digest })
}

// LayersRead tells the running scans that wait for layers how much of those was
// read. It writes each scan once, and an event only where the percentage grew,
// so a scan makes a hundred of them at most beside those of its layers.
func (s *Store) LayersRead(ctx context.Context, reads []catalog.LayerRead) error {
	if len(reads) == 0 {
		return nil
	}
	return s.update(ctx, s.back, "tell how far scans are", func(tx *tx) error {
		waiting := map[int64]catalog.LayerJob{}
		for _, r := range reads {
			ids, err := all(ctx, tx, scalar[int64], `SELECT l.scan_id FROM scan_layer l JOIN scan s ON s.id = l.scan_id
				WHERE l.diff_id = $1 AND l.collectors = $2 AND l.digest = $3 AND NOT l.done AND s.state = 'Running'`,
				r.DiffID, r.Collectors, r.Digest)
			if err != nil {
				return err
			}
			for _, id := range ids {
				waiting[id] = r.LayerJob
			}
		}
		// By id, as everybody who locks several scans does.
		for _, id := range slices.Sorted(maps.Keys(waiting)) {
			scan, err := lockScan(ctx, tx, id)
			if isLost(err) {
				continue // it has ended meanwhile
			}
			if err != nil {
				return err
			}
			for _, r := range reads {
				if _, err := tx.exec(ctx, `UPDATE scan_layer SET bytes_read = $1 WHERE scan_id = $2 AND diff_id = $3 AND digest = $4 AND NOT done`,
					r.Bytes, id, r.DiffID, r.Digest); err != nil {
					return err
				}
			}
			if _, err := advance(ctx, tx, scan, waiting[id]); err != nil {
				return err
			}
		}
		return nil
	})
}

// advance writes how far a running scan is, which the caller has locked. layer
// is the one that was just read or is being read, if any. It returns how many
// layers are still missing.
func advance(ctx context.Context, tx *tx, scan catalog.Scan, layer catalog.LayerJob) (missing int, err error) {
	p := catalog.Progress{Layers: scan.Progress.Layers}
	var known int // distinct layers
	if err := tx.QueryRowContext(ctx, `SELECT count(*), COALESCE(sum(CASE WHEN done THEN 0 ELSE 1 END), 0),
			CAST(COALESCE(sum(size), 0) AS BIGINT),
			CAST(COALESCE(sum(CASE WHEN done OR bytes_read > size THEN size ELSE bytes_read END), 0) AS BIGINT)
		FROM scan_layer WHERE scan_id = $1`, scan.ID).Scan(&known, &missing, &p.Size, &p.Read); err != nil {
		return 0, err
	}
	if layer.Digest != "" {
		p.Digest = layer.Digest
		if err := tx.QueryRowContext(ctx, `SELECT position, size, CASE WHEN done OR bytes_read > size THEN size ELSE bytes_read END
			FROM scan_layer WHERE scan_id = $1 AND diff_id = $2 AND digest = $3`, scan.ID, layer.DiffID, layer.Digest).
			Scan(&p.Layer, &p.LayerSize, &p.LayerRead); err != nil {
			return 0, err
		}
	}
	// A layer that is read again does not take the scan back.
	percent := max(scan.Percent, percent(p, known-missing, known))
	text, err := json.Marshal(p)
	if err != nil {
		return 0, fmt.Errorf("encode how far a scan is: %w", err)
	}
	if _, err := tx.exec(ctx, `UPDATE scan SET percent = $1, progress = $2 WHERE id = $3`, percent, string(text), scan.ID); err != nil {
		return 0, err
	}
	if done := p.LayerRead == p.LayerSize; layer.Digest == "" || !done && percent == scan.Percent {
		return missing, nil
	}
	return missing, tx.scanEvent(ctx, catalog.EventScanProgress, scan, catalog.EventData{Percent: percent, Layer: layer.Digest, Progress: p})
}

// percent is the progress of a scan: reading is nine tenths of the work.
func percent(p catalog.Progress, done, layers int) int {
	switch {
	case done == layers:
		return 90
	case p.Size == 0:
		return 90 * done / layers
	}
	return int(90 * (float64(p.Read) / float64(p.Size)))
}
