package store

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/pratique/pratique/internal/catalog"
)

// The columns a pull needs, of repository r, artifact a, its latest scan s and
// its report v. Of the tags the first hundred are read: nobody decides by them.
const (
	artifactColumns = `a.id, a.repository_id, r.namespace_id, r.name, a.digest, a.media_type, a.artifact_type, a.kind, a.size, a.subject,
		a.platform, a.pushed_at, a.first_pulled_at, a.pulled_at, EXISTS (SELECT 1 FROM tag t WHERE t.artifact_id = a.id),
		EXISTS (SELECT 1 FROM artifact_member m WHERE m.repository_id = a.repository_id AND m.digest = a.digest)`
	tagsColumn = `COALESCE((SELECT string_agg(t.name, ',' ORDER BY t.name) FROM
		(SELECT name FROM tag WHERE artifact_id = a.id ORDER BY name LIMIT 100) AS t), '')`
	stateColumns = `COALESCE(s.id, 0), COALESCE(s.instance_id, ''), COALESCE(s.artifact_id, 0), COALESCE(s.state, ''),
		COALESCE(s.requested_by, ''), COALESCE(s.percent, 0), COALESCE(s.cause, ''), COALESCE(s.detail, ''),
		COALESCE(s.created_at, 0), COALESCE(s.started_at, 0), COALESCE(s.ended_at, 0), COALESCE(s.deadline, 0), COALESCE(s.attempt, 0),
		COALESCE(s.priority, 0), COALESCE(s.categories, ''), COALESCE(s.risky, FALSE), COALESCE(s.progress, ''),
		COALESCE(v.scan_id, 0), COALESCE(v.decision, ''), COALESCE(v.reason, ''), COALESCE(v.message, ''),
		COALESCE(v.revision, 0), COALESCE(v.changes_at, 0), COALESCE(v.remaining, 0), COALESCE(v.severity, 0)`
	stateJoins = `LEFT JOIN scan s ON s.id = (SELECT max(l.id) FROM scan l WHERE l.artifact_id = a.id)
		LEFT JOIN report v ON v.artifact_id = a.id`
)

// pullRow collects the columns of artifactColumns, tagsColumn and stateColumns.
type pullRow struct {
	a                     catalog.Artifact
	pushed, first, pulled int64
	tags                  string

	scan    scanRow
	v       catalog.Verdict
	changes int64
}

func (r *pullRow) dest() []any {
	a, v := &r.a, &r.v
	dest := []any{&a.ID, &a.RepositoryID, &a.NamespaceID, &a.Key.Repository, &a.Digest, &a.MediaType, &a.ArtifactType, &a.Kind, &a.Size, &a.Subject,
		&a.Platform, &r.pushed, &r.first, &r.pulled, &a.Tagged, &a.Member, &r.tags}
	dest = append(dest, r.scan.dest()...)
	return append(dest, &v.ScanID, &v.Decision, &v.Reason, &v.Message, &v.Revision, &r.changes, &v.Remaining, &v.Severity)
}

func (r *pullRow) value(ns catalog.Namespace) catalog.Pull {
	p := catalog.Pull{Namespace: ns, Artifact: r.a}
	p.Artifact.Key.InstanceID, p.Artifact.Key.Namespace = ns.InstanceID, ns.Name
	p.Artifact.Tags = split(r.tags)
	p.Artifact.PushedAt = fromMillis(r.pushed)
	p.Artifact.FirstPulledAt, p.Artifact.PulledAt = fromMillis(r.first), fromMillis(r.pulled)
	if scan := r.scan.value(); scan.ID != 0 {
		p.Scan = &scan
	}
	if r.v.ScanID != 0 {
		p.Reported = true
		p.Verdict = r.v
		p.Verdict.ChangesAt = fromMillis(r.changes)
	}
	return p
}

// scanPull reads pullColumns and content.
func scanPull(row scanner) (catalog.Pull, error) {
	var n namespaceRow
	var r pullRow
	var content []byte
	if err := row.Scan(append(append(n.dest(), r.dest()...), &content)...); err != nil {
		return catalog.Pull{}, err
	}
	ns, err := n.value()
	p := r.value(ns)
	p.Content = content
	return p, err
}

const pullColumns = namespaceColumns + `, ` + artifactColumns + `, ` + tagsColumn + `, ` + stateColumns

