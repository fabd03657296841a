package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/pratique/pratique/internal/catalog"
)

// MaxManifest is the size in bytes above which a manifest is refused.
const MaxManifest = 4 << 20

// maxType bounds media types and platforms, in bytes. Longer ones, which nobody
// means, are cut short in listings; the manifest itself is kept as it is.
const maxType = 1024

// PutManifest accepts a manifest in one transaction: manifest, references, tag
// and, where the namespace scans automatically, a pending scan for the artifact
// or, if it is an index, for each of its image members, unless there is a report
// or an active scan, or the instance refuses to scan it (catalog.Scope). created is false
// if the manifest was there already.
//
// Errors: NotFound "namespace_not_found"; NotFound "manifest_blob_unknown",
// naming blobs or members that are not in the repository; Invalid
// "repository_name_invalid"; TooLarge "manifest_too_large".
func (s *Store) PutManifest(ctx context.Context, push catalog.ManifestPush) (a catalog.Artifact, created bool, err error) {
	if len(push.Content) > MaxManifest {
		return a, false, catalog.Errorf(catalog.TooLarge, "manifest_too_large", "the manifest has %d bytes", len(push.Content)).
			Advise("manifests of up to %d bytes are accepted", MaxManifest)
	}
	err = s.update(ctx, s.front, "store a manifest", func(tx *tx) error {
		ns, err := readNamespace(ctx, tx, push.Key.InstanceID, push.Key.Namespace)
		if err != nil {
			return err
		}
		repo, err := ensureRepository(ctx, tx, push.Key, ns.ID)
		if err != nil {
			return err
		}
		// Deleting blobs and manifests waits for this transaction, so what is
		// there now is there when it commits.
		if _, err := tx.exec(ctx, `UPDATE repository SET updated_at = $1 WHERE id = $2`, millis(tx.now), repo); err != nil {
			return err
		}
		if err := checkReferences(ctx, tx, repo, push); err != nil {
			return err
		}
		id, fresh, err := insertArtifact(ctx, tx, repo, push)
		if err != nil {
			return err
		}
		created = fresh
		if err := putStack(ctx, tx, repo, id, push.Stack); err != nil {
			return err
		}
		if err := putAttachments(ctx, tx, id, push.Attachments); err != nil {
			return err
		}
		if push.Tag != "" {
			if _, err := tx.exec(ctx, `INSERT INTO tag (repository_id, name, artifact_id, created_at, updated_at) VALUES ($1, $2, $3, $4, $4)
				ON CONFLICT (repository_id, name) DO UPDATE SET artifact_id = excluded.artifact_id, updated_at = excluded.updated_at`,
				repo, push.Tag, id, millis(tx.now)); err != nil {
				return err
			}
			if err := nameStacks(ctx, tx, id, push.Tag); err != nil {
				return err
			}
		}
		if err := attachedBy(ctx, tx, repo, push); err != nil {
			return err
		}
		p, err := artifactPull(ctx, tx, id)
		if err != nil {
			return err
		}
		a = p.Artifact
		if ns.AutoScan {
			return scanAutomatically(ctx, tx, ns, id)
		}
		return nil
	})
	return a, created, err
}

// checkReferences makes sure that blobs and members are in the repository.
func checkReferences(ctx context.Context, tx *tx, repo int64, push catalog.ManifestPush) error {
	var blobs, members []string
	for _, d := range push.Blobs {
		if !foreign(d.MediaType) {
			blobs = append(blobs, d.Digest)
		}
	}
	for _, d := range push.Manifests {
		members = append(members, d.Digest)
	}
	missing, err := absent(ctx, tx, `SELECT digest FROM blob_link WHERE repository_id = $1 AND digest IN `, repo, blobs)
	if err != nil {
		return err
	}
	lost, err := absent(ctx, tx, `SELECT digest FROM artifact WHERE repository_id = $1 AND digest IN `, repo, members)
	if err != nil {
		return err
	}
	if missing = append(missing, lost...); len(missing) == 0 {
		return nil
	}
	named := strings.Join(missing[:min(len(missing), 5)], ", ")
	if len(missing) > 5 {
		named += fmt.Sprintf(" and %d more", len(missing)-5)
	}
	return catalog.Errorf(catalog.NotFound, "manifest_blob_unknown", "the manifest refers to what is not in %s: %s", push.Key, named).
		Advise("push blobs and the members of an index before the manifest")
}

