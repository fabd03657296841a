package store

import (
	"context"

	"github.com/pratique/pratique/internal/catalog"
)

// The levels of judging again, each of which includes those before.
const (
	// levelVerdict decides anew what was found.
	levelVerdict = iota + 1
	// levelVulnerabilities looks at the packages again.
	levelVulnerabilities
	// levelAll judges all facts again.
	levelAll
)

// judgedBy makes sure that an artifact, which was judged by advisories, will be
// judged by those that all are judged by, if it was not.
func judgedBy(ctx context.Context, tx *tx, artifactID int64, advisories string) error {
	_, err := tx.exec(ctx, `INSERT INTO rejudge (artifact_id, level, cause)
		SELECT CAST($1 AS BIGINT), CAST($2 AS BIGINT), CAST($3 AS TEXT) FROM judging WHERE advisories NOT IN ('', $4)`+onRejudge,
		artifactID, levelVulnerabilities, catalog.ByAdvisories, advisories)
	return err
}

// onRejudge ends an INSERT into rejudge: of two reasons to judge an artifact
// again, the one that takes more work stays.
const onRejudge = ` ON CONFLICT (artifact_id) DO UPDATE SET level = excluded.level, cause = excluded.cause WHERE excluded.level > rejudge.level`