// Pull reads what a pull of a manifest by tag or digest needs, in one query:
// namespace policy, artifact, content, latest scan, stored verdict.
//
// Errors: NotFound "namespace_not_found", "repository_not_found",
// "manifest_unknown".
func (s *Store) Pull(ctx context.Context, key catalog.RepositoryKey, reference string) (catalog.Pull, error) {
	const byDigest = `SELECT ` + pullColumns + `, m.content
		FROM namespace n JOIN repository r ON r.namespace_id = n.id
		JOIN artifact a ON a.repository_id = r.id JOIN manifest m ON m.artifact_id = a.id ` + stateJoins + `
		WHERE n.instance_id = $1 AND n.name = $2 AND r.name = $3 AND a.digest = $4`
	const byTag = `SELECT ` + pullColumns + `, m.content
		FROM namespace n JOIN repository r ON r.namespace_id = n.id
		JOIN tag g ON g.repository_id = r.id JOIN artifact a ON a.id = g.artifact_id JOIN manifest m ON m.artifact_id = a.id ` + stateJoins + `
		WHERE n.instance_id = $1 AND n.name = $2 AND r.name = $3 AND g.name = $4`
	query := byTag
	if strings.Contains(reference, ":") { // no tag does
		query = byDigest
	}
	p, err := one(ctx, s.reads, errNone, scanPull, query, key.InstanceID, key.Namespace, key.Repository, reference)
	if err == errNone {
		if _, err = repositoryID(ctx, s.reads, key, ""); err == nil {
			err = manifestUnknown(key, reference)
		}
	}
	return p, s.fail("read a manifest", err)
}

// errNone stands for a row that is not there, where finding out why takes
// another query.
var errNone = catalog.Errorf(catalog.NotFound, "not_found", "not found")

// ArtifactPull is Pull by artifact id. NotFound "artifact_not_found".
func (s *Store) ArtifactPull(ctx context.Context, artifactID int64) (catalog.Pull, error) {
	p, err := artifactPull(ctx, s.reads, artifactID)
	return p, s.fail("read an artifact", err)
}

func artifactPull(ctx context.Context, q querier, artifactID int64) (catalog.Pull, error) {
	return one(ctx, q, artifactNotFound(artifactID), scanPull, `SELECT `+pullColumns+`, m.content
		FROM artifact a JOIN repository r ON r.id = a.repository_id JOIN namespace n ON n.id = r.namespace_id
		JOIN manifest m ON m.artifact_id = a.id `+stateJoins+` WHERE a.id = $1`, artifactID)
}

// Artifacts lists the artifacts of a repository by digest, without content.
// NotFound "namespace_not_found", "repository_not_found".
func (s *Store) Artifacts(ctx context.Context, key catalog.RepositoryKey, page catalog.Page) ([]catalog.Pull, error) {
	repo, err := repositoryID(ctx, s.reads, key, "")
	if err != nil {
		return nil, s.fail("list artifacts", err)
	}
	list, err := all(ctx, s.reads, scanPull, `SELECT `+pullColumns+`, NULL
		FROM artifact a JOIN repository r ON r.id = a.repository_id JOIN namespace n ON n.id = r.namespace_id `+stateJoins+`
		WHERE a.repository_id = $1 AND a.digest > $2 ORDER BY a.digest LIMIT $3`, repo, page.After, limit(page))
	return list, s.fail("list artifacts", err)
}

// maxMembers bounds the images of an index that are told of.
const maxMembers = 1000

// MemberPulls reads the same as Pull, without content, for the images of an
// index, at whatever depth, the first thousand.
func (s *Store) MemberPulls(ctx context.Context, artifactID int64) ([]catalog.Pull, error) {
	list, err := all(ctx, s.reads, scanPull, withTree(`SELECT CAST($1 AS BIGINT)`, true)+`
		SELECT `+pullColumns+`, NULL
		FROM tree CROSS JOIN artifact a JOIN repository r ON r.id = a.repository_id JOIN namespace n ON n.id = r.namespace_id `+stateJoins+`
		WHERE a.id = tree.id AND a.kind = '`+string(catalog.KindImage)+`' AND a.id <> $1 ORDER BY a.id LIMIT $2`, artifactID, maxMembers)
	return list, s.fail("list the images of an index", err)
}

// BlobPulls reads the same as Pull, without content and tags, for every
// manifest of the repository that refers to the blob as config or layer. Those
// whose stored verdict allows the pull come first.
func (s *Store) BlobPulls(ctx context.Context, key catalog.RepositoryKey, digest string) ([]catalog.Pull, error) {
	ns, err := readNamespace(ctx, s.reads, key.InstanceID, key.Namespace)
	if err != nil {
		return nil, s.fail("find the manifests of a blob", err)
	}
	list, err := all(ctx, s.reads, func(row scanner) (catalog.Pull, error) {
		var r pullRow
		err := row.Scan(r.dest()...)
		return r.value(ns), err
	}, `SELECT `+artifactColumns+`, '', `+stateColumns+`
		FROM repository r JOIN artifact_blob b ON b.repository_id = r.id JOIN artifact a ON a.id = b.artifact_id `+stateJoins+`
		WHERE r.namespace_id = $1 AND r.name = $2 AND b.digest = $3`, ns.ID, key.Repository, digest)
	slices.SortStableFunc(list, func(a, b catalog.Pull) int {
		return cmp.Compare(rank(a.Verdict), rank(b.Verdict))
	})
	return list, s.fail("find the manifests of a blob", err)
}

