package store

import (
	"context"
	"fmt"
	"time"

	"github.com/pratique/pratique/internal/catalog"
)

// Hasten makes the workers' upkeep of a store quick, so that tests need not
// wait for it.
func Hasten(s *Store) {
	s.timing = timing{
		heartbeat: 50 * time.Millisecond, stale: time.Second, repair: 50 * time.Millisecond,
		watch: 20 * time.Millisecond, prune: time.Hour, keep: time.Hour,
	}
}

// Rows counts the rows of a table.
func Rows(ctx context.Context, s *Store, table string) (n int, err error) {
	return one(ctx, s.background, nil, scalar[int], `SELECT count(*) FROM `+table)
}

// Jobs lists "kind state" of all jobs, oldest first.
func Jobs(ctx context.Context, s *Store) ([]string, error) {
	return all(ctx, s.background, scalar[string], `SELECT kind || ' ' || CAST(state AS TEXT) FROM river_job ORDER BY id`)
}

// Exec runs a statement behind the store's back.
func Exec(ctx context.Context, s *Store, statement string) error {
	return s.update(ctx, s.back, "test", func(tx *tx) error {
		_, err := tx.exec(ctx, statement)
		return err
	})
}

// HoldWriter keeps all writers of a SQLite database waiting until release.
func HoldWriter(ctx context.Context, s *Store) (release func(), err error) {
	t, err := s.front.begin(ctx)
	if err != nil {
		return nil, err
	}
	return t.rollback, nil
}

// Restart is what the workers' upkeep does for scans without jobs.
func Restart(ctx context.Context, s *Store) error { return s.restartScans(ctx) }

const ScanAttempts = scanAttempts

// IsSQLite tells the databases apart.
func IsSQLite(s *Store) bool { return s.dialect.name == "sqlite" }

// Fill adds a repository "app" with n scanned images of ten layers each, which
// they share by tens, and an allowlist of a hundred entries to a namespace.
func Fill(ctx context.Context, s *Store, namespace string, n int) error {
	items := make([]string, 100)
	for i := range items {
		items[i] = fmt.Sprintf("CVE-2024-%d", i)
	}
	return s.update(ctx, s.back, "fill", func(tx *tx) error {
		var ns, repo int64
		var instance string
		if err := tx.QueryRowContext(ctx, `SELECT id, instance_id FROM namespace WHERE name = $1`, namespace).Scan(&ns, &instance); err != nil {
			return err
		}
		if err := replaceAllowlist(ctx, tx, ns, catalog.Allowlist{Items: items}); err != nil {
			return err
		}
		repo, err := ensureRepository(ctx, tx, catalog.RepositoryKey{Namespace: namespace, Repository: "app"}, ns)
		if err != nil {
			return err
		}
		doc, err := s.docs.pack([]byte("{}"))
		if err != nil {
			return err
		}
		if err := tx.put(ctx, doc); err != nil {
			return err
		}
		var artifacts, manifests, tags, blobs, stacks, scans, reports [][]any
		for i := range n {
			id := 1_000_000 + i
			artifacts = append(artifacts, []any{id, repo, fmt.Sprint("sha256:", i), "type", "", "image", 1, 2000, "", "", 1, 0})
			manifests = append(manifests, []any{id, make([]byte, 2000)})
			tags = append(tags, []any{repo, fmt.Sprint("tag", i), id, 1, 1})
			stacks = append(stacks, []any{id, repo, fmt.Sprint("sha256:chain", i), 10, "linux/amd64", fmt.Sprint("tag", i)})
			scans = append(scans, []any{id, instance, id, "Success", "push", 100, "", "", 1, 1, 1, 1, 1})
			reports = append(reports, []any{id, id, doc.key, doc.key, "block", "vulnerable", "a message", 1, 0, 3, 5, 1})
			for l := range 10 {
				blobs = append(blobs, []any{id, fmt.Sprint("sha256:layer", i/10*10+l), repo})
			}
		}
		for _, table := range []struct {
			columns string
			rows    [][]any
		}{
			{"artifact (id, repository_id, digest, media_type, artifact_type, kind, size, manifest_size, subject, annotations, pushed_at, pulled_at)", artifacts},
			{"manifest (artifact_id, content)", manifests},
			{"tag (repository_id, name, artifact_id, created_at, updated_at)", tags},
			{"artifact_blob (artifact_id, digest, repository_id)", blobs},
			{"artifact_stack (artifact_id, repository_id, chain_id, layers, platform, tag)", stacks},
			{"scan (id, instance_id, artifact_id, state, requested_by, percent, cause, detail, created_at, started_at, ended_at, deadline, attempt)", scans},
			{"report (artifact_id, scan_id, document_key, exposure_key, decision, reason, message, revision, changes_at, remaining, severity, created_at)", reports},
		} {
			if err := tx.insert(ctx, "INSERT INTO "+table.columns, table.rows, ""); err != nil {
				return err
			}
		}
		_, err = tx.exec(ctx, "ANALYZE")
		return err
	})
}