// foreign reports whether a layer of this media type is kept elsewhere.
func foreign(mediaType string) bool {
	return strings.HasPrefix(mediaType, "application/vnd.oci.image.layer.nondistributable.") ||
		mediaType == "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
}

// absent returns those of digests, sorted and once each, that query does not
// find. The query ends before a list and has one parameter already.
func absent(ctx context.Context, q querier, query string, repo int64, digests []string) ([]string, error) {
	digests = slices.Compact(slices.Sorted(slices.Values(digests)))
	var missing []string
	for chunk := range slices.Chunk(digests, 500) {
		args := []any{repo}
		for _, d := range chunk {
			args = append(args, d)
		}
		found, err := all(ctx, q, scalar[string], query+"("+places(2, len(chunk))+")", args...)
		if err != nil {
			return nil, err
		}
		slices.Sort(found)
		for _, d := range chunk {
			if _, ok := slices.BinarySearch(found, d); !ok {
				missing = append(missing, d)
			}
		}
	}
	return missing, nil
}

// insertArtifact stores manifest and references, unless they are there.
func insertArtifact(ctx context.Context, tx *tx, repo int64, push catalog.ManifestPush) (id int64, fresh bool, err error) {
	size := int64(len(push.Content))
	for _, d := range push.Blobs {
		size += d.Size
	}
	for _, d := range push.Manifests {
		size += d.Size
	}
	annotations, err := encodeAnnotations(push.Annotations)
	if err != nil {
		return 0, false, err
	}
	id, err = one(ctx, tx, nil, scalar[int64], `INSERT INTO artifact (repository_id, digest, media_type, artifact_type, kind,
			size, manifest_size, subject, annotations, pushed_at, pulled_at, platform)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, $11) ON CONFLICT DO NOTHING RETURNING id`,
		repo, push.Digest, clean(push.MediaType, maxType), clean(push.ArtifactType, maxType), string(push.Kind), size, len(push.Content), push.Subject, annotations, millis(tx.now), clean(push.Stack.Platform, maxType))
	if err != nil {
		return 0, false, err
	}
	if id == 0 {
		id, err = one(ctx, tx, manifestUnknown(push.Key, push.Digest), scalar[int64],
			`SELECT id FROM artifact WHERE repository_id = $1 AND digest = $2`, repo, push.Digest)
		return id, false, err
	}
	if _, err := tx.exec(ctx, `INSERT INTO manifest (artifact_id, content) VALUES ($1, $2)`, id, push.Content); err != nil {
		return 0, false, err
	}
	blobs := make([][]any, len(push.Blobs))
	for i, d := range push.Blobs {
		blobs[i] = []any{id, d.Digest, repo}
	}
	if err := tx.insert(ctx, `INSERT INTO artifact_blob (artifact_id, digest, repository_id)`, blobs, "ON CONFLICT DO NOTHING"); err != nil {
		return 0, false, err
	}
	members := make([][]any, len(push.Manifests))
	for i, d := range push.Manifests {
		annotations, err := encodeAnnotations(d.Annotations)
		if err != nil {
			return 0, false, err
		}
		members[i] = []any{id, i, repo, d.Digest, clean(d.MediaType, maxType), d.Size, clean(d.ArtifactType, maxType), annotations, clean(d.Platform, maxType)}
	}
	err = tx.insert(ctx, `INSERT INTO artifact_member (artifact_id, position, repository_id, digest, media_type, size,
		artifact_type, annotations, platform)`, members, "")
	return id, true, err
}

// encodeAnnotations keeps annotations as JSON; none is the empty text.
func encodeAnnotations(m map[string]string) (string, error) {
	if len(m) == 0 {
		return "", nil
	}
	text, err := json.Marshal(m)
	// PostgreSQL's text cannot hold NUL, and JSON escapes it.
	return string(text), err
}