func rank(v catalog.Verdict) int {
	if v.Decision == catalog.Allow {
		return 0
	}
	return 1
}

// RecordPulls records, in one transaction, when artifacts were pulled, how often,
// and how often they were refused. The first time that is recorded of an artifact
// is that of its first pull. Earlier times than those recorded change nothing, and artifacts that are gone are left out.
func (s *Store) RecordPulls(ctx context.Context, records []catalog.PullRecord) error {
	if len(records) == 0 {
		return nil
	}
	records = slices.Clone(records)
	// Every transaction locks rows in this order.
	slices.SortFunc(records, func(a, b catalog.PullRecord) int { return cmp.Compare(a.ArtifactID, b.ArtifactID) })
	return s.update(ctx, s.front, "record pulls", func(tx *tx) error {
		for _, r := range records {
			if _, err := tx.exec(ctx, `UPDATE artifact SET pulled_at = $1, first_pulled_at = CASE WHEN first_pulled_at = 0 THEN CAST($1 AS BIGINT) ELSE first_pulled_at END
				WHERE id = $2 AND pulled_at < $1`, millis(r.At), r.ArtifactID); err != nil {
				return err
			}
			if _, err := tx.exec(ctx, `INSERT INTO pull_day (artifact_id, day, pulls, refused)
				SELECT id, CAST($1 AS TEXT), CAST($2 AS BIGINT), CAST($3 AS BIGINT) FROM artifact WHERE id = $4
				ON CONFLICT (artifact_id, day) DO UPDATE SET pulls = pull_day.pulls + excluded.pulls, refused = pull_day.refused + excluded.refused`,
				tx.now.UTC().Format(time.DateOnly), r.Pulls, r.Refused, r.ArtifactID); err != nil {
				return err
			}
		}
		return nil
	})
}

// PulledArtifacts lists what was asked for in a namespace since a day (in UTC),
// the most often asked for first, up to limit artifacts, without their content.
// more tells that there are others.
func (s *Store) PulledArtifacts(ctx context.Context, instanceID, namespace string, since time.Time, limit int) (list []catalog.PulledArtifact, more bool, err error) {
	ns, err := readNamespace(ctx, s.reads, instanceID, namespace)
	if err != nil {
		return nil, false, s.fail("list what was pulled", err)
	}
	list, err = all(ctx, s.reads, func(row scanner) (catalog.PulledArtifact, error) {
		var r pullRow
		var p catalog.PulledArtifact
		err := row.Scan(append(r.dest(), &p.Pulls, &p.Refused)...)
		p.Pull = r.value(ns)
		return p, err
	}, `SELECT `+artifactColumns+`, `+tagsColumn+`, `+stateColumns+`, d.pulls, d.refused
		FROM (SELECT p.artifact_id, CAST(sum(p.pulls) AS BIGINT) AS pulls, CAST(sum(p.refused) AS BIGINT) AS refused
			FROM repository r JOIN artifact a ON a.repository_id = r.id JOIN pull_day p ON p.artifact_id = a.id
			WHERE r.namespace_id = $1 AND p.day >= $2 GROUP BY p.artifact_id
			ORDER BY sum(p.pulls) + sum(p.refused) DESC, p.artifact_id LIMIT $3) AS d
		JOIN artifact a ON a.id = d.artifact_id JOIN repository r ON r.id = a.repository_id `+stateJoins+`
		ORDER BY d.pulls + d.refused DESC, a.id`, ns.ID, since.UTC().Format(time.DateOnly), limit+1)
	if len(list) > limit {
		list, more = list[:limit], true
	}
	return list, more, s.fail("list what was pulled", err)
}

// Previous reads the image of the same repository, and for the same platform,
// that was pushed last before an artifact and has a report, without its content:
// what people compare it with. Images without a tag count too, since a tag that
// moves on leaves one behind.
//
// Errors: NotFound "nothing_before".
func (s *Store) Previous(ctx context.Context, artifactID int64) (catalog.Pull, error) {
	nothing := catalog.Errorf(catalog.NotFound, "nothing_before", "the repository has no earlier image with a report").
		Advise("scan the earlier image, or name the one to compare with")
	p, err := one(ctx, s.reads, nothing, scanPull, `SELECT `+pullColumns+`, NULL
		FROM artifact own JOIN artifact a ON a.repository_id = own.repository_id AND a.id <> own.id AND a.kind = own.kind
		JOIN repository r ON r.id = a.repository_id JOIN namespace n ON n.id = r.namespace_id
		`+stateJoins+`
		WHERE own.id = $1 AND a.platform = own.platform AND v.scan_id IS NOT NULL
			AND (a.pushed_at < own.pushed_at OR a.pushed_at = own.pushed_at AND a.id < own.id)
		ORDER BY a.pushed_at DESC, a.id DESC LIMIT 1`, artifactID)
	return p, s.fail("find what was pushed before", err)
}
