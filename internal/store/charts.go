package store

import (
	"context"

	"github.com/pratique/pratique/internal/catalog"
)

// SetNamedImages replaces the images that a chart names, as it writes them.
// NotFound "artifact_not_found".
func (s *Store) SetNamedImages(ctx context.Context, artifactID int64, references []string) error {
	return s.update(ctx, s.back, "record the images of a chart", func(tx *tx) error {
		if _, err := one(ctx, tx, artifactNotFound(artifactID), scalar[int64], `SELECT id FROM artifact WHERE id = $1`, artifactID); err != nil {
			return err
		}
		if _, err := tx.exec(ctx, `DELETE FROM chart_image WHERE artifact_id = $1`, artifactID); err != nil {
			return err
		}
		rows := make([][]any, len(references))
		for i, r := range references {
			rows[i] = []any{artifactID, i, clean(r, maxType)}
		}
		return tx.insert(ctx, `INSERT INTO chart_image (artifact_id, position, reference)`, rows, "")
	})
}

// NamedImages reads the images that a chart named when it was scanned last: those
// in its instance as Pull does, without content, the others as the chart writes
// them. An index counts as one image.
func (s *Store) NamedImages(ctx context.Context, chart catalog.Artifact) (here []catalog.Pull, others []string, err error) {
	inst, err := readInstance(ctx, s.reads, chart.Key.InstanceID)
	if err != nil {
		return nil, nil, s.fail("read the images of a chart", err)
	}
	references, err := all(ctx, s.reads, scalar[string], `SELECT reference FROM chart_image WHERE artifact_id = $1 ORDER BY position`, chart.ID)
	if err != nil {
		return nil, nil, s.fail("read the images of a chart", err)
	}
	for _, r := range references {
		key, reference, ok := catalog.LocalImage(inst, r)
		if !ok {
			others = append(others, r)
			continue
		}
		pull, err := s.Pull(ctx, key, reference)
		switch {
		case catalog.Is(err, catalog.NotFound), err == nil && pull.Artifact.Kind != catalog.KindImage && pull.Artifact.Kind != catalog.KindIndex:
			others = append(others, r)
		case err != nil:
			return nil, nil, err
		default:
			pull.Content = nil
			here = append(here, pull)
		}
	}
	return here, others, nil
}