func decodeAnnotations(text string) (m map[string]string, err error) {
	if text != "" {
		err = json.Unmarshal([]byte(text), &m)
	}
	return m, err
}

// eligible is the condition under which artifact a may be scanned, as
// catalog.Scope.Ineligible has it, but for indexes.
func eligible(s catalog.Scope) string {
	if s.Refuses(catalog.RefuseCharts) {
		return eligibleImage(s)
	}
	return `(` + eligibleImage(s) + ` OR a.kind = '` + string(catalog.KindChart) + `')`
}

// eligibleImage is eligible of images alone.
func eligibleImage(s catalog.Scope) string {
	condition := `a.kind = '` + string(catalog.KindImage) + `'`
	if s.Refuses(catalog.RefuseUntagged) {
		condition += ` AND ` + namedIn(s)
	}
	if s.Refuses(catalog.RefuseWindows) {
		condition += ` AND a.platform NOT LIKE 'windows%'`
	}
	return condition
}

// namedIn holds for artifacts that a tag names, or an index whose members are
// scanned.
func namedIn(s catalog.Scope) string {
	const tagged = `EXISTS (SELECT 1 FROM tag t WHERE t.artifact_id = a.id)`
	if s.Refuses(catalog.RefuseIndexes) {
		return tagged
	}
	return `(` + tagged + ` OR EXISTS (SELECT 1 FROM artifact_member m WHERE m.repository_id = a.repository_id AND m.digest = a.digest))`
}

// withTree begins a query with the table tree of the ids that roots selects and,
// where deep is set, of what these artifacts hold at whatever depth.
//
// SQLite takes CROSS JOIN as an order to begin with the few artifacts of the tree;
// left to itself it begins with all there are. Whoever joins tree does the same.
func withTree(roots string, deep bool) string {
	if deep {
		roots += `
			UNION
			SELECT a.id FROM tree CROSS JOIN artifact_member m CROSS JOIN artifact a
			WHERE m.artifact_id = tree.id AND a.repository_id = m.repository_id AND a.digest = m.digest`
	}
	return `WITH RECURSIVE tree (id) AS (` + roots + `) `
}

// scanAutomatically adds a pending scan for an image or a chart, or for each that
// an index holds at whatever depth, that has no report and no active scan.
func scanAutomatically(ctx context.Context, tx *tx, ns catalog.Namespace, artifactID int64) error {
	scans, err := all(ctx, tx, scanScan, withTree(`SELECT CAST($1 AS BIGINT)`, !ns.Scope.Refuses(catalog.RefuseIndexes))+insertScan+`
		SELECT CAST($2 AS TEXT), a.id, 'Pending', CAST($3 AS TEXT), 0, '', '', CAST($4 AS BIGINT), 0, 0, 0, 0, CAST($5 AS BIGINT), ''
		FROM tree CROSS JOIN artifact a
		WHERE a.id = tree.id AND `+eligible(ns.Scope)+` AND NOT EXISTS (SELECT 1 FROM report r WHERE r.artifact_id = a.id)
		ORDER BY a.id
		ON CONFLICT DO NOTHING`+returningScan,
		artifactID, ns.InstanceID, string(catalog.TriggerPush), millis(tx.now), catalog.TriggerPush.Priority())
	if err != nil {
		return err
	}
	tx.signal = tx.signal || len(scans) > 0
	for _, scan := range scans {
		if err := tx.scanEvent(ctx, catalog.EventScanWaiting, scan, catalog.EventData{}); err != nil {
			return err
		}
	}
	return nil
}

// DeleteManifest removes a manifest with its tags, scans and report. Indexes
// that have it as a member stay.
//
// Errors: NotFound "namespace_not_found", "repository_not_found",
// "manifest_unknown".
func (s *Store) DeleteManifest(ctx context.Context, key catalog.RepositoryKey, digest string) error {
	return s.update(ctx, s.front, "delete a manifest", func(tx *tx) error {
		repo, err := lockRepository(ctx, tx, key, tx.dialect.forNoKeyUpdate)
		if err != nil {
			return err
		}
		id, err := one(ctx, tx, manifestUnknown(key, digest), scalar[int64],
			`SELECT id FROM artifact WHERE repository_id = $1 AND digest = $2`, repo, digest)
		if err != nil {
			return err
		}
		// Scans first: whoever ends a scan locks it before it touches the
		// artifact's report.
		active, err := all(ctx, tx, scalar[int64], `SELECT id FROM scan WHERE artifact_id = $1 AND state IN ('Pending', 'Running')`+
			tx.dialect.forUpdate, id)
		if err != nil {
			return err
		}
		tx.signal = len(active) > 0
		subjects, err := subjectsOf(ctx, tx, id)
		if err != nil {
			return err
		}
		// While it is there, since what it is about may be known from it alone.
		if err := attachmentsChanged(ctx, tx, key, repo, subjects, "delete", digest+" was deleted"); err != nil {
			return err
		}
		_, err = tx.exec(ctx, `DELETE FROM artifact WHERE id = $1`, id)
		return err
	})
}

// DeleteTag removes a tag; what it names stays.
//
// Errors: NotFound "namespace_not_found", "repository_not_found",
// "manifest_unknown".
func (s *Store) DeleteTag(ctx context.Context, key catalog.RepositoryKey, tag string) error {
	return s.update(ctx, s.front, "delete a tag", func(tx *tx) error {
		repo, err := lockRepository(ctx, tx, key, tx.dialect.forNoKeyUpdate)
		if err != nil {
			return err
		}
		n, err := tx.exec(ctx, `DELETE FROM tag WHERE repository_id = $1 AND name = $2`, repo, tag)
		if err == nil && n == 0 {
			err = manifestUnknown(key, tag)
		}
		if subject := taggedSubject(tag); err == nil && subject != "" {
			err = attachmentsChanged(ctx, tx, key, repo, []string{subject}, "delete", "tag "+tag+" was deleted")
		}
		return err
	})
}

// Tags lists tag names in byte order. NotFound "namespace_not_found",
// "repository_not_found".
func (s *Store) Tags(ctx context.Context, key catalog.RepositoryKey, page catalog.Page) ([]string, error) {
	repo, err := repositoryID(ctx, s.reads, key, "")
	if err != nil {
		return nil, s.fail("list tags", err)
	}
	list, err := all(ctx, s.reads, scalar[string],
		`SELECT name FROM tag WHERE repository_id = $1 AND name > $2 ORDER BY name LIMIT $3`, repo, page.After, limit(page))
	return list, s.fail("list tags", err)
}

// Referrers lists manifests whose subject is digest, ordered by digest;
// artifactType "" means all. An unknown repository has none.
func (s *Store) Referrers(ctx context.Context, key catalog.RepositoryKey, subject, artifactType string) ([]catalog.Descriptor, error) {
	if subject == "" {
		return []catalog.Descriptor{}, nil
	}
	list, err := all(ctx, s.reads, scanDescriptor, `SELECT a.media_type, a.digest, a.manifest_size, a.artifact_type, a.annotations, ''
		FROM namespace n JOIN repository r ON r.namespace_id = n.id JOIN artifact a ON a.repository_id = r.id
		WHERE n.instance_id = $1 AND n.name = $2 AND r.name = $3 AND a.subject = $4 AND a.subject <> ''
			AND ($5 = '' OR a.artifact_type = $5)
		ORDER BY a.digest`, key.InstanceID, key.Namespace, key.Repository, subject, artifactType)
	return list, s.fail("list referrers", err)
}

// Members lists the manifests an index refers to, in its order, with Platform.
func (s *Store) Members(ctx context.Context, artifactID int64) ([]catalog.Descriptor, error) {
	list, err := all(ctx, s.reads, scanDescriptor, `SELECT media_type, digest, size, artifact_type, annotations, platform
		FROM artifact_member WHERE artifact_id = $1 ORDER BY position`, artifactID)
	return list, s.fail("list the members of an index", err)
}

func scanDescriptor(row scanner) (d catalog.Descriptor, err error) {
	var annotations string
	if err := row.Scan(&d.MediaType, &d.Digest, &d.Size, &d.ArtifactType, &annotations, &d.Platform); err != nil {
		return d, err
	}
	d.Annotations, err = decodeAnnotations(annotations)
	return d, err
}
